// The card of what is selected: a building, a grid, or a point of the ground.

import { api, type BuildingCard, type ExposureRow, type GridCard, type GridRef, type PointReport, type Run } from "./api";
import { HAZARD_COLOURS } from "./colours";
import { byId, el, facts, path, svg } from "./dom";
import { chance, probabilityOf } from "./ensembles";
import { both, clock, number, percent, t, word } from "./i18n";
import { hazardsOf } from "./paint";
import * as rows from "./rows";
import { serverId } from "./localrun";
import { set, state } from "./state";
import { besideRun } from "./water";
import type { Hazards, Probability } from "./workapi";

let asked = 0;

/** Loads and shows the card of the selection; a later selection overtakes an earlier one. */
export async function showCard(run: Run | null) {
  const card = byId("card");
  const selection = state.selection;
  const mine = ++asked;
  if (!selection) {
    // On a phone the card has a tab of its own, which is open whether or not something is selected.
    card.replaceChildren(el("p", { class: "empty" }, t("card.nothing")));
    card.hidden = true;
    return;
  }
  const of = serverId(run);
  const beside = besideRun();
  const second = serverId(beside);
  const inBoth = async <T,>(ask: (id: string | null) => Promise<T>): Promise<[T, T | null]> => Promise.all([ask(of), second ? ask(second) : null]);
  const series = async (x: number, y: number): Promise<Series[]> => {
    const [point, other] = await inBoth((id) => api.at(x, y, id));
    return [{ run, point }, ...(other ? [{ run: beside, point: other }] : [])];
  };
  let content: Node[];
  if (selection.kind === "building") {
    const [building, other] = await inBoth((id) => api.building(selection.index, id));
    const courses = await series(building.x, building.y);
    // The depth at its walls, as its greatest depth: not that of the cell in its middle.
    [building, other].forEach((of, i) => {
      const told = courses[i];
      if (of?.course && told) told.point = { ...told.point, depth: of.course };
    });
    content = buildingCard(building, other, courses, beside, selection.floor);
  } else if (selection.kind === "grid") {
    const [[grid, other], probability, hazards] = await Promise.all([
      inBoth((id) => api.grid(selection.code, id)),
      probabilityOf(selection.layer).catch(() => null),
      hazardsOf(run, selection.layer),
    ]);
    content = gridCard(selection.layer, grid, run, probability, hazards, other, beside);
  } else {
    content = pointCard(await series(selection.x, selection.y));
  }
  if (mine !== asked) return;
  card.replaceChildren(...content);
  card.hidden = false;
}

/** What a run says about a place over time. */
interface Series {
  run: Run | null;
  point: PointReport;
}

/** A value of the run shown, or of both runs that share the canvas. */
function told(a: string | Node, b: string | Node | null): string | Node {
  if (b === null) return a;
  const line = (name: string, value: string | Node) => el("span", {}, el("b", {}, name), " ", value);
  return el("span", { class: "both" }, line("A", a), line("B", b));
}

/** A value of what is modelled; of all else the word for unknown, never that for dry. */
const known = (row: ExposureRow | null | undefined, value: string | Node): string | Node => (row && !rows.isModelled(row) ? t("card.unknown") : value);

function heading(kind: string, title: string): Node {
  const close = el("button", { type: "button", "aria-label": t("card.close"), title: t("card.close") }, "✕");
  close.addEventListener("click", () => set({ selection: null }));
  return el("header", {}, el("h2", {}, title), el("span", { class: "note" }, kind), close);
}

function list(entries: [string, string | Node][]): HTMLElement {
  const dl = el("dl", { class: "facts" });
  facts(dl, entries);
  return dl;
}

const count = (value: number | null | undefined) => (value === null || value === undefined ? "–" : number(value));
const metres = (value: number | null, digits = 2) => (value === null ? "–" : `${number(value, digits)} ${t("unit.m")}`);

function hazardBadge(level: number | null): Node {
  if (level === null || level < 1) return el("span", {}, t("hazard.none"));
  const badge = el("span", { class: "hazard", title: t(`hazard.${level}`) }, `H${level}`);
  badge.style.background = HAZARD_COLOURS[level - 1] ?? "#fff";
  return el("span", {}, badge, ` ${t(`hazard.${level}`)}`);
}

