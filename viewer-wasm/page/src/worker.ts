// Runs the solver beside the page, slice by slice; the page ends a run by ending this worker.

import init, { BrowserRun } from "./stormgrid_flood_wasm.js";

/** What the page sends, once. */
export interface Order {
  setup: ArrayBuffer;
  wasm: string;
}

/** What the page hears. */
export type Report =
  | { type: "begun"; frames: number; cells: number }
  | { type: "progress"; time_s: number; duration_s: number; steps: number; updates: number }
  | { type: "frame"; index: number; bytes: Uint8Array }
  | { type: "done"; volume_error_rel: number; digest: string; steps: number; updates: number }
  | { type: "failed"; message: string };

const tell = (report: Report, transfer: Transferable[] = []) => postMessage(report, { transfer });

/** Length of a slice [ms], and the interval of reports. */
const SLICE = 60;
const REPORT = 250;

const breathe = () => new Promise<void>((done) => setTimeout(done, 0));

async function work({ setup, wasm }: Order) {
  await init({ module_or_path: wasm });
  const run = new BrowserRun(new Uint8Array(setup));
  tell({ type: "begun", frames: run.n_frames(), cells: run.open_cells() });
  let steps = 1;
  let reported = 0;
  for (let index = 0; !run.is_done(); ) {
    const begun = performance.now();
    if (run.advance(steps)) {
      const bytes = run.take_frame();
      tell({ type: "frame", index: index++, bytes }, [bytes.buffer]);
    }
    const now = performance.now();
    if (now - begun < SLICE / 2) steps = Math.min(2 * steps, 1 << 20);
    else if (now - begun > 2 * SLICE) steps = Math.max(1, steps >> 1);
    if (now - reported > REPORT) {
      reported = now;
      tell({ type: "progress", time_s: run.time_s(), duration_s: run.duration_s(), steps: run.steps(), updates: run.cell_updates() });
      await breathe();
    }
  }
  tell({ type: "done", volume_error_rel: run.volume_error_rel(), digest: run.digest(), steps: run.steps(), updates: run.cell_updates() });
}

addEventListener("message", (event: MessageEvent<Order>) => {
  work(event.data).catch((error: unknown) => tell({ type: "failed", message: error instanceof Error ? error.message : String(error) }));
});
