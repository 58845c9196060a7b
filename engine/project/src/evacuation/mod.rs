//! Plan (预案): who leaves when, by which roads, to which shelter.
//!
//! # Rules
//!
//! - A unit is hit if people of it are in reach of the water; all its people leave. A grid is hit if a
//!   unit of it is, or if a hundredth of it stands under 0.15 m or more. Each hit grid is one step; steps
//!   come in the order in which the water does, by the first arrival in the grid.
//! - People leave [`PlanOptions::lead_s`] before the water reaches their unit, at the start of the run at
//!   the earliest. They walk on roads that stay below the closing depth until they have passed; a road
//!   that was once under water is not relied on again. Where no shelter can be reached at that time, it
//!   is asked whether one can at once.
//! - A shelter that floods is left out. Nobody is given a place that is not there. People are assigned so that
//!   as many as possible have a place and then the sum of all ways is the least ([`assign()`]); where places
//!   are short, an hour's earlier water counts as much as a way of one kilometre.
//! - People, staff and places are counts; no names, no scores.
//!
//! # What is left out
//!
//! Vehicles, the time that it takes to leave a house, crowding on the roads, and who needs help.

mod assign;
mod basis;
mod table;
#[cfg(test)]
mod tests;

pub use assign::{Group, assign};
pub use basis::{BASIS_FILE, LayerWater, PlaceWater, PlanBasis, RoadWater, ZoneWater};
pub use table::{plan_csv, plan_geojson};

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant;
use stormgrid_formats::parse;
use stormgrid_twin::network::{
    Closures, Places, RoadLine, RoadNetwork, RoadThresholds, Route, Trip,
};
use stormgrid_twin::{GeometryKind, Grid, Layer, PathLine, Position, RoadSegment};

use crate::error::outside;
use crate::messages::text;
use crate::storm::Bilingual;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files, vectors};

/// Share of a grid under 0.15 m from which it is hit even if no people are reached [-].
const HIT_SHARE: f64 = 0.01;

/// Shelters that are asked for per unit: enough that full ones leave others, few enough to be quick.
const NEAREST_SHELTERS: usize = 24;

/// What an hour's earlier water is worth in metres of way [m/h].
const URGENCY_M_PER_H: f64 = 1000.0;

/// What leaving a person without a place costs, in decimetres of way: more than any way on Earth.
const UNPLACED: i64 = 1_000_000_000;

/// How a plan is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanOptions {
    /// Speed on the roads [m s⁻¹]. 1.1 is that of a mixed crowd on foot, below the 1.34 of adults alone
    /// (Weidmann 1993, Transporttechnik der Fussgänger).
    pub speed_mps: f64,
    /// How long before the water people leave [s].
    pub lead_s: f64,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            speed_mps: 1.1,
            lead_s: 3600.0,
        }
    }
}

/// A place with its code and name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// Code.
    pub code: String,
    /// Name for people.
    pub name: String,
}

/// Staff of a grid, counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Staff {
    /// Word for programs: `full_time`, `part_time`, `unit_leaders`.
    pub role: String,
    /// Word for people.
    pub name: Bilingual,
    /// How many.
    pub count: u64,
}

/// Where people of a unit go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShelterView {
    /// Code.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Places left when the plan is carried out as a whole.
    pub places_left: u64,
}

/// By which way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RouteView {
    /// Length [m].
    pub length_m: f64,
    /// When people leave [s after the start].
    pub leave_s: f64,
    /// The last moment at which the same way can be gone dry [s after the start]; null if at any time.
    pub leave_by_s: Option<f64>,
    /// When they arrive [s after the start].
    pub arrives_s: f64,
    /// When the first of its roads closes [s after the start]; null if all stay open.
    pub dry_until_s: Option<f64>,
    /// Its line, longitude and latitude [°].
    pub line: Vec<[f64; 2]>,
    /// Road segments in the order in which they are passed, and when.
    #[serde(skip)]
    pub passed: Vec<(usize, [f64; 2])>,
}

