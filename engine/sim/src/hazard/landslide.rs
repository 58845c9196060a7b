//! Landslides that rain triggers: thresholds of rain, and slopes that it makes unstable.
//!
//! # What is modelled
//!
//! - **Rain** is compared with two published thresholds, as the greatest ratio over their durations: the
//!   lower bound of all shallow landslides by [Caine (1980)](caine_intensity), and the rain from which
//!   natural slopes in [Hong Kong](HONG_KONG_MM) slid, whose climate and weathered granite are Jiangmen's.
//! - **Slope** comes from the terrain by Horn's (1981) third-order differences.
//! - **Stability** is that of the infinite slope: a layer of soil over a plane parallel to the ground, with
//!   a water table parallel to both. The rain of the worst 24 hours soaks in, stands on that plane and fills the
//!   pores from below; runoff is not taken off, so that the table is an upper bound.
//!
//! # What is left out
//!
//! Antecedent rain, unless a wetness at the start is given; flow along the slope, so that hollows are not wetter
//! than spurs; suction, roots, cut slopes and walls; geology, which is one set of numbers for the place; how far
//! the soil runs out. What is told is where slopes are susceptible, not which slope will fail.

use rayon::prelude::*;
use stormgrid_core::geo::MultiPolygon;
use stormgrid_core::raster::Raster;
use stormgrid_core::series::Series;
use stormgrid_core::units::GRAVITY;
use stormgrid_core::zonal::covered_fractions;

use crate::classes::greatest_sum;

/// Density of fresh water [kg m⁻³].
const WATER_DENSITY: f64 = 1000.0;

/// Hour [s].
const HOUR: f64 = 3600.0;

/// Day [s].
const DAY: f64 = 86_400.0;

/// Rain intensity from which shallow landslides and debris flows were recorded anywhere [mm h⁻¹]:
/// 14.82 D^-0.39.
///
/// - `hours`: duration D, 10 minutes to 10 days in the data [h]
///
/// Source: Caine (1980), Geografiska Annaler 62 A, 23–27.
pub fn caine_intensity(hours: f64) -> f64 {
    14.82 * hours.powf(-0.39)
}

/// Durations that Caine's threshold is looked at [h].
const CAINE_HOURS: [f64; 11] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 18.0, 24.0, 48.0, 72.0];

/// Rain from which landslides on natural slopes of Hong Kong set in: hours and depth [mm].
///
/// Source: Gao, Zhang & Cheung (2018), Landslides 15, 727–740, abstract: maximum rolling rain of 1, 2, 4, 6, 8,
/// 12 and 24 hours, from the 19,763 landslides of the Enhanced Natural Terrain Landslide Inventory.
pub const HONG_KONG_MM: [(f64, f64); 7] = [
    (1.0, 75.0),
    (2.0, 90.0),
    (4.0, 100.0),
    (6.0, 120.0),
    (8.0, 150.0),
    (12.0, 180.0),
    (24.0, 200.0),
];

/// What a rain is against the thresholds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trigger {
    /// Greatest ratio to [`caine_intensity`] over its durations [-].
    pub caine: f64,
    /// Greatest ratio to [`HONG_KONG_MM`] over its durations [-].
    pub hong_kong: f64,
    /// Rain of the worst 24 hours [m].
    pub day: f64,
}

/// Compares a rain [m s⁻¹ against s] with the thresholds.
pub fn trigger(rain: &Series) -> Trigger {
    let mm = |hours: f64| greatest_sum(rain, hours * HOUR) * 1e3;
    let caine = CAINE_HOURS
        .iter()
        .map(|&hours| mm(hours) / (hours * caine_intensity(hours)));
    let hong_kong = HONG_KONG_MM.iter().map(|&(hours, least)| mm(hours) / least);
    Trigger {
        caine: caine.fold(0.0, f64::max),
        hong_kong: hong_kong.fold(0.0, f64::max),
        day: greatest_sum(rain, DAY),
    }
}

