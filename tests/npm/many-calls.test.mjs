// Many calls on an expired token, under strict rotation: as few renewals as the storage allows, never two at once, every
// call answered, nobody signed out (C01, C02, C06).

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startApplication } from "./support/application.mjs";
import { SETTINGS, gather, trial } from "./support/many-calls.mjs";

/** Of each; more tabs, fewer trials: what they show is the same. */
const trialsOf = (tabs) => (tabs > 4 ? 2 : 5);

let application;

before(async () => {
  application = await startApplication({ settings: SETTINGS });
});

after(() => application?.stop());

for (const storage of ["memory", "indexed_db"]) {
  for (const [tabs, calls] of [[1, 200], [4, 50], [10, 1]]) {
    const most = storage === "memory" ? tabs : 1;
    test(`c01_c02 ${tabs} × ${calls} calls, tokens in ${storage}: at most ${most} renewals, one at a time`, async () => {
      const { user, pages } = await gather(application, { tabs, storage });
      for (let number = 1; number <= trialsOf(tabs); number += 1) {
        const { answers, renewals, milliseconds, ...rest } = await trial(application, pages, calls);
        assert.deepEqual(answers, Array.from({ length: tabs * calls }, () => 200), `trial ${number}`);
        assert.ok(renewals >= 1 && renewals <= most, `trial ${number}: ${renewals} renewals`);
        assert.deepEqual(rest, { overlaps: 0, refused: 0, signedOut: 0 }, `trial ${number}, ${milliseconds} ms`);
      }
      await user.close();
    });
  }
}
