//! Does the session live, where its refresh token must not be presented? A renewal's answer was lost, and it is too late to
//! ask for it again: the same token once more may look like reuse to the server. The access token tells as much, and asking
//! with it uses nothing up.

use crate::effect::Effect;
use crate::flow::{Happened, judge_transport};
use crate::headers::{Remedy, remedy};
use crate::input::{HttpFailure, Response};
use crate::machine::{Machine, Who};
use crate::renewal::job::Step;
use crate::trace::Note;

impl Machine {
    pub(super) fn ask_with_token(&mut self) {
        self.note(Note::TooLateToAsk);
        let request = self.dressed_request("GET", &self.config.dialect.userinfo);
        let stamp = self.stamp();
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::AskWithToken;
            job.request = Some(stamp);
            (job.sent_at, job.slept) = (self.now.monotonic, 0);
        }
        self.emit(Effect::Http { stamp, request });
    }

    pub(super) fn answered_with_token(&mut self, outcome: Result<Response, HttpFailure>) {
        let response = match judge_transport(outcome) {
            Ok(response) => response,
            Err(failure) => return self.fail(failure.error, Happened::Perhaps),
        };
        if remedy(response.status, response.header("www-authenticate")) == Remedy::Renew {
            self.token_is_refused();
            return self.read_record();
        }
        (self.renewals.failures, self.renewals.retry_at, self.problem) = (0, None, None);
        self.page.covered = false;
        self.not_before_token_end();
        // Whoever takes the token knows of no end. Only who also says which event was the last takes doubt away.
        let sent = self.renewals.job.as_ref().map_or(0, |job| job.sent_at.saturating_sub(job.slept));
        match response.header("countersign-ep") {
            Some(ep) => self.note_place(Some(ep), sent),
            None => self.doubt(),
        }
        self.doubt_what_is_old();
        self.finish(Ok(()));
    }

    fn not_before_token_end(&mut self) {
        if let Who::User(holding) = &mut self.who {
            holding.renew_at = holding.token.as_ref().map(|token| token.ends);
        }
    }
}
