//! The twin over HTTP: what it holds, its parts for the viewer, its cards, its search.

#![allow(
    unused_qualifications,
    reason = "utoipa's macro repeats the types of the handlers it describes"
)]

use std::sync::Arc;

use crate::error::logged;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stormgrid_core::ids::FeatureIdx;
use stormgrid_core::message::Message;
use stormgrid_formats::chunk::decode_water;
use stormgrid_project::messages::text;
use stormgrid_project::storm::Bilingual;
use stormgrid_project::{
    BUILDINGS, ForecastOptions, LoadedTwin, local_setup as local_setup_of, vectors,
};
use stormgrid_twin::{Building, GeometryKind, Grid, Hit, PointAsset, Position};
use utoipa::{IntoParams, ToSchema};

use crate::answer::{BINARY, GEOJSON, tagged};
use crate::error::{ApiError, Text};
use crate::serve::App;
use crate::titles::title;

/// What the twin is.
#[derive(Debug, Serialize, ToSchema)]
pub struct TwinView {
    /// Name of the place.
    name: String,
    /// Whether the data are invented.
    synthetic: bool,
    /// What every user must be told.
    notice: Text,
    /// CRS of the site frame.
    crs: String,
    /// Origin of local metres.
    origin: Origin,
    /// Box of the ground: min x, min y, max x, max y [local m].
    bounds: [f64; 4],
    /// Buildings, people, and the features of each layer.
    #[schema(value_type = Object)]
    counts: Map<String, Value>,
    /// Layers in the order of the manifest.
    layers: Vec<LayerView>,
    /// Where to look at first.
    start_view: StartView,
    /// Languages of the texts.
    languages: [&'static str; 2],
}

/// Origin of local metres.
#[derive(Debug, Serialize, ToSchema)]
pub struct Origin {
    /// Longitude [°].
    lon: f64,
    /// Latitude [°].
    lat: f64,
    /// Easting in the CRS [m].
    easting: f64,
    /// Northing in the CRS [m].
    northing: f64,
}

/// A layer.
#[derive(Debug, Serialize, ToSchema)]
pub struct LayerView {
    /// Identifier.
    id: String,
    /// Title for people.
    title: Text,
    /// polygon, line or point.
    geometry: String,
    /// Rung of the ladder, of grids.
    level: Option<String>,
    /// What the features are.
    kind: Option<String>,
    /// How many.
    count: usize,
}

/// Target, distance and direction of the camera.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartView {
    /// East of the target [local m].
    x: f64,
    /// North of the target [local m].
    y: f64,
    /// Height of the target [m].
    z: f64,
    /// Distance [m].
    range: f64,
    /// Where the camera looks to, clockwise from north [°].
    heading_deg: f64,
    /// How far below the horizon it looks [°].
    pitch_deg: f64,
}

/// The twin: name, frame, layers.
#[utoipa::path(get, path = "/api/v1/twin", responses((status = OK, body = TwinView)))]
pub async fn twin(State(app): State<Arc<App>>) -> Json<TwinView> {
    let twin = &app.twin;
    let site = &twin.manifest.site;
    let b = twin.ground.elevation.geometry().bounds();
    let mut counts = Map::new();
    let buildings = twin.twin.building_layer().map(|(_, layer)| layer);
    counts.insert(
        "buildings".to_owned(),
        buildings.map_or(0, |l| l.entities.len()).into(),
    );
    let people: u64 = buildings.map_or(0, |layer| {
        let all = twin.twin.all::<Building>(layer);
        all.filter_map(|b| b.people).map(u64::from).sum()
    });
    counts.insert("people".to_owned(), people.into());
    for layer in &twin.layers {
        counts.insert(layer.id.clone(), layer.count.into());
    }
    let layers = twin.layers.iter().map(|layer| {
        let key = layer.level.as_deref().or(layer.kind.as_deref());
        LayerView {
            id: layer.id.clone(),
            title: layer
                .title
                .clone()
                .unwrap_or_else(|| title(key, &layer.id))
                .into(),
            geometry: match layer.geometry {
                GeometryKind::Polygon | GeometryKind::Building => "polygon",
                GeometryKind::Line => "line",
                GeometryKind::Point => "point",
            }
            .to_owned(),
            level: layer.level.clone(),
            kind: layer.kind.clone(),
            count: layer.count,
        }
    });
    let notice = site.notice.as_ref();
    let notice = notice.map_or_else(|| Bilingual::new("", ""), |n| Bilingual::new(&n.zh, &n.en));
    Json(TwinView {
        name: site.name.clone(),
        synthetic: site.synthetic,
        notice: notice.into(),
        crs: site.crs.clone(),
        origin: Origin {
            lon: site.origin[0],
            lat: site.origin[1],
            easting: twin.frame.origin[0],
            northing: twin.frame.origin[1],
        },
        bounds: [b.min().x, b.min().y, b.max().x, b.max().y],
        counts,
        layers: layers.collect(),
        start_view: StartView {
            x: b.center().x,
            y: b.center().y,
            z: 0.0,
            range: b.width().max(b.height()) * 0.9,
            heading_deg: 20.0,
            pitch_deg: 42.0,
        },
        languages: ["zh", "en"],
    })
}