/// People of one unit on their way to one shelter, or without one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Move {
    /// The unit.
    pub unit: Named,
    /// How many people.
    pub people: u64,
    /// When the water comes to the unit [s after the start].
    pub water_s: f64,
    /// The shelter; null for people without a place.
    pub shelter: Option<ShelterView>,
    /// The way; null for people without a place.
    pub route: Option<RouteView>,
}

/// What happens in one grid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanStep {
    /// Its place in the plan, from 1.
    pub order: usize,
    /// When the water comes to the grid [s after the start].
    pub time_s: f64,
    /// The same, RFC 3339 in UTC.
    pub time: String,
    /// The grid.
    pub grid: Named,
    /// Codes of its hit units.
    pub units: Vec<String>,
    /// People of the hit units.
    pub people: u64,
    /// People among them who need help, where the units' layer counts them (`vulnerable`).
    pub vulnerable: Option<u64>,
    /// Staff of the grid.
    pub staff: Vec<Staff>,
    /// Shelter of the first move that has one.
    pub shelter: Option<ShelterView>,
    /// Way of the first move that has one.
    pub route: Option<RouteView>,
    /// Moves, unit by unit.
    pub moves: Vec<Move>,
    /// People of the step without a place.
    pub unplaced_people: u64,
    /// What to do, in a sentence.
    pub note: Bilingual,
}

/// A shelter after the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanShelter {
    /// Code.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Places.
    pub capacity: u64,
    /// People assigned.
    pub assigned: u64,
    /// Places left; none in one that floods.
    pub places_left: u64,
    /// When it floods [s after the start]; null if it stays dry.
    pub floods_at_s: Option<f64>,
    /// Longitude and latitude [°].
    pub at: Option<[f64; 2]>,
}

/// The whole plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvacuationPlan {
    /// Hit grids, in the order in which the water comes.
    pub steps: Vec<PlanStep>,
    /// All shelters.
    pub shelters: Vec<PlanShelter>,
    /// People who leave.
    pub people: u64,
    /// People without a place.
    pub unplaced_people: u64,
    /// What a reader should know.
    pub notes: Vec<Bilingual>,
}

/// A road segment that closes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoadCut {
    /// Code.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// When it closes [s after the start].
    pub closes_s: f64,
    /// When it opens again [s after the start]; null if not within the run.
    pub reopens_s: Option<f64>,
    /// Greatest depth [m].
    pub depth_max_m: f64,
    /// Length of the way round while it is closed [m]; null if there is none.
    pub detour_m: Option<f64>,
}

/// Reads the basis of a plan from a run folder.
pub fn read_basis(run: &Path) -> Result<PlanBasis, ProjectError> {
    let path = run.join(BASIS_FILE);
    serde_json::from_slice(&files::read(&path)?).map_err(|e| {
        ProjectError::input(
            &files::name(&path),
            parse::json_problem(&e),
            message!(
                "fix.run.rewrite",
                "let `stormgrid forecast` write the run again"
            ),
        )
    })
}

/// The roads of a twin as a network, and its line features in order.
pub fn network(twin: &LoadedTwin) -> (RoadNetwork, Vec<&RoadSegment>) {
    let lines = twin
        .twin
        .layers()
        .iter()
        .filter(|layer| layer.geometry == GeometryKind::Line);
    let mut roads = Vec::new();
    let mut segments = Vec::new();
    for layer in lines {
        let paths = twin.twin.all::<PathLine>(layer);
        for (segment, path) in twin.twin.all::<RoadSegment>(layer).zip(paths) {
            roads.push(RoadLine {
                road: segments.len(),
                line: &path.0,
            });
            segments.push(segment);
        }
    }
    (RoadNetwork::build(&roads), segments)
}

/// When the roads of a run are closed.
pub fn closures(network: &RoadNetwork, basis: &PlanBasis) -> Closures {
    let closed = basis.roads.iter().enumerate().filter_map(|(road, water)| {
        Some((
            road,
            water.closes_s?,
            water.reopens_s.unwrap_or(f64::INFINITY),
        ))
    });
    Closures::of_roads(network, closed)
}

