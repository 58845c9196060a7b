//! `grids check` and `grids locate`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use serde::{Serialize, Serializer};
use stormgrid_core::area::geodesic_area_m2;
use stormgrid_core::coverage::{CoordinateUnit, CoverageReport, Defect, Polygonal, check_coverage};
use stormgrid_core::geo::{Area, InteriorPoint, MultiPolygon};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::index::{IndexedItem, Shape, SpatialIndex, polygon_holds};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_crs::Crs;
use stormgrid_formats::series::read_points;
use stormgrid_formats::vector::{Layer, Rings, read_polygons};
use stormgrid_project::{ProjectError, files, tables};

use crate::args::{GridsCheckArguments, GridsLocateArguments};
use crate::failure::Result;
use crate::language::Language;

/// Share by which a parent's area may differ from the sum of its children [-]: rounding of
/// coordinates to 10⁻⁹ degrees.
const AREA_TOLERANCE: f64 = 1e-6;

/// Most defects that are printed for people; the JSON has all.
const MOST_PRINTED: usize = 50;

/// What `grids check` tells.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    #[serde(flatten)]
    coverage: CoverageReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nesting: Option<Nesting>,
}

/// How a layer nests in the one above it.
#[derive(Debug, Serialize)]
struct Nesting {
    parents: usize,
    /// One sentence for each fault, for programs in English.
    #[serde(serialize_with = "as_english")]
    faults: Vec<Message>,
}

fn as_english<S: Serializer>(faults: &[Message], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(faults.iter().map(Message::to_string))
}

struct Zones {
    layer: Layer<MultiPolygon<f64>>,
    codes: Vec<String>,
    unit: CoordinateUnit,
}

impl Zones {
    fn read(path: &Path, id: &str) -> Result<Self> {
        let file = files::name(path);
        let layer = read_polygons(&files::read(path)?, &file, Rings::HandOn)?;
        if layer.features.is_empty() {
            return Err(message::fault(
                &file,
                None,
                message!("cli.grids.no_polygon", "it holds no polygon"),
                message!("cli.grids.export", "export the layer again"),
            )
            .into());
        }
        let code = |(index, feature): (usize, &stormgrid_formats::vector::Feature<_>)| {
            let code = feature.text(id).or_else(|| feature.id.clone());
            code.ok_or_else(|| no_code(&file, index, id))
        };
        let codes = layer
            .features
            .iter()
            .enumerate()
            .map(code)
            .collect::<Result<_, _>>()?;
        let unit = match layer.crs.as_deref().map(Crs::parse) {
            Some(Ok(crs)) if !crs.is_geographic() => CoordinateUnit::Metres,
            Some(Err(source)) => return Err(ProjectError::Crs { file, source }.into()),
            _ => CoordinateUnit::Degrees,
        };
        Ok(Self { layer, codes, unit })
    }

    fn people(&self, feature: usize) -> Option<f64> {
        self.layer.features[feature].count("people").known()
    }

    fn all_people(&self) -> Option<f64> {
        let people: Vec<f64> = (0..self.codes.len())
            .filter_map(|i| self.people(i))
            .collect();
        (!people.is_empty()).then(|| people.iter().sum())
    }

    fn area(&self, feature: usize) -> f64 {
        let geometry = &self.layer.features[feature].geometry;
        match self.unit {
            CoordinateUnit::Degrees => geodesic_area_m2(geometry),
            CoordinateUnit::Metres => geometry.unsigned_area(),
        }
    }
}

fn no_code(file: &str, index: usize, property: &str) -> Message {
    message::fault(
        file,
        None,
        message!(
            "fault.feature.property",
            "feature {index} has no property '{name}'",
            index = index,
            name = property
        ),
        message!("cli.grids.id", "name the property with the code by --id"),
    )
}

