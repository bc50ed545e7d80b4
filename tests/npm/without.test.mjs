// What if the browser or the network lacks what is usually there: Web Locks, storage that works, a server that has time, a
// network without a portal? Everybody stays signed in, and the tabs still take turns (C02, C03, C05, C22).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { arm, forgetRequests, requests } from "../browser/support/demo.mjs";
import { call, expectCurrent, newUser, passTime, signIn, start, startApplication, state } from "./support/application.mjs";
import { SETTINGS, TOKEN_LIFE, gather, trial } from "./support/many-calls.mjs";

const RENEWAL = "POST /auth/token";

let application, server;

before(async () => {
  application = await startApplication({ settings: SETTINGS });
  server = application.server;
});

after(() => application?.stop());

for (const storage of ["memory", "indexed_db"]) {
  test(`c02_c03 without Web Locks the record's mark keeps the tabs apart, tokens in ${storage}`, async () => {
    const { user, pages } = await gather(application, { tabs: 4, storage, prepare: deleteLocks });
    assert.equal(await pages[0].evaluate(() => navigator.locks), undefined);
    const { answers, renewals, milliseconds, ...rest } = await trial(application, pages, 10);
    assert.deepEqual(new Set(answers), new Set([200]));
    assert.ok(renewals >= 1 && renewals <= (storage === "memory" ? 4 : 1), `${renewals} renewals`);
    assert.deepEqual(rest, { overlaps: 0, refused: 0, signedOut: 0 }, `${milliseconds} ms`);
    await user.close();
  });
}

function deleteLocks() {
  delete Navigator.prototype.locks;
}

/** A browser that has storage and refuses it. */
function refuseStorage() {
  const refuse = () => {
    throw new DOMException("The user denied permission to access the database.", "SecurityError");
  };
  IDBFactory.prototype.open = refuse;
  for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: refuse });
}

/** One person in two tabs gets on in every way that does not need storage. */
async function getsOnWithout(user, { pages, durability }) {
  await Promise.all(pages.map((page) => expectCurrent(page)));
  for (const page of pages) assert.equal(await page.evaluate(() => window.auth.snapshot.durability), durability);
  const { sid } = await state(pages[0]);
  await forgetRequests(server);
  await passTime(application, pages, TOKEN_LIFE + 1);
  const calls = await Promise.all(pages.flatMap((page) => [call(page), call(page), call(page)]));
  assert.deepEqual(new Set(calls.map(({ outcome }) => outcome)), new Set([200]));
  const renewals = await requests(server, RENEWAL);
  assert.ok(renewals.length <= pages.length, `${renewals.length} renewals`);
  assert.deepEqual(new Set(renewals.map(({ rotation }) => rotation)), new Set(["rotated"]));
  await start(pages[0], "memory");
  assert.deepEqual([(await state(pages[0])).status, (await state(pages[0])).sid], ["signed-in", sid]);

  const { acknowledged } = await pages[1].evaluate(() => window.auth.signOut());
  assert.equal(acknowledged, true);
  for (const page of pages) {
    await page.waitForFunction(() => window.auth.state.status === "signed-out", undefined, { polling: 25 });
  }
  await user.close();
}

async function twoTabs(user) {
  const pages = [await user.open()];
  await signIn(pages[0], "bob");
  pages.push(await user.open());
  return pages;
}

test("storage that throws: the tabs go on by themselves, and say so", async () => {
  const user = await newUser(application, { prepare: refuseStorage });
  await getsOnWithout(user, { pages: await twoTabs(user), durability: "this-tab" });
});

test("storage that is full: the tabs go on by themselves, and say so", async () => {
  const user = await newUser(application);
  const pages = [await user.context.newPage(), await user.context.newPage()];
  for (const page of pages) await leaveNoRoom(user, page);
  for (const page of pages) await start(page, "memory");
  await signIn(pages[0], "bob");
  await getsOnWithout(user, { pages, durability: "this-tab" });
});