/// Roads that close in a run, by the time at which they do.
pub fn roads_cut(twin: &LoadedTwin, basis: &PlanBasis) -> Result<Vec<RoadCut>, ProjectError> {
    let (network, segments) = network(twin);
    same_count(
        message!("what.segments", "road segments"),
        segments.len(),
        basis.roads.len(),
    )?;
    let closures = closures(&network, basis);
    let mut cut: Vec<RoadCut> = segments
        .iter()
        .zip(&basis.roads)
        .enumerate()
        .filter_map(|(road, (segment, water))| {
            Some(RoadCut {
                id: segment.code.clone(),
                name: segment.name.clone(),
                closes_s: water.closes_s?,
                reopens_s: water.reopens_s,
                depth_max_m: water.depth_max_m,
                detour_m: network.detour_of_road(road, &closures),
            })
        })
        .collect();
    cut.sort_by(|a, b| a.closes_s.total_cmp(&b.closes_s).then(a.id.cmp(&b.id)));
    Ok(cut)
}

/// What messages call a run.
pub(crate) fn the_run() -> Message {
    message!("thing.run", "the run")
}

fn again() -> Message {
    message!("fix.plan.again", "run the forecast of this twin again")
}

fn same_count(what: Message, twin: usize, run: usize) -> Result<(), ProjectError> {
    match twin == run {
        true => Ok(()),
        false => Err(ProjectError::input(
            the_run(),
            message!(
                "fault.plan.count",
                "it has {run} {what} and the twin {twin}",
                run = run,
                what = what,
                twin = twin
            ),
            again(),
        )),
    }
}

/// A unit that is hit.
struct Unit<'a> {
    grid: &'a Grid,
    at: [f64; 2],
    people: u64,
    vulnerable: Option<u64>,
    water_s: f64,
    leave_s: f64,
    /// The grid's step, by code.
    of_grid: String,
}

/// Makes the plan of a run.
///
/// # Errors
///
/// Options out of range; a twin without grids; a run of another twin.
pub fn evacuation_plan(
    twin: &LoadedTwin,
    basis: &PlanBasis,
    options: PlanOptions,
) -> Result<EvacuationPlan, ProjectError> {
    for (name, value, low, high) in [
        (
            message!("what.speed", "the speed [m/s]"),
            options.speed_mps,
            0.1,
            40.0,
        ),
        (
            message!("what.lead_s", "the lead [s]"),
            options.lead_s,
            0.0,
            86_400.0,
        ),
    ] {
        if !(low..=high).contains(&value) {
            return Err(ProjectError::input(
                message!("thing.plan", "the plan"),
                outside(name, value, low, high),
                message!("fix.other_value", "choose another value"),
            ));
        }
    }
    let Some(grids) = layer_of(twin, "grid") else {
        return Err(ProjectError::input(
            "twin.toml",
            message!("fault.plan.no_grids", "it has no layer of level grid"),
            message!(
                "fix.plan.no_grids",
                "name one, or the plan has nobody to tell"
            ),
        ));
    };
    let (network, segments) = network(twin);
    same_count(
        message!("what.segments", "road segments"),
        segments.len(),
        basis.roads.len(),
    )?;
    let closures = closures(&network, basis).for_good();
    let (mut shelters, places) = shelters_of(twin, basis)?;
    let units = hit_units(twin, basis, options)?;
    let bound = Places::new(&network, &places);
    let open: Vec<usize> = (0..shelters.len())
        .filter(|&s| shelters[s].floods_at_s.is_none() && shelters[s].capacity > 0)
        .collect();
    let open_places = Places::new(
        &network,
        &open.iter().map(|&s| places[s]).collect::<Vec<_>>(),
    );
    let mut groups = Vec::new();
    let mut departures = Vec::new();
    for unit in &units {
        let near = |leave_s: f64| {
            let trip = Trip {
                leave_s,
                speed_mps: options.speed_mps,
            };
            network.nearest(unit.at, &open_places, NEAREST_SHELTERS, trip, &closures)
        };
        let mut leave_s = unit.leave_s;
        let mut found = near(leave_s);
        if found.is_empty() && leave_s > 0.0 {
            leave_s = 0.0;
            found = near(leave_s);
        }
        let decimetres = |seconds: f64| (seconds * options.speed_mps * 10.0).round() as i64;
        let hours_left = (basis.duration_s - unit.water_s).max(0.0) / 3600.0;
        groups.push(Group {
            people: unit.people,
            unplaced: UNPLACED + (hours_left * URGENCY_M_PER_H * 10.0) as i64,
            ways: found
                .iter()
                .map(|r| (open[r.place], decimetres(r.arrives_s - leave_s)))
                .collect(),
        });
        departures.push(leave_s);
    }
    let capacity: Vec<u64> = (0..shelters.len())
        .map(|s| {
            if open.contains(&s) {
                shelters[s].capacity
            } else {
                0
            }
        })
        .collect();
    let assigned = assign(&groups, &capacity);
    for &(shelter, people) in assigned.iter().flatten() {
        shelters[shelter].assigned += people;
        shelters[shelter].places_left -= people;
    }
    let mut moves: BTreeMap<&str, Vec<Move>> = BTreeMap::new();
    for ((unit, row), &leave_s) in units.iter().zip(&assigned).zip(&departures) {
        let trip = Trip {
            leave_s,
            speed_mps: options.speed_mps,
        };
        let to = |people, shelter: Option<usize>| {
            let route = shelter.and_then(|s| network.route_to(unit.at, &bound, s, trip, &closures));
            Move {
                unit: Named {
                    code: unit.grid.code.clone(),
                    name: unit.grid.name.clone(),
                },
                people,
                water_s: unit.water_s,
                shelter: shelter.map(|s| ShelterView {
                    code: shelters[s].code.clone(),
                    name: shelters[s].name.clone(),
                    places_left: shelters[s].places_left,
                }),
                route: route.map(|route| view_of(twin, &network, &route, leave_s)),
            }
        };
        let of_grid = moves.entry(&unit.of_grid).or_default();
        of_grid.extend(row.iter().map(|&(s, people)| to(people, Some(s))));
        let placed: u64 = row.iter().map(|r| r.1).sum();
        if placed < unit.people || unit.people == 0 {
            of_grid.push(to(unit.people - placed, None));
        }
    }
    let steps = steps(twin, basis, grids, &units, moves)?;
    let people = units.iter().map(|u| u.people).sum();
    let unplaced_people = steps.iter().map(|s| s.unplaced_people).sum();
    let notes = notes(&steps, &shelters, unplaced_people, options);
    Ok(EvacuationPlan {
        steps,
        shelters,
        people,
        unplaced_people,
        notes,
    })
}

