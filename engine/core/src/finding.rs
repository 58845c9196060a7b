//! What a reader found in its input beside the values: the entries of the report of the input.
//!
//! Every reader returns its value and findings; nothing is assumed, left out or taken for unknown without one.
//! A fault that would make a number wrong is an error of the reader where it can stop there, and a finding of kind
//! [`Kind::Fault`] where a check goes on to list all of them.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// How a finding bears on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It would make a number wrong. `check` ends with status 1.
    Fault,
    /// Something that the input does not say was assumed. `check --strict` makes it a fault.
    Assumed,
    /// A part of the input was left out. `check --strict` makes it a fault.
    LeftOut,
    /// Values that are not known: missing, negative where none can be, or written as a sentinel.
    Unknown,
    /// Two features or rows say that they are the same.
    Duplicate,
    /// Worth knowing; nothing rests on it.
    Note,
}

/// One finding, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// How it bears on the numbers.
    pub kind: Kind,
    /// The file, as the person knows it.
    pub file: String,
    /// Where in the file, for example `line 7` or `feature 3 (id A1)`; `None` for all of it.
    pub place: Option<Message>,
    /// What was found, as a sentence without the file and the place.
    pub text: Message,
    /// How many values, features or cells it is about; 1 if it is about the file.
    pub count: usize,
}

impl Finding {
    /// A finding about a whole file.
    pub fn new(kind: Kind, file: impl Into<String>, text: Message) -> Self {
        Self {
            kind,
            file: file.into(),
            place: None,
            text,
            count: 1,
        }
    }

    /// The same at a place in the file.
    #[must_use]
    pub fn at(mut self, place: Message) -> Self {
        self.place = Some(place);
        self
    }

    /// The same about so many values, features or cells.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// The sentence with file and place, for lists of notes.
    pub fn message(&self) -> Message {
        match &self.place {
            Some(place) => crate::message!(
                "finding.at",
                "{file}, {place}: {text}",
                file = &self.file,
                place = place.clone(),
                text = self.text.clone()
            ),
            None => crate::message!(
                "finding.whole",
                "{file}: {text}",
                file = &self.file,
                text = self.text.clone()
            ),
        }
    }
}

impl From<Finding> for Message {
    fn from(finding: Finding) -> Self {
        finding.message()
    }
}
