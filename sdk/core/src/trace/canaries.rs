//! Does anything get into a trace that must not? Every input and effect, with something to find in every place.

use data_encoding::BASE64URL_NOPAD;

use crate::config::{Config, FlowKind};
use crate::effect::{Body, Dressing, Effect, Keep, Reach, Reply, Request, SignatureCheck};
use crate::error::Error;
use crate::input::{
    Answer, Ask, Command, HttpFailure, Input, LockOutcome, PageNews, ReadOutcome, RecallOutcome, Response, Revoke,
    Stored, StreamNews, SwapOutcome, VerifyOutcome,
};
use crate::jwt::Algorithm;
use crate::machine::Machine;
use crate::secret::Secret;
use crate::time::Moment;
use crate::trace::line::{Line, Printer, Tokens};
use crate::trace::names::Names;
use crate::trace::word;

/// Neither word, right, number nor name.
const CANARY: &str = "cAnary@7";
const NUMBER: &str = "77077077";

fn config() -> Config {
    let config = Config::new(FlowKind::Token, "https://app.cAnary@7.test", "https://auth.cAnary@7.test");
    Config {
        base_path: format!("/{CANARY}"),
        client_id: CANARY.to_owned(),
        issuer: Some(format!("https://issuer.{CANARY}.test")),
        audience: Some(CANARY.to_owned()),
        allowed_origins: vec![format!("https://other.{CANARY}.test")],
        claim_map: crate::claims::ClaimMap::auth0(&format!("https://{CANARY}.test/")),
        ..config
    }
}

