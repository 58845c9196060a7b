//! Figures that are told in more than one place, each defined here once: list, card, map, report, CSV, GeoJSON, CAP and
//! plan take them from here. `docs/figures.md` tells the definitions to people.
//!
//! # Definitions
//!
//! - **Permanent water**: cells with [`PERMANENT_WATER_M`] or more at the start of the run. They are no ground that may
//!   be flooded: no area, depth, road or building is counted there, and the map does not colour them as flood.
//! - **Greatest depth** of a place: over all steps of the run, not the frames alone, on its cells without permanent
//!   water; the cells of a building are the open ones at its walls.
//! - **Closing of a road**: from the first to the last time at the closing depth of the rules for warnings
//!   (`[road] close_depth_m`), see [`road_closing`].
//! - **Sums** are sums of the rows of one layer of one run ([`LayerTotals`]). Those of an ensemble are percentiles of
//!   the sums of its members, never sums of percentiles.
//! - **Whole people**: [`whole_people`].
//! - **Flood water** of a run: what stands on ground without permanent water, [`FLOOD_WATER_M`] deep or more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::forecast::Times;
use crate::tables::NamedRow;

/// Depth at the start from which a cell is a river, pond or canal rather than ground that may be flooded [m]: the depth
/// from which ground counts as wet.
pub const PERMANENT_WATER_M: f32 = 0.05;

/// Depth from which water on the ground counts as flood water [m]; less is wet ground.
pub const FLOOD_WATER_M: f32 = 0.05;

/// Index of 0.15 m, from which ground counts as flooded, among the depths of the tables.
pub const FLOODED: usize = 1;

/// Share of the greatest volume of flood water that may be left at the end of a run that is told as whole [-].
pub const LEFT_AT_END: f64 = 0.05;

/// Which cells are water at the start.
///
/// - `initial_depth`: of the cells of a run [m]; NaN counts as dry
pub fn permanent_water(initial_depth: &[f32]) -> Vec<bool> {
    initial_depth
        .iter()
        .map(|&depth| depth >= PERMANENT_WATER_M)
        .collect()
}

/// From when until when a road is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// When it closes [s after the start], to the second; none if it stays open.
    pub closes_s: Option<f64>,
    /// When it opens again, to the second; none if it stays open, or is closed at the end of the run.
    pub reopens_s: Option<f64>,
}

/// When a road segment closes and opens again: the one definition for list, map, plan, report and warnings.
///
/// - `times`: of the run
/// - `road`: position of the segment among the assets
/// - `close_depth_m`: `[road] close_depth_m` of the rules for warnings
pub fn road_closing(times: &Times, road: usize, close_depth_m: f64) -> Closing {
    let crossing = times.road(road, close_depth_m);
    Closing {
        closes_s: crossing.rises_s.map(f64::round),
        reopens_s: crossing.falls_s.map(f64::round),
    }
}

/// Numbers of people as whole people whose sum is the rounded sum: each is rounded down, and the largest remainders,
/// the first among equal ones, get one more. What is not a number or negative counts as none.
pub fn whole_people(people: &[f64]) -> Vec<u64> {
    let known = |value: &f64| if *value > 0.0 { *value } else { 0.0 };
    let sum: f64 = people.iter().map(known).sum();
    let mut whole: Vec<u64> = people.iter().map(|p| known(p).floor() as u64).collect();
    let short = (sum.round() as u64).saturating_sub(whole.iter().sum());
    let mut order: Vec<usize> = (0..people.len())
        .filter(|&i| known(&people[i]).fract() > 0.0)
        .collect();
    order.sort_by(|&a, &b| {
        let of = |i: usize| known(&people[i]).fract();
        of(b).total_cmp(&of(a)).then(a.cmp(&b))
    });
    for &i in order
        .iter()
        .take(usize::try_from(short).unwrap_or(usize::MAX))
    {
        whole[i] += 1;
    }
    whole
}

