//! Does the server keep its rules? Each answer is compared with what the ledger says it must be (S01–S05), and the ledger
//! is kept with what came of it.

use serde_json::Value;

use crate::exchange::Outgoing;
use crate::server::Answer;
use crate::simulation::act::Flow;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::ledger::{Cause, Ledger, Session};
use crate::simulation::lineage::{self, Lineage, Presented};
use crate::time::Millis;

/// One request that reached the server, with what it answered.
#[derive(Clone, Copy)]
pub struct Exchanged<'a> {
    pub now: Millis,
    /// None for who is in no browser here.
    pub browser: Option<usize>,
    pub request: &'a Outgoing,
    pub answer: &'a Answer,
}

impl Ledger {
    pub fn audit(&mut self, exchanged: &Exchanged<'_>) -> Verdict {
        let Exchanged { request, answer, .. } = exchanged;
        let path = request.path_alone();
        let is_good = (200..300).contains(&answer.status);
        match (request.method.as_str(), path) {
            ("POST", "/auth/session") if is_good => self.signed_in(exchanged, Flow::Session),
            ("POST", "/auth/login") if is_good => self.signed_in(exchanged, Flow::Token),
            ("GET" | "PATCH", "/auth/session") => self.looked(exchanged),
            ("POST", "/auth/token") => self.renewed(exchanged),
            ("DELETE", "/auth/session") if is_good => self.signed_out(exchanged, Flow::Session),
            ("POST", "/auth/revoke") if is_good => self.signed_out(exchanged, Flow::Token),
            ("DELETE", "/auth/sessions") if is_good => self.ended_many(exchanged),
            ("DELETE", path) if path.starts_with("/auth/sessions/") && is_good => self.ended_one(exchanged),
            (_, path) if path.starts_with("/auth/admin/") && is_good => self.administered(exchanged),
            (_, path) if path.starts_with("/api/") => self.api(exchanged),
            _ => Ok(()),
        }
    }

    fn signed_in(&mut self, exchanged: &Exchanged<'_>, flow: Flow) -> Verdict {
        let Exchanged { now, browser, request, answer } = *exchanged;
        let body = answer.json();
        let replaced = request.cookie(flow.cookie()).and_then(|cookie| self.owner(flow, &cookie));
        if let Some(replaced) = replaced {
            self.finish(&replaced, now, Cause::Replaced);
        }
        let (sid, cookie) = (text(&body, "sid"), answer.set_cookie(flow.cookie()).unwrap_or_default());
        let subject = body["user"]["sub"].as_str().unwrap_or_default().to_owned();
        if self.session(&sid).is_some() || cookie.is_empty() {
            return breach("s07_a_sign_in_makes_a_new_session", format!("{sid} was there before, or has no cookie"));
        }
        let ends = now + seconds(self.rules.session_lifetime);
        let idle_ends = (now + seconds(self.rules.idle_limit)).min(ends);
        let session = Session {
            subject,
            flow,
            browser,
            began: now,
            ends,
            active: now,
            idle_ends,
            idle_ends_told: idle_ends,
            lineage: Lineage::new(cookie.clone()),
            cookie,
            end: None,
            is_stolen: false,
            is_kept_alive: false,
        };
        self.begin(&sid, session);
        self.keep_bearer(&sid, &body);
        self.check_lifetimes(now, &sid, &body)
    }

    /// The session flow's two questions.
    fn looked(&mut self, exchanged: &Exchanged<'_>) -> Verdict {
        let Exchanged { now, request, answer, .. } = *exchanged;
        let cookie = request.cookie(Flow::Session.cookie());
        let owner = cookie.and_then(|cookie| self.owner(Flow::Session, &cookie));
        let living = owner.filter(|sid| self.is_alive(sid, now));
        let body = answer.json();
        let is_refused = answer.status == 401 && body["code"] == "no_session";
        match (living, answer.status) {
            (None, 200) => breach("s05_what_is_over_stays_over", format!("a session that is over is shown: {body}")),
            (Some(sid), _) if is_refused => {
                breach("s05_nothing_ends_early", format!("session {sid} lives and is refused: {body}"))
            }
            (Some(sid), 200) => {
                if request.method == "PATCH" {
                    let idle_for = json_of(request)["idle_for"].as_u64().unwrap_or(0) * 1000;
                    self.move_idle_end(&sid, now, idle_for);
                }
                self.check_lifetimes(now, &sid, &body)
            }
            _ => Ok(()),
        }
    }

