// Starts a server-mock of its own for a test file: any free port, database in memory, /control open.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const START_LIMIT = 30_000;
const STOP_LIMIT = 5_000;

const atTopLevel = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/**
 * @param {{ settings?: string[], environment?: Record<string, string>, page?: string }} [options]
 *   `settings` are further words for server-mock's command line.
 */
export async function startServer({ settings = [], environment = {}, page } = {}) {
  const program = process.env.E2E_SERVER ?? atTopLevel("target/debug/server-mock");
  const folder = page ?? process.env.E2E_PAGE ?? atTopLevel("dist");
  for (const path of [program, folder]) {
    if (!existsSync(path)) throw new Error(`${path} is missing; \`cargo xtask e2e\` builds page and server first.`);
  }
  const child = spawn(program, ["--listen", "127.0.0.1:0", "--page", folder, "--control", ...settings], {
    env: { ...withoutServerSettings(process.env), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const ended = once(child, "exit");
  const log = [];
  const remember = (line) => log.push(line);
  createInterface({ input: child.stderr }).on("line", remember);

  const { origin, token } = await readReadyLines(child, ended, log, remember);

  return {
    origin,
    /** What the server has printed so far. */
    log,
    /** Calls /control: POST with a JSON body, GET without one. Gives the answer's JSON. */
    async control(path, body, method = body === undefined ? "GET" : "POST") {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const { status, text } = await exchange(new URL(`/control${path}`, origin), { method, headers }, body);
      if (status >= 300) throw new Error(`${method} /control${path} answered ${status}: ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    async stop() {
      process.off("exit", killWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const force = setTimeout(killWithUs, STOP_LIMIT);
      await ended;
      clearTimeout(force);
    },
  };
}

/** What a developer has set for a server of their own must not reach this one. */
function withoutServerSettings(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("COUNTERSIGN_")));
}

/** On a connection of its own: faults that lose answers close the ones that were used before. */
async function exchange(url, options, body) {
  const outgoing = request(url, { ...options, agent: false });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [incoming] = await once(outgoing, "response");
  const chunks = await incoming.toArray();
  return { status: incoming.statusCode, text: Buffer.concat(chunks).toString() };
}

/** `ready ORIGIN`, then `control TOKEN`. */
async function readReadyLines(child, ended, log, remember) {
  let origin;
  let token;
  let limit;
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [word, value] = line.split(" ");
      if (word === "ready") origin = value;
      // The token stays out of the log: a failing test prints it.
      if (word === "control") token = value;
      else remember(line);
      if (origin && token) resolve();
    });
  });
  const tooLate = new Promise((_, reject) => {
    const say = () => reject(new Error(`server-mock was not ready after ${START_LIMIT / 1000} s:\n${log.join("\n")}`));
    limit = setTimeout(say, START_LIMIT);
  });
  const endedEarly = ended.then(([code]) => {
    if (!(origin && token)) throw new Error(`server-mock ended with ${code} before it was ready:\n${log.join("\n")}`);
  });
  try {
    await Promise.race([ready, tooLate, endedEarly]);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(limit);
  }
  return { origin, token };
}
