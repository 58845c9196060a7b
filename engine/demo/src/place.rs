//! From the sheet to longitude and latitude.

use stormgrid_crs::Projector;

use crate::DemoError;
use crate::warp::Warp;

/// Coordinates in files lie on this lattice [degrees⁻¹]: 0.1 mm.
const PER_DEGREE: f64 = 1e9;

/// Projects places of the sheet and of the site frame.
pub(crate) struct Placer<'a> {
    warp: &'a Warp,
    to_degrees: Projector,
    origin: [f64; 2],
}

impl<'a> Placer<'a> {
    /// A placer for the site at `origin` (longitude, latitude in degrees) with `crs`.
    pub(crate) fn new(warp: &'a Warp, crs: &str, origin: [f64; 2]) -> Result<Self, DemoError> {
        let from_degrees = Projector::new("EPSG:4490", crs)?;
        let origin = from_degrees.convert(origin[0], origin[1])?;
        Ok(Self {
            warp,
            to_degrees: Projector::new(crs, "EPSG:4490")?,
            origin,
        })
    }

    /// Easting and northing of the site's origin [m].
    pub(crate) fn origin(&self) -> [f64; 2] {
        self.origin
    }

    /// Longitude and latitude of a place on the sheet, on the lattice [degrees].
    pub(crate) fn lonlat_of_sheet(&self, u: f64, v: f64) -> Result<[f64; 2], DemoError> {
        let [x, y] = self.warp.xy(u, v);
        self.lonlat_of_site(x, y)
    }

    /// Longitude and latitude of a position in the site frame, on the lattice [degrees].
    pub(crate) fn lonlat_of_site(&self, x: f64, y: f64) -> Result<[f64; 2], DemoError> {
        let [lon, lat] = self
            .to_degrees
            .convert(self.origin[0] + x, self.origin[1] + y)?;
        Ok([lon, lat].map(|degrees| (degrees * PER_DEGREE).round() / PER_DEGREE))
    }
}
