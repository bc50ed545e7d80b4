/**
 * The package's own readers of what comes from outside, for published vectors and for yours. They are the code that runs
 * in applications; nothing here signs anybody in, and an application needs none of it. Call `load()` first.
 */
export { load } from "./index.js";

/** Reads a JSON document as everything from outside is read, and prints it; undefined if it is not accepted (RFC 8259). */
export function readJson(bytes: Uint8Array): string | undefined;

/** Reads an event stream that comes in these chunks: JSON text of `{ events: { event, data, id }[], lastEventId, retry }`. */
export function readStream(chunks: Uint8Array[]): string;

/** Seconds to wait, at most an hour; undefined if the header is malformed. A date needs the server's time, in milliseconds. */
export function readRetryAfter(value: string, serverTime?: number): number | undefined;

/** What a 401 or 403 with this `WWW-Authenticate` leads to (RFC 6750, RFC 9449, RFC 9470). */
export function readChallenge(
  status: number,
  challenge?: string,
): "renew" | "forbidden" | "step-up" | "nonce" | "nothing";

/**
 * Checks a bare signature with a public key as JWK text; undefined where the algorithm is not one that is ever accepted, or
 * the key is not one for it.
 */
export function checkSignature(
  algorithm: string,
  key: string,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<"right" | "wrong" | "unsupported"> | undefined;

/**
 * Checks a JWS in compact form, whatever its payload is, with a JWK set as text (RFC 7515). Gives `right`, `wrong` or
 * `unsupported`, else the code of what was refused before any signature was computed.
 */
export function checkSigned(text: string, keys: string): Promise<string>;
