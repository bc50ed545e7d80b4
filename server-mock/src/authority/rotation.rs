//! Renewal of the token flow: every use of a refresh token gives a successor, and each token has at most one.
//!
//! Starts with a presented token and an attempt key; ends rotated, retried, superseded (nothing happens) or as reuse (the
//! lineage ends). Only hashes are stored, yet a retry gets the same successor, because the successor's secret follows from what
//! is presented: HMAC(rotation key, lineage ‖ number ‖ presented secret ‖ attempt key).

use base64ct::{Base64UrlUnpadded, Encoding};

use super::{Ending, Presented, Standing, access::move_idle_end, hash, hmac, same, session_and_user};
use crate::{
    error::Error,
    model::{Flow, Initiator, Reason, RefreshToken, Superseded, Time},
    state::State,
    store::{Answer, Transaction},
};

pub struct Renewal<'a> {
    pub presented: Presented<'a>,
    pub client_id: &'a str,
    /// Seconds since the user last acted; without it the idle end stays.
    pub idle_for: Option<i64>,
    pub attempt_key: Option<&'a str>,
    /// The key that made what the browser holds.
    pub last_attempt_key: Option<&'a str>,
}

pub struct Renewed {
    pub standing: Standing,
    /// The successor, `id.secret`.
    pub refresh_token: String,
    pub rotation: Rotation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// A new successor was made.
    Rotated,
    /// The answer was lost: the same successor again.
    Retried,
    /// This browser's own late copy: refused, nothing else.
    Superseded,
    /// Somebody else's copy: the lineage has ended.
    Reuse,
}

#[derive(Debug)]
pub struct Refused {
    pub error: Error,
    /// Set where the rotation rules decided.
    pub rotation: Option<Rotation>,
}

impl Rotation {
    pub fn word(self) -> &'static str {
        match self {
            Rotation::Rotated => "rotated",
            Rotation::Retried => "retried",
            Rotation::Superseded => "superseded",
            Rotation::Reuse => "reuse",
        }
    }
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Refused { error: error.into(), rotation: None }
    }
}

pub async fn renew(state: &State, renewal: Renewal<'_>) -> Result<Renewed, Refused> {
    let outcome = renew_in_transaction(state, &renewal).await;
    let sid = renewal.presented.sid;
    match &outcome {
        Ok(renewed) => tracing::info!(event = "renewal", sid, outcome = renewed.rotation.word()),
        Err(refused) => {
            let reason = refused.error.reason.map(Reason::word);
            tracing::warn!(event = "renewal", sid, outcome = "refused", code = refused.error.code, reason);
        }
    }
    if matches!(&outcome, Err(Refused { rotation: Some(Rotation::Reuse), .. })) {
        state.publish().await;
    }
    outcome
}

async fn renew_in_transaction(state: &State, renewal: &Renewal<'_>) -> Result<Renewed, Refused> {
    let unknown = || Error::invalid_grant(Reason::NoCredential);
    let sid = renewal.presented.sid;
    let mut transaction = state.store.write().await?;
    // Read after the lock is held: a writer that had to wait must not judge by the time of its arrival.
    let now = state.now();

    let (mut session, user) = session_and_user(&mut *transaction, sid).await?.ok_or_else(unknown)?;
    let token = transaction.refresh_token(sid, &renewal.presented.hash()).await?.ok_or_else(unknown)?;
    if session.flow != Flow::Token || session.client_id != renewal.client_id {
        return Err(unknown().into());
    }
    if let Some(ended) = session.over(now) {
        return Err(Error::lineage_over(ended).into());
    }

    let lineage = Lineage { state, sid, now, renewal };
    let (successor, rotation) = match lineage.judge(&mut *transaction, token).await? {
        Judgement::Rotate { number, successor } => {
            lineage.rotate(&mut *transaction, number, &successor).await?;
            (successor, Rotation::Rotated)
        }
        Judgement::Retry { successor } => (successor, Rotation::Retried),
        Judgement::OwnLateCopy => {
            let error = Error::invalid_grant(Reason::Superseded);
            return Err(Refused { error, rotation: Some(Rotation::Superseded) });
        }
        Judgement::Reuse => {
            let ending = Ending::new(state, now, Reason::ReuseSuspected, Initiator::Policy);
            ending.end(&mut *transaction, session).await?;
            transaction.commit().await?;
            let error = Error::invalid_grant(Reason::ReuseSuspected);
            return Err(Refused { error, rotation: Some(Rotation::Reuse) });
        }
    };
    if let Some(idle_for) = renewal.idle_for {
        move_idle_end(state, &mut session, now, idle_for);
        transaction.save_session(&session).await?;
    }
    let ep = transaction.last_event().await?;
    transaction.commit().await?;
    let standing = Standing { session, user, ep, at: now };
    Ok(Renewed { standing, refresh_token: format!("{sid}.{successor}"), rotation })
}

