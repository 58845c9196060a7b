//! R-CLIPER: rain as a function of distance and greatest wind.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use stormgrid_core::frame::Geodetic;
use stormgrid_core::series::Series;
use stormgrid_core::storm::Averaging;
use stormgrid_core::time::Instant;
use stormgrid_core::units::KNOT;

use super::ipet::ipet;
use crate::typhoon::{TyphoonModel, ten_minute_factor};

/// An inch a day [m s⁻¹].
const INCH_A_DAY: f64 = 0.0254 / 86_400.0;

/// Kilometre [m].
const KM: f64 = 1000.0;

/// Greatest normalised wind for which the radius of maximum rain, 64.5 - 13 U km, stays positive
/// with 0.5 km to spare: U = 4.92 is a wind of 164 kt.
const GREATEST_NORMALISED_WIND: f64 = 4.92;

/// Rate of rain at a distance from the centre [m s⁻¹], not negative.
///
/// With U = 1 + (V - 35)/33, V in knots:
///
/// ```text
/// T0 = -1.10 + 3.96 U,  Tm = -1.60 + 4.80 U   [in/day], at the centre and at r_m
/// r_m = 64.5 - 13 U,    r_e = 150 - 16 U      [km]
/// T(r) = T0 + (Tm - T0) r / r_m               r <  r_m
/// T(r) = Tm exp(-(r - r_m) / r_e)             r >= r_m
/// ```
///
/// - `r`: distance from the centre [m]
/// - `vmax_1min`: greatest wind as a 1-minute mean [m s⁻¹], for which the fit was made
///
/// Source: Tuleya, DeMaria & Kuligowski (2007), Wea. Forecasting 22, 56–70, eqs 1–3, coefficients
/// with the bias correction of the NHC.
pub fn r_cliper(r: f64, vmax_1min: f64) -> f64 {
    let u = (1.0 + (vmax_1min / KNOT - 35.0) / 33.0).min(GREATEST_NORMALISED_WIND);
    let center = (-1.10 + 3.96 * u).max(0.0);
    let most = (-1.60 + 4.80 * u).max(0.0);
    let peak_radius = (64.5 - 13.0 * u) * KM;
    let folding = (150.0 - 16.0 * u) * KM;
    let inches_a_day = if r < peak_radius {
        center + (most - center) * r / peak_radius
    } else {
        most * (-(r - peak_radius) / folding).exp()
    };
    inches_a_day * INCH_A_DAY
}

/// How a storm's rain is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RainModel {
    /// [`r_cliper`].
    #[default]
    RCliper,
    /// [`ipet`](super::ipet()).
    Ipet,
}

/// Rate of a typhoon's rain at a point and an instant [m s⁻¹]; zero outside the track's time.
pub fn rain_at(storm: &TyphoonModel, model: RainModel, at: Geodetic, time: Instant) -> f64 {
    storm.state(time).map_or(0.0, |state| {
        let (r, outward) = TyphoonModel::from_center(&state, at);
        match model {
            RainModel::RCliper => r_cliper(r, state.vmax / ten_minute_factor(Averaging::OneMinute)),
            RainModel::Ipet => {
                let deficit = storm.parameters().environment_pressure - state.central_pressure;
                let turning = state.center.lat.signum();
                let right = state.velocity[1] * outward[0] - state.velocity[0] * outward[1];
                ipet(r, state.rmw, deficit, right * turning > 0.0)
            }
        }
    })
}

/// Rate of rain at many points of one instant [m s⁻¹], in their order: the field over a domain,
/// given the positions of its cells.
pub fn rain_at_points(
    storm: &TyphoonModel,
    model: RainModel,
    at: &[Geodetic],
    time: Instant,
) -> Vec<f64> {
    at.par_iter()
        .map(|&point| rain_at(storm, model, point, time))
        .collect()
}

/// Rate of rain at a point over time [m s⁻¹ against s after `start`].
///
/// - `duration`: length [s]; the last value lies at or beyond it
/// - `step`: distance of the values [s], 1 at least
pub fn hyetograph(
    storm: &TyphoonModel,
    model: RainModel,
    at: Geodetic,
    start: Instant,
    duration: f64,
    step: f64,
) -> Series {
    let step = step.max(1.0);
    let n_steps = (duration / step).ceil().max(1.0) as usize;
    let time_s: Vec<f64> = (0..=n_steps).map(|i| i as f64 * step).collect();
    let value = time_s
        .iter()
        .map(|&t| rain_at(storm, model, at, start.plus_seconds(t)))
        .collect();
    Series { time_s, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_measured_for_the_formula() {
        // FLOOD.md 4.3, to the printed digits.
        let mm_h = |kt: f64, km: f64| r_cliper(km * KM, kt * KNOT) * 3.6e6;
        for (kt, km, expected) in [
            (80.0, 0.0, 8.742),
            (80.0, 50.0, 8.925),
            (80.0, 100.0, 5.715),
            (80.0, 200.0, 2.344),
            (120.0, 50.0, 11.669),
        ] {
            let rate = mm_h(kt, km);
            assert!((rate - expected).abs() <= 5e-4, "{kt} kt {km} km: {rate}");
        }
    }

    #[test]
    fn a_wind_beyond_the_fit_keeps_its_ring() {
        let rate = |km: f64| r_cliper(km * KM, 200.0 * KNOT);
        assert!(rate(0.5).is_finite() && rate(0.5) > rate(0.0) && rate(0.5) > rate(50.0));
        assert_eq!(
            r_cliper(30.0 * KM, 200.0 * KNOT),
            r_cliper(30.0 * KM, 300.0 * KNOT)
        );
    }

    #[test]
    fn rain_is_never_negative_and_has_no_jump() {
        for kt in [0.0, 5.0, 20.0, 35.0, 80.0, 150.0] {
            let mut last = r_cliper(0.0, kt * KNOT);
            for i in 1..2000 {
                let rate = r_cliper(f64::from(i) * 250.0, kt * KNOT);
                assert!(rate >= 0.0);
                assert!((rate - last).abs() < 0.02 * 20.0 * INCH_A_DAY, "{kt} {i}");
                last = rate;
            }
        }
    }
}
