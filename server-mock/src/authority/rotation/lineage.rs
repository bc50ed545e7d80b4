//! What is the presented token, in its lineage, and what does the style of rotation make of that?

use base64ct::{Base64UrlUnpadded, Encoding};

use super::Renewal;
use crate::{
    authority::{hash, hmac, same},
    config::RotationStyle,
    model::{RefreshToken, Superseded, Time},
    state::State,
    store::{Answer, Transaction},
};

pub enum Judgement {
    /// The newest: it gets its successor now.
    Rotate(Successor),
    /// The newest, where tokens stay what they are.
    Keep,
    /// The one before the newest, asked again: the successor it has already.
    Retry { secret: String },
    /// This browser's own late copy: refused, nothing else.
    OwnLateCopy,
    /// Somebody else's copy.
    Reuse,
}

/// What takes the place of the token with that number.
pub struct Successor {
    number: i64,
    secret: String,
    /// SHA-256 of the attempt key that goes into the secret, if one does.
    made_by: Option<[u8; 32]>,
}

/// A lineage of refresh tokens, at the moment of a renewal.
pub struct Lineage<'a> {
    pub state: &'a State,
    pub sid: &'a str,
    pub now: Time,
    pub style: RotationStyle,
    pub renewal: &'a Renewal<'a>,
}