/// A document with a canary in every member that there is a rule for, and in one that there is none for.
fn document() -> String {
    let members = crate::trace::vocabulary::members().map(|member| match member {
        // Public by the protocol, and said so.
        "sid" | "id" | "sign_out_owed" => format!(r#""{member}":"s1""#),
        "access_token" | "set" => format!(r#""{member}":"{}""#, token()),
        "user" | "claims" | "session" | "sub_id" | "answer" => format!(r#""{member}":{}"#, flat()),
        "sessions" | "keys" => format!(r#""{member}":[{},"{CANARY}",["{CANARY}"]]"#, flat()),
        "events" => format!(r#""{member}":{{"{CANARY}":{}}}"#, flat()),
        _ => format!(r#""{member}":"{CANARY}""#),
    });
    let all: Vec<String> = members.chain([unknown()]).collect();
    format!("{{{}}}", all.join(","))
}

fn flat() -> String {
    format!(r#"{{"name":"{CANARY}","roles":["{CANARY}","a {CANARY}"],"code":{{"{CANARY}":1}},{}}}"#, unknown())
}

fn unknown() -> String {
    format!(r#""{CANARY}":"{CANARY}","unknown":{NUMBER},"more":{{"name":"{CANARY}","a":[{NUMBER}]}}"#)
}

fn token() -> String {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let header = format!(r#"{{"alg":"{CANARY}","kid":"{CANARY}","jku":"{CANARY}","crit":["{CANARY}"]}}"#);
    format!("{}.{}.{}", part(&header), part(&flat()), part(CANARY))
}

fn secret() -> Secret {
    Secret::new(CANARY)
}

fn stored() -> Stored {
    let kept = format!(r#"{{"received_at":1,"answer":{}}}"#, document());
    Stored { revision: 1, text: document(), kept: Some(Secret::new(kept)) }
}

fn response(body: &str) -> Response {
    let names = ["content-type", "countersign-ep", "date", "etag", "retry-after", "www-authenticate", "age", "x-own"];
    let mut headers: Vec<(String, String)> = names.map(|name| (name.to_owned(), CANARY.to_owned())).into();
    headers.push(("cache-control".to_owned(), format!("max-age=60, {CANARY}")));
    Response { status: 200, headers, body: body.as_bytes().to_vec() }
}

fn challenge() -> String {
    format!(r#"Bearer realm="{CANARY}", error="{CANARY}", error_description="{CANARY}", acr_values="{CANARY}""#)
}

/// The input after this one. A new variant has no place in the row until somebody gives it one.
fn next_input(input: Option<&Input>) -> Option<Input> {
    let command = |command| Some(Input::Command { id: 1, command });
    let http = |outcome| Some(Input::Http { stamp: 1, outcome });
    let record = |outcome| Some(Input::Record { stamp: 1, outcome });
    let swap = |outcome| Some(Input::Swap { stamp: 1, outcome });
    let recalled = |outcome| Some(Input::Recalled { stamp: 1, outcome });
    let stream = |news| Some(Input::Stream { stamp: 1, news });
    let Some(input) = input else { return Some(Input::Started) };
    match input {
        Input::Started => Some(Input::Woke),
        Input::Woke => command(Command::SignIn { username: CANARY.to_owned(), password: secret() }),
        Input::Command { command: asked, .. } => match asked {
            Command::SignIn { .. } => command(Command::SignOut),
            Command::SignOut => {
                command(Command::Ask(Ask { origin: format!("https://{CANARY}.test"), repeatable: true }))
            }
            Command::Ask(_) => command(Command::Answered(Answer {
                status: 401,
                www_authenticate: Some(challenge()),
                ep: Some(CANARY.to_owned()),
                problem: Some(CANARY.to_owned()),
            })),
            Command::Answered(_) => command(Command::AccessToken),
            Command::AccessToken => command(Command::Sessions),
            Command::Sessions => command(Command::Revoke(Revoke::One { sid: "s1".to_owned() })),
            Command::Revoke(Revoke::One { .. }) => command(Command::Revoke(Revoke::Others)),
            Command::Revoke(Revoke::Others) => command(Command::Revoke(Revoke::All)),
            Command::Revoke(Revoke::All) => command(Command::Check),
            Command::Check => command(Command::Stay),
            Command::Stay => Some(Input::Dropped { id: 1 }),
        },
        Input::Dropped { .. } => http(Ok(response(&document()))),
        Input::Http { outcome: Ok(answer), .. } if answer.body.starts_with(b"{") => http(Ok(response(CANARY))),
        Input::Http { outcome: Ok(_), .. } => http(Err(HttpFailure::Network)),
        Input::Http { outcome: Err(_), .. } => record(ReadOutcome::Found(stored())),
        Input::Record { outcome, .. } => match outcome {
            ReadOutcome::Found(_) => record(ReadOutcome::Nothing),
            ReadOutcome::Nothing => record(ReadOutcome::TimedOut),
            ReadOutcome::TimedOut => record(ReadOutcome::Refused),
            ReadOutcome::Refused => swap(SwapOutcome::Lost(Some(stored()))),
        },
        Input::Swap { outcome, .. } => match outcome {
            SwapOutcome::Lost(Some(_)) => swap(SwapOutcome::Lost(None)),
            SwapOutcome::Lost(None) => swap(SwapOutcome::Swapped),
            SwapOutcome::Swapped => swap(SwapOutcome::TimedOut),
            SwapOutcome::TimedOut => swap(SwapOutcome::Refused),
            SwapOutcome::Refused => recalled(RecallOutcome::Found(Secret::new(document()))),
        },
        Input::Recalled { outcome, .. } => match outcome {
            RecallOutcome::Found(kept) if kept.expose() != CANARY => recalled(RecallOutcome::Found(secret())),
            RecallOutcome::Found(_) => recalled(RecallOutcome::Nothing),
            RecallOutcome::Nothing => recalled(RecallOutcome::Claimed),
            RecallOutcome::Claimed => recalled(RecallOutcome::Refused),
            RecallOutcome::Refused => Some(Input::Lock { stamp: 1, outcome: LockOutcome::Granted }),
        },
        Input::Lock { outcome: LockOutcome::Granted, .. } => {
            Some(Input::Lock { stamp: 1, outcome: LockOutcome::Refused })
        }
        Input::Lock { outcome: LockOutcome::Refused, .. } => Some(Input::Leading { stamp: 1 }),
        Input::Leading { .. } => Some(Input::Tab { text: document() }),
        Input::Tab { .. } => stream(StreamNews::Opened { status: 200, content_type: CANARY.to_owned() }),
        Input::Stream { news, .. } => match news {
            StreamNews::Opened { .. } => stream(StreamNews::Bytes(frames().into_bytes())),
            StreamNews::Bytes(_) => stream(StreamNews::Closed),
            StreamNews::Closed => Some(Input::Verified { stamp: 1, outcome: VerifyOutcome::Right }),
        },
        Input::Verified { outcome, .. } => match outcome {
            VerifyOutcome::Right => Some(Input::Verified { stamp: 1, outcome: VerifyOutcome::Wrong }),
            VerifyOutcome::Wrong => Some(Input::Verified { stamp: 1, outcome: VerifyOutcome::Unsupported }),
            VerifyOutcome::Unsupported => Some(Input::Page(PageNews::Visible)),
        },
        Input::Page(news) => match news {
            PageNews::Visible => Some(Input::Page(PageNews::Hidden)),
            PageNews::Hidden => Some(Input::Page(PageNews::Shown)),
            PageNews::Shown => Some(Input::Page(PageNews::Leaving)),
            PageNews::Leaving => Some(Input::Page(PageNews::Online)),
            PageNews::Online => Some(Input::Page(PageNews::Offline)),
            PageNews::Offline => Some(Input::Page(PageNews::Acted)),
            PageNews::Acted => None,
        },
    }
}

fn frames() -> String {
    let (token, document) = (token(), document());
    format!(
        ": {CANARY}\nid: {CANARY}\nevent: {CANARY}\ndata: {CANARY}\n\nevent: security\ndata: {token}\n\n\
         event: security\ndata: {CANARY}\n\nevent: ready\ndata: {document}\n\nevent: heartbeat\ndata: {CANARY}\n\nda"
    )
}

fn request() -> Request {
    let headers =
        ["Accept", "If-None-Match", "Last-Event-ID", "X-Own"].map(|name| (name, secret())).into_iter().chain([
            ("Authorization", Secret::new(format!("Bearer {}", token()))),
            ("Authorization", secret()),
            ("Countersign-Request", Secret::new("s1")),
        ]);
    Request {
        method: "POST",
        url: config().address("/auth/token"),
        headers: headers.collect(),
        body: Some(Body { content_type: "application/json", text: Secret::new(document()) }),
        reach: Reach::SameOrigin,
        cookies: true,
        keepalive: false,
        deadline: None,
    }
}

/// The effect after this one.
fn next_effect(effect: Option<&Effect>) -> Option<Effect> {
    let swap = |keep| Some(Effect::Swap { stamp: 1, expected: None, revision: 1, text: document(), keep });
    let reply = |reply| Some(Effect::Reply { id: 1, reply });
    let Some(effect) = effect else { return Some(Effect::Http { stamp: 1, request: request() }) };
    match effect {
        Effect::Http { request: asked, .. } if !asked.url.contains("stranger") => {
            let url = format!("https://stranger.{CANARY}.test/{CANARY}");
            Some(Effect::Http { stamp: 1, request: Request { url, ..request() } })
        }
        Effect::Http { .. } => Some(Effect::Abort { stamp: 1 }),
        Effect::Abort { .. } => Some(Effect::Read { stamp: 1 }),
        Effect::Read { .. } => swap(Keep::Write(Secret::new(document()))),
        Effect::Swap { keep, .. } => match keep {
            Keep::Write(kept) if kept.expose() != CANARY => swap(Keep::Write(secret())),
            Keep::Write(_) => swap(Keep::Leave),
            Keep::Leave => swap(Keep::Erase),
            Keep::Erase => Some(Effect::Retain { kept: Some(Secret::new(document())) }),
        },
        Effect::Retain { kept: Some(_) } => Some(Effect::Retain { kept: None }),
        Effect::Retain { kept: None } => Some(Effect::Recall { stamp: 1 }),
        Effect::Recall { .. } => Some(Effect::Disclaim),
        Effect::Disclaim => Some(Effect::Lock { stamp: 1, wait: 1 }),
        Effect::Lock { .. } => Some(Effect::Unlock),
        Effect::Unlock => Some(Effect::Lead { stamp: 1 }),
        Effect::Lead { .. } => Some(Effect::StandDown),
        Effect::StandDown => Some(Effect::Tell { text: document() }),
        Effect::Tell { .. } => Some(Effect::Wake { after: Some(1) }),
        Effect::Wake { after: Some(_) } => Some(Effect::Wake { after: None }),
        Effect::Wake { after: None } => Some(Effect::OpenStream { stamp: 1, request: request() }),
        Effect::OpenStream { .. } => Some(Effect::CloseStream),
        Effect::CloseStream => {
            let (message, signature) = (token().into_bytes(), CANARY.as_bytes().to_vec());
            let check = SignatureCheck { algorithm: Algorithm::Es256, key: CANARY.to_owned(), message, signature };
            Some(Effect::Verify { stamp: 1, check })
        }
        Effect::Verify { .. } => reply(Reply::Done),
        Effect::Reply { reply: said, .. } => match said {
            Reply::Done => reply(Reply::SignedOut { acknowledged: true }),
            Reply::SignedOut { .. } => reply(Reply::Dressed(Dressing {
                headers: request().headers,
                reach: Reach::OtherOrigin,
                cookies: false,
            })),
            Reply::Dressed(_) => reply(Reply::Deliver),
            Reply::Deliver => reply(Reply::Token(secret())),
            Reply::Token(_) => reply(Reply::Sessions(crate::devices::read(&devices()).unwrap())),
            Reply::Sessions(_) => reply(Reply::Failed(Error::server(CANARY, CANARY).with_retry_after(Some(1)))),
            Reply::Failed(_) => Some(Effect::Hint { signed_in_until: Some(1) }),
        },
        Effect::Hint { signed_in_until: Some(_) } => Some(Effect::Hint { signed_in_until: None }),
        Effect::Hint { signed_in_until: None } => None,
    }
}

fn devices() -> crate::json::Value {
    let text = format!(
        r#"{{"sessions":[{{"sid":"s1","current":true,"flow":"{CANARY}","created_at":1,"active_at":1,"expires_at":1,
        "user_agent":"{CANARY}","address":"{CANARY}"}}]}}"#
    );
    crate::json::parse(text.as_bytes()).unwrap()
}

fn inputs() -> Vec<Input> {
    std::iter::successors(next_input(None), |input| next_input(Some(input))).collect()
}

fn effects() -> Vec<Effect> {
    std::iter::successors(next_effect(None), |effect| next_effect(Some(effect))).collect()
}

fn written(write: impl FnOnce(&mut Line<'_>)) -> String {
    let (config, mut names) = (config(), Names::default());
    let mut codes = Vec::new();
    let mut line = Line { codes: &mut codes, config: &config, names: &mut names, tokens: Tokens::Whole };
    line.begin();
    write(&mut line);
    line.close();
    let mut printer = Printer::after(String::new());
    printer.print(&codes);
    printer.text
}

/// What of the planted things stands in a text: as it is, encoded, or cut out of its token.
fn found(text: &str) -> Vec<String> {
    let encoded = [BASE64URL_NOPAD.encode(CANARY.as_bytes()), "cAnary%407".to_owned()];
    let token = token();
    let parts = token.split('.').map(str::to_owned);
    let planted = [CANARY.to_owned(), "cAnary".to_owned(), NUMBER.to_owned()].into_iter().chain(encoded).chain(parts);
    planted.filter(|planted| text.contains(planted.as_str())).collect()
}

#[test]
fn c10_c29_no_input_brings_anything_into_a_trace_that_is_not_named() {
    let inputs = inputs();
    assert!(inputs.len() > 40);
    for input in inputs {
        let text = written(|line| {
            line.input(&input);
            line.close();
        });
        assert_eq!(found(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn c10_c29_no_effect_brings_anything_into_a_trace_that_is_not_named() {
    let effects = effects();
    assert!(effects.len() > 25);
    for effect in effects {
        let text = written(|line| {
            line.open_list(word!("effects"));
            line.effect(&effect);
            line.close();
        });
        assert_eq!(found(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn c10_c29_no_canary_is_in_what_a_machine_exports() {
    let mut machine = Machine::new(Config { trace: 20, ..config() });
    for (monotonic, input) in (1_000..).zip(inputs()) {
        machine.handle(Moment { wall: 1_790_000_000_000, monotonic, random: [7; 32] }, input);
        while machine.poll_effect().is_some() {}
        let trace = machine.trace().unwrap();
        assert_eq!(found(&trace), Vec::<String>::new(), "{trace}");
        assert!(crate::json::parse(trace.as_bytes()).is_ok(), "{trace}");
        assert!(!trace.contains(&"07".repeat(16)), "what keys are made of");
    }
}

#[test]
fn what_decides_stays() {
    let body =
        r#"{"sid":"s1","ep":7,"expires_in":"300","claims":{"roles":["admin"],"scope":"a:read b"},"reason":"revoked"}"#;
    let headers = [("content-type", "application/json; charset=utf-8"), ("retry-after", "5"), ("countersign-ep", "9")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let response = Response { status: 200, headers, body: body.as_bytes().to_vec() };
    let text = written(|line| {
        line.input(&Input::Http { stamp: 3, outcome: Ok(response) });
        line.close();
    });
    let expected = r#"{"input":{"what":"http","stamp":3,"status":200,"content-type":"application/json","countersign-ep":"9","retry-after":"5","body":"#;
    assert_eq!(text, format!("{expected}{body}}}}}"));
}
