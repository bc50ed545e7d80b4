// Do the tabs of one browser agree, and does one user leave nothing to the next?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  FLOWS,
  chooseFlow,
  expectHeading,
  expectOpen,
  expectReason,
  expectStanding,
  expectState,
  goTo,
  shownSid,
  signIn,
  signInHere,
  signOut,
} from "./support/demo.mjs";
import { eventually } from "./support/eventually.mjs";
import { storedText } from "./support/storage.mjs";
import { expectNeverSignedOut, placeWitness, stateSince } from "./support/witness.mjs";

const test = browserTests();

test.inBothFlows("a sign-out reaches the other tabs within a second", async ({ newUser, flow }) => {
  const user = await newUser();
  await placeWitness(user);
  const first = await user.newPage();
  await signIn(first, { username: "bob", flow });
  const others = [await user.newPage(), await user.newPage()];
  for (const page of others) {
    await page.goto("/reports");
    await expectOpen(page, "reports:read");
  }
  const before = Date.now();
  await signOut(first);
  for (const page of [first, ...others]) {
    await expectState(page, "signed-out");
    await expectReason(page, "You signed out.");
  }
  const own = await stateSince(first, "signed-out", before);
  for (const page of others) {
    const theirs = await stateSince(page, "signed-out", before);
    assert.ok(theirs - own < 1_000, `${theirs - own} ms`);
    assert.equal(await page.locator("[data-gate]").count(), 0);
  }
});

test.inBothFlows("a sign-in reaches the other tabs", async ({ newUser, flow }) => {
  const user = await newUser();
  const [first, second] = [await user.newPage(), await user.newPage()];
  for (const page of [first, second]) await page.goto("/sign-in");
  for (const page of [first, second]) await chooseFlow(page, flow);
  await signInHere(first, { username: "bob", flow });
  await expectState(second, "signed-in");
  await expectHeading(second, "Account");
  assert.equal(await shownSid(second), await shownSid(first));
});

test.inBothFlows(
  "two users in turn: the second finds nothing of the first",
  { allow: [/status of 401/] },
  async ({ newUser, flow }) => {
    const user = await newUser();
    const first = await user.newPage();
    await signIn(first, { username: "alice", flow });
    const aliceSid = await shownSid(first);
    await goTo(first, "Admin");
    await expectOpen(first, "admin");
    const second = await user.newPage();
    await second.goto("/reports");
    await expectStanding(second, "current");
    const traces = ["alice", "Alice", "u_alice", aliceSid];

    await signOut(first);
    await expectState(second, "signed-out");
    // The record names the session until the server has heard of the sign-out.
    for (const page of [first, second]) await eventually(() => expectNoneOf(page, traces, { except: "alice" }));

    await signInHere(first, { username: "carol", flow });
    for (const page of [first, second]) await expectState(page, "signed-in");
    // Who signed out on purpose leaves the address behind too.
    await expectHeading(second, "Account");
    assert.equal(await second.locator('[data-claim="username"]').textContent(), "carol");
    for (const page of [first, second]) {
      await goTo(page, "Account");
      await expectNoneOf(page, traces);
      await goTo(page, "Admin");
      await page.getByText("This needs the role admin, which you do not have.").waitFor();
      assert.equal(await page.locator("[data-gate]").count(), 0);
    }
  },
);

test.inBothFlows(
  "what was typed survives a session that was ended, and no sign-out",
  { allow: [/status of 401/] },
  async ({ newPage, server, flow }) => {
    const page = await newPage();
    await signIn(page, { username: "bob", flow, at: "/sign-in?to=/reports" });
    await expectOpen(page, "reports:write");
    await page.getByLabel("Title").fill("half a sentence");
    await server.control("/users/bob", { suspended: true }, "PUT");
    await expectState(page, "signed-out");
    await server.control("/users/bob", { suspended: false }, "PUT");
    await signInHere(page, { username: "bob", flow });
    await expectOpen(page, "reports:write");
    assert.equal(await page.getByLabel("Title").inputValue(), "half a sentence");

    await signOut(page);
    await expectState(page, "signed-out");
    await signInHere(page, { username: "bob", flow });
    await goTo(page, "Reports");
    await expectOpen(page, "reports:write");
    assert.equal(await page.getByLabel("Title").inputValue(), "");
  },
);

test.inBothFlows("a tab of the same browser that lies can only cause a question", async ({ newUser, server, flow }) => {
  const user = await newUser();
  await placeWitness(user);
  const victim = await user.newPage();
  await signIn(victim, { username: "bob", flow });
  await expectStanding(victim, "current");
  const sid = await shownSid(victim);
  const bystander = await newUser();
  await placeWitness(bystander);
  const signedOut = await bystander.newPage();
  await signedOut.goto("/sign-in");
  await chooseFlow(signedOut, flow);

  for (const context of [user, bystander]) {
    const forger = await context.newPage();
    await forger.goto("/health");
    await forger.evaluate(
      ({ origin, flows, sid }) => {
        const encode = (part) => btoa(JSON.stringify(part)).replaceAll("=", "");
        const set = `${encode({ alg: "none", typ: "secevent+jwt" })}.${encode({ sub_id: {}, ep: 1e9 })}.`;
        const lies = [
          "", "{", "[]", "null", '{"kind":"moved"}', '{"kind":"signed-in"}', '{"kind":"contact","ep":999999}',
          '{"kind":"contact","ep":-1}', '{"kind":"event"}', JSON.stringify({ kind: "event", set }),
          JSON.stringify({ kind: "event", set: `${set}AAAA` }), JSON.stringify({ kind: "moved", sid }),
          JSON.stringify({ kind: "event", set: "x".repeat(100_000) }), 7, null, { kind: "moved" },
        ];
        for (const flow of flows) {
          const channel = new BroadcastChannel(`countersign|${origin}|demo|${flow}`);
          for (const lie of lies) channel.postMessage(lie);
        }
      },
      { origin: server.origin, flows: FLOWS, sid },
    );
  }
  await expectStanding(victim, "current");
  assert.equal(await shownSid(victim), sid);
  await expectNeverSignedOut(victim);
  await expectState(signedOut, "signed-out");
  // The channel's name is right: a genuine word still gets through.
  await signOut(victim);
  await expectState(victim, "signed-out");
});

/** Neither the document nor what the browser keeps has any of these words. */
async function expectNoneOf(page, words, { except } = {}) {
  const shown = await page.evaluate(() => document.documentElement.outerHTML);
  const kept = await storedText(page);
  for (const word of words) {
    assert.ok(!kept.includes(word), `${word} is still stored: ${kept}`);
    // The sign-in page offers the demo's users by name.
    if (word !== except) assert.ok(!shown.includes(word), `${word} is still shown`);
  }
}
