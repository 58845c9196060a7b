//! City models of any format as buildings in a frame.

use std::path::Path;

use geo::MultiPolygon;
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::mesh::{TriangleMesh, extrude};
use stormgrid_core::message;
use stormgrid_formats::attributes::{Attributes, Described};
use stormgrid_formats::cityjson::{self, LodChoice};
use stormgrid_formats::text;
use stormgrid_formats::vector::{Feature, repeated};
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
    /// What was assumed, left out or is unknown.
    pub findings: Vec<Finding>,
}

/// Height of a building that tells neither height nor floors [m].
const USUAL_HEIGHT: f64 = 6.0;

/// Greatest height of a building [m] and most storeys [-]; more is a mistake.
const GREATEST_HEIGHT: f64 = 1000.0;
const MOST_FLOORS: f64 = 300.0;

/// Most people or households of a building [-]; more is a mistake.
const MOST_PEOPLE: f64 = 1e6;

/// Height of a storey where only their number is known [m].
const USUAL_STOREY: f64 = 3.0;

/// Reads CityJSON, CityJSONSeq, or GeoJSON footprints, whatever the file's name ends in.
pub fn read(path: &Path, frame: &Frame) -> Result<City, ProjectError> {
    let file = files::name(path);
    let bytes = files::read(path)?;
    let decoded = text::decode(&bytes, &file)?;
    match text::is_geojson(&decoded.text) {
        true => footprints(path, frame),
        false => cityjson(&bytes, &file, frame),
    }
}

fn footprints(path: &Path, frame: &Frame) -> Result<City, ProjectError> {
    let file = files::name(path);
    let layer = vectors::polygons(path, frame)?;
    let mut city = City {
        buildings: Vec::with_capacity(layer.len()),
        findings: layer.findings.clone(),
    };
    let mut attributes = Attributes::new(&file, &[]);
    let (mut unknown, mut first) = (0_usize, None);
    for (feature, footprint) in layer {
        let floors = floors(&mut attributes, &feature);
        let (base, top, known) = heights(&mut attributes, &feature, floors);
        if known == Height::Assumed {
            unknown += 1;
            first.get_or_insert_with(|| feature.place());
        }
        let mut people = |name: &str| {
            let count = attributes.count_up_to(&feature, &[name], MOST_PEOPLE)?;
            Ok::<_, ProjectError>(count.map(|n| n as u32))
        };
        let id = feature.id.clone().or_else(|| feature.text("id"));
        city.buildings.push(BuildingSource {
            building: Building {
                id: id.unwrap_or_else(|| (feature.index + 1).to_string()),
                name: feature.text("name"),
                address: feature.text("address"),
                usage: feature.text("use"),
                households: people("households")?,
                people: people("people")?,
                floors: floors.map(|n| n as u32),
                base,
                top,
            },
            mesh: extrude(&footprint, base, top),
            footprint,
        });
    }
    city.findings.extend(attributes.findings());
    if let Some(place) = first {
        let text = message!(
            "finding.city.assumed_height",
            "{n} footprints have no height and are drawn {height} m high",
            n = unknown,
            height = USUAL_HEIGHT
        );
        let finding = Finding::new(Kind::Assumed, &file, text);
        city.findings.push(finding.at(place).times(unknown));
    }
    tell_repeated(&mut city, &file);
    Ok(city)
}

/// Two buildings of one id: each is drawn and counted, and a list cannot tell them apart.
fn tell_repeated(city: &mut City, file: &str) {
    let ids = city.buildings.iter().map(|b| Some(b.building.id.clone()));
    if let Some(found) = repeated(ids.enumerate()) {
        let text = message!(
            "finding.city.same_id",
            "{n} buildings have the id of one before them, for example '{id}'",
            n = found.count,
            id = &found.text
        );
        let finding = Finding::new(Kind::Duplicate, file, text);
        city.findings.push(finding.times(found.count));
    }
}

fn floors(attributes: &mut Attributes<'_>, of: &impl Described) -> Option<f64> {
    let names = ["floors", "levels", "building:levels"];
    attributes.small_count(of, &names, 0.0..=MOST_FLOORS)
}

/// Where the height of a building comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Height {
    Told,
    Assumed,
}

/// Base and top of a footprint [m], and whether the file told them.
fn heights(
    attributes: &mut Attributes<'_>,
    feature: &Feature<MultiPolygon<f64>>,
    floors: Option<f64>,
) -> (f64, f64, Height) {
    let base = ["base_m", "base", "min_height"];
    let base = attributes.length_m(feature, &base, -500.0..=9000.0);
    let base = base.unwrap_or(0.0);
    let height = ["height_m", "height", "height_assumed_m"];
    let height = attributes.length_m(feature, &height, f64::MIN_POSITIVE..=GREATEST_HEIGHT);
    let by_floors = floors.filter(|n| *n > 0.0).map(|n| n * USUAL_STOREY);
    match height.or(by_floors) {
        Some(height) => (base, base + height, Height::Told),
        None => (base, base + USUAL_HEIGHT, Height::Assumed),
    }
}

fn cityjson(bytes: &[u8], file: &str, frame: &Frame) -> Result<City, ProjectError> {
    let model = cityjson::read(bytes, file)?;
    let Some(crs) = &model.crs else {
        return Err(ProjectError::input(
            file,
            message!(
                "fault.city.no_crs",
                "the model names no coordinate reference system in metadata.referenceSystem"
            ),
            message!(
                "fix.city.no_crs",
                "add it, for example https://www.opengis.net/def/crs/EPSG/0/4547"
            ),
        ));
    };
    let bring = frame.from_crs(crs, file)?;
    let found = cityjson::buildings(&model, file, LodChoice::Highest, &|[x, y, z]: [f64; 3]| {
        bring.point(x, y).map(|[x, y]| [x, y, z])
    })?;
    if let Some(fault) = found.fault {
        return Err(fault.into());
    }
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
    let mut findings = model.findings.clone();
    findings.extend(vectors::told_other_datum(crs, frame, file));
    findings.extend(found.findings);
    let mut city = City {
        buildings: buildings.collect(),
        findings,
    };
    tell_repeated(&mut city, file);
    Ok(city)
}
