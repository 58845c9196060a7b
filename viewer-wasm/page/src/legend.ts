// The legend and the choice of layers.

import { DEPTH_STOPS, SHARE_STOPS } from "./colours";
import { byId, el } from "./dom";
import { number, t } from "./i18n";
import { set, state } from "./state";

/** Layers that a person can switch. */
const SWITCHES = ["water", "buildings", "grids", "exposure", "roads"];

/** Two stepped ramps with the values at which each colour begins. */
export function showLegend() {
  byId("legend").replaceChildren(
    ...ramp(t("legend.depth"), DEPTH_STOPS, (value) => number(value, value < 1 ? 2 : 0)),
    ...ramp(t("legend.share"), SHARE_STOPS, (value) => `${number(value * 100)} %`),
  );
}

function ramp(title: string, stops: [number, string][], label: (value: number) => string): Node[] {
  const bar = el("div", { class: "ramp" });
  const step = 100 / stops.length;
  const bands = stops.map(([, colour], i) => `${colour} ${(i * step).toFixed(2)}% ${((i + 1) * step).toFixed(2)}%`);
  bar.style.background = `linear-gradient(90deg, ${bands.join(", ")})`;
  const ticks = el("div", { class: "ticks" }, ...stops.map(([value]) => el("span", {}, `≥ ${label(value)}`)));
  return [el("strong", {}, title), el("div", {}, bar, ticks)];
}

/** The panel of switches. */
export function showSwitches() {
  byId("layers").replaceChildren(
    ...SWITCHES.map((name) => {
      const box = el("input", { type: "checkbox" });
      box.checked = state.visible.has(name);
      box.addEventListener("change", () => {
        const visible = new Set(state.visible);
        if (box.checked) visible.add(name);
        else visible.delete(name);
        set({ visible });
      });
      return el("label", {}, box, t(`layers.${name}`));
    }),
  );
}

export function wireSwitches() {
  const button = byId("layers-open");
  const panel = byId("layers");
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
  });
}
