// Ensembles: which one probabilities come from, how their members go on, what they found.

import { offers, type Run } from "./api";
import type { Band, Plume } from "./charts";
import { button, byId, el, redraw, setOptions, toast } from "./dom";
import { both, number, percent, remaining, t } from "./i18n";
import { set, state } from "./state";
import { type Ensemble, type Member, type PlumeAnswer, type Probability, type ProbabilityRow, work } from "./workapi";

let known: Ensemble[] = [];
let pinned: string | null = null;
const own = new Set<string>();
const probabilities = new Map<string, Probability>();
const plumes = new Map<string, Plume | null>();

export const shownEnsemble = (): Ensemble | null => known.find((of) => of.id === state.ensemble && of.state === "done") ?? null;

/** Whether an ensemble spreads another forecast than a run, so that its chances may contradict it. */
export const differsFrom = (of: Ensemble | null, run: Run | null): boolean =>
  !!of && !!run?.summary && (of.control ? of.control !== run.summary.digest : of.cell_size_m !== run.cell_size_m);

/** Keeps to the ensemble that the address or a person names. */
export function pinEnsemble(id: string | null) {
  pinned = id;
}

/** One that this page has started: it is shown when it is done. */
export function followEnsemble(ensemble: Ensemble) {
  own.add(ensemble.id);
  known = [...known.filter((of) => of.id !== ensemble.id), ensemble];
  pinned = ensemble.id;
  showEnsembles();
}

/** Asks for the ensembles; true while one is being computed. */
export async function lookAtEnsembles(): Promise<boolean> {
  if (!offers("ensembles")) return false;
  try {
    known = await work.ensembles();
  } catch {
    // The runs are asked for as often, and tell when the server is lost.
    return false;
  }
  const done = known.filter((of) => of.state === "done");
  const next = done.find((of) => of.id === pinned) ?? (pinned === "" ? null : done.find((of) => of.id === state.ensemble) ?? done.at(-1)) ?? null;
  for (const of of known) {
    if (!own.has(of.id) || of.state === "running" || of.state === "queued") continue;
    own.delete(of.id);
    if (of.state === "done") {
      set({ tint: "p0.15" });
      toast(t("ensemble.done", { members: number(of.members.length) }), "good");
    } else if (of.state === "failed") toast(`${t("ensemble.failed")} ${both(of.message)}`);
  }
  set({ ensemble: next?.id ?? null, ...(next ? {} : { water: "time" }) });
  showEnsembles();
  return known.some((of) => of.state === "running" || of.state === "queued");
}

const finished = (of: Ensemble) => of.members.filter((member) => member.state === "done").length;

/** A name for lists. */
const label = (of: Ensemble) => both(of.title) || t("ensemble.label", { members: number(of.members.length), cell: number(of.cell_size_m) });

/** The choice, and those that are being computed, in the box of the forecasts. */
export function showEnsembles() {
  const done = known.filter((of) => of.state === "done");
  const row = byId("ensemble-row");
  row.hidden = done.length === 0;
  const options = done.map((of, i): [string, string] => [of.id, done.length > 1 ? `${label(of)} · ${i + 1}` : label(of)]);
  setOptions(byId<HTMLSelectElement>("ensemble-choice"), [...options, ["", t("ensemble.none")]], state.ensemble ?? "");
  const wanted = ["running", "queued", "interrupted"];
  const busy = known.filter((of) => wanted.includes(of.state) || (of.state === "failed" && of === known.at(-1)));
  redraw(byId("working"), ...busy.map(progress));
  const open = byId<HTMLDialogElement>("members");
  const shown = known.find((of) => of.id === open.dataset.ensemble);
  if (open.open && shown) fillMembers(shown);
}

function progress(of: Ensemble): HTMLElement {
  const done = finished(of);
  const words = t(`ensemble.${of.state}`, { done: number(done), members: number(of.members.length) });
  const eta = of.eta_s !== null && of.state === "running" ? ` · ${t("run.eta", { time: remaining(of.eta_s) })}` : "";
  const cancel = button(t("run.cancel"), async () => {
    await work.cancelEnsemble(of.id).catch(() => toast(t("failure.lost")));
  });
  const again = button(t("ensemble.resume"), async () => {
    await work.resumeEnsemble(of.id).catch(() => toast(t("failure.lost")));
  });
  const actions = { running: [cancel], queued: [cancel], interrupted: [again] }[of.state as string] ?? [];
  return el(
    "li",
    {},
    el("span", { class: "title" }, label(of)),
    el("span", { class: "note", role: "status" }, `${words}${eta}`, of.state === "failed" ? ` ${both(of.message)}` : ""),
    dots(of),
    el("span", { class: "actions" }, button(t("ensemble.members"), () => openMembers(of)), ...actions),
  );
}

