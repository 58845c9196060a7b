// Which run is shown, its progress, its water frames and its exposure.

import { api, type Exposure, type Run, ServerError, type Storm } from "./api";
import { byId, el, toast } from "./dom";
import { both, number, t } from "./i18n";
import { set, state } from "./state";

/** Frames fetched ahead of the time that is shown. */
const AHEAD = 4;

let runs: Run[] = [];
let pinned: string | null = null;
const exposures = new Map<string, Exposure>();
const storms = new Map<string, Storm>();

export const shownRun = () => runs.find((run) => run.id === state.run) ?? null;

/** Keeps to a run that the address or a person names. */
export function pinRun(id: string | null) {
  pinned = id;
}

/** Something is shown: done, or growing. */
const hasWater = (run: Run) => run.frames > 0 && run.state !== "failed";

/** The finest finished run, else the one that grows. */
function best(): Run | null {
  const named = runs.find((run) => run.id === pinned && hasWater(run));
  if (named) return named;
  const finished = runs.filter((run) => run.state === "done").sort((a, b) => a.cell_size_m - b.cell_size_m);
  return finished[0] ?? runs.find((run) => run.state === "running" && hasWater(run)) ?? null;
}

/** Asks for the runs again and again; faster while one is being computed. */
export async function watchRuns(changed: () => void): Promise<void> {
  let alive = true;
  for (;;) {
    try {
      runs = await api.runs();
      if (!alive) byId("toast").hidden = true;
      alive = true;
    } catch (error) {
      if (alive) toast(t("failure.lost"));
      alive = !(error instanceof ServerError);
    }
    const before = shownRun();
    const next = best();
    if (next && next.id !== state.run) {
      if (before && next.state === "done") toast(t("run.better", { cell: number(next.cell_size_m) }));
      const end = Math.max(0, next.frames - 1) * next.output_interval_s;
      set({ run: next.id, time: Math.min(state.time, end) });
    }
    showProgress();
    changed();
    const busy = runs.some((run) => run.state === "running" || run.state === "queued");
    await new Promise((done) => setTimeout(done, busy ? 1000 : 5000));
  }
}

function remaining(seconds: number): string {
  if (seconds < 90) return `${number(Math.max(1, seconds))} ${t("unit.s")}`;
  if (seconds < 5400) return `${number(seconds / 60)} ${t("unit.min")}`;
  return `${number(seconds / 3600, 1)} ${t("unit.h")}`;
}

/** The state of the forecasts in the top bar. */
export function showProgress() {
  const box = byId("run");
  const shown = shownRun();
  const working = runs.find((run) => run.state === "running") ?? runs.find((run) => run.state === "queued");
  const cancel = byId("run-cancel");
  cancel.hidden = !working;
  cancel.dataset.run = working?.id ?? "";
  const parts: (Node | string)[] = [];
  if (shown?.state === "done") parts.push(t("run.showing", { cell: number(shown.cell_size_m) }));
  if (working) {
    if (parts.length) parts.push(" · ");
    parts.push(t(`run.${working.state}`, { cell: number(working.cell_size_m) }), " ");
    if (working.state === "running") {
      parts.push(el("progress", { max: "1", value: working.progress.toFixed(3), "aria-label": t("run.running", { cell: number(working.cell_size_m) }) }));
      parts.push(` ${number(working.progress * 100)} %`);
      if (working.eta_s !== null && working.progress > 0.03) parts.push(` · ${t("run.eta", { time: remaining(working.eta_s) })}`);
    }
  } else if (!shown) {
    const failed = runs.find((run) => run.state === "failed");
    parts.push(failed ? `${t("run.failed", { cell: number(failed.cell_size_m) })} ${both(failed.message)}` : t("run.none"));
  }
  box.replaceChildren(...parts);
}

export function wireCancel() {
  byId("run-cancel").addEventListener("click", async () => {
    const id = byId("run-cancel").dataset.run;
    if (id) await api.cancelRun(id).catch(() => toast(t("failure.lost")));
  });
}

/** The exposure of a finished run in one layer; fetched once. */
export async function exposureOf(run: Run | null, layer: string): Promise<Exposure | null> {
  if (run?.state !== "done") return null;
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
  if (known) return known;
  const storm = await api.storm(run.id).catch(() => null);
  if (storm) storms.set(run.id, storm);
  return storm;
}

/** The water frames of one run: fetched around the time that is shown, each handed on once. */
export class Frames {
  private readonly asked = new Map<number, Promise<void>>();

  constructor(
    private readonly run: string,
    private readonly interval: number,
    private readonly deliver: (index: number, bytes: Uint8Array) => void,
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
    const request = api.frame(this.run, n).then((bytes) => this.deliver(n, bytes));
    request.catch(() => this.asked.delete(n));
    this.asked.set(n, request);
    return request;
  }
}
