// The storm map: coast, track, where the storm is now and how strong; and the curves above the slider.

import type { Run, Storm } from "./api";
import { byId, el, facts, path, svg } from "./dom";
import { both, clock, number, t } from "./i18n";
import { set, state } from "./state";

declare const COAST: { window: [number, number, number, number]; rings: [number, number][][] };

const WIDTH = 330;
const [WEST, SOUTH, EAST, NORTH] = COAST.window;
/** Plate carrée, squeezed by the cosine of the middle latitude so that circles look round. */
const X_SCALE = WIDTH / (EAST - WEST);
const Y_SCALE = X_SCALE / Math.cos((((SOUTH + NORTH) / 2) * Math.PI) / 180);
const HEIGHT = (NORTH - SOUTH) * Y_SCALE;
const KM_PER_DEGREE = 111.2;

const px = (lon: number, lat: number): [number, number] => [(lon - WEST) * X_SCALE, (NORTH - lat) * Y_SCALE];

let storm: Storm | null = null;
let run: Run | null = null;
let site: { lon: number; lat: number } = { lon: 0, lat: 0 };
const marker = svg("g", { id: "storm-marker" });

/** The class of GB/T 19201-2006 of a wind [m/s], as a message key. */
function stormClass(wind: number): string {
  const classes: [number, string][] = [
    [51, "super"],
    [41.5, "sty"],
    [32.7, "ty"],
    [24.5, "sts"],
    [17.2, "ts"],
    [10.8, "td"],
  ];
  return classes.find(([from]) => wind >= from)?.[1] ?? "low";
}

