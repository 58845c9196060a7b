// Which run is shown, its progress, its water frames and its exposure.

import { api, type Exposure, type Run, ServerError, type Storm } from "./api";
import { changeText } from "./changes";
import { byId, el, setOptions, toast } from "./dom";
import { lookAtEnsembles } from "./ensembles";
import { both, number, remaining, t } from "./i18n";
import { cancelLocal, isLocal, localFrame, localRuns } from "./localrun";
import { set, state } from "./state";

/** Frames fetched ahead of the time that is shown. */
const AHEAD = 4;

/** The server's runs and those of this browser. */
let served: Run[] = [];
const all = (): Run[] => [...localRuns(), ...served];
let pinned: string | null = null;
const exposures = new Map<string, Exposure>();
const storms = new Map<string, Storm>();

export const knownRuns = (): readonly Run[] => all();
export const runOf = (id: string | null): Run | null => all().find((run) => run.id === id) ?? null;
export const finishedRuns = (): Run[] => served.filter((run) => run.state === "done");

export const shownRun = () => all().find((run) => run.id === state.run) ?? null;

/** Keeps to a run that the address or a person names. */
export function pinRun(id: string | null) {
  pinned = id;
}

/** Something is shown: done, or growing. */
const hasWater = (run: Run) => run.frames > 0 && run.state !== "failed" && run.state !== "broken";

/** The finest finished run, else the one that grows. */
function best(): Run | null {
  const named = all().find((run) => run.id === pinned && hasWater(run));
  if (named) return named;
  // A rehearsal is shown when a person asks for it.
  const forecasts = served.filter((run) => !run.copy_of);
  const finished = forecasts.filter((run) => run.state === "done").sort((a, b) => a.cell_size_m - b.cell_size_m);
  return finished[0] ?? forecasts.find((run) => run.state === "running" && hasWater(run)) ?? null;
}

/** Asks for the runs again and again; faster while one is being computed. */
export async function watchRuns(changed: () => void): Promise<void> {
  let alive = true;
  for (;;) {
    try {
      served = await api.runs();
      if (!alive) byId("toast").hidden = true;
      alive = true;
    } catch (error) {
      if (alive) toast(t("failure.lost"));
      alive = !(error instanceof ServerError);
    }
    const members = await lookAtEnsembles();
    for (const [id, done] of awaited) {
      const run = runOf(id);
      if (!run || run.state === "queued" || run.state === "running") continue;
      awaited.delete(id);
      done(run);
    }
    takeBest();
    changed();
    const busy = members || served.some((run) => run.state === "running" || run.state === "queued");
    await new Promise((done) => setTimeout(done, busy ? 1000 : 5000));
  }
}

/** Runs that this page has started, and what to do when they end. */
const awaited = new Map<string, (run: Run) => void>();

/** Calls `done` when a run of the server has ended, well or not. */
export function awaitRun(run: Run, done: (run: Run) => void) {
  served = [...served.filter((known) => known.id !== run.id), run];
  awaited.set(run.id, done);
}

/** Shows the run that should be shown, and how the others go on. */
export function takeBest() {
  const before = shownRun();
  const next = best();
  if (next && next.id !== state.run) {
    if (before && next.state === "done" && next.id !== pinned && !isLocal(next)) toast(t("run.better", { cell: number(next.cell_size_m) }), "good");
    const end = Math.max(0, next.frames - 1) * next.output_interval_s;
    set({ run: next.id, time: Math.min(state.time, end) });
  }
  showProgress();
}


/** The name a run goes by in lists; runs of one name are numbered. */
export function runName(run: Run): string {
  if (isLocal(run)) return t("run.local", { cell: number(run.cell_size_m), number: run.id.replace("local-", "") });
  const titleOf = (of: Run) => {
    const title = both(of.title) || of.id;
    // A rehearsal without a title of its own goes by what it changes.
    const untitled = of.changes?.length && both(runOf(of.copy_of ?? null)?.title) === title;
    return untitled ? t("rehearsal.named", { changes: (of.changes ?? []).map(changeText).join(t("list.comma")) }) : title;
  };
  const title = titleOf(run);
  const same = served.filter((other) => titleOf(other) === title);
  const at = same.findIndex((other) => other.id === run.id);
  return same.length > 1 ? `${title} · ${at + 1}` : title;
}

/** Lets people choose between the server's forecasts and their own runs. */
function showChoice() {
  const choice = byId<HTMLSelectElement>("run-choice");
  const shown = all().filter(hasWater);
  choice.disabled = shown.length === 0;
  const options = shown.map((run): [string, string] => [run.id, runName(run)]);
  setOptions(choice, options.length ? options : [["", t("run.none")]], state.run ?? "");
}

