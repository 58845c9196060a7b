//! The report of a twin's input: what was read of every layer, and whether the layers fit together.
//!
//! A fault of one layer does not end the check: all that can be read is read, and all faults are listed. What is
//! asked here concerns more than one layer, or a layer and the ground; what a reader finds in its own file it tells itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::zonal::{covered_fractions, covered_lengths};
use stormgrid_formats::toml_text::distance;
use stormgrid_twin::{
    Building, GeometryKind, Grid, Layer, Outline, PathLine, PointAsset, Position, RoadSegment,
};

use crate::evacuation::{StayRule, network};
use crate::forecast::{FORECAST_FILE, PreparedGround, crests, open_cells, sea_level, storm_of};
use crate::forecast_file::ForecastFile;
use crate::input_report::{LayerReport, ReportedLayer, fault_report};
use crate::rain;
use crate::rehearsal::{self, Rehearsal};
use crate::simulate::Reader;
use crate::timeline::Numbers;
use crate::twin::LoadedTwin;
use crate::warning::Rules;
use crate::{ForecastOptions, ProjectError, files, hazards, vectors};

/// Whether assumptions count as faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Only what makes a number wrong is a fault.
    Usual,
    /// What was assumed or left out is one too.
    Strict,
}

/// What was read of a twin.
#[derive(Clone, Debug, PartialEq)]
pub struct InputReport {
    /// The layers, the ground first.
    pub layers: Vec<LayerReport>,
}

impl InputReport {
    /// How many findings are faults.
    pub fn n_faults(&self, strictness: Strictness) -> usize {
        let all = self.layers.iter().flat_map(|layer| &layer.findings);
        all.filter(|finding| is_fault(finding.kind, strictness))
            .count()
    }

    /// The layers as files and answers tell them.
    pub fn reported(&self) -> Vec<ReportedLayer> {
        self.layers.iter().map(ReportedLayer::from).collect()
    }
}

/// Whether a kind of finding is a fault.
pub fn is_fault(kind: Kind, strictness: Strictness) -> bool {
    match kind {
        Kind::Fault => true,
        Kind::Assumed | Kind::LeftOut => strictness == Strictness::Strict,
        Kind::Unknown | Kind::Duplicate | Kind::Note => false,
    }
}

/// Reads every layer of a twin and everything that its `forecast.toml` names, and reports on it.
///
/// # Errors
///
/// Without manifest or site frame nothing can be read.
pub fn check_twin(dir: &Path) -> Result<(LoadedTwin, InputReport), ProjectError> {
    let (twin, faults) = LoadedTwin::load_readable(dir)?;
    let report = whole_report(&twin, faults);
    Ok((twin, report))
}

/// The report of a twin that is loaded, with everything that a forecast of it reads.
pub fn check_loaded(twin: &LoadedTwin) -> InputReport {
    whole_report(twin, Vec::new())
}

fn whole_report(twin: &LoadedTwin, faults: Vec<LayerReport>) -> InputReport {
    let mut report = report_of(twin, faults);
    report.layers.extend(forecast_layers(twin));
    for (id, file, read) in [
        ("warnings", "warnings.toml", Rules::of_twin(&twin.dir).err()),
        (
            "evacuation",
            "evacuation.toml",
            StayRule::of_twin(&twin.dir).err(),
        ),
        ("hazards", "hazards.toml", hazards::rules(twin).err()),
    ] {
        report
            .layers
            .extend(read.map(|error| fault_report(id, file, &error)));
    }
    report
}

/// The report of a twin that is loaded, without what a forecast reads besides.
pub fn of_loaded(twin: &LoadedTwin) -> InputReport {
    report_of(twin, Vec::new())
}

fn report_of(twin: &LoadedTwin, faults: Vec<LayerReport>) -> InputReport {
    let ground = GroundCells::of(twin);
    let mut layers = vec![terrain(twin)];
    layers.extend(
        twin.twin
            .layers()
            .iter()
            .map(|layer| of_layer(twin, layer, &ground)),
    );
    // A layer that could not be read stands for itself; what is left of it would say that it is empty.
    layers.retain(|layer| !faults.iter().any(|fault| fault.id == layer.id) || layer.count > 0);
    for layer in layers.iter_mut().filter(|layer| layer.count == 0) {
        // Layers without a file of their own may be empty: a twin need not have buildings.
        if Path::new(&layer.file).extension().is_some() {
            let text = message!("check.layer.empty", "it holds no feature");
            let finding = Finding::new(Kind::LeftOut, layer.file.clone(), text);
            layer.findings.push(finding);
        }
    }
    layers.extend(faults);
    put(&mut layers, twin.findings.iter().cloned());
    put(&mut layers, fits(twin));
    put(&mut layers, words_without_meaning(twin));
    InputReport { layers }
}

