//! Roads of a plan: the network, when it is closed, and the segments that close.

use std::collections::{BTreeMap, BTreeSet};

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_twin::network::{Closures, RoadLine, RoadNetwork, Route};
use stormgrid_twin::{GeometryKind, Grid, PathLine, Position, RoadSegment};

use super::way::DryLand;
use super::{PlanBasis, RoadCut, WayRule, layer_of, same_count};
use crate::ProjectError;
use crate::files;
use crate::messages::text;
use crate::storm::Bilingual;
use crate::twin::LoadedTwin;

/// Class of lines that are crossed by boat.
const FERRY: &str = "ferry";

/// The roads of a twin as a network, and its line features in order. Ferries are none of the network's roads.
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
            if segment.class != FERRY {
                roads.push(RoadLine {
                    road: segments.len(),
                    line: &path.0,
                });
            }
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

/// When people on foot no longer go on the roads of a run: from [`WayRule::depth_m`] on, at which cars still pass.
///
/// - `in_water`: roads that are never gone on, those of [`in_water`]
pub(super) fn closures_on_foot(
    network: &RoadNetwork,
    basis: &PlanBasis,
    in_water: &[usize],
) -> Closures {
    let wet = basis.roads.iter().enumerate().filter_map(|(road, water)| {
        let first = [water.wet_s, water.closes_s].into_iter().flatten();
        Some((road, first.reduce(f64::min)?, f64::INFINITY))
    });
    let never = in_water
        .iter()
        .map(|&road| (road, f64::NEG_INFINITY, f64::INFINITY));
    Closures::of_roads(network, wet.chain(never))
}

/// Roads through rivers and ponds that say that they are no bridges.
pub(super) fn in_water(
    network: &RoadNetwork,
    segments: &[&RoadSegment],
    land: &DryLand<'_>,
) -> Vec<usize> {
    let wades = |road: usize| {
        let mut edges = network.edges_of(road);
        edges.any(|edge| is_over_water(land, &network.edges()[edge.index()].line))
    };
    let denying = segments.iter().enumerate().filter(|(_, s)| s.no_bridge);
    denying
        .map(|(road, _)| road)
        .filter(|&road| wades(road))
        .collect()
}

/// Roads of ways that cross water and are not marked as bridges.
pub(super) struct OverWater<'a> {
    segments: &'a [&'a RoadSegment],
    land: &'a DryLand<'a>,
    known: BTreeMap<usize, bool>,
    ways: usize,
}

impl<'a> OverWater<'a> {
    pub(super) fn new(segments: &'a [&'a RoadSegment], land: &'a DryLand<'a>) -> Self {
        Self {
            segments,
            land,
            known: BTreeMap::new(),
            ways: 0,
        }
    }

    /// Looks at the roads of one more way.
    pub(super) fn see(&mut self, network: &RoadNetwork, route: &Route) {
        let mut crosses = false;
        for edge in &route.edges {
            let road = network.edges()[edge.index()].road;
            let (segments, land) = (self.segments, self.land);
            crosses |= *self.known.entry(road).or_insert_with(|| {
                let is_bridge = segments.get(road).is_some_and(|s| s.bridge);
                !is_bridge
                    && network
                        .edges_of(road)
                        .any(|edge| is_over_water(land, &network.edges()[edge.index()].line))
            });
        }
        self.ways += usize::from(crosses);
    }

    /// What a reader should know about them.
    pub(super) fn note(&self) -> Option<Bilingual> {
        let roads: BTreeSet<&str> = self
            .known
            .iter()
            .filter(|(_, over)| **over)
            .filter_map(|(road, _)| Some(self.segments.get(*road)?.code.as_str()))
            .collect();
        let first = roads.first()?;
        let slots = [
            ("roads", roads.len().to_string()),
            ("first", (*first).to_owned()),
            ("ways", self.ways.to_string()),
        ];
        Some(text("plan.over_water", &slots))
    }
}

/// Length of water under a line from which it is no ditch [m].
const CROSSING_M: f64 = 10.0;

/// Whether a line leads over water for a while.
fn is_over_water(land: &DryLand<'_>, line: &geo::LineString<f64>) -> bool {
    const STEP_M: f64 = 2.0;
    let mut wet_m = 0.0;
    for part in line.lines() {
        let length = part.dx().hypot(part.dy());
        let n = (length / STEP_M).ceil().clamp(1.0, 1e6);
        for k in 0..n as usize {
            let share = (k as f64 + 0.5) / n;
            let (x, y) = (
                part.start.x + share * part.dx(),
                part.start.y + share * part.dy(),
            );
            wet_m = if land.is_water(x, y) {
                wet_m + length / n
            } else {
                0.0
            };
            if wet_m >= CROSSING_M {
                return true;
            }
        }
    }
    false
}

/// How many people of a twin live near roads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoadCover {
    /// File of the roads' layer.
    pub file: String,
    /// People of all units, or of all grids where there are no units.
    pub people: f64,
    /// People among them whose unit's middle lies farther from any road than people walk.
    pub people_apart: f64,
    /// Units of those.
    pub units_apart: usize,
    /// Code of the first of these units.
    pub first: Option<String>,
}

/// Asks whether the roads of a twin reach where its people live.
pub fn road_cover(twin: &LoadedTwin, rule: &WayRule) -> RoadCover {
    let roads = twin
        .layers
        .iter()
        .find(|layer| layer.geometry == GeometryKind::Line);
    let mut cover = RoadCover {
        file: roads.map_or_else(|| "twin.toml".to_owned(), |layer| files::name(&layer.path)),
        ..RoadCover::default()
    };
    let Some(units) = layer_of(twin, "unit").or_else(|| layer_of(twin, "grid")) else {
        return cover;
    };
    let (network, _) = network(twin);
    let places = twin.twin.all::<Position>(units);
    for (unit, at) in twin.twin.all::<Grid>(units).zip(places) {
        let people = unit.people.unwrap_or(0.0);
        cover.people += people;
        let off_m = network.distance([at.0[0], at.0[1]]);
        if people > 0.0 && off_m.is_none_or(|off_m| off_m > rule.greatest_length_m) {
            cover.people_apart += people;
            cover.units_apart += 1;
            cover.first.get_or_insert_with(|| unit.code.clone());
        }
    }
    cover
}

impl RoadCover {
    /// What makes the layer look incomplete.
    pub fn findings(&self, rule: &WayRule) -> Vec<Finding> {
        let Some(first) = &self.first else {
            return Vec::new();
        };
        if self.people_apart < rule.incomplete_share * self.people {
            return Vec::new();
        }
        let text = message!(
            "finding.roads_apart",
            "the road layer may be incomplete: {people} of {all} people live more than {length} m from any road and are told as cut off; the first unit is {first}",
            people = self.people_apart.round(),
            all = self.people.round(),
            length = rule.greatest_length_m,
            first = first
        );
        vec![Finding::new(Kind::Assumed, &self.file, text).times(self.units_apart)]
    }
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
                closed_at_end_s: water.reopens_s.is_none().then_some(basis.duration_s),
                depth_max_m: water.depth_max_m.unwrap_or(0.0),
                detour_m: network.detour_of_road(road, &closures),
            })
        })
        .collect();
    cut.sort_by(|a, b| a.closes_s.total_cmp(&b.closes_s).then(a.id.cmp(&b.id)));
    Ok(cut)
}
