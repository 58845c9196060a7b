// The report of the input: what was read of every layer, and what was assumed, left out or is not known. A badge beside
// the name tells that there is something; it opens the list.

import { api, type InputLayer, type InputReport, offers } from "./api";
import { button, byId, el, redraw } from "./dom";
import { both, number, percent, t } from "./i18n";

let report: InputReport | null = null;

/** Asks for the report once the twin is open, and shows the badge. */
export async function loadInputReport() {
  if (!offers("input-report")) return;
  report = await api.inputReport().catch(() => null);
  showInputReport();
}

const unknown = (of: InputReport) => of.layers.reduce((sum, layer) => sum + layer.findings.filter((found) => found.kind === "unknown").length, 0);

/** The badge, in the words of the language; none where nothing was found that bears on the numbers. */
export function showInputReport() {
  const badge = byId("input-open");
  badge.hidden = !report || report.faults + report.assumptions + unknown(report) === 0;
  if (!report) return;
  badge.textContent = t("input.badge", { n: number(report.faults + report.assumptions + unknown(report)) });
  badge.dataset.n = number(report.faults + report.assumptions + unknown(report));
  badge.title = t("input.badge.all", { faults: number(report.faults), assumptions: number(report.assumptions), unknown: number(unknown(report)) });
  badge.classList.toggle("bad", report.faults > 0);
  badge.onclick = () => openReport();
}

function openReport() {
  if (!report) return;
  const dialog = byId<HTMLDialogElement>("input-report");
  redraw(
    dialog,
    el("h2", { id: "input-report-title" }, t("input.title")),
    el("p", { class: "note" }, t("input.lead")),
    ...report.layers.map(layerPart),
    el("p", { class: "actions" }, button(t("help.close"), () => dialog.close())),
  );
  if (!dialog.open) dialog.showModal();
}

function layerPart(layer: InputLayer): HTMLElement {
  const facts = [
    `${both(layer.what)} · ${number(layer.count)}`,
    layer.file,
    ...(layer.crs ? [layer.crs] : []),
    ...(layer.unit ? [layer.unit] : []),
    ...(layer.cover === null ? [] : [t("input.cover", { share: percent(Math.floor(layer.cover * 1000) / 1000) })]),
    ...(layer.unknown ? [t("input.unknown", { n: number(layer.unknown) })] : []),
  ];
  const found = layer.findings.map((of) => el("li", { class: of.kind === "fault" ? "bad" : "" }, el("b", {}, t(`input.kind.${of.kind}`)), " ", both(of.text)));
  return el("section", {}, el("h3", {}, layer.id), el("p", { class: "note" }, facts.join(" · ")), ...(found.length ? [el("ul", {}, ...found)] : []));
}
