//! TOML with the line of every fault.

use serde::de::DeserializeOwned;

use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::error::line as line_of;
use crate::{FormatError, parse};

/// Reads a TOML document strictly: a key that is not known is refused, with the nearest that is.
pub(crate) fn read<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, FormatError> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..at]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        let message = error.message().trim().to_owned();
        match unknown_key(&message) {
            Some((key, known)) => {
                let section = section_before(text, at);
                let hint = nearest(&key, &known).map_or_else(
                    || {
                        message!(
                            "fix.toml.known",
                            "known here are: {known}",
                            known = Message::own(known.join("、"), known.join(", "))
                        )
                    },
                    |near| message!("fix.toml.near", "did you mean '{near}'?", near = near),
                );
                let problem = match section {
                    Some(section) => message!(
                        "fault.toml.key_in",
                        "unknown key '{key}' in {section}",
                        key = key,
                        section = section
                    ),
                    None => message!("fault.toml.key", "unknown key '{key}'", key = key),
                };
                FormatError::malformed(file, line_of(line), problem, hint)
            }
            None => FormatError::malformed(
                file,
                line_of(line),
                parse::toml_problem(&message),
                message!("fix.toml.line", "mend the line"),
            ),
        }
    })
}

/// serde's "unknown field `x`, expected one of `a`, `b`".
fn unknown_key(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (key, rest) = rest.split_once('`')?;
    let known = rest
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    Some((key.to_owned(), known))
}

/// The header of the table that a place lies in; none where the place is a header itself.
fn section_before(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at).unwrap_or_default();
    let (lines, own) = before.rsplit_once('\n').unwrap_or(("", before));
    if own.trim_start().starts_with('[') {
        return None;
    }
    lines
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| line.starts_with('['))
        .map(str::to_owned)
}

fn nearest(key: &str, known: &[String]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (distance(key, candidate), candidate))
        .filter(|(edits, candidate)| *edits <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate.clone())
}

/// Levenshtein's distance: edits between two words.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        #[expect(dead_code, reason = "only its reading is tested")]
        run: Run,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Run {
        #[expect(dead_code, reason = "only its reading is tested")]
        duration_s: f64,
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_its_neighbour() {
        let error = read::<Document>(
            "# scenario\n[run]\nduration_s = 5\ndurration_s = 7\n",
            "s.toml",
        )
        .expect_err("unknown key");
        assert_eq!(
            error.to_string(),
            "s.toml, line 4: unknown key 'durration_s' in [run]; did you mean 'duration_s'?"
        );
    }

    #[test]
    fn an_unknown_table_is_named_without_the_one_before() {
        let error = read::<Document>("[run]\nduration_s = 5\n[[roughness]]\nn = 0.1\n", "s.toml");
        let told = error.expect_err("unknown table").to_string();
        assert!(
            told.starts_with("s.toml, line 3: unknown key 'roughness'; known here are"),
            "{told}"
        );
    }

    #[test]
    fn a_wrong_type_is_named_with_its_line() {
        let error =
            read::<Document>("[run]\nduration_s = \"long\"\n", "s.toml").expect_err("a text");
        assert!(
            error
                .to_string()
                .starts_with("s.toml, line 2: invalid type"),
            "{error}"
        );
    }

    #[test]
    fn distances_are_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
