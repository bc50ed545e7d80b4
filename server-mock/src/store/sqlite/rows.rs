//! How a row becomes one of our things. A row that makes no sense is an unusable store and never a guess.

use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    model::{
        Act, Ended, Event, EventType, Flow, Hash, Initiator, Kind, Reason, RefreshToken, Report, Roles, Session,
        Superseded, Time, User,
    },
    store::{Answer, Unavailable},
};

pub fn user(row: &SqliteRow) -> Answer<User> {
    let roles: String = row.try_get("roles")?;
    Ok(User {
        sub: row.try_get("sub")?,
        username: row.try_get("username")?,
        name: row.try_get("name")?,
        roles: Roles::parse(roles.split_whitespace()).ok_or_else(|| strange("users.roles"))?,
        suspended: row.try_get("suspended")?,
        password_hash: row.try_get("password_hash")?,
    })
}

pub fn session(row: &SqliteRow) -> Answer<Session> {
    let secret_hash: Option<Vec<u8>> = row.try_get("secret_hash")?;
    Ok(Session {
        sid: row.try_get("sid")?,
        sub: row.try_get("sub")?,
        client_id: row.try_get("client_id")?,
        flow: match row.try_get("flow")? {
            "session" => Flow::Session,
            "token" => Flow::Token,
            _ => return Err(strange("sessions.flow")),
        },
        secret_hash: secret_hash.map(hash).transpose()?,
        created_at: time(row, "created_at")?,
        authenticated_at: time(row, "authenticated_at")?,
        active_at: time(row, "active_at")?,
        idle_ends_at: time(row, "idle_ends_at")?,
        ends_at: time(row, "ends_at")?,
        user_agent: row.try_get("user_agent")?,
        address: row.try_get("address")?,
        ended: ended(row)?,
    })
}

fn ended(row: &SqliteRow) -> Answer<Option<Ended>> {
    let Some(at) = row.try_get::<Option<i64>, _>("ended_at")? else { return Ok(None) };
    let reason = Reason::from_word(row.try_get("ended_reason")?).ok_or_else(|| strange("sessions.ended_reason"))?;
    let by = Initiator::from_word(row.try_get("ended_by")?).ok_or_else(|| strange("sessions.ended_by"))?;
    Ok(Some(Ended { at: Time(at), reason, by }))
}

pub fn refresh_token(row: &SqliteRow) -> Answer<RefreshToken> {
    let attempt_hash: Option<Vec<u8>> = row.try_get("attempt_hash")?;
    let attempt_hash = attempt_hash.map(hash).transpose()?;
    let superseded_at: Option<i64> = row.try_get("superseded_at")?;
    Ok(RefreshToken {
        sid: row.try_get("sid")?,
        number: row.try_get("number")?,
        secret_hash: hash(row.try_get("secret_hash")?)?,
        superseded: superseded_at.map(|at| Superseded { at: Time(at), attempt_hash }),
    })
}

pub fn event(row: &SqliteRow) -> Answer<Event> {
    let reason: Option<&str> = row.try_get("reason")?;
    Ok(Event {
        number: number(row.try_get("number")?),
        at: time(row, "at")?,
        kind: kind(row.try_get("kind")?)?,
        id: row.try_get("id")?,
        sub: row.try_get("sub")?,
        what: EventType::from_word(row.try_get("what")?).ok_or_else(|| strange("events.what"))?,
        reason: reason.map(|word| Reason::from_word(word).ok_or_else(|| strange("events.reason"))).transpose()?,
        by: Initiator::from_word(row.try_get("initiator")?).ok_or_else(|| strange("events.initiator"))?,
        transaction: row.try_get("txn")?,
        claims: row.try_get("claims")?,
    })
}

pub fn act(row: &SqliteRow) -> Answer<Act> {
    Ok(Act {
        at: time(row, "at")?,
        actor: row.try_get("actor")?,
        act: row.try_get("act")?,
        subject: row.try_get("subject")?,
        outcome: row.try_get("outcome")?,
    })
}

pub fn report(row: &SqliteRow) -> Answer<Report> {
    Ok(Report {
        id: row.try_get("id")?,
        title: row.try_get("title")?,
        author: row.try_get("author")?,
        created_at: time(row, "created_at")?,
    })
}

pub fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Realm => "realm",
        Kind::Subject => "sub",
        Kind::Session => "sid",
        Kind::Client => "client",
    }
}

fn kind(word: &str) -> Answer<Kind> {
    let kinds = [Kind::Realm, Kind::Subject, Kind::Session, Kind::Client];
    kinds.into_iter().find(|kind| kind_word(*kind) == word).ok_or_else(|| strange("events.kind"))
}

/// SQLite has only signed integers; numbers of events are never negative.
pub fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn time(row: &SqliteRow, column: &str) -> Answer<Time> {
    Ok(Time(row.try_get(column)?))
}

fn hash(bytes: Vec<u8>) -> Answer<Hash> {
    bytes.try_into().map_err(|_| strange("a hash"))
}

fn strange(what: &str) -> Unavailable {
    Unavailable(format!("{what} holds what this version does not know"))
}
