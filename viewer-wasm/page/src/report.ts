// The report of one forecast: situation, storm, grids, roads, warnings, plan, and how far to trust it. Prints on A4.

import { api, learnRoutes, offers, type Exposure, type Run, type Storm, technical, type Twin } from "./api";
import { changeText, learnGates } from "./changes";
import { baseMap, onMap, PAPER, siteOn, trackOn } from "./coast";
import { CHANCE_STOPS, classColour, SHARE_STOPS, UNKNOWN_COLOUR, WARNING_COLOURS } from "./colours";
import { button, byId, el, path, svg } from "./dom";
import { differsFrom } from "./ensembles";
import { both, clock, instant, language, number, percent, setLanguage, t, word } from "./i18n";
import { middle, ReportMap, shapes } from "./reportmap";
import { usePlaces } from "./places";
import * as rows from "./rows";
import { type Ensemble, isReached, type LonLat, type Plan, type Probability, type RoadCut, type Warning, work } from "./workapi";

const query = new URLSearchParams(location.search);

/** Rows of a table; the rest is in the CSV. */
const GRIDS = 40;
const ROADS = 40;
/** Grids that are numbered on the map. */
const NUMBERED = 15;

interface Facts {
  twin: Twin;
  run: Run;
  exposure: Exposure;
  layer: string;
  geojson: string;
  roadLines: LonLat[][];
  storm: Storm | null;
  roads: RoadCut[] | null;
  warnings: Warning[];
  plan: Plan | null;
  ensemble: Ensemble | null;
  probability: Probability | null;
}

/** What the server may not have is left out. */
const maybe = async <T>(route: string, ask: () => Promise<T>): Promise<T | null> => (offers(route) ? ask().catch(() => null) : null);

async function gather(): Promise<Facts | string> {
  const [twin, runs] = await Promise.all([api.twin(), api.runs(), learnRoutes().catch(() => undefined)]);
  const run = runs.find((of) => of.id === query.get("run")) ?? (query.get("run") ? null : runs.filter((of) => of.state === "done").at(-1));
  if (!run) return t("report.no_run");
  if (run.state !== "done") return t("report.not_done");
  usePlaces(twin);
  if (run.changes?.length) await learnGates();
  const layer = twin.layers.find((of) => of.level === "grid")?.id ?? "grids";
  const lines = twin.layers.find((of) => of.geometry === "line");
  const ensembleId = query.get("ensemble");
  const [exposure, geojson, roadText, storm, roads, warnings, plan, ensembles, probability] = await Promise.all([
    api.exposure(run.id, layer),
    api.layer(layer),
    lines ? api.layer(lines.id) : null,
    maybe("runs/{id}/storm", () => api.storm(run.id)),
    maybe("runs/{id}/roads", () => work.roads(run.id)),
    maybe("warnings", () => work.warnings()),
    maybe("runs/{id}/plan", () => work.plan(run.id)),
    ensembleId ? maybe("ensembles", () => work.ensembles()) : null,
    ensembleId ? maybe("ensembles", () => work.probability(ensembleId, layer)) : null,
  ]);
  const roadFeatures = roadText ? (JSON.parse(roadText) as { features: { geometry: { type: string; coordinates: LonLat[] } }[] }).features : [];
  return {
    twin,
    run,
    exposure,
    layer,
    geojson,
    storm,
    roads,
    plan,
    probability,
    roadLines: roadFeatures.filter((of) => of.geometry.type === "LineString").map((of) => of.geometry.coordinates),
    warnings: (warnings ?? []).filter((of) => of.run === run.id && ["draft", "issued"].includes(of.state)),
    ensemble: ensembles?.find((of) => of.id === ensembleId) ?? null,
  };
}

const table = (heads: string[], body: (string | Node)[][], numbers: number[] = []): HTMLElement =>
  el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...heads.map((text, i) => el("th", { scope: "col", class: numbers.includes(i) ? "number" : "" }, text)))),
    el("tbody", {}, ...body.map((cells) => el("tr", {}, ...cells.map((cell, i) => el("td", { class: numbers.includes(i) ? "number" : "" }, cell))))),
  );

const section = (key: string, ...parts: Node[]): HTMLElement => el("section", {}, el("h2", {}, t(key)), ...parts);
const note = (text: string): HTMLElement => el("p", { class: "note" }, text);
const sum = (facts: Facts, of: (row: Facts["exposure"]["rows"][number]) => number | null) => facts.exposure.rows.reduce((total, row) => total + (of(row) ?? 0), 0);

