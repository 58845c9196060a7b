//! Properties of features: what a value says, and what a layer's values leave unknown.
//!
//! A value that is present and not understood is never a default. Numbers that stand as text are read as numbers,
//! flags in the spellings of OpenStreetMap and GIS exports; a sentinel, a null and a negative count are unknown and
//! counted; what stays unclear is refused with feature, property and value, or counted as unknown where nothing but
//! a drawing rests on it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json};
use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_core::value::{
    Value, is_count_sentinel, is_doubtful_count, is_sentinel, parse_count, parse_flag,
    parse_length_m, parse_number,
};

use crate::FormatError;
use crate::vector::Feature;

/// Words of OpenStreetMap's key `bridge` that mean that the way lies on a bridge.
///
/// A low-water crossing is built to be flooded, so it is none.
///
/// Source: OpenStreetMap wiki, Key:bridge, values documented there.
pub const BRIDGE_WORDS: [&str; 12] = [
    "viaduct",
    "aqueduct",
    "boardwalk",
    "cantilever",
    "covered",
    "movable",
    "trestle",
    "arch",
    "beam",
    "suspension",
    "simple_brunnel",
    "overpass",
];

/// Words of that key that mean that it does not.
pub const NO_BRIDGE_WORDS: [&str; 6] = [
    "none",
    "low_water_crossing",
    "abandoned",
    "removed",
    "razed",
    "proposed",
];

/// A number as it stands or as a text; a sentinel is none.
pub fn quantity(value: &Json) -> Value<f64> {
    known_unless(numeric(value, parse_number), is_sentinel)
}

/// A count as it stands or as a text; a negative one is none.
pub fn count(value: &Json) -> Value<f64> {
    known_unless(numeric(value, parse_count), is_count_sentinel)
}

/// A length [m] as it stands or as a text with or without a unit; a sentinel is none.
pub fn length_m(value: &Json) -> Value<f64> {
    known_unless(numeric(value, parse_length_m), is_sentinel)
}

/// A flag as it stands, as 0 or 1, or as a text; `yes` and `no` are the words of its key beside the usual ones.
pub fn flag(value: &Json, yes: &[&str], no: &[&str]) -> Value<bool> {
    match value {
        Json::Null => Value::Missing,
        Json::Bool(value) => Value::Known(*value),
        Json::Number(number) => match number.as_f64() {
            Some(1.0) => Value::Known(true),
            Some(0.0) => Value::Known(false),
            Some(other) if is_sentinel(other) => Value::Missing,
            _ => Value::Unclear,
        },
        Json::String(text) => {
            let word = text.trim().to_lowercase();
            match () {
                () if yes.contains(&word.as_str()) => Value::Known(true),
                () if no.contains(&word.as_str()) => Value::Known(false),
                () => parse_flag(text),
            }
        }
        Json::Array(_) | Json::Object(_) => Value::Unclear,
    }
}

/// A text: strings without the blanks around them, whole numbers without a fraction; blank ones are none.
///
/// Programs that keep codes as numbers write 1 as `1.0`.
pub fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.trim().to_owned()).filter(|t| !t.is_empty()),
        Json::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < 1e15 => {
                Some(format!("{whole:.0}"))
            }
            _ => Some(number.to_string()),
        },
        Json::Bool(value) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn numeric(value: &Json, parse: fn(&str) -> Value<f64>) -> Value<f64> {
    match value {
        Json::Null => Value::Missing,
        Json::Number(number) => number.as_f64().map_or(Value::Unclear, Value::Known),
        Json::String(text) => parse(text),
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => Value::Unclear,
    }
}

fn known_unless(value: Value<f64>, is_none: fn(f64) -> bool) -> Value<f64> {
    match value {
        Value::Known(number) if is_none(number) => Value::Missing,
        value => value,
    }
}

/// Something of a file that has properties and a place.
pub trait Described {
    /// Its properties.
    fn properties(&self) -> &Map<String, Json>;
    /// Where it stands in its file, for messages.
    fn place(&self) -> Message;
}

impl<G> Described for Feature<G> {
    fn properties(&self) -> &Map<String, Json> {
        &self.properties
    }

    fn place(&self) -> Message {
        let code = self.id.clone().or_else(|| self.text("code"));
        place_of(self.index, code.as_deref())
    }
}

/// The place of the feature at a position, and its id.
pub(crate) fn place_of(index: usize, id: Option<&str>) -> Message {
    match id {
        Some(id) => message!(
            "place.feature_id",
            "feature {index} (id {id})",
            index = index,
            id = clip(id)
        ),
        None => message!("place.feature", "feature {index}", index = index),
    }
}

/// The first characters of something that a file says.
pub(crate) fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Why a value is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// Nothing is there, and it is wanted.
    Missing,
    /// A sentinel, or a number that cannot be.
    Impossible,
    /// Something that is not understood.
    Unclear,
    /// A number that may stand for none; it is not unknown, but taken as it stands.
    Doubtful,
}

