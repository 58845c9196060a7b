//! Why a flood cannot be computed.

use stormgrid_core::message;
use stormgrid_core::message::Message;

/// Why a run cannot start or had to stop.
#[derive(Debug, Clone, PartialEq)]
pub enum FloodError {
    /// A field does not have one value a cell.
    Count {
        /// Of what.
        what: &'static str,
        /// Values given.
        found: usize,
        /// Cells of the raster.
        expected: usize,
    },
    /// A number outside its range.
    Range {
        /// Of what.
        what: &'static str,
        /// The value.
        value: f64,
        /// Least allowed.
        low: f64,
        /// Greatest allowed.
        high: f64,
    },
    /// A cell's value outside its range.
    CellValue {
        /// Of what.
        what: &'static str,
        /// The value.
        value: f64,
        /// Row from the north.
        row: usize,
        /// Column from the west.
        col: usize,
    },
    /// A cell index beyond the raster.
    CellOutside {
        /// The index.
        cell: usize,
        /// Cells of the raster.
        n_cells: usize,
    },
    /// All cells are outside the domain or blocked.
    NoOpenCell,
    /// All cells of an inflow or a discharge boundary are outside the domain or blocked.
    NowhereToFlow {
        /// Inflow or boundary.
        what: &'static str,
        /// Its position, from 1.
        number: usize,
    },
    /// A checkpoint that cannot be taken up.
    Checkpoint {
        /// What is wrong with it and what to do.
        cause: &'static str,
    },
    /// The threads could not be started.
    Threads {
        /// Threads asked for.
        threads: usize,
    },
    /// The solution is no longer a number, or beyond anything physical.
    Unstable {
        /// Simulation time [s].
        time_s: f64,
        /// Row from the north.
        row: usize,
        /// Column from the west.
        col: usize,
        /// Depth found [m].
        depth_m: f32,
        /// What was seen.
        cause: Message,
    },
}

impl FloodError {
    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        // Names of numbers are English; Chinese says that it is one of the solver's.
        let named =
            |what: &'static str| message!("flood.number", "{what}", what = Message::english(what));
        match self {
            Self::Count {
                what,
                found,
                expected,
            } => message!(
                "flood.count",
                "{found} {what} given for {expected} cells",
                found = *found,
                what = Message::english(what),
                expected = *expected
            ),
            Self::Range {
                what,
                value,
                low,
                high,
            } => message!(
                "flood.range",
                "{what} is {value}; it must lie between {low} and {high}",
                what = named(what),
                value = *value,
                low = *low,
                high = *high
            ),
            Self::CellValue {
                what,
                value,
                row,
                col,
            } => message!(
                "flood.cell_value",
                "{what} is {value} in row {row}, column {col} (counted from 0 at the north-west corner)",
                what = named(what),
                value = *value,
                row = *row,
                col = *col
            ),
            Self::CellOutside { cell, n_cells } => message!(
                "flood.cell_outside",
                "cell {cell} does not exist; the raster has {n} cells",
                cell = *cell,
                n = *n_cells
            ),
            Self::NoOpenCell => message!(
                "flood.no_open_cell",
                "no cell of the domain can hold water: all are without elevation, blocked or boundary"
            ),
            Self::NowhereToFlow { what, number } => message!(
                "flood.nowhere",
                "{what} {number} has no open cell: all its cells are without elevation or blocked",
                what = match *what {
                    "inflow" => message!("flood.inflow", "inflow"),
                    "discharge boundary" => message!("flood.discharge", "discharge boundary"),
                    _ => message!("flood.structure", "structure"),
                },
                number = *number
            ),
            Self::Checkpoint { cause } => message!(
                "flood.checkpoint",
                "the checkpoint cannot be used: {cause}",
                cause = Message::english(cause)
            ),
            Self::Threads { threads } => message!(
                "flood.threads",
                "{threads} threads could not be started",
                threads = *threads
            ),
            Self::Unstable {
                time_s,
                row,
                col,
                depth_m,
                cause,
            } => message!(
                "flood.unstable",
                "the flood became unstable at {time} s in row {row}, column {col}: {cause} (depth {depth} m); look at the ground and the inflow there, or take the scheme finite_volume",
                time = *time_s,
                row = *row,
                col = *col,
                cause = cause.clone(),
                depth = *depth_m
            ),
        }
    }
}

impl std::fmt::Display for FloodError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for FloodError {}
