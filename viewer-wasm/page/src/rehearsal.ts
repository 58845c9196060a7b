// The rehearsal: a copy of the shown forecast, what is changed in it, and its run.

import type { Run } from "./api";
import { button, byId, choice, el, field, numberInput, redraw, toast } from "./dom";
import { changeText, learnGates } from "./changes";
import { beginCompare, showCompare, showCompareBar } from "./compare";
import { awaitRun, runName, runOf, shownRun } from "./forecast";
import { both, language, t } from "./i18n";
import { serverId } from "./localrun";
import { showLabels, showMarks } from "./marks";
import { pickLine, pickOne } from "./pickplace";
import { gridName, type PointPlace } from "./places";
import { set, state } from "./state";
import { sentence } from "./warnings";
import { type Change, type LonLat, work } from "./workapi";

const KINDS: Change["kind"][] = ["gate", "pump", "levee", "evacuate", "shift_track", "sea_level", "rain"];

let changes: Change[] = [];
let kind: Change["kind"] = "gate";
/** The forecast that is copied; stays while its rehearsal is shown. */
let base: string | null = null;
let gates: readonly PointPlace[] = [];
let sending = false;

function add(change: Change) {
  changes = [...changes, change];
  showRehearsal();
  document.getElementById("rehearsal-start")?.focus({ preventScroll: true });
}

function baseRun(): Run | null {
  const now = shownRun();
  const id = serverId(now);
  // A rehearsal that is shown was copied from somewhere: the next one starts from there too.
  const origin = now?.copy_of ? now.copy_of : id;
  if (origin && !state.compare) base = origin;
  return runOf(base) ?? runOf(id);
}

/** The panel. */
export function showRehearsal() {
  const run = baseRun();
  const box = byId("rehearsal-new");
  if (!run || run.state !== "done" || !serverId(run)) {
    box.replaceChildren(el("p", { class: "empty" }, t("rehearsal.need_run")));
    drawChanges();
    return;
  }
  const list = el(
    "ol",
    { class: "changes" },
    ...changes.map((change, i) =>
      el(
        "li",
        {},
        el("span", {}, changeText(change)),
        button("✕", () => {
          changes = changes.filter((_, k) => k !== i);
          showRehearsal();
        }, { "aria-label": t("change.remove", { n: i + 1 }), title: t("change.remove", { n: i + 1 }) }),
      ),
    ),
  );
  const kinds = choice(t("change.kind"), KINDS.map((of): [string, string] => [of, t(`change.${of}`)]), kind, (value) => {
    kind = value as Change["kind"];
    showRehearsal();
    document.getElementById("change-kind")?.focus();
  });
  kinds.id = "change-kind";
  titleInput.placeholder = t("rehearsal.title_hint");
  const start = button(sending ? t("rehearsal.sending") : t("rehearsal.start"), () => void begin(run, titleInput.value.trim()), { class: "primary", id: "rehearsal-start" });
  start.disabled = changes.length === 0 || sending;
  redraw(
    box,
    el("p", {}, t("rehearsal.base"), " ", el("b", {}, runName(run))),
    changes.length ? list : el("p", { class: "note" }, t("rehearsal.no_changes")),
    field(t("change.add"), kinds),
    form(),
    field(t("rehearsal.name"), titleInput),
    el("p", { class: "actions" }, start),
  );
  drawChanges();
}

let made: { key: string; form: HTMLElement } | null = null;

/** The form of the chosen kind; what is typed in it stays while the panel is drawn anew. */
function form(): HTMLElement {
  const chosen = kind === "evacuate" && state.selection?.kind === "grid" ? state.selection.code : "";
  const key = [kind, language(), kind === "gate" ? gates.length : 0, chosen].join();
  if (made?.key !== key) made = { key, form: el("div", { class: "change-form" }, ...FORMS[kind]()) };
  return made.form;
}

const titleInput = el("input", { type: "text", maxlength: "80", id: "rehearsal-title" });

