//! Does this credential pass? A cookie is looked up; a bearer is checked in memory, and in the store only while blind.

use std::sync::Arc;

use countersign_verifier::{Accepted, AccessClaims, Check, Refusal, Verdict};

use super::{Presented, Standing, same, session_and_user};
use crate::{
    error::{Challenge, Error, TokenFault},
    model::{Ended, Flow, Session, Target, Time},
    state::State,
    store::{Answer, Transaction},
};

/// A bearer token that passed.
#[derive(Debug)]
pub struct Bearer {
    pub accepted: Accepted,
    /// What checking it took, for `Server-Timing`.
    pub check: &'static str,
}

/// Looks the session of a cookie up. Reading never extends it.
pub async fn session_cookie(state: &State, presented: Presented<'_>) -> Result<Standing, Error> {
    let mut transaction = state.store.read().await?;
    standing_of(&mut *transaction, presented, state.now()).await
}

/// The session flow's renewal: the user acted `idle_for` seconds ago.
pub async fn renewal_of_idle(state: &State, presented: Presented<'_>, idle_for: i64) -> Result<Standing, Error> {
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let mut standing = standing_of(&mut *transaction, presented, now).await?;
    move_idle_end(state, &mut standing.session, now, idle_for);
    transaction.save_session(&standing.session).await?;
    transaction.commit().await?;
    Ok(standing)
}

async fn standing_of(
    transaction: &mut dyn Transaction,
    presented: Presented<'_>,
    now: Time,
) -> Result<Standing, Error> {
    let (session, user) = session_and_user(transaction, presented.sid).await?.ok_or_else(Error::no_credential)?;
    let is_genuine = session.secret_hash.is_some_and(|hash| same(&hash, &presented.hash()));
    if session.flow != Flow::Session || !is_genuine {
        return Err(Error::no_credential());
    }
    if let Some(ended) = session.over(now) {
        return Err(Error::session_over(ended));
    }
    let ep = transaction.last_event().await?;
    Ok(Standing { session, user, ep, at: now })
}

/// Moves the idle end to what the user's last act gives it: never back, never beyond the absolute end.
pub fn move_idle_end(state: &State, session: &mut Session, now: Time, idle_for: i64) {
    let active_at = now.plus_seconds(-idle_for).max(session.active_at);
    session.active_at = active_at;
    session.idle_ends_at =
        active_at.plus_seconds(state.config.idle_limit).max(session.idle_ends_at).min(session.ends_at);
}

/// Decides about a bearer token. `scope`, if given, must be among its own.
pub async fn bearer(state: &State, token: &str, scope: Option<&str>) -> Result<Bearer, Error> {
    let (accepted, asked_store) = match state.verifier.check(state.now().since_epoch(), token, scope) {
        Ok(accepted) => (accepted, false),
        // The blind policy of this server: ask the store.
        Err(Refusal::Blind(accepted)) => {
            let claims = accepted.claims.clone();
            let target = Target { sub: &claims.sub, sid: &claims.sid, client_id: &claims.client_id };
            match ask_store(state, target, claims.ep).await? {
                None => (accepted, true),
                Some(Verdict::Stale) => return Err(Error::invalid_token(TokenFault::Stale)),
                Some(Verdict::Revoked) => return Err(revoked(state, target.sid).await?),
            }
        }
        Err(Refusal::Expired) => return Err(Error::invalid_token(TokenFault::Expired)),
        Err(Refusal::Stale(_)) => return Err(Error::invalid_token(TokenFault::Stale)),
        Err(Refusal::Revoked(claims)) => return Err(revoked(state, &claims.sid).await?),
        Err(Refusal::InsufficientScope(_)) => {
            let error = Error::forbidden("The access token lacks the scope that this needs.");
            return Err(error.with_challenge(Challenge::InsufficientScope));
        }
        Err(Refusal::Malformed(why)) => {
            tracing::warn!(event = "bearer", outcome = "refused", why);
            return Err(Error::invalid_token(TokenFault::Malformed));
        }
    };
    let check = match (asked_store, accepted.check) {
        (true, _) => "token: feed silent, store asked",
        (false, Check::Cached) => "token: signature cached",
        (false, Check::Verified) => "token: signature checked",
    };
    Ok(Bearer { accepted, check })
}

/// Whose access token this is, if it is a living one of ours: what a revocation needs (RFC 7009).
pub fn session_of_bearer(state: &State, token: &str) -> Option<Arc<AccessClaims>> {
    match state.verifier.check(state.now().since_epoch(), token, None) {
        Ok(accepted) | Err(Refusal::Blind(accepted)) => Some(accepted.claims),
        Err(Refusal::Stale(claims)) => Some(claims),
        Err(_) => None,
    }
}

async fn ask_store(state: &State, target: Target<'_>, ep: u64) -> Answer<Option<Verdict>> {
    let mut transaction = state.store.read().await?;
    let session = transaction.session(target.sid).await?;
    if session.is_none_or(|session| session.ended.is_some()) {
        return Ok(Some(Verdict::Revoked));
    }
    let events = transaction.events_touching(target, ep, u32::MAX).await?;
    let verdicts = events.iter().map(|event| event.what.verdict());
    Ok(verdicts.fold(None, |worst, verdict| match (worst, verdict) {
        (Some(Verdict::Revoked), _) | (_, Verdict::Revoked) => Some(Verdict::Revoked),
        _ => Some(Verdict::Stale),
    }))
}

/// Says why, where the store remembers. Only refusals pay for that look-up.
async fn revoked(state: &State, sid: &str) -> Result<Error, Error> {
    let mut transaction = state.store.read().await?;
    let ended: Option<Ended> = transaction.session(sid).await?.and_then(|session| session.ended);
    let error = Error::invalid_token(TokenFault::Revoked);
    Ok(match ended {
        Some(ended) => error.with_end(ended),
        None => error,
    })
}
