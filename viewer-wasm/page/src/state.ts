// What the page shows, and its copy in the address: view, time, layer, selection, runs, step, colours, language.

import type { View } from "./api";
import { type Language, language, setLanguage } from "./i18n";

export type Selection =
  | { kind: "building"; index: number; floor?: number }
  | { kind: "grid"; layer: string; code: string }
  | { kind: "point"; x: number; y: number };

/** The steps of the work, in order. */
export const STEPS = ["forecast", "warnings", "rehearsal", "plan"] as const;
export type Step = (typeof STEPS)[number];

/** What the water surface shows: the run over time, or the greatest depth of an ensemble. */
export const WATERS = ["time", "p50", "p90", "worst"] as const;
export type Water = (typeof WATERS)[number];

/** What colours the grids. */
export const TINTS = ["share", "p0.15", "p0.3", "p0.5", "hazard"] as const;
export type Tint = (typeof TINTS)[number];

/** What the list of grids is reduced to. */
export interface Filter {
  text: string;
  depth: number;
  people: number;
  /** 0 to 1. */
  probability: number;
  /** Code of a town; empty for all. */
  town: string;
}

/** How two runs are shown: one of them, how they differ, each in its half, or one up to the divider. */
export const FACES = ["a", "difference", "b", "side", "swipe"] as const;
export type Face = (typeof FACES)[number];

/** Two runs, and which face of them is shown. */
export interface Compare {
  a: string;
  b: string;
  face: Face;
}

export interface State {
  run: string | null;
  /** The ensemble that probabilities come from. */
  ensemble: string | null;
  step: Step;
  water: Water;
  tint: Tint;
  compare: Compare | null;
  /** Where the divider between two runs stands, as a share of the free part of the canvas. */
  divider: number;
  /** The warning that is open. */
  warning: string | null;
  /** Seconds after the run's start. */
  time: number;
  /** The grid layer that is coloured and ranked. */
  layer: string;
  selection: Selection | null;
  playing: boolean;
  /** Simulated seconds a second of playing. */
  speed: number;
  /** Layers that are drawn. */
  visible: Set<string>;
  sort: string;
  filter: Filter;
}

export const state: State = {
  run: null,
  ensemble: null,
  step: "forecast",
  water: "time",
  tint: "share",
  compare: null,
  divider: 0.5,
  warning: null,
  time: 0,
  layer: "grids",
  selection: null,
  playing: false,
  speed: 3600,
  visible: new Set(["water", "buildings", "grids", "exposure"]),
  sort: "people",
  filter: { text: "", depth: 0, people: 0, probability: 0, town: "" },
};

/** The pair whose runs share the canvas now, if they do. */
export function splitOf(): Compare | null {
  const pair = state.compare;
  return pair && state.step === "rehearsal" && state.water === "time" && (pair.face === "side" || pair.face === "swipe") ? pair : null;
}

type Part = keyof State;
const listeners: { parts: Part[]; run: () => void }[] = [];

/** Calls `run` after any of `parts` has changed. */
export function on(parts: Part[], run: () => void) {
  listeners.push({ parts, run });
}

/** Changes the state, then tells those who listen to the changed parts. */
export function set(change: Partial<State>) {
  const parts = (Object.keys(change) as Part[]).filter((part) => state[part] !== change[part]);
  if (parts.length === 0) return;
  Object.assign(state, change);
  for (const listener of listeners) if (listener.parts.some((part) => parts.includes(part))) listener.run();
}

/** What an address asks for; what it does not name stays undefined. */
export interface Address {
  view?: View;
  run?: string;
  time?: number;
  layer?: string;
  selection?: Selection;
  ensemble?: string;
  step?: Step;
  water?: Water;
  tint?: Tint;
  compare?: Compare;
  divider?: number;
  warning?: string;
}

const oneOf = <T extends string>(of: readonly T[], value: string | null): T | undefined => of.find((known) => known === value);

