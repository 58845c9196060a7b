// The WebAssembly side as the page uses it; see ../../API.md. Everything that is drawn goes through here.

import init, * as wasm from "./stormgrid_viewer.js";

import type { Twin, View } from "./api";
import type { Selection } from "./state";

/** What lies under a pixel. */
export interface Pick {
  kind: "building" | "ground";
  index?: number;
  x: number;
  y: number;
  z: number;
  grids: { layer: string; code: string }[];
  depth_m: number | null;
  /** The half of the canvas, while it is divided. */
  half: Half | null;
}

/** One of two runs, and the half of the canvas that shows it; the whole canvas is the first one's. */
export type Half = "a" | "b";

/** How the canvas is divided: where the second half begins, and how far each picture is moved [CSS px]. */
export interface Split {
  axis: "x" | "y";
  at: number;
  shift_a: [number, number];
  shift_b: [number, number];
}

/** How a layer is drawn. */
export interface LayerStyle {
  geometry: "polygon" | "line";
  colour?: [number, number, number, number];
  width_px?: number;
  width_m?: number;
  range_max?: number;
}

type EngineEvent =
  | { type: "ready" }
  | { type: "picked"; pick: Pick | null }
  | { type: "view_changed"; view: View }
  | { type: "error"; code: string; message: string };

let started = false;
let onPicked: (pick: Pick | null) => void = () => undefined;
let onViewChanged: () => void = () => undefined;
let onFailed: (message: string) => void = () => undefined;

export const onPick = (handler: (pick: Pick | null) => void) => {
  onPicked = handler;
};
export const onView = (handler: () => void) => {
  onViewChanged = handler;
};
export const onFailure = (handler: (message: string) => void) => {
  onFailed = handler;
};

function handle(event: EngineEvent) {
  if (event.type === "picked") onPicked(event.pick);
  else if (event.type === "view_changed") onViewChanged();
  else if (event.type === "error") onFailed(`${event.code}: ${event.message}`);
}

/** Loads the engine and draws its first picture. */
export async function start(canvas: string): Promise<void> {
  const version = document.body.dataset.version ?? "";
  await init({ module_or_path: new URL(`stormgrid_viewer_bg.wasm?v=${version}`, location.href) });
  wasm.on_event(handle);
  await wasm.start(canvas, { reduced_motion: matchMedia("(prefers-reduced-motion: reduce)").matches, pixel_ratio_max: 2 });
  started = true;
}

export const view = (): View | null => (started ? (wasm.get_view() as View) : null);
export const state = (): unknown => (started ? wasm.state() : null);
export const stats = (): unknown => (started ? wasm.stats() : null);
export const pick = (x: number, y: number): Pick | null => wasm.pick(x, y) as Pick | null;
export const orbit = async (frames: number): Promise<number[]> => Array.from(await wasm.orbit(frames));
export const settled = (): Promise<void> => wasm.settled();
export const setSite = (twin: Twin) => wasm.set_site(twin);
export const terrainCell = (): number => wasm.terrain_cell();
export const setTerrain = (bytes: Uint8Array) => wasm.set_terrain(bytes);
export const addCityChunk = (bytes: Uint8Array) => wasm.add_city_chunk(bytes);
export const setLayer = (id: string, geojson: string, style: LayerStyle) => wasm.set_layer(id, geojson, style);
export const removeLayer = (id: string) => wasm.remove_layer(id);
/** Where a half shows a local point on the canvas [CSS px]; null behind the camera. */
export const project = (x: number, y: number, z: number, half: Half = "a"): [number, number] | null =>
  started ? (wasm.project(x, y, z, half) as [number, number] | null) : null;
export const setExposure = (layer: string, codes: string[], colours: Uint8Array) => wasm.set_exposure(layer, codes, colours);
export const setVisible = (names: Set<string>) => wasm.set_visible([...names]);
export const setSplit = (split: Split | null) => {
  if (started) wasm.set_split(split);
};
/** Hands a frame over; returns the frames that made way for it. */
export const setWaterFrame = (index: number, bytes: Uint8Array, half: Half): number[] => [...wasm.set_water_frame(index, bytes, half)];
export const setWaterInterval = (seconds: number, half: Half) => wasm.set_water_interval(seconds, half);
export const clearWater = (half: Half) => wasm.clear_water(half);
export const setTime = (seconds: number, half: Half) => wasm.set_time(seconds, half);
export const setView = (next: View) => wasm.set_view(next);
/** The part of the canvas that no panel covers [CSS px: left, top, right, bottom]. */
export const setFree = (part: number[]) => wasm.set_free(new Float64Array(part));
export const flyTo = (next: Partial<View> & { x: number; y: number }) => wasm.fly_to(next, undefined);
let free: () => number[] = () => [];

/** How to learn, before each flight to a feature, which part of the canvas no panel covers. */
export const keepFree = (part: () => number[]) => {
  free = part;
};

/** Flies to a place in the middle of the free part of the view. */
export function flyToPlaces(to: { x: number; y: number; range: number }) {
  setFree(free());
  flyTo(to);
}

/** Flies so that a feature fills the free part of the view; false when it is unknown. */
export function flyToFeature(layer: string, code: string): boolean {
  setFree(free());
  return wasm.fly_to_feature(layer, code);
}
export const select = (selection: Selection | null) => wasm.select(selection?.kind === "building" ? { kind: "building", index: selection.index } : selection);
