// Which published vectors does the built package answer as it should, in Chromium? Any folder of the layout of
// tests/vectors can be asked. A file is recognised by what is in it, whatever it is called.

import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

import * as header from "./header.mjs";
import * as json from "./json.mjs";
import * as keySet from "./key-set.mjs";
import * as returnAddress from "./return-address.mjs";
import { Score, skipped } from "./score.mjs";
import * as signature from "./signature.mjs";
import * as signedText from "./signed-text.mjs";
import { withStage } from "./stage.mjs";
import * as stream from "./stream.mjs";
import * as tokenEndpoint from "./token-endpoint.mjs";
import * as token from "./token.mjs";

/** Runs every JSON file below the folder, prints a line for each and one for all, and gives the score of all. */
export function run(folder) {
  return withStage(async (stage) => {
    const total = new Score();
    for (const file of files(folder)) {
      const score = await runDocument(JSON.parse(readFileSync(file, "utf8")), stage);
      console.log(score.report(relative(folder, file)));
      total.add(score);
    }
    if (total.run + total.skipped === 0) throw new Error(`There is no vector in ${folder}.`);
    console.log(total.lastLine());
    return total;
  });
}

async function runDocument(document, stage) {
  const { tests = [], testGroups } = document;
  if (document.configs) return token.run(document, stage);
  if (document.documents) return json.run(document, stage);
  if (testGroups) {
    switch (testGroups[0]?.type) {
      case "JsonWebSignature":
      case "JsonWebKey":
      case "JsonWebCrypto":
        return signedText.runGroups(testGroups, stage);
      case "MacTest":
        return skip(testGroups.flatMap(({ tests }) => tests), "a page has no symmetric keys");
      default:
        return signature.run(testGroups, stage);
    }
  }
  const has = (...names) => names.every((name) => tests[0] !== undefined && name in tests[0]);
  if (has("body_b64", "document")) return keySet.run(tests, stage);
  if (has("request", "status")) return tokenEndpoint.run(tests, stage);
  if (has("chunks_b64")) return stream.run(tests, stage);
  if (has("base", "input")) return returnAddress.run(tests, stage);
  if (has("header", "value")) return header.run(tests, stage);
  if (has("token")) return signedText.run(tests, stage);
  if (has("jwk", "id")) return keySet.runKeys(tests, stage);
  if (has("jwk")) return skip(tests, "thumbprints belong to DPoP, which is not implemented");
  if (has("lst")) return skip(tests, "token status lists are not implemented");
  if (has("claim")) return skip(tests, "at_hash belongs to the oidc flow, which is not there yet");
  if (has("proof") || document.jkt) return skip(tests, "DPoP is not implemented");
  if (has("set_cookie")) return skip(tests, "cookies are the browser's and the server's");
  if (has("verifier")) return skip(tests, "PKCE belongs to the oidc flow, which is not there yet");
  if (document.types) return skip(document.types, "names, and no tests: the core's test of event types reads them");
  return skip(tests, "nothing in the package reads this");
}

function skip(tests, reason) {
  const score = new Score();
  for (const test of tests) score.count(test, skipped(reason));
  return score;
}

function files(folder) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  const documents = found.filter((entry) => entry.isFile() && entry.name.endsWith(".json"));
  return documents.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort();
}
