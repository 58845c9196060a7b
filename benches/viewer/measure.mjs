// What the viewer costs: bytes to the first frame, time to ready, frame time on a fixed orbit.
//
//   node benches/viewer/measure.mjs [--runs 3] [--frames 40]
//
// Needs `cargo xtask demo` to have run once. The figures are those of headless Chromium with a
// software rasteriser: use them as ratios against something run beside it, never as what a GPU gives.

import { openPage, sleep, startBrowser, startProgram, untilReady } from "../../tests/browser/harness.mjs";

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const runs = option("runs", 3);
const frames = option("frames", 40);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const mb = (bytes) => (bytes / 1e6).toFixed(2);

const program = await startProgram();
const rows = [];
let stats;
try {
  // The finer forecasts run in the background: wait until they are cancelled, so that the browser has the machine.
  const api = `${program.url}api/v1/`;
  const settled = async () => {
    for (;;) {
      const list = await (await fetch(`${api}runs`)).json();
      if (list.some((run) => run.state === "done")) {
        for (const run of list.filter((r) => ["running", "queued"].includes(r.state)))
          await fetch(`${api}runs/${run.id}/cancel`, { method: "POST" });
        if (!list.some((run) => ["running", "queued"].includes(run.state))) return;
      }
      await sleep(1000);
    }
  };
  await settled();

  for (let i = 0; i < runs; i++) {
    const browser = await startBrowser();
    try {
      const started = Date.now();
      const { page, close } = await openPage(browser, "about:blank", { width: 1280, height: 720 });
      const session = await page.context().newCDPSession(page);
      await session.send("Network.enable");
      const received = { raw: 0, wire: 0 };
      session.on("Network.dataReceived", (event) => (received.raw += event.dataLength));
      session.on("Network.loadingFinished", (event) => (received.wire += event.encodedDataLength));
      await page.goto(program.url, { waitUntil: "commit" });
      await untilReady(page);
      const ready = Date.now() - started;
      await sleep(500);
      const bytes = { ...received };
      const times = await page.evaluate((n) => window.stormgrid.benchOrbit(n), frames);
      stats = await page.evaluate(() => window.stormgrid.stats());
      rows.push({ ready, bytes, frame: median([...times]), worst: Math.max(...times) });
      await close();
    } finally {
      await browser.close();
    }
  }
} finally {
  await program.stop();
}

console.log(`${stats.buildings} buildings, ${stats.triangles} triangles, 1280x720, ${frames} frames of one orbit, ${runs} runs`);
console.log("| figure | median | min – max |");
console.log("|---|--:|--:|");
const line = (name, of, show) => {
  const values = rows.map(of);
  console.log(`| ${name} | ${show(median(values))} | ${show(Math.min(...values))} – ${show(Math.max(...values))} |`);
};
line("bytes to the first frame, raw MB", (row) => row.bytes.raw, mb);
line("bytes to the first frame, compressed MB", (row) => row.bytes.wire, mb);
line("time to ready, s", (row) => row.ready / 1000, (v) => v.toFixed(1));
line("median frame, ms", (row) => row.frame, (v) => v.toFixed(0));
line("slowest frame, ms", (row) => row.worst, (v) => v.toFixed(0));
