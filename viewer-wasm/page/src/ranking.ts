// The ranked and filtered list of grids; a row flies there.

import { api, type Exposure, type LayerInfo, type Run } from "./api";
import { CHANCE_BAR, classColour, LEVEL_COLOURS, SHARE_STOPS } from "./colours";
import { byId, el, setOptions } from "./dom";
import { differsFrom, probabilityOf, shownEnsemble } from "./ensembles";
import { finishedRuns } from "./forecast";
import { both, clock, number, percent, t } from "./i18n";
import { isLocal } from "./localrun";
import { face, hazardsOf, threshold } from "./paint";
import { towns, townOf } from "./places";
import { type GridRow, merged, ORDERS, passes, reached } from "./rows";
import { set, state } from "./state";
import { type Hazards, type Probability, work } from "./workapi";

/** Rows shown at once; the filter finds the others. */
const SHOWN = 100;

/** The choices of layer, order and town, in words of the language. */
export function showRankingChoices(layers: LayerInfo[]) {
  setOptions(byId<HTMLSelectElement>("ranking-layer"), layers.map((info) => [info.id, `${both(info.title)} · ${number(info.count)}`]), state.layer);
  setOptions(byId<HTMLSelectElement>("ranking-sort"), Object.keys(ORDERS).map((key) => [key, t(`ranking.by.${key}`)]), state.sort);
  setOptions(byId<HTMLSelectElement>("ranking-town"), [["", t("ranking.all_towns")], ...towns()], state.filter.town);
}

export function wireRanking() {
  const layer = byId<HTMLSelectElement>("ranking-layer");
  layer.addEventListener("change", () => set({ layer: layer.value }));
  const sort = byId<HTMLSelectElement>("ranking-sort");
  sort.addEventListener("change", () => set({ sort: sort.value }));
  const change = (of: Partial<typeof state.filter>) => set({ filter: { ...state.filter, ...of } });
  const filter = byId<HTMLInputElement>("ranking-filter");
  filter.addEventListener("input", () => change({ text: filter.value.trim() }));
  const town = byId<HTMLSelectElement>("ranking-town");
  town.addEventListener("change", () => change({ town: town.value }));
  for (const [name, scale] of [["depth", 1], ["people", 1], ["probability", 0.01]] as const) {
    const input = byId<HTMLInputElement>(`ranking-min-${name}`);
    input.addEventListener("input", () => change({ [name]: Math.max(0, input.valueAsNumber || 0) * scale }));
  }
  byId("ranking-reset").addEventListener("click", () => {
    for (const input of document.querySelectorAll<HTMLInputElement>("#ranking .tools input")) input.value = "";
    set({ filter: { text: "", depth: 0, people: 0, probability: 0, town: "" } });
    town.value = "";
  });
}

let asked = 0;

/** Fills the list from a run's exposure, the ensemble's probabilities and the hazard levels. */
export async function showRanking(exposure: Exposure | null, run: Run | null) {
  const mine = ++asked;
  const [probability, hazards] = await Promise.all([
    probabilityOf(state.layer).catch(() => null),
    face() === "hazard" || state.sort === "level" ? hazardsOf(run, state.layer) : null,
  ]);
  if (mine !== asked) return;
  const list = byId("ranking-list");
  const links = [byId<HTMLAnchorElement>("export-csv"), byId<HTMLAnchorElement>("export-geojson")] as const;
  const chances = byId<HTMLAnchorElement>("export-probability");
  for (const link of links) link.hidden = !exposure || !run;
  chances.hidden = !probability || !state.ensemble;
  if (exposure && run) {
    links[0].href = api.exportLink(run.id, exposure.layer, "csv");
    links[1].href = api.exportLink(run.id, exposure.layer, "geojson");
  }
  if (probability && state.ensemble) chances.href = work.probabilityLink(state.ensemble, state.layer, "csv");
  byId<HTMLInputElement>("ranking-min-probability").disabled = !probability;
  byId("ranking-reset").hidden = JSON.stringify(state.filter) === '{"text":"","depth":0,"people":0,"probability":0,"town":""}';
  if (!exposure && !probability) {
    byId("totals").textContent = t(isLocal(run) ? "ranking.local" : run ? "ranking.waiting" : "ranking.nothing");
    byId("ranking-note").textContent = "";
    list.replaceChildren();
    return;
  }
  const all = merged(exposure, probability, hazards, state.water, threshold());
  const wet = all.filter(reached);
  const unknown = all.filter((row) => (row.modelled ?? 1) < 1);
  const nobody = unknown.reduce((total, row) => total + (row.unknown ?? 0), 0);
  byId("totals").textContent = totals(exposure, probability, run, all, wet.length);
  // Unknown is not dry: a sum that leaves grids out says so beside itself.
  if (unknown.length) byId("totals").append(el("span", { class: "note bad" }, ` ${t("ranking.unknown", { grids: number(unknown.length), people: number(nobody) })}`));
  const rows = wet.filter((row) => passes(row, state.filter, townOf)).sort(ORDERS[state.sort] ?? ORDERS.people);
  list.replaceChildren(...rows.slice(0, SHOWN).map((row, i) => el("li", {}, entry(row, i + 1, state.layer, run))));
  if (rows.length === 0) list.replaceChildren(el("li", { class: "empty" }, t(wet.length ? "ranking.none_pass" : "ranking.none_wet")));
  const told = [t("ranking.note", { shown: Math.min(rows.length, SHOWN), all: rows.length }), districtLine(hazards), ...cautions(run)];
  byId("ranking-note").textContent = told.filter(Boolean).join(" · ");
  markRanking();
}

