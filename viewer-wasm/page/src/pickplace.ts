// Asking a person to click places on the map: one place, or the corners of a line.

import { byId, toast } from "./dom";
import type { Pick } from "./engine";
import { lonLatOf } from "./geo";
import { t } from "./i18n";
import type { LonLat } from "./workapi";

export interface Place {
  at: LonLat;
  grids: { layer: string; code: string }[];
}

interface Asking {
  take: (place: Place) => void;
  end: (done: boolean) => void;
}

let asking: Asking | null = null;
let openMap: () => () => void = () => () => undefined;

/** What brings the map to the front on a phone; returns what brings the panel back. */
export function wirePicking(bringMap: () => () => void) {
  openMap = bringMap;
  byId("pick-done").addEventListener("click", () => finish(true));
  byId("pick-cancel").addEventListener("click", () => finish(false));
}

/** Ends the asking; true if there was any. */
export function finish(done: boolean): boolean {
  const was = asking;
  asking = null;
  byId("pick").hidden = true;
  document.body.classList.remove("picking");
  was?.end(done);
  return was !== null;
}

/** Takes a click on the canvas if places are being asked for. */
export function takePick(hit: Pick | null): boolean {
  if (!asking) return false;
  const at = hit && lonLatOf(hit.x, hit.y);
  if (!hit || !at) toast(t("pick.missed"));
  else asking.take({ at, grids: hit.grids });
  return true;
}

function ask(prompt: string, several: boolean, take: (place: Place) => void, end: (done: boolean) => void) {
  finish(false);
  const back = openMap();
  byId("pick-text").textContent = prompt;
  byId("pick-done").hidden = !several;
  byId("pick").hidden = false;
  document.body.classList.add("picking");
  byId("scene").focus();
  asking = {
    take,
    end: (done) => {
      back();
      end(done);
    },
  };
}

/** One click. */
export function pickOne(prompt: string, take: (place: Place) => void) {
  ask(
    prompt,
    false,
    (place) => {
      finish(true);
      take(place);
    },
    () => undefined,
  );
}

/** Clicks until a person is done; each is told to `changed`, the line to `take`. */
export function pickLine(prompt: string, changed: (line: LonLat[]) => void, take: (line: LonLat[]) => void) {
  const line: LonLat[] = [];
  ask(
    prompt,
    true,
    (place) => {
      line.push(place.at);
      changed(line);
    },
    (done) => {
      changed([]);
      if (done && line.length > 1) take(line);
    },
  );
}