const FORMS: Record<Change["kind"], () => Node[]> = {
  gate: () => {
    const to = choice(t("change.state"), [["closed", t("change.closed")], ["open", t("change.open")]], "closed", () => undefined);
    const which = choice(t("change.gate"), gates.map((gate): [string, string] => [gate.code, gate.name]), gates[0]?.code ?? "", () => undefined);
    const at = () => gates.find((gate) => gate.code === which.value)?.at;
    const take = (place: LonLat) => add({ kind: "gate", at: place, state: to.value as "open" | "closed" });
    const ok = button(t("change.take"), () => {
      const here = at();
      if (here) take(here);
    }, { "data-act": "add" });
    ok.disabled = gates.length === 0;
    const onMap = button(t("change.on_map"), () =>
      pickOne(t("pick.gate"), ({ at }) => {
        const near = nearest(at);
        if (near) take(near.at);
        else toast(t("change.no_gate"));
      }),
    );
    return [field(t("change.gate"), which), field(t("change.state"), to), el("p", { class: "actions" }, onMap, ok)];
  },
  pump: () => {
    const rate = numberInput(5, { min: 0.1, max: 200, step: 0.5 });
    const out = choice(t("change.outlet"), [["away", t("change.outlet_away")], ["place", t("change.outlet_place")]], "away", () => undefined);
    const onMap = button(t("change.on_map"), () =>
      pickOne(t("pick.pump"), ({ at }) => {
        const put = (to?: LonLat) => add({ kind: "pump", at, ...(to ? { to } : {}), rate_m3_s: rate.valueAsNumber || 5 });
        if (out.value === "place") pickOne(t("pick.outlet"), (place) => put(place.at));
        else put();
      }),
    );
    return [field(t("change.rate"), rate), field(t("change.outlet"), out), el("p", { class: "actions" }, onMap)];
  },
  levee: () => {
    const how = choice(t("change.levee_how"), [["raise", t("change.raise")], ["crest", t("change.crest")]], "raise", () => undefined);
    const metres = numberInput(1, { min: 0.1, max: 15, step: 0.1 });
    const onMap = button(t("change.draw"), () =>
      pickLine(
        t("pick.levee"),
        (line) => {
          showMarks("draft-line", line.length > 1 ? [{ code: "draft", line: [...line] }] : [], [160, 40, 160, 255], 5);
          showLabels("draft-line", line.map((at, i) => ({ at, text: String(i + 1), title: String(i + 1), kind: "draft" })));
        },
        (line) => {
          const value = metres.valueAsNumber || 1;
          add({ kind: "levee", line, ...(how.value === "raise" ? { raise_m: value } : { crest_m: value }) });
        },
      ),
    );
    return [field(t("change.levee_how"), how), field(t("change.metres"), metres), el("p", { class: "actions" }, onMap)];
  },
  evacuate: () => {
    const chosen = state.selection?.kind === "grid" ? state.selection.code : null;
    const put = (code: string) => {
      const others = changes.filter((change) => change.kind !== "evacuate");
      const before = changes.flatMap((change) => (change.kind === "evacuate" ? change.codes : []));
      changes = [...others, { kind: "evacuate", codes: [...new Set([...before, code])] }];
      showRehearsal();
    };
    const selected = button(chosen ? t("change.selected", { grid: gridName(chosen) }) : t("change.none_selected"), () => {
      if (chosen) put(chosen);
    }, { "data-act": "add" });
    selected.disabled = !chosen;
    const onMap = button(t("change.on_map"), () =>
      pickOne(t("pick.unit"), ({ grids }) => {
        const hit = grids.find((of) => of.layer === state.layer) ?? grids.at(-1);
        if (hit) put(hit.code);
        else toast(t("pick.no_grid"));
      }),
    );
    return [el("p", { class: "note" }, t("change.evacuate_note")), el("p", { class: "actions" }, onMap, selected)];
  },
  shift_track: () => {
    const [east, north, hours] = [numberInput(0, { min: -500, max: 500, step: 5 }), numberInput(0, { min: -500, max: 500, step: 5 }), numberInput(0, { min: -48, max: 48, step: 0.5 })];
    const ok = button(t("change.take"), () =>
      add({ kind: "shift_track", east_km: east.valueAsNumber || 0, north_km: north.valueAsNumber || 0, hours: hours.valueAsNumber || 0 }), { "data-act": "add" });
    return [field(t("change.east"), east), field(t("change.north"), north), field(t("change.later"), hours), el("p", { class: "actions" }, ok)];
  },
  sea_level: () => {
    const metres = numberInput(0.3, { min: -2, max: 5, step: 0.05 });
    const ok = button(t("change.take"), () => add({ kind: "sea_level", add_m: metres.valueAsNumber || 0 }), { "data-act": "add" });
    return [field(t("change.sea_level_m"), metres), el("p", { class: "actions" }, ok)];
  },
  rain: () => {
    const factor = numberInput(1.2, { min: 0, max: 5, step: 0.05 });
    const ok = button(t("change.take"), () => add({ kind: "rain", factor: Number.isFinite(factor.valueAsNumber) ? factor.valueAsNumber : 1 }), { "data-act": "add" });
    return [field(t("change.factor"), factor), el("p", { class: "actions" }, ok)];
  },
};

