//! What ends a session? Each way writes the tombstone and the event in one transaction.

use super::{Presented, same};
use crate::{
    error::Error,
    model::{Ended, Event, EventType, Flow, Initiator, Kind, Reason, Session, Time},
    state::State,
    store::{Answer, Transaction},
};

/// One change that ends sessions: when, why, by whom. All its events share a transaction id.
#[derive(Debug, Clone)]
pub struct Ending {
    pub at: Time,
    pub reason: Reason,
    pub by: Initiator,
    pub transaction: String,
}

impl Ending {
    pub fn new(state: &State, at: Time, reason: Reason, by: Initiator) -> Self {
        Ending { at, reason, by, transaction: state.random.id() }
    }

    /// Ends one session, with its event.
    pub async fn end(&self, transaction: &mut dyn Transaction, session: Session) -> Answer<()> {
        let event = self.event(Kind::Session, &session.sid, &session.sub);
        self.bury(transaction, session).await?;
        transaction.append_event(&event).await?;
        Ok(())
    }

    /// Ends every living session of a user, with one event for all. Says how many there were.
    pub async fn end_user(&self, transaction: &mut dyn Transaction, sub: &str) -> Answer<usize> {
        let mut ended = 0;
        for session in transaction.sessions_of(sub).await? {
            if session.over(self.at).is_none() {
                self.bury(transaction, session).await?;
                ended += 1;
            }
        }
        // Also without a session: an access token may be on its way.
        transaction.append_event(&self.event(Kind::Subject, sub, sub)).await?;
        Ok(ended)
    }

    /// Writes the tombstone only.
    async fn bury(&self, transaction: &mut dyn Transaction, mut session: Session) -> Answer<()> {
        tracing::info!(
            event = "session_ended",
            sub = session.sub,
            sid = session.sid,
            reason = self.reason.word(),
            by = self.by.word()
        );
        session.ended = Some(Ended { at: self.at, reason: self.reason, by: self.by });
        transaction.save_session(&session).await
    }

    fn event(&self, kind: Kind, id: &str, sub: &str) -> Event {
        Event {
            number: 0,
            at: self.at,
            kind,
            id: id.to_owned(),
            sub: sub.to_owned(),
            what: EventType::SessionRevoked,
            reason: Some(self.reason),
            by: self.by,
            transaction: self.transaction.clone(),
            claims: None,
        }
    }
}

/// What a sign-out brings.
#[derive(Clone, Copy)]
pub struct SignOut<'a> {
    /// The authority.
    pub presented: Presented<'a>,
    /// The session that the browser wants to end, if it says so: it may be another one of the same user.
    pub meant: Option<&'a str>,
    /// For so many milliseconds the user's wish has waited, if it says so: a session that began since is not meant.
    pub waited: Option<i64>,
    /// The client that asks, where it says so: it can only end sessions of its own (RFC 7009 §2.1).
    pub client_id: Option<&'a str>,
}

/// What a sign-out has done.
pub struct SignedOut {
    /// The session that it ended.
    pub sid: Option<String>,
    /// The presented credential opens nothing any more, so its cookie goes too.
    pub is_spent: bool,
}

impl SignOut<'_> {
    /// Whether the session that is meant is the presented credential's own.
    fn is_own(&self) -> bool {
        self.meant.is_none_or(|sid| sid == self.presented.sid)
    }

    fn is_meant(&self, session: &Session, now: Time) -> bool {
        self.waited.is_none_or(|waited| session.created_at.0 <= now.0.saturating_sub(waited))
    }
}

/// Signs out. Who presents nothing that is known has nothing to end, and that is no error (RFC 7009 §2.2).
pub async fn sign_out(state: &State, request: SignOut<'_>) -> Result<SignedOut, Error> {
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let own = living_session(&mut *transaction, request.presented, now).await?;
    let own = own.filter(|own| request.client_id.is_none_or(|client_id| client_id == own.client_id));
    let ended = match own {
        Some(own) if request.is_own() => Some(own),
        Some(own) => named(&mut *transaction, request.meant, now).await?.filter(|named| named.sub == own.sub),
        None => None,
    };
    let (ended, began_since) = match ended {
        Some(session) if !request.is_meant(&session, now) => (None, true),
        ended => (ended, false),
    };
    let sid = ended.as_ref().map(|session| session.sid.clone());
    if let Some(session) = ended {
        let ending = Ending::new(state, now, Reason::SignedOut, Initiator::User);
        ending.end(&mut *transaction, session).await?;
        transaction.commit().await?;
        state.publish().await;
    }
    Ok(SignedOut { sid, is_spent: request.is_own() && !began_since })
}

async fn named(transaction: &mut dyn Transaction, sid: Option<&str>, now: Time) -> Answer<Option<Session>> {
    let Some(sid) = sid else { return Ok(None) };
    Ok(transaction.session(sid).await?.filter(|session| session.over(now).is_none()))
}

/// Ends one session by its `sid`; the caller has checked that it may. False if there is no such living session.
pub async fn end_session(state: &State, sid: &str, reason: Reason, by: Initiator) -> Result<bool, Error> {
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let Some(session) = named(&mut *transaction, Some(sid), now).await? else { return Ok(false) };
    Ending::new(state, now, reason, by).end(&mut *transaction, session).await?;
    transaction.commit().await?;
    state.publish().await;
    Ok(true)
}

/// Ends the user's living sessions, each with an event of its own, and says how many. The session `current` is spared
/// (`spare_current`) or signed out.
pub async fn end_all(state: &State, sub: &str, current: &str, spare_current: bool) -> Result<usize, Error> {
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let revoked = Ending::new(state, now, Reason::Revoked, Initiator::User);
    let signed_out = Ending { reason: Reason::SignedOut, ..revoked.clone() };
    let mut ended = 0;
    for session in transaction.sessions_of(sub).await? {
        let is_current = session.sid == current;
        if session.over(now).is_some() || (is_current && spare_current) {
            continue;
        }
        let ending = if is_current { &signed_out } else { &revoked };
        ending.end(&mut *transaction, session).await?;
        ended += 1;
    }
    transaction.commit().await?;
    state.publish().await;
    Ok(ended)
}

/// The session that this credential opens, while it lives. A refresh token counts in any of its generations: whoever
/// held one may sign out.
pub async fn living_session(
    transaction: &mut dyn Transaction,
    presented: Presented<'_>,
    now: Time,
) -> Answer<Option<Session>> {
    let Some(session) = transaction.session(presented.sid).await? else { return Ok(None) };
    let is_genuine = match session.flow {
        Flow::Session => session.secret_hash.is_some_and(|hash| same(&hash, &presented.hash())),
        Flow::Token => transaction.refresh_token(presented.sid, &presented.hash()).await?.is_some(),
    };
    Ok((is_genuine && session.over(now).is_none()).then_some(session))
}
