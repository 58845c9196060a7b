//! What the benches share.

use std::ops::ControlFlow;

use stormgrid_sim::flood::Flood;

/// Cell size of the cases [m].
pub const CELL: f64 = 10.0;

/// Advances a run to a time [s].
///
/// # Panics
///
/// If the run becomes unstable: a bench has nothing to measure then.
pub fn advance_to(flood: &mut Flood, time: f64) {
    flood
        .advance_to(time, &mut |_| ControlFlow::Continue(()))
        .expect("a stable run");
}
