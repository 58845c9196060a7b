//! Wind: greatest mean and gust at points over a run, and the damage that they do.
//!
//! # What is modelled
//!
//! Means are those of the typhoon model over land. A gust is the mean times the gust factor of the
//! guideline of the WMO. The damage is Emanuel's (2011) curve, whose half-damage wind was fitted by
//! Eberenz et al. (2021) to winds over open ground as 1-minute means; that wind, not the one over land, goes
//! into it, so that the land is not counted twice.
//!
//! # What is left out
//!
//! Terrain, upwind roughness by direction, single buildings' age and kind: the damage is a mean over a
//! country's stock, and says nothing about one house.

use rayon::prelude::*;
use stormgrid_core::frame::Geodetic;
use stormgrid_core::storm::Averaging;
use stormgrid_core::time::Instant;

use crate::typhoon::{Surface, TyphoonModel, ten_minute_factor};

/// Wind below which nothing is damaged, a 1-minute mean [m s⁻¹]: 50 kt (Emanuel 2011).
pub const DAMAGE_FROM: f64 = 25.7;

/// Wind that destroys half of the value in mainland China, a 1-minute mean [m s⁻¹].
///
/// Source: Eberenz, Lüthi & Bresch (2021), Nat. Hazards Earth Syst. Sci. 21, 393–415, region WP4, fitted to
/// the ratio of total damages.
pub const HALF_DAMAGE_CHINA: f64 = 112.8;

/// Wind of a fresh gale, Beaufort 8 [m s⁻¹] (GB/T 28591-2012): trees break, walking is hard.
pub const GALE: f64 = 17.2;

/// Greatest 3-second gust within ten minutes as a multiple of the 10-minute mean [-].
///
/// Source: Harper, Kepert & Ginger (2010), WMO/TD-1555, table 1.1: in-land 1.66, at sea 1.23.
pub fn gust_factor(surface: Surface) -> f64 {
    match surface {
        Surface::Land => 1.66,
        Surface::Water => 1.23,
    }
}

/// Share of a stock's value that a wind destroys [-], 0 to 1.
///
/// With v = max(0, V - 25.7) / (V_h - 25.7): v³ / (1 + v³).
///
/// - `wind`: greatest 1-minute mean over open ground [m s⁻¹]
/// - `half`: wind V_h that destroys half, above 25.7 [m s⁻¹]
///
/// Source: Emanuel (2011), Weather, Climate, and Society 3, 261–268, eqs 1–2.
pub fn damage_fraction(wind: f64, half: f64) -> f64 {
    let v = (wind - DAMAGE_FROM).max(0.0) / (half - DAMAGE_FROM).max(f64::MIN_POSITIVE);
    // As 1 - 1/(1 + v³) an endless wind destroys all instead of being no number.
    1.0 - 1.0 / (1.0 + v.powi(3))
}

/// The greatest winds at a point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Greatest {
    /// 10-minute mean over land [m s⁻¹].
    pub mean: f64,
    /// 3-second gust over land [m s⁻¹].
    pub gust: f64,
    /// 1-minute mean over open ground [m s⁻¹].
    pub open_one_minute: f64,
    /// When the mean is greatest [s after the start].
    pub at: f64,
    /// When the mean first is a gale [s after the start].
    pub gale_from: Option<f64>,
}

