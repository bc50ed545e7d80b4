// JSON documents (JSONTestSuite): read, refused, or either without a trap.

import { Score, judged, skipped } from "./score.mjs";

const EXPECTED = ["must accept", "must reject", "either"];

export async function run({ documents }, { ask }) {
  const score = new Score();
  const answers = await ask(read, documents.map(({ bytes_b64 }) => bytes_b64));
  documents.forEach((test, index) => score.count(test, judge(test, answers[index])));
  return score;
}

/** What is read must be the same when it is printed and read again. */
function read(documents) {
  const readText = (text) => conformance.readJson(new TextEncoder().encode(text));
  // Whether nothing is wrong with a document but that it names a member twice: a lenient reader keeps the last.
  const isRepetitive = (bytes) => {
    try {
      return readText(JSON.stringify(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)))) !== undefined;
    } catch {
      return false;
    }
  };
  return documents.map((base64) => {
    const printed = conformance.readJson(bytesOf(base64));
    if (printed === undefined) return { isRead: false, isStable: true, isRepetitive: isRepetitive(bytesOf(base64)) };
    return { isRead: true, isStable: printed === readText(printed) };
  });
}

function judge(test, answer) {
  if (!EXPECTED.includes(test.class)) return skipped("it does not say what is expected");
  if (test.class === "must accept" && answer.isRepetitive) return skipped("it repeats a member, which is refused here on purpose (C16)");
  const isRight = test.class === "either" || answer.isRead === (test.class === "must accept");
  return judged(isRight && answer.isStable, answer);
}
