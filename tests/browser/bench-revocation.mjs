// How long after a revocation is the gated UI gone in another browser?
//
//     cargo xtask bench revocation [NUMBER]
//
// From the moment at which the administrator's browser has the server's answer, so the change is committed, to the
// moment at which the gated elements are out of the other browser's document. Both moments are taken in the pages, by
// the one clock of this machine. Half of the figures are about sessions that end, half about a right that is taken.

import { launchBrowser } from "./support/browser.mjs";
import {
  FLOWS,
  expectClosed,
  expectOpen,
  expectStanding,
  expectState,
  fillIn,
  passwordOf,
  signIn,
  submit,
} from "./support/demo.mjs";
import { startServer } from "./support/server.mjs";
import { placeWitness, testimony } from "./support/witness.mjs";

const [number = "100"] = process.argv.slice(2);
const times = Number.parseInt(number, 10);
if (!(times > 0)) {
  console.error(`How many times? A whole number above 0, and not ${JSON.stringify(number)}.`);
  process.exit(2);
}

const KINDS = {
  "a session ended": { take: endSession, giveBack: signInAgain, gate: "reports:read" },
  "a right taken": { take: takeRight, giveBack: giveRight, gate: "reports:write" },
};

const server = await startServer();
const browser = await launchBrowser();
try {
  for (const flow of FLOWS) {
    const alice = await person("alice", "session", "/account");
    const bob = await person("bob", flow, "/reports");
    for (const [kind, { take, giveBack, gate }] of Object.entries(KINDS)) {
      const took = [];
      for (let turn = 0; turn < times; turn += 1) {
        await expectStanding(bob, "current");
        await expectOpen(bob, gate);
        const committed = await take(alice, bob);
        took.push((await goneSince(bob, gate, committed.sent)) - committed.answered);
        await giveBack(alice, bob);
      }
      tell(flow, kind, took);
    }
    await Promise.all([alice, bob].map((page) => page.context().close()));
  }
} finally {
  await browser.close();
  await server.stop();
}

async function person(username, flow, address) {
  const user = await browser.newContext({ baseURL: server.origin });
  await placeWitness(user);
  const page = await user.newPage();
  await signIn(page, { username, flow, at: `/sign-in?to=${address}` });
  return page;
}

/** A request of the administrator's page, as its own client would send it; with the moments around it. */
async function act(page, method, path, body) {
  const { sent, answered, status } = await page.evaluate(
    async ({ method, path, body }) => {
      const sid = document.querySelector('[data-part="sid"]').textContent;
      const headers = { "content-type": "application/json", "countersign-request": sid };
      const now = () => performance.timeOrigin + performance.now();
      const sent = now();
      const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      return { sent, answered: now(), status: response.status };
    },
    { method, path, body },
  );
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}`);
  return { sent, answered };
}

async function endSession(alice, bob) {
  const moments = await act(alice, "DELETE", "/auth/admin/users/u_bob/sessions");
  await expectState(bob, "signed-out");
  return moments;
}

async function signInAgain(_, bob) {
  await fillIn(bob, { username: "bob", password: passwordOf("bob") });
  await submit(bob);
  await expectState(bob, "signed-in");
}

async function takeRight(alice, bob) {
  const moments = await setRoles(alice, ["reader"]);
  await expectClosed(bob, "reports:write");
  return moments;
}

async function giveRight(alice, bob) {
  await setRoles(alice, ["member"]);
  await expectOpen(bob, "reports:write");
}

function setRoles(alice, roles) {
  return act(alice, "PUT", "/auth/admin/users/u_bob/roles", { roles });
}

/** When the gated part was out of the document. */
async function goneSince(page, gate, since) {
  const { gated } = await testimony(page);
  const gone = gated.find(({ at, parts }) => at >= since && !parts.split(" ").includes(gate));
  if (!gone) throw new Error(`${gate} did not go: ${JSON.stringify(gated.slice(-3))}`);
  return gone.at;
}

function tell(flow, kind, took) {
  const sorted = took.toSorted((one, other) => one - other);
  // The least value that so many of a hundred don't exceed. The stream may be faster than the answer: then it is 0.
  const percentile = (share) => Math.max(0, sorted[Math.ceil(share * sorted.length) - 1]).toFixed(0);
  console.log(
    `${flow}: ${kind}, gone elsewhere after p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms, ` +
      `max ${percentile(1)} ms (${sorted.length} times)`,
  );
}
