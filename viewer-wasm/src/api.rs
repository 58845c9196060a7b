//! The functions of `API.md`.

use js_sys::{Array, Function};
use stormgrid_formats::chunk::{decode_city, decode_terrain, decode_water};
use stormgrid_scene::camera::View;
use stormgrid_scene::split::{Half, Split};
use stormgrid_scene::water::Water;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use crate::app::{change, engine, read, run};
use crate::layer::{Site, read_layer};
use crate::types::*;
use crate::{events, pointer};

/// Cells of the ground that a browser draws smoothly on a site of 10 km [m].
const TERRAIN_CELL: f64 = 25.0;

/// Draws on the canvas that the selector names; the promise is kept after the first picture.
#[wasm_bindgen]
pub fn start(canvas: &str, options: JsStartOptions) -> Result<JsPromise, JsValue> {
    let options = if options.is_undefined() || options.is_null() {
        StartOptions::default()
    } else {
        read_value::<StartOptions>("the options", &options)?
    };
    if engine(|e| std::mem::replace(&mut e.started, true)) {
        return Err(error(
            "the viewer draws on a canvas already; reload the page",
        ));
    }
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        events::tell_error("panic", &format!("the viewer has stopped: {info}"));
    }));
    let element = web_sys::window()
        .and_then(|w| w.document())
        .and_then(|d| d.query_selector(canvas).ok().flatten())
        .and_then(|e| e.dyn_into::<HtmlElement>().ok())
        .ok_or_else(|| error(&format!("the page has no canvas {canvas}")))?;
    pointer::listen(&element)?;
    engine(|e| e.canvas = Some(element));
    change(|m| m.reduced_motion = options.reduced_motion);
    let ready = events::when_settled();
    run(canvas);
    Ok(ready.unchecked_into())
}

/// Tells `handler` of events; a later call replaces it.
#[wasm_bindgen]
pub fn on_event(handler: JsHandler) {
    events::set_handler(handler.unchecked_into::<Function>());
}

/// Where the site lies; before any layer.
#[wasm_bindgen]
pub fn set_site(site: JsSite) -> Result<(), JsValue> {
    let site: Site = read_value("the site", &site)?;
    engine(|e| e.site = Some(site.frame()));
    Ok(())
}

/// The cell size of the ground to ask the server for [m].
#[wasm_bindgen]
pub fn terrain_cell() -> f64 {
    TERRAIN_CELL
}

/// The ground, an SGT1 message.
#[wasm_bindgen]
pub fn set_terrain(bytes: &[u8]) -> Result<(), JsValue> {
    let terrain = decode_terrain(bytes).map_err(|e| error(&e.to_string()))?;
    change(|m| m.set_terrain(&terrain));
    Ok(())
}

/// Buildings, an SGC1 message.
#[wasm_bindgen]
pub fn add_city_chunk(bytes: &[u8]) -> Result<(), JsValue> {
    let chunk = decode_city(bytes).map_err(|e| error(&e.to_string()))?;
    if change(|m| m.add_city(chunk)) {
        Ok(())
    } else {
        Err(error("the city message has no finite place"))
    }
}

/// A layer of polygons or lines, GeoJSON in longitude and latitude.
#[wasm_bindgen]
pub fn set_layer(id: &str, geojson: &str, style: JsLayerStyle) -> Result<(), JsValue> {
    let style: Style = read_value("the style", &style)?;
    let site = engine(|e| e.site.clone())
        .ok_or_else(|| error("a layer came before the site; call set_site first"))?;
    let polygons = style.geometry == "polygon";
    let layer = read_layer(&site, id, geojson, polygons, style.lines()).map_err(|e| error(&e))?;
    change(|m| m.set_layer(layer));
    Ok(())
}

/// Removes a layer.
#[wasm_bindgen]
pub fn remove_layer(id: &str) {
    change(|m| m.remove_layer(id));
}

/// Tints the polygons of a layer, four bytes a code.
#[wasm_bindgen]
pub fn set_exposure(layer: &str, codes: Vec<String>, colours: &[u8]) -> Result<(), JsValue> {
    if colours.len() != 4 * codes.len() {
        return Err(error(&format!(
            "{} codes need {} bytes of colour, {} were given",
            codes.len(),
            4 * codes.len(),
            colours.len()
        )));
    }
    let of = codes
        .iter()
        .zip(colours.chunks_exact(4))
        .map(|(code, c)| (code.as_str(), [c[0], c[1], c[2], c[3]]));
    if change(|m| m.set_exposure(layer, of)) {
        Ok(())
    } else {
        Err(error(&format!("there is no layer {layer} to be tinted")))
    }
}