const when = (run: Run | null, seconds: number | null) => (run && seconds !== null ? clock(run.start, seconds) : "–");
const hours = (seconds: number | null) => (seconds === null ? "–" : `${number(seconds / 3600, 1)} ${t("unit.h")}`);

function gridLinks(grids: GridRef[]): Node {
  return el(
    "span",
    {},
    ...grids.flatMap((grid, i) => {
      const link = el("a", { href: "#" }, grid.name || grid.code);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        set({ selection: { kind: "grid", layer: grid.layer, code: grid.code } });
      });
      return i === 0 ? [link] : [" · ", link];
    }),
  );
}

/** The floor that was asked for: how high it lies, and whether the water gets there. */
function floorFact(building: BuildingCard, floor: number | undefined, reached: number): [string, string][] {
  if (!floor) return [];
  const storeys = Math.max(building.floors ?? floor, floor);
  const height = building.base_m + ((floor - 1) * (building.top_m - building.base_m)) / storeys;
  const found = t("card.floor_at", { height: number(height, 1), state: t(floor <= reached ? "card.floor_wet" : "card.floor_dry") });
  return [[t("card.floor", { floor }), found]];
}

function buildingCard(building: BuildingCard, other: BuildingCard | null, series: Series[], beside: Run | null, floor?: number): Node[] {
  const exposure = (building.exposure ?? null) as ExposureRow | null;
  const second = (other?.exposure ?? null) as ExposureRow | null;
  const run = series[0]?.run ?? null;
  const each = (of: (row: ExposureRow | null, run: Run | null) => string | Node) => told(of(exposure, run), other && of(second, beside));
  return [
    heading(t("card.building"), building.name ?? building.address ?? building.id),
    list([
      ...floorFact(building, floor, rows.floors(exposure) ?? 0),
      [t("card.address"), building.address ?? "–"],
      [t("card.use"), word("use", building.use)],
      [t("card.floors"), count(building.floors)],
      [t("card.households"), count(building.households)],
      [t("card.people"), count(building.people)],
      [t("card.heights"), `${number(building.base_m, 1)} – ${number(building.top_m, 1)} ${t("unit.m")}`],
      [t("card.in_grids"), gridLinks(building.grids)],
      [t("card.position"), `${building.lon.toFixed(5)}°E ${building.lat.toFixed(5)}°N`],
    ]),
    el("h3", {}, t("card.water_at_building")),
    ...(exposure && !rows.isModelled(exposure) ? [el("p", { class: "note facts bad" }, t("card.not_modelled"))] : []),
    list([
      [t("card.depth_max"), each((row) => known(row, metres(rows.depthMax(row) ?? 0)))],
      [t("card.arrival"), each((row, of) => known(row, when(of, rows.arrival(row))))],
      [t("card.floors_reached"), each((row) => known(row, count(rows.floors(row) ?? 0)))],
      [t("card.hazard"), each((row) => known(row, hazardBadge(rows.hazard(row))))],
    ]),
    ...depthChart(series),
  ];
}

/** What the members of the ensemble say about a grid. */
function membersPart(probability: Probability | null, code: string): Node[] {
  const row = probability?.rows.find((of) => of.code === code);
  if (!row) return [];
  const chances = [0.15, 0.3, 0.5].map((depth) => chance(row, depth)).map((of) => (of === null ? "–" : number(100 * of)));
  const line = (title: string, values: (number | null)[], digits: number) =>
    el("tr", {}, el("th", { scope: "row" }, title), ...values.map((of) => el("td", { class: "number" }, of === null ? "–" : number(of, digits))));
  const heads = ["", "50 %", "90 %", t("card.worst")].map((text) => el("th", { scope: "col" }, text));
  return [
    el("h3", {}, t("card.ensemble")),
    list([[t("card.chances"), `${chances.join(" · ")} %`]]),
    el(
      "table",
      { class: "members" },
      el("thead", {}, el("tr", {}, ...heads)),
      el(
        "tbody",
        {},
        line(t("card.members_depth"), [row.depth_p50_m, row.depth_p90_m, row.depth_worst_m], 2),
        line(t("card.members_people"), [row.people_p50, row.people_p90, row.people_worst], 0),
      ),
    ),
  ];
}

