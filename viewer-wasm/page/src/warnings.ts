// Warnings: drafts by audience and colour, what they reach, and the approval by a named person. Nothing is sent.

import { needs, ServerError, technical } from "./api";
import { WARNING_COLOURS } from "./colours";
import { busyWithin, button, byId, choice, el, facts, field, redraw, toast } from "./dom";
import * as engine from "./engine";
import { shownEnsemble } from "./ensembles";
import { runName, runOf, shownRun } from "./forecast";
import { both, clock, instant, number, t } from "./i18n";
import { serverId } from "./localrun";
import { type Mark, showLabels, showMarks } from "./marks";
import { localOf } from "./geo";
import { gridName, layerOf, pointsOf, roadLines } from "./places";
import { set, state } from "./state";
import { type LonLat, type Warning, type WarningChange, type WarningState, work } from "./workapi";

let known: Warning[] = [];
let trouble: string | null = null;
let loaded = false;
const filter = { audience: "", colour: "" };

/** The three parts of the list, and which states they hold. */
const PARTS: [string, WarningState[]][] = [
  ["drafts", ["draft"]],
  ["issued", ["issued"]],
  ["ended", ["superseded", "cancelled", "expired", "discarded"]],
];
const AUDIENCES = ["pupils_parents", "drivers", "residents"];

export const openWarning = (): Warning | null => known.find((warning) => warning.id === state.warning) ?? null;
export const knownWarnings = (): readonly Warning[] => known;

/** What the server said, in words for a person: an older program lacks whole routes. */
export function sentence(error: unknown): string {
  if (!(error instanceof ServerError)) return technical(error);
  if (error.status === 404 && (!error.text || error.text.zh.includes("/api/"))) return t("failure.absent");
  return error.text ? both(error.text) : t("failure.lost");
}

/** Asks for all warnings and shows them. */
export async function loadWarnings() {
  try {
    needs("warnings");
    known = await work.warnings();
    trouble = null;
  } catch (error) {
    trouble = sentence(error);
  }
  loaded = true;
  showWarnings();
  await showTargets(false);
}

/** Looks again now and then, unless a person is typing there. */
export function watchWarnings() {
  window.setInterval(() => {
    const editing = document.querySelector("#warnings .decide details[open]");
    if (state.step === "warnings" && !document.hidden && !editing && !busyWithin(byId("warnings"))) void loadWarnings();
  }, 20_000);
}

export function wireWarnings() {
  byId("warnings-draft").addEventListener("click", async () => {
    const run = serverId(shownRun());
    if (!run) return;
    const draft = byId<HTMLButtonElement>("warnings-draft");
    draft.disabled = true;
    try {
      const made = await work.draftWarnings(run, shownEnsemble()?.id ?? null);
      await loadWarnings();
      toast(made.length ? t("warnings.drafted", { n: number(made.length) }) : t("warnings.none_needed"), "good");
    } catch (error) {
      toast(sentence(error));
    }
    showWarnings();
  });
}

/** The panel. */
export function showWarnings() {
  const run = shownRun();
  const draft = byId<HTMLButtonElement>("warnings-draft");
  draft.disabled = trouble !== null || !run || run.state !== "done" || serverId(run) === null;
  const drafts = known.filter((warning) => warning.state === "draft").length;
  const badge = byId("drafts-count");
  badge.textContent = drafts ? number(drafts) : "";
  badge.hidden = drafts === 0;
  badge.setAttribute("aria-label", t("warnings.waiting", { n: number(drafts) }));
  const tools = byId("warnings-filter");
  const all = t("warnings.all");
  tools.replaceChildren(
    choice(t("warnings.audience"), [["", all], ...AUDIENCES.map((name): [string, string] => [name, t(`audience.${name}`)])], filter.audience, (value) => {
      filter.audience = value;
      showWarnings();
    }),
    choice(
      t("warnings.colour"),
      [["", t("warnings.all_colours")], ...Object.keys(WARNING_COLOURS).map((name): [string, string] => [name, t(`colour.${name}`)])],
      filter.colour,
      (value) => {
        filter.colour = value;
        showWarnings();
      },
    ),
  );
  tools.hidden = known.length === 0;
  const list = byId("warnings-list");
  if (!known.length) {
    const text = trouble ?? (draft.disabled ? t("warnings.need_run") : loaded ? t("warnings.empty") : t("panel.loading"));
    list.replaceChildren(el("p", { class: trouble ? "empty bad" : "empty" }, text));
    return;
  }
  const shown = known.filter((of) => (!filter.audience || of.audience === filter.audience) && (!filter.colour || of.colour === filter.colour));
  const parts = PARTS.flatMap(([name, states]) => {
    const here = shown.filter((warning) => states.includes(warning.state));
    return here.length ? [el("h3", {}, t(`warnings.${name}`, { n: number(here.length) })), ...here.map(entry)] : [];
  });
  redraw(list, ...(parts.length ? parts : [el("p", { class: "empty" }, t("warnings.none_pass"))]));
}

