// Prints raw, gzip and brotli bytes of files, one line each, and their sum.
// Usage: node sizes.mjs FILE…

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const rows = process.argv.slice(2).map((file) => {
  const bytes = readFileSync(file);
  return [basename(file), bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
});
const sum = (column) => rows.reduce((total, row) => total + row[column], 0);
if (rows.length > 1) rows.push(["together", sum(1), sum(2), sum(3)]);

const nameWidth = Math.max(...rows.map(([name]) => name.length), 4);
const line = (name, ...numbers) =>
  console.log(name.padEnd(nameWidth) + numbers.map((number) => String(number).padStart(12)).join(""));
line("file", "bytes", "gzip", "brotli");
for (const row of rows) line(...row);
