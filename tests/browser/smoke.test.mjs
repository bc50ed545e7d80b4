// Does the page open at all, under its security policy, and is the server well?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";

const test = browserTests();

test("the page opens and its module runs", async ({ newPage }) => {
  const page = await newPage();
  const response = await page.goto("/");
  assert.equal(response.status(), 200);
  assert.match(await page.title(), /Countersign/);
  const policy = response.headers()["content-security-policy"];
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'/);
  // The first frame is part of the page's text; the application takes its place.
  await page.locator(".starting").waitFor({ state: "detached" });
  await page.getByRole("main").waitFor();
});

test("a deep link is answered with the same page", async ({ newPage }) => {
  const page = await newPage();
  const response = await page.goto("/devices");
  assert.equal(response.status(), 200);
  assert.match(await page.title(), /Countersign/);
});

test("the server is well", async ({ server }) => {
  const response = await fetch(new URL("/health", server.origin));
  assert.equal(response.status, 200);
});
