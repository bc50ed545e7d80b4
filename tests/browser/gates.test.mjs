// Is nothing gated ever seen before the state is known, or after it is lost? And is a gate never the only guard?

import assert from "node:assert/strict";

import { browserTests } from "./support/browser.mjs";
import {
  SPEECH,
  chooseFlow,
  expectClosed,
  expectHeading,
  expectOpen,
  expectStanding,
  expectState,
  goTo,
  part,
  passTime,
  requests,
  shownSid,
  signIn,
  signOut,
} from "./support/demo.mjs";
import { placeWitness, testimony } from "./support/witness.mjs";

const test = browserTests();

/** Holds the answer that tells who is signed in back until `release` is called. */
async function holdAnswer(page, flow) {
  const [method, path] = SPEECH[flow].who.split(" ");
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  let held;
  const asked = new Promise((resolve) => { held = resolve; });
  await page.route(`**${path}`, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    held();
    await released;
    return route.fallback();
  });
  return { asked, release };
}

test.inBothFlows("no frame shows anything gated before the state is known", async ({ newUser, flow }) => {
  const user = await newUser();
  await placeWitness(user);
  const page = await user.newPage();
  await signIn(page, { username: "alice", flow });
  for (const [address, gate] of [["/reports", "reports:read"], ["/admin", "admin"]]) {
    const { asked, release } = await holdAnswer(page, flow);
    await page.goto(address, { waitUntil: "commit" });
    await asked;
    await page.getByText("Checking whether you are signed in…").waitFor();
    const early = await testimony(page);
    assert.deepEqual(early.gated, []);
    assert.ok(early.frames > 0);
    assert.deepEqual(early.states.filter(({ state }) => state !== undefined && state !== "unknown"), []);
    assert.equal(await page.getByLabel("Username", { exact: true }).count(), 0, "no form either");
    release();
    await expectOpen(page, gate);
    const late = await testimony(page);
    const known = late.states.find(({ state }) => state === "signed-in").at;
    assert.ok(late.gated.every(({ at }) => at > early.states.at(-1).at && at >= known - 20), JSON.stringify(late));
    await page.unrouteAll();
  }
});

test.inBothFlows("signed out, no frame shows anything gated", async ({ newUser, flow }) => {
  const user = await newUser();
  await placeWitness(user);
  const page = await user.newPage();
  await page.goto("/sign-in");
  await chooseFlow(page, flow);
  for (const address of ["/reports", "/admin"]) {
    const { asked, release } = await holdAnswer(page, flow);
    await page.goto(address, { waitUntil: "commit" });
    await asked;
    await page.getByText("Checking whether you are signed in…").waitFor();
    release();
    await expectHeading(page, "Sign in");
    const { gated, states } = await testimony(page);
    assert.deepEqual(gated, []);
    assert.ok(states.every(({ state }) => state !== "signed-in"));
    await page.unrouteAll();
  }
});

test.inBothFlows("after a sign-out neither the page nor Back shows anything of the user", async ({ newUser, flow }) => {
  const user = await newUser();
  await placeWitness(user);
  const page = await user.newPage();
  await signIn(page, { username: "alice", flow });
  const sid = await shownSid(page);
  for (const name of ["Devices", "Reports", "Admin"]) await goTo(page, name);
  await expectOpen(page, "admin");
  await signOut(page);
  await expectHeading(page, "Sign in");
  const looksEmpty = async () => {
    await expectState(page, "signed-out");
    await expectHeading(page, "Sign in");
    const { text, gated } = await page.evaluate(() => ({
      text: document.documentElement.outerHTML,
      gated: document.querySelectorAll("[data-gate], [data-sid], [data-username]").length,
    }));
    assert.equal(gated, 0);
    for (const trace of [sid, "u_alice", "Alice Archer"]) assert.ok(!text.includes(trace), `${trace} is still there`);
  };
  await looksEmpty();
  for (let step = 0; step < 3; step += 1) {
    await page.goBack();
    await looksEmpty();
  }
  // And by way of another document.
  await page.goto("/health");
  await page.goBack();
  await looksEmpty();
});

test.inBothFlows(
  "whoever switches the gates off is refused by the server",
  { allow: [/status of 403/] },
  async ({ newUser, server, flow }) => {
    const user = await newUser();
    const page = await user.newPage();
    await signIn(page, { username: "carol", flow, at: "/sign-in?to=/account" });
    const sid = await shownSid(page);
    const asked = page.waitForRequest((request) => request.url().endsWith("/api/reports"));
    await goTo(page, "Reports");
    await expectOpen(page, "reports:read");
    await expectClosed(page, "reports:write");
    const { authorization } = await (await asked).allHeaders();
    const credential = flow === "token" ? { authorization } : { "countersign-request": sid };

    const answer = (method, path, headers, body) =>
      page.evaluate(async ({ method, path, headers, body }) => {
        const response = await fetch(path, { method, headers, body });
        return { status: response.status, code: (await response.json()).code };
      }, { method, path, headers: { "content-type": "application/json", ...headers }, body });
    const title = JSON.stringify({ title: "by the back door" });
    const forbidden = { status: 403, code: "forbidden" };
    assert.deepEqual(await answer("POST", "/api/reports", credential, title), forbidden);
    assert.deepEqual(await answer("GET", "/api/admin/summary", credential), forbidden);
    assert.deepEqual(await answer("GET", "/auth/admin/users", credential), forbidden);
    const promote = JSON.stringify({ roles: ["admin"] });
    assert.deepEqual(await answer("PUT", "/auth/admin/users/u_carol/roles", credential, promote), forbidden);
    if (flow === "session") {
      const refused = { status: 403, code: "csrf_refused" };
      assert.deepEqual(await answer("POST", "/api/reports", {}, title), refused);
      assert.deepEqual(await answer("DELETE", "/auth/session", {}), refused);
    }
    // The demo lets everybody see that for themselves.
    await goTo(page, "Admin");
    await page.getByRole("button", { name: "Ask the server anyway" }).click();
    await page.getByRole("status").filter({ hasText: "The server refused" }).waitFor();
    assert.equal(await page.locator("[data-gate]").count(), 0);
    const added = (await requests(server, "POST /api/reports")).filter(({ status }) => status < 400);
    assert.deepEqual(added, []);
    await expectState(page, "signed-in");
  },
);