async function leaveNoRoom(user, page) {
  const devtools = await user.context.newCDPSession(page);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin: server.origin, quotaSize: 1 });
}

test("a database that never opens: it is waited for within bounds, and then done without", async () => {
  const user = await newUser(application);
  const squatter = await user.context.newPage();
  await squatter.goto("/health");
  // As long as this tab keeps its connection, the deletion waits, and whoever opens the database waits behind it.
  await squatter.evaluate(() => {
    const opening = indexedDB.open("countersign", 1);
    return new Promise((resolve) => {
      opening.onsuccess = () => {
        window.connection = opening.result;
        indexedDB.deleteDatabase("countersign").onblocked = resolve;
      };
    });
  });
  const begun = Date.now();
  const page = await user.open();
  assert.ok(Date.now() - begun < 10_000, `${Date.now() - begun} ms until the state was known`);
  await signIn(page, "bob");
  const second = await user.open();
  await getsOnWithout(user, { pages: [page, second], durability: "this-tab" });
});

test("a database that is deleted under the tabs: they write anew, and nobody is signed out", async () => {
  const user = await newUser(application);
  const pages = await twoTabs(user);
  await pages[0].evaluate(() => {
    const deletion = indexedDB.deleteDatabase("countersign");
    // A connection that is asked to close may have to end a transaction first.
    return new Promise((resolve, reject) => {
      deletion.onsuccess = resolve;
      deletion.onerror = () => reject(deletion.error);
      deletion.onblocked = () => setTimeout(() => reject(new Error("a connection stands in the way")), 10_000);
    });
  });
  await getsOnWithout(user, { pages, durability: "shared" });
});

test("c05 a captive portal answers the renewals: calls fail, and nobody is signed out", async () => {
  const user = await newUser(application);
  const pages = await twoTabs(user);
  await arm(server, RENEWAL, { kind: "html" }, 20);
  await passTime(application, pages, TOKEN_LIFE + 1);
  for (const page of pages) {
    assert.notEqual((await call(page)).outcome, 200);
    assert.equal((await state(page)).status, "signed-in");
  }
  await server.control("/faults", undefined, "DELETE");
  // Longer than the longest back-off.
  await passTime(application, pages, 90);
  for (const page of pages) assert.equal((await call(page)).outcome, 200);
  await user.close();
});

for (const [form, retry_after] of [["seconds", 120], ["a date", { date: 120 }]]) {
  test(`c22 Retry-After as ${form} binds all tabs, also one that is opened meanwhile`, async () => {
    const user = await newUser(application);
    const pages = await twoTabs(user);
    pages.push(await user.open());
    await forgetRequests(server);
    await arm(server, RENEWAL, { kind: "status", status: 503, retry_after });
    await passTime(application, pages, TOKEN_LIFE + 1);
    assert.notEqual((await call(pages[0])).outcome, 200, JSON.stringify(await requests(server)));
    await passTime(application, pages, 60);
    pages.push(await openLater(user, TOKEN_LIFE + 1 + 60));
    for (const page of pages) {
      await page.evaluate(() => void window.auth.fetch("/api/me").catch(() => {}));
      assert.notEqual((await state(page)).status, "signed-out");
    }
    await passTime(application, pages, 50);
    for (const page of pages) await page.evaluate(() => void window.auth.check().catch(() => {}));
    assert.deepEqual((await requests(server, RENEWAL)).map(({ status }) => status), [503], "nobody asks inside the wait");

    // The wait, and then as long as the back-off's jitter may be.
    await passTime(application, pages, 15);
    for (const page of pages) assert.equal((await call(page)).outcome, 200);
    await user.close();
  });
}

/** Another tab, whose clock has been moved as those of the others. */
async function openLater(user, seconds) {
  const page = await user.context.newPage();
  await page.addInitScript((by) => window.moveClock(by), seconds * 1000);
  await page.goto("/");
  await page.waitForFunction(() => window.createAuth);
  await page.evaluate(async () => {
    window.auth = await window.createAuth({ flow: "token" });
  });
  return page;
}
