// Lines, rings and labels over the city: plan routes, hit schools and roads, gates, what a person draws.

import { el } from "./dom";
import * as engine from "./engine";
import { localOf } from "./geo";
import { halves } from "./split";
import type { LonLat } from "./workapi";

export interface Mark {
  code: string;
  /** A point becomes a ring around it. */
  at?: LonLat;
  line?: LonLat[];
}

const METRES_PER_DEGREE = 111_320;

function ring([lon, lat]: LonLat, radius: number): LonLat[] {
  const dy = radius / METRES_PER_DEGREE;
  const dx = dy / Math.cos((lat * Math.PI) / 180);
  return Array.from({ length: 13 }, (_, k): LonLat => {
    const angle = (k / 12) * 2 * Math.PI;
    return [lon + dx * Math.cos(angle), lat + dy * Math.sin(angle)];
  });
}

const drawn = new Set<string>();

/** Draws marks as one layer of lines; none removes it. */
export function showMarks(id: string, marks: Mark[], colour: [number, number, number, number], width = 4) {
  const features = marks
    .map((mark) => ({ code: mark.code, line: mark.line ?? (mark.at ? ring(mark.at, 60) : []) }))
    .filter(({ line }) => line.length > 1)
    .map(({ code, line }) => ({ type: "Feature", id: code, properties: { code }, geometry: { type: "LineString", coordinates: line } }));
  if (features.length === 0) {
    if (drawn.delete(id)) engine.removeLayer(id);
    return;
  }
  drawn.add(id);
  engine.setLayer(id, JSON.stringify({ type: "FeatureCollection", features }), { geometry: "line", colour, width_px: width });
}

export interface Label {
  at: LonLat;
  text: string;
  title: string;
  kind: string;
  act?: () => void;
}

/** A label's element in each half of the canvas; the second one shows only while there are two pictures. */
interface Placed {
  elements: Record<engine.Half, HTMLElement>;
  x: number;
  y: number;
}

const sets = new Map<string, Placed[]>();
const boxes: Record<engine.Half, string> = { a: "labels", b: "labels-b" };
let turning = false;

function elementOf(label: Label): HTMLElement {
  if (!label.act) return el("span", { class: "map-label", "data-kind": label.kind, title: label.title }, label.text);
  const made = el("button", { type: "button", class: "map-label", "data-kind": label.kind, title: label.title, "aria-label": label.title }, label.text);
  made.addEventListener("click", label.act);
  return made;
}

/** Writes labels over places; an empty list removes those of the same name. */
export function showLabels(id: string, labels: Label[]) {
  for (const { elements } of sets.get(id) ?? []) for (const element of Object.values(elements)) element.remove();
  sets.delete(id);
  const made = labels.flatMap((label) => {
    const at = localOf(label.at);
    if (!at) return [];
    const elements = { a: elementOf(label), b: elementOf(label) };
    for (const half of ["a", "b"] as const) {
      elements[half].hidden = true;
      document.getElementById(boxes[half])?.append(elements[half]);
    }
    return [{ elements, ...at }];
  });
  if (made.length) sets.set(id, made);
  if (made.length && !turning) {
    turning = true;
    requestAnimationFrame(follow);
  }
  last = "";
}

let last = "";

/** How far a label reaches from its place [CSS px]: nearer to a panel it would look out from under it. */
const REACH = 14;

/** Labels nearer to one another than this would lie on each other: the first one stays [CSS px]. */
const APART = [30, 22] as const;

/** Left, top, right and bottom of the panels over the map. */
function covering(): number[][] {
  return Array.from(document.querySelectorAll(".panel, #top, #tabs")).flatMap((panel) => {
    const { left, top, right, bottom } = panel.getBoundingClientRect();
    return right > left && bottom > top ? [[left, top, right, bottom].map(Math.round)] : [];
  });
}

const within = ([left = 0, top = 0, right = 0, bottom = 0]: number[], [x, y]: [number, number]) =>
  x > left - REACH && x < right + REACH && y > top - REACH && y < bottom + REACH;

/** Keeps the labels over their places while the camera or the divider moves. */
function follow() {
  if (sets.size === 0) {
    turning = false;
    return;
  }
  const parts = halves();
  const panels = covering();
  const now = JSON.stringify([engine.view(), window.innerWidth, window.innerHeight, parts, panels]);
  if (now !== last) {
    last = now;
    const whole = [0, 0, window.innerWidth, window.innerHeight] as const;
    for (const half of ["a", "b"] as const) {
      const taken: [number, number][] = [];
      const free = (at: [number, number]) =>
        !taken.some(([x, y]) => Math.abs(x - at[0]) < APART[0] && Math.abs(y - at[1]) < APART[1]) && !panels.some((panel) => within(panel, at));
      const part = parts ? parts[half] : half === "a" ? whole : null;
      const box = document.getElementById(boxes[half]);
      // A label of one half must not reach into the other.
      if (box) box.style.clipPath = parts && part ? `inset(${part[1]}px ${window.innerWidth - part[2]}px ${window.innerHeight - part[3]}px ${part[0]}px)` : "";
      for (const { elements, x, y } of [...sets.values()].flat()) {
        const at = part && engine.project(x, y, 4, half);
        const inside = at && part && at[0] > part[0] && at[1] > part[1] && at[0] < part[2] && at[1] < part[3] && free(at);
        elements[half].hidden = !inside;
        if (!at || !inside) continue;
        taken.push(at);
        elements[half].style.transform = `translate(${at[0].toFixed(0)}px, ${at[1].toFixed(0)}px) translate(-50%, -50%)`;
      }
    }
  }
  requestAnimationFrame(follow);
}
