//! `grids check` and `grids locate`.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use serde::{Serialize, Serializer};
use stormgrid_core::area::geodesic_length_m;
use stormgrid_core::coverage::{
    CoordinateUnit, CoverageReport, Defect, MOST_LISTED, check_layer, check_nesting,
};
use stormgrid_core::date_line;
use stormgrid_core::finding::Finding;
use stormgrid_core::geo::{Coord, InteriorPoint, LineString};
use stormgrid_core::locate::Locator;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::polygons::PolygonSet;
use stormgrid_core::value::{
    Value, is_count_sentinel, is_doubtful_count, parse_count, parse_number,
};
use stormgrid_crs::{Crs, CrsError, Projector};
use stormgrid_formats::polygon_stream::{self, PolygonLayer, Texts};
use stormgrid_formats::vector::{Rings, read_polygons};
use stormgrid_project::{ProjectError, files};

use crate::args::GridsCheckArguments;
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
    /// Sum of the people that are known; `None` if none is.
    people: Option<f64>,
    /// Polygons whose people are not known.
    people_unknown: usize,
    /// What was assumed, and what a reader of the figures should know; for programs in English.
    #[serde(serialize_with = "as_english")]
    notes: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nesting: Option<Nesting>,
}

/// How a layer nests in the one above it.
#[derive(Debug, Serialize)]
struct Nesting {
    parents: usize,
    /// How many faults there are, listed or not.
    fault_count: usize,
    /// One sentence for each fault up to [`MOST_LISTED`], for programs in English.
    #[serde(serialize_with = "as_english")]
    faults: Vec<Message>,
}

fn as_english<S: Serializer>(faults: &[Message], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(faults.iter().map(Message::to_string))
}

/// A layer of polygons with codes.
pub(crate) struct Zones {
    file: String,
    pub(crate) polygons: PolygonSet,
    pub(crate) codes: Texts,
    /// NaN where they are not known.
    people: Vec<f64>,
    layer: PolygonLayer,
    unit: CoordinateUnit,
    /// Polygons that were taken to lie across the 180th meridian.
    across: Vec<usize>,
    /// What the reader left out or assumed.
    findings: Vec<Message>,
}

/// Columns that are read beside the code.
const PEOPLE: usize = 1;
const PARENT: usize = 2;

/// Longitude and latitude, of layers that name no CRS and of points.
pub(crate) const GEOGRAPHIC: &str = "EPSG:4490";

impl Zones {
    pub(crate) fn read(path: &Path, id: &str) -> Result<Self> {
        let file = files::name(path);
        let (mut layer, findings) = read_layer(path, &file, id)?;
        let mut polygons = std::mem::take(&mut layer.polygons);
        if polygons.is_empty() {
            return Err(message::fault(
                &file,
                None,
                message!("cli.grids.no_polygon", "it holds no polygon"),
                message!("cli.grids.export", "export the layer again"),
            )
            .into());
        }
        let mut codes = Texts::default();
        for index in 0..polygons.len() {
            let code = layer.columns[0].get(index).or_else(|| layer.ids.get(index));
            codes.push(code.ok_or_else(|| no_code(&file, index, id))?);
        }
        let people = (0..codes.len()).map(|i| people_of(&file, &layer, &codes, i));
        let people = people.collect::<Result<_>>()?;
        let unit = unit_of(layer.crs.as_deref()).map_err(|source| ProjectError::Crs {
            file: file.clone(),
            source,
        })?;
        fits_its_crs(&polygons, unit, layer.crs.as_deref(), &file)?;
        let across = match unit {
            CoordinateUnit::Degrees => date_line::unwrap(&mut polygons),
            _ => Vec::new(),
        };
        Ok(Self {
            file,
            polygons,
            codes,
            people,
            layer,
            unit,
            across,
            findings,
        })
    }

    /// The CRS of the coordinates.
    pub(crate) fn crs(&self) -> &str {
        self.layer.crs.as_deref().unwrap_or(GEOGRAPHIC)
    }

    /// Whether the coordinates are longitude and latitude.
    pub(crate) fn is_geographic(&self) -> bool {
        self.unit == CoordinateUnit::Degrees
    }

