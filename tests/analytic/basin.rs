//! Law: water is neither made nor lost, and no depth is negative, whatever the bed, the obstacles,
//! the rain and the sources.
//! Tolerance: 1e-6 of the water that entered, the product's contract. The scheme carries what f32
//! rounds away, so 1e-8 is expected; roofs shed their rain, so it is counted too.

use proptest::prelude::*;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Inflow, Initial, Rain, Scheme, Side, Source,
};

use crate::cases::{Dice, advance, domain, inertial, start};

#[test]
fn rain_on_deep_water_in_a_closed_basin_is_all_there() {
    // 7 µm a step on 8 m: what f32 would lose.
    let mut setup = inertial(domain(130, 70, 10.0, 0.03, |x, _| -8.0 + 1e-4 * x));
    setup.initial = Initial::Level(0.25);
    let rate = 50e-3 / 3600.0;
    setup.rain = Rain::Uniform(rate);
    let mut flood = start(setup);
    advance(&mut flood, 1800.0);
    let ledger = flood.ledger();
    let rained = rate * 1800.0 * 130.0 * 70.0 * 100.0;
    let rise = ledger.stored_m3 - ledger.lines[0].in_m3;
    println!(
        "closed basin: rain found {:+.2e} of {rained:.1} m3, ledger {:.1e}",
        rise / rained - 1.0,
        ledger.error_rel
    );
    assert!((rise / rained - 1.0).abs() < 1e-6);
    assert!(ledger.error_rel < 1e-6);
}

#[test]
fn roofs_shed_their_rain() {
    let mut setup = inertial(domain(40, 30, 5.0, 0.03, |x, y| 0.01 * x + 0.02 * y));
    let in_house = |k: usize| (8..20).contains(&(k / 40)) && (10..25).contains(&(k % 40));
    setup.domain.blocked = (0..1200).map(in_house).collect();
    setup.rain = Rain::Uniform(1e-5);
    let mut flood = start(setup);
    advance(&mut flood, 600.0);
    let exact = 1e-5 * 600.0 * 1200.0 * 25.0;
    let ledger = flood.ledger();
    println!("roofs: {:.6} of {exact} m3", ledger.stored_m3);
    assert!((ledger.stored_m3 / exact - 1.0).abs() < 1e-6);
    assert!(flood.depth()[15 * 40 + 15].is_nan());
}

#[test]
fn a_field_of_rain_falls_where_it_should() {
    // A linear field is exact under the interpolation between the corners of tiles.
    let mut setup = inertial(domain(150, 100, 10.0, 0.03, |x, _| x));
    setup.rain = Rain::Field {
        rate: std::sync::Arc::new(|t, x, y| 1e-9 * (x + 2.0 * y) * (1.0 + (t / 60.0).floor())),
        refresh_s: 60.0,
    };
    let mut flood = start(setup);
    advance(&mut flood, 120.0);
    let exact = 1e-9 * (750.0 + 2.0 * 500.0) * 15_000.0 * 100.0 * 60.0 * 3.0;
    let found = flood.ledger().in_m3;
    println!("field of rain: {found:.4} of {exact:.4} m3");
    // A step may straddle a refresh: one step of at most 10 s in 120.
    assert!((found / exact - 1.0).abs() < 0.06);
    assert!(flood.ledger().error_rel < 1e-6);
}

#[test]
fn a_sea_of_cells_fills_the_land_below_it() {
    // Level on a set of cells in the middle of the domain, crossing the borders of tiles.
    let (n_cols, n_rows) = (140, 130);
    let mut setup = inertial(domain(n_cols, n_rows, 10.0, 0.03, |_, _| 0.0));
    let sea = |k: &usize| (50..80).contains(&(k / n_cols)) && (50..75).contains(&(k % n_cols));
    let cells = (0..n_cols * n_rows)
        .filter(sea)
        .map(CellIdx::from)
        .collect();
    setup.boundaries = vec![Boundary {
        place: BoundaryPlace::Cells(cells),
        kind: BoundaryKind::Level(Series::constant(0.5)),
    }];
    let mut flood = start(setup);
    advance(&mut flood, 4.0 * 3600.0);
    let ledger = flood.ledger();
    let depth = flood.depth();
    let (low, high) = depth
        .iter()
        .fold((9.0_f32, 0.0_f32), |(a, b), &d| (a.min(d), b.max(d)));
    println!(
        "sea of cells: depth {low:.4} to {high:.4} m, ledger {:.1e}",
        ledger.error_rel
    );
    assert!(low > 0.49 && high < 0.51);
    assert!(ledger.error_rel < 1e-6);
    let through = ledger
        .lines
        .iter()
        .find(|l| l.source == Source::Boundary(0));
    assert!(through.is_some_and(|l| l.in_m3 > 0.49 * (n_cols * n_rows - 750) as f64 * 100.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn volume_is_kept_and_no_depth_is_negative(
        seed in any::<u64>(),
        n_cols in 3_usize..130,
        n_rows in 1_usize..70,
        cell in 0.5_f64..60.0,
        relief in 0.0_f64..30.0,
        rain in prop_oneof![Just(0.0), 1e-6_f64..1e-4],
        discharge in -2.0_f64..20.0,
        open in any::<bool>(),
    ) {
        let mut dice = Dice(seed);
        let n = n_cols * n_rows;
        let heights: Vec<f64> = (0..n).map(|_| 100.0 + relief * dice.roll()).collect();
        let bed = |x: f64, y: f64| heights[(y / cell) as usize * n_cols + (x / cell) as usize];
        let mut setup = inertial(domain(n_cols, n_rows, cell, 0.03, bed));
        setup.domain.blocked = (0..n).map(|_| dice.roll() < 0.1).collect();
        setup.domain.blocked[0] = false;
        setup.initial = Initial::Level(100.0 + 0.5 * relief * dice.roll());
        setup.rain = Rain::Uniform(rain);
        setup.inflows = vec![Inflow {
            cells: vec![(CellIdx::from(0), 1.0), (CellIdx::from(n / 2), 2.0)],
            discharge: Series::new(vec![0.0, 40.0], vec![0.0, discharge]).expect("valid"),
        }];
        if open {
            let tide = Series::new(vec![0.0, 30.0, 60.0], vec![100.0, 100.0 + relief, 99.0]);
            setup.boundaries = vec![
                Boundary {
                    place: BoundaryPlace::Side(Side::East),
                    kind: BoundaryKind::Level(tide.expect("valid")),
                },
                Boundary { place: BoundaryPlace::Side(Side::South), kind: BoundaryKind::Free },
            ];
        }
        for scheme in [Scheme::LocalInertial, Scheme::FiniteVolume] {
            setup.options.scheme = scheme;
            let mut flood = start(setup.clone());
            advance(&mut flood, 60.0);
            prop_assert!(flood.depth().iter().all(|d| d.is_nan() || *d >= 0.0));
            let ledger = flood.ledger();
            prop_assert!(ledger.error_rel < 1e-6, "{scheme:?} {ledger:?}");
        }
    }
}