/** Draws what does not change with time. */
export function drawStorm(next: Storm, of: Run, at: { lon: number; lat: number }) {
  storm = next;
  run = of;
  site = at;
  const [sx, sy] = px(at.lon, at.lat);
  const map = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT.toFixed(1)}`, role: "img", "aria-label": t("storm.map") });
  for (const ring of COAST.rings)
    map.append(svg("path", { d: `${path(ring.map(([lon, lat]) => px(lon, lat)))}Z`, fill: "#3a4d4a", stroke: "#6f8a86", "stroke-width": 0.6 }));
  for (let lon = Math.ceil(WEST / 5) * 5; lon < EAST; lon += 5) {
    const [x] = px(lon, NORTH);
    map.append(svg("line", { x1: x, x2: x, y1: 0, y2: HEIGHT, stroke: "#fff", "stroke-opacity": 0.12, "stroke-width": 0.6 }));
    map.append(svg("text", { x: x + 2, y: HEIGHT - 3, fill: "#c5d5dd", "font-size": 9 }, `${lon}°E`));
  }
  for (let lat = Math.ceil(SOUTH / 5) * 5; lat < NORTH; lat += 5) {
    const [, y] = px(WEST, lat);
    map.append(svg("line", { x1: 0, x2: WIDTH, y1: y, y2: y, stroke: "#fff", "stroke-opacity": 0.12, "stroke-width": 0.6 }));
    map.append(svg("text", { x: 2, y: y - 2, fill: "#c5d5dd", "font-size": 9 }, `${lat}°N`));
  }
  const track = path(next.track.map((fix) => px(fix.lon, fix.lat)));
  map.append(svg("path", { d: track, fill: "none", stroke: "#ffb84d", "stroke-width": 1.6 }));
  for (const fix of next.track) {
    const [cx, cy] = px(fix.lon, fix.lat);
    map.append(svg("circle", { cx, cy, r: 2 + (fix.vmax_mps ?? 10) / 20, fill: "#ffb84d" }));
  }
  map.append(svg("rect", { x: sx - 4, y: sy - 4, width: 8, height: 8, fill: "none", stroke: "#4cc3ff", "stroke-width": 2 }));
  map.append(marker);
  byId("storm-map").replaceChildren(map);
  drawCharts();
  showStormAt(state.time);
}

/** A value of the site series between its samples. */
function siteAt(time: number) {
  const series = storm?.site ?? [];
  const next = series.findIndex((sample) => sample.time_s >= time);
  const b = series[next === -1 ? series.length - 1 : next];
  const a = series[Math.max(0, (next === -1 ? series.length : next) - 1)];
  if (!a || !b) return null;
  const f = b.time_s > a.time_s ? Math.min(1, Math.max(0, (time - a.time_s) / (b.time_s - a.time_s))) : 0;
  const mix = (of: (s: Storm["site"][number]) => number) => of(a) * (1 - f) + of(b) * f;
  return {
    lon: mix((s) => s.lon),
    lat: mix((s) => s.lat),
    wind: mix((s) => s.wind_mps),
    from: b.wind_from_deg,
    pressure: mix((s) => s.pressure_hpa),
    rain: mix((s) => s.rain_mm_h),
    sea: mix((s) => s.sea_level_m),
    tide: mix((s) => s.tide_m),
  };
}

/** The fix that the storm is at or has passed. */
function fixAt(time: number) {
  const track = storm?.track ?? [];
  return track.filter((fix) => fix.time_s <= time).at(-1) ?? track[0];
}

/** Moves the storm and its numbers to a time. */
export function showStormAt(time: number) {
  const now = siteAt(time);
  const fix = fixAt(time);
  if (!now || !storm || !run) return;
  const [cx, cy] = px(now.lon, now.lat);
  const ring = (km: number, opacity: number) =>
    svg("ellipse", {
      cx,
      cy,
      rx: (km / KM_PER_DEGREE / Math.cos((now.lat * Math.PI) / 180)) * X_SCALE,
      ry: (km / KM_PER_DEGREE) * Y_SCALE,
      fill: "#ff7a6b",
      "fill-opacity": opacity,
      stroke: "#ff7a6b",
      "stroke-width": 0.8,
    });
  const [sx, sy] = px(site.lon, site.lat);
  marker.replaceChildren(
    ...(fix?.rmw_km ? [ring(fix.rmw_km * 4, 0.12), ring(fix.rmw_km, 0.35)] : []),
    svg("circle", { cx, cy, r: 4.5, fill: "#fff", stroke: "#c62f2f", "stroke-width": 2.5 }),
    barb(sx, sy, now.wind, now.from),
  );
  byId("storm-now").textContent = `${storm.name} · ${t(`storm.class.${stormClass(fix?.vmax_mps ?? 0)}`)}`;
  const unit = (value: number, digits: number, key: string) => `${number(value, digits)} ${t(key)}`;
  facts(byId("storm-facts"), [
    [t("storm.wind"), unit(now.wind, 1, "unit.mps")],
    [t("storm.pressure"), unit(now.pressure, 0, "unit.hpa")],
    [t("storm.rain"), unit(now.rain, 1, "unit.mm_h")],
    [t("storm.sea"), unit(now.sea, 2, "unit.m")],
    [t("storm.vmax"), fix?.vmax_mps ? unit(fix.vmax_mps, 0, "unit.mps") : "–"],
    [t("storm.pmin"), fix?.pmin_hpa ? unit(fix.pmin_hpa, 0, "unit.hpa") : "–"],
  ]);
  byId("storm-note").textContent = both(storm.first_order_notes);
  moveCursor(time);
}

/** An arrow that flies with the wind, longer with its speed. */
function barb(x: number, y: number, speed: number, from: number): SVGElement {
  const length = 8 + speed;
  return svg(
    "g",
    { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${(from + 180).toFixed(0)})` },
    svg("path", { d: `M0 0V${-length}M-4 ${6 - length}L0 ${-length}L4 ${6 - length}`, stroke: "#4cc3ff", "stroke-width": 2, fill: "none" }),
  );
}

const CHART_WIDTH = 1000;
const CHART_HEIGHT = 58;
const cursor = svg("line", { y1: 0, y2: CHART_HEIGHT, stroke: "#fff", "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" });

