//! Design storms by the Chicago method.

use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::series::Series;

/// Intensity of a design storm: i = A (1 + C lg P) / (t + b)^n.
#[derive(Clone, Debug, PartialEq)]
pub struct IntensityFormula {
    /// Where the parameters come from.
    pub name: String,
    /// A₁ for q in L s⁻¹ ha⁻¹, as Chinese tables print it.
    pub a1: f64,
    /// C [-].
    pub c: f64,
    /// b [min].
    pub b_min: f64,
    /// n [-], above 0 and below 1.
    pub n: f64,
}

/// A litre per second on a hectare [m s⁻¹].
const LITRE_SECOND_HECTARE: f64 = 1.0e-7;

/// Seconds of a minute.
const MINUTE: f64 = 60.0;

/// A design storm that cannot be made.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignStormError {
    /// Name of the parameter.
    pub name: &'static str,
    /// Value given.
    pub value: f64,
    /// Range allowed.
    pub range: &'static str,
}

impl DesignStormError {
    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        message!(
            "fault.rain.design",
            "design storm: {name} is {value}; it must lie in {range}",
            name = self.name,
            value = self.value,
            range = self.range
        )
    }
}

impl std::fmt::Display for DesignStormError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for DesignStormError {}

impl IntensityFormula {
    /// Guangzhou centre: A₁ 3618.427, C 0.533, b 11.259, n 0.750, the edition labelled 2023; that of 2011 has
    /// C 0.438. No public copy of Jiangmen's own formula was found; a local table replaces this one, see
    /// `data/rain`.
    pub fn guangzhou() -> Self {
        Self {
            name: "Guangzhou centre 2023".to_owned(),
            a1: 3618.427,
            c: 0.533,
            b_min: 11.259,
            n: 0.750,
        }
    }

    /// Mean intensity over a duration [m s⁻¹].
    ///
    /// - `duration`: [s]
    /// - `return_period`: [years], 1 or more
    pub fn mean_intensity(&self, duration: f64, return_period: f64) -> f64 {
        let a = self.a1 * (1.0 + self.c * return_period.log10()) * LITRE_SECOND_HECTARE;
        a / (duration / MINUTE + self.b_min).powf(self.n)
    }
}

/// A Chicago storm: of every length around its peak it carries exactly what the formula gives.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignStorm {
    formula: IntensityFormula,
    return_period: f64,
    duration: f64,
    peak_share: f64,
}

/// Half of the time in which one block follows another [s]: the slopes on both sides of it make up for each other, so
/// that the sum stays what it is.
const JUMP_S: f64 = 1e-6;

impl DesignStorm {
    /// Checks and binds a storm.
    ///
    /// - `return_period`: [years], 1 to 1000
    /// - `duration`: [s], 600 to 86 400
    /// - `peak_share`: place of the peak as a share of the duration, 0.05 to 0.95; 0.40 is usual in
    ///   Guangdong
    pub fn new(
        formula: IntensityFormula,
        return_period: f64,
        duration: f64,
        peak_share: f64,
    ) -> Result<Self, DesignStormError> {
        let rules = [
            (
                "return period",
                return_period,
                1.0..=1000.0,
                "1 to 1000 years",
            ),
            ("duration", duration, 600.0..=86_400.0, "600 to 86400 s"),
            ("peak share", peak_share, 0.05..=0.95, "0.05 to 0.95"),
            ("n", formula.n, 0.05..=0.99, "0.05 to 0.99"),
            ("b", formula.b_min, 0.1..=100.0, "0.1 to 100 min"),
            ("A1", formula.a1, 1.0..=1e6, "1 to 1e6"),
            ("C", formula.c, 0.0..=5.0, "0 to 5"),
        ];
        for (name, value, allowed, range) in rules {
            if !allowed.contains(&value) {
                return Err(DesignStormError { name, value, range });
            }
        }
        Ok(Self {
            formula,
            return_period,
            duration,
            peak_share,
        })
    }

    /// Total depth [m].
    pub fn depth(&self) -> f64 {
        self.depth_of(self.duration)
    }