function head({ twin, run, ensemble }: Facts): HTMLElement {
  const title = both(run.title);
  const end = clock(run.start, run.duration_s);
  return el(
    "header",
    {},
    el("h1", {}, t("report.title", { place: both(twin.name) })),
    el("p", { class: "sub" }, title),
    el("p", {}, t("report.span", { from: clock(run.start, 0), to: end, cell: number(run.cell_size_m) })),
    ...(run.changes?.length ? [el("p", {}, `${t("compare.changes")}${run.changes.map(changeText).join(t("list.comma"))}`)] : []),
    ...(ensemble && differsFrom(ensemble, run) ? [el("p", { class: "caution" }, t("ensemble.differs", { cell: number(ensemble.cell_size_m) }))] : []),
    ...(ensemble ? [el("p", {}, t("report.members", { members: number(ensemble.members.length), seed: String(ensemble.seed) }))] : []),
    el("p", {}, t("report.made", { time: clock(new Date().toISOString(), 0) })),
    ...(twin.synthetic ? [el("p", { class: "caution" }, `${t("page.synthetic")}: ${both(twin.notice)}`)] : []),
  );
}

/** What the sums leave out, where they leave anything out. */
function unknownEntries(facts: Facts): [string, string][] {
  const outside = facts.exposure.rows.filter((row) => (rows.modelledShare(row) ?? 1) < 1);
  const uncounted = facts.exposure.rows.filter((row) => row.people === null);
  const entries: [string, string][] = [];
  if (outside.length) entries.push(["report.grids_unknown", `${number(outside.length)} / ${number(facts.exposure.rows.length)}`], ["plan.unknown_people", number(sum(facts, rows.peopleUnknown))]);
  if (uncounted.length) entries.push(["report.grids_uncounted", number(uncounted.length)]);
  return entries;
}

function situation(facts: Facts): HTMLElement {
  const { run, exposure, storm, plan } = facts;
  const sums = exposure.totals;
  const end = run.summary?.cut_off_at_end ? run.summary.flood_end : null;
  const wet = exposure.rows.filter((row) => (rows.share(row) ?? 0) > 0);
  const first = Math.min(...exposure.rows.map((row) => rows.arrival(row) ?? Number.POSITIVE_INFINITY));
  const peak = (of: (s: Storm["site"][number]) => number) => {
    const best = storm?.site.reduce((a, b) => (of(b) > of(a) ? b : a));
    return best ? `${number(of(best), 1)} · ${clock(run.start, best.time_s)}` : "–";
  };
  const entries: [string, string][] = [
    ["card.people_reached", number(sums?.people_reached_whole ?? sum(facts, rows.people))],
    ...unknownEntries(facts),
    ["report.grids_wet", `${number(sums?.zones_hit ?? wet.length)} / ${number(exposure.rows.length)}`],
    ["card.flooded_area", `${number((sums?.flooded_area_m2 ?? sum(facts, rows.floodedArea)) / 1e6, 2)} ${t("unit.km2")}`],
    ["card.buildings_reached", number(sums?.buildings_reached ?? sum(facts, rows.buildings))],
    ["card.schools_hit", `${number(sums?.schools_reached ?? sum(facts, rows.schools))} · ${number(sums?.hospitals_reached ?? sum(facts, rows.hospitals))}`],
    ["card.road_cut", `${number((sums?.road_cut_m ?? sum(facts, rows.roadCut)) / 1000, 1)} ${t("unit.km")}`],
    ["card.arrival", Number.isFinite(first) ? clock(run.start, first) : "–"],
    ["report.to_move", plan ? number(plan.people) : "–"],
    ["report.to_stay", plan ? number(plan.people_above) : "–"],
    ["report.peak_sea", peak((s) => s.sea_level_m)],
    ["report.peak_wind", peak((s) => s.wind_mps)],
    ["report.peak_rain", peak((s) => s.rain_mm_h)],
  ];
  const cut = end ? [note(t("ranking.cut_off", { share: number(100 * end.left_share), roads: number(end.roads_closed) }))] : [];
  return section("report.situation", ...cut, el("dl", {}, ...entries.map(([key, value]) => el("div", {}, el("dt", {}, t(key)), el("dd", {}, value)))));
}

