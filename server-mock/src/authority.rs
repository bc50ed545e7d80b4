//! Who gets a credential, what keeps it alive, and what ends it? Every such decision is in here; none knows HTTP.

mod access;
mod administration;
mod ending;
mod rotation;
mod sign_in;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    model::{Event, EventType, Hash, Initiator, Kind, Reason, Session, Time, User},
    state::{Random, State},
    store::{Answer, Transaction},
};

pub use access::{bearer, renewal_of_idle, session_cookie, session_of_bearer};
pub use administration::{Administrator, set_roles, set_suspended};
pub use ending::{Ending, SignOut, end_all, end_session, sign_out};
pub use rotation::{Refused, Renewal, Rotation, renew, retry_window};
pub use sign_in::{Device, SignIn, sign_in};

/// A cookie's value or a refresh token, as it was presented: `id.secret`.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    pub sid: &'a str,
    secret: &'a str,
}

impl<'a> Presented<'a> {
    /// Nothing if the text has not the form of one of ours.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (sid, secret) = text.split_once('.')?;
        let is_ours = |part: &str, most: usize| {
            !part.is_empty()
                && part.len() <= most
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        (is_ours(sid, 64) && is_ours(secret, 128)).then_some(Presented { sid, secret })
    }

    fn hash(&self) -> Hash {
        hash(self.secret)
    }
}

impl std::fmt::Debug for Presented<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Presented({}.…)", self.sid)
    }
}

/// What a sign-in or a renewal gives, beside the secret: one moment of the session, with the user as of then.
#[derive(Debug, Clone)]
pub struct Standing {
    pub session: Session,
    pub user: User,
    /// The log's last number, read in the transaction that made this.
    pub ep: u64,
    pub at: Time,
}

/// The claims of an access token, in the order of protocol.md.
#[derive(Serialize)]
struct AccessToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    jti: String,
    client_id: &'a str,
    sid: &'a str,
    ep: u64,
    roles: &'a [String],
    scope: String,
    auth_time: i64,
}

/// Mints an access token (RFC 9068) and says for how many seconds it is good: never beyond the session's absolute end.
pub fn access_token(state: &State, standing: &Standing) -> (String, i64) {
    let Standing { session, user, ep, at } = standing;
    let expires_in = access_token_lifetime(state).min(at.seconds_until(session.ends_at));
    let claims = AccessToken {
        iss: &state.config.public_url,
        sub: &user.sub,
        aud: &state.config.audience,
        exp: at.seconds() + expires_in,
        iat: at.seconds(),
        jti: state.random.id(),
        client_id: &session.client_id,
        sid: &session.sid,
        ep: *ep,
        roles: user.roles.names(),
        scope: user.roles.scope(),
        auth_time: session.authenticated_at.seconds(),
    };
    (state.keys.sign("at+jwt", &claims), expires_in)
}

/// The configured lifetime, less a draw: what was made together, after an outage or a mass revocation, is not renewed together.
fn access_token_lifetime(state: &State) -> i64 {
    let longest = state.config.access_token_lifetime;
    let most = longest.saturating_mul(state.config.access_token_jitter.into()) / 100;
    match u32::try_from(most) {
        Ok(0) | Err(_) => longest,
        Ok(most) => longest - i64::from(state.random.up_to(most)),
    }
}

/// The event after which no credential of before is worth anything.
pub fn realm_ended(random: &Random, now: Time) -> Event {
    about_everybody(random, now, EventType::SessionRevoked, Some(Reason::Revoked))
}

/// The event after which every access token of before has to be renewed.
pub fn tokens_stale(random: &Random, now: Time) -> Event {
    about_everybody(random, now, EventType::TokenClaimsChange, None)
}

fn about_everybody(random: &Random, now: Time, what: EventType, reason: Option<Reason>) -> Event {
    Event {
        number: 0,
        at: now,
        kind: Kind::Realm,
        id: String::new(),
        sub: String::new(),
        what,
        reason,
        by: Initiator::System,
        transaction: random.id(),
        claims: None,
    }
}

fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// Compares without telling by its time how much was right.
fn same(left: &Hash, right: &Hash) -> bool {
    left.ct_eq(right).into()
}

/// HMAC over parts that cannot run into each other: each is preceded by its length.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The session and its user, or nothing where the session is unknown.
async fn session_and_user(transaction: &mut dyn Transaction, sid: &str) -> Answer<Option<(Session, User)>> {
    let Some(session) = transaction.session(sid).await? else { return Ok(None) };
    let Some(user) = transaction.user(&session.sub).await? else { return Ok(None) };
    Ok(Some((session, user)))
}
