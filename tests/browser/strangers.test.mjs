// What can a page of another origin do with the cookies that the browser sends along? Nothing.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";

import { browserTests } from "./support/browser.mjs";
import { expectRequests, expectState, forgetRequests, requests, shownSid, signIn } from "./support/demo.mjs";

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
  { allow: [/blocked by CORS policy/, /status of 40\d/, /net::ERR_FAILED/, /net::ERR_BLOCKED_BY_RESPONSE/, /frame-ancestors/] },
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
        const form = "application/x-www-form-urlencoded";
        const json = "application/json";
        const attempts = [];
        for (const path of ["/auth/session", "/auth/sessions", "/auth/admin/users", "/api/me", "/api/reports", "/auth/events"]) {
          attempts.push([path, {}], [path, { headers: { "countersign-request": sid } }]);
        }
        attempts.push(
          ["/auth/session", { method: "DELETE" }],
          ["/auth/session", { method: "DELETE", headers: { "countersign-request": sid } }],
          ["/auth/sessions", { method: "DELETE", headers: { "countersign-request": sid } }],
          ["/auth/session", { method: "POST", body: '{"username":"bob","password":"bob-demo-pass"}', headers: { "content-type": "text/plain" } }],
          ["/auth/login", { method: "POST", body: '{"username":"bob","password":"bob-demo-pass"}', headers: { "content-type": json } }],
          ["/auth/token", { method: "POST", body: "grant_type=refresh_token&client_id=demo&idle_for=0", headers: { "content-type": form } }],
          ["/auth/revoke", { method: "POST", body: "client_id=demo", headers: { "content-type": form } }],
          ["/api/reports", { method: "POST", body: '{"title":"forged"}', headers: { "content-type": json } }],
          ["/api/reports", { method: "POST", body: '{"title":"forged"}', headers: { "content-type": "text/plain" } }],
        );
        const read = [];
        for (const mode of ["cors", "no-cors"]) {
          for (const [path, settings] of attempts) {
            try {
              const response = await fetch(origin + path, { credentials: "include", mode, ...settings });
              if (response.type !== "opaque") read.push(`${mode} ${settings.method ?? "GET"} ${path}: ${response.status}`);
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
        for (const [path, enctype] of [["/auth/revoke", ""], ["/auth/token", ""], ["/auth/session", "text/plain"], ["/api/reports", "text/plain"]]) {
          const frame = document.createElement("iframe");
          frame.name = `frame${path}`;
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: origin + path, target: frame.name, enctype });
          form.innerHTML = '<input name="client_id" value="demo"><input name="grant_type" value="refresh_token">';
          document.body.append(frame, form);
          form.submit();
        }
      }, { origin: server.origin });
      await expectRequests(server, "POST /api/reports", 4);
      // Revoking nothing is a success too (RFC 7009 §2.2); the log then names no session.
      const changed = (await requests(server)).filter(
        ({ what, method, status, sid }) =>
          method !== "GET" && method !== "OPTIONS" && (status ?? 0) < 400 && !(what === "POST /auth/revoke" && sid === null),
      );
      assert.deepEqual(changed, [], "something was changed");

      await page.reload();
      await expectState(page, "signed-in");
      assert.equal(await shownSid(page), sid);
    } finally {
      elsewhere.close();
    }
  },
);

test.inBothFlows("the demo can't be framed by a stranger", { allow: [/frame/i, /net::ERR_BLOCKED_BY_RESPONSE/, /frame-ancestors/] }, async ({ newUser, server, flow }) => {
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
