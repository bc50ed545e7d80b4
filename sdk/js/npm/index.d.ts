/** How the browser carries its credential: an HttpOnly cookie, or an access token in memory. */
export type Flow = "session" | "token";

/**
 * Where access tokens are kept (token flow): in the memory of one tab, in `sessionStorage` (this tab, over a reload), or in
 * IndexedDB (all tabs; one renewal serves them all). What a script can read, an attacker's script can read too.
 */
export type Storage = "memory" | "session" | "indexed_db";

export interface AuthOptions {
  /** Default `"session"`. */
  flow?: Flow;
  /** The server's address, absolute or from the page's origin. Default `"/"`. */
  server?: string;
  /** The OAuth client id. Default `"demo"`. */
  clientId?: string;
  /** The `iss` that tokens and events must have. Default: what the server says at sign-in. */
  issuer?: string;
  /** Default `"memory"`. */
  storage?: Storage;
  /** Milliseconds before the end of the idle time at which `snapshot.idleEndsAt` appears. Default 60000. */
  idleWarning?: number;
  /** Where the provider puts roles, scope and names, if not in claims of those names. */
  claimMap?: ClaimMap;
  /** Origins besides the server's whose requests get the credential, such as `"https://api.example.com"`. */
  allowedOrigins?: string[];
  /** How many steps `auth.trace()` remembers, in at most so many KiB; 0 keeps none. Default 500. */
  trace?: number;
  /** Where the WebAssembly is, if not beside this module: an address, a response, or its bytes. */
  wasm?: string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>;
}

/**
 * Where claims are. Each list is asked in order: the first name that is there counts, and lists of rights are joined. A
 * place is the name of a claim, or the names that lead to it from the outside in: for Keycloak
 * `{ roles: [["realm_access", "roles"], ["resource_access", "my-client", "roles"]] }`.
 */
export interface ClaimMap {
  username?: ClaimPlace[];
  name?: ClaimPlace[];
  email?: ClaimPlace[];
  roles?: ClaimPlace[];
  scope?: ClaimPlace[];
  permissions?: ClaimPlace[];
}

export type ClaimPlace = string | string[];

/**
 * Starts a client, or gives the living one with the same server, client id and flow. Call it once for the page, and
 * `dispose()` as often as it was called.
 *
 * Rejects with `no_browser` outside a page, `wasm_unavailable`, `invalid_options`, `invalid_flow`, `invalid_storage`,
 * `invalid_claim_map`, `invalid_address` or `insecure_origin`.
 */
export function createAuth(options?: AuthOptions): Promise<Auth>;

/**
 * Loads the module: for those below that do not wait, where no `createAuth` went before. Rejects with `wasm_unavailable`.
 * Outside a page, as in a worker or in Node, hand it the module or its bytes.
 */
export function load(wasm?: AuthOptions["wasm"]): Promise<void>;

/**
 * Decodes a signed token for display (RFC 7519): **nobody vouches for it**. Within 16 KiB and depth 32, strict base64url,
 * one JSON object each, no member twice. Throws `not_a_token`, `token_encrypted` or `not_loaded`.
 */
export function decodeToken(token: string): { readonly header: JsonObject; readonly claims: JsonObject };

/**
 * A verifier of tokens that are not the session's own, which is checked by itself. WebCrypto does the arithmetic. Rejects
 * with `invalid_options` and `wasm_unavailable`. In Node or a worker call `load` first.
 */
export function createVerifier(policy: TokenPolicy): Promise<Verifier>;

/** What a token has to be. What is left out is checked as strictly as can be, and what is misspelt is refused. */
export interface TokenPolicy {
  /** The JWK set (RFC 7517), as an object or as text: at most 100 keys. Keys for other uses and private ones are left out. */
  keys: { keys: object[] } | string;
  /** Compared with `iss` as an exact string. */
  issuer: string;
  /** What `aud` has to name; `null` where somebody else is the audience and checks it. */
  audience: string | null;
  /** Default `"access-token"` (RFC 9068). One kind never passes for another. */
  kind?: "access-token" | "id-token" | "security-event" | "logout-token";
  /** An allow-list. Default: all that are here. A key is used only for the algorithm that it is for. */
  algorithms?: Algorithm[];
  /** Claims that have to be there besides those of the kind. */
  required?: string[];
  /** Seconds by which clocks may differ. Default 60. */
  leeway?: number;
  /** Seconds since `iat` that are allowed. Default: any. */
  maxAge?: number;
}

export type Algorithm =
  | "ES256" | "ES384" | "ES512"
  | "RS256" | "RS384" | "RS512"
  | "PS256" | "PS384" | "PS512"
  | "EdDSA" | "Ed25519";

