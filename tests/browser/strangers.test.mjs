// What can a page of another origin do with the cookies that the browser sends along? Nothing.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";

import { browserTests } from "./support/browser.mjs";
import { expectRequests, expectState, forgetRequests, requests, shownSid, signIn } from "./support/demo.mjs";

// What the browser says about requests that it or the server refuses.
const REFUSALS = [
  /blocked by CORS policy/,
  /status of 40\d/,
  /net::ERR_FAILED/,
  /net::ERR_BLOCKED_BY_RESPONSE/,
  /frame-ancestors/,
];

const test = browserTests();

/** Another origin on the same host: to the browser the same site, so that even strict cookies go along. */
async function stranger() {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end("<!doctype html><title>A stranger's page</title><body>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

test.inBothFlows(
  "a page of another origin can neither read nor change anything",
  { allow: REFUSALS },
  async ({ newUser, server, flow }) => {
    const elsewhere = await stranger();
    try {
      const user = await newUser();
      const page = await user.newPage();
      await signIn(page, { username: "alice", flow });
      const sid = await shownSid(page);
      await forgetRequests(server);

      const foreign = await user.newPage();
      await foreign.goto(elsewhere.origin);
      const outcomes = await foreign.evaluate(async ({ origin, sid }) => {
        const named = { "countersign-request": sid };
        const post = (type, body) => ({ method: "POST", body, headers: { "content-type": type } });
        const [form, json, text] = ["application/x-www-form-urlencoded", "application/json", "text/plain"];
        const [credentials, report] = ['{"username":"bob","password":"bob-demo-pass"}', '{"title":"forged"}'];
        const auth = ["/auth/session", "/auth/sessions", "/auth/admin/users", "/auth/events"];
        const readable = [...auth, "/api/me", "/api/reports"];
        const attempts = [
          ...readable.flatMap((path) => [[path, {}], [path, { headers: named }]]),
          ["/auth/session", { method: "DELETE" }],
          ["/auth/session", { method: "DELETE", headers: named }],
          ["/auth/sessions", { method: "DELETE", headers: named }],
          ["/auth/session", post(text, credentials)],
          ["/auth/login", post(json, credentials)],
          ["/auth/token", post(form, "grant_type=refresh_token&client_id=demo&idle_for=0")],
          ["/auth/revoke", post(form, "client_id=demo")],
          ["/api/reports", post(json, report)],
          ["/api/reports", post(text, report)],
        ];
        const read = [];
        for (const mode of ["cors", "no-cors"]) {
          for (const [path, settings] of attempts) {
            try {
              const response = await fetch(origin + path, { credentials: "include", mode, ...settings });
              if (response.type !== "opaque") read.push(`${mode} ${path}: ${response.status}`);
            } catch {
              // Refused before it was sent, or its answer kept from us.
            }
          }
        }
        return read;
      }, { origin: server.origin, sid });
      assert.deepEqual(outcomes, [], "an answer could be read");

      // The oldest way: a form, and a frame.
      await foreign.evaluate(({ origin }) => {
        const [form, text] = ["application/x-www-form-urlencoded", "text/plain"];
        const targets = { "/auth/revoke": form, "/auth/token": form, "/auth/session": text, "/api/reports": text };
        for (const [path, enctype] of Object.entries(targets)) {
          const frame = document.createElement("iframe");
          frame.name = `frame${path}`;
          const element = document.createElement("form");
          Object.assign(element, { method: "post", action: origin + path, target: frame.name, enctype });
          element.innerHTML = '<input name="client_id" value="demo"><input name="grant_type" value="refresh_token">';
          document.body.append(frame, element);
          element.submit();
        }
      }, { origin: server.origin });
      await expectRequests(server, "POST /api/reports", 4);
      // Revoking nothing is a success too (RFC 7009 §2.2); the log then names no session.
      const isHarmless = ({ what, method, sid }) =>
        method === "GET" || method === "OPTIONS" || (what === "POST /auth/revoke" && sid === null);
      const succeeded = (await requests(server)).filter(({ status }) => (status ?? 0) < 400);
      const changed = succeeded.filter((request) => !isHarmless(request));
      assert.deepEqual(changed, [], "something was changed");

      await page.reload();
      await expectState(page, "signed-in");
      assert.equal(await shownSid(page), sid);
    } finally {
      elsewhere.close();
    }
  },
);

test.inBothFlows("the demo can't be framed by a stranger", { allow: REFUSALS }, async ({ newUser, server, flow }) => {
  const elsewhere = await stranger();
  try {
    const user = await newUser();
    const page = await user.newPage();
    await signIn(page, { username: "alice", flow });
    const foreign = await user.newPage();
    await foreign.goto(elsewhere.origin);
    const refused = foreign.waitForEvent("requestfailed", (request) => request.url() === `${server.origin}/account`);
    await foreign.evaluate((address) => {
      const frame = document.createElement("iframe");
      frame.src = address;
      document.body.append(frame);
    }, `${server.origin}/account`);
    await refused;
  } finally {
    elsewhere.close();
  }
});
