//! JavaScript values of the interface, their TypeScript names, and what they mean here.

use js_sys::{Array, Object, Reflect};
use serde::Deserialize;
use stormgrid_scene::camera::View;
use stormgrid_scene::layers::LineStyle;
use stormgrid_scene::model::{Pick, Selection};
use stormgrid_scene::split::{Axis, Split};
use wasm_bindgen::prelude::*;

/// The types of `API.md`, for the page's compiler.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export interface StartOptions { reduced_motion?: boolean }
export interface Site { crs: string; origin: { easting: number; northing: number } }
export interface View { x: number; y: number; z?: number; range: number; heading_deg: number; pitch_deg: number }
export type FlightTarget = Partial<View> & { x: number; y: number };
export interface LayerStyle {
  geometry: "polygon" | "line";
  colour?: [number, number, number, number];
  width_px?: number;
  width_m?: number;
  range_max?: number;
}
export type EngineSelection =
  | { kind: "building"; index: number }
  | { kind: "grid"; layer: string; code: string }
  | { kind: "point"; x: number; y: number };
export interface Pick {
  kind: "building" | "ground";
  index?: number;
  x: number; y: number; z: number;
  grids: { layer: string; code: string }[];
  depth_m: number | null;
  half: "a" | "b" | null;
}
export interface Split { axis: "x" | "y"; at: number; shift_a?: [number, number]; shift_b?: [number, number] }
export type EngineEvent =
  | { type: "ready" }
  | { type: "picked"; pick: Pick | null }
  | { type: "view_changed"; view: View }
  | { type: "error"; code: "panic" | "context_lost" | "graphics"; message: string };
export interface EngineState { ready: boolean; time: number; view: View; moving: boolean; selection: EngineSelection | null; layers: string[]; visible: string[]; frames: number[]; split: Split | null; frames_b: number[] }
export interface EngineStats {
  frame_ms: number[];
  frames: number;
  triangles: number; entities: number; draws: number;
  buildings: number; chunks: number; wet_cells: number;
  water_time: number | null;
  wet_cells_b: number;
  water_time_b: number | null;
  memory_bytes: number;
  width: number; height: number; pixel_ratio: number;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// `StartOptions` of the TypeScript types.
    #[wasm_bindgen(typescript_type = "StartOptions")]
    pub type JsStartOptions;
    /// `Site`.
    #[wasm_bindgen(typescript_type = "Site")]
    pub type JsSite;
    /// `View`.
    #[wasm_bindgen(typescript_type = "View")]
    pub type JsView;
    /// `FlightTarget`.
    #[wasm_bindgen(typescript_type = "FlightTarget")]
    pub type JsFlightTarget;
    /// `LayerStyle`.
    #[wasm_bindgen(typescript_type = "LayerStyle")]
    pub type JsLayerStyle;
    /// `EngineSelection | null`.
    #[wasm_bindgen(typescript_type = "EngineSelection | null")]
    pub type JsSelection;
    /// `Pick | null`.
    #[wasm_bindgen(typescript_type = "Pick | null")]
    pub type JsPick;
    /// `Split | null`.
    #[wasm_bindgen(typescript_type = "Split | null")]
    pub type JsSplit;
    /// The handler of events.
    #[wasm_bindgen(typescript_type = "(event: EngineEvent) => void")]
    pub type JsHandler;
    /// `EngineState`.
    #[wasm_bindgen(typescript_type = "EngineState")]
    pub type JsState;
    /// `EngineStats`.
    #[wasm_bindgen(typescript_type = "EngineStats")]
    pub type JsStats;
    /// A position on the canvas, or null.
    #[wasm_bindgen(typescript_type = "[number, number] | null")]
    pub type JsPosition;
    /// A promise of nothing.
    #[wasm_bindgen(typescript_type = "Promise<void>")]
    pub type JsPromise;
    /// A promise of numbers.
    #[wasm_bindgen(typescript_type = "Promise<Float64Array>")]
    pub type JsTimes;
}

/// Options of the start.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct StartOptions {
    /// No flights.
    pub reduced_motion: bool,
}

/// A view of which only the target must be named.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct FlightTarget {
    x: f64,
    y: f64,
    z: Option<f64>,
    range: Option<f64>,
    heading_deg: Option<f64>,
    pitch_deg: Option<f64>,
}

impl FlightTarget {
    /// The view, completed by the present one.
    pub fn from(self, present: View) -> View {
        View {
            x: self.x,
            y: self.y,
            z: self.z,
            range: self.range.unwrap_or(present.range),
            heading_deg: self.heading_deg.unwrap_or(present.heading_deg),
            pitch_deg: self.pitch_deg.unwrap_or(present.pitch_deg),
        }
    }
}

