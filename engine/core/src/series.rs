//! Values over time: tides, hydrographs, rain rates.

/// Times and values of one quantity, linear between the times and constant beyond them.
///
/// Times are seconds on the simulation clock; the unit of the values is the owner's.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Strictly increasing [s].
    pub time_s: Vec<f64>,
    /// One finite value a time.
    pub value: Vec<f64>,
}

/// Times and values that do not make a series.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SeriesError {
    /// No entry, or not one value a time.
    #[error(
        "a series needs one value a time and at least one; found {times} times, {values} values"
    )]
    Count {
        /// Times given.
        times: usize,
        /// Values given.
        values: usize,
    },
    /// NaN or infinity.
    #[error("entry {index} of the series is not finite")]
    NotFinite {
        /// Position from 0.
        index: usize,
    },
    /// Time stands still or runs back.
    #[error(
        "time runs from {from_s} s to {to_s} s at entry {index} of the series; times must increase"
    )]
    NotIncreasing {
        /// Position of the later entry, from 0.
        index: usize,
        /// Time before [s].
        from_s: f64,
        /// Time at the entry [s].
        to_s: f64,
    },
}

impl Series {
    /// Checks the entries: as many values as times, at least one, finite, times strictly increasing.
    pub fn new(time_s: Vec<f64>, value: Vec<f64>) -> Result<Self, SeriesError> {
        if time_s.is_empty() || time_s.len() != value.len() {
            return Err(SeriesError::Count {
                times: time_s.len(),
                values: value.len(),
            });
        }
        let infinite = time_s
            .iter()
            .zip(&value)
            .position(|(t, v)| !(t.is_finite() && v.is_finite()));
        if let Some(index) = infinite {
            return Err(SeriesError::NotFinite { index });
        }
        if let Some(before) = time_s.windows(2).position(|pair| pair[1] <= pair[0]) {
            return Err(SeriesError::NotIncreasing {
                index: before + 1,
                from_s: time_s[before],
                to_s: time_s[before + 1],
            });
        }
        Ok(Self { time_s, value })
    }

    /// The same value at all times. Panics if it is not finite.
    pub fn constant(value: f64) -> Self {
        Self::new(vec![0.0], vec![value]).expect("a constant is one finite value")
    }

    /// The value at a time [s]: linear between entries, the nearest entry's beyond both ends.
    pub fn at(&self, time_s: f64) -> f64 {
        let after = self.time_s.partition_point(|&t| t <= time_s);
        if after == 0 {
            return self.value[0];
        }
        if after == self.time_s.len() {
            return self.value[after - 1];
        }
        let (t0, t1) = (self.time_s[after - 1], self.time_s[after]);
        let (v0, v1) = (self.value[after - 1], self.value[after]);
        v0 + (v1 - v0) * ((time_s - t0) / (t1 - t0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_linear_inside_and_constant_outside() {
        let s = Series::new(vec![10.0, 20.0, 40.0], vec![1.0, 3.0, -1.0]).expect("valid");
        assert_eq!(s.at(0.0), 1.0);
        assert_eq!(s.at(15.0), 2.0);
        assert_eq!(s.at(20.0), 3.0);
        assert_eq!(s.at(30.0), 1.0);
        assert_eq!(s.at(99.0), -1.0);
        assert_eq!(Series::constant(7.0).at(-5.0), 7.0);
    }

    #[test]
    fn disorder_is_refused_with_its_place() {
        assert!(matches!(
            Series::new(vec![0.0, 2.0, 2.0], vec![0.0; 3]),
            Err(SeriesError::NotIncreasing { index: 2, .. })
        ));
        assert!(matches!(
            Series::new(vec![0.0, 1.0], vec![0.0, f64::NAN]),
            Err(SeriesError::NotFinite { index: 1 })
        ));
        assert!(Series::new(vec![], vec![]).is_err());
    }
}