    /// Depth of the storm up to a time after its start [m], exact.
    ///
    /// The limb before the peak is the curve of mean depths compressed to the share r of its time
    /// axis, the limb after it to 1 - r. Source: Keifer & Chu (1957), J. Hydraul. Div. ASCE 83(4).
    pub fn cumulative_depth(&self, t: f64) -> f64 {
        let r = self.peak_share;
        let peak = r * self.duration;
        let t = t.clamp(0.0, self.duration);
        if t <= peak {
            r * (self.depth() - self.depth_of((peak - t) / r))
        } else {
            r * self.depth() + (1.0 - r) * self.depth_of((t - peak) / (1.0 - r))
        }
    }

    /// Block means of the storm [m s⁻¹ against s after its start], at the middle of each block,
    /// zero before and after.
    ///
    /// - `step`: length of a block [s]; shortened so that whole blocks fill the storm
    ///
    /// A reader that interpolates between the middles gets the total to within half a block's
    /// change of rate.
    pub fn series(&self, step: f64) -> Series {
        let n_blocks = (self.duration / step.max(1.0)).ceil().max(1.0) as usize;
        let step = self.duration / n_blocks as f64;
        let mut time_s = vec![0.0];
        let mut value = vec![0.0];
        for i in 0..n_blocks {
            let (from, to) = (i as f64 * step, (i + 1) as f64 * step);
            time_s.push(0.5 * (from + to));
            value.push((self.cumulative_depth(to) - self.cumulative_depth(from)) / step);
        }
        time_s.push(self.duration);
        value.push(0.0);
        Series { time_s, value }
    }

    /// The same blocks without slopes between them: their sum is what the formula gives, and nothing falls before
    /// and after. Where a block follows another, or the storm begins or ends, the rate changes within 2 µs around
    /// that time.
    ///
    /// - `step`: length of a block [s]; shortened so that whole blocks fill the storm
    pub fn blocks(&self, step: f64) -> Series {
        let n_blocks = (self.duration / step.max(1.0)).ceil().max(1.0) as usize;
        let step = self.duration / n_blocks as f64;
        let mut series = Series {
            time_s: vec![-JUMP_S],
            value: vec![0.0],
        };
        for i in 0..n_blocks {
            let (from, to) = (i as f64 * step, (i + 1) as f64 * step);
            let rate = (self.cumulative_depth(to) - self.cumulative_depth(from)) / step;
            for time in [from + JUMP_S, to - JUMP_S] {
                series.time_s.push(time);
                series.value.push(rate);
            }
        }
        series.time_s.push(self.duration + JUMP_S);
        series.value.push(0.0);
        series
    }

    /// Time of the peak after the start [s].
    pub fn peak_time(&self) -> f64 {
        self.peak_share * self.duration
    }

    fn depth_of(&self, duration: f64) -> f64 {
        duration * self.formula.mean_intensity(duration, self.return_period)
    }
}

/// A typhoon's rain with a design storm nested into it: at each time the greater of the two, the
/// burst's peak at the typhoon's greatest rate.
///
/// - `rain`: rate against time, not empty [m s⁻¹]
/// - `burst`: the design storm
/// - `step`: spacing of the burst's values [s]
///
/// Gives back `rain` unchanged if it is empty.
pub fn nested(rain: &Series, burst: &DesignStorm, step: f64) -> Series {
    let peak = rain
        .value
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    let Some((peak, _)) = peak else {
        return rain.clone();
    };
    let shift = rain.time_s[peak] - burst.peak_time();
    let mut inner = burst.series(step);
    for t in &mut inner.time_s {
        *t += shift;
    }
    let first = rain.time_s[0];
    let mut times: Vec<f64> = rain
        .time_s
        .iter()
        .chain(inner.time_s.iter().filter(|&&t| t >= first))
        .copied()
        .collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let value = times
        .iter()
        .map(|&t| linear(rain, t).max(linear(&inner, t)))
        .collect();
    Series {
        time_s: times,
        value,
    }
}

