// Headers of answers: how long to wait, and what a challenge asks for.

import { Score, judged, skipped } from "./score.mjs";

const WORDS = { renew: "refresh-once", forbidden: "forbidden", "step-up": "step-up", nonce: "retry-with-nonce", nothing: "nothing" };

/** A longer wait than an hour is cut, as DESIGN §5 allows. */
const LONGEST_WAIT = 3600;

export async function run(tests, { ask }) {
  const score = new Score();
  const answers = await ask(read, tests);
  tests.forEach((test, index) => score.count(test, judge(test, answers[index])));
  return score;
}

function read(tests) {
  return tests.map(({ header, value, status, now }) => {
    if (header === "Retry-After") return conformance.readRetryAfter(value, now === undefined ? undefined : now * 1000) ?? null;
    if (header === "WWW-Authenticate") return conformance.readChallenge(status, value ?? undefined);
    return undefined;
  });
}

function judge(test, answer) {
  switch (test.header) {
    case "Retry-After": {
      const expected = typeof test.expect_s === "number" ? Math.min(test.expect_s, LONGEST_WAIT) : null;
      return judged(answer === expected, answer);
    }
    case "WWW-Authenticate":
      return judged(test.expect.split("-or-").includes(WORDS[answer]), answer);
    default:
      return skipped("nothing in the package reads this header");
  }
}
