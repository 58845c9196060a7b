//! Why a command came to nothing: one sentence for a person.

use stormgrid_core::frame::PositionError;
use stormgrid_core::message;
use stormgrid_core::message::Message;
use stormgrid_demo::DemoError;
use stormgrid_formats::FormatError;
use stormgrid_project::ProjectError;
use stormgrid_project::warning::WarningError;
use stormgrid_server::ServeError;
use stormgrid_verify::CaseError;

use crate::language::Language;

/// What is told of a fault.
#[derive(Debug)]
pub struct Failure(Message);

/// What a command comes to.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// The line for the error output.
    pub fn told(&self, language: Language) -> String {
        let line = match language {
            Language::Zh if self.0.leaves_out() => {
                tracing::info!("{}", self.0);
                message!("cli.error_in_english", "error: {problem}")
            }
            _ => message!("cli.error", "error: {problem}"),
        };
        let text = language.tell(&line.with("problem", self.0.clone()));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl From<Message> for Failure {
    fn from(told: Message) -> Self {
        Self(told)
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        Self(error.message())
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self(error.message())
    }
}

impl From<PositionError> for Failure {
    fn from(error: PositionError) -> Self {
        Self(error.message())
    }
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        Self(error.message())
    }
}

impl From<WarningError> for Failure {
    fn from(error: WarningError) -> Self {
        Self(match error {
            WarningError::Unknown { id } => message!(
                "alert.refused.unknown",
                "there is no warning '{id}'",
                id = id
            ),
            WarningError::Refused(told) => Message::Own(told),
            WarningError::Project(error) => error.message(),
        })
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        Self(match error {
            ServeError::PortBusy { port } => message!(
                "cli.serve.busy",
                "port {port} on 127.0.0.1 is in use; choose another with --port",
                port = port
            ),
            ServeError::Port { port, reason } => message!(
                "cli.serve.port",
                "port {port} on 127.0.0.1 cannot be opened: {reason}",
                port = port,
                reason = Message::English(reason)
            ),
            ServeError::Viewer { path } => message!(
                "cli.serve.no_page",
                "{path} holds no index.html; build the viewer with `cargo xtask viewer`, or name its folder with --viewer",
                path = path
            ),
            ServeError::Kept(error) => error.message(),
            ServeError::Broke { reason } => message!(
                "cli.serve.ended",
                "the server ended: {reason}",
                reason = Message::English(reason)
            ),
        })
    }
}

impl From<CaseError> for Failure {
    fn from(error: CaseError) -> Self {
        Self(match error {
            CaseError::Flood(error) => error.message(),
            CaseError::Lab { file, reason } => message!(
                "cli.verify.lab",
                "{file}: {reason}",
                file = file,
                reason = Message::English(reason)
            ),
            other => message!(
                "cli.verify.case",
                "{detail}",
                detail = Message::english(other)
            ),
        })
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(message!(
            "cli.json",
            "{detail}",
            detail = Message::english(error)
        ))
    }
}
