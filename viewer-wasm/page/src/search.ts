// The search box: buildings, grids and places by name or address, a floor included.

import { api, type SearchHit } from "./api";
import { byId, el } from "./dom";
import { t } from "./i18n";

/** Wires the box; `choose` is called with the hit that a person picks. */
export function wireSearch(choose: (hit: SearchHit) => void) {
  const input = byId<HTMLInputElement>("search-text");
  const list = byId("search-hits");
  let hits: SearchHit[] = [];
  let marked = -1;
  let timer = 0;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    marked = -1;
  };
  const mark = (next: number) => {
    marked = (next + hits.length) % Math.max(hits.length, 1);
    for (const [i, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(i === marked));
  };
  const pick = (hit: SearchHit | undefined) => {
    if (!hit) return;
    input.value = hit.label;
    close();
    choose(hit);
  };
  const show = () => {
    const items = hits.map((hit) => {
      const item = el("li", { role: "option" }, hit.label, " ", el("span", { class: "note" }, t(`search.kind.${hit.kind}`)));
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        pick(hit);
      });
      return item;
    });
    list.replaceChildren(...(items.length ? items : [el("li", { class: "note" }, t("search.nothing"))]));
    list.hidden = false;
    mark(0);
  };
  const ask = async () => {
    const text = input.value.trim();
    const mine = ++asked;
    if (!text) return close();
    const found = await api.search(text);
    if (mine !== asked) return;
    hits = found.slice(0, 12);
    show();
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), 180);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") mark(marked + 1);
    else if (event.key === "ArrowUp") mark(marked - 1);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  byId<HTMLFormElement>("search").addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (list.hidden) await ask();
    pick(hits[Math.max(marked, 0)]);
  });
}
