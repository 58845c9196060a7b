//! Errors as clients see them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use stormgrid_project::storm::Bilingual;
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

impl ApiError {
    /// What was asked for does not exist.
    ///
    /// - `zh`, `en`: what it is, for example 网格 and "grid"
    pub fn not_found(zh: &str, en: &str, name: &str) -> Self {
        let name: String = name.chars().take(60).collect();
        Self {
            status: StatusCode::NOT_FOUND,
            code: "not_found",
            message: Bilingual::new(
                format!("没有{zh}“{name}”"),
                format!("there is no {en} '{name}'"),
            ),
        }
    }

    /// The request cannot be understood.
    pub fn bad_request(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            message: Bilingual::new(zh, en),
        }
    }

    /// It will exist later.
    pub fn not_ready(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            code: "not_ready",
            message: Bilingual::new(zh, en),
        }
    }

    /// The sentence in English, for a terminal.
    pub fn english(&self) -> &str {
        &self.message.en
    }

    /// The request came for another host.
    pub fn foreign_host() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            code: "foreign_host",
            message: Bilingual::new(
                "本服务只回答对 127.0.0.1 的请求",
                "this server answers requests for 127.0.0.1 only",
            ),
        }
    }

    /// Something failed here.
    pub fn internal(reason: &str) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "internal",
            message: Bilingual::new(
                format!("服务器内部错误：{reason}"),
                format!("the server failed: {reason}"),
            ),
        }
    }
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
