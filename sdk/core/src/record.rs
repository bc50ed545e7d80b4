//! What do the tabs of one browser share? One small record, written whole, without a secret that opens anything.

use crate::json::{self, Value};
use crate::state::Reason;
use crate::time::UnixMillis;

/// The shared record. Every change is a *swap* of the whole against the revision it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Grows by one with every write.
    pub revision: u64,
    /// Grows with every sign-in, renewal and sign-out.
    pub generation: u64,
    /// The session that this browser is signed in with.
    pub sid: Option<String>,
    /// When it was asked for, where that was here: a sign-out that was asked for before does not mean it.
    pub signed_in_at: Option<UnixMillis>,
    /// When that session ends at the latest.
    pub ends_at: Option<UnixMillis>,
    /// Why there is none.
    pub ended: Option<Reason>,
    /// The key of the renewal that is on its way, or was when its answer got lost.
    pub attempt_key: Option<String>,
    /// The key that made what the browser holds now.
    pub made_by: Option<String>,
    /// A renewal first went out with that key then, and has not been acknowledged.
    pub sent_at: Option<UnixMillis>,
    /// When it went out last: the lease where there are no locks.
    pub last_sent_at: Option<UnixMillis>,
    /// It went out without the lock: who gets the lock waits for it as well. Means nothing where it is not out.
    pub sent_unlocked: bool,
    /// Seconds for which the server answers a retry with the same successor.
    pub refresh_retry_for: Option<u32>,
    /// The server asked to be left alone until then, or did not answer in time; and when that was.
    pub back_off_until: Option<UnixMillis>,
    pub backed_off_at: Option<UnixMillis>,
    /// When the user last acted in any tab.
    pub acted_at: Option<UnixMillis>,
    /// How long the user may do nothing, in milliseconds, as far as the server's answers have shown it.
    pub idle_lifetime: Option<u64>,
    /// When the session ends if the user does nothing more, as the server last said.
    pub idle_ends_at: Option<UnixMillis>,
    /// The session that was signed out here and that the server has not acknowledged. Empty where its name is unknown.
    pub sign_out_owed: Option<String>,
    /// When the user asked for that: where its name is unknown, a session that began since is not meant.
    pub sign_out_asked_at: Option<UnixMillis>,
    /// When the server acknowledged the last one. Another page, which is gone, may have told it the same before.
    pub signed_out_at: Option<UnixMillis>,
}

impl Record {
    /// Reads a stored record; none if it is torn or foreign.
    pub fn read(text: &str) -> Option<Self> {
        let document = json::parse(text.as_bytes()).ok()?;
        let number = |name| document.member(name).and_then(Value::as_integer);
        let word = |name| document.member(name).and_then(Value::as_text).map(str::to_owned);
        let revoked_by = word("revoked_by");
        Some(Self {
            revision: u64::try_from(number("revision")?).ok()?,
            generation: u64::try_from(number("generation")?).ok()?,
            sid: word("sid"),
            signed_in_at: number("signed_in_at"),
            ends_at: number("ends_at"),
            ended: word("ended").map(|code| Reason::from_code(&code, revoked_by.as_deref())),
            attempt_key: word("attempt_key"),
            made_by: word("made_by"),
            sent_at: number("sent_at"),
            last_sent_at: number("last_sent_at"),
            sent_unlocked: document.member("sent_unlocked") == Some(&Value::Bool(true)),
            refresh_retry_for: number("refresh_retry_for").and_then(|seconds| u32::try_from(seconds).ok()),
            back_off_until: number("back_off_until"),
            backed_off_at: number("backed_off_at"),
            acted_at: number("acted_at"),
            idle_lifetime: number("idle_lifetime").and_then(|millis| u64::try_from(millis).ok()),
            idle_ends_at: number("idle_ends_at"),
            sign_out_owed: word("sign_out_owed"),
            sign_out_asked_at: number("sign_out_asked_at"),
            signed_out_at: number("signed_out_at"),
        })
    }

    /// Whether its session was asked for at that moment or later. What lies in the future was written down by a clock that
    /// was set back since.
    pub(crate) fn began_since(&self, moment: UnixMillis, now: UnixMillis) -> bool {
        self.signed_in_at.is_some_and(|at| (moment..=now).contains(&at))
    }

    pub fn print(&self) -> String {
        let whole = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let revoked_by = match self.ended {
            Some(Reason::Revoked { by }) => Some(by.code()),
            _ => None,
        };
        json::print(&json::object([
            ("revision", whole(self.revision)),
            ("generation", whole(self.generation)),
            ("sid", self.sid.as_deref().into()),
            ("signed_in_at", self.signed_in_at.into()),
            ("ends_at", self.ends_at.into()),
            ("ended", self.ended.map(|reason| reason.code()).into()),
            ("revoked_by", revoked_by.into()),
            ("attempt_key", self.attempt_key.as_deref().into()),
            ("made_by", self.made_by.as_deref().into()),
            ("sent_at", self.sent_at.into()),
            ("last_sent_at", self.last_sent_at.into()),
            ("sent_unlocked", Value::Bool(self.sent_unlocked)),
            ("refresh_retry_for", self.refresh_retry_for.map(i64::from).into()),
            ("back_off_until", self.back_off_until.into()),
            ("backed_off_at", self.backed_off_at.into()),
            ("acted_at", self.acted_at.into()),
            ("idle_lifetime", self.idle_lifetime.and_then(|millis| i64::try_from(millis).ok()).into()),
            ("idle_ends_at", self.idle_ends_at.into()),
            ("sign_out_owed", self.sign_out_owed.as_deref().into()),
            ("sign_out_asked_at", self.sign_out_asked_at.into()),
            ("signed_out_at", self.signed_out_at.into()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Revoker;

    #[test]
    fn a_record_survives_storage() {
        let record = Record {
            revision: 7,
            generation: 3,
            signed_in_at: Some(1_789_999_980_000),
            ended: Some(Reason::Revoked { by: Revoker::Admin }),
            attempt_key: Some("k".into()),
            sent_at: Some(1_790_000_000_000),
            sent_unlocked: true,
            refresh_retry_for: Some(60),
            back_off_until: Some(1_790_000_005_000),
            backed_off_at: Some(1_790_000_000_000),
            acted_at: Some(1_789_999_990_000),
            idle_lifetime: Some(1_800_000),
            idle_ends_at: Some(1_790_001_800_000),
            sign_out_owed: Some(String::new()),
            sign_out_asked_at: Some(1_789_999_995_000),
            signed_out_at: Some(1_789_999_990_000),
            ..Record::default()
        };
        assert_eq!(Record::read(&record.print()), Some(record));
    }

    #[test]
    fn c30_a_torn_or_foreign_record_is_none() {
        for text in ["", "{", "[]", "{}", r#"{"revision":-1,"generation":0}"#, r#"{"revision":1}"#] {
            assert_eq!(Record::read(text), None, "{text}");
        }
    }
}
