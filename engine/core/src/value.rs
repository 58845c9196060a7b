//! Values of tables and properties as people and programs write them.
//!
//! A value that is present and not understood is never a default: [`parse_number`] and [`parse_flag`] give
//! `None` for it, and whoever reads tells feature and property.

/// What an attribute of a file says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<T> {
    /// A value that is understood.
    Known(T),
    /// None, or one that stands for none: an empty text, null, `n/a`, -9999. It is unknown, not 0.
    Missing,
    /// Something is there that cannot be understood.
    Unclear,
}

impl<T> Value<T> {
    /// The value where it is understood.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Missing | Self::Unclear => None,
        }
    }
}

/// Words that stand for no value.
const MISSING_WORDS: [&str; 14] = [
    "", "-", "--", "n/a", "na", "nan", "null", "none", "nil", "nodata", "<null>", "unknown", "无",
    "未知",
];

/// Numbers that programs write where there is no value, beside those of [`is_sentinel`] that f32 rounds.
const SENTINELS: [f64; 10] = [
    -9999.0,
    -99999.0,
    -999_999.0,
    -32767.0,
    -32768.0,
    9999.0,
    99999.0,
    999_999.0,
    -3.402_823_466_385_288_6e38,
    1e20,
];

/// Whether a number stands for "no value" of a quantity that cannot reach it: -9999, -32767, -32768, 9999, 1e20,
/// -3.4e38 in any rounding, NaN and infinities.
///
/// Counts (people, households) can be 9999: ask [`is_count_sentinel`] for these.
pub fn is_sentinel(value: f64) -> bool {
    !value.is_finite()
        || value.abs() >= 1e19
        || SENTINELS
            .iter()
            .any(|s| (value - s).abs() <= s.abs() * 1e-6)
        || [-9999.9, 9999.9, -999.25]
            .iter()
            .any(|s| (value - s).abs() < 1e-3)
}

/// Whether a count stands for "no value": negative or not finite.
pub fn is_count_sentinel(value: f64) -> bool {
    !(0.0..1e15).contains(&value)
}

/// A number out of a text: `12`, `-1.5e3`, `1 200`, `1,200`, `12,5`, `１２`; full-width digits and signs, thin and
/// no-break spaces are read as what they stand for.
///
/// A comma is a decimal mark where it cannot be anything else (`12,5`), a separator of thousands where another
/// follows or a point does (`1,234,567`, `1,234.5`). `1,200` alone could be both and is unclear.
pub fn parse_number(text: &str) -> Value<f64> {
    let plain: String = text.trim().chars().map(half_width).collect();
    let plain = plain.trim();
    if MISSING_WORDS.contains(&plain.to_lowercase().as_str()) {
        return Value::Missing;
    }
    let Some(joined) = without_group_spaces(plain) else {
        return Value::Unclear;
    };
    let Some(written) = with_decimal_point(&joined) else {
        return Value::Unclear;
    };
    // Rust also reads "inf", "nan" and "infinity": numbers have digits.
    if !written.bytes().any(|b| b.is_ascii_digit()) {
        return Value::Unclear;
    }
    match written.parse::<f64>() {
        Ok(value) if value.is_finite() => Value::Known(value),
        _ => Value::Unclear,
    }
}

/// A flag in the spellings of OSM and GIS exports: `yes`, `true`, `1`, `y`, `t`, `是`, and their opposites.
///
/// Words of a key that mean yes or no there (`viaduct` of `bridge`) are the caller's.
pub fn parse_flag(text: &str) -> Value<bool> {
    let plain: String = text.trim().chars().map(half_width).collect();
    let plain = plain.trim().to_lowercase();
    match plain.as_str() {
        "yes" | "true" | "1" | "1.0" | "y" | "t" | "on" | "是" | "有" => Value::Known(true),
        "no" | "false" | "0" | "0.0" | "n" | "f" | "off" | "否" | "无" | "没有" => {
            Value::Known(false)
        }
        word if MISSING_WORDS.contains(&word) => Value::Missing,
        _ => Value::Unclear,
    }
}

/// Whether a count is one that programs write for "no value", though as many may live somewhere: 9999, 99999, 999999.
pub fn is_doubtful_count(value: f64) -> bool {
    [9999.0, 99_999.0, 999_999.0].contains(&value)
}

