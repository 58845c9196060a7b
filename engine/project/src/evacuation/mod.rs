//! Plan (预案): who leaves when, by which roads, to which shelter.
//!
//! # Rules
//!
//! - A unit is hit if people of it are in reach of the water. A grid is hit if a unit of it is, or if a hundredth
//!   of it stands under 0.15 m or more. Each hit grid is one step; steps come in the order in which the water
//!   does, by the first arrival in the grid.
//! - Of the people in reach, those on floors that the water passes must leave; those on the floors above stay there
//!   (就地上楼避险) unless the building is no refuge by the rule ([`StayRule`], data). People are spread evenly over
//!   the storeys of a building, since these have the same floor area. Shelters are for those who must leave.
//! - People leave [`PlanOptions::lead_s`] before the water reaches their unit, at the start of the run at
//!   the earliest. They walk on roads that stay below [`WayRule::depth_m`] until they have passed; a road
//!   that was once under water is not relied on again. Where no shelter can be reached at that time, it
//!   is asked whether one can at once.
//! - Between homes, roads and shelters people walk over ground that is dry when they pass it, at most
//!   [`WayRule::greatest_length_m`], round rivers, canals, ponds and the sea; dikes can be walked over. The nearest
//!   roads are tried first, then all within that length, then shelters that lie within it themselves. Who has no dry
//!   way to any open shelter is cut off: told with their number, and assigned to none. People of a unit that water
//!   divides are told apart by side: by the buildings that they live in, else by the land on each side.
//! - A shelter that floods is left out. Nobody is given a place that is not there. People are assigned so that
//!   as many as possible have a place and then the sum of all ways is the least ([`assign()`]); where places
//!   are short, an hour's earlier water counts as much as a way of one kilometre.
//! - People, staff and places are counts; no names, no scores.
//!
//! # What is left out
//!
//! Vehicles, the time that it takes to leave a house, crowding on the roads, who needs help, and what those who stay
//! upstairs need: water, food, power.

mod assign;
mod basis;
mod find;
mod model;
mod roads;
mod shore;
mod sources;
mod stay;
mod steps;
mod table;
#[cfg(test)]
mod tests;
mod way;
#[cfg(test)]
mod way_tests;

pub use assign::{Group, assign};
pub(crate) use basis::SHELTER;
pub use basis::{BASIS_FILE, LayerWater, PlaceWater, PlanBasis, RoadWater, ZoneWater};
pub use model::{
    EvacuationPlan, Move, Named, PlanShelter, PlanStep, RoadCut, RouteView, ShelterView, Staff,
    UnknownUnit,
};
use roads::closures_on_foot;
pub use roads::{RoadCover, closures, network, road_cover, roads_cut};
pub use stay::{RULES_FILE, StayRule};
pub use table::{plan_csv, plan_geojson};
pub use way::{WayRule, WetGround};

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse;
use stormgrid_twin::Layer;
use stormgrid_twin::network::{Access, RoadNetwork, Route};

