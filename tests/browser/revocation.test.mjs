// Is access that is taken away in one browser gone in another: at once, in place, and with the reason?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  expectClosed,
  expectHeading,
  expectOpen,
  expectReason,
  expectRequests,
  expectStanding,
  expectState,
  fillIn,
  forgetRequests,
  goTo,
  part,
  passwordOf,
  shownSid,
  signIn,
  submit,
} from "./support/demo.mjs";
import { eventually } from "./support/eventually.mjs";
import { expectNeverSignedOut, placeWitness, stateSince } from "./support/witness.mjs";

const LIMIT = 2_000;
const BY_ADMIN = "An administrator ended this session.";
const BY_OTHER_DEVICE = "You ended this session from another device.";

const test = browserTests();

async function personAt(newUser, { username, flow, page: name }) {
  const user = await newUser();
  await placeWitness(user);
  const page = await user.newPage();
  await signIn(page, { username, flow });
  await goTo(page, name);
  await expectStanding(page, "current");
  return page;
}

const row = (page, username) => page.locator(`li[data-username="${username}"]`);

/** Presses a button and gives the moment at which the server's answer to it was there. */
async function pressAndWait(page, button, method) {
  await page.bringToFront();
  const answered = page.waitForResponse((response) => response.request().method() === method && response.ok());
  await button.click();
  await answered;
  return Date.now();
}

// A call or a stream of a session that is over gets a 401; a suspended user's sign-in gets a 403.
const AFFECTED = { allow: [/status of 401/, /status of 403/] };

test.inBothFlows("an administrator ends sessions in another browser", AFFECTED, async ({ newUser, flow }) => {
  const bob = await personAt(newUser, { username: "bob", flow, page: "Reports" });
  await expectOpen(bob, "reports:write");
  const alice = await personAt(newUser, { username: "alice", flow, page: "Admin" });

  const before = Date.now();
  const button = row(alice, "bob").getByRole("button", { name: "End sessions" });
  const committed = await pressAndWait(alice, button, "DELETE");
  await expectState(bob, "signed-out");
  const gone = await stateSince(bob, "signed-out", before);
  assert.ok(gone - committed < LIMIT, `${gone - committed} ms`);
  await expectReason(bob, BY_ADMIN);
  assert.equal(await bob.locator("[data-gate]").count(), 0);
  // And nobody else's.
  await expectState(alice, "signed-in");
  await alice.reload();
  await expectState(alice, "signed-in");

  await bob.reload();
  await expectState(bob, "signed-out");
});

test.inBothFlows("a suspended user is out, and in again once that is lifted", AFFECTED, async ({ newUser, flow }) => {
  const bob = await personAt(newUser, { username: "bob", flow, page: "Reports" });
  const alice = await personAt(newUser, { username: "alice", flow, page: "Admin" });
  const before = Date.now();
  const committed = await pressAndWait(alice, row(alice, "bob").getByRole("button", { name: "Suspend" }), "PUT");
  await expectState(bob, "signed-out");
  const gone = await stateSince(bob, "signed-out", before);
  assert.ok(gone - committed < LIMIT, `${gone - committed} ms`);

  await fillIn(bob, { username: "bob", password: passwordOf("bob") });
  await submit(bob);
  await bob.getByRole("alert").filter({ hasText: "This account is suspended" }).waitFor();
  await pressAndWait(alice, row(alice, "bob").getByRole("button", { name: "Unsuspend" }), "PUT");
  await submit(bob);
  // Back to where it was taken away.
  await expectHeading(bob, "Reports");
  await expectOpen(bob, "reports:write");
});

test.inBothFlows("a right is taken and given back in place", AFFECTED, async ({ newUser, flow }) => {
  const bob = await personAt(newUser, { username: "bob", flow, page: "Reports" });
  await expectOpen(bob, "reports:read");
  await expectOpen(bob, "reports:write");
  // What is not taken away must stay as it is, down to the element.
  await part(bob, "reports:read").evaluate((element) => { element.marked = true; });
  await bob.getByLabel("Title").fill("half a sentence");
  const alice = await personAt(newUser, { username: "alice", flow, page: "Admin" });

  const setRoles = async (changes) => {
    for (const [role, wanted] of Object.entries(changes)) {
      await alice.bringToFront();
      await row(alice, "bob").getByRole("checkbox", { name: role }).setChecked(wanted);
    }
    return pressAndWait(alice, row(alice, "bob").getByRole("button", { name: "Save roles" }), "PUT");
  };
  const committed = await setRoles({ member: false, reader: true });
  await expectClosed(bob, "reports:write");
  assert.ok(Date.now() - committed < LIMIT, `${Date.now() - committed} ms`);
  await bob.getByText("This needs the permission reports:write, which you do not have.").waitFor();
  assert.ok(await part(bob, "reports:read").evaluate((element) => element.marked), "the list stayed");

  await setRoles({ member: true, reader: false, admin: true });
  await expectOpen(bob, "reports:write");
  assert.equal(await bob.getByLabel("Title").inputValue(), "half a sentence");
  assert.ok(await part(bob, "reports:read").evaluate((element) => element.marked), "the list stayed");
  await goTo(bob, "Admin");
  await expectOpen(bob, "admin");

  await setRoles({ admin: false });
  await expectClosed(bob, "admin");
  await bob.getByText("This needs the role admin, which you do not have.").waitFor();
  await expectStanding(bob, "current");
  await expectNeverSignedOut(bob);
});

