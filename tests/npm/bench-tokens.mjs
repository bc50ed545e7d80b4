// What does a token cost, to decode and to verify, against two libraries and against the least that a browser needs?
//
//     cargo xtask bench tokens [--rounds NUMBER]
//
// Everything takes its turn in each round, so that whatever disturbs the machine disturbs all alike; what counts is the
// ratio to the floor of the same run. No token comes twice while anybody could remember it, but where that is measured.

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { passwordOf } from "../browser/support/demo.mjs";
import { startApplication } from "./support/application.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "60" } } });
const rounds = Number.parseInt(values.rounds, 10);
if (!(rounds > 0)) {
  console.error(`How many rounds? A whole number above 0, and not ${JSON.stringify(values.rounds)}.`);
  process.exit(2);
}

const SCRIPT = `import * as countersign from "/countersign/index.js";
import * as jose from "/jose/index.js";
import { jwtDecode } from "/jwt-decode/index.js";
await countersign.load();
Object.assign(window, { countersign, jose, jwtDecode });`;

const library = (path) => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));

const application = await startApplication({
  script: SCRIPT,
  libraries: { jose: library("jose/dist/webapi"), "jwt-decode": library("jwt-decode/build/esm") },
});
try {
  const page = await application.browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(application.server.origin);
  await page.waitForFunction(() => window.jose);
  await page.evaluate(prepare);
  for (const bytes of [300, 1000, 4000]) tell(`decode ${bytes} B`, "µs", await page.evaluate(decode, { bytes, rounds }));
  for (const algorithm of ["ES256", "RS256", "EdDSA"]) {
    for (const atOnce of [1, 64]) {
      const measured = await page.evaluate(verify, { algorithm, atOnce, rounds });
      tell(`verify ${algorithm}, ${atOnce === 1 ? "one at a time" : `${atOnce} at once`}`, "µs", measured);
    }
  }
  for (const bytes of [300, 1000]) {
    const { again } = await page.evaluate(verifyAgain, { bytes, rounds });
    const best = Math.round(1e6 / median(again));
    console.log(`the same token of ${bytes} B again: ${best.toLocaleString("en")} per second`);
  }
  const { claims, can } = await page.evaluate(read, { rounds, credentials: { username: "bob", password: passwordOf("bob") } });
  console.log(`reading a claim of the current state: ${(median(claims) * 1000).toFixed(1)} ns; asking a gate: ${median(can).toFixed(1)} µs`);
} finally {
  await application.stop();
}

function tell(what, unit, measured) {
  const floor = median(measured.floor);
  const others = Object.entries(measured).map(([name, times]) => {
    const ratio = median(times.map((time, round) => measured.floor[round] / time));
    return `${name} ${median(times).toFixed(1)}${name === "floor" ? "" : ` (${ratio.toFixed(2)})`}`;
  });
  console.log(`${what}, ${unit} and the ratio to a floor of ${floor.toFixed(1)}: ${others.slice(1).join(", ")}`);
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[(sorted.length - 1) >> 1];
}

/** What the functions below share on the page. */
function prepare() {
  const ISSUER = "https://auth.test";
  const claims = (bytes, number) => {
    const claims = {
      iss: ISSUER, sub: "u_alice", aud: "api", exp: 4000000000, iat: 1790000000, jti: `${number}`, client_id: "demo",
      roles: ["admin", "member"], scope: "profile reports:read",
    };
    for (let more = 0; JSON.stringify(claims).length < bytes * 0.75 - 130; more += 1) {
      claims[`claim_${more}`] = `a value of some length, number ${more}`;
    }
    return claims;
  };
  window.makeTokens = async (algorithm, bytes, count) => {
    const { privateKey, publicKey } = await jose.generateKeyPair(algorithm, { extractable: true });
    const header = { alg: algorithm, typ: "at+jwt", kid: "k" };
    const sign = (_, number) => new jose.SignJWT(claims(bytes, number)).setProtectedHeader(header).sign(privateKey);
    const tokens = await Promise.all(Array.from({ length: count }, sign));
    const jwk = { ...(await jose.exportJWK(publicKey)), kid: "k", alg: algorithm, use: "sig" };
    const policy = { keys: { keys: [jwk] }, issuer: ISSUER, audience: "api" };
    return { tokens, publicKey, policy, verifier: await countersign.createVerifier(policy) };
  };
  /** Each contender in turn, in each round; the first rounds warm up. Gives microseconds for one of `size`. */
  window.measure = async (rounds, size, contenders) => {
    const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
    for (let round = -Math.ceil(rounds / 5); round < rounds; round += 1) {
      for (const [name, run] of Object.entries(contenders)) {
        const begin = performance.now();
        const waiting = run(round);
        if (waiting) await waiting;
        if (round >= 0) times[name].push(((performance.now() - begin) * 1000) / size);
      }
    }
    return times;
  };
}