fn layer_of<'a>(twin: &'a LoadedTwin, level: &str) -> Option<&'a Layer> {
    twin.twin
        .layers()
        .iter()
        .find(|layer| layer.level.as_deref() == Some(level))
}

/// Units that are hit, in the order in which the water comes; grids where the twin has no units.
fn hit_units<'a>(
    twin: &'a LoadedTwin,
    basis: &PlanBasis,
    options: PlanOptions,
) -> Result<Vec<Unit<'a>>, ProjectError> {
    let Some(layer) = layer_of(twin, "unit").or_else(|| layer_of(twin, "grid")) else {
        return Ok(Vec::new());
    };
    let zones = basis.zones(&layer.id);
    same_count(
        message!("what.units", "units"),
        layer.entities.len(),
        zones.len(),
    )?;
    let vulnerable = properties(twin, layer, |feature| feature.number("vulnerable"))?;
    let is_unit = layer.level.as_deref() == Some("unit");
    let features = twin
        .twin
        .all::<Grid>(layer)
        .zip(twin.twin.all::<Position>(layer));
    let mut units: Vec<Unit<'a>> = features
        .zip(zones)
        .zip(vulnerable)
        .filter(|((_, zone), _)| zone.people_reached > 0.0)
        .map(|(((grid, at), zone), vulnerable)| {
            let water_s = zone.arrival_s.unwrap_or(0.0);
            let parent = grid.parent.clone().filter(|_| is_unit);
            Unit {
                of_grid: parent.unwrap_or_else(|| grid.code.clone()),
                grid,
                at: [at.0[0], at.0[1]],
                people: zone.people.round().max(0.0) as u64,
                vulnerable: vulnerable.map(|v| v.max(0.0) as u64),
                water_s,
                leave_s: (water_s - options.lead_s).max(0.0),
            }
        })
        .collect();
    units.sort_by(|a, b| {
        let by_code = a.grid.code.cmp(&b.grid.code);
        a.water_s.total_cmp(&b.water_s).then(by_code)
    });
    Ok(units)
}

