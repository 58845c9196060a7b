// The real program in a real browser: the city is drawn, the water moves, a grid tells its numbers.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PNG } from "pngjs";

import { openPage, picture, sleep, startBrowser, startProgram, until, untilReady } from "./harness.mjs";
import { twoRunsOnPhone } from "./split.mjs";
import { workplace } from "./workplace.mjs";

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

let program;
let browser;

before(async () => {
  program = await startProgram();
  browser = await startBrowser();
}, { timeout: 180_000 });

after(async () => {
  await browser?.close();
  await program?.stop();
});

/** The canvas alone, as pixels. */
async function canvas(page) {
  const shot = await picture(page.locator("#scene"), null, { animations: "disabled" });
  return PNG.sync.read(shot);
}

/** Part of the picture, as fractions of its sides. */
function part(image, x0, y0, x1, y1) {
  const pixels = [];
  for (let y = Math.floor(y0 * image.height); y < y1 * image.height; y += 2)
    for (let x = Math.floor(x0 * image.width); x < x1 * image.width; x += 2) {
      const at = (y * image.width + x) * 4;
      pixels.push([image.data[at], image.data[at + 1], image.data[at + 2]]);
    }
  return pixels;
}

const colours = (pixels) => new Set(pixels.map(([r, g, b]) => ((r >> 4) << 8) | ((g >> 4) << 4) | (b >> 4))).size;
const bluish = (pixels) => pixels.filter(([r, , b]) => b > r + 40).length / pixels.length;

const state = (page) => page.evaluate(() => window.stormgrid.state());

/** The camera has arrived, and the address has been written since. */
async function rested(page) {
  await until("the camera to rest", async () => !(await state(page)).engine.moving, 60_000);
  await sleep(600);
}

/** The first forecast is finished and shown. */
const forecastShown = (page) => until("the first forecast", async () => (await state(page)).run_state === "done", 240_000, 1000);

