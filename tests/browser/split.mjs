// Two runs on one canvas: each half with the water of its run, one camera, one clock, a divider for mouse and keys.

import assert from "node:assert/strict";

import { PNG } from "pngjs";

import { picture, sleep, until } from "./harness.mjs";

const state = (page) => page.evaluate(() => window.stormgrid.state());
const stats = (page) => page.evaluate(() => window.stormgrid.stats());
const pick = (page, at) => page.evaluate(([x, y]) => window.stormgrid.pick(x, y), at);
const shot = picture;
const face = (page, name) => page.locator(`#compare-bar [data-face=${name}]`).click();
const divider = (page) => page.locator("#divider");
const share = async (page) => Number(await divider(page).getAttribute("aria-valuenow"));

/** Pixels around a point of the page. */
async function patch(page, [x, y], side) {
  const clip = { x: Math.round(x - side / 2), y: Math.round(y - side / 2), width: side, height: side };
  return PNG.sync.read(await picture(page, null, { clip, animations: "disabled" }));
}

/** The share of pixels that differ by more than a rounding error. */
function differing(a, b) {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  let n = 0;
  for (let i = 0; i < a.data.length; i += 4) n += Math.max(...[0, 1, 2].map((k) => Math.abs(a.data[i + k] - b.data[i + k]))) > 4 ? 1 : 0;
  return n / (a.width * a.height);
}

/** Everything handed over has been drawn, and the camera rests. */
async function drawn(page) {
  await until("the camera to rest", async () => !(await state(page)).engine.moving);
  await sleep(1200);
}

async function layer(page, name, shown) {
  await page.locator("#layers-open").click();
  await page.locator(`#layers input[data-layer=${name}]`).setChecked(shown);
  await page.locator("#layers-open").click();
  await drawn(page);
}

/** Both halves show the water of the time on the slider. */
const bothAt = (page, time) =>
  until(`the water of both at ${time} s`, async () => {
    const now = await stats(page);
    return now.water_time === time && now.water_time_b === time;
  });

/** The same place in the other half. */
function counterpart(split, [x, y]) {
  const inA = (split.axis === "x" ? x : y) < split.at;
  const [from, to] = inA ? [split.shift_a, split.shift_b] : [split.shift_b, split.shift_a];
  return [x + to[0] - from[0], y + to[1] - from[1]];
}

/** A point of A whose surroundings have the greatest difference of depth, over some times. */
async function mostDifferent(page, area) {
  const end = Number(await page.locator("#slider").getAttribute("max"));
  let best = { by: 0 };
  for (const part of [0.5, 0.75, 1]) {
    const time = Math.round((end * part) / 1800) * 1800;
    await page.evaluate((to) => window.stormgrid.setTime(to), time);
    await bothAt(page, time);
    const { split } = (await state(page)).engine;
    for (let y = area[1]; y <= area[3]; y += 24)
      for (let x = area[0]; x <= area[2]; x += 24) {
        const [a, b] = await Promise.all([pick(page, [x, y]), pick(page, counterpart(split, [x, y]))]);
        // Outside of the grids there is no card to compare.
        if (!a?.grids.length || !b?.grids.length) continue;
        const by = (b.depth_m ?? 0) - (a.depth_m ?? 0);
        if (Math.abs(by) > Math.abs(best.by)) best = { by, at: [x, y], time };
      }
  }
  return best;
}

