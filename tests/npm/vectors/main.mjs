// Runs a folder of vectors through the built package: `cargo xtask vectors [DIR] --browser`.

import { run } from "./run.mjs";

const score = await run(process.argv[2] ?? new URL("../../vectors", import.meta.url).pathname);
process.exitCode = score.isGood ? 0 : 1;
