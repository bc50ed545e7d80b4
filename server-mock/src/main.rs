//! From the command line to a listening server, and back out in order.

use std::{
    io::{IsTerminal, Read, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use server_mock::{Clock, Config, Random, State, app, config, serve};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// What was said at start cannot be done.
const BAD_SETTING: u8 = 2;

/// The machine does not allow it: a port in use, a file that can't be written.
const CANNOT_START: u8 = 1;

/// A sentence for people, and the exit code.
struct Failure(u8, String);

#[tokio::main]
async fn main() -> ExitCode {
    match run(config::Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, sentence)) => {
            eprintln!("server-mock: {sentence}");
            ExitCode::from(code)
        }
    }
}

async fn run(arguments: config::Arguments) -> Result<(), Failure> {
    let wants_hash = arguments.hash_password;
    let loaded = config::load(arguments).map_err(|sentence| Failure(BAD_SETTING, sentence))?;
    if wants_hash {
        return hash_password(&loaded.config);
    }
    tracing_subscriber::fmt()
        .with_max_level(loaded.log)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();

    let mut config = loaded.config;
    let listener = listen(&config).await?;
    let address = listener.local_addr().map_err(|error| Failure(CANNOT_START, error.to_string()))?;
    if loaded.public_url.is_none() {
        // Two names for one page; browsers that send no Sec-Fetch-Site show only the origin.
        config.allowed_origins.push(format!("http://localhost:{}", address.port()));
    }
    config.public_url = loaded.public_url.unwrap_or_else(|| format!("http://{address}"));
    let random = Random::system();
    let control_token = loaded.control.then(|| random.secret());
    config.control_token = control_token.clone().map(Into::into);
    let state =
        State::new(config, Clock::system(), random).await.map_err(|sentence| Failure(CANNOT_START, sentence))?;
    if !address.ip().is_loopback() {
        state.refuse_demo_passwords().await.map_err(|sentence| Failure(BAD_SETTING, sentence))?;
    }
    tokio::spawn(tick(state.clone()));
    let stop = told_to_stop().map_err(|error| Failure(CANNOT_START, error.to_string()))?;
    announce(&format!("http://{address}"), control_token.as_deref(), state.config());
    serve(listener, app(state.clone()), state, stop).await.map_err(|error| Failure(CANNOT_START, error.to_string()))
}

async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    let address = config.listen;
    TcpListener::bind(address).await.map_err(|error| {
        let sentence = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("{address} is in use; stop what listens there, or choose another with --listen 127.0.0.1:0")
            }
            std::io::ErrorKind::PermissionDenied => format!("listening on {address} is not permitted"),
            _ => format!("{address} is no address of this machine"),
        };
        Failure(CANNOT_START, sentence)
    })
}

/// The first lines are for programs, the rest for people.
fn announce(address: &str, control_token: Option<&str>, config: &Config) {
    let mut text = format!("ready {address}\n");
    if let Some(token) = control_token {
        text += &format!("control {token}\n");
    }
    text += "\nUsers of a new database:\n";
    for user in &config.seed.users {
        let (roles, note) = (user.roles.join(", "), if user.suspended { ", suspended" } else { "" });
        let password = match config::Seed::shipped_password(user) {
            Some(password) => format!("password {password}"),
            None => "password of your own".to_owned(),
        };
        text += &format!("  {:<8} {password:<28} {roles}{note}\n", user.username);
    }
    // Who started us may not read any of it.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

async fn tick(state: State) {
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        state.tick().await;
    }
}

/// Completes at Ctrl-C or a polite kill. Both are heard from this call on, not only once somebody waits.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

fn hash_password(config: &Config) -> Result<(), Failure> {
    let mut password = String::new();
    let read = std::io::stdin().read_to_string(&mut password);
    read.map_err(|error| Failure(CANNOT_START, format!("standard input cannot be read: {error}")))?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < 8 {
        return Err(Failure(BAD_SETTING, "a password must have 8 characters or more".to_owned()));
    }
    println!("{}", config.hash_password(password, &Random::system()));
    Ok(())
}
