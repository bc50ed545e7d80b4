// The published vectors that are kept here, all of them, through the package as packed, in Chromium.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { run } from "./vectors/run.mjs";

test("no vector that must hold is answered wrongly", async () => {
  const score = await run(fileURLToPath(new URL("../vectors", import.meta.url)));
  assert.deepEqual(score.wrongMust, []);
  assert.ok(score.run > 0);
});
