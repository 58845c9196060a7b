// The server's interface as the page uses it: the twin and its runs; `workapi.ts` has the rest. Lengths in metres, times in seconds after the run's start.

import { both, t } from "./i18n";
import type { Change } from "./workapi";

/** A text in both languages. */
export interface Bilingual {
  zh: string;
  en: string;
}

export interface LayerInfo {
  id: string;
  title: Bilingual;
  geometry: "polygon" | "line" | "point";
  level?: string | null;
  kind?: string | null;
  count: number;
}

export interface Twin {
  name: string | Bilingual;
  synthetic: boolean;
  notice: Bilingual;
  crs: string;
  origin: { lon: number; lat: number; easting: number; northing: number };
  bounds: [number, number, number, number];
  counts: Record<string, number>;
  layers: LayerInfo[];
  start_view?: View | null;
}

/** Where the camera looks: target in local metres, distance, heading clockwise from north, pitch below the horizon. */
export interface View {
  x: number;
  y: number;
  z?: number;
  range: number;
  heading_deg: number;
  pitch_deg: number;
}

export interface CityIndex {
  buildings: number;
  chunks: { id: number | string; bounds: number[]; buildings: number; triangles: number; bytes: number }[];
}

export type RunState = "queued" | "running" | "done" | "cancelled" | "failed" | "interrupted" | "broken";

export interface Run {
  id: string;
  title: Bilingual;
  state: RunState;
  progress: number;
  stage: string;
  cell_size_m: number;
  start: string;
  duration_s: number;
  output_interval_s: number;
  frames: number;
  eta_s: number | null;
  wall_s: number | null;
  message: Bilingual | null;
  created?: string;
  /** The run that this one is a changed copy of. */
  copy_of?: string | null;
  /** How it differs from that one. */
  changes?: Change[];
  /** What was assumed of the storm's track. */
  track_notes?: (Bilingual | string)[];
  /** Numbers of the finished run. */
  summary?: Summary | null;
}

/** Sums over the rows of a layer in one run: what every surface tells of all of it. */
export interface LayerTotals {
  layer: string;
  zones: number;
  zones_hit: number;
  flooded_area_m2: number;
  permanent_water_m2: number;
  arrival_s: number | null;
  people_reached_whole: number;
  buildings_reached: number;
  schools_reached: number;
  hospitals_reached: number;
  road_cut_m: number;
}

/** Numbers of a finished run that the report tells. */
export interface Summary {
  /** Whether the run ends before its flood does. */
  cut_off_at_end?: boolean;
  flood_end?: { left_share: number; roads_closed: number } | null;
  totals?: LayerTotals[];
  cells: number;
  steps: number;
  volume_error_rel: number;
  digest: string;
  version: string;
  notes?: (Bilingual | string)[];
}

export interface GridRef {
  layer: string;
  code: string;
  name: string;
}

/** One row of exposure; names as in `exposure.csv`. */
export interface ExposureRow {
  code: string;
  [quantity: string]: unknown;
}

export interface Exposure {
  layer: string;
  totals?: LayerTotals;
  thresholds_m: number[];
  rows: ExposureRow[];
}

export interface BuildingCard {
  index: number;
  id: string;
  name: string | null;
  address: string | null;
  use: string | null;
  floors: number | null;
  households: number | null;
  people: number | null;
  base_m: number;
  top_m: number;
  lon: number;
  lat: number;
  x: number;
  y: number;
  grids: GridRef[];
  exposure?: Record<string, unknown> | null;
  /** Depth at its walls over time, the greatest one among it. */
  course?: { time_s: number[]; depth_m: number[] } | null;
}

export interface GridCard {
  code: string;
  name: string;
  level: string;
  kind: string | null;
  parent: string | null;
  people: number | null;
  households: number | null;
  area_m2: number;
  buildings: number;
  schools: number;
  exposure?: ExposureRow | null;
  [property: string]: unknown;
}

export interface InputFinding {
  kind: "fault" | "assumed" | "left_out" | "unknown" | "duplicate" | "note";
  file: string;
  count: number;
  text: Bilingual;
}

export interface InputLayer {
  id: string;
  file: string;
  what: Bilingual;
  crs: string | null;
  unit: string | null;
  count: number;
  cover: number | null;
  unknown: number;
  findings: InputFinding[];
}

/** What was read of every layer, and what was assumed, left out or is not known. */
export interface InputReport {
  faults: number;
  assumptions: number;
  layers: InputLayer[];
}

export interface PointReport {
  lon: number;
  lat: number;
  ground_m: number | null;
  /** Whether the terrain has data there; elsewhere nothing is known of the water. */
  modelled?: boolean;
  grids: GridRef[];
  building?: number | null;
  depth?: { time_s: number[]; depth_m: number[]; permanent_water?: boolean } | null;
}

