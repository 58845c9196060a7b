//! Surge: the sea's still level against the ground and the crests on the way inland.
//!
//! # What is modelled
//!
//! The *spill level* of a cell is the level at which the sea, standing still, first gets there: over all
//! ways from the sea to the cell, the least of the greatest ground heights on the way. It does not depend on
//! the storm. With a level L of the sea, a cell whose spill level lies below L is reached, one above it is
//! kept dry by a crest with a *freeboard* of spill level minus L.
//!
//! The search is a priority flood (Barnes, Lehman & Mulla 2014, Computers & Geosciences 62, 117–127) seeded
//! at the sea; water passes between cells that share a side, as in the flood solver.
//!
//! # What is left out
//!
//! Time: a surge of some hours does not fill a polder to the sea's level, nor does a river carry its
//! level inland unchanged, so that this is an upper bound and the flood run is the forecast. Waves that
//! overtop, dikes that break, gates that are open.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;
use stormgrid_core::geo::MultiPolygon;
use stormgrid_core::ids::CellIdx;
use stormgrid_core::raster::RasterGeometry;
use stormgrid_core::series::Series;
use stormgrid_core::zonal::covered_fractions;

/// A cell that waits for its neighbours, the lowest spill level first.
struct Waiting {
    level: f64,
    cell: usize,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first.
        other
            .level
            .total_cmp(&self.level)
            .then(other.cell.cmp(&self.cell))
    }
}

/// Spill level of every cell [m]; infinite where no way leads from the sea.
///
/// - `elevation`: ground with its crests [m], row by row from the north-west; not finite where water
///   cannot pass
/// - `sea`: cells where the sea stands
pub fn spill_levels(geometry: &RasterGeometry, elevation: &[f64], sea: &[CellIdx]) -> Vec<f64> {
    let n_cols = geometry.n_cols;
    let mut spill = vec![f64::INFINITY; elevation.len()];
    let mut waiting = BinaryHeap::new();
    for cell in sea {
        let i = cell.index();
        if elevation.get(i).is_some_and(|z| z.is_finite()) && spill[i].is_infinite() {
            spill[i] = elevation[i];
            waiting.push(Waiting {
                level: elevation[i],
                cell: i,
            });
        }
    }
    while let Some(Waiting { level, cell }) = waiting.pop() {
        let col = cell % n_cols;
        let west = (col > 0).then(|| cell - 1);
        let east = (col + 1 < n_cols).then(|| cell + 1);
        let north = cell.checked_sub(n_cols);
        let south = Some(cell + n_cols).filter(|&i| i < elevation.len());
        for next in [west, east, north, south].into_iter().flatten() {
            if spill[next].is_infinite() && elevation[next].is_finite() {
                spill[next] = level.max(elevation[next]);
                waiting.push(Waiting {
                    level: spill[next],
                    cell: next,
                });
            }
        }
    }
    spill
}

/// What the sea means for one zone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SurgeMeasures {
    /// Level of the sea above the lowest spill level of the zone [m]; negative is freeboard. Minus infinity where
    /// the sea cannot come, and where the zone has no land.
    pub above_crest: f64,
    /// That spill level [m above the datum].
    pub spill_level: f64,
    /// Share of the zone's land that lies below the sea's level [-], behind crests or not.
    pub below_share: f64,
    /// Share of the zone's land that the sea reaches [-].
    pub reached_share: f64,
    /// Mean depth on the land reached [m].
    pub depth_mean: f64,
}

/// Ground and spill levels of a run.
#[derive(Clone, Copy, Debug)]
pub struct Coast<'a> {
    /// Where the cells lie.
    pub geometry: &'a RasterGeometry,
    /// Ground [m].
    pub elevation: &'a [f64],
    /// What [`spill_levels`] gives for it [m].
    pub spill: &'a [f64],
    /// Cells that are water anyway: river, pond, sea.
    pub water: &'a [bool],
}

/// Measures of zones, in their order.
///
/// - `sea_level`: greatest still level of the sea [m above the datum]
/// - `low_share`: share of the zone's land that is left out below the spill level that counts [-], so that
///   a strip of foreland before the dike does not speak for the zone; 0.05 is usual
pub fn zones(
    coast: &Coast<'_>,
    zones: &[&MultiPolygon<f64>],
    sea_level: f64,
    low_share: f64,
) -> Vec<SurgeMeasures> {
    zones
        .par_iter()
        .map(|zone| coast.zone(zone, sea_level, low_share))
        .collect()
}

