// What the layers say about themselves beyond their shapes: names, parents, where points lie.

import { api, type Twin } from "./api";
import type { LonLat } from "./workapi";

export interface PointPlace {
  code: string;
  name: string;
  at: LonLat;
}

interface Feature {
  properties: Record<string, unknown> | null;
  geometry: { type: string; coordinates: unknown } | null;
}

const grids = new Map<string, { name: string; parent: string | null; level: string }>();
const layerOfCode = new Map<string, string>();
const points = new Map<string, Promise<PointPlace[]>>();
let roads: Promise<Map<string, LonLat[]>> | null = null;
let twin: Twin | null = null;

export const usePlaces = (of: Twin) => {
  twin = of;
};

const text = (value: unknown) => (typeof value === "string" ? value : "");

const features = (geojson: string) => (JSON.parse(geojson) as { features?: Feature[] }).features ?? [];

/** Remembers names and parents of a layer of grids. */
export function learnGrids(layer: string, geojson: string) {
  for (const { properties } of features(geojson)) {
    const code = text(properties?.code);
    if (!code) continue;
    grids.set(code, { name: text(properties?.name) || code, parent: text(properties?.parent) || null, level: text(properties?.level) });
    if (!layerOfCode.has(code)) layerOfCode.set(code, layer);
  }
}

export const gridName = (code: string) => grids.get(code)?.name ?? code;
export const layerOf = (code: string) => layerOfCode.get(code) ?? null;

/** The town that holds a grid of any level. */
export function townOf(code: string): string | null {
  let at: string | null = code;
  for (let step = 0; at && step < 8; step++) {
    const grid = grids.get(at);
    if (grid?.level === "town") return at;
    at = grid?.parent ?? null;
  }
  return null;
}

/** All towns, by name. */
export const towns = (): [string, string][] =>
  [...grids].filter(([, grid]) => grid.level === "town").map(([code, grid]) => [code, grid.name]);

/** The points of a kind: gate, pump, school, shelter; fetched once. */
export function pointsOf(kind: string): Promise<PointPlace[]> {
  const known = points.get(kind);
  if (known) return known;
  const layer = twin?.layers.find((info) => info.geometry === "point" && info.kind === kind);
  const read = async () => {
    if (!layer) return [];
    return features(await api.layer(layer.id)).flatMap(({ properties, geometry }) => {
      if (geometry?.type !== "Point") return [];
      return [{ code: text(properties?.code), name: text(properties?.name) || text(properties?.code), at: geometry.coordinates as LonLat }];
    });
  };
  const asked = read();
  asked.catch(() => points.delete(kind));
  points.set(kind, asked);
  return asked;
}

/** The lines of the roads by code; fetched once. */
export function roadLines(): Promise<Map<string, LonLat[]>> {
  const layer = twin?.layers.find((info) => info.geometry === "line");
  roads ??= (async () => {
    const lines = new Map<string, LonLat[]>();
    if (!layer) return lines;
    for (const [i, { properties, geometry }] of features(await api.layer(layer.id)).entries()) {
      const line = geometry?.type === "LineString" ? (geometry.coordinates as LonLat[]) : null;
      if (!line) continue;
      lines.set(text(properties?.code) || String(i), line);
      lines.set(String(i), line);
    }
    return lines;
  })();
  roads.catch(() => {
    roads = null;
  });
  return roads;
}
