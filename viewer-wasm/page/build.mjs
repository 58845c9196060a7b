// Bundles the page and the report, clips the coast for the storm map, copies the wasm and its glue, compresses.
//
//   VIEWER_GLUE  folder with what wasm-bindgen wrote
//   VIEWER_OUT   folder to serve

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import zlib from "node:zlib";

import bboxClip from "@turf/bbox-clip";
import esbuild from "esbuild";
import { feature } from "topojson-client";

const here = path.dirname(fileURLToPath(import.meta.url));
const glue = process.env.VIEWER_GLUE ?? path.join(here, "../../target/viewer-glue");
const out = process.env.VIEWER_OUT ?? path.join(here, "../../target/viewer");

/** The window of the storm map: west, south, east, north [degrees]. */
const WINDOW = [105, 12, 128, 29];

function coast() {
  const require = createRequire(import.meta.url);
  const topology = JSON.parse(readFileSync(require.resolve("world-atlas/land-10m.json"), "utf8"));
  const land = feature(topology, topology.objects.land);
  const rings = [];
  for (const part of land.features ?? [land]) {
    const polygons = part.geometry.type === "Polygon" ? [part.geometry.coordinates] : part.geometry.coordinates;
    for (const polygon of polygons) {
      const clipped = bboxClip({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [polygon[0]] } }, WINDOW);
      const ring = clipped.geometry.coordinates[0];
      if (ring && ring.length > 4) rings.push(thin(ring.map(([x, y]) => [round(x), round(y)])));
    }
  }
  if (rings.length < 10) throw new Error(`only ${rings.length} coast lines found in the window of the storm map`);
  return { window: WINDOW, rings };
}

/** Drops vertices nearer than a hundredth of the map's width to the last one kept. */
function thin(ring) {
  const kept = [ring[0]];
  for (const [x, y] of ring.slice(1, -1)) {
    const [px, py] = kept.at(-1);
    if (Math.hypot(x - px, y - py) > 0.04) kept.push([x, y]);
  }
  kept.push(ring.at(-1));
  return kept;
}

const round = (value) => Math.round(value * 100) / 100;

const temporary = `${out}.new`;
rmSync(temporary, { recursive: true, force: true });
mkdirSync(temporary, { recursive: true });

const COAST = JSON.stringify(coast());
for (const [entry, name] of [["main", "page"], ["report", "report"]])
  await esbuild.build({
    entryPoints: [path.join(here, `src/${entry}.ts`)],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    outfile: path.join(temporary, `${name}.js`),
    external: ["./stormgrid_viewer.js"],
    define: { COAST },
    logLevel: "warning",
  });
await esbuild.build({
  entryPoints: [path.join(here, "src/worker.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  outfile: path.join(temporary, "worker.js"),
  external: ["./stormgrid_flood_wasm.js"],
  logLevel: "warning",
});
for (const name of ["page", "report"])
  await esbuild.build({
    entryPoints: [path.join(here, `src/${name}.css`)],
    bundle: true,
    minify: true,
    outfile: path.join(temporary, `${name}.css`),
    logLevel: "warning",
  });
for (const name of ["stormgrid_viewer", "stormgrid_flood_wasm"])
  for (const file of [`${name}.js`, `${name}_bg.wasm`]) cpSync(path.join(glue, file), path.join(temporary, file));

// Addresses carry a digest of the whole viewer, so that a new build is never mixed with a cached old one.
const digest = createHash("sha256");
for (const name of readdirSync(temporary).sort()) digest.update(readFileSync(path.join(temporary, name)));
const version = digest.digest("hex").slice(0, 12);
for (const name of ["index.html", "report.html"])
  writeFileSync(path.join(temporary, name), readFileSync(path.join(here, name), "utf8").replaceAll("%VERSION%", version));

const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);
await Promise.all(
  readdirSync(temporary).map(async (name) => {
    const file = path.join(temporary, name);
    const bytes = readFileSync(file);
    const [br, gz] = await Promise.all([
      brotli(bytes, {
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 9, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
      gzip(bytes, { level: 9 }),
    ]);
    writeFileSync(`${file}.br`, br);
    writeFileSync(`${file}.gz`, gz);
  }),
);
rmSync(out, { recursive: true, force: true });
cpSync(temporary, out, { recursive: true });
rmSync(temporary, { recursive: true, force: true });
const wasm = statSync(path.join(out, "stormgrid_viewer_bg.wasm")).size;
console.log(`viewer ${version} in ${out}: wasm ${wasm} bytes, brotli ${statSync(path.join(out, "stormgrid_viewer_bg.wasm.br")).size}`);
