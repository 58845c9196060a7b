// What the page reads from a row of exposure (the names are those of `exposure.csv`), and the rows of
// the ranked list, where a run, an ensemble and the hazards come together.

import type { Exposure, ExposureRow } from "./api";
import { chance } from "./ensembles";
import type { Filter, Water } from "./state";
import type { Hazards, Probability, ProbabilityRow } from "./workapi";

const numeric = (row: ExposureRow | null | undefined, name: string): number | null => {
  const value = row?.[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
};

const entry = (row: ExposureRow | null | undefined, name: string, i: number): number | null => {
  const values = row?.[name];
  const value = Array.isArray(values) ? (values as unknown[])[i] : null;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
};

export const rowName = (row: ExposureRow) => (typeof row.name === "string" && row.name ? row.name : row.code);
/** Share of a zone on ground of the model; older runs do not tell it. */
export const modelledShare = (row: ExposureRow | null | undefined) => numeric(row, "modelled_share");
/** Whether anything is known of the water at a zone or building. Unknown is not dry. */
export const isModelled = (row: ExposureRow | null | undefined) => (row?.modelled === undefined ? (modelledShare(row) ?? 1) > 0 : row.modelled === true);
/** People of whom nothing is known, since they live where the model has no ground. */
export const peopleUnknown = (row: ExposureRow | null | undefined) => numeric(row, "people_unknown");
/** Share below which a zone is drawn as unknown: most of it is not modelled. */
export const KNOWN_FROM = 0.5;
/** Whole people, which add up to the sum that is told. */
export const people = (row: ExposureRow | null | undefined) => numeric(row, "people_reached_whole") ?? numeric(row, "people_reached");
/** Entry 1 of the thresholds is 0.15 m. */
export const share = (row: ExposureRow | null | undefined) => entry(row, "flooded_share", 1);
export const floodedArea = (row: ExposureRow | null | undefined) => entry(row, "flooded_area_m2", 1);
export const permanentWater = (row: ExposureRow | null | undefined) => numeric(row, "permanent_water_m2");
export const depthMax = (row: ExposureRow | null | undefined) => numeric(row, "depth_max_m");
export const depthMean = (row: ExposureRow | null | undefined) => numeric(row, "depth_mean_m");
export const speedMax = (row: ExposureRow | null | undefined) => numeric(row, "speed_max_mps");
export const arrival = (row: ExposureRow | null | undefined) => numeric(row, "arrival_s");
export const duration = (row: ExposureRow | null | undefined) => numeric(row, "duration_s");
/** The class as a number, 1 to 6; the data write it as `H3` or as 3. */
export const hazard = (row: ExposureRow | null | undefined): number | null => {
  const value = row?.hazard_max;
  const level = typeof value === "string" ? Number(value.replace(/^h/i, "")) : value;
  return typeof level === "number" && level >= 1 && level <= 6 ? level : null;
};
export const buildings = (row: ExposureRow | null | undefined) => numeric(row, "buildings_reached");
export const floors = (row: ExposureRow | null | undefined) => numeric(row, "floors_reached");
export const schools = (row: ExposureRow | null | undefined) => numeric(row, "schools_reached");
export const hospitals = (row: ExposureRow | null | undefined) => numeric(row, "hospitals_reached");
export const roadCut = (row: ExposureRow | null | undefined) => numeric(row, "road_cut_m");

/** A grid in the ranked list; `null` where nothing says. */
export interface GridRow {
  code: string;
  name: string;
  people: number | null;
  share: number | null;
  depth: number | null;
  arrival: number | null;
  /** Of at least the depth asked for, 0 to 1. */
  chance: number | null;
  /** Combined hazard level, 0 to 4. */
  level: number | null;
  /** Share on ground of the model, 0 to 1; `null` where nothing says. */
  modelled: number | null;
  /** People of whom nothing is known. */
  unknown: number | null;
}

const PERCENTILES = {
  p50: { depth: (row: ProbabilityRow) => row.depth_p50_m, people: (row: ProbabilityRow) => row.people_p50 },
  p90: { depth: (row: ProbabilityRow) => row.depth_p90_m, people: (row: ProbabilityRow) => row.people_p90 },
  worst: { depth: (row: ProbabilityRow) => row.depth_worst_m, people: (row: ProbabilityRow) => row.people_worst },
};

/**
 * One row for each grid that anything is known of. Depth, people and arrival are the run's, or, while
 * a percentile of an ensemble is shown, those of that percentile.
 *
 * - `threshold`: depth whose probability is told [m]
 */
export function merged(
  exposure: Exposure | null,
  probability: Probability | null,
  hazards: Hazards | null,
  water: Water,
  threshold: number,
): GridRow[] {
  const likely = new Map(probability?.rows.map((row) => [row.code, row]));
  const levels = new Map(hazards?.rows.map((row) => [row.code, row.combined]));
  const runs = new Map(exposure?.rows.map((row) => [row.code, row]));
  const names = new Map<string, string>();
  for (const row of probability?.rows ?? []) names.set(row.code, row.name);
  for (const row of exposure?.rows ?? []) names.set(row.code, rowName(row));
  for (const row of hazards?.rows ?? []) if (!names.has(row.code)) names.set(row.code, row.name);
  return [...names].map(([code, name]) => {
    const run = runs.get(code) ?? null;
    const member = likely.get(code) ?? null;
    const ofMembers = water !== "time" || !exposure;
    const percentile = PERCENTILES[water === "time" ? "p90" : water];
    return {
      code,
      name: name || code,
      people: ofMembers && member ? percentile.people(member) : people(run),
      share: share(run),
      depth: ofMembers && member ? percentile.depth(member) : depthMax(run),
      arrival: ofMembers && member ? member.arrival_p50_s : arrival(run),
      chance: chance(member, threshold),
      level: levels.get(code) ?? null,
      modelled: modelledShare(run) ?? member?.modelled_share ?? null,
      unknown: peopleUnknown(run),
    };
  });
}

/** Whether water may come there at all. */
export const reached = (row: GridRow) => (row.share ?? 0) > 0 || (row.chance ?? 0) > 0 || (row.share === null && (row.depth ?? 0) > 0.05) || (row.level ?? 0) > 0;

/** Whether a row passes the filter. */
export function passes(row: GridRow, filter: Filter, townOf: (code: string) => string | null): boolean {
  const text = filter.text.toLowerCase();
  return (
    (!text || `${row.name} ${row.code}`.toLowerCase().includes(text)) &&
    (row.depth ?? 0) >= filter.depth &&
    (row.people ?? 0) >= filter.people &&
    (filter.probability === 0 || (row.chance ?? 0) >= filter.probability) &&
    (!filter.town || townOf(row.code) === filter.town)
  );
}

const downwards = (of: (row: GridRow) => number | null) => (a: GridRow, b: GridRow) =>
  (of(b) ?? -1) - (of(a) ?? -1) || (b.people ?? 0) - (a.people ?? 0) || (b.depth ?? 0) - (a.depth ?? 0);

/** Orders of the list: the worst first, those not reached last. */
export const ORDERS: Record<string, (a: GridRow, b: GridRow) => number> = {
  people: downwards((row) => row.people),
  depth: downwards((row) => row.depth),
  probability: downwards((row) => row.chance),
  arrival: (a, b) => (a.arrival ?? 1e12) - (b.arrival ?? 1e12) || (b.people ?? 0) - (a.people ?? 0),
  level: downwards((row) => row.level),
  share: downwards((row) => row.share),
};