/// Levels of polygons and kinds of points that numbers, warnings and plans rest on.
const LEVELS: [&str; 4] = ["town", "village", "grid", "unit"];
const KINDS: [&str; 3] = ["school", "hospital", "shelter"];

/// Tells of levels and kinds that look like a known one and are none.
fn words_without_meaning(twin: &LoadedTwin) -> Vec<Finding> {
    let close = |word: &str, known: &[&'static str]| {
        let near = known.iter().find(|k| distance(word, k) <= 2);
        near.filter(|_| !known.contains(&word)).copied()
    };
    let told = |layer: &Layer| {
        let (word, meant) = match layer.geometry {
            GeometryKind::Polygon => {
                let word = layer.level.as_deref()?;
                (word, close(word, &LEVELS)?)
            }
            GeometryKind::Point => {
                let word = layer.kind.as_deref()?;
                (word, close(word, &KINDS)?)
            }
            _ => return None,
        };
        let text = message!(
            "check.layer.word",
            "'{word}' means nothing to warnings and plans; did you mean '{meant}'?",
            word = word,
            meant = meant
        );
        Some(Finding::new(Kind::Assumed, file_of(twin, layer), text))
    };
    twin.twin.layers().iter().filter_map(told).collect()
}

/// Adds findings to the layers of their files; those of no layer go to the first.
pub(crate) fn put(layers: &mut [LayerReport], findings: impl IntoIterator<Item = Finding>) {
    for mut finding in findings {
        let place = layers
            .iter()
            .position(|layer| are_one(&layer.file, &finding.file));
        if let Some(at) = place {
            finding.file.clone_from(&layers[at].file);
        }
        if let Some(layer) = layers.get_mut(place.unwrap_or(0)) {
            layer.findings.push(finding);
        }
    }
}

/// Whether two names are of one file: a reader names it by its last name or its path, the report by its name in the twin.
fn are_one(layer: &str, finding: &str) -> bool {
    let (layer, finding) = (Path::new(layer), Path::new(finding));
    finding.ends_with(layer) || layer.ends_with(finding)
}

/// The ground, as cells.
struct GroundCells {
    geometry: RasterGeometry,
    known: Vec<bool>,
}

impl GroundCells {
    fn of(twin: &LoadedTwin) -> Self {
        let elevation = &twin.ground.elevation;
        Self {
            geometry: *elevation.geometry(),
            known: elevation.values().iter().map(|z| z.is_finite()).collect(),
        }
    }

    fn has(&self, x: f64, y: f64) -> bool {
        let cell = self.geometry.cell_at(x, y);
        cell.is_some_and(|(row, col)| self.known[self.geometry.index(row, col).index()])
    }

    /// Share of an area on the ground [-].
    fn share_of_area(&self, area: &geo::MultiPolygon<f64>) -> f64 {
        let whole = geo::Area::unsigned_area(area);
        let cells = covered_fractions(&self.geometry, area);
        let on = cells.iter().filter(|c| self.known[c.cell.index()]);
        let on: f64 = on.map(|c| c.fraction).sum();
        share(on * self.geometry.cell_area(), whole)
    }

    /// Share of a line on the ground [-].
    fn share_of_line(&self, line: &geo::LineString<f64>) -> f64 {
        let whole: f64 = line.lines().map(|l| l.delta().x.hypot(l.delta().y)).sum();
        let cells = covered_lengths(&self.geometry, line);
        let on = cells.iter().filter(|(cell, _)| self.known[cell.index()]);
        share(on.map(|(_, length)| length).sum(), whole)
    }
}

/// A part of a whole, where rounding may not make a little more or less of all or nothing.
fn share(part: f64, whole: f64) -> f64 {
    match whole > 0.0 {
        true if part / whole > 1.0 - 1e-6 => 1.0,
        true => part / whole,
        false => 0.0,
    }
}

fn terrain(twin: &LoadedTwin) -> LayerReport {
    let elevation = &twin.ground.elevation;
    let g = elevation.geometry();
    let what = message!(
        "what.cells",
        "{cols} x {rows} cells of {size} m",
        cols = g.n_cols,
        rows = g.n_rows,
        size = g.dx
    );
    let file = &twin.manifest.terrain.elevation;
    let mut report = LayerReport::new("terrain", file, what);
    let known = elevation.values().iter().filter(|z| z.is_finite()).count();
    report.count = known;
    report.crs = Some(twin.frame.crs.clone());
    report.unit = Some("m".to_owned());
    report.cover = Some(known as f64 / g.n_cells() as f64);
    report.unknown = g.n_cells() - known;
    if report.unknown > 0 {
        report.findings.push(
            Finding::new(
                Kind::Note,
                &report.file,
                message!(
                    "check.terrain.no_data",
                    "{n} of {all} cells have no data: nothing is computed there",
                    n = report.unknown,
                    all = g.n_cells()
                ),
            )
            .times(report.unknown),
        );
    }
    report
}

