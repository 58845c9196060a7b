//! Empirical relations between the numbers of a bulletin.

use stormgrid_core::units::KNOT;

use stormgrid_core::storm::Averaging;

/// Hectopascal [Pa].
const HPA: f64 = 100.0;

/// Kilometre [m].
const KM: f64 = 1000.0;

/// Factor that turns a mean wind of another averaging period into a 10-minute mean [-].
///
/// At sea a 10-minute mean is 0.93 of a 1-minute mean (Harper, Kepert & Ginger 2010, WMO/TD-1555,
/// table 1.1); a 2-minute mean lies at 0.965 of a 1-minute mean, so that its factor is 0.93 / 0.965.
pub fn ten_minute_factor(averaging: Averaging) -> f64 {
    match averaging {
        Averaging::OneMinute => 0.93,
        Averaging::TwoMinute => 0.93 / 0.965,
        Averaging::TenMinute => 1.0,
    }
}

/// B that makes Holland's cyclostrophic maximum equal a gradient wind [-]: e ρ V² / Δp, unclipped.
///
/// - `gradient_wind`: greatest gradient wind [m s⁻¹]
/// - `deficit`: pressure deficit, positive [Pa]
/// - `air_density`: [kg m⁻³]
///
/// Source: Holland (1980), eq. 7 solved for B.
pub fn b_from_wind(gradient_wind: f64, deficit: f64, air_density: f64) -> f64 {
    std::f64::consts::E * air_density * gradient_wind * gradient_wind / deficit
}

/// B from radius of maximum wind and latitude [-], 0.8 to 1.9: 1.833 - 0.326 sqrt(f R).
///
/// - `rmw`: [m]
/// - `coriolis`: [s⁻¹]
///
/// Source: Vickery & Wadhera (2008), J. Appl. Meteor. Climatol. 47, 2497–2517, eq. 23.
pub fn b_vickery_wadhera(rmw: f64, coriolis: f64) -> f64 {
    (1.833 - 0.326 * (coriolis * rmw).sqrt()).clamp(0.8, 1.9)
}

/// Radius of maximum wind from pressure deficit and latitude [m].
///
/// - `deficit`: [Pa]
/// - `lat_deg`: latitude [°]
///
/// Source: Vickery & Wadhera (2008), eq. 11: ln R[km] = 3.015 - 6.291e-5 Δp[hPa]² + 0.0337 |φ|.
pub fn rmw_vickery_wadhera(deficit: f64, lat_deg: f64) -> f64 {
    let deficit_hpa = deficit / HPA;
    (3.015 - 6.291e-5 * deficit_hpa * deficit_hpa + 0.0337 * lat_deg.abs()).exp() * KM
}

/// Radius of maximum wind from the greatest wind [m]: 46.4 exp(-0.0155 V + 0.0169 |φ|) km.
///
/// - `vmax`: greatest wind [m s⁻¹]
/// - `lat_deg`: latitude [°]
///
/// Source: Willoughby, Darling & Rahn (2006), Mon. Wea. Rev. 134, 1102–1120, eq. 7a.
pub fn rmw_willoughby(vmax: f64, lat_deg: f64) -> f64 {
    46.4 * (-0.0155 * vmax + 0.0169 * lat_deg.abs()).exp() * KM
}

/// Radius of maximum wind from the greatest wind [m], Knaff et al. (2015), Wea. Forecasting 30,
/// 692–701, eq. 1.
///
/// - `vmax`: greatest wind [m s⁻¹]
/// - `lat`: latitude [rad]
pub fn rmw_knaff(vmax: f64, lat: f64) -> f64 {
    let kt = vmax / KNOT;
    (218.3784 - 1.2014 * kt + (kt / 10.9844).powi(2)
        - (kt / 35.3052).powi(3)
        - 145.5090 * lat.cos())
        * KM
}

/// Radius of maximum wind from the central pressure in the north-west Pacific [m]:
/// 0.676 p_c[hPa] - 578 km, 5 km at least.
///
/// - `central_pressure`: [Pa]
///
/// Source: Takagi & Wu (2016), Nat. Hazards Earth Syst. Sci. 16, 705–717, eq. 9.
pub fn rmw_takagi(central_pressure: f64) -> f64 {
    (0.676 * central_pressure / HPA - 578.0).max(5.0) * KM
}