impl Coast<'_> {
    fn zone(&self, zone: &MultiPolygon<f64>, sea_level: f64, low_share: f64) -> SurgeMeasures {
        let mut land: Vec<(f64, f64)> = Vec::new();
        let (mut all, mut below, mut reached, mut volume) = (0.0, 0.0, 0.0, 0.0);
        for covered in covered_fractions(self.geometry, zone) {
            let i = covered.cell.index();
            let z = self.elevation[i];
            if !z.is_finite() || self.water.get(i).is_some_and(|w| *w) {
                continue;
            }
            all += covered.fraction;
            land.push((self.spill[i], covered.fraction));
            if z < sea_level {
                below += covered.fraction;
            }
            if self.spill[i] < sea_level {
                reached += covered.fraction;
                volume += covered.fraction * (sea_level - z);
            }
        }
        if all <= 0.0 {
            return SurgeMeasures {
                above_crest: f64::NEG_INFINITY,
                spill_level: f64::INFINITY,
                ..SurgeMeasures::default()
            };
        }
        land.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut passed = 0.0;
        let spill_level = land
            .iter()
            .find(|(_, share)| {
                passed += share;
                passed > low_share * all
            })
            .or(land.last())
            .map_or(f64::INFINITY, |(level, _)| *level);
        SurgeMeasures {
            above_crest: sea_level - spill_level,
            spill_level,
            below_share: below / all,
            reached_share: reached / all,
            depth_mean: if reached > 0.0 { volume / reached } else { 0.0 },
        }
    }
}

