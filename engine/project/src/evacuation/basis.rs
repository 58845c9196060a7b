//! What a plan needs of a run.

use serde::{Deserialize, Serialize};
use stormgrid_sim::exposure::{
    Assets, Facility, FacilityKind, Maxima, PreparedAssets, Settings, Valuation,
};
use stormgrid_sim::flood;
use stormgrid_twin::{GeometryKind, PointAsset, Position};

use super::stay::{self, StayRule};
use super::way::{WayRule, WetGround};
use crate::ProjectError;
use crate::figures::{road_closing, whole_people};
use crate::forecast::{PreparedGround, Times};
use crate::impact::Impacts;
use crate::twin::LoadedTwin;

/// File of a run folder that holds it.
pub const BASIS_FILE: &str = "plan_basis.json";

/// Kind of the points that people are brought to.
pub(crate) const SHELTER: &str = "shelter";

/// Depth from which a shelter counts as flooded [m]: a doorstep, as for buildings.
const SHELTER_DEPTH_M: f64 = 0.15;

/// What a plan needs of a run: water at zones, roads and shelters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanBasis {
    /// Start, RFC 3339.
    pub start: String,
    /// Length of the run [s].
    pub duration_s: f64,
    /// Who can stay above the water.
    pub stay: StayRule,
    /// How far people walk beside the roads, and in which water they do not.
    #[serde(default)]
    pub way: WayRule,
    /// When the ground is under water; not in runs of older programs.
    #[serde(default)]
    pub ground: Option<WetGround>,
    /// Zones of all layers.
    pub layers: Vec<LayerWater>,
    /// Road segments, in the order of the line layers.
    pub roads: Vec<RoadWater>,
    /// Shelters, in the order of the point layers.
    pub shelters: Vec<PlaceWater>,
}

/// Water at the zones of a layer, in the layer's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerWater {
    /// The layer.
    pub layer: String,
    /// Its zones.
    pub zones: Vec<ZoneWater>,
}

/// Water at a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneWater {
    /// The zone's code.
    pub code: String,
    /// First arrival of 0.05 m [s after the start].
    pub arrival_s: Option<f64>,
    /// Share of the zone on ground of the model [-].
    pub modelled_share: f64,
    /// Greatest depth [m]; `None` if nothing is modelled.
    pub depth_max_m: Option<f64>,
    /// Share of the zone under 0.15 m or more [-]; `None` if nothing is modelled.
    pub flooded_share: Option<f64>,
    /// People of the zone who are there; `None` if their number is not known.
    pub people: Option<f64>,
    /// People known to be in reach of the water; `None` if that is not known.
    pub people_reached: Option<f64>,
    /// People of whom nothing is known, since they live where the model has no ground.
    pub people_unknown: Option<f64>,
    /// Whole people among them who must leave: a part of a person on a wet floor is a person.
    pub people_leave: f64,
    /// Whole people among them who can stay above the water; with those who leave they are the people reached, whole
    /// as [`whole_people`] makes them.
    pub people_above: f64,
}

/// Water on a road segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoadWater {
    /// Greatest depth [m]; `None` if the model has no ground under it.
    pub depth_max_m: Option<f64>,
    /// Length on which the water is not known [m].
    pub unknown_m: f64,
    /// When it closes [s after the start], as [`road_closing`] tells; none if it stays open.
    pub closes_s: Option<f64>,
    /// When it opens again: the last time at that depth; none if not within the run.
    pub reopens_s: Option<f64>,
    /// When water on it first stands at [`WayRule::depth_m`]: from then on nobody walks on it.
    #[serde(default)]
    pub wet_s: Option<f64>,
}

/// Water at a shelter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaceWater {
    /// Greatest depth [m]; `None` if the model has no ground there.
    pub depth_max_m: Option<f64>,
    /// First arrival of water at it, if it floods [s after the start].
    pub floods_at_s: Option<f64>,
}

