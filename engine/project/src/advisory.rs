//! An advisory as it is understood, before anything is run with it.

use std::path::Path;

use serde::Serialize;
use stormgrid_core::message::Bilingual;

use crate::storm::{self, Choice};
use crate::twin::LoadedTwin;
use crate::{ProjectError, rehearsal};

/// An advisory as it is understood.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckedAdvisory {
    /// Name of the storm.
    pub name: String,
    /// The agency, empty if none is given.
    pub agency: String,
    /// Its positions.
    pub track: Vec<CheckedFix>,
    /// What was assumed and what looks wrong.
    pub notes: Vec<Bilingual>,
}

/// A position in SI units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckedFix {
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// Latitude, north positive [°].
    pub lat_deg: f64,
    /// Longitude, east positive [°].
    pub lon_deg: f64,
    /// Greatest wind as the agency averages it [m s⁻¹].
    pub vmax_mps: Option<f64>,
    /// Pressure at the centre [hPa].
    pub pmin_hpa: Option<f64>,
}

/// Reads an advisory, or any other track of one storm, and tells how it is understood.
///
/// - `file`: what messages call it
/// - `twin`: the site that the storm should come near to
///
/// # Errors
///
/// One sentence for what no field can be made of: units, times, leaps, several storms.
pub fn check_advisory(
    bytes: &[u8],
    file: &str,
    twin: Option<&LoadedTwin>,
) -> Result<CheckedAdvisory, ProjectError> {
    let text = stormgrid_formats::track::text(bytes, file)?;
    let read = storm::read_storm(&Choice {
        text: Some(&text),
        ..Choice::of(Path::new(file))
    })?;
    let mut notes = read.notes;
    notes.extend(twin.and_then(|twin| storm::far_from(&read.track, twin.middle())));
    let fixes = read.track.fixes.iter().map(|fix| CheckedFix {
        time: fix.time.to_rfc3339(),
        lat_deg: fix.lat_deg,
        lon_deg: fix.lon_deg,
        vmax_mps: fix.vmax,
        pmin_hpa: fix.pmin.map(|p| p / 100.0),
    });
    Ok(CheckedAdvisory {
        name: read.track.name.clone(),
        agency: read.track.agency.clone(),
        track: fixes.collect(),
        notes,
    })
}

/// The same for an advisory that comes in a request.
pub fn check_request(advisory: &str, twin: &LoadedTwin) -> Result<CheckedAdvisory, ProjectError> {
    check_advisory(advisory.as_bytes(), rehearsal::ADVISORY, Some(twin))
}
