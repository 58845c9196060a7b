// Start: engine, city, forecast, in that order; then the page follows the state.

import { api, learnRoutes, type LayerInfo, type SearchHit, ServerError, technical, type Twin } from "./api";
import { showCard } from "./card";
import { setPlume } from "./charts";
import { otherFace, showCompareBar } from "./compare";
import { busyWithin, button, byId, el, toast } from "./dom";
import * as engine from "./engine";
import { pinEnsemble, plumeOf, shownEnsemble, showEnsembles, wireEnsembles } from "./ensembles";
import { exposureOf, finishedRuns, pinRun, showProgress, shownRun, stormOf, takeBest, watchRuns, wireCancel, wireChoice } from "./forecast";
import { fitPlaces } from "./geo";
import { both, language, number, onLanguage, setLanguage, t, translatePage } from "./i18n";
import { loadInputReport, showInputReport } from "./inputreport";
import { serverId, showLocalTexts, wireLocal } from "./localrun";
import { showForecastTexts, wireForecast } from "./newforecast";
import { paint, showLegend } from "./paint";
import { finish, takePick, wirePicking } from "./pickplace";
import { learnGrids, usePlaces } from "./places";
import { showPlan } from "./plan";
import { markRanking, showRanking, showRankingChoices, wireRanking } from "./ranking";
import { openRehearsal } from "./rehearsal";
import { wireSearch } from "./search";
import { freePart, layoutSplit, wireSplit } from "./split";
import { on, readAddress, set, state, STEPS, type Step, writeAddress } from "./state";
import { drawStorm, peakTime, showSpeeds, showStormAt, showTime, wireTime } from "./storm";
import { showSwitches, wireSwitches } from "./switches";
import { loadWarnings, showTargets, showWarnings, watchWarnings, wireWarnings } from "./warnings";
import { besideRun, followWater, showWater } from "./water";

/** Levels of the polygon layers that are ranked and coloured, largest first in the choice. */
const RANKED = ["grid", "unit", "park_grid", "park_unit", "village", "town"];
/** Requests for city chunks under way at once. */
const LANES = 6;

let twin: Twin;
let layers: LayerInfo[] = [];
let wishedWater: typeof state.water = "time";

let markReady: () => void = () => undefined;
let markFailed: (error: unknown) => void = () => undefined;
const ready = new Promise<void>((resolve, reject) => {
  markReady = resolve;
  markFailed = reject;
});
ready.catch(() => undefined);

declare global {
  interface Window {
    /** For tests and embedding. */
    stormgrid: unknown;
  }
}

window.stormgrid = {
  ready,
  state: () => ({ ...state, visible: [...state.visible], language: language(), view: engine.view(), run_state: shownRun()?.state ?? null, engine: engine.state() }),
  pick: engine.pick,
  flyTo: engine.flyTo,
  setTime: (time: number) => set({ time, playing: false }),
  stats: engine.stats,
  benchOrbit: engine.orbit,
};

const loading = (step: number, key: string, slots: Record<string, string | number> = {}) => {
  byId<HTMLProgressElement>("loading-bar").value = step;
  byId("loading-text").textContent = t(key, slots);
};

/** The error screen: what happened, what to do, the technical sentence, a way to try again. */
function fail(kind: "graphics" | "server" | "engine", detail: unknown) {
  const retry = el("button", { type: "button" }, t("failure.retry"));
  retry.addEventListener("click", () => location.reload());
  byId("failure").replaceChildren(
    el("h2", {}, t(`failure.${kind}`)),
    el("p", {}, t(`failure.${kind}_help`)),
    el("p", { class: "note" }, technical(detail)),
    retry,
  );
  byId("failure").hidden = false;
  byId("loading").hidden = true;
  set({ playing: false });
  markFailed(detail);
}

