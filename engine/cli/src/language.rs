//! The language that the program speaks, and how wide its words stand in a column.

use clap::ValueEnum;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_project::messages;
use stormgrid_project::storm_names::storm_name;
use unicode_width::UnicodeWidthStr;

/// What names the language where the command line does not, the first that is set and not empty.
const VARIABLES: [&str; 4] = ["STORMGRID_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];

/// A language for people. What programs read, JSON, CSV and digests, is the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// 中文
    Zh,
    /// English
    En,
}

impl Language {
    /// That of the environment: Chinese where it says `zh…`, English otherwise.
    pub fn of_environment() -> Self {
        Self::of_variables(|name| std::env::var(name).ok())
    }

    fn of_variables(value: impl Fn(&str) -> Option<String>) -> Self {
        let mut values = VARIABLES.iter().filter_map(|name| value(name));
        match values.find(|value| !value.is_empty()) {
            Some(value) if value.to_lowercase().starts_with("zh") => Self::Zh,
            _ => Self::En,
        }
    }

    /// A text in this language; what is known in the other alone stays in that.
    pub fn of(self, text: &Bilingual) -> &str {
        match self {
            Self::Zh if !text.zh.is_empty() => &text.zh,
            _ => &text.en,
        }
    }

    /// A message in this language. Unlike [`Language::of`] it leaves out what is known in English alone.
    pub fn tell(self, message: &Message) -> String {
        let told = messages::told(message);
        match self {
            Self::Zh => told.zh,
            Self::En => told.en,
        }
    }

    /// What a person should know of a result.
    pub fn note(self, note: &Bilingual) -> String {
        let text = Message::own(self.of(note), self.of(note));
        self.tell(&stormgrid_core::message!(
            "cli.note",
            "note: {text}",
            text = text
        ))
    }
}

/// A storm's name: as its track has it in English, its Chinese one where that is known.
pub fn storm(name: &str) -> Message {
    Message::own(storm_name(name).zh, name)
}

/// Fills a text up to a width in columns of a terminal, where a Chinese character takes two.
pub fn padded(text: &str, width: usize) -> String {
    let blank = width.saturating_sub(text.width());
    format!("{text}{:blank$}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[(&str, &str)]) -> Language {
        Language::of_variables(|name| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_names_the_language() {
        assert_eq!(with(&[]), Language::En);
        assert_eq!(with(&[("LANG", "zh_CN.UTF-8")]), Language::Zh);
        assert_eq!(with(&[("LANG", "C.UTF-8")]), Language::En);
        assert_eq!(
            with(&[("LANG", "zh_CN"), ("LC_ALL", "en_US")]),
            Language::En
        );
        assert_eq!(with(&[("LANG", "en"), ("LC_MESSAGES", "zh")]), Language::Zh);
        let set = [("LC_ALL", "en_US.UTF-8"), ("STORMGRID_LANG", "zh-CN")];
        assert_eq!(with(&set), Language::Zh);
        // As POSIX has it, an empty variable says nothing.
        assert_eq!(with(&[("LC_ALL", ""), ("LANG", "zh_TW")]), Language::Zh);
    }

    #[test]
    fn columns_line_up_in_both_scripts() {
        assert_eq!(padded("草稿", 10), "草稿      ");
        assert_eq!(padded("draft", 10), "draft     ");
        assert_eq!(padded("已被更新", 5), "已被更新");
    }
}