export interface Verifier {
  /** The keys of the set that this browser can use. */
  readonly keys: readonly { readonly keyId: string | null; readonly algorithms: readonly Algorithm[] }[];
  /**
   * Checks a token from text to signature; times by this device's clock. The last 64 that were verified are remembered as
   * a whole, and only their time is judged again: the same token gives the same object.
   *
   * Rejects with `not_a_token`, `token_encrypted`, `token_kind`, `token_algorithm`, `token_critical`, `token_header`,
   * `token_claim_missing`, `token_claim_mistyped`, `token_issuer`, `token_audience`, `token_authorized_party`,
   * `token_expired`, `token_not_yet_valid`, `token_too_old`, `token_no_key`, `token_signature`, or `token_unsupported`
   * where the browser can't tell.
   */
  verify(token: string): Promise<VerifiedToken>;
}

export interface VerifiedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** The `kid` of the key that vouches for it; null where the key has none. */
  readonly keyId: string | null;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The address to return to after a sign-in, absolute, if it stays on the page's origin; else null (RFC 9700 §4.11.1).
 * `page` is the absolute address that relative ones start from. Default: this page's. Throws `not_loaded`.
 */
export function returnAddress(address: string, page?: string): string | null;

export interface Auth {
  /** Who is signed in, as far as this tab knows. The same object until something changes. */
  readonly state: AuthState;
  /** The state, and what goes with it. The same object until something changes. */
  readonly snapshot: AuthSnapshot;
  /** Calls back after each change, not with what is there already. Gives a function that ends it. */
  readonly subscribe: (listener: (state: AuthState) => void) => () => void;
  /** Rejects with `invalid_credentials`, `account_suspended`, `rate_limited`, or an error of the network. */
  signIn(credentials: { username: string; password: string }): Promise<void>;
  /** Signs out here at once; `acknowledged` says whether the server knows already. */
  signOut(): Promise<{ acknowledged: boolean }>;
  /**
   * `fetch` with the user's credential, which only the server's origin and allowed ones get. An answer of any status
   * resolves. Rejects with `origin_not_allowed`, `signed_out` or `unreachable`.
   */
  fetch(input: RequestInfo | URL, init?: AuthRequestInit): Promise<Response>;
  /** The bare access token (token flow only), renewed if it is about to end. */
  accessToken(): Promise<string>;
  /** The user's sessions on all devices, newest first. */
  sessions(): Promise<DeviceSession[]>;
  /** Ends one session, all others, or all. Rejects with `step_up_required` when the sign-in is too old for that. */
  revoke(which: { sid: string } | "others" | "all"): Promise<void>;
  /** Asks the server now whether all this still holds. */
  check(): Promise<void>;
  /**
   * The user wants to stay signed in: ends the countdown of `snapshot.idleEndsAt` in all tabs and tells the server at once.
   * A key or a pointer that is pressed does the same by itself.
   */
  staySignedIn(): Promise<void>;
  /** What the server's clock says in Unix milliseconds, give or take; null before its first answer. */
  serverTime(): { at: number; uncertainty: number } | null;
  /**
   * Whether a part of the UI is open to this user now. For convenience only: **the server decides**, on every request.
   * Throws `invalid_gate`.
   */
  can(gate: Gate): Decision;
  /**
   * A gate that keeps up with the state and with time. For convenience only: **the server decides**, on every request.
   * Throws `invalid_gate`.
   */
  gate(gate: Gate): LiveGate;
  /**
   * What this client was told, did and showed, and why: one JSON document to attach to a report, without secrets and
   * without names. It is kept in this page's memory only; `undefined` where `trace: 0` switched it off.
   */
  trace(): string | undefined;
  /** Takes back one `createAuth`; stops everything with the last. The user stays signed in. */
  dispose(): void;
}

export interface AuthRequestInit extends RequestInit {
  /**
   * Whether it may be sent a second time after a renewal. Default: GET, HEAD, OPTIONS, PUT and DELETE may, others may
   * not. A body that streams never is.
   */
  repeat?: boolean;
}

export type AuthState = UnknownState | SigningInState | SignedOutState | SignedInState;

/** Not yet established: show neither gated parts nor the sign-in form. */
export interface UnknownState {
  readonly status: "unknown";
}

export interface SigningInState {
  readonly status: "signing-in";
}

export interface SignedOutState {
  readonly status: "signed-out";
  readonly reason: Reason;
  /** Who revoked the session; null for other reasons. */
  readonly revokedBy: "user" | "admin" | "system" | null;
  /** A sentence for the user. */
  readonly message: string;
}