/// A count (people, households, places) out of a text: as [`parse_number`], and `1,200` is 1200, since a count has
/// no fraction of three digits. `1.200` could be the thousands of a continental table as well as 1.2 and is unclear.
pub fn parse_count(text: &str) -> Value<f64> {
    let plain: String = text.trim().chars().map(half_width).collect();
    let plain = plain.trim();
    if plain.contains('.') && !plain.starts_with('0') && in_thousands(plain, '.') {
        return match plain.matches('.').count() {
            1 => Value::Unclear,
            _ => parse_number(&plain.replace('.', "")),
        };
    }
    match parse_number(plain) {
        Value::Unclear if in_thousands(plain, ',') => parse_number(&plain.replace(',', "")),
        read => read,
    }
}

/// Units of lengths as OpenStreetMap and tables write them behind a number, with their metres.
///
/// Source: international yard and pound agreement (1959) for foot and inch.
const LENGTH_UNITS: [(&str, f64); 16] = [
    ("metres", 1.0),
    ("meters", 1.0),
    ("metre", 1.0),
    ("meter", 1.0),
    ("公尺", 1.0),
    ("米", 1.0),
    ("feet", FOOT_M),
    ("foot", FOOT_M),
    ("ft", FOOT_M),
    ("英尺", FOOT_M),
    ("\u{2032}", FOOT_M),
    ("'", FOOT_M),
    ("km", 1000.0),
    ("cm", 0.01),
    ("mm", 0.001),
    ("m", 1.0),
];

/// An international foot [m].
const FOOT_M: f64 = 0.3048;

/// A length [m] out of a text: a number as [`parse_number`] reads it, alone or with a unit behind it: `12 m`,
/// `40 ft`, `40'`, `5'6"`, `12 米`.
///
/// Source: OpenStreetMap wiki, Key:height and Map features/Units.
pub fn parse_length_m(text: &str) -> Value<f64> {
    let plain: String = text.trim().chars().map(half_width).collect();
    let plain = plain.trim().to_lowercase();
    if let Some((feet, inches)) = feet_and_inches(&plain) {
        return match (parse_number(feet), parse_number(inches)) {
            (Value::Known(feet), Value::Known(inches)) if (0.0..12.0).contains(&inches) => {
                Value::Known((feet + inches / 12.0) * FOOT_M)
            }
            _ => Value::Unclear,
        };
    }
    let of_unit = LENGTH_UNITS
        .iter()
        .find_map(|(unit, metres)| Some((plain.strip_suffix(unit)?, *metres)));
    match of_unit {
        None => parse_number(&plain),
        Some((number, metres)) => match parse_number(number) {
            Value::Known(value) => Value::Known(value * metres),
            // A unit without a number says nothing.
            Value::Missing | Value::Unclear => Value::Unclear,
        },
    }
}

/// The two numbers of `5'6"`.
fn feet_and_inches(text: &str) -> Option<(&str, &str)> {
    let text = text
        .strip_suffix('"')
        .or_else(|| text.strip_suffix("''"))
        .or_else(|| text.strip_suffix('\u{2033}'))?;
    text.split_once(['\'', '\u{2032}'])
}

/// The ASCII character that a full-width one stands for; spaces of any width become a space.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => ' ',
        '\u{2212}' | '\u{2013}' => '-',
        _ => c,
    }
}

/// `1 200 000` as `1200000`; `None` where the spaces separate anything else.
fn without_group_spaces(text: &str) -> Option<String> {
    let mut groups = text.split(' ');
    let first = groups.next()?.to_owned();
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mut joined = first.clone();
    let rest: Vec<&str> = groups.collect();
    if rest.is_empty() {
        return Some(joined);
    }
    let head = first.trim_start_matches(['-', '+']);
    if !digits(head) || head.len() > 3 {
        return None;
    }
    for (k, group) in rest.iter().enumerate() {
        let (whole, fraction) = match (k + 1 == rest.len(), group.find(['.', ','])) {
            (true, Some(at)) => group.split_at(at),
            _ => (*group, ""),
        };
        if whole.len() != 3 || !digits(whole) {
            return None;
        }
        joined.push_str(whole);
        joined.push_str(fraction);
    }
    Some(joined)
}