/// A feature of a layer, as the checks see it.
struct Feature {
    code: String,
    /// Share of it on the ground [-].
    on_ground: f64,
}

fn of_layer(twin: &LoadedTwin, layer: &Layer, ground: &GroundCells) -> LayerReport {
    let file = file_of(twin, layer);
    let mut report = LayerReport::new(&layer.id, &file, what(layer));
    report.count = layer.entities.len();
    report.crs = Some(twin.frame.crs.clone());
    let features = features(twin, layer, ground);
    cover(&mut report, &features);
    let unknown = unknown_people(twin, layer);
    report.unknown = unknown.len();
    if let Some(first) = unknown.first() {
        let text = message!(
            "check.people.unknown",
            "the number of people of {n} of {all} features is not known; they are in no sum of people",
            n = unknown.len(),
            all = report.count
        );
        let finding = Finding::new(Kind::Unknown, &file, text).at(feature_of(first));
        report.findings.push(finding.times(unknown.len()));
    }
    if layer.geometry == GeometryKind::Polygon {
        duplicates(&mut report, &features);
    }
    report
}

fn what(layer: &Layer) -> Message {
    match layer.geometry {
        GeometryKind::Building => message!("what.buildings", "buildings"),
        GeometryKind::Polygon => {
            let level = crate::twin::word("level", layer.level.as_deref().unwrap_or("area"));
            message!("what.polygons", "polygons, level {level}", level = level)
        }
        GeometryKind::Line => message!("what.line_features", "lines"),
        GeometryKind::Point => {
            let kind = crate::twin::word("layer", layer.kind.as_deref().unwrap_or("point"));
            message!("what.points", "points, kind {kind}", kind = kind)
        }
    }
}

/// The file of a layer as the twin names it; of the buildings the first.
fn file_of(twin: &LoadedTwin, layer: &Layer) -> String {
    let own = twin.layers.iter().find(|file| file.id == layer.id);
    let city = || twin.manifest.city.first().map(|city| city.source.clone());
    match own {
        Some(own) => name_in(twin, &own.path),
        None => city().unwrap_or_else(|| layer.id.clone()),
    }
}

/// A file as the twin names it.
fn name_in(twin: &LoadedTwin, path: &Path) -> String {
    files::name(path.strip_prefix(&twin.dir).unwrap_or(path))
}

fn features(twin: &LoadedTwin, layer: &Layer, ground: &GroundCells) -> Vec<Feature> {
    let area = |code: &str, outline: &Outline| Feature {
        code: code.to_owned(),
        on_ground: ground.share_of_area(&outline.0),
    };
    match layer.geometry {
        GeometryKind::Building => {
            let all = twin.twin.all::<Building>(layer).zip(twin.twin.all(layer));
            all.map(|(b, outline)| area(&b.id, outline)).collect()
        }
        GeometryKind::Polygon => {
            let all = twin.twin.all::<Grid>(layer).zip(twin.twin.all(layer));
            all.map(|(g, outline)| area(&g.code, outline)).collect()
        }
        GeometryKind::Line => {
            let all = twin.twin.all::<RoadSegment>(layer);
            let all = all.zip(twin.twin.all::<PathLine>(layer));
            all.map(|(road, line)| Feature {
                code: road.code.clone(),
                on_ground: ground.share_of_line(&line.0),
            })
            .collect()
        }
        GeometryKind::Point => {
            let all = twin.twin.all::<PointAsset>(layer);
            let all = all.zip(twin.twin.all::<Position>(layer));
            all.map(|(point, at)| Feature {
                code: point.code.clone(),
                on_ground: f64::from(u8::from(ground.has(at.0[0], at.0[1]))),
            })
            .collect()
        }
    }
}

/// How much of a layer lies on the ground: none of it is a fault, a part is told.
fn cover(report: &mut LayerReport, features: &[Feature]) {
    if features.is_empty() {
        return;
    }
    let sum: f64 = features.iter().map(|f| f.on_ground).sum();
    report.cover = Some(share(sum, features.len() as f64));
    let outside: Vec<&Feature> = features.iter().filter(|f| f.on_ground < 1.0).collect();
    let Some(first) = outside
        .iter()
        .find(|f| f.on_ground == 0.0)
        .or(outside.first())
    else {
        return;
    };
    let finding = match sum > 0.0 {
        false => Finding::new(
            Kind::Fault,
            &report.file,
            message!(
                "check.off_ground",
                "none of its {n} features lies on the ground of the terrain; check the coordinates, their order and the CRS of both",
                n = features.len()
            ),
        ),
        true => Finding::new(
            Kind::Unknown,
            &report.file,
            message!(
                "check.partly_off_ground",
                "{n} of {all} features lie outside of the ground of the terrain, wholly or in part: the water there is not known, which is not dry",
                n = outside.len(),
                all = features.len()
            ),
        )
        .at(feature_of(&first.code)),
    };
    report.findings.push(finding.times(outside.len()));
}

