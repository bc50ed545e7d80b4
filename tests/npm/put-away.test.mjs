// What if a page is put away, by itself or with the machine: frozen in the middle of a renewal, in the back/forward cache,
// asleep? Whatever it holds stands in nobody's way for long, and on its return it looks before it goes on (C03, C20, C34).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startBareChromium } from "../browser/support/bare-chromium.mjs";
import { arm, expectFaultsMet, forgetRequests, passwordOf, requests } from "../browser/support/demo.mjs";
import { placeClock, serveApplication } from "./support/application.mjs";

const RENEWAL = "POST /auth/token";
const TOKEN_LIFE = 30;

/** In milliseconds: how long the server holds a renewal here, how soon another tab goes on, and how long a lock is waited for. */
const HELD = 2_500;
const SOON = 2_000;
const LOCK_WAIT = 12_000;

let application, server, chromium;

before(async () => {
  application = await serveApplication({ settings: ["--access-token-lifetime", `${TOKEN_LIFE}`] });
  server = application.server;
  chromium = await startBareChromium();
});

after(async () => {
  await chromium?.stop();
  await application?.stop();
});

/** A tab in front of the user's others, with a client. */
async function open(user) {
  const tab = await user.open("about:blank");
  await tab.send("Page.enable");
  await tab.send("Page.addScriptToEvaluateOnNewDocument", { source: `(${placeClock})()` });
  await tab.go(server.origin);
  await tab.until(() => window.createAuth);
  await startClient(tab);
  return tab;
}

/** In whatever document is there by then. */
async function startClient(tab) {
  await tab.until(async () => {
    window.auth ??= await window.createAuth({ flow: "token" });
    return window.auth.state.status !== "unknown";
  });
}

/** Bob in two tabs, the second one in front. */
async function twoTabs() {
  await server.control("/reset", {});
  const user = await chromium.newUser();
  const first = await open(user);
  await first.evaluate((credentials) => window.auth.signIn(credentials), { username: "bob", password: passwordOf("bob") });
  const second = await open(user);
  for (const tab of [first, second]) await tab.until(() => window.auth.state.standing === "current");
  await forgetRequests(server);
  return { first, second };
}

const call = (tab) =>
  tab.evaluate(async () => {
    const begun = window.realTime();
    const outcome = await window.auth.fetch("/api/me").then(({ status }) => status, ({ code }) => code);
    return { outcome, took: window.realTime() - begun };
  });

async function expireToken(tabs) {
  await server.control("/clock", { advance: TOKEN_LIFE + 1 });
  for (const tab of tabs) await moveClock(tab);
}

const moveClock = (tab) => tab.evaluate((by) => window.moveClock(by), 1000 * (TOKEN_LIFE + 1));

/** The first tab in the middle of a renewal that the server holds, with a call that waits for it. */
async function inMidRenewal() {
  const { first, second } = await twoTabs();
  await arm(server, RENEWAL, { kind: "delay", seconds: HELD / 1000 });
  // The other tab does not know yet that time has passed.
  await expireToken([first]);
  await first.evaluate(() => {
    window.outcome = window.auth.fetch("/api/me").then(({ status }) => status, ({ code }) => code);
  });
  await expectFaultsMet(server);
  await moveClock(second);
  return { first, second };
}

async function expectLineageIntact() {
  const rotations = (await requests(server, RENEWAL)).map(({ rotation }) => rotation);
  assert.ok(!rotations.includes("reuse"), rotations.join(" "));
}

const setState = (tab, state) => tab.send("Page.setWebLifecycleState", { state });

test("c03 frozen in mid-renewal: another tab waits as long as for a lock and no longer, and both stay in", async () => {
  const { first, second } = await inMidRenewal();
  await setState(first, "frozen");
  const { outcome, took } = await call(second);
  assert.equal(outcome, 200);
  assert.ok(took > HELD && took < LOCK_WAIT + SOON, `${took} ms: the frozen tab holds its lock, and is passed over`);
  await setState(first, "active");
  assert.equal(await first.evaluate(() => window.outcome), 200);
  for (const tab of [first, second]) {
    await expireToken([first, second]);
    assert.equal((await call(tab)).outcome, 200);
  }
  await expectLineageIntact();
});

test("c03_c34 in the back/forward cache in mid-renewal: another tab goes on at once, and the page can come back", async () => {
  const { first, second } = await inMidRenewal();
  await first.go(`${server.origin}/health`);
  await first.until(() => location.pathname === "/health" && document.readyState === "complete");
  const { outcome, took } = await call(second);
  assert.equal(outcome, 200);
  assert.ok(took < SOON, `${took} ms`);
  // Not at once: a document that is left gives no answer.
  await first.evaluate(() => void setTimeout(() => history.back()));
  // What the other tab said has thrown the page out of the cache, so that it may be loaded anew.
  await first.until(() => location.pathname === "/" && window.createAuth);
  await startClient(first);
  await first.until(() => window.auth.state.standing === "current");
  assert.equal((await call(first)).outcome, 200);
  await expectLineageIntact();
});

const ASLEEP = 20 * 60;

/** The machine sleeps: pages stand still, the world does not. On most machines only the wall clock notices. */
async function sleep(tabs, whileAsleep) {
  for (const tab of tabs) {
    await tab.evaluate((by) => {
      const wake = () => window.moveWallClock(by);
      document.addEventListener("resume", wake, { capture: true, once: true });
    }, ASLEEP * 1000);
    await setState(tab, "frozen");
  }
  await server.control("/clock", { advance: ASLEEP });
  await whileAsleep?.();
  await forgetRequests(server);
  for (const tab of tabs) await setState(tab, "active");
}

test("c20 awake after twenty minutes: each tab looks once, nobody is refused, nobody is signed out", async () => {
  const { first, second } = await twoTabs();
  await sleep([first, second]);
  const answers = await Promise.all([call(first), call(second)]);
  assert.deepEqual(answers.map(({ outcome }) => outcome), [200, 200]);
  for (const tab of [first, second]) await tab.until(() => window.auth.state.standing === "current");
  const renewals = await requests(server, RENEWAL);
  assert.ok(renewals.length <= 2, `${renewals.length} renewals`);
  const refused = (await requests(server, "GET /api/me")).filter(({ status }) => status !== 200);
  assert.deepEqual(refused, []);
  await expectLineageIntact();
});

test("c20 awake after the session was ended: both tabs learn it, with the reason", async () => {
  const { first, second } = await twoTabs();
  await sleep([first, second], () => server.control("/users/bob", { suspended: true }, "PUT"));
  for (const tab of [first, second]) {
    await tab.until(() => window.auth.state.status === "signed-out");
    assert.equal(await tab.evaluate(() => window.auth.state.reason), "revoked");
  }
});
