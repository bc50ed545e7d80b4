// What a person does in the demo, and what they see.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { eventually } from "./eventually.mjs";

export const FLOWS = ["session", "token"];

/** How each flow speaks to the server, as `METHOD path` in the log of requests. */
export const SPEECH = {
  session: {
    signIn: "POST /auth/session",
    who: "GET /auth/session",
    renew: "PATCH /auth/session",
    signOut: "DELETE /auth/session",
  },
  token: {
    signIn: "POST /auth/login",
    who: "POST /auth/token",
    renew: "POST /auth/token",
    signOut: "POST /auth/revoke",
  },
};

/** Milliseconds between two looks. By frames, as is the default, a tab in the back would look once a second. */
const POLLING = 25;

const RADIO = { session: "Session cookie", token: "Tokens" };

/** The demo's users all follow this rule; their passwords are no secret. */
export const passwordOf = (username) => `${username}-demo-pass`;

/** Signs in by hand, beginning at an address that shows the form. */
export async function signIn(page, { at = "/sign-in", ...person }) {
  await page.goto(at);
  await signInHere(page, person);
}

/** Signs in where the page is. */
export async function signInHere(page, { username, flow, password = passwordOf(username) }) {
  await chooseFlow(page, flow);
  await fillIn(page, { username, password });
  await submit(page);
  await expectState(page, "signed-in");
}

// Before each act the tab comes to the front, as for a user: in the back, frames come once a second.

export async function chooseFlow(page, flow) {
  await page.bringToFront();
  await expectState(page, "signed-out");
  await page.getByRole("radio", { name: RADIO[flow] }).check();
  // The other flow's client asks the server first.
  const isChosen = (flow) => document.body.dataset.flow === flow && document.body.dataset.state === "signed-out";
  await page.waitForFunction(isChosen, flow, { polling: POLLING });
}

export async function fillIn(page, { username, password }) {
  await page.bringToFront();
  await page.getByLabel("Username", { exact: true }).fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
}

export const submit = (page) => page.getByRole("button", { name: "Sign in", exact: true }).click();

export async function signOut(page) {
  await page.bringToFront();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
}

/** Goes to a page of the demo by its link, as the user would; the document stays. */
export async function goTo(page, name) {
  await page.bringToFront();
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  await expectHeading(page, name);
}

export const expectHeading = (page, name) =>
  page.getByRole("heading", { level: 1, name, exact: true }).waitFor({ timeout: 10_000 });

/** Waits until the body says that state. */
export async function expectState(page, state, { within = 15_000 } = {}) {
  const arrived = page.waitForFunction((state) => document.body?.dataset.state === state, state, {
    polling: POLLING,
    timeout: within,
  });
  await arrived.catch(async (error) => {
    const now = await attributes(page);
    const message = `The state is not ${state} but ${now.state} (${now.standing}) after ${within} ms.`;
    throw new Error(message, { cause: error });
  });
}

/** Waits until the body says that standing, which implies signed in. */
export async function expectStanding(page, standing, { within = 15_000 } = {}) {
  const wanted = (standing) => document.body?.dataset.standing === standing;
  await page.waitForFunction(wanted, standing, { polling: POLLING, timeout: within }).catch(async (error) => {
    const now = await attributes(page);
    throw new Error(`The standing is not ${standing} but ${now.standing} (${now.state}).`, { cause: error });
  });
}

const attributes = (page) => page.evaluate(() => ({ ...document.body.dataset }));

/** Waits until the gated part is there, or is not. Parts are named by their gate, such as `reports:read`. */
export const expectOpen = (page, gate) => part(page, gate).waitFor({ state: "visible", timeout: 10_000 });
export const expectClosed = (page, gate) => part(page, gate).waitFor({ state: "detached", timeout: 10_000 });

export const part = (page, gate) => page.locator(`[data-gate="${gate}"]`);

/** Waits for the notice that tells why the session ended. */
export const expectReason = (page, sentence) => page.getByText(sentence, { exact: true }).waitFor({ timeout: 10_000 });

/** Calls the API as the account page does, and gives what it answered: `session` or `token`. */
export async function callMe(page) {
  await page.bringToFront();
  await page.getByRole("button", { name: "Call /api/me" }).click();
  return page.locator('[data-part="credential"]').textContent({ timeout: 10_000 });
}

/** Saves the trace as the user would: where the file is, and what it holds. */
export async function savedTrace(page) {
  await goTo(page, "Timeline");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save trace" }).click(),
  ]);
  const path = await download.path();
  return { path, text: await readFile(path, "utf8") };
}

/** The `sid` that the account page shows. */
export const shownSid = (page) => page.locator('[data-part="sid"]').textContent();

/** Passes time for server and pages alike: each due timer goes off once, as when a lid is opened again. */
export async function passTime({ server, user, seconds }) {
  await server.control("/clock", { advance: seconds });
  await user.clock.fastForward(seconds * 1000);
}

/** The server's log of requests, with `what` as `METHOD path`; without those for the page itself. */
export async function requests(server, ...wanted) {
  const { requests } = await server.control("/requests");
  const named = requests.map((request) => ({ ...request, what: `${request.method} ${request.path}` }));
  return wanted.length === 0 ? named : named.filter(({ what }) => wanted.includes(what));
}

export const forgetRequests = (server) => server.control("/requests", undefined, "DELETE");

/** Waits until the log has exactly so many of these, and gives them. */
export function expectRequests(server, what, number) {
  return eventually(async () => {
    const found = await requests(server, what);
    assert.equal(found.length, number, `${what}: ${JSON.stringify(found)}`);
    return found;
  });
}

/** Waits until every armed fault has met its requests. */
export function expectFaultsMet(server) {
  return eventually(async () => assert.deepEqual(await server.control("/faults"), { faults: [] }));
}

/** Arms a fault for the next requests that match `METHOD path`. */
export function arm(server, what, fault, times = 1) {
  const [method, path] = what.split(" ");
  return server.control("/faults", { method, path, times, fault });
}
