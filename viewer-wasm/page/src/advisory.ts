// A forecast advisory typed as a table of positions, or drawn on the map of the storm.

import type { Storm } from "./api";
import { baseMap, MAP_HEIGHT, MAP_WIDTH, onMap, placeAt, siteOn } from "./coast";
import { button, choice, el, field, path, svg } from "./dom";
import { number, t } from "./i18n";
import type { Advisory, AdvisoryFix } from "./workapi";

type Unit = Advisory["wind_unit"];

/** Winds whose radii agencies tell, in each unit: grades 7, 10 and 12 of Beaufort; 34, 50 and 64 kt. */
const RADII: Record<Unit, [number, number, number]> = { "m/s": [13.9, 24.5, 32.7], kt: [34, 50, 64], "km/h": [63, 93, 119] };

/** Hours between positions that are clicked one after another. */
const STEP_H = 6;
/** A position as typed. */
interface Row {
  lead_h: string;
  lat: string;
  lon: string;
  wind: string;
  pressure_hpa: string;
  rmw_km: string;
  radii: [string, string, string];
}

const COLUMNS = ["lead_h", "lat", "lon", "wind", "pressure_hpa", "rmw_km"] as const;

let rows: Row[] = [];
let [name, agency] = ["", ""];
let base = "";
let averaging = "2";
let unit: Unit = "m/s";
let box: HTMLElement | null = null;
let site = { lon: 0, lat: 0 };
/** The storm of the shown forecast, to begin from. */
let known: Storm | null = null;

const empty = (): Row => ({ lead_h: "", lat: "", lon: "", wind: "", pressure_hpa: "", rmw_km: "", radii: ["", "", ""] });

/** China Standard Time, as a field of date and time takes it. */
const beijing = (utc: number) => new Date(utc + 8 * 3600_000).toISOString().slice(0, 16);

/** Draws the editor into a box. */
export function showAdvisory(into: HTMLElement, at: { lon: number; lat: number }, storm: Storm | null) {
  box = into;
  site = at;
  known = storm;
  if (!base) base = beijing(storm?.track[0] ? Date.parse(storm.track[0].utc) : Math.floor(Date.now() / 3600_000) * 3600_000);
  draw();
}

function draw() {
  if (!box) return;
  const text = (value: string, change: (value: string) => void, attributes: Record<string, string> = {}) => {
    const input = el("input", { type: "text", ...attributes });
    input.value = value;
    input.addEventListener("input", () => change(input.value.trim()));
    return input;
  };
  const time = text(base, (value) => { base = value; }, { type: "datetime-local", required: "" });
  const averages = [["1", t("advisory.min_1")], ["2", t("advisory.min_2")], ["10", t("advisory.min_10")]] as [string, string][];
  const units = (Object.keys(RADII) as Unit[]).map((of): [string, string] => [of, of]);
  const from = button(t("advisory.from_shown"), fillFromStorm, { id: "advisory-fill" });
  from.disabled = !known;
  const fields = el(
      "div",
      { class: "fields" },
      field(t("advisory.name"), text(name, (value) => { name = value; }, { id: "advisory-name", maxlength: "40" })),
      field(t("advisory.agency"), text(agency, (value) => { agency = value; }, { list: "agencies", maxlength: "20" })),
      field(t("advisory.base"), time),
      field(t("advisory.averaging"), choice(t("advisory.averaging"), averages, averaging, (value) => { averaging = value; })),
      field(t("advisory.unit"), choice(t("advisory.unit"), units, unit, (value) => {
        unit = value as Unit;
        draw();
      })),
  );
  const actions = el("p", { class: "actions" }, from, button(t("advisory.add"), () => {
      const last = rows.at(-1);
      rows.push({ ...empty(), lead_h: last ? String(Number(last.lead_h) + STEP_H) : "0" });
      draw();
    }), button(t("advisory.clear"), () => {
      rows = [];
      draw();
    }));
  box.replaceChildren(
    el("datalist", { id: "agencies" }, ...["CMA", "HKO", "JMA", "JTWC"].map((value) => el("option", { value }))),
    el("div", { class: "track-editor" }, map(), el("div", { class: "beside" }, fields, actions, el("p", { class: "note" }, t("advisory.note")))),
    el("div", { class: "scroll" }, table()),
  );
}

