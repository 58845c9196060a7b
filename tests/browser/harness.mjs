// Starts the real program and a real browser; used by the browser tests and by the viewer's bench.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const target = process.env.CARGO_TARGET_DIR ? path.resolve(root, process.env.CARGO_TARGET_DIR) : path.join(root, "target");
export const screenshots = path.join(target, "screenshots");
mkdirSync(screenshots, { recursive: true });

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Runs `stormgrid demo` over a city of its own, without runs of earlier tests, on a free port, and waits until it
 * answers.
 * Returns its address, what it has printed, and a function that stops it.
 */
export async function startProgram(extra = []) {
  const program = path.join(target, "release", "stormgrid");
  for (const needed of [program, path.join(target, "viewer", "index.html")])
    if (!existsSync(needed)) throw new Error(`${needed} is missing; run: cargo xtask test`);
  const port = await freePort();
  const twin = path.join(target, "browser-twin");
  rmSync(twin, { recursive: true, force: true });
  const child = spawn(
    program,
    ["demo", "--no-open", "--port", String(port), "--dir", twin, "--viewer", path.join(target, "viewer"), ...extra],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let printed = "";
  child.stdout.on("data", (text) => (printed += text));
  child.stderr.on("data", (text) => (printed += text));
  let ended = null;
  child.once("exit", (code, signal) => (ended = `${code ?? signal}`));
  const url = `http://127.0.0.1:${port}/`;
  const deadline = Date.now() + 120_000;
  for (;;) {
    if (ended !== null) throw new Error(`stormgrid demo ended with ${ended}:\n${printed}`);
    if (Date.now() > deadline) throw new Error(`stormgrid demo did not answer in 120 s:\n${printed}`);
    const answer = await fetch(`${url}healthz`).catch(() => null);
    if (answer?.ok) break;
    await sleep(200);
  }
  const stop = () =>
    new Promise((resolve) => {
      if (ended !== null) return resolve();
      child.once("exit", resolve);
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 5000).unref();
    });
  return { url, printed: () => printed, stop };
}

/** A headless Chromium that draws WebGL2 in software and speaks to nobody but loopback. */
export function startBrowser(flags = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]) {
  const candidates = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = candidates.find((file) => file && existsSync(file));
  if (!executablePath) throw new Error("no Chromium found; set CHROMIUM to its program");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...flags,
    ],
  });
}

/** Opens a page that fails the test on errors of its own and on any request that leaves the machine. */
export async function openPage(browser, url, viewport, options = {}) {
  const context = await browser.newContext({ viewport, locale: "zh-CN", ...options });
  const page = await context.newPage();
  const trouble = [];
  page.on("pageerror", (error) => trouble.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") trouble.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (!["127.0.0.1", ""].includes(hostname) && !["data:", "blob:"].includes(protocol)) trouble.push(`request to ${request.url()}`);
  });
  await page.goto(url, { waitUntil: "commit" });
  return { page, trouble, close: () => context.close() };
}

/** Waits for `window.stormgrid.ready`. */
export async function untilReady(page, limit = 180_000) {
  await page.waitForFunction(() => window.stormgrid !== undefined, null, { timeout: limit });
  await page.evaluate(
    (ms) => Promise.race([window.stormgrid.ready, new Promise((_, no) => setTimeout(() => no(new Error("not ready in time")), ms))]),
    limit,
  );
}

/**
 * A picture of a page or of a part of it, into the folder of screenshots if it has a name. A page that has just been
 * opened beside one that draws in software may have no picture yet: then it is asked again.
 */
export async function picture(of, name = null, options = {}) {
  const file = name === null ? {} : { path: path.join(screenshots, `${name}.png`) };
  for (let left = 5; ; left--) {
    try {
      return await of.screenshot({ timeout: 90_000, ...file, ...options });
    } catch (error) {
      if (left === 0 || !/Unable to capture/.test(error.message)) throw error;
      await sleep(1000);
    }
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is true; tells what was waited for when it never is. */
export async function until(what, ask, limit = 60_000, every = 250) {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${limit / 1000} s in vain for: ${what}`);
    await sleep(every);
  }
}