function stormPart({ storm, run, twin }: Facts): HTMLElement {
  if (!storm) return section("report.storm", note(t("report.absent")));
  const map = baseMap(t("storm.map"), PAPER);
  trackOn(map, storm.track.map((fix) => ({ lon: fix.lon, lat: fix.lat, wind: fix.vmax_mps })), "#b3541e");
  siteOn(map, twin.origin.lon, twin.origin.lat, "#0b5fa5");
  const begin = storm.track.find((fix) => fix.time_s >= 0);
  if (begin) {
    const [x, y] = onMap(begin.lon, begin.lat);
    map.append(svg("text", { x: x + 6, y: y - 5, "font-size": 9, fill: "#10171c" }, clock(run.start, begin.time_s)));
  }
  const near = storm.track.filter((fix) => fix.time_s >= -43_200 && fix.time_s <= run.duration_s + 21_600);
  const cell = (value: number | null, digits = 0) => (value === null ? "–" : number(value, digits));
  const fixes = table(
    [t("report.time"), t("report.position"), `${t("storm.vmax")} ${t("unit.mps")}`, `${t("storm.pmin")} ${t("unit.hpa")}`, t("report.rmw")],
    near.map((fix) => [clock(run.start, fix.time_s), `${fix.lat.toFixed(1)}°N ${fix.lon.toFixed(1)}°E`, cell(fix.vmax_mps), cell(fix.pmin_hpa), cell(fix.rmw_km)]),
    [2, 3, 4],
  );
  return section("report.storm", el("p", {}, `${both(storm.called)} · ${both(storm.source)}`), el("div", { class: "beside" }, el("figure", {}, map, curves(storm, run)), fixes));
}

/** Sea level, rain and wind over the run, each in a strip of its own with its largest value. */
function curves(storm: Storm, run: Run): SVGElement {
  const [width, strip] = [330, 52];
  const chart = svg("svg", { viewBox: `0 0 ${width} ${3 * strip + 14}`, role: "img", "aria-label": t("report.curves") });
  const looks: [string, string, string, number, (s: Storm["site"][number]) => number][] = [
    ["storm.sea", "unit.m", "#1b7a4b", 2, (s) => s.sea_level_m],
    ["storm.rain", "unit.mm_h", "#1f6fc4", 0, (s) => s.rain_mm_h],
    ["storm.wind", "unit.mps", "#b3541e", 0, (s) => s.wind_mps],
  ];
  for (const [i, [key, unit, colour, digits, of]] of looks.entries()) {
    const values = storm.site.map(of);
    const [low, high] = [Math.min(...values, 0), Math.max(...values, 0.01)];
    const y = (value: number) => i * strip + strip - 4 - ((value - low) / (high - low)) * (strip - 18);
    chart.append(
      svg("line", { x1: 0, x2: width, y1: y(0), y2: y(0), stroke: "#b8bec2", "stroke-width": 0.6 }),
      svg("path", { d: path(storm.site.map((s, k) => [(s.time_s / run.duration_s) * width, y(values[k] ?? 0)])), fill: "none", stroke: colour, "stroke-width": 1.4 }),
      svg("text", { x: 2, y: i * strip + 10, "font-size": 9, fill: colour }, `${t(key)}: ${number(high, digits)} ${t(unit)}`),
    );
  }
  for (const f of [0, 0.5, 1])
    chart.append(svg("text", { x: width * f, y: 3 * strip + 11, "font-size": 8, fill: "#46545c", "text-anchor": f === 0 ? "start" : f === 1 ? "end" : "middle" }, clock(run.start, run.duration_s * f)));
  return chart;
}

function key(title: string, stops: [number, string][]): HTMLElement {
  const parts = stops.map(([value, colour]) => {
    const swatch = el("i");
    swatch.style.background = colour;
    return el("span", {}, swatch, `≥ ${number(value * 100)} %`);
  });
  const unknown = el("i");
  unknown.style.background = UNKNOWN_COLOUR;
  return el("figcaption", {}, `${title} `, ...parts, el("span", {}, unknown, t("legend.unknown")));
}

