// Does the npm package, as packed, load in Node without a browser, and is its module whole?

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

// A project that has installed the tarball; `cargo xtask test npm` makes it.
const project = process.env.E2E_PACKAGE_USER;
assert.ok(project, "E2E_PACKAGE_USER is not set; run this with `cargo xtask test npm`.");

const { dependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
const name = Object.keys(dependencies)[0];
const folder = join(project, "node_modules", name);
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

test("the manifest names files that are in the package", () => {
  assert.equal(manifest.type, "module");
  assert.match(manifest.version, /^\d+\.\d+\.\d+/);
  assert.notEqual(manifest.version, "0.0.0");
  assert.ok("sideEffects" in manifest, "bundlers want to know about side effects");
  const root = manifest.exports["."];
  for (const path of [manifest.types ?? root.types, root.default ?? root.import ?? root]) {
    assert.ok(existsSync(join(folder, path)), `${path} is missing`);
  }
  for (const path of ["countersign_js_bg.wasm", "README.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
    assert.ok(existsSync(join(folder, path)), `${path} is missing`);
  }
});

test("importing it by name does nothing that needs a browser", () => {
  // In a process of its own in that project, so that Node resolves the name as for an application.
  const program = `import * as everything from "${name}"; console.log(JSON.stringify(Object.keys(everything)));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: project });
  assert.ok(JSON.parse(printed).length > 0, "nothing is exported");
});

test("the optimised module can be set up and called", async () => {
  const glue = await import(pathToFileURL(join(folder, "countersign_js.js")));
  const module = readFileSync(join(folder, "countersign_js_bg.wasm"));
  // An optimiser that is too old makes a module that compiles and then fails here.
  const exported = glue.initSync({ module });
  assert.ok(exported.memory instanceof WebAssembly.Memory);
});
