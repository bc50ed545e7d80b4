//! How does a request get its credential, and what happens after a 401? At most one renewal and one repeat for each
//! (C06).

mod rest;

use std::collections::{BTreeMap, VecDeque};

use crate::devices;
use crate::effect::{Effect, Reply, Request};
use crate::error::Error;
use crate::flow::{self, judge_transport, read_body};
use crate::input::{Answer, Ask, CallId, HttpFailure, Response, Revoke, Stamp};
use crate::json::Value;
use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::state::Reason;
use crate::time::MonotonicMillis;
use crate::trace::Note;

/// More renewals after a 401 than this in a minute mean that renewing does not help: a loop.
const MOST_PER_MINUTE: usize = 4;
const COUNTED_FOR: u64 = 60_000;

/// The calls that wait, or whose request is out.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    calls: BTreeMap<CallId, Call>,
    /// When 401s last led to a renewal.
    renewed_at: VecDeque<MonotonicMillis>,
}

#[derive(Debug)]
struct Call {
    what: What,
    step: Step,
    /// The session under whose credential it went out.
    sid: Option<String>,
    /// What a refused request of ours means, where nothing mends it.
    refusal: Option<Error>,
}

#[derive(Debug)]
enum What {
    /// The application's own request, to this origin; the host sends it.
    App(Ask),
    Own(Own),
    AccessToken,
}

/// A request of ours on behalf of the application.
#[derive(Debug, Clone)]
pub(crate) enum Own {
    Sessions,
    Revoke(Revoke),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// For a usable credential.
    Waiting { repeated: bool },
    /// The request is out with the credential of that moment.
    Sent { at: MonotonicMillis, stamp: Option<Stamp>, repeated: bool },
    /// A 401 came; a renewal or check decides what becomes of it.
    Doubted { repeated: bool },
}

impl Machine {
    pub(crate) fn on_ask(&mut self, id: CallId, ask: Ask) {
        if !self.config.allows(&ask.origin) {
            self.note(Note::ForeignOrigin);
            let message = format!("{} is not an allowed origin: name it in the configuration.", ask.origin);
            return self.reply(id, Reply::Failed(Error::application("origin_not_allowed", message)));
        }
        self.enqueue(id, What::App(ask));
    }

    pub(crate) fn on_access_token(&mut self, id: CallId) {
        if !self.flow.rotates() {
            let error = Error::application("no_access_token", "In the session flow the credential is a cookie.");
            return self.reply(id, Reply::Failed(error));
        }
        self.enqueue(id, What::AccessToken);
    }

    pub(crate) fn on_own_request(&mut self, id: CallId, own: Own) {
        self.enqueue(id, What::Own(own));
    }

    fn enqueue(&mut self, id: CallId, what: What) {
        if matches!(self.who, Who::Nobody(_)) {
            return self.reply(id, Reply::Failed(Error::signed_out()));
        }
        self.requests
            .calls
            .insert(id, Call { what, step: Step::Waiting { repeated: false }, sid: None, refusal: None });
        if self.is_credential_usable() {
            return self.go(id);
        }
        match self.problem.clone().filter(|_| self.renewals.is_backing_off(self.now.monotonic)) {
            Some(problem) => self.fail_call(id, problem),
            None => self.want_credential(),
        }
    }

    /// Every waiting call goes, or learns why not. `failure` is what the last renewal ended with.
    pub(crate) fn serve_waiting(&mut self, failure: Option<&Error>) {
        for id in self.requests.calls.keys().copied().collect::<Vec<_>>() {
            let Some(call) = self.requests.calls.get(&id) else { continue };
            match (call.step, &self.who) {
                (Step::Sent { .. }, _) => {}
                (Step::Doubted { .. }, Who::Nobody(_)) => self.deliver(id),
                (_, Who::Nobody(_)) => self.fail_call(id, Error::signed_out()),
                (Step::Doubted { repeated: false }, Who::User(_)) if failure.is_none() && self.may_repeat(id) => {
                    self.note(Note::SentAgain);
                    self.step(id, Step::Waiting { repeated: true });
                    self.go(id);
                }
                (Step::Doubted { .. }, _) => self.deliver(id),
                (Step::Waiting { .. }, _) if self.is_credential_usable() => self.go(id),
                (Step::Waiting { .. }, _) => match failure {
                    Some(error) => self.fail_call(id, error.clone()),
                    None => self.want_credential(),
                },
            }
        }
    }

