//! How large the errors are.

use serde::{Deserialize, Serialize};

/// What the published numbers of an error are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Mean length of an error in the plane whose two parts have the same spread.
    MeanDistance,
    /// Mean absolute value of one number.
    MeanAbsolute,
    /// Standard deviation of one number.
    StandardDeviation,
}

impl Statistic {
    /// Standard deviation of one normal number for a statistic of 1 [-].
    ///
    /// The mean of a Rayleigh distribution is σ √(π/2), that of a half-normal one σ √(2/π).
    pub fn sigma_of_one(self) -> f64 {
        match self {
            Self::MeanDistance => std::f64::consts::FRAC_2_PI.sqrt(),
            Self::MeanAbsolute => std::f64::consts::FRAC_PI_2.sqrt(),
            Self::StandardDeviation => 1.0,
        }
    }
}

/// An error that grows with the lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByLead {
    /// What the values are.
    pub statistic: Statistic,
    /// Their unit, `km` or `m/s`.
    pub unit: String,
    /// Lead time [h] and value; lead times increase.
    pub values: Vec<[f64; 2]>,
    /// Who published them.
    pub source: String,
    /// Whether they are assumed rather than published.
    pub assumption: bool,
}

impl ByLead {
    /// Standard deviation of a normal error at a lead time: linear between the values, held beyond.
    ///
    /// - `lead_h`: hours after the forecast was issued, negative before
    pub fn sigma(&self, lead_h: f64) -> f64 {
        let after = self.values.partition_point(|v| v[0] <= lead_h);
        let value = match (after.checked_sub(1), self.values.get(after)) {
            (None, first) => first.map_or(0.0, |v| v[1]),
            (Some(last), None) => self.values[last][1],
            (Some(from), Some(to)) => {
                let from = self.values[from];
                from[1] + (to[1] - from[1]) * (lead_h - from[0]) / (to[0] - from[0])
            }
        };
        value * self.statistic.sigma_of_one()
    }
}

/// An error that does not depend on the lead time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Its unit; `ln` of a factor.
    pub unit: String,
    /// Standard deviation.
    pub sigma: f64,
    /// Who published it, or what it stands for.
    pub source: String,
    /// Whether it is assumed rather than published.
    pub assumption: bool,
}

/// The errors of a forecast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorStatistics {
    /// Position of the centre [km].
    pub position: ByLead,
    /// Greatest wind [m s⁻¹].
    pub wind: ByLead,
    /// Radius of maximum wind [ln].
    pub rmw: Spread,
    /// Storm surge, set-up and inverse barometer together [ln].
    pub surge: Spread,
    /// Rain [ln].
    pub rain: Spread,
    /// Time of the tide [s].
    pub tide_time: Spread,
    /// Level besides tide and surge [m].
    pub level: Spread,
}

/// Statistics that no member can be drawn from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StatisticsError {
    /// Another unit than ours.
    #[error("'{name}' is given in '{unit}'; it must be in '{wanted}'")]
    Unit {
        /// Which error.
        name: &'static str,
        /// Unit found.
        unit: String,
        /// Unit understood.
        wanted: &'static str,
    },
    /// No value, lead times that do not increase, or a value out of range.
    #[error(
        "'{name}' needs at least one value, lead times that increase, and values from 0 to {most}"
    )]
    Values {
        /// Which error.
        name: &'static str,
        /// Greatest value that is believed.
        most: f64,
    },
}

/// Greatest mean error of a position that is believed [km]; forecasts of five days miss by some hundred.
const MOST_POSITION_KM: f64 = 2000.0;
/// Greatest mean error of a wind that is believed [m s⁻¹].
const MOST_WIND_MPS: f64 = 50.0;
/// Greatest spread of a factor that is believed [ln]: a factor of twenty in one of six members.
const MOST_LN: f64 = 3.0;
/// Greatest spread of the tide's time that is believed [s]: half a tide.
const MOST_TIDE_S: f64 = 6.0 * 3600.0;
/// Greatest spread of a level that is believed [m].
const MOST_LEVEL_M: f64 = 5.0;

impl ErrorStatistics {
    /// Checks units and ranges.
    pub fn check(&self) -> Result<(), StatisticsError> {
        for (name, error, wanted, most) in [
            ("position", &self.position, "km", MOST_POSITION_KM),
            ("wind", &self.wind, "m/s", MOST_WIND_MPS),
        ] {
            unit(name, &error.unit, wanted)?;
            let finite = error.values.iter().flatten().all(|v| v.is_finite());
            let increase = error.values.windows(2).all(|w| w[1][0] > w[0][0]);
            let believed = error.values.iter().all(|v| (0.0..=most).contains(&v[1]));
            if error.values.is_empty() || !(finite && increase && believed) {
                return Err(StatisticsError::Values { name, most });
            }
        }
        for (name, error, wanted, most) in [
            ("rmw", &self.rmw, "ln", MOST_LN),
            ("surge", &self.surge, "ln", MOST_LN),
            ("rain", &self.rain, "ln", MOST_LN),
            ("tide_time", &self.tide_time, "s", MOST_TIDE_S),
            ("level", &self.level, "m", MOST_LEVEL_M),
        ] {
            unit(name, &error.unit, wanted)?;
            if !(0.0..=most).contains(&error.sigma) {
                return Err(StatisticsError::Values { name, most });
            }
        }
        Ok(())
    }
}

fn unit(name: &'static str, unit: &str, wanted: &'static str) -> Result<(), StatisticsError> {
    if unit == wanted {
        return Ok(());
    }
    Err(StatisticsError::Unit {
        name,
        unit: unit.chars().take(20).collect(),
        wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_lead(values: &[[f64; 2]]) -> ByLead {
        ByLead {
            statistic: Statistic::StandardDeviation,
            unit: "km".to_owned(),
            values: values.to_vec(),
            source: String::new(),
            assumption: true,
        }
    }

    #[test]
    fn spread_is_linear_between_lead_times_and_held_beyond() {
        let error = by_lead(&[[0.0, 10.0], [24.0, 70.0], [48.0, 100.0]]);
        let of = |lead: f64| error.sigma(lead);
        assert_eq!((of(-30.0), of(0.0), of(6.0)), (10.0, 10.0, 25.0));
        assert_eq!((of(24.0), of(36.0)), (70.0, 85.0));
        assert_eq!((of(48.0), of(500.0)), (100.0, 100.0));
        assert_eq!(by_lead(&[[24.0, 70.0]]).sigma(3.0), 70.0);
    }
}