/// Greatest 10-minute wind from the central pressure [m s⁻¹]:
/// 6.7 (1010 - p_c)^0.644 kt as a 1-minute mean, times 0.93.
///
/// - `central_pressure`: [Pa]
///
/// Source: Atkinson & Holliday (1977), Mon. Wea. Rev. 105, 421–427, eq. 3.
pub fn wind_from_pressure(central_pressure: f64) -> f64 {
    let deficit_hpa = (1010.0 - central_pressure / HPA).max(0.0);
    6.7 * deficit_hpa.powf(0.644) * KNOT * ten_minute_factor(Averaging::OneMinute)
}

/// Central pressure from the greatest 10-minute wind [Pa], the inverse of [`wind_from_pressure`].
pub fn pressure_from_wind(vmax: f64) -> f64 {
    let kt = vmax / ten_minute_factor(Averaging::OneMinute) / KNOT;
    (1010.0 - (kt.max(0.0) / 6.7).powf(1.0 / 0.644)) * HPA
}

/// Wind at 10 m over water as a share of the gradient wind [-]: 0.9 to 100 km, falling linearly to
/// 0.75 at 700 km and beyond.
///
/// - `r`: distance from the centre [m]
///
/// Source: Knaff et al. (2011), Wea. Forecasting 26, 812–830, section 2; 0.9 of Franklin, Black &
/// Valde (2003).
pub fn surface_factor(r: f64) -> f64 {
    let outwards = ((r - 100.0 * KM) / (600.0 * KM)).clamp(0.0, 1.0);
    0.9 - 0.15 * outwards
}

/// Angle by which the 10 m wind turns from the tangent towards the centre [rad].
///
/// 10° r/R inside R, 75° r/R - 65° to 1.2 R, 25° beyond.
///
/// - `r`, `rmw`: distance and radius of maximum wind [m]
///
/// Source: Sobey, Harper & Stark (1977) as used by McConochie, Hardy & Mason (2004), Ocean Eng. 31,
/// 1757–1782, eq. 6.
pub fn inflow_angle(r: f64, rmw: f64) -> f64 {
    let ratio = r / rmw;
    let degrees: f64 = if ratio < 1.0 {
        10.0 * ratio
    } else if ratio < 1.2 {
        75.0 * ratio - 65.0
    } else {
        25.0
    };
    degrees.to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values: FLOOD.md 4.1 (radii) and 4.2 (B), to the printed digits.

    #[test]
    fn b_from_wind_gives_the_published_values() {
        for (deficit_hpa, wind, density, expected, tolerance) in [
            (30.0, 40.0, 1.15, 1.667_213, 5e-7),
            (15.0, 22.5, 1.2, 1.101, 1e-3),
            (40.0, 42.5, 1.2, 1.473, 1e-3),
        ] {
            let b = b_from_wind(wind, deficit_hpa * HPA, density);
            assert!((b - expected).abs() <= tolerance, "{b} for {expected}");
        }
        // Two published values are clips: 2.5 at gradient level, 1.0 × 0.9² at the surface.
        assert_eq!(b_from_wind(35.0, 1500.0, 1.15).clamp(1.0, 2.5), 2.5);
        assert_eq!(b_from_wind(25.4, 3000.0, 1.2).clamp(0.81, 2.025), 0.81);
    }

    #[test]
    fn radii_of_maximum_wind_give_the_measured_values() {
        let km = |m: f64| m / KM;
        assert!((km(rmw_vickery_wadhera(6000.0, 22.0)) - 34.12).abs() <= 0.005);
        assert!((km(rmw_willoughby(40.0, 22.0)) - 36.20).abs() <= 0.005);
        assert!((km(rmw_knaff(80.0 * KNOT, 22.0_f64.to_radians())) - 28.76).abs() <= 0.005);
        assert!((km(rmw_takagi(95_000.0)) - 64.2).abs() <= 0.05);
    }

    #[test]
    fn wind_and_pressure_are_inverse() {
        for p in [92_000.0, 95_000.0, 98_000.0, 100_500.0] {
            assert!((pressure_from_wind(wind_from_pressure(p)) - p).abs() < 1e-6);
        }
        assert_eq!(wind_from_pressure(101_500.0), 0.0);
    }

    #[test]
    fn inflow_is_continuous() {
        for edge in [1.0, 1.2] {
            let (below, above) = (
                inflow_angle(edge - 1e-9, 1.0),
                inflow_angle(edge + 1e-9, 1.0),
            );
            assert!((below - above).abs() < 1e-6);
        }
    }
}
