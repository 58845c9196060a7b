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
/// The set-up relaxes towards the steady one with the transect's response time; it begins steady.
/// The inverse barometer has no lag: the pressure field moves slower than a long wave on the shelf.
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
    let response = transect.response_time();
    let environment = storm.parameters().environment_pressure;
    let mut set_up = Vec::with_capacity(times.len());
    let mut barometer = Vec::with_capacity(times.len());
    for (i, &t) in times.iter().enumerate() {
        let time = start.plus_seconds(t);
        let still = tide_series.value[i] - tide.mean_level();
        let steady = transect.steady_set_up(storm, time, still);
        let before = i.checked_sub(1).map(|last| (set_up[last], t - times[last]));
        set_up.push(before.map_or(steady, |(last, dt): (f64, f64)| {
            steady + (last - steady) * (-dt / response).exp()
        }));
        let air = storm.air(transect.coast(), time, Surface::Water);
        barometer.push(inverse_barometer(environment, air.pressure));
    }
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
