// The solver as WebAssembly on one thread of Node, with and without vector instructions.
//
//   cargo xtask bench, or after it: node benches/wasm/measure.mjs

import { load, median, message, throughput } from "../../tests/wasm/flood.mjs";

/** Gates: million updates a CPU second, and how many times as many as without vectors. */
const LEAST_RATE = { local_inertial: 50, finite_volume: 25 };
const LEAST_RATIO = 3;

console.log("| 1000 × 1000 wet cells, WebAssembly, one thread | million updates a CPU second | without vectors | ratio | gates: rate, ratio |");
console.log("|---|--:|--:|--:|---|");
for (const scheme of ["local_inertial", "finite_volume"]) {
  const { bytes } = message("lake", scheme);
  const rates = { simd: [], scalar: [] };
  const runs = {};
  for (const build of ["simd", "scalar"]) {
    const { BrowserRun } = await load(build);
    runs[build] = new BrowserRun(bytes);
    throughput(runs[build], 2);
  }
  for (let k = 0; k < 7; k++) for (const build of ["simd", "scalar"]) rates[build].push(throughput(runs[build], 1));
  for (const run of Object.values(runs)) run.free();
  const [simd, scalar] = [median(rates.simd), median(rates.scalar)];
  const verdict = (found, least) => `${least} ${found >= least ? "met" : "missed"}`;
  const gates = `${verdict(simd, LEAST_RATE[scheme])}, ${verdict(simd / scalar, LEAST_RATIO)}`;
  console.log(`| ${scheme} | ${simd.toFixed(1)} | ${scalar.toFixed(1)} | ${(simd / scalar).toFixed(2)} | ${gates} |`);
}
