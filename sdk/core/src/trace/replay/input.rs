//! Which input was it? As much of it as the trace has.

use data_encoding::BASE64URL_NOPAD;

use crate::input::{
    Answer, Ask, Command, HttpFailure, Input, LockOutcome, PageNews, ReadOutcome, RecallOutcome, Response, Revoke,
    Stored, StreamNews, SwapOutcome, VerifyOutcome,
};
use crate::json::{self, Value};
use crate::record::Record;
use crate::secret::Secret;
use crate::sse;
use crate::trace::input::HEADERS;
use crate::trace::replay::members::{Members, NotATrace, unknown};

const FAILURES: &[HttpFailure] = &[HttpFailure::Network, HttpFailure::Deadline, HttpFailure::Aborted];
const LOCKS: &[LockOutcome] = &[LockOutcome::Granted, LockOutcome::Refused];
const CHECKS: &[VerifyOutcome] = &[VerifyOutcome::Right, VerifyOutcome::Wrong, VerifyOutcome::Unsupported];
const NEWS: &[PageNews] = &[
    PageNews::Visible,
    PageNews::Hidden,
    PageNews::Shown,
    PageNews::Leaving,
    PageNews::Online,
    PageNews::Offline,
    PageNews::Acted,
];

pub(super) fn read(input: &Value) -> Result<Input, NotATrace> {
    let members = Members(input);
    let stamp = || members.number("stamp");
    Ok(match members.text("what")? {
        "started" => Input::Started,
        "woke" => Input::Woke,
        "dropped" => Input::Dropped { id: members.number("call")? },
        "http" => Input::Http { stamp: stamp()?, outcome: http(members)? },
        "record" => Input::Record { stamp: stamp()?, outcome: read_outcome(members)? },
        "swap" => Input::Swap { stamp: stamp()?, outcome: swap_outcome(members)? },
        "lock" => Input::Lock { stamp: stamp()?, outcome: members.one_of("outcome", LOCKS, LockOutcome::code)? },
        "recalled" => Input::Recalled { stamp: stamp()?, outcome: recall_outcome(members)? },
        "leading" => Input::Leading { stamp: stamp()? },
        "tab" => Input::Tab { text: text(members.member("said")?) },
        "stream" => Input::Stream { stamp: stamp()?, news: stream(members)? },
        "verified" => {
            Input::Verified { stamp: stamp()?, outcome: members.one_of("outcome", CHECKS, VerifyOutcome::code)? }
        }
        "page" => Input::Page(members.one_of("news", NEWS, PageNews::code)?),
        command => Input::Command { id: members.number("call")?, command: self::command(command, members)? },
    })
}

fn command(what: &str, members: Members<'_>) -> Result<Command, NotATrace> {
    Ok(match what {
        "sign_in" => Command::SignIn {
            username: members.text("username")?.to_owned(),
            password: Secret::new(members.text("password")?),
        },
        "sign_out" => Command::SignOut,
        "ask" => {
            Command::Ask(Ask { origin: members.text("origin")?.to_owned(), repeatable: members.truth("repeatable") })
        }
        "answered" => Command::Answered(Answer {
            status: members.status("status")?,
            www_authenticate: challenge(members)?,
            ep: members.optional_text("ep"),
            problem: members.optional_text("problem"),
        }),
        "access_token" => Command::AccessToken,
        "sessions" => Command::Sessions,
        "revoke_one" => Command::Revoke(Revoke::One { sid: members.text("sid")?.to_owned() }),
        "revoke_others" => Command::Revoke(Revoke::Others),
        "revoke_all" => Command::Revoke(Revoke::All),
        "check" => Command::Check,
        "stay" => Command::Stay,
        other => return Err(unknown("what", other)),
    })
}

fn http(members: Members<'_>) -> Result<Result<Response, HttpFailure>, NotATrace> {
    if members.optional("failed").is_some() {
        return members.one_of("failed", FAILURES, HttpFailure::code).map(Err);
    }
    let mut headers = Vec::new();
    for (name, _) in HEADERS {
        headers.extend(members.optional_text(name).map(|value| (name.to_owned(), value)));
    }
    headers.extend(challenge(members)?.map(|value| ("www-authenticate".to_owned(), value)));
    if members.optional("lifetime").is_some() {
        let seconds = members.number("lifetime")? / 1000;
        headers.push(("cache-control".to_owned(), format!("max-age={seconds}")));
    }
    let body = match (members.optional("body"), members.optional_text("unreadable").as_deref()) {
        (Some(body), _) => json::print(&with_tokens(body)).into_bytes(),
        (None, Some("cut_short")) => b"{".to_vec(),
        (None, Some(_)) => b"}".to_vec(),
        (None, None) => Vec::new(),
    };
    Ok(Ok(Response { status: members.status("status")?, headers, body }))
}

