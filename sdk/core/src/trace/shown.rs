//! What of that which an application sees stands in a trace, and when has it changed?

use crate::claims::Verification;
use crate::state::{Durability, Reason, Snapshot, Standing, State};
use crate::trace::line::Line;
use crate::trace::rules::Rule;
use crate::trace::vocabulary::{Word, word};

impl Line<'_> {
    /// Nothing, if that is what was shown before.
    pub fn shown(&mut self, snapshot: &Snapshot, before: &mut Vec<u8>) {
        let start = self.codes.len();
        self.snapshot(snapshot);
        match self.codes.get(start..) {
            Some(shown) if shown != before => shown.clone_into(before),
            _ => self.codes.truncate(start),
        }
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        let Snapshot { state, problem, sign_out_owed, durability, storage: _, waiting, idle_ends_at } = snapshot;
        self.open(word!("shown"));
        self.state(state);
        if let Some(problem) = problem {
            self.error(word!("problem"), problem);
        }
        if *sign_out_owed {
            self.truth(word!("sign_out_owed"), true);
        }
        if *durability == Durability::ThisTab {
            self.word(word!("durability"), word!("this_tab"));
        }
        if *waiting > 0 {
            self.number(word!("waiting"), *waiting as u64);
        }
        if let Some(at) = idle_ends_at {
            self.time(word!("idle_ends_at"), *at);
        }
        self.close();
    }

    fn state(&mut self, state: &State) {
        match state {
            State::Unknown => self.word(word!("state"), word!("unknown")),
            State::SigningIn => self.word(word!("state"), word!("signing_in")),
            State::SignedOut { reason } => {
                self.word(word!("state"), word!("signed_out"));
                self.reason(reason);
            }
            State::SignedIn { claims, session, expires_at, standing } => {
                self.word(word!("state"), word!("signed_in"));
                self.text(word!("sid"), Rule::Public, &session.sid);
                self.texts(word!("roles"), Rule::Right, &claims.roles);
                // As one text, as it came: what is cut there is cut here.
                self.text(word!("scope"), Rule::Right, &claims.scope.join(" "));
                self.word(word!("verification"), claims.provenance.verification.code());
                self.time(word!("expires_at"), *expires_at);
                if let Some(at) = session.token_expires_at {
                    self.time(word!("token_expires_at"), at);
                }
                self.standing(*standing);
            }
        }
    }

    fn standing(&mut self, standing: Standing) {
        let (standing, since) = match standing {
            Standing::Current => (word!("current"), None),
            Standing::Renewing => (word!("renewing"), None),
            Standing::Unverified { since } => (word!("unverified"), Some(since)),
            Standing::StepUpRequired => (word!("step_up_required"), None),
        };
        self.word(word!("standing"), standing);
        if let Some(since) = since {
            self.time(word!("since"), since);
        }
    }

    pub fn reason(&mut self, reason: &Reason) {
        self.text(word!("reason"), Rule::Kept, reason.code());
        if let Reason::Revoked { by } = reason {
            self.text(word!("revoked_by"), Rule::Kept, by.code());
        }
    }
}

impl Verification {
    pub(super) fn code(&self) -> Word {
        match self {
            Self::FromServer => word!("from_server"),
            Self::Pending => word!("pending"),
            Self::Verified { .. } => word!("verified"),
            Self::Unsupported => word!("unsupported"),
            Self::Failed => word!("failed"),
        }
    }
}
