// How many vectors were answered rightly, and which ones not?

export const RIGHT = { right: true };
export const wrong = (answer) => ({ answer: String(answer) });
export const skipped = (reason) => ({ reason });

/** What became of one vector: its answer is told only where it is wrong. */
export const judged = (isRight, answer) => (isRight ? RIGHT : wrong(typeof answer === "string" ? answer : JSON.stringify(answer)));

export class Score {
  right = 0;
  wrongMust = [];
  wrongShould = [];
  #skipped = new Map();

  /** A vector that does not say how strong it is is a *must*. */
  count(test, { right, answer, reason }) {
    if (right) this.right += 1;
    else if (reason !== undefined) this.#skip(reason, 1);
    else (test.strength === "should" ? this.wrongShould : this.wrongMust).push(`${nameOf(test)}: ${answer}`);
  }

  add(other) {
    this.right += other.right;
    this.wrongMust.push(...other.wrongMust);
    this.wrongShould.push(...other.wrongShould);
    for (const [reason, count] of other.#skipped) this.#skip(reason, count);
  }

  get isGood() {
    return this.wrongMust.length === 0;
  }

  get run() {
    return this.right + this.wrongMust.length + this.wrongShould.length;
  }

  get skipped() {
    return [...this.#skipped.values()].reduce((sum, count) => sum + count, 0);
  }

  report(file) {
    const wrong = this.wrongMust.length + this.wrongShould.length;
    const lines = [`${file}: ${this.run} run, ${this.right} right, ${wrong} wrong, ${this.skipped} skipped`];
    for (const one of this.wrongMust) lines.push(`    wrong (must) ${one}`);
    for (const one of this.wrongShould) lines.push(`    wrong (should) ${one}`);
    for (const [reason, count] of this.#skipped) lines.push(`    skipped ${count}: ${reason}`);
    return lines.join("\n");
  }

  lastLine() {
    const { length: must } = this.wrongMust;
    const { length: should } = this.wrongShould;
    return `vectors: ${this.run} run, ${must} wrong must, ${should} wrong should, ${this.skipped} skipped`;
  }

  #skip(reason, count) {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + count);
  }
}

function nameOf(test) {
  const id = test.id ?? test.tcId ?? test.name;
  const why = test.why ?? test.comment ?? "";
  return why === "" ? String(id) : `${id} (${why})`;
}
