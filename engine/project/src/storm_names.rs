//! What typhoons are called in Chinese and English.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use stormgrid_core::message::Bilingual;

/// Names of the ESCAP/WMO Typhoon Committee with those in Chinese, see `data/typhoon/README.md`.
const NAMES: &str = include_str!("../../../data/typhoon/names.csv");

/// By the English name in capitals, as tracks have it.
fn names() -> &'static BTreeMap<String, Bilingual> {
    static READ: OnceLock<BTreeMap<String, Bilingual>> = OnceLock::new();
    READ.get_or_init(|| {
        let rows = NAMES
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(','));
        rows.map(|(en, zh)| (en.to_uppercase(), Bilingual::new(zh, en)))
            .collect()
    })
}

/// A storm's name for people: HATO is 天鸽 and Hato. One that the list lacks is the same in both languages.
pub fn storm_name(name: &str) -> Bilingual {
    let found = names().get(&name.trim().to_uppercase()).cloned();
    found.unwrap_or_else(|| Bilingual::same(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_list_has_both_names() {
        assert_eq!(names().len(), NAMES.lines().count() - 1);
        for name in names().values() {
            assert!(name.en.is_ascii() && !name.en.is_empty(), "{name:?}");
            let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            assert!(
                !name.zh.is_empty() && name.zh.chars().all(is_chinese),
                "{name:?}"
            );
        }
    }

    #[test]
    fn storms_are_found_however_they_are_written() {
        assert_eq!(storm_name("HATO"), Bilingual::new("天鸽", "Hato"));
        assert_eq!(storm_name("mangkhut"), Bilingual::new("山竹", "Mangkhut"));
        assert_eq!(storm_name("2017-演练"), Bilingual::same("2017-演练"));
    }
}