/// Shows what is named and hides the rest.
#[wasm_bindgen]
pub fn set_visible(names: Vec<String>) {
    change(|m| m.set_visible(names.into_iter()));
}

/// Divides the canvas between two runs; `null` makes it whole again and forgets the second run.
#[wasm_bindgen]
pub fn set_split(split: JsSplit) -> Result<(), JsValue> {
    let split: Option<Split> = read_value("the split", &split)?;
    if split.is_some_and(|s| !s.is_valid()) {
        return Err(error("the numbers of the split must be finite"));
    }
    change(|m| m.set_split(split));
    Ok(())
}

/// A frame of water, an SGW1 message; returns the frames that made way for it.
#[wasm_bindgen]
pub fn set_water_frame(
    index: u32,
    bytes: &[u8],
    half: Option<String>,
) -> Result<Vec<u32>, JsValue> {
    let half = read_half(half)?;
    let frame = decode_water(bytes).map_err(|e| error(&e.to_string()))?;
    if !frame.time_s.is_finite() {
        return Err(error("the water message has no time"));
    }
    Ok(change(|m| m.set_water_frame(half, index, frame)))
}

/// The time between frames of the run [s]: between frames farther apart one is missing.
#[wasm_bindgen]
pub fn set_water_interval(seconds: f64, half: Option<String>) -> Result<(), JsValue> {
    let half = read_half(half)?;
    change(|m| m.set_water_interval(half, seconds));
    Ok(())
}

/// Forgets the water.
#[wasm_bindgen]
pub fn clear_water(half: Option<String>) -> Result<(), JsValue> {
    let half = read_half(half)?;
    change(|m| m.clear_water(half));
    Ok(())
}

/// Shows the water of a time [s after the run's start].
#[wasm_bindgen]
pub fn set_time(seconds: f64, half: Option<String>) -> Result<(), JsValue> {
    let half = read_half(half)?;
    change(|m| m.set_time(half, seconds));
    Ok(())
}

/// Tints buildings by the depth of water at them [m].
#[wasm_bindgen]
pub fn set_building_depths(indices: &[u32], depths_m: &[f32]) -> Result<(), JsValue> {
    if indices.len() != depths_m.len() {
        return Err(error(&format!(
            "{} buildings need as many depths, {} were given",
            indices.len(),
            depths_m.len()
        )));
    }
    let depths = indices.iter().copied().zip(depths_m.iter().copied());
    change(|m| m.set_building_depths(depths));
    Ok(())
}

/// Highlights something, or nothing.
#[wasm_bindgen]
pub fn select(selection: JsSelection) -> Result<(), JsValue> {
    let selection = read_selection(&selection)?;
    change(|m| m.select(selection));
    Ok(())
}

/// Puts the camera somewhere, at once.
#[wasm_bindgen]
pub fn set_view(view: JsView) -> Result<(), JsValue> {
    let view: View = read_value("the view", &view)?;
    change(|m| m.set_view(&view));
    Ok(())
}

/// Where the camera is.
#[wasm_bindgen]
pub fn get_view() -> JsView {
    view_value(&read(|m| m.camera.view())).unchecked_into()
}

/// Flies somewhere.
#[wasm_bindgen]
pub fn fly_to(view: JsFlightTarget, seconds: Option<f64>) -> Result<(), JsValue> {
    let target: FlightTarget = read_value("the view", &view)?;
    change(|m| {
        let view = target.from(m.camera.view());
        m.show(&view, seconds);
    });
    Ok(())
}

/// The part of the canvas that nothing covers [CSS px: left, top, right, bottom]; what is flown to
/// appears in its middle. An empty list frees all of it.
#[wasm_bindgen]
pub fn set_free(part: &[f64]) {
    change(|m| m.set_free(part.try_into().ok()));
}

/// Flies so that a feature fills the view; `false` when it is unknown.
#[wasm_bindgen]
pub fn fly_to_feature(layer: &str, code: &str) -> bool {
    change(|m| m.fly_to_feature(layer, code))
}

