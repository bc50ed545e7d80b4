// What does the application see? Plain objects and promises over the wasm bindings.

import init, { decodeToken as decode, returnAddress as resolve, start, TokenVerifier } from "./countersign_js.js";

/** A failure with a stable `code`; `who` must act on it. */
export class CountersignError extends Error {
  constructor({ code, who, message, retryAfter }) {
    super(message);
    this.name = "CountersignError";
    this.code = code;
    this.who = who;
    this.retryAfter = retryAfter ?? undefined;
  }
}

/** The clients of this page. A second `createAuth` with the same choices finds the first one's. */
const living = new Set();

let loading;
let isLoaded = false;

export async function createAuth(options = {}) {
  if (typeof window === "undefined" || typeof document === "undefined") {
    throw new CountersignError({
      code: "no_browser",
      who: "application",
      message: "Countersign runs in a browser's page, and there is none here. Call createAuth in the browser only.",
    });
  }
  await load(options.wasm);
  return Auth.start(options);
}

export async function createVerifier({ keys, wasm, ...policy }) {
  await load(wasm);
  const set = typeof keys === "string" ? keys : JSON.stringify(keys ?? null);
  const verifier = forward(() => new TokenVerifier(set, JSON.stringify(policy)));
  return new Verifier(verifier, freeze(JSON.parse(await settle(() => verifier.keys()))));
}

export function decodeToken(token) {
  return JSON.parse(ready(() => decode(bytesOf(String(token)))));
}

export function returnAddress(address, page = globalThis.location?.href) {
  return ready(() => resolve(String(address), String(page))) ?? null;
}

export async function load(wasm) {
  loading ??= init(wasm === undefined ? undefined : { module_or_path: wasm });
  try {
    await loading;
    isLoaded = true;
  } catch (cause) {
    // Perhaps the network was down: the next call tries again.
    loading = undefined;
    const message = "The WebAssembly module could not be loaded. Is countersign_js_bg.wasm served, as application/wasm?";
    throw Object.assign(new CountersignError({ code: "wasm_unavailable", who: "network", message }), { cause });
  }
}

class Auth {
  #client;
  #snapshot;
  #listeners = new Listeners();
  #gates = new Set();

