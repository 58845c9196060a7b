//! Runs of the solver on one thread, with their cost; fields as f64.

use std::ops::ControlFlow;
use std::time::Instant;

use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_sim::flood::{
    Boundary, BoundaryKind, BoundaryPlace, Domain, Flood, Ledger, Manning, Scheme, Setup, Side,
    Source,
};

use crate::CaseError;

/// What a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Cells that can hold water.
    pub cells: u64,
    /// Steps.
    pub steps: u64,
    /// Processor time [s].
    pub cpu_s: f64,
}

/// A run on the calling thread.
pub struct Run {
    flood: Flood,
    cpu_s: f64,
}

impl Run {
    /// Prepares a run with a scheme.
    pub fn start(mut setup: Setup, scheme: Scheme) -> Result<Self, CaseError> {
        setup.options.scheme = scheme;
        setup.options.threads = 1;
        Ok(Self {
            flood: Flood::new(setup)?,
            cpu_s: 0.0,
        })
    }

    /// Runs to a time [s].
    pub fn advance(&mut self, time_s: f64) -> Result<(), CaseError> {
        let before = Clock::now();
        self.flood
            .advance_to(time_s, &mut |_| ControlFlow::Continue(()))?;
        self.cpu_s += before.elapsed_s();
        Ok(())
    }

    /// The solver.
    pub fn flood(&self) -> &Flood {
        &self.flood
    }

    /// What it took so far.
    pub fn cost(&self) -> Cost {
        let stats = self.flood.stats();
        Cost {
            cells: stats.open_cells,
            steps: stats.steps,
            cpu_s: self.cpu_s,
        }
    }

    /// Depth [m], row by row from the north-west.
    pub fn depth(&self) -> Vec<f64> {
        self.flood.depth().into_iter().map(f64::from).collect()
    }

    /// Depth of one row of cells [m].
    pub fn depth_along(&self, row: usize) -> Vec<f64> {
        let n_cols = self.flood.geometry().n_cols;
        self.depth()[row * n_cols..][..n_cols].to_vec()
    }

    /// Unit discharge of one row of cells, without its sign [m² s⁻¹].
    pub fn discharge_along(&self, row: usize) -> Vec<f64> {
        let n_cols = self.flood.geometry().n_cols;
        let speed = &self.flood.speed()[row * n_cols..][..n_cols];
        let depth = self.depth_along(row);
        let pairs = depth.iter().zip(speed);
        pairs.map(|(h, u)| h * f64::from(*u)).collect()
    }

    /// x of the centres of a row of cells [m].
    pub fn centres(&self) -> Vec<f64> {
        let g = self.flood.geometry();
        (0..g.n_cols).map(|col| g.center(0, col).x).collect()
    }
}

/// A domain of square cells with its south-west corner at the origin, the bed a function of the
/// cell's centre (NaN outside).
pub fn domain(
    n_cols: usize,
    n_rows: usize,
    cell: f64,
    manning: f64,
    bed: impl Fn(f64, f64) -> f64,
) -> Result<Domain, CaseError> {
    let geometry = RasterGeometry::new(n_cols, n_rows, 0.0, n_rows as f64 * cell, cell, cell)?;
    Ok(Domain {
        geometry,
        elevation: by_cell(&geometry, bed),
        manning: Manning::Uniform(manning),
        blocked: Vec::new(),
    })
}

/// A value a cell, by its centre.
pub fn by_cell(geometry: &RasterGeometry, value: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut values = Vec::with_capacity(geometry.n_cells());
    for row in 0..geometry.n_rows {
        for col in 0..geometry.n_cols {
            let at = geometry.center(row, col);
            values.push(value(at.x, at.y));
        }
    }
    values
}

/// A condition on a side.
pub fn on_side(side: Side, kind: BoundaryKind) -> Boundary {
    Boundary {
        place: BoundaryPlace::Side(side),
        kind,
    }
}

/// A series that a case writes down itself.
pub fn series(points: &[(f64, f64)]) -> Series {
    Series {
        time_s: points.iter().map(|p| p.0).collect(),
        value: points.iter().map(|p| p.1).collect(),
    }
}

/// The cell of a raster at a place.
pub fn cell_at(geometry: &RasterGeometry, x: f64, y: f64) -> Result<CellIdx, CaseError> {
    let (row, col) = geometry.cell_at(x, y).ok_or(CaseError::Outside { x, y })?;
    Ok(geometry.index(row, col))
}

/// What has left through a boundary, net [m³].
pub fn left_through(ledger: &Ledger, boundary: usize) -> f64 {
    let lines = ledger.lines.iter();
    lines
        .filter(|line| line.source == Source::Boundary(boundary))
        .map(|line| line.out_m3 - line.in_m3)
        .sum()
}

/// Numbers from 0 to 1, the same at every run.
pub struct Dice(pub u64);

impl Dice {
    /// The next number. Steele & Vigna's SplitMix64.
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Processor time of the thread where the system tells it (Linux), the wall's time elsewhere.
struct Clock {
    wall: Instant,
    thread_ns: Option<u64>,
}

impl Clock {
    fn now() -> Self {
        Self {
            wall: Instant::now(),
            thread_ns: thread_ns(),
        }
    }

    fn elapsed_s(&self) -> f64 {
        match (self.thread_ns, thread_ns()) {
            (Some(before), Some(after)) => after.saturating_sub(before) as f64 * 1e-9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

/// Nanoseconds that the thread has spent on a processor.
fn thread_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
