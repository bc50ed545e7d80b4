// Event streams: the same events at every chunk boundary.

import { isDeepStrictEqual } from "node:util";

import { Score, judged } from "./score.mjs";

export async function run(tests, { ask }) {
  const score = new Score();
  const answers = await ask(read, tests.map(({ chunks_b64 }) => chunks_b64));
  tests.forEach((test, index) => score.count(test, judge(test, answers[index])));
  return score;
}

function read(streams) {
  const cut = (whole, size) => {
    const chunks = [];
    for (let at = 0; at < whole.length; at += size) chunks.push(whole.slice(at, at + size));
    return chunks;
  };
  return streams.map((encoded) => {
    const chunks = encoded.map(bytesOf);
    const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    const readings = [chunks, [whole], cut(whole, 1), cut(whole, 7)];
    return readings.map((chunks) => JSON.parse(conformance.readStream(chunks)));
  });
}

function judge(test, readings) {
  const expected = { events: test.events, lastEventId: test.last_event_id, retry: test.retry_ms };
  const wrong = readings.find((reading) => !isDeepStrictEqual(reading, expected));
  return judged(wrong === undefined, wrong);
}
