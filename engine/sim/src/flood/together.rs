//! All sources, structures and forces at once: the balance closes and the digest stays.

use std::sync::Arc;

use stormgrid_core::ids::CellIdx;
use stormgrid_core::series::Series;

use super::bench::{SCHEMES, advance, basin, start};
use super::{
    Barrel, Boundary, BoundaryKind, BoundaryPlace, Curve, End, Flood, Infiltration, Inflow,
    Initial, Law, PerCell, PumpRate, Rain, Reservoir, Scheme, Section, Setup, Side, Structure,
    Switch, Way, Weather, crests_along,
};
use crate::typhoon::Air;

const COLS: usize = 190;

fn at(row: usize, col: usize) -> End {
    End::Cells(vec![(CellIdx::from(row * COLS + col), 1.0)])
}

fn structures() -> Vec<Structure> {
    let barrel = Barrel {
        section: Section::Box {
            width: 2.0,
            height: 1.5,
        },
        length: 40.0,
        manning: 0.015,
        entrance_loss: 0.5,
    };
    let laws = [
        (at(30, 20), at(30, 100), pump()),
        (
            at(58, 59),
            at(60, 61),
            Law::Culvert {
                barrel,
                barrels: 1.0,
                inverts: [-1.0, -1.0],
                way: Way::Both,
            },
        ),
        // Into the sea that the western boundary holds.
        (at(70, 9), at(70, 2), gate()),
        (
            at(90, 80),
            End::Outside(None),
            Law::Drain {
                capacity: Series::constant(0.3),
            },
        ),
        (
            at(20, 50),
            at(20, 66),
            Law::Weir {
                crest: ramp(600.0, 3.0, -0.5),
                width: ramp(600.0, 0.0, 25.0),
                coefficient: 1.7,
                way: Way::Both,
            },
        ),
        (at(100, 130), at(40, 170), reservoir()),
    ];
    let structure = |(from, to, law)| Structure { from, to, law };
    laws.into_iter().map(structure).collect()
}

fn ramp(end: f64, from: f64, to: f64) -> Series {
    Series::new(vec![0.0, end], vec![from, to]).expect("valid")
}

fn pump() -> Law {
    Law::Pump {
        rate: PumpRate::Curve(Curve::new(vec![(0.0, 4.0), (6.0, 1.0)]).expect("rising")),
        switch: Some(Switch {
            on: 0.5,
            off: 0.1,
            watch: None,
        }),
    }
}

fn gate() -> Law {
    Law::Gate {
        sill: -0.5,
        width: 6.0,
        opening: ramp(300.0, 0.0, 1.2),
        switch: None,
        way: Way::Both,
    }
}

fn reservoir() -> Law {
    Law::Reservoir(Reservoir {
        storage: Curve::new(vec![(0.0, 0.0), (5.0, 20_000.0)]).expect("rising"),
        initial_level: 4.0,
        inflow: Some(Series::constant(3.0)),
        rule: Curve::new(vec![(0.0, 0.0), (5.0, 9.0)]).expect("rising"),
        schedule: Some(ramp(900.0, 0.0, 2.0)),
        intake: Some((0.5, 10.0)),
    })
}

/// A tide in the west, a free edge in the east, a levee across the tiles, soil, rain, a storm.
fn setup(scheme: Scheme, threads: usize) -> Setup {
    let mut setup = Setup::new(basin(COLS, 125, 10.0, |x, y| {
        -1.0 + 2e-3 * x + 0.4 * (0.02 * x).sin() * (0.03 * y).cos()
    }));
    setup.options.scheme = scheme;
    setup.options.threads = threads;
    setup.initial = Initial::Level(0.2);
    setup.rain = Rain::Uniform(3e-5);
    setup.infiltration = Infiltration::GreenAmpt {
        conductivity: PerCell::Uniform(2e-6),
        suction: PerCell::Uniform(0.1),
        deficit: PerCell::Field((0..COLS * 125).map(|k| (k % 40) as f32 * 0.01).collect()),
    };
    setup.boundaries = vec![
        Boundary {
            place: BoundaryPlace::Cells(
                (0..125 * 4)
                    .map(|k| CellIdx::from(k / 4 * COLS + k % 4))
                    .collect(),
            ),
            kind: BoundaryKind::Level(ramp(900.0, 0.2, 1.6)),
        },
        Boundary {
            place: BoundaryPlace::Side(Side::East),
            kind: BoundaryKind::Free,
        },
    ];
    setup.inflows = vec![Inflow {
        cells: vec![(CellIdx::from(60 * COLS + 150), 1.0)],
        discharge: Series::constant(5.0),
    }];
    let levee = [[580.0, 1250.0, 1.2], [575.0, 640.0, 0.9], [900.0, 0.0, 1.4]];
    setup.crests = crests_along(&setup.domain.geometry, &levee);
    setup.structures = structures();
    setup.weather = Some(Weather {
        air: Some(Arc::new(|t, x, y| Air {
            u: 25.0 - 0.01 * y,
            v: -10.0 + 0.01 * t,
            pressure: 99_000.0 + 0.5 * x,
        })),
        refresh_s: 60.0,
        coriolis: 5.6e-5,
        ..Weather::default()
    });
    setup
}

#[test]
fn all_at_once_the_balance_closes_and_the_digest_is_one() {
    for scheme in SCHEMES {
        let run = |threads: usize| {
            let mut flood = start(setup(scheme, threads));
            for minute in 1..=15 {
                advance(&mut flood, 60.0 * f64::from(minute));
            }
            let ledger = flood.ledger();
            println!(
                "{}, {threads} threads: {} steps, ledger {:.1e}, {}",
                scheme.name(),
                flood.stats().steps,
                ledger.error_rel,
                flood.digest()
            );
            assert!(ledger.error_rel < 1e-6, "{:e}", ledger.error_rel);
            for report in flood.structures() {
                assert!(report.forward_m3 + report.backward_m3 > 1.0, "{report:?}");
            }
            flood.digest()
        };
        let one = run(1);
        assert_eq!(one, run(2));
        assert_eq!(one, run(4));
        // Taken up again after seven minutes.
        let mut flood = start(setup(scheme, 1));
        for minute in 1..=7 {
            advance(&mut flood, 60.0 * f64::from(minute));
        }
        let bytes = flood.checkpoint();
        let mut flood = Flood::resume(setup(scheme, 2), &bytes).expect("a sound checkpoint");
        for minute in 8..=15 {
            advance(&mut flood, 60.0 * f64::from(minute));
        }
        assert_eq!(one, flood.digest());
        assert!(flood.ledger().error_rel < 1e-6);
    }
}
