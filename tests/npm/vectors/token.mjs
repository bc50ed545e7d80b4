// Tokens that attack their reader: from text to signature, under the policy that each one names.

import { Score, judged, skipped } from "./score.mjs";

const KINDS = { "at+jwt": "access-token", JWT: "id-token", "secevent+jwt": "security-event", "logout+jwt": "logout-token" };

/** The package's limit, in bytes. */
const LONGEST = 16 * 1024;

export async function run({ configs, tests }, { ask, page }) {
  const score = new Score();
  for (const [name, config] of Object.entries(configs)) {
    const own = tests.filter((test) => test.config === name);
    // The verifier reads the page's clock, as everywhere.
    await page.clock.setFixedTime(config.now * 1000);
    const policy = policyOf(config);
    const answers = policy ? await ask(verify, { policy, texts: own.map(textOf) }) : null;
    own.forEach((test, index) => score.count(test, judge(test, answers?.[index])));
  }
  return score;
}

async function verify({ policy, texts }) {
  const { createVerifier, decodeToken } = countersign;
  const known = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA", "Ed25519"];
  // Symmetric algorithms have no name here, so that no allow-list can hold them.
  const algorithms = policy.algorithms.filter((name) => known.includes(name));
  const verifier = await createVerifier({ ...policy, algorithms });
  const one = async (text) => {
    const decoded = (() => { try { return decodeToken(text) && "ok"; } catch (error) { return error.code; } })();
    return { decoded, verified: await verifier.verify(text).then(() => "ok", ({ code }) => code) };
  };
  return Promise.all(texts.map(one));
}

function policyOf({ algs, keys, iss, aud, typ, leeway, required, max_len }) {
  if (max_len !== LONGEST || !(typ in KINDS)) return null;
  return { keys: { keys }, issuer: iss, audience: aud ?? null, kind: KINDS[typ], algorithms: algs, required, leeway };
}

function textOf({ token, token_utf8_b64, build }) {
  if (token !== undefined) return token;
  if (token_utf8_b64 !== undefined) return Buffer.from(token_utf8_b64, "base64").toString();
  return build.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times))).join("");
}

function judge(test, answer) {
  if (!["accept", "reject", "either"].includes(test.expect)) return skipped("it does not say what is expected");
  if (!answer) return skipped("its configuration can't be expressed");
  const isRight = test.expect === "either" || (answer.verified === "ok") === (test.expect === "accept");
  const isDecodedRightly = !["ok", "error"].includes(test.decode_only) || (answer.decoded === "ok") === (test.decode_only === "ok");
  return judged(isRight && isDecodedRightly, answer);
}
