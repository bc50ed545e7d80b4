//! Renewal of the token flow: what does the use of a refresh token give, and when does it end the lineage?
//!
//! Starts with a presented token and perhaps an attempt key; ends rotated, kept, retried, superseded (nothing happens) or as
//! reuse (the lineage ends), as the style of rotation has it. In every style a token has one successor at most, whoever asks and
//! however often: HMAC(rotation key, lineage ‖ number ‖ presented secret ‖ attempt key).

mod lineage;

use self::lineage::{Judgement, Lineage};
use super::{Ending, Presented, Standing, access::move_idle_end, session_and_user};
use crate::{
    config::RotationStyle,
    error::Error,
    model::{Flow, Initiator, Reason},
    state::State,
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
    /// The successor, `id.secret`; nothing where the presented one stays.
    pub refresh_token: Option<String>,
    pub rotation: Rotation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// A new successor was made.
    Rotated,
    /// The presented token stays what it is.
    Kept,
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
            Rotation::Kept => "kept",
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

/// For how many seconds the same attempt gives the same successor. Nothing where the style knows no such time.
pub fn retry_window(state: &State, client_id: &str) -> Option<i64> {
    let has_window = state.rotation_styles.of(client_id) == RotationStyle::RetryWindow;
    has_window.then_some(state.config.refresh_retry_for)
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

    let lineage = Lineage { state, sid, now, style: state.rotation_styles.of(renewal.client_id), renewal };
    let (successor, rotation) = match lineage.judge(&mut *transaction, token).await? {
        Judgement::Rotate(successor) => {
            let secret = lineage.rotate(&mut *transaction, successor).await?;
            (Some(secret), Rotation::Rotated)
        }
        Judgement::Keep => (None, Rotation::Kept),
        Judgement::Retry { secret } => (Some(secret), Rotation::Retried),
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
    Ok(Renewed { standing, refresh_token: successor.map(|secret| format!("{sid}.{secret}")), rotation })
}
