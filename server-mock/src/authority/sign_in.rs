//! Sign-in: starts with a name and a password, ends with a session, a refusal, or a wait.

use std::net::IpAddr;

use super::{Ending, Presented, Standing, ending, hash};
use crate::{
    config::Client,
    error::Error,
    model::{Flow, Initiator, Reason, RefreshToken, Session, User},
    state::{State, passwords::LONGEST_PASSWORD},
};

/// What a sign-in brings.
#[derive(Debug)]
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

#[derive(Debug)]
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

    let user = check_password(state, request.username, request.password.clone()).await?;
    state.limits.refund(begun_at, request.username, address);
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
    let now = state.now();
    let (sid, secret) = (state.random.id(), state.random.secret());
    let ends_at = now.plus_seconds(state.config.session_lifetime);
    let session = Session {
        sid: sid.clone(),
        sub: user.sub.clone(),
        client_id: request.client.client_id.clone(),
        flow: request.flow,
        secret_hash: (request.flow == Flow::Session).then(|| hash(&secret)),
        created_at: now,
        authenticated_at: now,
        active_at: now,
        idle_ends_at: now.plus_seconds(state.config.idle_limit).min(ends_at),
        ends_at,
        user_agent: request.device.user_agent.clone(),
        address: request.device.address.map(|address| address.to_string()).unwrap_or_default(),
        ended: None,
    };

    let mut transaction = state.store.write().await?;
    // The password was checked outside this transaction; what was true then must still be.
    match transaction.user(&user.sub).await? {
        Some(now) if now.password_hash != user.password_hash => return Err(Error::invalid_credentials()),
        Some(now) if now.suspended => return Err(Error::account_suspended()),
        Some(_) => {}
        None => return Err(Error::invalid_credentials()),
    }
    if let Some(replaced) = request.replaces {
        if let Some(old) = ending::living_session(&mut *transaction, replaced, now).await? {
            let ending = Ending::new(state, now, Reason::SignedOut, Initiator::User);
            ending.end(&mut *transaction, old).await?;
        }
    }
    transaction.save_session(&session).await?;
    if request.flow == Flow::Token {
        let first = RefreshToken { sid: sid.clone(), number: 1, secret_hash: hash(&secret), superseded: None };
        transaction.insert_refresh_token(&first).await?;
    }
    let user = transaction.user(&user.sub).await?.unwrap_or(user);
    let ep = transaction.last_event().await?;
    transaction.commit().await?;
    Ok(SignedIn { standing: Standing { session, user, ep, at: now }, credential: format!("{sid}.{secret}") })
}