    /// What waits for a session that is over never goes out under another (C07).
    pub(crate) fn fail_waiting(&mut self, error: &Error) {
        if self.has(Bug::ServesNextUser) {
            return;
        }
        for id in self.requests.calls.keys().copied().collect::<Vec<_>>() {
            match self.requests.calls.get(&id).map(|call| call.step) {
                Some(Step::Sent { stamp: None, .. }) | None => {}
                Some(Step::Doubted { .. }) => self.deliver(id),
                Some(_) => self.fail_call(id, error.clone()),
            }
        }
    }

    fn go(&mut self, id: CallId) {
        let Some(holding) = self.holding() else { return };
        let Some(Call { what, step: Step::Waiting { repeated }, .. }) = self.requests.calls.get(&id) else { return };
        let repeated = *repeated;
        let token = holding.token.as_ref().map(|token| &token.secret);
        let sid = Some(holding.sid.clone());
        match what {
            What::App(ask) => {
                let dressing = self.flow.dress(&self.config, &ask.origin, &holding.sid, token);
                self.sent(id, sid, Step::Sent { at: self.now.monotonic, stamp: None, repeated });
                self.reply(id, Reply::Dressed(dressing));
            }
            What::AccessToken => {
                let reply = token.cloned().map_or(Reply::Failed(Error::signed_out()), Reply::Token);
                self.requests.calls.remove(&id);
                self.reply(id, reply);
            }
            What::Own(own) => {
                let request = self.own_request(own);
                let stamp = self.stamp();
                self.sent(id, sid, Step::Sent { at: self.now.monotonic, stamp: Some(stamp), repeated });
                self.emit(Effect::Http { stamp, request });
            }
        }
    }

    fn own_request(&self, own: &Own) -> Request {
        let sessions = &self.config.dialect.sessions;
        let (method, path) = match own {
            Own::Sessions => ("GET", sessions.clone()),
            Own::Revoke(Revoke::One { sid }) => ("DELETE", format!("{sessions}/{}", path_segment(sid))),
            Own::Revoke(Revoke::Others) => ("DELETE", format!("{sessions}?except=current")),
            Own::Revoke(Revoke::All) => ("DELETE", sessions.clone()),
        };
        self.dressed_request(method, &path)
    }

    /// A request to our own server that carries the credential as the flow does.
    pub(crate) fn dressed_request(&self, method: &'static str, path: &str) -> Request {
        let mut request = flow::request(&self.config, method, path, self.sid());
        if let Some(holding) = self.holding() {
            let token = holding.token.as_ref().map(|token| &token.secret);
            let dressing = self.flow.dress(&self.config, &self.config.server_origin, &holding.sid, token);
            request.headers.retain(|(name, _)| *name != flow::REQUEST_HEADER);
            request.headers.extend(dressing.headers);
            request.cookies = dressing.cookies;
        }
        request
    }

    pub(crate) fn on_answered(&mut self, id: CallId, answer: &Answer) {
        let Some(Call { what, step: Step::Sent { at, repeated, .. }, sid, .. }) = self.requests.calls.get(&id) else {
            return self.reply(id, Reply::Deliver);
        };
        // Sent for a session that is over: repeating it would give its data to whoever is there now (C07).
        let is_foreign = sid.as_deref() != self.sid();
        let (at, repeated, is_own) = (*at, *repeated, !matches!(what, What::App(_)));
        let repeated = repeated && !self.has(Bug::RepeatsForEver);
        if !is_foreign {
            self.note_place(answer.ep.as_deref(), at);
        }
        if answer.status != 401 || is_foreign || (is_own && answer.problem.as_deref() == Some("step_up_required")) {
            return self.deliver(id);
        }
        if answer.problem.as_deref() == Some("other_session") {
            self.note(Note::OtherSession);
            self.want_check(None);
            return self.fail_call(id, Error::user("other_session", "Another session began in this browser."));
        }
        if self.flow.rotates() && !self.flow.is_mended_by_renewal(answer) {
            return self.deliver(id);
        }
        let is_renewed_since = self.holding().is_some_and(|holding| holding.established_at > at);
        if is_renewed_since && !repeated && self.may_repeat(id) && self.is_credential_usable() {
            self.note(Note::SentAgain);
            self.step(id, Step::Waiting { repeated: true });
            return self.go(id);
        }
        if repeated || !self.may_renew_again() {
            self.note(Note::WouldLoop);
            return self.deliver(id);
        }
        self.note(Note::DoubtsCredential);
        self.step(id, Step::Doubted { repeated });
        // What another tab was given since is as good as an answer of our own.
        if self.flow.rotates() { self.want_credential() } else { self.want_check(None) }
    }

