// Is a session kept alive over expiries, lost answers, reloads and many tabs, with as few renewals as possible?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  arm,
  callMe,
  expectReason,
  expectRequests,
  expectStanding,
  expectState,
  forgetRequests,
  passTime,
  requests,
  shownSid,
  signIn,
} from "./support/demo.mjs";
import { expectNeverSignedOut, placeWitness } from "./support/witness.mjs";

const RENEWAL = SPEECH.token.renew;
const TOKEN_LIFE = 300;

// Lives of tokens are exact here: what happens shortly before their end is what is told.
const test = browserTests({ server: { settings: ["--access-token-jitter", "0"] } });

/** A user whose pages' clocks can be moved. */
async function userWithClock(newUser) {
  const user = await newUser();
  await user.clock.install();
  await placeWitness(user);
  return user;
}

test("a token is renewed over its expiry, exactly once each time", async ({ newUser, server }) => {
  const user = await userWithClock(newUser);
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow: "token" });
  const sid = await shownSid(page);
  for (let turn = 0; turn < 3; turn += 1) {
    await forgetRequests(server);
    await passTime({ server, user, seconds: TOKEN_LIFE });
    const [renewal] = await expectRequests(server, RENEWAL, 1);
    assert.equal(renewal.rotation, "rotated");
    await expectStanding(page, "current");
    assert.equal(await callMe(page), "token");
    await expectRequests(server, RENEWAL, 1);
  }
  assert.equal(await shownSid(page), sid);
  await expectNeverSignedOut(page);
});

test("a session that is used outlives its idle time, with few touches", async ({ newUser, server }) => {
  const user = await userWithClock(newUser);
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow: "session" });
  const sid = await shownSid(page);
  // Idle time is half an hour. The user does something every five minutes, for fifty minutes.
  for (let turn = 0; turn < 10; turn += 1) {
    await passTime({ server, user, seconds: 300 });
    await expectStanding(page, "current");
    await page.keyboard.press("Shift");
  }
  const touches = await requests(server, SPEECH.session.renew);
  assert.ok(touches.length >= 1 && touches.length <= 6, `${touches.length} touches`);
  await page.reload();
  await expectState(page, "signed-in");
  assert.equal(await shownSid(page), sid);
});

test(
  "a 401 in the middle of a call leads to one renewal and one repeat",
  { allow: [/status of 401 .*\/api\/me/] },
  async ({ newUser, server }) => {
    const user = await userWithClock(newUser);
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow: "token" });
    await forgetRequests(server);
    // The page does not know that time has passed.
    await server.control("/clock", { advance: TOKEN_LIFE + 1 });
    assert.equal(await callMe(page), "token");
    const log = await requests(server, "GET /api/me", RENEWAL);
    assert.deepEqual(log.map(({ what, status }) => `${what} ${status}`), [
      "GET /api/me 401",
      `${RENEWAL} 200`,
      "GET /api/me 200",
    ]);
    await expectNeverSignedOut(page);
  },
);

test("a session that ends by itself is noticed in place", async ({ newUser, server }) => {
  const user = await userWithClock(newUser);
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow: "session" });
  await expectStanding(page, "current");
  await server.control("/clock", { advance: 1801 });
  await expectState(page, "signed-out");
  await expectReason(page, "You were away for a while, so your session ended. Please sign in again.");
});

test(
  "an answer that is lost after the server rotated is asked for again, and the session is kept",
  { allow: [/net::ERR_/] },
  async ({ newUser, server }) => {
    const user = await userWithClock(newUser);
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow: "token" });
    await forgetRequests(server);
    await arm(server, RENEWAL, { kind: "lost_after_commit" });
    await passTime({ server, user, seconds: TOKEN_LIFE });
    const log = await expectRequests(server, RENEWAL, 2);
    assert.deepEqual(log.map(({ status, rotation }) => [status, rotation]), [[null, "rotated"], [200, "retried"]]);
    await expectStanding(page, "current");
    await expectNeverSignedOut(page);

    // The successor that came by the retry is a whole one.
    await passTime({ server, user, seconds: TOKEN_LIFE });
    const [, , next] = await expectRequests(server, RENEWAL, 3);
    assert.equal(next.rotation, "rotated");
    await expectStanding(page, "current");
  },
);

test(
  "an answer that is lost while the page loads does not cost the session",
  { allow: [/net::ERR_/] },
  async ({ newUser, server }) => {
    const user = await userWithClock(newUser);
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow: "token" });
    await forgetRequests(server);
    await arm(server, RENEWAL, { kind: "lost_after_commit" });
    await page.reload();
    await expectState(page, "signed-in");
    const log = await requests(server, RENEWAL);
    assert.deepEqual(log.map(({ rotation }) => rotation), ["rotated", "retried"]);
    await expectNeverSignedOut(page);
  },
);

