//! A storm with its error.

use serde::{Deserialize, Serialize};
use stormgrid_core::storm::{Fix, Track};
use stormgrid_core::time::Instant;

use super::{Draw, ErrorStatistics};
use crate::typhoon::{EARTH_RADIUS, TyphoonModel, ten_minute_factor};

/// Lead time at which the errors that grow are told [h].
pub const REFERENCE_LEAD_H: f64 = 24.0;

/// A wind is not made weaker than this share of the one forecast [-]: a storm that an agency still follows
/// does not vanish.
const LEAST_WIND_SHARE: f64 = 0.25;

/// Pressure around the storm where the track gives none [Pa] (Atkinson & Holliday 1977).
const ENVIRONMENT: f64 = 101_000.0;

/// Lowest pressure that was ever measured in a tropical cyclone [Pa]: Tip, 1979; no member goes below.
const LOWEST_PRESSURE: f64 = 87_000.0;

/// Exponent of the pressure deficit in the wind [-]: V = 6.7 (1010 - p)^0.644 (Atkinson & Holliday 1977).
const DEFICIT_EXPONENT: f64 = 0.644;

/// What a member does to a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Perturbation {
    /// Ahead of the track at [`REFERENCE_LEAD_H`] [km].
    pub along_track_km: f64,
    /// To the right of the track there [km].
    pub cross_track_km: f64,
    /// Greatest wind there less the forecast one [m s⁻¹].
    pub vmax_add_mps: f64,
    /// Greatest wind there over the forecast one [-].
    pub vmax_factor: f64,
    /// Radius of maximum wind over that of the forecast [-].
    pub rmw_factor: f64,
    /// Rain over that of the forecast [-].
    pub rain_factor: f64,
    /// Surge over that of the forecast [-].
    pub surge_factor: f64,
    /// How much later the tide comes [s].
    pub tide_shift_s: f64,
    /// Level added to tide and surge [m].
    pub level_add_m: f64,
}

impl Perturbation {
    /// What the control does: nothing.
    pub const NONE: Self = Self {
        along_track_km: 0.0,
        cross_track_km: 0.0,
        vmax_add_mps: 0.0,
        vmax_factor: 1.0,
        rmw_factor: 1.0,
        rain_factor: 1.0,
        surge_factor: 1.0,
        tide_shift_s: 0.0,
        level_add_m: 0.0,
    };

    /// The errors of a member.
    ///
    /// - `vmax`: greatest wind of the forecast at [`REFERENCE_LEAD_H`], averaged as the agency does [m s⁻¹]
    pub fn of(draw: &Draw, errors: &ErrorStatistics, vmax: f64) -> Self {
        let factor = |z: f64, sigma: f64| libm::exp(z * sigma);
        let sigma = errors.position.sigma(REFERENCE_LEAD_H);
        let wind = with_error(vmax, draw.wind * errors.wind.sigma(REFERENCE_LEAD_H));
        Self {
            along_track_km: draw.along * sigma,
            cross_track_km: draw.across * sigma,
            vmax_add_mps: wind - vmax,
            vmax_factor: if vmax > 0.0 { wind / vmax } else { 1.0 },
            rmw_factor: factor(draw.rmw, errors.rmw.sigma),
            rain_factor: factor(draw.rain, errors.rain.sigma),
            surge_factor: factor(draw.surge, errors.surge.sigma),
            tide_shift_s: draw.tide_time * errors.tide_time.sigma,
            level_add_m: draw.level * errors.level.sigma,
        }
    }
}

/// The track of a member.
///
/// Each fix moves along and across the motion of the storm and gets another wind by the spread at its lead time;
/// the pressure deficit follows the wind, (V'/V)^(1/0.644); the radius of maximum wind is the one that the
/// unperturbed model uses, given or estimated, times the member's factor. The control's track is the one given.
///
/// - `model`: made of `track`
/// - `issued`: when the forecast was issued; fixes before have the spread of lead time zero
pub fn perturbed_track(
    track: &Track,
    model: &TyphoonModel,
    draw: &Draw,
    errors: &ErrorStatistics,
    issued: Instant,
) -> Track {
    if *draw == Draw::default() {
        return track.clone();
    }
    let rmw_factor = libm::exp(draw.rmw * errors.rmw.sigma);
    let to_agency = 1.0 / ten_minute_factor(track.averaging);
    let fixes = track.fixes.iter().enumerate().map(|(i, fix)| {
        let lead_h = fix.time.seconds_since(issued) / 3600.0;
        let km = errors.position.sigma(lead_h);
        let [lat_deg, lon_deg] = moved(
            fix,
            heading(&track.fixes, i),
            draw.along * km * 1000.0,
            draw.across * km * 1000.0,
        );
        let state = model.state(fix.time);
        // Where only a pressure is given the wind is the one that the model takes from it.
        let wind = fix.vmax.or(state.map(|s| s.vmax * to_agency));
        let changed = wind.map(|v| with_error(v, draw.wind * errors.wind.sigma(lead_h)));
        let ratio = match (wind, changed) {
            (Some(before), Some(after)) if before > 0.0 => after / before,
            _ => 1.0,
        };
        let environment = fix.environment.unwrap_or(ENVIRONMENT);
        let deepened = |p: f64| {
            let deficit = (environment - p).max(0.0) * libm::pow(ratio, 1.0 / DEFICIT_EXPONENT);
            (environment - deficit).max(p.min(LOWEST_PRESSURE))
        };
        Fix {
            lat_deg,
            lon_deg,
            vmax: fix.vmax.and(changed),
            pmin: fix.pmin.map(deepened),
            rmw: state.map(|s| s.rmw * rmw_factor).or(fix.rmw),
            ..fix.clone()
        }
    });
    Track {
        fixes: fixes.collect(),
        ..track.clone()
    }
}