/// The look of a layer.
#[derive(Clone, Debug, Deserialize)]
pub struct Style {
    /// `polygon` or `line`.
    pub geometry: String,
    colour: Option<[u8; 4]>,
    width_px: Option<f32>,
    width_m: Option<f32>,
    range_max: Option<f64>,
}

impl Style {
    /// The look of the lines; what is not said is that of borders or roads.
    pub fn lines(&self) -> LineStyle {
        let polygons = self.geometry == "polygon";
        LineStyle {
            colour: self.colour.unwrap_or(if polygons {
                [62, 74, 92, 215]
            } else {
                [246, 243, 235, 225]
            }),
            width_px: self.width_px.unwrap_or(if polygons { 1.4 } else { 1.0 }),
            width_m: self.width_m.unwrap_or(if polygons { 0.0 } else { 7.0 }),
            range_max: self.range_max.unwrap_or(f64::INFINITY),
        }
    }
}

/// A selection as the page writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum PageSelection {
    Building { index: u32 },
    Grid { layer: String, code: String },
    Point { x: f64, y: f64 },
}

/// Reads a value through its JSON text.
pub fn read<T: for<'a> Deserialize<'a>>(what: &str, value: &JsValue) -> Result<T, JsValue> {
    let text = js_sys::JSON::stringify(value)
        .ok()
        .and_then(|s| s.as_string())
        .unwrap_or_else(|| "null".to_owned());
    serde_json::from_str(&text).map_err(|e| error(&format!("{what} cannot be read: {e}")))
}

/// A selection, or none.
pub fn read_selection(value: &JsValue) -> Result<Option<Selection>, JsValue> {
    let page: Option<PageSelection> = read("the selection", value)?;
    Ok(page.map(|s| match s {
        PageSelection::Building { index } => Selection::Building(index),
        PageSelection::Grid { layer, code } => Selection::Grid { layer, code },
        PageSelection::Point { x, y } => Selection::Point([x, y]),
    }))
}

/// A JavaScript error with one sentence.
pub fn error(message: &str) -> JsValue {
    js_sys::Error::new(message).into()
}

/// An object of the named values.
pub fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in entries {
        // Setting a property of a new plain object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(key), value);
    }
    object.into()
}

/// A view as the page reads it.
pub fn view_value(view: &View) -> JsValue {
    object(&[
        ("x", view.x.into()),
        ("y", view.y.into()),
        ("z", view.z.map_or(JsValue::UNDEFINED, JsValue::from)),
        ("range", view.range.into()),
        ("heading_deg", view.heading_deg.into()),
        ("pitch_deg", view.pitch_deg.into()),
    ])
}

/// A pick as the page reads it.
pub fn pick_value(pick: Option<&Pick>) -> JsValue {
    let Some(pick) = pick else {
        return JsValue::NULL;
    };
    let grids = Array::new();
    for (layer, code) in &pick.grids {
        grids.push(&object(&[
            ("layer", layer.as_str().into()),
            ("code", code.as_str().into()),
        ]));
    }
    let kind = pick.building.map_or("ground", |_| "building");
    let mut entries = vec![
        ("kind", kind.into()),
        ("x", pick.at[0].into()),
        ("y", pick.at[1].into()),
        ("z", pick.at[2].into()),
        ("grids", grids.into()),
        ("depth_m", pick.depth.map_or(JsValue::NULL, JsValue::from)),
        ("half", pick.half.map_or(JsValue::NULL, |h| h.name().into())),
    ];
    if let Some(index) = pick.building {
        entries.push(("index", index.into()));
    }
    object(&entries)
}

/// A selection as the page reads it.
pub fn selection_value(selection: Option<&Selection>) -> JsValue {
    match selection {
        None => JsValue::NULL,
        Some(Selection::Building(index)) => {
            object(&[("kind", "building".into()), ("index", (*index).into())])
        }
        Some(Selection::Grid { layer, code }) => object(&[
            ("kind", "grid".into()),
            ("layer", layer.as_str().into()),
            ("code", code.as_str().into()),
        ]),
        Some(Selection::Point([x, y])) => object(&[
            ("kind", "point".into()),
            ("x", (*x).into()),
            ("y", (*y).into()),
        ]),
    }
}

/// How the canvas is divided, as the page writes it.
pub fn split_value(split: Option<&Split>) -> JsValue {
    let Some(split) = split else {
        return JsValue::NULL;
    };
    let pair = |[x, y]: [f64; 2]| JsValue::from(Array::of2(&x.into(), &y.into()));
    let axis = match split.axis {
        Axis::X => "x",
        Axis::Y => "y",
    };
    object(&[
        ("axis", axis.into()),
        ("at", split.at.into()),
        ("shift_a", pair(split.shift_a)),
        ("shift_b", pair(split.shift_b)),
    ])
}

/// Strings as an array.
pub fn strings<'a>(values: impl Iterator<Item = &'a str>) -> JsValue {
    values.map(JsValue::from_str).collect::<Array>().into()
}
