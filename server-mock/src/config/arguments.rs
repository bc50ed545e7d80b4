//! Where does a setting come from? The command line, else the environment, else the file, else the default.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;
use serde::Deserialize;

use super::{Config, LoginLimits, PasswordCost, RotationStyle, Seed};

/// The server a front-end team runs locally: session cookies, tokens and security events.
///
/// Each setting is also an environment variable (shown beside it) and an entry of the TOML file given with --config, there with
/// the same name and underscores (`public_url = "…"`). The command line wins over the environment, and that over the file.
#[derive(Debug, Clone, Default, Parser, Deserialize)]
#[command(name = "server-mock", version)]
#[serde(default, deny_unknown_fields)]
pub struct Arguments {
    /// Read settings from this TOML file.
    #[arg(long, env = "COUNTERSIGN_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Listen on this address; port 0 takes a free one. [default: 127.0.0.1:8080]
    #[arg(long, env = "COUNTERSIGN_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// Allow --listen beyond loopback. Refused while a user still has a shipped demo password.
    #[arg(long, env = "COUNTERSIGN_BEYOND_LOOPBACK", num_args = 0..=1, default_missing_value = "true")]
    beyond_loopback: Option<bool>,

    /// Keep everything in this SQLite file. [default: in memory, gone with the process]
    #[arg(long, env = "COUNTERSIGN_DATABASE", value_name = "FILE")]
    database: Option<PathBuf>,

    /// Wait this long for a lock of the database before answering 503. [default: 2000]
    #[arg(long, env = "COUNTERSIGN_BUSY_TIMEOUT", value_name = "MILLISECONDS")]
    busy_timeout: Option<u64>,

    /// Serve the page in this folder (with an index.html) on every path that is not the server's own.
    #[arg(long, env = "COUNTERSIGN_PAGE", value_name = "FOLDER")]
    page: Option<PathBuf>,

    /// The origin by which browsers know the server, issuer of its tokens. [default: http:// and the address]
    #[arg(long, env = "COUNTERSIGN_PUBLIC_URL", value_name = "ORIGIN")]
    public_url: Option<String>,

    /// The name of the API: `aud` of the access tokens. [default: countersign-demo]
    #[arg(long, env = "COUNTERSIGN_AUDIENCE", value_name = "NAME")]
    audience: Option<String>,

    /// Also answer under this host name; may be given more than once. localhost and 127.0.0.1 always count.
    #[arg(long = "allowed-host", env = "COUNTERSIGN_ALLOWED_HOSTS", value_name = "HOST", value_delimiter = ',')]
    allowed_hosts: Option<Vec<String>>,

    /// Let pages of this origin use the server (CORS and CSRF); may be given more than once.
    #[arg(long = "allowed-origin", env = "COUNTERSIGN_ALLOWED_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    allowed_origins: Option<Vec<String>>,

    /// Seconds an access token lives at most. [default: 300]
    #[arg(long, env = "COUNTERSIGN_ACCESS_TOKEN_LIFETIME", value_name = "SECONDS")]
    access_token_lifetime: Option<u32>,

    /// Let each access token live up to this much shorter, by a draw of its own; 0 to 50. [default: 5]
    #[arg(long, env = "COUNTERSIGN_ACCESS_TOKEN_JITTER", value_name = "PERCENT")]
    access_token_jitter: Option<u32>,

    /// Seconds from sign-in to the absolute end of a session. [default: 43200]
    #[arg(long, env = "COUNTERSIGN_SESSION_LIFETIME", value_name = "SECONDS")]
    session_lifetime: Option<u32>,

    /// Seconds without the user acting until a session ends. [default: 1800]
    #[arg(long, env = "COUNTERSIGN_IDLE_LIMIT", value_name = "SECONDS")]
    idle_limit: Option<u32>,

    /// What becomes of a refresh token once it was used; a client of the seed may have its own. [default: retry_window]
    #[arg(long, env = "COUNTERSIGN_ROTATION", value_name = "STYLE")]
    rotation: Option<RotationStyle>,

    /// Seconds in which, under retry_window, a renewal whose answer was lost may be repeated; 0 allows none. [default: 60]
    #[arg(long, env = "COUNTERSIGN_REFRESH_RETRY_FOR", value_name = "SECONDS")]
    refresh_retry_for: Option<u32>,

    /// Seconds since authentication within which other sessions may be ended. [default: 900]
    #[arg(long, env = "COUNTERSIGN_RECENT_AUTHENTICATION", value_name = "SECONDS")]
    recent_authentication: Option<u32>,

    /// Days a signing key is used before the next takes over; 0 keeps it for ever. [default: 30]
    #[arg(long, env = "COUNTERSIGN_KEY_ROTATION_DAYS", value_name = "DAYS")]
    key_rotation_days: Option<u32>,

