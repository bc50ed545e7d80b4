// Do the SDK's and the components' own tests pass in Firefox as well? The runner serves each test program as a page; the
// page runs the tests and writes what it found.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";
import { basename, delimiter } from "node:path";

import { launchFirefox } from "./support/firefox.mjs";

const LIMIT = 120_000;

const programs = (process.env.E2E_WASM_TESTS ?? "").split(delimiter).filter(Boolean);
const runner = process.env.E2E_WASM_RUNNER;
assert.ok(runner && programs.length > 0, "E2E_WASM_TESTS is not set; run this with `cargo xtask test firefox`.");

let browser;

before(async () => {
  browser = await launchFirefox();
});

after(() => browser?.close());

for (const program of programs) {
  const name = basename(program).replace(/-[0-9a-f]+\.wasm$/, "");
  test(`the wasm tests of ${name}`, { timeout: LIMIT }, async () => {
    const serving = await serve(program);
    if (!serving) return;
    const page = await browser.newPage();
    try {
      await page.goto(serving.address);
      const isOver = () => document.querySelector("#output")?.textContent.includes("test result:");
      await page.waitForFunction(isOver, { polling: 100, timeout: LIMIT });
      const told = await page.$eval("#output", ({ textContent }) => textContent);
      console.log(told.trim());
      assert.match(told, /test result: ok\. [1-9]\d* passed; 0 failed/);
    } finally {
      await page.close();
      serving.stop();
    }
  });
}

/** Where the runner shows the tests, or nothing for a program without any. */
async function serve(program) {
  const environment = { ...process.env, NO_HEADLESS: "1", WASM_BINDGEN_TEST_ADDRESS: "127.0.0.1:0" };
  const child = spawn(runner, ["wasm-bindgen-test-runner", program], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = () => child.kill();
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /now available at (http:\S+)/.exec(line)?.[1];
    if (address) return { address, stop };
  }
  assert.equal(child.exitCode ?? 0, 0, `${runner} could not serve ${program}`);
}
