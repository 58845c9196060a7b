// One catalogue, two languages. `t` looks a message up and fills its {slots}.

import catalogue from "../../../assets/messages.json";
import type { Bilingual } from "./api";

export type Language = "zh" | "en";

const messages = catalogue as Record<string, Bilingual>;
const listeners: (() => void)[] = [];
let current: Language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

export const language = () => current;

export function setLanguage(next: Language) {
  current = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  for (const listener of listeners) listener();
}

/** Calls `listener` after each change of language. */
export function onLanguage(listener: () => void) {
  listeners.push(listener);
}

type Slots = Record<string, string | number>;

const filled = (text: string, slots: Slots) => text.replace(/\{(\w+)\}/g, (whole, name: string) => String(slots[name] ?? whole));

/** A text of the catalogue in both languages. */
export function inBoth(key: string, slots: Slots = {}): Bilingual {
  const { zh, en } = messages[key] ?? { zh: key, en: key };
  return { zh: filled(zh, slots), en: filled(en, slots) };
}

export function t(key: string, slots: Slots = {}): string {
  const text = messages[key]?.[current];
  if (text === undefined) throw new Error(`the message catalogue lacks '${key}'`);
  return filled(text, slots);
}

/** A text that the server sent in both languages, or in one. */
export function both(text: Bilingual | string | null | undefined): string {
  if (text === null || text === undefined) return "";
  return typeof text === "string" ? text : text[current];
}

/** A word of the data (a kind, a use) in the reader's language, or as it stands in the data. */
export function word(prefix: string, value: string | null | undefined): string {
  if (!value) return "–";
  return messages[`${prefix}.${value}`]?.[current] ?? value;
}

/** Fills every element of the page that names a message. */
export function translatePage() {
  for (const element of document.querySelectorAll<HTMLElement>("[data-t]")) element.textContent = t(element.dataset.t ?? "");
  for (const element of document.querySelectorAll<HTMLElement>("[data-t-label]")) {
    const text = t(element.dataset.tLabel ?? "");
    element.setAttribute("aria-label", text);
    element.title = text;
  }
  for (const element of document.querySelectorAll<HTMLInputElement>("[data-t-placeholder]"))
    element.placeholder = t(element.dataset.tPlaceholder ?? "");
}

const locale = () => (current === "zh" ? "zh-CN" : "en-GB");

export const number = (value: number, digits = 0) =>
  value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" });

export const percent = (share: number) => `${number(share * 100, share > 0 && share < 0.0995 ? 1 : 0)} %`;

/** An instant in China Standard Time, day and clock. */
export function clock(start: string, seconds: number, withDay = true): string {
  const instant = new Date(Date.parse(start) + seconds * 1000);
  return instant.toLocaleString(locale(), {
    timeZone: "Asia/Shanghai",
    ...(withDay ? { month: "numeric", day: "numeric" } : {}),
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
}

/** A large number to two digits: 2.4万, 24K. */
export const roughly = (value: number): string =>
  new Intl.NumberFormat(current === "zh" ? "zh-CN" : "en", { notation: "compact", maximumSignificantDigits: 2 }).format(value);

/** A span of time to the precision that a person waits by. */
export function remaining(seconds: number): string {
  if (seconds < 90) return `${number(Math.max(1, seconds))} ${t("unit.s")}`;
  if (seconds < 5400) return `${number(seconds / 60)} ${t("unit.min")}`;
  return `${number(seconds / 3600, 1)} ${t("unit.h")}`;
}

/** An instant of the server in China Standard Time. */
export const instant = (time: string | null | undefined): string => (time && Number.isFinite(Date.parse(time)) ? clock(time, 0) : "–");
