// The ranked list of the worst grids; a row flies there.

import { api, type Exposure, type ExposureRow, type LayerInfo, type Run } from "./api";
import { classColour, SHARE_STOPS } from "./colours";
import { byId, el } from "./dom";
import { both, clock, number, percent, t } from "./i18n";
import { isLocal } from "./localrun";
import { arrival, depthMax, ORDERS, people, rowName, share } from "./rows";
import { set, state } from "./state";

/** Rows shown at once; the filter finds the others. */
const SHOWN = 100;

/** The choices of layer and order, in words of the language. */
export function showRankingChoices(layers: LayerInfo[]) {
  const layer = byId<HTMLSelectElement>("ranking-layer");
  layer.replaceChildren(...layers.map((info) => el("option", { value: info.id }, `${both(info.title)} · ${number(info.count)}`)));
  layer.value = state.layer;
  const sort = byId<HTMLSelectElement>("ranking-sort");
  sort.replaceChildren(...Object.keys(ORDERS).map((key) => el("option", { value: key }, t(`ranking.by.${key}`))));
  sort.value = state.sort;
}

export function wireRanking() {
  const layer = byId<HTMLSelectElement>("ranking-layer");
  layer.addEventListener("change", () => set({ layer: layer.value }));
  const sort = byId<HTMLSelectElement>("ranking-sort");
  sort.addEventListener("change", () => set({ sort: sort.value }));
  const filter = byId<HTMLInputElement>("ranking-filter");
  filter.addEventListener("input", () => set({ filter: filter.value.trim() }));
}

/** Fills the list from a run's exposure. */
export function showRanking(exposure: Exposure | null, run: Run | null) {
  const list = byId("ranking-list");
  const links = [byId<HTMLAnchorElement>("export-csv"), byId<HTMLAnchorElement>("export-geojson")];
  for (const link of links) link.hidden = !exposure || !run;
  if (!exposure || !run) {
    byId("totals").textContent = t(isLocal(run) ? "ranking.local" : "ranking.waiting");
    byId("ranking-note").textContent = "";
    list.replaceChildren();
    return;
  }
  links[0]!.href = api.exportLink(run.id, exposure.layer, "csv");
  links[1]!.href = api.exportLink(run.id, exposure.layer, "geojson");
  const reached = exposure.rows.filter((row) => (share(row) ?? 0) > 0);
  const sum = exposure.rows.reduce((total, row) => total + (people(row) ?? 0), 0);
  byId("totals").textContent = t("ranking.totals", { people: number(sum), grids: number(reached.length), all: number(exposure.rows.length) });
  const wanted = state.filter.toLowerCase();
  const rows = reached
    .filter((row) => !wanted || `${rowName(row)} ${row.code}`.toLowerCase().includes(wanted))
    .sort(ORDERS[state.sort] ?? ORDERS.people);
  list.replaceChildren(...rows.slice(0, SHOWN).map((row, i) => el("li", {}, entry(row, i + 1, exposure.layer, run))));
  byId("ranking-note").textContent = t("ranking.note", { shown: Math.min(rows.length, SHOWN), all: rows.length });
}

/** Marks the selected grid's row. */
export function markRanking() {
  const selected = state.selection?.kind === "grid" ? state.selection.code : null;
  for (const button of document.querySelectorAll<HTMLElement>("#ranking-list button"))
    button.setAttribute("aria-current", String(button.dataset.code === selected));
}

function entry(row: ExposureRow, rank: number, layer: string, run: Run): HTMLElement {
  const flooded = share(row) ?? 0;
  const fill = el("i");
  fill.style.width = `${Math.max(1, flooded * 100)}%`;
  fill.style.background = classColour(SHARE_STOPS, flooded);
  const first = arrival(row);
  const button = el(
    "button",
    { type: "button", "data-code": row.code },
    el("span", { class: "rank" }, String(rank)),
    el("span", { class: "name" }, rowName(row)),
    el("span", { class: "main" }, t("ranking.people", { people: number(people(row) ?? 0) })),
    el("span", { class: "bar" }, fill),
    el(
      "span",
      { class: "facts-line" },
      el("span", {}, t("ranking.share", { share: percent(flooded) })),
      el("span", {}, t("ranking.depth", { depth: number(depthMax(row) ?? 0, 2) })),
      el("span", {}, first === null ? "–" : t("ranking.arrival", { time: clock(run.start, first) })),
    ),
  );
  button.addEventListener("click", () => {
    set({ selection: { kind: "grid", layer, code: row.code } });
    window.dispatchEvent(new CustomEvent("fly-to-grid", { detail: { layer, code: row.code } }));
  });
  return button;
}
