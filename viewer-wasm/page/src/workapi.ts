// The server's interface of the commander's chain: advisories, ensembles, hazards, warnings, plan, comparison.

import { BASE, type Bilingual, bytes, json, post, type Run } from "./api";

/** A forecast advisory as a person types it; the winds' unit and averaging are always said. */
export interface Advisory {
  name: string;
  agency: string;
  base_time: string;
  averaging_min: number;
  wind_unit: "m/s" | "kt" | "km/h";
  fixes: AdvisoryFix[];
}

export interface AdvisoryFix {
  lead_h: number;
  lat: number;
  lon: number;
  wind?: number;
  pressure_hpa?: number;
  rmw_km?: number;
  /** Radii of a wind: north-east, south-east, south-west, north-west [km]. */
  radii?: { wind: number; km: [number, number, number, number] }[];
}

export interface AdvisoryCheck {
  track: { time: string; lat_deg: number; lon_deg: number; vmax_mps: number | null; pmin_hpa: number | null }[];
  notes: (Bilingual | string)[];
}

export type LonLat = [number, number];

/** What a rehearsal changes. */
export type Change =
  | { kind: "gate"; at: LonLat; state: "open" | "closed" }
  | { kind: "pump"; at: LonLat; to?: LonLat; rate_m3_s: number }
  | { kind: "levee"; line: LonLat[]; crest_m?: number; raise_m?: number }
  | { kind: "evacuate"; codes: string[] }
  | { kind: "shift_track"; east_km: number; north_km: number; hours: number }
  | { kind: "sea_level"; add_m: number }
  | { kind: "rain"; factor: number };

export interface NewRun {
  cell_size_m?: number;
  duration_s?: number;
  title?: string;
  advisory?: Advisory;
  copy_of?: string;
  changes?: Change[];
}

export interface NewEnsemble {
  /** The run that it spreads: its cells, length and track. */
  run?: string;
  members?: number;
  seed?: number;
  cell_size_m?: number;
  advisory?: Advisory;
}

export type MemberState = "queued" | "running" | "done" | "cancelled" | "failed";

export interface Member {
  n: number;
  state: MemberState;
  attempts: number;
  digest: string | null;
  message: Bilingual | string | null;
  perturbation: Record<string, number> | null;
}

export interface Ensemble {
  id: string;
  title: Bilingual | string;
  state: MemberState | "interrupted" | "broken";
  progress: number;
  cell_size_m: number;
  seed: number;
  members: Member[];
  created: string;
  start?: string;
  wall_s: number | null;
  eta_s: number | null;
  message: Bilingual | string | null;
  notes?: (Bilingual | string)[];
  digest: string | null;
  /** The run that it spreads. */
  run?: string | null;
  /** Digest of the control: that of the forecast that it spreads. */
  control?: string | null;
}

/** Percentiles of the members' sums. */
export interface SumPercentiles {
  p50: number;
  p90: number;
  worst: number;
}

export interface ProbabilityRow {
  code: string;
  name: string;
  /** Null of every depth where nothing is modelled. */
  probability: Record<string, number | null>;
  modelled_share?: number;
  depth_p10_m: number | null;
  depth_p50_m: number | null;
  depth_p90_m: number | null;
  depth_worst_m: number | null;
  people_p50: number | null;
  people_p90: number | null;
  people_worst: number | null;
  arrival_p10_s: number | null;
  arrival_p50_s: number | null;
}

export interface Probability {
  layer: string;
  members: number;
  cell_size_m?: number;
  totals?: { people: SumPercentiles; zones_hit: SumPercentiles } | null;
  thresholds_m: number[];
  rows: ProbabilityRow[];
}

/** Percentiles of the members over time. */
interface Percentiles {
  p10: number[];
  p50: number[];
  p90: number[];
}

export interface PlumeAnswer {
  time_s: number[];
  percentiles: { sea_level_m?: Percentiles; rain_mm_h?: Percentiles; wind_mps?: Percentiles };
}

/** Which surface of an ensemble. */
export type Product = "p50" | "p90" | "worst";

export interface Hazards {
  layer: string;
  hazards: { id: string; title: Bilingual }[];
  /** Hazards that are told once for all zones; the combined levels leave them out. */
  district: { id: string; level: number; onset_s: number | null; why: Bilingual | null }[];
  rows: { code: string; name: string; levels: Record<string, number>; combined: number; unknown?: string[] }[];
}

export type Audience = "pupils_parents" | "drivers" | "residents";
export type WarningState = "draft" | "issued" | "superseded" | "cancelled" | "discarded" | "expired";

export interface Warning {
  id: string;
  audience: Audience;
  colour: "blue" | "yellow" | "orange" | "red";
  state: WarningState;
  msg_type: "Alert" | "Update" | "Cancel";
  headline: Bilingual;
  description: Bilingual;
  instruction: Bilingual;
  sent: string | null;
  onset: string | null;
  expires: string | null;
  run: string | null;
  /** The run's start: times of targets count from it. */
  run_start?: string;
  /** When it is to be out at the latest. */
  warn_by?: string | null;
  grids: string[];
  /** Only members of an ensemble reach its places; the run leaves them dry. */
  possible: boolean;
  certainty: "Observed" | "Likely" | "Possible" | "Unlikely" | "Unknown";
  /** Share of an ensemble's members that bring water to a place, by its code; nothing without an ensemble. */
  chances: { ensemble: string; members: number; of: Record<string, number> } | null;
  polygon: unknown;
  targets: {
    schools: { code: string; name: string; depth_m: number; time_s: number | null }[];
    roads: {
      id: string;
      name: string;
      depth_m?: number;
      /** When drivers are to be warned; the segment may never be closed. */
      warned_s?: number;
      closes_s: number | null;
      reopens_s: number | null;
      detour_m: number | null;
    }[];
    people: number;
  };
  references: string[];
  by: string | null;
  approved: string | null;
  history: { time: string; by: string; action: string; reason?: string | null }[];
}