/// A wind with its error [m s⁻¹].
fn with_error(vmax: f64, error: f64) -> f64 {
    (vmax + error).max(LEAST_WIND_SHARE * vmax)
}

/// Unit vector of the motion at a fix, east and north, from its neighbours; north where the storm stands.
fn heading(fixes: &[Fix], i: usize) -> [f64; 2] {
    let from = &fixes[i.saturating_sub(1)];
    let to = &fixes[(i + 1).min(fixes.len() - 1)];
    let north = to.lat_deg - from.lat_deg;
    let turn = wrapped(to.lon_deg - from.lon_deg);
    let east = turn * libm::cos(fixes[i].lat_deg.to_radians());
    let length = (east * east + north * north).sqrt();
    if length < 1e-9 {
        return [0.0, 1.0];
    }
    [east / length, north / length]
}

/// A difference of longitudes between -180° and 180°.
fn wrapped(degrees: f64) -> f64 {
    degrees - 360.0 * (degrees / 360.0).round()
}

/// Latitude and longitude [°] of a fix moved ahead and to the right [m].
///
/// In the plane that touches the sphere at the fix; over 500 km that is wrong by some kilometres, far less than
/// what such a shift stands for.
fn moved(fix: &Fix, heading: [f64; 2], along: f64, across: f64) -> [f64; 2] {
    let east = along * heading[0] + across * heading[1];
    let north = along * heading[1] - across * heading[0];
    let lat = (fix.lat_deg + (north / EARTH_RADIUS).to_degrees()).clamp(-89.0, 89.0);
    let cosine = libm::cos(fix.lat_deg.to_radians()).max(0.01);
    let lon = fix.lon_deg + (east / (EARTH_RADIUS * cosine)).to_degrees();
    [lat, wrapped(lon)]
}

#[cfg(test)]
mod tests {
    use stormgrid_core::frame::Geodetic;
    use stormgrid_core::storm::Averaging;

    use super::*;
    use crate::ensemble::{ByLead, Spread, Statistic};
    use crate::typhoon::Parameters;

    /// A storm that moves to the north-west, six hours between its fixes.
    fn track() -> Track {
        let fixes = (0..9_u8).map(|i| {
            let k = f64::from(i);
            Fix {
                time: issued().plus_seconds((k - 2.0) * 6.0 * 3600.0),
                lat_deg: 18.0 + 0.6 * k,
                lon_deg: 120.0 - 0.9 * k,
                vmax: Some(35.0),
                pmin: Some(96_500.0),
                rmw: None,
                radii: Vec::new(),
                environment: None,
                status: String::new(),
            }
        });
        Track {
            name: "TEST".to_owned(),
            intl_id: String::new(),
            sid: String::new(),
            agency: "JMA".to_owned(),
            averaging: Averaging::TenMinute,
            fixes: fixes.collect(),
        }
    }

    fn issued() -> Instant {
        Instant::parse("2017-08-22T12:00:00Z").expect("RFC 3339")
    }

    fn errors() -> ErrorStatistics {
        let by_lead = |statistic, unit: &str, values: &[[f64; 2]]| ByLead {
            statistic,
            unit: unit.to_owned(),
            values: values.to_vec(),
            source: String::new(),
            assumption: true,
        };
        let spread = |unit: &str, sigma| Spread {
            unit: unit.to_owned(),
            sigma,
            source: String::new(),
            assumption: true,
        };
        ErrorStatistics {
            position: by_lead(
                Statistic::MeanDistance,
                "km",
                &[[0.0, 20.0], [24.0, 75.0], [48.0, 130.0]],
            ),
            wind: by_lead(Statistic::MeanAbsolute, "m/s", &[[0.0, 3.0], [24.0, 4.4]]),
            rmw: spread("ln", 0.4),
            surge: spread("ln", 0.2),
            rain: spread("ln", 0.5),
            tide_time: spread("s", 600.0),
            level: spread("m", 0.1),
        }
    }

    fn model() -> TyphoonModel {
        TyphoonModel::new(&track(), Parameters::default()).expect("a track")
    }

