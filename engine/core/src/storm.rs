//! The track of a tropical cyclone as an agency published it, in SI.

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// Over how long an agency averages the wind that it calls the maximum.
///
/// Winds of different averaging periods must not be mixed without a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Averaging {
    /// One minute: JTWC, NHC.
    OneMinute,
    /// Two minutes: CMA.
    TwoMinute,
    /// Ten minutes: JMA, HKO, the standard of the WMO.
    TenMinute,
}

/// How far from the centre a wind of a given strength blows, by quadrant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindRadius {
    /// Wind, averaged as the track says [m s⁻¹].
    pub wind: f64,
    /// Greatest radius in the quadrants north-east, south-east, south-west, north-west [m]; `None` where none
    /// is given, 0 where that wind does not blow.
    pub quadrants: [Option<f64>; 4],
}

impl WindRadius {
    /// Mean over the quadrants in which the wind blows [m]; `None` if there is none.
    pub fn mean(&self) -> Option<f64> {
        let blows: Vec<f64> = self
            .quadrants
            .iter()
            .flatten()
            .copied()
            .filter(|r| *r > 0.0)
            .collect();
        (!blows.is_empty()).then(|| blows.iter().sum::<f64>() / blows.len() as f64)
    }
}

/// One fix of a track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// The instant.
    pub time: Instant,
    /// Latitude of the centre, positive north [°].
    pub lat_deg: f64,
    /// Longitude of the centre, positive east [°].
    pub lon_deg: f64,
    /// Greatest mean wind near the centre, averaged as the track says [m s⁻¹].
    pub vmax: Option<f64>,
    /// Pressure at the centre [Pa].
    pub pmin: Option<f64>,
    /// Radius of maximum wind [m].
    pub rmw: Option<f64>,
    /// Radii of given winds; empty if there are none.
    #[serde(default)]
    pub radii: Vec<WindRadius>,
    /// Pressure of the last closed isobar [Pa].
    #[serde(default)]
    pub environment: Option<f64>,
    /// The agency's word for the state of the storm, empty if it gives none.
    pub status: String,
}

/// The track of one storm by one agency; times strictly increase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// International name, in capitals.
    pub name: String,
    /// International number, for example `1713`; empty if unknown.
    pub intl_id: String,
    /// Identifier in IBTrACS; empty if unknown.
    pub sid: String,
    /// The agency whose values these are.
    pub agency: String,
    /// What the winds are averages over.
    pub averaging: Averaging,
    /// The fixes in order of time.
    pub fixes: Vec<Fix>,
}