/// What is under a point of the canvas [CSS px].
#[wasm_bindgen]
pub fn pick(x: f64, y: f64) -> JsPick {
    pick_value(read(|m| m.pick(x, y)).as_ref()).unchecked_into()
}

/// Where a half shows a local point on the canvas [CSS px].
#[wasm_bindgen]
pub fn project(x: f64, y: f64, z: f64, half: Option<String>) -> Result<JsPosition, JsValue> {
    let half = read_half(half)?;
    let value = match read(|m| m.project(half, [x, y, z])) {
        Some([px, py]) => Array::of2(&px.into(), &py.into()).into(),
        None => JsValue::NULL,
    };
    Ok(value.unchecked_into())
}

/// Turns the camera once around and measures each frame [ms].
#[wasm_bindgen]
pub fn orbit(frames: u32) -> JsTimes {
    let times = events::when_orbited();
    change(|m| m.begin_orbit(frames.clamp(1, 10_000)));
    times.unchecked_into()
}

/// Kept when everything handed over so far has been drawn.
#[wasm_bindgen]
pub fn settled() -> JsPromise {
    let done = events::when_settled();
    change(|m| m.wake());
    done.unchecked_into()
}

/// What is shown.
#[wasm_bindgen]
pub fn state() -> JsState {
    let ready = engine(|e| e.ready);
    read(|m| {
        object(&[
            ("ready", ready.into()),
            ("time", m.water(Half::A).time().into()),
            ("view", view_value(&m.camera.view())),
            ("moving", m.is_moving().into()),
            ("selection", selection_value(m.selection())),
            ("layers", strings(m.layers.iter().map(|l| l.id.as_str()))),
            ("visible", strings(m.visible().iter().map(String::as_str))),
            ("frames", frames(m.water(Half::A))),
            ("split", split_value(m.split())),
            ("frames_b", frames(m.water(Half::B))),
        ])
    })
    .unchecked_into()
}

/// What it costs.
#[wasm_bindgen]
pub fn stats() -> JsStats {
    let times = engine(|e| e.times.clone());
    let recent: Array = times.recent_ms().into_iter().map(JsValue::from).collect();
    let meshes = times.meshes();
    let memory = wasm_bindgen::memory()
        .dyn_into::<js_sys::WebAssembly::Memory>()
        .ok()
        .and_then(|m| m.buffer().dyn_into::<js_sys::ArrayBuffer>().ok())
        .map_or(0, |b| b.byte_length());
    let ratio = web_sys::window().map_or(1.0, |w| w.device_pixel_ratio());
    read(|m| {
        object(&[
            ("frame_ms", recent.into()),
            ("frames", (times.drawn() as f64).into()),
            ("triangles", (meshes.triangles as f64).into()),
            ("entities", (meshes.entities as f64).into()),
            ("draws", (meshes.visible as f64).into()),
            ("buildings", (m.city.n_buildings() as f64).into()),
            ("chunks", (m.city.n_chunks() as f64).into()),
            ("wet_cells", (m.water(Half::A).n_wet() as f64).into()),
            ("water_time", shown_time(m.water(Half::A))),
            ("wet_cells_b", (m.water(Half::B).n_wet() as f64).into()),
            ("water_time_b", shown_time(m.water(Half::B))),
            ("memory_bytes", f64::from(memory).into()),
            ("width", m.camera.viewport[0].into()),
            ("height", m.camera.viewport[1].into()),
            ("pixel_ratio", ratio.into()),
        ])
    })
    .unchecked_into()
}

fn frames(water: &Water) -> JsValue {
    water.frames().map(JsValue::from).collect::<Array>().into()
}

fn shown_time(water: &Water) -> JsValue {
    water.shown_time().map_or(JsValue::NULL, JsValue::from)
}

fn read_half(name: Option<String>) -> Result<Half, JsValue> {
    name.map_or(Ok(Half::A), |name| {
        Half::of(&name).ok_or_else(|| error(&format!("there is no half '{name}', only a and b")))
    })
}

fn read_value<T: for<'a> serde::Deserialize<'a>>(
    what: &str,
    value: &JsValue,
) -> Result<T, JsValue> {
    crate::types::read(what, value)
}