/// Sums over the rows of a layer in one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerTotals {
    /// The layer.
    pub layer: String,
    /// Zones of it.
    pub zones: u64,
    /// Zones under 0.15 m or more somewhere.
    pub zones_hit: u64,
    /// Area under 0.15 m or more, permanent water left out [m²].
    pub flooded_area_m2: f64,
    /// Area of rivers, ponds and canals [m²].
    pub permanent_water_m2: f64,
    /// Greatest depth [m]; none if nothing is modelled.
    pub depth_max_m: Option<f64>,
    /// First arrival of 0.05 m [s after the start]; none if all stay dry.
    pub arrival_s: Option<f64>,
    /// People, of the zones whose number is known.
    pub people: f64,
    /// People known to be in reach of the water.
    pub people_reached: f64,
    /// People of whom nothing is known, since they live where the model has no ground; they are in no sum of people
    /// reached.
    #[serde(default)]
    pub people_unknown: f64,
    /// Zones whose number of people is not known; they are in no sum of people.
    #[serde(default)]
    pub zones_uncounted: u64,
    /// Zones of which a part lies outside of the modelled ground.
    #[serde(default)]
    pub zones_unmodelled: u64,
    /// The same in whole people, as lists, plan and warnings tell it.
    pub people_reached_whole: u64,
    /// Households in reach of the water.
    pub households_reached: f64,
    /// Buildings reached.
    pub buildings_reached: u64,
    /// Buildings at which the water is not known.
    #[serde(default)]
    pub buildings_unknown: u64,
    /// Schools reached.
    pub schools_reached: u64,
    /// Hospitals reached.
    pub hospitals_reached: u64,
    /// Length of road under 0.30 m or more [m].
    pub road_cut_m: f64,
    /// Direct damage, in the currency of the rows.
    pub damage: f64,
}

impl LayerTotals {
    /// Adds the rows up.
    pub fn of(layer: &str, rows: &[NamedRow]) -> Self {
        let sum =
            |of: fn(&NamedRow) -> Option<f64>| rows.iter().filter_map(of).fold(0.0, |a, b| a + b);
        let count = |of: fn(&NamedRow) -> u32| rows.iter().map(|r| u64::from(of(r))).sum();
        let arrivals = rows.iter().filter_map(|r| r.row.arrival_s);
        Self {
            layer: layer.to_owned(),
            zones: rows.len() as u64,
            zones_hit: count(|r| u32::from(is_hit(r))),
            flooded_area_m2: sum(|r| Some(r.row.flooded_area_m2?[FLOODED])),
            permanent_water_m2: sum(|r| Some(r.permanent_water_m2)),
            depth_max_m: rows
                .iter()
                .filter_map(|r| r.row.depth_max_m)
                .max_by(f64::total_cmp),
            arrival_s: arrivals.min_by(f64::total_cmp),
            people: sum(|r| r.row.people),
            people_reached: sum(|r| r.row.people_reached),
            people_unknown: sum(|r| r.row.people_unknown),
            zones_uncounted: count(|r| u32::from(r.row.people.is_none())),
            zones_unmodelled: count(|r| u32::from(r.row.modelled_share < 1.0)),
            people_reached_whole: rows.iter().filter_map(|r| r.people_reached_whole).sum(),
            households_reached: sum(|r| r.row.households_reached),
            buildings_reached: count(|r| r.row.buildings_reached),
            buildings_unknown: count(|r| r.row.buildings_unknown),
            schools_reached: count(|r| r.row.schools_reached),
            hospitals_reached: count(|r| r.row.hospitals_reached),
            road_cut_m: sum(|r| Some(r.row.road_cut_m)),
            damage: sum(|r| Some(r.row.damage)),
        }
    }
}

/// Whether a zone is under 0.15 m or more somewhere.
pub fn is_hit(row: &NamedRow) -> bool {
    row.row.share_at(FLOODED) > Some(0.0)
}

/// Flood water of a run over time, and what is left of it at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FloodEnd {
    /// Greatest volume of flood water at once [m³], of all looks.
    pub peak_m3: f64,
    /// When that was [s after the start].
    pub peak_s: f64,
    /// Volume at the end [m³].
    pub end_m3: f64,
    /// Volume at the end over the greatest one [-]; 0 of a run without flood water.
    pub left_share: f64,
    /// Road segments that are closed at the end.
    pub roads_closed: u64,
}

