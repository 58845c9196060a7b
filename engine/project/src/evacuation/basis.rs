//! What a plan needs of a run.

use serde::{Deserialize, Serialize};
use stormgrid_core::raster::RasterGeometry;
use stormgrid_sim::exposure::{
    Assets, Facility, FacilityKind, Maxima, PreparedAssets, Settings, Valuation,
};
use stormgrid_sim::flood;
use stormgrid_twin::network::RoadThresholds;
use stormgrid_twin::{GeometryKind, PointAsset, Position};

use super::stay::{self, StayRule};
use crate::ProjectError;
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
    /// Greatest depth [m].
    pub depth_max_m: f64,
    /// Share of the zone under 0.15 m or more [-].
    pub flooded_share: f64,
    /// People of the zone who are there.
    pub people: f64,
    /// People in reach of the water.
    pub people_reached: f64,
    /// People among them who must leave.
    pub people_leave: f64,
    /// People among them who can stay above the water.
    pub people_above: f64,
}

/// Water on a road segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoadWater {
    /// Greatest depth [m].
    pub depth_max_m: f64,
    /// When it closes [s after the start]; none if it stays open.
    pub closes_s: Option<f64>,
    /// When it opens again; none if not within the run.
    pub reopens_s: Option<f64>,
}

/// Water at a shelter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlaceWater {
    /// Greatest depth [m].
    pub depth_max_m: f64,
    /// First arrival of water at it, if it floods [s after the start].
    pub floods_at_s: Option<f64>,
}

impl PlanBasis {
    /// Collects it at the end of a run.
    ///
    /// - `blocked`: cells closed by buildings
    /// - `stay`: who can stay above the water
    pub(crate) fn new(
        twin: &LoadedTwin,
        geometry: RasterGeometry,
        blocked: &[bool],
        impacts: &Impacts,
        maxima: &flood::Maxima,
        (start, duration_s): (&str, f64),
        stay: &StayRule,
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
                    .zip(splits)
                    .map(|(named, [leave, above])| ZoneWater {
                        code: named.row.code.clone(),
                        arrival_s: named.row.arrival_s.map(rounded),
                        depth_max_m: rounded(named.row.depth_max_m),
                        flooded_share: rounded(named.row.flooded_share[1]),
                        people: rounded(named.row.people),
                        people_reached: rounded(named.row.people_reached),
                        people_leave: rounded(leave),
                        people_above: rounded(above),
                    })
                    .collect(),
            });
        let closed = RoadThresholds::default().closed_m;
        // The exposure tells when the first water comes, not when it is deep enough to close a road,
        // nor when it has gone: a road that will be closed counts as closed from the first water on.
        let roads = impacts.assets.roads.iter().map(|road| RoadWater {
            depth_max_m: rounded(road.depth_max_m),
            closes_s: road
                .arrival_s
                .filter(|_| road.depth_max_m >= closed)
                .map(rounded),
            reopens_s: None,
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
        let bound = PreparedAssets::new(geometry, blocked, assets, Settings::default())?;
        let water = bound.exposure(&Maxima::from(maxima), &Valuation::jrc_china())?;
        let shelters = water.facilities.iter().map(|shelter| PlaceWater {
            depth_max_m: rounded(shelter.depth_max_m),
            floods_at_s: shelter
                .arrival_s
                .filter(|_| shelter.depth_max_m >= SHELTER_DEPTH_M)
                .map(rounded),
        });
        Ok(Self {
            start: start.to_owned(),
            duration_s,
            stay: stay.clone(),
            layers: layers.collect(),
            roads: roads.collect(),
            shelters: shelters.collect(),
        })
    }

    /// The zones of a layer.
    pub fn zones(&self, layer: &str) -> &[ZoneWater] {
        let found = self.layers.iter().find(|l| l.layer == layer);
        found.map_or(&[], |l| l.zones.as_slice())
    }
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