export interface SearchHit {
  kind: "building" | "grid" | "point";
  label: string;
  x: number;
  y: number;
  z: number;
  index?: number;
  code?: string;
  layer?: string;
  floor?: number;
}

export interface Storm {
  /** As its track has it. */
  name: string;
  /** For people. */
  called: Bilingual;
  agency?: string;
  source: Bilingual | string;
  averaging?: string;
  track: { time_s: number; utc: string; lon: number; lat: number; vmax_mps: number | null; pmin_hpa: number | null; rmw_km: number | null }[];
  site: {
    time_s: number;
    lon: number;
    lat: number;
    wind_mps: number;
    wind_from_deg: number;
    pressure_hpa: number;
    rain_mm_h: number;
    sea_level_m: number;
    tide_m: number;
  }[];
  first_order_notes?: Bilingual;
}

/** What the server, or the way to it, answered instead of data. */
export class ServerError extends Error {
  constructor(
    readonly status: number,
    readonly text: Bilingual | null,
    message: string,
  ) {
    super(message);
  }
}

/** What an error says to a person: the server's sentence, or the browser's words, said to be its words. */
export function technical(error: unknown): string {
  if (error instanceof ServerError && error.text) return both(error.text);
  return t("failure.words", { words: error instanceof Error ? error.message : String(error) });
}

/** Where the interface begins. */
export const BASE = "/api/v1/";

async function request(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(BASE + path, init);
  } catch (cause) {
    throw new ServerError(0, null, String(cause));
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: { message?: Bilingual } } | null)?.error;
  throw new ServerError(response.status, error?.message ?? null, `${response.status} ${path}`);
}

/** An answer in JSON. */
export async function json<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await request(path, init)).json()) as T;
}

/** An answer in bytes. */
export async function bytes(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await request(path)).arrayBuffer());
}

/** Sends a body and reads the answer. */
export const post = <T>(path: string, body: unknown) =>
  json<T>(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

let routes: Set<string> | null = null;

/** Asks once what the server offers: an older program lacks whole routes, and need not be asked in vain. */
export async function learnRoutes(): Promise<void> {
  const answer = await fetch("/api/openapi.json");
  if (!answer.ok) return;
  const described = (await answer.json()) as { paths?: Record<string, unknown> };
  routes = new Set(Object.keys(described.paths ?? {}));
}

/** Whether the server has a route, written as in its description: `runs/{id}/plan`. */
export const offers = (route: string): boolean => routes === null || routes.has(BASE + route);

/** Refuses in words, without asking, what the server does not offer. */
export function needs(route: string) {
  if (!offers(route)) throw new ServerError(404, null, `404 ${route}`);
}

const id = encodeURIComponent;

export const api = {
  twin: () => json<Twin>("twin"),
  inputReport: () => json<InputReport>("input-report"),
  terrain: (cell: number) => bytes(`terrain?cell=${cell}`),
  localSetup: async (cell: number) => (await request(`local-setup?cell=${cell}`)).arrayBuffer(),
  city: () => json<CityIndex>("city"),
  cityChunk: (chunk: number | string) => bytes(`city/${id(String(chunk))}`),
  layer: async (layer: string) => (await request(`layers/${id(layer)}`)).text(),
  building: (index: number, run: string | null) => json<BuildingCard>(`buildings/${index}${run ? `?run=${id(run)}` : ""}`),
  grid: (code: string, run: string | null) => json<GridCard>(`grids/${id(code)}${run ? `?run=${id(run)}` : ""}`),
  at: (x: number, y: number, run: string | null) =>
    json<PointReport>(`at?x=${x.toFixed(2)}&y=${y.toFixed(2)}${run ? `&run=${id(run)}` : ""}`),
  search: (text: string) => json<SearchHit[]>(`search?q=${id(text)}`),
  runs: () => json<Run[]>("runs"),
  cancelRun: (run: string) => json<Run>(`runs/${id(run)}/cancel`, { method: "POST" }),
  resumeRun: (run: string) => json<Run>(`runs/${id(run)}/resume`, { method: "POST" }),
  frame: (run: string, n: number) => bytes(`runs/${id(run)}/frames/${n}`),
  exposure: (run: string, layer: string) => json<Exposure>(`runs/${id(run)}/exposure?layer=${id(layer)}`),
  storm: (run: string) => json<Storm>(`runs/${id(run)}/storm`),
  exportLink: (run: string, layer: string, kind: "csv" | "geojson") =>
    `${BASE}runs/${id(run)}/exposure.${kind}?layer=${id(layer)}`,
};
