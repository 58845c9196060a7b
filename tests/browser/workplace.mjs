// The commander's way through the page, from a forecast to a plan, on the page of the browser test.

import assert from "node:assert/strict";
import path from "node:path";

import { picture, screenshots, until } from "./harness.mjs";
import { twoRuns } from "./split.mjs";

/** Coarse and short: the way is tested here, the water elsewhere. */
const CELL = "160";
const HOURS = "12";

const state = (page) => page.evaluate(() => window.stormgrid.state());
const ask = (page, route, init) => page.evaluate(async ([of, how]) => (await fetch(`/api/v1/${of}`, how)).json(), [route, init]);
const shot = picture;
const step = (page, name) => page.locator(`#steps [data-step=${name}]`).click();

/** The machine computes one run after another: what nobody waits for makes way. */
async function makeWay(page) {
  for (const run of await ask(page, "runs"))
    if (["running", "queued"].includes(run.state)) await ask(page, `runs/${run.id}/cancel`, { method: "POST" });
}

/** Rows of the ranked list as they are shown. */
const rows = (page) => page.locator("#ranking-list button").allInnerTexts();

export async function workplace(t, page) {
  await page.keyboard.press("Escape");
  await makeWay(page);

  await t.test("a forecast is begun from the dialog and shown when it is done", async () => {
    await step(page, "forecast");
    await page.locator("#forecast-open").click();
    await page.locator("#forecast-cell").selectOption(CELL);
    await page.locator("#forecast-hours").fill(HOURS);
    await page.locator("#forecast-start").click();
    const run = await until("its end", async () => {
      const now = await state(page);
      const known = (await ask(page, "runs")).find((of) => of.cell_size_m === Number(CELL));
      return now.run_state === "done" && now.run === known?.id ? known : null;
    }, 120_000, 500);
    assert.equal(run.duration_s, Number(HOURS) * 3600);
  });

  await t.test("a typed advisory is checked, and a wrong one is refused in words", async () => {
    await page.locator("#forecast-open").click();
    await page.locator("#forecast input[value=advisory]").check();
    await until("the storm to begin from", () => page.locator("#advisory-fill").isEnabled());
    await page.locator("#advisory-fill").click();
    await page.locator("#advisory-check").click();
    await until("the server's answer", async () => /[0-9]+ 个位置/.test(await page.locator("#forecast-told").innerText()));
    const before = await page.locator(".fixes tbody tr").count();
    await page.locator(".track-editor svg").scrollIntoViewIfNeeded();
    const map = await page.locator(".track-editor svg").boundingBox();
    await page.mouse.click(map.x + map.width * 0.8, map.y + map.height * 0.8);
    assert.equal(await page.locator(".fixes tbody tr").count(), before + 1, "a click on the map adds a position");
    const latitude = page.locator(".fixes tbody tr").first().locator("input").nth(1);
    await latitude.fill("north");
    await page.locator("#advisory-check").click();
    await until("a sentence", async () => /第 1 行/.test(await page.locator("#forecast-told").innerText()));
    await shot(page, "desk-advisory-zh");
    await page.locator("#forecast input[value=twin]").check();
    await page.locator("#forecast-close").click();
  });

  await t.test("an ensemble gives chances that rank and filter the grids", async () => {
    await page.locator("#forecast-open").click();
    await page.locator("#forecast input[value=ensemble]").check();
    assert.ok(await page.locator("#forecast-cell").isDisabled(), "an ensemble has the cells of its forecast");
    assert.equal(await page.locator("#forecast-cell").inputValue(), CELL);
    await page.locator("#forecast-members").fill("2");
    await page.locator("#forecast-start").click();
    await until("its members", async () => (await page.locator("#working .dots i").count()) === 2, 20_000);
    await until("its end", async () => (await state(page)).ensemble !== null, 180_000, 500);
    await until("its colours", async () => (await state(page)).tint === "p0.15" && /概率/.test(await page.locator("#legend").innerText()));
    await page.locator("#ranking-sort").selectOption("probability");
    const chances = async () => (await rows(page)).map((text) => Number(/概率 ([0-9.]+)/.exec(text)?.[1]));
    const sorted = await until("chances in the list", async () => {
      const found = await chances();
      return found.length > 3 && found.every(Number.isFinite) ? found : null;
    });
    assert.deepEqual(sorted, [...sorted].sort((a, b) => b - a));
    // Of two members a grid is reached by none, one or both.
    assert.ok(sorted.every((chance) => [0, 50, 100].includes(chance)), `chances ${[...new Set(sorted)]}`);
    await page.locator("#ranking summary").click();
    await page.locator("#ranking-min-probability").fill("100");
    await until("the sure ones", async () => (await chances()).every((chance) => chance === 100));
    assert.ok((await chances()).length < sorted.length || sorted.every((chance) => chance === 100));
    await page.locator("#ranking-reset").click();
    await page.locator("#ranking-sort").selectOption("people");
    await page.locator("#layers-open").click();
    await page.locator("#layers input[value=worst]").check();
    await until("the worst water", async () => {
      const now = await state(page);
      return now.water === "worst" && now.engine.frames.join() === "0" && (await page.evaluate(() => window.stormgrid.stats().wet_cells)) > 0;
    });
    assert.match(await page.locator("#legend").innerText(), /最不利/);
    await shot(page, "desk-ensemble-zh");
    await page.locator("#layers input[value=time]").check();
    await page.locator("#layers-open").click();
  });

  await t.test("drafts of warnings are made, approved by a named person, and cancelled with a reason", async () => {
    await step(page, "warnings");
    assert.match(await page.locator("#warnings").innerText(), /不会向任何人发送/);
    await page.locator("#warnings-draft").click();
    await until("drafts", async () => (await page.locator(".warning[data-state=draft]").count()) > 0, 60_000);
    const id = await page.locator(".warning[data-state=draft]").first().getAttribute("data-id");
    const entry = page.locator(`.warning[data-id="${id}"]`);
    await entry.locator(".head").click();
    await entry.locator("[data-act=approve]").click();
    assert.match(await entry.locator("[role=alert]").innerText(), /姓名/);
    assert.equal((await ask(page, `warnings/${id}`)).state, "draft");
    await entry.locator(".decide input").first().fill("李指挥");
    await entry.locator("[data-act=approve]").click();
    await until("its approval", async () => (await ask(page, `warnings/${id}`)).state === "issued");
    await until("its new place in the list", () => page.locator(`.warning[data-id="${id}"][data-state=issued]`).isVisible());
    await shot(page, "desk-warning-zh");
    assert.match(await page.evaluate(async (of) => (await fetch(`/api/v1/warnings/${of}/cap.xml`)).text(), id), /urn:oasis:names:tc:emergency:cap:1\.2/);
    await entry.locator("[data-act=cancel]").click();
    assert.match(await entry.locator("[role=alert]").innerText(), /原因/);
    await entry.locator(".decide input").nth(1).fill("台风转向");
    await entry.locator("[data-act=cancel]").click();
    await until("its end", async () => (await ask(page, `warnings/${id}`)).state === "cancelled");
  });

  await t.test("a rehearsal with a higher sea is compared with its forecast", async () => {
    const base = (await state(page)).run;
    await step(page, "rehearsal");
    await page.locator("#change-kind").selectOption("sea_level");
    await page.locator(".change-form input").fill("0.6");
    await page.locator(".change-form [data-act=add]").click();
    assert.match(await page.locator(".changes").innerText(), /0\.60/);
    await page.locator("#rehearsal-start").click();
    const pair = await until("the comparison", async () => (await state(page)).compare, 120_000, 500);
    assert.equal(pair.a, base);
    assert.equal(pair.face, "difference");
    await until("its table", async () => (await page.locator("#compare .rows-table tbody tr").count()) > 0);
    const signs = await page.locator("#compare .rows-table td[data-sign]").evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.sign)));
    assert.ok(signs.filter((sign) => sign > 0).length > 0.9 * signs.length, `a higher sea makes it deeper: ${signs}`);
    await shot(page, "desk-compare-zh");
    await page.locator("#compare-bar [data-face=a]").click();
    await until("A", async () => (await state(page)).run === pair.a);
    await page.locator("#scene").focus();
    await page.keyboard.press("x");
    await until("B", async () => (await state(page)).run === pair.b);
  });

  await twoRuns(t, page);

  await t.test("the plan lists who leaves in the order in which water comes", async () => {
    const { run } = await state(page);
    await step(page, "plan");
    const plan = await ask(page, `runs/${run}/plan`);
    const times = plan.steps.map((of) => of.time_s);
    assert.deepEqual(times, [...times].sort((a, b) => a - b));
    await until("its steps", async () => (await page.locator("#plan-list .steps button").count()) === plan.steps.length);
    if (plan.steps.length === 0) assert.match(await page.locator("#plan-list").innerText(), /没有需要转移/);
    else {
      await page.locator("#plan-list .steps button").first().click();
      await until("the grid", async () => (await state(page)).selection?.code === plan.steps[0].grid.code);
    }
    await shot(page, "desk-plan-zh");
    assert.match(page.url(), /step=plan/);
  });

  await t.test("the report holds all parts in both languages", async () => {
    const link = await page.locator("#report-open").getAttribute("href");
    const report = await page.context().newPage();
    for (const [lang, words] of [["zh", /总体情况.*台风.*受影响的网格.*封闭道路.*预警.*转移预案.*可信程度/s], ["en", /Situation.*Storm.*Grids.*Roads.*Warnings.*plan.*trust/s]]) {
      await report.goto(new URL(link.replace(/lang=\w+/, `lang=${lang}`), page.url()).href);
      await until("the report", () => report.evaluate(() => document.body.dataset.ready === "true"));
      assert.match(await report.locator("#report").innerText(), words);
      assert.ok((await report.locator("figure.map path").count()) > 100, "the maps hold the grids");
      await report.bringToFront();
      await shot(report, `report-${lang}`);
      const printed = await report.pdf({ path: path.join(screenshots, `report-${lang}.pdf`), preferCSSPageSize: true, printBackground: true });
      assert.ok(printed.length > 50_000, `the PDF has ${printed.length} bytes`);
    }
    await report.close();
  });

  await step(page, "forecast");
}
