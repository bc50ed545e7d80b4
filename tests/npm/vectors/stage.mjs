// Where are the vectors asked? On a page that has loaded the package as packed, from the real server.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { launchBrowser } from "../../browser/support/browser.mjs";
import { startServer } from "../../browser/support/server.mjs";

/**
 * Gives the body a stage: `ask(function, argument)` runs a function on the page, with `countersign`, `conformance` and
 * `bytesOf` as globals; `newPage()` is a page of a browser profile of its own.
 */
export async function withStage(body) {
  const project = process.env.E2E_PACKAGE_USER;
  if (!project) throw new Error("E2E_PACKAGE_USER is not set; run this with `cargo xtask vectors --browser`.");
  const folder = mkdtempSync(join(tmpdir(), "countersign-vectors-"));
  cpSync(fileURLToPath(new URL("./page", import.meta.url)), folder, { recursive: true });
  cpSync(join(project, "node_modules", "countersign"), join(folder, "countersign"), { recursive: true });
  const server = await startServer({ page: folder });
  const browser = await launchBrowser();
  const newPage = async (prepare = () => {}) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await prepare(page);
    await page.goto(server.origin);
    await page.waitForFunction(() => globalThis.countersign);
    return page;
  };
  try {
    const page = await newPage();
    const ask = (answer, argument) => page.evaluate(answer, argument);
    return await body({ server, page, ask, newPage });
  } finally {
    await browser.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}
