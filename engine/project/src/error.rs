//! What a person is told when a project cannot be read, run or written.

use std::fmt;
use std::path::Path;

use stormgrid_core::message;
use stormgrid_core::message::{Bilingual, Message, Said, Slot, fault};
use stormgrid_crs::CrsError;
use stormgrid_formats::FormatError;
use stormgrid_sim::exposure::ExposureError;
use stormgrid_sim::flood::FloodError;

use crate::messages;

/// Why nothing came of it. Its text is one sentence.
#[derive(Debug)]
pub enum ProjectError {
    /// A file or folder cannot be read.
    Read {
        /// The path as given.
        path: String,
        /// What the system says.
        reason: Message,
    },
    /// A file or folder cannot be written.
    Write {
        /// The path as given.
        path: String,
        /// What the system says.
        reason: Message,
    },
    /// The folder for results holds something that is not a result.
    Occupied {
        /// The path as given.
        path: String,
    },
    /// The contents of a file.
    Format(FormatError),
    /// Coordinates of a file.
    Crs {
        /// The file whose coordinates were to be converted.
        file: String,
        /// Why not.
        source: CrsError,
    },
    /// The files do not fit together.
    Input(Box<InputFault>),
    /// The flood solver.
    Flood(FloodError),
    /// The exposure.
    Exposure(ExposureError),
    /// Someone broke off.
    Cancelled,
}

/// What is wrong in a file or another thing.
#[derive(Debug)]
pub struct InputFault {
    /// The file to mend, or the thing.
    pub file: Message,
    /// What is wrong.
    pub problem: Message,
    /// What to do.
    pub remedy: Message,
}

/// A file or another thing that is at fault.
pub(crate) struct Thing(Message);

impl ProjectError {
    pub(crate) fn read(path: &Path, error: &std::io::Error) -> Self {
        Self::Read {
            path: path.display().to_string(),
            reason: reason(error),
        }
    }

    /// What cannot be written, and what the system says.
    pub fn write(path: &Path, error: &std::io::Error) -> Self {
        Self::Write {
            path: path.display().to_string(),
            reason: reason(error),
        }
    }

    pub(crate) fn crs(file: &str, source: CrsError) -> Self {
        Self::Crs {
            file: file.to_owned(),
            source,
        }
    }

    pub(crate) fn input(
        file: impl Into<Thing>,
        problem: impl Into<Said>,
        remedy: impl Into<Said>,
    ) -> Self {
        Self::Input(Box::new(InputFault {
            file: file.into().0,
            problem: problem.into().0,
            remedy: remedy.into().0,
        }))
    }

    /// The sentence, for both languages.
    pub fn message(&self) -> Message {
        match self {
            Self::Read { path, reason } => message!(
                "fault.read",
                "{path} cannot be read: {reason}",
                path = path,
                reason = reason.clone()
            ),
            Self::Write { path, reason } => message!(
                "fault.write",
                "{path} cannot be written: {reason}",
                path = path,
                reason = reason.clone()
            ),
            Self::Occupied { path } => message!(
                "fault.occupied",
                "{path} is not empty and no earlier run of stormgrid; name another folder for the results, or empty it",
                path = path
            ),
            Self::Format(error) => error.message(),
            Self::Crs { file, source } => message!(
                "fault.crs",
                "{file}: {problem}",
                file = file,
                problem = source.message()
            ),
            Self::Input(of) => fault(of.file.clone(), None, of.problem.clone(), of.remedy.clone()),
            Self::Flood(error) => message!(
                "fault.flood",
                "the flood cannot be computed: {problem}",
                problem = error.message()
            ),
            Self::Exposure(error) => message!(
                "fault.exposure",
                "the exposure cannot be computed: {problem}",
                problem = error.message()
            ),
            Self::Cancelled => message!("fault.cancelled", "the run was cancelled"),
        }
    }

    /// The sentence in Chinese and English.
    pub fn told(&self) -> Bilingual {
        messages::told(&self.message())
    }
}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

impl std::error::Error for ProjectError {}

impl From<FormatError> for ProjectError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<ExposureError> for ProjectError {
    fn from(error: ExposureError) -> Self {
        Self::Exposure(error)
    }
}

impl From<FloodError> for ProjectError {
    fn from(error: FloodError) -> Self {
        Self::Flood(error)
    }
}

/// A range that a value lies outside of.
pub(crate) fn outside(name: impl Into<Slot>, value: f64, low: f64, high: f64) -> Message {
    message!(
        "fault.outside",
        "{what} is {value}, outside {low} to {high}",
        what = name,
        value = value,
        low = low,
        high = high
    )
}

/// A place in a thing, for example a line of a file.
pub(crate) fn at(file: impl Into<Slot>, place: Message) -> Message {
    message!("place.at", "{file}, {place}", file = file, place = place)
}

/// A line, counted from 1.
pub(crate) fn line(number: usize) -> Message {
    message!("place.line", "line {line}", line = number)
}

/// A list of names, and how many there are beyond it.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> Message {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    Message::own(names.join("、"), names.join(", "))
}

/// "name one of: …".
pub(crate) fn one_of<T: AsRef<str>>(names: &[T]) -> Message {
    message!("fix.one_of", "name one of: {names}", names = list(names))
}

/// The system's reason without its number.
fn reason(error: &std::io::Error) -> Message {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            message!("fault.io.missing", "there is no such file or folder")
        }
        std::io::ErrorKind::PermissionDenied => message!("fault.io.denied", "permission is denied"),
        std::io::ErrorKind::IsADirectory => message!("fault.io.folder", "it is a folder"),
        _ => {
            let text = error.to_string();
            let said = text.split(" (os error").next().unwrap_or(&text).to_owned();
            message!(
                "fault.io.other",
                "{detail}",
                detail = Message::English(said)
            )
        }
    }
}

impl From<Message> for Thing {
    fn from(thing: Message) -> Self {
        Self(thing)
    }
}

impl From<&Message> for Thing {
    fn from(thing: &Message) -> Self {
        Self(thing.clone())
    }
}

impl From<&str> for Thing {
    fn from(file: &str) -> Self {
        Self(Message::plain(file))
    }
}

impl From<&String> for Thing {
    fn from(file: &String) -> Self {
        Self(Message::plain(file))
    }
}