/** The level of each hazard and of all together. */
function hazardsPart(hazards: Hazards | null, code: string): Node[] {
  const row = hazards?.rows.find((of) => of.code === code);
  if (!hazards || !row) return [];
  const told = (level: number) => t(`level.hazard_${Math.max(0, Math.min(4, level))}`);
  const whole = new Set(hazards.district.map((of) => of.id));
  const title = (of: Hazards["hazards"][number]) => (whole.has(of.id) ? `${both(of.title)} · ${t("card.district")}` : both(of.title));
  return [
    el("h3", {}, t("card.hazards")),
    list([
      [t("card.combined"), row.unknown?.includes("flood") ? `${told(row.combined)} · ${t("card.without_flood")}` : told(row.combined)],
      ...hazards.hazards.map((of): [string, string] => [title(of), row.unknown?.includes(of.id) ? t("card.unknown") : told(row.levels[of.id] ?? 0)]),
    ]),
  ];
}

function gridCard(
  layer: string,
  grid: GridCard,
  run: Run | null,
  probability: Probability | null,
  hazards: Hazards | null,
  other: GridCard | null,
  beside: Run | null,
): Node[] {
  const row = grid.exposure ?? null;
  const second = other?.exposure ?? null;
  const each = (of: (row: ExposureRow, run: Run | null) => string | Node) => (row ? told(of(row, run), second && of(second, beside)) : "–");
  const fly = el("button", { type: "button" }, t("card.fly"));
  fly.addEventListener("click", () => window.dispatchEvent(new CustomEvent("fly-to-grid", { detail: { layer, code: grid.code } })));
  // The flood first: it is what a commander opens the card for.
  return [
    heading(word("level", grid.level), grid.name || grid.code),
    el("h3", {}, t("card.flood")),
    ...(row && (rows.modelledShare(row) ?? 1) < 1 ? [el("p", { class: "note facts bad" }, t("card.partly_modelled", { share: percent(rows.modelledShare(row) ?? 0), people: count(rows.peopleUnknown(row)) }))] : []),
    row
      ? list([
          [t("card.people_reached"), each((row) => `${rows.people(row) === null ? t("card.unknown") : count(rows.people(row))} / ${grid.people === null || grid.people === undefined ? t("card.unknown") : count(grid.people)}`)],
          [t("card.flooded_share"), each((row) => known(row, percent(rows.share(row) ?? 0)))],
          [t("card.arrival"), each((row, of) => known(row, when(of, rows.arrival(row))))],
          [t("card.depth"), each((row) => known(row, `${metres(rows.depthMean(row))} · ${metres(rows.depthMax(row))}`))],
          [t("card.hazard"), each((row) => known(row, hazardBadge(rows.hazard(row))))],
          [t("card.duration"), each((row) => known(row, hours(rows.duration(row))))],
          [t("card.buildings_reached"), each((row) => `${count(rows.buildings(row))} / ${count(grid.buildings)}`)],
          [t("card.schools_hit"), each((row) => `${count(rows.schools(row))} · ${count(rows.hospitals(row))}`)],
          [t("card.road_cut"), each((row) => `${number((rows.roadCut(row) ?? 0) / 1000, 2)} ${t("unit.km")}`)],
          [t("card.flooded_area"), each((row) => known(row, `${number((rows.floodedArea(row) ?? 0) / 1e6, 3)} ${t("unit.km2")}`))],
          [t("card.permanent_water"), each((row) => known(row, `${number((rows.permanentWater(row) ?? 0) / 1e6, 3)} ${t("unit.km2")}`))],
          [t("card.speed_max"), each((row) => (rows.speedMax(row) === null ? "–" : `${number(rows.speedMax(row) ?? 0, 2)} ${t("unit.mps")}`))],
        ])
      : el("p", { class: "note facts" }, t("card.no_run")),
    ...membersPart(probability, grid.code),
    ...hazardsPart(hazards, grid.code),
    el("h3", {}, t("card.facts")),
    list([
      [t("card.code"), grid.code],
      [t("card.kind"), word("kind", grid.kind)],
      [t("card.area"), `${number(grid.area_m2 / 1e6, 3)} ${t("unit.km2")}`],
      [t("card.people"), count(grid.people)],
      [t("card.households"), count(grid.households)],
      [t("card.buildings"), count(grid.buildings)],
      [t("card.schools"), count(grid.schools)],
    ]),
    el("p", { class: "facts" }, fly),
  ];
}

