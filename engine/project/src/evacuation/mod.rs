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
//! Vehicles, the time that it takes to leave a house, crowding on the roads, who needs help, and what those who stay
//! upstairs need: water, food, power.

mod assign;
mod basis;
mod model;
mod roads;
mod sources;
mod stay;
mod steps;
mod table;
#[cfg(test)]
mod tests;

pub use assign::{Group, assign};
pub(crate) use basis::SHELTER;
pub use basis::{BASIS_FILE, LayerWater, PlaceWater, PlanBasis, RoadWater, ZoneWater};
pub use model::{
    EvacuationPlan, Move, Named, PlanShelter, PlanStep, RoadCut, RouteView, ShelterView, Staff,
};
pub use roads::{closures, network, roads_cut};
pub use stay::{RULES_FILE, StayRule};
pub use table::{plan_csv, plan_geojson};

use std::collections::BTreeMap;
use std::path::Path;

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_formats::parse;
use stormgrid_twin::Layer;
use stormgrid_twin::network::{Places, RoadNetwork, Route, Trip};

use self::sources::{hit_units, shelters_of};
use self::steps::{notes, steps};
use crate::error::outside;
use crate::twin::LoadedTwin;
use crate::{ProjectError, files};

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
                people_above: 0,
                water_s: unit.water_s,
                shelter: shelter.map(|s| ShelterView {
                    code: shelters[s].code.clone(),
                    name: shelters[s].name.clone(),
                    places_left: shelters[s].places_left,
                }),
                route: route.map(|route| view_of(twin, &network, &route, leave_s)),
            }
        };
        let mut of_unit: Vec<Move> = row.iter().map(|&(s, people)| to(people, Some(s))).collect();
        let placed: u64 = row.iter().map(|r| r.1).sum();
        if placed < unit.people || unit.people == 0 {
            of_unit.push(to(unit.people - placed, None));
        }
        of_unit[0].people_above = unit.above;
        moves.entry(&unit.of_grid).or_default().extend(of_unit);
    }
    let steps = steps(twin, basis, grids, &units, moves)?;
    let sum = |of: fn(&sources::Unit<'_>) -> u64| units.iter().map(of).sum();
    let unplaced_people = steps.iter().map(|s| s.unplaced_people).sum();
    let notes = notes(&steps, &shelters, unplaced_people, options, &basis.stay);
    Ok(EvacuationPlan {
        people: sum(|u| u.people),
        people_above: sum(|u| u.above),
        residents: sum(|u| u.residents),
        steps,
        shelters,
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
