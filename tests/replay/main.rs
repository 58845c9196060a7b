//! One digest for one setup: run twice, and on 1, 2 and 4 threads.
//!
//! The digest covers every bit of depth, discharge and maxima; the tolerance is none.

use std::ops::ControlFlow;

use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, End, Flood, Infiltration, Inflow, Initial, Law,
    Manning, Options, PerCell, PumpRate, Rain, Scheme, Setup, Side, Structure,
};

const SCHEMES: [Scheme; 3] = Scheme::ALL;

/// Hills, streets between blocks, a tide, a burst main and rain on 5 × 4 tiles.
fn city(threads: usize, scheme: Scheme) -> Setup {
    let geometry = RasterGeometry::new(290, 220, 0.0, 2200.0, 10.0, 10.0).expect("valid");
    let mut elevation = Vec::new();
    let mut blocked = Vec::new();
    let mut manning = Vec::new();
    for row in 0..geometry.n_rows {
        for col in 0..geometry.n_cols {
            let (x, y) = (col as f64, row as f64);
            elevation.push(0.01 * x + 1.5 * (x * 0.07).sin() * (y * 0.05).cos());
            blocked.push(row % 8 < 4 && col % 9 < 5 && (100..200).contains(&col));
            manning.push(if row % 8 < 4 { 0.05 } else { 0.02 });
        }
    }
    let domain = Domain {
        geometry,
        elevation,
        manning: Manning::Field(manning),
        blocked,
    };
    Setup {
        initial: Initial::Level(-0.4),
        rain: Rain::Uniform(2e-5),
        boundaries: vec![
            Boundary {
                place: BoundaryPlace::Side(Side::West),
                kind: BoundaryKind::Level(
                    Series::new(vec![0.0, 600.0], vec![-0.4, 1.4]).expect("valid"),
                ),
            },
            Boundary {
                place: BoundaryPlace::Side(Side::East),
                kind: BoundaryKind::Free,
            },
        ],
        inflows: vec![Inflow {
            cells: vec![(CellIdx::from(110 * 290 + 150), 1.0)],
            discharge: Series::constant(6.0),
        }],
        infiltration: Infiltration::GreenAmpt {
            conductivity: PerCell::Uniform(2e-6),
            suction: PerCell::Uniform(0.1),
            deficit: PerCell::Uniform(0.3),
        },
        structures: vec![
            Structure {
                from: End::Cells(vec![(CellIdx::from(110 * 290 + 151), 1.0)]),
                to: End::Cells(vec![(CellIdx::from(20 * 290 + 30), 1.0)]),
                law: Law::Pump {
                    rate: PumpRate::Series(Series::constant(0.8)),
                    switch: None,
                },
            },
            Structure::weir(
                End::Cells(vec![(CellIdx::from(60 * 290 + 58), 1.0)]),
                End::Outside(None),
                0.5,
                4.0,
            ),
        ],
        options: Options {
            threads,
            scheme,
            ..Options::default()
        },
        ..Setup::new(domain)
    }
}

fn digest(threads: usize, scheme: Scheme) -> String {
    let mut flood = Flood::new(city(threads, scheme)).expect("a valid setup");
    for minute in 1..=10 {
        flood
            .advance_to(f64::from(minute) * 60.0, &mut |_| ControlFlow::Continue(()))
            .expect("a stable run");
    }
    assert_eq!(flood.stats().threads, threads);
    let ledger = flood.ledger();
    println!(
        "{}, {threads} threads: {} steps, ledger {:.1e}, {}",
        scheme.name(),
        flood.stats().steps,
        ledger.error_rel,
        flood.digest()
    );
    assert!(ledger.error_rel < 1e-6);
    flood.digest()
}

#[test]
fn the_digest_does_not_depend_on_threads_or_luck() {
    for scheme in SCHEMES {
        let one = digest(1, scheme);
        assert_eq!(one, digest(1, scheme));
        assert_eq!(one, digest(2, scheme));
        assert_eq!(one, digest(4, scheme));
    }
}

#[test]
fn the_digest_sees_a_millimetre() {
    let mut setup = city(1, Scheme::FiniteVolume);
    let mut flood = Flood::new(setup.clone()).expect("valid");
    setup.domain.elevation[5 * 290 + 130] += 1e-3;
    let mut other = Flood::new(setup).expect("valid");
    for run in [&mut flood, &mut other] {
        run.advance_to(300.0, &mut |_| ControlFlow::Continue(()))
            .expect("stable");
    }
    assert_ne!(flood.digest(), other.digest());
}

#[test]
fn a_run_that_is_stopped_goes_on_where_it_was() {
    for scheme in SCHEMES {
        let mut whole = Flood::new(city(1, scheme)).expect("valid");
        whole
            .advance_to(60.0, &mut |_| ControlFlow::Continue(()))
            .expect("stable");
        let mut halved = Flood::new(city(2, scheme)).expect("valid");
        let mut left = 7;
        let stopped = halved.advance_to(60.0, &mut |_| {
            left -= 1;
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(stopped, Ok(stormgrid_sim::flood::Outcome::Stopped));
        assert!(halved.time_s() < 60.0);
        halved
            .advance_to(60.0, &mut |_| ControlFlow::Continue(()))
            .expect("stable");
        assert_eq!(whole.digest(), halved.digest());
    }
}

#[test]
fn a_checkpoint_goes_on_as_the_unbroken_run() {
    for scheme in SCHEMES {
        let to = |flood: &mut Flood, time: f64| {
            flood
                .advance_to(time, &mut |_| ControlFlow::Continue(()))
                .expect("stable");
        };
        let mut whole = Flood::new(city(1, scheme)).expect("valid");
        to(&mut whole, 90.0);
        let kept = whole.checkpoint();
        to(&mut whole, 240.0);
        let mut resumed = Flood::resume(city(2, scheme), &kept).expect("a good checkpoint");
        assert_eq!(resumed.time_s(), 90.0);
        to(&mut resumed, 240.0);
        assert_eq!(whole.digest(), resumed.digest());
        assert_eq!(whole.ledger(), resumed.ledger());

        let refused = |bytes: &[u8]| match Flood::resume(city(1, scheme), bytes) {
            Ok(_) => panic!("a bad checkpoint was taken"),
            Err(error) => error.to_string(),
        };
        let mut damaged = kept.clone();
        damaged[2000] ^= 1;
        assert!(refused(&damaged).contains("damaged"));
        assert!(refused(&kept[..kept.len() / 2]).contains("damaged"));
        assert!(refused(b"II*").contains("does not begin as one"));
        let mut other = city(1, scheme);
        other.domain.elevation[7] += 1.0;
        let error = Flood::resume(other, &kept).err().expect("another ground");
        assert!(error.to_string().contains("another ground"));
    }
}
