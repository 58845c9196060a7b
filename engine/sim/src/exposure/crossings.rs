//! When water rises over a threshold at a place, and when it has fallen below for good.
//!
//! Depths are looked at from time to time; between two looks they are taken as a straight line. The greatest depth of
//! all steps so far tells what came and went between two looks: then the rise is put at the look before and the fall
//! at the look after. With looks `d` seconds apart the first rise is therefore wrong by less than `d`, and a place is
//! crossed exactly when its greatest depth says so. A later wave that comes and goes between two looks does not move
//! the fall.

use serde::{Deserialize, Serialize};

/// When one place stood at or above one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// First time at the threshold [s after the start]; `None` if it was never reached.
    pub rises_s: Option<f64>,
    /// Last time at the threshold [s after the start]; `None` if never reached, or not yet fallen at the end.
    pub falls_s: Option<f64>,
}

/// Watches places of one kind over a run.
#[derive(Clone, Debug)]
pub struct Crossings {
    thresholds: Vec<f64>,
    places: Vec<Place>,
    last_look_s: Option<f64>,
}

#[derive(Clone, Debug)]
struct Place {
    depth: f64,
    crossings: Vec<Crossing>,
}

impl Crossings {
    /// Nothing seen yet.
    ///
    /// - `thresholds`: depths [m], above zero
    pub fn new(n_places: usize, thresholds: &[f64]) -> Self {
        let place = Place {
            depth: 0.0,
            crossings: vec![Crossing::default(); thresholds.len()],
        };
        Self {
            thresholds: thresholds.to_vec(),
            places: vec![place; n_places],
            last_look_s: None,
        }
    }

    /// Takes in the depths at a time. A time that is not after the last one changes nothing.
    ///
    /// - `depths`: of every place now [m]
    /// - `greatest`: of every place over all steps so far, not below `depths` [m]
    pub fn see(&mut self, time_s: f64, depths: &[f64], greatest: &[f64]) {
        if self.last_look_s.is_some_and(|last| time_s <= last) {
            return;
        }
        let before_s = self.last_look_s.unwrap_or(time_s);
        let first = self.last_look_s.is_none();
        for ((place, &depth), &greatest) in self.places.iter_mut().zip(depths).zip(greatest) {
            let from = if first { depth } else { place.depth };
            for (crossing, &threshold) in place.crossings.iter_mut().zip(&self.thresholds) {
                let share = (threshold - from) / (depth - from);
                let at = before_s + share * (time_s - before_s);
                match (from >= threshold, depth >= threshold) {
                    (false, true) => {
                        crossing.rises_s = crossing.rises_s.or(Some(at));
                        crossing.falls_s = None;
                    }
                    (true, false) => crossing.falls_s = Some(at),
                    (true, true) if first => crossing.rises_s = Some(time_s),
                    (false, false) if crossing.rises_s.is_none() && greatest >= threshold => {
                        *crossing = Crossing {
                            rises_s: Some(before_s),
                            falls_s: Some(time_s),
                        };
                    }
                    _ => {}
                }
            }
            place.depth = depth;
        }
        self.last_look_s = Some(time_s);
    }

    /// The crossings of every place, one for each threshold.
    pub fn finish(self) -> Vec<Vec<Crossing>> {
        self.places
            .into_iter()
            .map(|place| place.crossings)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Looks at one place; between looks it is as deep as at one of them unless told.
    fn watch(looks: &[(f64, f64)], between: &[f64]) -> Vec<Crossing> {
        let mut crossings = Crossings::new(1, &[0.15, 0.30]);
        let mut greatest: f64 = 0.0;
        for (k, &(time, depth)) in looks.iter().enumerate() {
            greatest = greatest
                .max(depth)
                .max(between.get(k).copied().unwrap_or(0.0));
            crossings.see(time, &[depth], &[greatest]);
        }
        crossings.finish().remove(0)
    }

    #[test]
    fn a_hydrograph_of_straight_lines_is_crossed_where_its_lines_are() {
        // Up by 1 mm a second from 100 s, down by 0.5 mm a second from 500 s.
        let depth = |t: f64| (1e-3 * (t - 100.0)).clamp(0.0, (0.4 - 5e-4 * (t - 500.0)).max(0.0));
        let looks: Vec<_> = (0..=20)
            .map(|k| (100.0 * f64::from(k), depth(100.0 * f64::from(k))))
            .collect();
        let [low, high] = watch(&looks, &[])[..] else {
            panic!("two thresholds");
        };
        let near = |found: Option<f64>, exact: f64| {
            assert!(
                (found.expect("crossed") - exact).abs() < 1e-9,
                "{found:?} {exact}"
            );
        };
        near(low.rises_s, 250.0);
        near(high.rises_s, 400.0);
        near(high.falls_s, 700.0);
        near(low.falls_s, 1000.0);
    }

    #[test]
    fn a_second_wave_moves_the_end_and_not_the_beginning() {
        let looks = [
            (0.0, 0.0),
            (100.0, 0.3),
            (200.0, 0.0),
            (300.0, 0.3),
            (400.0, 0.3),
            (500.0, 0.0),
        ];
        let low = watch(&looks, &[])[0];
        assert_eq!((low.rises_s, low.falls_s), (Some(50.0), Some(450.0)));
    }

    #[test]
    fn water_that_stays_has_no_end_and_water_from_the_start_begins_there() {
        assert_eq!(watch(&[(0.0, 0.0), (10.0, 0.3)], &[])[0].falls_s, None);
        let from_start = watch(&[(5.0, 0.2), (10.0, 0.0)], &[])[0];
        assert_eq!(
            (from_start.rises_s, from_start.falls_s),
            (Some(5.0), Some(6.25))
        );
    }

    #[test]
    fn what_came_and_went_between_looks_is_bracketed() {
        let looks = [
            (0.0, 0.0),
            (100.0, 0.1),
            (200.0, 0.05),
            (300.0, 0.2),
            (400.0, 0.0),
        ];
        let [low, high] = watch(&looks, &[0.0, 0.2, 0.0, 0.2, 0.0])[..] else {
            panic!("two thresholds");
        };
        // First between 0 and 100 s, for good between 300 and 400 s.
        assert_eq!((low.rises_s, low.falls_s), (Some(0.0), Some(325.0)));
        assert_eq!(high, Crossing::default());
    }

    proptest! {
        /// The greatest depth alone decides whether there is a crossing, its first rise lies between the looks around
        /// it, and times lie within the run in order.
        #[test]
        fn a_threshold_is_crossed_exactly_when_the_greatest_depth_reaches_it(
            looks in prop::collection::vec((0.0f64..0.5, 0.0f64..0.5), 2..30),
        ) {
            let times: Vec<_> = looks.iter().enumerate().map(|(k, &(d, _))| (60.0 * k as f64, d)).collect();
            let between: Vec<f64> = looks.iter().enumerate().map(|(k, &(_, b))| if k > 0 { b } else { 0.0 }).collect();
            let end = times[times.len() - 1].0;
            for (crossing, threshold) in watch(&times, &between).into_iter().zip([0.15, 0.30]) {
                let first = times.iter().zip(&between).position(|((_, d), b)| d.max(*b) >= threshold);
                prop_assert_eq!(crossing.rises_s.is_some(), first.is_some());
                if let (Some(rises), Some(first)) = (crossing.rises_s, first) {
                    let look = 60.0 * first as f64;
                    prop_assert!((look - 60.0..=look).contains(&rises));
                    prop_assert!(crossing.falls_s.is_none_or(|falls| falls >= rises && falls <= end));
                }
            }
        }
    }
}
