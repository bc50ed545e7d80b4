// Where are the vectors asked? On a page that has loaded the package as packed, from the real server.

import { startApplication } from "../support/application.mjs";

/** The package as an application has it, and its readers one by one. */
const SCRIPT = `import * as conformance from "/countersign/conformance.js";
import * as countersign from "/countersign/index.js";
await countersign.load();
const bytesOf = (base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
Object.assign(window, { countersign, conformance, bytesOf });`;

/**
 * Gives the body a stage: `ask(function, argument)` runs a function on the page, with `countersign`, `conformance` and
 * `bytesOf` as globals; `newPage()` is a page of a browser profile of its own.
 */
export async function withStage(body) {
  const { server, browser, stop } = await startApplication({ script: SCRIPT });
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
    return await body({ page, ask: (answer, argument) => page.evaluate(answer, argument), newPage });
  } finally {
    await stop();
  }
}