/** Begins from a finished comparison that is shown. */
export async function twoRuns(t, page) {
  const pair = (await state(page)).compare;
  await page.keyboard.press("Escape");
  const fly = page.locator("#compare .rows-table tbody button").first();
  await face(page, "side");
  await until("both halves", async () => {
    const now = await state(page);
    return now.engine.split !== null && now.engine.frames_b.length > 1 && now.run === pair.a;
  });

  await t.test("the grid that is flown to stands in the middle of both halves", async () => {
    await fly.click();
    await until("the flight", async () => (await state(page)).engine.moving);
    await drawn(page);
    const { split } = (await state(page)).engine;
    assert.equal(split.axis, "x");
    const [left, right] = await page.evaluate(() => [document.querySelector("#left").getBoundingClientRect().right, document.querySelector("#side").getBoundingClientRect().left]);
    const y = await page.evaluate(() => (document.querySelector("#top").getBoundingClientRect().bottom + document.querySelector("#time").getBoundingClientRect().top) / 2);
    const [a, b] = await Promise.all([pick(page, [(left + split.at) / 2, y]), pick(page, [(split.at + right) / 2, y])]);
    assert.ok(Math.hypot(a.x - b.x, a.y - b.y) < 3, `${JSON.stringify(a)} and ${JSON.stringify(b)}`);
    assert.deepEqual([a.half, b.half], ["a", "b"]);
    const { selection } = await state(page);
    assert.ok(a.grids.some((grid) => grid.code === selection.code), `${selection.code} is not in the middle: ${JSON.stringify(a.grids)}`);
  });

  await page.keyboard.press("Escape");
  const { split } = (await state(page)).engine;
  const edge = await page.evaluate(() => document.querySelector("#left").getBoundingClientRect().right);
  const found = await mostDifferent(page, [edge + 60, 240, split.at - 60, 560]);

  await t.test("the halves show one city under two waters", async () => {
    assert.ok(Math.abs(found.by) > 0.1, `the runs differ by ${found.by} m at most`);
    await page.evaluate((to) => window.stormgrid.setTime(to), found.time);
    await bothAt(page, found.time);
    await page.mouse.move(5, 5);
    await drawn(page);
    const there = counterpart(split, found.at);
    const wet = differing(await patch(page, found.at, 96), await patch(page, there, 96));
    await layer(page, "water", false);
    const dry = differing(await patch(page, found.at, 96), await patch(page, there, 96));
    await layer(page, "water", true);
    assert.ok(wet > 0.1, `${wet} of the pixels differ where the depths do by ${found.by} m`);
    assert.ok(dry < 0.005, `${dry} of the pixels differ without water`);
    const now = await stats(page);
    assert.notEqual(now.wet_cells, now.wet_cells_b);
  });

  await t.test("the legend tells the water alone, and each half its run", async () => {
    assert.doesNotMatch(await page.locator("#legend").innerText(), /比例|差/);
    assert.match(await page.locator("#half-a").innerText(), /^A/);
    assert.match(await page.locator("#half-b").innerText(), /^B[^]*0\.60/);
    await shot(page, "desk-side-zh");
  });

  await t.test("a click in either half selects the same place and tells both depths", async () => {
    const there = counterpart(split, found.at);
    for (const at of [found.at, there]) {
      await page.keyboard.press("Escape");
      await until("no selection", async () => (await state(page)).selection === null);
      const hit = await pick(page, at);
      await page.mouse.move(...at);
      // Two quick clicks would be a double click.
      await sleep(600);
      await page.mouse.down();
      await sleep(200);
      await page.mouse.up();
      const { selection } = await until("a selection", async () => {
        const now = await state(page);
        return now.selection ? now : null;
      });
      if (hit.kind === "building") assert.equal(selection.index, hit.index);
      else assert.ok(hit.grids.some((grid) => grid.code === selection.code), JSON.stringify(selection));
      await until("the card of both", async () => (await page.locator("#card .both").count()) > 3);
    }
    await page.mouse.move(...there);
    await until("the mark in the other half", () => page.locator("#twin-cursor").isVisible());
    const box = await page.locator("#twin-cursor").boundingBox();
    assert.ok(Math.hypot(box.x + box.width / 2 - found.at[0], box.y + box.height / 2 - found.at[1]) < 2, JSON.stringify(box));
    await shot(page, "desk-side-card-zh");
    await page.keyboard.press("Escape");
    await page.mouse.move(5, 5);
  });

  await t.test("a line is drawn across both halves, and its corners are marked in both", async () => {
    await page.locator("#change-kind").selectOption("levee");
    await page.locator(".change-form .actions button").first().click();
    const corners = [found.at, counterpart(split, [found.at[0] + 40, found.at[1] + 40])];
    for (const at of corners) {
      await page.mouse.click(...at);
      await sleep(600);
    }
    const marks = async (half) =>
      page.locator(`${half === "a" ? "#labels" : "#labels-b"} [data-kind=draft]:visible`).evaluateAll((all) =>
        all.map((label) => label.getBoundingClientRect()).map((box) => [box.x + box.width / 2, box.y + box.height / 2]),
      );
    await until("two corners in each half", async () => (await marks("a")).length === 2 && (await marks("b")).length === 2);
    const [a, b] = [await marks("a"), await marks("b")];
    for (const [i, at] of corners.entries()) {
      const nearest = i === 0 ? a[0] : b[1];
      // The label stands some metres above the ground that was clicked.
      assert.ok(Math.hypot(nearest[0] - at[0], nearest[1] - at[1]) < 12, `${nearest} is not at ${at}`);
      const there = counterpart(split, a[i]);
      assert.ok(Math.hypot(there[0] - b[i][0], there[1] - b[i][1]) < 2, `${there} and ${b[i]}`);
    }
    await shot(page, "desk-side-line-zh");
    await page.locator("#pick-cancel").click();
    await until("no corners", async () => (await page.locator(".map-label[data-kind=draft]").count()) === 0);
  });

  await t.test("the divider follows the mouse and the keys; the camera stays", async () => {
    const before = await state(page);
    const box = await divider(page).boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x - 40, y, { steps: 4 });
    await page.mouse.move(x - 80, y, { steps: 4 });
    await page.mouse.up();
    const dragged = (await state(page)).engine.split;
    assert.ok(Math.abs(dragged.at - (before.engine.split.at - 80)) <= 2, `from ${before.engine.split.at} to ${dragged.at}`);
    assert.ok((await share(page)) < 50);
    await divider(page).focus();
    await page.keyboard.press("Enter");
    assert.equal(await share(page), 50);
    await page.keyboard.press("ArrowRight");
    assert.equal(await share(page), 52);
    await page.keyboard.press("Shift+ArrowLeft");
    assert.equal(await share(page), 42);
    await page.keyboard.press("Home");
    assert.equal(await share(page), Number(await divider(page).getAttribute("aria-valuemin")));
    await page.keyboard.press("End");
    assert.equal(await share(page), Number(await divider(page).getAttribute("aria-valuemax")));
    await page.keyboard.press("Enter");
    const after = await state(page);
    assert.deepEqual(after.view, before.view);
    assert.deepEqual(after.engine.split, before.engine.split);
    await until("the address", () => /compare=[^&]*~side~0\.500/.test(decodeURIComponent(page.url())));
  });

  await t.test("a swipe is A on one side of the divider and B on the other", async () => {
    // The colours of the grids belong to one run; here the water is compared.
    await layer(page, "exposure", false);
    await face(page, "swipe");
    await until("one picture", async () => (await state(page)).engine.split?.shift_b[0] === 0);
    const { split: now } = (await state(page)).engine;
    const found = await sides(page, now.at);
    await shot(page, "desk-swipe-zh");
    await face(page, "a");
    await until("A", async () => (await state(page)).engine.split === null && (await stats(page)).water_time_b === null);
    const a = await sides(page, now.at);
    await face(page, "b");
    await until("B", async () => (await state(page)).run === pair.b && (await stats(page)).water_time === (await state(page)).time);
    const b = await sides(page, now.at);
    assert.ok(differing(a.left, b.left) + differing(a.right, b.right) > 0.02, "A and B look the same: nothing is compared here");
    assert.ok(differing(found.left, a.left) < 0.005, "left of the divider is not A");
    assert.ok(differing(found.right, b.right) < 0.005, "right of the divider is not B");
    await layer(page, "exposure", true);
  });

  await t.test("another step has the whole canvas; coming back divides it again", async () => {
    await face(page, "side");
    await until("the halves", async () => (await state(page)).engine.split !== null && (await stats(page)).water_time_b !== null);
    await page.locator("#steps [data-step=plan]").click();
    await until("one picture", async () => (await state(page)).engine.split === null && (await state(page)).engine.frames_b.length === 0);
    assert.equal(await divider(page).isVisible(), false);
    await page.locator("#steps [data-step=rehearsal]").click();
    await until("the halves again", async () => (await state(page)).engine.split !== null && (await stats(page)).water_time_b !== null);
  });

  await t.test("the end of the comparison gives the canvas back", async () => {
    const before = await state(page);
    await page.locator("#compare-bar button").last().click();
    await until("the whole canvas", async () => (await state(page)).engine.split === null);
    const after = await state(page);
    assert.equal(after.compare, null);
    assert.deepEqual(after.view, before.view);
    assert.equal(after.run, pair.a);
    assert.equal(after.time, before.time);
    assert.deepEqual(after.engine.frames_b, []);
    assert.equal((await stats(page)).water_time_b, null);
    for (const id of ["#divider", "#half-a", "#half-b", "#compare-bar"]) assert.equal(await page.locator(id).isVisible(), false, id);
    const middle = [split.at, 400];
    assert.equal((await pick(page, middle)).half, null);
  });
}

