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

/// Millimetres an hour in a unit of rates as files write it: `mm/h`, `mm h-1`, `in/hr`, `mm/10min`, `m/s`,
/// `kg m-2 s-1` (of water); `None` where it is none of rates.
pub fn mm_h_of_unit(text: &str) -> Option<f64> {
    let (depth, per) = quotient(text)?;
    let mm = match depth.as_str() {
        "mm" | "毫米" | "kgm-2" | "kg/m2" | "kg/m^2" | "lm-2" | "l/m2" => 1.0,
        "um" | "micron" | "microns" => 1e-3,
        "cm" | "厘米" => 10.0,
        "dm" => 100.0,
        "m" | "米" | "meter" | "metre" | "meters" | "metres" => 1000.0,
        "in" | "inch" | "inches" => 25.4,
        "ft" | "foot" | "feet" => 304.8,
        _ => return None,
    };
    let digits = per.bytes().take_while(u8::is_ascii_digit).count();
    let (count, word) = per.split_at(digits);
    let count: f64 = match count {
        "" => 1.0,
        count => count.parse().ok().filter(|n| *n > 0.0)?,
    };
    let hours = match word {
        "s" | "sec" | "second" | "seconds" | "秒" => 1.0 / 3600.0,
        "min" | "minute" | "minutes" | "分" | "分钟" => 1.0 / 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" | "时" | "小时" => 1.0,
        "d" | "day" | "days" | "日" | "天" => 24.0,
        _ => return None,
    };
    Some(mm / (count * hours))
}

/// Square metres a second in a unit of discharge for each metre of width as files write it.
pub fn m2_s_of_unit(text: &str) -> Option<f64> {
    let plain = plain_unit(text);
    match plain.as_str() {
        "m2/s" | "m2s-1" | "m3/s/m" | "m3s-1m-1" | "m3/(sm)" | "(m3/s)/m" => Some(1.0),
        "ft2/s" | "ft2s-1" | "cfs/ft" | "ft3/s/ft" => Some(0.3048 * 0.3048),
        "cm2/s" | "cm2s-1" => Some(1e-4),
        "l/s/m" | "l/(sm)" | "ls-1m-1" => Some(1e-3),
        _ => None,
    }
}

/// A unit in lower case without blanks, dots and signs of powers.
fn plain_unit(text: &str) -> String {
    let kept = text.chars().flat_map(char::to_lowercase);
    let kept = kept.filter(|c| !c.is_whitespace() && !"^*·.[]".contains(*c));
    kept.map(|c| match c {
        '²' => '2',
        '³' => '3',
        '¹' => '1',
        '⁻' | '−' => '-',
        'µ' | 'μ' => 'u',
        c => c,
    })
    .collect()
}

/// What is divided and by which time: `mm/h`, `mm h-1`, `mm per hour`, `mmph`.
fn quotient(text: &str) -> Option<(String, String)> {
    let plain = plain_unit(text);
    let plain = match plain.strip_suffix("ph") {
        Some(depth) => format!("{depth}/h"),
        None => plain.replace("per", "/"),
    };
    let joined = match plain.strip_suffix("-1") {
        None => plain
            .rsplit_once('/')
            .map(|(a, b)| (a.to_owned(), b.to_owned())),
        // The time stands last: the longest that fits is meant.
        Some(product) => ["day", "hour", "min", "sec", "hr", "d", "h", "s"]
            .into_iter()
            .find_map(|time| Some((product.strip_suffix(time)?.to_owned(), time.to_owned()))),
    };
    let (depth, per) = joined?;
    // `kg/(m2 s)` divides by both.
    match (depth.as_str(), per.as_str()) {
        ("kg", "(m2s)") => Some(("kgm-2".to_owned(), "s".to_owned())),
        _ => Some((depth, per)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_rates_are_read_as_files_write_them() {
        for (text, mm_h) in [
            ("mm/h", 1.0),
            ("mm h-1", 1.0),
            ("mm h⁻¹", 1.0),
            ("mm h^-1", 1.0),
            ("MM/HR", 1.0),
            ("mm/hour", 1.0),
            ("mm per hour", 1.0),
            ("毫米/小时", 1.0),
            ("mm/10min", 6.0),
            ("mm/6 min", 10.0),
            ("mm/min", 60.0),
            ("mm/s", 3600.0),
            ("mm s-1", 3600.0),
            ("kg m-2 s-1", 3600.0),
            ("kg/m2/s", 3600.0),
            ("kg/(m2 s)", 3600.0),
            ("m/s", 3.6e6),
            ("m s-1", 3.6e6),
            ("cm/h", 10.0),
            ("in/hr", 25.4),
            ("inches/hour", 25.4),
            ("mm/day", 1.0 / 24.0),
            ("mm d-1", 1.0 / 24.0),
            ("mm/24h", 1.0 / 24.0),
        ] {
            let read = mm_h_of_unit(text).unwrap_or(f64::NAN);
            assert!((read / mm_h - 1.0).abs() < 1e-12, "{text}: {read}");
        }
        for text in ["mm", "m", "dBZ", "K", "1", "m3/s", "mm/0h", "h", "-1", "/"] {
            assert_eq!(mm_h_of_unit(text), None, "{text}");
        }
        assert_eq!(m2_s_of_unit("m² s⁻¹"), Some(1.0));
        assert_eq!(m2_s_of_unit("m3/s"), None);
    }

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
