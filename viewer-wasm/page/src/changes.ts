// Changes of a rehearsal in words.

import { number, t } from "./i18n";
import { gridName, type PointPlace, pointsOf } from "./places";
import type { Change, LonLat } from "./workapi";

let gates: PointPlace[] = [];

/** The gates of the twin, so that changes can name them. */
export async function learnGates(): Promise<readonly PointPlace[]> {
  gates = await pointsOf("gate").catch(() => []);
  return gates;
}

const placeText = ([lon, lat]: LonLat) => `${lon.toFixed(4)}°E ${lat.toFixed(4)}°N`;

/** The gate at a place, by name. */
function gateAt(at: LonLat): string {
  const near = gates.find((gate) => Math.abs(gate.at[0] - at[0]) < 1e-6 && Math.abs(gate.at[1] - at[1]) < 1e-6);
  return near?.name ?? placeText(at);
}

const signed = (value: number, digits: number) => `${value > 0 ? "+" : ""}${number(value, digits)}`;

/** A change in words. */
export function changeText(change: Change): string {
  switch (change.kind) {
    case "gate":
      return t(`change.gate_${change.state}`, { gate: gateAt(change.at) });
    case "pump":
      return t("change.pump_at", { rate: number(change.rate_m3_s, 1), place: placeText(change.at) });
    case "levee":
      return change.raise_m === undefined
        ? t("change.levee_crest", { crest: number(change.crest_m ?? 0, 2), n: change.line.length })
        : t("change.levee_raise", { raise: number(change.raise_m, 2), n: change.line.length });
    case "evacuate":
      return t("change.evacuate_units", { units: change.codes.map(gridName).join(t("list.comma")) });
    case "shift_track":
      return t("change.shift", { east: signed(change.east_km, 0), north: signed(change.north_km, 0), hours: signed(change.hours, 1) });
    case "sea_level":
      return t("change.sea", { m: signed(change.add_m, 2) });
    case "rain":
      return t("change.rain_times", { factor: number(change.factor, 2) });
  }
}