/** A small square for each member. */
function dots(of: Ensemble): HTMLElement {
  const squares = of.members.map((member) => el("i", { "data-state": member.state, title: `${member.n}: ${t(`member.${member.state}`)}` }));
  return el("span", { class: "dots", role: "img", "aria-label": t("ensemble.dots", { done: number(finished(of)), members: number(of.members.length) }) }, ...squares);
}

function openMembers(of: Ensemble) {
  const dialog = byId<HTMLDialogElement>("members");
  dialog.dataset.ensemble = of.id;
  fillMembers(of);
  if (!dialog.open) dialog.showModal();
}

const signed = (value: number | undefined, digits: number) =>
  value === undefined ? "–" : `${value > 0 ? "+" : ""}${number(value, digits)}`;

function memberRow(member: Member): HTMLElement {
  const of = member.perturbation ?? {};
  const factor = (value: number | undefined) => (value === undefined ? "–" : `× ${number(value, 2)}`);
  const told = `${t(`member.${member.state}`)}${member.attempts > 1 ? ` · ${t("member.attempts", { n: member.attempts })}` : ""}`;
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, String(member.n)),
    el("td", { title: both(member.message) }, el("i", { "data-state": member.state }), ` ${told}`),
    ...[
      signed(of.cross_track_km, 0),
      signed(of.along_track_km, 0),
      factor(of.vmax_factor),
      factor(of.rmw_factor),
      factor(of.rain_factor),
      of.tide_shift_s === undefined ? "–" : signed(of.tide_shift_s / 60, 0),
    ].map((text) => el("td", { class: "number" }, text)),
  );
}

function fillMembers(of: Ensemble) {
  const dialog = byId<HTMLDialogElement>("members");
  const heads = ["member.n", "member.state", "member.cross", "member.along", "member.vmax", "member.rmw", "member.rain", "member.tide"];
  const table = el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...heads.map((key) => el("th", { scope: "col" }, t(key))))),
    el("tbody", {}, ...of.members.map(memberRow)),
  );
  const facts = t("ensemble.facts", { seed: String(of.seed), cell: number(of.cell_size_m), done: number(finished(of)), members: number(of.members.length) });
  redraw(
    dialog,
    el("h2", { id: "members-title" }, label(of)),
    el("p", { class: "note" }, facts),
    ...(of.message ? [el("p", { class: "note bad" }, both(of.message))] : []),
    ...(of.notes ?? []).map((note) => el("p", { class: "note" }, both(note))),
    el("div", { class: "scroll" }, table),
    el("p", { class: "actions" }, button(t("help.close"), () => dialog.close())),
  );
}

export function wireEnsembles() {
  const select = byId<HTMLSelectElement>("ensemble-choice");
  select.addEventListener("change", () => {
    pinned = select.value;
    set({ ensemble: select.value || null, ...(select.value ? {} : { water: "time", tint: state.tint.startsWith("p") ? "share" : state.tint }) });
  });
  byId("ensemble-members").addEventListener("click", () => {
    const of = shownEnsemble();
    if (of) openMembers(of);
  });
}

/** The probabilities of the shown ensemble in one layer; fetched once. */
export async function probabilityOf(layer: string): Promise<Probability | null> {
  const ensemble = shownEnsemble();
  if (!ensemble) return null;
  const key = `${ensemble.id} ${layer}`;
  const found = probabilities.get(key);
  if (found) return found;
  const answer = await work.probability(ensemble.id, layer);
  probabilities.set(key, answer);
  return answer;
}

/** The probability of at least a depth, by the server's spelling of it. */
export const chance = (row: ProbabilityRow | null | undefined, depth: number): number | null =>
  row?.probability[String(depth)] ?? row?.probability[depth.toFixed(2)] ?? null;

/** How far the members spread at the site; fetched once. */
export async function plumeOf(): Promise<Plume | null> {
  const ensemble = shownEnsemble();
  if (!ensemble) return null;
  if (!plumes.has(ensemble.id)) plumes.set(ensemble.id, readPlume(await work.plume(ensemble.id).catch(() => null), ensemble.start));
  return plumes.get(ensemble.id) ?? null;
}

/** The server's plume as bands; `null` where it has none. */
function readPlume(answer: PlumeAnswer | null, start: string | undefined): Plume | null {
  if (!answer) return null;
  const band = (name: keyof PlumeAnswer["percentiles"]): Band | null => {
    const found = answer.percentiles[name];
    return found ? { low: found.p10, middle: found.p50, high: found.p90 } : null;
  };
  const [sea, rain, wind] = [band("sea_level_m"), band("rain_mm_h"), band("wind_mps")];
  return sea && rain && wind ? { ...(start ? { start } : {}), time_s: answer.time_s, sea, rain, wind } : null;
}

/** The chance in words of a row: "85 %". */
export const chanceText = (value: number | null): string => (value === null ? "–" : percent(value));