function table(): HTMLElement {
  const heads = [
    t("advisory.lead_h"),
    t("advisory.lat"),
    t("advisory.lon"),
    `${t("advisory.wind")} ${unit}`,
    t("advisory.pressure_hpa"),
    t("advisory.rmw_km"),
    ...RADII[unit].map((wind) => t("advisory.radius", { wind: `${number(wind, unit === "m/s" ? 1 : 0)} ${unit}` })),
    "",
  ];
  const body = rows.map((row, i) => {
    const cell = (label: string, value: string, change: (value: string) => void, wide = false) => {
      const input = el("input", { type: "text", inputmode: "decimal", "aria-label": `${label}, ${t("advisory.row", { n: i + 1 })}`, class: wide ? "wide" : "" });
      input.value = value;
      input.addEventListener("input", () => {
        change(input.value.trim());
        drawTrack();
      });
      return el("td", {}, input);
    };
    return el(
      "tr",
      {},
      ...COLUMNS.map((column, k) => cell(heads[k] ?? "", row[column], (value) => { row[column] = value; })),
      ...row.radii.map((value, k) => cell(heads[k + 6] ?? "", value, (next) => { row.radii[k] = next; }, true)),
      el("td", {}, button("✕", () => {
        rows.splice(i, 1);
        draw();
      }, { "aria-label": t("advisory.remove", { n: i + 1 }), title: t("advisory.remove", { n: i + 1 }) })),
    );
  });
  const none = rows.length ? [] : [el("tr", {}, el("td", { colspan: String(heads.length), class: "note" }, t("advisory.none")))];
  return el("table", { class: "fixes" }, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...body, ...none));
}

let track: SVGElement | null = null;

