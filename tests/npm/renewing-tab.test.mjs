// What if the tab that renews does not come to its end: killed, reloaded, or overtaken by a sign-out or by the next user? The
// others go on at once, and nobody comes back (C03, C04, C07, C12). Frozen ones are in `put-away.test.mjs`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arm, expectFaultsMet, forgetRequests, requests } from "../browser/support/demo.mjs";
import { eventually } from "../browser/support/eventually.mjs";
import { call, expectCurrent, newUser, passTime, signIn, start, startApplication, state } from "./support/application.mjs";

const RENEWAL = "POST /auth/token";
const TOKEN_LIFE = 30;

/** In milliseconds: how long the server holds a renewal here, and how soon another tab goes on. */
const HELD = 2_500;
const SOON = 2_000;

let application, server;

before(async () => {
  application = await startApplication({ settings: ["--access-token-lifetime", `${TOKEN_LIFE}`] });
  server = application.server;
});

after(() => application?.stop());

/** Bob in two tabs whose tokens have ended, the first of them in the middle of its renewal. */
async function inMidRenewal() {
  await server.control("/reset", {});
  const user = await newUser(application);
  const first = await user.open();
  await signIn(first, "bob");
  const second = await user.open();
  for (const page of [first, second]) await expectCurrent(page);
  const { sid } = await state(first);
  await forgetRequests(server);
  await arm(server, RENEWAL, { kind: "delay", seconds: HELD / 1000 });
  // The other tab does not know yet that time has passed.
  await passTime(application, [first], TOKEN_LIFE + 1);
  const answered = call(first).catch(() => "gone");
  await expectFaultsMet(server);
  await second.evaluate((by) => window.moveClock(by), 1000 * (TOKEN_LIFE + 1));
  return { user, first, second, sid, answered };
}

/** Nobody's refresh token was taken for a stolen one. */
async function expectLineageIntact() {
  const rotations = (await requests(server, RENEWAL)).map(({ rotation }) => rotation);
  assert.ok(!rotations.includes("reuse"), rotations.join(" "));
}

/** The renewal that was held has reached its end on the server, whoever still waited for it. */
const expectHeldDone = () =>
  eventually(async () => {
    const held = (await requests(server, RENEWAL)).filter(({ fault }) => fault === "delay");
    assert.equal(held.length, 1);
  });

/** The token ends once more, and the tab still gets on. */
async function expectGoesOn(page, sid) {
  await passTime(application, [page], TOKEN_LIFE + 1);
  assert.equal((await call(page)).outcome, 200);
  assert.deepEqual(await state(page).then((now) => [now.status, now.sid]), ["signed-in", sid]);
  await expectLineageIntact();
}

test("c03_c04 killed: another tab renews at once, with the key that was left behind", async () => {
  const { user, first, second, sid } = await inMidRenewal();
  const crashed = first.waitForEvent("crash");
  // It does not answer: nobody is left who could.
  const devtools = await user.context.newCDPSession(first);
  devtools.send("Page.crash").catch(() => {});
  await crashed;
  const { outcome, took } = await call(second);
  assert.equal(outcome, 200);
  assert.ok(took < SOON, `${took} ms`);
  // The server comes to the dead tab's request only now.
  await expectHeldDone();
  await expectGoesOn(second, sid);
  await user.close();
});

test("c04 reloaded: both tabs go on", async () => {
  const { user, first, second, sid } = await inMidRenewal();
  const others = call(second);
  await start(first, "memory");
  assert.equal((await others).outcome, 200);
  assert.equal((await call(first)).outcome, 200);
  await expectHeldDone();
  await expectGoesOn(first, sid);
  await expectGoesOn(second, sid);
  await user.close();
});

test("c07_c12 signed out in another tab: both are out, and the late answer brings nobody back", async () => {
  const { user, first, second, sid, answered } = await inMidRenewal();
  const begun = Date.now();
  const acknowledged = second.evaluate(() => window.auth.signOut());
  for (const page of [second, first]) {
    await page.waitForFunction(() => window.auth.state.status === "signed-out", undefined, { polling: 25 });
  }
  assert.ok(Date.now() - begun < 1_000, `${Date.now() - begun} ms`);
  assert.equal((await answered).outcome, "signed_out");
  assert.deepEqual(await acknowledged, { acknowledged: true });
  await expectHeldDone();
  for (const page of [first, second]) {
    await start(page, "memory");
    const { status, reason } = await state(page);
    assert.equal(status, "signed-out", reason);
  }
  const told = await requests(server, "POST /auth/revoke");
  assert.ok(told.some((request) => request.sid === sid), "the server has ended that session");
  await user.close();
});

test("c07 the next user signs in in another tab: nothing of the late answer reaches her", async () => {
  const { user, first, second, sid, answered } = await inMidRenewal();
  await second.evaluate(() => window.auth.signOut());
  await signIn(second, "carol");
  assert.equal((await answered).outcome, "signed_out");
  await expectHeldDone();
  for (const page of [first, second]) {
    await page.waitForFunction(() => window.auth.state.username === "carol", undefined, { polling: 25 });
    assert.equal((await call(page)).outcome, 200);
    assert.notEqual((await state(page)).sid, sid);
  }
  await start(first, "memory");
  assert.equal(await first.evaluate(() => window.auth.state.username), "carol");
  await expectLineageIntact();
  await user.close();
});