    fn code(&self, index: usize) -> &str {
        self.codes.get(index)
    }

    fn all_people(&self) -> Option<f64> {
        let known = || self.people.iter().filter(|n| !n.is_nan());
        known().next().map(|_| known().sum())
    }

    fn people_unknown(&self) -> usize {
        self.people.iter().filter(|n| n.is_nan()).count()
    }

    /// What the reader left out or assumed.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = Message> {
        self.findings.iter().cloned()
    }

    /// Told where a code stands for several polygons, which `locate` cannot tell apart.
    pub(crate) fn repeated_code(&self) -> Option<Message> {
        let mut codes: Vec<&str> = (0..self.codes.len()).map(|i| self.code(i)).collect();
        codes.sort_unstable();
        let pair = codes.windows(2).find(|pair| pair[0] == pair[1])?;
        Some(message!(
            "cli.grids.same_code",
            "several polygons have the code {code}",
            code = pair[0]
        ))
    }

    /// What was assumed of the layer.
    pub(crate) fn notes(&self) -> Vec<Message> {
        let mut notes = self.findings.clone();
        if let Some(first) = self.across.first() {
            notes.push(message!(
                "cli.grids.across",
                "{n} polygons have edges of more than 180° and are taken to lie across the 180th meridian, the first of them {code}",
                n = self.across.len(),
                code = self.code(*first)
            ));
        }
        if self.all_people().is_some() && self.people_unknown() > 0 {
            notes.push(message!(
                "cli.grids.people_unknown",
                "the people of {n} polygons are not known; they are in no sum",
                n = self.people_unknown()
            ));
        }
        let is_odd = |n: f64| !n.is_nan() && (n.fract() != 0.0 || is_doubtful_count(n));
        let odd = || (0..self.people.len()).filter(|i| is_odd(self.people[*i]));
        if let Some(first) = odd().next() {
            notes.push(message!(
                "cli.grids.people_odd",
                "the people of {n} polygons are no whole number or one that programs write for no value, the first of them {people} of {code}; they are taken as they stand",
                n = odd().count(),
                people = self.people[first],
                code = self.code(first)
            ));
        }
        if let CoordinateUnit::Projected { nanometres } = self.unit {
            notes.push(message!(
                "cli.grids.unit",
                "the coordinates are in units of {metres} m; areas are in m2",
                metres = nanometres as f64 * 1e-9
            ));
        }
        notes.extend(self.scale_note());
        notes
    }

    /// Told where the map's metres are not those of the ground, as those of Web Mercator.
    fn scale_note(&self) -> Option<Message> {
        let (CoordinateUnit::Metres | CoordinateUnit::Projected { .. }) = self.unit else {
            return None;
        };
        let crs = self.layer.crs.as_deref()?;
        let bounds = self.polygons.bounds(0..self.polygons.n_rings())?;
        let to_degrees = Projector::new(crs, GEOGRAPHIC).ok()?;
        let (centre, step) = (bounds.center(), 1000.0);
        let at = |x: f64, y: f64| to_degrees.convert(x, y).ok().map(Coord::from);
        let [here, east, north] = [
            at(centre.x, centre.y)?,
            at(centre.x + step, centre.y)?,
            at(centre.x, centre.y + step)?,
        ];
        let ground = |to: Coord| geodesic_length_m(&LineString::new(vec![here, to]));
        let unit = match self.unit {
            CoordinateUnit::Projected { nanometres } => nanometres as f64 * 1e-9,
            _ => 1.0,
        };
        let share = (step * unit).powi(2) / (ground(east) * ground(north));
        ((share - 1.0).abs() > SCALE_TOLERANCE).then(|| {
            message!(
                "cli.grids.scale",
                "areas are those of the map in {crs}: {times} times those on the ground",
                crs = crs,
                times = format!("{share:.3}")
            )
        })
    }
}

/// Share by which areas of a map may differ from those on the ground before that is told [-].
const SCALE_TOLERANCE: f64 = 0.01;

