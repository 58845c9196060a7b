// What-if runs that this browser computes by itself, in a worker, and the dialog that starts them.

import { api, type Bilingual, type Run, ServerError, type Twin } from "./api";
import { byId, el, toast } from "./dom";
import { both, inBoth, number, roughly, t } from "./i18n";
import { changed, type WhatIf } from "./setup";
import type { Order, Report } from "./worker";

/** Cell sizes that are offered [m]. */
const CELLS = [80, 40, 20, 10];

/** Runs of this browser, newest last. */
const runs: Run[] = [];
const frames = new Map<string, Uint8Array[]>();
let worker: Worker | null = null;
let changedRuns: (newest: Run | null) => void = () => undefined;
let twin: Twin | null = null;

export const localRuns = (): readonly Run[] => runs;
export const isLocal = (run: Run | null | undefined): boolean => run?.id.startsWith("local-") ?? false;

/** The run's name for the server, which knows nothing of local ones. */
export const serverId = (run: Run | null): string | null => (run && !isLocal(run) ? run.id : null);

/** A frame of a local run; `null` for the server's. */
export function localFrame(id: string, n: number): Uint8Array | null {
  return frames.get(id)?.[n] ?? null;
}

/** Ends the run that is being computed; what it has computed stays. */
export function cancelLocal(id: string) {
  const run = runs.find((run) => run.id === id);
  if (run?.state !== "running" && run?.state !== "queued") return;
  worker?.terminate();
  worker = null;
  run.state = "cancelled";
  changedRuns(null);
}

async function begin(cell: number, whatIf: WhatIf) {
  for (const run of runs) cancelLocal(run.id);
  const shown = (await api.runs())[0];
  const run: Run = {
    id: `local-${runs.length + 1}`,
    title: inBoth("local.title"),
    state: "queued",
    progress: 0,
    stage: "load",
    cell_size_m: cell,
    start: shown?.start ?? new Date().toISOString(),
    duration_s: whatIf.duration_h * 3600,
    output_interval_s: shown?.output_interval_s ?? 600,
    frames: 0,
    eta_s: null,
    wall_s: null,
    message: null,
  };
  runs.push(run);
  frames.set(run.id, []);
  changedRuns(null);
  const fail = (why: Bilingual) => {
    run.state = "failed";
    run.message = why;
    toast(`${t("local.failed")} ${both(why)}`);
    changedRuns(null);
  };
  const broke = (words: string) => fail(inBoth("local.broke", { words }));
  let setup: ArrayBuffer;
  try {
    setup = changed(await api.localSetup(cell), whatIf);
  } catch (error) {
    return fail(error instanceof ServerError && error.text ? error.text : inBoth("failure.lost"));
  }
  if (run.state !== "queued") return;
  const version = document.body.dataset.version ?? "";
  let begun = performance.now();
  const of = new Worker(new URL(`worker.js?v=${version}`, location.href), { type: "module" });
  worker = of;
  of.addEventListener("error", (event) => broke(event.message));
  of.addEventListener("message", (event: MessageEvent<Report>) => {
    const report = event.data;
    if (report.type === "begun") {
      run.state = "running";
      begun = performance.now();
    }
    if (report.type === "frame") {
      frames.get(run.id)?.push(report.bytes);
      run.frames = report.index + 1;
      if (report.index === 0) return changedRuns(run);
    } else if (report.type === "progress") {
      run.progress = report.time_s / report.duration_s;
      const wall = (performance.now() - begun) / 1000;
      run.eta_s = run.progress > 0.01 ? (wall * (1 - run.progress)) / run.progress : null;
    } else if (report.type === "done") {
      run.state = "done";
      run.progress = 1;
      run.wall_s = (performance.now() - begun) / 1000;
      const speed = report.updates / run.wall_s / 1e6;
      toast(t("local.done", { seconds: number(run.wall_s), speed: number(speed, 1), error: report.volume_error_rel.toExponential(1) }), "good");
      of.terminate();
    } else if (report.type === "failed") broke(report.message);
    changedRuns(null);
  });
  const wasm = new URL(`stormgrid_flood_wasm_bg.wasm?v=${version}`, location.href).href;
  of.postMessage({ setup, wasm } satisfies Order, [setup]);
}

const input = (id: string) => byId<HTMLInputElement>(id);

/** Wires the dialog; `changed` is called when a run has more to show, with the run when it begins to. */
export function wireLocal(of: Twin, changed: (newest: Run | null) => void) {
  twin = of;
  changedRuns = changed;
  const dialog = byId<HTMLDialogElement>("local");
  byId("local-open").addEventListener("click", () => dialog.showModal());
  byId("local-close").addEventListener("click", () => dialog.close());
  const design = () => {
    const own = byId<HTMLSelectElement>("local-rain").value === "design";
    for (const id of ["local-mm-h", "local-hours"]) input(id).disabled = !own;
  };
  byId("local-rain").addEventListener("change", design);
  design();
  byId<HTMLFormElement>("local-form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const own = byId<HTMLSelectElement>("local-rain").value === "design";
    void begin(Number(byId<HTMLSelectElement>("local-cell").value), {
      rain: own ? { mm_h: input("local-mm-h").valueAsNumber, hours: input("local-hours").valueAsNumber } : null,
      sea_m: input("local-sea").valueAsNumber,
      duration_h: input("local-duration").valueAsNumber,
    });
  });
}

/** The texts that hold numbers or choices. */
export function showLocalTexts() {
  if (!twin) return;
  const [x0, y0, x1, y1] = twin.bounds;
  const chosen = byId<HTMLSelectElement>("local-cell");
  const before = chosen.value || "40";
  chosen.replaceChildren(
    ...CELLS.map((cell) => {
      const cells = Math.round(((x1 - x0) * (y1 - y0)) / cell / cell);
      return el("option", { value: String(cell) }, t("local.cells", { cell: number(cell), cells: roughly(cells) }));
    }),
  );
  chosen.value = before;
  const rain = byId<HTMLSelectElement>("local-rain");
  const kind = rain.value || "forecast";
  rain.replaceChildren(...["forecast", "design"].map((name) => el("option", { value: name }, t(`local.rain_${name}`))));
  rain.value = kind;
}