    /// Whether a call may be sent a second time: a session's cookie would be the same again.
    fn may_repeat(&self, id: CallId) -> bool {
        let is_repeatable = match self.requests.calls.get(&id).map(|call| &call.what) {
            Some(What::App(ask)) => ask.repeatable,
            Some(_) => true,
            None => false,
        };
        is_repeatable && self.flow.rotates()
    }

    fn may_renew_again(&mut self) -> bool {
        let now = self.now.monotonic;
        self.requests.renewed_at.retain(|at| at + COUNTED_FOR > now);
        let may = self.requests.renewed_at.len() < MOST_PER_MINUTE || self.renewals.is_renewing();
        if may && !self.renewals.is_renewing() {
            self.requests.renewed_at.push_back(now);
        }
        may
    }

    pub(crate) fn on_http(&mut self, stamp: Stamp, outcome: Result<Response, HttpFailure>) {
        if self.on_key_set_answer(stamp, &outcome) {
            return;
        }
        let is_mine = |call: &Call| matches!(call.step, Step::Sent { stamp: Some(sent), .. } if sent == stamp);
        match self.requests.calls.iter().find(|(_, call)| is_mine(call)).map(|(id, _)| *id) {
            Some(id) => self.on_own_answer(id, outcome),
            None => self.on_job_answer(stamp, outcome),
        }
    }

    fn on_own_answer(&mut self, id: CallId, outcome: Result<Response, HttpFailure>) {
        let response = match judge_transport(outcome) {
            Ok(response) => response,
            Err(failure) => return self.fail_call(id, failure.error),
        };
        let Some(Call { what: What::Own(own), .. }) = self.requests.calls.get(&id) else { return };
        let document = read_body(&response).ok();
        let reply = match (response.status, own, &document) {
            (200, Own::Sessions, Some(document)) => devices::read(document).map(Reply::Sessions),
            (200..=299, Own::Revoke(_), _) => Some(Reply::Done),
            _ => None,
        };
        if let Some(reply) = reply {
            let is_over =
                matches!(own, Own::Revoke(Revoke::All)) && self.requests.calls[&id].sid.as_deref() == self.sid();
            self.requests.calls.remove(&id);
            // Ending all sessions ended this one too, by the user's own will.
            if is_over {
                self.end_session(Reason::SignedOut);
            }
            return self.reply(id, reply);
        }
        let word = |name| document.as_ref()?.member(name)?.as_text().map(str::to_owned);
        let answer = Answer {
            status: response.status,
            www_authenticate: response.header("www-authenticate").map(str::to_owned),
            ep: response.header("countersign-ep").map(str::to_owned),
            problem: word("code"),
        };
        let error = match &document {
            Some(document) if document.member("code").is_some() => flow::problem(response.status, document),
            _ => flow::misunderstood("no list and no problem document").error,
        };
        if let Some(call) = self.requests.calls.get_mut(&id) {
            call.refusal = Some(error);
        }
        self.on_answered(id, &answer);
    }

    fn step(&mut self, id: CallId, step: Step) {
        if let Some(call) = self.requests.calls.get_mut(&id) {
            call.step = step;
        }
    }

    fn sent(&mut self, id: CallId, sid: Option<String>, step: Step) {
        if let Some(call) = self.requests.calls.get_mut(&id) {
            (call.sid, call.step) = (sid, step);
        }
    }

    /// The answer stands as it is: the application gets its own, and a call of ours what it means.
    fn deliver(&mut self, id: CallId) {
        let refusal = self.requests.calls.remove(&id).and_then(|call| call.refusal);
        self.reply(id, refusal.map_or(Reply::Deliver, Reply::Failed));
    }

    fn fail_call(&mut self, id: CallId, error: Error) {
        self.requests.calls.remove(&id);
        self.reply(id, Reply::Failed(error));
    }
}

impl Requests {
    pub fn forget(&mut self, id: CallId) {
        self.calls.remove(&id);
    }

    /// The clock that calls are counted by stood still for so long.
    pub fn slept(&mut self, by: u64) {
        for call in self.calls.values_mut() {
            if let Step::Sent { at, .. } = &mut call.step {
                *at = at.saturating_sub(by);
            }
        }
    }

    /// How many calls wait for a credential.
    pub fn waiting(&self) -> usize {
        self.calls.values().filter(|call| !matches!(call.step, Step::Sent { .. })).count()
    }
}

/// A `sid` as one path segment, whatever a server puts into it.
fn path_segment(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The `code` of a problem document (RFC 9457), for [`Answer::problem`]; none if the body is not one.
pub fn problem_code(body: &[u8]) -> Option<String> {
    crate::json::parse(body).ok()?.member("code").and_then(Value::as_text).map(str::to_owned)
}