/// Streams the file where it is plain, and asks the general reader for all others.
fn read_layer(path: &Path, file: &str, id: &str) -> Result<(PolygonLayer, Vec<Message>)> {
    let names = [id, "people", "parent"];
    if let Ok(open) = File::open(path)
        && let Some(layer) = polygon_stream::read(open, &names)
    {
        return Ok((layer, Vec::new()));
    }
    let general = read_polygons(&files::read(path)?, file, Rings::HandOn)?;
    let findings = general.findings.iter().map(Finding::message).collect();
    let mut layer = PolygonLayer {
        columns: vec![polygon_stream::Column::default(); names.len()],
        crs: general.crs,
        ..PolygonLayer::default()
    };
    for feature in &general.features {
        layer.polygons.push(&feature.geometry);
        layer.ids.push(feature.id.as_deref());
        for (column, name) in layer.columns.iter_mut().zip(names) {
            let value = feature.properties.get(name);
            column.push(value.and_then(polygon_stream::text_of).as_deref());
        }
    }
    Ok((layer, findings))
}

/// Refuses coordinates that cannot be in the CRS: metres as degrees, degrees as metres, a zone without its prefix.
fn fits_its_crs(
    polygons: &PolygonSet,
    unit: CoordinateUnit,
    crs: Option<&str>,
    file: &str,
) -> Result<()> {
    let Some(bounds) = polygons.bounds(0..polygons.n_rings()) else {
        return Ok(());
    };
    let (low, high) = (bounds.min(), bounds.max());
    let farthest = |a: f64, b: f64| a.abs().max(b.abs());
    let (x, y) = (farthest(low.x, high.x), farthest(low.y, high.y));
    let crs = crs.unwrap_or(GEOGRAPHIC);
    let like_degrees = x <= 360.0 && y <= 90.0;
    let problem = if unit == CoordinateUnit::Degrees {
        if x <= 540.0 && y <= 180.0 {
            // Axes that are swapped, a line over the date line: told of below, place by place.
            return Ok(());
        }
        message!(
            "cli.grids.no_degrees",
            "its coordinates, up to ({x}, {y}), are no longitude and latitude, which {crs} has",
            x = x,
            y = y,
            crs = crs
        )
    } else if like_degrees {
        message!(
            "cli.grids.like_degrees",
            "its coordinates, up to ({x}, {y}), look like longitude and latitude, and its CRS {crs} is in metres",
            x = x,
            y = y,
            crs = crs
        )
    } else {
        let middle = bounds.center();
        // Back and forth is one place only within the area of a projection.
        let back = || {
            let to_degrees = Projector::new(crs, GEOGRAPHIC).ok()?;
            let [lon, lat] = to_degrees.convert(middle.x, middle.y).ok()?;
            let again = Projector::new(GEOGRAPHIC, crs).ok()?;
            let [x, y] = again.convert(lon, lat).ok()?;
            Some((x - middle.x).hypot(y - middle.y))
        };
        if back().is_some_and(|apart| apart < 1.0) {
            return Ok(());
        }
        message!(
            "cli.grids.outside_crs",
            "its coordinates about ({x}, {y}) lie outside the area of its CRS {crs}",
            x = middle.x.round(),
            y = middle.y.round(),
            crs = crs
        )
    };
    let remedy = message!(
        "cli.grids.name_crs",
        "name the CRS that the coordinates are in as the member 'crs' of the file, or export it in longitude and latitude"
    );
    Err(message::fault(file, None, problem, remedy).into())
}

fn people_of(file: &str, layer: &PolygonLayer, codes: &Texts, index: usize) -> Result<f64> {
    let Some(text) = layer.columns[PEOPLE].get(index) else {
        return Ok(f64::NAN);
    };
    // A number of the file has no quotes here: 1.200 may be one, and is told below.
    let read = match parse_count(text) {
        Value::Unclear => parse_number(text),
        read => read,
    };
    match read {
        Value::Known(people) if !is_count_sentinel(people) => Ok(people),
        Value::Known(_) | Value::Missing => Ok(f64::NAN),
        Value::Unclear => Err(message::fault(
            file,
            Some(message!(
                "place.feature_id",
                "feature {index} (id {id})",
                index = index,
                id = codes.get(index)
            )),
            message!(
                "cli.grids.people_unclear",
                "the property 'people' is '{value}', which is no number that can be read",
                value = text
            ),
            message!("fix.mend_value", "mend the value"),
        )
        .into()),
    }
}

