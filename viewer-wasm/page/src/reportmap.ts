// Maps of the report, drawn as SVG from the layers' GeoJSON.

import { svg } from "./dom";
import type { LonLat } from "./workapi";

interface Shape {
  code: string;
  rings: LonLat[][];
}

const WIDTH = 720;
const MARGIN = 6;

/** Polygons of a layer by code. */
export function shapes(geojson: string): Shape[] {
  const of = JSON.parse(geojson) as { features: { properties: Record<string, unknown> | null; geometry: { type: string; coordinates: unknown } | null }[] };
  return of.features.flatMap(({ properties, geometry }) => {
    const code = String(properties?.code ?? "");
    if (geometry?.type === "Polygon") return [{ code, rings: geometry.coordinates as LonLat[][] }];
    if (geometry?.type === "MultiPolygon") return [{ code, rings: (geometry.coordinates as LonLat[][][]).flat() }];
    return [];
  });
}

/** A map of a box of longitude and latitude: north up, a metre as long in both directions. */
export class ReportMap {
  readonly svg: SVGElement;
  private readonly west: number;
  private readonly north: number;
  private readonly scaleX: number;
  private readonly scaleY: number;
  private readonly height: number;

  constructor(of: Shape[], label: string) {
    let [west, south, east, north] = [180, 90, -180, -90];
    for (const [lon, lat] of of.flatMap((shape) => shape.rings.flat())) {
      west = Math.min(west, lon);
      east = Math.max(east, lon);
      south = Math.min(south, lat);
      north = Math.max(north, lat);
    }
    const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
    // At most as high as wide: a page holds the map and its title.
    const side = Math.max((east - west) * squeeze, north - south, 1e-6);
    this.scaleX = ((WIDTH - 2 * MARGIN) / side) * squeeze;
    this.scaleY = (WIDTH - 2 * MARGIN) / side;
    this.west = west - (WIDTH / this.scaleX - (east - west)) / 2;
    this.north = north + MARGIN / this.scaleY;
    this.height = Math.min(WIDTH, (north - south) * this.scaleY + 2 * MARGIN);
    this.svg = svg("svg", { viewBox: `0 0 ${WIDTH} ${this.height.toFixed(0)}`, role: "img", "aria-label": label });
  }

  private at([lon, lat]: LonLat): [number, number] {
    return [(lon - this.west) * this.scaleX, (this.north - lat) * this.scaleY];
  }

  private d(line: LonLat[]): string {
    return line.map((place, i) => `${i ? "L" : "M"}${this.at(place).map((v) => v.toFixed(1)).join(" ")}`).join("");
  }

  /** Areas in their colours, all with a thin border. */
  areas(of: Shape[], colour: (code: string) => string | null) {
    for (const shape of of)
      this.svg.append(
        svg("path", { d: `${shape.rings.map((ring) => this.d(ring)).join("Z")}Z`, fill: colour(shape.code) ?? "#f7f6f2", stroke: "#8b8f92", "stroke-width": 0.5, "fill-rule": "evenodd" }),
      );
  }

  lines(of: LonLat[][], colour: string, width: number) {
    const d = of.map((line) => this.d(line)).join("");
    if (d) this.svg.append(svg("path", { d, fill: "none", stroke: colour, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" }));
  }

  /** A number in a circle. */
  number(place: LonLat, text: string, colour = "#10171c") {
    const [x, y] = this.at(place);
    this.svg.append(
      svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 8, fill: "#fff", stroke: colour, "stroke-width": 1.3 }),
      svg("text", { x: x.toFixed(1), y: (y + 3.6).toFixed(1), "font-size": 10, "text-anchor": "middle", fill: colour, "font-weight": 600 }, text),
    );
  }

  /** A square: a shelter. */
  square(place: LonLat, colour: string) {
    const [x, y] = this.at(place);
    this.svg.append(svg("rect", { x: (x - 4).toFixed(1), y: (y - 4).toFixed(1), width: 8, height: 8, fill: colour, stroke: "#fff", "stroke-width": 1 }));
  }

  /** A bar of a round length on the ground, and the north. */
  scaleBar(km: number, text: string) {
    const length = (km / 111.32) * this.scaleY;
    const y = this.height - 12;
    this.svg.append(
      svg("path", { d: `M12 ${y - 4}v4h${length.toFixed(1)}v-4`, fill: "none", stroke: "#10171c" }),
      svg("text", { x: 16, y: y - 4, "font-size": 10 }, text),
      svg("path", { d: `M${WIDTH - 18} 30l5 -16l5 16l-5 -4z`, fill: "#10171c" }),
      svg("text", { x: WIDTH - 13, y: 42, "font-size": 10, "text-anchor": "middle" }, "N"),
    );
  }
}

/** The middle of a shape's box. */
export function middle(shape: Shape): LonLat {
  const ring = shape.rings[0] ?? [];
  const lons = ring.map(([lon]) => lon);
  const lats = ring.map(([, lat]) => lat);
  return [(Math.min(...lons) + Math.max(...lons)) / 2, (Math.min(...lats) + Math.max(...lats)) / 2];
}
