// Many calls on an expired token, in one tab and in several: how many renewals, refusals and sign-outs, and how long until
// the last call is answered, against plain fetch with a token that is fresh?
//
//     cargo xtask bench tabs [--trials NUMBER]
//
// Under strict rotation. Each trial makes the calls twice, by the package and plainly, in the same tabs.

import { parseArgs } from "node:util";

import { startApplication } from "./support/application.mjs";
import { SETTINGS, gather, plainly, trial } from "./support/many-calls.mjs";

const { values } = parseArgs({ options: { trials: { type: "string", default: "200" } } });
const trials = Number.parseInt(values.trials, 10);
if (!(trials > 0)) {
  console.error(`How many trials? A whole number above 0, and not ${JSON.stringify(values.trials)}.`);
  process.exit(2);
}

let failures = 0;
const application = await startApplication({ settings: SETTINGS });
try {
  for (const storage of ["memory", "indexed_db"]) {
    for (const [tabs, calls] of [[1, 200], [4, 50]]) await measure({ storage, tabs, calls });
  }
} finally {
  await application.stop();
}
process.exitCode = failures > 0 ? 1 : 0;

async function measure({ storage, tabs, calls }) {
  const { user, pages } = await gather(application, { tabs, storage });
  const outcomes = [];
  const plain = [];
  for (let number = 0; number < trials; number += 1) {
    outcomes.push(await trial(application, pages, calls));
    plain.push((await plainly(pages, calls)).milliseconds);
  }
  await user.close();
  tell({ storage, tabs, calls }, outcomes, plain);
}

function tell({ storage, tabs, calls }, outcomes, plain) {
  const sum = (figure) => outcomes.reduce((total, outcome) => total + figure(outcome), 0);
  const renewals = outcomes.map((outcome) => outcome.renewals);
  const most = storage === "memory" ? tabs : 1;
  const bad = {
    "trials with too many renewals": renewals.filter((number) => number > most).length,
    "overlapping renewals": sum(({ overlaps }) => overlaps),
    "calls not answered 200": sum(({ answers }) => tabs * calls - answers.filter((status) => status === 200).length),
    "needless 401": sum(({ refused }) => refused),
    "tabs signed out": sum(({ signedOut }) => signedOut),
  };
  failures += Object.values(bad).reduce((total, number) => total + number, 0);
  const times = outcomes.map(({ milliseconds }) => milliseconds);
  const [ours, floor] = [median(times), median(plain)];
  console.log(
    `${tabs} × ${calls} calls, ${storage}, ${outcomes.length} trials: ` +
      `${Math.min(...renewals)} to ${Math.max(...renewals)} renewals (at most ${most}), ` +
      `${Object.entries(bad).map(([what, number]) => `${number} ${what}`).join(", ")}; ` +
      `${ours.toFixed(0)} ms to the last answer, plain fetch ${floor.toFixed(0)} ms, ratio ${(ours / floor).toFixed(2)}`,
  );
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
