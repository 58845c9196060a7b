//! Layers from GeoJSON in longitude and latitude to local metres, vertex by vertex.

use geo::{Coord, MapCoords};
use serde::Deserialize;
use stormgrid_core::frame::SiteFrame;
use stormgrid_crs::{CrsError, Projector};
use stormgrid_formats::vector::{Feature, Rings, read_lines, read_polygons};
use stormgrid_scene::layers::{Layer, LineStyle, Shapes};

/// Where the site lies, as the server tells it; what else it tells is ignored.
#[derive(Clone, Debug, Deserialize)]
pub struct Site {
    /// The projected CRS.
    pub crs: String,
    /// The origin of local coordinates in it.
    pub origin: Origin,
}

/// The origin of local coordinates.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Origin {
    /// Easting [m].
    pub easting: f64,
    /// Northing [m].
    pub northing: f64,
}

impl Site {
    /// The frame of this site.
    pub fn frame(&self) -> SiteFrame {
        SiteFrame {
            crs: self.crs.clone(),
            origin_easting: self.origin.easting,
            origin_northing: self.origin.northing,
        }
    }
}

/// Reads a layer of polygons or lines and projects each of its vertices. The error is one sentence.
pub fn read_layer(
    site: &SiteFrame,
    id: &str,
    geojson: &str,
    polygons: bool,
    style: LineStyle,
) -> Result<Layer, String> {
    let bytes = geojson.as_bytes();
    let (codes, shapes) = if polygons {
        let layer = read_polygons(bytes, id, Rings::HandOn).map_err(|e| e.to_string())?;
        let project = projector(site, layer.crs.as_deref()).map_err(|e| e.to_string())?;
        let codes = layer.features.iter().enumerate().map(code).collect();
        let shapes = layer
            .features
            .iter()
            .map(|f| f.geometry.try_map_coords(&project))
            .collect::<Result<_, _>>()
            .map_err(|e| e.to_string())?;
        (codes, Shapes::Polygons(shapes))
    } else {
        let layer = read_lines(bytes, id).map_err(|e| e.to_string())?;
        let project = projector(site, layer.crs.as_deref()).map_err(|e| e.to_string())?;
        let codes = layer.features.iter().enumerate().map(code).collect();
        let shapes = layer
            .features
            .iter()
            .map(|f| f.geometry.try_map_coords(&project))
            .collect::<Result<_, _>>()
            .map_err(|e| e.to_string())?;
        (codes, Shapes::Lines(shapes))
    };
    Ok(Layer::new(id.to_owned(), codes, shapes, style))
}

fn projector(
    site: &SiteFrame,
    crs: Option<&str>,
) -> Result<impl Fn(Coord<f64>) -> Result<Coord<f64>, CrsError>, CrsError> {
    let to_metres = Projector::new(crs.unwrap_or("EPSG:4490"), &site.crs)?;
    let site = site.clone();
    Ok(move |c: Coord<f64>| {
        let [easting, northing] = to_metres.convert(c.x, c.y)?;
        let [x, y] = site.local_from_projected(easting, northing);
        Ok(Coord { x, y })
    })
}

/// The property `code`, else the feature's id, else its number.
fn code<G>((number, feature): (usize, &Feature<G>)) -> String {
    feature
        .text("code")
        .or_else(|| feature.id.clone())
        .unwrap_or_else(|| number.to_string())
}