/// Compares the rain at places with the thresholds, in their order.
///
/// - `rate`: rain [m s⁻¹] at a time [s after the start], x and y
/// - `places`: x and y
/// - `duration`: length of the run [s]
/// - `step`: distance of the instants looked at [s], 1 at least
pub fn triggers(
    rate: &(dyn Fn(f64, f64, f64) -> f64 + Sync),
    places: &[[f64; 2]],
    duration: f64,
    step: f64,
) -> Vec<Trigger> {
    let step = step.max(1.0);
    let n_steps = (duration / step).ceil().max(1.0) as usize;
    let time_s: Vec<f64> = (0..=n_steps).map(|i| i as f64 * step).collect();
    places
        .par_iter()
        .map(|&[x, y]| {
            trigger(&Series {
                value: time_s.iter().map(|&t| rate(t, x, y)).collect(),
                time_s: time_s.clone(),
            })
        })
        .collect()
}

/// Tangent of the slope at each cell [-]; NaN where the cell has no ground.
///
/// Weighted differences over the eight neighbours; a neighbour off the raster or without ground is taken as high as
/// the cell itself, which makes slopes at the rim too gentle.
///
/// Source: Horn (1981), Proc. IEEE 69, 14–47, eqs 4–5.
pub fn slopes(ground: &Raster<f64>) -> Raster<f64> {
    let g = *ground.geometry();
    Raster::from_fn(g, |row, col| {
        let own = ground.get(row, col);
        if !own.is_finite() {
            return f64::NAN;
        }
        let at = |down: isize, right: isize| {
            let (r, c) = (row.checked_add_signed(down), col.checked_add_signed(right));
            match (r, c) {
                (Some(r), Some(c)) if r < g.n_rows && c < g.n_cols => {
                    let z = ground.get(r, c);
                    if z.is_finite() { z } else { own }
                }
                _ => own,
            }
        };
        let east = at(-1, 1) + 2.0 * at(0, 1) + at(1, 1);
        let west = at(-1, -1) + 2.0 * at(0, -1) + at(1, -1);
        let north = at(-1, -1) + 2.0 * at(-1, 0) + at(-1, 1);
        let south = at(1, -1) + 2.0 * at(1, 0) + at(1, 1);
        ((east - west) / (8.0 * g.dx)).hypot((north - south) / (8.0 * g.dy))
    })
}

/// Soil over a plane that it may slide on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Soil {
    /// Effective cohesion, roots included [Pa].
    pub cohesion: f64,
    /// Effective angle of friction [rad].
    pub friction: f64,
    /// Unit weight of the moist soil [N m⁻³].
    pub unit_weight: f64,
    /// Depth of the plane, measured vertically [m].
    pub depth: f64,
    /// Share of the volume that rain can fill [-].
    pub fillable: f64,
    /// Share of the depth that is full at the start [-].
    pub wet_at_start: f64,
}

impl Default for Soil {
    /// Two metres of weathered granite: 5 kPa and 36° lie in the middle of the range that
    /// geotechnical guides give for completely decomposed granite (Hong Kong Geoguide 1, table 8: 34° to 38° or
    /// more, 0 to 5 kPa and above). They are a choice, to be replaced by the place's own numbers.
    fn default() -> Self {
        Self {
            cohesion: 5_000.0,
            friction: 36_f64.to_radians(),
            unit_weight: 19_000.0,
            depth: 2.0,
            fillable: 0.2,
            wet_at_start: 0.0,
        }
    }
}

impl Soil {
    /// Share of the depth that is full after a rain [-], 0 to 1.
    ///
    /// - `rain`: depth that soaks in [m]
    pub fn wetness(&self, rain: f64) -> f64 {
        (self.wet_at_start + rain.max(0.0) / (self.fillable * self.depth)).clamp(0.0, 1.0)
    }

    /// Factor of safety of the infinite slope [-]; infinite on level ground.
    ///
    /// ```text
    /// F = [c' + (γ - m γ_w) z cos²β tan φ'] / (γ z sin β cos β)
    /// ```
    ///
    /// - `slope`: tangent of the angle β [-]
    /// - `wetness`: share m of the depth below the water table [-]
    ///
    /// Source: Skempton & DeLory (1957), Proc. 4th ICSMFE 2, 378–381.
    pub fn safety(&self, slope: f64, wetness: f64) -> f64 {
        if slope <= 0.0 {
            return f64::INFINITY;
        }
        // cos² = 1 / (1 + tan²), sin cos = tan / (1 + tan²).
        let cos2 = 1.0 / (1.0 + slope * slope);
        let water = wetness * WATER_DENSITY * GRAVITY;
        let holding =
            self.cohesion + (self.unit_weight - water) * self.depth * cos2 * self.friction.tan();
        holding / (self.unit_weight * self.depth * slope * cos2)
    }
}