    fn renewed(&mut self, exchanged: &Exchanged<'_>) -> Verdict {
        let Exchanged { now, browser, request, answer } = *exchanged;
        let Some(value) = request.cookie(Flow::Token.cookie()) else { return Ok(()) };
        let body = answer.json();
        if body["error"] != "invalid_grant" && answer.status != 200 {
            return Ok(());
        }
        let presented = Presented {
            value: &value,
            attempt_key: request.form("attempt_key"),
            last_attempt_key: request.form("last_attempt_key"),
        };
        let window = seconds(self.rules.refresh_retry_for);
        let Some(sid) = self.owner(Flow::Token, &value) else {
            return expect_refusal(answer, "nobody knows this token");
        };
        if let Some(end) = self.end(&sid, now) {
            return expect_refusal(answer, &format!("session {sid} is over: {end:?}"));
        }
        let Some(session) = self.session_mut(&sid) else { return Ok(()) };
        let verdict = session.lineage.judge(presented, now, window);
        let successor = answer.set_cookie(Flow::Token.cookie()).unwrap_or_default();
        match verdict {
            lineage::Verdict::Rotate { place } if answer.status == 200 => {
                if !session.lineage.rotated(place, presented.attempt_key, now, successor) {
                    return breach("s01_one_successor", format!("token {place} of {sid} has a second successor"));
                }
            }
            lineage::Verdict::Repeat { successor: same } if answer.status == 200 => {
                if same != successor {
                    return breach("s03_a_retry_gets_the_same_successor", format!("{sid} got another one"));
                }
            }
            lineage::Verdict::Superseded if body["reason"] == "superseded" => return Ok(()),
            lineage::Verdict::Reuse(how) if body["reason"] == "reuse_suspected" => {
                self.finish(&sid, now, Cause::Reuse { how, browser });
                return Ok(());
            }
            verdict => {
                let sentence = format!("{sid}: {verdict:?} was answered with {} {body}", answer.status);
                return breach("s02_s03_the_rules_of_rotation", sentence);
            }
        }
        if let Some(idle_for) = request.form("idle_for").and_then(|text| text.parse::<u64>().ok()) {
            session.is_kept_alive |= browser.is_none();
            self.move_idle_end(&sid, now, idle_for * 1000);
        }
        self.keep_bearer(&sid, &body);
        self.check_lifetimes(now, &sid, &body)
    }

    fn signed_out(&mut self, exchanged: &Exchanged<'_>, flow: Flow) -> Verdict {
        let Exchanged { now, browser, request, .. } = *exchanged;
        let own = request.cookie(flow.cookie()).and_then(|cookie| self.owner(flow, &cookie));
        let Some(own) = own.filter(|sid| self.is_alive(sid, now)) else { return Ok(()) };
        let subject = |sid: &str| self.session(sid).map(|session| session.subject.clone());
        let meant = match request.believed() {
            Some(meant) if meant != own => (subject(meant) == subject(&own)).then(|| meant.to_owned()),
            _ => Some(own),
        };
        let waited = request.waited().unwrap_or(0);
        // A session that began since the user asked is not meant.
        let began_since = |sid: &String| self.session(sid).is_some_and(|session| session.began + waited > now);
        if let Some(meant) = meant.filter(|sid| !began_since(sid)) {
            self.finish(&meant, now, Cause::SignedOut { browser });
        }
        Ok(())
    }

    fn ended_many(&mut self, exchanged: &Exchanged<'_>) -> Verdict {
        let Exchanged { now, request, .. } = *exchanged;
        let Some(caller) = self.caller(request) else { return Ok(()) };
        let subject = self.session(&caller).map(|session| session.subject.clone()).unwrap_or_default();
        let spared = request.path.ends_with("except=current").then_some(caller.as_str());
        self.finish_all(&subject, now, spared, &Cause::Revoked);
        Ok(())
    }

