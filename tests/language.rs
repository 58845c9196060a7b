//! Whether a text says the same in both languages: no English left in the Chinese, no Chinese in the English.

/// Latin words that a Chinese sentence may hold beside names in capitals, identifiers and what is quoted: units,
/// names of fields and their values, models and their authors.
const KNOWN: &[&str] = &[
    "m",
    "s",
    "km",
    "kt",
    "hPa",
    "nmi",
    "mm",
    "h",
    "lat",
    "lon",
    "name",
    "fixes",
    "wind",
    "lead",
    "issued",
    "members",
    "workers",
    "title",
    "cell",
    "colour",
    "blue",
    "yellow",
    "orange",
    "red",
    "expires",
    "state",
    "audience",
    "true",
    "false",
    "kind",
    "application",
    "json",
    "series",
    "grids",
    "changes",
    "factor",
    "hours",
    "codes",
    "at",
    "to",
    "Holland",
    "Vickery",
    "Caine",
    "structures",
    "gates",
    "agency",
    "Wadhera",
    "Chavas",
    "Knaff",
    "CLIPER",
    "toml",
    "forecast",
    "sea",
    "rain",
    "storm",
    "twin",
];

/// Complains of a text whose Chinese holds English words, or whose English holds Chinese.
///
/// Words between quotes are as a person or a file has them.
pub fn faults(zh: &str, en: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !zh.chars().any(is_chinese) {
        found.push(format!("no Chinese in: {zh}"));
    }
    for word in words(zh) {
        let capitals = word.chars().all(|c| c.is_ascii_uppercase() || c == '-');
        if !capitals && !KNOWN.contains(&word.as_str()) {
            found.push(format!("'{word}' in: {zh}"));
        }
    }
    if en.trim().is_empty()
        || en.chars().any(is_chinese)
        || en.chars().any(|c| "，。；：“”、".contains(c))
    {
        found.push(format!("no English: {en}"));
    }
    for text in [zh, en] {
        if text.contains('{') && text.contains('}') && !text.contains('"') {
            found.push(format!("an open slot in: {text}"));
        }
    }
    found
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Latin words outside quotes that are no identifiers: those hold digits, underscores or stand before a bracket.
fn words(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut quoted = None;
    for c in text.chars() {
        match (quoted, c) {
            (Some(end), c) if c == end => quoted = None,
            (Some(_), _) => {}
            (None, '“') => quoted = Some('”'),
            (None, '`' | '"') => quoted = Some(c),
            (None, c) => plain.push(c),
        }
    }
    plain
        .split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)))
        .filter(|word| word.chars().any(|c| c.is_ascii_alphabetic()))
        .filter(|word| !word.contains('_') && !word.chars().any(|c| c.is_ascii_digit()))
        .flat_map(|word| word.split('.'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
