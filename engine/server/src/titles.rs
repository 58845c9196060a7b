//! Titles of layers where the manifest gives none.

use stormgrid_project::messages::known;
use stormgrid_project::storm::Bilingual;

/// The title of a layer by its level or kind, `layer.…` of the catalogue; its identifier where neither is known.
pub fn title(key: Option<&str>, id: &str) -> Bilingual {
    key.and_then(|word| known(&format!("layer.{word}")))
        .unwrap_or_else(|| Bilingual::same(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_kind_has_a_title_and_an_unknown_one_its_identifier() {
        assert_eq!(
            title(Some("shelter"), "x"),
            Bilingual::new("避难场所", "Shelters")
        );
        assert_eq!(title(Some("tram"), "trams"), Bilingual::same("trams"));
        assert_eq!(title(None, "x"), Bilingual::same("x"));
    }
}