/// When a series first rises above a level [s]; `None` if it never does.
pub fn first_above(series: &Series, level: f64) -> Option<f64> {
    let above = series.value.iter().position(|v| *v > level)?;
    let Some(before) = above.checked_sub(1) else {
        return series.time_s.first().copied();
    };
    let (v0, v1) = (series.value[before], series.value[above]);
    let share = (level - v0) / (v1 - v0);
    Some(series.time_s[before] + share * (series.time_s[above] - series.time_s[before]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stormgrid_core::geo::polygon;

    fn row(n: usize) -> RasterGeometry {
        RasterGeometry::new(n, 1, 0.0, 10.0, 10.0, 10.0).expect("valid")
    }

    fn square(x0: f64, x1: f64) -> MultiPolygon<f64> {
        polygon![(x: x0, y: 0.0), (x: x1, y: 0.0), (x: x1, y: 10.0), (x: x0, y: 10.0)].into()
    }

    /// Sea, dike of 3 m, polder at 1 m, hill of 5 m, hollow at 0 m behind it.
    const GROUND: [f64; 7] = [-2.0, 3.0, 1.0, 1.0, 5.0, 0.0, 4.0];

    fn measures(sea_level: f64, zone: &MultiPolygon<f64>) -> SurgeMeasures {
        let geometry = row(7);
        let spill = spill_levels(&geometry, &GROUND, &[CellIdx(0)]);
        let water = GROUND.map(|z| z < -1.0);
        let coast = Coast {
            geometry: &geometry,
            elevation: &GROUND,
            spill: &spill,
            water: &water,
        };
        zones(&coast, &[zone], sea_level, 0.05)[0]
    }

    #[test]
    fn a_dike_of_three_metres_keeps_half_a_metre_from_a_sea_of_two_and_a_half() {
        let polder = square(20.0, 40.0);
        let held = measures(2.5, &polder);
        assert_eq!((held.above_crest, held.spill_level), (-0.5, 3.0));
        assert_eq!((held.below_share, held.reached_share), (1.0, 0.0));
        let over = measures(3.25, &polder);
        assert_eq!((over.above_crest, over.reached_share), (0.25, 1.0));
        assert_eq!(over.depth_mean, 2.25);
        // The hollow is lower than all, and behind the highest crest.
        assert_eq!(measures(3.25, &square(50.0, 60.0)).above_crest, 3.25 - 5.0);
    }

    #[test]
    fn a_strip_of_foreland_does_not_speak_for_a_zone() {
        let geometry = row(30);
        let mut ground = vec![1.0; 30];
        (ground[0], ground[1], ground[2]) = (-2.0, 0.5, 4.0);
        let spill = spill_levels(&geometry, &ground, &[CellIdx(0)]);
        let coast = Coast {
            geometry: &geometry,
            elevation: &ground,
            spill: &spill,
            water: &[],
        };
        // One cell of 29 lies before the dike.
        let zone = square(10.0, 300.0);
        assert_eq!(zones(&coast, &[&zone], 2.0, 0.05)[0].above_crest, -2.0);
        assert_eq!(zones(&coast, &[&zone], 2.0, 0.0)[0].above_crest, 1.5);
    }

    #[test]
    fn water_and_places_off_the_map_have_no_land() {
        for zone in [square(0.0, 10.0), square(900.0, 910.0)] {
            let none = measures(9.0, &zone);
            assert_eq!(none.above_crest, f64::NEG_INFINITY);
            assert_eq!((none.reached_share, none.depth_mean), (0.0, 0.0));
        }
    }

    #[test]
    fn the_level_is_first_above_between_two_values() {
        let series = Series::new(vec![0.0, 600.0, 1200.0], vec![1.0, 2.0, 4.0]).expect("valid");
        assert_eq!(first_above(&series, 3.0), Some(900.0));
        assert_eq!(first_above(&series, 0.5), Some(0.0));
        assert_eq!(first_above(&series, 4.0), None);
    }

    /// The definition itself: the lowest level at which a fill from the sea over ground no higher than it gets
    /// to a cell.
    fn by_brute_force(n_cols: usize, ground: &[f64], sea: usize) -> Vec<f64> {
        let mut levels: Vec<f64> = ground.to_vec();
        levels.sort_by(f64::total_cmp);
        let mut spill = vec![f64::INFINITY; ground.len()];
        for level in levels {
            if ground[sea] > level {
                continue;
            }
            let mut reached = vec![false; ground.len()];
            let mut stack = vec![sea];
            while let Some(i) = stack.pop() {
                if reached[i] {
                    continue;
                }
                reached[i] = true;
                spill[i] = spill[i].min(level);
                let (r, c) = (i / n_cols, i % n_cols);
                for j in 0..ground.len() {
                    let (rj, cj) = (j / n_cols, j % n_cols);
                    if r.abs_diff(rj) + c.abs_diff(cj) == 1 && ground[j] <= level {
                        stack.push(j);
                    }
                }
            }
        }
        spill
    }

    proptest! {
        #[test]
        fn spill_levels_are_those_of_brute_force(
            ground in prop::collection::vec(0u8..12, 30),
            sea in 0usize..30,
        ) {
            let ground: Vec<f64> = ground.iter().map(|z| f64::from(*z)).collect();
            let geometry = RasterGeometry::new(6, 5, 0.0, 50.0, 10.0, 10.0).expect("valid");
            let found = spill_levels(&geometry, &ground, &[CellIdx::from(sea)]);
            prop_assert_eq!(found, by_brute_force(6, &ground, sea));
        }

        #[test]
        fn a_higher_sea_never_reaches_less(
            ground in prop::collection::vec(0u8..12, 30),
            level in 0.0f64..12.0,
            rise in 0.0f64..3.0,
        ) {
            let ground: Vec<f64> = ground.iter().map(|z| f64::from(*z)).collect();
            let geometry = RasterGeometry::new(6, 5, 0.0, 50.0, 10.0, 10.0).expect("valid");
            let spill = spill_levels(&geometry, &ground, &[CellIdx(0)]);
            let coast = Coast { geometry: &geometry, elevation: &ground, spill: &spill, water: &[] };
            let zone: MultiPolygon<f64> = polygon![
                (x: 7.0, y: 3.0), (x: 44.0, y: 12.0), (x: 51.0, y: 48.0), (x: 13.0, y: 33.0)
            ].into();
            let [low, high] = [level, level + rise].map(|l| zones(&coast, &[&zone], l, 0.05)[0]);
            prop_assert!(high.above_crest >= low.above_crest);
            prop_assert!(high.reached_share >= low.reached_share);
            prop_assert!(high.below_share >= low.below_share);
        }
    }
}
