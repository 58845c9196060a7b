//! Exposure: what the water reaches, per zone, building, road segment and facility.
//!
//! # What is modelled
//!
//! - A **zone** (town, village, grid, unit) takes every raster cell by the exact share of the cell
//!   that lies inside the zone, so that zones of a coverage add up to the raster.
//! - A **building** takes the worst of the cells at its walls: the open cells its footprint meets
//!   and the open neighbours of the cells it blocks. Its storeys are reached one by one as the
//!   water rises past each floor level.
//! - A **road** takes each cell by the exact length inside it; a bridge stays dry, since its deck is no ground.
//! - **People** are where the buildings are; without buildings they are spread evenly over the zone.
//! - **Direct damage** is a depth-damage curve times a value per square metre of floor; curve and
//!   value are data ([`Valuation`]) and named in every row.
//!
//! # Order of work
//!
//! ```text
//! PreparedAssets::new(geometry, cells, assets, settings)       once per raster
//! ZoneLayer::prepare(&assets, zones)                           once per raster and layer
//! assets.exposure(&maxima, &valuation)                         per run
//! layer.rows(&assets, &maxima, &asset_exposure)                per run and layer
//! layer.frame(&assets, depth, &assets.building_depths(depth))  per output frame and layer
//! ```
//!
//! Everything is a pure function over slices. Zones are computed in parallel and each sums its own
//! cells in raster order, so the result does not depend on the number of threads.
//!
//! # Unknown is not dry
//!
//! Where the raster has no ground ([`Cells::ground`]), and outside of it, nothing is known of the water. A zone tells the
//! share that is modelled, people, buildings, schools and roads of which nothing is known; a building, facility or
//! road there has no depth (`None`), never a depth of 0.
//!
//! # What is left out
//!
//! Basements, dry-proofing, the height of a ground floor above the street, traffic, time of day,
//! and indirect damage. A building's people all count as reached once its wall is.

mod assets;
mod crossings;
mod damage;
mod hazard;
mod lines;
mod rows;
mod zones;

#[cfg(test)]
mod tests;

pub use assets::{
    AssetExposure, Assets, Building, Cells, ExposureError, Facility, FacilityKind, Maxima,
    PreparedAssets, Road, Settings, floors_reached,
};
pub use crossings::{Crossing, Crossings};
pub use damage::{DamageCurve, Occupancy, OccupancyValue, Valuation};
pub use hazard::HazardClass;
pub use rows::{
    BuildingExposure, DEPTH_THRESHOLDS_M, ExposureRow, FacilityExposure, PeopleMethod,
    ROAD_THRESHOLDS_M, RoadExposure, ZoneFrame,
};
pub use zones::{Zone, ZoneLayer};

/// The sum of values; of none it is 0, where `Iterator::sum` has −0, which tables would show.
fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}
