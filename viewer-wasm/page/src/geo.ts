// Between longitude, latitude and local metres, for marks and clicks; the server has the exact projection.

import { api, type Twin } from "./api";
import type { LonLat } from "./workapi";

/** x = a·lon + b·lat + c and y likewise, fitted to corners of the site. */
let east: [number, number, number] | null = null;
let north: [number, number, number] | null = null;

/**
 * Fits the two planes through three corners of the site; over a city the projection is flat to some
 * metres. Without an answer of the server nothing is placed.
 */
export async function fitPlaces(twin: Twin): Promise<void> {
  const [x0, y0, x1, y1] = twin.bounds;
  const corners: [number, number][] = [
    [x0 + 1, y0 + 1],
    [x1 - 1, y0 + 1],
    [x0 + 1, y1 - 1],
  ];
  const places = await Promise.all(corners.map(([x, y]) => api.at(x, y, null)));
  const rows = places.map((place) => [place.lon, place.lat, 1] as [number, number, number]);
  east = solve(rows, corners.map(([x]) => x));
  north = solve(rows, corners.map(([, y]) => y));
}

/** Local metres of a place. */
export function localOf([lon, lat]: LonLat): { x: number; y: number } | null {
  if (!east || !north) return null;
  return { x: east[0] * lon + east[1] * lat + east[2], y: north[0] * lon + north[1] * lat + north[2] };
}

/** Longitude and latitude of local metres. */
export function lonLatOf(x: number, y: number): LonLat | null {
  if (!east || !north) return null;
  const det = east[0] * north[1] - east[1] * north[0];
  const [dx, dy] = [x - east[2], y - north[2]];
  return [(dx * north[1] - east[1] * dy) / det, (east[0] * dy - dx * north[0]) / det];
}

/** Three equations in three unknowns, by Cramer's rule. */
function solve(rows: [number, number, number][], right: number[]): [number, number, number] | null {
  const det = ([a, b, c]: [number, number, number][]) =>
    a && b && c ? a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]) : 0;
  const whole = det(rows);
  if (Math.abs(whole) < 1e-15) return null;
  const part = (k: number) =>
    det(rows.map((row, i) => row.map((value, j) => (j === k ? (right[i] ?? 0) : value)) as [number, number, number])) / whole;
  return [part(0), part(1), part(2)];
}