impl FloodEnd {
    /// Takes in the volume of flood water at a time; times ascend.
    pub(crate) fn see(&mut self, time_s: f64, volume_m3: f64) {
        if volume_m3 > self.peak_m3 {
            (self.peak_m3, self.peak_s) = (volume_m3, time_s);
        }
        self.end_m3 = volume_m3;
        self.left_share = match self.peak_m3 > 0.0 {
            true => volume_m3 / self.peak_m3,
            false => 0.0,
        };
    }

    /// Whether the run ends before the flood does: more than [`LEFT_AT_END`] of the water is there, or a road is closed.
    pub fn is_cut_off(&self) -> bool {
        self.left_share > LEFT_AT_END || self.roads_closed > 0
    }
}

/// Volume of flood water [m³].
///
/// - `depth`: of the cells [m]; `permanent`: which of them are water at the start
/// - `cell_area_m2`: of one cell
pub fn flood_water_m3(depth: &[f32], permanent: &[bool], cell_area_m2: f64) -> f64 {
    let of_ground = depth.iter().zip(permanent).filter(|(_, water)| !**water);
    let deep = of_ground.filter(|(depth, _)| **depth >= FLOOD_WATER_M);
    deep.fold(0.0, |sum, (depth, _)| sum + f64::from(*depth)) * cell_area_m2
}

/// Depth at the walls of the buildings over time, of those that water of a millimetre comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Courses {
    /// Output times of the run [s after the start].
    pub time_s: Vec<f64>,
    /// By the position of the building among the assets.
    pub buildings: BTreeMap<u32, Course>,
}

/// Depth at the walls of one building over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// At the output times [mm], rounded down, so that none is above the greatest depth.
    pub depth_mm: Vec<u32>,
    /// The look at which the greatest depth of all steps was first there [s after the start].
    pub peak_s: f64,
}

/// Depths over time, the greatest one among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DepthOverTime {
    /// Seconds after the start, ascending.
    pub time_s: Vec<f64>,
    /// Depth [m].
    pub depth_m: Vec<f64>,
}

impl Courses {
    /// The course of a building: its depth at the output times and its greatest depth at the time of that.
    ///
    /// - `depth_max_m`: greatest depth of the building, as its exposure tells it
    pub fn of(&self, building: u32, depth_max_m: f64) -> DepthOverTime {
        let mut told = DepthOverTime {
            time_s: self.time_s.clone(),
            depth_m: vec![0.0; self.time_s.len()],
        };
        let Some(course) = self.buildings.get(&building) else {
            return told;
        };
        for (depth, &mm) in told.depth_m.iter_mut().zip(&course.depth_mm) {
            *depth = (f64::from(mm) / 1000.0).min(depth_max_m);
        }
        match told.time_s.iter().position(|&time| time >= course.peak_s) {
            Some(at) if told.time_s[at] == course.peak_s => told.depth_m[at] = depth_max_m,
            at => {
                let at = at.unwrap_or(told.time_s.len());
                told.time_s.insert(at, course.peak_s);
                told.depth_m.insert(at, depth_max_m);
            }
        }
        told
    }
}

/// Watches the walls of the buildings over a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct CourseWatch {
    time_s: Vec<f64>,
    /// By output time.
    depths: Vec<Vec<u32>>,
    greatest: Vec<f64>,
    peak_s: Vec<f64>,
}

impl CourseWatch {
    /// Takes in the greatest depths of all buildings over all steps so far [m].
    pub(crate) fn look(&mut self, time_s: f64, greatest: Vec<f64>) {
        self.peak_s.resize(greatest.len(), time_s);
        self.greatest.resize(greatest.len(), 0.0);
        for ((peak, known), &now) in self.peak_s.iter_mut().zip(&self.greatest).zip(&greatest) {
            if now > *known {
                *peak = time_s;
            }
        }
        self.greatest = greatest;
    }

    /// Takes in the depths of all buildings at an output time [m].
    pub(crate) fn see(&mut self, time_s: f64, depths: &[f64]) {
        self.time_s.push(time_s);
        self.depths
            .push(depths.iter().map(|d| (d * 1000.0).floor() as u32).collect());
    }

