// The plan: who must leave where, in the order in which water comes, by which road, to which shelter.

import { needs } from "./api";
import { button, byId, el, redraw } from "./dom";
import * as engine from "./engine";
import { shownRun } from "./forecast";
import { both, clock, number, percent, t, word } from "./i18n";
import { serverId } from "./localrun";
import { type Mark, showLabels, showMarks } from "./marks";
import { layerOf, pointsOf } from "./places";
import { set, state } from "./state";
import { sentence } from "./warnings";
import { isReached, type Plan, type PlanStep, work } from "./workapi";

const plans = new Map<string, Promise<Plan>>();
let chosen: number | null = null;
let shown: Plan | null = null;
let asked = 0;

function planOf(run: string): Promise<Plan> {
  const known = plans.get(run);
  if (known) return known;
  const making = work.plan(run);
  making.catch(() => plans.delete(run));
  plans.set(run, making);
  return making;
}

/** The panel, for the run that is shown. */
export async function showPlan() {
  const run = shownRun();
  const list = byId("plan-list");
  const id = serverId(run);
  const mine = ++asked;
  for (const kind of ["csv", "geojson"] as const) {
    const link = byId<HTMLAnchorElement>(`plan-${kind}`);
    link.hidden = true;
    if (id) link.href = work.planLink(id, kind);
  }
  if (state.step !== "plan") return drawPlan(null);
  if (!id || run?.state !== "done") {
    byId("plan-totals").textContent = "";
    list.replaceChildren(el("p", { class: "empty" }, t("plan.need_run")));
    return drawPlan(null);
  }
  if (!shown) list.replaceChildren(el("p", { class: "empty" }, t("panel.loading")));
  try {
    needs("runs/{id}/plan");
    const plan = await planOf(id);
    if (mine !== asked) return;
    for (const kind of ["csv", "geojson"]) byId(`plan-${kind}`).hidden = false;
    fill(plan, run.start);
    drawPlan(plan);
  } catch (error) {
    if (mine !== asked) return;
    byId("plan-totals").textContent = "";
    list.replaceChildren(el("p", { class: "empty bad" }, sentence(error)));
    drawPlan(null);
  }
}

function fill(plan: Plan, start: string) {
  byId("plan-totals").textContent = t("plan.totals", { steps: number(plan.steps.length), people: number(plan.people), above: number(plan.people_above), shelters: number(plan.shelters.length) });
  const parts: Node[] = [];
  const cut = plan.cut_off_people ?? 0;
  if (cut > 0) parts.push(el("p", { class: "note bad lead" }, t("plan.cut_off_lead", { people: number(cut) })));
  if (plan.unplaced_people > cut) parts.push(el("p", { class: "note bad lead" }, t("plan.nowhere", { people: number(plan.unplaced_people - cut) })));
  parts.push(...plan.notes.map((note) => el("p", { class: "note lead" }, both(note))));
  if (plan.steps.length === 0) parts.push(el("p", { class: "empty" }, t("plan.nothing")));
  else parts.push(el("ol", { class: "steps" }, ...plan.steps.map((step) => el("li", {}, stepEntry(step, start)))));
  if (plan.unknown?.length) parts.push(el("h3", {}, t("plan.unknown_title")), unknownUnits(plan));
  if (plan.shelters.length) parts.push(el("h3", {}, t("plan.shelters")), shelters(plan, start));
  redraw(byId("plan-list"), ...parts);
}

