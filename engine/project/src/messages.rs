//! The catalogue of texts for people, `assets/messages.json`, for what the engine itself has to say.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use stormgrid_core::message::{Bilingual, Message, filled};

use crate::rehearsal::ADVISORY;

/// The catalogue, as it was when the program was built.
const CATALOGUE: &str = include_str!("../../../assets/messages.json");

fn catalogue() -> &'static BTreeMap<String, Bilingual> {
    static READ: OnceLock<BTreeMap<String, Bilingual>> = OnceLock::new();
    READ.get_or_init(|| serde_json::from_str(CATALOGUE).unwrap_or_default())
}

/// A text of the catalogue with its slots filled; the key itself where there is none.
pub fn text(key: &str, slots: &[(&str, String)]) -> Bilingual {
    let Some(found) = catalogue().get(key) else {
        return Bilingual::same(key);
    };
    Bilingual::new(filled(&found.zh, slots), filled(&found.en, slots))
}

/// The same with slots that differ between the languages.
pub fn text_with(key: &str, slots: &[(&str, &Bilingual)]) -> Bilingual {
    let of = |pick: fn(&Bilingual) -> &String| -> Vec<(&str, String)> {
        let picked = slots.iter().map(|(name, text)| (*name, pick(text).clone()));
        picked.collect()
    };
    let found = known(key).unwrap_or_else(|| Bilingual::same(key));
    Bilingual::new(
        filled(&found.zh, &of(|text| &text.zh)),
        filled(&found.en, &of(|text| &text.en)),
    )
}

/// A text of the catalogue without slots, if there is one.
pub fn known(key: &str) -> Option<Bilingual> {
    catalogue().get(key).cloned()
}

/// A message of a lower crate, of the twin or of a plug-in as a text.
pub fn told(message: &Message) -> Bilingual {
    match message {
        Message::Key { key, slots, .. } => {
            let slots: Vec<(&str, Bilingual)> = slots
                .iter()
                .map(|(name, value)| (*name, in_slot(name, value)))
                .collect();
            let slots: Vec<_> = slots.iter().map(|(name, text)| (*name, text)).collect();
            text_with(key, &slots)
        }
        Message::Own(text) => text.clone(),
        Message::Plain(text) => Bilingual::same(text),
        Message::English(text) => Bilingual::new("", text),
    }
}

/// What goes into a slot. An advisory that comes in a request has no file name, and is called what it is.
fn in_slot(name: &str, value: &Message) -> Bilingual {
    match value {
        Message::Plain(text) if name == "file" && text == ADVISORY => text_of_advisory(),
        other => told(other),
    }
}

fn text_of_advisory() -> Bilingual {
    text("thing.advisory", &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use stormgrid_core::message;

    #[test]
    fn slots_are_filled_in_both_languages() {
        let depth = [("peak", "1.25".to_owned())];
        let found = text("card.depth_chart", &depth);
        assert!(
            found.zh.contains("1.25") && found.en.contains("1.25"),
            "{found:?}"
        );
        assert!(!found.en.contains('{'));
        assert_eq!(text("no.such.key", &[]).en, "no.such.key");
    }

    #[test]
    fn messages_within_messages_are_told_in_both_languages() {
        let fault = message::fault(
            ADVISORY,
            Some(message!("place.line", "line {line}", line = 3)),
            Message::english("what a library says"),
            message!("fix.mend_value", "mend the value"),
        );
        let found = told(&fault);
        assert_eq!(
            found.en,
            "the advisory, line 3: what a library says; mend the value"
        );
        assert_eq!(found.en, fault.to_string());
        assert_eq!(found.zh, "台风通报，第 3 行：内容不符合要求；请改正该数值");
    }
}
