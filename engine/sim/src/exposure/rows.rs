//! What exposure returns: one row per zone, building, road and facility.

use serde::{Deserialize, Serialize};

use super::hazard::HazardClass;

/// Depths from which ground counts as flooded [m], the columns of every table.
///
/// 0.05 wet; 0.15 the waterlogging criterion of GB 50014 and too deep for slow traffic; 0.30 a road
/// closed and unsafe for small cars; 0.50 the limit for emergency trucks; 1.00 unsafe to stand in.
pub const DEPTH_THRESHOLDS_M: [f64; 5] = [0.05, 0.15, 0.30, 0.50, 1.00];

/// Depths of the road columns [m]: slow traffic stopped, closed, closed to emergency trucks.
pub const ROAD_THRESHOLDS_M: [f64; 3] = [0.15, 0.30, 0.50];

/// Where a zone's number of people reached comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeopleMethod {
    /// Residents of the buildings reached, scaled so that all buildings hold the zone's people.
    Buildings,
    /// The zone's people times its flooded share at 0.15 m: no building of the zone has residents.
    Area,
}

/// Exposure of one zone (a grid of DESIGN section 5).
///
/// Areas are shares of the plane geometry times the zone's own area, so that with an ellipsoidal
/// zone area all of them are ellipsoidal. "Reached" means water of at least
/// [`Settings::reached_depth_m`](super::Settings::reached_depth_m) at the wall.
///
/// Where the model has no ground nothing is known of the water: such ground is neither dry nor flooded. A zone without
/// any modelled ground has no depth, share or people reached (`None`), and what of it lies outside is counted by
/// the fields `*_unknown`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExposureRow {
    /// The zone's code.
    pub code: String,
    /// Area of the zone [m²].
    pub area_m2: f64,
    /// Share of the zone that lies on ground of the model [-], 0 to 1.
    pub modelled_share: f64,
    /// Flooded area per entry of [`DEPTH_THRESHOLDS_M`] [m²]; `None` if nothing is modelled.
    pub flooded_area_m2: Option<[f64; 5]>,
    /// Flooded share of the whole zone per entry of [`DEPTH_THRESHOLDS_M`] [-], 0 to `modelled_share`; `None` if
    /// nothing is modelled.
    pub flooded_share: Option<[f64; 5]>,
    /// Mean of the greatest depths over the area flooded by 0.05 m or more [m]; 0 if dry, `None` if nothing is
    /// modelled.
    pub depth_mean_m: Option<f64>,
    /// Greatest depth [m]; 0 if dry, `None` if nothing is modelled.
    pub depth_max_m: Option<f64>,
    /// Greatest speed where the depth reached 0.05 m [m s⁻¹]; `None` if nothing is modelled.
    pub speed_max_mps: Option<f64>,
    /// Worst hazard class; `None` if dry or nothing is modelled.
    pub hazard_max: Option<HazardClass>,
    /// Earliest arrival of 0.05 m [s after the run's start]; `None` if dry or nothing is modelled.
    pub arrival_s: Option<f64>,
    /// Longest time above 0.15 m on any cell of the zone [s]; `None` if nothing is modelled.
    pub duration_s: Option<f64>,
    /// People of the zone; `None` if their number is not known.
    pub people: Option<f64>,
    /// People known to be in reach of the water; `None` if the number of people or the water at all of them is
    /// not known.
    pub people_reached: Option<f64>,
    /// People of whom nothing is known, since they live where the model has no ground; `None` if the number of
    /// people is not known.
    pub people_unknown: Option<f64>,
    /// How `people_reached`, `people_unknown` and `households_reached` were found.
    pub people_method: PeopleMethod,
    /// Households of the zone; `None` if their number is not known.
    pub households: Option<f64>,
    /// Households known to be in reach of the water; `None` as for people.
    pub households_reached: Option<f64>,
    /// Buildings of the zone.
    pub buildings: u32,
    /// Buildings reached.
    pub buildings_reached: u32,
    /// Buildings at which the water is not known.
    pub buildings_unknown: u32,
    /// Storeys reached, summed over the buildings.
    pub floors_reached: u32,
    /// Schools of the zone.
    pub schools: u32,
    /// Schools reached.
    pub schools_reached: u32,
    /// Schools at which the water is not known.
    pub schools_unknown: u32,
    /// Hospitals of the zone.
    pub hospitals: u32,
    /// Hospitals reached.
    pub hospitals_reached: u32,
    /// Hospitals at which the water is not known.
    pub hospitals_unknown: u32,
    /// Length of road inside the zone [m].
    pub road_length_m: f64,
    /// Length of road, bridges aside, on which the water is not known [m].
    pub road_unknown_m: f64,
    /// Length of road under water per entry of [`ROAD_THRESHOLDS_M`] [m].
    pub road_flooded_m: [f64; 3],
    /// Length of road cut, that is under 0.30 m or more [m].
    pub road_cut_m: f64,
    /// Direct damage to the buildings at which the water is known [currency of the valuation].
    pub damage: f64,
    /// Currency and price level of `damage`.
    pub damage_currency: String,
    /// Names of the depth-damage curves behind `damage`.
    pub damage_curve: String,
}

