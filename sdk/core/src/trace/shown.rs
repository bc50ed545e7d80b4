//! What of that which an application sees stands in a trace, and when has it changed?

use crate::claims::Verification;
use crate::state::{Durability, Reason, Snapshot, Standing, State};
use crate::trace::line::Line;
use crate::trace::rules::Rule;

impl Line<'_> {
    /// Nothing, if that is what was shown before.
    pub fn shown(&mut self, snapshot: &Snapshot, before: &mut String) {
        let start = self.text.len();
        self.snapshot(snapshot);
        match self.text.get(start..).map(|shown| shown.trim_start_matches(',')) {
            Some(shown) if shown != before => shown.clone_into(before),
            _ => self.text.truncate(start),
        }
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        let Snapshot { state, problem, sign_out_owed, durability, storage: _, waiting, idle_ends_at } = snapshot;
        self.open("shown");
        self.state(state);
        if let Some(problem) = problem {
            self.error("problem", problem);
        }
        if *sign_out_owed {
            self.truth("sign_out_owed", true);
        }
        if *durability == Durability::ThisTab {
            self.word("durability", "this_tab");
        }
        if *waiting > 0 {
            self.number("waiting", *waiting as u64);
        }
        if let Some(at) = idle_ends_at {
            self.time("idle_ends_at", *at);
        }
        self.close();
    }

    fn state(&mut self, state: &State) {
        match state {
            State::Unknown => self.word("state", "unknown"),
            State::SigningIn => self.word("state", "signing_in"),
            State::SignedOut { reason } => {
                self.word("state", "signed_out");
                self.reason(reason);
            }
            State::SignedIn { claims, session, expires_at, standing } => {
                self.word("state", "signed_in");
                self.text("sid", Rule::Public, &session.sid);
                self.texts("roles", Rule::Right, &claims.roles);
                // As one text, as it came: what is cut there is cut here.
                self.text("scope", Rule::Right, &claims.scope.join(" "));
                self.word("verification", claims.provenance.verification.code());
                self.time("expires_at", *expires_at);
                if let Some(at) = session.token_expires_at {
                    self.time("token_expires_at", at);
                }
                self.standing(*standing);
            }
        }
    }

    fn standing(&mut self, standing: Standing) {
        let (word, since) = match standing {
            Standing::Current => ("current", None),
            Standing::Renewing => ("renewing", None),
            Standing::Unverified { since } => ("unverified", Some(since)),
            Standing::StepUpRequired => ("step_up_required", None),
        };
        self.word("standing", word);
        if let Some(since) = since {
            self.time("since", since);
        }
    }

    pub fn reason(&mut self, reason: &Reason) {
        self.word("reason", reason.code());
        if let Reason::Revoked { by } = reason {
            self.word("revoked_by", by.code());
        }
    }
}

impl Verification {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::FromServer => "from_server",
            Self::Pending => "pending",
            Self::Verified { .. } => "verified",
            Self::Unsupported => "unsupported",
            Self::Failed => "failed",
        }
    }
}
