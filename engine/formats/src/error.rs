//! What a person is told about a file that cannot be read.

use std::fmt;

use stormgrid_core::message;
use stormgrid_core::message::{Message, Said, fault};

/// Why bytes are not what they should be. Its text is one sentence: where, what, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub enum FormatError {
    /// The contents break the rules of the format.
    Malformed(Box<Fault>),
    /// Sound, but of a kind that is not read here.
    Unsupported(Box<Fault>),
    /// Something cannot be written in this format.
    Write {
        /// What was to be written.
        what: String,
        /// Why not.
        problem: String,
    },
}

/// What is wrong in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Name of the file.
    pub file: String,
    /// Place in it, for example `line 7`; none if the whole file is meant.
    pub place: Option<Message>,
    /// What is wrong, or not supported.
    pub problem: Message,
    /// What to do about it.
    pub remedy: Message,
}

/// Where in a file; empty if the whole file is meant.
pub(crate) struct Place(Option<Message>);

impl FormatError {
    /// A file that breaks the rules; `place` as in `line 7`, or empty.
    pub(crate) fn malformed(
        file: &str,
        place: impl Into<Place>,
        problem: impl Into<Said>,
        remedy: impl Into<Said>,
    ) -> Self {
        Self::Malformed(Box::new(Fault {
            file: file.into(),
            place: place.into().0,
            problem: problem.into().0,
            remedy: remedy.into().0,
        }))
    }

    /// A file of a kind that is not read; `place` as in `line 7`, or empty.
    pub(crate) fn unsupported(
        file: &str,
        place: impl Into<Place>,
        problem: impl Into<Said>,
        remedy: impl Into<Said>,
    ) -> Self {
        Self::Unsupported(Box::new(Fault {
            file: file.into(),
            place: place.into().0,
            problem: problem.into().0,
            remedy: remedy.into().0,
        }))
    }

    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::Malformed(of) => told(of, of.problem.clone()),
            Self::Unsupported(of) => told(
                of,
                message!(
                    "fault.unsupported",
                    "{problem} is not supported",
                    problem = of.problem.clone()
                ),
            ),
            Self::Write { what, problem } => message!(
                "fault.unwritable",
                "{what} cannot be written: {problem}",
                what = what,
                problem = Message::english(problem)
            ),
        }
    }
}

fn told(of: &Fault, problem: Message) -> Message {
    fault(&of.file, of.place.clone(), problem, of.remedy.clone())
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