/// How many values of a property are unknown for a reason, and the first.
#[derive(Clone, Debug)]
struct Unknown {
    count: usize,
    place: Message,
    value: String,
}

/// Reads properties of the features of one file and gathers what is unknown.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    file: &'a str,
    wanted: &'a [&'a str],
    unknown: BTreeMap<(String, Why), Unknown>,
}

impl<'a> Attributes<'a> {
    /// A reader of one file; of the `wanted` properties a feature without one is counted as unknown.
    pub fn new(file: &'a str, wanted: &'a [&'a str]) -> Self {
        Self {
            file,
            wanted,
            unknown: BTreeMap::new(),
        }
    }

    /// A number: that of the first of the properties that has one.
    ///
    /// A value that is there and no number is refused.
    pub fn quantity(
        &mut self,
        of: &impl Described,
        names: &[&str],
    ) -> Result<Option<f64>, FormatError> {
        self.strict(of, names, quantity, number_wanted)
    }

    /// A count, as [`Attributes::quantity`].
    pub fn count(
        &mut self,
        of: &impl Described,
        names: &[&str],
    ) -> Result<Option<f64>, FormatError> {
        let read = self.strict(of, names, count, number_wanted)?;
        self.doubt(of, names, read);
        Ok(read)
    }

    /// A count of at most so many, as [`Attributes::quantity`]; a greater one is unknown and counted.
    pub fn count_up_to(
        &mut self,
        of: &impl Described,
        names: &[&str],
        most: f64,
    ) -> Result<Option<f64>, FormatError> {
        let read = |value: &Json| match count(value) {
            Value::Known(n) if n > most => Value::Missing,
            value => value,
        };
        let read = self.strict(of, names, read, number_wanted)?;
        self.doubt(of, names, read);
        Ok(read)
    }

    fn doubt(&mut self, of: &impl Described, names: &[&str], read: Option<f64>) {
        let doubtful = read.filter(|n| is_doubtful_count(*n));
        let of_value = |(_, value): &(&str, &Json)| count(value).known() == doubtful;
        if doubtful.is_some()
            && let Some((name, value)) = present(of, names).find(of_value)
        {
            self.gather(of, name, value, Why::Doubtful);
        }
    }

    /// A flag: `None` where there is none. A value that is there and no flag is refused.
    pub fn flag(
        &mut self,
        of: &impl Described,
        name: &str,
        yes: &[&str],
        no: &[&str],
    ) -> Result<Option<bool>, FormatError> {
        let read = |value: &Json| flag(value, yes, no);
        self.strict(of, &[name], read, flag_wanted)
    }

    /// Whether a road says that it lies on a bridge, and whether it says that it does not: `bridge = no`, a ford, a ferry.
    pub fn crossing(&mut self, of: &impl Described) -> Result<(bool, bool), FormatError> {
        let bridge = self.flag(of, "bridge", &BRIDGE_WORDS, &NO_BRIDGE_WORDS)?;
        let says = |name: &str, word: &str| {
            let value = of.properties().get(name).and_then(text);
            value.is_some_and(|value| value.eq_ignore_ascii_case(word))
        };
        let fords = ["yes", "true", "1", "stepping_stones"];
        let wades = fords.iter().any(|word| says("ford", word)) || says("route", "ferry");
        let is_bridge = bridge == Some(true);
        Ok((is_bridge, !is_bridge && (bridge == Some(false) || wades)))
    }

    /// A length [m] within limits; what is not understood or beyond them is unknown and counted.
    ///
    /// For heights of buildings, which decide how one is drawn: a value that is odd costs that value.
    pub fn length_m(
        &mut self,
        of: &impl Described,
        names: &[&str],
        limits: RangeInclusive<f64>,
    ) -> Option<f64> {
        self.lenient(of, names, length_m, limits)
    }

    /// A count within limits; what is not understood or beyond them is unknown and counted.
    pub fn small_count(
        &mut self,
        of: &impl Described,
        names: &[&str],
        limits: RangeInclusive<f64>,
    ) -> Option<f64> {
        self.lenient(of, names, count, limits)
    }

    fn strict<T>(
        &mut self,
        of: &impl Described,
        names: &[&str],
        read: impl Fn(&Json) -> Value<T>,
        remedy: fn() -> Message,
    ) -> Result<Option<T>, FormatError> {
        for (name, value) in present(of, names) {
            match read(value) {
                Value::Known(value) => return Ok(Some(value)),
                Value::Missing => self.gather(of, name, value, Why::Impossible),
                Value::Unclear => {
                    return Err(FormatError::malformed(
                        self.file,
                        of.place(),
                        not_understood(name, value),
                        remedy(),
                    ));
                }
            }
        }
        self.gather_absent(of, names);
        Ok(None)
    }

    fn lenient(
        &mut self,
        of: &impl Described,
        names: &[&str],
        read: fn(&Json) -> Value<f64>,
        limits: RangeInclusive<f64>,
    ) -> Option<f64> {
        for (name, value) in present(of, names) {
            match read(value) {
                Value::Known(number) if limits.contains(&number) => return Some(number),
                Value::Known(_) | Value::Missing => {
                    self.gather(of, name, value, Why::Impossible);
                }
                Value::Unclear => self.gather(of, name, value, Why::Unclear),
            }
        }
        self.gather_absent(of, names);
        None
    }

    fn gather_absent(&mut self, of: &impl Described, names: &[&str]) {
        let wanted = names.iter().find(|name| self.wanted.contains(name));
        if let Some(name) = wanted
            && present(of, names).next().is_none()
        {
            self.gather(of, name, &Json::Null, Why::Missing);
        }
    }

    fn gather(&mut self, of: &impl Described, name: &str, value: &Json, why: Why) {
        let first = || Unknown {
            count: 0,
            place: of.place(),
            value: shown(value),
        };
        self.unknown
            .entry((name.to_owned(), why))
            .or_insert_with(first)
            .count += 1;
    }

    /// How many values of a property are unknown.
    pub fn n_unknown(&self, name: &str) -> usize {
        let unknown = self.unknown.iter();
        let of_name = unknown.filter(|((of, why), _)| of == name && *why != Why::Doubtful);
        of_name.map(|(_, unknown)| unknown.count).sum()
    }

    /// One finding for each property and reason.
    pub fn findings(self) -> Vec<Finding> {
        let file = self.file;
        let finding = |((name, why), unknown): ((String, Why), Unknown)| {
            let text = match why {
                Why::Missing => message!(
                    "finding.value.missing",
                    "'{name}' has no value; it is unknown, not 0 ({n} features in all)",
                    name = &name,
                    n = unknown.count
                ),
                Why::Impossible => message!(
                    "finding.value.impossible",
                    "'{name}' is {value}, which cannot be; it is taken for unknown ({n} features in all)",
                    name = &name,
                    value = &unknown.value,
                    n = unknown.count
                ),
                Why::Unclear => message!(
                    "finding.value.unclear",
                    "'{name}' is {value}, which is not understood; it is taken for unknown ({n} features in all)",
                    name = &name,
                    value = &unknown.value,
                    n = unknown.count
                ),
                Why::Doubtful => message!(
                    "finding.value.doubtful",
                    "'{name}' is {value}, which programs write where there is no value; it is taken as it stands ({n} features in all): leave it empty where the number is not known",
                    name = &name,
                    value = &unknown.value,
                    n = unknown.count
                ),
            };
            let kind = match why {
                Why::Doubtful => Kind::Assumed,
                Why::Missing | Why::Impossible | Why::Unclear => Kind::Unknown,
            };
            Finding::new(kind, file, text)
                .at(unknown.place)
                .times(unknown.count)
        };
        self.unknown.into_iter().map(finding).collect()
    }
}

/// The properties that say something: neither null nor a blank text.
fn present<'f, 'n>(
    of: &'f impl Described,
    names: &'n [&'n str],
) -> impl Iterator<Item = (&'n str, &'f Json)> {
    let properties = of.properties();
    let value = |name: &&'n str| Some((*name, properties.get(*name)?));
    let says = |(_, value): &(&str, &Json)| match value {
        Json::Null => false,
        Json::String(text) => !text.trim().is_empty(),
        _ => true,
    };
    names.iter().filter_map(value).filter(says)
}

