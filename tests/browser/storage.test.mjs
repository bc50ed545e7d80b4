// Where are access tokens kept, what does a reload find, and what never stays?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  callMe,
  chooseFlow,
  expectState,
  fillIn,
  forgetRequests,
  passwordOf,
  requests,
  signOut,
  submit,
} from "./support/demo.mjs";
import { storedText } from "./support/storage.mjs";

const RENEWAL = SPEECH.token.renew;

const test = browserTests();

/** Signs in with tokens that are kept in this place. */
async function signInKeeping(page, storage) {
  await page.goto("/sign-in");
  await chooseFlow(page, "token");
  await page.getByLabel("Where the access token is kept").selectOption(storage);
  await expectState(page, "signed-out");
  await fillIn(page, { username: "bob", password: passwordOf("bob") });
  await submit(page);
  await expectState(page, "signed-in");
}

/** Whether something of the form of an access token is in the browser's storage. */
async function keepsToken(page) {
  const stored = await storedText(page);
  return /eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}/.test(stored);
}

test("in IndexedDB a reload and a new tab find the token, and ask nobody for another", async ({ newUser, server }) => {
  const user = await newUser();
  const page = await user.newPage();
  await signInKeeping(page, "indexed_db");
  assert.ok(await keepsToken(page));
  await forgetRequests(server);
  await page.reload();
  await expectState(page, "signed-in");
  assert.equal(await callMe(page), "token");
  const second = await user.newPage();
  await second.goto("/account");
  await expectState(second, "signed-in");
  assert.equal(await callMe(second), "token");
  assert.equal((await requests(server, RENEWAL)).length, 0);

  await signOut(second);
  await expectState(page, "signed-out");
  assert.ok(!(await keepsToken(page)), "nothing stays after a sign-out");
});

test("in sessionStorage a reload finds the token, and a copy of the tab does not keep it", async ({ newUser, server }) => {
  const user = await newUser();
  const page = await user.newPage();
  await signInKeeping(page, "session");
  await forgetRequests(server);
  await page.reload();
  await expectState(page, "signed-in");
  assert.equal((await requests(server, RENEWAL)).length, 0);

  // A window that a page opens begins with a copy of its sessionStorage, as a duplicated tab does.
  const [copy] = await Promise.all([user.waitForEvent("page"), page.evaluate(() => void window.open("/account"))]);
  await expectState(copy, "signed-in");
  assert.equal(await callMe(copy), "token");
  assert.equal((await requests(server, RENEWAL)).length, 1, "it asked for a token of its own");
});

test("c11 in memory nothing is kept, nor anything of what was kept before", async ({ newUser }) => {
  const user = await newUser();
  const page = await user.newPage();
  await signInKeeping(page, "indexed_db");
  assert.ok(await keepsToken(page));
  await signOut(page);
  await expectState(page, "signed-out");
  await signInKeeping(page, "memory");
  assert.ok(!(await keepsToken(page)));
});
