//! What was read of each layer: the entries of the report of the input.

use serde::{Deserialize, Serialize};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message::{Bilingual, Message};

use crate::{ProjectError, messages};

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

/// A layer as files and answers tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportedLayer {
    /// Identifier.
    pub id: String,
    /// The file that it was read from.
    pub file: String,
    /// What it holds.
    pub what: Bilingual,
    /// CRS; null if there is none.
    pub crs: Option<String>,
    /// Unit of its values; null where they have none.
    pub unit: Option<String>,
    /// Features or cells that are used.
    pub count: usize,
    /// Share of it that lies on the ground [-]; null if nothing was compared.
    pub cover: Option<f64>,
    /// Values that are unknown.
    pub unknown: usize,
    /// What was found.
    pub findings: Vec<ReportedFinding>,
}

/// A finding as files and answers tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportedFinding {
    /// How it bears on the numbers.
    pub kind: Kind,
    /// The file.
    pub file: String,
    /// Where in the file; null for all of it.
    pub place: Option<Bilingual>,
    /// How many values, features or cells it is about.
    pub count: usize,
    /// The sentence, with file and place.
    pub text: Bilingual,
}

impl From<&LayerReport> for ReportedLayer {
    fn from(layer: &LayerReport) -> Self {
        Self {
            id: layer.id.clone(),
            file: layer.file.clone(),
            what: messages::told(&layer.what),
            crs: layer.crs.clone(),
            unit: layer.unit.clone(),
            count: layer.count,
            cover: layer.cover,
            unknown: layer.unknown,
            findings: layer.findings.iter().map(ReportedFinding::from).collect(),
        }
    }
}

impl From<&Finding> for ReportedFinding {
    fn from(finding: &Finding) -> Self {
        Self {
            kind: finding.kind,
            file: finding.file.clone(),
            place: finding.place.as_ref().map(messages::told),
            count: finding.count,
            text: messages::told(&sentence(finding)),
        }
    }
}

/// The sentence of a finding; a fault that names its file itself is not told the file twice.
pub fn sentence(finding: &Finding) -> Message {
    match finding.text.to_string().contains(&finding.file) {
        true => finding.text.clone(),
        false => finding.message(),
    }
}

/// Why a layer cannot be used, as its report.
pub fn fault_report(
    id: impl Into<String>,
    file: impl Into<String>,
    error: &ProjectError,
) -> LayerReport {
    let file = file.into();
    let what = stormgrid_core::message!("what.unread", "not read");
    let mut report = LayerReport::new(id, &file, what);
    report
        .findings
        .push(Finding::new(Kind::Fault, file, error.message()));
    report
}
