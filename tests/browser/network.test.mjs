// Does a fault of the network or the server ever sign anybody out? Never; and a sign-out holds without network.

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  arm,
  callMe,
  expectHeading,
  expectRequests,
  expectStanding,
  expectState,
  forgetRequests,
  requests,
  shownSid,
  signIn,
  signOut,
} from "./support/demo.mjs";
import { eventually } from "./support/eventually.mjs";
import { storedText } from "./support/storage.mjs";
import { expectNeverSignedOut, placeWitness, testimony } from "./support/witness.mjs";

const OFFLINE = /net::ERR_INTERNET_DISCONNECTED/;

const test = browserTests();

test.inBothFlows(
  "a lost network leaves the user signed in, unverified, and back to normal with it",
  { allow: [OFFLINE, /net::ERR_/] },
  async ({ newUser, flow }) => {
    const user = await newUser();
    await placeWitness(user);
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow });
    const sid = await shownSid(page);
    await user.setOffline(true);
    await expectStanding(page, "unverified");
    await page.getByRole("button", { name: "Call /api/me" }).click();
    await page.getByRole("alert").filter({ hasText: "There was no answer" }).waitFor();
    await user.setOffline(false);
    await expectStanding(page, "current");
    assert.equal(await callMe(page), flow);
    assert.equal(await shownSid(page), sid);
    await expectNeverSignedOut(page);
  },
);

const FAULTS = {
  "a server in trouble": { fault: { kind: "status", status: 503, retry_after: 0 }, allow: [/status of 503/] },
  "a captive portal": { fault: { kind: "html" }, allow: [] },
  "a connection that breaks": { fault: { kind: "lost_before_commit" }, allow: [/net::ERR_/] },
};

for (const [name, { fault, allow }] of Object.entries(FAULTS)) {
  test.inBothFlows(`${name} at load does not sign out`, { allow }, async ({ newUser, server, flow }) => {
    const user = await newUser();
    await placeWitness(user);
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow });
    const sid = await shownSid(page);
    // The browser itself repeats a request on a connection that breaks.
    await arm(server, SPEECH[flow].who, fault, 4);
    await page.reload();
    const notice = page.locator("[data-problem]");
    await notice.waitFor();
    await server.control("/faults", undefined, "DELETE");
    // The next attempt may come by itself before the button is pressed.
    const pressed = notice.getByRole("button", { name: "Try now" }).click({ timeout: 15_000 }).catch(() => {});
    await expectState(page, "signed-in");
    await pressed;
    assert.equal(await shownSid(page), sid);
    const { states } = await testimony(page);
    assert.ok(states.every(({ state }) => state !== "signed-out"), JSON.stringify(states));
  });
}

test.inBothFlows(
  "a sign-out without network holds over the end of the tab, and the server hears of it",
  { allow: [OFFLINE, /net::ERR_/] },
  async ({ newUser, server, flow }) => {
    const user = await newUser();
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow });
    const sid = await shownSid(page);
    await forgetRequests(server);
    await user.setOffline(true);
    await signOut(page);
    await expectState(page, "signed-out");
    await page.getByText("The server does not know it yet").waitFor();
    await eventually(async () => assert.ok((await storedText(page)).includes(`sign_out_owed\\":\\"${sid}`)));
    await page.close();
    assert.deepEqual(await requests(server, SPEECH[flow].signOut), []);

    await user.setOffline(false);
    const next = await user.newPage();
    await placeWitness(next);
    await next.goto("/account");
    await expectState(next, "signed-out");
    await expectHeading(next, "Sign in");
    await eventually(async () => {
      const [told] = await requests(server, SPEECH[flow].signOut);
      assert.deepEqual([told?.status, told?.sid], [flow === "session" ? 204 : 200, sid]);
    });
    await next.getByText("The server does not know it yet").waitFor({ state: "detached" });
    await next.reload();
    await expectState(next, "signed-out");
    await expectRequests(server, SPEECH[flow].signOut, 1);
    const resumed = (await requests(server, SPEECH[flow].who)).filter(({ status }) => status === 200);
    assert.deepEqual(resumed, [], "nothing resumed while a sign-out was owed");
  },
);

test.inBothFlows(
  "a sign-out without network is told as soon as there is one",
  { allow: [OFFLINE, /net::ERR_/] },
  async ({ newUser, server, flow }) => {
    const user = await newUser();
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow });
    await forgetRequests(server);
    await user.setOffline(true);
    await signOut(page);
    await expectState(page, "signed-out");
    await user.setOffline(false);
    await expectRequests(server, SPEECH[flow].signOut, 1);
    await page.getByText("The server does not know it yet").waitFor({ state: "detached" });
    await page.reload();
    await expectState(page, "signed-out");
  },
);

test.inBothFlows(
  "a sign-out holds though the page is left in the same moment",
  { allow: [/status of 401/] },
  async ({ newUser, server, flow }) => {
    const user = await newUser();
    const page = await user.newPage();
    await signIn(page, { username: "bob", flow });
    await forgetRequests(server);
    const left = page.waitForEvent("load");
    await page.getByRole("button", { name: "Sign out", exact: true }).evaluate((button) => {
      button.click();
      location.reload();
    });
    await left;
    // The new document may ask before the server has heard of the sign-out; it is then told of its end.
    await expectState(page, "signed-out");
    await eventually(async () => {
      const told = await requests(server, SPEECH[flow].signOut);
      assert.ok(told.some(({ sid }) => sid !== null), "the server was told which session");
    });
    await page.reload();
    await expectState(page, "signed-out");
  },
);