impl Lineage<'_> {
    pub async fn judge(&self, transaction: &mut dyn Transaction, token: RefreshToken) -> Answer<Judgement> {
        match self.style {
            RotationStyle::None => Ok(self.judge_kept(&token)),
            RotationStyle::Strict => Ok(self.judge_strictly(&token)),
            RotationStyle::RetryWindow => self.judge_by_attempt(transaction, token).await,
            RotationStyle::ParentValidUntilChildUsed => self.judge_by_child(transaction, token).await,
        }
    }

    /// A superseded token is from before the style was set, and no better than elsewhere.
    fn judge_kept(&self, token: &RefreshToken) -> Judgement {
        if token.superseded.is_none() { Judgement::Keep } else { Judgement::Reuse }
    }

    /// Once, and never again: such a server knows nothing of attempts.
    fn judge_strictly(&self, token: &RefreshToken) -> Judgement {
        match token.superseded {
            None => Judgement::Rotate(self.successor(token.number, self.renewal.presented.secret, None)),
            Some(_) => Judgement::Reuse,
        }
    }

    async fn judge_by_attempt(&self, transaction: &mut dyn Transaction, token: RefreshToken) -> Answer<Judgement> {
        let presented = self.renewal.presented.secret.to_owned();
        let (token, secret) = self.catch_up(transaction, token, presented).await?;
        let attempt_key = self.renewal.attempt_key;
        let Some(superseded) = token.superseded else {
            return Ok(Judgement::Rotate(self.successor(token.number, &secret, attempt_key)));
        };
        if !is_key_of(&superseded, attempt_key) {
            return Ok(Judgement::Reuse);
        }
        let number = token.number;
        let (parent, secret) = self.last_parent(transaction, token, secret).await?;
        if !self.is_direct_predecessor(transaction, &parent).await? {
            return Ok(Judgement::OwnLateCopy);
        }
        let window = self.state.config.refresh_retry_for;
        let is_within = |superseded: Superseded| window > 0 && self.now <= superseded.at.plus_seconds(window);
        Ok(match parent.superseded.is_some_and(is_within) {
            true => Judgement::Retry { secret: self.successor(parent.number, &secret, attempt_key).secret },
            false if parent.number == number => Judgement::Reuse,
            false => Judgement::OwnLateCopy,
        })
    }

    /// A cookie that fell back: a late answer overwrote a newer one. Who knows the key that made the successor was given
    /// that successor, so the request counts as if it had presented it. So with all that the same attempt made.
    async fn catch_up(
        &self,
        transaction: &mut dyn Transaction,
        mut token: RefreshToken,
        mut secret: String,
    ) -> Answer<(RefreshToken, String)> {
        while let Some(next) = self.next_by(transaction, &token, &secret, self.renewal.last_attempt_key).await? {
            (token, secret) = next;
        }
        Ok((token, secret))
    }

    /// The last token that this attempt has superseded. Its answers may be lost one after the other while the browser takes
    /// their cookies, so that it presents another token each time.
    async fn last_parent(
        &self,
        transaction: &mut dyn Transaction,
        mut token: RefreshToken,
        mut secret: String,
    ) -> Answer<(RefreshToken, String)> {
        let attempt_key = self.renewal.attempt_key;
        while let Some(next) = self.next_by(transaction, &token, &secret, attempt_key).await? {
            if !next.0.superseded.is_some_and(|superseded| is_key_of(&superseded, attempt_key)) {
                break;
            }
            (token, secret) = next;
        }
        Ok((token, secret))
    }

    /// The successor of this token, if that key made it.
    async fn next_by(
        &self,
        transaction: &mut dyn Transaction,
        token: &RefreshToken,
        secret: &str,
        key: Option<&str>,
    ) -> Answer<Option<(RefreshToken, String)>> {
        if !token.superseded.is_some_and(|superseded| is_key_of(&superseded, key)) {
            return Ok(None);
        }
        let next = self.successor(token.number, secret, key);
        let found = transaction.refresh_token(self.sid, &hash(&next.secret)).await?;
        Ok(found.map(|token| (token, next.secret)))
    }

    /// The parent of a child that nobody has used yet is as good as that child.
    async fn judge_by_child(&self, transaction: &mut dyn Transaction, token: RefreshToken) -> Answer<Judgement> {
        let presented = self.renewal.presented.secret;
        let child = self.successor(token.number, presented, None);
        if token.superseded.is_none() {
            return Ok(Judgement::Rotate(child));
        }
        if !self.is_direct_predecessor(transaction, &token).await? {
            return Ok(Judgement::Reuse);
        }
        // Another style may have made the child, and then its key is needed to make the same again.
        let by_attempt = self.successor(token.number, presented, self.renewal.attempt_key);
        for Successor { secret, .. } in [child, by_attempt] {
            if transaction.refresh_token(self.sid, &hash(&secret)).await?.is_some() {
                return Ok(Judgement::Retry { secret });
            }
        }
        Ok(Judgement::Reuse)
    }

    async fn is_direct_predecessor(&self, transaction: &mut dyn Transaction, token: &RefreshToken) -> Answer<bool> {
        Ok(transaction.last_refresh_number(self.sid).await? == token.number + 1)
    }

    /// Writes the successor, and gives its secret.
    pub async fn rotate(&self, transaction: &mut dyn Transaction, successor: Successor) -> Answer<String> {
        let Successor { number, secret, made_by } = successor;
        transaction.supersede(self.sid, number, &Superseded { at: self.now, attempt_hash: made_by }).await?;
        let (sid, secret_hash) = (self.sid.to_owned(), hash(&secret));
        let next = RefreshToken { sid, number: number + 1, secret_hash, superseded: None };
        transaction.insert_refresh_token(&next).await?;
        Ok(secret)
    }

    /// Only hashes are stored, yet the same attempt gives the same secret, because it follows from what is presented.
    fn successor(&self, number: i64, presented: &str, attempt_key: Option<&str>) -> Successor {
        let (lineage, place) = (self.sid.as_bytes(), number.to_be_bytes());
        let parts = [lineage, &place, presented.as_bytes(), attempt_key.unwrap_or_default().as_bytes()];
        let secret = Base64UrlUnpadded::encode_string(&hmac(&self.state.rotation_key, &parts));
        Successor { number, secret, made_by: attempt_key.map(hash) }
    }
}

/// Without a key nothing is a retry, so an absent key never matches.
fn is_key_of(superseded: &Superseded, key: Option<&str>) -> bool {
    match (superseded.attempt_hash, key) {
        (Some(made_by), Some(key)) => same(&made_by, &hash(key)),
        _ => false,
    }
}