fn unknown_people(twin: &LoadedTwin, layer: &Layer) -> Vec<String> {
    match layer.geometry {
        GeometryKind::Polygon => {
            let all = twin.twin.all::<Grid>(layer);
            let unknown = all.filter(|grid| grid.people.is_none());
            unknown.map(|grid| grid.code.clone()).collect()
        }
        GeometryKind::Building => {
            let all: Vec<&Building> = twin.twin.all::<Building>(layer).collect();
            // Buildings that are no dwellings often tell no people; where none tells any, the zones spread theirs.
            let told = all.iter().any(|b| b.people.is_some());
            let unknown = all.iter().filter(|b| told && b.people.is_none());
            unknown.map(|b| b.id.clone()).collect()
        }
        GeometryKind::Line | GeometryKind::Point => Vec::new(),
    }
}

/// Polygons of one code: lists, plans and warnings would take one for the other.
fn duplicates(report: &mut LayerReport, features: &[Feature]) {
    let mut seen = BTreeSet::new();
    let again: Vec<&Feature> = features.iter().filter(|f| !seen.insert(&f.code)).collect();
    let (Some(first), 0) = (again.first(), report.n_of(Kind::Duplicate)) else {
        return;
    };
    let text = message!(
        "check.same_code",
        "{n} polygons have the code of another one of the layer, so that lists, plans and warnings would mix them; give each a code of its own",
        n = again.len()
    );
    let finding = Finding::new(Kind::Fault, &report.file, text).at(feature_of(&first.code));
    report.findings.push(finding.times(again.len()));
}

fn feature_of(code: &str) -> Message {
    message!("place.code", "feature {code}", code = code)
}

/// How the layers fit together.
fn fits(twin: &LoadedTwin) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(parents(twin));
    found.extend(sums_of_people(twin));
    found.extend(roads(twin));
    found.extend(numbers_of_points(twin));
    found
}

fn grid_layers(twin: &LoadedTwin) -> impl Iterator<Item = &Layer> {
    let all = twin.twin.layers().iter();
    all.filter(|layer| layer.geometry == GeometryKind::Polygon)
}

/// Parents that do not exist, and children that lie outside of theirs.
fn parents(twin: &LoadedTwin) -> Vec<Finding> {
    let mut outlines: BTreeMap<&str, &Outline> = BTreeMap::new();
    for layer in grid_layers(twin) {
        let all = twin
            .twin
            .all::<Grid>(layer)
            .zip(twin.twin.all::<Outline>(layer));
        outlines.extend(all.map(|(grid, outline)| (grid.code.as_str(), outline)));
    }
    let mut found = Vec::new();
    for layer in grid_layers(twin) {
        let (mut lost, mut outside) = (Vec::new(), Vec::new());
        let all = twin
            .twin
            .all::<Grid>(layer)
            .zip(twin.twin.all::<Position>(layer));
        for (grid, at) in all {
            let Some(parent) = &grid.parent else {
                continue;
            };
            match outlines.get(parent.as_str()) {
                None => lost.push(&grid.code),
                Some(outline)
                    if !stormgrid_core::index::polygon_holds(&outline.0, at.0[0], at.0[1]) =>
                {
                    outside.push(&grid.code);
                }
                Some(_) => {}
            }
        }
        let file = file_of(twin, layer);
        // A rung that the twin does not have at all is not missing.
        let has_rung = lost.len() < layer.entities.len();
        if let Some(first) = lost.first().filter(|_| has_rung) {
            let text = message!(
                "check.parent.unknown",
                "{n} features name a parent that no layer has: a plan by grids leaves their people out; mend the codes",
                n = lost.len()
            );
            let fault = Finding::new(Kind::Fault, &file, text).at(feature_of(first));
            found.push(fault.times(lost.len()));
        }
        if let Some(first) = outside.first() {
            let text = message!(
                "check.parent.outside",
                "{n} features lie outside of the parent that they name; they are counted there by their code",
                n = outside.len()
            );
            let assumed = Finding::new(Kind::Assumed, &file, text).at(feature_of(first));
            found.push(assumed.times(outside.len()));
        }
    }
    found
}