export function wireChoice(changed: () => void) {
  const choice = byId<HTMLSelectElement>("run-choice");
  choice.addEventListener("change", () => {
    set({ compare: null, water: "time" });
    pinRun(choice.value);
    takeBest();
    changed();
  });
}

/** The state of the forecasts in their box. */
export function showProgress() {
  const box = byId("run");
  const shown = shownRun();
  showChoice();
  const known = all();
  const working = known.find((run) => run.state === "running") ?? known.find((run) => run.state === "queued");
  const cancel = byId("run-cancel");
  cancel.hidden = !working;
  cancel.dataset.run = working?.id ?? "";
  const parts: (Node | string)[] = [];
  if (working) {
    parts.push(t(`run.${working.state}`, { cell: number(working.cell_size_m) }), " ");
    if (working.state === "running") {
      parts.push(el("progress", { max: "1", value: working.progress.toFixed(3), "aria-label": t("run.running", { cell: number(working.cell_size_m) }) }));
      parts.push(` ${number(working.progress * 100)} %`);
      if (working.eta_s !== null && working.progress > 0.03) parts.push(` · ${t("run.eta", { time: remaining(working.eta_s) })}`);
    }
  } else if (!shown) {
    const failed = known.find((run) => run.state === "failed");
    parts.push(failed ? `${t("run.failed", { cell: number(failed.cell_size_m) })} ${both(failed.message)}` : t("run.none"));
  }
  const cut = known.find((run) => run.state === "interrupted");
  if (cut && !working) {
    const again = el("button", { type: "button", "data-run": cut.id }, t("run.resume"));
    again.addEventListener("click", () => void resume(cut.id));
    parts.push(" ", t("run.interrupted", { cell: number(cut.cell_size_m) }), " ", again);
  }
  box.replaceChildren(...parts);
}

/** Begins a run again that the end of the server cut off. */
async function resume(id: string) {
  const run = await api.resumeRun(id).catch(() => null);
  if (!run) return toast(t("failure.lost"));
  served = served.map((known) => (known.id === id ? run : known));
  showProgress();
}

export function wireCancel() {
  byId("run-cancel").addEventListener("click", async () => {
    const id = byId("run-cancel").dataset.run;
    if (id?.startsWith("local-")) cancelLocal(id);
    else if (id) await api.cancelRun(id).catch(() => toast(t("failure.lost")));
  });
}

/** The exposure of a finished run in one layer; fetched once. */
export async function exposureOf(run: Run | null, layer: string): Promise<Exposure | null> {
  if (run?.state !== "done" || isLocal(run)) return null;
  const key = `${run.id} ${layer}`;
  const known = exposures.get(key);
  if (known) return known;
  const exposure = await api.exposure(run.id, layer);
  exposures.set(key, exposure);
  return exposure;
}

/** The storm that drives a run; fetched once, `null` while the run has not reached it. */
export async function stormOf(run: Run): Promise<Storm | null> {
  const known = storms.get(run.id);
  if (known || isLocal(run)) return known ?? null;
  const storm = await api.storm(run.id).catch(() => null);
  if (storm) storms.set(run.id, storm);
  return storm;
}

/** The water frames of one run: fetched around the time that is shown, each handed on once, and again when it had to make way. */
export class Frames {
  private readonly asked = new Map<number, Promise<void>>();

  constructor(
    private readonly run: string,
    private readonly interval: number,
    /** Returns the frames that made way. */
    private readonly deliver: (index: number, bytes: Uint8Array) => number[],
  ) {}

  /** Fetches the two frames around a time, waits for them, and asks for those after it. */
  async around(time: number, available: number): Promise<void> {
    const first = Math.min(Math.floor(time / this.interval), Math.max(0, available - 1));
    const needed = [first, first + 1].filter((n) => n < available);
    await Promise.all(needed.map((n) => this.fetch(n)));
    for (let n = first + 2; n < Math.min(first + 2 + AHEAD, available); n++) void this.fetch(n).catch(() => undefined);
  }

  private fetch(n: number): Promise<void> {
    const known = this.asked.get(n);
    if (known) return known;
    const own = localFrame(this.run, n);
    const request = (own ? Promise.resolve(own) : api.frame(this.run, n)).then((bytes) => {
      for (const gone of this.deliver(n, bytes)) this.asked.delete(gone);
    });
    request.catch(() => this.asked.delete(n));
    this.asked.set(n, request);
    return request;
  }
}
