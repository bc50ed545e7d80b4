// A page that comes back out of the browser's back/forward cache: is it covered until it was checked again (C34)?

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startBareChromium } from "./support/bare-chromium.mjs";
import { FLOWS, SPEECH, arm, passwordOf } from "./support/demo.mjs";
import { startServer } from "./support/server.mjs";

let server, chromium;

before(async () => {
  server = await startServer();
  chromium = await startBareChromium();
});

after(async () => {
  await chromium?.stop();
  await server?.stop();
});

for (const flow of FLOWS) {
  test(`a page from the cache shows again what was on it (${flow})`, { timeout: 60_000 }, async () => {
    await server.control("/reset", {});
    const tab = await bobAtReports(flow);
    await leave(tab);
    // A quick answer would be there before the first frame.
    await arm(server, SPEECH[flow].who, { kind: "delay", seconds: 1 });
    const frames = await comeBack(tab);
    assert.equal(frames[0].gated, 0, "the first frame is covered");
    await tab.until(() => document.querySelectorAll("[data-gate]").length === 2);
    await tab.until(() => document.body.dataset.standing === "current");
  });

  test(`a page from the cache whose session is over shows nothing of it (${flow})`, { timeout: 60_000 }, async () => {
    await server.control("/reset", {});
    const tab = await bobAtReports(flow);
    await leave(tab);
    await server.control("/users/bob", { suspended: true }, "PUT");
    await comeBack(tab);
    await tab.until(() => document.body.dataset.state === "signed-out");
    await tab.until(() => document.body.innerText.includes("An administrator ended this session."));
    const frames = await tab.evaluate(() => globalThis.shownFrames);
    assert.ok(frames.every(({ gated }) => gated === 0), JSON.stringify(frames));
  });
}

async function bobAtReports(flow) {
  const tab = await chromium.open(`${server.origin}/sign-in?to=/reports`);
  await tab.until(() => document.body?.dataset.state === "signed-out" && document.querySelector("#username"));
  await tab.evaluate((flow) => document.querySelector(`#flow-${flow}`).click(), flow);
  await tab.until((flow) => document.body.dataset.flow === flow && document.body.dataset.state === "signed-out", flow);
  await tab.evaluate((password) => {
    for (const [id, text] of [["username", "bob"], ["password", password]]) {
      const field = document.getElementById(id);
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    document.querySelector("form button[type=submit]").click();
  }, passwordOf("bob"));
  await tab.until(() => document.querySelectorAll("[data-gate]").length === 2);
  await tab.until(() => document.body.dataset.standing === "current");
  // From the moment of its return, each frame says what it shows.
  await tab.evaluate(() => {
    globalThis.shownFrames = [];
    addEventListener("pageshow", ({ persisted }) => {
      const look = () => {
        const gated = document.querySelectorAll("[data-gate]").length;
        globalThis.shownFrames.push({ persisted, gated, state: document.body.dataset.state });
        if (globalThis.shownFrames.length < 1000) requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
  });
  return tab;
}

/** Another document takes the page's place. */
async function leave(tab) {
  await tab.go(`${server.origin}/health`);
  await tab.until(() => location.pathname === "/health" && document.readyState === "complete");
}

/** The page itself comes back, and not a new one; gives what its first frames showed. */
async function comeBack(tab) {
  await tab.evaluate(() => history.back());
  const frames = await tab.until(() => (globalThis.shownFrames?.length > 0 ? globalThis.shownFrames : false));
  assert.equal(frames[0].persisted, true, "the page was not kept in the cache");
  return frames;
}
