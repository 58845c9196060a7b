//! Momentum of water that a discharge boundary on a side brings, for finite volumes.

use super::kernel::inverse_cube_root;
use super::params::Side;
use super::riemann::{Fluxes, Velocities};
use super::state::{RIM, Tap, Tile, rimmed};
use super::sweep::Step;
use stormgrid_core::units::GRAVITY;

/// Newton steps to the depth at the boundary: each doubles the digits, and the start is close.
const NEWTON_STEPS: usize = 12;

/// Depth at a boundary through which the unit discharge `q` [m² s⁻¹, inward] passes, where the water
/// inside moves inwards at `u` with celerity `c` [m s⁻¹].
///
/// The characteristic that leaves the domain keeps u − 2c, and h u = q: 2c³ + k c² = g q with
/// k = u − 2c inside. Of two depths the deeper is taken, and none shallower than the critical one.
/// Source: Toro (2001), Shock-Capturing Methods for Free-Surface Shallow Flows, sections 3.2 and 10.4.
fn boundary_depth(q: f64, u: f64, c: f64) -> f64 {
    let gq = GRAVITY * q;
    let critical = 1.0 / f64::from(inverse_cube_root(gq.abs() as f32));
    let k = u - 2.0 * c;
    let mut celerity = 0.5 * k.abs() + critical;
    for _ in 0..NEWTON_STEPS {
        let value = celerity * celerity * (2.0 * celerity + k) - gq;
        let slope = celerity * (6.0 * celerity + 2.0 * k);
        if slope <= 0.0 {
            break;
        }
        let next = celerity - value / slope;
        if next <= critical {
            celerity = critical;
            break;
        }
        celerity = next;
    }
    celerity * celerity / GRAVITY
}

/// Momentum and pressure that enter through a face, less the pressure of the cell at rest [m³ s⁻²],
/// and the speed of the fastest signal there [m s⁻¹].
fn push(q: f64, h: f64, u: f64, c: f64) -> (f32, f32) {
    let at_face = boundary_depth(q, u, c);
    let speed = q.abs() / at_face;
    let momentum = q * q / at_face + 0.5 * GRAVITY * (at_face - h) * (at_face + h);
    (momentum as f32, (speed + (GRAVITY * at_face).sqrt()) as f32)
}

/// Unit discharge of a tap through its side, inwards [m² s⁻¹].
fn unit_discharge(tap: &Tap, side: Side, step: &Step<'_>) -> f64 {
    let width = match side {
        Side::West | Side::East => step.dx,
        Side::North | Side::South => step.dy,
    };
    step.discharges[usize::from(tap.source)] * tap.share * width / step.dt
}

/// Smallest unit discharge that brings momentum [m² s⁻¹].
const LEAST: f64 = 1e-9;

/// Puts the momentum of discharge boundaries in place of a wall's push, on the faces south of a row
/// (`across`), or on those within a row. `water` is the row, and the row south of it.
///
/// The water itself comes as from any other inflow, so that the ledger stays exact. Returns the speed
/// of the fastest signal [m s⁻¹].
pub(super) fn bring_momentum(
    fluxes: &mut Fluxes,
    tile: &Tile,
    row: isize,
    across: bool,
    water: [&Velocities; 2],
    step: &Step<'_>,
) -> f32 {
    let mut fastest = 0.0;
    for tap in &tile.taps {
        let Some(side) = tap.side else {
            continue;
        };
        // The row of the tap, and whether the cell lies on the face's high side.
        let (beside, high) = match (side, across) {
            (Side::North, true) => (row + 1, true),
            (Side::South, true) => (row, false),
            (Side::West, false) => (row, true),
            (Side::East, false) => (row, false),
            _ => continue,
        };
        let q = unit_discharge(tap, side, step);
        if isize::from(tap.row) != beside || q.abs() < LEAST {
            continue;
        }
        let (cell, moves) = (
            rimmed(beside, tap.col.into()),
            water[usize::from(across && high)],
        );
        let col = usize::from(tap.col);
        let along = col + RIM;
        let u = match across {
            true => moves.y[along],
            false => moves.x[along],
        };
        let inward = if high { u } else { -u };
        let (momentum, signal) = push(
            q,
            tile.h[cell].into(),
            inward.into(),
            moves.celerity[along].into(),
        );
        // The face east or south of a cell has the cell's own place, that to the west one before.
        match (across, high) {
            (true, true) => fluxes.high[col + 2] = momentum,
            (true, false) => fluxes.low[col + 2] = momentum,
            (false, true) => fluxes.high[col + 1] = momentum,
            (false, false) => fluxes.low[col + 2] = momentum,
        }
        if signal > fastest {
            fastest = signal;
        }
    }
    fastest
}

#[cfg(test)]
mod tests {
    use super::{GRAVITY, boundary_depth};

    #[test]
    fn water_that_already_flows_so_keeps_its_depth() {
        for (h, u) in [(2.0_f64, 1.5_f64), (0.3, 0.1), (5.0, -0.8)] {
            let found = boundary_depth(h * u, u, (GRAVITY * h).sqrt());
            assert!((found - h).abs() < 1e-6 * h, "{found} for {h}");
        }
    }

    #[test]
    fn a_dry_bed_is_entered_at_critical_depth_and_no_more_leaves_than_can() {
        let critical = |q: f64| (q * q / GRAVITY).cbrt();
        for q in [0.1, 4.0] {
            let deeper = boundary_depth(q, 0.0, 0.0);
            assert!(deeper >= critical(q) * 0.999_9, "{deeper}");
        }
        // Half a metre at rest cannot give 10 m² s⁻¹.
        let choked = boundary_depth(-10.0, 0.0, (0.5 * GRAVITY).sqrt());
        assert!((choked / critical(10.0) - 1.0).abs() < 1e-3, "{choked}");
    }
}