export function colourBadge(colour: string): HTMLElement {
  const badge = el("b", { class: "colour" }, t(`colour.${colour}`));
  badge.style.background = WARNING_COLOURS[colour] ?? "#888";
  if (colour === "red" || colour === "blue") badge.style.color = "#fff";
  return badge;
}

function entry(warning: Warning): HTMLElement {
  const open = state.warning === warning.id;
  const head = button("", () => set({ warning: open ? null : warning.id }), { "aria-expanded": String(open), class: "head" });
  const other = warning.run === serverId(shownRun()) ? null : runOf(warning.run);
  const reach = [
    ...(warning.possible ? [t("warning.possible")] : []),
    ...(warning.targets.schools.length ? [t("warnings.n_schools", { n: number(warning.targets.schools.length) })] : []),
    ...(warning.targets.roads.length ? [t("warnings.n_roads", { n: number(warning.targets.roads.length) })] : []),
    t("warnings.n_grids", { n: number(warning.grids.length) }),
    ...(warning.targets.people ? [t("ranking.people", { people: number(warning.targets.people) })] : []),
    // Drafts of several runs look alike.
    ...(other ? [t("warnings.of_run", { run: runName(other) })] : []),
  ];
  head.append(
    colourBadge(warning.colour),
    el("span", { class: "audience" }, t(`audience.${warning.audience}`)),
    el("span", { class: "state", "data-state": warning.state }, warning.msg_type === "Alert" ? t(`warning.${warning.state}`) : `${t(`msg.${warning.msg_type}`)} · ${t(`warning.${warning.state}`)}`),
    el("span", { class: "headline" }, both(warning.headline)),
    el("span", { class: "note" }, reach.join(" · ")),
  );
  return el("article", { class: "warning", "data-id": warning.id, "data-state": warning.state }, head, ...(open ? [body(warning)] : []));
}

function when(warning: Warning, seconds: number | null | undefined): string {
  const start = warning.run_start ?? runOf(warning.run)?.start;
  return start && typeof seconds === "number" ? clock(start, seconds) : "–";
}

/** Entries of a list of targets shown before the rest is folded away. */
const FIRST = 12;

function targets(title: string, items: HTMLElement[]): Node[] {
  if (items.length === 0) return [];
  const list = (part: HTMLElement[]) => el("ul", { class: "targets" }, ...part.map((item) => el("li", {}, item)));
  const rest = items.slice(FIRST);
  const more = rest.length ? [el("details", {}, el("summary", {}, t("warnings.more", { n: number(rest.length) })), list(rest))] : [];
  return [el("h4", {}, `${title} (${number(items.length)})`), list(items.slice(0, FIRST)), ...more];
}

