// Does the package do in Node what its face promises: names, types, clear errors, and a module that answers?

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

// A project that has installed the tarball; `cargo xtask test npm` makes it.
const project = process.env.E2E_PACKAGE_USER;
assert.ok(project, "E2E_PACKAGE_USER is not set; run this with `cargo xtask test npm`.");
const folder = join(project, "node_modules", "countersign");
const load = (file) => import(pathToFileURL(join(folder, file)));
const read = (file) => readFileSync(join(folder, file), "utf8");

test("it exports what its types declare, and nothing else", async () => {
  const exported = Object.keys(await load("index.js")).sort();
  const declared = [...read("index.d.ts").matchAll(/^export (?:declare )?(?:class|function|const) (\w+)/gm)];
  assert.deepEqual(exported, declared.map(([, name]) => name).sort());
  assert.deepEqual(exported, ["CountersignError", "createAuth", "createVerifier", "decodeToken", "load", "returnAddress"]);
});

test("the readers for vectors are what their types declare", async () => {
  const exported = Object.keys(await load("conformance.js")).sort();
  const declared = [...read("conformance.d.ts").matchAll(/^export (?:function (\w+)|\{ (\w+) \})/gm)];
  assert.deepEqual(exported, declared.map(([, name, other]) => name ?? other).sort());
});

test("an Auth has what its type declares, and nothing else", async () => {
  const declared = read("index.d.ts").match(/^export interface Auth \{\n([^]*?)^\}/m)[1];
  const members = [...declared.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name).sort();
  const body = read("index.js").match(/^class Auth \{\n([^]*?)^\}/m)[1];
  const written = [...body.matchAll(/^ {2}(?:async |get )?(\w+)(?:\(| = )/gm)].map(([, name]) => name).sort();
  assert.deepEqual(written, members);
});

test("outside a page createAuth rejects and says why", async () => {
  const { createAuth, CountersignError } = await load("index.js");
  await assert.rejects(createAuth({ flow: "session" }), (error) => {
    assert.ok(error instanceof CountersignError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.who], ["CountersignError", "no_browser", "application"]);
    assert.match(error.message, /browser/);
    return true;
  });
});

test("an error shows its code and keeps what it was made with", async () => {
  const { CountersignError } = await load("index.js");
  const made = { code: "rate_limited", who: "server", message: "Too many tries.", retryAfter: 30 };
  const error = new CountersignError(made);
  assert.deepEqual({ ...made }, { code: error.code, who: error.who, message: error.message, retryAfter: error.retryAfter });
  assert.equal(String(error), "CountersignError: Too many tries.");
  assert.equal(new CountersignError({ ...made, retryAfter: null }).retryAfter, undefined);
});

test("the optimised module answers calls", async () => {
  const glue = await load("countersign_js.js");
  glue.initSync({ module: readFileSync(join(folder, "countersign_js_bg.wasm")) });
  const refusal = (flow) => {
    try {
      glue.start(JSON.stringify({ flow }), () => {});
    } catch (text) {
      return JSON.parse(text).code;
    }
  };
  assert.equal(refusal("cookie"), "invalid_flow");
  assert.equal(refusal("session"), "no_browser");
});
