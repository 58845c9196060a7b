//! Rain between gauges.

use serde::{Deserialize, Serialize};

/// How a rate at a place follows from those at gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Means weighted by 1 over the square of the distance (Shepard 1968, Proc. 23rd ACM Conf., 517–524).
    #[default]
    InverseDistance,
    /// The nearest gauge that reports: polygons of Thiessen (1911), Mon. Wea. Rev. 39, 1082–1084.
    Nearest,
}

/// A gauge: where, and what it measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// Place [m].
    pub at: [f64; 2],
    /// Rate at times, in order of time [s; m s⁻¹]; `None` where it did not report.
    pub rate: Vec<(f64, Option<f64>)>,
}

impl Gauge {
    /// The rate at a time and right after it [m s⁻¹], linear between two reports; `None` before the first, after the
    /// last, and where the next report is missing.
    pub fn at_time(&self, time: f64) -> Option<f64> {
        let after = self.rate.partition_point(|(t, _)| *t <= time);
        let (t0, v0) = *self.rate.get(after.checked_sub(1)?)?;
        let Some(&(t1, v1)) = self.rate.get(after) else {
            return v0.filter(|_| t0 == time);
        };
        let share = (time - t0) / (t1 - t0);
        Some(v0? * (1.0 - share) + v1? * share)
    }
}

/// Distance within which a place is the gauge itself [m].
const AT_THE_GAUGE: f64 = 1.0;

/// The rate at a place and a time [m s⁻¹]; 0 if no gauge reports then.
pub fn rain_between(gauges: &[Gauge], spread: Spread, time: f64, at: [f64; 2]) -> f64 {
    let distance = |gauge: &Gauge| (gauge.at[0] - at[0]).hypot(gauge.at[1] - at[1]);
    let reporting = gauges
        .iter()
        .filter_map(|gauge| Some((distance(gauge), gauge.at_time(time)?)));
    match spread {
        Spread::Nearest => reporting
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(0.0, |(_, rate)| rate),
        Spread::InverseDistance => {
            let (mut sum, mut weights) = (0.0, 0.0);
            for (distance, rate) in reporting {
                if distance < AT_THE_GAUGE {
                    return rate;
                }
                let weight = distance.powi(-2);
                sum += weight * rate;
                weights += weight;
            }
            if weights > 0.0 { sum / weights } else { 0.0 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(x: f64, rates: [Option<f64>; 3]) -> Gauge {
        let times = [0.0, 600.0, 1200.0];
        Gauge {
            at: [x, 0.0],
            rate: times.into_iter().zip(rates).collect(),
        }
    }

    #[test]
    fn weights_fall_with_the_square_of_the_distance() {
        let gauges = [gauge(0.0, [Some(1.0); 3]), gauge(3000.0, [Some(4.0); 3])];
        let rate = |x: f64, spread| rain_between(&gauges, spread, 300.0, [x, 0.0]);
        // By hand, 1 km from the one and 2 km from the other: (1·1 + 4/4) / (1 + 1/4) = 1.6.
        assert!((rate(1000.0, Spread::InverseDistance) - 1.6).abs() < 1e-12);
        assert_eq!(rate(0.3, Spread::InverseDistance), 1.0);
        assert_eq!(rate(1499.0, Spread::Nearest), 1.0);
        assert_eq!(rate(1501.0, Spread::Nearest), 4.0);
    }

    #[test]
    fn a_gauge_that_fails_leaves_its_place_to_the_others() {
        let gauges = [
            gauge(0.0, [Some(1.0), Some(2.0), None]),
            gauge(3000.0, [Some(4.0); 3]),
        ];
        for spread in [Spread::InverseDistance, Spread::Nearest] {
            let rate = |time| rain_between(&gauges, spread, time, [0.0, 0.0]);
            assert_eq!(rate(300.0), 1.5);
            // What follows: the gauge does not report any more.
            assert_eq!(rate(599.0), 1.0 + 599.0 / 600.0);
            assert_eq!(rate(600.0), 4.0);
            assert_eq!(rate(900.0), 4.0);
            assert_eq!(rate(1500.0), 0.0);
            assert_eq!(rate(-1.0), 0.0);
        }
    }
}
