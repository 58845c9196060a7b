//! Warnings: drafts of a run, and what named persons do with them. Nothing is sent anywhere.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::logged;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stormgrid_core::message::Message;
use stormgrid_core::time::Instant;
use stormgrid_project::messages::{text, told};
use stormgrid_project::storm::Bilingual;
use stormgrid_project::warning::{
    self, Audience, Change, Rules, Situation, Store, View, WarningError, atom, contents,
};
use stormgrid_project::{Forecast, LoadedTwin, ProjectError};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::serve::App;

/// Folder of the journal and of the issued messages, in the twin's folder.
const FOLDER: &str = "warnings";

/// The warnings of a server; the journal is opened when it is first asked for.
#[derive(Default)]
pub struct Warnings {
    store: OnceLock<Mutex<Store>>,
    opening: Mutex<()>,
}

impl Warnings {
    /// Does something with the journal; waits until nobody else does.
    fn with<T>(
        &self,
        twin: &LoadedTwin,
        act: impl FnOnce(&mut Store, Instant) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match self.store.get() {
            Some(store) => store,
            None => {
                let rules = Rules::of_twin(&twin.dir).map_err(fault)?;
                let store = Store::open(&twin.dir.join(FOLDER), rules).map_err(fault)?;
                self.store.get_or_init(|| Mutex::new(store))
            }
        };
        drop(opening);
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut store, now())
    }
}

/// The clock's time.
fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Instant::from_unix_seconds(since.map_or(0, |d| d.as_secs() as i64))
}

/// What cannot be used is told as it is; a disk that fails is ours.
fn fault(error: ProjectError) -> ApiError {
    match error {
        ProjectError::Input { .. } => ApiError::not_ready(logged(&error.message())),
        _ => ApiError::failed(&error),
    }
}

fn refusal(error: WarningError) -> ApiError {
    match error {
        WarningError::Unknown { id } => ApiError::not_found("noun.warning", &id),
        WarningError::Refused(text) => ApiError::not_ready(text),
        WarningError::Project(error) => fault(error),
    }
}

/// Runs work that waits for the disk where it holds nobody up.
async fn off<T: Send + 'static>(
    app: Arc<App>,
    act: impl FnOnce(&mut Store, &App, Instant) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let work = move || {
        app.warnings
            .with(&app.twin, |store, now| act(store, &app, now))
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|e| Err(ApiError::internal(e)))
}

/// A body in JSON; a form of another page cannot send this type without asking first.
fn body<T: DeserializeOwned>(headers: &HeaderMap, bytes: &Bytes) -> Result<T, ApiError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(ApiError::not_json());
    }
    serde_json::from_slice(bytes).map_err(|e| ApiError::no_json(&e))
}

fn finished(app: &App, run: &str) -> Result<Arc<Forecast>, ApiError> {
    let run = app.runs.get(run)?;
    run.result()
        .ok_or_else(|| ApiError::not_ready(text("api.run_unfinished", &[])))
}

fn view(store: &Store, id: &str, now: Instant) -> Result<View, ApiError> {
    store.view(id, now).map_err(refusal)
}

/// Of which run drafts are made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    /// A finished run.
    run: String,
    /// A finished ensemble, for the chances.
    ensemble: Option<String>,
}

/// Who issues a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// Name of the person.
    by: String,
    /// Identifier of the request; one that comes twice is done once.
    client_id: Option<String>,
}

/// A text in both languages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BothTexts {
    /// Chinese.
    zh: String,
    /// English.
    en: String,
}

impl From<BothTexts> for Bilingual {
    fn from(text: BothTexts) -> Self {
        Self::new(text.zh, text.en)
    }
}

/// What an update changes; what is missing stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRequest {
    /// Name of the person.
    by: String,
    /// A newer run, whose warning of the same audience and colour takes the place.
    run: Option<String>,
    /// blue, yellow, orange or red.
    colour: Option<String>,
    /// Headline.
    headline: Option<BothTexts>,
    /// What happens.
    description: Option<BothTexts>,
    /// What to do.
    instruction: Option<BothTexts>,
    /// Until when it holds, RFC 3339.
    expires: Option<String>,
    /// Why.
    reason: Option<String>,
    /// Identifier of the request; one that comes twice is done once.
    client_id: Option<String>,
}

/// Who ends a warning, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndRequest {
    /// Name of the person.
    by: String,
    /// Why.
    reason: String,
    /// Identifier of the request; one that comes twice is done once.
    client_id: Option<String>,
}

/// Which warnings.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub struct FeedQuery {
    /// draft, issued, superseded, cancelled, discarded or expired.
    state: Option<String>,
    /// pupils_parents, drivers or residents.
    audience: Option<String>,
}