    /// Memory that hashing one password takes (Argon2id). [default: 19456]
    #[arg(long, env = "COUNTERSIGN_PASSWORD_MEMORY", value_name = "KIB")]
    password_memory: Option<u32>,

    /// Passes over that memory. [default: 2]
    #[arg(long, env = "COUNTERSIGN_PASSWORD_ITERATIONS", value_name = "COUNT")]
    password_iterations: Option<u32>,

    /// How many passwords are checked at once. [default: 2]
    #[arg(long, env = "COUNTERSIGN_PASSWORD_WORKERS", value_name = "COUNT")]
    password_workers: Option<usize>,

    /// How many sign-ins may wait for that before the answer is 503. [default: 64]
    #[arg(long, env = "COUNTERSIGN_PASSWORD_QUEUE", value_name = "COUNT")]
    password_queue: Option<usize>,

    /// Wrong passwords a minute for one account from one address; 0 means no limit. [default: 30]
    #[arg(long, env = "COUNTERSIGN_LOGIN_LIMIT_ACCOUNT", value_name = "COUNT")]
    login_limit_account: Option<u32>,

    /// Wrong passwords a minute from one address (IPv6: one /64); 0 means no limit. [default: 300]
    #[arg(long, env = "COUNTERSIGN_LOGIN_LIMIT_ADDRESS", value_name = "COUNT")]
    login_limit_address: Option<u32>,

    /// Wrong passwords a minute over all; 0 means no limit. [default: 3000]
    #[arg(long, env = "COUNTERSIGN_LOGIN_LIMIT_OVERALL", value_name = "COUNT")]
    login_limit_overall: Option<u32>,

    /// How many connections may be open. [default: 4096]
    #[arg(long, env = "COUNTERSIGN_CONNECTIONS", value_name = "COUNT")]
    connections: Option<usize>,

    /// Seconds a request's head, and then its body, may take, and that an unread answer may stand still. [default: 10]
    #[arg(long, env = "COUNTERSIGN_REQUEST_TIME", value_name = "SECONDS")]
    request_time: Option<u32>,

    /// Bad days on demand: open /control, on loopback only, to the bearer printed at start.
    #[arg(long, env = "COUNTERSIGN_CONTROL", num_args = 0..=1, default_missing_value = "true")]
    control: Option<bool>,

    /// Users, clients and reports of the first start, as TOML. [default: the shipped demo users]
    #[arg(long, env = "COUNTERSIGN_SEED", value_name = "FILE")]
    seed: Option<PathBuf>,

    /// Read a password from standard input, print its hash for a seed file, and end.
    #[arg(long)]
    #[serde(skip)]
    pub hash_password: bool,

    /// What to log: error, warn, info, debug or trace. [default: warn]
    #[arg(long, env = "COUNTERSIGN_LOG", value_name = "LEVEL")]
    log: Option<tracing_level::Level>,
}

/// The level of the log, read from its name.
pub mod tracing_level {
    use serde::{Deserialize, Deserializer, de::Error};

    /// One of tracing's levels.
    #[derive(Debug, Clone, Copy)]
    pub struct Level(pub tracing::Level);

    impl std::str::FromStr for Level {
        type Err = &'static str;

        fn from_str(text: &str) -> Result<Self, Self::Err> {
            text.parse().map(Level).map_err(|_| "expected error, warn, info, debug or trace")
        }
    }

    impl<'de> Deserialize<'de> for Level {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
        }
    }
}

/// What was said at start, merged.
#[derive(Debug)]
pub struct Loaded {
    /// The settings, but for the two that are only known once the server listens: public URL and control token.
    pub config: Config,
    /// Missing where it follows from the address.
    pub public_url: Option<String>,
    /// Whether `/control` is wanted.
    pub control: bool,
    /// How much to log.
    pub log: tracing::Level,
}

/// Merges command line, environment and file.
///
/// # Errors
/// One sentence that says which setting is wrong.
pub fn load(mut arguments: Arguments) -> Result<Loaded, String> {
    if let Some(file) = &arguments.config {
        let text =
            std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let from_file = toml::from_str(&text)
            .map_err(|error| format!("{} is not a valid configuration: {}", file.display(), error.message()))?;
        arguments.fill_up_from(from_file);
    }
    let public_url = arguments.public_url.take();
    if let Some(origin) = &public_url {
        check_origin(origin, "public_url")?;
    }
    let listen = arguments.listen.unwrap_or(Config::default().listen);
    if public_url.is_none() && !listen.ip().is_loopback() {
        return Err(format!("public_url must be given to listen on {listen}: how should browsers call the server?"));
    }
    let control = arguments.control.unwrap_or(false);
    let log = arguments.log.map_or(tracing::Level::WARN, |level| level.0);
    let config = arguments.into_config()?;
    check(&config, control)?;
    Ok(Loaded { config, public_url, control, log })
}