/** The sums of the run, or the percentiles of the sums of the members: sums of rows of percentiles would be nobody's. */
function totals(exposure: Exposure | null, probability: Probability | null, run: Run | null, all: GridRow[], wet: number): string {
  if (state.water === "time" && exposure) {
    const people = exposure.totals?.people_reached_whole ?? all.reduce((sum, row) => sum + (row.people ?? 0), 0);
    return t("ranking.totals", { people: number(people), grids: number(exposure.totals?.zones_hit ?? wet), all: number(all.length), cell: number(run?.cell_size_m ?? 0) });
  }
  const percentile = state.water === "time" ? "p90" : state.water;
  const sums = probability?.totals;
  return t("ranking.totals_members", {
    people: sums ? number(sums.people[percentile]) : "–",
    percentile: t(`ranking.percentile.${percentile}`),
    grids: sums ? number(sums.zones_hit[percentile]) : "–",
    all: number(all.length),
    cell: number(probability?.cell_size_m ?? shownEnsemble()?.cell_size_m ?? 0),
  });
}

/** Why other numbers than those shown are about: other cells, a run that was cut off, an ensemble of another forecast. */
function cautions(run: Run | null): string[] {
  const told: string[] = [];
  if (state.water !== "time") told.push(t("ranking.members_note"));
  const ensemble = shownEnsemble();
  if (ensemble && differsFrom(ensemble, run)) told.push(t("ensemble.differs", { cell: number(ensemble.cell_size_m) }));
  if (!run) return told;
  const end = run.summary?.flood_end;
  if (run.summary?.cut_off_at_end && end) told.push(t("ranking.cut_off", { share: number(100 * end.left_share), roads: number(end.roads_closed) }));
  const others = finishedRuns().filter((of) => !of.copy_of && of.id !== run.id && of.start === run.start && of.cell_size_m !== run.cell_size_m);
  const lines = others.flatMap((of) => {
    const sums = of.summary?.totals?.find((sum) => sum.layer === state.layer);
    return sums ? [t("ranking.other_cells_one", { people: number(sums.people_reached_whole), cell: number(of.cell_size_m) })] : [];
  });
  if (lines.length && !run.copy_of) told.push(t("ranking.other_cells", { list: lines.join(t("list.comma")), cell: number(run.cell_size_m) }));
  return told;
}

/** What is told once for all grids, such as the wind; empty without hazards. */
function districtLine(hazards: Hazards | null): string {
  const told = (hazards?.district ?? []).filter((of) => of.level > 0).map((of) => `${both(hazards?.hazards.find((known) => known.id === of.id)?.title)} ${t(`level.hazard_${of.level}`)}`);
  return told.length ? t("ranking.district", { hazards: told.join(t("list.comma")) }) : "";
}

/** Marks the selected grid's row. */
export function markRanking() {
  const selected = state.selection?.kind === "grid" ? state.selection.code : null;
  for (const button of document.querySelectorAll<HTMLElement>("#ranking-list button"))
    button.setAttribute("aria-current", String(button.dataset.code === selected));
}

function entry(row: GridRow, rank: number, layer: string, run: Run | null): HTMLElement {
  const fill = el("i");
  const likely = face().startsWith("p") || row.share === null;
  const length = likely ? (row.chance ?? 0) : (row.share ?? 0);
  fill.style.width = `${Math.max(1, length * 100)}%`;
  // On the dark panel one light purple reads better than the ramp of the map.
  fill.style.background = likely ? CHANCE_BAR : classColour(SHARE_STOPS, length);
  const badges: Node[] = [];
  if (row.level) {
    const badge = el("b", { class: "level", title: t("ranking.level", { level: t(`level.hazard_${row.level}`) }) }, t(`level.hazard_${row.level}`));
    badge.style.background = LEVEL_COLOURS[row.level - 1] ?? "#fff";
    badges.push(badge);
  }
  const chance = row.chance === null ? [] : [el("span", {}, t("ranking.chance", { chance: percent(row.chance) }))];
  const button = el(
    "button",
    { type: "button", "data-code": row.code },
    el("span", { class: "rank" }, String(rank)),
    el("span", { class: "name" }, row.name),
    el("span", { class: "main" }, ...badges, t("ranking.people", { people: number(row.people ?? 0) })),
    el("span", { class: "bar" }, fill),
    el(
      "span",
      { class: "facts-line" },
      ...(chance.length ? chance : [el("span", {}, t("ranking.share", { share: percent(row.share ?? 0) }))]),
      el("span", {}, t("ranking.depth", { depth: number(row.depth ?? 0, 2) })),
      el("span", {}, row.arrival === null || !run ? "–" : t("ranking.arrival", { time: clock(run.start, row.arrival) })),
    ),
  );
  button.addEventListener("click", () => {
    set({ selection: { kind: "grid", layer, code: row.code } });
    window.dispatchEvent(new CustomEvent("fly-to-grid", { detail: { layer, code: row.code } }));
  });
  return button;
}