    /// The courses.
    pub(crate) fn finish(self) -> Courses {
        let reached = (0..self.greatest.len()).filter(|&b| self.greatest[b] >= 0.001);
        let course = |b: usize| {
            let depth_mm = self.depths.iter().map(|of| of.get(b).copied().unwrap_or(0));
            let peak_s = self.peak_s[b];
            (
                b as u32,
                Course {
                    depth_mm: depth_mm.collect(),
                    peak_s,
                },
            )
        };
        Courses {
            buildings: reached.map(course).collect(),
            time_s: self.time_s,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stormgrid_sim::exposure::Crossing;

    #[test]
    fn a_road_closes_at_the_closing_depth_and_not_when_the_first_water_comes() {
        let crossing = |rises: f64, falls: Option<f64>| Crossing {
            rises_s: Some(rises),
            falls_s: falls,
        };
        let times = Times {
            depths_m: vec![0.15, 0.3],
            roads: vec![vec![
                crossing(600.0, Some(9000.0)),
                crossing(4800.4, Some(7200.6)),
            ]],
            facilities: Vec::new(),
        };
        let closing = road_closing(&times, 0, 0.3);
        assert_eq!(
            (closing.closes_s, closing.reopens_s),
            (Some(4800.0), Some(7201.0))
        );
        assert_eq!(road_closing(&times, 1, 0.3), Closing::default());
    }

    #[test]
    fn permanent_water_begins_at_five_centimetres() {
        assert_eq!(
            permanent_water(&[0.0, 0.049, 0.05, 2.0, f32::NAN]),
            [false, false, true, true, false]
        );
    }

    #[test]
    fn water_of_rivers_and_films_is_no_flood_water() {
        let depth = [0.5, 0.5, 0.04, f32::NAN, 0.05];
        let river = [false, true, false, false, false];
        assert!((flood_water_m3(&depth, &river, 100.0) - 55.0).abs() < 1e-5);
    }

    #[test]
    fn a_run_that_keeps_its_water_or_a_closed_road_is_cut_off() {
        let mut end = FloodEnd::default();
        for (time, volume) in [(0.0, 0.0), (300.0, 200.0), (600.0, 180.0)] {
            end.see(time, volume);
        }
        assert_eq!(
            (end.peak_m3, end.peak_s, end.left_share),
            (200.0, 300.0, 0.9)
        );
        assert!(end.is_cut_off());
        end.see(900.0, 10.0);
        assert!(!end.is_cut_off());
        end.roads_closed = 1;
        assert!(end.is_cut_off());
        let mut dry = FloodEnd::default();
        dry.see(0.0, 0.0);
        assert!(!dry.is_cut_off());
    }

    #[test]
    fn a_course_holds_its_greatest_depth() {
        let mut watch = CourseWatch::default();
        // 0.06 m come and go between the output times.
        watch.look(0.0, vec![0.0, 0.0]);
        watch.see(0.0, &[0.0, 0.0]);
        watch.look(300.0, vec![0.06, 0.0]);
        watch.look(600.0, vec![0.06, 0.0]);
        watch.see(1800.0, &[0.0, 0.0]);
        watch.look(1800.0, vec![0.06, 0.0]);
        let courses = watch.finish();
        let course = courses.of(0, 0.06);
        assert_eq!(course.time_s, [0.0, 300.0, 1800.0]);
        assert_eq!(course.depth_m, [0.0, 0.06, 0.0]);
        assert_eq!(courses.of(1, 0.0).depth_m, [0.0, 0.0]);
        assert_eq!(courses.buildings.len(), 1);
    }

    proptest! {
        /// The sum is the rounded sum, and nobody is further from his number than one.
        #[test]
        fn whole_people_add_up(people in prop::collection::vec(0.0f64..50.0, 0..40)) {
            let whole = whole_people(&people);
            let sum: f64 = people.iter().sum();
            prop_assert_eq!(whole.iter().sum::<u64>(), sum.round() as u64);
            for (w, p) in whole.iter().zip(&people) {
                prop_assert!((*w as f64 - p).abs() < 1.0);
            }
        }
    }
}
