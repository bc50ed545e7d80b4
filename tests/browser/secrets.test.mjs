// Does a password, a token or a cookie's value ever get into an address, a log, storage or another tab?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  callMe,
  expectHeading,
  expectOpen,
  expectStanding,
  expectState,
  fillIn,
  goTo,
  passTime,
  passwordOf,
  requests,
  savedTrace,
  signIn,
  signInHere,
  signOut,
  submit,
} from "./support/demo.mjs";
import { eventually } from "./support/eventually.mjs";
import { storedText } from "./support/storage.mjs";

// Everything that the server logs is kept with the test's server.
const test = browserTests({ server: { environment: { COUNTERSIGN_LOG: "trace" } } });

test.inBothFlows(
  "no secret leaves by an address, a log, storage or a word to another tab",
  { allow: [/status of 401/] },
  async ({ newUser, server, flow }) => {
    // What the server says at its start has the demo's passwords in it, on purpose.
    const begin = server.log.length;
    const user = await newUser();
    await user.clock.install();
    const spy = await spyOn(user);
    const page = await user.newPage();
    const sibling = await user.newPage();

    // A whole life: refused, signed in, used, renewed, reloaded, signed out, signed in again, ended.
    await page.goto("/sign-in");
    await signInHere(page, { username: "bob", flow, password: passwordOf("bob") });
    await spy.look(page);
    await sibling.goto("/reports");
    await expectOpen(sibling, "reports:read");
    assert.equal(await callMe(page), flow);
    for (const name of ["Devices", "Reports", "Admin", "Account"]) await goTo(page, name);
    await passTime({ server, user, seconds: 10 });
    await page.keyboard.press("Shift");
    await passTime({ server, user, seconds: 1000 });
    await eventually(async () => assert.ok((await requests(server, SPEECH[flow].renew)).length > 0));
    await expectStanding(page, "current");
    await spy.look(page);
    const traces = [(await savedTrace(page)).text];
    await goTo(page, "Account");
    await page.reload();
    await expectState(page, "signed-in");
    await spy.look(page);
    await signOut(page);
    await expectState(sibling, "signed-out");
    await spy.look(page);
    await fillIn(page, { username: "bob", password: "a-wrong-passphrase" });
    await submit(page);
    await page.getByRole("alert").filter({ hasText: "is not right" }).waitFor();
    await spy.look(page);
    await fillIn(page, { username: "bob", password: passwordOf("bob") });
    await submit(page);
    await expectState(sibling, "signed-in");
    await spy.look(sibling);
    await server.control("/users/bob", { suspended: true }, "PUT");
    await expectState(page, "signed-out");
    await expectHeading(page, "Sign in");
    await spy.look(page);
    traces.push((await savedTrace(page)).text, (await savedTrace(sibling)).text);

    const secrets = [passwordOf("bob"), "a-wrong-passphrase", ...spy.secrets];
    assert.ok(spy.secrets.size >= (flow === "token" ? 6 : 4), `only ${spy.secrets.size} secrets were seen`);
    const places = {
      addresses: spy.addresses,
      "addresses of the history": spy.history,
      "the console": spy.console,
      storage: spy.stored,
      "words to other tabs": spy.broadcasts,
      documents: spy.documents,
      "saved traces": traces,
      "headers of answers that are not cookies": spy.answers,
      "the server's log": server.log.slice(begin),
      "the log of requests": [JSON.stringify(await server.control("/requests"))],
    };
    assert.ok(spy.broadcasts.length > 0, "the tabs spoke");
    for (const [place, texts] of Object.entries(places)) {
      assert.ok(texts.length > 0 || place === "the console", `nothing was heard of ${place}`);
      for (const secret of secrets) {
        const found = texts.find((text) => text.includes(secret) || text.includes(encodeURIComponent(secret)));
        // The secret itself stays out of this message.
        assert.ok(!found, `${place} hold a secret that begins with ${secret.slice(0, 4)}`);
      }
    }
    const readable = await page.evaluate(() => document.cookie);
    assert.equal(readable, "", "scripts see no cookie");
  },
);

test.inBothFlows("the cookies are as the protocol says", async ({ newUser, flow }) => {
  const user = await newUser();
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow });
  const cookies = await user.cookies();
  assert.equal(cookies.length, 1);
  const [{ name, httpOnly, secure, sameSite, path, expires }] = cookies;
  assert.equal(name, flow === "session" ? "__Host-session" : "__Host-refresh");
  assert.deepEqual([httpOnly, secure, sameSite, path], [true, true, "Strict", "/"]);
  assert.ok(expires > Date.now() / 1000, "it lives as long as the session");
  await signOut(page);
  await expectState(page, "signed-out");
  await eventually(async () => assert.deepEqual(await user.cookies(), []));
});

/** Listens to everything that a user's pages send, say and keep, and gathers the secrets that they get. */
async function spyOn(user) {
  const spy = {
    secrets: new Set(), addresses: [], history: [], console: [], stored: [], broadcasts: [], documents: [], answers: [],
  };
  const learn = (token) => [token, token.split(".").at(-1)].forEach((part) => spy.secrets.add(part));
  await user.exposeFunction("overheardByTest", (text) => spy.broadcasts.push(text));
  await user.addInitScript(() => {
    const post = BroadcastChannel.prototype.postMessage;
    BroadcastChannel.prototype.postMessage = function (message) {
      globalThis.overheardByTest(JSON.stringify(message));
      return post.call(this, message);
    };
  });
  user.on("console", (message) => spy.console.push(`${message.text()} ${message.location().url}`));
  user.on("request", (request) => {
    const { referer = "", authorization = "" } = request.headers();
    spy.addresses.push(request.url(), referer);
    if (authorization) learn(authorization.replace("Bearer ", ""));
  });
  user.on("response", async (response) => {
    const headers = await response.allHeaders().catch(() => ({}));
    for (const [name, value] of Object.entries(headers)) {
      if (name !== "set-cookie") spy.answers.push(`${name}: ${value}`);
    }
    if (!/\/auth\/(login|token)$/.test(response.url())) return;
    // The browser may have dropped the body already; then the token is learnt from the requests that carry it.
    const body = await response.json().catch(() => ({}));
    if (body.access_token) learn(body.access_token);
  });
  spy.look = async (page) => {
    spy.history.push(page.url());
    spy.stored.push(await storedText(page));
    spy.documents.push(await page.evaluate(() => document.documentElement.outerHTML));
    for (const { value } of await user.cookies()) {
      spy.secrets.add(value);
      // The part after the dot is what opens something; the part before it names the session.
      spy.secrets.add(value.slice(value.indexOf(".") + 1));
    }
  };
  return spy;
}