/// Children whose people do not add up to those of their parent.
fn sums_of_people(twin: &LoadedTwin) -> Vec<Finding> {
    let mut found = Vec::new();
    let of_parent: BTreeMap<&str, Option<f64>> = grid_layers(twin)
        .flat_map(|layer| twin.twin.all::<Grid>(layer))
        .map(|grid| (grid.code.as_str(), grid.people))
        .collect();
    for layer in grid_layers(twin) {
        let mut sums: BTreeMap<&str, Option<f64>> = BTreeMap::new();
        for grid in twin.twin.all::<Grid>(layer) {
            let Some(parent) = &grid.parent else {
                continue;
            };
            let sum = sums.entry(parent).or_insert(Some(0.0));
            *sum = sum.zip(grid.people).map(|(sum, people)| sum + people);
        }
        let apart: Vec<(&str, f64, f64)> = sums
            .iter()
            .filter_map(|(parent, sum)| {
                let (sum, own) = sum.zip(of_parent.get(parent).copied().flatten())?;
                ((sum - own).abs() > 0.5).then_some((*parent, sum, own))
            })
            .collect();
        if let Some(&(parent, sum, own)) = apart.first() {
            let text = message!(
                "check.people.sums",
                "the people of {n} parents are not the sum of their parts: {sum} in the parts of {parent}, {own} in itself; figures by one layer will differ from those by the other",
                n = apart.len(),
                sum = sum,
                parent = parent,
                own = own
            );
            found.push(Finding::new(Kind::Note, file_of(twin, layer), text).times(apart.len()));
        }
    }
    found
}

/// Roads that are not connected, and roads through water that are no bridges.
fn roads(twin: &LoadedTwin) -> Vec<Finding> {
    let Some(layer) = twin
        .twin
        .layers()
        .iter()
        .find(|l| l.geometry == GeometryKind::Line)
    else {
        return Vec::new();
    };
    let file = file_of(twin, layer);
    let mut found = Vec::new();
    let (network, _) = network(twin);
    let parts = network.parts();
    let mut lengths: BTreeMap<u32, f64> = BTreeMap::new();
    for edge in network.edges() {
        *lengths.entry(parts[edge.from.index()]).or_default() += edge.length_m;
    }
    if lengths.len() > 1 {
        let whole: f64 = lengths.values().sum();
        let greatest = lengths.values().copied().fold(0.0, f64::max);
        let text = message!(
            "check.roads.parts",
            "the roads fall into {n} parts that are not connected, the greatest with {share} % of their length; ways from one part to another lead over the ground between them, as far as people walk",
            n = lengths.len(),
            share = (greatest / whole * 100.0).floor()
        );
        found.push(Finding::new(Kind::Note, &file, text).times(lengths.len()));
    }
    let through = through_water(twin);
    if let Some(first) = through.first() {
        let text = message!(
            "check.roads.water",
            "{n} roads cross water that is there from the start and are not told to be bridges: plans take those that say nothing for bridges and lead nobody over those that say no, are fords or ferries; give each bridge = yes or no",
            n = through.len()
        );
        let assumed = Finding::new(Kind::Assumed, &file, text).at(feature_of(first));
        found.push(assumed.times(through.len()));
    }
    found
}

/// Length of water from which a road crosses it rather than a ditch beside it [m].
const CROSSING_M: f64 = 10.0;

/// Codes of roads, no bridges, that lead through water of the start from one side to the other.
fn through_water(twin: &LoadedTwin) -> Vec<String> {
    let path = twin.dir.join(FORECAST_FILE);
    let Some(file) = path
        .is_file()
        .then(|| ForecastFile::read(&path).ok())
        .flatten()
    else {
        return Vec::new();
    };
    let (ground, level) = (&twin.ground.elevation, file.water.initial_level_m);
    let cell = ground.geometry().dx.min(ground.geometry().dy);
    let roads = twin.road_segments().into_iter();
    roads
        .filter(|(road, line)| !road.bridge && crosses(ground, line, level, cell))
        .map(|(road, _)| road.code.clone())
        .collect()
}

/// Whether a line goes from dry ground through ground below a level and out again.
fn crosses(
    ground: &stormgrid_core::raster::Raster<f64>,
    line: &geo::LineString<f64>,
    level: f64,
    cell: f64,
) -> bool {
    let step = 0.5 * cell;
    let (mut from_dry, mut wet_m) = (false, 0.0);
    for part in line.lines() {
        let length = part.dx().hypot(part.dy());
        let n = (length / step).ceil().clamp(1.0, 1e5) as usize;
        for k in 0..=n {
            let t = k as f64 / n as f64;
            let (x, y) = (part.start.x + t * part.dx(), part.start.y + t * part.dy());
            match ground.sample(x, y) {
                Some(z) if z < level => wet_m += if k > 0 { length / n as f64 } else { 0.0 },
                Some(z) if z >= level => {
                    if from_dry && wet_m >= CROSSING_M.max(1.5 * cell) {
                        return true;
                    }
                    (from_dry, wet_m) = (true, 0.0);
                }
                _ => (from_dry, wet_m) = (false, 0.0),
            }
        }
    }
    false
}