function gridsPart(facts: Facts): HTMLElement {
  const { run, exposure, probability, geojson, roadLines } = facts;
  const merged = rows.merged(exposure, probability, null, "time", 0.15).filter(rows.reached).sort(rows.ORDERS.people);
  const of = shapes(geojson);
  const byCode = new Map(of.map((shape) => [shape.code, shape]));
  const parts: Node[] = [];
  const unknown = new Set(facts.exposure.rows.filter((row) => (rows.modelledShare(row) ?? 1) < rows.KNOWN_FROM).map((row) => row.code));
  const draw = (title: string, stops: [number, string][], value: (row: rows.GridRow) => number | null) => {
    const values = new Map(merged.map((row) => [row.code, value(row)]));
    const map = new ReportMap(of, title);
    map.areas(of, (code) => {
      const found = values.get(code);
      return unknown.has(code) ? UNKNOWN_COLOUR : found ? classColour(stops, found) : null;
    });
    map.lines(roadLines, "#5b6770", 0.35);
    for (const [i, row] of merged.slice(0, NUMBERED).entries()) {
      const shape = byCode.get(row.code);
      if (shape) map.number(middle(shape), String(i + 1));
    }
    map.scaleBar(2, `2 ${t("unit.km")}`);
    parts.push(el("figure", { class: "map" }, map.svg, key(title, stops)));
  };
  draw(t("legend.share"), SHARE_STOPS, (row) => row.share);
  if (probability) draw(t("legend.chance", { depth: number(0.15, 2) }), CHANCE_STOPS, (row) => row.chance);
  const heads = ["№", t("compare.grid"), t("card.people_reached"), t("card.flooded_share"), t("card.depth_max"), t("card.arrival"), ...(probability ? [t("legend.chance", { depth: number(0.15, 2) })] : [])];
  const body = merged.slice(0, GRIDS).map((row, i) => [
    String(i + 1),
    row.name,
    number(row.people ?? 0),
    percent(row.share ?? 0),
    `${number(row.depth ?? 0, 2)} ${t("unit.m")}`,
    row.arrival === null ? "–" : clock(run.start, row.arrival),
    ...(probability ? [row.chance === null ? "–" : percent(row.chance)] : []),
  ]);
  if (!body.length) return section("report.grids", note(t("ranking.none_wet")));
  return section("report.grids", ...parts, table(heads, body, [0, 2, 3, 4, 5, 6]), note(t("report.shown", { shown: number(body.length), all: number(merged.length) })));
}

function roadsPart({ roads, run }: Facts): HTMLElement {
  if (!roads) return section("report.roads", note(t("report.absent")));
  if (!roads.length) return section("report.roads", note(t("report.no_roads")));
  const sorted = [...roads].sort((a, b) => a.closes_s - b.closes_s);
  const body = sorted.slice(0, ROADS).map((road) => [
    road.name || road.id,
    road.id,
    clock(run.start, road.closes_s),
    road.reopens_s === null ? t("report.stays_closed", { time: clock(run.start, road.closed_at_end_s ?? run.duration_s) }) : clock(run.start, road.reopens_s),
    `${number(road.depth_max_m, 2)} ${t("unit.m")}`,
    road.detour_m === null ? t("warning.no_detour") : t("warning.detour", { km: number(road.detour_m / 1000, 1) }),
  ]);
  return section(
    "report.roads",
    table([t("report.road"), t("card.code"), t("report.closes"), t("report.reopens"), t("card.depth_max"), t("report.detour")], body, [2, 3, 4]),
    note(t("report.shown", { shown: number(body.length), all: number(roads.length) })),
  );
}

function warningsPart({ warnings }: Facts): HTMLElement {
  if (!warnings.length) return section("report.warnings", note(t("report.no_warnings")));
  const body = warnings.map((of) => {
    const colour = el("b", { class: "colour" }, t(`colour.${of.colour}`));
    colour.style.background = WARNING_COLOURS[of.colour] ?? "#888";
    const approved = of.approved ? `${of.by ?? ""} ${instant(of.approved)}` : el("span", { class: "word" }, t(`warning.${of.state}`));
    return [colour, t(`audience.${of.audience}`), el("span", {}, el("strong", {}, both(of.headline)), el("br"), both(of.instruction)), `${instant(of.onset)} – ${instant(of.expires)}`, approved];
  });
  return section("report.warnings", note(t("warnings.not_sent")), table([t("warnings.colour"), t("warnings.audience"), t("report.content"), t("report.valid"), t("report.state")], body));
}

