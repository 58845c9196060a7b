// The solver as WebAssembly and as the native program; for the tests and the bench.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ? path.resolve(root, process.env.CARGO_TARGET_DIR) : path.join(root, "target");
const work = path.join(target, "tmp");
mkdirSync(work, { recursive: true });

const FOLDERS = { simd: path.join(target, "viewer-glue"), scalar: path.join(target, "scalar", "glue") };
const NAME = "stormgrid_flood_wasm";

/** The module of a build, `simd` or `scalar`. */
export async function load(build) {
  const folder = FOLDERS[build];
  const glue = path.join(folder, `${NAME}.js`);
  if (!existsSync(glue)) throw new Error(`${glue} is missing; run: cargo xtask test`);
  const module = await import(pathToFileURL(glue).href);
  module.initSync({ module: readFileSync(path.join(folder, `${NAME}_bg.wasm`)) });
  return module;
}

const native = path.join(target, "release", "examples", "native");

/** The setup message of a case, `city` or `lake`. */
export function message(name, scheme) {
  const file = path.join(work, `${name}-${scheme}.sgs`);
  execFileSync(native, ["message", name, scheme, file]);
  return { file, bytes: new Uint8Array(readFileSync(file)) };
}

/** What the native program makes of a setup message. */
export function runNatively(file) {
  const depths = `${file}.f32`;
  const line = execFileSync(native, ["run", file, depths], { encoding: "utf8" });
  const bytes = readFileSync(depths);
  return { ...JSON.parse(line), depth: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) };
}

/** Million cell updates a second of processor time over at least `seconds` of it; the run must not end. */
export function throughput(run, seconds) {
  const before = { updates: run.cell_updates(), cpu: process.cpuUsage() };
  for (;;) {
    if (run.advance(4)) run.take_frame();
    const { user, system } = process.cpuUsage(before.cpu);
    const cpu = (user + system) / 1e6;
    if (cpu >= seconds || run.is_done()) return (run.cell_updates() - before.updates) / cpu / 1e6;
  }
}

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