async function decode({ bytes, rounds }) {
  const { tokens } = await makeTokens("ES256", bytes, 200);
  const turns = 10;
  const each = (decode) => () => {
    for (let turn = 0; turn < turns; turn += 1) for (const token of tokens) decode(token);
  };
  return measure(rounds, tokens.length * turns, {
    floor: each((token) => JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")))),
    countersign: each((token) => countersign.decodeToken(token)),
    jose: each((token) => jose.decodeJwt(token)),
    "jwt-decode": each((token) => jwtDecode(token)),
  });
}

async function verify({ algorithm, atOnce, rounds }) {
  const parameters = { ES256: { name: "ECDSA", hash: "SHA-256" }, RS256: { name: "RSASSA-PKCS1-v1_5" }, EdDSA: { name: "Ed25519" } }[algorithm];
  // More than the verifier remembers, so that each is verified anew.
  const { tokens, publicKey, policy, verifier } = await makeTokens(algorithm, 700, 192);
  const encoder = new TextEncoder();
  const raw = tokens.map((token) => ({
    data: encoder.encode(token.slice(0, token.lastIndexOf("."))),
    signature: jose.base64url.decode(token.slice(token.lastIndexOf(".") + 1)),
  }));
  const set = jose.createLocalJWKSet(policy.keys);
  const options = { issuer: policy.issuer, audience: policy.audience, typ: "at+jwt" };
  const each = (all, verify) => async () => {
    for (let at = 0; at < all.length; at += atOnce) await Promise.all(all.slice(at, at + atOnce).map(verify));
  };
  const oneByOne = (all, verify) => async () => {
    for (const one of all) await verify(one);
  };
  const run = atOnce === 1 ? oneByOne : each;
  return measure(rounds, tokens.length, {
    floor: run(raw, async ({ data, signature }) => {
      if (!(await crypto.subtle.verify(parameters, publicKey, signature, data))) throw new Error("wrong");
    }),
    countersign: run(tokens, (token) => verifier.verify(token)),
    jose: run(tokens, (token) => jose.jwtVerify(token, set, options)),
  });
}

async function verifyAgain({ bytes, rounds }) {
  const { tokens: [token], verifier } = await makeTokens("ES256", bytes, 1);
  const turns = 5_000;
  return measure(rounds, turns, {
    again: async () => {
      for (let turn = 0; turn < turns; turn += 1) await verifier.verify(token);
    },
  });
}

async function read({ rounds, credentials }) {
  const auth = await countersign.createAuth({ flow: "token" });
  const known = new Promise((resolve) => auth.subscribe((state) => state.status === "signed-out" && resolve()));
  if (auth.state.status === "unknown") await known;
  await auth.signIn(credentials);
  const names = ["sub", "iss", "client_id", "scope"];
  let seen = 0;
  const each = (turns, read) => () => {
    for (let turn = 0; turn < turns; turn += 1) seen += read(turn).length;
  };
  const [many, few] = [1_000_000, 1_000];
  const { claims } = await measure(rounds, many, { claims: each(many, (turn) => auth.state.claims[names[turn % 4]]) });
  const { can } = await measure(rounds, few, { can: each(few, () => auth.can("scope:reports:read & fresh:5m").decision) });
  if (seen === 0) throw new Error("nothing was read");
  return { claims, can };
}
