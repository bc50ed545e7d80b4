// Does the package read and verify an application's own tokens as its types say? In Node, which has WebCrypto as well.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, mock, test } from "node:test";
import { pathToFileURL } from "node:url";

// A project that has installed the tarball; `cargo xtask test npm` makes it.
const project = process.env.E2E_PACKAGE_USER;
assert.ok(project, "E2E_PACKAGE_USER is not set; run this with `cargo xtask test npm`.");
const folder = join(project, "node_modules", "countersign");
const countersign = await import(pathToFileURL(join(folder, "index.js")));

const ISSUER = "https://auth.test";
const NOW = 1_790_000_000;
const CLAIMS = {
  iss: ISSUER, sub: "u", aud: "api", exp: NOW + 300, iat: NOW, jti: "1", client_id: "demo", roles: ["member"],
};
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

let pair;
let policy;
let now = NOW * 1000;

test("what needs the module says so before it is there", () => {
  assert.throws(() => countersign.decodeToken("e30.e30.c2ln"), { code: "not_loaded", who: "application" });
  assert.throws(() => countersign.returnAddress("/", "https://app.test/"), { code: "not_loaded" });
});

before(async () => {
  mock.method(Date, "now", () => now);
  pair = await crypto.subtle.generateKey(ES256, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  policy = { keys: { keys: [{ kty, crv, x, y, kid: "k", alg: "ES256", use: "sig" }] }, issuer: ISSUER, audience: "api" };
});

test("a token is decoded for display, whoever signed it", async () => {
  await countersign.load(readFileSync(join(folder, "countersign_js_bg.wasm")));
  const token = await sign(CLAIMS, { alg: "none" });
  assert.deepEqual(countersign.decodeToken(token), { header: { alg: "none" }, claims: CLAIMS });
  assert.throws(() => countersign.decodeToken("a.b"), { code: "not_a_token", who: "application" });
  assert.throws(() => countersign.decodeToken("a.b.c.d.e"), { code: "token_encrypted" });
  const { claims: odd } = countersign.decodeToken(`${part({})}.${part('{"__proto__":{"roles":["admin"]}}')}.c2ln`);
  assert.equal(odd.roles, undefined);
});

test("c16 the longest token is read, and what is longer is not", () => {
  // Claims of 12,283 bytes are 16,378 signs; with header and dots there is room for one more.
  const longest = `e30.${part(`{"a":"${"x".repeat(12_275)}"}`)}.`;
  const of = (length) => longest + "A".repeat(length - longest.length);
  assert.equal(countersign.decodeToken(of(16_384)).claims.a.length, 12_275);
  const tooLong = { code: "not_a_token", message: /16 KiB/ };
  for (const length of [16_385, 16_387, 16_388, 16_389, 1_000_000]) {
    assert.throws(() => countersign.decodeToken(of(length)), tooLong, `${length}`);
  }
  for (const sign of ["é", "€", "😀"]) {
    assert.throws(() => countersign.decodeToken(`e30.e30.${sign.repeat(16_384)}`), tooLong, sign);
  }
  assert.equal(countersign.decodeToken("e30.e30.").claims.a, undefined, "nothing is left of an earlier one");
});

test("s17 a verified token gives the same frozen object again, and another requirement verifies anew", async () => {
  const verifier = await countersign.createVerifier(policy);
  assert.deepEqual(verifier.keys, [{ keyId: "k", algorithms: ["ES256"] }]);
  const token = await sign(CLAIMS);
  const [one, other] = await Promise.all([verifier.verify(token), verifier.verify(token)]);
  assert.deepEqual(one, other);
  assert.deepEqual([one.claims, one.keyId], [CLAIMS, "k"]);
  assert.ok([one, one.claims, one.claims.roles, one.header].every(Object.isFrozen));
  assert.equal(await verifier.verify(token), await verifier.verify(token));
  const elsewhere = await countersign.createVerifier({ ...policy, audience: "other" });
  await assert.rejects(elsewhere.verify(token), { code: "token_audience" });
});

test("s17 what is remembered is still judged by time", async () => {
  const verifier = await countersign.createVerifier({ ...policy, leeway: 0 });
  const token = await sign(CLAIMS);
  await verifier.verify(token);
  now = CLAIMS.exp * 1000 - 1;
  await verifier.verify(token);
  now = CLAIMS.exp * 1000;
  await assert.rejects(verifier.verify(token), { code: "token_expired" });
  now = NOW * 1000;
});

test("c13 to c17 what is not as the policy says is refused by its own word", async () => {
  const verifier = await countersign.createVerifier({ ...policy, required: ["tenant"], maxAge: 600 });
  const good = { ...CLAIMS, tenant: "t" };
  const refused = async (code, changes, header) =>
    assert.rejects(verifier.verify(await sign({ ...good, ...changes }, header)), { code }, code);
  await verifier.verify(await sign(good));
  await refused("token_claim_missing", { tenant: undefined });
  await refused("token_claim_mistyped", { exp: `${good.exp}` });
  await refused("token_issuer", { iss: `${ISSUER}/` });
  await refused("token_too_old", { iat: NOW - 1000 });
  await refused("token_kind", {}, { typ: "JWT" });
  await refused("token_algorithm", {}, { alg: "HS256" });
  await refused("token_critical", {}, { crit: ["exp"] });
  await refused("token_no_key", {}, { kid: "other" });
  const [head, body, signature] = (await sign(good)).split(".");
  const forged = part({ ...good, roles: ["owner"] });
  await assert.rejects(verifier.verify([head, forged, signature].join(".")), { code: "token_signature" });
  await assert.rejects(verifier.verify([head, body, signature.slice(0, -2)].join(".")), { code: "token_signature" });
});

test("c14 a key that comes with the token counts for nothing", async () => {
  const verifier = await countersign.createVerifier({ ...policy, keys: { keys: [] } });
  const [jwk] = policy.keys.keys;
  await assert.rejects(verifier.verify(await sign(CLAIMS, { jwk })), { code: "token_no_key" });
});

test("c13 an algorithm that the browser does not have is told, and never right", async () => {
  const ed25519 = { kty: "OKP", crv: "Ed25519", x: "A".repeat(43), kid: "e", alg: "EdDSA" };
  const importKey = mock.method(crypto.subtle, "importKey", async () => {
    throw new DOMException("Unrecognized name.", "NotSupportedError");
  });
  try {
    const verifier = await countersign.createVerifier({ ...policy, keys: { keys: [ed25519] } });
    assert.deepEqual(verifier.keys, []);
    const refusal = { code: "token_unsupported", who: "application", message: /browser can't check/ };
    await assert.rejects(verifier.verify(await sign(CLAIMS, { alg: "EdDSA", kid: "e" })), refusal);
    assert.ok(importKey.mock.callCount() > 0);
  } finally {
    importKey.mock.restore();
  }
});

test("a policy that leaves a check to chance is refused", async () => {
  const refused = (changes, message) =>
    assert.rejects(countersign.createVerifier({ ...policy, ...changes }), { code: "invalid_options", message });
  await refused({ audience: undefined }, /audience is missing/);
  await refused({ issuer: undefined }, /issuer is missing/);
  await refused({ algorithms: ["ES256", "HS256"] }, /HS256/);
  await refused({ algorithms: ["none"] }, /none/);
  await refused({ maxage: 60 }, /maxage/);
  await refused({ leeway: "60" }, /leeway/);
  await refused({ kind: "refresh-token" }, /kind/);
  await refused({ keys: undefined }, /keys/);
});

async function sign(claims, header = {}) {
  const text = `${part(header.alg === "none" ? header : { alg: "ES256", typ: "at+jwt", kid: "k", ...header })}.${part(claims)}`;
  const signature = await crypto.subtle.sign(ES256, pair.privateKey, Buffer.from(text));
  return `${text}.${Buffer.from(signature).toString("base64url")}`;
}

function part(value) {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}