    /// Distance on the sphere [km], haversine.
    fn distance(a: &Fix, b: &Fix) -> f64 {
        let at = |f: &Fix| Geodetic::from_degrees(f.lon_deg, f.lat_deg).expect("a place");
        let (a, b) = (at(a), at(b));
        let h = ((b.lat - a.lat) / 2.0).sin().powi(2)
            + a.lat.cos() * b.lat.cos() * ((b.lon - a.lon) / 2.0).sin().powi(2);
        2.0 * 6371.0088 * h.sqrt().asin()
    }

    /// What forecasting centres verify comes out again: the mean distance and the mean absolute error of the
    /// wind over many members are those published. A Rayleigh distance of mean m has the deviation
    /// m √(4/π - 1), a half-normal error of mean m has m √(π/2 - 1); five deviations of the mean are allowed.
    #[test]
    fn members_miss_by_the_published_means() {
        let (track, model, errors) = (track(), model(), errors());
        let n = 4000_u32;
        // The fixes at lead times 0, 24 and 36 h.
        for (fix, km, mps) in [(2, 20.0, 3.0), (6, 75.0, 4.4), (8, 102.5, 4.4)] {
            let (mut far, mut off) = (0.0, 0.0);
            for member in 1..=n {
                let draw = Draw::of(11, member);
                let found = perturbed_track(&track, &model, &draw, &errors, issued());
                far += distance(&found.fixes[fix], &track.fixes[fix]) / f64::from(n);
                off += (found.fixes[fix].vmax.expect("a wind") - 35.0).abs() / f64::from(n);
            }
            let pi = std::f64::consts::PI;
            let root = f64::from(n).sqrt();
            let allowed = 5.0 * km * (4.0 / pi - 1.0).sqrt() / root + 0.002 * km;
            assert!((far - km).abs() < allowed, "fix {fix}: {far} km");
            let allowed = 5.0 * mps * (pi / 2.0 - 1.0).sqrt() / root;
            assert!((off - mps).abs() < allowed, "fix {fix}: {off} m/s");
        }
    }

    #[test]
    fn errors_lie_ahead_and_to_the_right() {
        // The motion is north-west by west; a right-hand error lies north-east of the track.
        let draw = |along, across| Draw {
            along,
            across,
            ..Draw::default()
        };
        let of = |draw: Draw| perturbed_track(&track(), &model(), &draw, &errors(), issued());
        let (ahead, right) = (of(draw(1.0, 0.0)), of(draw(0.0, 1.0)));
        let before = &track().fixes[6];
        assert!(ahead.fixes[6].lat_deg > before.lat_deg && ahead.fixes[6].lon_deg < before.lon_deg);
        assert!(right.fixes[6].lat_deg > before.lat_deg && right.fixes[6].lon_deg > before.lon_deg);
        let sigma = errors().position.sigma(24.0);
        assert!((distance(&ahead.fixes[6], before) - sigma).abs() < 0.005 * sigma);
        assert!((distance(&right.fixes[6], before) - sigma).abs() < 0.005 * sigma);
        let told = Perturbation::of(&draw(1.0, -2.0), &errors(), 35.0);
        assert!((told.along_track_km - sigma).abs() < 1e-9);
        assert!((told.cross_track_km + 2.0 * sigma).abs() < 1e-9);
    }

    #[test]
    fn the_control_is_the_forecast() {
        let found = perturbed_track(&track(), &model(), &Draw::of(5, 0), &errors(), issued());
        assert_eq!(found, track());
        assert_eq!(
            Perturbation::of(&Draw::of(5, 0), &errors(), 35.0),
            Perturbation::NONE
        );
    }

    #[test]
    fn a_stronger_storm_is_deeper_and_its_radius_is_told() {
        let draw = Draw {
            wind: 1.0,
            rmw: -1.0,
            ..Draw::default()
        };
        let found = perturbed_track(&track(), &model(), &draw, &errors(), issued());
        let (before, after) = (&track().fixes[6], &found.fixes[6]);
        let ratio = after.vmax.expect("a wind") / 35.0;
        assert!((ratio - (1.0 + 4.4 * (std::f64::consts::FRAC_PI_2).sqrt() / 35.0)).abs() < 1e-12);
        // Atkinson & Holliday (1977): the wind goes with the deficit to the power of 0.644.
        let deficit = |fix: &Fix| 101_000.0 - fix.pmin.expect("a pressure");
        let found = (deficit(after) / deficit(before)).powf(0.644);
        assert!((found - ratio).abs() < 1e-9, "{found} {ratio}");
        let state = model().state(before.time).expect("inside the track");
        let rmw = after.rmw.expect("a radius");
        assert!((rmw / state.rmw - (-0.4_f64).exp()).abs() < 1e-12);
        // A hurricane cannot blow itself away, nor a depression fall below all records.
        for wind in [-40.0, 40.0] {
            let draw = Draw { wind, ..draw };
            let found = perturbed_track(&track(), &model(), &draw, &errors(), issued());
            for fix in &found.fixes {
                assert!(fix.vmax.expect("a wind") > 8.0);
                assert!((87_000.0..101_000.0).contains(&fix.pmin.expect("a pressure")));
            }
        }
    }
}
