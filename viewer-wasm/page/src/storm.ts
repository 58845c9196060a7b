// The storm map: coast, track, where the storm is now and how strong; and the slider of time.

import type { Run, Storm } from "./api";
import { drawCharts, moveCursor } from "./charts";
import { baseMap, KM_PER_DEGREE, onMap, siteOn, trackOn, X_SCALE, Y_SCALE } from "./coast";
import { byId, el, facts, svg } from "./dom";
import { both, clock, number, t } from "./i18n";
import { set, state } from "./state";

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
  const map = baseMap(t("storm.map"));
  trackOn(
    map,
    next.track.map((fix) => ({ lon: fix.lon, lat: fix.lat, wind: fix.vmax_mps })),
  );
  siteOn(map, at.lon, at.lat);
  map.append(marker);
  byId("storm-map").replaceChildren(map);
  drawCharts(next, of);
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

/** The frame nearest to the highest water at the river mouths, or, far from the sea, to the strongest rain [s]. */
export function peakTime(of: Run): number {
  const series = storm?.site ?? [];
  const range = Math.max(...series.map((s) => s.sea_level_m)) - Math.min(...series.map((s) => s.sea_level_m));
  const height = (s: Storm["site"][number]) => (range > 0.1 ? s.sea_level_m : s.rain_mm_h);
  const worst = series.reduce<Storm["site"][number] | null>((best, sample) => (best === null || height(sample) > height(best) ? sample : best), null);
  const frame = Math.round((worst?.time_s ?? 0) / of.output_interval_s);
  return Math.min(Math.max(frame, 0), Math.max(of.frames - 1, 0)) * of.output_interval_s;
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
  const [cx, cy] = onMap(now.lon, now.lat);
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
  const [sx, sy] = onMap(site.lon, site.lat);
  marker.replaceChildren(
    ...(fix?.rmw_km ? [ring(fix.rmw_km * 4, 0.12), ring(fix.rmw_km, 0.35)] : []),
    svg("circle", { cx, cy, r: 4.5, fill: "#fff", stroke: "#c62f2f", "stroke-width": 2.5 }),
    barb(sx, sy, now.wind, now.from),
  );
  byId("storm-now").textContent = `${both(storm.called)} · ${t(`storm.class.${stormClass(fix?.vmax_mps ?? 0)}`)}`;
  const unit = (value: number, digits: number, key: string) => `${number(value, digits)} ${t(key)}`;
  facts(byId("storm-facts"), [
    [t("storm.wind"), unit(now.wind, 1, "unit.mps")],
    [t("storm.pressure"), unit(now.pressure, 0, "unit.hpa")],
    [t("storm.rain"), unit(now.rain, 1, "unit.mm_h")],
    [t("storm.sea"), unit(now.sea, 2, "unit.m")],
    [t("storm.vmax"), fix?.vmax_mps ? unit(fix.vmax_mps, 0, "unit.mps") : "–"],
    [t("storm.pmin"), fix?.pmin_hpa ? unit(fix.pmin_hpa, 0, "unit.hpa") : "–"],
  ]);
  byId("storm-note").textContent = [both(storm.first_order_notes), ...(run.track_notes ?? []).map(both)].join(" ");
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
