//! Radial profiles that need no pressure: Emanuel & Rotunno (2011), Willoughby, Darling & Rahn (2006).

/// Kilometre [m].
const KM: f64 = 1000.0;

/// Emanuel & Rotunno's vortex of constant Richardson number in the outflow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmanuelRotunno {
    /// Greatest wind [m s⁻¹].
    pub vmax: f64,
    /// Radius of maximum wind, positive [m].
    pub rmw: f64,
    /// Coriolis parameter, not negative [s⁻¹].
    pub coriolis: f64,
}

impl EmanuelRotunno {
    /// Wind at a distance from the centre [m s⁻¹]: 2 r (R V + ½ f R²) / (R² + r²), without the outer − f r/2,
    /// as the reference cases have it.
    ///
    /// - `r`: distance [m]
    ///
    /// Source: Emanuel & Rotunno (2011), J. Atmos. Sci. 68, 2236–2249, eq. 36 with C_k = C_d.
    pub fn wind(&self, r: f64) -> f64 {
        let momentum = self.rmw * self.vmax + 0.5 * self.coriolis * self.rmw * self.rmw;
        2.0 * r * momentum / (self.rmw * self.rmw + r * r)
    }
}

/// Willoughby's sectionally continuous vortex with two outer scales.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Willoughby {
    /// Greatest wind [m s⁻¹].
    pub vmax: f64,
    /// Radius of maximum wind, positive [m].
    pub rmw: f64,
    /// Latitude [°].
    pub lat_deg: f64,
}

/// The transition from inner to outer profile, as shares of the radius of maximum wind.
const TRANSITION: (f64, f64) = (0.9, 1.1);

/// Shorter of the outer scales [m].
const SHORT_SCALE: f64 = 25.0 * KM;

impl Willoughby {
    /// Wind at a distance from the centre [m s⁻¹].
    ///
    /// Inside V (r/R)^n, outside V [(1 − A) e^(−(r−R)/X1) + A e^(−(r−R)/X2)], blended from 0.9 R to 1.1 R by
    /// 126 s⁵ − 420 s⁶ + 540 s⁷ − 315 s⁸ + 70 s⁹.
    ///
    /// - `r`: distance [m]
    ///
    /// Source: Willoughby, Darling & Rahn (2006), Mon. Wea. Rev. 134, 1102–1120, eqs 1, 2, 10 and 11.
    pub fn wind(&self, r: f64) -> f64 {
        let (v, lat) = (self.vmax, self.lat_deg.abs());
        let ln_rmw = (self.rmw / KM).ln();
        let inner = || {
            let n = 2.134 + 0.0077 * v - 0.4522 * ln_rmw - 0.0038 * lat;
            v * (r / self.rmw).powf(n.max(0.0))
        };
        let outer = || {
            let long_scale = (317.1 - 2.026 * v + 1.915 * lat).max(1.0) * KM;
            let share = (0.5913 + 0.0029 * v - 0.1361 * ln_rmw - 0.0042 * lat).clamp(0.0, 1.0);
            let beyond = r - self.rmw;
            v * ((1.0 - share) * (-beyond / long_scale).exp()
                + share * (-beyond / SHORT_SCALE).exp())
        };
        let (from, to) = (TRANSITION.0 * self.rmw, TRANSITION.1 * self.rmw);
        if r <= from {
            inner()
        } else if r >= to {
            outer()
        } else {
            let weight = ramp((r - from) / (to - from));
            inner() * (1.0 - weight) + outer() * weight
        }
    }
}

/// Bellramp from 0 to 1 with four vanishing derivatives at either end.
fn ramp(s: f64) -> f64 {
    s.powi(5) * (126.0 + s * (-420.0 + s * (540.0 + s * (-315.0 + s * 70.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emanuel_rotunno_gives_the_published_winds() {
        // climada_python's test suite, as listed in FLOOD.md 4.2. Tolerance: the printed digits.
        type Case = (f64, f64, f64, &'static [(f64, f64)]);
        let cases: [Case; 2] = [
            (
                75.0,
                35.0,
                4.986_653_69e-5,
                &[
                    (35.0, 28.258_025),
                    (70.0, 36.782_418),
                    (75.0, 36.869_995),
                    (220.0, 22.521_237),
                ],
            ),
            (
                40.0,
                40.0,
                6.619_181_49e-5,
                &[(30.0, 39.670_883), (1000.0, 3.300_626), (300.0, 10.827_206)],
            ),
        ];
        for (rmw, vmax, coriolis, points) in cases {
            let profile = EmanuelRotunno {
                vmax,
                rmw: rmw * KM,
                coriolis,
            };
            for &(r, expected) in points {
                let v = profile.wind(r * KM);
                assert!((v - expected).abs() <= 1e-6, "{r} km: {v} for {expected}");
            }
        }
    }

    #[test]
    fn willoughby_peaks_at_its_radius_and_joins_smoothly() {
        for (vmax, rmw_km) in [(25.0, 60.0), (40.0, 35.0), (65.0, 15.0)] {
            let profile = Willoughby {
                vmax,
                rmw: rmw_km * KM,
                lat_deg: 21.0,
            };
            let mut last = profile.wind(0.0);
            assert_eq!(last, 0.0);
            let mut most = (0.0, 0.0);
            for i in 1..20_000 {
                let r = f64::from(i) * 25.0;
                let v = profile.wind(r);
                // Large, weak storms have n < 1, a cusp at the centre.
                assert!(
                    r < 5_000.0 || (v - last).abs() < 0.01 * vmax,
                    "jump at {r} m"
                );
                if v > most.1 {
                    most = (r, v);
                }
                last = v;
            }
            assert!((most.0 / (rmw_km * KM) - 1.0).abs() < 0.1, "{most:?}");
            assert!((most.1 / vmax - 1.0).abs() < 0.06, "{most:?}");
            // Beyond the transition the published exponentials alone, computed by hand for 40 m/s.
            if vmax == 40.0 {
                let ln_r = 35.0_f64.ln();
                let (x1, a): (f64, f64) = (
                    317.1 - 2.026 * 40.0 + 1.915 * 21.0,
                    0.5913 + 0.0029 * 40.0 - 0.1361 * ln_r - 0.0042 * 21.0,
                );
                let expected =
                    40.0 * ((1.0 - a) * (-165.0 / x1).exp() + a * (-165.0_f64 / 25.0).exp());
                assert!((profile.wind(200.0 * KM) - expected).abs() < 1e-9);
            }
        }
    }
}
