// A Chromium without Playwright, spoken to over a pipe: Playwright switches the back/forward cache off and can't follow
// a page that comes out of it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FLAGS, chromiumPath } from "./browser.mjs";
import { eventually } from "./eventually.mjs";

const SWITCHES = ["--headless", "--no-sandbox", "--remote-debugging-pipe", "--no-default-browser-check", ...FLAGS];

export async function startBareChromium() {
  const profile = mkdtempSync(join(tmpdir(), "countersign-chromium-"));
  const child = spawn(chromiumPath(), [...SWITCHES, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const waiting = new Map();
  let last = 0;
  const [, , , outgoing, incoming] = child.stdio;

  let rest = "";
  incoming.setEncoding("utf8").on("data", (text) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop();
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const call = waiting.get(id);
      waiting.delete(id);
      if (error) call?.reject(new Error(error.message));
      else call?.resolve(result);
    }
  });

  /** One command of the DevTools protocol. */
  const send = (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      outgoing.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });

  /** Somebody new, with cookies and storage of their own; the newest tab is in front. */
  const newUser = async () => {
    const { browserContextId } = await send("Target.createBrowserContext");
    return {
      async open(url) {
        const { targetId } = await send("Target.createTarget", { url, browserContextId });
        const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
        return tabOf((method, params) => send(method, params, sessionId));
      },
    };
  };

  return {
    newUser,
    /** A tab of somebody new. */
    async open(url) {
      return (await newUser()).open(url);
    },
    async stop() {
      await send("Browser.close");
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function tabOf(send) {
  /** Runs `body` in the page with JSON arguments, and gives what it gives. */
  const evaluate = async (body, ...values) => {
    const expression = `(${body})(...${JSON.stringify(values)})`;
    const { result, exceptionDetails } = await send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  /** Waits until `body` gives something true in whatever document is shown. */
  const until = (body, ...values) =>
    eventually(async () => {
      const value = await evaluate(body, ...values);
      if (!value) throw new Error(`It never came true: ${body}`);
      return value;
    });
  const go = (url) => send("Page.navigate", { url });
  return { send, evaluate, until, go };
}
