//! Warnings: drafts of a run, and what named persons do with them. Nothing is sent anywhere.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stormgrid_core::message::{Bilingual, Message};
use stormgrid_core::time::Instant;
use stormgrid_project::messages::{text, told};
use stormgrid_project::warning::{
    self, Audience, Change, Rules, Situation, Store, View, WarningError, atom, contents,
};
use stormgrid_project::{LoadedTwin, ProjectError};
use utoipa::ToSchema;

use crate::answer::{aside, json_body};
use crate::error::{ApiError, logged};
use crate::jobs;
use crate::room::Needed;
use crate::run_api::finished;
use crate::serve::App;

/// Folder of the journal and of the issued messages, in the twin's folder.
pub(crate) const FOLDER: &str = "warnings";

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
        act(&mut store, jobs::now())
    }

    /// The runs and ensembles that drafts and warnings that stand rest on; none where the journal cannot be read.
    pub(crate) fn needed(&self, twin: &LoadedTwin) -> Option<Needed> {
        let needed = self.with(twin, |store, now| {
            let views = store.book().views(now, store.rules()).into_iter();
            // A message that takes a warning back counts as issued and warns of nothing.
            let stand = views.filter(|view| {
                view.msg_type != warning::Kind::Cancel
                    && matches!(view.state, warning::State::Draft | warning::State::Issued)
            });
            let mut needed = Needed::default();
            for view in stand {
                needed.runs.insert(view.run);
                needed.ensembles.extend(view.chances.map(|c| c.ensemble));
            }
            Ok(needed)
        });
        needed.ok()
    }
}

/// What cannot be used is told as it is; a disk that fails is ours.
fn fault(error: ProjectError) -> ApiError {
    match error {
        ProjectError::Input(_) => ApiError::not_ready(logged(&error.message())),
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
    aside(move || {
        app.warnings
            .with(&app.twin, |store, now| act(store, &app, now))
    })
    .await
}

/// Does what a body asks for with a warning; the answer is the warning that `act` names.
async fn done<R: DeserializeOwned + Send + 'static>(
    app: Arc<App>,
    (headers, bytes): (HeaderMap, Bytes),
    act: impl FnOnce(&mut Store, &App, R, Instant) -> Result<String, ApiError> + Send + 'static,
) -> Result<Json<View>, ApiError> {
    let request: R = json_body(&headers, &bytes)?;
    let done = off(app, move |store, app, now| {
        let id = act(store, app, request, now)?;
        view(store, &id, now)
    });
    Ok(Json(done.await?))
}

fn view(store: &Store, id: &str, now: Instant) -> Result<View, ApiError> {
    store.view(id, now).map_err(refusal)
}

/// Digest of a finished run, and the run as the rules see it, with the chances of an ensemble if one is named.
fn situation_of(
    app: &App,
    rules: &Rules,
    run: &str,
    ensemble: Option<&str>,
) -> Result<(String, Situation), ApiError> {
    let forecast = finished(app, run)?;
    let situation = Situation::of(&app.twin, &forecast, rules).map_err(fault)?;
    let situation = match ensemble {
        Some(id) => {
            let found = app.ensembles.get(id)?.result()?;
            if let Some(differs) = found.differs_from(&forecast.summary) {
                return Err(ApiError::bad_request(differs));
            }
            situation.with_chances(&app.twin, id, &found, rules)
        }
        None => situation,
    };
    Ok((forecast.summary.digest.clone(), situation))
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
    /// A finished ensemble, for the chances in the newer run.
    ensemble: Option<String>,
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
    let request: DraftRequest = json_body(&headers, &bytes)?;
    let made = off(app, move |store, app, now| {
        let ensemble = request.ensemble.as_deref();
        let (digest, situation) = situation_of(app, store.rules(), &request.run, ensemble)?;
        let contents = contents(&app.twin, &situation, store.rules());
        let ids = store
            .draft(contents, &request.run, &digest, situation.start(), now)
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
    done(
        app,
        (headers, bytes),
        move |store, _, r: ApproveRequest, now| {
            let client = r.client_id.as_deref();
            store.approve(&id, &r.by, client, now).map_err(refusal)
        },
    )
    .await
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
    done(
        app,
        (headers, bytes),
        move |store, app, r: UpdateRequest, now| {
            let colour = r.colour.map(Value::String).map(serde_json::from_value);
            let colour = colour
                .transpose()
                .map_err(|_| ApiError::bad_request(text("api.colour", &[])))?;
            let expires = r.expires.as_deref().map(Instant::parse).transpose();
            let expires = expires.map_err(|e| {
                let text = Message::key("api.expires");
                ApiError::bad_request(told(&text.with("problem", e.message())))
            })?;
            let mut change = Change {
                content: None,
                colour,
                headline: r.headline.map(Bilingual::from),
                description: r.description.map(Bilingual::from),
                instruction: r.instruction.map(Bilingual::from),
                expires,
                reason: r.reason,
            };
            if let Some(run) = r.run {
                let ensemble = r.ensemble.as_deref();
                let (digest, situation) = situation_of(app, store.rules(), &run, ensemble)?;
                change = change
                    .with_run(store, &app.twin, &id, (&run, &digest), &situation)
                    .map_err(refusal)?;
            }
            let client = r.client_id.as_deref();
            store
                .update(&id, &r.by, change, client, now)
                .map_err(refusal)
        },
    )
    .await
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
    done(
        app,
        (headers, bytes),
        move |store, _, r: EndRequest, now| {
            let client = r.client_id.as_deref();
            let ended = store.cancel(&id, &r.by, &r.reason, client, now);
            ended.map_err(refusal)
        },
    )
    .await
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
    done(
        app,
        (headers, bytes),
        move |store, _, r: EndRequest, now| {
            let client = r.client_id.as_deref();
            let ended = store.discard(&id, &r.by, &r.reason, client, now);
            ended.map_err(refusal)
        },
    )
    .await
}

fn xml(content_type: &'static str, text: String) -> Response {
    let kind = HeaderValue::from_static(content_type);
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response()
}
