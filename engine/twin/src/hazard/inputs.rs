//! What the hazards of this crate find in a run's world. All of it is in the twin's local metres.

use std::collections::BTreeMap;
use std::sync::Arc;

use bevy_ecs::prelude::Resource;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::{Raster, RasterGeometry};
use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;
use stormgrid_sim::exposure::ExposureRow;
use stormgrid_sim::typhoon::TyphoonModel;

/// When a run takes place.
#[derive(Resource, Clone, Copy, Debug)]
pub struct RunTime {
    /// Its start.
    pub start: Instant,
    /// Its length [s].
    pub duration_s: f64,
}

/// Exposure of every zone, by layer.
#[derive(Resource, Clone, Debug, Default)]
pub struct FloodRows(pub BTreeMap<String, Vec<ExposureRow>>);

/// The storm.
#[derive(Resource, Clone)]
pub struct Storm(pub Arc<TyphoonModel>);

/// Rate of rain [m s⁻¹] at a time [s after the start], x and y.
pub type RainRate = Arc<dyn Fn(f64, f64, f64) -> f64 + Send + Sync>;

/// The rain.
#[derive(Resource, Clone)]
pub struct Rainfall(pub RainRate);

/// The sea at the coast, and the ground between it and the zones.
#[derive(Resource, Clone, Debug)]
pub struct Sea {
    /// Level over the run [m above the datum].
    pub level: Series,
    /// Cells of the ground.
    pub geometry: RasterGeometry,
    /// Ground with the crests of dikes [m]; NaN outside.
    pub elevation: Vec<f64>,
    /// Cells where the sea comes in.
    pub cells: Vec<CellIdx>,
    /// Cells that are water at the start.
    pub water: Vec<bool>,
}

/// Tangents of the ground's slopes.
#[derive(Resource, Clone, Debug)]
pub struct Slopes(pub Raster<f64>);

/// A low place of a road.
#[derive(Clone, Debug, PartialEq)]
pub struct RoadSpot {
    /// Code of the road segment.
    pub road: String,
    /// Name of the underpass, or of the road.
    pub name: String,
    /// Whether the data call it an underpass; else it is a dip in the ground.
    pub underpass: bool,
    /// Where it is.
    pub at: [f64; 2],
    /// Depth at which water would run over the lower side [m], where the ground shows it.
    pub rim_depth_m: Option<f64>,
    /// Greatest depth in the run [m].
    pub depth_max_m: f64,
    /// First arrival of water [s after the start].
    pub arrival_s: Option<f64>,
}

/// The low places of all roads.
#[derive(Resource, Clone, Debug, Default)]
pub struct RoadSpots(pub Vec<RoadSpot>);
