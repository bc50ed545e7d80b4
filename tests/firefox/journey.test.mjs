// Does the demo work in Firefox: sign in, reload, a second tab, a renewal over expiry, sign out? In both flows.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { FLOWS, SPEECH, forgetRequests, passwordOf, requests } from "../browser/support/demo.mjs";
import { startServer } from "../browser/support/server.mjs";
import { launchFirefox } from "./support/firefox.mjs";

const TOKEN_LIFE = 300;

let server, browser;

before(async () => {
  server = await startServer();
  browser = await launchFirefox();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const flow of FLOWS) {
  test(`a user comes, stays over a reload and an expiry, and leaves in all tabs (${flow})`, { timeout: 90_000 }, async () => {
    await server.control("/reset", {});
    const user = await browser.createBrowserContext();
    const first = await user.newPage();
    await signIn(first, flow);
    const sid = await shownSid(first);

    await first.reload();
    await expectState(first, "signed-in");
    assert.equal(await shownSid(first), sid);
    const second = await user.newPage();
    await second.goto(`${server.origin}/account`);
    await expectState(second, "signed-in");
    assert.equal(await shownSid(second), sid);

    await forgetRequests(server);
    await server.control("/clock", { advance: TOKEN_LIFE + 1 });
    assert.equal(await callMe(second), flow);
    const renewals = (await requests(server, SPEECH[flow].renew)).map(({ status, rotation }) => [status, rotation]);
    if (flow === "token") assert.deepEqual(renewals[0], [200, "rotated"]);

    await press(second, "Sign out");
    for (const page of [second, first]) await expectState(page, "signed-out");
    await first.reload();
    await expectState(first, "signed-out");
    await user.close();
  });
}

async function signIn(page, flow) {
  await page.goto(`${server.origin}/sign-in`);
  await expectState(page, "signed-out");
  await page.click(`#flow-${flow}`);
  const isChosen = (flow) => document.body.dataset.flow === flow && document.body.dataset.state === "signed-out";
  await page.waitForFunction(isChosen, { polling: 50 }, flow);
  await page.type("#username", "bob");
  await page.type("#password", passwordOf("bob"));
  await press(page, "Sign in");
  await expectState(page, "signed-in");
}

const expectState = (page, state) =>
  page.waitForFunction((state) => document.body?.dataset.state === state, { polling: 50, timeout: 20_000 }, state);

/** By its name, as somebody does who hears the page. */
const press = (page, name) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click();

const shownSid = (page) => page.locator('[data-part="sid"]').map(({ textContent }) => textContent).wait();

/** Calls the API as the account page does, and gives the credential that the server met. */
async function callMe(page) {
  await press(page, "Call /api/me");
  return page.locator('[data-part="credential"]').map(({ textContent }) => textContent).wait();
}
