//! The program: what it prints, how it ends, and what it says when it can't begin.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Output, Stdio},
};

use crate::support::{
    Folder,
    process::{Running, command},
};

/// Runs it to its end and gives the exit code and the one sentence.
fn refused(arguments: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    assert!(stdout.is_empty(), "no ready line");
    let sentence = String::from_utf8(stderr).unwrap();
    assert!(!sentence.contains("panicked") && !sentence.contains("Error {"), "{sentence}");
    (status.code().unwrap(), sentence)
}

#[test]
fn it_says_when_it_is_ready_and_ends_in_order() {
    for signal in ["-INT", "-TERM"] {
        let mut running = Running::start(&["--listen", "127.0.0.1:0", "--control"]);
        let ready = running.line();
        let address = ready.strip_prefix("ready http://").unwrap().to_owned();
        let token = running.line().strip_prefix("control ").unwrap().to_owned();
        assert!(Running::get(&address, "/health", "").starts_with("HTTP/1.1 200 OK"));
        let clock = Running::get(&address, "/control/clock", &format!("authorization: Bearer {token}\r\n"));
        assert!(clock.contains("\"now\":"), "{clock}");
        assert_eq!(running.line(), "");
        assert_eq!(running.line(), "Users of a new database:");
        assert!(running.line().contains("alice-demo-pass"));
        assert_eq!(running.stop(signal), (0, String::new()));
    }
}

#[test]
fn a_port_in_use_is_said_in_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, sentence) = refused(&["--listen", &address]);
    let expected = format!(
        "server-mock: {address} is in use; stop what listens there, or choose another with --listen 127.0.0.1:0\n"
    );
    assert_eq!((code, sentence), (1, expected));
}

#[test]
fn bad_settings_are_said_in_one_sentence() {
    let folder = Folder::new();
    let file = |name: &str, text: &str| {
        std::fs::write(folder.file(name), text).unwrap();
        folder.file(name).display().to_string()
    };
    let unknown = file("unknown.toml", "listne = \"127.0.0.1:0\"");
    let broken = file("broken.toml", "listen = ");
    let style = file("style.toml", "rotation = \"loose\"");
    let seed = file(
        "seed.toml",
        "clients = []\n[[users]]\nusername = \"x\"\nname = \"X\"\nroles = []\npassword_hash = \"plain\"",
    );
    let empty = folder.0.display().to_string();
    for (arguments, part) in [
        (vec!["--page", "/no/such/folder"], "has no index.html"),
        (vec!["--page", &empty], "has no index.html"),
        (vec!["--config", "/no/such/file"], "cannot be read"),
        (vec!["--config", &unknown], "unknown field `listne`"),
        (vec!["--config", &broken], "is not a valid configuration"),
        (vec!["--seed", &seed], "at least one client"),
        (vec!["--allowed-origin", "*"], "allowed_origins must be an origin"),
        (vec!["--allowed-origin", "https://app.example/path"], "allowed_origins must be an origin"),
        (vec!["--public-url", "localhost"], "public_url must be an origin"),
        (vec!["--session-lifetime", "0"], "session_lifetime must be 1 or more"),
        (vec!["--password-memory", "1"], "password_memory must be 8 or more"),
        (vec!["--access-token-jitter", "51"], "access_token_jitter must be 0 to 50"),
        (vec!["--config", &style], "unknown variant `loose`"),
    ] {
        let (code, sentence) = refused(&arguments);
        assert!(sentence.contains(part) && sentence.lines().count() == 1, "{arguments:?}: {sentence}");
        assert_eq!(code, 2, "{sentence}");
    }
    assert_eq!(refused(&["--no-such-flag"]).0, 2);
    assert_eq!(refused(&["--listen", "nowhere"]).0, 2);
    assert_eq!(refused(&["--rotation", "loose"]).0, 2);
    let (code, sentence) = refused(&["--listen", "127.0.0.1:0", "--database", "/no/such/folder/x.db"]);
    assert!(
        code == 1 && sentence.starts_with("server-mock: the database /no/such/folder/x.db cannot be used"),
        "{sentence}"
    );
}

#[test]
fn s31_beyond_loopback_only_when_told_and_never_with_demo_passwords() {
    let public = ["--public-url", "https://id.example"];
    let (code, sentence) = refused(&[&["--listen", "0.0.0.0:0"], &public[..]].concat());
    assert!(code == 2 && sentence.contains("say --beyond-loopback"), "{sentence}");
    let (code, sentence) = refused(&["--listen", "0.0.0.0:0", "--beyond-loopback"]);
    assert!(code == 2 && sentence.contains("public_url must be given"), "{sentence}");
    let (code, sentence) =
        refused(&[&["--listen", "0.0.0.0:0", "--beyond-loopback", "--control"], &public[..]].concat());
    assert!(code == 2 && sentence.contains("control is for loopback only"), "{sentence}");
    let (code, sentence) = refused(&[&["--listen", "0.0.0.0:0", "--beyond-loopback"], &public[..]].concat());
    assert!(code == 2 && sentence.contains("alice still has the shipped demo password"), "{sentence}");
}

