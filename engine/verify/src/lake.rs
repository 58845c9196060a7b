//! Law: still water under a level surface stays still, whatever the bed, also where ground emerges.
//! Source: Delestre et al. (2013), SWASHES, section 3.1, for the bump; any bed will do.
//! Tolerance: speed below 1e-6 m/s and depth unchanged to 1e-6 m after 100 s. Beds and levels lie
//! on a binary grid, so the surface's slope is exactly zero and both should be 0.

use stormgrid_core::series::Series;
use stormgrid_sim::flood::{BoundaryKind, Initial, Setup, Side};

use crate::norms::greater;
use crate::run::{Dice, Run, domain, on_side};
use crate::{CaseError, Gate, Record};

pub(crate) fn at_rest(record: &mut Record) -> Result<(), CaseError> {
    let (mut speed, mut moved) = (0.0, 0.0);
    for seed in 0..6 {
        let (u, h) = after_100_s(record, over_random_bed(seed)?)?;
        (speed, moved) = (greater(speed, u), greater(moved, h));
    }
    record.row("random beds: speed", "m/s", speed, Gate::AtMost(1e-6));
    record.row("random beds: depth moved", "m", moved, Gate::AtMost(1e-6));
    for (name, level) in [("emerged", 0.1), ("immersed", 0.5)] {
        let bump = |x: f64, _: f64| (0.2 - 0.05 * (x - 10.0).powi(2)).max(0.0);
        let mut setup = Setup::new(domain(250, 2, 0.1, 0.0, bump)?);
        setup.initial = Initial::Level(level);
        let (speed, moved) = after_100_s(record, setup)?;
        record.row(
            format!("{name} bump: speed"),
            "m/s",
            speed,
            Gate::AtMost(1e-6),
        );
        record.row(
            format!("{name} bump: depth moved"),
            "m",
            moved,
            Gate::AtMost(1e-6),
        );
    }
    Ok(())
}

/// Wet and dry ground, holes, obstacles and, for odd seeds, an open sea at the same level.
fn over_random_bed(seed: u64) -> Result<Setup, CaseError> {
    let mut dice = Dice(seed);
    let heights: Vec<f64> = (0..150 * 130).map(|_| 40.0 + 3.0 * dice.roll()).collect();
    let level = 40.0 + 3.0 * dice.roll();
    let bed = |x: f64, y: f64| match heights[(y / 7.0) as usize * 150 + (x / 7.0) as usize] {
        z if z > 42.9 => f64::NAN,
        z => z,
    };
    let mut setup = Setup::new(domain(150, 130, 7.0, 0.03, bed)?);
    setup.initial = Initial::Level(level);
    setup.domain.blocked = heights
        .iter()
        .map(|z| ((z * 1e4) as u64).is_multiple_of(17))
        .collect();
    if seed % 2 == 1 {
        let sea = || BoundaryKind::Level(Series::constant(level));
        setup.boundaries = vec![on_side(Side::West, sea()), on_side(Side::North, sea())];
    }
    Ok(setup)
}

/// Greatest speed, and greatest change of a depth.
fn after_100_s(record: &mut Record, setup: Setup) -> Result<(f64, f64), CaseError> {
    let mut run = Run::start(setup, record.scheme)?;
    let before = run.depth();
    run.advance(100.0)?;
    record.ends(&run);
    let holds_water = |pair: &(&f64, f64)| !pair.0.is_nan();
    let moved = before.iter().zip(run.depth()).filter(holds_water);
    let moved = moved.map(|(a, b)| (a - b).abs()).fold(0.0, greater);
    let speeds = run.flood().maxima().speed_max;
    let wet = speeds.iter().filter(|u| !u.is_nan());
    Ok((wet.map(|&u| f64::from(u)).fold(0.0, greater), moved))
}
