//! `grids check` and `grids locate`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::Serialize;
use stormgrid_core::area::geodesic_area_m2;
use stormgrid_core::coverage::{CoordinateUnit, CoverageReport, Defect, Polygonal, check_coverage};
use stormgrid_core::geo::{Area, InteriorPoint, MultiPolygon};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::index::{IndexedItem, Shape, SpatialIndex, polygon_holds};
use stormgrid_crs::Crs;
use stormgrid_formats::series::read_points;
use stormgrid_formats::vector::{Layer, Rings, read_polygons};
use stormgrid_project::{files, tables};

use crate::args::{GridsCheckArguments, GridsLocateArguments};

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
    /// One sentence for each fault.
    faults: Vec<String>,
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
            bail!("{file}: it holds no polygon; export the layer again");
        }
        let code = |(index, feature): (usize, &stormgrid_formats::vector::Feature<_>)| {
            let code = feature.text(id).or_else(|| feature.id.clone());
            code.ok_or_else(|| {
                anyhow::anyhow!(
                    "{file}: feature {index} has no property '{id}'; name the property with the code by --id"
                )
            })
        };
        let codes = layer
            .features
            .iter()
            .enumerate()
            .map(code)
            .collect::<Result<_>>()?;
        let unit = match layer.crs.as_deref().map(Crs::parse) {
            Some(Ok(crs)) if !crs.is_geographic() => CoordinateUnit::Metres,
            Some(Err(error)) => bail!("{file}: {error}"),
            _ => CoordinateUnit::Degrees,
        };
        Ok(Self { layer, codes, unit })
    }

    fn people(&self, feature: usize) -> Option<f64> {
        self.layer.features[feature].number("people")
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

/// Checks one coverage and, if asked, how it nests in another.
pub fn check(arguments: &GridsCheckArguments) -> Result<ExitCode> {
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
        print(&report);
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
            faults.push(format!("{code} has no inside"));
            continue;
        };
        let holders = index.containing(inside.x(), inside.y());
        let [holder] = holders.as_slice() else {
            faults.push(format!(
                "{code} lies inside {} polygons of the layer above",
                holders.len()
            ));
            continue;
        };
        let parent = holder.feature.index();
        let named = feature.text("parent");
        if named
            .as_ref()
            .is_some_and(|named| *named != parents.codes[parent])
        {
            faults.push(format!(
                "{code} lies in {} and names {} as its parent",
                parents.codes[parent],
                named.unwrap_or_default()
            ));
        }
        if let Some(out) =
            vertex_outside(&feature.geometry, &parents.layer.features[parent].geometry)
        {
            faults.push(format!(
                "{code} reaches out of {} at ({}, {})",
                parents.codes[parent], out[0], out[1]
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
            faults.push(format!("{code} has {own:.1} m2 and its parts {area:.1} m2"));
        }
        if let Some(own) = parents.people(parent)
            && (people - own).abs() > 0.5
        {
            faults.push(format!("{code} has {own} people and its parts {people}"));
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

fn print(report: &Report) {
    let c = &report.coverage;
    println!(
        "{}: {} polygons, {} vertices, {:.6} km2",
        report.file,
        c.polygons,
        c.vertices,
        c.area_m2 / 1e6
    );
    if let Some(people) = report.people {
        println!("people: {people}");
    }
    println!(
        "gaps: {:.4} m2; overlaps: {:.4} m2; defects: {}",
        c.gap_area_m2,
        c.overlap_area_m2,
        c.defects.len()
    );
    for defect in c.defects.iter().take(MOST_PRINTED) {
        println!("  {}", sentence(defect));
    }
    if c.defects.len() > MOST_PRINTED {
        println!(
            "  … and {} more; --json lists all",
            c.defects.len() - MOST_PRINTED
        );
    }
    if let Some(nesting) = &report.nesting {
        println!(
            "nesting: {} parents, {} faults",
            nesting.parents,
            nesting.faults.len()
        );
        for fault in nesting.faults.iter().take(MOST_PRINTED) {
            println!("  {fault}");
        }
    }
}

fn sentence(defect: &Defect) -> String {
    let kind = |sliver: &bool, what: &str| {
        if *sliver {
            format!("sliver {what}")
        } else {
            what.to_owned()
        }
    };
    match defect {
        Defect::Gap {
            area_m2,
            at,
            sliver,
        } => {
            format!(
                "{} of {area_m2:.4} m2 at ({}, {})",
                kind(sliver, "gap"),
                at[0],
                at[1]
            )
        }
        Defect::Overlap {
            a,
            b,
            area_m2,
            at,
            sliver,
        } => format!(
            "{} of {a} and {b}, {area_m2:.4} m2 at ({}, {})",
            kind(sliver, "overlap"),
            at[0],
            at[1]
        ),
        Defect::Ring {
            id,
            ring,
            fault,
            at,
        } => {
            let place = at
                .map(|p| format!(" at ({}, {})", p[0], p[1]))
                .unwrap_or_default();
            format!("{id}: ring {ring} {fault}{place}")
        }
        Defect::SameCode { id } => format!("two polygons have the code {id}"),
    }
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
