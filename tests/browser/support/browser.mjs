// Gives each test of a file fresh users (browser contexts) in one Chromium and one server, and fails a
// test whose pages complained: console errors, uncaught errors, breaches of the security policy.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { FLOWS } from "./demo.mjs";
import { startServer } from "./server.mjs";

const TEST_LIMIT = 120_000;

// How a page learns that nobody is signed in, or no longer; the browser tells of every such answer.
const ALWAYS_ALLOWED = [
  /status of 401 .*\/auth\/(session|events)\)$/,
  /status of 400 .*\/auth\/token\)$/,
];

// No test may allow these (D04); only a stranger's page that frames ours must be refused by the policy.
const NEVER_ALLOWED = /content security policy(?!.*frame-ancestors)/i;

// Chromium is not to call out, and needs no graphics.
export const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where the pictures of failed tests go. */
const PICTURES = fileURLToPath(new URL("../../../target/e2e-failures", import.meta.url));

/**
 * Call once at the top of a test file. The answer is used like `test` of node:test; a body receives
 * `{ server, newUser, newPage, allow }`. Each test begins with a server as at its first start.
 * `test.inBothFlows` makes two tests of one body, which also receives `flow`.
 *
 *     const test = browserTests();
 *     test("a page opens", async ({ newPage }) => {
 *       const page = await newPage();
 *       await page.goto("/");
 *     });
 *     test("a wrong password is told", { allow: [/status of 401/] }, async ({ newUser }) => { … });
 *
 * @param {{ server?: Parameters<typeof startServer>[0], flags?: string[] }} [options] for the whole file
 */
export function browserTests({ server: serverOptions, flags = [] } = {}) {
  let server;
  let browser;
  before(async () => {
    server = await startServer(serverOptions);
    browser = await launchBrowser(flags);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const declare = (register) => (name, options, body = options) => {
    const { allow = [], ...rest } = options === body ? {} : options;
    register(name, { timeout: TEST_LIMIT, ...rest }, () => runTest({ name, body, allow, server, browser }));
  };
  const one = declare(test);
  const inBothFlows = (name, options, body = options) => {
    const settings = options === body ? {} : options;
    for (const flow of FLOWS) one(`${name} (${flow})`, settings, (stage) => body({ ...stage, flow }));
  };
  return Object.assign(one, { inBothFlows, only: declare(test.only), skip: declare(test.skip) });
}

/** A Chromium of its own. `omitFlags` takes switches away that Playwright would set. */
export function launchBrowser(flags = [], omitFlags = []) {
  return chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [...FLAGS, ...flags],
    ignoreDefaultArgs: omitFlags,
  });
}

async function runTest({ name, body, allow, server, browser }) {
  const contexts = [];
  const complaints = [];
  const allowed = [...ALWAYS_ALLOWED, ...allow];
  const isExpected = (text) => !NEVER_ALLOWED.test(text) && allowed.some((pattern) => pattern.test(text));

  /** Somebody else's browser: own cookies, storage, locks. */
  const newUser = async (options = {}) => {
    const context = await browser.newContext({ baseURL: server.origin, ...options });
    contexts.push(context);
    collectComplaints(context, complaints);
    return context;
  };
  /** A page of a new user. */
  const newPage = async (options) => (await newUser(options)).newPage();

  try {
    await server.control("/reset", {});
    await body({ server, browser, newUser, newPage, allow: (...patterns) => allowed.push(...patterns) });
    const unexpected = complaints.filter((text) => !isExpected(text));
    assert.deepEqual(unexpected, [], "the pages complained");
  } catch (error) {
    await takePictures(name, contexts);
    tellContext(contexts, complaints, server);
    throw error;
  } finally {
    await Promise.all(contexts.map((context) => context.close()));
  }
}

function collectComplaints(context, complaints) {
  context.on("console", (message) => {
    if (message.type() !== "error") return;
    const { url } = message.location();
    complaints.push(`console: ${message.text()} (${url})`);
  });
  context.on("weberror", (error) => complaints.push(`uncaught: ${error.error()?.stack ?? error.error()}`));
}

async function takePictures(name, contexts) {
  mkdirSync(PICTURES, { recursive: true });
  const stem = name.replaceAll(/[^\p{L}\p{N}]+/gu, "-");
  const pages = contexts.flatMap((context) => context.pages());
  for (const [number, page] of pages.entries()) {
    const path = join(PICTURES, `${stem}-${number + 1}.png`);
    // A page that is broken or closed has no picture, and the test's own error matters more.
    await page.screenshot({ path, timeout: 5_000 }).catch(() => {});
  }
}

function tellContext(contexts, complaints, server) {
  const addresses = contexts.flatMap((context) => context.pages().map((page) => page.url()));
  const section = (title, lines) => (lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)]);
  const told = [
    ...section("pages", addresses),
    ...section("complaints", complaints),
    ...section("server, last lines", server.log.slice(-20)),
  ];
  console.error(told.join("\n"));
}

export function chromiumPath() {
  const named = process.env.E2E_CHROMIUM ?? process.env.CHROMIUM;
  if (named) return named;
  const candidates = ["chromium", "chromium-browser", "google-chrome"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = candidates.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (!found) throw new Error("Chromium is not on PATH; install it or name it in CHROMIUM.");
  return found;
}