/// Commas as what they are; `None` where one could be a decimal mark as well as a separator of thousands.
fn with_decimal_point(text: &str) -> Option<String> {
    let commas = text.matches(',').count();
    if commas == 0 {
        return Some(text.to_owned());
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.contains(',') {
        // "1.234,5" of continental tables: points between thousands, a comma for the fraction.
        let (thousands, decimals) = text.rsplit_once(',')?;
        let sound = commas == 1 && in_thousands(thousands, '.');
        return sound.then(|| format!("{}.{decimals}", thousands.replace('.', "")));
    }
    if text.contains('.') || commas > 1 {
        return in_thousands(whole, ',').then(|| text.replace(',', ""));
    }
    let (left, right) = text.split_once(',')?;
    let head = left.trim_start_matches(['-', '+']);
    let could_be_thousands = right.len() == 3
        && right.bytes().all(|b| b.is_ascii_digit())
        && (1..=3).contains(&head.len())
        && head.bytes().all(|b| b.is_ascii_digit())
        && !head.starts_with('0');
    (!could_be_thousands).then(|| format!("{left}.{right}"))
}

fn in_thousands(text: &str, mark: char) -> bool {
    let mut groups = text.trim_start_matches(['-', '+']).split(mark);
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    groups
        .next()
        .is_some_and(|g| (1..=3).contains(&g.len()) && digits(g))
        && groups.all(|g| g.len() == 3 && digits(g))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, value) in [
            ("1200", 1200.0),
            (" 1 200 ", 1200.0),
            ("1\u{202f}200", 1200.0),
            ("1 234 567,5", 1_234_567.5),
            ("12,5", 12.5),
            ("0,125", 0.125),
            ("1,234,567", 1_234_567.0),
            ("1,234.5", 1234.5),
            ("1.234,5", 1234.5),
            ("１２００", 1200.0),
            ("－３．５", -3.5),
            ("\u{2212}2", -2.0),
            ("1e3", 1000.0),
            ("+7", 7.0),
        ] {
            assert_eq!(parse_number(text), Value::Known(value), "{text}");
        }
    }

    #[test]
    fn what_could_be_two_numbers_is_unclear_and_what_is_none_is_missing() {
        for text in [
            "1,200", "-1,200", "12 5", "1 20", "3000 2", "about 40", "12;15", "inf", "1.2.3",
            "1,2,3",
        ] {
            assert_eq!(parse_number(text), Value::Unclear, "{text}");
        }
        for text in ["", " ", "n/a", "NULL", "未知", "-"] {
            assert_eq!(parse_number(text), Value::Missing, "{text}");
        }
    }

    #[test]
    fn a_count_has_no_fraction_of_three_digits() {
        for (text, value) in [
            ("1,200", 1200.0),
            ("1200", 1200.0),
            ("１，２００", 1200.0),
            ("1.234.567", 1_234_567.0),
            ("12.5", 12.5),
            ("0.125", 0.125),
        ] {
            assert_eq!(parse_count(text), Value::Known(value), "{text}");
        }
        for text in ["1.200", "about 40", "12;15", "1200人"] {
            assert_eq!(parse_count(text), Value::Unclear, "{text}");
        }
        assert_eq!(parse_count("n/a"), Value::Missing);
    }

    #[test]
    fn lengths_are_read_with_the_units_of_openstreetmap() {
        for (text, metres) in [
            ("12", 12.0),
            ("12 m", 12.0),
            ("12m", 12.0),
            ("12.5 M", 12.5),
            ("12,5 m", 12.5),
            ("１２米", 12.0),
            ("40 ft", 12.192),
            ("40'", 12.192),
            ("5'6\"", 1.6764),
            ("6\u{2032}0\u{2033}", 1.8288),
            ("350 cm", 3.5),
        ] {
            let Value::Known(read) = parse_length_m(text) else {
                panic!("{text}");
            };
            assert!((read - metres).abs() < 1e-12, "{text}: {read}");
        }
        for text in ["3;4", "about 12 m", "m", "12 m 3", "5'13\"", "-"] {
            assert_eq!(parse_length_m(text).known(), None, "{text}");
        }
        assert_eq!(parse_length_m("n/a"), Value::Missing);
    }

    #[test]
    fn sentinels_are_known_in_any_rounding() {
        for value in [
            -9999.0,
            f64::from(-9999.0_f32),
            -32768.0,
            -32767.0,
            9999.0,
            1e20,
            -3.4e38,
            f64::from(f32::MIN),
            f64::NAN,
        ] {
            assert!(is_sentinel(value), "{value}");
        }
        for value in [0.0, -1.0, 8848.9, -10_994.0, 9998.0, 1e15] {
            assert!(!is_sentinel(value), "{value}");
        }
        assert!(!is_count_sentinel(9999.0) && is_count_sentinel(-1.0));
    }

    #[test]
    fn flags_are_read_in_the_spellings_of_exports() {
        for text in ["yes", "TRUE", "1", "Y", "是", "１"] {
            assert_eq!(parse_flag(text), Value::Known(true), "{text}");
        }
        for text in ["no", "False", "0", "否"] {
            assert_eq!(parse_flag(text), Value::Known(false), "{text}");
        }
        assert_eq!(parse_flag("viaduct"), Value::Unclear);
        assert_eq!(parse_flag(""), Value::Missing);
    }
}
