//! Quantities for public scalars, with constructors named after the unit.
//!
//! Slices and struct fields inside the numerics are plain `f64` in SI.

use serde::{Deserialize, Serialize};

/// Standard acceleration of free fall used by the flood solver [m s⁻²].
///
/// 9.81 rather than the conventional 9.80665, because the published benchmark solutions use it.
pub const GRAVITY: f64 = 9.81;

/// Density of sea water [kg m⁻³], the usual value for coastal water of 35 g/kg at 15 °C.
pub const SEA_WATER_DENSITY: f64 = 1025.0;

/// Density of air near the surface in a tropical cyclone [kg m⁻³] (Holland 1980).
pub const AIR_DENSITY: f64 = 1.15;

/// One international nautical mile [m].
pub const NAUTICAL_MILE: f64 = 1852.0;

/// One knot [m s⁻¹]: a nautical mile an hour.
pub const KNOT: f64 = NAUTICAL_MILE / 3600.0;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $($from:ident / $as_:ident = $factor:expr, $unit:literal);+ $(;)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            $(
                #[doc = concat!("From a value in ", $unit, ".")]
                pub const fn $from(value: f64) -> Self {
                    Self(value * $factor)
                }

                #[doc = concat!("The value in ", $unit, ".")]
                pub const fn $as_(self) -> f64 {
                    self.0 / $factor
                }
            )+
        }
    };
}

quantity!(
    /// A speed.
    Speed,
    from_mps / as_mps = 1.0, "metres a second";
    from_knots / as_knots = KNOT, "knots";
    from_kmh / as_kmh = 1.0 / 3.6, "kilometres an hour"
);
quantity!(
    /// A length.
    Length,
    from_m / as_m = 1.0, "metres";
    from_km / as_km = 1000.0, "kilometres";
    from_nautical_miles / as_nautical_miles = NAUTICAL_MILE, "nautical miles"
);
quantity!(
    /// A pressure.
    Pressure,
    from_pa / as_pa = 1.0, "pascals";
    from_hpa / as_hpa = 100.0, "hectopascals"
);
quantity!(
    /// An intensity of rain, a depth of water per time.
    RainRate,
    from_mps / as_mps = 1.0, "metres a second";
    from_mm_h / as_mm_h = 1.0e-3 / 3600.0, "millimetres an hour"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knot_is_a_nautical_mile_an_hour() {
        assert!((Speed::from_knots(1.0).as_kmh() - 1.852).abs() < 1e-12);
        assert!((Speed::from_mps(10.0).as_knots() - 19.438_444_9).abs() < 1e-6);
    }

    #[test]
    fn rain_of_one_millimetre_an_hour_fills_a_metre_in_a_thousand_hours() {
        let rate = RainRate::from_mm_h(1.0).as_mps();
        assert!((rate * 3600.0 * 1000.0 - 1.0).abs() < 1e-12);
    }
}