test(
  "while the server can't renew, what is held still works",
  { allow: [/status of 503/] },
  async ({ newUser, server }) => {
    const user = await userWithClock(newUser);
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow: "token" });
    await forgetRequests(server);
    await arm(server, RENEWAL, { kind: "status", status: 503 }, 100);
    // Renewal is due, and the token has some time left.
    await passTime({ server, user, seconds: TOKEN_LIFE - 20 });
    await expectStanding(page, "unverified");
    assert.equal(await callMe(page), "token");
    await server.control("/faults", undefined, "DELETE");
    await passTime({ server, user, seconds: 60 });
    await expectStanding(page, "current");
    assert.equal(await callMe(page), "token");
    await expectNeverSignedOut(page);
  },
);

test.inBothFlows("ten reloads in a row while the answer is on its way", async ({ newUser, server, flow }) => {
  const user = await userWithClock(newUser);
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow });
  const sid = await shownSid(page);
  await forgetRequests(server);
  const [method, path] = SPEECH[flow].who.split(" ");
  await arm(server, SPEECH[flow].who, { kind: "delay", seconds: 2 }, 10);
  for (let turn = 0; turn < 10; turn += 1) {
    const sent = page.waitForRequest((request) => request.method() === method && request.url().endsWith(path));
    await page.reload({ waitUntil: "commit" });
    await sent;
  }
  await server.control("/faults", undefined, "DELETE");
  await page.reload();
  await expectState(page, "signed-in");
  assert.equal(await shownSid(page), sid, "the same session");
  await expectLineageIntact(server);

  // The next one goes on from there, whatever of the ten the server still works on. (Time must not pass here: a copy
  // that arrives after the retry window is rightly taken for a thief's.)
  await page.reload();
  await expectState(page, "signed-in");
  assert.equal(await shownSid(page), sid, "the same session");
  const last = (await requests(server, SPEECH[flow].who)).at(-1);
  assert.deepEqual([last.status, last.rotation], [200, flow === "token" ? "rotated" : null]);
  await expectLineageIntact(server);
});

test("eight tabs wake to an expired token: all stay in, one renewal after the other", async ({ newUser, server }) => {
  const user = await userWithClock(newUser);
  const pages = [await user.newPage()];
  await signIn(pages[0], { username: "bob", flow: "token" });
  while (pages.length < 8) {
    const page = await user.newPage();
    pages.push(page);
    await page.goto("/account");
  }
  await Promise.all(pages.map((page) => expectStanding(page, "current")));
  await forgetRequests(server);
  const held = 0.1;
  await arm(server, RENEWAL, { kind: "delay", seconds: held }, 8);
  await passTime({ server, user, seconds: TOKEN_LIFE });

  const log = await expectRequests(server, RENEWAL, 8);
  await Promise.all(pages.map((page) => expectStanding(page, "current")));
  assert.deepEqual(new Set(log.map(({ rotation }) => rotation)), new Set(["rotated"]));
  for (const [index, request] of log.entries()) {
    const before = log[index - 1];
    if (before) assert.ok(request.at - before.at >= held, `${before.at} and ${request.at} overlap`);
  }
  for (const page of pages) assert.equal(await callMe(page), "token");
  await expectRequests(server, RENEWAL, 8);
  await Promise.all(pages.map(expectNeverSignedOut));
});

test.inBothFlows("eight tabs reloaded at once are all signed in", async ({ newUser, server, flow }) => {
  const user = await userWithClock(newUser);
  const pages = [await user.newPage()];
  await signIn(pages[0], { username: "bob", flow });
  const sid = await shownSid(pages[0]);
  while (pages.length < 8) pages.push(await user.newPage());
  await Promise.all(pages.map((page) => page.goto("/account", { waitUntil: "commit" })));
  await Promise.all(pages.map((page) => expectState(page, "signed-in", { within: 30_000 })));
  for (const page of pages) assert.equal(await shownSid(page), sid);
  await expectLineageIntact(server);
  await Promise.all(pages.map(expectNeverSignedOut));
});

/** No refresh token was ever used by a second party, as the server sees it. */
async function expectLineageIntact(server) {
  const rotations = (await requests(server)).map(({ rotation }) => rotation).filter(Boolean);
  assert.ok(!rotations.includes("reuse"), rotations.join(" "));
}