/// Which terrain.
#[derive(Debug, Deserialize, IntoParams)]
pub struct TerrainQuery {
    /// Cell size [m], 5 to 200; 25 without it.
    cell: Option<f64>,
}

/// The terrain as an SGT1 message.
#[utoipa::path(get, path = "/api/v1/terrain", params(TerrainQuery),
    responses((status = OK, content_type = "application/octet-stream")))]
pub async fn terrain(
    State(app): State<Arc<App>>,
    Query(query): Query<TerrainQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let cell = query.cell.unwrap_or(25.0);
    if !(5.0..=200.0).contains(&cell) {
        return Err(ApiError::bad_request(text("api.cell", &[])));
    }
    let task = Arc::clone(&app);
    let bytes = tokio::task::spawn_blocking(move || task.twin.terrain_message(cell)).await;
    let bytes = bytes.map_err(ApiError::internal)?;
    let bytes = bytes.map_err(ApiError::internal)?;
    Ok(tagged(&headers, BINARY, bytes))
}

/// Which run.
#[derive(Debug, Deserialize, IntoParams)]
pub struct LocalSetupQuery {
    /// Cell size [m], 5 to 200; 20 without it.
    cell: Option<f64>,
}

/// The forecast's run for the solver in the browser, as an SGS1 message.
#[utoipa::path(get, path = "/api/v1/local-setup", params(LocalSetupQuery),
    responses((status = OK, content_type = "application/octet-stream")))]
pub async fn local_setup(
    State(app): State<Arc<App>>,
    Query(query): Query<LocalSetupQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let cell = query.cell.unwrap_or(20.0);
    if !(5.0..=200.0).contains(&cell) {
        return Err(ApiError::bad_request(text("api.cell", &[])));
    }
    let task = Arc::clone(&app);
    let options = ForecastOptions {
        track: None,
        storm: None,
        agency: None,
        cell_size_m: cell,
        duration_s: None,
        threads: 1,
        scheme: None,
        rehearsal: Default::default(),
    };
    let bytes = tokio::task::spawn_blocking(move || local_setup_of(&task.twin, &options)).await;
    let bytes = bytes.map_err(ApiError::internal)?;
    let bytes = bytes.map_err(|e| {
        let text = Message::key("api.local_setup");
        ApiError::bad_request(logged(
            &text.with("cell", cell).with("problem", e.message()),
        ))
    })?;
    Ok(tagged(&headers, BINARY, bytes))
}

/// The city's parts.
#[derive(Debug, Serialize, ToSchema)]
pub struct CityView {
    /// Parts that can be fetched.
    chunks: Vec<ChunkView>,
    /// Buildings in all.
    buildings: usize,
}

/// A part of the city.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChunkView {
    /// Number.
    id: u32,
    /// Box: x0, y0, z0, x1, y1, z1 [local m].
    bounds: [f64; 6],
    /// Buildings in it.
    buildings: usize,
    /// Triangles in it.
    triangles: usize,
    /// Size, not compressed.
    bytes: usize,
}

/// The city's parts with their boxes.
#[utoipa::path(get, path = "/api/v1/city", responses((status = OK, body = CityView)))]
pub async fn city(State(app): State<Arc<App>>) -> Json<CityView> {
    let chunks: Vec<ChunkView> = app
        .twin
        .city
        .iter()
        .map(|part| ChunkView {
            id: part.id,
            bounds: part.bounds,
            buildings: part.buildings,
            triangles: part.triangles,
            bytes: part.bytes.len(),
        })
        .collect();
    Json(CityView {
        buildings: app
            .twin
            .twin
            .building_layer()
            .map_or(0, |(_, l)| l.entities.len()),
        chunks,
    })
}