function body(warning: Warning): HTMLElement {
  const { schools, roads } = warning.targets;
  const fact = el("dl", { class: "facts" });
  facts(fact, [
    [t("warning.onset"), instant(warning.onset)],
    [t("warning.expires"), instant(warning.expires)],
    ...(warning.warn_by && warning.state === "draft" ? [[t("warning.warn_by"), instant(warning.warn_by)] as [string, string]] : []),
    [t("warning.certainty"), `${t(`certainty.${warning.certainty}`)}${warning.chances ? ` · ${t("warning.members", { n: number(warning.chances.members) })}` : ""}`],
    ...(warning.targets.people ? [[t("warning.people"), number(warning.targets.people)] as [string, string]] : []),
    ...(warning.approved ? [[t("warning.approved"), `${instant(warning.approved)} · ${warning.by ?? "–"}`] as [string, string]] : []),
  ]);
  const chance = (code: string) => {
    const share = warning.chances?.of[code];
    return share === undefined ? "" : ` · ${t("warning.chance", { percent: number(100 * share) })}`;
  };
  const earliest = (seconds: number | null | undefined) => t("warning.earliest", { time: when(warning, seconds) });
  const water = (school: (typeof schools)[number]) =>
    warning.possible ? earliest(school.time_s) : `${number(school.depth_m, 2)} ${t("unit.m")} · ${when(warning, school.time_s)}`;
  const closing = (road: (typeof roads)[number]) =>
    warning.possible
      ? earliest(road.warned_s)
      : road.closes_s === null
      ? t("warning.slow", { time: when(warning, road.warned_s), depth: number(road.depth_m ?? 0, 2) })
      : `${t("warning.closes", { time: when(warning, road.closes_s) })} · ${detour(road.detour_m)}`;
  const detour = (metres: number | null) => (metres === null ? t("warning.no_detour") : t("warning.detour", { km: number(metres / 1000, 1) }));
  return el(
    "div",
    { class: "body" },
    // A place a line: a city has many.
    el("p", { class: "told" }, both(warning.description).replace(/([；;]) ?/g, "$1\n")),
    el("p", { class: "instruction" }, both(warning.instruction)),
    fact,
    ...targets(
      t("warning.schools"),
      schools.map((school) =>
        button(`${school.name} · ${water(school)}${chance(school.code)}`, () => engine.flyToFeature("warning-schools", school.code)),
      ),
    ),
    ...targets(
      t(warning.possible ? "warning.roads_possible" : "warning.roads"),
      roads.map((road) =>
        button(`${road.name || road.id} · ${closing(road)}${chance(road.id)}`, () => engine.flyToFeature("warning-roads", road.id)),
      ),
    ),
    ...targets(
      t("warning.grids"),
      warning.grids.map((code) =>
        button(`${gridName(code)}${chance(code)}`, () => {
          set({ selection: { kind: "grid", layer: layerOf(code) ?? state.layer, code } });
          window.dispatchEvent(new CustomEvent("fly-to-grid", { detail: { layer: layerOf(code) ?? state.layer, code } }));
        }),
      ),
    ),
    ...actions(warning),
    el("p", {}, el("a", { href: work.capLink(warning.id), download: `${warning.id}.xml` }, t(warning.state === "draft" ? "warning.cap_draft" : "warning.cap"))),
    ...history(warning),
  );
}

function history(warning: Warning): Node[] {
  const items = warning.history.map((step) => {
    const reason = step.reason ? t("warning.because", { reason: step.reason }) : "";
    return el("li", {}, `${instant(step.time)} · ${step.by} · ${wordOf(step.action)}${reason}`);
  });
  const follows = warning.references.length ? [el("p", { class: "note" }, t("warning.references", { ids: warning.references.join(", ") }))] : [];
  return [el("h4", {}, t("warning.history")), el("ol", { class: "history" }, ...items), ...follows];
}

const ACTIONS = ["drafted", "draft", "approve", "approved", "update", "updated", "cancel", "cancelled", "discard", "discarded", "superseded", "expired"];
const wordOf = (action: string) => (ACTIONS.includes(action) ? t(`action.${action}`) : action);

/** The name stays while the page is open: one person works at one desk. */
let name = "";

function actions(warning: Warning): Node[] {
  if (!["draft", "issued"].includes(warning.state) || warning.msg_type === "Cancel") return [];
  const who = el("input", { type: "text", autocomplete: "name", maxlength: "80", required: "" });
  who.value = name;
  who.addEventListener("input", () => {
    name = who.value.trim();
  });
  const why = el("input", { type: "text", maxlength: "300" });
  const told = el("p", { class: "note bad", role: "alert" });
  const edit = warning.state === "issued" ? updateForm(warning) : null;
  const act = (text: string, needsReason: boolean, ask: (by: string, reason: string) => Promise<Warning>, attributes: Record<string, string>) =>
    button(
      text,
      async (pressed) => {
        const [by, reason] = [who.value.trim(), why.value.trim()];
        if (!by || (needsReason && !reason)) {
          told.textContent = t(by ? "warning.need_reason" : "warning.need_name");
          (by ? why : who).focus();
          return;
        }
        pressed.disabled = true;
        try {
          const next = await ask(by, reason);
          set({ warning: next.id });
          await loadWarnings();
        } catch (error) {
          told.textContent = sentence(error);
          pressed.disabled = false;
        }
      },
      attributes,
    );
  const buttons =
    warning.state === "draft"
      ? [
          act(t("warning.approve"), false, (by) => work.approve(warning.id, by), { class: "primary", "data-act": "approve" }),
          act(t("warning.discard"), true, (by, reason) => work.discard(warning.id, by, reason), { "data-act": "discard" }),
        ]
      : [
          act(t("warning.update"), false, (by, reason) => work.update(warning.id, { by, ...(reason ? { reason } : {}), ...edit?.change() }), { "data-act": "update" }),
          act(t("warning.cancel"), true, (by, reason) => work.cancel(warning.id, by, reason), { "data-act": "cancel", class: "danger" }),
        ];
  return [
    el(
      "div",
      { class: "decide" },
      field(t("warning.name"), who),
      field(t(warning.state === "draft" ? "warning.reason_discard" : "warning.reason_cancel"), why),
      ...(edit ? [edit.element] : []),
      el("p", { class: "actions" }, ...buttons),
      told,
      el("p", { class: "note" }, t("warnings.not_sent")),
    ),
  ];
}

