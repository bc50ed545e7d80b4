// Keeps record, inside a page, of what the body said when, and of every frame in which something gated was there.
// Times are milliseconds since the Unix epoch by the machine's real clock, so that pages can be compared.

import assert from "node:assert/strict";

/** Call before the first page of a user is opened. */
export const placeWitness = (user) => user.addInitScript(watch);

/** What the document that is shown now went through. */
export const testimony = (page) => page.evaluate(() => globalThis.witness);

/** When the body first said this state, after `since`. */
export async function stateSince(page, state, since) {
  const { states } = await testimony(page);
  return states.find((entry) => entry.state === state && entry.at >= since)?.at;
}

/** Since somebody was first signed in in this document, it never looked otherwise. */
export async function expectNeverSignedOut(page) {
  const { states } = await testimony(page);
  const first = states.findIndex(({ state }) => state === "signed-in");
  assert.notEqual(first, -1, "nobody was ever signed in");
  assert.deepEqual(states.slice(first).filter(({ state }) => state !== "signed-in"), []);
}

function watch() {
  // Taken before any test clock replaces it.
  const clock = performance;
  const now = clock.now.bind(clock);
  const origin = clock.timeOrigin;
  const nextFrame = globalThis.requestAnimationFrame.bind(globalThis);
  const states = [];
  const gated = [];
  let frames = 0;
  globalThis.witness = { states, gated, get frames() { return frames; } };

  const look = () => {
    const { state, standing } = document.body?.dataset ?? {};
    const last = states.at(-1);
    if (last?.state !== state || last?.standing !== standing) states.push({ at: origin + now(), state, standing });
    const parts = [...document.querySelectorAll("[data-gate]")].map((part) => part.dataset.gate).join(" ");
    if ((gated.at(-1)?.parts ?? "") !== parts) gated.push({ at: origin + now(), parts });
  };
  // At every change, so that nothing is missed that is gone again before the next frame.
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  const eachFrame = () => {
    frames += 1;
    look();
    nextFrame(eachFrame);
  };
  nextFrame(eachFrame);
}
