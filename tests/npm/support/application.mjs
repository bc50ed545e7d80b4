// An application of somebody who installed the package: a page without a bundler, served by server-mock, whose tabs do what
// a test tells them. Its clock can be moved under it, without a timer going off.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { launchBrowser } from "../../browser/support/browser.mjs";
import { passwordOf } from "../../browser/support/demo.mjs";
import { startServer } from "../../browser/support/server.mjs";

const HEARD_LIMIT = 10_000;

const PAGE = `<!doctype html><title>application</title><script type="module" src="/application.js"></script>`;
const SCRIPT = `import { createAuth } from "/countersign/index.js";
window.createAuth = createAuth;
window.callAtOnce = async ({ number, begin, token }) => {
  await new Promise((resolve) => setTimeout(resolve, begin - window.realTime()));
  const headers = { authorization: "Bearer " + token };
  const call = token ? () => fetch("/api/me", { headers }) : () => window.auth.fetch("/api/me");
  // Read to the end: each answer whose body waits holds something open in the browser, which bears some 16,000 of them.
  const status = async (answer) => (await answer.arrayBuffer(), answer.status);
  const answers = await Promise.all(Array.from({ length: number }, async () => status(await call())));
  return { answers, ended: window.realTime() };
};`;

/** A server with the application's page, and a Chromium. `stop()` ends both. */
export async function startApplication(options) {
  const serving = await serveApplication(options);
  const browser = await launchBrowser();
  return {
    ...serving,
    browser,
    async stop() {
      await browser.close();
      await serving.stop();
    },
  };
}

/**
 * The server alone.
 *
 * @param {{ settings?: string[], script?: string, libraries?: Record<string, string> }} [options] `settings` are further
 *   words for its command line; `script` is the page's module, instead of one that starts a client; `libraries` are
 *   folders that are served besides the package, by name
 */
export async function serveApplication({ settings = [], script = SCRIPT, libraries = {} } = {}) {
  const project = process.env.E2E_PACKAGE_USER;
  assert.ok(project, "E2E_PACKAGE_USER is not set; run this with `cargo xtask test npm`.");
  const folder = mkdtempSync(join(tmpdir(), "countersign-application-"));
  cpSync(join(project, "node_modules", "countersign"), join(folder, "countersign"), { recursive: true });
  for (const [name, from] of Object.entries(libraries)) cpSync(from, join(folder, name), { recursive: true });
  writeFileSync(join(folder, "index.html"), PAGE);
  writeFileSync(join(folder, "application.js"), script);
  const server = await startServer({ page: folder, settings });
  return {
    server,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Somebody's browser: `open()` gives a tab in which a client has started, `close()` ends it all.
 *
 * @param {Function} [prepare] runs in each page before any other script
 */
export async function newUser({ browser, server }, { storage = "memory", prepare } = {}) {
  const context = await browser.newContext({ baseURL: server.origin });
  await context.addInitScript(placeClock);
  await context.addInitScript(countReads);
  if (prepare) await context.addInitScript(prepare);
  return {
    context,
    async open() {
      const page = await context.newPage();
      await start(page, storage);
      return page;
    },
    close: () => context.close(),
  };
}

/** Loads the application and starts its client; the state is then known. */
export async function start(page, storage) {
  await page.goto("/");
  await page.waitForFunction(() => window.createAuth);
  await page.evaluate(async (storage) => {
    window.auth = await window.createAuth({ flow: "token", storage });
  }, storage);
  await page.waitForFunction(() => window.auth.state.status !== "unknown");
}

export const signIn = (page, username) =>
  page.evaluate((credentials) => window.auth.signIn(credentials), { username, password: passwordOf(username) });

/** What the tab says of itself. */
export const state = (page) =>
  page.evaluate(() => {
    const { status, standing, reason, sid } = window.auth.state;
    return { status, standing, reason, sid };
  });

/** Waits until the tab is signed in, and sure of it. */
export const expectCurrent = (page, timeout = 15_000) =>
  page.waitForFunction(() => window.auth.state.standing === "current", undefined, { timeout, polling: 25 });

/** Calls the API as the application does; gives the status, or the code of the error, and how many milliseconds it took. */
export const call = (page) =>
  page.evaluate(async () => {
    const begun = window.realTime();
    const outcome = await window.auth.fetch("/api/me").then(({ status }) => status, ({ code }) => code);
    return { outcome, took: window.realTime() - begun };
  });

/** Time passes for the server and for every tab; no timer of a page goes off by it. */
export async function passTime({ server }, pages, seconds) {
  await server.control("/clock", { advance: seconds });
  await moveClocks(pages, seconds);
}

/**
 * The same, in the order that a quiet machine has: what the server says at that moment is heard before the pages' clocks
 * move. Coming after them it would find a stream that had been silent for too long.
 */
export async function passHeardTime({ server }, pages, seconds) {
  const before = await reads(pages);
  await server.control("/clock", { advance: seconds });
  const limit = performance.now() + HEARD_LIMIT;
  while ((await reads(pages)).every((number, page) => number === before[page])) {
    assert.ok(performance.now() < limit, "no page has heard anything of the server");
  }
  await moveClocks(pages, seconds);
}

function moveClocks(pages, seconds) {
  return Promise.all(pages.map((page) => page.evaluate((by) => window.moveClock(by), seconds * 1000)));
}

function reads(pages) {
  return Promise.all(pages.map((page) => page.evaluate(() => window.reads)));
}

/** How often a page has read something of an answer. Runs in the page, before any other script. */
export function countReads() {
  const { read } = ReadableStreamDefaultReader.prototype;
  window.reads = 0;
  ReadableStreamDefaultReader.prototype.read = async function (...options) {
    const chunk = await read.apply(this, options);
    window.reads += 1;
    return chunk;
  };
}

/** Both clocks of a page, in front of the browser's own. Runs in the page, before any other script. */
export function placeClock() {
  const shift = { wall: 0, monotonic: 0 };
  const [wall, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)];
  Date.now = () => wall() + shift.wall;
  performance.now = () => monotonic() + shift.monotonic;
  window.realTime = () => performance.timeOrigin + monotonic();
  window.moveWallClock = (by) => (shift.wall += by);
  window.moveClock = (by) => {
    shift.wall += by;
    shift.monotonic += by;
  };
}