/// The greatest winds at points over a run, in the points' order.
///
/// - `start`, `duration` [s]: the run
/// - `step`: distance of the instants looked at [s], 1 at least; 600 is usual
pub fn greatest(
    storm: &TyphoonModel,
    points: &[Geodetic],
    start: Instant,
    duration: f64,
    step: f64,
) -> Vec<Greatest> {
    let step = step.max(1.0);
    let n_steps = (duration / step).ceil().max(0.0) as usize;
    let states: Vec<_> = (0..=n_steps)
        .map(|i| (i as f64 * step).min(duration))
        .filter_map(|t| Some((t, storm.state(start.plus_seconds(t))?)))
        .collect();
    let one_minute = ten_minute_factor(Averaging::OneMinute);
    points
        .par_iter()
        .map(|&point| {
            let mut most = Greatest::default();
            for (t, state) in &states {
                let mean = storm.air_around(state, point, Surface::Land).speed();
                let open = storm.air_around(state, point, Surface::Water).speed();
                if mean > most.mean {
                    most.mean = mean;
                    most.at = *t;
                }
                most.open_one_minute = most.open_one_minute.max(open / one_minute);
                if mean >= GALE && most.gale_from.is_none() {
                    most.gale_from = Some(*t);
                }
            }
            most.gust = most.mean * gust_factor(Surface::Land);
            most
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typhoon::Parameters;
    use stormgrid_core::storm::{Fix, Track};

    #[test]
    fn damage_begins_at_50_knots_and_is_half_at_vh() {
        assert_eq!(damage_fraction(25.7, HALF_DAMAGE_CHINA), 0.0);
        assert_eq!(damage_fraction(0.0, 74.7), 0.0);
        assert!((damage_fraction(HALF_DAMAGE_CHINA, HALF_DAMAGE_CHINA) - 0.5).abs() < 1e-12);
        // v = 2 at 25.7 + 2 (74.7 - 25.7): 8/9.
        assert!((damage_fraction(123.7, 74.7) - 8.0 / 9.0).abs() < 1e-12);
        // v = 1/2: 1/9.
        assert!((damage_fraction(50.2, 74.7) - 1.0 / 9.0).abs() < 1e-12);
        assert_eq!(damage_fraction(f64::INFINITY, 74.7), 1.0);
    }

    #[test]
    fn more_wind_never_does_less_damage() {
        for i in 0..400 {
            let v = f64::from(i) * 0.5;
            assert!(damage_fraction(v + 0.5, 112.8) >= damage_fraction(v, 112.8));
            // A weaker stock is never damaged less.
            assert!(damage_fraction(v, 74.7) >= damage_fraction(v, 112.8));
        }
    }

    /// A storm that passes 60 km south of 22.5° N, 113° E.
    fn storm() -> TyphoonModel {
        let fix = |hours: i64, lon_deg: f64| Fix {
            time: Instant::from_unix_seconds(hours * 3600),
            lat_deg: 22.0,
            lon_deg,
            vmax: Some(40.0),
            pmin: Some(95_500.0),
            rmw: Some(30_000.0),
            radii: Vec::new(),
            environment: None,
            status: String::new(),
        };
        let track = Track {
            name: "TEST".to_owned(),
            intl_id: String::new(),
            sid: String::new(),
            agency: String::new(),
            averaging: Averaging::TenMinute,
            fixes: vec![fix(0, 115.0), fix(12, 113.0), fix(24, 111.0)],
        };
        TyphoonModel::new(&track, Parameters::default()).expect("a storm")
    }

    #[test]
    fn the_greatest_is_that_of_brute_force() {
        let storm = storm();
        let start = Instant::from_unix_seconds(3600);
        let points: Vec<Geodetic> = [(113.0, 22.5), (114.0, 22.1), (112.0, 23.0)]
            .iter()
            .map(|&(lon, lat)| Geodetic::from_degrees(lon, lat).expect("valid"))
            .collect();
        let found = greatest(&storm, &points, start, 72_000.0, 600.0);
        for (point, most) in points.iter().zip(found) {
            let mut mean = 0.0_f64;
            let mut gale = None;
            for i in 0..=120 {
                let t = f64::from(i) * 600.0;
                let speed = storm
                    .air(*point, start.plus_seconds(t), Surface::Land)
                    .speed();
                mean = mean.max(speed);
                if speed >= 17.2 && gale.is_none() {
                    gale = Some(t);
                }
            }
            assert_eq!(most.mean, mean);
            assert_eq!(most.gale_from, gale);
            assert!((most.gust - 1.66 * mean).abs() < 1e-12);
            assert!(most.open_one_minute > mean / 0.8, "{most:?}");
            let there = storm.air(*point, start.plus_seconds(most.at), Surface::Land);
            assert_eq!(there.speed(), mean);
        }
        // Outside the track's time there is no wind.
        let later = Instant::from_unix_seconds(30 * 86_400);
        assert_eq!(
            greatest(&storm, &points[..1], later, 3600.0, 600.0)[0].mean,
            0.0
        );
    }
}
