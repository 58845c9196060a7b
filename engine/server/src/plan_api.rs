//! Rehearsal and plan over HTTP: compared runs, evacuation plans, closed roads, checked advisories.

#![allow(
    unused_qualifications,
    reason = "utoipa's macro repeats the types of the handlers it describes"
)]

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stormgrid_project::advisory::check_request;
use stormgrid_project::evacuation::{self, EvacuationPlan};
use stormgrid_project::messages::text;
use stormgrid_project::rehearsal::{self, Compared};
use utoipa::IntoParams;

use crate::answer::{CSV, GEOJSON, aside, only_json, tagged};
use crate::error::ApiError;
use crate::run_api::finished;
use crate::serve::App;

/// Which runs, and by which layer.
#[derive(Debug, Deserialize, IntoParams)]
pub struct CompareQuery {
    /// The first run.
    a: String,
    /// The second run.
    b: String,
    /// A layer of grids; `grids` without it.
    layer: Option<String>,
}

/// Two finished runs side by side.
#[utoipa::path(get, path = "/api/v1/compare", params(CompareQuery),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn compare(
    State(app): State<Arc<App>>,
    Query(query): Query<CompareQuery>,
) -> Result<Response, ApiError> {
    let layer = query.layer.as_deref().unwrap_or("grids");
    let named = |id: &str| -> Result<Compared, ApiError> {
        Ok(Compared {
            id: id.to_owned(),
            title: app.runs.get(id)?.title().into(),
        })
    };
    let (first, second) = (finished(&app, &query.a)?, finished(&app, &query.b)?);
    app.runs.compare_now([query.a.clone(), query.b.clone()]);
    let found = rehearsal::compare(
        (named(&query.a)?, first.as_ref()),
        (named(&query.b)?, second.as_ref()),
        layer,
    );
    let found = found.ok_or_else(|| ApiError::not_found("noun.grid_layer", layer))?;
    Ok(Json(found).into_response())
}

async fn plan_of(app: Arc<App>, id: String) -> Result<Arc<EvacuationPlan>, ApiError> {
    aside(move || {
        let (run, forecast) = (app.runs.get(&id)?, finished(&app, &id)?);
        run.evacuation(&app.twin, &forecast.basis)
            .map_err(|e| ApiError::refused(&e))
    })
    .await
}

/// The plan of a finished run: hit grids in the order of the water, shelters, ways.
#[utoipa::path(get, path = "/api/v1/runs/{id}/plan", params(("id" = String, Path, description = "the run")),
    responses((status = OK, body = Object), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn plan(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    Ok(Json(plan_of(app, id).await?.as_ref()).into_response())
}

/// The plan as CSV, one row a move.
#[utoipa::path(get, path = "/api/v1/runs/{id}/plan.csv", params(("id" = String, Path, description = "the run")),
    responses((status = OK, content_type = "text/csv"), (status = CONFLICT)))]
pub async fn plan_csv(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let plan = plan_of(app, id).await?;
    Ok(tagged(&headers, CSV, evacuation::plan_csv(&plan)))
}

/// The plan's ways and shelters as GeoJSON.
#[utoipa::path(get, path = "/api/v1/runs/{id}/plan.geojson", params(("id" = String, Path, description = "the run")),
    responses((status = OK, content_type = "application/geo+json"), (status = CONFLICT)))]
pub async fn plan_geojson(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let plan = plan_of(app, id).await?;
    Ok(tagged(&headers, GEOJSON, evacuation::plan_geojson(&plan)))
}

/// Road segments that close in a finished run, by the time at which they do.
#[utoipa::path(get, path = "/api/v1/runs/{id}/roads", params(("id" = String, Path, description = "the run")),
    responses((status = OK, body = [Object]), (status = NOT_FOUND), (status = CONFLICT)))]
pub async fn roads(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let cut = aside(move || {
        let (run, forecast) = (app.runs.get(&id)?, finished(&app, &id)?);
        run.roads_cut(&app.twin, &forecast.basis)
            .map_err(|e| ApiError::refused(&e))
    });
    Ok(Json(cut.await?.as_ref()).into_response())
}

/// How an advisory is understood: positions in SI units, and what was assumed.
#[utoipa::path(post, path = "/api/v1/advisories/check", request_body = Object,
    responses((status = OK, body = Object), (status = BAD_REQUEST)))]
pub async fn check_advisory(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    only_json(&headers)?;
    let Ok(text) = std::str::from_utf8(&body) else {
        return Err(ApiError::bad_request(text("api.not_utf8", &[])));
    };
    let checked = check_request(text, &app.twin).map_err(|e| ApiError::refused(&e))?;
    Ok(Json(checked).into_response())
}
