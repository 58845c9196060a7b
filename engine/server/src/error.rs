//! Errors as clients see them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::time::Instant;
use stormgrid_formats::parse::json_problem;
use stormgrid_project::ProjectError;
use stormgrid_project::messages::{text, told};
use utoipa::ToSchema;

/// An error with its status and its sentence in both languages.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Bilingual,
}

/// Body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The error.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable word for programs.
    pub code: &'static str,
    /// Sentence for people.
    pub message: Text,
}

/// A text in both languages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<Bilingual> for Text {
    fn from(text: Bilingual) -> Self {
        Self {
            zh: text.zh,
            en: text.en,
        }
    }
}

impl From<Text> for Bilingual {
    fn from(text: Text) -> Self {
        Self::new(text.zh, text.en)
    }
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: Bilingual) -> Self {
        Self {
            status,
            code,
            message,
        }
    }

    /// What was asked for does not exist.
    ///
    /// - `noun`: key of the catalogue for what it is, for example `noun.grid`
    pub fn not_found(noun: &'static str, name: &str) -> Self {
        let name: String = name.chars().take(60).collect();
        let text = Message::key("api.not_found")
            .with("noun", Message::key(noun))
            .with("name", name);
        Self::new(StatusCode::NOT_FOUND, "not_found", told(&text))
    }

    /// What was asked for was there, and was given up to make room.
    ///
    /// - `noun`: key of the catalogue for what it is
    /// - `time`: when, RFC 3339
    pub fn given_up(noun: &'static str, name: &str, time: &str) -> Self {
        let time = match Instant::parse(time) {
            Ok(time) => Message::own(time.to_china_rfc3339(), time.to_rfc3339()),
            Err(_) => Message::own(time, time),
        };
        let text = Message::key("kept.given_up")
            .with("noun", Message::key(noun))
            .with("name", name.to_owned())
            .with("time", time);
        Self::new(StatusCode::GONE, "given_up", told(&text))
    }

    /// The request cannot be understood.
    pub fn bad_request(text: Bilingual) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", text)
    }

    /// A body that is not the JSON that was asked for.
    pub fn no_json(error: &serde_json::Error) -> Self {
        let text = Message::key("api.no_json")
            .with("line", error.line())
            .with("problem", json_problem(error));
        Self::bad_request(logged(&text))
    }

    /// A body of another type.
    pub fn not_json() -> Self {
        Self::bad_request(text("api.only_json", &[]))
    }

    /// What the engine refuses to do.
    pub fn refused(error: &ProjectError) -> Self {
        Self::bad_request(logged(&error.message()))
    }

    /// It will exist later.
    pub fn not_ready(text: Bilingual) -> Self {
        Self::new(StatusCode::CONFLICT, "not_ready", text)
    }

    /// The sentence.
    pub(crate) fn text(self) -> Bilingual {
        self.message
    }

    /// The sentence, for a terminal.
    pub fn sentence(&self) -> Bilingual {
        self.message.clone()
    }

    /// The request came for another host.
    pub fn foreign_host() -> Self {
        let text = text("api.foreign_host", &[]);
        Self::new(StatusCode::FORBIDDEN, "foreign_host", text)
    }

    /// Something failed here; the log says what.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        tracing::error!(%reason, "the server failed");
        let text = text("api.internal", &[]);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
    }

    /// The engine failed at what it should have done: a disk that is full, a file that is gone.
    pub fn failed(error: &ProjectError) -> Self {
        let text = logged(&error.message());
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
    }
}

/// A message in both languages; what Chinese leaves out is logged.
pub(crate) fn logged(message: &Message) -> Bilingual {
    if message.leaves_out() {
        tracing::warn!("{message}");
    }
    told(message)
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: ErrorDetail {
                code: self.code,
                message: self.message.into(),
            },
        };
        (self.status, Json(body)).into_response()
    }
}
