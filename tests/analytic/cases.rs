//! What the flood cases share.

use std::ops::ControlFlow;

use stormgrid_core::raster::RasterGeometry;
use stormgrid_sim::flood::{Domain, Flood, Ledger, Manning, Outcome, Scheme, Setup, Source};

/// A domain of square cells with its south-west corner at the origin, the bed a function of the
/// cell's centre (NaN outside).
pub fn domain(
    n_cols: usize,
    n_rows: usize,
    cell: f64,
    manning: f64,
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
        manning: Manning::Uniform(manning),
        blocked: Vec::new(),
    }
}

/// A setup for the local-inertial scheme.
pub fn inertial(domain: Domain) -> Setup {
    let mut setup = Setup::new(domain);
    setup.options.scheme = Scheme::LocalInertial;
    setup
}

/// Starts a run.
pub fn start(setup: Setup) -> Flood {
    Flood::new(setup).expect("a valid setup")
}

/// Runs to a time.
pub fn advance(flood: &mut Flood, time_s: f64) {
    let outcome = flood
        .advance_to(time_s, &mut |_| ControlFlow::Continue(()))
        .expect("a stable run");
    assert_eq!(outcome, Outcome::Reached);
}

/// What has left through a boundary, net [m³].
pub fn left_through(ledger: &Ledger, boundary: usize) -> f64 {
    ledger
        .lines
        .iter()
        .filter(|line| line.source == Source::Boundary(boundary))
        .map(|line| line.out_m3 - line.in_m3)
        .sum()
}

/// Numbers from 0 to 1, the same at every run.
pub struct Dice(pub u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> f64 {
        // Steele & Vigna's SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