/// Numbers that only the files of the points have: places of shelters, pupils of schools.
fn numbers_of_points(twin: &LoadedTwin) -> Vec<Finding> {
    let mut found = Vec::new();
    let points = twin
        .layers
        .iter()
        .filter(|l| l.geometry == GeometryKind::Point);
    for layer in points {
        let names: &[&str] = match layer.kind.as_deref() {
            Some("shelter") => &["places", "capacity"],
            Some("school") => &["pupils", "students"],
            _ => continue,
        };
        let Ok(features) = vectors::points(&layer.path, &twin.frame) else {
            continue;
        };
        let unknown = features.iter().enumerate().filter(|(_, (feature, _))| {
            names
                .iter()
                .all(|name| feature.count(name).known().is_none())
        });
        let unknown: Vec<usize> = unknown.map(|(index, _)| index).collect();
        let Some(&first) = unknown.first() else {
            continue;
        };
        let code = features.features[first]
            .0
            .text("code")
            .unwrap_or_else(|| (first + 1).to_string());
        let text = match layer.kind.as_deref() {
            Some("shelter") => message!(
                "check.shelters.places",
                "the places of {n} of {all} shelters are not known (capacity): nobody is brought there",
                n = unknown.len(),
                all = features.len()
            ),
            _ => message!(
                "check.schools.pupils",
                "the pupils of {n} of {all} schools are not known",
                n = unknown.len(),
                all = features.len()
            ),
        };
        let finding = Finding::new(Kind::Unknown, name_in(twin, &layer.path), text);
        found.push(finding.at(feature_of(&code)).times(unknown.len()));
    }
    found
}

/// What a forecast reads besides the twin, each by itself; nothing of a twin without `forecast.toml`.
fn forecast_layers(twin: &LoadedTwin) -> Vec<LayerReport> {
    let path = twin.dir.join(FORECAST_FILE);
    if !path.is_file() {
        return Vec::new();
    }
    let file = match ForecastFile::read(&path) {
        Ok(file) => file,
        Err(error) => return vec![fault_report("forecast", FORECAST_FILE, &error)],
    };
    let mut layers = Vec::new();
    let mut add = |id: &str, name: &str, what: Message, count: Result<usize, ProjectError>| {
        layers.push(match count {
            Ok(count) => {
                let mut report = LayerReport::new(id, name, what);
                report.count = count;
                report
            }
            Err(error) => fault_report(id, name, &error),
        });
    };
    let options = check_options(twin);
    let storm = storm_of(twin, &file, &options);
    let fixes = storm.map(|(storm, _)| storm.track.fixes.len());
    add(
        "track",
        &file.storm.track,
        message!("what.track", "positions of the storm"),
        fixes,
    );
    let sea = sea_level(twin, &file);
    let of_sea = sea
        .as_ref()
        .map_or_else(|_| Vec::new(), |sea| sea.findings());
    add(
        "tide",
        &file.tide.constituents,
        message!("what.tide", "tide and sea floor"),
        sea.map(|_| 1),
    );
    let reader = Reader::of_twin(&twin.dir, file.storm.duration_s);
    reader.found(of_sea);
    let ground = PreparedGround::new(twin, &file, twin.ground.elevation.geometry().dx);
    if let Some(dikes) = &file.terrain.dikes {
        let count = crests(twin, dikes).map(|crests| crests.len());
        add(
            "dikes",
            dikes,
            message!("what.dikes", "crests of dikes"),
            count,
        );
    }
    if let Ok(ground) = &ground {
        for boundary in &file.boundary {
            let cells = open_cells(twin, ground, &boundary.polygon, true).map(|cells| cells.len());
            let what = message!("what.boundary", "cells of a boundary");
            add("boundary", &boundary.polygon, what, cells);
        }
        for inflow in &file.inflow {
            let cells = open_cells(twin, ground, &inflow.polygon, false).map(|cells| cells.len());
            let what = message!("what.inflow", "cells of an inflow");
            add("inflow", &inflow.polygon, what, cells);
            if let Some(series) = &inflow.series {
                let read = reader.series(None, Some(series), Numbers::Discharge, inflow.ends());
                let what = message!("what.discharge", "discharge over time");
                add("discharge", series, what, read.map(|_| 1));
            }
        }
    }
    for (id, name, read) in rehearsal::standing_counts(twin, &file) {
        let what = message!("what.structures", "structures");
        add(id, &name, what, read);
    }
    let elevation = &twin.ground.elevation;
    let known: Vec<bool> = elevation.values().iter().map(|z| z.is_finite()).collect();
    let place = rain::Place {
        reader: &reader,
        frame: Some(&twin.frame),
        geometry: elevation.geometry(),
        known: &known,
        cover: &[],
        unit_m: 1.0,
        start: file.storm.start,
        duration_s: file.storm.duration_s,
    };
    if let Err(error) = rain::rain(&place, &file.rain, None) {
        layers.push(fault_report("rain", FORECAST_FILE, &error));
    }
    // What the series and rasters told of themselves goes to the layers of their files.
    for mut finding in reader.findings.into_inner() {
        let layer = layers
            .iter_mut()
            .find(|layer| are_one(&layer.file, &finding.file));
        match layer {
            Some(layer) => {
                finding.file.clone_from(&layer.file);
                layer.findings.push(finding);
            }
            None => {
                let what = message!("what.forcing", "rain and levels");
                let mut report = LayerReport::new("forcing", &finding.file, what);
                report.findings.push(finding);
                layers.push(report);
            }
        }
    }
    layers
}