function graphicsWork(): boolean {
  const probe = document.createElement("canvas");
  const context = probe.getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

async function loadCity() {
  const city = await api.city();
  const queue = [...city.chunks];
  let done = 0;
  const lane = async () => {
    for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
      engine.addCityChunk(await api.cityChunk(chunk.id));
      done += chunk.buildings;
      loading(0.35 + (0.5 * done) / Math.max(city.buildings, 1), "loading.city", { done: number(done), all: number(city.buildings) });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function loadLayers() {
  const drawn = twin.layers.filter((info) => info.geometry === "polygon" && RANKED.includes(info.level ?? ""));
  layers = drawn.sort((a, b) => RANKED.indexOf(a.level ?? "") - RANKED.indexOf(b.level ?? ""));
  if (!layers.some((info) => info.id === state.layer) && layers[0]) state.layer = layers[0].id;
  for (const info of layers) {
    const geojson = await api.layer(info.id);
    learnGrids(info.id, geojson);
    engine.setLayer(info.id, geojson, borderStyle(info.level ?? ""));
  }
}

let roadsDrawn = false;

/** Lines of marks must stay visible while the roads are off: the roads are laid and taken away. */
async function showVisible() {
  engine.setVisible(new Set([...state.visible, "roads"]));
  const roads = twin.layers.find((info) => info.geometry === "line");
  const wanted = state.visible.has("roads");
  if (!roads || wanted === roadsDrawn) return;
  roadsDrawn = wanted;
  if (!wanted) return engine.removeLayer(roads.id);
  const geojson = await api.layer(roads.id);
  if (roadsDrawn) engine.setLayer(roads.id, geojson, { geometry: "line", colour: [96, 92, 84, 255], width_m: 9, width_px: 1.2, range_max: 9000 });
}

async function start() {
  const address = readAddress();
  setLanguage(language());
  onLanguage(showTexts);
  translatePage();
  if (!graphicsWork()) return fail("graphics", "WebGL2: null");
  loading(0.02, "loading.engine");
  try {
    await engine.start("#scene");
  } catch (error) {
    return fail("graphics", error);
  }
  engine.onFailure((message) => fail("engine", message));
  try {
    loading(0.25, "loading.twin");
    [twin] = await Promise.all([api.twin(), learnRoutes().catch(() => undefined)]);
    engine.setSite(twin);
    loading(0.3, "loading.terrain");
    engine.setTerrain(await api.terrain(engine.terrainCell()));
    engine.setView(address.view ?? twin.start_view ?? overview());
    usePlaces(twin);
    await loadCity();
    loading(0.88, "loading.layers");
    await Promise.all([loadLayers(), fitPlaces(twin)]);
  } catch (error) {
    return fail("server", error);
  }
  if (address.layer && layers.some((info) => info.id === address.layer)) state.layer = address.layer;
  pinRun(address.run ?? null);
  pinEnsemble(address.ensemble ?? null);
  state.time = address.time ?? 0;
  peakWanted = address.time === undefined;
  state.step = address.step ?? "forecast";
  state.tint = address.tint ?? "share";
  state.compare = address.compare ?? null;
  state.divider = address.divider ?? 0.5;
  state.warning = address.warning ?? null;
  // The ensemble is not known yet: the wish is kept until it is.
  wishedWater = address.water ?? "time";
  wire();
  showTexts();
  loading(0.95, "loading.forecast");
  await engine.settled();
  byId("loading").hidden = true;
  void loadInputReport();
  if (address.selection) set({ selection: address.selection });
  void watchRuns(() => void followRun());
  watchWarnings();
  void openStep();
  markReady();
}

/** Borders of the larger areas are stronger; those of the smallest show only from near. */
function borderStyle(level: string): engine.LayerStyle {
  const geometry = "polygon";
  switch (level) {
    case "town":
      return { geometry, colour: [96, 28, 84, 255], width_px: 3 };
    case "village":
      return { geometry, colour: [96, 48, 96, 200], width_px: 1.8, range_max: 14000 };
    case "unit":
    case "park_unit":
      return { geometry, colour: [70, 70, 70, 170], width_px: 1, range_max: 3000 };
    case "park_grid":
      return { geometry, colour: [20, 90, 60, 220], width_px: 2, range_max: 9000 };
    default:
      return { geometry, colour: [52, 58, 72, 200], width_px: 1.2 };
  }
}

/** The whole site from the south, from above. */
function overview() {
  const [x0, y0, x1, y1] = twin.bounds;
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, range: Math.max(x1 - x0, y1 - y0) * 1.05, heading_deg: 0, pitch_deg: 48 };
}

/** Everything that holds words. */
function showTexts() {
  translatePage();
  const other = byId("language");
  other.textContent = t("language.other");
  other.setAttribute("aria-label", t("language.label"));
  showLegend();
  showSwitches();
  showSpeeds();
  showHelp();
  showTabs();
  showSteps();
  showProgress();
  showEnsembles();
  showLocalTexts();
  showForecastTexts();
  showWarnings();
  layoutSplit();
  if (!twin) return;
  byId("twin-name").textContent = both(twin.name);
  const badge = byId("synthetic");
  badge.hidden = !twin.synthetic;
  badge.textContent = t("page.synthetic");
  badge.title = both(twin.notice);
  showInputReport();
  showRankingChoices(layers);
  showTime(shownRun());
  void showExposure();
  void redrawStorm();
  void showSelection();
  void openStep();
}

function wire() {
  wireTime();
  wireRanking();
  wireSwitches();
  wireCancel();
  wireChoice(() => void followRun());
  wireEnsembles();
  wireForecast(twin, () => {
    takeBest();
    void followRun();
  });
  wireWarnings();
  wirePicking(() => {
    const before = document.body.dataset.tab ?? "map";
    if (window.innerWidth > 820) return () => undefined;
    openTab("map");
    return () => openTab(before);
  });
  wireLocal(twin, (newest) => {
    if (newest) {
      pinRun(newest.id);
      state.time = 0;
    }
    takeBest();
    void followRun();
  });
  wireSearch(choose);
  byId("language").addEventListener("click", () => {
    setLanguage(language() === "zh" ? "en" : "zh");
    showReportLink();
    address();
  });
  byId("help-open").addEventListener("click", () => byId<HTMLDialogElement>("help").showModal());
  on(["time"], () => void showWater());
  on(["time", "playing", "run"], () => showTime(shownRun()));
  on(["time"], () => showStormAt(state.time));
  on(["run", "layer", "ensemble", "water", "tint", "compare", "warning", "step", "sort", "filter"], () => void showExposure());
  on(["run"], () => void redrawStorm());
  on(["ensemble"], () => void showPlume());
  on(["ensemble", "water", "tint"], showSwitches);
  on(["run", "ensemble", "water", "compare", "step"], () => void followRun());
  on(["selection"], () => void showSelection(true));
  on(["run"], () => void showSelection());
  on(["compare", "step", "water"], () => {
    const now = besideRun()?.id ?? null;
    if (now === besideBefore) return;
    besideBefore = now;
    void showSelection();
  });
  on(["visible"], () => {
    void showVisible();
    showLegend();
  });
  on(["playing"], play);
  on(["step"], () => {
    showSteps();
    void openStep();
  });
  on(["compare"], () => {
    showCompareBar();
    if (state.step === "rehearsal") void openRehearsal();
  });
  on(["run"], () => void openStep());
  on(["run", "ensemble"], showReportLink);
  on(["layer", "selection"], () => {
    if (state.step === "rehearsal") void openRehearsal();
  });
  on(["warning"], () => {
    showWarnings();
    void showTargets(true);
  });
  on(["time", "layer", "selection", "run", "ensemble", "step", "water", "tint", "compare", "divider", "warning"], address);
  wireSplit();
  engine.keepFree(freePart);
  engine.onView(address);
  engine.onPick((hit) => {
    if (takePick(hit)) return;
    if (!hit) return set({ selection: null });
    if (hit.kind === "building" && hit.index !== undefined) return set({ selection: { kind: "building", index: hit.index } });
    const grid = hit.grids.find((of) => of.layer === state.layer);
    set({ selection: grid ? { kind: "grid", ...grid } : { kind: "point", x: hit.x, y: hit.y } });
  });
  window.addEventListener("fly-to-grid", (event) => {
    const { layer, code } = (event as CustomEvent<{ layer: string; code: string }>).detail;
    engine.flyToFeature(layer, code);
  });
  window.addEventListener("keydown", onKey);
  void showVisible();
}

const address = () => writeAddress(engine.view);

function onKey(event: KeyboardEvent) {
  const target = event.target as HTMLElement;
  if (target.closest("input, select, textarea") || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && target.closest("button")) return;
  const run = shownRun();
  const step = (by: number) => {
    if (!run) return;
    const end = Math.max(0, run.frames - 1) * run.output_interval_s;
    set({ playing: false, time: Math.min(end, Math.max(0, Math.round(state.time / run.output_interval_s + by) * run.output_interval_s)) });
  };
  if (event.key === " ") byId("play").click();
  else if (event.key === ",") step(-1);
  else if (event.key === ".") step(1);
  else if (event.key === "Escape") {
    if (!finish(false)) set({ selection: null });
  } else if (event.key === "x" && state.compare) otherFace();
  else if (/^[1-4]$/.test(event.key)) set({ step: STEPS[Number(event.key) - 1] ?? "forecast" });
  else return;
  event.preventDefault();
}

/** After each look at the runs: more frames may be there, the run may have ended. */
let endedRun: string | null = null;
/** The first forecast is shown at its worst hour, unless the address or a person has chosen a time. */
let peakWanted = false;
let finishedBefore = 0;
async function followRun() {
  const run = shownRun();
  if (wishedWater !== "time" && shownEnsemble()) {
    const water = wishedWater;
    wishedWater = "time";
    set({ water });
  }
  showTime(run);
  if (state.compare) showCompareBar();
  const finished = finishedRuns().length;
  if (finished !== finishedBefore) {
    finishedBefore = finished;
    if (state.step === "rehearsal" && !busyWithin(byId("rehearsal"))) await openRehearsal();
  }
  await followWater();
  if (!run) return;
  if (run.state === "done" && endedRun !== run.id) {
    endedRun = run.id;
    await showExposure();
    await redrawStorm();
    if (peakWanted && state.time === 0 && !state.playing) set({ time: peakTime(run) });
    peakWanted = false;
    await showSelection();
    showReportLink();
    await openStep();
  } else if (!document.querySelector("#storm-map svg")) await redrawStorm();
}

/** Colours and ranks the grids of the chosen layer. */
async function showExposure() {
  const run = shownRun();
  const exposure = await exposureOf(run, state.layer).catch(() => null);
  showRankingChoices(layers);
  await Promise.all([showRanking(exposure, run), paint(run, exposure)]);
}

async function showPlume() {
  setPlume(await plumeOf());
}

/** Where the work stands: the step that is open fills its panel. */
async function openStep() {
  document.body.dataset.step = state.step;
  if (state.step === "warnings") await loadWarnings();
  else await showTargets(false);
  await openRehearsal();
  await showPlan();
}

/** The four steps in order, each a word on what it is for. */
function showSteps() {
  const entries = STEPS.map((step: Step, i) => {
    const of = button("", () => {
      set({ step });
      openTab("work");
    }, { "data-step": step, title: t(`steps.${step}_help`), ...(step === state.step ? { "aria-current": "step" } : {}) });
    of.append(el("b", {}, String(i + 1)), el("span", {}, t(`steps.${step}`)));
    return el("li", {}, of);
  });
  const waiting = document.getElementById("drafts-count") ?? el("span", { id: "drafts-count", class: "count", hidden: "" });
  entries[1]?.querySelector("button")?.append(waiting);
  byId("steps").replaceChildren(el("ol", {}, ...entries));
  document.body.dataset.step = state.step;
  for (const tab of document.querySelectorAll<HTMLElement>("#tabs [data-tab=work]")) tab.textContent = t(`steps.${state.step}`);
}

function showReportLink() {
  const link = byId<HTMLAnchorElement>("report-open");
  const run = serverId(shownRun());
  link.hidden = !run || shownRun()?.state !== "done";
  const ensemble = state.ensemble ? `&ensemble=${encodeURIComponent(state.ensemble)}` : "";
  if (run) link.href = `report.html?run=${encodeURIComponent(run)}${ensemble}&lang=${language()}`;
}

async function redrawStorm() {
  const run = shownRun();
  const storm = run ? await stormOf(run) : null;
  byId("storm").hidden = !storm;
  if (!storm) byId("charts").replaceChildren();
  if (storm && run) drawStorm(storm, run, twin.origin);
}

/** The second run that the card was last filled for. */
let besideBefore: string | null = null;

/** Highlights what is selected and fills its card; `open` brings the card to the front on a phone. */
async function showSelection(open = false) {
  engine.select(state.selection);
  markRanking();
  try {
    await showCard(shownRun());
    if (open && state.selection && window.innerWidth <= 820) openTab("card");
  } catch (error) {
    set({ selection: null });
    toast(error instanceof ServerError && error.text ? both(error.text) : t("failure.lost"));
  }
}

function choose(hit: SearchHit) {
  if (hit.kind === "building" && hit.index !== undefined) set({ selection: { kind: "building", index: hit.index, ...(hit.floor ? { floor: hit.floor } : {}) } });
  else if (hit.kind === "grid" && hit.code) set({ selection: { kind: "grid", layer: hit.layer ?? state.layer, code: hit.code } });
  else set({ selection: { kind: "point", x: hit.x, y: hit.y } });
  engine.setFree(freePart());
  engine.flyTo({ x: hit.x, y: hit.y, z: hit.z, range: hit.kind === "grid" ? 1400 : 350 });
}

let last = 0;
function play() {
  if (!state.playing) return;
  last = performance.now();
  const tick = (now: number) => {
    if (!state.playing) return;
    const run = shownRun();
    const end = run ? Math.max(0, run.frames - 1) * run.output_interval_s : 0;
    // A slow frame must not jump over the storm.
    const seconds = Math.min((now - last) / 1000, 0.5);
    last = now;
    const time = Math.min(end, state.time + seconds * state.speed);
    set({ time, playing: time < end });
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

function showHelp() {
  const close = el("button", { type: "button" }, t("help.close"));
  const dialog = byId<HTMLDialogElement>("help");
  close.addEventListener("click", () => dialog.close());
  const points = ["steps", "turn", "keys", "click", "link", "first_order", "coast"].map((key) => el("li", {}, t(`help.${key}`)));
  dialog.replaceChildren(el("h2", {}, t("help.title")), el("p", {}, t("help.intro")), el("ul", {}, ...points), close);
}

const TABS = ["map", "work", "card", "storm", "legend"];

function showTabs() {
  const current = document.body.dataset.tab ?? "map";
  byId("tabs").setAttribute("role", "tablist");
  byId("tabs").replaceChildren(
    ...TABS.map((name) => {
      const tab = el("button", { type: "button", role: "tab", "aria-selected": String(name === current), "data-tab": name }, name === "work" ? t(`steps.${state.step}`) : t(`tabs.${name}`));
      tab.addEventListener("click", () => openTab(name));
      return tab;
    }),
  );
  document.body.dataset.tab = current;
}

function openTab(name: string) {
  document.body.dataset.tab = name;
  for (const tab of document.querySelectorAll<HTMLElement>("#tabs [role=tab]")) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
}

start().catch((error: unknown) => fail("engine", error));
