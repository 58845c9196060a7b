// What the page reads from a row of exposure. The names are those of `exposure.csv`.

import type { ExposureRow } from "./api";

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
export const people = (row: ExposureRow | null | undefined) => numeric(row, "people_reached");
/** Entry 1 of the thresholds is 0.15 m. */
export const share = (row: ExposureRow | null | undefined) => entry(row, "flooded_share", 1);
export const floodedArea = (row: ExposureRow | null | undefined) => entry(row, "flooded_area_m2", 1);
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

/** Orders for the list of the worst grids: the worst first, those not reached last. */
export const ORDERS: Record<string, (a: ExposureRow, b: ExposureRow) => number> = {
  people: (a, b) => (people(b) ?? 0) - (people(a) ?? 0) || (share(b) ?? 0) - (share(a) ?? 0),
  share: (a, b) => (share(b) ?? 0) - (share(a) ?? 0),
  depth: (a, b) => (depthMax(b) ?? 0) - (depthMax(a) ?? 0),
  arrival: (a, b) => (arrival(a) ?? Number.POSITIVE_INFINITY) - (arrival(b) ?? Number.POSITIVE_INFINITY),
};