/// What rain means for a zone's slopes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SlopeMeasures {
    /// Share of the zone steeper than the limit [-].
    pub steep_share: f64,
    /// Share of the zone that is steep and has a factor of safety below 1 [-].
    pub unstable_share: f64,
    /// Least factor of safety on steep ground [-]; infinite where nothing is steep.
    pub safety_min: f64,
}

/// Measures of zones, in their order.
///
/// - `slopes`: tangents, of [`slopes`]
/// - `rain`: rain of the worst day in each zone [m]
/// - `steep`: tangent from which ground counts as steep [-]
pub fn zones(
    slopes: &Raster<f64>,
    zones: &[&MultiPolygon<f64>],
    rain: &[f64],
    soil: &Soil,
    steep: f64,
) -> Vec<SlopeMeasures> {
    zones
        .par_iter()
        .zip(rain)
        .map(|(zone, &rain)| {
            let wetness = soil.wetness(rain);
            let (mut all, mut steep_area, mut unstable) = (0.0, 0.0, 0.0);
            let mut safety_min = f64::INFINITY;
            for covered in covered_fractions(slopes.geometry(), zone) {
                let slope = slopes.values()[covered.cell.index()];
                if !slope.is_finite() {
                    continue;
                }
                all += covered.fraction;
                if slope < steep {
                    continue;
                }
                steep_area += covered.fraction;
                let safety = soil.safety(slope, wetness);
                safety_min = safety_min.min(safety);
                if safety < 1.0 {
                    unstable += covered.fraction;
                }
            }
            let share = |area: f64| if all > 0.0 { area / all } else { 0.0 };
            SlopeMeasures {
                steep_share: share(steep_area),
                unstable_share: share(unstable),
                safety_min,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stormgrid_core::geo::polygon;
    use stormgrid_core::raster::RasterGeometry;

    fn geometry(n: usize, dx: f64, dy: f64) -> RasterGeometry {
        RasterGeometry::new(n, n, 0.0, n as f64 * dy, dx, dy).expect("valid")
    }

    /// Rain of a depth [mm] spread evenly over some hours.
    fn rain(mm: f64, hours: f64) -> Series {
        let rate = mm * 1e-3 / (hours * HOUR);
        let (from, to) = (10.0 * HOUR, (10.0 + hours) * HOUR);
        let times = vec![0.0, from, from + 1e-6, to, to + 1e-6, 120.0 * HOUR];
        Series::new(times, vec![0.0, 0.0, rate, rate, 0.0, 0.0]).expect("in order")
    }

    #[test]
    fn caine_is_14_82_in_an_hour_and_103_mm_in_a_day() {
        assert_eq!(caine_intensity(1.0), 14.82);
        // 14.82 · 10^-0.39 and 24 · 14.82 · 24^-0.39, by logarithms.
        assert!((caine_intensity(10.0) - 6.0374).abs() < 1e-3);
        assert!((24.0 * caine_intensity(24.0) - 102.98).abs() < 0.05);
    }

    #[test]
    fn a_rain_at_a_threshold_has_the_ratio_one() {
        for (hours, mm) in HONG_KONG_MM {
            let found = trigger(&rain(mm, hours));
            assert!(found.hong_kong >= 1.0 - 1e-6, "{hours} h: {found:?}");
        }
        // 75 mm in one hour reach no longer threshold.
        assert!((trigger(&rain(75.0, 1.0)).hong_kong - 1.0).abs() < 1e-6);
        assert!((trigger(&rain(200.0, 24.0)).hong_kong - 1.0).abs() < 1e-6);
        let caine = trigger(&rain(14.82, 1.0));
        assert!((caine.caine - 1.0).abs() < 1e-6 && caine.hong_kong < 0.2);
        assert!((trigger(&rain(300.0, 48.0)).day - 0.150).abs() < 1e-6);
        assert_eq!(trigger(&Series::constant(0.0)), Trigger::default());
    }

    #[test]
    fn the_slope_of_a_plane_is_its_gradient() {
        let g = geometry(9, 10.0, 5.0);
        let plane = Raster::from_fn(g, |r, c| {
            let p = g.center(r, c);
            0.3 * p.x - 0.4 * p.y + 7.0
        });
        let slope = slopes(&plane);
        for row in 1..8 {
            for col in 1..8 {
                assert!((slope.get(row, col) - 0.5).abs() < 1e-12);
            }
        }
        let mut hole = plane;
        hole.set(4, 4, f64::NAN);
        assert!(slopes(&hole).get(4, 4).is_nan());
        assert!(slopes(&hole).get(4, 5).is_finite());
        assert_eq!(slopes(&Raster::filled(g, 3.0)).get(0, 0), 0.0);
    }

    #[test]
    fn safety_follows_the_textbook() {
        let sand = Soil {
            cohesion: 0.0,
            friction: 30_f64.to_radians(),
            ..Soil::default()
        };
        // Dry sand stands at its angle of friction, whatever its weight and depth.
        let at_friction = 30_f64.to_radians().tan();
        assert!((sand.safety(at_friction, 0.0) - 1.0).abs() < 1e-12);
        // Full, its safety falls to the buoyant share of the weight.
        let buoyant = (19_000.0 - 9_810.0) / 19_000.0;
        assert!((sand.safety(at_friction, 1.0) - buoyant).abs() < 1e-12);
        // c' = 5 kPa over 2 m at 45°: 5 / (19 · 2 · 0.5) more.
        let clay = Soil {
            cohesion: 5_000.0,
            ..sand
        };
        let more = clay.safety(1.0, 0.3) - sand.safety(1.0, 0.3);
        assert!((more - 5.0 / 19.0).abs() < 1e-12);
        assert_eq!(clay.safety(0.0, 1.0), f64::INFINITY);
    }

    #[test]
    fn rain_fills_the_pores_from_below() {
        let soil = Soil {
            fillable: 0.25,
            depth: 2.0,
            wet_at_start: 0.1,
            ..Soil::default()
        };
        assert_eq!(soil.wetness(0.0), 0.1);
        assert!((soil.wetness(0.2) - 0.5).abs() < 1e-12);
        assert_eq!(soil.wetness(9.0), 1.0);
    }

    #[test]
    fn shares_are_those_of_the_area() {
        // West half level, east half a plane of 45°.
        let g = geometry(20, 10.0, 10.0);
        let slope = Raster::from_fn(g, |_, c| if c < 10 { 0.0 } else { 1.0 });
        let soil = Soil {
            cohesion: 0.0,
            ..Soil::default()
        };
        let zone: MultiPolygon<f64> =
            polygon![(x: 60.0, y: 0.0), (x: 160.0, y: 0.0), (x: 160.0, y: 200.0), (x: 60.0, y: 200.0)]
                .into();
        let found = zones(&slope, &[&zone], &[0.0], &soil, 0.3)[0];
        assert!((found.steep_share - 0.6).abs() < 1e-9);
        assert!((found.unstable_share - 0.6).abs() < 1e-9);
        assert!((found.safety_min - 36_f64.to_radians().tan()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn more_rain_is_never_safer(
            rates in prop::collection::vec(0.0f64..3e-5, 3..12),
            factor in 1.0f64..4.0,
            slope in 0.01f64..2.0,
        ) {
            let times: Vec<f64> = (0..rates.len()).map(|i| i as f64 * 5000.0).collect();
            let less = Series::new(times.clone(), rates.clone()).expect("valid");
            let more = Series::new(times, rates.iter().map(|r| r * factor).collect()).expect("valid");
            let (a, b) = (trigger(&less), trigger(&more));
            prop_assert!(b.caine >= a.caine && b.hong_kong >= a.hong_kong && b.day >= a.day);
            let soil = Soil::default();
            prop_assert!(soil.safety(slope, soil.wetness(b.day)) <= soil.safety(slope, soil.wetness(a.day)));
            let g = geometry(3, 10.0, 10.0);
            let zone: MultiPolygon<f64> =
                polygon![(x: 0.0, y: 0.0), (x: 30.0, y: 0.0), (x: 30.0, y: 30.0), (x: 0.0, y: 30.0)].into();
            let ground = Raster::filled(g, slope);
            let [dry, wet] = [a.day, b.day].map(|d| zones(&ground, &[&zone], &[d], &soil, 0.1)[0]);
            prop_assert!(wet.unstable_share >= dry.unstable_share);
        }
    }
}
