// Raw signatures (Wycheproof): the right ones accepted, everything else refused.

import { Score, judged, skipped } from "./score.mjs";

const CURVES = { secp256r1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

export async function run(groups, { ask }) {
  const score = new Score();
  for (const group of groups) {
    const [algorithm, key] = [algorithmOf(group), keyOf(group)];
    const signatures = group.tests.map(({ msg, sig }) => ({ msg: base64(msg), sig: base64(sig) }));
    const answers = algorithm && key ? await ask(check, { algorithm, key, signatures }) : [];
    group.tests.forEach((test, index) => score.count(test, judge(test, answers[index] ?? undefined)));
  }
  return score;
}

/** Wycheproof's result, or what this project says of it. */
export const expected = ({ expect, result }) => expect ?? result ?? "acceptable";

function check({ algorithm, key, signatures }) {
  const one = ({ msg, sig }) => conformance.checkSignature(algorithm, key, bytesOf(msg), bytesOf(sig));
  return Promise.all(signatures.map(one));
}

function judge(test, answer) {
  return answer === undefined ? skipped("no JOSE algorithm uses this curve, hash or key") : judgedBy(test, answer);
}

/** What is neither valid nor invalid may be answered either way. */
export function judgedBy(test, answer) {
  switch (expected(test)) {
    case "valid":
      return judged(answer === "right", answer);
    case "invalid":
      return judged(answer !== "right", answer);
    default:
      return judged(true);
  }
}

function algorithmOf({ type, sha, mgfSha, sLen, publicKey }) {
  const bits = sha?.slice("SHA-".length);
  switch (type) {
    case "EcdsaP1363Verify":
      return { "SHA-256 secp256r1": "ES256", "SHA-384 secp384r1": "ES384", "SHA-512 secp521r1": "ES512" }[`${sha} ${publicKey.curve}`];
    case "EddsaVerify":
      return publicKey.curve === "edwards25519" ? "EdDSA" : undefined;
    case "RsassaPkcs1Verify":
      return ["256", "384", "512"].includes(bits) ? `RS${bits}` : undefined;
    case "RsassaPssVerify":
      // JOSE knows PSS only with one hash throughout and a salt as long as it (RFC 7518 §3.5).
      return ["256", "384", "512"].includes(bits) && mgfSha === sha && sLen * 8 === Number(bits) ? `PS${bits}` : undefined;
  }
}

function keyOf({ publicKeyJwk, keyJwk, publicKey }) {
  const jwk = publicKeyJwk ?? keyJwk ?? pointOf(publicKey);
  return jwk && JSON.stringify(jwk);
}

/** Some groups give their key as an uncompressed point only. */
function pointOf({ curve, uncompressed }) {
  if (!(curve in CURVES)) return undefined;
  const half = (uncompressed.length - 2) / 2;
  const encode = (hex) => Buffer.from(hex, "hex").toString("base64url");
  return { kty: "EC", crv: CURVES[curve], x: encode(uncompressed.slice(2, 2 + half)), y: encode(uncompressed.slice(2 + half)) };
}

const base64 = (hex) => Buffer.from(hex, "hex").toString("base64");