#[test]
fn settings_come_from_the_line_then_the_environment_then_the_file() {
    let folder = Folder::new();
    let file = folder.file("config.toml");
    std::fs::write(
        &file,
        "listen = \"127.0.0.1:0\"\npublic_url = \"http://from-file.test\"\naccess_token_lifetime = 60\n",
    )
    .unwrap();
    let issuer = |environment: Option<&str>, line: Option<&str>| {
        let mut arguments = vec!["--config", file.to_str().unwrap()];
        arguments.extend(line.map(|value| ["--public-url", value]).into_iter().flatten());
        let mut command = command(&arguments);
        if let Some(value) = environment {
            command.env("COUNTERSIGN_PUBLIC_URL", value);
        }
        let mut running = Running::spawn(&mut command);
        let address = running.address();
        // The server answers under the name of its public URL, which shows whose it is.
        ["from-file.test", "from-env.test", "from-line.test"].into_iter().find(|host| {
            let mut stream = TcpStream::connect(&address).unwrap();
            write!(stream, "GET /health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer.starts_with("HTTP/1.1 200")
        })
    };
    assert_eq!(issuer(None, None), Some("from-file.test"));
    assert_eq!(issuer(Some("http://from-env.test"), None), Some("from-env.test"));
    assert_eq!(issuer(Some("http://from-env.test"), Some("http://from-line.test")), Some("from-line.test"));
}

#[test]
fn help_explains_every_setting_with_its_variable() {
    let help = String::from_utf8(command(&["--help"]).output().unwrap().stdout).unwrap();
    let settings = help.lines().filter(|line| line.trim_start().starts_with("--")).count();
    let variables = help.matches("[env: COUNTERSIGN_").count();
    assert!(settings >= 25, "{settings}");
    assert_eq!(variables, settings - 1, "all but --hash-password");
}

#[test]
fn a_hash_for_a_seed_of_ones_own() {
    let mut child = command(&["--hash-password", "--password-memory", "8", "--password-iterations", "1"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"a password of my own\n").unwrap();
    let hash = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
}

#[test]
fn s24_s29_what_was_answered_survives_a_kill_and_no_log_holds_a_secret() {
    let folder = Folder::new();
    let database = folder.file("server.db").display().to_string();
    let arguments = ["--listen", "127.0.0.1:0", "--database", &database, "--log", "trace"];
    let mut running = Running::start(&arguments);
    let address = running.address();
    let post = |address: &str, path: &str, cookie: &str, kind: &str, body: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncountersign-request: 1\r\n\
             sec-fetch-site: same-origin\r\ncookie: {cookie}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let renewal = "grant_type=refresh_token&client_id=demo&attempt_key=canary-attempt-key-1";
    let cookie_of = |answer: &str| {
        let line = answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
        line["set-cookie: ".len()..].split(';').next().unwrap().to_owned()
    };
    let credentials = r#"{"username": "bob", "password": "bob-demo-pass", "client_id": "demo"}"#;
    let first = post(&address, "/auth/login", "", json, credentials);
    let second = post(&address, "/auth/token", &cookie_of(&first), form, renewal);
    let wrong = r#"{"username": "canary-user-name", "password": "canary-password", "client_id": "demo"}"#;
    assert!(post(&address, "/auth/login", "", json, wrong).starts_with("HTTP/1.1 401"));
    Running::get(&address, "/api/me", "authorization: Bearer canary.bearer.token\r\n");
    let (_, log) = running.stop("-KILL");

    let mut running = Running::start(&arguments);
    let address = running.address();
    let retried = post(&address, "/auth/token", &cookie_of(&first), form, renewal);
    assert_eq!(cookie_of(&retried), cookie_of(&second));
    drop(running);

    assert!(
        log.contains("sign_in") && log.contains("outcome=\"done\"") && log.contains("invalid_credentials"),
        "{log}"
    );
    let token = second.split("\"access_token\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let secret = |cookie: String| cookie.split_once('.').unwrap().1.to_owned();
    let secrets = [secret(cookie_of(&first)), secret(cookie_of(&second)), token, "bob-demo-pass".into()];
    let canaries = ["canary-attempt-key-1", "canary-user-name", "canary-password", "canary.bearer.token"];
    for secret in secrets.iter().map(String::as_str).chain(canaries) {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