/** A click adds a position; a position can be dragged. */
function map(): HTMLElement {
  const picture = baseMap(t("advisory.map"));
  siteOn(picture, site.lon, site.lat);
  track = svg("g");
  picture.append(track);
  drawTrack();
  const at = (event: PointerEvent): [number, number] => {
    const rect = picture.getBoundingClientRect();
    return placeAt(((event.clientX - rect.left) / rect.width) * MAP_WIDTH, ((event.clientY - rect.top) / rect.height) * MAP_HEIGHT);
  };
  let held: Row | null = null;
  const put = (row: Row, [lon, lat]: [number, number]) => {
    row.lon = lon.toFixed(2);
    row.lat = lat.toFixed(2);
  };
  picture.addEventListener("pointerdown", (event) => {
    const index = (event.target as Element).getAttribute("data-row");
    held = index === null ? null : (rows[Number(index)] ?? null);
    if (!held) {
      const last = rows.at(-1);
      const row = { ...empty(), lead_h: last ? String((Number(last.lead_h) || 0) + STEP_H) : "0", wind: last?.wind ?? "", pressure_hpa: last?.pressure_hpa ?? "", radii: [...(last?.radii ?? ["", "", ""])] as Row["radii"] };
      put(row, at(event));
      rows.push(row);
      held = row;
    }
    picture.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  picture.addEventListener("pointermove", (event) => {
    if (!held) return;
    put(held, at(event));
    drawTrack();
  });
  picture.addEventListener("pointerup", () => {
    held = null;
    draw();
  });
  return el("div", { class: "map", title: t("advisory.map") }, picture, el("p", { class: "note" }, t("advisory.map_hint")));
}

function drawTrack() {
  const points = rows.map((row) => ({ row, at: onMap(Number(row.lon), Number(row.lat)) })).filter(({ row, at }) => row.lat !== "" && row.lon !== "" && at.every(Number.isFinite));
  let labelled: [number, number] | null = null;
  const circles = points.flatMap(({ row, at: [cx, cy] }) => {
    const index = rows.indexOf(row);
    const circle = svg("circle", { cx, cy, r: 5, fill: "#ffb84d", stroke: "#10171c", "data-row": index, cursor: "grab" });
    // Lead times that would lie on one another are left out.
    if (labelled && Math.hypot(cx - labelled[0], cy - labelled[1]) < 26) return [circle];
    labelled = [cx, cy];
    return [circle, svg("text", { x: cx - 6, y: cy - 8, fill: "#fff", "font-size": 9, "pointer-events": "none" }, `+${row.lead_h} h`)];
  });
  track?.replaceChildren(svg("path", { d: path(points.map(({ at }) => at)), fill: "none", stroke: "#ffb84d", "stroke-width": 1.6 }), ...circles);
}

/** Begins from the storm of the forecast that is shown; its winds are in m/s. */
function fillFromStorm() {
  const first = known?.track[0];
  if (!known || !first) return;
  name = known.name;
  agency = known.agency ?? "";
  unit = "m/s";
  averaging = { one_minute: "1", two_minute: "2", ten_minute: "10" }[known.averaging ?? ""] ?? averaging;
  base = beijing(Date.parse(first.utc));
  const told = known.track.filter((fix) => fix.vmax_mps !== null || fix.pmin_hpa !== null);
  rows = told.map((fix) => ({
    lead_h: String(Math.round((Date.parse(fix.utc) - Date.parse(first.utc)) / 360_000) / 10),
    lat: fix.lat.toFixed(2),
    lon: fix.lon.toFixed(2),
    wind: fix.vmax_mps === null ? "" : fix.vmax_mps.toFixed(1),
    pressure_hpa: fix.pmin_hpa === null ? "" : String(Math.round(fix.pmin_hpa)),
    rmw_km: fix.rmw_km === null ? "" : String(Math.round(fix.rmw_km)),
    radii: ["", "", ""],
  }));
  draw();
}

/** What is typed as the server takes it; a sentence where it makes no sense. */
export function readAdvisory(): Advisory | string {
  if (rows.length === 0) return t("advisory.none");
  if (!name) return t("advisory.need_name");
  const value = (text: string) => (text === "" ? undefined : Number(text.replace(",", ".")));
  const fixes: AdvisoryFix[] = [];
  for (const [i, row] of rows.entries()) {
    const numbers = COLUMNS.map((column) => value(row[column]));
    const bad = COLUMNS.find((column, k) => Number.isNaN(numbers[k]) || (["lead_h", "lat", "lon"].includes(column) && numbers[k] === undefined));
    if (bad) return t("advisory.bad", { n: i + 1, column: t(`advisory.${bad}`) });
    const radii = row.radii.flatMap((text, k) => {
      if (!text) return [];
      const km = text.split(/[\s,;/]+/).map(Number);
      return [{ wind: RADII[unit][k] ?? 0, km: (km.length === 1 ? [km[0], km[0], km[0], km[0]] : km) as [number, number, number, number] }];
    });
    if (radii.some(({ km }) => km.length !== 4 || km.some((of) => !Number.isFinite(of)))) return t("advisory.bad_radius", { n: i + 1 });
    const [lead_h, lat, lon, wind, pressure_hpa, rmw_km] = numbers;
    fixes.push({
      lead_h: lead_h ?? 0,
      lat: lat ?? 0,
      lon: lon ?? 0,
      ...(wind === undefined ? {} : { wind }),
      ...(pressure_hpa === undefined ? {} : { pressure_hpa }),
      ...(rmw_km === undefined ? {} : { rmw_km }),
      ...(radii.length ? { radii } : {}),
    });
  }
  return { name, agency, base_time: `${base}:00+08:00`, averaging_min: Number(averaging), wind_unit: unit, fixes };
}
