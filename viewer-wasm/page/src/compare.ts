// Two runs: A, B or both on the canvas, or how much deeper B is, with the table of both.

import { needs, offers } from "./api";
import { changeText } from "./changes";
import { button, byId, choice, el, redraw } from "./dom";
import { finishedRuns, pinRun, runName, runOf, takeBest } from "./forecast";
import { clock, number, t } from "./i18n";
import { FACES, type Face, set, state } from "./state";
import { sentence } from "./warnings";
import { type Comparison, type ComparisonRow, type Pair, work } from "./workapi";

const comparisons = new Map<string, Promise<Comparison>>();

function asking(a: string, b: string, layer: string): Promise<Comparison> {
  const key = `${a} ${b} ${layer}`;
  const known = comparisons.get(key);
  if (known) return known;
  const asked = work.compare(a, b, layer);
  asked.catch(() => comparisons.delete(key));
  comparisons.set(key, asked);
  return asked;
}

/** The comparison of the two chosen runs in a layer; `null` when none are chosen or the server cannot. */
export async function comparisonOf(layer: string): Promise<Comparison | null> {
  const pair = state.compare;
  return pair && offers("compare") ? asking(pair.a, pair.b, layer).catch(() => null) : null;
}

/** Shows one face of the pair; the time that is shown stays. */
export function showFace(face: Face) {
  const pair = state.compare;
  if (!pair) return;
  set({ compare: { ...pair, face }, water: "time" });
  // The clock of two halves is that of A.
  pinRun(face === "b" || face === "difference" ? pair.b : pair.a);
  takeBest();
}

let reveal = false;

/** Compares two runs: their difference first, its table in sight. */
export function beginCompare(a: string, b: string) {
  set({ step: "rehearsal", compare: { a, b, face: "difference" } });
  reveal = true;
  showFace("difference");
}

/** From A to B and back. */
export const otherFace = () => showFace(state.compare?.face === "b" ? "a" : "b");

export function endCompare() {
  set({ compare: null });
}

/** The bar over the map that says what is seen and changes it. */
export function showCompareBar() {
  const bar = byId("compare-bar");
  const pair = state.compare;
  const [a, b] = [runOf(pair?.a ?? null), runOf(pair?.b ?? null)];
  bar.hidden = !pair || !a || !b || state.step !== "rehearsal";
  if (!pair || !a || !b) return;
  const names: Record<Face, string> = {
    a: `A ${runName(a)}`,
    difference: t("compare.difference"),
    b: `B ${runName(b)}`,
    side: t("compare.side"),
    swipe: t("compare.swipe"),
  };
  const told: Partial<Record<Face, string>> = { a: names.a, difference: t("compare.deeper"), b: names.b };
  bar.replaceChildren(
    el(
      "div",
      { role: "group", "aria-label": t("compare.shown"), class: "segments" },
      ...FACES.map((face) =>
        button(face === "a" || face === "b" ? face.toUpperCase() : names[face], () => showFace(face), {
          "aria-pressed": String(pair.face === face),
          title: face === "side" || face === "swipe" ? t(`compare.${face}_help`) : names[face],
          "data-face": face,
        }),
      ),
    ),
    ...(told[pair.face] ? [el("span", { class: "name" }, told[pair.face] ?? "")] : []),
    button("✕", endCompare, { "aria-label": t("compare.end"), title: t("compare.end") }),
  );
}

/** The choice of A and B. */
function choices(): HTMLElement {
  const runs = finishedRuns();
  const options = runs.map((run): [string, string] => [run.id, runName(run)]);
  const a = state.compare?.a ?? runs[0]?.id ?? "";
  const b = state.compare?.b ?? runs.find((run) => run.copy_of === a)?.id ?? runs.find((run) => run.id !== a)?.id ?? "";
  const selectA = choice("A", options, a, () => undefined);
  const selectB = choice("B", options, b, () => undefined);
  const begin = button(t("compare.begin"), () => {
    if (!selectA.value || !selectB.value || selectA.value === selectB.value) return;
    beginCompare(selectA.value, selectB.value);
  });
  begin.id = "compare-begin";
  const check = () => {
    begin.disabled = selectA.value === selectB.value;
  };
  for (const select of [selectA, selectB]) select.addEventListener("change", check);
  check();
  return el("div", { class: "pair" }, el("b", {}, "A"), selectA, el("b", {}, "B"), selectB, begin);
}

