//! Bodies of requests, answers that a browser may keep, and work beside the threads that answer.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Refuses a body of another type: a form of another web page cannot send JSON without asking first.
pub fn only_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    match kind.is_some_and(|kind| kind.starts_with("application/json")) {
        true => Ok(()),
        false => Err(ApiError::not_json()),
    }
}

/// What a body in JSON asks for.
pub fn json_body<T: DeserializeOwned>(headers: &HeaderMap, bytes: &Bytes) -> Result<T, ApiError> {
    only_json(headers)?;
    serde_json::from_slice(bytes).map_err(|e| ApiError::no_json(&e))
}

/// Runs what takes a while, or waits for the disk, beside the threads that answer.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(ApiError::internal)?
}

/// Bytes with an `ETag`; 304 without a body if the client has them already.
///
/// The tag is weak because the bytes may be compressed on the way. `no-cache` lets the browser keep
/// them and ask whether they are still good: another twin may be served on the same port tomorrow.
pub fn tagged(request: &HeaderMap, content_type: &'static str, bytes: Vec<u8>) -> Response {
    // SipHash with fixed keys: the same bytes have the same tag after a restart.
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .any(|t| t.trim() == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = HeaderValue::from_static(content_type);
        ([(header::CONTENT_TYPE, content_type)], Body::from(bytes)).into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Content type of the binary messages.
pub const BINARY: &str = "application/octet-stream";
/// Content type of GeoJSON.
pub const GEOJSON: &str = "application/geo+json";
/// Content type of CSV.
pub const CSV: &str = "text/csv; charset=utf-8";