export interface SignedInState {
  readonly status: "signed-in";
  readonly subject: string;
  readonly username: string | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly roles: readonly string[];
  readonly scope: readonly string[];
  readonly permissions: readonly string[];
  /** `acr`, and `amr`: how sure the server is of who this is, and how the user authenticated. */
  readonly assurance: string | null;
  readonly methods: readonly string[];
  /** All claims as the server sent them. */
  readonly claims: JsonObject;
  /** Which of these the token does not hold: the answer that brought it said them, and no signature vouches for them. */
  readonly beside: readonly ("username" | "name" | "email")[];
  /** Where the claims come from. */
  readonly source: "session-endpoint" | "access-token" | "token-endpoint";
  /** Whether a signature vouches for the claims. */
  readonly verification: "from-server" | "pending" | "verified" | "unsupported" | "failed";
  /** The `kid` of the key that vouches for them; null where none does, or it has no name. */
  readonly keyId: string | null;
  /** When the claims were asked for: Unix milliseconds by this device's clock. */
  readonly receivedAt: number;
  /** The session's public name; no secret. */
  readonly sid: string;
  readonly flow: Flow;
  /** When the session ends at the latest: Unix milliseconds by this device's clock. */
  readonly expiresAt: number;
  /** When the access token ends (token flow). */
  readonly tokenExpiresAt: number | null;
  /** How sure we are. `unverified`: offline, or events may have been missed. */
  readonly standing: "current" | "renewing" | "unverified" | "step-up-required";
  readonly unverifiedSince: number | null;
}

export type Reason =
  | "signed_out"
  | "no_credential"
  | "expired"
  | "idle"
  | "revoked"
  | "reuse_suspected"
  | "rotation_answer_lost"
  | "credential_changed"
  | "evicted";

export interface AuthSnapshot {
  readonly state: AuthState;
  /** The last thing that went wrong and is not yet mended. */
  readonly problem: CountersignError | null;
  /** Signed out here, but the server has not acknowledged it yet. */
  readonly signOutOwed: boolean;
  /** What a reload will find. `this-tab`: the browser refused storage. */
  readonly durability: "shared" | "this-tab";
  /** What a reload will do, as a sentence for developers. */
  readonly durabilityMessage: string;
  /** Where access tokens are kept indeed: `"memory"` where there are none, or where the browser refuses more. */
  readonly storage: Storage;
  /** So many calls wait for a credential. */
  readonly waiting: number;
  /**
   * The user has done nothing for long, in any tab: the session ends then, in Unix milliseconds by this device's clock. Null
   * until the countdown begins.
   */
  readonly idleEndsAt: number | null;
}

export interface DeviceSession {
  readonly sid: string;
  /** The session this tab is signed in with. */
  readonly current: boolean;
  readonly flow: string;
  /** Unix milliseconds by the server's clock, as the two below. */
  readonly createdAt: number;
  readonly activeAt: number;
  readonly expiresAt: number;
  readonly userAgent: string;
  readonly address: string;
}

/**
 * A condition as text: `role:admin & (fresh:60s | assurance:mfa)`, from `role:`, `scope:`, `permission:`,
 * `claim:NAME=VALUE`, `fresh:60s`, `signed_in:5m`, `assurance:`, `anyone` and `nobody`, with `&`, `|`, `!`, parentheses
 * and `"…"` around names with signs in them, in at most 4096 bytes and 32 levels. Text that is none throws `invalid_gate`
 * with the column.
 */
export type Gate = string;

/** What a gate says, as it changes. */
export interface LiveGate {
  /** What it says now. The same object until that changes. */
  readonly decision: Decision;
  /**
   * Calls back after each change, not with what is there already: when claims, their age or the standing change, and when
   * time alone changes it. Nothing is polled. Gives a function that ends it.
   */
  readonly subscribe: (listener: (decision: Decision) => void) => () => void;
}

interface Closed {
  readonly why:
    | "not_known_yet"
    | "signed_out"
    | "missing_role"
    | "missing_scope"
    | "missing_permission"
    | "other_claim"
    | "not_genuine"
    | "unconfirmed"
    | "too_old"
    | "missing_assurance"
    | "signed_in_too_long_ago"
    | "sign_in_time_unknown"
    | "excluded";
  /** A sentence that a UI can show. */
  readonly message: string;
}

export type Decision = (
  | { readonly decision: "open" }
  | ({ readonly decision: "closed" } & Closed)
  /** Closed until the user authenticates again, as strongly and as freshly as this (RFC 9470). */
  | ({ readonly decision: "step-up"; readonly acrValues: string | null; readonly maxAge: number | null } & Closed)
) & {
  /** When time alone may change it, in Unix milliseconds by this device's clock: ask again then, or use `auth.gate`. */
  readonly changesAt: number | null;
};

/** A failure. Match on `code`, which is stable; the message is for people and never holds a secret. */
export class CountersignError extends Error {
  constructor(error: { code: string; who: CountersignError["who"]; message: string; retryAfter?: number | null });
  readonly name: "CountersignError";
  readonly code: string;
  /** Who must act. */
  readonly who: "user" | "application" | "server" | "network";
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter?: number;
}