/// A part of the city as an SGC1 message.
#[utoipa::path(get, path = "/api/v1/city/{id}", params(("id" = u32, Path, description = "number of the part")),
    responses((status = OK, content_type = "application/octet-stream")))]
pub async fn city_chunk(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let part = id.parse().ok().and_then(|n: usize| app.twin.city.get(n));
    let part = part.ok_or_else(|| ApiError::not_found("noun.part", &id))?;
    Ok(tagged(&headers, BINARY, part.bytes.clone()))
}

/// A layer as GeoJSON, longitude and latitude.
#[utoipa::path(get, path = "/api/v1/layers/{id}", params(("id" = String, Path, description = "the layer")),
    responses((status = OK, content_type = "application/geo+json")))]
pub async fn layer(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let layer = app.twin.layers.iter().find(|l| l.id == id);
    let layer = layer.ok_or_else(|| ApiError::not_found("noun.layer", &id))?;
    let (path, geometry) = (layer.path.clone(), layer.geometry);
    let read = tokio::task::spawn_blocking(move || vectors::as_geojson(&path, geometry)).await;
    let bytes = read
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(tagged(&headers, GEOJSON, bytes))
}

/// Whose exposure to add.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct RunQuery {
    /// A run.
    run: Option<String>,
}

/// The card of a building.
#[utoipa::path(get, path = "/api/v1/buildings/{index}", params(("index" = u32, Path, description = "position in the city"), RunQuery),
    responses((status = OK, body = Object)))]
pub async fn building(
    State(app): State<Arc<App>>,
    Path(index): Path<String>,
    Query(query): Query<RunQuery>,
) -> Result<Json<Value>, ApiError> {
    let missing = || ApiError::not_found("noun.building", &index);
    let number: u32 = index.parse().map_err(|_| missing())?;
    let (layer, _) = app.twin.twin.building_layer().ok_or_else(missing)?;
    let idx = FeatureIdx(number);
    let building = app
        .twin
        .twin
        .get::<Building>(layer, idx)
        .ok_or_else(missing)?;
    let at = app
        .twin
        .twin
        .get::<Position>(layer, idx)
        .ok_or_else(missing)?;
    let [x, y, _] = at.0;
    let lonlat = app.twin.lonlat(x, y);
    let mut card = json!({
        "index": number, "id": building.id, "name": building.name, "address": building.address,
        "use": building.usage, "floors": building.floors, "households": building.households,
        "people": building.people, "base_m": building.base, "top_m": building.top,
        "lon": lonlat.map(|p| p[0]), "lat": lonlat.map(|p| p[1]), "x": x, "y": y,
        "grids": grids_at(&app.twin, x, y),
    });
    if let Some(run) = &query.run
        && let Some(result) = app.runs.get(run)?.result()
    {
        let row = result.impacts.assets.buildings.get(number as usize);
        card["exposure"] = as_json(&row);
    }
    Ok(Json(card))
}

/// The card of a grid of any level.
#[utoipa::path(get, path = "/api/v1/grids/{code}", params(("code" = String, Path, description = "code of the grid"), RunQuery),
    responses((status = OK, body = Object)))]
pub async fn grid(
    State(app): State<Arc<App>>,
    Path(code): Path<String>,
    Query(query): Query<RunQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = app.twin.twin.grid_by_code(&code);
    let (feature, grid) = found.ok_or_else(|| ApiError::not_found("noun.grid", &code))?;
    let layer = &app.twin.twin.layers()[usize::from(feature.layer)];
    let at = app.twin.twin.get::<Position>(feature.layer, feature.idx);
    let mut card = as_json(&grid);
    card["layer"] = layer.id.clone().into();
    if let Some(at) = at {
        card["x"] = at.0[0].into();
        card["y"] = at.0[1].into();
    }
    let (buildings, schools) = app.contents(feature);
    card["buildings"] = buildings.into();
    card["schools"] = schools.into();
    if let Some(run) = &query.run
        && let Some(result) = app.runs.get(run)?.result()
    {
        let rows = result.impacts.layers.iter().find(|(id, _)| *id == layer.id);
        card["exposure"] = as_json(&rows.and_then(|(_, rows)| rows.get(feature.idx.index())));
    }
    Ok(Json(card))
}

/// A place.
#[derive(Debug, Deserialize, IntoParams)]
pub struct PlaceQuery {
    /// East [local m].
    x: f64,
    /// North [local m].
    y: f64,
    /// A run whose depth over time is wanted.
    run: Option<String>,
}