    fn ended_one(&mut self, exchanged: &Exchanged<'_>) -> Verdict {
        let sid = exchanged.request.path_alone().trim_start_matches("/auth/sessions/").to_owned();
        self.finish(&sid, exchanged.now, Cause::Revoked);
        Ok(())
    }

    fn administered(&mut self, exchanged: &Exchanged<'_>) -> Verdict {
        let Exchanged { now, request, .. } = *exchanged;
        let words: Vec<&str> = request.path_alone().trim_start_matches("/auth/admin/").split('/').collect();
        let body = json_of(request);
        match (request.method.as_str(), words.as_slice()) {
            ("DELETE", ["users", subject, "sessions"]) => self.finish_all(subject, now, None, &Cause::Revoked),
            ("DELETE", ["sessions", sid]) => self.finish(sid, now, Cause::Revoked),
            ("PUT", ["users", subject, "roles"]) => {
                let roles = body["roles"].as_array().into_iter().flatten().filter_map(Value::as_str);
                self.set_roles(subject, roles.map(str::to_owned).collect());
            }
            ("PUT", ["users", subject, "suspended"]) if body["suspended"] == true => {
                self.finish_all(subject, now, None, &Cause::Revoked);
            }
            _ => {}
        }
        Ok(())
    }

    /// What was ended is refused, with either credential (S08).
    fn api(&mut self, exchanged: &Exchanged<'_>) -> Verdict {
        let Exchanged { now, request, answer, .. } = *exchanged;
        let Some(caller) = self.caller(request) else { return Ok(()) };
        let is_ended = self.session(&caller).is_some_and(|session| match (&session.end, session.flow) {
            (Some(_), _) => true,
            // No event says that time ran out; the token's own end does.
            (None, Flow::Token) => false,
            (None, Flow::Session) => session.over(now).is_some(),
        });
        if is_ended && answer.status != 401 {
            return breach("s08_what_ended_is_refused", format!("{caller} got {}", answer.status));
        }
        Ok(())
    }

    fn move_idle_end(&mut self, sid: &str, now: Millis, idle_for: Millis) {
        let limit = seconds(self.rules.idle_limit);
        if let Some(session) = self.session_mut(sid) {
            session.move_idle_end(now, idle_for, limit);
        }
    }

    fn keep_bearer(&mut self, sid: &str, body: &Value) {
        if let Some(token) = body["access_token"].as_str() {
            self.bearers.insert(token.to_owned(), sid.to_owned());
        }
    }

    /// The absolute end never moves, and the idle end is where the user's acts put it (S05).
    fn check_lifetimes(&self, now: Millis, sid: &str, body: &Value) -> Verdict {
        let Some(session) = self.session(sid) else { return Ok(()) };
        let whole = if session.flow == Flow::Token { "session_expires_in" } else { "expires_in" };
        let told = |name: &str| body[name].as_u64();
        let (ends, idle_ends) = ((session.ends - now) / 1000, session.idle_ends.saturating_sub(now) / 1000);
        let who = body["sid"].as_str();
        if (told(whole), told("idle_expires_in"), who) != (Some(ends), Some(idle_ends), Some(sid)) {
            let sentence = format!("{sid} ends in {ends} s, or {idle_ends} s idle, but the answer is {body}");
            return breach("s05_the_absolute_end_never_moves", sentence);
        }
        Ok(())
    }
}

fn expect_refusal(answer: &Answer, why: &str) -> Verdict {
    if answer.status == 200 {
        return breach("s02_what_is_over_stays_over", format!("a token was taken though {why}"));
    }
    Ok(())
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}

fn json_of(request: &Outgoing) -> Value {
    request.body.as_ref().and_then(|(_, text)| serde_json::from_str(text.expose()).ok()).unwrap_or_default()
}

fn seconds(seconds: i64) -> Millis {
    u64::try_from(seconds).unwrap_or(0) * 1000
}