/** Reads the address; a part that makes no sense is left out. */
export function readAddress(): Address {
  const query = new URLSearchParams(location.hash.slice(1));
  const address: Address = {};
  const lang = query.get("lang");
  if (lang === "zh" || lang === "en") setLanguage(lang as Language);
  const view = query.get("view")?.split(",").map(Number);
  if (view && (view.length === 5 || view.length === 6) && view.every(Number.isFinite)) {
    const [x, y, range, heading_deg, pitch_deg, z] = view as [number, number, number, number, number, number?];
    address.view = { x, y, range, heading_deg, pitch_deg, ...(z === undefined ? {} : { z }) };
  }
  const time = Number(query.get("time") ?? Number.NaN);
  if (Number.isFinite(time) && time >= 0) address.time = time;
  const run = query.get("run");
  if (run) address.run = run;
  const layer = query.get("layer");
  if (layer) address.layer = layer;
  for (const part of ["ensemble", "warning"] as const) {
    const value = query.get(part);
    if (value) address[part] = value;
  }
  address.step = oneOf(STEPS, query.get("step"));
  address.water = oneOf(WATERS, query.get("water"));
  address.tint = oneOf(TINTS, query.get("tint"));
  const [a, b, face, at] = query.get("compare")?.split("~") ?? [];
  if (a && b) address.compare = { a, b, face: oneOf(FACES, face ?? null) ?? "difference" };
  const share = Number(at ?? Number.NaN);
  if (share >= 0 && share <= 1) address.divider = share;
  const selection = query.get("select")?.split(":") ?? [];
  const [kind, first, second] = selection;
  if (kind === "building" && Number.isInteger(Number(first)))
    address.selection = { kind, index: Number(first), ...(Number.isInteger(Number(second ?? "-")) ? { floor: Number(second) } : {}) };
  if (kind === "grid" && first && second) address.selection = { kind, layer: first, code: second };
  if (kind === "point" && Number.isFinite(Number(first)) && Number.isFinite(Number(second)))
    address.selection = { kind, x: Number(first), y: Number(second) };
  return address;
}

let pending = 0;

/** Writes the address soon; many changes in a row become one entry, and none is added to the history. */
export function writeAddress(view: () => View | null) {
  clearTimeout(pending);
  pending = window.setTimeout(() => {
    const parts: string[] = [];
    const camera = view();
    if (camera) {
      const { x, y, z, range, heading_deg, pitch_deg } = camera;
      const numbers = [x, y, range, heading_deg, pitch_deg, ...(z === undefined ? [] : [z])];
      parts.push(`view=${numbers.map((v) => v.toFixed(1)).join(",")}`);
    }
    if (state.run) parts.push(`run=${encodeURIComponent(state.run)}`);
    parts.push(`time=${Math.round(state.time)}`, `layer=${encodeURIComponent(state.layer)}`);
    if (state.ensemble) parts.push(`ensemble=${encodeURIComponent(state.ensemble)}`);
    if (state.step !== "forecast") parts.push(`step=${state.step}`);
    if (state.water !== "time") parts.push(`water=${state.water}`);
    if (state.tint !== "share") parts.push(`tint=${state.tint}`);
    if (state.compare) parts.push(`compare=${[state.compare.a, state.compare.b, state.compare.face, state.divider.toFixed(3)].map(encodeURIComponent).join("~")}`);
    if (state.warning) parts.push(`warning=${encodeURIComponent(state.warning)}`);
    const chosen = state.selection;
    if (chosen?.kind === "building") parts.push(`select=building:${chosen.index}${chosen.floor ? `:${chosen.floor}` : ""}`);
    if (chosen?.kind === "grid") parts.push(`select=grid:${chosen.layer}:${encodeURIComponent(chosen.code)}`);
    if (chosen?.kind === "point") parts.push(`select=point:${chosen.x.toFixed(1)}:${chosen.y.toFixed(1)}`);
    parts.push(`lang=${language()}`);
    history.replaceState(null, "", `#${parts.join("&")}`);
  }, 250);
}
