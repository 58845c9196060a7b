// The water that is drawn: the frames of the run shown, those of a second run beside it, or a product of an ensemble.

import { ServerError } from "./api";
import { toast } from "./dom";
import * as engine from "./engine";
import { shownEnsemble } from "./ensembles";
import { Frames, runOf, shownRun } from "./forecast";
import { both, t } from "./i18n";
import { set, splitOf, state } from "./state";
import { work } from "./workapi";

/** What each half of the canvas draws: a run, or a product of an ensemble, by name. */
const drawn: Record<engine.Half, { of: string | null; frames: Frames | null }> = {
  a: { of: null, frames: null },
  b: { of: null, frames: null },
};

/** The run of the second half, if there is one. */
export const besideRun = () => {
  const pair = splitOf();
  return pair && state.run === pair.a ? runOf(pair.b) : null;
};

/** The second run's clock at the time that is shown, held to its own span [s after its start]. */
export function besideTime(): { time: number; within: boolean } {
  const [a, b] = [shownRun(), besideRun()];
  if (!a || !b) return { time: state.time, within: true };
  const wanted = state.time + (Date.parse(a.start) - Date.parse(b.start)) / 1000;
  const end = Math.max(0, b.frames - 1) * b.output_interval_s;
  const time = Math.min(end, Math.max(0, wanted));
  return { time, within: Math.abs(time - wanted) < 1 };
}

/** Lets go of what a half drew. */
function forget(half: engine.Half) {
  if (drawn[half].of === null) return;
  drawn[half] = { of: null, frames: null };
  engine.clearWater(half);
}

function follow(half: engine.Half, run: { id: string; output_interval_s: number }) {
  if (drawn[half].of === run.id) return;
  engine.clearWater(half);
  engine.setWaterInterval(run.output_interval_s, half);
  const deliver = (index: number, bytes: Uint8Array): number[] => (drawn[half].of === run.id ? engine.setWaterFrame(index, bytes, half) : []);
  drawn[half] = { of: run.id, frames: new Frames(run.id, run.output_interval_s, deliver) };
}

/** Brings what is fetched into line with what is to be shown. */
export async function followWater() {
  await showProduct();
  const [run, beside] = [shownRun(), besideRun()];
  if (run && state.water === "time") follow("a", run);
  if (beside) follow("b", beside);
  else forget("b");
  await showWater();
}

/** Shows the greatest depth of an ensemble, which does not change with time. */
async function showProduct() {
  const ensemble = shownEnsemble();
  if (state.water === "time" || !ensemble) return;
  const name = `${ensemble.id} ${state.water}`;
  if (drawn.a.of === name) return;
  drawn.a = { of: name, frames: null };
  try {
    const bytes = await work.product(ensemble.id, state.water);
    if (drawn.a.of !== name) return;
    engine.clearWater("a");
    engine.setWaterFrame(0, bytes, "a");
    engine.setTime(0, "a");
  } catch (error) {
    drawn.a = { of: null, frames: null };
    set({ water: "time" });
    toast(error instanceof ServerError && error.text ? both(error.text) : t("failure.lost"));
  }
}

/** Shows the water of the time on the slider: both runs change together. */
export async function showWater() {
  const [run, beside] = [shownRun(), besideRun()];
  const { a, b } = drawn;
  if (!run || !a.frames || a.of !== run.id || run.frames === 0) return;
  const second = beside && b.frames && b.of === beside.id ? b.frames : null;
  try {
    await Promise.all([a.frames.around(state.time, run.frames), beside && second?.around(besideTime().time, beside.frames)]);
    if (drawn.a !== a) return;
    engine.setTime(state.time, "a");
    if (second && drawn.b === b) engine.setTime(besideTime().time, "b");
  } catch {
    set({ playing: false });
    toast(t("failure.lost"));
  }
}
