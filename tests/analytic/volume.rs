//! Law: water is neither made nor lost, and no depth is negative, whatever the bed, the obstacles,
//! the rain and the sources.
//! Tolerance: 1e-6 of the water that entered, the product's contract.

use proptest::prelude::*;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Inflow, Initial, Rain, Scheme, Setup, Side,
};
use stormgrid_verify::{Dice, Run, domain};

/// A random domain, run for a minute.
struct Case {
    seed: u64,
    n_cols: usize,
    n_rows: usize,
    cell: f64,
    relief: f64,
    rain: f64,
    discharge: f64,
    open: bool,
    scheme: Scheme,
}

fn after_a_minute(case: &Case) -> Run {
    let &Case {
        seed,
        n_cols,
        n_rows,
        cell,
        relief,
        rain,
        discharge,
        open,
        scheme,
    } = case;
    let mut dice = Dice(seed);
    let n = n_cols * n_rows;
    let heights: Vec<f64> = (0..n).map(|_| 100.0 + relief * dice.roll()).collect();
    let bed = |x: f64, y: f64| heights[(y / cell) as usize * n_cols + (x / cell) as usize];
    let ground = domain(n_cols, n_rows, cell, 0.03, bed).expect("a valid raster");
    let mut setup = Setup::new(ground);
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
            Boundary {
                place: BoundaryPlace::Side(Side::South),
                kind: BoundaryKind::Free,
            },
        ];
    }
    let mut run = Run::start(setup, scheme).expect("a valid setup");
    run.advance(60.0).expect("a stable run");
    run
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
        full in any::<bool>(),
    ) {
        let scheme = if full { Scheme::FiniteVolume } else { Scheme::LocalInertial };
        let case = Case { seed, n_cols, n_rows, cell, relief, rain, discharge, open, scheme };
        let run = after_a_minute(&case);
        prop_assert!(run.depth().iter().all(|d| d.is_nan() || *d >= 0.0));
        let ledger = run.flood().ledger();
        prop_assert!(ledger.error_rel < 1e-6, "{ledger:?}");
    }
}

/// Cells beyond the eastern edge of a tile must be limited on both sides of it alike: 58 columns put
/// the open side one column beyond an edge.
#[test]
fn an_open_side_just_beyond_a_tile_loses_nothing() {
    for scheme in [Scheme::LocalInertial, Scheme::FiniteVolume] {
        let run = after_a_minute(&Case {
            seed: 2_883_053_399,
            n_cols: 58,
            n_rows: 15,
            cell: 29.3,
            relief: 29.0,
            rain: 0.0,
            discharge: 0.0,
            open: true,
            scheme,
        });
        let error = run.flood().ledger().error_rel;
        println!("58 columns, {}: volume error {error:.1e}", scheme.name());
        assert!(error < 1e-6);
    }
}