function pointCard(series: Series[]): Node[] {
  const point = series[0]?.point;
  if (!point) return [];
  return [
    heading(t("card.point"), `${point.lon.toFixed(5)}°E ${point.lat.toFixed(5)}°N`),
    ...(point.modelled === false ? [el("p", { class: "note facts bad" }, t("card.not_modelled"))] : []),
    list([
      [t("card.ground"), metres(point.ground_m)],
      [t("card.in_grids"), gridLinks(point.grids)],
    ]),
    ...(point.depth?.permanent_water ? [el("p", { class: "note facts" }, t("card.at_permanent"))] : []),
    ...depthChart(series),
  ];
}

/** Depth over time at the place in the run shown, or in both that share the canvas, with the largest values. */
function depthChart(series: Series[]): Node[] {
  const run = series[0]?.run;
  const curves = series.flatMap(({ run: of, point: { depth } }) => (of && depth && depth.time_s.length > 1 ? [{ of, depth, peak: Math.max(...depth.depth_m) }] : []));
  if (!run || curves.length === 0 || curves.length < series.length) return [];
  const [width, height, left] = [300, 92, 34];
  const [peak, second] = curves.map((curve) => curve.peak);
  const top = Math.max(...curves.map((curve) => curve.peak), 0.2);
  const x = (time: number) => left + (time / run.duration_s) * (width - left - 4);
  const y = (depth: number) => height - 18 - (depth / top) * (height - 28);
  const two = second !== undefined;
  const label = two ? t("card.depth_charts", { a: number(peak ?? 0, 2), b: number(second, 2) }) : t("card.depth_chart", { peak: number(peak ?? 0, 2) });
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const depth of [0, top / 2, top]) {
    chart.append(svg("line", { x1: left, x2: width, y1: y(depth), y2: y(depth), stroke: "#fff", "stroke-opacity": 0.18 }));
    chart.append(svg("text", { x: left - 4, y: y(depth) + 4, fill: "#adc0cc", "font-size": 10, "text-anchor": "end" }, number(depth, 1)));
  }
  curves.forEach(({ of, depth, peak: highest }, i) => {
    const later = (Date.parse(of.start) - Date.parse(run.start)) / 1000;
    const at = (time: number) => x(time + later);
    const line = path(depth.time_s.map((time, k) => [at(time), y(depth.depth_m[k] ?? 0)]));
    const last = depth.time_s.at(-1) ?? 0;
    if (i === 0) chart.append(svg("path", { d: `${line}L${at(last)} ${y(0)}L${at(0)} ${y(0)}Z`, fill: "#2f84dc", "fill-opacity": 0.4 }));
    chart.append(svg("path", { d: line, fill: "none", stroke: i === 0 ? "#8cc8fb" : "#ffb84d", "stroke-width": 1.6 }));
    const k = depth.depth_m.indexOf(highest);
    if (two) chart.append(svg("text", { x: at(depth.time_s[k] ?? 0), y: y(highest) - 3, fill: i === 0 ? "#8cc8fb" : "#ffb84d", "font-size": 11, "text-anchor": "middle" }, i === 0 ? "A" : "B"));
  });
  chart.append(svg("line", { x1: x(state.time), x2: x(state.time), y1: 6, y2: height - 18, stroke: "#fff" }));
  for (const f of [0, 0.5, 1])
    chart.append(
      svg(
        "text",
        { x: x(run.duration_s * f), y: height - 4, fill: "#adc0cc", "font-size": 10, "text-anchor": f === 0 ? "start" : f === 1 ? "end" : "middle" },
        clock(run.start, run.duration_s * f),
      ),
    );
  return [el("h3", {}, label), chart];
}
