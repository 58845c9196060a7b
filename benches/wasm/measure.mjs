// The solver as WebAssembly on one thread of Node, with and without vector instructions.
//
//   cargo xtask bench, or after it: node benches/wasm/measure.mjs

import { load, median, message, throughput } from "../../tests/wasm/flood.mjs";

console.log("| 1000 × 1000 wet cells, WebAssembly, one thread | million updates a CPU second | without vectors | ratio |");
console.log("|---|--:|--:|--:|");
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
  console.log(`| ${scheme} | ${simd.toFixed(1)} | ${scalar.toFixed(1)} | ${(simd / scalar).toFixed(2)} |`);
}
