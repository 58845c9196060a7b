// What colours the grids, and what the legend says about it.

import { type Exposure, offers, type Run } from "./api";
import { CHANCE_STOPS, classColour, DEPTH_STOPS, DIFFERENCE_STOPS, LEVEL_COLOURS, PERMANENT_COLOUR, rgba, SHARE_STOPS, UNKNOWN_COLOUR, WARNING_COLOURS } from "./colours";
import { comparisonOf } from "./compare";
import { button, byId, el } from "./dom";
import * as engine from "./engine";
import { chance, probabilityOf } from "./ensembles";
import { number, t } from "./i18n";
import { serverId } from "./localrun";
import { layerOf } from "./places";
import { KNOWN_FROM, modelledShare, people, share } from "./rows";
import { splitOf, state, type Tint } from "./state";
import { openWarning } from "./warnings";
import { type Hazards, work } from "./workapi";


type Face = Tint | "difference" | "warning" | "none";

/** What the grids are coloured by now: the step may ask for its own colours. */
export function face(): Face {
  if (state.step === "warnings" && openWarning()) return "warning";
  if (state.step === "rehearsal" && state.compare?.face === "difference") return "difference";
  // Two runs share the ground: colours of one of them would stand for both.
  if (splitOf()) return "none";
  if (state.tint.startsWith("p") && !state.ensemble) return "share";
  return state.tint;
}

/** Depth whose probability is told [m]. */
export const threshold = (): number => (state.tint.startsWith("p") ? Number(state.tint.slice(1)) : 0.15);

const hazards = new Map<string, Promise<Hazards | null>>();

/** The hazard levels of a finished run; `null` where the server has none. */
export function hazardsOf(run: Run | null, layer: string): Promise<Hazards | null> {
  const id = serverId(run);
  if (!id || run?.state !== "done" || !hazardsKnown()) return Promise.resolve(null);
  const key = `${id} ${layer}`;
  const known = hazards.get(key);
  if (known) return known;
  const asked = work.hazards(id, layer).catch(() => null);
  hazards.set(key, asked);
  return asked;
}

export const hazardsKnown = () => offers("runs/{id}/hazards");

const OPACITY = 165;
const CLEAR: [number, number, number, number] = [0, 0, 0, 0];
let asked = 0;

/** Colours the grids of the chosen layer. */
export async function paint(run: Run | null, exposure: Exposure | null) {
  const mine = ++asked;
  let layer = state.layer;
  let colours: [string, [number, number, number, number]][] = [];
  switch (face()) {
    case "share":
      colours = (exposure?.rows ?? []).map((row) => {
        if ((modelledShare(row) ?? 1) < KNOWN_FROM) return [row.code, rgba(UNKNOWN_COLOUR, OPACITY)];
        const flooded = share(row) ?? 0;
        return [row.code, flooded > 0.001 || (people(row) ?? 0) > 0 ? rgba(classColour(SHARE_STOPS, flooded), OPACITY - 15) : CLEAR];
      });
      break;
    case "hazard": {
      const levels = await hazardsOf(run, layer);
      colours = (levels?.rows ?? []).map((row) => [row.code, row.unknown?.includes("flood") ? rgba(UNKNOWN_COLOUR, OPACITY) : row.combined > 0 ? rgba(LEVEL_COLOURS[row.combined - 1] ?? "#888888", OPACITY + 30) : CLEAR]);
      break;
    }
    case "difference": {
      const compared = await comparisonOf(layer);
      colours = (compared?.rows ?? []).map((row) => {
        const by = row.difference.depth_max_m;
        if (by === null || by === undefined) return [row.code, rgba(UNKNOWN_COLOUR, OPACITY)];
        return [row.code, Math.abs(by) >= 0.02 ? rgba(classColour(DIFFERENCE_STOPS, by), OPACITY + 50) : CLEAR];
      });
      break;
    }
    case "warning": {
      const warning = openWarning();
      const colour = WARNING_COLOURS[warning?.colour ?? "blue"] ?? "#3f86e0";
      layer = layerOf(warning?.grids[0] ?? "") ?? layer;
      colours = (warning?.grids ?? []).map((code) => [code, rgba(colour, OPACITY)]);
      break;
    }
    case "none":
      break;
    default: {
      const probability = await probabilityOf(layer).catch(() => null);
      colours = (probability?.rows ?? []).map((row) => {
        if ((row.modelled_share ?? 1) < KNOWN_FROM) return [row.code, rgba(UNKNOWN_COLOUR, OPACITY)];
        const p = chance(row, threshold()) ?? 0;
        return [row.code, p >= 0.01 ? rgba(classColour(CHANCE_STOPS, p), OPACITY + 50) : CLEAR];
      });
    }
  }
  if (mine !== asked) return;
  engine.setExposure(layer, colours.map(([code]) => code), Uint8Array.from(colours.flatMap(([, colour]) => colour)));
  showLegend();
}

/** The ramps of what is shown, with the values at which each colour begins. */
export function showLegend() {
  const water = state.visible.has("water") ? ramp(t(`legend.water_${state.water}`), DEPTH_STOPS, (value) => `≥${number(value, value < 1 ? 2 : 0)}`) : [];
  // The top bar of a phone has no room for it.
  const help = button(t("help.title"), () => byId<HTMLDialogElement>("help").showModal(), { id: "help-narrow" });
  const river = state.visible.has("water") && state.water === "time" ? classes("", [[PERMANENT_COLOUR, t("legend.permanent")]]).slice(1) : [];
  byId("legend").replaceChildren(...water, ...river, ...(state.visible.has("exposure") ? tintRamp() : []), help);
}

function tintRamp(): Node[] {
  const share_ = (value: number) => `≥${number(value * 100)}%`;
  switch (face()) {
    case "share":
      return [...ramp(t("legend.share"), SHARE_STOPS, share_), unknownKey()];
    case "hazard":
      return classes(t("legend.hazard"), [...LEVEL_COLOURS.map((colour, i): [string, string] => [colour, t(`level.hazard_${i + 1}`)]), [UNKNOWN_COLOUR, t("legend.unknown")]]);
    case "difference":
      return [...ramp(t("legend.difference"), DIFFERENCE_STOPS, (value) => (Number.isFinite(value) ? `${value > 0 ? "+" : ""}${number(value, 2)}` : t("legend.shallower"))), unknownKey()];
    case "warning":
      return classes(t("legend.warning"), Object.entries(WARNING_COLOURS).map(([name, colour]) => [colour, t(`colour.${name}`)]));
    case "none":
      return [];
    default:
      return [...ramp(t("legend.chance", { depth: number(threshold(), 2) }), CHANCE_STOPS, share_), unknownKey()];
  }
}

/** The third state of the legend. */
function unknownKey(): Node {
  const swatch = el("i");
  swatch.style.background = UNKNOWN_COLOUR;
  return el("div", { class: "ramp" }, el("span", { title: t("legend.unknown_help") }, swatch, t("legend.unknown")));
}

function ramp(title: string, stops: [number, string][], label: (value: number) => string): Node[] {
  const ticks = stops.map(([value, colour]) => {
    const swatch = el("i");
    swatch.style.background = colour;
    return el("span", {}, swatch, label(value));
  });
  return [el("strong", {}, title), el("div", { class: "ramp" }, ...ticks)];
}

function classes(title: string, entries: [string, string][]): Node[] {
  const parts = entries.map(([colour, text]) => {
    const swatch = el("i");
    swatch.style.background = colour;
    return el("span", {}, swatch, text);
  });
  return [el("strong", {}, title), el("div", { class: "ramp" }, ...parts)];
}
