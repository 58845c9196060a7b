// A run of more than a million cells that the page computes by itself, from the dialog to its last frame,
// with the server stopped as soon as the ground has been fetched.
//
//   node benches/viewer/whatif.mjs [--cell 10] [--hours 1] [--rain 50]
//
// Needs `cargo xtask demo` to have run once.

import { openPage, sleep, startBrowser, startProgram, until, untilReady } from "../../tests/browser/harness.mjs";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const cell = option("cell", "10");

const program = await startProgram();
const browser = await startBrowser();
try {
  const { page } = await openPage(browser, program.url, { width: 1280, height: 720 });
  await untilReady(page);
  const runs = await (await fetch(`${program.url}api/v1/runs`)).json();
  for (const run of runs) await fetch(`${program.url}api/v1/runs/${run.id}/cancel`, { method: "POST" });
  await page.locator("#steps [data-step=rehearsal]").click();
  await page.locator("#local-open").click();
  await page.locator("#local-cell").selectOption(cell);
  await page.locator("#local-rain").selectOption("design");
  await page.locator("#local-mm-h").fill(option("rain", "50"));
  await page.locator("#local-duration").fill(option("hours", "1"));
  const cells = await page.locator("#local-cell option:checked").innerText();
  await page.locator("#local-start").click();
  const asked = Date.now();
  await until("its first frame", async () => (await page.evaluate(() => window.stormgrid.state())).run === "local-1", 300_000);
  await program.stop();
  const begun = Date.now();
  console.log(`${cells}: first frame after ${((begun - asked) / 1000).toFixed(1)} s; the server is stopped`);
  const over = async () => ["done", "failed"].includes((await page.evaluate(() => window.stormgrid.state())).run_state);
  await until("its end", over, 3_600_000, 500);
  const state = await page.evaluate(() => window.stormgrid.state());
  await sleep(500);
  console.log(`${state.run_state} after ${((Date.now() - begun) / 1000).toFixed(1)} s more`);
  console.log(await page.locator("#toast").innerText());
} finally {
  await browser.close();
  await program.stop();
}