test.inBothFlows("text from the server or the address is shown as text", async ({ newUser, flow }) => {
  const user = await newUser();
  const page = await user.newPage();
  const markup = `<img src=x onerror="harmed=true"><script>harmed=true</script>{{7*7}}`;
  await signIn(page, { username: "bob", flow, at: "/sign-in?to=/reports" });
  await expectOpen(page, "reports:write");
  await page.getByLabel("Title").fill(markup);
  await page.getByRole("button", { name: "Add report" }).click();
  const entry = part(page, "reports:read").locator("li", { hasText: markup });
  await entry.waitFor();
  assert.equal(await entry.locator("img, script").count(), 0);
  assert.equal(await page.evaluate(() => globalThis.harmed), undefined);

  await page.goto(`/${encodeURIComponent(markup)}?to=${encodeURIComponent(markup)}`);
  await expectHeading(page, "Page not found");
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
});

test.inBothFlows("each claim stands where it comes from, with its age and who vouches for it", async ({ newPage, flow }) => {
  const page = await newPage();
  await signIn(page, { username: "bob", flow, at: "/sign-in?to=/account" });
  await expectHeading(page, "Account");
  const group = (source) => page.locator(`[data-source="${source}"]`);
  const told = (source, part) => group(source).locator(`:is([data-claim="${part}"], [data-part="${part}"])`).textContent();
  const signed = flow === "token" ? "access-token" : "session-endpoint";
  const unsigned = flow === "token" ? "token-endpoint" : "session-endpoint";
  await group(signed).getByText(flow === "token" ? "signed, checked with the server's key" : "no signature").waitFor();
  assert.equal(await told(signed, "roles"), "member");
  assert.match(await told(signed, "scope"), /reports:write/);
  assert.equal(await told(signed, "sub"), "u_bob");
  assert.match(await told(signed, "age"), /just now|ago/);
  // The token holds no name: no signature vouches for what stands beside it.
  assert.deepEqual([await told(unsigned, "name"), await told(unsigned, "username")], ["Bob Baker", "bob"]);
  assert.match(await told(unsigned, "verification"), /from the server itself, over its own connection; no signature/);
  assert.equal(await page.locator("[data-source]").count(), flow === "token" ? 2 : 1);
  if (flow === "token") assert.equal(await told(signed, "iss"), new URL(page.url()).origin);
});

test("a reader's own gate says what it says, follows claims and time, and points at a mistake", async ({ newUser, server }) => {
  const user = await newUser();
  await user.clock.install();
  const page = await user.newPage();
  await signIn(page, { username: "bob", flow: "session", at: "/sign-in?to=/account" });
  const field = page.getByLabel("Your gate");
  const says = page.locator('[data-part="gate-says"]');
  const region = await says.elementHandle();
  const decided = async (decision, sentence) => {
    await page.locator(`[data-decision="${decision}"]`).getByText(sentence).waitFor();
    assert.equal(await field.getAttribute("aria-invalid"), decision === "misread" ? "true" : null);
  };
  await field.fill("role:admin");
  await decided("closed", "This needs the role admin, which you do not have.");
  await server.control("/users/bob", { roles: ["admin", "member"] }, "PUT");
  await decided("open", "Your claims hold all of it.");
  assert.equal(await field.inputValue(), "role:admin", "what was typed stays through a change of rights");

  await field.fill("fresh:30s&scope:reports:read");
  await decided("open", "Your claims hold all of it.");
  assert.equal(await page.locator('[data-part="gate-read"]').textContent(), "fresh:30s & scope:reports:read");
  await page.locator('[data-part="gate-changes"]').waitFor();
  await expectStanding(page, "current");
  await passTime({ server, user, seconds: 31 });
  await decided("closed", "What you may see was last confirmed more than 30 seconds ago.");
  await page.locator('[data-part="gate-changes"]').waitFor({ state: "detached" });

  await page.getByRole("button", { name: "assurance:mfa" }).click();
  await decided("step-up", "Confirm that it is you (mfa) to see this.");
  assert.equal(await field.inputValue(), "assurance:mfa");

  await field.fill("role:admin & & role:b");
  await decided("misread", "Column 14: expected role:, scope:,");
  assert.deepEqual(
    await page.locator(".misread code").evaluate((code) => [code.textContent, code.querySelector("mark").textContent]),
    ["role:admin & & role:b", "&"],
  );
  const markup = "<img src=x onerror=harmed=true>";
  await field.fill(`role:"${markup}"`);
  await decided("closed", `This needs the role ${markup}, which you do not have.`);
  await field.fill(`${markup}&`);
  await decided("misread", "Column 1: expected role:, scope:,");
  assert.equal(await page.locator("main img").count(), 0);
  await field.fill("role:");
  await decided("misread", "Column 6: expected the name of a role.");
  assert.ok(await says.evaluate((now, before) => now === before, region), "the live region stays, so that it is heard");
});
