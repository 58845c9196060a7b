// Two runs on one canvas: where the divider stands, what each half shows, and what lies over both.

import { byId, el } from "./dom";
import * as engine from "./engine";
import { runName, runOf, shownRun } from "./forecast";
import { clock, number, t } from "./i18n";
import { on, set, splitOf, state } from "./state";
import { besideRun, besideTime } from "./water";

/** A part of the canvas [CSS px: left, top, right, bottom]. */
type Part = [number, number, number, number];

/** How near the divider may come to the edges, as a share of the free part. */
const REACH = { side: [0.2, 0.8], swipe: [0.02, 0.98] } as const;
/** Width and height of a half that can hold its name [CSS px]. */
const ROOM = [110, 50] as const;
/** What an arrow key moves it by, without and with Shift. */
const STEP = [0.02, 0.1] as const;

const narrow = () => window.innerWidth <= 820;

/** The part of the canvas that no panel covers; on a phone the map's own. */
function free(): Part {
  const side = (id: string) => byId(id).getBoundingClientRect();
  const [top, bottom] = [side("top").bottom, side("time").top];
  const bar = splitOf() ? side("compare-bar").bottom : 0;
  if (narrow()) return [0, Math.max(top, bar), window.innerWidth, bottom];
  const [left, right] = [side("left").right, side("side").left];
  return right - left > 200 ? [left, top, right, bottom] : [0, top, window.innerWidth, bottom];
}

interface Layout {
  split: engine.Split;
  /** The free part of each half. */
  parts: Record<engine.Half, Part>;
  whole: Part;
  face: "side" | "swipe";
}

let now: Layout | null = null;

/** To whole pixels of page and screen alike, where that can be: both halves must meet the same ones. */
const snap = (value: number) => {
  const fine = Number.isInteger(devicePixelRatio) ? 1 : devicePixelRatio;
  return Math.round(value * fine) / fine;
};

function layout(): Layout | null {
  const pair = splitOf();
  if (!pair || !besideRun()) return null;
  const face = pair.face === "swipe" ? "swipe" : "side";
  const whole = free();
  // On an upright phone two halves beside each other would be slits.
  const axis = narrow() && window.innerHeight > window.innerWidth ? "y" : "x";
  const k = axis === "x" ? 0 : 1;
  const [from, to] = [whole[k], whole[k + 2] as number];
  const at = snap(from + within(face, state.divider) * (to - from));
  const parts: Layout["parts"] = { a: [...whole], b: [...whole] };
  parts.a[k + 2] = at;
  parts.b[k] = at;
  const shift = (part: Part): [number, number] => {
    const by = face === "side" ? snap((part[k] + (part[k + 2] as number) - from - to) / 2) : 0;
    return k === 0 ? [by, 0] : [0, by];
  };
  return { split: { axis, at, shift_a: shift(parts.a), shift_b: shift(parts.b) }, parts, whole, face };
}

const within = (face: "side" | "swipe", share: number) => Math.min(REACH[face][1], Math.max(REACH[face][0], share));

/** What both halves lie over: the part of each one, `null` for the whole canvas. */
export const halves = (): Record<engine.Half, Part> | null => (now?.face === "side" ? now.parts : null);

/**
 * Where the whole picture stays visible once a card is open; in two halves as much of it as the
 * smaller one shows.
 */
