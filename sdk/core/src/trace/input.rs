//! What of an input stands in a trace? As much as another machine needs to decide the same.

use crate::headers::{self, Remedy};
use crate::input::{
    Answer, Ask, CallId, Command, HttpFailure, Input, LockOutcome, PageNews, ReadOutcome, RecallOutcome, Response,
    Revoke, Stored, StreamNews, SwapOutcome, VerifyOutcome,
};
use crate::json;
use crate::jwt;
use crate::sse;
use crate::tabs;
use crate::time::http_date;
use crate::trace::line::Line;
use crate::trace::rules::Rule;

/// The headers of an answer that decide something.
pub(super) const HEADERS: [&str; 5] = ["content-type", "countersign-ep", "date", "etag", "retry-after"];

impl Line<'_> {
    /// All but its closing sign: what arrives on a stream in pieces is added once it is read.
    pub fn input(&mut self, input: &Input) {
        self.open("input");
        match input {
            Input::Started => self.what("started"),
            Input::Woke => self.what("woke"),
            Input::Command { id, command } => self.command(*id, command),
            Input::Dropped { id } => self.call("dropped", *id),
            Input::Http { stamp, outcome } => {
                self.stamped("http", *stamp);
                match outcome {
                    Ok(response) => self.response(response),
                    Err(failure) => self.word("failed", failure.code()),
                }
            }
            Input::Record { stamp, outcome } => {
                self.stamped("record", *stamp);
                match outcome {
                    ReadOutcome::Found(stored) => self.stored(stored),
                    ReadOutcome::Nothing => self.word("outcome", "nothing"),
                    ReadOutcome::TimedOut => self.word("outcome", "timed_out"),
                    ReadOutcome::Refused => self.word("outcome", "refused"),
                }
            }
            Input::Swap { stamp, outcome } => {
                self.stamped("swap", *stamp);
                match outcome {
                    SwapOutcome::Swapped => self.word("outcome", "swapped"),
                    SwapOutcome::Lost(None) => self.word("outcome", "lost"),
                    SwapOutcome::Lost(Some(stored)) => self.stored(stored),
                    SwapOutcome::TimedOut => self.word("outcome", "timed_out"),
                    SwapOutcome::Refused => self.word("outcome", "refused"),
                }
            }
            Input::Lock { stamp, outcome } => {
                self.stamped("lock", *stamp);
                self.word("outcome", outcome.code());
            }
            Input::Recalled { stamp, outcome } => {
                self.stamped("recalled", *stamp);
                match outcome {
                    RecallOutcome::Found(kept) => self.kept(Some(kept)),
                    RecallOutcome::Nothing => self.word("outcome", "nothing"),
                    RecallOutcome::Claimed => self.word("outcome", "claimed"),
                    RecallOutcome::Refused => self.word("outcome", "refused"),
                }
            }
            Input::Leading => self.what("leading"),
            Input::Tab { text } => {
                self.what("tab");
                // A longer one is not looked at, and must not become one that is.
                self.json("said", if text.len() > tabs::LONGEST { b"" } else { text.as_bytes() });
            }
            Input::Stream { stamp, news } => {
                self.stamped("stream", *stamp);
                match news {
                    StreamNews::Opened { status, content_type } => {
                        self.number("opened", u64::from(*status));
                        self.media_type(Rule::Word, content_type);
                    }
                    StreamNews::Bytes(_) => {}
                    StreamNews::Closed => self.truth("closed", true),
                }
            }
            Input::Verified { stamp, outcome } => {
                self.stamped("verified", *stamp);
                self.word("outcome", outcome.code());
            }
            Input::Page(news) => {
                self.what("page");
                self.word("news", news.code());
            }
        }
    }

    /// What was read of a stream.
    pub fn heard(&mut self, events: &[sse::Event], retry: Option<u64>, is_overflowed: bool) {
        if let Some(retry) = retry {
            self.number("retry", retry);
        }
        if is_overflowed {
            self.truth("overflowed", true);
        }
        self.open_list("events");
        for event in events {
            let known = ["security", "ready", "heartbeat", "gap", "bye"].into_iter().find(|name| *name == event.name);
            self.open_item();
            self.word("name", known.unwrap_or("other"));
            self.digits("id", Some(&event.id));
            match known {
                Some("security") => self.text("data", Rule::Token, &event.data),
                _ => self.json("data", event.data.as_bytes()),
            }
            self.close();
        }
        self.close_list();
    }

    fn command(&mut self, id: CallId, command: &Command) {
        match command {
            Command::SignIn { username, password } => {
                self.call("sign_in", id);
                self.text("username", Rule::Name("user"), username);
                self.text("password", Rule::Secret, password.expose());
            }
            Command::SignOut => self.call("sign_out", id),
            Command::Ask(Ask { origin, repeatable }) => {
                self.call("ask", id);
                self.text("origin", Rule::Name("origin"), origin);
                self.truth("repeatable", *repeatable);
            }
            Command::Answered(Answer { status, www_authenticate, ep, problem }) => {
                self.call("answered", id);
                self.number("status", u64::from(*status));
                self.challenge(*status, www_authenticate.as_deref());
                self.digits("ep", ep.as_deref());
                if let Some(problem) = problem {
                    self.text("problem", Rule::Word, problem);
                }
            }
            Command::AccessToken => self.call("access_token", id),
            Command::Sessions => self.call("sessions", id),
            Command::Revoke(Revoke::One { sid }) => {
                self.call("revoke_one", id);
                self.text("sid", Rule::Public, sid);
            }
            Command::Revoke(Revoke::Others) => self.call("revoke_others", id),
            Command::Revoke(Revoke::All) => self.call("revoke_all", id),
            Command::Check => self.call("check", id),
            Command::Stay => self.call("stay", id),
        }
    }

    fn stored(&mut self, stored: &Stored) {
        let Stored { revision, text, kept } = stored;
        self.record(*revision, text);
        self.kept(kept.as_ref());
    }

    fn response(&mut self, response: &Response) {
        self.number("status", u64::from(response.status));
        for name in HEADERS {
            if let Some(value) = response.header(name) {
                self.header(name, value);
            }
        }
        self.challenge(response.status, response.header("www-authenticate"));
        if let Some(millis) = jwt::lifetime(response) {
            self.number("lifetime", millis);
        }
        if response.body.is_empty() {
            return;
        }
        match json::parse(&response.body) {
            Ok(document) => self.document("body", &document),
            Err(problem) => self.word("unreadable", if problem.cut_short { "cut_short" } else { "throughout" }),
        }
    }

    fn header(&mut self, name: &'static str, value: &str) {
        match name {
            "content-type" => self.media_type(Rule::AnyCase, value),
            "etag" => self.text(name, Rule::Name("tag"), value),
            "date" | "retry-after" if is_date(value) => self.text(name, Rule::Kept, value),
            // What is neither a date nor a number counts as absent.
            _ => self.digits(name, Some(value)),
        }
    }

    fn media_type(&mut self, rule: Rule, value: &str) {
        self.text("content-type", rule, value.split(';').next().unwrap_or_default());
    }

    fn digits(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(digits) = value.filter(|value| is_digits(value)) {
            self.text(name, Rule::Kept, digits);
        }
    }

    /// What a challenge asks for; its realm and its sentences stay away.
    fn challenge(&mut self, status: u16, challenge: Option<&str>) {
        if challenge.is_some() {
            self.word("asks_for", headers::remedy(status, challenge).code());
        }
    }
}

fn is_digits(text: &str) -> bool {
    (1..=24).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A date in its one form, with no room for anything else.
fn is_date(text: &str) -> bool {
    text.len() <= "Sun, 06 Nov 1994 08:49:37 GMT".len() && http_date(text).is_some()
}

impl Remedy {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Renew => "renewal",
            Self::Forbidden => "right",
            Self::StepUp { .. } => "step_up",
            Self::Nonce => "nonce",
            Self::Nothing => "nothing",
        }
    }
}

impl HttpFailure {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Deadline => "deadline",
            Self::Aborted => "aborted",
        }
    }
}

impl LockOutcome {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
        }
    }
}

impl VerifyOutcome {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Unsupported => "unsupported",
        }
    }
}

impl PageNews {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::Shown => "shown",
            Self::Leaving => "leaving",
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Acted => "acted",
        }
    }
}