/** Whether water comes to anybody's home there; elsewhere staff look after flooded places only. */
export const isReached = (step: PlanStep): boolean => step.people > 0 || step.people_above > 0;

/** What an update changes; what is missing stays. */
export interface WarningChange {
  by: string;
  run?: string;
  /** For the chances in the newer run. */
  ensemble?: string | undefined;
  description?: Bilingual;
  instruction?: Bilingual;
  reason?: string;
}

export interface RoadCut {
  id: string;
  name: string;
  closes_s: number;
  reopens_s: number | null;
  /** The end of the run where it is still closed then. */
  closed_at_end_s?: number | null;
  depth_max_m: number;
  detour_m: number | null;
}

export interface Route {
  length_m: number;
  leave_by_s?: number | null;
  dry_until_s: number | null;
  line: LonLat[];
}

export interface PlanStep {
  order: number;
  time_s: number;
  time: string;
  grid: { code: string; name: string };
  units: string[];
  /** Who must leave. */
  people: number;
  /** Who can stay above the water in their own building. */
  people_above: number;
  /** All people of the hit units. */
  residents: number;
  vulnerable?: number | null;
  staff: { role: string; name?: Bilingual | string | null; count: number }[];
  shelter: { code: string; name: string; places_left: number } | null;
  route: Route | null;
  /** Unit by unit. */
  moves?: { people: number; route: Route | null; cut_off?: boolean }[];
  /** Without a place, those cut off among them. */
  unplaced_people?: number;
  /** Without a dry way to any shelter. */
  cut_off_people?: number;
  note: Bilingual | null;
}

export interface Plan {
  steps: PlanStep[];
  shelters: { code: string; name: string; capacity: number; assigned: number; places_left: number; floods_at_s: number | null; modelled?: boolean; at?: LonLat | null }[];
  people: number;
  people_above: number;
  residents: number;
  unplaced_people: number;
  /** Units of which it is not known whether all of their people are reached. */
  unknown?: { unit: { code: string; name: string }; modelled_share: number; people: number | null; people_unknown: number | null }[];
  people_unknown?: number;
  cut_off_people?: number;
  notes: Bilingual[];
}

export interface Pair {
  a: number | null;
  b: number | null;
}

export interface ComparisonRow {
  code: string;
  name: string;
  a: Record<string, number | null> | null;
  b: Record<string, number | null> | null;
  difference: Record<string, number | null>;
}

export interface Comparison {
  a: { id: string; title: Bilingual | string };
  b: { id: string; title: Bilingual | string };
  totals: Record<string, Pair>;
  rows: ComparisonRow[];
}

const id = encodeURIComponent;

export const work = {
  checkAdvisory: (advisory: Advisory) => post<AdvisoryCheck>("advisories/check", advisory),
  startRun: (order: NewRun) => post<Run>("runs", order),
  ensembles: () => json<Ensemble[]>("ensembles"),
  startEnsemble: (order: NewEnsemble) => post<Ensemble>("ensembles", order),
  resumeEnsemble: (ensemble: string) => json<Ensemble>(`ensembles/${id(ensemble)}/resume`, { method: "POST" }),
  cancelEnsemble: (ensemble: string) => json<Ensemble>(`ensembles/${id(ensemble)}/cancel`, { method: "POST" }),
  probability: (ensemble: string, layer: string) => json<Probability>(`ensembles/${id(ensemble)}/probability?layer=${id(layer)}`),
  product: (ensemble: string, product: Product) => bytes(`ensembles/${id(ensemble)}/frames/${product}`),
  plume: (ensemble: string) => json<PlumeAnswer>(`ensembles/${id(ensemble)}/plume`),
  probabilityLink: (ensemble: string, layer: string, kind: "csv" | "geojson") =>
    `${BASE}ensembles/${id(ensemble)}/probability.${kind}?layer=${id(layer)}`,
  hazards: (run: string, layer: string) => json<Hazards>(`runs/${id(run)}/hazards?layer=${id(layer)}`),
  draftWarnings: (run: string, ensemble: string | null) => post<Warning[]>("warnings/drafts", { run, ...(ensemble ? { ensemble } : {}) }),
  warnings: () => json<Warning[]>("warnings"),
  approve: (warning: string, by: string) => post<Warning>(`warnings/${id(warning)}/approve`, { by }),
  update: (warning: string, change: WarningChange) => post<Warning>(`warnings/${id(warning)}/update`, change),
  cancel: (warning: string, by: string, reason: string) => post<Warning>(`warnings/${id(warning)}/cancel`, { by, reason }),
  discard: (warning: string, by: string, reason: string) => post<Warning>(`warnings/${id(warning)}/discard`, { by, reason }),
  capLink: (warning: string) => `${BASE}warnings/${id(warning)}/cap.xml`,
  compare: (a: string, b: string, layer: string) => json<Comparison>(`compare?a=${id(a)}&b=${id(b)}&layer=${id(layer)}`),
  plan: (run: string) => json<Plan>(`runs/${id(run)}/plan`),
  planLink: (run: string, kind: "csv" | "geojson") => `${BASE}runs/${id(run)}/plan.${kind}`,
  roads: (run: string) => json<RoadCut[]>(`runs/${id(run)}/roads`),
};
