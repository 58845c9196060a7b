// The curves above the slider: sea level, rain and wind of the run, and how far the members of an ensemble spread.

import type { Run, Storm } from "./api";
import { byId, el, path, svg } from "./dom";
import { number, t } from "./i18n";

const WIDTH = 1000;
const HEIGHT = 58;
const cursor = svg("line", { y1: 0, y2: HEIGHT, stroke: "#fff", "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" });

/** One quantity over time: percentiles of the members. */
export interface Band {
  low: number[];
  middle: number[];
  high: number[];
}

/** What the members of an ensemble say about the site. */
export interface Plume {
  /** Start of the members' clock, if it differs from the run's. */
  start?: string;
  time_s: number[];
  sea: Band;
  rain: Band;
  wind: Band;
}

type Quantity = "sea" | "rain" | "wind";

const LOOK: { of: Quantity; colour: string; unit: string; digits: number }[] = [
  { of: "sea", colour: "#7fd18c", unit: "unit.m", digits: 2 },
  { of: "rain", colour: "#5aa9f0", unit: "unit.mm_h", digits: 0 },
  { of: "wind", colour: "#ffb84d", unit: "unit.mps", digits: 0 },
];

let shown: { storm: Storm; run: Run } | null = null;
let plume: Plume | null = null;

/** Shows the spread of an ensemble behind the curves, or none. */
export function setPlume(next: Plume | null) {
  plume = next;
  if (shown) drawCharts(shown.storm, shown.run);
}

/** Each quantity to its own scale; its largest value, or the members' range of it, stands beside. */
export function drawCharts(storm: Storm, run: Run) {
  shown = { storm, run };
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" });
  const keys: HTMLElement[] = [];
  const values: Record<Quantity, number[]> = {
    sea: storm.site.map((s) => s.sea_level_m),
    rain: storm.site.map((s) => s.rain_mm_h),
    wind: storm.site.map((s) => s.wind_mps),
  };
  const shift = plume?.start ? (Date.parse(plume.start) - Date.parse(run.start)) / 1000 : 0;
  const x = (time: number) => (time / run.duration_s) * WIDTH;
  for (const { of, colour, unit, digits } of LOOK) {
    const band = plume?.[of];
    const all = [...values[of], ...(band ? [...band.low, ...band.high] : [])].filter(Number.isFinite);
    const low = of === "sea" ? Math.min(...all) : 0;
    const high = Math.max(...all, of === "rain" ? 1 : 0);
    const y = (value: number) => HEIGHT - 3 - ((value - low) / Math.max(high - low, 1e-9)) * (HEIGHT - 8);
    if (band && plume) {
      const times = plume.time_s.map((time) => x(time + shift));
      const there = times.map((at, i) => [at, y(band.high[i] ?? low)] as [number, number]);
      const back = times.map((at, i) => [at, y(band.low[i] ?? low)] as [number, number]).reverse();
      chart.append(svg("path", { d: `${path([...there, ...back])}Z`, fill: colour, "fill-opacity": 0.28 }));
    }
    const curve = path(storm.site.map((s, i) => [x(s.time_s), y(values[of][i] ?? low)]));
    if (of === "rain" && !band) chart.append(svg("path", { d: `${curve}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`, fill: colour, "fill-opacity": 0.45 }));
    chart.append(svg("path", { d: curve, fill: "none", stroke: colour, "stroke-width": 2, "vector-effect": "non-scaling-stroke" }));
    const peak = band
      ? t("chart.range", { low: number(Math.max(...band.low), digits), high: number(Math.max(...band.high), digits) })
      : number(Math.max(...values[of]), digits);
    const swatch = el("i");
    swatch.style.background = colour;
    keys.push(el("span", {}, swatch, `${t(`storm.${of}`)} ${peak} ${t(unit)}`));
  }
  chart.append(cursor);
  const note = plume ? [el("span", {}, t("chart.band"))] : [];
  byId("charts").replaceChildren(el("p", { class: "chart-keys" }, ...keys, ...note), chart);
}

/** Moves the line of the time shown. */
export function moveCursor(time: number) {
  const x = ((time / (shown?.run.duration_s ?? 1)) * WIDTH).toFixed(1);
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
}
