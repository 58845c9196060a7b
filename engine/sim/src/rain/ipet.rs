//! The rain of IPET: a function of pressure deficit and radius of maximum wind.

/// Millimetre an hour [m s⁻¹].
const MM_H: f64 = 1e-3 / 3600.0;

/// Rain on the right of the track beside that on the left.
const RIGHT: f64 = 1.5;

/// Rate of rain at a distance from the centre [m s⁻¹].
///
/// 1.14 + 0.12 Δp mm/h within the radius of maximum wind, Δp in hPa, times exp(−0.3 (r − R)/R) beyond it;
/// half as much again to the right of the track in the northern hemisphere, to the left in the southern.
///
/// - `r`: distance [m]; `rmw`: radius of maximum wind, positive [m]
/// - `deficit`: environment less centre [Pa], none if negative
/// - `strong_side`: whether the point lies on that side
///
/// Source: IPET (2006), Performance Evaluation of the New Orleans and Southeast Louisiana Hurricane
/// Protection System, vol. VIII, appendix R (Chen, rain of hurricanes).
pub fn ipet(r: f64, rmw: f64, deficit: f64, strong_side: bool) -> f64 {
    if deficit <= 0.0 {
        return 0.0;
    }
    let within = 1.14 + 0.12 * deficit / 100.0;
    let beyond = ((r - rmw) / rmw).max(0.0);
    let side = if strong_side { RIGHT } else { 1.0 };
    side * within * (-0.3 * beyond).exp() * MM_H
}

#[cfg(test)]
mod tests {
    use super::ipet;

    #[test]
    fn rates_are_those_of_the_formula() {
        // By hand: 1.14 + 0.12 · 50 = 7.14 mm/h; at 3 R times e^−0.6; the strong side half as much again.
        let mm_h = |r: f64, strong: bool| ipet(r * 1e3, 40e3, 5000.0, strong) * 3.6e6;
        for (r, strong, expected) in [
            (0.0, false, 7.14),
            (40.0, false, 7.14),
            (40.0, true, 10.71),
            (120.0, false, 3.918_515),
            (120.0, true, 5.877_773),
        ] {
            assert!((mm_h(r, strong) - expected).abs() < 5e-6, "{r} {strong}");
        }
        assert_eq!(ipet(10e3, 40e3, -1.0, true), 0.0);
    }
}
