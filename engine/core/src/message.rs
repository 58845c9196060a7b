//! Texts for people: what is said, before it is put into words.
//!
//! The lower crates tell of faults and assumptions as a [`Message`]: a key of the catalogue
//! `assets/messages.json` and what goes into its slots. They know the English, which [`message!`] writes beside
//! the key, so that an error can be printed without the catalogue; `stormgrid_project` knows the catalogue and
//! makes a [`Bilingual`] of it. The tidy suite holds the English here against the catalogue's.
//!
//! ```
//! use stormgrid_core::message;
//!
//! let told = message!("place.line", "line {line}", line = 7);
//! assert_eq!(told.to_string(), "line 7");
//! ```

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize, Serializer};

use crate::message;

/// A text in Chinese and English.
///
/// It is read from both, or from one text that stands for both: files of earlier versions had English alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Read")]
pub struct Bilingual {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What a text may look like in a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    One(String),
    Both { zh: String, en: String },
}

impl From<Read> for Bilingual {
    fn from(read: Read) -> Self {
        match read {
            Read::One(text) => Self::same(text),
            Read::Both { zh, en } => Self { zh, en },
        }
    }
}

impl Bilingual {
    /// From both texts.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// What a person typed, or a name: the same in both.
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            zh: text.clone(),
            en: text,
        }
    }
}

/// What is said of a fault. As a plain text it is English, and a reader of Chinese is sent to the log.
pub struct Said(pub Message);

impl From<Message> for Said {
    fn from(said: Message) -> Self {
        Self(said)
    }
}

impl From<&str> for Said {
    fn from(said: &str) -> Self {
        Self(Message::english(said))
    }
}

impl From<String> for Said {
    fn from(said: String) -> Self {
        Self(Message::English(said))
    }
}

/// A text for people. As [`Display`] it is English.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A text of the catalogue.
    Key {
        /// Its key.
        key: &'static str,
        /// Its English with `{slots}`; empty where only the catalogue knows it.
        en: &'static str,
        /// Names of slots and what goes into them.
        slots: Vec<(&'static str, Message)>,
    },
    /// A text that somebody brings along in both languages.
    Own(Bilingual),
    /// A name, a number, a thing that a person typed: the same in both languages.
    Plain(String),
    /// What a library or the system says in English; Chinese leaves it out, and whoever shows it logs it.
    English(String),
}

/// What goes into a slot.
pub struct Slot(Message);

impl Message {
    /// A text of the catalogue.
    pub fn key(key: &'static str) -> Self {
        Self::with_english(key, "")
    }

    /// A text of the catalogue whose English is known here; [`message!`] is shorter.
    pub fn with_english(key: &'static str, en: &'static str) -> Self {
        Self::Key {
            key,
            en,
            slots: Vec::new(),
        }
    }

    /// A text of one's own.
    pub fn own(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Own(Bilingual::new(zh, en))
    }

    /// A name, a number, a thing that a person typed.
    pub fn plain(text: impl Display) -> Self {
        Self::Plain(text.to_string())
    }

    /// What a library or the system says.
    pub fn english(text: impl Display) -> Self {
        Self::English(text.to_string())
    }

    /// Fills a slot; only a text of the catalogue has any.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Slot>) -> Self {
        if let Self::Key { slots, .. } = &mut self {
            slots.push((name, value.into().0));
        }
        self
    }

    /// Whether some of it is a library's English, which Chinese leaves out.
    pub fn leaves_out(&self) -> bool {
        match self {
            Self::Key { slots, .. } => slots.iter().any(|(_, value)| value.leaves_out()),
            Self::English(_) => true,
            Self::Own(_) | Self::Plain(_) => false,
        }
    }

    /// Whether it is the catalogue's text of a key.
    pub fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Key { key, .. } if *key == wanted)
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { key, en: "", .. } => f.write_str(key),
            Self::Key { en, slots, .. } => {
                let slots: Vec<_> = slots
                    .iter()
                    .map(|(name, value)| (*name, value.to_string()))
                    .collect();
                f.write_str(&filled(en, &slots))
            }
            Self::Own(text) => f.write_str(&text.en),
            Self::Plain(text) | Self::English(text) => f.write_str(text),
        }
    }
}

/// The sentence of a fault: where, what is wrong, what to do.
///
/// - `place`: in the file, for example `line 7`
pub fn fault(
    file: impl Into<Slot>,
    place: Option<Message>,
    problem: Message,
    remedy: Message,
) -> Message {
    // Chinese still says that something is wrong where only a library's English is known.
    let problem = match problem {
        Message::English(_) => {
            message!("fault.in_english", "{detail}", detail = problem)
        }
        known => known,
    };
    let remedy = match remedy {
        Message::English(_) => {
            message!("fix.in_english", "{detail}", detail = remedy)
        }
        known => known,
    };
    // A place in a library's words is left out with them.
    let (file, place) = match place {
        Some(place @ Message::English(_)) => {
            let whole = message!("place.of", "{file}, {place}", place = place);
            (Slot(whole.with("file", file)), None)
        }
        place => (file.into(), place),
    };
    let told = match place {
        None => message!("fault.file", "{file}: {problem}; {remedy}"),
        Some(place) => message!(
            "fault.place",
            "{file}, {place}: {problem}; {remedy}",
            place = place
        ),
    };
    told.with("file", file)
        .with("problem", problem)
        .with("remedy", remedy)
}

/// Writes a message as its English, for `serialize_with`: programs read one text, whoever reads it.
pub fn as_english<S: Serializer>(message: &Message, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(message)
}

/// A template with its `{slots}` filled, in one pass: what goes into one is not looked through for others.
///
/// A slot that nothing is given for stays as it stands.
pub fn filled(template: &str, slots: &[(&str, String)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let slot = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = slots.iter().find(|(slot, _)| *slot == name)?;
            Some((value, after))
        });
        match slot {
            Some((value, after)) => {
                text.push_str(value);
                rest = after;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

impl From<Message> for Slot {
    fn from(message: Message) -> Self {
        Self(message)
    }
}

macro_rules! plain_slots {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Slot {
            fn from(value: $kind) -> Self {
                Self(Message::plain(value))
            }
        }
    )*};
}

plain_slots!(
    &str, &String, String, f32, f64, i32, i64, u8, u16, u32, u64, usize, char
);

/// A text of the catalogue with its English: `message!("key", "with a {slot}", slot = value)`.
///
/// A value is a number, a string, or another [`Message`](crate::message::Message).
#[macro_export]
macro_rules! message {
    ($key:literal, $en:literal $(, $slot:ident = $value:expr)* $(,)?) => {
        $crate::message::Message::with_english($key, $en)$(.with(stringify!($slot), $value))*
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_and_may_hold_other_messages() {
        let place = message!("place.line", "line {line}", line = 7);
        let told = message!(
            "x",
            "{file}, {place}: {a} {b}{",
            file = "a{b}.csv",
            place = place,
            a = 1.5
        );
        assert_eq!(told.to_string(), "a{b}.csv, line 7: 1.5 {b}{");
        assert!(told.is("x") && !told.is("place.line"));
        assert_eq!(Message::key("no.english").to_string(), "no.english");
    }
}