/// A value as the file has it, shortened.
pub(crate) fn shown(value: &Json) -> String {
    clip(&value.to_string())
}

fn not_understood(name: &str, value: &Json) -> Message {
    message!(
        "fault.value.unclear",
        "'{name}' is {value}, which is not understood",
        name = name,
        value = shown(value)
    )
}

fn number_wanted() -> Message {
    message!(
        "fix.value.number",
        "write a number such as 1200 or 12.5, or leave it empty where it is not known"
    )
}

fn flag_wanted() -> Message {
    message!(
        "fix.value.flag",
        "write true or false (yes or no), or leave it empty"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn feature(properties: Json) -> Feature<()> {
        let Json::Object(properties) = properties else {
            return Feature {
                id: None,
                properties: Map::new(),
                geometry: (),
                index: 0,
            };
        };
        Feature {
            id: Some("A1".to_owned()),
            properties,
            geometry: (),
            index: 3,
        }
    }

    #[test]
    fn numbers_as_text_are_numbers() {
        for value in [
            json!(1200),
            json!(1200.0),
            json!("1200"),
            json!("1 200"),
            json!("１２００"),
            json!("1,200"),
        ] {
            assert_eq!(count(&value), Value::Known(1200.0), "{value}");
        }
        assert_eq!(quantity(&json!("1,200")), Value::Unclear);
        assert_eq!(quantity(&json!("12,5")), Value::Known(12.5));
        for value in [json!(true), json!([1200]), json!({"n": 1}), json!("viele")] {
            assert_eq!(count(&value), Value::Unclear, "{value}");
        }
    }

    #[test]
    fn what_stands_for_no_value_is_none() {
        for value in [
            json!(null),
            json!(-9999),
            json!("-9999"),
            json!(-1),
            json!("n/a"),
        ] {
            assert_eq!(count(&value), Value::Missing, "{value}");
        }
        // 9999 people may live somewhere; a sill of 9999 m is none.
        assert_eq!(count(&json!(9999)), Value::Known(9999.0));
        assert_eq!(quantity(&json!(9999)), Value::Missing);
        assert_eq!(quantity(&json!("-3.4e38")), Value::Missing);
        assert_eq!(quantity(&json!(-1.5)), Value::Known(-1.5));
    }

    #[test]
    fn flags_are_read_in_the_words_of_their_key() {
        let bridge = |value: Json| flag(&value, &BRIDGE_WORDS, &NO_BRIDGE_WORDS);
        for value in [
            json!(true),
            json!(1),
            json!(1.0),
            json!("yes"),
            json!("T"),
            json!("viaduct"),
            json!(" Covered "),
            json!("是"),
        ] {
            assert_eq!(bridge(value.clone()), Value::Known(true), "{value}");
        }
        for value in [
            json!(false),
            json!(0),
            json!("no"),
            json!("F"),
            json!("none"),
            json!("low_water_crossing"),
        ] {
            assert_eq!(bridge(value.clone()), Value::Known(false), "{value}");
        }
        for value in [json!(2), json!("perhaps"), json!([true])] {
            assert_eq!(bridge(value.clone()), Value::Unclear, "{value}");
        }
    }

    #[test]
    fn codes_that_programs_keep_as_numbers_are_whole() {
        for (value, code) in [
            (json!(1.0), Some("1")),
            (json!(440704001), Some("440704001")),
            (json!(" A1 "), Some("A1")),
            (json!("007"), Some("007")),
            (json!(1.5), Some("1.5")),
            (json!(""), None),
            (json!(null), None),
        ] {
            assert_eq!(text(&value).as_deref(), code, "{value}");
        }
    }

    #[test]
    fn unclear_values_are_refused_with_feature_and_property() {
        let mut read = Attributes::new("g.geojson", &[]);
        let error = read
            .count(&feature(json!({"people": "about 40"})), &["people"])
            .expect_err("unclear");
        assert_eq!(
            error.to_string(),
            "g.geojson, feature 3 (id A1): 'people' is \"about 40\", which is not understood; \
             write a number such as 1200 or 12.5, or leave it empty where it is not known"
        );
        let error = read
            .flag(&feature(json!({"bridge": "perhaps"})), "bridge", &[], &[])
            .expect_err("unclear");
        assert!(
            error.to_string().contains("'bridge' is \"perhaps\""),
            "{error}"
        );
    }

    #[test]
    fn what_is_unknown_is_counted_once_for_each_reason() {
        let mut read = Attributes::new("g.geojson", &["people"]);
        let rows = [
            json!({"people": 5}),
            json!({"people": -5}),
            json!({"people": null}),
            json!({}),
            json!({"people": "-9999"}),
        ];
        let people: Vec<_> = rows
            .into_iter()
            .map(|row| read.count(&feature(row), &["people"]).expect("read"))
            .collect();
        assert_eq!(people, [Some(5.0), None, None, None, None]);
        assert_eq!(read.n_unknown("people"), 4);
        let found = read.findings();
        assert_eq!(found.iter().map(|f| f.count).collect::<Vec<_>>(), [2, 2]);
        assert!(found.iter().all(|f| f.kind == Kind::Unknown));
        assert!(
            found[1].message().to_string().contains("'people' is -5"),
            "{found:?}"
        );
    }

    #[test]
    fn odd_heights_cost_the_height_alone() {
        let mut read = Attributes::new("g.geojson", &[]);
        let mut height = |value: Json| {
            read.length_m(
                &feature(json!({ "height": value })),
                &["height"],
                0.1..=1000.0,
            )
        };
        assert_eq!(height(json!("12 m")), Some(12.0));
        assert!((height(json!("40 ft")).expect("feet") - 12.192).abs() < 1e-12);
        assert_eq!(height(json!("3;4")), None);
        assert_eq!(height(json!(-3)), None);
        assert_eq!(height(json!(9999)), None);
        let found = read.findings();
        assert_eq!(found.iter().map(|f| f.count).collect::<Vec<_>>(), [2, 1]);
    }
}
