// Can one sign in and stay in, and is everybody else told plainly why not?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  callMe,
  chooseFlow,
  expectHeading,
  expectOpen,
  expectReason,
  expectState,
  fillIn,
  forgetRequests,
  passwordOf,
  requests,
  shownSid,
  signIn,
  signInHere,
  signOut,
  submit,
} from "./support/demo.mjs";
import { placeWitness, testimony } from "./support/witness.mjs";

const WRONG = "The username or the password is not right.";

const test = browserTests();

test.inBothFlows("sign in, call the API, sign out", async ({ newPage, server, flow }) => {
  const page = await newPage();
  await signIn(page, { username: "bob", flow });
  await expectHeading(page, "Account");
  assert.equal(await page.locator('[data-claim="username"]').textContent(), "bob");
  assert.equal(await callMe(page), flow);

  await signOut(page);
  await expectState(page, "signed-out");
  await expectHeading(page, "Sign in");
  const ended = await requests(server, SPEECH[flow].signOut);
  assert.ok(ended.length <= 1, "told once");
});

test.inBothFlows("a reload stays in, and never looks signed out", async ({ newUser, flow }) => {
  const user = await newUser();
  await placeWitness(user);
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow });
  const sid = await shownSid(page);

  await page.reload();
  await expectState(page, "signed-in");
  assert.equal(await shownSid(page), sid, "the same session");
  const { states } = await testimony(page);
  const seen = new Set(states.map(({ state }) => state));
  assert.ok(!seen.has("signed-out") && !seen.has("signing-in"), [...seen].join(" "));
});

test.inBothFlows(
  "a wrong password and an unknown user get the same sentence, and what was typed stays",
  { allow: [/status of 401/] },
  async ({ newPage, flow }) => {
    const page = await newPage();
    await page.goto("/sign-in");
    await chooseFlow(page, flow);
    for (const username of ["bob", "nobody-of-that-name"]) {
      await fillIn(page, { username, password: "not-the-password" });
      await submit(page);
      await page.getByRole("alert").filter({ hasText: WRONG }).waitFor();
      assert.equal(await page.getByLabel("Username", { exact: true }).inputValue(), username);
      await expectState(page, "signed-out");
      await page.reload();
      await expectState(page, "signed-out");
    }
  },
);

test.inBothFlows("a suspended user is told so", { allow: [/status of 403/] }, async ({ newPage, flow }) => {
  const page = await newPage();
  await page.goto("/sign-in");
  await chooseFlow(page, flow);
  await fillIn(page, { username: "dave", password: passwordOf("dave") });
  await submit(page);
  await page.getByRole("alert").filter({ hasText: "This account is suspended" }).waitFor();
  await expectState(page, "signed-out");
});

test("empty fields send nothing, and the one that is missing gets the focus", async ({ newPage, server }) => {
  const page = await newPage();
  await page.goto("/sign-in");
  await expectState(page, "signed-out");
  await forgetRequests(server);
  await submit(page);
  await page.getByRole("alert").filter({ hasText: "Type your username." }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "username");
  await page.getByLabel("Username", { exact: true }).fill("bob");
  await submit(page);
  await page.getByRole("alert").filter({ hasText: "Type your password." }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "password");
  assert.deepEqual(await requests(server, SPEECH.session.signIn), []);
});

test.inBothFlows("a deep link leads to the sign-in page and back to where it pointed", async ({ newPage, flow }) => {
  const page = await newPage();
  await page.goto("/reports?page=2&word=a%26b#list");
  await expectHeading(page, "Sign in");
  await signInHere(page, { username: "bob", flow });
  await expectHeading(page, "Reports");
  const { pathname, search, hash } = new URL(page.url());
  assert.equal(pathname + search + hash, "/reports?page=2&word=a%26b#list");
  await expectOpen(page, "reports:read");
});

test("a return address elsewhere is not followed", async ({ newPage, server }) => {
  const page = await newPage();
  const origin = "//evil.example/";
  for (const to of [origin, "/\\evil.example", `https:${origin}`, "javascript:alert(1)", `/.${origin}`]) {
    await signIn(page, { username: "bob", flow: "session", at: `/sign-in?to=${encodeURIComponent(to)}` });
    await expectHeading(page, "Account");
    const arrived = new URL(page.url());
    assert.deepEqual([arrived.origin, arrived.pathname], [server.origin, "/account"], to);
    await page.context().clearCookies();
  }
});

test.inBothFlows("signing in again in the same browser replaces the session", async ({ newPage, server, flow }) => {
  const page = await newPage();
  await signIn(page, { username: "bob", flow });
  const first = await shownSid(page);
  await signOut(page);
  await signInHere(page, { username: "bob", flow });
  await expectHeading(page, "Account");
  assert.notEqual(await shownSid(page), first);
  const [, second] = await requests(server, SPEECH[flow].signIn);
  assert.notEqual(second.sid, first);
});

test.inBothFlows("a session that nobody uses ends by itself, and says why", async ({ newUser, server, flow }) => {
  const user = await newUser();
  await user.clock.install();
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow });
  await server.control("/clock", { advance: 1801 });
  await page.reload();
  await expectState(page, "signed-out");
  await expectReason(page, "You were away for a while, so your session ended. Please sign in again.");
  // Where one was is where one comes back to.
  await signInHere(page, { username: "bob", flow });
  await expectHeading(page, "Account");
});
