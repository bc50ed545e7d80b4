// Answers of a token endpoint: does the session go on, end, or wait? A whole client asks, with cookies and the real
// server behind all but the one answer.

import { eventually } from "../../browser/support/eventually.mjs";
import { Score, judged, skipped } from "./score.mjs";

export async function run(tests, stage) {
  const score = new Score();
  for (const test of tests) score.count(test, await judge(test, stage));
  return score;
}

async function judge(test, { newPage }) {
  if (test.request !== "refresh") return skipped("another request than a renewal");
  const page = await newPage((page) => page.clock.install());
  try {
    // From here on time passes by hand only.
    await page.clock.pauseAt(Date.now() + 60_000);
    const sid = await page.evaluate(signIn);
    const renewals = await countRenewals(page, impostor(test, sid));
    const seen = await page.evaluate(renew);
    const answer = outcome(seen, renewals.count);
    const isRight = await anyOf(test.expect.split("-or-"), async (expected) => {
      if (!["transient", "protocol-error"].includes(expected)) return answer === expected;
      return answer === "kept" && (await isTriedAgain(page, test, renewals));
    });
    return judged(isRight, { answer, ...seen });
  } finally {
    await page.context().close();
  }
}

async function signIn() {
  const auth = (globalThis.auth = await countersign.createAuth({ flow: "token" }));
  const known = new Promise((resolve) => auth.subscribe((state) => state.status === "signed-out" && resolve()));
  if (auth.state.status === "unknown") await known;
  await auth.signIn({ username: "bob", password: "bob-demo-pass" });
  return auth.state.sid;
}

/** Lets the impostor answer the next renewal, and the server every other one. */
async function countRenewals(page, answer) {
  const renewals = { count: 0 };
  await page.route("**/auth/token", (route) => {
    renewals.count += 1;
    return renewals.count === 1 ? route.fulfill(answer) : route.fallback();
  });
  return renewals;
}

async function renew() {
  const first = await auth.accessToken();
  const error = await auth.check().then(() => null, ({ code }) => code);
  const token = await auth.accessToken().catch(() => null);
  const { state, problem } = auth.snapshot;
  return { error, isSignedIn: state.status === "signed-in", isSame: token === first, isTheirs: token === "at", problem: problem?.code };
}

function outcome({ error, isSignedIn, isSame, isTheirs, problem }, asked) {
  if (!isSignedIn) return "session-ended";
  if (error === null && isTheirs) return "rotated";
  // Asked for once more at once, and this time the server answered.
  if (error === null && asked === 2) return "lost-response";
  return isSame && problem && error ? "kept" : "something else";
}

/** Not before the server said, and then until it goes well. */
async function isTriedAgain(page, { wait_at_least_s: wait }, renewals) {
  const before = renewals.count;
  if (wait !== undefined) {
    await page.clock.fastForward(Math.max(wait - 1, 0) * 1000);
    if (renewals.count !== before) return false;
  }
  await page.clock.fastForward(60_000);
  const isWell = () => page.evaluate(() => auth.state.status === "signed-in" && auth.snapshot.problem === null);
  try {
    await eventually(async () => {
      if (renewals.count <= before || !(await isWell())) throw new Error("not yet");
    });
    return true;
  } catch {
    return false;
  }
}

/** The vector's answer, with the members that our protocol asks for besides those of RFC 6749. */
function impostor({ status, headers, body_b64 }, sid) {
  const bytes = Buffer.from(body_b64 ?? "", "base64");
  const ours = { sid, ep: 0, session_expires_in: 43200, user: { sub: "u_bob", username: "bob" }, claims: {} };
  const text = bytes.toString();
  const isAnswer = text.includes('"token_type"') && Buffer.from(text).equals(bytes);
  const body = isAnswer ? text.replace("{", `${JSON.stringify(ours).slice(0, -1)},`) : bytes;
  return { status, headers, body };
}

async function anyOf(words, isRight) {
  for (const word of words) if (await isRight(word)) return true;
  return false;
}
