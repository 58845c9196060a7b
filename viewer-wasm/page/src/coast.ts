// The map of the storm: coast, meridians and parallels of the northern South China Sea.

import { path, svg } from "./dom";

declare const COAST: { window: [number, number, number, number]; rings: [number, number][][] };

export const MAP_WIDTH = 330;
const [WEST, SOUTH, EAST, NORTH] = COAST.window;
/** Plate carrée, squeezed by the cosine of the middle latitude so that circles look round. */
export const X_SCALE = MAP_WIDTH / (EAST - WEST);
export const Y_SCALE = X_SCALE / Math.cos((((SOUTH + NORTH) / 2) * Math.PI) / 180);
export const MAP_HEIGHT = (NORTH - SOUTH) * Y_SCALE;
export const KM_PER_DEGREE = 111.2;

/** Where a place lies on the map. */
export const onMap = (lon: number, lat: number): [number, number] => [(lon - WEST) * X_SCALE, (NORTH - lat) * Y_SCALE];

/** The place at a point of the map: longitude, latitude. */
export const placeAt = (x: number, y: number): [number, number] => [WEST + x / X_SCALE, NORTH - y / Y_SCALE];

export interface MapColours {
  land: string;
  coast: string;
  lines: string;
  text: string;
}

export const NIGHT: MapColours = { land: "#3a4d4a", coast: "#6f8a86", lines: "#ffffff", text: "#c5d5dd" };
export const PAPER: MapColours = { land: "#ece7d8", coast: "#8a8268", lines: "#5a6a72", text: "#46545c" };

/** The map without a storm. */
export function baseMap(label: string, colours: MapColours = NIGHT): SVGElement {
  const map = svg("svg", { viewBox: `0 0 ${MAP_WIDTH} ${MAP_HEIGHT.toFixed(1)}`, role: "img", "aria-label": label });
  for (const ring of COAST.rings)
    map.append(svg("path", { d: `${path(ring.map(([lon, lat]) => onMap(lon, lat)))}Z`, fill: colours.land, stroke: colours.coast, "stroke-width": 0.6 }));
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    svg("line", { x1, x2, y1, y2, stroke: colours.lines, "stroke-opacity": 0.14, "stroke-width": 0.6 });
  for (let lon = Math.ceil(WEST / 5) * 5; lon < EAST; lon += 5) {
    const [x] = onMap(lon, NORTH);
    map.append(line(x, 0, x, MAP_HEIGHT), svg("text", { x: x + 2, y: MAP_HEIGHT - 3, fill: colours.text, "font-size": 9 }, `${lon}°E`));
  }
  for (let lat = Math.ceil(SOUTH / 5) * 5; lat < NORTH; lat += 5) {
    const [, y] = onMap(WEST, lat);
    map.append(line(0, y, MAP_WIDTH, y), svg("text", { x: 2, y: y - 2, fill: colours.text, "font-size": 9 }, `${lat}°N`));
  }
  return map;
}

/** A track with its fixes, larger where the wind is stronger [m/s]. */
export function trackOn(map: SVGElement, fixes: { lon: number; lat: number; wind: number | null }[], colour = "#ffb84d") {
  map.append(svg("path", { d: path(fixes.map((fix) => onMap(fix.lon, fix.lat))), fill: "none", stroke: colour, "stroke-width": 1.6 }));
  for (const fix of fixes) {
    const [cx, cy] = onMap(fix.lon, fix.lat);
    map.append(svg("circle", { cx, cy, r: 2 + (fix.wind ?? 10) / 20, fill: colour }));
  }
}

/** The mark of the site. */
export function siteOn(map: SVGElement, lon: number, lat: number, colour = "#4cc3ff") {
  const [x, y] = onMap(lon, lat);
  map.append(svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8, fill: "none", stroke: colour, "stroke-width": 2 }));
}
