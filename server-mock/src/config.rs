//! What can be set, and what holds if nothing is said?

mod arguments;
mod rotation_style;
mod seed;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::state::passwords;

pub use arguments::{Arguments, Loaded, load};
pub use rotation_style::RotationStyle;
pub use seed::{Client, RefreshDelivery, Seed, SeedReport, SeedUser};

/// Everything that the server was told. `Config::default()` is what the binary does without any argument;
/// [`Config::for_tests`] is the same with cheap passwords and exact lifetimes.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Default `127.0.0.1:8080`; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Allows an address beyond loopback. Default no.
    pub beyond_loopback: bool,
    /// The SQLite file. Default none: in memory, gone with the process.
    pub database: Option<PathBuf>,
    /// How long to wait for a lock of the store before answering 503. Default 2 s.
    pub busy_timeout: Duration,
    /// A folder with the application's page, served on every path that is not the server's own. Default none.
    pub page: Option<PathBuf>,
    /// The origin by which browsers know the server: the issuer of its tokens. Default `http://` and the address.
    pub public_url: String,
    /// `aud` of the access tokens: the name of the API. Default `countersign-demo`.
    pub audience: String,
    /// Names that requests may use in `Host`, beside localhost, 127.0.0.1, `[::1]` and that of `public_url`.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may use the server, beside that of `public_url`.
    pub allowed_origins: Vec<String>,
    /// Seconds an access token lives at most. Default 300.
    pub access_token_lifetime: i64,
    /// By how many percent at most an access token lives shorter, each by its own draw, so that tokens that were made together do
    /// not end together. Default 5; 0 gives each the whole lifetime.
    pub access_token_jitter: u32,
    /// Seconds from sign-in to the absolute end of a session. Default 43,200 (12 hours).
    pub session_lifetime: i64,
    /// Seconds without the user acting until a session ends. Default 1,800.
    pub idle_limit: i64,
    /// How refresh tokens rotate, for clients that have no style of their own. Default `retry_window`.
    pub rotation: RotationStyle,
    /// Seconds in which, under `retry_window`, a renewal whose answer was lost may be repeated. Default 60; 0 allows none.
    pub refresh_retry_for: i64,
    /// Seconds since authentication within which other sessions may be ended. Default 900.
    pub recent_authentication: i64,
    /// Days a signing key is used before the next one takes over. Default 30; 0 keeps it for ever.
    pub key_rotation_days: i64,
    /// What hashing a new password costs; a stored hash keeps its own.
    pub password_cost: PasswordCost,
    /// How many passwords are checked at once. Default 2.
    pub password_workers: usize,
    /// How many sign-ins may wait for that before the answer is 503. Default 64.
    pub password_queue: usize,
    /// How often a sign-in may be tried.
    pub login_limits: LoginLimits,
    /// How many connections may be open. Default 4,096.
    pub connections: usize,
    /// How long a request's head or body may take, and an answer stand still because nobody reads it. Default 10 s.
    pub request_time: Duration,
    /// The bearer of `/control`; without one the routes do not exist. Default none.
    pub control_token: Option<Secret>,
    /// Users, clients and reports of the first start.
    pub seed: Seed,
}

/// A text that never shows where things are printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        Secret(text.into())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Argon2id's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB. Default 19,456.
    pub memory_kib: u32,
    /// Passes. Default 2.
    pub iterations: u32,
}

/// Guesses a minute; 0 means no limit. A right password is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginLimits {
    /// By account and address together. Default 30.
    pub per_account_and_address: u32,
    /// By address (IPv6 by /64). Default 300.
    pub per_address: u32,
    /// Over all. Default 3,000.
    pub overall: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            beyond_loopback: false,
            database: None,
            busy_timeout: Duration::from_secs(2),
            page: None,
            public_url: "http://127.0.0.1:8080".to_owned(),
            audience: "countersign-demo".to_owned(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            access_token_lifetime: 300,
            access_token_jitter: 5,
            session_lifetime: 43_200,
            idle_limit: 1_800,
            rotation: RotationStyle::RetryWindow,
            refresh_retry_for: 60,
            recent_authentication: 900,
            key_rotation_days: 30,
            password_cost: PasswordCost { memory_kib: 19_456, iterations: 2 },
            password_workers: 2,
            password_queue: 64,
            login_limits: LoginLimits { per_account_and_address: 30, per_address: 300, overall: 3_000 },
            connections: 4_096,
            request_time: Duration::from_secs(10),
            control_token: None,
            seed: Seed::shipped(),
        }
    }
}

impl Config {
    /// For tests in this process: in memory, the shipped users with their usual passwords at the least Argon2 cost, no login
    /// limits, no jitter, and no wait for the database that a busy machine could cut short.
    pub fn for_tests() -> Config {
        let password_cost = PasswordCost { memory_kib: 8, iterations: 1 };
        let mut seed = Seed::shipped();
        seed.hash_demo_passwords_at(&password_cost);
        let login_limits = LoginLimits { per_account_and_address: 0, per_address: 0, overall: 0 };
        let busy_timeout = Duration::from_secs(60);
        Config { password_cost, seed, login_limits, busy_timeout, access_token_jitter: 0, ..Config::default() }
    }

    /// The PHC string of a password, for a seed file.
    pub fn hash_password(&self, password: &str, random: &crate::Random) -> String {
        passwords::hash(password, &self.password_cost, &random.bytes()[..16]).expect("the cost was checked at start")
    }

    /// The application registered under this id.
    pub fn client(&self, client_id: &str) -> Option<&Client> {
        self.seed.clients.iter().find(|client| client.client_id == client_id)
    }

    /// Whether pages of this origin may use the server with the user's credentials.
    pub fn is_origin_allowed(&self, origin: &str) -> bool {
        origin == self.public_url || self.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    /// Whether the server answers under this name (without port).
    pub fn is_host_allowed(&self, host: &str) -> bool {
        const ALWAYS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
        let is = |allowed: &str| allowed.eq_ignore_ascii_case(host);
        ALWAYS.into_iter().any(is)
            || self.allowed_hosts.iter().any(|allowed| is(allowed))
            || host_of(&self.public_url).is_some_and(is)
    }
}

/// The host of an origin, without scheme and port.
pub fn host_of(origin: &str) -> Option<&str> {
    let authority = origin.split_once("://")?.1;
    Some(without_port(authority))
}

/// `[::1]:80` → `[::1]`, `localhost:80` → `localhost`.
pub fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.ends_with(':') => host,
        _ => authority,
    }
}