/// A number of every feature of a layer, from its file.
fn properties<T>(
    twin: &LoadedTwin,
    layer: &Layer,
    value: impl Fn(&stormgrid_formats::vector::Feature<geo::MultiPolygon<f64>>) -> T,
) -> Result<Vec<T>, ProjectError> {
    let Some(file) = twin.layers.iter().find(|f| f.id == layer.id) else {
        return Ok(Vec::new());
    };
    let features = vectors::polygons(&file.path, &twin.frame)?;
    same_count(
        message!("what.features", "features"),
        layer.entities.len(),
        features.len(),
    )?;
    Ok(features.iter().map(|(feature, _)| value(feature)).collect())
}

/// Shelters with their places, and where they are [local m].
fn shelters_of(
    twin: &LoadedTwin,
    basis: &PlanBasis,
) -> Result<(Vec<PlanShelter>, Vec<[f64; 2]>), ProjectError> {
    let known: Vec<_> = basis::shelters(twin).collect();
    same_count(
        message!("what.shelters", "shelters"),
        known.len(),
        basis.shelters.len(),
    )?;
    let mut capacity: BTreeMap<String, u64> = BTreeMap::new();
    for file in twin
        .layers
        .iter()
        .filter(|f| f.geometry == GeometryKind::Point)
    {
        if file.kind.as_deref() != Some(basis::SHELTER) {
            continue;
        }
        for (index, (feature, _)) in vectors::points(&file.path, &twin.frame)?
            .into_iter()
            .enumerate()
        {
            let code = feature.text("code").or_else(|| feature.id.clone());
            let places = feature
                .number("places")
                .or_else(|| feature.number("capacity"));
            let places = places.filter(|p| (0.0..1e7).contains(p)).unwrap_or(0.0);
            capacity.insert(
                code.unwrap_or_else(|| (index + 1).to_string()),
                places as u64,
            );
        }
    }
    let shelter =
        |((point, at), water): (&(&stormgrid_twin::PointAsset, [f64; 2]), &PlaceWater)| {
            let places = capacity.get(&point.code).copied().unwrap_or(0);
            PlanShelter {
                code: point.code.clone(),
                name: point.name.clone(),
                capacity: places,
                assigned: 0,
                places_left: if water.floods_at_s.is_none() {
                    places
                } else {
                    0
                },
                floods_at_s: water.floods_at_s,
                at: twin.lonlat(at[0], at[1]),
            }
        };
    Ok((
        known.iter().zip(&basis.shelters).map(shelter).collect(),
        known.iter().map(|(_, at)| *at).collect(),
    ))
}

fn view_of(twin: &LoadedTwin, network: &RoadNetwork, route: &Route, leave_s: f64) -> RouteView {
    let roads = route.edges.iter().map(|e| network.edges()[e.index()].road);
    RouteView {
        length_m: (route.length_m * 10.0).round() / 10.0,
        leave_s,
        leave_by_s: route.leave_by_s,
        arrives_s: route.arrives_s,
        dry_until_s: route.dry_until_s,
        line: route
            .line
            .coords()
            .filter_map(|c| twin.lonlat(c.x, c.y))
            .map(|at| at.map(|v| (v * 1e6).round() / 1e6))
            .collect(),
        passed: roads.zip(route.passed_s.iter().copied()).collect(),
    }
}

/// Roles of staff: property of the grids' layer, word for programs, key of the catalogue.
const ROLES: [(&str, &str, &str); 3] = [
    ("staff_full_time", "full_time", "plan.role_full_time"),
    ("staff_part_time", "part_time", "plan.role_part_time"),
    ("unit_leaders", "unit_leaders", "plan.role_unit_leaders"),
];

