//! A quantity over time.

use serde::{Deserialize, Serialize};

/// Samples of a quantity over time, straight lines between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Seconds after the scenario's start, strictly increasing [s].
    pub time_s: Vec<f64>,
    /// The quantity at those times.
    pub value: Vec<f64>,
}

/// Samples that are no series.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SeriesError {
    /// No samples, or not as many values as times.
    #[error(
        "a series needs as many values as times and at least one; found {times} times and {values} values"
    )]
    Length {
        /// Times given.
        times: usize,
        /// Values given.
        values: usize,
    },
    /// A time or a value is NaN or infinite.
    #[error("sample {index} of the series is not a finite number")]
    NotFinite {
        /// Position of the sample, from 0.
        index: usize,
    },
    /// Time stands still or runs backwards.
    #[error("time does not increase at sample {index} of the series ({time_s} s)")]
    TimeOrder {
        /// Position of the sample, from 0.
        index: usize,
        /// Its time [s].
        time_s: f64,
    },
}

impl Series {
    /// Checks the samples: finite, times strictly increasing, at least one.
    pub fn new(time_s: Vec<f64>, value: Vec<f64>) -> Result<Self, SeriesError> {
        if time_s.is_empty() || time_s.len() != value.len() {
            return Err(SeriesError::Length {
                times: time_s.len(),
                values: value.len(),
            });
        }
        if let Some(index) = time_s
            .iter()
            .zip(&value)
            .position(|(t, v)| !(t.is_finite() && v.is_finite()))
        {
            return Err(SeriesError::NotFinite { index });
        }
        if let Some(k) = time_s.windows(2).position(|w| w[1] <= w[0]) {
            return Err(SeriesError::TimeOrder {
                index: k + 1,
                time_s: time_s[k + 1],
            });
        }
        Ok(Self { time_s, value })
    }

    /// The same value at all times.
    pub fn constant(value: f64) -> Self {
        Self {
            time_s: vec![0.0],
            value: vec![value],
        }
    }

    /// The value at a time: linear between samples, held before the first and after the last.
    pub fn at(&self, time_s: f64) -> f64 {
        let after = self.time_s.partition_point(|t| *t <= time_s);
        if after == 0 {
            return self.value.first().copied().unwrap_or(0.0);
        }
        if after == self.time_s.len() {
            return self.value[after - 1];
        }
        let (t0, t1) = (self.time_s[after - 1], self.time_s[after]);
        let share = (time_s - t0) / (t1 - t0);
        self.value[after - 1] * (1.0 - share) + self.value[after] * share
    }

    /// Integral from `from` to `to`, exact for the straight lines.
    pub fn integral(&self, from: f64, to: f64) -> f64 {
        let inside = |t: &&f64| **t > from && **t < to;
        let first = self.time_s.partition_point(|&t| t <= from);
        let mut sum = 0.0;
        let mut before = (from, self.at(from));
        for &time in self.time_s[first..].iter().take_while(inside) {
            let value = self.at(time);
            sum += 0.5 * (before.1 + value) * (time - before.0);
            before = (time, value);
        }
        sum + 0.5 * (before.1 + self.at(to)) * (to - before.0)
    }

    /// Mean from `from` to a later `to`; the value there where the two are one time.
    pub fn mean(&self, from: f64, to: f64) -> f64 {
        match to > from {
            true => self.integral(from, to) / (to - from),
            false => self.at(from),
        }
    }

    /// The greatest value from `from` to `to`.
    pub fn max_between(&self, from: f64, to: f64) -> f64 {
        let first = self.time_s.partition_point(|&t| t <= from);
        let last = self.time_s.partition_point(|&t| t < to);
        let inside = self.value.get(first..last).unwrap_or_default();
        let ends = self.at(from).max(self.at(to));
        inside.iter().copied().fold(ends, f64::max)
    }

    /// The same, but zero after the last sample: it drops there within the smallest step that a number can take.
    #[must_use]
    pub fn zero_after(mut self) -> Self {
        if let (Some(&last), Some(&value)) = (self.time_s.last(), self.value.last())
            && value != 0.0
        {
            self.time_s.push(last.next_up());
            self.value.push(0.0);
        }
        self
    }

    /// The same, but zero before the first sample.
    #[must_use]
    pub fn zero_before(mut self) -> Self {
        if let (Some(&first), Some(&value)) = (self.time_s.first(), self.value.first())
            && value != 0.0
        {
            self.time_s.insert(0, first.next_down());
            self.value.insert(0, 0.0);
        }
        self
    }

    /// The largest value.
    pub fn max(&self) -> f64 {
        self.value.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_between_two_times_is_seen() {
        let series = Series::new(vec![0.0, 9.0, 10.0, 11.0], vec![0.0, 0.0, 4.0, 0.0]);
        let series = series.expect("valid");
        assert_eq!(series.max_between(5.0, 15.0), 4.0);
        assert_eq!(series.max_between(0.0, 9.5), 2.0);
        assert_eq!(series.max_between(20.0, 30.0), 0.0);
        assert_eq!(series.mean(5.0, 15.0), 0.4);
        assert_eq!(series.mean(10.0, 10.0), 4.0);
    }

    #[test]
    fn values_are_linear_between_and_held_beyond() {
        let series = Series::new(vec![0.0, 10.0, 20.0], vec![1.0, 3.0, -1.0]).expect("valid");
        assert_eq!(series.at(-5.0), 1.0);
        assert_eq!(series.at(5.0), 2.0);
        assert_eq!(series.at(10.0), 3.0);
        assert_eq!(series.at(15.0), 1.0);
        assert_eq!(series.at(99.0), -1.0);
        assert_eq!(series.max(), 3.0);
    }

    #[test]
    fn the_integral_of_a_hydrograph_is_exact_across_its_corners() {
        let series = Series::new(vec![0.0, 10.0, 20.0], vec![0.0, 4.0, 0.0]).expect("valid");
        assert!((series.integral(-5.0, 30.0) - 40.0).abs() < 1e-12);
        assert!((series.integral(5.0, 15.0) - 30.0).abs() < 1e-12);
        assert!((series.integral(12.0, 12.5) - 0.5 * (3.2 + 3.0) * 0.5).abs() < 1e-12);
    }

    /// 2 over 10 s, held it would be 2 over 40 s.
    #[test]
    fn a_series_may_be_zero_beyond_its_ends() {
        let series = Series::new(vec![10.0, 20.0], vec![2.0, 2.0]).expect("valid");
        let zero = series.clone().zero_before().zero_after();
        assert!((series.integral(0.0, 40.0) - 80.0).abs() < 1e-12);
        assert!((zero.integral(0.0, 40.0) - 20.0).abs() < 1e-12);
        assert_eq!(
            (zero.at(9.9), zero.at(10.0), zero.at(20.0), zero.at(20.1)),
            (0.0, 2.0, 2.0, 0.0)
        );
    }

    #[test]
    fn time_that_stands_still_is_refused() {
        let repeated = Series::new(vec![0.0, 10.0, 10.0], vec![0.0; 3]);
        assert_eq!(
            repeated,
            Err(SeriesError::TimeOrder {
                index: 2,
                time_s: 10.0
            })
        );
        assert!(Series::new(vec![], vec![]).is_err());
        assert!(Series::new(vec![0.0], vec![f64::NAN]).is_err());
    }
}