/// What the presented token is, in its lineage.
enum Judgement {
    /// The newest: it gets its successor now.
    Rotate {
        number: i64,
        successor: String,
    },
    /// The one before the newest, and the same attempt again.
    Retry {
        successor: String,
    },
    OwnLateCopy,
    Reuse,
}

struct Lineage<'a> {
    state: &'a State,
    sid: &'a str,
    now: Time,
    renewal: &'a Renewal<'a>,
}

impl Lineage<'_> {
    async fn judge(&self, transaction: &mut dyn Transaction, token: RefreshToken) -> Answer<Judgement> {
        let presented = self.renewal.presented.secret.to_owned();
        let (token, secret) = self.catch_up(transaction, token, presented).await?;
        let attempt_key = self.renewal.attempt_key;
        let successor = self.successor(token.number, &secret, attempt_key);
        let Some(superseded) = token.superseded else {
            return Ok(Judgement::Rotate { number: token.number, successor });
        };
        if !is_key_of(&superseded, attempt_key) {
            return Ok(Judgement::Reuse);
        }
        let is_direct_predecessor = transaction.last_refresh_number(self.sid).await? == token.number + 1;
        if !is_direct_predecessor {
            return Ok(Judgement::OwnLateCopy);
        }
        let window = self.state.config.refresh_retry_for;
        let is_within_window = window > 0 && self.now <= superseded.at.plus_seconds(window);
        Ok(if is_within_window { Judgement::Retry { successor } } else { Judgement::Reuse })
    }

    /// A cookie that fell back: a late answer overwrote a newer one. Who knows the key that made the successor was
    /// given that successor, so the request counts as if it had presented it. One step, never more.
    async fn catch_up(
        &self,
        transaction: &mut dyn Transaction,
        token: RefreshToken,
        secret: String,
    ) -> Answer<(RefreshToken, String)> {
        let last_key = self.renewal.last_attempt_key;
        if !token.superseded.is_some_and(|superseded| is_key_of(&superseded, last_key)) {
            return Ok((token, secret));
        }
        let next_secret = self.successor(token.number, &secret, last_key);
        match transaction.refresh_token(self.sid, &hash(&next_secret)).await? {
            Some(next) => Ok((next, next_secret)),
            None => Ok((token, secret)),
        }
    }

    async fn rotate(&self, transaction: &mut dyn Transaction, number: i64, successor: &str) -> Answer<()> {
        let superseded = Superseded { at: self.now, attempt_hash: self.renewal.attempt_key.map(hash) };
        transaction.supersede(self.sid, number, &superseded).await?;
        let sid = self.sid.to_owned();
        let next = RefreshToken { sid, number: number + 1, secret_hash: hash(successor), superseded: None };
        transaction.insert_refresh_token(&next).await
    }

    fn successor(&self, number: i64, secret: &str, attempt_key: Option<&str>) -> String {
        let (lineage, number) = (self.sid.as_bytes(), number.to_be_bytes());
        let attempt_key = attempt_key.unwrap_or_default().as_bytes();
        let parts = [lineage, &number, secret.as_bytes(), attempt_key];
        Base64UrlUnpadded::encode_string(&hmac(&self.state.rotation_key, &parts))
    }
}

/// Without a key nothing is a retry, so an absent key never matches.
fn is_key_of(superseded: &Superseded, key: Option<&str>) -> bool {
    match (superseded.attempt_hash, key) {
        (Some(made_by), Some(key)) => same(&made_by, &hash(key)),
        _ => false,
    }
}