/// One step for each hit grid, by the arrival of the water.
fn steps(
    twin: &LoadedTwin,
    basis: &PlanBasis,
    grids: &Layer,
    units: &[Unit<'_>],
    mut moves: BTreeMap<&str, Vec<Move>>,
) -> Result<Vec<PlanStep>, ProjectError> {
    let zones = basis.zones(&grids.id);
    same_count(
        message!("what.grids", "grids"),
        grids.entities.len(),
        zones.len(),
    )?;
    let staff = properties(twin, grids, |feature| {
        let roles = ROLES.iter().filter_map(|(property, role, key)| {
            Some(Staff {
                role: (*role).to_owned(),
                name: text(key, &[]),
                count: feature.number(property)?.max(0.0) as u64,
            })
        });
        roles.collect::<Vec<_>>()
    })?;
    let start = Instant::parse(&basis.start)
        .map_err(|e| ProjectError::input(the_run(), e.message(), again()))?;
    let mut steps = Vec::new();
    for ((grid, zone), staff) in twin.twin.all::<Grid>(grids).zip(zones).zip(staff) {
        let of_grid: Vec<&Unit<'_>> = units.iter().filter(|u| u.of_grid == grid.code).collect();
        if of_grid.is_empty() && zone.flooded_share < HIT_SHARE {
            continue;
        }
        let first = of_grid.iter().map(|u| u.water_s).chain(zone.arrival_s);
        let time_s = first.min_by(f64::total_cmp).unwrap_or(0.0);
        let moves = moves.remove(grid.code.as_str()).unwrap_or_default();
        let with_place = moves
            .iter()
            .find(|m| m.shelter.is_some() && m.route.is_some());
        let gone = |m: &&Move| m.shelter.is_none();
        let unplaced_people: u64 = moves.iter().filter(gone).map(|m| m.people).sum();
        let people = of_grid.iter().map(|u| u.people).sum();
        let vulnerable = of_grid
            .iter()
            .filter_map(|u| u.vulnerable)
            .reduce(|a, b| a + b);
        steps.push(PlanStep {
            order: 0,
            time_s,
            time: start.plus_seconds(time_s).to_rfc3339(),
            grid: Named {
                code: grid.code.clone(),
                name: grid.name.clone(),
            },
            units: of_grid.iter().map(|u| u.grid.code.clone()).collect(),
            people,
            vulnerable,
            staff,
            shelter: with_place.and_then(|m| m.shelter.clone()),
            route: with_place.and_then(|m| m.route.clone()),
            note: note(people, of_grid.len(), unplaced_people),
            moves,
            unplaced_people,
        });
    }
    steps.sort_by(|a, b| {
        let by_code = a.grid.code.cmp(&b.grid.code);
        a.time_s.total_cmp(&b.time_s).then(by_code)
    });
    for (k, step) in steps.iter_mut().enumerate() {
        step.order = k + 1;
    }
    Ok(steps)
}

fn note(people: u64, units: usize, unplaced: u64) -> Bilingual {
    let slots = [
        ("people", people.to_string()),
        ("units", units.to_string()),
        ("unplaced", unplaced.to_string()),
    ];
    let key = match (people, unplaced) {
        (0, _) => "plan.step_watch",
        (_, 0) => "plan.step_move",
        _ => "plan.step_short",
    };
    text(key, &slots)
}

fn notes(
    steps: &[PlanStep],
    shelters: &[PlanShelter],
    unplaced: u64,
    options: PlanOptions,
) -> Vec<Bilingual> {
    let flooded = shelters.iter().filter(|s| s.floods_at_s.is_some()).count();
    let mut notes = Vec::new();
    if steps.is_empty() {
        notes.push(text("plan.nobody", &[]));
    }
    if unplaced > 0 {
        notes.push(text("plan.unplaced", &[("people", unplaced.to_string())]));
    }
    if flooded > 0 {
        notes.push(text(
            "plan.shelters_flood",
            &[("count", flooded.to_string())],
        ));
    }
    let pace = [
        ("speed", options.speed_mps.to_string()),
        ("lead", (options.lead_s / 60.0).round().to_string()),
        ("depth", RoadThresholds::default().closed_m.to_string()),
    ];
    notes.push(text("plan.rules", &pace));
    notes
}
