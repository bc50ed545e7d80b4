// Key sets: is it one, and which of its keys may be used?

import { isDeepStrictEqual } from "node:util";

import { Score, judged, skipped } from "./score.mjs";

export async function run(tests, { ask }) {
  const score = new Score();
  const answers = await ask(usable, tests.map(({ body_b64 }) => body_b64));
  tests.forEach((test, index) => score.count(test, judge(test, answers[index])));
  return score;
}

/** Single keys: the public ones may be used, and nothing that holds a secret. */
export async function runKeys(tests, { ask }) {
  const score = new Score();
  const sets = tests.map(({ jwk }) => Buffer.from(JSON.stringify({ keys: [jwk] })).toString("base64"));
  const answers = await ask(usable, sets);
  tests.forEach(({ jwk, ...test }, index) => {
    const isPublic = !("d" in jwk) && !("k" in jwk);
    score.count(test, judged((answers[index]?.length === 1) === isPublic, answers[index]));
  });
  return score;
}

/** The names of the keys that are left; null where the document is no key set. */
function usable(bodies) {
  const policy = { issuer: "https://auth.test", audience: null };
  const names = async (base64) => {
    const keys = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytesOf(base64));
    const verifier = await countersign.createVerifier({ ...policy, keys }).catch(() => null);
    return verifier && verifier.keys.map(({ keyId }) => keyId);
  };
  return Promise.all(bodies.map(names));
}

function judge(test, answer) {
  const mistyped = test.usable_kids?.find((kid) => isMistyped(test, kid));
  if (mistyped) {
    return skipped(`wrong itself: it counts ${mistyped} as usable, whose x is a number (RFC 7518 §6.2.1.2)`);
  }
  if (test.document === "error") return judged(answer === null, answer);
  return judged(answer !== null && isDeepStrictEqual(answer.toSorted(), test.usable_kids.toSorted()), answer);
}

/** Whether every key of this name has a coordinate that is no text, so that nobody could use it. */
function isMistyped({ body_b64 }, kid) {
  try {
    const { keys } = JSON.parse(Buffer.from(body_b64, "base64").toString());
    const named = keys.filter((key) => key.kid === kid);
    return named.length > 0 && named.every(({ x }) => typeof x === "number");
  } catch {
    return false;
  }
}