/// What is at a place: ground, grids, building, depth over time.
#[utoipa::path(get, path = "/api/v1/at", params(PlaceQuery), responses((status = OK, body = Object)))]
pub async fn at(
    State(app): State<Arc<App>>,
    Query(query): Query<PlaceQuery>,
) -> Result<Json<Value>, ApiError> {
    let (x, y) = (query.x, query.y);
    let Some([lon, lat]) = app
        .twin
        .lonlat(x, y)
        .filter(|_| x.is_finite() && y.is_finite())
    else {
        return Err(ApiError::bad_request(text("api.outside", &[])));
    };
    let depth = match &query.run {
        Some(run) => {
            let run = app.runs.get(run)?;
            let frames = run.frames();
            let series = tokio::task::spawn_blocking(move || depth_over_time(&frames, x, y)).await;
            Some(series.map_err(ApiError::internal)?)
        }
        None => None,
    };
    Ok(Json(json!({
        "lon": lon, "lat": lat, "ground_m": app.twin.ground_at(x, y),
        "grids": grids_at(&app.twin, x, y),
        "building": app.twin.twin.building_at(x, y).map(|(idx, _)| idx.0),
        "depth": depth,
    })))
}

fn depth_over_time(frames: &[Arc<Vec<u8>>], x: f64, y: f64) -> Value {
    let (mut time_s, mut depth_m) = (Vec::new(), Vec::new());
    for frame in frames.iter().filter_map(|bytes| decode_water(bytes).ok()) {
        let Some((row, col)) = frame.geometry.cell_at(x, y) else {
            break;
        };
        time_s.push(frame.time_s);
        let cell = row * frame.geometry.n_cols + col;
        depth_m.push(f64::from(frame.depth_cm[cell]) / 100.0);
    }
    json!({ "time_s": time_s, "depth_m": depth_m })
}

/// A text to look for.
#[derive(Debug, Deserialize, IntoParams)]
pub struct SearchQuery {
    /// Name, address or code; an address may end in a floor: 翠园里7号4楼.
    q: String,
}

/// Buildings, grids and points by name, address or code.
#[utoipa::path(get, path = "/api/v1/search", params(SearchQuery), responses((status = OK, body = [Object])))]
pub async fn search(
    State(app): State<Arc<App>>,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Vec<Hit>>, ApiError> {
    let text: String = query.q.chars().take(80).collect();
    let task = Arc::clone(&app);
    let found = tokio::task::spawn_blocking(move || task.twin.twin.search(&text, 20)).await;
    let mut hits = found.map_err(ApiError::internal)?;
    for hit in hits.iter_mut().filter(|hit| hit.layer != BUILDINGS) {
        hit.z = app.twin.ground_at(hit.x, hit.y).unwrap_or(hit.z);
    }
    Ok(Json(hits))
}

fn grids_at(twin: &LoadedTwin, x: f64, y: f64) -> Value {
    let grids = twin
        .twin
        .grids_at(x, y)
        .into_iter()
        .map(|(layer, grid): (u16, &Grid)| {
            json!({
                "layer": twin.twin.layers()[usize::from(layer)].id,
                "code": grid.code, "name": grid.name,
            })
        });
    grids.collect()
}

impl App {
    /// Buildings and schools that stand in a grid.
    fn contents(&self, grid: stormgrid_twin::Feature) -> (usize, usize) {
        let twin = &self.twin.twin;
        let Some(outline) = twin.get::<stormgrid_twin::Outline>(grid.layer, grid.idx) else {
            return (0, 0);
        };
        let Some(bounds) = stormgrid_core::geo::BoundingRect::bounding_rect(&outline.0) else {
            return (0, 0);
        };
        let (mut buildings, mut schools) = (0, 0);
        let (low, high) = (bounds.min(), bounds.max());
        for item in twin.index().in_box([low.x, low.y], [high.x, high.y]) {
            let Some(at) = twin.get::<Position>(item.layer, item.feature) else {
                continue;
            };
            if !stormgrid_core::index::polygon_holds(&outline.0, at.0[0], at.0[1]) {
                continue;
            }
            if twin.get::<Building>(item.layer, item.feature).is_some() {
                buildings += 1;
            } else if let Some(point) = twin.get::<PointAsset>(item.layer, item.feature) {
                schools += usize::from(point.kind == "school");
            }
        }
        (buildings, schools)
    }
}

fn as_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
