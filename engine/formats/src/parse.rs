//! What the libraries that read JSON and TOML complain of, in both languages.
//!
//! serde words its complaints itself, in English. Those about names, types and lengths are taken apart here; of the
//! rest Chinese says that the text is no JSON or TOML, and the library's words stay English.

use stormgrid_core::message;
use stormgrid_core::message::Message;

/// What a JSON text breaks.
pub fn json_problem(error: &serde_json::Error) -> Message {
    let text = error.to_string();
    let said = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(said, _)| said);
    if error.is_eof() {
        return message!("fault.parse.eof", "the text ends in the middle (EOF)");
    }
    of_serde(said).unwrap_or_else(|| {
        message!(
            "fault.parse.json",
            "it is no valid JSON at column {column}: {detail}",
            column = error.column(),
            detail = Message::english(said)
        )
    })
}

/// What a part of a JSON text breaks, by serde's own words about it.
pub(crate) fn complaint(said: &str) -> Message {
    let said = said.split(" at line ").next().unwrap_or(said);
    of_serde(said).unwrap_or_else(|| Message::english(said))
}

/// What a TOML text breaks.
///
/// - `said`: the library's complaint
pub fn toml_problem(said: &str) -> Message {
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    of_serde(&said).unwrap_or_else(|| {
        message!(
            "fault.parse.toml",
            "{detail}",
            detail = Message::english(said)
        )
    })
}

/// serde's own complaints.
fn of_serde(said: &str) -> Option<Message> {
    let (what, rest) = said.split_once(' ')?;
    let (of, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    match (what, of) {
        ("missing", "field") => Some(message!(
            "fault.parse.missing",
            "missing field {field}",
            field = rest
        )),
        ("duplicate", "field") => Some(message!(
            "fault.parse.twice",
            "duplicate field {field}",
            field = rest
        )),
        ("unknown", "field" | "variant") => {
            let (name, known) = rest.split_once(", ").unwrap_or((rest, ""));
            let known = known
                .split('`')
                .skip(1)
                .step_by(2)
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>();
            let known = Message::own(known.join("、"), known.join(", "));
            Some(match of {
                "field" => message!(
                    "fault.parse.field",
                    "unknown field {name}; known here are {known}",
                    name = name,
                    known = known
                ),
                _ => message!(
                    "fault.parse.variant",
                    "unknown word {name}; known here are {known}",
                    name = name,
                    known = known
                ),
            })
        }
        ("invalid", "type:" | "value:" | "length") => {
            let (found, wanted) = rest.split_once(", expected ")?;
            Some(match of {
                "type:" => message!(
                    "fault.parse.type",
                    "invalid type: {found}, expected {wanted}",
                    found = found_thing(found),
                    wanted = wanted_thing(wanted)
                ),
                "value:" => message!(
                    "fault.parse.value",
                    "invalid value: {found}, expected {wanted}",
                    found = found_thing(found),
                    wanted = wanted_thing(wanted)
                ),
                _ => message!(
                    "fault.parse.length",
                    "invalid length {found}, expected {wanted}",
                    found = found,
                    wanted = wanted_thing(wanted)
                ),
            })
        }
        _ => None,
    }
}

/// What serde found, for example a string and its value.
fn found_thing(found: &str) -> Message {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    match kind {
        "string" | "character" => message!("parse.text", "the text {value}", value = value),
        "integer" | "floating" => message!(
            "parse.number",
            "the number {value}",
            value = value.trim_start_matches("point ")
        ),
        "boolean" => message!("parse.boolean", "{value}", value = value),
        "null" | "unit" | "Option" => message!("parse.nothing", "nothing"),
        "map" => message!("parse.object", "an object"),
        "sequence" => message!("parse.list", "a list"),
        _ => message!(
            "parse.other",
            "something else{detail}",
            detail = Message::english(format!(" ({found})"))
        ),
    }
}

/// What serde wanted: a Rust type, or words.
fn wanted_thing(wanted: &str) -> Message {
    match wanted {
        "f64" | "f32" => message!("parse.a_number", "a number"),
        "u8" | "u16" | "u32" | "u64" | "usize" => {
            message!("parse.natural", "a whole number from 0 on")
        }
        "i8" | "i16" | "i32" | "i64" | "isize" => message!("parse.integer", "a whole number"),
        "a string" | "a borrowed string" | "a character" => message!("parse.a_text", "a text"),
        "a boolean" => message!("parse.true_false", "true or false"),
        "a sequence" => message!("parse.list", "a list"),
        "a map" => message!("parse.object", "an object"),
        other => match (other.strip_prefix("an array of length "), other) {
            (Some(n), _) => message!("parse.array", "a list of {n}", n = n),
            (None, other) if other.starts_with("struct ") || other.contains("tagged enum") => {
                message!("parse.object", "an object")
            }
            (None, other) => message!(
                "parse.other",
                "something else{detail}",
                detail = Message::english(format!(" ({other})"))
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Document {
        name: String,
        sides: [f64; 4],
        word: Option<Word>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Open,
        Closed,
    }

    /// The complaints are serde's own words, so that a version that words them otherwise is noticed.
    #[test]
    fn complaints_are_taken_apart() {
        let problem =
            |text: &str| json_problem(&serde_json::from_str::<Document>(text).expect_err("faulty"));
        for (text, key, says) in [
            (r#"{"name": "a"}"#, "fault.parse.missing", "`sides`"),
            (
                r#"{"name": "a", "nam": 1}"#,
                "fault.parse.field",
                "`nam`; known here are `name`, `sides`, `word`",
            ),
            (
                r#"{"name": "a", "name": "b"}"#,
                "fault.parse.twice",
                "`name`",
            ),
            (
                r#"{"name": 5}"#,
                "fault.parse.type",
                "the number `5`, expected a text",
            ),
            (
                r#"{"name": "a", "sides": [1, 2]}"#,
                "fault.parse.length",
                "length 2, expected a list of 4",
            ),
            (
                r#"{"name": "a", "sides": [1, 2, 3, "x"]}"#,
                "fault.parse.type",
                "the text \"x\", expected a number",
            ),
            (
                r#"{"word": "shut"}"#,
                "fault.parse.variant",
                "`shut`; known here are `open`, `closed`",
            ),
            (r#"{"name": "a","#, "fault.parse.eof", "EOF"),
            (
                r#"{"name" 1}"#,
                "fault.parse.json",
                "column 9: expected `:`",
            ),
        ] {
            let found = problem(text);
            assert!(found.is(key), "{text}: {found:?}");
            assert!(found.to_string().contains(says), "{text}: {found}");
        }
    }
}
