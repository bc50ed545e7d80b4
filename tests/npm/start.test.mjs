// Does the README's page work, as it stands there, against the real server?

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launchBrowser } from "../browser/support/browser.mjs";
import { startServer } from "../browser/support/server.mjs";

const project = process.env.E2E_PACKAGE_USER;
assert.ok(project, "E2E_PACKAGE_USER is not set; run this with `cargo xtask test npm`.");

let server, browser;

before(async () => {
  cpSync(fileURLToPath(new URL("./start", import.meta.url)), project, { recursive: true });
  server = await startServer({ page: project });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("a user signs in on the README's page, and an administrator's act reaches it", async () => {
  const page = await browser.newPage();
  const shows = (text) => page.waitForFunction((text) => document.querySelector("output").value.includes(text), text);
  await page.goto(server.origin);
  await shows("You are not signed in.");
  await page.getByLabel("Username").fill("bob");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button").click();
  await shows("password");
  await page.getByLabel("Password").fill("bob-demo-pass");
  await page.getByRole("button").click();
  await shows("Bob Baker: open");
  await server.control("/users/bob", { roles: [] }, "PUT");
  await shows("Bob Baker: closed");
  await server.control("/users/bob", { suspended: true }, "PUT");
  await shows("administrator");
});