/** What an update may change: the forecast it rests on, and its words. */
function updateForm(warning: Warning): { element: HTMLElement; change: () => Partial<WarningChange> } {
  const run = shownRun();
  const newer = serverId(run);
  const take = el("input", { type: "checkbox" });
  take.checked = newer !== null && newer !== warning.run && run?.state === "done";
  take.disabled = newer === null || run?.state !== "done";
  const area = (value: string) => {
    const text = el("textarea", { rows: "3", maxlength: "1000" });
    text.value = value;
    return text;
  };
  const texts = { zh: area(warning.description.zh), en: area(warning.description.en), doZh: area(warning.instruction.zh), doEn: area(warning.instruction.en) };
  const changed = (zh: HTMLTextAreaElement, en: HTMLTextAreaElement, before: { zh: string; en: string }) =>
    zh.value.trim() !== before.zh || en.value.trim() !== before.en ? { zh: zh.value.trim(), en: en.value.trim() } : null;
  const change = () => {
    const description = changed(texts.zh, texts.en, warning.description);
    const instruction = changed(texts.doZh, texts.doEn, warning.instruction);
    return { ...(take.checked && newer ? { run: newer, ...(shownEnsemble() ? { ensemble: shownEnsemble()?.id } : {}) } : {}), ...(description ? { description } : {}), ...(instruction ? { instruction } : {}) };
  };
  const element = el(
    "details",
    {},
    el("summary", {}, t("warning.edit")),
    el("label", { class: "check" }, take, t("warning.update_with", { run: run ? runName(run) : "–" })),
    field(t("warning.text_zh"), texts.zh),
    field(t("warning.text_en"), texts.en),
    field(t("warning.do_zh"), texts.doZh),
    field(t("warning.do_en"), texts.doEn),
  );
  return { element, change };
}

/** Outlines of a GeoJSON geometry. */
function outlines(geometry: unknown): LonLat[][] {
  const of = geometry as { type?: string; coordinates?: unknown } | null;
  if (of?.type === "Polygon") return of.coordinates as LonLat[][];
  if (of?.type === "MultiPolygon") return (of.coordinates as LonLat[][][]).flat();
  return [];
}

/** Flies so high that all places are in sight. */
function flyOver(places: { x: number; y: number }[]) {
  const [xs, ys] = [places.map(({ x }) => x), places.map(({ y }) => y)];
  const bounds = (of: number[]) => of.reduce(([low, high], v): [number, number] => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity] as [number, number]);
  const [[west, east], [south, north]] = [bounds(xs), bounds(ys)];
  engine.flyToPlaces({ x: (west + east) / 2, y: (south + north) / 2, range: Math.max(600, 1.3 * Math.max(east - west, north - south)) });
}

/** Draws what the open warning reaches, and flies there. */
export async function showTargets(fly: boolean) {
  const warning = state.step === "warnings" ? openWarning() : null;
  const rings = outlines(warning?.polygon).map((line, i): Mark => ({ code: `area-${i}`, line }));
  showMarks("warning-area", rings, [20, 20, 40, 230], 2.5);
  const [schools, lines] = warning ? await Promise.all([pointsOf("school").catch(() => []), roadLines().catch(() => new Map<string, LonLat[]>())]) : [[], new Map<string, LonLat[]>()];
  const hit = new Set(warning?.targets.schools.map((school) => school.code));
  const hitSchools = schools.filter((school) => hit.has(school.code));
  showMarks("warning-schools", hitSchools.map(({ code, at }) => ({ code, at })), [200, 70, 0, 255], 4);
  showLabels("warning-schools", hitSchools.slice(0, 40).map(({ name: text, at }) => ({ at, text, title: text, kind: "school" })));
  const roads = (warning?.targets.roads ?? []).flatMap((road): Mark[] => {
    const line = lines.get(road.id);
    return line ? [{ code: road.id, line }] : [];
  });
  showMarks("warning-roads", roads, [226, 60, 70, 255], 5);
  if (fly && warning) {
    const [first] = warning.grids;
    const places = rings.flatMap((ring) => ring.line ?? []).flatMap((at) => localOf(at) ?? []);
    if (places.length) flyOver(places);
    else if (first) engine.flyToFeature(layerOf(first) ?? state.layer, first);
  }
}
