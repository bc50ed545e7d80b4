// What does a call cost more through the package than by plain fetch, with a credential that is fresh?
//
//     cargo xtask bench fetch [--pairs NUMBER]
//
// In pairs of ten calls each, one after the other in one tab, the order changing with each pair, so that whatever disturbs
// the machine disturbs both; a page's clock is too coarse for a single call.

import { parseArgs } from "node:util";

import { newUser, startApplication } from "./support/application.mjs";

const { values } = parseArgs({ options: { pairs: { type: "string", default: "500" } } });
const pairs = Number.parseInt(values.pairs, 10);
if (!(pairs > 0)) {
  console.error(`How many pairs? A whole number above 0, and not ${JSON.stringify(values.pairs)}.`);
  process.exit(2);
}

const application = await startApplication();
try {
  for (const storage of ["memory", "indexed_db"]) tell(storage, await measure(storage));
} finally {
  await application.stop();
}

async function measure(storage) {
  const user = await newUser(application, { storage });
  const page = await user.open();
  await page.evaluate((credentials) => window.auth.signIn(credentials), { username: "bob", password: "bob-demo-pass" });
  const measured = await page.evaluate(async (pairs) => {
    const headers = { authorization: `Bearer ${await window.auth.accessToken()}` };
    const CALLS = 10;
    const time = async (call) => {
      const begin = performance.now();
      for (let number = 0; number < CALLS; number += 1) {
        const answer = await call();
        if (answer.status !== 200) throw new Error(`a call was answered ${answer.status}`);
        await answer.arrayBuffer();
      }
      return (performance.now() - begin) / CALLS;
    };
    const ours = () => time(() => window.auth.fetch("/api/me"));
    const plain = () => time(() => fetch("/api/me", { headers }));
    const measured = [];
    // The first tenth warms up, and does not count.
    for (let turn = -Math.ceil(pairs / 10); turn < pairs; turn += 1) {
      const first = turn % 2 === 0 ? await ours() : await plain();
      const second = turn % 2 === 0 ? await plain() : await ours();
      if (turn >= 0) measured.push(turn % 2 === 0 ? [first, second] : [second, first]);
    }
    return measured;
  }, pairs);
  await user.close();
  return measured;
}

function tell(storage, measured) {
  const added = median(measured.map(([ours, plain]) => ours - plain));
  const [ours, plain] = [0, 1].map((place) => median(measured.map((pair) => pair[place])));
  console.log(
    `fetch, ${storage}: ${added.toFixed(3)} ms more than plain fetch (median of ${measured.length} pairs; ` +
      `${ours.toFixed(3)} ms and ${plain.toFixed(3)} ms, ratio ${(ours / plain).toFixed(3)})`,
  );
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