fn check_options(twin: &LoadedTwin) -> ForecastOptions {
    ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m: twin.ground.elevation.geometry().dx,
        duration_s: None,
        threads: 1,
        scheme: None,
        rehearsal: Rehearsal::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_twin::{CORNER, lay};
    use stormgrid_core::raster::Raster;
    use stormgrid_formats::elevation::write_geotiff;

    type Change<'a> = &'a dyn Fn(&Path);

    /// The report of the small twin after a change of its files.
    fn report(change: Change<'_>) -> InputReport {
        let dir = tempfile::tempdir().expect("a folder");
        lay(dir.path());
        change(dir.path());
        check_twin(dir.path()).expect("a manifest").1
    }

    fn replace(name: &'static str, from: &'static str, to: &'static str) -> impl Fn(&Path) {
        move |dir| {
            let path = dir.join(name);
            let text = std::fs::read_to_string(&path).expect("readable");
            assert!(text.contains(from), "{from} in {name}");
            std::fs::write(path, text.replacen(from, to, 1)).expect("written");
        }
    }

    /// The ground of the small twin, changed cell by cell and moved.
    fn ground(
        crs: Option<&'static str>,
        moved: f64,
        z: impl Fn(usize, usize, f32) -> f32,
    ) -> impl Fn(&Path) {
        move |dir| {
            let geometry =
                RasterGeometry::new(100, 60, CORNER[0] + moved, CORNER[1] + 600.0, 10.0, 10.0);
            let raster = Raster::from_fn(geometry.expect("valid"), |row, col| {
                let usual = if col < 10 {
                    -2.0
                } else {
                    0.2 + 0.02 * col as f32
                };
                z(row, col, usual)
            });
            let bytes = write_geotiff(&raster, crs, -9999.0).expect("a raster");
            std::fs::write(dir.join("dem.tif"), bytes).expect("written");
        }
    }

    fn found(report: &InputReport, kind: Kind, part: &str) -> Vec<(String, usize, String)> {
        let all = report.layers.iter().flat_map(|layer| &layer.findings);
        let of_kind = all.filter(|f| f.kind == kind && f.text.to_string().contains(part));
        of_kind
            .map(|f| {
                let place = f.place.as_ref().map(Message::to_string);
                (f.file.clone(), f.count, place.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn a_sound_twin_has_no_assumption() {
        let report = report(&|_| {});
        let told: Vec<String> = report
            .layers
            .iter()
            .flat_map(|layer| &layer.findings)
            .map(|finding| finding.message().to_string())
            .collect();
        assert_eq!(report.n_faults(Strictness::Strict), 0, "{told:?}");
        let ids: Vec<&str> = report.layers.iter().map(|l| l.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "terrain",
                "buildings",
                "grids",
                "units",
                "shelters",
                "roads",
                "track",
                "tide",
                "dikes",
                "boundary",
                "gates"
            ]
        );
        assert!(
            report
                .layers
                .iter()
                .all(|l| l.cover.is_none_or(|c| c == 1.0))
        );
        assert_eq!(report.layers[3].count, 4);
    }

    /// What a check used to pass (G24, P05, and own cases), each told with its file and place, in both languages.
    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let lost_parent = replace(
            "units.geojson",
            r#""parent":"G2","people":60"#,
            r#""parent":"G9","people":60"#,
        );
        let cases: [(&str, Change<'_>, Kind, &str, (&str, usize, &str)); 10] = [
            (
                "two polygons of one code",
                &replace("units.geojson", r#""code":"G2-2""#, r#""code":"G1-1""#),
                Kind::Fault,
                "have the code of another",
                ("units.geojson", 1, "feature G1-1"),
            ),
            (
                "unknown people",
                &replace("grids.geojson", r#""people":100,"#, ""),
                Kind::Unknown,
                "number of people of 1 of 2",
                ("grids.geojson", 1, "feature G2"),
            ),
            (
                "a parent that is not there",
                &lost_parent,
                Kind::Fault,
                "name a parent that no layer has",
                ("units.geojson", 1, "feature G2-1"),
            ),
            (
                "a child outside of its parent",
                &replace(
                    "units.geojson",
                    r#""parent":"G2","people":40"#,
                    r#""parent":"G1","people":40"#,
                ),
                Kind::Assumed,
                "outside of the parent",
                ("units.geojson", 1, "feature G2-2"),
            ),
            (
                "sums that differ",
                &replace("units.geojson", r#""people":120"#, r#""people":130"#),
                Kind::Note,
                "210 in the parts of G1, 200 in itself",
                ("units.geojson", 1, ""),
            ),
            (
                "a shelter without places",
                &replace("shelters.geojson", r#","places":70"#, ""),
                Kind::Unknown,
                "places of 1 of 3",
                ("shelters.geojson", 1, "feature B2"),
            ),
            (
                "a river without bridges",
                &ground(Some("EPSG:4547"), 0.0, |_, col, z| {
                    if (60..64).contains(&col) { -2.0 } else { z }
                }),
                Kind::Assumed,
                "2 roads cross water",
                ("roads.geojson", 2, "feature R2"),
            ),
            (
                "roads apart",
                &replace(
                    "roads.geojson",
                    r#""code":"R6""#,
                    r#""code":"R6","bridge":false"#,
                ),
                Kind::Note,
                "never",
                ("", 0, ""),
            ),
            (
                "a lost CRS",
                &ground(None, 0.0, |_, _, z| z),
                Kind::Assumed,
                "coordinate reference system",
                ("dem.tif", 1, ""),
            ),
            (
                "ground in the west alone",
                &ground(
                    Some("EPSG:4547"),
                    0.0,
                    |_, col, z| if col < 56 { z } else { f32::NAN },
                ),
                Kind::Unknown,
                "2 of 4 features lie outside",
                ("units.geojson", 2, "feature G2-1"),
            ),
        ];
        for (name, change, kind, part, (file, count, place)) in cases {
            let report = report(change);
            let found = found(&report, kind, part);
            if file.is_empty() {
                assert!(found.is_empty(), "{name}: {found:?}");
                continue;
            }
            let expected = (file.to_owned(), count, place.to_owned());
            assert!(found.contains(&expected), "{name}: {found:?} in {report:?}");
            for layer in report.reported() {
                for finding in layer.findings {
                    let text = finding.text;
                    assert!(
                        !text.zh.is_empty() && text.zh != text.en,
                        "{name}: {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_bridge_over_the_river_is_no_road_through_water() {
        let report = report(&|dir| {
            ground(Some("EPSG:4547"), 0.0, |_, col, z| {
                if (60..64).contains(&col) { -2.0 } else { z }
            })(dir);
            for code in ["R2", "R4"] {
                let path = dir.join("roads.geojson");
                let text = std::fs::read_to_string(&path).expect("readable");
                let from = format!(r#""code":"{code}","#);
                let text = text.replace(&from, &format!(r#"{from}"bridge":true,"#));
                std::fs::write(path, text).expect("written");
            }
        });
        assert!(found(&report, Kind::Assumed, "cross water").is_empty());
    }

    /// csdms-contrib/fwdet#18 and others: a terrain that lies elsewhere, which a check passed (G24).
    #[test]
    fn a_terrain_elsewhere_is_a_fault_of_every_layer() {
        let report = report(&ground(Some("EPSG:4547"), 50_000.0, |_, _, z| z));
        let faults = found(&report, Kind::Fault, "lies on the ground");
        let files: Vec<&str> = faults.iter().map(|(file, _, _)| file.as_str()).collect();
        for file in [
            "houses.geojson",
            "grids.geojson",
            "units.geojson",
            "shelters.geojson",
            "roads.geojson",
        ] {
            assert!(files.contains(&file), "{file} in {files:?}");
        }
        assert!(report.n_faults(Strictness::Usual) >= 5);
    }

    #[test]
    fn roads_that_are_not_connected_are_told() {
        let report = report(&|dir| {
            let path = dir.join("roads.geojson");
            let text = std::fs::read_to_string(&path).expect("readable");
            let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let features = value["features"].as_array_mut().expect("features");
            features.truncate(4);
            std::fs::write(path, value.to_string()).expect("written");
        });
        let expected = ("roads.geojson".to_owned(), 2, String::new());
        assert_eq!(found(&report, Kind::Note, "fall into 2 parts"), [expected]);
    }

    /// A check goes on after the fault of one layer, and lists the others'.
    #[test]
    fn all_faults_are_listed_and_not_the_first_alone() {
        let report = report(&|dir| {
            std::fs::write(dir.join("roads.geojson"), "{").expect("written");
            std::fs::write(dir.join("dem.tif"), "no raster").expect("written");
            std::fs::remove_file(dir.join("tide.csv")).expect("removed");
            replace("grids.geojson", r#""code":"G1""#, r#""kode":"G1""#)(dir);
        });
        let faulty: Vec<&str> = report
            .layers
            .iter()
            .filter(|layer| layer.is_faulty())
            .map(|layer| layer.id.as_str())
            .collect();
        for id in ["terrain", "grids", "roads", "tide"] {
            assert!(faulty.contains(&id), "{id} in {faulty:?}");
        }
    }
}
