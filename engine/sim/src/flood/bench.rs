//! What the tests of this folder share.

use std::ops::ControlFlow;

use stormgrid_core::raster::RasterGeometry;

use super::{Domain, Flood, Ledger, LedgerLine, Manning, Outcome, Scheme, Setup, Source};

pub(super) const SCHEMES: [Scheme; 3] = Scheme::ALL;

/// A closed basin of square cells with its south-west corner at the origin, the bed a function of
/// the cell's centre.
pub(super) fn basin(
    n_cols: usize,
    n_rows: usize,
    cell: f64,
    bed: impl Fn(f64, f64) -> f64,
) -> Domain {
    let geometry = RasterGeometry::new(n_cols, n_rows, 0.0, n_rows as f64 * cell, cell, cell)
        .expect("a valid raster");
    let mut elevation = Vec::with_capacity(geometry.n_cells());
    for row in 0..n_rows {
        for col in 0..n_cols {
            let at = geometry.center(row, col);
            elevation.push(bed(at.x, at.y));
        }
    }
    Domain {
        geometry,
        elevation,
        manning: Manning::Uniform(0.03),
        blocked: Vec::new(),
    }
}

pub(super) fn start(setup: Setup) -> Flood {
    Flood::new(setup).expect("a valid setup")
}

pub(super) fn advance(flood: &mut Flood, time_s: f64) {
    let outcome = flood
        .advance_to(time_s, &mut |_| ControlFlow::Continue(()))
        .expect("a stable run");
    assert_eq!(outcome, Outcome::Reached);
}

pub(super) fn line(ledger: &Ledger, source: Source) -> LedgerLine {
    let found = ledger.lines.iter().find(|line| line.source == source);
    found.expect("the line is there").clone()
}
