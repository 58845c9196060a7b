//! Frames: geodetic positions and the site frame of a twin.

use serde::{Deserialize, Serialize};

use crate::message;
use crate::message::Message;

/// A position on the ellipsoid, CGCS2000 (EPSG:4490). WGS 84 is treated as equal: they differ by
/// less than our accuracy of a decimetre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geodetic {
    /// Latitude, positive north [rad].
    pub lat: f64,
    /// Longitude, positive east [rad].
    pub lon: f64,
    /// Orthometric height above the twin's vertical datum, positive up [m].
    pub height: f64,
}

/// Degrees that are no position on the Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PositionError {
    /// Longitude as given [°].
    pub lon_deg: f64,
    /// Latitude as given [°].
    pub lat_deg: f64,
}

impl PositionError {
    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        message!(
            "fault.position",
            "longitude {lon}, latitude {lat} is no position on the Earth; longitude comes first, -180 to 180, then latitude, -90 to 90",
            lon = self.lon_deg,
            lat = self.lat_deg
        )
    }
}

impl std::fmt::Display for PositionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for PositionError {}

impl Geodetic {
    /// From degrees, at height zero. Refuses NaN, infinity and values off the Earth.
    pub fn from_degrees(lon_deg: f64, lat_deg: f64) -> Result<Self, PositionError> {
        if (-180.0..=180.0).contains(&lon_deg) && (-90.0..=90.0).contains(&lat_deg) {
            Ok(Self {
                lat: lat_deg.to_radians(),
                lon: lon_deg.to_radians(),
                height: 0.0,
            })
        } else {
            Err(PositionError { lon_deg, lat_deg })
        }
    }

    /// Longitude, positive east [°].
    pub fn lon_deg(self) -> f64 {
        self.lon.to_degrees()
    }

    /// Latitude, positive north [°].
    pub fn lat_deg(self) -> f64 {
        self.lat.to_degrees()
    }
}

/// The metric frame of one twin: a projected CRS in metres, minus the site origin.
///
/// Local coordinates are x east, y north, z up [m]; heights are orthometric and not shifted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteFrame {
    /// The projected CRS, for example `EPSG:4547`.
    pub crs: String,
    /// Easting of the origin in that CRS [m].
    pub origin_easting: f64,
    /// Northing of the origin in that CRS [m].
    pub origin_northing: f64,
}

impl SiteFrame {
    /// Local x, y [m] of a projected easting, northing [m].
    pub fn local_from_projected(&self, easting: f64, northing: f64) -> [f64; 2] {
        [
            easting - self.origin_easting,
            northing - self.origin_northing,
        ]
    }

    /// Projected easting, northing [m] of a local x, y [m].
    pub fn projected_from_local(&self, x: f64, y: f64) -> [f64; 2] {
        [x + self.origin_easting, y + self.origin_northing]
    }
}