impl PlanBasis {
    /// Collects it at the end of a run.
    ///
    /// - `ground`: of the run
    /// - `rules`: who can stay above the water, and how people walk
    /// - `close_depth_m`: depth from which roads are closed [m]
    pub(crate) fn new(
        twin: &LoadedTwin,
        ground: &PreparedGround,
        (impacts, times): (&Impacts, &Times),
        maxima: &flood::Maxima,
        (start, duration_s): (&str, f64),
        (stay, way): (&StayRule, &WayRule),
        close_depth_m: f64,
    ) -> Result<Self, ProjectError> {
        let splits = stay::splits(twin, impacts, stay);
        let layers = impacts
            .layers
            .iter()
            .zip(splits)
            .map(|((layer, rows), splits)| LayerWater {
                layer: layer.clone(),
                zones: rows
                    .iter()
                    .zip(whole_splits(&splits))
                    .map(|(named, [leave, above])| ZoneWater {
                        code: named.row.code.clone(),
                        arrival_s: named.row.arrival_s.map(rounded),
                        modelled_share: rounded(named.row.modelled_share),
                        depth_max_m: named.row.depth_max_m.map(rounded),
                        flooded_share: named.row.share_at(1).map(rounded),
                        people: named.row.people.map(rounded),
                        people_reached: named.row.people_reached.map(rounded),
                        people_unknown: named.row.people_unknown.map(rounded),
                        people_leave: leave as f64,
                        people_above: above as f64,
                    })
                    .collect(),
            });
        let roads = impacts.assets.roads.iter().enumerate().map(|(i, road)| {
            let closing = road_closing(times, i, close_depth_m);
            RoadWater {
                depth_max_m: road.depth_max_m.map(rounded),
                unknown_m: rounded(road.unknown_m),
                closes_s: closing.closes_s,
                reopens_s: closing.reopens_s,
                wet_s: times.road(i, way.depth_m).rises_s.map(f64::round),
            }
        });
        let places: Vec<Facility> = shelters(twin)
            .map(|(_, at)| Facility {
                x: at[0],
                y: at[1],
                kind: FacilityKind::Other,
            })
            .collect();
        let assets = Assets {
            facilities: places,
            ..Assets::default()
        };
        let bound =
            PreparedAssets::new(ground.geometry, ground.cells(), assets, Settings::default())?;
        let water = bound.exposure(&Maxima::from(maxima), &Valuation::jrc_china())?;
        let shelters = water.facilities.iter().map(|shelter| PlaceWater {
            depth_max_m: shelter.depth_max_m.map(rounded),
            floods_at_s: shelter
                .arrival_s
                .filter(|_| shelter.depth_max_m >= Some(SHELTER_DEPTH_M))
                .map(rounded),
        });
        Ok(Self {
            start: start.to_owned(),
            duration_s,
            stay: stay.clone(),
            way: *way,
            ground: Some(WetGround::new(
                ground.geometry,
                ground.initial_level_m,
                (&ground.elevation, &ground.blocked, &ground.initial_depth),
                maxima,
                way,
            )),
            layers: layers.collect(),
            roads: roads.collect(),
            shelters: shelters.collect(),
        })
    }

    /// Road segments that are closed when the run ends.
    pub fn roads_closed_at_end(&self) -> u64 {
        let closed = |road: &&RoadWater| road.closes_s.is_some() && road.reopens_s.is_none();
        self.roads.iter().filter(closed).count() as u64
    }

    /// The zones of a layer.
    pub fn zones(&self, layer: &str) -> &[ZoneWater] {
        let found = self.layers.iter().find(|l| l.layer == layer);
        found.map_or(&[], |l| l.zones.as_slice())
    }
}

/// Who must leave and who can stay, in whole people that add up to the people reached.
fn whole_splits(splits: &[[f64; 2]]) -> Vec<[u64; 2]> {
    let reached: Vec<f64> = splits.iter().map(|[leave, above]| leave + above).collect();
    let whole = whole_people(&reached).into_iter().zip(splits);
    whole
        .map(|(reached, [leave, _])| {
            let leave = ((leave - 1e-6).max(0.0).ceil() as u64).min(reached);
            [leave, reached - leave]
        })
        .collect()
}

/// Four decimals, so that the file holds exactly what the run has, and no negative zero.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4 + 0.0
}

/// The shelters of a twin and where they are [local m], in the order of the point layers.
pub(super) fn shelters(twin: &LoadedTwin) -> impl Iterator<Item = (&PointAsset, [f64; 2])> {
    let points = twin
        .twin
        .layers()
        .iter()
        .filter(|layer| layer.geometry == GeometryKind::Point);
    points
        .flat_map(|layer| {
            let at = twin.twin.all::<Position>(layer);
            twin.twin.all::<PointAsset>(layer).zip(at)
        })
        .filter(|(point, _)| point.kind == SHELTER)
        .map(|(point, at)| (point, [at.0[0], at.0[1]]))
}
