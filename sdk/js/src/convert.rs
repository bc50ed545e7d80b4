//! How does what the core says look in JavaScript?

use countersign::core::claims::{Claims, Source, Verification};
use countersign::core::json::{self, Value, object};
use countersign::core::jwt::Key;
use countersign::{
    Decision, DeviceSession, Durability, Error, Reason, ServerTime, Session, Snapshot, Standing, State, Who,
};
use wasm_bindgen::JsValue;

/// What a failed call throws.
pub fn error(error: &Error) -> JsValue {
    json::print(&error_value(error)).into()
}

pub fn snapshot(snapshot: &Snapshot) -> String {
    json::print(&object([
        ("state", state(&snapshot.state)),
        ("problem", snapshot.problem.as_ref().map(error_value).into()),
        ("signOutOwed", Value::Bool(snapshot.sign_out_owed)),
        (
            "durability",
            match snapshot.durability {
                Durability::Shared => "shared".into(),
                Durability::ThisTab => "this-tab".into(),
            },
        ),
        ("durabilityMessage", snapshot.durability.sentence().into()),
        ("storage", snapshot.storage.code().into()),
        ("waiting", i64::try_from(snapshot.waiting).unwrap_or(i64::MAX).into()),
        ("idleEndsAt", snapshot.idle_ends_at.into()),
    ]))
}

pub fn server_time(time: &ServerTime) -> String {
    let uncertainty = i64::try_from(time.uncertainty).unwrap_or(i64::MAX);
    json::print(&object([("at", time.at.into()), ("uncertainty", uncertainty.into())]))
}

pub fn sessions(sessions: &[DeviceSession]) -> String {
    let millis = |seconds: i64| Value::Integer(seconds.saturating_mul(1000));
    let one = |session: &DeviceSession| {
        object([
            ("sid", session.sid.as_str().into()),
            ("current", Value::Bool(session.current)),
            ("flow", session.flow.as_str().into()),
            ("createdAt", millis(session.created_at)),
            ("activeAt", millis(session.active_at)),
            ("expiresAt", millis(session.expires_at)),
            ("userAgent", session.user_agent.as_str().into()),
            ("address", session.address.as_str().into()),
        ])
    };
    json::print(&Value::List(sessions.iter().map(one).collect()))
}

/// `changes_at`: when time alone may change it.
pub fn decision(decision: &Decision, changes_at: Option<i64>) -> String {
    let mut members = match decision {
        Decision::Open => vec![("decision", "open".into())],
        Decision::Closed { .. } => vec![("decision", "closed".into())],
        Decision::StepUp { acr_values, max_age, .. } => vec![
            ("decision", "step-up".into()),
            ("acrValues", acr_values.as_deref().into()),
            ("maxAge", max_age.map(i64::from).into()),
        ],
    };
    if let Some(why) = decision.why() {
        members.extend([("why", why.code().into()), ("message", why.sentence().as_str().into())]);
    }
    members.push(("changesAt", changes_at.into()));
    json::print(&Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

pub fn keys(keys: &[Key]) -> String {
    let one = |key: &Key| {
        let algorithms = key.algorithms.iter().map(|algorithm| algorithm.name().into()).collect();
        object([("keyId", key.id.as_deref().into()), ("algorithms", Value::List(algorithms))])
    };
    json::print(&Value::List(keys.iter().map(one).collect()))
}

fn error_value(error: &Error) -> Value {
    let who = match error.who {
        Who::User => "user",
        Who::Application => "application",
        Who::Server => "server",
        Who::Network => "network",
    };
    object([
        ("who", who.into()),
        ("code", error.code.as_str().into()),
        ("message", error.message.as_str().into()),
        ("retryAfter", error.retry_after.map(i64::from).into()),
    ])
}

fn state(state: &State) -> Value {
    match state {
        State::Unknown => object([("status", "unknown".into())]),
        State::SigningIn => object([("status", "signing-in".into())]),
        State::SignedOut { reason } => object([
            ("status", "signed-out".into()),
            ("reason", reason.code().into()),
            ("revokedBy", revoked_by(reason).into()),
            ("message", reason.sentence().into()),
        ]),
        State::SignedIn { claims, session, expires_at, standing } => signed_in(claims, session, *expires_at, *standing),
    }
}

fn revoked_by(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Revoked { by } => Some(by.code()),
        _ => None,
    }
}

fn signed_in(claims: &Claims, session: &Session, expires_at: i64, standing: Standing) -> Value {
    let (standing, unverified_since) = match standing {
        Standing::Current => ("current", None),
        Standing::Renewing => ("renewing", None),
        Standing::Unverified { since } => ("unverified", Some(since)),
        Standing::StepUpRequired => ("step-up-required", None),
    };
    let texts = |texts: &[String]| Value::List(texts.iter().map(|text| text.as_str().into()).collect());
    object([
        ("status", "signed-in".into()),
        ("subject", claims.subject.as_str().into()),
        ("username", claims.username.as_deref().into()),
        ("name", claims.name.as_deref().into()),
        ("roles", texts(&claims.roles)),
        ("email", claims.email.as_deref().into()),
        ("scope", texts(&claims.scope)),
        ("permissions", texts(&claims.permissions)),
        ("assurance", claims.assurance.as_deref().into()),
        ("methods", texts(&claims.methods)),
        ("claims", claims.all.clone()),
        ("beside", Value::List(claims.beside.iter().map(|name| (*name).into()).collect())),
        ("source", source(&claims.provenance.source).into()),
        ("verification", verification(&claims.provenance.verification).into()),
        ("keyId", key_id(&claims.provenance.verification).into()),
        ("receivedAt", claims.provenance.received_at.into()),
        ("sid", session.sid.as_str().into()),
        ("flow", session.flow.code().into()),
        ("expiresAt", expires_at.into()),
        ("tokenExpiresAt", session.token_expires_at.into()),
        ("standing", standing.into()),
        ("unverifiedSince", unverified_since.into()),
    ])
}

fn source(source: &Source) -> &'static str {
    match source {
        Source::SessionEndpoint => "session-endpoint",
        Source::AccessToken => "access-token",
        Source::TokenEndpoint => "token-endpoint",
    }
}

/// An empty one is a key without a name.
fn key_id(verification: &Verification) -> Option<&str> {
    match verification {
        Verification::Verified { key_id } if !key_id.is_empty() => Some(key_id),
        _ => None,
    }
}

fn verification(verification: &Verification) -> &'static str {
    match verification {
        Verification::FromServer => "from-server",
        Verification::Pending => "pending",
        Verification::Verified { .. } => "verified",
        Verification::Unsupported => "unsupported",
        Verification::Failed => "failed",
    }
}