/// Checks one coverage and, if asked, how it nests in another.
pub fn check(arguments: &GridsCheckArguments, language: Language) -> Result<ExitCode> {
    let zones = Zones::read(&arguments.file, &arguments.id)?;
    let polygons: Vec<Polygonal> = zones
        .layer
        .features
        .iter()
        .zip(&zones.codes)
        .map(|(feature, code)| Polygonal {
            id: code.clone(),
            polygon: feature.geometry.clone(),
        })
        .collect();
    let mut coverage = check_coverage(&polygons, zones.unit, None);
    // The sum of no floats is -0; people and programs read 0.
    coverage.gap_area_m2 += 0.0;
    coverage.overlap_area_m2 += 0.0;
    let nesting = match &arguments.parent {
        Some(path) => Some(nesting(&zones, &Zones::read(path, &arguments.id)?)),
        None => None,
    };
    let report = Report {
        file: files::name(&arguments.file),
        people: zones.all_people(),
        coverage,
        nesting,
    };
    let nested = report.nesting.as_ref().is_none_or(|n| n.faults.is_empty());
    let sound = report.coverage.defects.is_empty() && nested;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        for line in lines_of(&report) {
            println!("{}", language.tell(&line));
        }
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Every child inside exactly one parent; areas and people of the children add up.
fn nesting(children: &Zones, parents: &Zones) -> Nesting {
    let index = index_of(parents);
    let mut faults = Vec::new();
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (i, feature) in children.layer.features.iter().enumerate() {
        let code = &children.codes[i];
        let Some(inside) = feature.geometry.interior_point() else {
            faults.push(message!(
                "cli.nesting.no_inside",
                "{code} has no inside",
                code = code
            ));
            continue;
        };
        let holders = index.containing(inside.x(), inside.y());
        let [holder] = holders.as_slice() else {
            faults.push(message!(
                "cli.nesting.holders",
                "{code} lies inside {n} polygons of the layer above",
                code = code,
                n = holders.len()
            ));
            continue;
        };
        let parent = holder.feature.index();
        let named = feature.text("parent");
        if named
            .as_ref()
            .is_some_and(|named| *named != parents.codes[parent])
        {
            faults.push(message!(
                "cli.nesting.parent",
                "{code} lies in {parent} and names {named} as its parent",
                code = code,
                parent = &parents.codes[parent],
                named = named.unwrap_or_default()
            ));
        }
        if let Some(out) =
            vertex_outside(&feature.geometry, &parents.layer.features[parent].geometry)
        {
            faults.push(message!(
                "cli.nesting.reaches",
                "{code} reaches out of {parent} at ({x}, {y})",
                code = code,
                parent = &parents.codes[parent],
                x = out[0],
                y = out[1]
            ));
        }
        let sum = sums.entry(parent).or_default();
        sum.0 += children.area(i);
        sum.1 += children.people(i).unwrap_or(0.0);
    }
    for parent in 0..parents.codes.len() {
        let code = &parents.codes[parent];
        let (area, people) = sums.get(&parent).copied().unwrap_or_default();
        let own = parents.area(parent);
        if (area - own).abs() > AREA_TOLERANCE * own {
            faults.push(message!(
                "cli.nesting.area",
                "{code} has {own} m2 and its parts {parts} m2",
                code = code,
                own = format!("{own:.1}"),
                parts = format!("{area:.1}")
            ));
        }
        if let Some(own) = parents.people(parent)
            && (people - own).abs() > 0.5
        {
            faults.push(message!(
                "cli.nesting.people",
                "{code} has {own} people and its parts {parts}",
                code = code,
                own = own,
                parts = people
            ));
        }
    }
    Nesting {
        parents: parents.codes.len(),
        faults,
    }
}

/// A vertex of `inner` that lies outside `outer`, its border counted in.
fn vertex_outside(inner: &MultiPolygon<f64>, outer: &MultiPolygon<f64>) -> Option<[f64; 2]> {
    let border: std::collections::BTreeSet<(u64, u64)> = outer
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
        .flat_map(|ring| ring.coords())
        .map(|c| (c.x.to_bits(), c.y.to_bits()))
        .collect();
    let mut vertices = inner.iter().flat_map(|p| p.exterior().coords());
    let out = vertices.find(|c| {
        !border.contains(&(c.x.to_bits(), c.y.to_bits()))
            && !polygon_holds(outer, c.x, c.y)
            && distance_to_border(outer, c.x, c.y) > BORDER_WIDTH
    });
    out.map(|c| [c.x, c.y])
}

/// How far from a border a vertex still lies on it [units of the file]: one step of the lattice of
/// degrees, 0.1 mm.
const BORDER_WIDTH: f64 = 2e-9;

fn distance_to_border(area: &MultiPolygon<f64>, x: f64, y: f64) -> f64 {
    let rings = area
        .iter()
        .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    rings
        .flat_map(|ring| ring.lines())
        .map(|edge| {
            let (dx, dy) = (edge.end.x - edge.start.x, edge.end.y - edge.start.y);
            let squared = dx * dx + dy * dy;
            let along = if squared > 0.0 {
                (((x - edge.start.x) * dx + (y - edge.start.y) * dy) / squared).clamp(0.0, 1.0)
            } else {
                0.0
            };
            (edge.start.x + along * dx - x).hypot(edge.start.y + along * dy - y)
        })
        .fold(f64::INFINITY, f64::min)
}

fn index_of(zones: &Zones) -> SpatialIndex {
    let items = zones.layer.features.iter().enumerate().map(|(i, feature)| {
        let item = IndexedItem {
            layer: 0,
            feature: FeatureIdx::from(i),
        };
        (item, Shape::Area(feature.geometry.clone()))
    });
    SpatialIndex::build(items.collect())
}

/// The report for people.
fn lines_of(report: &Report) -> Vec<Message> {
    let c = &report.coverage;
    let mut lines = vec![message!(
        "cli.grids.sum",
        "{file}: {polygons} polygons, {vertices} vertices, {area} km2",
        file = &report.file,
        polygons = c.polygons,
        vertices = c.vertices,
        area = format!("{:.6}", c.area_m2 / 1e6)
    )];
    let people = report.people;
    lines.extend(people.map(|n| message!("cli.grids.people", "people: {n}", n = n)));
    lines.push(message!(
        "cli.grids.defects",
        "gaps: {gaps} m2; overlaps: {overlaps} m2; defects: {defects}",
        gaps = format!("{:.4}", c.gap_area_m2),
        overlaps = format!("{:.4}", c.overlap_area_m2),
        defects = c.defects.len()
    ));
    lines.extend(c.defects.iter().take(MOST_PRINTED).map(sentence));
    if let more @ 1.. = c.defects.len().saturating_sub(MOST_PRINTED) {
        lines.push(message!(
            "cli.grids.more",
            "  … and {more} more; --json lists all",
            more = more
        ));
    }
    if let Some(nesting) = &report.nesting {
        lines.push(message!(
            "cli.grids.nesting",
            "nesting: {parents} parents, {faults} faults",
            parents = nesting.parents,
            faults = nesting.faults.len()
        ));
        let faults = nesting.faults.iter().take(MOST_PRINTED).cloned();
        lines.extend(faults.map(indented));
    }
    lines
}

fn indented(told: Message) -> Message {
    message!("cli.grids.entry", "  {text}", text = told)
}

fn sentence(defect: &Defect) -> Message {
    let told = match defect {
        Defect::Gap {
            area_m2,
            at,
            sliver,
        } => {
            let told = match sliver {
                false => message!("cli.defect.gap", "gap of {area} m2 at ({x}, {y})"),
                true => message!(
                    "cli.defect.gap_sliver",
                    "sliver gap of {area} m2 at ({x}, {y})"
                ),
            };
            placed(told, *at).with("area", format!("{area_m2:.4}"))
        }
        Defect::Overlap {
            a,
            b,
            area_m2,
            at,
            sliver,
        } => {
            let told = match sliver {
                false => message!(
                    "cli.defect.overlap",
                    "overlap of {a} and {b}, {area} m2 at ({x}, {y})"
                ),
                true => message!(
                    "cli.defect.overlap_sliver",
                    "sliver overlap of {a} and {b}, {area} m2 at ({x}, {y})"
                ),
            };
            let told = told.with("a", a).with("b", b);
            placed(told, *at).with("area", format!("{area_m2:.4}"))
        }
        Defect::Ring {
            id,
            ring,
            fault,
            at,
        } => {
            let told = match at {
                None => message!("cli.defect.ring", "{id}: ring {ring} {fault}"),
                Some(at) => placed(
                    message!(
                        "cli.defect.ring_at",
                        "{id}: ring {ring} {fault} at ({x}, {y})"
                    ),
                    *at,
                ),
            };
            let told = told.with("id", id).with("ring", *ring);
            told.with("fault", fault.clone())
        }
        Defect::SameCode { id } => message!(
            "cli.defect.same_code",
            "two polygons have the code {id}",
            id = id
        ),
    };
    indented(told)
}

fn placed(told: Message, at: [f64; 2]) -> Message {
    told.with("x", at[0]).with("y", at[1])
}

/// Prints the grid of each point.
pub fn locate(arguments: &GridsLocateArguments) -> Result<ExitCode> {
    let zones = Zones::read(&arguments.file, &arguments.id)?;
    let index = index_of(&zones);
    let file = files::name(&arguments.points);
    let points = read_points(&files::read(&arguments.points)?, &file)?;
    let mut found = Vec::new();
    for point in &points {
        let holders = index.containing(point.x, point.y);
        let codes: Vec<&str> = holders
            .iter()
            .map(|h| zones.codes[h.feature.index()].as_str())
            .collect();
        found.push((point, codes));
    }
    if arguments.json {
        let rows: Vec<_> = found
            .iter()
            .map(|(p, codes)| serde_json::json!({ "id": p.id, "x": p.x, "y": p.y, "codes": codes }))
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        println!("id,x,y,code");
        for (point, codes) in &found {
            println!(
                "{},{},{},{}",
                tables::quoted(&point.id),
                point.x,
                point.y,
                tables::quoted(&codes.join(" "))
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
