//! What a person is told about a file that cannot be read.

use std::fmt;

use stormgrid_core::message;
use stormgrid_core::message::{Message, fault};

/// Why bytes are not what they should be. Its text is one sentence: where, what, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub enum FormatError {
    /// The contents break the rules of the format.
    Malformed {
        /// Name of the file.
        file: String,
        /// Place in it, for example `line 7`; none if the whole file is meant.
        place: Option<Message>,
        /// What is wrong.
        problem: Message,
        /// What to do about it.
        remedy: Message,
    },
    /// Sound, but of a kind that is not read here.
    Unsupported {
        /// Name of the file.
        file: String,
        /// Place in it; none if the whole file is meant.
        place: Option<Message>,
        /// What is not supported.
        problem: Message,
        /// What to do about it.
        remedy: Message,
    },
    /// Something cannot be written in this format.
    Write {
        /// What was to be written.
        what: String,
        /// Why not.
        problem: String,
    },
}

/// Where in a file; empty if the whole file is meant.
pub(crate) struct Place(Option<Message>);

/// What is said of a fault. As a plain text it is English, and a reader of Chinese is sent to the log.
pub(crate) struct Said(Message);

impl FormatError {
    /// A file that breaks the rules; `place` as in `line 7`, or empty.
    pub(crate) fn malformed(
        file: &str,
        place: impl Into<Place>,
        problem: impl Into<Said>,
        remedy: impl Into<Said>,
    ) -> Self {
        Self::Malformed {
            file: file.into(),
            place: place.into().0,
            problem: problem.into().0,
            remedy: remedy.into().0,
        }
    }

    /// A file of a kind that is not read; `place` as in `line 7`, or empty.
    pub(crate) fn unsupported(
        file: &str,
        place: impl Into<Place>,
        problem: impl Into<Said>,
        remedy: impl Into<Said>,
    ) -> Self {
        Self::Unsupported {
            file: file.into(),
            place: place.into().0,
            problem: problem.into().0,
            remedy: remedy.into().0,
        }
    }

    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::Malformed {
                file,
                place,
                problem,
                remedy,
            } => fault(file, place.clone(), problem.clone(), remedy.clone()),
            Self::Unsupported {
                file,
                place,
                problem,
                remedy,
            } => {
                let problem = message!(
                    "fault.unsupported",
                    "{problem} is not supported",
                    problem = problem.clone()
                );
                fault(file, place.clone(), problem, remedy.clone())
            }
            Self::Write { what, problem } => message!(
                "fault.unwritable",
                "{what} cannot be written: {problem}",
                what = what,
                problem = Message::english(problem)
            ),
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for FormatError {}

/// A line of a file, counted from 1.
pub(crate) fn line(number: impl fmt::Display) -> Message {
    message!("place.line", "line {line}", line = number.to_string())
}

impl From<Message> for Place {
    fn from(place: Message) -> Self {
        Self(Some(place))
    }
}

impl From<Option<Message>> for Place {
    fn from(place: Option<Message>) -> Self {
        Self(place)
    }
}

impl From<&String> for Place {
    fn from(place: &String) -> Self {
        Self::from(place.as_str())
    }
}

impl From<&str> for Place {
    fn from(place: &str) -> Self {
        // One word is a name in the file; several are English.
        Self((!place.is_empty()).then(|| match place.contains(' ') {
            true => Message::english(place),
            false => Message::plain(place),
        }))
    }
}

impl From<String> for Place {
    fn from(place: String) -> Self {
        Self::from(place.as_str())
    }
}

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