/// The unit of a CRS, which must be one that is known.
fn unit_of(crs: Option<&str>) -> Result<CoordinateUnit, CrsError> {
    let Some(crs) = crs else {
        return Ok(CoordinateUnit::Degrees);
    };
    // A code that the register does not have is found out by using it.
    Projector::new(crs, GEOGRAPHIC)?;
    let crs = Crs::parse(crs)?;
    Ok(match crs.linear_unit_m() {
        None => CoordinateUnit::Degrees,
        Some(1.0) => CoordinateUnit::Metres,
        Some(metres) => CoordinateUnit::Projected {
            nanometres: (metres * 1e9).round() as u64,
        },
    })
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
    let mut zones = Zones::read(&arguments.file, &arguments.id)?;
    let codes = &zones.codes;
    let coverage = check_layer(&mut zones.polygons, |i| codes.get(i), zones.unit, None);
    let mut notes = zones.notes();
    if coverage.pieces > 1 {
        let at = coverage.second_piece_at.unwrap_or_default();
        let told = message!(
            "cli.grids.pieces",
            "the layer is in {n} pieces that do not touch, one of them at ({x}, {y}); ground between them that is open to the outside is not counted as a gap",
            n = coverage.pieces
        );
        notes.push(placed(told, at));
    }
    let nesting = match &arguments.parent {
        Some(path) => Some(nesting(&mut zones, Zones::read(path, &arguments.id)?)?),
        None => None,
    };
    let report = Report {
        file: zones.file.clone(),
        people: zones.all_people(),
        people_unknown: zones.people_unknown(),
        notes,
        coverage,
        nesting,
    };
    let nested = report.nesting.as_ref().is_none_or(|n| n.fault_count == 0);
    let sound =
        report.coverage.counts.total() == 0 && report.coverage.gap_area_m2.is_some() && nested;
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

/// Faults of nesting: all are counted, the first are listed.
#[derive(Default)]
struct Faults {
    count: usize,
    listed: Vec<Message>,
}

impl Faults {
    fn push(&mut self, told: Message) {
        self.count += 1;
        if self.listed.len() < MOST_LISTED {
            self.listed.push(told);
        }
    }
}

/// Every child inside exactly one parent; areas and people of the children add up.
fn nesting(children: &mut Zones, mut parents: Zones) -> Result<Nesting> {
    if children.unit != parents.unit
        || (children.crs() != parents.crs() && !children.is_geographic())
    {
        let same = Crs::parse(children.crs()).ok() == Crs::parse(parents.crs()).ok();
        if !same {
            return Err(message::fault(
                &parents.file,
                None,
                message!(
                    "cli.nesting.crs",
                    "it is in {above} and {file} in {below}",
                    above = parents.crs(),
                    below = children.crs(),
                    file = &children.file
                ),
                message!(
                    "cli.nesting.reproject",
                    "give both layers in one coordinate reference system"
                ),
            )
            .into());
        }
    }
    if children.is_geographic() {
        date_line::join_both(&mut children.polygons, &mut parents.polygons);
    }
    let mut faults = Faults::default();
    let parent_of = parents_of(children, &parents, &mut faults);
    for fault in check_nesting(
        &children.polygons,
        &mut parents.polygons,
        &parent_of,
        children.unit,
    ) {
        let parent = parents.code(fault.parent);
        for (child, at) in fault.reaching {
            faults.push(message!(
                "cli.nesting.reaches",
                "{code} reaches out of {parent} at ({x}, {y})",
                code = children.code(child),
                parent = parent,
                x = at[0],
                y = at[1]
            ));
        }
        if fault.difference_m2.abs() > AREA_TOLERANCE * fault.area_m2 {
            faults.push(message!(
                "cli.nesting.area",
                "{code} has {own} m2 and its parts {parts} m2",
                code = parent,
                own = format!("{:.1}", fault.area_m2),
                parts = format!("{:.1}", fault.area_m2 + fault.difference_m2 + 0.0)
            ));
        }
    }
    compare_people(children, &parents, &parent_of, &mut faults);
    Ok(Nesting {
        parents: parents.codes.len(),
        fault_count: faults.count,
        faults: faults.listed,
    })
}

/// The parent that holds a point inside each child.
fn parents_of(children: &Zones, parents: &Zones, faults: &mut Faults) -> Vec<Option<u32>> {
    let locator = Locator::new(&parents.polygons);
    let mut holders = Vec::new();
    let mut parent_of = vec![None; children.polygons.len()];
    for (i, parent_of) in parent_of.iter_mut().enumerate() {
        let code = children.code(i);
        let Some(inside) = inside(&children.polygons, i) else {
            faults.push(message!(
                "cli.nesting.no_inside",
                "{code} has no inside",
                code = code
            ));
            continue;
        };
        locator.locate(inside.x, inside.y, &mut holders);
        let [holder] = holders.as_slice() else {
            faults.push(message!(
                "cli.nesting.holders",
                "{code} lies inside {n} polygons of the layer above",
                code = code,
                n = holders.len()
            ));
            continue;
        };
        *parent_of = Some(*holder as u32);
        let parent = parents.code(*holder);
        if let Some(named) = children.layer.columns[PARENT].get(i)
            && named != parent
        {
            faults.push(message!(
                "cli.nesting.parent",
                "{code} lies in {parent} and names {named} as its parent",
                code = code,
                parent = parent,
                named = named
            ));
        }
    }
    parent_of
}

/// A point inside a polygon: of a triangle or quadrangle without notch the middle of its vertices.
fn inside(set: &PolygonSet, polygon: usize) -> Option<Coord> {
    let rings = set.rings(polygon);
    if rings.len() == 1 {
        let ring = set.ring(rings.start);
        let n = ring.len().saturating_sub(1);
        let turn = |k: usize| {
            let (a, b, c) = (ring[k], ring[(k + 1) % n], ring[(k + 2) % n]);
            (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)
        };
        if (3..=4).contains(&n) && (0..n).all(|k| turn(k) > 0.0) {
            let sum = ring[..n]
                .iter()
                .fold(Coord { x: 0.0, y: 0.0 }, |sum, c| sum + *c);
            return Some(sum / n as f64);
        }
    }
    set.polygon(polygon).interior_point().map(|p| p.0)
}

/// Where all people of a parent and its children are known, they add up.
fn compare_people(
    children: &Zones,
    parents: &Zones,
    parent_of: &[Option<u32>],
    faults: &mut Faults,
) {
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    if children.all_people().is_some() {
        for (child, parent) in parent_of.iter().enumerate() {
            if let Some(parent) = parent {
                *sums.entry(*parent as usize).or_default() += children.people[child];
            }
        }
    }
    for (parent, parts) in sums {
        let own = parents.people[parent];
        if (parts - own).abs() > 0.5 {
            faults.push(message!(
                "cli.nesting.people",
                "{code} has {own} people and its parts {parts}",
                code = parents.code(parent),
                own = own,
                parts = parts
            ));
        }
    }
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
        gaps = c.gap_area_m2.map_or_else(
            || message!(
                "cli.grids.not_drawn",
                "not looked for (outlines cross too often),"
            ),
            |area| Message::plain(format!("{area:.4}"))
        ),
        overlaps = format!("{:.4}", c.overlap_area_m2),
        defects = c.counts.total()
    ));
    lines.extend(c.defects.iter().take(MOST_PRINTED).map(sentence));
    if let more @ 1.. = c
        .counts
        .total()
        .saturating_sub(MOST_PRINTED.min(c.defects.len()))
    {
        lines.push(message!(
            "cli.grids.more",
            "  … and {more} more; --json lists up to {most} of each kind",
            more = more,
            most = MOST_LISTED
        ));
    }
    if let Some(nesting) = &report.nesting {
        lines.push(message!(
            "cli.grids.nesting",
            "nesting: {parents} parents, {faults} faults",
            parents = nesting.parents,
            faults = nesting.fault_count
        ));
        let faults = nesting.faults.iter().take(MOST_PRINTED).cloned();
        lines.extend(faults.map(indented));
    }
    lines.extend(
        report
            .notes
            .iter()
            .map(|note| message!("cli.note", "note: {text}", text = note.clone())),
    );
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