  static start({ wasm, ...options }) {
    const auth = new Auth();
    const client = forward(() => start(JSON.stringify(options), () => auth.#changed()));
    for (const other of living) {
      if (other.#client.is(client)) {
        // The start counts; its handle is not needed beside the one that is there.
        client.free();
        return other;
      }
    }
    auth.#client = client;
    auth.#snapshot = read(client);
    living.add(auth);
    return auth;
  }

  get state() {
    return this.#snapshot.state;
  }

  get snapshot() {
    return this.#snapshot;
  }

  // A field, so that it can be handed on by itself: useSyncExternalStore(auth.subscribe, () => auth.state).
  subscribe = (listener) => this.#listeners.add(listener);

  async signIn({ username, password }) {
    await settle(() => this.#client.signIn(String(username ?? ""), String(password ?? "")));
  }

  async signOut() {
    return { acknowledged: await settle(() => this.#client.signOut()) };
  }

  async fetch(input, { repeat, ...init } = {}) {
    const request = new Request(input, init);
    const streams = typeof ReadableStream !== "undefined" && init.body instanceof ReadableStream;
    try {
      return await settle(() => this.#client.fetch(request, streams ? false : repeat));
    } catch (error) {
      // As with the browser's own fetch.
      throw error.code === "aborted" && request.signal.aborted ? request.signal.reason : error;
    }
  }

  accessToken() {
    return settle(() => this.#client.accessToken());
  }

  async sessions() {
    return JSON.parse(await settle(() => this.#client.sessions()));
  }

  async revoke(which) {
    const kind = typeof which === "string" ? which : "one";
    await settle(() => this.#client.revoke(kind, which?.sid));
  }

  async check() {
    await settle(() => this.#client.check());
  }

  async staySignedIn() {
    await settle(() => this.#client.staySignedIn());
  }

  serverTime() {
    const time = this.#client.serverTime();
    return time === undefined ? null : JSON.parse(time);
  }

  can(gate) {
    return JSON.parse(forward(() => this.#client.can(String(gate))));
  }

  gate(gate) {
    return new LiveGate(this.#client, String(gate), this.#gates);
  }

  trace() {
    return this.#client.trace();
  }

  dispose() {
    if (this.#client.dispose()) {
      living.delete(this);
      this.#listeners.clear();
      this.#gates.forEach((end) => end());
    }
  }

  #changed() {
    this.#snapshot = read(this.#client);
    this.#listeners.tell(this.#snapshot.state);
  }
}

/** Tokens that a verifier keeps at hand. */
const MOST_KNOWN = 64;

class Verifier {
  #verifier;
  /** What was verified, by the whole token. Whether it still counts is asked each time. */
  #known = new Map();

  constructor(verifier, keys) {
    this.#verifier = verifier;
    this.keys = keys;
    Object.freeze(this);
  }

  async verify(token) {
    const text = String(token);
    const known = this.#known.get(text);
    if (known && forward(() => this.#verifier.recall(known.token))) return known.shown;
    const open = forward(() => this.#verifier.open(bytesOf(text)));
    const computing = open.begin();
    // Read while the browser computes.
    const shown = freeze(JSON.parse(open.text()));
    const isRight = await computing.catch(() => undefined);
    this.#remember(text, { token: forward(() => this.#verifier.close(open, isRight)), shown });
    return shown;
  }

  #remember(text, known) {
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    this.#known.set(text, known);
  }
}

class LiveGate {
  #client;
  #gate;
  /** What ends each gate that is watched, for `dispose`. */
  #watched;
  #watch;
  #listeners = new Listeners();
  #text;
  #decision;

  constructor(client, gate, watched) {
    this.#client = client;
    this.#gate = gate;
    this.#watched = watched;
    this.#look();
  }

  // As text, the same decision is the same object.
  get decision() {
    this.#look();
    return this.#decision;
  }

  subscribe = (listener) => {
    this.#watch ??= this.#begin();
    const stop = this.#listeners.add(listener);
    return () => {
      stop();
      if (this.#listeners.isEmpty) this.#end();
    };
  };

  #look() {
    const text = this.#watch ? this.#watch.decision() : forward(() => this.#client.can(this.#gate));
    if (text === this.#text) return;
    this.#text = text;
    this.#decision = freeze(JSON.parse(text));
  }

  #begin() {
    this.#watched.add(this.#end);
    return this.#client.watchGate(this.#gate, () => this.#listeners.tell(this.decision));
  }

  #end = () => {
    this.#watched.delete(this.#end);
    this.#listeners.clear();
    this.#watch?.free();
    this.#watch = undefined;
  };
}

/** Who wants to hear of something. */
class Listeners {
  #entries = new Set();

  get isEmpty() {
    return this.#entries.size === 0;
  }

  /** Gives a function that ends it. */
  add(listener) {
    const entry = { listener };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  clear() {
    this.#entries.clear();
  }

  tell(news) {
    for (const entry of [...this.#entries]) {
      if (!this.#entries.has(entry)) continue;
      try {
        entry.listener(news);
      } catch (error) {
        // One listener's mistake is its own: it is reported, and the others hear what changed.
        reportError(error);
      }
    }
  }
}

const encoder = new TextEncoder();

/** Room for the longest token, and for one sign more: what does not fit is too long for all that read it. */
const room = new Uint8Array(16 * 1024 + 4);

/** A token as UTF-8, until the next one. */
function bytesOf(token) {
  return room.subarray(0, encoder.encodeInto(token, room).written);
}

function read(client) {
  const snapshot = JSON.parse(client.snapshot());
  if (snapshot.problem) snapshot.problem = new CountersignError(snapshot.problem);
  return freeze(snapshot);
}

/** What is shown cannot be changed by who looks at it. */
function freeze(value) {
  if (value instanceof Error || Object.isFrozen(value)) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}

/** For calls that need the module and can't wait for it. */
function ready(call) {
  if (!isLoaded) {
    const message = "The WebAssembly module is not there yet: await load(), createAuth() or createVerifier() first.";
    throw new CountersignError({ code: "not_loaded", who: "application", message });
  }
  return forward(call);
}

function forward(call) {
  try {
    return call();
  } catch (error) {
    throw convert(error);
  }
}

async function settle(call) {
  try {
    return await call();
  } catch (error) {
    throw convert(error);
  }
}

/** The bindings throw errors as text; anything else is not theirs. */
function convert(error) {
  return typeof error === "string" ? new CountersignError(JSON.parse(error)) : error;
}
