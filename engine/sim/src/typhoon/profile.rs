//! Radial profiles of pressure and wind: pure functions of the distance from the centre.

/// Rotation rate of the Earth [rad s⁻¹], the value FLOOD.md 4.1 and the reference cases use.
const EARTH_ROTATION: f64 = 7.29e-5;

/// Coriolis parameter, positive in both hemispheres [s⁻¹]: 2 Ω sin|φ|.
///
/// - `lat`: latitude [rad]
pub fn coriolis(lat: f64) -> f64 {
    2.0 * EARTH_ROTATION * lat.abs().sin()
}

/// Holland's vortex of 1980.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holland80 {
    /// Pressure at the centre [Pa].
    pub central_pressure: f64,
    /// Pressure deficit, environment minus centre, not negative [Pa].
    pub deficit: f64,
    /// Radius of maximum wind, positive [m].
    pub rmw: f64,
    /// Shape parameter B [-].
    pub b: f64,
    /// Coriolis parameter, not negative [s⁻¹].
    pub coriolis: f64,
    /// Density of air [kg m⁻³].
    pub air_density: f64,
}

impl Holland80 {
    /// Pressure at a distance from the centre [Pa].
    ///
    /// - `r`: distance [m]
    ///
    /// Source: Holland (1980), Mon. Wea. Rev. 108, 1212–1218, eq. 4.
    pub fn pressure(&self, r: f64) -> f64 {
        if r <= 0.0 {
            return self.central_pressure;
        }
        self.central_pressure + self.deficit * (-(self.rmw / r).powf(self.b)).exp()
    }

    /// Gradient wind at a distance from the centre [m s⁻¹], not negative.
    ///
    /// - `r`: distance [m]
    ///
    /// Source: Holland (1980), eq. 5.
    pub fn gradient_wind(&self, r: f64) -> f64 {
        if r <= 0.0 {
            return 0.0;
        }
        let half_rotation = 0.5 * r * self.coriolis;
        (self.cyclostrophic_squared(r) + half_rotation * half_rotation).sqrt() - half_rotation
    }

    /// Cyclostrophic wind at a distance from the centre [m s⁻¹]: the gradient wind without the
    /// Earth's rotation. Source: Holland (1980), eq. 6.
    pub fn cyclostrophic_wind(&self, r: f64) -> f64 {
        if r <= 0.0 {
            return 0.0;
        }
        self.cyclostrophic_squared(r).sqrt()
    }

    fn cyclostrophic_squared(&self, r: f64) -> f64 {
        let ratio = (self.rmw / r).powf(self.b);
        // (R/r)^B exp(-(R/r)^B) is 0 in the limit r -> 0, where the product would be infinity × 0.
        if ratio > 700.0 {
            return 0.0;
        }
        self.b / self.air_density * ratio * self.deficit * (-ratio).exp()
    }
}

/// Holland, Belanger & Fritz' surface profile of 2010.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holland10 {
    /// Greatest wind at 10 m [m s⁻¹].
    pub vmax: f64,
    /// Radius of maximum wind [m].
    pub rmw: f64,
    /// Surface shape parameter b_s [-].
    pub b: f64,
    /// Wind that the profile is tied to far out [m s⁻¹], and where, beyond `rmw` [m].
    pub outer: [f64; 2],
}

/// Where a profile is tied without an observed radius: 17 m/s at 300 km (CLIMADA's choice).
pub(super) const OUTER: [f64; 2] = [17.0, 300_000.0];

/// Least exponent of H10 (CLIMADA's guard against an outer wind that grows again).
const LEAST_EXPONENT: f64 = 0.4;

impl Holland10 {
    /// Wind at 10 m at a distance from the centre [m s⁻¹].
    ///
    /// V = V_m [ (R/r)^b exp(1 - (R/r)^b) ]^x, with the exponent of [`Self::exponent`].
    ///
    /// Source: Holland, Belanger & Fritz (2010), Mon. Wea. Rev. 138, 4393–4401, eq. 6.
    pub fn wind(&self, r: f64) -> f64 {
        if r <= 0.0 {
            return 0.0;
        }
        let ratio = (self.rmw / r).powf(self.b);
        if ratio > 700.0 {
            return 0.0;
        }
        self.vmax * (ratio * (1.0 - ratio).exp()).powf(self.exponent(r))
    }