/// One that asks for the same.
fn challenge(members: Members<'_>) -> Result<Option<String>, NotATrace> {
    Ok(match members.optional_text("asks_for").as_deref() {
        None => None,
        Some("renewal") => Some("Bearer".to_owned()),
        Some("right") => Some(r#"Bearer error="insufficient_scope""#.to_owned()),
        Some("step_up") => Some(r#"Bearer error="insufficient_user_authentication""#.to_owned()),
        Some("nonce") => Some(r#"DPoP error="use_dpop_nonce""#.to_owned()),
        Some("nothing") => Some("Basic".to_owned()),
        Some(other) => return Err(unknown("asks_for", other)),
    })
}

fn read_outcome(members: Members<'_>) -> Result<ReadOutcome, NotATrace> {
    Ok(match members.optional_text("outcome").as_deref() {
        None => ReadOutcome::Found(stored(members)?),
        Some("nothing") => ReadOutcome::Nothing,
        Some("timed_out") => ReadOutcome::TimedOut,
        Some("refused") => ReadOutcome::Refused,
        Some(other) => return Err(unknown("outcome", other)),
    })
}

fn recall_outcome(members: Members<'_>) -> Result<RecallOutcome, NotATrace> {
    Ok(match members.optional_text("outcome").as_deref() {
        None => RecallOutcome::Found(Secret::new(text(members.member("kept")?))),
        Some("nothing") => RecallOutcome::Nothing,
        Some("claimed") => RecallOutcome::Claimed,
        Some("refused") => RecallOutcome::Refused,
        Some(other) => return Err(unknown("outcome", other)),
    })
}

fn stored(members: Members<'_>) -> Result<Stored, NotATrace> {
    let kept = members.optional("kept").map(|kept| Secret::new(text(kept)));
    // As a machine writes it: whether a record is its own, it sees by the text.
    let record = text(members.member("record")?);
    let text = Record::read(&record).map_or(record, |record| record.print());
    Ok(Stored { revision: members.number("revision")?, text, kept })
}

fn swap_outcome(members: Members<'_>) -> Result<SwapOutcome, NotATrace> {
    Ok(match members.optional_text("outcome").as_deref() {
        None => SwapOutcome::Lost(Some(stored(members)?)),
        Some("swapped") => SwapOutcome::Swapped,
        Some("timed_out") => SwapOutcome::TimedOut,
        Some("lost") => SwapOutcome::Lost(None),
        Some("refused") => SwapOutcome::Refused,
        Some(other) => return Err(unknown("outcome", other)),
    })
}

fn stream(members: Members<'_>) -> Result<StreamNews, NotATrace> {
    if members.optional("opened").is_some() {
        let content_type = members.text("content-type")?.to_owned();
        return Ok(StreamNews::Opened { status: members.status("opened")?, content_type });
    }
    if members.truth("closed") {
        return Ok(StreamNews::Closed);
    }
    let mut frames = String::new();
    if members.optional("retry").is_some() {
        frames.push_str(&format!("retry: {}\n", members.number("retry")?));
    }
    let events = if members.optional("events").is_some() { members.list("events")? } else { &[] };
    for event in events {
        let event = Members(event);
        let id = event.optional_text("id").unwrap_or_default();
        let (name, data) = (event.text("name")?, event.member("data")?);
        let data = match (name, data) {
            // No JSON, but the token itself.
            ("security", Value::Text(name)) => name.clone(),
            ("security", token) => self::token(token).unwrap_or_default(),
            (_, document) => text(document),
        };
        frames.push_str(&format!("id: {id}\nevent: {name}\ndata: {data}\n\n"));
    }
    if members.truth("overflowed") {
        frames.push_str(&"x".repeat(sse::LARGEST_EVENT + 2));
    }
    Ok(StreamNews::Bytes(frames.into_bytes()))
}

/// A document as text; nothing where there was none.
fn text(document: &Value) -> String {
    match document {
        Value::Null => String::new(),
        document => json::print(&with_tokens(document)),
    }
}

/// A secret of a state: a token, or an answer that is kept.
pub(crate) fn secret(value: &Value) -> String {
    match value {
        Value::Text(name) => name.clone(),
        value => token(value).unwrap_or_else(|| text(value)),
    }
}

/// The document with every token made whole.
pub(super) fn with_tokens(value: &Value) -> Value {
    if let Some(token) = token(value) {
        return Value::Text(token);
    }
    match value {
        Value::List(items) => Value::List(items.iter().map(with_tokens).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), with_tokens(value))).collect())
        }
        other => other.clone(),
    }
}

/// A token as text. Its signature is its name, which opens nothing.
pub(super) fn token(value: &Value) -> Option<String> {
    let name = value.member("jwt")?.as_text()?;
    let part = |name| Some(BASE64URL_NOPAD.encode(json::print(value.member(name)?).as_bytes()));
    let signature = match value.member("signature").and_then(Value::as_text) {
        None => BASE64URL_NOPAD.encode(name.as_bytes()),
        Some("missing") => String::new(),
        Some(_) => name.to_owned(),
    };
    Some(format!("{}.{}.{signature}", part("header")?, part("claims")?))
}
