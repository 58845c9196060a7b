//! Runs over HTTP.

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
use serde::Deserialize;
use serde_json::{Value, json};
use stormgrid_project::figures::LayerTotals;
use stormgrid_project::messages::text;
use stormgrid_project::tables::NamedRow;
use stormgrid_project::{Forecast, tables};
use utoipa::{IntoParams, ToSchema};

use crate::answer::{BINARY, CSV, GEOJSON, aside, json_body, tagged};
use crate::error::ApiError;
use crate::run::RunView;
use crate::runs::RunRequest;
use crate::serve::App;
use crate::turns::Turn;

/// Depths of the flooded areas in rows of exposure [m].
pub(crate) const THRESHOLDS_M: [f64; 5] = [0.05, 0.15, 0.3, 0.5, 1.0];

/// All runs, the oldest first.
#[utoipa::path(get, path = "/api/v1/runs", responses((status = OK, body = [RunView])))]
pub async fn list(State(app): State<Arc<App>>) -> Json<Vec<RunView>> {
    Json(app.runs.all().iter().map(|run| run.view()).collect())
}

/// Queues a run.
#[utoipa::path(post, path = "/api/v1/runs", request_body = RunRequest,
    responses((status = ACCEPTED, body = RunView), (status = BAD_REQUEST)))]
pub async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: RunRequest = json_body(&headers, &body)?;
    let run = aside(move || app.runs.queue(request, Turn::Asked)).await?;
    Ok((StatusCode::ACCEPTED, Json(run.view())).into_response())
}

/// One run.
#[utoipa::path(get, path = "/api/v1/runs/{id}", params(("id" = String, Path, description = "the run")),
    responses((status = OK, body = RunView), (status = NOT_FOUND), (status = GONE)))]
pub async fn get(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RunView>, ApiError> {
    Ok(Json(app.runs.get(&id)?.view()))
}

/// Breaks a run off.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", params(("id" = String, Path, description = "the run")),
    responses((status = OK, body = RunView), (status = NOT_FOUND)))]
pub async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<RunView>, ApiError> {
    let run = app.runs.get(&id)?;
    run.cancel();
    Ok(Json(run.view()))
}

/// Begins a run again that was cut off, cancelled, or could not be finished.
#[utoipa::path(post, path = "/api/v1/runs/{id}/resume", params(("id" = String, Path, description = "the run")),
    responses((status = ACCEPTED, body = RunView), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn resume(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let run = aside(move || app.runs.resume(&id, Turn::Asked)).await?;
    Ok((StatusCode::ACCEPTED, Json(run.view())).into_response())
}

/// Whether a run stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinRequest {
    /// Whether it stays however old it becomes.
    pinned: bool,
}

/// Keeps a run however old it becomes, or no longer.
#[utoipa::path(post, path = "/api/v1/runs/{id}/pin", request_body = PinRequest,
    params(("id" = String, Path, description = "the run")),
    responses((status = OK, body = RunView), (status = NOT_FOUND)))]
pub async fn pin(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<RunView>, ApiError> {
    let request: PinRequest = json_body(&headers, &body)?;
    let run = aside(move || app.runs.pin(&id, request.pinned)).await?;
    Ok(Json(run.view()))
}

/// A frame of water as an SGW1 message.
#[utoipa::path(get, path = "/api/v1/runs/{id}/frames/{n}",
    params(("id" = String, Path, description = "the run"), ("n" = u32, Path, description = "number of the frame, from 0")),
    responses((status = OK, content_type = "application/octet-stream"), (status = NOT_FOUND)))]
