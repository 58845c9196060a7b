//! Flood: what the water does to a zone, from its row of exposure.
//!
//! The class is that of the Australian guideline (ARR 2019 book 6 chapter 7), the worst of any instant on
//! any cell of the zone, so that one deep pond decides it; the flooded share tells how much of the zone it
//! speaks for.

use crate::exposure::ExposureRow;

/// Position of the 0.15 m threshold in the rows of exposure.
const WATERLOGGED: usize = 1;

/// Measures of one zone; NaN where they are not known, since nothing of the zone is modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FloodMeasures {
    /// Greatest depth [m].
    pub depth_max: f64,
    /// Worst hazard class, 1 to 6; 0 if dry or not known.
    pub class: u8,
    /// Share of the zone under 0.15 m or more [-].
    pub flooded_share: f64,
    /// People in reach of the water; NaN also where the number of people is not known.
    pub people_reached: f64,
    /// First arrival of 0.05 m [s after the start].
    pub arrival: Option<f64>,
}

/// Measures of a zone from its row.
pub fn of_row(row: &ExposureRow) -> FloodMeasures {
    FloodMeasures {
        depth_max: row.depth_max_m.unwrap_or(f64::NAN),
        class: row.hazard_max.map_or(0, |class| class.number()),
        flooded_share: row.share_at(WATERLOGGED).unwrap_or(f64::NAN),
        people_reached: row.people_reached.unwrap_or(f64::NAN),
        arrival: row.arrival_s,
    }
}
