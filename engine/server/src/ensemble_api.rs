//! Ensembles over HTTP.

#![allow(
    unused_qualifications,
    reason = "utoipa's macro repeats the types of the handlers it describes"
)]

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use stormgrid_project::ensemble::{self, Ensemble, ProbabilityLayer};

use crate::answer::{BINARY, CSV, GEOJSON, aside, json_body, tagged};
use crate::ensemble_run::EnsembleView;
use crate::ensembles::EnsembleRequest;
use crate::error::ApiError;
use crate::run_api::{LayerQuery, THRESHOLDS_M};
use crate::serve::App;

/// All ensembles, the oldest first.
#[utoipa::path(get, path = "/api/v1/ensembles", responses((status = OK, body = [EnsembleView])))]
pub async fn list(State(app): State<Arc<App>>) -> Json<Vec<EnsembleView>> {
    Json(app.ensembles.all().iter().map(|run| run.view()).collect())
}

/// Queues an ensemble.
#[utoipa::path(post, path = "/api/v1/ensembles", request_body = EnsembleRequest,
    responses((status = ACCEPTED, body = EnsembleView), (status = BAD_REQUEST)))]
pub async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: EnsembleRequest = json_body(&headers, &body)?;
    // Drawing the members reads and hashes the twin's files.
    let run = aside(move || app.ensembles.queue(&request)).await?;
    Ok((StatusCode::ACCEPTED, Json(run.view())).into_response())
}

/// Goes on with an ensemble that was cut off, cancelled, or could not be finished, from its finished members.
#[utoipa::path(post, path = "/api/v1/ensembles/{id}/resume", params(("id" = String, Path, description = "the ensemble")),
    responses((status = ACCEPTED, body = EnsembleView), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn resume(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let run = aside(move || app.ensembles.resume(&id)).await?;
    Ok((StatusCode::ACCEPTED, Json(run.view())).into_response())
}

/// One ensemble.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}", params(("id" = String, Path, description = "the ensemble")),
    responses((status = OK, body = EnsembleView), (status = NOT_FOUND), (status = GONE)))]
pub async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<EnsembleView>, ApiError> {
    Ok(Json(app.ensembles.get(&id)?.view()))
}

/// Breaks an ensemble off; members that are done are kept for the next.
#[utoipa::path(post, path = "/api/v1/ensembles/{id}/cancel", params(("id" = String, Path, description = "the ensemble")),
    responses((status = OK, body = EnsembleView), (status = NOT_FOUND)))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<EnsembleView>, ApiError> {
    let run = app.ensembles.get(&id)?;
    run.cancel();
    Ok(Json(run.view()))
}

fn layer<'a>(found: &'a Ensemble, name: &str) -> Result<&'a ProbabilityLayer, ApiError> {
    let layer = found.layers.iter().find(|l| l.layer == name);
    layer.ok_or_else(|| ApiError::not_found("noun.grid_layer", name))
}

/// A value as JSON.
fn told<T: serde::Serialize>(value: &T) -> Result<Value, ApiError> {
    serde_json::to_value(value).map_err(ApiError::internal)
}

/// Probabilities of every zone of a layer.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}/probability",
    params(("id" = String, Path, description = "the ensemble"), LayerQuery),
    responses((status = OK, body = Object), (status = CONFLICT)))]
pub async fn probability(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = app.ensembles.get(&id)?.result()?;
    let layer = layer(&found, query.name())?;
    let totals = found.totals.iter().find(|of| of.layer == layer.layer);
    Ok(Json(json!({
        "cell_size_m": found.spec.cell_size_m, "control": found.control, "totals": told(&totals)?,
        "layer": layer.layer, "members": found.members_done, "thresholds_m": THRESHOLDS_M,
        "least_share": found.least_share, "worst_credible": found.worst_credible,
        "rows": told(&layer.rows)?,
    })))
}

/// Probabilities as CSV.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}/probability.csv",
    params(("id" = String, Path, description = "the ensemble"), LayerQuery),
    responses((status = OK, content_type = "text/csv"), (status = CONFLICT)))]
pub async fn probability_csv(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = app.ensembles.get(&id)?.result()?;
    let rows = &layer(&found, query.name())?.rows;
    Ok(tagged(&headers, CSV, ensemble::probability_csv(rows)))
}

/// Probabilities as GeoJSON.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}/probability.geojson",
    params(("id" = String, Path, description = "the ensemble"), LayerQuery),
    responses((status = OK, content_type = "application/geo+json"), (status = CONFLICT)))]
pub async fn probability_geojson(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = app.ensembles.get(&id)?.result()?;
    let rows = &layer(&found, query.name())?.rows;
    let file = app.twin.layers.iter().find(|l| l.id == query.name());
    let outlines = file.map(|l| l.outlines.as_slice()).unwrap_or_default();
    let bytes = ensemble::probability_geojson(rows, outlines);
    let bytes = bytes.map_err(ApiError::internal)?;
    Ok(tagged(&headers, GEOJSON, bytes))
}

/// Road segments that water reaches in some member.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}/roads", params(("id" = String, Path, description = "the ensemble")),
    responses((status = OK, body = Object), (status = CONFLICT)))]
pub async fn roads(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let found = app.ensembles.get(&id)?.result()?;
    let reached = found
        .roads
        .iter()
        .filter(|r| r.probability_slow > Some(0.0));
    Ok(Json(told(&reached.collect::<Vec<_>>())?))
}

/// Buildings that water reaches in some member.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}/buildings", params(("id" = String, Path, description = "the ensemble")),
    responses((status = OK, body = Object), (status = CONFLICT)))]
pub async fn buildings(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let found = app.ensembles.get(&id)?.result()?;
    let reached = found.buildings.iter().filter(|b| b.probability > Some(0.0));
    Ok(Json(told(&reached.collect::<Vec<_>>())?))
}

/// Percentiles of the greatest depth, or the probability of 0.15 m, as an SGW1 message.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}/frames/{which}",
    params(("id" = String, Path, description = "the ensemble"), ("which" = String, Path, description = "p50, p90, worst or probability")),
    responses((status = OK, content_type = "application/octet-stream"), (status = CONFLICT), (status = NOT_FOUND)))]
pub async fn frame(
    State(app): State<Arc<App>>,
    Path((id, which)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = app.ensembles.get(&id)?.result()?;
    let frame = found.frames.iter().find(|(name, _)| *name == which);
    let (_, frame) = frame.ok_or_else(|| ApiError::not_found("noun.frame", &which))?;
    Ok(tagged(&headers, BINARY, frame.clone()))
}

/// Sea level, rain and wind at the site over time, by member and as percentiles.
#[utoipa::path(get, path = "/api/v1/ensembles/{id}/plume", params(("id" = String, Path, description = "the ensemble")),
    responses((status = OK, body = Object), (status = CONFLICT)))]
pub async fn plume(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = app.ensembles.get(&id)?.result()?;
    Ok(Json(&found.plume).into_response())
}
