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
  /** Origins besides the server's whose requests get the credential, such as `"https://api.example.com"`. */
  allowedOrigins?: string[];
  /** Where the WebAssembly is, if not beside this module: an address, a response, or its bytes. */
  wasm?: string | URL | Request | Response | BufferSource | WebAssembly.Module | Promise<Response>;
}

/**
 * Starts a client, or gives the living one with the same server, client id and flow. Call it once for the page, and
 * `dispose()` as often as it was called.
 *
 * Rejects with `no_browser` outside a page, `wasm_unavailable`, `invalid_options`, `invalid_flow`, `invalid_storage`,
 * `invalid_address` or `insecure_origin`.
 */
export function createAuth(options?: AuthOptions): Promise<Auth>;

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
   * Pressing a key or moving a pointer does the same by itself.
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
  readonly claims: Readonly<Record<string, unknown>>;
  readonly source: "session-endpoint" | "access-token" | "token-endpoint";
  /** Whether a signature vouches for the claims. */
  readonly verification: "from-server" | "pending" | "verified" | "unsupported" | "failed";
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
 * and `"…"` around names with signs in them. Text that is none throws `invalid_gate` with the column.
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