impl Arguments {
    /// Takes from `other` whatever is not set here.
    fn fill_up_from(&mut self, other: Arguments) {
        macro_rules! fill_up {
            ($($field:ident)+) => { $(self.$field = self.$field.take().or(other.$field);)+ };
        }
        fill_up! {
            listen beyond_loopback database busy_timeout page public_url audience allowed_hosts allowed_origins
            access_token_lifetime access_token_jitter session_lifetime idle_limit rotation refresh_retry_for
            recent_authentication key_rotation_days
            password_memory password_iterations password_workers password_queue login_limit_account
            login_limit_address login_limit_overall connections request_time control seed log
        }
    }

    fn into_config(self) -> Result<Config, String> {
        let default = Config::default();
        Ok(Config {
            listen: self.listen.unwrap_or(default.listen),
            beyond_loopback: self.beyond_loopback.unwrap_or(default.beyond_loopback),
            database: self.database,
            busy_timeout: self.busy_timeout.map_or(default.busy_timeout, Duration::from_millis),
            page: self.page,
            public_url: default.public_url,
            audience: self.audience.unwrap_or(default.audience),
            allowed_hosts: self.allowed_hosts.unwrap_or_default(),
            allowed_origins: self.allowed_origins.unwrap_or_default(),
            access_token_lifetime: self.access_token_lifetime.map_or(default.access_token_lifetime, i64::from),
            access_token_jitter: self.access_token_jitter.unwrap_or(default.access_token_jitter),
            session_lifetime: self.session_lifetime.map_or(default.session_lifetime, i64::from),
            idle_limit: self.idle_limit.map_or(default.idle_limit, i64::from),
            rotation: self.rotation.unwrap_or(default.rotation),
            refresh_retry_for: self.refresh_retry_for.map_or(default.refresh_retry_for, i64::from),
            recent_authentication: self.recent_authentication.map_or(default.recent_authentication, i64::from),
            key_rotation_days: self.key_rotation_days.map_or(default.key_rotation_days, i64::from),
            password_cost: PasswordCost {
                memory_kib: self.password_memory.unwrap_or(default.password_cost.memory_kib),
                iterations: self.password_iterations.unwrap_or(default.password_cost.iterations),
            },
            password_workers: self.password_workers.unwrap_or(default.password_workers),
            password_queue: self.password_queue.unwrap_or(default.password_queue),
            login_limits: LoginLimits {
                per_account_and_address: self
                    .login_limit_account
                    .unwrap_or(default.login_limits.per_account_and_address),
                per_address: self.login_limit_address.unwrap_or(default.login_limits.per_address),
                overall: self.login_limit_overall.unwrap_or(default.login_limits.overall),
            },
            connections: self.connections.unwrap_or(default.connections),
            request_time: self.request_time.map_or(default.request_time, |seconds| Duration::from_secs(seconds.into())),
            control_token: None,
            seed: self.seed.map_or_else(|| Ok(Seed::shipped()), |file| Seed::read(&file))?,
        })
    }
}

fn check(config: &Config, control: bool) -> Result<(), String> {
    let is_loopback = config.listen.ip().is_loopback();
    if !is_loopback && !config.beyond_loopback {
        return Err(format!(
            "listen is {}, which other machines can reach; say --beyond-loopback if that is meant",
            config.listen
        ));
    }
    if !is_loopback && control {
        return Err("control is for loopback only; drop --control or listen on 127.0.0.1".to_owned());
    }
    if let Some(page) = config.page.as_ref().filter(|page| !page.join("index.html").is_file()) {
        return Err(format!("the page folder {} has no index.html", page.display()));
    }
    for origin in &config.allowed_origins {
        check_origin(origin, "allowed_origins")?;
    }
    let positive = [
        ("access_token_lifetime", config.access_token_lifetime),
        ("session_lifetime", config.session_lifetime),
        ("idle_limit", config.idle_limit),
        ("password_workers", config.password_workers.min(1) as i64),
        ("connections", config.connections.min(1) as i64),
    ];
    for (name, value) in positive {
        if value < 1 {
            return Err(format!("{name} must be 1 or more"));
        }
    }
    if config.access_token_jitter > 50 {
        return Err("access_token_jitter must be 0 to 50".to_owned());
    }
    if config.password_cost.memory_kib < 8 || config.password_cost.iterations < 1 {
        return Err("password_memory must be 8 or more and password_iterations 1 or more".to_owned());
    }
    Ok(())
}

fn check_origin(origin: &str, setting: &str) -> Result<(), String> {
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['/', '?', '#', '@', '*', ' ']);
    match authority {
        Some(authority) if is_plain(authority) && origin.is_ascii() => Ok(()),
        _ => Err(format!("{setting} must be an origin such as http://localhost:8080, without a path")),
    }
}
