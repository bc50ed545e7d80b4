// Return addresses: they stay on the page's origin and lead where a browser would go.

import { Score, judged } from "./score.mjs";

export async function run(tests, { ask }) {
  const score = new Score();
  const answers = await ask(read, tests);
  tests.forEach((test, index) => score.count(test, judge(test, answers[index])));
  return score;
}

/** Chromium itself says where the address leads, besides the vector. */
function read(tests) {
  return tests.map(({ base, input }) => {
    const resolved = countersign.returnAddress(input, base);
    return { resolved, browser: URL.canParse(input, base) ? new URL(input, base).href : null };
  });
}

function judge(test, { resolved, browser }) {
  const isWhereABrowserGoes = resolved === null || (resolved === test.resolves_to && resolved === browser);
  const isRight = test.expect === "allow" ? resolved !== null : test.expect === "refuse" ? resolved === null : true;
  return judged(isRight && isWhereABrowserGoes, { resolved, browser });
}
