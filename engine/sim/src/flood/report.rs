//! What a run tells: step reports, maxima, the ledger of volumes, counts.

/// How far a call to advance came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The time asked for is reached.
    Reached,
    /// The caller broke off between two steps.
    Stopped,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// Steps so far.
    pub step: u64,
    /// Simulation time after the step [s].
    pub time_s: f64,
    /// Length of the step [s].
    pub dt: f64,
    /// Greatest depth in the domain and at its openings [m].
    pub depth_max: f32,
    /// Tiles computed in the step.
    pub active_tiles: usize,
}

/// Greatest values since the start, one a cell, row by row from the north-west corner.
///
/// Depth is taken at every step; the others at every fourth step and at the time each call to
/// advance ends. Times are kept to a 32 768th of the time run.
#[derive(Clone, Debug, PartialEq)]
pub struct Maxima {
    /// Greatest depth [m]; 0 where it never got wet, NaN outside the domain and in obstacles.
    pub depth_max: Vec<f32>,
    /// Greatest speed [m s⁻¹] to 2 in 1000, taken where the water is at least 1 cm deep.
    pub speed_max: Vec<f32>,
    /// Worst instantaneous ARR class, 1 to 6; 0 where it never got 1 cm deep.
    pub hazard_max: Vec<u8>,
    /// Time of the first depth of at least 0.05 m [s]; NaN where it was never so deep.
    pub arrival_s: Vec<f32>,
    /// Time with more than 0.15 m [s].
    pub duration_s: Vec<f32>,
}

/// One source or opening in the ledger [m³].
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerLine {
    /// What it is.
    pub source: Source,
    /// Volume that entered through it.
    pub in_m3: f64,
    /// Volume that left through it.
    pub out_m3: f64,
}

/// A way for water into or out of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Water at the start.
    Initial,
    /// Rain, that on roofs included.
    Rain,
    /// What the soil takes up.
    Infiltration,
    /// The inflow at this position of the setup.
    Inflow(usize),
    /// The boundary at this position of the setup.
    Boundary(usize),
    /// The structure at this position of the setup, if one of its ends is outside the domain; what
    /// a structure moves within it is in its [`StructureReport`](super::StructureReport).
    Structure(usize),
}

/// Where the water came from, went to and is [m³].
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// One line a source; the first is the water at the start.
    pub lines: Vec<LedgerLine>,
    /// All that entered, the water at the start included.
    pub in_m3: f64,
    /// All that left.
    pub out_m3: f64,
    /// What the cells hold now.
    pub stored_m3: f64,
    /// |in − out − stored| / in; 0 without water.
    pub error_rel: f64,
}

/// Counts of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Cells that can hold water.
    pub open_cells: u64,
    /// Steps taken.
    pub steps: u64,
    /// Open cells of the tiles computed, summed over the steps.
    pub cell_updates: u64,
    /// Greatest number of cells at least 1 cm deep at once, counted at every fourth step.
    pub wet_cells_max: u64,
    /// Threads used.
    pub threads: usize,
}
