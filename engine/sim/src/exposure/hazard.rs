//! Hazard classes H1 to H6 of moving water for people, vehicles and buildings.

use serde::{Deserialize, Serialize};

/// Hazard class of the Australian guideline (AIDR 2017, ARR 2019 book 6 chapter 7).
///
/// Ordered: a later class is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum HazardClass {
    /// Generally safe for people, vehicles and buildings.
    H1 = 1,
    /// Unsafe for small vehicles.
    H2 = 2,
    /// Unsafe for vehicles, children and the elderly.
    H3 = 3,
    /// Unsafe for people and vehicles.
    H4 = 4,
    /// Unsafe for people and vehicles; buildings vulnerable to structural damage.
    H5 = 5,
    /// Unsafe for people and vehicles; all building types liable to fail.
    H6 = 6,
}

/// Upper limits of a class: depth × speed [m² s⁻¹], depth [m], speed [m s⁻¹]; all three must hold.
///
/// Source: Smith, Davey & Cox (2014), WRL technical report 2014/07, table 6, as adopted by
/// AIDR (2017), guideline 7-3, table 2.
const UPPER_LIMITS: [(HazardClass, f64, f64, f64); 5] = [
    (HazardClass::H1, 0.3, 0.3, 2.0),
    (HazardClass::H2, 0.6, 0.5, 2.0),
    (HazardClass::H3, 0.6, 1.2, 2.0),
    (HazardClass::H4, 1.0, 2.0, 2.0),
    (HazardClass::H5, 4.0, 4.0, 4.0),
];

impl HazardClass {
    /// The class of an instant's depth [m] and speed [m s⁻¹]; `None` where there is no water.
    ///
    /// The worst class of a run is the largest of these over time. The class of the greatest depth
    /// with the greatest speed is worse than that, because the two do not come together.
    pub fn of(depth: f64, speed: f64) -> Option<Self> {
        if depth.is_nan() || depth <= 0.0 {
            return None;
        }
        let holds = |&&(_, dv, d, v): &&(Self, f64, f64, f64)| {
            depth * speed <= dv && depth <= d && speed <= v
        };
        Some(
            UPPER_LIMITS
                .iter()
                .find(holds)
                .map_or(Self::H6, |limit| limit.0),
        )
    }

    /// The class of a raster's number, 1 to 6; `None` for 0 (dry) and anything else.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::H1, Self::H2, Self::H3, Self::H4, Self::H5, Self::H6]
            .get(usize::from(number).wrapping_sub(1))
            .copied()
    }

    /// The class as a number, 1 to 6.
    pub fn number(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_printed_limits() {
        for (depth, speed, class) in [
            (0.3, 1.0, HazardClass::H1),
            (0.31, 0.5, HazardClass::H2),
            (0.29, 1.5, HazardClass::H2),
            (0.51, 0.1, HazardClass::H3),
            (1.2, 0.5, HazardClass::H3),
            (1.21, 0.1, HazardClass::H4),
            (0.5, 1.9, HazardClass::H4),
            (2.1, 0.0, HazardClass::H5),
            (0.1, 2.1, HazardClass::H5),
            (4.1, 0.0, HazardClass::H6),
            (0.1, 4.1, HazardClass::H6),
            (2.0, 2.1, HazardClass::H6),
        ] {
            assert_eq!(
                HazardClass::of(depth, speed),
                Some(class),
                "{depth} {speed}"
            );
        }
        assert_eq!(HazardClass::of(0.0, 9.0), None);
        assert_eq!(HazardClass::of(f64::NAN, 1.0), None);
    }

    #[test]
    fn more_water_is_never_safer() {
        for i in 1..60 {
            for j in 0..60 {
                let (depth, speed) = (f64::from(i) * 0.1, f64::from(j) * 0.1);
                let class = HazardClass::of(depth, speed);
                assert!(HazardClass::of(depth + 0.05, speed) >= class);
                assert!(HazardClass::of(depth, speed + 0.05) >= class);
            }
        }
    }

    #[test]
    fn numbers_round_trip() {
        for number in 1..=6 {
            let class = HazardClass::from_number(number).expect("a class");
            assert_eq!(class.number(), number);
        }
        assert_eq!(HazardClass::from_number(0), None);
        assert_eq!(HazardClass::from_number(7), None);
    }
}
