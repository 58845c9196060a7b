//! Hazards of a run over HTTP.

#![allow(
    unused_qualifications,
    reason = "utoipa's macro repeats the types of the handlers it describes"
)]

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use stormgrid_project::{Forecast, LayerHazards};

use crate::answer::{CSV, GEOJSON, tagged};
use crate::error::ApiError;
use crate::run_api::{LayerQuery, finished};
use crate::serve::App;

fn table<'a>(forecast: &'a Forecast, layer: &str) -> Result<&'a LayerHazards, ApiError> {
    let found = forecast.hazards.layer(layer);
    found.ok_or_else(|| ApiError::not_found("noun.grid_layer", layer))
}

/// Level of each hazard and the combined one in every zone of a layer, with the rule.
#[utoipa::path(get, path = "/api/v1/runs/{id}/hazards",
    params(("id" = String, Path, description = "the run"), LayerQuery),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn hazards(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
) -> Result<Response, ApiError> {
    let forecast = finished(&app, &id)?;
    Ok(Json(table(&forecast, query.name())?).into_response())
}

/// Levels and measures as CSV.
#[utoipa::path(get, path = "/api/v1/runs/{id}/hazards.csv",
    params(("id" = String, Path, description = "the run"), LayerQuery),
    responses((status = OK, content_type = "text/csv"), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn hazards_csv(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let forecast = finished(&app, &id)?;
    Ok(tagged(&headers, CSV, table(&forecast, query.name())?.csv()))
}

/// Levels and measures as GeoJSON.
#[utoipa::path(get, path = "/api/v1/runs/{id}/hazards.geojson",
    params(("id" = String, Path, description = "the run"), LayerQuery),
    responses((status = OK, content_type = "application/geo+json"), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn hazards_geojson(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(query): Query<LayerQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let forecast = finished(&app, &id)?;
    let layer = app.twin.layers.iter().find(|l| l.id == query.name());
    let outlines = layer.map(|l| l.outlines.as_slice()).unwrap_or_default();
    let bytes = table(&forecast, query.name())?.geojson(outlines);
    let bytes = bytes.map_err(ApiError::internal)?;
    Ok(tagged(&headers, GEOJSON, bytes))
}

/// Underpasses and dips of roads with the depth in them, the deepest first.
#[utoipa::path(get, path = "/api/v1/runs/{id}/ponding", params(("id" = String, Path, description = "the run")),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn ponding(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let forecast = finished(&app, &id)?;
    Ok(Json(&forecast.hazards.road_spots).into_response())
}
