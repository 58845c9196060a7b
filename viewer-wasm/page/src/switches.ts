// The choice of layers: what the water shows, what colours the grids, what else is drawn.

import { byId, el } from "./dom";
import { t } from "./i18n";
import { hazardsKnown } from "./paint";
import { set, state, TINTS, WATERS } from "./state";

/** Layers that a person can switch. */
const SWITCHES = ["water", "buildings", "grids", "exposure", "roads"];

/** The panel of switches. */
export function showSwitches() {
  const boxes = SWITCHES.map((name) => {
    const box = el("input", { type: "checkbox", "data-layer": name });
    box.checked = state.visible.has(name);
    box.addEventListener("change", () => {
      const visible = new Set(state.visible);
      if (box.checked) visible.add(name);
      else visible.delete(name);
      set({ visible });
    });
    return el("label", {}, box, t(`layers.${name}`));
  });
  const waters = radios("water", t("layers.water_shows"), WATERS, state.water, (water) => water !== "time" && !state.ensemble, (water) => set({ water }));
  const cannot = (tint: string) => (tint.startsWith("p") ? !state.ensemble : tint === "hazard" && !hazardsKnown());
  const tints = radios("tint", t("layers.grids_show"), TINTS, state.tint, cannot, (tint) => set({ tint }));
  const hint = state.ensemble ? [] : [el("p", { class: "note" }, t("layers.need_ensemble"))];
  byId("layers").replaceChildren(el("fieldset", {}, el("legend", {}, t("layers.drawn")), ...boxes), waters, tints, ...hint);
}

function radios<T extends string>(
  name: string,
  title: string,
  values: readonly T[],
  value: T,
  disabled: (value: T) => boolean,
  choose: (value: T) => void,
): HTMLElement {
  const entries = values.map((of) => {
    const radio = el("input", { type: "radio", name: `layers-${name}`, value: of });
    radio.checked = of === value;
    radio.disabled = disabled(of);
    radio.addEventListener("change", () => choose(of));
    return el("label", {}, radio, t(`layers.${name}_${of}`));
  });
  return el("fieldset", {}, el("legend", {}, title), ...entries);
}

export function wireSwitches() {
  const button = byId("layers-open");
  const panel = byId("layers");
  const show = (shown: boolean) => {
    panel.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
  };
  button.addEventListener("click", () => show(panel.hidden));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    show(false);
    button.focus();
  });
}