/** Units outside of the model or without a number of people: not in the plan, and not safe for that. */
function unknownUnits(plan: Plan): HTMLElement {
  const rows = (plan.unknown ?? []).map((of) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, of.unit.name || of.unit.code),
      el("td", { class: "number" }, percent(of.modelled_share)),
      el("td", { class: "number" }, of.people_unknown === null ? t("card.unknown") : number(of.people_unknown)),
    ),
  );
  const heads = ["compare.grid", "plan.modelled", "plan.unknown_people"].map((key) => el("th", { scope: "col" }, t(key)));
  return el("table", { class: "rows-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows));
}

export const staffText = (step: PlanStep): string =>
  step.staff.map((of) => `${both(of.name) || word("role", of.role)} ${number(of.count)}`).join(t("list.comma"));

function stepEntry(step: PlanStep, start: string): HTMLElement {
  const act = button("", () => choose(step), { "data-code": step.grid.code, "aria-pressed": String(chosen === step.order) });
  const shelter = step.shelter ? t("plan.to", { shelter: step.shelter.name, places: number(step.shelter.places_left) }) : t(step.cut_off_people ? "plan.no_dry_way" : "plan.no_shelter");
  const dry = step.route?.dry_until_s === null || step.route?.dry_until_s === undefined ? t("plan.dry_all") : t("plan.dry_until", { time: clock(start, step.route.dry_until_s) });
  const route = step.route ? t("plan.route", { km: number(step.route.length_m / 1000, 1), dry }) : t("plan.no_route");
  const leaveBy = step.route?.leave_by_s;
  const leave = typeof leaveBy === "number" ? ` · ${t("plan.leave_by", { time: clock(start, leaveBy) })}` : "";
  const line = (text: string, of = "") => el("span", { class: `line ${of}` }, text);
  const vulnerable = step.vulnerable ? ` · ${t("plan.vulnerable", { n: number(step.vulnerable) })}` : "";
  act.append(
    el("b", { class: "order" }, number(step.order)),
    el("span", { class: "name" }, step.grid.name || step.grid.code),
    el("span", { class: "main" }, t("plan.water", { time: clock(start, step.time_s) })),
    ...(isReached(step) ? [line(`${t("plan.leave", { people: number(step.people) })} · ${t("plan.above", { people: number(step.people_above) })}${vulnerable}${step.units.length ? ` · ${t("plan.units", { n: number(step.units.length) })}` : ""}`)] : []),
    ...(step.staff.length ? [line(t("plan.staff", { staff: staffText(step) }))] : []),
    // Where nobody has to leave, nobody needs a shelter.
    ...(step.people > 0 ? [line(shelter, step.shelter ? "" : "bad"), line(`${route}${leave}`, step.route ? "" : "bad")] : []),
    ...(step.cut_off_people ? [line(t("plan.step_cut_off_people", { n: number(step.cut_off_people) }), "bad")] : []),
    ...(step.unplaced_people ? [line(t("plan.step_unplaced", { n: number(step.unplaced_people) }), "bad")] : []),
    ...(step.note && both(step.note) ? [line(both(step.note))] : []),
  );
  return act;
}

function shelters(plan: Plan, start: string): HTMLElement {
  const heads = ["plan.shelter", "plan.capacity", "plan.assigned", "plan.left", "plan.floods"];
  const rows = plan.shelters.map((of) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, of.name || of.code),
      ...[number(of.capacity), number(of.assigned), number(of.places_left)].map((text) => el("td", { class: "number" }, text)),
      el("td", { class: "number" }, of.modelled === false ? t("card.unknown") : of.floods_at_s === null ? t("plan.stays_dry") : clock(start, of.floods_at_s)),
    ),
  );
  return el("table", { class: "rows-table" }, el("thead", {}, el("tr", {}, ...heads.map((key) => el("th", { scope: "col" }, t(key))))), el("tbody", {}, ...rows));
}

function choose(step: PlanStep) {
  chosen = step.order;
  const layer = layerOf(step.grid.code) ?? state.layer;
  set({ selection: { kind: "grid", layer, code: step.grid.code } });
  if (shown) drawPlan(shown);
  for (const of of document.querySelectorAll<HTMLElement>("#plan-list .steps button")) of.setAttribute("aria-pressed", String(of.dataset.code === step.grid.code));
  if (!engine.flyToFeature("plan-chosen", String(step.order))) window.dispatchEvent(new CustomEvent("fly-to-grid", { detail: { layer, code: step.grid.code } }));
}

/** Routes as lines, the chosen one stronger; shelters as rings and numbers at their ends. */
function drawPlan(plan: Plan | null) {
  shown = plan;
  const routes = (plan?.steps ?? []).flatMap((step): Mark[] =>
    (step.moves ?? [step]).flatMap((move) => (move.route ? [{ code: String(step.order), line: move.route.line }] : [])),
  );
  showMarks("plan-routes", routes, [0, 122, 78, 255], 4);
  showMarks("plan-chosen", routes.filter((route) => route.code === String(chosen)), [226, 0, 116, 255], 7);
  const starts = (plan?.steps ?? []).flatMap((step) => {
    const at = step.route?.line[0];
    return at ? [{ at, text: number(step.order), title: t("plan.step", { n: number(step.order), grid: step.grid.name }), kind: "step", act: () => choose(step) }] : [];
  });
  showLabels("plan-steps", starts.slice(0, 60));
  if (!plan) return showLabels("plan-shelters", []);
  const used = new Map(plan.shelters.filter((of) => of.assigned > 0).map((of) => [of.code, of]));
  void pointsOf("shelter")
    .then((points) =>
      showLabels(
        "plan-shelters",
        shown
          ? points.filter((point) => used.has(point.code)).map((point) => ({ at: point.at, text: t("plan.shelter_mark"), title: t("plan.shelter_title", { name: point.name, places: number(used.get(point.code)?.places_left ?? 0) }), kind: "shelter" }))
          : [],
      ),
    )
    .catch(() => undefined);
}
