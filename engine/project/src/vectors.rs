//! GeoJSON layers brought into the frame where they are needed, vertex by vertex.

use std::path::Path;

use geo::{Coord, LineString, MapCoords, MultiLineString, MultiPolygon, Point};
use stormgrid_crs::Projector;
use stormgrid_formats::vector::{self, Feature, Rings};

use crate::{ProjectError, files};

/// The CRS of GeoJSON that names none (RFC 7946).
const GEOJSON_CRS: &str = "EPSG:4326";

/// A frame in metres: a projected CRS less an origin.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The CRS.
    pub crs: String,
    /// Easting and northing that become 0, 0 [m].
    pub origin: [f64; 2],
}

impl Frame {
    /// The CRS itself.
    pub fn of_crs(crs: &str) -> Self {
        Self {
            crs: crs.to_owned(),
            origin: [0.0, 0.0],
        }
    }

    /// Brings points of a CRS here, or fails at the first that cannot be.
    pub fn from_crs(&self, crs: &str, file: &str) -> Result<Bring, ProjectError> {
        let projector = Projector::new(crs, &self.crs).map_err(|e| ProjectError::crs(file, e))?;
        Ok(Bring {
            projector,
            origin: self.origin,
            file: file.to_owned(),
        })
    }
}

/// Brings points from the CRS of one file into a [`Frame`].
pub struct Bring {
    projector: Projector,
    origin: [f64; 2],
    file: String,
}

impl Bring {
    /// One point.
    pub fn point(&self, x: f64, y: f64) -> Result<[f64; 2], ProjectError> {
        let [east, north] = self
            .projector
            .convert(x, y)
            .map_err(|e| ProjectError::crs(&self.file, e))?;
        Ok([east - self.origin[0], north - self.origin[1]])
    }

    fn coord(&self, c: Coord<f64>) -> Result<Coord<f64>, ProjectError> {
        let [x, y] = self.point(c.x, c.y)?;
        Ok(Coord { x, y })
    }

    /// An area.
    pub fn area(&self, area: &MultiPolygon<f64>) -> Result<MultiPolygon<f64>, ProjectError> {
        area.try_map_coords(|c| self.coord(c))
    }

    /// Lines.
    pub fn lines(
        &self,
        lines: &MultiLineString<f64>,
    ) -> Result<MultiLineString<f64>, ProjectError> {
        lines.try_map_coords(|c| self.coord(c))
    }
}

/// A feature in the file's coordinates, and its geometry in the frame.
pub type Framed<G, L = G> = (Feature<G>, L);

/// Polygons of a file, with their geometry in the file's coordinates and in the frame.
pub fn polygons(
    path: &Path,
    frame: &Frame,
) -> Result<Vec<Framed<MultiPolygon<f64>>>, ProjectError> {
    let file = files::name(path);
    let layer = vector::read_polygons(&files::read(path)?, &file, Rings::Refuse)?;
    let bring = frame.from_crs(layer.crs.as_deref().unwrap_or(GEOJSON_CRS), &file)?;
    layer
        .features
        .into_iter()
        .map(|feature| {
            let area = bring.area(&feature.geometry)?;
            Ok((feature, area))
        })
        .collect()
}

/// Points of a file, in the frame.
pub fn points(
    path: &Path,
    frame: &Frame,
) -> Result<Vec<Framed<Point<f64>, [f64; 2]>>, ProjectError> {
    let file = files::name(path);
    let layer = vector::read_points(&files::read(path)?, &file)?;
    let bring = frame.from_crs(layer.crs.as_deref().unwrap_or(GEOJSON_CRS), &file)?;
    layer
        .features
        .into_iter()
        .map(|feature| {
            let at = bring.point(feature.geometry.x(), feature.geometry.y())?;
            Ok((feature, at))
        })
        .collect()
}

/// Lines of a file, each part by itself, in the frame.
pub fn lines(
    path: &Path,
    frame: &Frame,
) -> Result<Vec<Framed<MultiLineString<f64>, Vec<LineString<f64>>>>, ProjectError> {
    let file = files::name(path);
    let layer = vector::read_lines(&files::read(path)?, &file)?;
    let bring = frame.from_crs(layer.crs.as_deref().unwrap_or(GEOJSON_CRS), &file)?;
    layer
        .features
        .into_iter()
        .map(|feature| {
            let lines = bring.lines(&feature.geometry)?;
            Ok((feature, lines.0))
        })
        .collect()
}
