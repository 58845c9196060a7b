//! Places that a run leaves dry and members of an ensemble reach: what one forecast alone would keep silent about.

use geo::{Distance, Euclidean, Intersects, LineString};

use super::record::{GridTarget, RoadTarget, SchoolTarget};
use super::rules::Rules;
use super::situation::{GridState, REACHED_M, RoadState, SchoolState, Situation};
use crate::ensemble::{Ensemble, RoadProbability};
use crate::twin::LoadedTwin;

/// Those places, with the numbers of the members; grids and schools with the share of the members that reach them [-],
/// which a school has from its grid.
#[derive(Clone, Debug, Default)]
pub(super) struct PossiblePlaces {
    pub(super) grids: Vec<(GridState, f64)>,
    pub(super) schools: Vec<(SchoolState, f64)>,
    pub(super) roads: Vec<RoadState>,
}

/// A road segment that the run leaves passable.
struct DryRoad<'a> {
    line: &'a LineString<f64>,
    probability: &'a RoadProbability,
}

impl PossiblePlaces {
    /// Finds them: `[members]` of the rules says how many members it takes.
    ///
    /// - `situation`: the run; what it warns is not told again
    pub(super) fn of(
        twin: &LoadedTwin,
        situation: &Situation,
        ensemble: &Ensemble,
        rules: &Rules,
    ) -> Self {
        let grids = grids(situation, ensemble, rules);
        let segments = twin.road_segments();
        let dry: Vec<DryRoad<'_>> = segments
            .iter()
            .zip(&ensemble.roads)
            .filter(|((segment, _), _)| !segment.bridge)
            .map(|((_, line), probability)| DryRoad { line, probability })
            .collect();
        Self {
            schools: schools(situation, &grids, &dry, rules),
            roads: roads(situation, &dry, rules),
            grids,
        }
    }
}

fn grids(situation: &Situation, ensemble: &Ensemble, rules: &Rules) -> Vec<(GridState, f64)> {
    let least = rules.members;
    let rows = ensemble.rows_of(&rules.message.layer);
    let found = situation.grids.iter().filter_map(|grid| {
        let row = rows.get(grid.target.code.as_str())?;
        let chance = (*row.probability.get(&REACHED_M.to_string())?)?;
        let told = grid.depth_m < REACHED_M
            && chance >= least.chance
            && row.people_p90.unwrap_or(0.0).round() >= least.people;
        told.then(|| {
            let state = GridState {
                target: GridTarget {
                    depth_m: super::situation::centimetres(row.depth_p90_m.unwrap_or(0.0)),
                    people: row.people_p90.unwrap_or(0.0).round(),
                    time_s: row
                        .arrival_p10_s
                        .or(row.arrival_p50_s)
                        .unwrap_or(0.0)
                        .round(),
                    ..grid.target.clone()
                },
                ..grid.clone()
            };
            (state, chance)
        })
    });
    found.collect()
}

/// Whether the run warns drivers on a road.
fn is_warned(situation: &Situation, code: &str) -> bool {
    situation.roads.iter().any(|road| road.target.id == code)
}

fn roads(situation: &Situation, dry: &[DryRoad<'_>], rules: &Rules) -> Vec<RoadState> {
    let likely = dry
        .iter()
        .filter(|road| road.probability.probability_slow >= Some(rules.members.chance))
        .filter(|road| !is_warned(situation, &road.probability.id));
    let state = |road: &DryRoad<'_>| {
        let within = |(_, grid): &(usize, &GridState)| grid.outline.intersects(road.line);
        RoadState {
            target: RoadTarget {
                id: road.probability.id.clone(),
                name: road.probability.name.clone(),
                depth_m: rules.road.warn_depth_m,
                warned_s: first_arrival(road.probability).unwrap_or(0.0).round(),
                closes_s: None,
                reopens_s: None,
                detour_m: None,
            },
            line: road.line.clone(),
            grids: situation
                .grids
                .iter()
                .enumerate()
                .filter(within)
                .map(|(g, _)| g)
                .collect(),
        }
    };
    likely.map(state).collect()
}

/// When water comes in one member of ten, or in half of them [s after the run's start].
fn first_arrival(road: &RoadProbability) -> Option<f64> {
    road.arrival_p10_s.or(road.arrival_p50_s)
}

fn schools(
    situation: &Situation,
    grids: &[(GridState, f64)],
    dry: &[DryRoad<'_>],
    rules: &Rules,
) -> Vec<(SchoolState, f64)> {
    let closing: Vec<&DryRoad<'_>> = dry
        .iter()
        .filter(|road| road.probability.probability >= Some(rules.members.chance))
        .collect();
    let found = situation.schools.iter().filter_map(|school| {
        let of_run = school.grid.map(|g| &situation.grids[g]);
        let is_reached = school.target.depth_m >= rules.road.warn_depth_m
            || !school.target.closed_roads.is_empty()
            || of_run.is_some_and(|grid| grid.depth_m >= REACHED_M);
        if is_reached {
            return None;
        }
        let code = school.target.grid.as_ref();
        let grid = grids
            .iter()
            .find(|(grid, _)| Some(&grid.target.code) == code);
        let near: Vec<&&DryRoad<'_>> = closing
            .iter()
            .filter(|road| Euclidean.distance(road.line, &school.at) <= rules.school.approach_m)
            .collect();
        let chances = near.iter().filter_map(|road| road.probability.probability);
        let chance = chances
            .chain(grid.map(|(_, chance)| *chance))
            .reduce(f64::max)?;
        let times = near
            .iter()
            .filter_map(|road| first_arrival(road.probability));
        let time_s = times
            .chain(grid.map(|(grid, _)| grid.target.time_s))
            .reduce(f64::min);
        let state = SchoolState {
            target: SchoolTarget {
                time_s: time_s.unwrap_or(0.0).round(),
                closed_roads: near
                    .iter()
                    .map(|road| road.probability.id.clone())
                    .collect(),
                ..school.target.clone()
            },
            ..school.clone()
        };
        Some((state, chance))
    });
    found.collect()
}