/// Makes drafts of a finished run; those that are there already are not made again.
#[utoipa::path(post, path = "/api/v1/warnings/drafts", request_body = DraftRequest,
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn drafts(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Vec<View>>, ApiError> {
    let request: DraftRequest = body(&headers, &bytes)?;
    let forecast = finished(&app, &request.run)?;
    let chances = match &request.ensemble {
        Some(id) => Some((id.clone(), app.ensembles.get(id)?.result()?)),
        None => None,
    };
    let made = off(app, move |store, app, now| {
        let mut situation = Situation::of(&app.twin, &forecast, store.rules()).map_err(fault)?;
        if let Some((id, ensemble)) = &chances {
            situation = situation.with_chances(id, ensemble, store.rules());
        }
        let contents = contents(&app.twin, &situation, store.rules());
        let digest = &forecast.summary.digest;
        let ids = store
            .draft(contents, &request.run, digest, situation.start(), now)
            .map_err(refusal)?;
        ids.iter().map(|id| view(store, id, now)).collect()
    });
    Ok(Json(made.await?))
}

/// All warnings, the oldest first.
#[utoipa::path(get, path = "/api/v1/warnings", params(FeedQuery), responses((status = OK, body = Object)))]
pub async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<FeedQuery>,
) -> Result<Json<Vec<View>>, ApiError> {
    let word = |text: &Option<String>| text.clone().map(Value::String);
    let unknown =
        |name: &str| ApiError::bad_request(text("api.word", &[("name", name.to_owned())]));
    let state: Option<warning::State> = word(&query.state)
        .map(serde_json::from_value)
        .transpose()
        .map_err(|_| unknown("state"))?;
    let audience: Option<Audience> = word(&query.audience)
        .map(serde_json::from_value)
        .transpose()
        .map_err(|_| unknown("audience"))?;
    let all = off(app, move |store, _, now| {
        Ok(store.book().views(now, store.rules()))
    })
    .await?;
    let wanted = |view: &View| {
        state.is_none_or(|state| view.state == state)
            && audience.is_none_or(|audience| view.audience == audience)
    };
    Ok(Json(all.into_iter().filter(wanted).collect()))
}

/// The issued messages as an Atom feed with GeoRSS, the newest first.
#[utoipa::path(get, path = "/api/v1/warnings.atom", responses((status = OK, content_type = "application/atom+xml")))]
pub async fn feed(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let text = off(app, |store, _, _| {
        atom(store.book(), store.rules()).map_err(fault)
    })
    .await?;
    Ok(xml("application/atom+xml; charset=utf-8", text))
}

/// One warning.
#[utoipa::path(get, path = "/api/v1/warnings/{id}", params(("id" = String, Path, description = "the warning")),
    responses((status = OK, body = Object), (status = NOT_FOUND)))]
pub async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<View>, ApiError> {
    Ok(Json(
        off(app, move |store, _, now| view(store, &id, now)).await?,
    ))
}

/// The CAP 1.2 message of a warning: as it was sent, or as a draft.
#[utoipa::path(get, path = "/api/v1/warnings/{id}/cap.xml", params(("id" = String, Path, description = "the warning")),
    responses((status = OK, content_type = "application/cap+xml"), (status = NOT_FOUND)))]
pub async fn cap(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let text = off(app, move |store, _, now| {
        store.cap(&id, now).map_err(refusal)
    })
    .await?;
    Ok(xml("application/cap+xml; charset=utf-8", text))
}

/// Issues a draft in the name of a person.
#[utoipa::path(post, path = "/api/v1/warnings/{id}/approve", request_body = ApproveRequest,
    params(("id" = String, Path, description = "the warning")),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn approve(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<View>, ApiError> {
    let request: ApproveRequest = body(&headers, &bytes)?;
    let done = off(app, move |store, _, now| {
        let client = request.client_id.as_deref();
        let id = store
            .approve(&id, &request.by, client, now)
            .map_err(refusal)?;
        view(store, &id, now)
    });
    Ok(Json(done.await?))
}

/// Replaces an issued warning by a new message, issued at once; the answer is the new one.
#[utoipa::path(post, path = "/api/v1/warnings/{id}/update", request_body = UpdateRequest,
    params(("id" = String, Path, description = "the warning")),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn update(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<View>, ApiError> {
    let request: UpdateRequest = body(&headers, &bytes)?;
    let colour = request
        .colour
        .clone()
        .map(Value::String)
        .map(serde_json::from_value)
        .transpose();
    let colour = colour.map_err(|_| ApiError::bad_request(text("api.colour", &[])))?;
    let expires = request.expires.as_deref().map(Instant::parse).transpose();
    let expires = expires.map_err(|e| {
        let text = Message::key("api.expires");
        ApiError::bad_request(told(&text.with("problem", e.message())))
    })?;
    let done = off(app, move |store, app, now| {
        let mut change = Change {
            content: None,
            colour,
            headline: request.headline.map(Bilingual::from),
            description: request.description.map(Bilingual::from),
            instruction: request.instruction.map(Bilingual::from),
            expires,
            reason: request.reason,
        };
        if let Some(run) = request.run {
            let forecast = finished(app, &run)?;
            change = change
                .with_run(store, &app.twin, &id, &run, &forecast)
                .map_err(refusal)?;
        }
        let client = request.client_id.as_deref();
        let new = store
            .update(&id, &request.by, change, client, now)
            .map_err(refusal)?;
        view(store, &new, now)
    });
    Ok(Json(done.await?))
}

/// Takes a warning and its whole chain back; the answer is the message that says so.
#[utoipa::path(post, path = "/api/v1/warnings/{id}/cancel", request_body = EndRequest,
    params(("id" = String, Path, description = "the warning")),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<View>, ApiError> {
    let request: EndRequest = body(&headers, &bytes)?;
    let done = off(app, move |store, _, now| {
        let client = request.client_id.as_deref();
        let new = store
            .cancel(&id, &request.by, &request.reason, client, now)
            .map_err(refusal)?;
        view(store, &new, now)
    });
    Ok(Json(done.await?))
}

/// Throws a draft away.
#[utoipa::path(post, path = "/api/v1/warnings/{id}/discard", request_body = EndRequest,
    params(("id" = String, Path, description = "the warning")),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn discard(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<View>, ApiError> {
    let request: EndRequest = body(&headers, &bytes)?;
    let done = off(app, move |store, _, now| {
        let client = request.client_id.as_deref();
        let id = store
            .discard(&id, &request.by, &request.reason, client, now)
            .map_err(refusal)?;
        view(store, &id, now)
    });
    Ok(Json(done.await?))
}

fn xml(content_type: &'static str, text: String) -> Response {
    let kind = HeaderValue::from_static(content_type);
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response()
}