/** The gate nearest to a click, if it is not far off [some 400 m]. */
function nearest(at: LonLat): PointPlace | null {
  const scale = Math.cos((at[1] * Math.PI) / 180);
  const far = (gate: PointPlace) => Math.hypot((gate.at[0] - at[0]) * scale, gate.at[1] - at[1]);
  const best = [...gates].sort((a, b) => far(a) - far(b))[0];
  return best && far(best) < 0.004 ? best : null;
}

async function begin(run: Run, title: string) {
  sending = true;
  showRehearsal();
  try {
    const begun = await work.startRun({ copy_of: run.id, changes, cell_size_m: run.cell_size_m, ...(title ? { title } : {}) });
    toast(t("rehearsal.begun"), "good");
    awaitRun(begun, (ended) => {
      if (ended.state !== "done") {
        toast(`${t("rehearsal.failed")} ${both(ended.message)}`);
        return;
      }
      toast(t("rehearsal.done"), "good");
      beginCompare(run.id, ended.id);
    });
    changes = [];
    titleInput.value = "";
  } catch (error) {
    toast(sentence(error));
  }
  sending = false;
  showRehearsal();
}

/** Draws what is to be changed: levees as lines, gates with their names. */
function drawChanges() {
  const here = state.step === "rehearsal";
  const levees = changes.flatMap((change, i) => (change.kind === "levee" ? [{ code: `levee-${i}`, line: change.line }] : []));
  showMarks("rehearsal-levees", here ? levees : [], [160, 40, 160, 255], 6);
  const pumps = changes.flatMap((change) => (change.kind === "pump" ? [change.at] : []));
  showLabels("rehearsal-pumps", here ? pumps.map((at) => ({ at, text: t("change.pump"), title: t("change.pump"), kind: "gate" })) : []);
  const labels = gates.map((gate) => {
    const changed = changes.find((change) => change.kind === "gate" && change.at[0] === gate.at[0] && change.at[1] === gate.at[1]);
    return {
      at: gate.at,
      text: changed ? changeText(changed) : gate.name,
      title: t("change.close_gate", { gate: gate.name }),
      kind: changed ? "changed" : "gate",
      act: () => {
        if (!changed) add({ kind: "gate", at: gate.at, state: "closed" });
      },
    };
  });
  showLabels("rehearsal-gates", here && kind === "gate" && !state.compare ? labels : []);
}

/** The whole step: what is changed, and the comparison. */
export async function openRehearsal() {
  if (state.step === "rehearsal" && gates.length === 0) gates = await learnGates();
  showRehearsal();
  showCompareBar();
  if (state.step === "rehearsal") await showCompare();
}