/** Pixels on both sides of the divider, clear of what lies over the map. */
async function sides(page, at) {
  await page.mouse.move(5, 5);
  await drawn(page);
  return { left: await patch(page, [at - 130, 400], 200), right: await patch(page, [at + 130, 400], 200) };
}

/** The same on a phone held upright: one half above the other. */
export async function twoRunsOnPhone(t, page, size) {
  await t.test("two runs share a phone, one above the other", async () => {
    const runs = await page.evaluate(async () => (await fetch("/api/v1/runs")).json());
    const b = runs.find((run) => run.copy_of && run.state === "done");
    assert.ok(b, "the desk's rehearsal is there");
    await page.locator("#steps [data-step=rehearsal]").click();
    await page.locator("#compare select").first().selectOption(b.copy_of);
    await page.locator("#compare select").nth(1).selectOption(b.id);
    await page.locator("#compare-begin").click();
    await page.locator("#tabs [data-tab=map]").click();
    await face(page, "side");
    await until("both halves", async () => (await state(page)).engine.split?.axis === "y" && (await stats(page)).water_time_b !== null);
    // The grid whose depth changes most, in the middle of both halves.
    await page.locator("#tabs [data-tab=work]").click();
    await page.locator("#compare .rows-table tbody button").first().click();
    await until("the flight", async () => (await state(page)).engine.moving);
    await drawn(page);
    const { code } = (await state(page)).selection;
    await page.locator("#tabs [data-tab=map]").click();
    const { split } = (await state(page)).engine;
    const box = (id) => page.locator(id).boundingBox();
    const [bar, time, line, nameA, nameB] = [await box("#compare-bar"), await box("#time"), await box("#divider"), await box("#half-a .panel"), await box("#half-b .panel")];
    assert.ok(split.at - (bar.y + bar.height) > 150 && time.y - split.at > 150, `a half is too low: ${JSON.stringify(split)}`);
    assert.ok(bar.x >= 0 && bar.x + bar.width <= size.width, `the faces leave the screen: ${JSON.stringify(bar)}`);
    assert.ok(nameA.y + nameA.height <= split.at && nameB.y >= split.at, "each name lies in its half");
    assert.ok(nameA.x + nameA.width <= size.width && nameB.x + nameB.width <= size.width);
    assert.ok(line.height >= 44, `a finger wants 44 px, the divider has ${line.height}`);
    const above = [size.width / 2, (bar.y + bar.height + split.at) / 2];
    const [a, below] = await Promise.all([pick(page, above), pick(page, counterpart(split, above))]);
    assert.ok(Math.hypot(a.x - below.x, a.y - below.y) < 3, "both halves show the same place");
    assert.ok(a.grids.some((grid) => grid.code === code), `${code} is not in the middle: ${JSON.stringify(a.grids)}`);
    assert.deepEqual([a.half, below.half], ["a", "b"]);
    await shot(page, "phone-side-zh");
    await layer(page, "water", false);
    const [upper, lower] = [await patch(page, above, 96), await patch(page, counterpart(split, above), 96)];
    await layer(page, "water", true);
    assert.ok(new Set(upper.data).size > 30, "there is a picture to be compared");
    assert.ok(differing(upper, lower) < 0.005, `${differing(upper, lower)} of the pixels differ without water`);
    await face(page, "swipe");
    await until("one picture", async () => (await state(page)).engine.split?.shift_b[1] === 0);
    await shot(page, "phone-swipe-zh");
    await page.locator("#compare-bar button").last().click();
    await until("the whole canvas", async () => (await state(page)).engine.split === null);
  });
}