test.inBothFlows("one device ends another, and only that", AFFECTED, async ({ newUser, flow }) => {
  const phone = await personAt(newUser, { username: "bob", flow, page: "Account" });
  const phoneSid = await shownSid(phone);
  const other = await personAt(newUser, { username: "bob", flow, page: "Reports" });
  const desk = await personAt(newUser, { username: "bob", flow, page: "Devices" });
  const device = desk.locator(`li[data-sid="${phoneSid}"]`);
  const before = Date.now();
  const committed = await pressAndWait(desk, device.getByRole("button", { name: "Revoke", exact: true }), "DELETE");
  await expectState(phone, "signed-out");
  const gone = await stateSince(phone, "signed-out", before);
  assert.ok(gone - committed < LIMIT, `${gone - committed} ms`);
  await expectReason(phone, BY_OTHER_DEVICE);
  await device.waitFor({ state: "detached" });
  for (const page of [desk, other]) {
    await page.reload();
    await expectState(page, "signed-in");
  }
});

test.inBothFlows("all others are ended, and then all", AFFECTED, async ({ newUser, flow }) => {
  const desk = await personAt(newUser, { username: "bob", flow, page: "Devices" });
  // Whoever uses the other flow is among the others.
  const others = [
    await personAt(newUser, { username: "bob", flow: "session", page: "Reports" }),
    await personAt(newUser, { username: "bob", flow: "token", page: "Reports" }),
  ];
  const stranger = await personAt(newUser, { username: "carol", flow, page: "Reports" });
  await desk.getByRole("button", { name: "Refresh" }).click();
  await eventually(async () => assert.equal(await desk.locator("li[data-sid]").count(), 3));

  await desk.getByRole("button", { name: "Revoke others" }).click();
  for (const page of others) {
    await expectState(page, "signed-out");
    await expectReason(page, BY_OTHER_DEVICE);
  }
  await eventually(async () => assert.equal(await desk.locator("li[data-sid]").count(), 1));
  await expectState(desk, "signed-in");

  await desk.getByRole("button", { name: "Revoke all" }).click();
  await expectState(desk, "signed-out");
  await expectHeading(desk, "Sign in");
  await desk.reload();
  await expectState(desk, "signed-out");
  await expectState(stranger, "signed-in");
});

test.inBothFlows("when the tab that listens is closed, another goes on", AFFECTED, async ({ newUser, server, flow }) => {
  const first = await personAt(newUser, { username: "bob", flow, page: "Reports" });
  const second = await first.context().newPage();
  await second.goto("/reports");
  await expectStanding(second, "current");
  await forgetRequests(server);
  await first.close();
  await expectRequests(server, "GET /auth/events", 1);
  await expectStanding(second, "current");
  const before = Date.now();
  await server.control("/users/bob", { suspended: true }, "PUT");
  await expectState(second, "signed-out");
  const gone = await stateSince(second, "signed-out", before);
  assert.ok(gone - before < LIMIT, `${gone - before} ms`);
  await expectReason(second, BY_ADMIN);
});

test.inBothFlows("every tab of a browser learns of it", AFFECTED, async ({ newUser, server, flow }) => {
  const first = await personAt(newUser, { username: "bob", flow, page: "Reports" });
  const tabs = [first];
  while (tabs.length < 3) {
    const tab = await first.context().newPage();
    await tab.goto("/reports");
    await expectStanding(tab, "current");
    tabs.push(tab);
  }
  const before = Date.now();
  await server.control("/users/bob", { suspended: true }, "PUT");
  for (const tab of tabs) {
    await expectState(tab, "signed-out");
    const gone = await stateSince(tab, "signed-out", before);
    assert.ok(gone - before < LIMIT, `${gone - before} ms`);
    await expectReason(tab, BY_ADMIN);
  }
});
