// Does the demo tell what its client did and why, and can others do it again from the file that it saves?

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  arm,
  callMe,
  expectStanding,
  expectState,
  fillIn,
  goTo,
  passTime,
  passwordOf,
  savedTrace,
  signIn,
  signOut,
  submit,
} from "./support/demo.mjs";

const SIMULATE = process.env.E2E_SIMULATE ?? fileURLToPath(new URL("../../target/debug/simulate", import.meta.url));

const test = browserTests();

const rows = (page) => page.locator('[data-part="timeline"] > li');

test.inBothFlows("it tells why a session ended, newest first, also to who is signed out", async ({ newPage, server, flow }) => {
  const page = await newPage();
  await signIn(page, { username: "bob", flow });
  await goTo(page, "Timeline");
  await rows(page).filter({ hasText: "Signed in; " }).first().waitFor();
  await server.control("/users/bob", { suspended: true }, "PUT");
  await expectState(page, "signed-out");
  const ended = rows(page).first().filter({ hasText: "An administrator ended this session." });
  await ended.filter({ hasText: "The session ended: revoked." }).waitFor();
  await page.reload();
  await expectState(page, "signed-out");
  // What was remembered went with the page.
  await rows(page).last().filter({ hasText: "The page was loaded." }).waitFor();
  assert.equal(await rows(page).filter({ hasText: "Signed in; " }).count(), 0);
});

test("time alone changes nothing in it", async ({ newPage }) => {
  const page = await newPage();
  await signIn(page, { username: "bob", flow: "session" });
  await goTo(page, "Timeline");
  await expectStanding(page, "current");
  await rows(page).first().waitFor();
  const changes = await page.evaluate(async () => {
    let changes = 0;
    const list = document.querySelector('[data-part="timeline"]');
    new MutationObserver((records) => (changes += records.length)).observe(list, {
      attributes: true, characterData: true, childList: true, subtree: true,
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    return changes;
  });
  assert.equal(changes, 0);
});

test.inBothFlows(
  "what is saved after a bad day runs again natively, step by step",
  { allow: [/status of (401|503)/, /ERR_EMPTY_RESPONSE/] },
  async ({ newUser, server, flow }) => {
    const user = await newUser();
    await user.clock.install();
    const page = await user.newPage();
    const sibling = await user.newPage();
    await signIn(page, { username: "bob", flow });
    await sibling.goto("/reports");
    await expectState(sibling, "signed-in");
    assert.equal(await callMe(page), flow);
    await arm(server, SPEECH[flow].renew, { kind: "lost_after_commit" });
    await page.keyboard.press("Shift");
    await passTime({ server, user, seconds: 280 });
    await expectStanding(page, "current");
    // For as long as it takes: a single one might meet the sibling, or be over before it is seen.
    await arm(server, SPEECH[flow].who, { kind: "status", status: 503 }, 1000);
    await passTime({ server, user, seconds: 700 });
    await page.locator("[data-problem=server_busy]").waitFor();
    await server.control("/faults", undefined, "DELETE");
    await passTime({ server, user, seconds: 90 });
    await expectStanding(page, "current");
    await server.control("/users/bob", { roles: ["reader"] }, "PUT");
    await goTo(page, "Account");
    await page.locator('[data-claim="roles"]').filter({ hasText: "reader" }).waitFor();
    await signOut(sibling);
    await expectState(page, "signed-out");
    await fillIn(page, { username: "bob", password: "a-wrong-passphrase" });
    await submit(page);
    await page.getByRole("alert").filter({ hasText: "is not right" }).waitFor();
    await fillIn(page, { username: "bob", password: passwordOf("bob") });
    await submit(page);
    await expectState(page, "signed-in");

    const { path, text } = await savedTrace(page);
    for (const word of ["bob", "Bob", passwordOf("bob"), "a-wrong-passphrase", "127.0.0.1", "localhost"]) {
      assert.ok(!text.includes(word), `the trace holds ${word}`);
    }
    const { stdout } = await promisify(execFile)(SIMULATE, ["--replay", path]).catch((error) => error);
    const [, steps] = stdout.match(/^replay: (\d+) steps, all as recorded$/m) ?? assert.fail(stdout);
    assert.ok(steps > 60, `only ${steps} steps`);
    // Whichever was first, the sibling's word or the server's.
    assert.match(stdout, /why: (Another tab learned that the|The) session ended: signed out\./);
  },
);
