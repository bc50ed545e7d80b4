//! What an administrator may change, and what follows from it for living credentials.

use serde_json::json;

use super::Ending;
use crate::{
    error::Error,
    model::{Act, Event, EventType, Initiator, Kind, Reason, Roles, Time, User},
    state::State,
    store::{Answer, Transaction},
};

/// Who acts: the `sub` of an administrator, or `control`.
#[derive(Debug, Clone, Copy)]
pub struct Administrator<'a>(pub &'a str);

impl Administrator<'_> {
    /// Writes an act to the log, in the transaction that does it.
    pub async fn note(
        &self,
        transaction: &mut dyn Transaction,
        at: Time,
        act: &str,
        subject: &str,
        outcome: &str,
    ) -> Answer<()> {
        tracing::info!(event = "administration", actor = self.0, act, subject, outcome);
        let (actor, act) = (self.0.to_owned(), act.to_owned());
        let (subject, outcome) = (subject.to_owned(), outcome.to_owned());
        transaction.append_act(&Act { at, actor, act, subject, outcome }).await
    }
}

/// Replaces a user's roles. Their tokens become stale; nobody is signed out.
pub async fn set_roles(state: &State, actor: Administrator<'_>, sub: &str, roles: Roles) -> Result<User, Error> {
    let act =
        format!("set roles to {}", if roles.names().is_empty() { "none".into() } else { roles.names().join(" ") });
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let mut user = transaction.user(sub).await?.ok_or_else(Error::not_found)?;
    if user.roles == roles {
        return Ok(user);
    }
    if user.roles.has("admin") && !roles.has("admin") && is_last_admin(&mut *transaction, &user).await? {
        return refuse(transaction, actor, now, &act, sub).await;
    }
    user.roles = roles;
    transaction.save_user(&user).await?;
    transaction.append_event(&claims_changed(state, now, &user)).await?;
    actor.note(&mut *transaction, now, &act, sub, "done").await?;
    transaction.commit().await?;
    state.publish().await;
    Ok(user)
}

/// Suspends a user, which ends all their sessions, or lifts that.
pub async fn set_suspended(state: &State, actor: Administrator<'_>, sub: &str, suspended: bool) -> Result<User, Error> {
    let act = if suspended { "suspend" } else { "lift the suspension" };
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let mut user = transaction.user(sub).await?.ok_or_else(Error::not_found)?;
    if user.suspended == suspended {
        return Ok(user);
    }
    if suspended && user.roles.has("admin") && is_last_admin(&mut *transaction, &user).await? {
        return refuse(transaction, actor, now, act, sub).await;
    }
    user.suspended = suspended;
    transaction.save_user(&user).await?;
    if suspended {
        let ending = Ending::new(state, now, Reason::Revoked, Initiator::Admin);
        ending.end_user(&mut *transaction, sub).await?;
    }
    actor.note(&mut *transaction, now, act, sub, "done").await?;
    transaction.commit().await?;
    state.publish().await;
    Ok(user)
}

/// Whether nobody else could undo the change.
async fn is_last_admin(transaction: &mut dyn Transaction, user: &User) -> Answer<bool> {
    let users = transaction.users().await?;
    let is_other_admin = |other: &User| other.sub != user.sub && other.roles.has("admin") && !other.suspended;
    Ok(!user.suspended && !users.iter().any(is_other_admin))
}

/// The change is refused, and the attempt leaves its trace.
async fn refuse(
    mut transaction: Box<dyn Transaction>,
    actor: Administrator<'_>,
    now: Time,
    act: &str,
    sub: &str,
) -> Result<User, Error> {
    actor.note(&mut *transaction, now, act, sub, "refused: last_admin").await?;
    transaction.commit().await?;
    Err(Error::last_admin())
}

fn claims_changed(state: &State, now: Time, user: &User) -> Event {
    Event {
        number: 0,
        at: now,
        kind: Kind::Subject,
        id: user.sub.clone(),
        sub: user.sub.clone(),
        what: EventType::TokenClaimsChange,
        reason: None,
        by: Initiator::Admin,
        transaction: state.random.id(),
        claims: Some(json!({"roles": user.roles.names(), "scope": user.roles.scope()}).to_string()),
    }
}
