//! Mean longitudes of moon and sun, and the lunar node's angles.

use stormgrid_core::time::Instant;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// 2000-01-01T12:00:00Z [s since 1970-01-01T00:00:00Z].
const J2000_UNIX: f64 = 946_728_000.0;

/// Days of a Julian century.
const CENTURY_DAYS: f64 = 36_525.0;

/// Mean longitudes at one instant [°], not reduced to a turn.
///
/// Universal time stands in for ephemeris time: 70 s move the moon by 0.01°.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Longitudes {
    /// Mean lunar time, counted from lower transit: 15° per hour of universal time, less s, plus h.
    pub tau: f64,
    /// Moon.
    pub s: f64,
    /// Sun.
    pub h: f64,
    /// Lunar perigee.
    pub p: f64,
    /// Ascending lunar node, decreasing.
    pub n: f64,
    /// Solar perigee.
    pub ps: f64,
}

/// Polynomials in Julian centuries from J2000.0 [°]: constant, linear, quadratic.
///
/// Source: Meeus (1998), Astronomical Algorithms, 2nd ed., eqs 47.1, 25.2, 47.7 and chapter 22;
/// the solar perigee is the perigee of eq. 25.4's orbit plus 180°.
const MOON: [f64; 3] = [218.316_447_7, 481_267.881_234_21, -0.001_578_6];
const SUN: [f64; 3] = [280.466_46, 36_000.769_83, 0.000_303_2];
const LUNAR_PERIGEE: [f64; 3] = [83.353_246_5, 4_069.013_728_7, -0.010_320_0];
const LUNAR_NODE: [f64; 3] = [125.044_52, -1_934.136_261, 0.002_070_8];
const SOLAR_PERIGEE: [f64; 3] = [282.937_35, 1.719_46, 0.000_46];

impl Longitudes {
    /// The longitudes at an instant.
    pub fn at(time: Instant) -> Self {
        let unix = time.unix_seconds() as f64;
        let centuries = (unix - J2000_UNIX) / DAY / CENTURY_DAYS;
        let at = |c: [f64; 3]| c[0] + centuries * (c[1] + centuries * c[2]);
        let (s, h) = (at(MOON), at(SUN));
        let hour_angle = 360.0 * (unix / DAY).rem_euclid(1.0);
        Self {
            tau: hour_angle - s + h,
            s,
            h,
            p: at(LUNAR_PERIGEE),
            n: at(LUNAR_NODE),
            ps: at(SOLAR_PERIGEE),
        }
    }
}

/// Angles that the lunar node sets [rad].
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeAngles {
    /// Obliquity of the lunar orbit to the equator, I.
    pub(super) obliquity: f64,
    /// Longitude in the moon's orbit of the intersection, ξ.
    pub(super) xi: f64,
    /// Right ascension of the intersection, ν.
    pub(super) nu: f64,
    /// ν' of K1.
    pub(super) nu_prime: f64,
    /// 2ν'' of K2.
    pub(super) two_nu_second: f64,
    /// Lunar perigee reckoned from the intersection, P = p - ξ.
    pub(super) perigee: f64,
}

impl NodeAngles {
    /// The angles at given longitudes.
    ///
    /// Source: Schureman (1958), Manual of Harmonic Analysis and Prediction of Tides, Special
    /// Publication 98: eqs 191 (I), 192–193 (ξ, ν as Napier's analogies), 224 (ν'), 232 (2ν'').
    pub(super) fn at(longitudes: &Longitudes) -> Self {
        let n = (longitudes.n + 180.0).rem_euclid(360.0).to_radians() - std::f64::consts::PI;
        let obliquity = (0.913_694 - 0.035_693 * n.cos()).acos();
        let half = |factor: f64| (factor * (0.5 * n).sin()).atan2((0.5 * n).cos());
        let (half_sum, half_difference) = (half(1.018_827), half(0.644_123));
        let nu = half_sum - half_difference;
        let xi = n - half_sum - half_difference;
        let (sin_2i, sin2_i) = ((2.0 * obliquity).sin(), obliquity.sin().powi(2));
        Self {
            obliquity,
            xi,
            nu,
            nu_prime: (sin_2i * nu.sin()).atan2(sin_2i * nu.cos() + 0.3347),
            two_nu_second: (sin2_i * (2.0 * nu).sin()).atan2(sin2_i * (2.0 * nu).cos() + 0.0727),
            perigee: longitudes.p.to_radians() - xi,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moon_of_meeus_example_stands_where_it_is_printed() {
        // Meeus (1998) example 47.a: 1992 April 12, 0h TD: L' = 134.290182°. Universal time is 59 s
        // behind, which moves the moon by 0.009°.
        let at = Longitudes::at(Instant::parse("1992-04-12T00:00:00Z").expect("valid"));
        assert!((at.s.rem_euclid(360.0) - 134.290_182).abs() < 1e-4);
    }

    #[test]
    fn obliquity_lies_between_its_extremes() {
        // Schureman, section 123: I swings from 18.3° to 28.6°.
        let start = Instant::parse("2000-01-01T00:00:00Z").expect("valid");
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for day in 0..7000 {
            let angles = NodeAngles::at(&Longitudes::at(start.plus_seconds(f64::from(day) * DAY)));
            low = low.min(angles.obliquity.to_degrees());
            high = high.max(angles.obliquity.to_degrees());
            assert!(angles.nu.to_degrees().abs() < 13.1 && angles.xi.to_degrees().abs() < 12.0);
        }
        assert!(
            (low - 18.3).abs() < 0.05 && (high - 28.6).abs() < 0.05,
            "{low} {high}"
        );
    }
}
