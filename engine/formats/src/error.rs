//! What a person is told about a file that cannot be read.

/// Why bytes are not what they should be. Its text is one sentence: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FormatError {
    /// The contents break the rules of the format.
    #[error("{file}{place}: {problem}; {remedy}")]
    Malformed {
        /// Name of the file.
        file: String,
        /// Place in it, for example `, line 7`; empty if the whole file is meant.
        place: String,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// Sound, but of a kind that is not read here.
    #[error("{file}{place}: {problem} is not supported; {remedy}")]
    Unsupported {
        /// Name of the file.
        file: String,
        /// Place in it; empty if the whole file is meant.
        place: String,
        /// What is not supported.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// Something cannot be written in this format.
    #[error("{what} cannot be written: {problem}")]
    Write {
        /// What was to be written.
        what: String,
        /// Why not.
        problem: String,
    },
}

impl FormatError {
    /// A file that breaks the rules; `place` as in `line 7`, or empty.
    pub(crate) fn malformed(
        file: &str,
        place: impl std::fmt::Display,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Malformed {
            file: file.into(),
            place: comma(place),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// A file of a kind that is not read; `place` as in `line 7`, or empty.
    pub(crate) fn unsupported(
        file: &str,
        place: impl std::fmt::Display,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Unsupported {
            file: file.into(),
            place: comma(place),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

fn comma(place: impl std::fmt::Display) -> String {
    let place = place.to_string();
    if place.is_empty() {
        place
    } else {
        format!(", {place}")
    }
}
