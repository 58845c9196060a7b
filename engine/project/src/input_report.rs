//! What was read of each layer: the entries of the report of the input.

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message::Message;

/// One layer of a twin or a scenario, as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerReport {
    /// Identifier of the layer, for example `terrain`, `buildings`, `grids`.
    pub id: String,
    /// The file that it was read from.
    pub file: String,
    /// What it holds.
    pub what: Message,
    /// CRS that the file names, or that was taken for it; `None` if there is none.
    pub crs: Option<String>,
    /// Unit of its values, for example `m`; `None` where they have none.
    pub unit: Option<String>,
    /// Features or cells that are used.
    pub count: usize,
    /// Share of its features, or of its cells, that lie on the ground [0 to 1]; `None` if nothing was compared.
    pub cover: Option<f64>,
    /// Values that are unknown: of people first of all.
    pub unknown: usize,
    /// What was assumed, left out, taken for unknown, or is at fault.
    pub findings: Vec<Finding>,
}

impl LayerReport {
    /// A layer of which nothing is known but its place.
    pub fn new(id: impl Into<String>, file: impl Into<String>, what: Message) -> Self {
        Self {
            id: id.into(),
            file: file.into(),
            what,
            crs: None,
            unit: None,
            count: 0,
            cover: None,
            unknown: 0,
            findings: Vec::new(),
        }
    }

    /// How many findings are of a kind.
    pub fn n_of(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|f| f.kind == kind).count()
    }

    /// Whether something in it would make a number wrong.
    pub fn is_faulty(&self) -> bool {
        self.n_of(Kind::Fault) > 0
    }
}
