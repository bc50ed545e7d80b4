// Signed texts (Wycheproof's JWS and JWK files, the examples of the RFCs): compact form, one key or a set.

import { Score, judged, skipped } from "./score.mjs";
import { expected, judgedBy } from "./signature.mjs";

/** Wycheproof's layout: the key beside a group of tests. */
export async function runGroups(groups, stage) {
  const score = new Score();
  for (const group of groups) {
    const keys = group.public ?? group.private;
    score.add(await judgeAll(group.tests.map((test) => ({ test, token: test.jws, keys })), stage));
  }
  return score;
}

/** The RFCs' layout: the key in each test. */
export const run = (tests, stage) =>
  judgeAll(tests.map((test) => ({ test, token: test.token, keys: test.key ?? test.keys })), stage);

async function judgeAll(entries, { ask }) {
  const score = new Score();
  const asked = entries.map(({ token, keys }) => ({
    // The JSON serialisations are objects; handed over as text, as a careless caller would.
    text: typeof token === "string" ? token : JSON.stringify(token),
    keys: JSON.stringify({ keys: listOf(keys) }),
  }));
  const answers = await ask(check, asked);
  entries.forEach(({ test, keys }, index) => score.count(test, judge(test, listOf(keys), answers[index])));
  return score;
}

function check(asked) {
  return Promise.all(asked.map(({ text, keys }) => conformance.checkSigned(text, keys)));
}

function listOf(keys) {
  if (Array.isArray(keys)) return keys;
  return keys === undefined ? [] : (keys.keys ?? [keys]);
}

function judge(test, keys, answer) {
  const isSymmetric = keys.some(({ kty }) => kty === "oct");
  if (expected(test) === "valid" && isSymmetric) {
    return skipped("symmetric, which is never accepted: a page has no secret to check it with");
  }
  return judgedBy(test, answer);
}