function planPart({ plan, run, geojson, roadLines }: Facts): HTMLElement {
  if (!plan) return section("report.plan", note(t("report.absent")));
  if (!plan.steps.length) return section("report.plan", note(t("plan.nothing")));
  const of = shapes(geojson);
  const hit = new Set(plan.steps.map((step) => step.grid.code));
  const map = new ReportMap(of, t("report.routes"));
  map.areas(of, (code) => (hit.has(code) ? "#fddb9b" : null));
  map.lines(roadLines, "#aab2b7", 0.35);
  map.lines(plan.steps.flatMap((step) => (step.moves ?? [step]).flatMap((move) => (move.route ? [move.route.line] : []))), "#0a8a4f", 2);
  for (const step of plan.steps) {
    const end = step.route?.line.at(-1);
    if (end) map.square(end, "#0b5fa5");
  }
  for (const step of plan.steps.slice(0, NUMBERED)) {
    const start = step.route?.line[0];
    if (start) map.number(start, String(step.order), "#0a5a34");
  }
  map.scaleBar(2, `2 ${t("unit.km")}`);
  const idle = plan.steps.filter((step) => !isReached(step));
  const steps = plan.steps.filter(isReached).map((step) => [
    String(step.order),
    clock(run.start, step.time_s),
    step.grid.name || step.grid.code,
    number(step.people),
    number(step.people_above),
    step.staff.map((who) => `${both(who.name) || word("role", who.role)} ${number(who.count)}`).join(t("list.comma")) || "–",
    step.shelter?.name ?? (step.people > 0 ? t(step.cut_off_people ? "plan.no_dry_way" : "plan.no_shelter") : "–"),
    step.people === 0 ? "–" : step.route ? `${number(step.route.length_m / 1000, 1)} ${t("unit.km")}` : t("plan.no_route"),
  ]);
  const shelters = plan.shelters.map((shelter) => [
    shelter.name || shelter.code,
    number(shelter.capacity),
    number(shelter.assigned),
    number(shelter.places_left),
    shelter.floods_at_s === null ? t("plan.stays_dry") : clock(run.start, shelter.floods_at_s),
  ]);
  return section(
    "report.plan",
    ...(plan.cut_off_people ? [el("p", { class: "caution" }, t("plan.cut_off_lead", { people: number(plan.cut_off_people) }))] : []),
    ...(plan.unplaced_people > (plan.cut_off_people ?? 0) ? [el("p", { class: "caution" }, t("plan.nowhere", { people: number(plan.unplaced_people - (plan.cut_off_people ?? 0)) }))] : []),
    el("figure", { class: "map" }, map.svg, el("figcaption", {}, t("report.routes"))),
    table(["№", t("report.time"), t("compare.grid"), t("report.to_move"), t("report.to_stay"), t("report.staff"), t("plan.shelter"), t("report.route")], steps, [0, 1, 3, 4, 7]),
    ...(idle.length ? [note(t("report.watch", { n: number(idle.length), names: idle.map((step) => step.grid.name || step.grid.code).join(t("list.comma")) }))] : []),
    el("h3", {}, t("plan.shelters")),
    table([t("plan.shelter"), t("plan.capacity"), t("plan.assigned"), t("plan.left"), t("plan.floods")], shelters, [1, 2, 3, 4]),
    ...plan.notes.map((of) => note(both(of))),
  );
}

function trustPart({ run, storm, ensemble, twin }: Facts): HTMLElement {
  const summary = run.summary;
  const items = [
    t("report.trust_cells", { cell: number(run.cell_size_m) }),
    ...(summary ? [t("report.trust_volume", { error: summary.volume_error_rel.toExponential(1), steps: number(summary.steps) })] : []),
    ...(storm?.first_order_notes ? [both(storm.first_order_notes)] : []),
    ...(run.track_notes ?? []).map(both),
    ...(summary?.notes ?? []).map(both),
    ...(ensemble?.notes ?? []).map(both),
    t("help.first_order"),
    ...(twin.synthetic ? [both(twin.notice)] : []),
    ...(summary ? [t("report.trust_digest", { version: summary.version, digest: summary.digest.slice(0, 16) })] : []),
  ].filter(Boolean);
  return section("report.trust", el("ul", {}, ...[...new Set(items)].map((text) => el("li", {}, text))));
}

function tools() {
  const print = button(t("report.print"), () => window.print(), { class: "primary" });
  const other = button(t("language.other"), () => {
    query.set("lang", language() === "zh" ? "en" : "zh");
    location.search = query.toString();
  });
  byId("tools").replaceChildren(el("a", { href: "./" }, t("report.back")), print, other);
}

async function show() {
  setLanguage(query.get("lang") === "en" ? "en" : "zh");
  tools();
  const box = byId("report");
  box.replaceChildren(note(t("panel.loading")));
  const facts = await gather();
  if (typeof facts === "string") {
    box.replaceChildren(el("p", { class: "caution" }, facts));
    return;
  }
  document.title = `${t("report.title", { place: both(facts.twin.name) })} · ${both(facts.run.title)}`;
  box.replaceChildren(head(facts), situation(facts), stormPart(facts), gridsPart(facts), roadsPart(facts), warningsPart(facts), planPart(facts), trustPart(facts));
  document.body.dataset.ready = "true";
}

show().catch((error: unknown) => byId("report").replaceChildren(el("p", { class: "caution" }, `${t("failure.server")} ${technical(error)}`)));
