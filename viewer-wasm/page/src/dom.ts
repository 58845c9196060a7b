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