/// Exposure of one building, by its position in the list that was prepared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildingExposure {
    /// Whether the water at it is known: some open ground of the model lies at its walls.
    pub modelled: bool,
    /// Share of its footprint that lies on ground of the model [-], 0 to 1.
    pub modelled_share: f64,
    /// Greatest depth on open ground at the walls [m]; 0 if dry, `None` if it is not modelled.
    pub depth_max_m: Option<f64>,
    /// Greatest speed there [m s⁻¹]; `None` if it is not modelled.
    pub speed_max_mps: Option<f64>,
    /// Worst hazard class there; `None` if dry or not modelled.
    pub hazard_max: Option<HazardClass>,
    /// Earliest arrival of 0.05 m there [s after the run's start]; `None` if dry or not modelled.
    pub arrival_s: Option<f64>,
    /// Longest time above 0.15 m there [s]; `None` if it is not modelled.
    pub duration_s: Option<f64>,
    /// Storeys known to be reached, counted from the ground floor; 0 if the water stays below the sill.
    pub floors_reached: u32,
    /// Direct damage [currency of the valuation]; 0 if the water stays below the sill, `None` if it is not
    /// modelled.
    pub damage: Option<f64>,
}

/// Exposure of one road segment, by its position in the list that was prepared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoadExposure {
    /// Length [m].
    pub length_m: f64,
    /// Length on which the water is not known, since the model has no ground there [m]; none of a bridge.
    pub unknown_m: f64,
    /// Greatest depth on the known part of the segment [m]; `None` if nothing of it is known.
    pub depth_max_m: Option<f64>,
    /// Length under water per entry of [`ROAD_THRESHOLDS_M`] [m].
    pub flooded_m: [f64; 3],
    /// Worst hazard class; `None` if dry.
    pub hazard_max: Option<HazardClass>,
    /// Earliest arrival of 0.05 m [s after the run's start]; `None` if dry.
    pub arrival_s: Option<f64>,
}

/// Exposure of one school, hospital or other facility.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FacilityExposure {
    /// Greatest depth at the facility [m]; `None` if the model has no ground there.
    pub depth_max_m: Option<f64>,
    /// Worst hazard class; `None` if dry or not known.
    pub hazard_max: Option<HazardClass>,
    /// Arrival of 0.05 m [s after the run's start]; `None` if dry or not known.
    pub arrival_s: Option<f64>,
    /// Whether the depth is known to have reached the threshold of the settings.
    pub reached: bool,
}

/// State of one zone at one output frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZoneFrame {
    /// Share of the zone under 0.15 m or more [-]; `None` if nothing of the zone is modelled.
    pub flooded_share: Option<f64>,
    /// People known to be in reach of the water in this frame; `None` as in [`ExposureRow::people_reached`].
    pub people_reached: Option<f64>,
    /// Buildings known to be reached in this frame.
    pub buildings_reached: u32,
    /// Greatest depth in this frame [m]; `None` if nothing of the zone is modelled.
    pub depth_max_m: Option<f64>,
    /// Mean depth over the part of the zone on ground of the model, dry ground counted as zero [m]; `None` if there
    /// is none.
    pub depth_mean_m: Option<f64>,
}

impl ExposureRow {
    /// Whether any of the zone is modelled.
    pub fn is_modelled(&self) -> bool {
        self.modelled_share > 0.0
    }

    /// Flooded share at an entry of [`DEPTH_THRESHOLDS_M`] [-]; `None` if nothing is modelled.
    pub fn share_at(&self, threshold: usize) -> Option<f64> {
        self.flooded_share.map(|shares| shares[threshold])
    }
}
