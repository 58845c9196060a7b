//! When water rises over a threshold at a place, and when it has fallen below for good.
//!
//! Depths are looked at from time to time; between two looks they are taken as a straight line. With looks
//! `d` seconds apart a crossing is therefore wrong by less than `d`. What no look has seen, because the
//! water came and went between two of them, is told by the greatest depth of all steps, and then the time is
//! that from the look before the deepest one to the look after it: too early and too late rather than not at all.

/// When one place stood at or above one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    /// Greatest depth of the looks, and the looks before, at and after it [s].
    deepest: f64,
    around: [f64; 3],
}

impl Crossings {
    /// Nothing seen yet.
    ///
    /// - `thresholds`: depths [m], above zero
    pub fn new(n_places: usize, thresholds: &[f64]) -> Self {
        let place = Place {
            depth: 0.0,
            crossings: vec![Crossing::default(); thresholds.len()],
            deepest: 0.0,
            around: [0.0; 3],
        };
        Self {
            thresholds: thresholds.to_vec(),
            places: vec![place; n_places],
            last_look_s: None,
        }
    }

    /// Takes in the depths at a time. A time that is not after the last one changes nothing.
    ///
    /// - `depths`: of every place [m]
    pub fn see(&mut self, time_s: f64, depths: &[f64]) {
        if self.last_look_s.is_some_and(|last| time_s <= last) {
            return;
        }
        let before_s = self.last_look_s.unwrap_or(time_s);
        let first = self.last_look_s.is_none();
        for (place, &depth) in self.places.iter_mut().zip(depths) {
            let from = if first { depth } else { place.depth };
            for (crossing, &threshold) in place.crossings.iter_mut().zip(&self.thresholds) {
                let (was, is) = (from >= threshold, depth >= threshold);
                let share = (threshold - from) / (depth - from);
                let at = before_s + share * (time_s - before_s);
                match (was, is) {
                    (true, true) if first => crossing.rises_s = Some(time_s),
                    (false, true) => {
                        crossing.rises_s = crossing.rises_s.or(Some(at));
                        crossing.falls_s = None;
                    }
                    (true, false) => crossing.falls_s = Some(at),
                    _ => {}
                }
            }
            if place.around[1] == before_s {
                place.around[2] = time_s;
            }
            if depth > place.deepest {
                place.deepest = depth;
                place.around = [before_s, time_s, time_s];
            }
            place.depth = depth;
        }
        self.last_look_s = Some(time_s);
    }

    /// The crossings of every place, one for each threshold.
    ///
    /// - `depth_max`: greatest depth of every place over all steps [m]; it decides whether a threshold was
    ///   reached at all, the looks decide when
    pub fn finish(self, depth_max: &[f64]) -> Vec<Vec<Crossing>> {
        let thresholds = self.thresholds;
        let told = |place: Place, greatest: f64| {
            let pairs = place.crossings.into_iter().zip(&thresholds);
            pairs
                .map(
                    |(seen, &threshold)| match (greatest >= threshold, seen.rises_s) {
                        (true, None) => Crossing {
                            rises_s: Some(place.around[0]),
                            falls_s: (place.around[2] > place.around[1]).then_some(place.around[2]),
                        },
                        (true, Some(_)) => seen,
                        (false, _) => Crossing::default(),
                    },
                )
                .collect()
        };
        self.places
            .into_iter()
            .zip(depth_max)
            .map(|(place, &greatest)| told(place, greatest))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn watch(looks: &[(f64, f64)], depth_max: f64) -> Vec<Crossing> {
        let mut crossings = Crossings::new(1, &[0.15, 0.30]);
        for &(time, depth) in looks {
            crossings.see(time, &[depth]);
        }
        crossings.finish(&[depth_max]).remove(0)
    }

    #[test]
    fn a_hydrograph_of_straight_lines_is_crossed_where_its_lines_are() {
        // Up by 1 mm a second from 100 s, down by 0.5 mm a second from 500 s.
        let depth = |t: f64| (1e-3 * (t - 100.0)).clamp(0.0, (0.4 - 5e-4 * (t - 500.0)).max(0.0));
        let looks: Vec<_> = (0..=20)
            .map(|k| (100.0 * f64::from(k), depth(100.0 * f64::from(k))))
            .collect();
        let [low, high] = watch(&looks, 0.4)[..] else {
            panic!("two thresholds");
        };
        let near = |found: Option<f64>, exact: f64| {
            assert!(
                (found.expect("crossed") - exact).abs() < 1e-9,
                "{found:?} {exact}"
            )
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
        let low = watch(&looks, 0.3)[0];
        assert_eq!((low.rises_s, low.falls_s), (Some(50.0), Some(450.0)));
    }

    #[test]
    fn water_that_stays_has_no_end_and_water_from_the_start_begins_there() {
        assert_eq!(watch(&[(0.0, 0.0), (10.0, 0.3)], 0.3)[0].falls_s, None);
        let from_start = watch(&[(5.0, 0.2), (10.0, 0.0)], 0.2)[0];
        assert_eq!(
            (from_start.rises_s, from_start.falls_s),
            (Some(5.0), Some(7.5))
        );
    }

    #[test]
    fn what_came_and_went_between_looks_is_bracketed() {
        let looks = [(0.0, 0.0), (100.0, 0.1), (200.0, 0.05), (300.0, 0.0)];
        let [low, high] = watch(&looks, 0.2)[..] else {
            panic!("two thresholds");
        };
        assert_eq!((low.rises_s, low.falls_s), (Some(0.0), Some(200.0)));
        assert_eq!(high, Crossing::default());
    }

    proptest! {
        /// The greatest depth alone decides whether there is a crossing, and times lie within the run in order.
        #[test]
        fn a_threshold_is_crossed_exactly_when_the_greatest_depth_reaches_it(
            depths in prop::collection::vec(0.0f64..0.5, 2..30), more in 0.0f64..0.1,
        ) {
            let looks: Vec<_> = depths.iter().enumerate().map(|(k, &d)| (60.0 * k as f64, d)).collect();
            let greatest = depths.iter().copied().fold(0.0, f64::max) + more;
            for (crossing, threshold) in watch(&looks, greatest).into_iter().zip([0.15, 0.30]) {
                prop_assert_eq!(crossing.rises_s.is_some(), greatest >= threshold);
                let end = looks[looks.len() - 1].0;
                if let Some(rises) = crossing.rises_s {
                    prop_assert!((0.0..=end).contains(&rises));
                    prop_assert!(crossing.falls_s.is_none_or(|falls| falls >= rises && falls <= end));
                }
            }
        }
    }
}