const TOTALS: Record<string, { unit: string; scale: number; digits: number }> = {
  people_reached: { unit: "", scale: 1, digits: 0 },
  flooded_area_m2: { unit: "unit.km2", scale: 1e-6, digits: 2 },
  buildings_reached: { unit: "", scale: 1, digits: 0 },
  roads_cut_m: { unit: "unit.km", scale: 1e-3, digits: 1 },
  schools_reached: { unit: "", scale: 1, digits: 0 },
  damage: { unit: "unit.million", scale: 1e-6, digits: 1 },
};

function totals(comparison: Comparison): HTMLElement {
  const rows = Object.entries(TOTALS).flatMap(([name, look]) => {
    const pair: Pair | undefined = comparison.totals[name];
    if (!pair) return [];
    const cell = (value: number | null) => (value === null ? "–" : number(value * look.scale, look.digits));
    const by = pair.a === null || pair.b === null ? null : pair.b - pair.a;
    const change = by === null ? "–" : `${by > 0 ? "+" : ""}${number(by * look.scale, look.digits)}`;
    const unit = look.unit ? ` (${t(look.unit)})` : "";
    return [
      el(
        "tr",
        {},
        el("th", { scope: "row" }, `${t(`compare.${name}`)}${unit}`),
        ...[cell(pair.a), cell(pair.b)].map((text) => el("td", { class: "number" }, text)),
        el("td", { class: "number", "data-sign": String(Math.sign(by ?? 0)) }, change),
      ),
    ];
  });
  return el("table", { class: "totals-table" }, head([t("compare.total"), "A", "B", t("compare.change")]), el("tbody", {}, ...rows));
}

/** What was changed in B. */
function changed(b: string): Node[] {
  const changes = runOf(b)?.changes ?? [];
  return changes.length ? [el("ul", { class: "changed", "aria-label": t("compare.changes") }, ...changes.map((change) => el("li", {}, changeText(change))))] : [];
}

const head = (cells: string[]) => el("thead", {}, el("tr", {}, ...cells.map((text) => el("th", { scope: "col" }, text))));

/** Rows of the table at once. */
const SHOWN = 60;

function rowsTable(comparison: Comparison): HTMLElement {
  const by = (row: ComparisonRow) => row.difference.depth_max_m ?? 0;
  const changed = comparison.rows.filter((row) => Math.abs(by(row)) >= 0.005 || Math.abs(row.difference.people_reached ?? 0) >= 0.5);
  changed.sort((p, q) => Math.abs(by(q)) - Math.abs(by(p)));
  if (changed.length === 0) return el("p", { class: "note" }, t("compare.same"));
  const run = runOf(state.compare?.b ?? null);
  const signed = (value: number | null | undefined, digits: number) =>
    value === null || value === undefined ? "–" : `${value > 0 ? "+" : ""}${number(value, digits)}`;
  const rows = changed.slice(0, SHOWN).map((row) => {
    const fly = button(row.name || row.code, () => {
      set({ selection: { kind: "grid", layer: state.layer, code: row.code } });
      window.dispatchEvent(new CustomEvent("fly-to-grid", { detail: { layer: state.layer, code: row.code } }));
    });
    const arrives = row.b?.arrival_s;
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, fly),
      el("td", { class: "number", "data-sign": String(Math.sign(by(row))) }, signed(by(row), 2)),
      el("td", { class: "number" }, signed(row.difference.people_reached, 0)),
      el("td", { class: "number" }, run && typeof arrives === "number" ? clock(run.start, arrives) : "–"),
    );
  });
  return el(
    "table",
    { class: "rows-table" },
    head([t("compare.grid"), t("compare.depth"), t("compare.people"), t("compare.arrival")]),
    el("tbody", {}, ...rows),
  );
}

let asked = 0;

/** The part of the rehearsal panel that compares. */
export async function showCompare() {
  const box = byId("compare");
  const mine = ++asked;
  showCompareBar();
  if (finishedRuns().length < 2) {
    box.replaceChildren(el("p", { class: "note" }, t("compare.need_two")));
    return;
  }
  const parts: Node[] = [choices()];
  if (state.compare) {
    try {
      needs("compare");
      const comparison = await asking(state.compare.a, state.compare.b, state.layer);
      parts.push(...changed(state.compare.b), totals(comparison), rowsTable(comparison));
    } catch (error) {
      parts.push(el("p", { class: "note bad" }, sentence(error)));
    }
  } else parts.push(el("p", { class: "note" }, t("compare.hint")));
  if (mine !== asked) return;
  redraw(box, ...parts);
  if (reveal && state.compare) byId("compare-heading").scrollIntoView({ block: "start" });
  if (state.compare && parts.length > 2) reveal = false;
}