/** Sea level, rain and wind over the run, each to its own scale, its largest value written beside it. */
function drawCharts() {
  if (!storm || !run) return;
  const site = storm.site;
  const x = (time: number) => (time / (run?.duration_s ?? 1)) * CHART_WIDTH;
  const curve = (values: number[], low: number, high: number) =>
    path(site.map((s, i) => [x(s.time_s), CHART_HEIGHT - 3 - (((values[i] ?? 0) - low) / Math.max(high - low, 1e-9)) * (CHART_HEIGHT - 8)]));
  const sea = site.map((s) => s.sea_level_m);
  const rain = site.map((s) => s.rain_mm_h);
  const wind = site.map((s) => s.wind_mps);
  const top = (values: number[]) => Math.max(...values, 0);
  const chart = svg("svg", { viewBox: `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`, preserveAspectRatio: "none" });
  const area = `${curve(rain, 0, Math.max(top(rain), 1))}L${CHART_WIDTH} ${CHART_HEIGHT}L0 ${CHART_HEIGHT}Z`;
  chart.append(svg("path", { d: area, fill: "#5aa9f0", "fill-opacity": 0.45 }));
  for (const [values, colour, low] of [
    [wind, "#ffb84d", 0],
    [sea, "#7fd18c", Math.min(...sea)],
  ] as [number[], string, number][])
    chart.append(
      svg("path", { d: curve(values, low, top(values)), fill: "none", stroke: colour, "stroke-width": 2, "vector-effect": "non-scaling-stroke" }),
    );
  chart.append(cursor);
  const key = (colour: string, name: string, value: string) => {
    const swatch = el("i");
    swatch.style.background = colour;
    return el("span", {}, swatch, `${t(name)} ≤ ${value}`);
  };
  const legend = el(
    "p",
    { class: "chart-keys" },
    key("#7fd18c", "storm.sea", `${number(top(sea), 2)} ${t("unit.m")}`),
    key("#5aa9f0", "storm.rain", `${number(top(rain), 0)} ${t("unit.mm_h")}`),
    key("#ffb84d", "storm.wind", `${number(top(wind), 0)} ${t("unit.mps")}`),
  );
  byId("charts").replaceChildren(legend, chart);
}

function moveCursor(time: number) {
  const x = ((time / (run?.duration_s ?? 1)) * CHART_WIDTH).toFixed(1);
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
}

/** Wires the slider, the play button and the speed. */
export function wireTime() {
  const slider = byId<HTMLInputElement>("slider");
  slider.addEventListener("input", () => set({ time: Number(slider.value), playing: false }));
  byId("play").addEventListener("click", () => {
    const end = Number(slider.max);
    set(state.time >= end && !state.playing ? { time: 0, playing: true } : { playing: !state.playing });
  });
  const speed = byId<HTMLSelectElement>("speed");
  speed.addEventListener("change", () => set({ speed: Number(speed.value) }));
}

/** Shows the time in the slider and in words. */
export function showTime(of: Run | null) {
  const slider = byId<HTMLInputElement>("slider");
  const end = of ? Math.max(0, of.frames - 1) * of.output_interval_s : 0;
  slider.max = String(end);
  slider.value = String(state.time);
  const output = byId("time-now");
  if (!of) {
    output.textContent = "–";
    return;
  }
  const hours = number(state.time / 3600, 1);
  output.replaceChildren(clock(of.start, state.time), el("small", {}, t("time.after", { hours })));
  slider.setAttribute("aria-valuetext", `${clock(of.start, state.time)}, ${t("time.after", { hours })}`);
  const play = byId("play");
  play.textContent = state.playing ? "⏸" : "▶";
  const label = t(state.playing ? "time.pause" : "time.play");
  play.setAttribute("aria-label", label);
  play.title = label;
}

/** The choices of speed, in words of the language. */
export function showSpeeds() {
  const speed = byId<HTMLSelectElement>("speed");
  speed.replaceChildren(
    ...[900, 3600, 10800].map((value) => el("option", { value: String(value) }, t("time.rate", { hours: number(value / 3600, value < 3600 ? 2 : 0) }))),
  );
  speed.value = String(state.speed);
}
