// The dialog that starts a forecast: one run or an ensemble, of the twin's own storm or of a typed advisory.

import { offers, type Run, ServerError, type Twin } from "./api";
import { readAdvisory, showAdvisory } from "./advisory";
import { byId, el, setOptions, toast } from "./dom";
import { followEnsemble } from "./ensembles";
import { awaitRun, pinRun, runName, shownRun, stormOf } from "./forecast";
import { both, instant, number, roughly, t } from "./i18n";
import { serverId } from "./localrun";
import { set } from "./state";
import { sentence } from "./warnings";
import { type Advisory, type AdvisoryCheck, work } from "./workapi";

/** Cell sizes that are offered [m]. */
const CELLS = [10, 20, 40, 80, 120, 160];

let twin: Twin;
const input = (id: string) => byId<HTMLInputElement>(id);
const picked = (name: string) => document.querySelector<HTMLInputElement>(`#forecast input[name=${name}]:checked`)?.value ?? "";

export function wireForecast(of: Twin, begun: () => void) {
  twin = of;
  const dialog = byId<HTMLDialogElement>("forecast");
  byId("forecast-open").addEventListener("click", () => {
    showForecastTexts();
    show();
    dialog.showModal();
  });
  byId("forecast-close").addEventListener("click", () => dialog.close());
  for (const radio of document.querySelectorAll("#forecast input[type=radio]")) radio.addEventListener("change", show);
  byId("advisory-check").addEventListener("click", () => void check());
  byId<HTMLFormElement>("forecast-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void start(dialog, begun);
  });
}

/** The texts that hold numbers or choices. */
export function showForecastTexts() {
  if (!twin) return;
  const [x0, y0, x1, y1] = twin.bounds;
  const cells = CELLS.map((cell): [string, string] => [
    String(cell),
    t("local.cells", { cell: number(cell), cells: roughly(Math.round(((x1 - x0) * (y1 - y0)) / cell / cell)) }),
  ]);
  const select = byId<HTMLSelectElement>("forecast-cell");
  setOptions(select, cells, select.value || "40");
  if (byId<HTMLDialogElement>("forecast").open) show();
}

/** The forecast that an ensemble of the twin's own storm spreads: the one shown, so that they cannot contradict. */
function spread(): Run | null {
  const run = shownRun();
  const fits = run?.state === "done" && serverId(run) && !run.changes?.length;
  return fits && picked("forecast-kind") === "ensemble" && picked("forecast-storm") !== "advisory" ? run : null;
}

/** Shows the parts that the choices need. */
function show() {
  const members = picked("forecast-kind") === "ensemble";
  for (const radio of document.querySelectorAll<HTMLInputElement>("#forecast input[value=ensemble]")) radio.disabled = !offers("ensembles");
  for (const radio of document.querySelectorAll<HTMLInputElement>("#forecast input[value=advisory]")) radio.disabled = !offers("advisories/check");
  for (const part of document.querySelectorAll<HTMLElement>("#forecast [data-for]")) part.hidden = part.dataset.for !== (members ? "ensemble" : "single");
  const typed = picked("forecast-storm") === "advisory";
  byId("advisory").hidden = !typed;
  byId("advisory-check").hidden = !typed;
  const base = spread();
  const cell = byId<HTMLSelectElement>("forecast-cell");
  cell.disabled = base !== null;
  if (base && [...cell.options].some((option) => option.value === String(base.cell_size_m))) cell.value = String(base.cell_size_m);
  tell(base ? [el("p", { class: "note" }, t("forecast.of_run", { run: runName(base) }))] : []);
  if (!typed) return;
  const run = shownRun();
  void (run ? stormOf(run) : Promise.resolve(null)).then((storm) => showAdvisory(byId("advisory"), twin.origin, storm));
}

function tell(parts: Node[]) {
  byId("forecast-told").replaceChildren(...parts);
}

const bad = (text: string) => el("p", { class: "note bad", role: "alert" }, text);

/** What is typed, or nothing after telling what is wrong. */
function typed(): Advisory | null {
  const advisory = readAdvisory();
  if (typeof advisory !== "string") return advisory;
  tell([bad(advisory)]);
  return null;
}

async function check(): Promise<AdvisoryCheck | null> {
  const advisory = typed();
  if (!advisory) return null;
  try {
    const answer = await work.checkAdvisory(advisory);
    const [first, last] = [answer.track[0], answer.track.at(-1)];
    tell([
      el("p", { class: "note good" }, t("advisory.ok", { n: answer.track.length, from: instant(first?.time), to: instant(last?.time) })),
      ...(answer.notes.length ? [el("ul", { class: "notes" }, ...answer.notes.map((note) => el("li", {}, both(note))))] : []),
    ]);
    return answer;
  } catch (error) {
    tell([bad(sentence(error))]);
    return null;
  }
}

async function start(dialog: HTMLDialogElement, begun: () => void) {
  const storm = picked("forecast-storm") === "advisory" ? typed() : undefined;
  if (storm === null) return;
  const cell_size_m = Number(byId<HTMLSelectElement>("forecast-cell").value);
  const advisory = storm ? { advisory: storm } : {};
  const button = byId<HTMLButtonElement>("forecast-start");
  button.disabled = true;
  try {
    if (picked("forecast-kind") === "ensemble") {
      const [members, seed] = [input("forecast-members").valueAsNumber, input("forecast-seed").valueAsNumber];
      const base = spread();
      followEnsemble(await work.startEnsemble({ ...(base ? { run: base.id } : { cell_size_m }), members, seed, ...advisory }));
    } else {
      const hours = input("forecast-hours").valueAsNumber;
      const title = input("forecast-title-text").value.trim();
      const run = await work.startRun({ cell_size_m, ...(hours > 0 ? { duration_s: hours * 3600 } : {}), ...(title ? { title } : {}), ...advisory });
      pinRun(run.id);
      awaitRun(run, ended);
    }
    dialog.close();
    set({ step: "forecast", compare: null, water: "time" });
    begun();
  } catch (error) {
    tell([bad(sentence(error))]);
  }
  button.disabled = false;
}

function ended(run: Run) {
  if (run.state === "failed") toast(`${t("run.failed", { cell: number(run.cell_size_m) })} ${both(run.message)}`);
  else if (run.state === "done") toast(t("run.done", { cell: number(run.cell_size_m) }), "good");
}
