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

/// Radius of maximum wind from the radius of 34 kt by angular momentum [m]; `None` if the storm is no
/// stronger than that wind.
///
/// With M = r V + ½ f r²: M_max / M_34 = 0.699 exp(−0.00618 ΔV − 0.00210 ΔV ½ f R_34), ΔV = V_max − V_34,
/// and R from M_max = R V_max + ½ f R².
///
/// - `vmax`, `wind`: greatest wind, and that whose radius is known [m s⁻¹]
/// - `radius`: mean radius of that wind [m]
/// - `coriolis`: [s⁻¹]
///
/// Source: Chavas & Knaff (2022), Wea. Forecasting 37, 563–579, eqs 4–7, made for 34 kt as a 1-minute mean.
pub fn rmw_chavas_knaff(vmax: f64, wind: f64, radius: f64, coriolis: f64) -> Option<f64> {
    let excess = vmax - wind;
    if excess <= 0.0 || radius <= 0.0 {
        return None;
    }
    let half_f = 0.5 * coriolis;
    let ratio = 0.699 * (-0.006_18 * excess - 0.002_10 * excess * half_f * radius).exp();
    let momentum = ratio * (radius * wind + half_f * radius * radius);
    // The root of ½ f R² + V R = M, in a form that holds at the equator, too.
    Some(2.0 * momentum / (vmax + (vmax * vmax + 4.0 * half_f * momentum).sqrt()))
}

/// Radius of maximum wind from the radius of 50 kt [m]: 0.23 R_50.
///
/// Source: Takagi & Wu (2016), eq. 10, for the north-west Pacific.
pub fn rmw_from_r50(radius: f64) -> f64 {
    0.23 * radius
}

/// Surface shape parameter b_s [-], unclipped.
///
/// b_s = −4.4e-5 Δp² + 0.01 Δp + 0.03 ∂p_c/∂t − 0.014 |φ| + 0.15 V_t^x + 1, x = 0.6 (1 − Δp/215), with Δp in
/// hPa and the tendency in hPa/h, which here count from Pa and Pa/s.
///
/// - `deficit`: [Pa]; `tendency`: of the deficit's growth is negative: change of p_c [Pa s⁻¹]
/// - `lat_deg`: [°]; `translation`: speed of the centre [m s⁻¹]
///
/// Source: Holland (2008), Mon. Wea. Rev. 136, 3432–3445, eq. 11.
pub fn b_holland_2008(deficit: f64, tendency: f64, lat_deg: f64, translation: f64) -> f64 {
    let deficit_hpa = deficit / HPA;
    let per_hour = tendency * 3600.0 / HPA;
    let power = 0.6 * (1.0 - deficit_hpa / 215.0);
    -4.4e-5 * deficit_hpa * deficit_hpa + 0.01 * deficit_hpa + 0.03 * per_hour
        - 0.014 * lat_deg.abs()
        + 0.15 * translation.powf(power)
        + 1.0
}

/// Greatest surface wind of a deficit [m s⁻¹]: sqrt(b_s Δp / (ρ e)).
///
/// Source: Holland (2008), eq. 8.
pub fn vmax_holland_2008(deficit: f64, b: f64, air_density: f64) -> f64 {
    (b * deficit / (air_density * std::f64::consts::E)).sqrt()
}

/// Wind of a storm that has been over land for a time, as a share of that at the coast [-]:
/// V = 26.7 + (0.9 V_0 − 26.7) exp(−0.095 t) kt, never more than V_0 itself.
///
/// - `vmax`: at landfall [m s⁻¹]; `hours`: since landfall
///
/// Source: Kaplan & DeMaria (1995), J. Appl. Meteor. 34, 2499–2512, eq. 4.
pub fn decayed_over_land(vmax: f64, hours: f64) -> f64 {
    let background = 26.7 * KNOT;
    let wind = background + (0.9 * vmax - background) * (-0.095 * hours.max(0.0)).exp();
    wind.min(vmax)
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
    fn the_surface_shape_of_2008_gives_the_published_values() {
        // Hourly pressures 1005.2585 → 1005.2633 → 1005.2682 hPa.
        for (tendency_hpa, translation) in [(0.0048, 5.242), (0.0049, 5.124)] {
            let b = b_holland_2008(4.73 * HPA, tendency_hpa * HPA / 3600.0, 12.3, translation);
            assert!((b - 1.27).abs() <= 1e-2, "{b}");
        }
        for (deficit, b, expected) in [(15.0, 2.5, 34.635_341), (30.0, 1.67, 40.033_421)] {
            let v = vmax_holland_2008(deficit * HPA, b, 1.15);
            assert!((v - expected).abs() <= 5e-7, "{v}");
        }
    }

    #[test]
    fn angular_momentum_gives_back_its_own_radius() {
        // 45 m/s, 17.49 m/s at 250 km, 20° N: both sides of the relation, computed apart.
        let f = 2.0 * 7.29e-5 * 20.0_f64.to_radians().sin();
        let r = rmw_chavas_knaff(45.0, 17.49, 250.0 * KM, f).expect("stronger");
        let momentum = |r: f64, v: f64| r * v + 0.5 * f * r * r;
        let ratio = momentum(r, 45.0) / momentum(250.0 * KM, 17.49);
        let excess = 45.0 - 17.49;
        let expected: f64 =
            0.699 * (-0.006_18 * excess - 0.002_10 * excess * 0.5 * f * 250.0 * KM).exp();
        assert!((ratio - expected).abs() < 1e-12, "{ratio} for {expected}");
        assert!((20.0..60.0).contains(&(r / KM)), "{r}");
        assert_eq!(rmw_chavas_knaff(15.0, 17.49, 250.0 * KM, f), None);
    }

    #[test]
    fn a_storm_over_land_falls_to_a_breeze_and_never_gains() {
        assert_eq!(decayed_over_land(10.0, 3.0), 10.0);
        let after = |hours: f64| decayed_over_land(45.0, hours) / KNOT;
        assert!((after(0.0) - 0.9 * 45.0 / KNOT).abs() < 1e-9);
        assert!(after(6.0) > after(12.0) && (after(200.0) - 26.7).abs() < 1e-3);
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