use self::find::{Ends, Reach};
use self::roads::OverWater;
use self::shore::{Side, sides};
use self::sources::{hit_units, shelters_of, unknown_units};
use self::steps::{notes, steps, unknown_notes};
use self::way::{DryLand, Joined, Walkers};
use crate::error::outside;
use crate::messages::told;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files};

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
    let land = dry_land(twin, basis)?;
    let in_water = roads::in_water(&network, &segments, &land);
    let closures = closures_on_foot(&network, basis, &in_water).for_good();
    let walkers = Walkers {
        network: &network,
        land: &land,
        rule: &basis.way,
        speed_mps: options.speed_mps,
        bridges: segments.iter().map(|s| s.bridge).collect(),
    };
    let (mut shelters, places) = shelters_of(twin, basis)?;
    let units = hit_units(twin, basis, options)?;
    let parts = network.parts();
    let joined: Vec<Joined> = places
        .iter()
        .map(|&at| walkers.joined(at, &parts))
        .collect();
    let is_open = |s: &usize| shelters[*s].floods_at_s.is_none() && shelters[*s].capacity > 0;
    let has_open = (0..shelters.len()).any(|s| is_open(&s));
    // Where none is open, those under water still tell who has no way to any.
    let open = (0..shelters.len()).filter(|s| !has_open || is_open(s));
    let ends = Ends::new(
        &walkers,
        open.map(|s| (s, places[s], joined[s].clone())).collect(),
    );
    let sides: Vec<Side> = units
        .iter()
        .enumerate()
        .flat_map(|(number, unit)| sides(twin, &walkers, number, unit))
        .collect();
    let reaches: Vec<Reach> = sides
        .iter()
        .map(|side| {
            let leave_s = units[side.unit].leave_s;
            Reach::of(&walkers, &side.starts, &ends, &closures, leave_s)
        })
        .collect();
    tell_unreachable(&mut shelters, &joined, &reaches, &network, &parts);
    let groups: Vec<Group> = sides
        .iter()
        .zip(&reaches)
        .map(|(side, reach)| group_of(side, units[side.unit].water_s, reach, basis, options))
        .collect();
    let capacity: Vec<u64> = shelters
        .iter()
        .map(|s| match s.floods_at_s {
            None => s.capacity,
            Some(_) => 0,
        })
        .collect();
    let assigned = assign(&groups, &capacity);
    for &(shelter, people) in assigned.iter().flatten() {
        shelters[shelter].assigned += people;
        shelters[shelter].places_left -= people;
    }
    let mut over_water = OverWater::new(&segments, &land);
    let mut moves: BTreeMap<&str, Vec<Move>> = BTreeMap::new();
    let mut last = None;
    for ((side, row), reach) in sides.iter().zip(&assigned).zip(&reaches) {
        let unit = &units[side.unit];
        let at = side.starts.first().unwrap_or(&unit.at);
        let cut_off = reach.found.is_empty() && !ends.is_empty();
        let to = |people, shelter: Option<usize>, route: Option<&Route>| Move {
            unit: Named {
                code: unit.grid.code.clone(),
                name: unit.grid.name.clone(),
            },
            people,
            people_above: 0,
            cut_off: cut_off && people > 0,
            at: twin.lonlat(at[0], at[1]),
            water_s: unit.water_s,
            shelter: shelter.map(|s| ShelterView {
                code: shelters[s].code.clone(),
                name: shelters[s].name.clone(),
                places_left: shelters[s].places_left,
            }),
            route: route.map(|route| view_of(twin, &network, route, reach.leave_s)),
        };
        let mut of_unit: Vec<Move> = Vec::new();
        for &(shelter, people) in row {
            let route = reach.route(&walkers, &ends, &closures, shelter);
            if let Some(route) = &route {
                over_water.see(&network, route);
            }
            of_unit.push(to(people, Some(shelter), route.as_ref()));
        }
        let placed: u64 = row.iter().map(|r| r.1).sum();
        if placed < side.people || side.people == 0 {
            of_unit.push(to(side.people - placed, None, None));
        }
        if last.replace(side.unit) != Some(side.unit) {
            of_unit[0].people_above = unit.above;
        }
        moves.entry(&unit.of_grid).or_default().extend(of_unit);
    }
    let steps = steps(twin, basis, grids, &units, moves)?;
    let sum = |of: fn(&sources::Unit<'_>) -> u64| units.iter().map(of).sum();
    let unplaced_people = steps.iter().map(|s| s.unplaced_people).sum();
    let unknown = unknown_units(twin, basis);
    let cut_off_people = steps.iter().map(|s| s.cut_off_people).sum();
    let mut notes = notes(&steps, &shelters, unplaced_people, options, basis);
    let people_unknown = unknown.iter().filter_map(|u| u.people_unknown).sum();
    let uncounted_units = unknown.iter().filter(|u| u.people.is_none()).count();
    // What is not known goes first: a plan without it looks complete.
    notes.splice(0..0, unknown_notes(&unknown, people_unknown, &shelters));
    notes.extend(over_water.note());
    notes.extend(
        road_cover(twin, &basis.way)
            .findings(&basis.way)
            .iter()
            .map(|f| told(&f.message())),
    );
    Ok(EvacuationPlan {
        unknown,
        people_unknown,
        uncounted_units,
        people: sum(|u| u.people),
        people_above: sum(|u| u.above),
        residents: sum(|u| u.residents),
        steps,
        shelters,
        unplaced_people,
        cut_off_people,
        notes,
    })
}

/// The ground of a twin under the water of a run.
fn dry_land<'a>(twin: &'a LoadedTwin, basis: &PlanBasis) -> Result<DryLand<'a>, ProjectError> {
    let wet = basis.ground.as_ref();
    let land = wet.and_then(|wet| DryLand::new(&twin.ground.elevation, wet, &basis.way));
    land.ok_or_else(|| {
        ProjectError::input(
            the_run(),
            message!(
                "fault.plan.no_ground",
                "it does not hold where its ground was under water, so that no way can be held against it"
            ),
            again(),
        )
    })
}

/// Who is to be placed of a unit, and which ways there are.
fn group_of(
    side: &Side,
    water_s: f64,
    reach: &Reach,
    basis: &PlanBasis,
    options: PlanOptions,
) -> Group {
    let decimetres = |seconds: f64| (seconds * options.speed_mps * 10.0).round() as i64;
    let hours_left = (basis.duration_s - water_s).max(0.0) / 3600.0;
    Group {
        people: side.people,
        unplaced: UNPLACED + (hours_left * URGENCY_M_PER_H * 10.0) as i64,
        ways: reach
            .found
            .iter()
            .map(|f| (f.shelter, decimetres(f.takes_s)))
            .collect(),
    }
}

/// Marks the shelters that no road leads to over dry ground, or none that a hit unit reaches.
fn tell_unreachable(
    shelters: &mut [PlanShelter],
    joined: &[Joined],
    reaches: &[Reach],
    network: &RoadNetwork,
    parts: &[u32],
) {
    let part_of = |access: &Access| parts[network.edges()[access.edge.index()].from.index()];
    let of_units: BTreeSet<u32> = reaches
        .iter()
        .flat_map(|reach| reach.accesses().iter().map(part_of))
        .collect();
    for (number, (shelter, joined)) in shelters.iter_mut().zip(joined).enumerate() {
        let by_road = joined
            .all
            .iter()
            .any(|access| reaches.is_empty() || of_units.contains(&part_of(access)));
        let on_foot = reaches
            .iter()
            .any(|reach| reach.found.iter().any(|f| f.shelter == number));
        shelter.reachable = by_road || on_foot;
    }
}

fn layer_of<'a>(twin: &'a LoadedTwin, level: &str) -> Option<&'a Layer> {
    twin.twin
        .layers()
        .iter()
        .find(|layer| layer.level.as_deref() == Some(level))
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
