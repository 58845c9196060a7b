//! City models of any format as buildings in a frame.

use std::path::Path;

use geo::MultiPolygon;
use stormgrid_core::mesh::{TriangleMesh, extrude};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::cityjson::{self, LodChoice};
use stormgrid_formats::vector::Feature;
use stormgrid_twin::Building;

use crate::vectors::{self, Frame};
use crate::{ProjectError, files};

/// A building with its geometry in the frame that was asked for.
#[derive(Clone, Debug)]
pub struct BuildingSource {
    /// What it is.
    pub building: Building,
    /// Outline on the ground [m].
    pub footprint: MultiPolygon<f64>,
    /// Its surfaces [m].
    pub mesh: TriangleMesh,
}

/// Buildings of one file and what a person should know about them.
#[derive(Clone, Debug, Default)]
pub struct City {
    /// The buildings in the order of the file.
    pub buildings: Vec<BuildingSource>,
    /// Assumptions and oddities.
    pub warnings: Vec<Message>,
}

/// Height of a building that tells neither height nor floors [m].
const USUAL_HEIGHT: f64 = 6.0;

/// Height of a storey where only their number is known [m].
const USUAL_STOREY: f64 = 3.0;

/// Reads CityJSON, CityJSONSeq, or GeoJSON footprints (by the file's ending `.geojson`).
pub fn read(path: &Path, frame: &Frame) -> Result<City, ProjectError> {
    let name = files::name(path).to_lowercase();
    if name.ends_with(".geojson") {
        return footprints(path, frame);
    }
    cityjson(path, frame)
}

fn footprints(path: &Path, frame: &Frame) -> Result<City, ProjectError> {
    let mut city = City::default();
    let mut unknown = 0_usize;
    for (index, (feature, footprint)) in vectors::polygons(path, frame)?.into_iter().enumerate() {
        let (base, top, known) = heights(&feature);
        unknown += usize::from(!known);
        let count = |name: &str| feature.number(name).filter(|v| *v >= 0.0).map(|v| v as u32);
        let id = feature.id.clone().or_else(|| feature.text("id"));
        city.buildings.push(BuildingSource {
            building: Building {
                id: id.unwrap_or_else(|| (index + 1).to_string()),
                name: feature.text("name"),
                address: feature.text("address"),
                usage: feature.text("use"),
                floors: count("floors"),
                households: count("households"),
                people: count("people"),
                base,
                top,
            },
            mesh: extrude(&footprint, base, top),
            footprint,
        });
    }
    if unknown > 0 {
        city.warnings.push(message!(
            "note.city.no_height",
            "{file}: {n} footprints have no height and are drawn {height} m high",
            file = files::name(path),
            n = unknown,
            height = USUAL_HEIGHT
        ));
    }
    Ok(city)
}

/// Base and top of a footprint [m], and whether the file told them.
fn heights(feature: &Feature<MultiPolygon<f64>>) -> (f64, f64, bool) {
    let number = |names: &[&str]| names.iter().find_map(|name| feature.number(name));
    let base = number(&["base_m", "base", "min_height"]).unwrap_or(0.0);
    let height = number(&["height_m", "height", "height_assumed_m"]);
    let by_floors = number(&["floors", "levels", "building:levels"]).map(|n| n * USUAL_STOREY);
    match height.or(by_floors).filter(|h| *h > 0.0) {
        Some(height) => (base, base + height, true),
        None => (base, base + USUAL_HEIGHT, false),
    }
}

fn cityjson(path: &Path, frame: &Frame) -> Result<City, ProjectError> {
    let file = files::name(path);
    let model = cityjson::read(&files::read(path)?, &file)?;
    let Some(crs) = &model.crs else {
        return Err(ProjectError::input(
            &file,
            "the model names no coordinate reference system in metadata.referenceSystem",
            "add it, for example https://www.opengis.net/def/crs/EPSG/0/4547",
        ));
    };
    let bring = frame.from_crs(crs, &file)?;
    let found = cityjson::buildings(&model, LodChoice::Highest, &|[x, y, z]: [f64; 3]| {
        bring.point(x, y).map(|[x, y]| [x, y, z])
    })?;
    let buildings = found.buildings.into_iter().map(|b| BuildingSource {
        building: Building {
            id: b.id,
            name: b.name,
            address: b.address,
            usage: b.usage,
            floors: b.floors,
            households: b.households,
            people: b.people,
            base: b.base,
            top: b.top,
        },
        footprint: b.footprint,
        mesh: b.mesh,
    });
    Ok(City {
        buildings: buildings.collect(),
        warnings: found.warnings,
    })
}