    /// The exponent x: 0.5 to the radius of maximum wind, then linear through the value that gives
    /// the outer wind at its radius; 0.4 at least. Source: same, eq. 10.
    pub fn exponent(&self, r: f64) -> f64 {
        if r <= self.rmw {
            return 0.5;
        }
        let [outer_wind, outer_radius] = self.outer;
        let ratio = (self.rmw / outer_radius).powf(self.b);
        let outer = (outer_wind / self.vmax).ln() / (ratio * (1.0 - ratio).exp()).ln();
        // A storm weaker than the outer wind has no such tie: its exponent is held at the least.
        let outer = if outer.is_finite() { outer } else { 0.5 };
        (0.5 + (r - self.rmw) * (outer.max(0.0) - 0.5) / (outer_radius - self.rmw))
            .max(LEAST_EXPONENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KM: f64 = 1000.0;

    // Expected values: the test suite of climada_python (windfields and trop_cyclone), as listed in
    // FLOOD.md 4.2. Tolerance: that suite's own, 0.01 m/s for Holland 1980, 1e-6 for Holland 2010.

    fn storm(rmw_km: f64, b: f64, deficit_hpa: f64, coriolis: f64) -> Holland80 {
        Holland80 {
            central_pressure: 97_000.0,
            deficit: deficit_hpa * 100.0,
            rmw: rmw_km * KM,
            b,
            coriolis,
            air_density: 1.15,
        }
    }

    #[test]
    fn holland_1980_gives_the_published_gradient_winds() {
        let strong = storm(40.665_455, 1.486_076_257_880_692, 39.12, 3.549_219_22e-5);
        for (r_km, gradient, cyclostrophic) in [
            (299.450, 11.28, 15.72),
            (291.074, 11.68, 16.04),
            (292.544, 11.61, 15.98),
            (40.665_45, 42.41, 43.13),
        ] {
            let v = strong.gradient_wind(r_km * KM);
            assert!((v - gradient).abs() <= 0.01, "{r_km} km: {v}");
            let v = strong.cyclostrophic_wind(r_km * KM);
            assert!((v - cyclostrophic).abs() <= 0.01, "{r_km} km: {v}");
        }
        let weak = storm(75.547_903, 1.265_551_666_104_679, 4.73, 3.105_982_85e-5);
        for (r_km, gradient, cyclostrophic) in [
            (293.607, 5.38, 8.84),
            (298.265, 5.28, 8.76),
            (70.0, 12.76, 13.81),
        ] {
            let v = weak.gradient_wind(r_km * KM);
            assert!((v - gradient).abs() <= 0.01, "{r_km} km: {v}");
            let v = weak.cyclostrophic_wind(r_km * KM);
            assert!((v - cyclostrophic).abs() <= 0.01, "{r_km} km: {v}");
        }
    }

    #[test]
    fn holland_2010_gives_the_published_winds() {
        // Radius of maximum wind [km], greatest wind, b; distance [km] and wind.
        type Case = (f64, f64, f64, &'static [(f64, f64)]);
        let cases: [Case; 4] = [
            (
                75.0,
                35.0,
                1.75,
                &[
                    (0.0, 0.0),
                    (75.0, 35.0),
                    (220.0, 21.181_497),
                    (300.0, 17.0),
                    (490.0, 12.103_461),
                ],
            ),
            (
                75.0,
                35.0,
                2.5,
                &[
                    (30.0, 1.296_480),
                    (74.0, 34.990_037),
                    (170.0, 21.593_755),
                    (300.0, 12.891_313),
                ],
            ),
            (
                75.0,
                16.0,
                1.9,
                &[
                    (21.0, 0.321_952),
                    (76.0, 15.997_500),
                    (230.0, 9.712_006),
                    (300.0, 8.087_240),
                    (431.0, 6.228_969),
                ],
            ),
            (
                90.0,
                90.0,
                1.6,
                &[
                    (32.0, 24.823_469),
                    (91.0, 89.992_938),
                    (270.0, 24.381_965),
                    (300.0, 17.0),
                    (452.0, 1.929_202),
                ],
            ),
        ];
        for (rmw, vmax, b, points) in cases {
            let profile = Holland10 {
                vmax,
                rmw: rmw * KM,
                b,
                outer: OUTER,
            };
            for &(r, expected) in points {
                let v = profile.wind(r * KM);
                assert!(
                    (v - expected).abs() <= 1e-6,
                    "R {rmw} Vm {vmax} b {b} r {r}: {v} for {expected}"
                );
            }
        }
    }

    #[test]
    fn holland_2010_gives_the_published_exponents() {
        let profile = Holland10 {
            vmax: 35.0,
            rmw: 75.0 * KM,
            b: 1.75,
            outer: OUTER,
        };
        for (r, expected) in [
            (0.0, 0.5),
            (75.0, 0.5),
            (220.0, 0.485_077),
            (300.0, 0.476_844),
            (490.0, 0.457_291),
        ] {
            assert!((profile.exponent(r * KM) - expected).abs() <= 5e-7);
        }
    }

    #[test]
    fn pressure_rises_from_the_centre_to_the_environment() {
        let v = storm(30.0, 1.3, 60.0, 5e-5);
        assert_eq!(v.pressure(0.0), 97_000.0);
        let mut last = 0.0;
        for i in 0..500 {
            let p = v.pressure(f64::from(i) * 2.0 * KM);
            assert!(p >= last);
            last = p;
        }
        assert!((v.pressure(1e9) - 103_000.0).abs() < 1.0);
        // At the radius of maximum wind 1/e of the deficit is filled.
        let at_rmw = v.pressure(30.0 * KM);
        assert!((at_rmw - (97_000.0 + 6_000.0 * (-1.0_f64).exp())).abs() < 1e-9);
    }

    #[test]
    fn gradient_wind_balances_the_pressure_gradient() {
        // V²/r + f V = (1/ρ) dp/dr, the law that eq. 5 solves; dp/dr by central difference.
        let v = storm(35.0, 1.4, 50.0, 5.5e-5);
        for r_km in [15.0, 20.0, 35.0, 80.0, 250.0] {
            let (r, h) = (r_km * KM, 1.0);
            let slope = (v.pressure(r + h) - v.pressure(r - h)) / (2.0 * h);
            let wind = v.gradient_wind(r);
            let balance = wind * wind / r + v.coriolis * wind;
            assert!(
                (balance - slope / v.air_density).abs() < 1e-6 * balance,
                "{r_km}"
            );
        }
    }
}
