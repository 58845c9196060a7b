//! The catalogue of texts for people, `assets/messages.json`, for what the engine itself has to say.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::storm::Bilingual;

/// The catalogue, as it was when the program was built.
const CATALOGUE: &str = include_str!("../../../assets/messages.json");

fn catalogue() -> &'static BTreeMap<String, Bilingual> {
    static READ: OnceLock<BTreeMap<String, Bilingual>> = OnceLock::new();
    READ.get_or_init(|| serde_json::from_str(CATALOGUE).unwrap_or_default())
}

/// A text of the catalogue with its slots filled; the key itself where there is none.
pub fn text(key: &str, slots: &[(&str, String)]) -> Bilingual {
    let Some(found) = catalogue().get(key) else {
        return Bilingual::new(key, key);
    };
    let filled = |text: &str| {
        slots.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    };
    Bilingual::new(filled(&found.zh), filled(&found.en))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
