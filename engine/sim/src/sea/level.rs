//! Level series at a coast: the boundary of a flood run.

use stormgrid_core::series::Series;
use stormgrid_core::time::Instant;

use super::surge::{Transect, inverse_barometer};
use super::tide::TidePredictor;
use crate::typhoon::{Surface, TyphoonModel};

/// The parts of a level at a coast, all against the same times.
#[derive(Clone, Debug, PartialEq)]
pub struct CoastalLevel {
    /// Their sum: level above the datum [m against s after the start].
    pub level: Series,
    /// Astronomical tide with the mean level [m above the datum].
    pub tide: Series,
    /// Wind set-up [m].
    pub set_up: Series,
    /// Inverse barometer [m].
    pub inverse_barometer: Series,
}

/// Level at a coast under a storm.
///
/// The set-up follows the wind as [`Transect::set_up_series`] says. The inverse barometer has no lag:
/// the pressure field moves slower than a long wave on the shelf.
///
/// - `tide`: the tide with its mean level above the datum
/// - `transect`: the line that the wind pushes the water along
/// - `start`, `duration` [s]: the time wanted
/// - `step`: spacing of the values [s]; 600 is usual
pub fn coastal_level(
    storm: &TyphoonModel,
    tide: &TidePredictor,
    transect: &Transect,
    start: Instant,
    duration: f64,
    step: f64,
) -> CoastalLevel {
    let tide_series = tide.series(start, duration, step);
    let times = tide_series.time_s.clone();
    let environment = storm.parameters().environment_pressure;
    let still: Vec<f64> = tide_series
        .value
        .iter()
        .map(|level| level - tide.mean_level())
        .collect();
    let set_up = transect.set_up_series(storm, start, &times, &still);
    let barometer: Vec<f64> = times
        .iter()
        .map(|&t| {
            let air = storm.air(transect.coast(), start.plus_seconds(t), Surface::Water);
            inverse_barometer(environment, air.pressure)
        })
        .collect();
    let level = (0..times.len())
        .map(|i| tide_series.value[i] + set_up[i] + barometer[i])
        .collect();
    let series = |value: Vec<f64>| Series {
        time_s: times.clone(),
        value,
    };
    CoastalLevel {
        level: series(level),
        set_up: series(set_up),
        inverse_barometer: series(barometer),
        tide: tide_series,
    }
}
