//! How does an event travel to one reader? As a Security Event Token (RFC 8417), signed for that reader alone.

use serde_json::{Map, Value, json};

use crate::{
    model::{Event, EventType, Initiator, Reason, Target},
    state::State,
};

const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";

/// Signs the event for this reader. `previous` is the number of the event before it on the reader's stream, 0 if none.
pub fn sign(state: &State, event: &Event, reader: Target<'_>, previous: u64) -> String {
    let issuer = &state.config.public_url;
    let claims = json!({
        "iss": issuer,
        "aud": reader.client_id,
        "iat": state.now().seconds(),
        "jti": state.random.id(),
        "txn": event.transaction,
        "ep": event.number,
        "prev": previous,
        "sub_id": subject(issuer, event, reader),
        "events": {format!("{CAEP}{}", event.what): payload(event)},
    });
    state.keys.sign("secevent+jwt", &claims)
}

/// The user, and the session where the event is about that one alone.
fn subject(issuer: &str, event: &Event, reader: Target<'_>) -> Value {
    let mut subject = json!({
        "format": "complex",
        "user": {"format": "iss_sub", "iss": issuer, "sub": reader.sub},
    });
    if event.kind == crate::model::Kind::Session {
        subject["session"] = json!({"format": "opaque", "id": event.id});
    }
    subject
}

fn payload(event: &Event) -> Value {
    let mut members = Map::new();
    members.insert("event_timestamp".into(), event.at.seconds().into());
    members.insert("initiating_entity".into(), event.by.word().into());
    if let Some(reason) = event.reason {
        members.insert("reason".into(), reason.word().into());
    }
    members.insert("reason_user".into(), json!({"en": sentence(event)}));
    if let Some(claims) = event.claims.as_deref().and_then(|claims| serde_json::from_str::<Value>(claims).ok()) {
        members.insert("claims".into(), claims);
    }
    members.into()
}

/// What the user may read. Why an administrator did it is not said here.
fn sentence(event: &Event) -> &'static str {
    match (event.what, event.reason, event.by) {
        (EventType::TokenClaimsChange, _, Initiator::System) => "Your access is checked again.",
        (EventType::TokenClaimsChange, ..) => "Your rights have changed.",
        (_, Some(Reason::SignedOut), _) => "You signed out.",
        (_, Some(Reason::ReuseSuspected), _) => "The session was ended because its key was used twice.",
        (_, Some(Reason::CredentialChanged), _) => "The password was changed.",
        (_, _, Initiator::Admin) => "An administrator ended this session.",
        (_, _, Initiator::User) => "You ended this session from another device.",
        (_, _, Initiator::Policy | Initiator::System) => "The server ended this session.",
    }
}