test("the page draws the city and a forecast, and its controls work", { timeout: 900_000 }, async (t) => {
  const { page, trouble, close } = await openPage(browser, program.url, DESK);
  await untilReady(page);

  await t.test("the canvas shows a city, not one colour", async () => {
    const image = await canvas(page);
    const middle = part(image, 0.3, 0.15, 0.7, 0.8);
    assert.ok(colours(middle) > 20, `${colours(middle)} colours in the middle of the canvas`);
    const stats = await page.evaluate(() => window.stormgrid.stats());
    assert.ok(stats.buildings >= 20_000, `${stats.buildings} buildings`);
    assert.ok(stats.triangles > 200_000, `${stats.triangles} triangles`);
  });

  await t.test("a first forecast is computed while the city is there", async () => {
    await forecastShown(page);
    await until("the ranked list", async () => (await page.locator("#ranking-list button").count()) > 3);
  });

  await t.test("the water rises and falls with the slider", async () => {
    const end = Number(await page.locator("#slider").getAttribute("max"));
    assert.ok(end > 0);
    await page.evaluate(() => window.stormgrid.setTime(0));
    await until("the water of the start", async () => (await page.evaluate(() => window.stormgrid.stats())).water_time === 0);
    const start = await page.evaluate(() => window.stormgrid.stats().wet_cells);
    const slider = page.locator("#slider");
    await slider.focus();
    // Three quarters through: after the storm has passed.
    await slider.evaluate((input, value) => {
      input.value = String(value);
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, end * 0.75);
    await until("later water", async () => (await page.evaluate(() => window.stormgrid.stats())).water_time > end * 0.7);
    const later = await page.evaluate(() => window.stormgrid.stats().wet_cells);
    assert.ok(later > start, `wet cells: ${start} at the start, ${later} after the storm`);
    const image = await canvas(page);
    assert.ok(bluish(part(image, 0.3, 0.15, 0.7, 0.8)) > 0.002, "no blue water in the middle of the picture");
    await page.keyboard.press("ArrowRight");
    assert.ok((await state(page)).time > end * 0.7);
  });

  await t.test("play moves the time", async () => {
    await page.evaluate(() => window.stormgrid.setTime(0));
    await page.locator("#play").click();
    await until("time to move", async () => (await state(page)).time > 600, 60_000);
    await page.locator("#play").click();
    assert.equal((await state(page)).playing, false);
  });

  await page.evaluate(() => {
    const end = Number(document.querySelector("#slider").max);
    window.stormgrid.setTime(end * 0.6);
  });
  await sleep(2000);
  await picture(page, "desk-zh");

  await t.test("a row of the list flies to its grid and shows its numbers", async () => {
    const before = (await state(page)).view;
    const row = page.locator("#ranking-list button").first();
    const code = await row.getAttribute("data-code");
    await row.click();
    await until("the card", () => page.locator("#card").isVisible());
    assert.match(await page.locator("#card").innerText(), /[0-9]/);
    assert.ok((await page.locator("#card").innerText()).includes(code));
    const moved = async () => {
      const { view } = await state(page);
      return Math.hypot(view.x - before.x, view.y - before.y) + Math.abs(view.range - before.range) > 50;
    };
    await until("the camera to fly", moved);
    await rested(page);
    await picture(page, "desk-grid-zh");
  });

  await t.test("a click on the canvas selects what is there", async () => {
    await page.keyboard.press("Escape");
    await until("no selection", async () => (await state(page)).selection === null);
    await rested(page);
    const [x, y] = [DESK.width / 2, DESK.height / 2];
    const hit = await page.evaluate(([px, py]) => window.stormgrid.pick(px, py), [x, y]);
    assert.ok(hit, "nothing under the middle of the canvas");
    await page.mouse.move(x, y);
    await sleep(600);
    await page.mouse.down();
    await sleep(300);
    await page.mouse.up();
    const selected = await until("a selection", async () => (await state(page)).selection);
    const still = await page.evaluate(([px, py]) => window.stormgrid.pick(px, py), [x, y]);
    const where = ({ kind, index, x, y, z }) => ({ kind, index, x, y, z });
    assert.deepEqual(where(still), where(hit), "the camera moved between asking and clicking");
    if (hit.kind === "building") assert.deepEqual(selected, { kind: "building", index: hit.index });
    else assert.ok(["grid", "point"].includes(selected.kind), `${selected.kind} selected`);
    await until("its card", async () => /\d/.test(await page.locator("#card").innerText()));
  });

  await t.test("翠园里7号4楼 is found, with its floor", async () => {
    await page.locator("#search-text").fill("翠园里7号4楼");
    await until("hits", async () => (await page.locator("#search-hits li[role=option]").count()) > 0);
    await page.keyboard.press("Enter");
    await until("the building", async () => (await state(page)).selection?.kind === "building");
    await until("its card", async () => /翠园里7号/.test(await page.locator("#card").innerText()));
    assert.match(await page.locator("#card").innerText(), /4 楼\s+楼面高程 [0-9.]+ 米/);
    await rested(page);
    await picture(page, "desk-building-zh");
  });

  await t.test("the page speaks English too", async () => {
    await page.locator("#language").click();
    assert.match(await page.locator("#ranking-title").innerText(), /Worst affected grids/);
    assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
    const missing = await page.evaluate(() => [...document.querySelectorAll("[data-t]")].filter((e) => !e.textContent).length);
    assert.equal(missing, 0);
    await picture(page, "desk-en");
  });

  await t.test("the address brings view, time and selection back", async () => {
    await rested(page);
    const before = await state(page);
    const address = page.url();
    assert.match(address, /view=.*time=.*select=building/);
    const again = await openPage(browser, address, { width: 640, height: 480 });
    await untilReady(again.page);
    const after = await until("the same run", async () => {
      const now = await state(again.page);
      return now.run !== null && now.selection !== null ? now : null;
    });
    assert.deepEqual(after.selection, before.selection);
    assert.equal(after.language, "en");
    for (const part of ["x", "y", "z", "range", "heading_deg", "pitch_deg"])
      assert.ok(Math.abs(after.view[part] - before.view[part]) < 0.2, `${part}: ${before.view[part]} before, ${after.view[part]} after`);
    assert.deepEqual(again.trouble, []);
    await again.close();
  });

  await t.test("this browser computes a what-if by itself", async () => {
    await page.keyboard.press("Escape");
    await page.locator("#language").click();
    await page.locator("#steps [data-step=rehearsal]").click();
    await page.locator("#local-open").click();
    await until("the dialog", () => page.locator("#local").isVisible());
    await page.locator("#local-cell").selectOption("80");
    await page.locator("#local-rain").selectOption("design");
    await page.locator("#local-mm-h").fill("90");
    await page.locator("#local-duration").fill("1");
    await picture(page, "desk-local-dialog-zh");
    await page.locator("#local-start").click();
    await until("frames of its own run", async () => (await state(page)).run === "local-1");
    await until("its end", async () => (await state(page)).run_state === "done", 240_000, 1000);
    await page.evaluate(() => window.stormgrid.setTime(0));
    await until("the water of its start", async () => (await page.evaluate(() => window.stormgrid.stats())).water_time === 0);
    const start = await page.evaluate(() => window.stormgrid.stats().wet_cells);
    await page.evaluate(() => window.stormgrid.setTime(3600));
    await until("the water of its end", async () => (await page.evaluate(() => window.stormgrid.stats())).water_time === 3600);
    const end = await page.evaluate(() => window.stormgrid.stats().wet_cells);
    assert.ok(end > start, `wet cells: ${start} at the start, ${end} after an hour of rain`);
    assert.match(await page.locator("#run-choice option:checked").innerText(), /本机推演 1（80 米）/);
    await picture(page, "desk-local-zh");
    const others = await page.locator("#run-choice option").evaluateAll((options) => options.map((option) => option.value));
    const served = others.find((id) => !id.startsWith("local-"));
    await page.locator("#run-choice").selectOption(served);
    await until("the server's forecast again", async () => (await state(page)).run === served);
    await until("its ranking", async () => (await page.locator("#ranking-list button").count()) > 3);
  });

  await workplace(t, page);

  await t.test("nothing went wrong on the way", () => assert.deepEqual(trouble, []));
  await close();
});

test("a phone shows map, list and card without overlap", { timeout: 600_000 }, async (t) => {
  const { page, trouble, close } = await openPage(browser, program.url, PHONE, { hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await untilReady(page);
  await forecastShown(page);
  await page.evaluate(() => window.stormgrid.setTime(Number(document.querySelector("#slider").max) * 0.6));
  await sleep(2000);
  await picture(page, "phone-map-zh");

  await t.test("the canvas is not covered and not blank", async () => {
    const image = await canvas(page);
    assert.ok(colours(part(image, 0.1, 0.25, 0.9, 0.6)) > 12);
  });

  await t.test("each tab opens its panel inside the screen", async () => {
    for (const [tab, panel] of [["work", "#left"], ["storm", "#storm"], ["legend", "#legend"]]) {
      await page.locator(`#tabs [data-tab=${tab}]`).click();
      await until(`panel ${panel}`, () => page.locator(panel).isVisible());
      const box = await page.locator(panel).boundingBox();
      assert.ok(box.x >= -1 && box.x + box.width <= PHONE.width + 1, `${panel} leaves the screen: ${JSON.stringify(box)}`);
      const bar = await page.locator("#time").boundingBox();
      assert.ok(box.y + box.height <= bar.y + 2, `${panel} covers the time bar`);
      await picture(page, `phone-${tab}-zh`);
    }
  });

  await t.test("a row opens the card", async () => {
    await page.locator("#tabs [data-tab=work]").click();
    await page.locator("#ranking-list button").first().click();
    await until("the card", () => page.locator("#card").isVisible());
    await rested(page);
    await picture(page, "phone-card-zh");
  });

  await t.test("the dialog of own runs fits the screen", async () => {
    await page.locator("#steps [data-step=rehearsal]").click();
    await page.locator("#local-open").click();
    await until("the dialog", () => page.locator("#local").isVisible());
    const box = await page.locator("#local").boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width && box.y >= 0 && box.y + box.height <= PHONE.height, JSON.stringify(box));
    await picture(page, "phone-local-zh");
    await page.locator("#local-close").click();
  });

  await t.test("each step fits the screen", async () => {
    for (const step of ["forecast", "warnings", "rehearsal", "plan"]) {
      await page.locator(`#steps [data-step=${step}]`).click();
      await until(`step ${step}`, async () => (await state(page)).step === step);
      const wide = await page.locator("#left").evaluate((part) => part.scrollWidth - part.clientWidth);
      assert.ok(wide <= 1, `${step} is ${wide} px too wide`);
    }
  });

  await twoRunsOnPhone(t, page, PHONE);

  await t.test("no sideways scrolling, nothing went wrong", async () => {
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    assert.deepEqual(trouble, []);
  });
  await close();
});

test("without 3D graphics the page says so in words", { timeout: 120_000 }, async () => {
  const plain = await startBrowser(["--disable-3d-apis"]);
  try {
    const { page, close } = await openPage(plain, program.url, DESK);
    await until("the error screen", () => page.locator("#failure").isVisible());
    assert.match(await page.locator("#failure").innerText(), /WebGPU.*WebGL2/s);
    await picture(page, "no-graphics-zh");
    await close();
  } finally {
    await plain.close();
  }
});
