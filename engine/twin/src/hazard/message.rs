//! Texts for people: of the catalogue or a plug-in's own.

/// A text in Chinese and English.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A key of the catalogue and what goes into its slots.
    Key {
        /// The key.
        key: &'static str,
        /// Names of slots and their values.
        slots: Vec<(&'static str, String)>,
    },
    /// A text that a plug-in brings along.
    Own {
        /// Chinese.
        zh: String,
        /// English.
        en: String,
    },
}

impl Message {
    /// A text of the catalogue.
    pub fn key(key: &'static str) -> Self {
        Self::Key {
            key,
            slots: Vec::new(),
        }
    }

    /// A text of one's own.
    pub fn own(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Own {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// Fills a slot; of one's own text nothing is filled.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        if let Self::Key { slots, .. } = &mut self {
            slots.push((name, value.to_string()));
        }
        self
    }
}
