// Does everybody see in time that the session ends because nobody is there, and can they stay?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  arm,
  expectReason,
  expectStanding,
  expectState,
  forgetRequests,
  passTime,
  requests,
  signIn,
} from "./support/demo.mjs";
import { eventually } from "./support/eventually.mjs";

const IDLE_TIME = 1_800;
const IDLE = "You were away for a while, so your session ended. Please sign in again.";

const test = browserTests();

/** Bob in two tabs, whose clocks can be moved. */
async function twoTabs(newUser, flow) {
  const user = await newUser();
  await user.clock.install();
  const first = await user.newPage();
  await signIn(first, { username: "bob", flow });
  const second = await user.newPage();
  await second.goto("/account");
  await expectState(second, "signed-in");
  return { user, first, second };
}

const countdown = (page) => page.locator('[data-notice="idle"]');

/** Time passes in which nobody does anything, so far that the countdown runs. */
async function nobodyActs({ server, user, tabs }) {
  for (let minutes = 0; minutes < IDLE_TIME / 60 - 1; minutes += 4) {
    await passTime({ server, user, seconds: Math.min(240, IDLE_TIME - 60 * minutes - 50) });
    // Whatever machines have to say to the server is answered before more time passes.
    for (const page of tabs) await expectStanding(page, "current");
  }
}

test.inBothFlows("the countdown runs in all tabs, and one act ends it in all", async ({ newUser, server, flow }) => {
  const { user, first, second } = await twoTabs(newUser, flow);
  await nobodyActs({ server, user, tabs: [first, second] });
  for (const page of [first, second]) await countdown(page).waitFor();

  await forgetRequests(server);
  await second.bringToFront();
  await second.getByRole("button", { name: "Stay signed in" }).click();
  for (const page of [first, second]) await countdown(page).waitFor({ state: "detached" });
  await eventually(async () => {
    const told = await requests(server, SPEECH[flow].renew);
    assert.ok(told.length >= 1 && told.length <= 3, JSON.stringify(told));
  });
  await first.reload();
  await expectState(first, "signed-in");
  assert.equal(await countdown(first).count(), 0, "the server has heard it");
});

test.inBothFlows("who does nothing is signed out in all tabs, with the reason", async ({ newUser, server, flow }) => {
  const { user, first, second } = await twoTabs(newUser, flow);
  await nobodyActs({ server, user, tabs: [first, second] });
  await passTime({ server, user, seconds: 70 });
  for (const page of [first, second]) {
    await expectState(page, "signed-out");
    await expectReason(page, IDLE);
  }
});

test.inBothFlows("a press is an act when it is let go, and not before", async ({ newUser, server, flow }) => {
  const { user, first, second } = await twoTabs(newUser, flow);
  await first.bringToFront();
  await passTime({ server, user, seconds: 1_000 });
  for (const page of [first, second]) await expectStanding(page, "current");
  await forgetRequests(server);
  await arm(server, SPEECH[flow].renew, { kind: "delay", seconds: 1 });
  await first.getByRole("heading", { level: 1 }).hover();
  await first.mouse.down();
  assert.equal(await first.evaluate(() => document.body.dataset.standing), "current");
  assert.deepEqual(await requests(server, SPEECH[flow].renew), []);
  await first.mouse.up();
  await eventually(async () => assert.equal((await requests(server, SPEECH[flow].renew)).length, 1));
});
