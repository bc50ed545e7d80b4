// Does the package work on a bare HTML page, without a bundler and under a strict content security policy?

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { launchBrowser } from "../browser/support/browser.mjs";

const project = process.env.E2E_PACKAGE_USER;
assert.ok(project, "E2E_PACKAGE_USER is not set; run this with `cargo xtask test npm`.");
const folder = join(project, "node_modules", "countersign");

const PAGE = `<!doctype html><title>bare</title><script type="module" src="/page.js"></script>`;
const SCRIPT = `import * as countersign from "/countersign/index.js"; window.countersign = countersign;`;
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const SESSION = {
  sid: "sid-1",
  ep: 1,
  user: { sub: "u_alice", username: "alice", name: "Alice Archer" },
  claims: { roles: ["admin"], scope: "reports:read", auth_time: 1790000000 },
  expires_in: 43200,
  idle_expires_in: 1800,
};

let server, browser, page, origin;

before(async () => {
  server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => window.countersign);
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

test("a user signs in, sees gated parts, and signs out", async () => {
  const seen = await page.evaluate(async () => {
    const auth = await window.countersign.createAuth({ flow: "session", server: "/" });
    const known = (status) =>
      new Promise((resolve) => {
        const look = () => auth.state.status === status && resolve(auth.state);
        auth.subscribe(look);
        look();
      });
    const heard = [];
    const unsubscribe = auth.subscribe((state) => heard.push(state.status));
    const seen = { first: auth.state.status, out: await known("signed-out"), before: auth.can("role:admin") };
    seen.wrong = await auth.signIn({ username: "alice", password: "wrong" }).catch((error) => ({ ...error }));
    await auth.signIn({ username: "alice", password: "right" });
    seen.in = auth.state;
    seen.same = auth.state === auth.state && auth.snapshot.state === auth.state;
    seen.durability = auth.snapshot.durability;
    seen.gates = ["role:admin", "scope:reports:read", "role:boss"].map((gate) => auth.can(gate).decision);
    seen.answer = await auth.fetch("/api/me").then((response) => response.json());
    seen.stranger = await auth.fetch("https://stranger.example/").catch((error) => error.code);
    seen.gate = (() => { try { auth.can("admin"); } catch (error) { return error.code; } })();
    seen.sessions = await auth.sessions();
    const controller = new AbortController();
    controller.abort();
    seen.aborted = await auth.fetch("/api/me", { signal: controller.signal }).catch((error) => error.name);
    seen.signedOut = await auth.signOut();
    unsubscribe();
    seen.heard = [...heard];
    auth.dispose();
    seen.disposed = await auth.check().catch((error) => error instanceof window.countersign.CountersignError && error.code);
    return seen;
  });
  assert.equal(seen.first, "unknown");
  assert.deepEqual([seen.out.reason, seen.out.revokedBy], ["no_credential", null]);
  assert.deepEqual([seen.before.decision, seen.before.why], ["closed", "signed_out"]);
  assert.deepEqual([seen.wrong.code, seen.wrong.who], ["invalid_credentials", "user"]);
  assert.deepEqual([seen.in.status, seen.in.name, seen.in.sid], ["signed-in", "Alice Archer", "sid-1"]);
  assert.deepEqual([seen.in.roles, seen.in.scope], [["admin"], ["reports:read"]]);
  assert.ok(seen.in.expiresAt > Date.now());
  assert.ok(seen.same);
  assert.equal(seen.durability, "shared");
  assert.deepEqual(seen.gates, ["open", "open", "closed"]);
  assert.deepEqual(seen.answer, { request: "sid-1" });
  assert.equal(seen.stranger, "origin_not_allowed");
  assert.equal(seen.gate, "invalid_gate");
  assert.deepEqual(seen.sessions.map(({ sid, current, createdAt }) => [sid, current, createdAt]), [["sid-1", true, 1790000000000]]);
  assert.equal(seen.aborted, "AbortError");
  assert.deepEqual(seen.signedOut, { acknowledged: true });
  assert.ok(seen.heard.includes("signing-in") && seen.heard.includes("signed-in"));
  assert.equal(seen.heard.at(-1), "signed-out");
  assert.equal(seen.disposed, "disposed");
});

test("the same choices give the same object, and only the last dispose ends it", async () => {
  const [same, other, living, disposed, fresh] = await page.evaluate(async () => {
    const { createAuth } = window.countersign;
    const [one, two] = await Promise.all([createAuth(), createAuth()]);
    const token = await createAuth({ flow: "token" });
    two.dispose();
    const living = await one.check().catch((error) => error.code);
    one.dispose();
    const disposed = await one.check().catch((error) => error.code);
    const fresh = await createAuth();
    token.dispose();
    fresh.dispose();
    return [one === two, one === token, living, disposed, fresh === one];
  });
  assert.deepEqual([same, other, living, disposed, fresh], [true, false, "signed_out", "disposed", false]);
});

test("what the client did is one document, without names and secrets, and may be switched off", async () => {
  const [trace, off, wrong] = await page.evaluate(async () => {
    const { createAuth } = window.countersign;
    const auth = await createAuth({ flow: "session", server: "/" });
    await auth.signIn({ username: "alice", password: "right" });
    await auth.fetch("/api/me");
    await auth.signOut();
    auth.dispose();
    const silent = await createAuth({ flow: "token", trace: 0 });
    silent.dispose();
    const wrong = await createAuth({ trace: -1 }).catch((error) => error.code);
    return [auth.trace(), silent.trace(), wrong];
  });
  assert.deepEqual([off, wrong], [undefined, "invalid_options"]);
  const { countersign_trace: format, version, parts } = JSON.parse(trace);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  assert.deepEqual([format, version, parts[0].begins], [1, manifest.version, "fresh"]);
  const whats = parts.flatMap(({ steps }) => steps.map(({ input }) => input.what));
  for (const what of ["started", "sign_in", "ask", "answered", "sign_out"]) assert.ok(whats.includes(what), what);
  for (const word of ["alice", "Alice", "127.0.0.1"]) assert.ok(!trace.includes(word), word);
});

test("a listener that throws is reported and keeps nobody else from hearing", async () => {
  const [heard, reported] = await page.evaluate(async () => {
    const auth = await window.countersign.createAuth();
    const reported = new Promise((resolve) =>
      window.addEventListener("error", (event) => { event.preventDefault(); resolve(event.error.message); }, { once: true }));
    auth.subscribe(() => { throw new Error("mistake"); });
    const heard = await new Promise((resolve) => auth.subscribe((state) => resolve(state.status)));
    auth.dispose();
    return [heard, await reported];
  });
  assert.deepEqual([heard, reported], ["signed-out", "mistake"]);
});

test("a gate that is watched follows the state, and time alone", async () => {
  const fresh = await browser.newPage();
  await fresh.clock.install();
  await fresh.goto(origin);
  await fresh.waitForFunction(() => window.countersign);
  const first = await fresh.evaluate(async () => {
    const auth = (window.auth = await window.countersign.createAuth({ flow: "session", server: "/" }));
    const known = new Promise((resolve) => auth.subscribe((state) => state.status === "signed-out" && resolve()));
    if (auth.state.status === "unknown") await known;
    const gate = (window.gate = auth.gate("fresh:5s & role:admin"));
    const before = gate.decision;
    await auth.signIn({ username: "alice", password: "right" });
    window.told = [];
    const note = ({ decision, why }) => window.told.push(why ?? decision);
    window.stops = [gate.subscribe(note), gate.subscribe(note)];
    const wrong = (() => { try { auth.gate("role:"); } catch ({ code, message }) { return [code, message]; } })();
    return { before: before.why, now: gate.decision, same: gate.decision === gate.decision, frozen: Object.isFrozen(gate.decision), wrong };
  });
  assert.deepEqual([first.before, first.now.decision, first.same, first.frozen], ["signed_out", "open", true, true]);
  assert.deepEqual(first.wrong, ["invalid_gate", "role: is no gate. Column 6: expected the name of a role."]);
  assert.ok(first.now.changesAt - (await fresh.evaluate(() => Date.now())) <= 5_000);
  await fresh.clock.runFor(4_000);
  assert.deepEqual(await fresh.evaluate(() => window.told), []);
  await fresh.clock.runFor(1_500);
  assert.deepEqual(await fresh.evaluate(() => window.told), ["too_old", "too_old"]);
  const second = await fresh.evaluate(async () => {
    const { auth, gate, told, stops } = window;
    await auth.check();
    const open = [...told];
    stops[0]();
    stops[0]();
    await auth.signOut();
    const out = [...told];
    stops[1]();
    await auth.signIn({ username: "alice", password: "right" });
    const silent = [...told];
    const unwatched = gate.decision.decision;
    gate.subscribe((decision) => told.push(decision));
    auth.dispose();
    return { open, out, silent, unwatched };
  });
  assert.deepEqual(second.open.slice(2), ["open", "open"]);
  assert.deepEqual(second.out.slice(4), ["signed_out"]);
  assert.deepEqual(second.silent, second.out);
  assert.equal(second.unwatched, "open");
  await fresh.clock.runFor(6_000);
  assert.equal((await fresh.evaluate(() => window.told)).length, second.silent.length, "a client that is gone tells nobody");
  await fresh.close();
});

test("a module that can't be loaded is told, and may be tried again", async () => {
  const fresh = await browser.newPage();
  await fresh.goto(origin);
  await fresh.waitForFunction(() => window.countersign);
  const [first, second] = await fresh.evaluate(async () => {
    const { createAuth } = window.countersign;
    const first = await createAuth({ wasm: "/nowhere.wasm" }).catch((error) => error.code);
    const auth = await createAuth();
    auth.dispose();
    return [first, auth.state.status];
  });
  assert.deepEqual([first, second], ["wasm_unavailable", "unknown"]);
  await fresh.close();
});

// As much of docs/protocol.md as a page needs to sign in and out.
let signedIn = false;

async function answer(request, response) {
  const send = (status, type, body = "") =>
    response.writeHead(status, { "Content-Type": type, "Content-Security-Policy": POLICY }).end(body);
  const json = (status, body) => send(status, status < 400 ? "application/json" : "application/problem+json", JSON.stringify(body));
  const { pathname } = new URL(request.url, origin);
  switch (`${request.method} ${pathname}`) {
    case "GET /":
      return send(200, "text/html", PAGE);
    case "GET /page.js":
      return send(200, "text/javascript", SCRIPT);
    case "GET /auth/session":
      return signedIn ? json(200, SESSION) : json(401, { code: "no_session", status: 401, reason: "no_credential" });
    case "POST /auth/session": {
      const { password } = JSON.parse(Buffer.concat(await request.toArray()));
      signedIn = password === "right";
      return signedIn ? json(201, SESSION) : json(401, { code: "invalid_credentials", status: 401 });
    }
    case "DELETE /auth/session":
      signedIn = false;
      return send(204, "text/plain");
    case "POST /auth/token":
      return json(400, { error: "invalid_grant", reason: "no_credential" });
    case "GET /auth/sessions":
      return json(200, { sessions: [{ sid: "sid-1", current: true, flow: "session", client_id: "demo", created_at: 1790000000,
        active_at: 1790000000, expires_at: 1790043200, user_agent: "", address: "127.0.0.1" }] });
    case "GET /auth/events":
      return response.writeHead(200, { "Content-Type": "text/event-stream" }).write('event: ready\ndata: {"ep": 1}\n\n');
    case "GET /api/me":
      return json(200, { request: request.headers["countersign-request"] });
  }
  const file = pathname.match(/^\/countersign\/([\w.]+)$/)?.[1];
  if (!file) return json(404, { code: "not_found", status: 404 });
  return send(200, file.endsWith(".wasm") ? "application/wasm" : "text/javascript", readFileSync(join(folder, file)));
}
