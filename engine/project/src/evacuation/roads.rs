//! Roads of a plan: the network, when it is closed, and the segments that close.

use stormgrid_core::message;
use stormgrid_twin::network::{Closures, RoadLine, RoadNetwork};
use stormgrid_twin::{GeometryKind, PathLine, RoadSegment};

use super::{PlanBasis, RoadCut, same_count};
use crate::ProjectError;
use crate::twin::LoadedTwin;

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

/// When the roads of a run are closed to people on foot: from the first water on, those that will be closed to all.
pub fn closures_on_foot(network: &RoadNetwork, basis: &PlanBasis) -> Closures {
    let closed = basis.roads.iter().enumerate().filter_map(|(road, water)| {
        let closes_s = water.closes_s?;
        let wet_s = water.wet_s.map_or(closes_s, |wet| wet.min(closes_s));
        Some((road, wet_s, water.reopens_s.unwrap_or(f64::INFINITY)))
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
                closed_at_end_s: water.reopens_s.is_none().then_some(basis.duration_s),
                depth_max_m: water.depth_max_m.unwrap_or(0.0),
                detour_m: network.detour_of_road(road, &closures),
            })
        })
        .collect();
    cut.sort_by(|a, b| a.closes_s.total_cmp(&b.closes_s).then(a.id.cmp(&b.id)));
    Ok(cut)
}