pub async fn frame(
    State(app): State<Arc<App>>,
    Path((id, n)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let run = app.runs.get(&id)?;
    let frame = n.parse().ok().and_then(|n| run.frame(n));
    let frame = frame.ok_or_else(|| ApiError::not_found("noun.frame", &n))?;
    Ok(tagged(&headers, BINARY, frame.as_ref().clone()))
}

/// Which layer.
#[derive(Debug, Deserialize, IntoParams)]
pub struct LayerQuery {
    /// A layer of grids; `grids` without it.
    layer: Option<String>,
}

impl LayerQuery {
    pub(crate) fn name(&self) -> &str {
        self.layer.as_deref().unwrap_or("grids")
    }
}

/// The finished result of a run.
pub(crate) fn finished(app: &App, id: &str) -> Result<Arc<Forecast>, ApiError> {
    app.runs.get(id)?.finished()
}

fn rows<'a>(forecast: &'a Forecast, layer: &str) -> Result<&'a [NamedRow], ApiError> {
    let found = forecast.impacts.layers.iter().find(|(id, _)| id == layer);
    found
        .map(|(_, rows)| rows.as_slice())
        .ok_or_else(|| ApiError::not_found("noun.grid_layer", layer))
}

/// Exposure of every zone of a layer.
#[utoipa::path(get, path = "/api/v1/runs/{id}/exposure",
    params(("id" = String, Path, description = "the run"), LayerQuery),
    responses((status = OK, body = Object), (status = CONFLICT)))]
pub async fn exposure(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
) -> Result<Json<Value>, ApiError> {
    let forecast = finished(&app, &id)?;
    let rows = rows(&forecast, query.name())?;
    Ok(Json(json!({
        "layer": query.name(), "thresholds_m": THRESHOLDS_M,
        "cell_size_m": forecast.summary.cell_size_m, "cut_off_at_end": forecast.summary.cut_off_at_end,
        "totals": LayerTotals::of(query.name(), rows),
        "rows": serde_json::to_value(rows).map_err(ApiError::internal)?,
    })))
}

/// Exposure as CSV.
#[utoipa::path(get, path = "/api/v1/runs/{id}/exposure.csv",
    params(("id" = String, Path, description = "the run"), LayerQuery),
    responses((status = OK, content_type = "text/csv"), (status = CONFLICT)))]
pub async fn exposure_csv(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let forecast = finished(&app, &id)?;
    Ok(tagged(
        &headers,
        CSV,
        tables::csv(rows(&forecast, query.name())?),
    ))
}

/// Exposure as GeoJSON.
#[utoipa::path(get, path = "/api/v1/runs/{id}/exposure.geojson",
    params(("id" = String, Path, description = "the run"), LayerQuery),
    responses((status = OK, content_type = "application/geo+json"), (status = CONFLICT)))]
pub async fn exposure_geojson(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let forecast = finished(&app, &id)?;
    let rows = rows(&forecast, query.name())?;
    let layer = app.twin.layers.iter().find(|l| l.id == query.name());
    let outlines = layer.map(|l| l.outlines.as_slice()).unwrap_or_default();
    let bytes = tables::geojson(rows, outlines, None).map_err(ApiError::internal)?;
    Ok(tagged(&headers, GEOJSON, bytes))
}

/// Zones of a layer over time.
#[utoipa::path(get, path = "/api/v1/runs/{id}/series",
    params(("id" = String, Path, description = "the run"), LayerQuery),
    responses((status = OK, body = Object), (status = CONFLICT)))]
pub async fn series(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
) -> Result<Response, ApiError> {
    let forecast = finished(&app, &id)?;
    let series = forecast.series.iter().find(|s| s.layer == query.name());
    let series = series.ok_or_else(|| ApiError::not_found("noun.grid_layer", query.name()))?;
    Ok(Json(series).into_response())
}

/// The storm of a run.
#[utoipa::path(get, path = "/api/v1/runs/{id}/storm", params(("id" = String, Path, description = "the run")),
    responses((status = OK, body = Object), (status = CONFLICT)))]
pub async fn storm(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let storm = app.runs.get(&id)?.storm();
    let storm = storm.ok_or_else(|| ApiError::not_ready(text("api.no_storm_yet", &[])))?;
    Ok(Json(storm.as_ref()).into_response())
}
