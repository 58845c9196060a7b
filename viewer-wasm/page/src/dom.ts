// Small tools for the page's elements.

/** The element with this id; the page is broken without it. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element '${id}'`);
  return element as T;
}

/** An element with attributes and children; text is never read as markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** An SVG element. */
export function svg(name: string, attributes: Record<string, string | number> = {}, ...children: (Node | string)[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** Fills a `<dl class="facts">`. */
export function facts(list: HTMLElement, rows: [string, string | Node][]) {
  list.replaceChildren(...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** The `d` of an SVG path through points; a break where a value is missing. */
export function path(points: [number, number | null][]): string {
  let open = false;
  return points
    .map(([x, y]) => {
      if (y === null || !Number.isFinite(y)) {
        open = false;
        return "";
      }
      const command = open ? "L" : "M";
      open = true;
      return `${command}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

let hide = 0;

/** Shows a sentence for a while. */
export function toast(text: string, kind: "bad" | "good" = "bad") {
  const box = byId("toast");
  box.textContent = text;
  box.dataset.kind = kind;
  box.hidden = false;
  clearTimeout(hide);
  hide = window.setTimeout(() => {
    box.hidden = true;
  }, 8000);
}

/** A button that does something. */
export function button(text: string, act: (button: HTMLButtonElement) => unknown, attributes: Record<string, string> = {}): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", () => void act(made));
  return made;
}

/** A labelled choice; `choose` is called with the value that a person picks. */
export function choice(label: string, options: [string, string][], value: string, choose: (value: string) => void): HTMLSelectElement {
  const select = el("select", { "aria-label": label, title: label }, ...options.map(([key, text]) => el("option", { value: key }, text)));
  select.value = value;
  select.addEventListener("change", () => choose(select.value));
  return select;
}

/** A labelled field; the label stands above it. */
export function field(label: string, input: HTMLElement): HTMLLabelElement {
  return el("label", { class: "field" }, el("span", {}, label), input);
}

/** A number that a person types. */
export function numberInput(value: number | string, attributes: Record<string, string | number> = {}): HTMLInputElement {
  const input = el("input", { type: "number", inputmode: "decimal", ...Object.fromEntries(Object.entries(attributes).map(([k, v]) => [k, String(v)])) });
  input.value = String(value);
  return input;
}

/** Replaces the options of a choice if they have changed, keeping the value. */
export function setOptions(select: HTMLSelectElement, options: [string, string][], value: string) {
  const now = JSON.stringify(options);
  if (select.dataset.now !== now) {
    select.dataset.now = now;
    select.replaceChildren(...options.map(([key, text]) => el("option", { value: key }, text)));
  }
  select.value = value;
}

/** Replaces what a part holds; the control that had the focus keeps it. */
export function redraw(part: HTMLElement, ...children: Node[]) {
  const controls = () => [...part.querySelectorAll<HTMLElement>("a[href], button, input, select, summary")];
  const focused = controls().findIndex((control) => control === document.activeElement);
  part.replaceChildren(...children);
  if (focused >= 0) controls()[focused]?.focus({ preventScroll: true });
}

/** Keeps what a person has typed or unfolded in a part of the page while it is drawn anew. */
export function busyWithin(part: HTMLElement): boolean {
  const active = document.activeElement;
  return active instanceof HTMLElement && part.contains(active) && active.matches("input, textarea, select");
}
