//! Waves in a sea of coarse, deep cells, which nothing damps: no pattern of steps may pump them up.
//!
//! Once the local-inertial scheme took its longest step until a target was near and halves then. Between looks every
//! 300 s that made four steps of 57 s and two of 36 s, over and over, and a wave of a metre over a shelf of 6 km cells
//! grew to twenty in half a day: parametric resonance, at Courant numbers at which steps of one length are stable.

use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;

use super::bench::{advance, basin, start};
use super::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, Initial, Manning, Scheme, Setup, Side,
    Weather,
};

const COLS: usize = 60;
const ROWS: usize = 40;
const CELL: f64 = 6000.0;

/// A shelf that falls from a coast in the north to 500 m, open to the south, with a hump of a metre.
fn shelf(scheme: Scheme, theta: f64) -> Flood {
    let north = ROWS as f64 * CELL;
    let mut domain = basin(COLS, ROWS, CELL, |_, y| {
        (5.0 - (north - y) * 0.006).max(-500.0)
    });
    domain.manning = Manning::Uniform(0.022);
    let mut setup = Setup::new(domain);
    setup.options.scheme = scheme;
    setup.options.theta = theta;
    setup.options.max_dt = 60.0;
    setup.boundaries.push(Boundary {
        place: BoundaryPlace::Side(Side::South),
        kind: BoundaryKind::Level(Series::constant(0.0)),
    });
    let hump = |k: usize| {
        let (x, y) = ((k % COLS) as f64 - 30.0, (k / COLS) as f64 - 28.0);
        (-(x * x + y * y) / 20.0).exp()
    };
    setup.initial = Initial::LevelField((0..COLS * ROWS).map(hump).collect());
    setup.weather = Some(Weather {
        coriolis: 5e-5,
        ..Weather::default()
    });
    start(setup)
}

/// Greatest distance of the level from 0 over the deep sea [m].
fn greatest(flood: &Flood) -> f32 {
    let deep = flood.level().into_iter().zip(flood.depth());
    deep.filter(|(_, depth)| *depth > 50.0)
        .fold(0.0, |most, (level, _)| most.max(level.abs()))
}

/// After a day what is left of the hump is below half of it, however the caller looks: every 300 s, as a
/// run's exposure does, or in turns of long and short.
#[test]
fn waves_of_a_deep_sea_die_down_however_often_somebody_looks() {
    for (theta, turns) in [
        (0.9, [300.0, 300.0]),
        (1.0, [300.0, 300.0]),
        (0.9, [100.0, 40.0]),
        (0.9, [55.0, 33.0]),
        (0.9, [290.0, 70.0]),
    ] {
        let mut flood = shelf(Scheme::LocalInertial, theta);
        let mut time = 0.0;
        let mut turn = turns.into_iter().cycle();
        while time < 86_400.0 {
            time += turn.next().unwrap_or(300.0);
            advance(&mut flood, time);
        }
        let most = greatest(&flood);
        assert!(most < 0.5, "θ {theta}, {turns:?}: {most} m");
        assert!(flood.ledger().error_rel < 1e-6);
    }
}

/// Steps to a target are all of one length, and as few as the wave allows.
#[test]
fn steps_to_a_target_are_of_one_length() {
    let mut flood = shelf(Scheme::LocalInertial, 0.9);
    let mut steps = Vec::new();
    let outcome = flood.advance_to(300.0, &mut |report| {
        steps.push(report.dt);
        std::ops::ControlFlow::Continue(())
    });
    outcome.expect("a stable run");
    assert_eq!(steps.len(), 6, "{steps:?}");
    let uneven = steps.iter().any(|dt| (dt - 50.0).abs() > 1e-9);
    assert!(!uneven, "{steps:?}");
}

/// A chequerboard of a centimetre on deep water without friction, the shortest wave that there is, dies down: the damping of the
/// divergence and the step's length fit each other, also where cells are not square.
#[test]
fn the_shortest_waves_die_down() {
    for (theta, dy) in [(0.9, 10.0), (0.75, 10.0), (0.9, 25.0), (0.6, 4.0)] {
        let geometry =
            RasterGeometry::new(40, 40, 0.0, 40.0 * dy, 10.0, dy).expect("a valid raster");
        let mut setup = Setup::new(Domain {
            geometry,
            elevation: vec![-100.0; 1600],
            manning: Manning::Uniform(1e-4),
            blocked: Vec::new(),
        });
        setup.options.scheme = Scheme::LocalInertial;
        setup.options.theta = theta;
        let sign = |k: usize| {
            if (k / 40 + k % 40).is_multiple_of(2) {
                0.01
            } else {
                -0.01
            }
        };
        setup.initial = Initial::LevelField((0..1600).map(sign).collect());
        let mut flood = start(setup);
        advance(&mut flood, 300.0);
        let most = greatest(&flood);
        assert!(most < 1e-3, "θ {theta}, {dy} m: {most} m");
    }
}
