//! What a person is told when a project cannot be read, run or written.

use std::path::Path;

use stormgrid_crs::CrsError;
use stormgrid_formats::FormatError;
use stormgrid_sim::exposure::ExposureError;
use stormgrid_sim::flood::FloodError;

/// Why nothing came of it. Its text is one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A file or folder cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Read {
        /// The path as given.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A file or folder cannot be written.
    #[error("{path} cannot be written: {reason}")]
    Write {
        /// The path as given.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The folder for results holds something that is not a result.
    #[error(
        "{path} is not empty and no earlier run of stormgrid; name another folder for the results, or empty it"
    )]
    Occupied {
        /// The path as given.
        path: String,
    },
    /// The contents of a file.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// Coordinates of a file.
    #[error("{file}: {source}")]
    Crs {
        /// The file whose coordinates were to be converted.
        file: String,
        /// Why not.
        source: CrsError,
    },
    /// The files do not fit together.
    #[error("{file}: {problem}; {remedy}")]
    Input {
        /// The file to mend.
        file: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The flood solver.
    #[error("the flood cannot be computed: {0}")]
    Flood(FloodError),
    /// The exposure.
    #[error("the exposure cannot be computed: {0}")]
    Exposure(#[from] ExposureError),
    /// Someone broke off.
    #[error("the run was cancelled")]
    Cancelled,
}

impl ProjectError {
    pub(crate) fn read(path: &Path, error: &std::io::Error) -> Self {
        Self::Read {
            path: path.display().to_string(),
            reason: reason(error),
        }
    }

    pub(crate) fn write(path: &Path, error: &std::io::Error) -> Self {
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

    pub(crate) fn input(file: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Input {
            file: file.to_owned(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

/// The system's reason without its number.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

impl From<FloodError> for ProjectError {
    /// The flood's sentence is part of ours; as a source it would be told twice.
    fn from(error: FloodError) -> Self {
        Self::Flood(error)
    }
}