/// Linear interpolation, zero outside the series.
fn linear(series: &Series, t: f64) -> f64 {
    let (times, values) = (&series.time_s, &series.value);
    let after = times.partition_point(|&s| s <= t);
    if after == 0 {
        return 0.0;
    }
    if after == times.len() {
        return if t == times[after - 1] {
            values[after - 1]
        } else {
            0.0
        };
    }
    let (t0, t1) = (times[after - 1], times[after]);
    values[after - 1] + (values[after] - values[after - 1]) * (t - t0) / (t1 - t0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The total is the formula's mean intensity over the whole length, wherever the storm is cut.
    #[test]
    fn blocks_add_up_to_the_formula() {
        let formula = IntensityFormula::guangzhou();
        let exact = 7200.0 * formula.mean_intensity(7200.0, 20.0);
        for (share, step) in [(0.4, 60.0), (0.25, 300.0), (0.9, 17.0)] {
            let storm = DesignStorm::new(formula.clone(), 20.0, 7200.0, share).expect("valid");
            let mut blocks = storm.blocks(step);
            blocks.time_s.iter_mut().for_each(|t| *t += 86_400.0);
            let sum = blocks.integral(0.0, 2e5);
            assert!((sum / exact - 1.0).abs() < 1e-9, "{sum} {exact}");
        }
    }

    #[test]
    fn guangzhou_gives_the_measured_hour() {
        // FLOOD.md 4.5: 60-minute mean [mm/h] for C = 0.438 and 0.533, to the printed digit.
        for (c, hours) in [
            (0.438, [53.1, 76.4, 92.6, 99.6]),
            (0.533, [53.1, 81.4, 101.2, 109.7]),
        ] {
            let formula = IntensityFormula {
                c,
                ..IntensityFormula::guangzhou()
            };
            for (years, mm_h) in [1.0, 10.0, 50.0, 100.0].into_iter().zip(hours) {
                let rate = formula.mean_intensity(3600.0, years) * 3.6e6;
                assert!((rate - mm_h).abs() <= 0.05, "C {c}, P {years}: {rate}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_window_around_the_peak_carries_the_formula_s_depth(
            years in 1.0f64..200.0,
            hours in 0.5f64..24.0,
            r in 0.1f64..0.9,
            share in 0.01f64..1.0,
        ) {
            let formula = IntensityFormula::guangzhou();
            let storm = DesignStorm::new(formula.clone(), years, hours * 3600.0, r).expect("in range");
            let window = share * hours * 3600.0;
            let (from, to) = (storm.peak_time() - r * window, storm.peak_time() + (1.0 - r) * window);
            let depth = storm.cumulative_depth(to) - storm.cumulative_depth(from);
            let expected = window * formula.mean_intensity(window, years);
            prop_assert!((depth - expected).abs() < 1e-9 * expected.max(1e-3));
        }
    }

    #[test]
    fn blocks_carry_the_whole_depth() {
        let storm =
            DesignStorm::new(IntensityFormula::guangzhou(), 20.0, 7200.0, 0.4).expect("valid");
        let series = storm.series(300.0);
        let step = 7200.0 / (series.value.len() - 2) as f64;
        let total: f64 = series.value.iter().sum::<f64>() * step;
        assert!((total - storm.depth()).abs() < 1e-12);
        let (at, _) = series
            .value
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .expect("not empty");
        assert!((series.time_s[at] - storm.peak_time()).abs() <= step);
    }

    #[test]
    fn a_nested_burst_never_takes_rain_away() {
        let rain = Series {
            time_s: (0..=48).map(|h| f64::from(h) * 1800.0).collect(),
            value: (0..=48)
                .map(|h| 2e-6 * (-(f64::from(h - 20) / 8.0).powi(2)).exp())
                .collect(),
        };
        let storm =
            DesignStorm::new(IntensityFormula::guangzhou(), 10.0, 7200.0, 0.4).expect("valid");
        let both = nested(&rain, &storm, 300.0);
        assert!(both.time_s.windows(2).all(|w| w[0] < w[1]));
        for (&t, &v) in both.time_s.iter().zip(&both.value) {
            assert!(v >= linear(&rain, t));
        }
        let peak = both.value.iter().copied().fold(0.0, f64::max);
        assert!(peak > 10.0 * 2e-6);
    }

    #[test]
    fn absurd_storms_are_refused() {
        let f = IntensityFormula::guangzhou;
        assert!(DesignStorm::new(f(), f64::NAN, 3600.0, 0.4).is_err());
        assert!(DesignStorm::new(f(), 10.0, 0.0, 0.4).is_err());
        assert!(DesignStorm::new(f(), 10.0, 3600.0, 1.0).is_err());
    }
}