export function freePart(): number[] {
  const [left, top, right, bottom] = free();
  // On a phone the card comes up from below.
  if (narrow() && !now) return [left, top, right, Math.max(top + 80, bottom - 0.46 * window.innerHeight)];
  if (now?.face !== "side") return [left, top, right, bottom];
  const { a, b } = now.parts;
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const width = Math.min(a[2] - a[0], b[2] - b[0]);
  const height = Math.min(a[3] - a[1], b[3] - b[1]);
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

/** Puts divider, names and picture where the state and the window want them. */
export function layoutSplit() {
  const before = JSON.stringify(now?.split ?? null);
  now = layout();
  const after = JSON.stringify(now?.split ?? null);
  if (after !== before) engine.setSplit(now?.split ?? null);
  byId("split").hidden = now === null;
  if (!now) return;
  const { split, parts, whole, face } = now;
  const share = within(face, state.divider);
  const box = byId("split");
  box.dataset.axis = split.axis;
  box.dataset.face = face;
  const divider = byId("divider");
  place(divider, split.axis === "x" ? [split.at, whole[1], split.at, whole[3]] : [whole[0], split.at, whole[2], split.at]);
  const [least, most] = REACH[face];
  for (const [name, value] of Object.entries({
    "aria-orientation": split.axis === "x" ? "vertical" : "horizontal",
    "aria-valuemin": String(Math.round(least * 100)),
    "aria-valuemax": String(Math.round(most * 100)),
    "aria-valuenow": String(Math.round(share * 100)),
    "aria-valuetext": t("split.share", { share: number(share * 100) }),
  }))
    divider.setAttribute(name, value);
  for (const half of ["a", "b"] as const) {
    const [left, top, right, bottom] = parts[half];
    place(byId(`half-${half}`), parts[half]);
    byId(`half-${half}`).hidden = right - left < ROOM[0] || bottom - top < ROOM[1];
    byId(`half-${half}`).replaceChildren(...nameOf(half));
  }
}

function place(element: HTMLElement, [left, top, right, bottom]: Part) {
  element.style.inset = `${top}px auto auto ${left}px`;
  element.style.width = `${right - left}px`;
  element.style.height = `${bottom - top}px`;
}

/** Which run a half shows, and that it ends earlier where it does. */
function nameOf(half: engine.Half): Node[] {
  const run = half === "a" ? shownRun() : besideRun();
  if (!run) return [];
  const parts: Node[] = [el("b", {}, half.toUpperCase()), el("span", { class: "name" }, runName(run))];
  const { time, within } = besideTime();
  if (half === "b" && !within) parts.push(el("span", { class: "late" }, t("split.other_time", { time: clock(run.start, time) })));
  return [el("p", { class: "panel", title: runName(run) }, ...parts)];
}

function moveTo(share: number) {
  if (now) set({ divider: within(now.face, share) });
}

function wireDivider() {
  const divider = byId("divider");
  let held: number | null = null;
  const shareAt = (event: PointerEvent) => {
    if (!now) return 0.5;
    const { whole, split } = now;
    const k = split.axis === "x" ? 0 : 1;
    return ((k === 0 ? event.clientX : event.clientY) - whole[k]) / ((whole[k + 2] as number) - whole[k]);
  };
  divider.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    divider.focus({ preventScroll: true });
    divider.setPointerCapture(event.pointerId);
    held = shareAt(event) - state.divider;
  });
  divider.addEventListener("pointermove", (event) => {
    if (held !== null && divider.hasPointerCapture(event.pointerId)) moveTo(shareAt(event) - held);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const)
    divider.addEventListener(end, () => {
      held = null;
    });
  divider.addEventListener("dblclick", () => moveTo(0.5));
  divider.addEventListener("keydown", (event) => {
    const share = state.divider;
    const by = STEP[event.shiftKey ? 1 : 0];
    const to: Record<string, number> = {
      ArrowLeft: share - by,
      ArrowUp: share - by,
      ArrowRight: share + by,
      ArrowDown: share + by,
      Home: 0,
      End: 1,
      Enter: 0.5,
    };
    const next = to[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(next);
  });
}

/** The place under the pointer, marked in the other half too. */
function wireTwinCursor() {
  const mark = byId("twin-cursor");
  const hide = () => {
    mark.hidden = true;
  };
  byId("scene").addEventListener("pointermove", (event) => {
    if (now?.face !== "side" || event.pointerType !== "mouse") return hide();
    const { split, parts } = now;
    const point: [number, number] = [event.clientX, event.clientY];
    const k = split.axis === "x" ? 0 : 1;
    const inA = point[k] < split.at;
    const [from, to] = inA ? [split.shift_a, split.shift_b] : [split.shift_b, split.shift_a];
    const [x, y] = [point[0] + to[0] - from[0], point[1] + to[1] - from[1]];
    const [left, top, right, bottom] = parts[inA ? "b" : "a"];
    mark.hidden = x < left || x > right || y < top || y > bottom;
    mark.style.transform = `translate(${x}px, ${y}px)`;
  });
  byId("scene").addEventListener("pointerleave", hide);
}

export function wireSplit() {
  wireDivider();
  wireTwinCursor();
  on(["compare", "divider", "step", "run", "water"], layoutSplit);
  on(["time"], () => {
    if (now && runOf(state.compare?.b ?? null)) byId("half-b").replaceChildren(...nameOf("b"));
  });
  const watch = new ResizeObserver(layoutSplit);
  for (const id of ["top", "left", "side", "time", "scene", "compare-bar"]) watch.observe(byId(id));
  layoutSplit();
}
