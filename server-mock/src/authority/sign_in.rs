//! Sign-in: starts with a name and a password, ends with a session, a refusal, or a wait.

use std::net::IpAddr;

use super::{Ending, Presented, Standing, ending, hash};
use crate::{
    config::Client,
    error::Error,
    model::{Flow, Initiator, Reason, RefreshToken, Session, Time, User},
    state::{State, passwords::LONGEST_PASSWORD},
    store::Transaction,
};

/// What a sign-in brings.
pub struct SignIn<'a> {
    pub flow: Flow,
    pub client: &'a Client,
    pub username: &'a str,
    pub password: String,
    /// The credential whose place the new one takes; its session ends in the same transaction.
    pub replaces: Option<Presented<'a>>,
    pub device: Device,
}

/// On what the user signs in, for the list of devices.
#[derive(Debug, Clone, Default)]
pub struct Device {
    pub user_agent: String,
    pub address: Option<IpAddr>,
}

pub struct SignedIn {
    pub standing: Standing,
    /// `id.secret`: the cookie's value, or the refresh token.
    pub credential: String,
}

pub async fn sign_in(state: &State, request: SignIn<'_>) -> Result<SignedIn, Error> {
    let address = request.device.address;
    let begun_at = state.now();
    if let Err(seconds) = state.limits.take(begun_at, request.username, address) {
        tracing::warn!(event = "sign_in", outcome = "refused", reason = "rate_limited");
        return Err(Error::rate_limited(seconds));
    }

    let checked = check_password(state, request.username, request.password.clone()).await;
    // Only a wrong guess costs one.
    if !matches!(&checked, Err(Error { code: "invalid_credentials", .. })) {
        state.limits.refund(begun_at, request.username, address);
    }
    let user = checked?;
    if user.suspended {
        tracing::warn!(event = "sign_in", sub = user.sub, outcome = "refused", reason = "account_suspended");
        return Err(Error::account_suspended());
    }

    let signed_in = open_session(state, user, &request).await?;
    state.publish().await;
    let session = &signed_in.standing.session;
    tracing::info!(
        event = "sign_in",
        sub = session.sub,
        sid = session.sid,
        flow = session.flow.word(),
        outcome = "done"
    );
    Ok(signed_in)
}

/// The same work and the same answer for a wrong password and an unknown user (S19).
async fn check_password(state: &State, username: &str, password: String) -> Result<User, Error> {
    let mut transaction = state.store.read().await?;
    let user = transaction.user_by_name(username).await?;
    // No transaction is open while a password is hashed: in memory there is only one connection.
    drop(transaction);
    let is_too_long = password.len() > LONGEST_PASSWORD;
    let password = if is_too_long { String::new() } else { password };
    let matches = state.passwords.verify(user.as_ref().map(|user| user.password_hash.as_str()), password).await?;
    match user {
        Some(user) if matches && !is_too_long => Ok(user),
        user => {
            let sub = user.map_or_else(|| "unknown".to_owned(), |user| user.sub);
            tracing::warn!(event = "sign_in", sub, outcome = "refused", reason = "invalid_credentials");
            Err(Error::invalid_credentials())
        }
    }
}

async fn open_session(state: &State, user: User, request: &SignIn<'_>) -> Result<SignedIn, Error> {
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let user = still_allowed(&mut *transaction, &user).await?;
    if let Some(replaced) = request.replaces
        && let Some(old) = ending::living_session(&mut *transaction, replaced, now).await?
    {
        let ending = Ending::new(state, now, Reason::SignedOut, Initiator::User);
        ending.end(&mut *transaction, old).await?;
    }
    // Always a new id and a new secret: whatever an attacker may have planted is worth nothing (S07).
    let (sid, secret) = (state.random.id(), state.random.secret());
    let session = new_session(state, now, &sid, &secret, &user, request);
    transaction.save_session(&session).await?;
    if request.flow == Flow::Token {
        let first = RefreshToken { sid: sid.clone(), number: 1, secret_hash: hash(&secret), superseded: None };
        transaction.insert_refresh_token(&first).await?;
    }
    let ep = transaction.last_event().await?;
    transaction.commit().await?;
    Ok(SignedIn { standing: Standing { session, user, ep, at: now }, credential: format!("{sid}.{secret}") })
}

/// The password was checked outside this transaction; what was true then must still be.
async fn still_allowed(transaction: &mut dyn Transaction, checked: &User) -> Result<User, Error> {
    match transaction.user(&checked.sub).await? {
        Some(user) if user.password_hash != checked.password_hash => Err(Error::invalid_credentials()),
        Some(user) if user.suspended => Err(Error::account_suspended()),
        Some(user) => Ok(user),
        None => Err(Error::invalid_credentials()),
    }
}

fn new_session(state: &State, now: Time, sid: &str, secret: &str, user: &User, request: &SignIn<'_>) -> Session {
    let ends_at = now.plus_seconds(state.config.session_lifetime);
    Session {
        sid: sid.to_owned(),
        sub: user.sub.clone(),
        client_id: request.client.client_id.clone(),
        flow: request.flow,
        secret_hash: (request.flow == Flow::Session).then(|| hash(secret)),
        created_at: now,
        authenticated_at: now,
        active_at: now,
        idle_ends_at: now.plus_seconds(state.config.idle_limit).min(ends_at),
        ends_at,
        user_agent: request.device.user_agent.clone(),
        address: request.device.address.map(|address| address.to_string()).unwrap_or_default(),
        ended: None,
    }
}
