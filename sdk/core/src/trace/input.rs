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
use crate::trace::vocabulary::{Word, word};

/// The headers of an answer that decide something.
pub(super) const HEADERS: [(&str, Word); 5] = [
    ("content-type", word!("content-type")),
    ("countersign-ep", word!("countersign-ep")),
    ("date", word!("date")),
    ("etag", word!("etag")),
    ("retry-after", word!("retry-after")),
];

impl Line<'_> {
    /// All but its closing sign: what arrives on a stream in pieces is added once it is read.
    pub fn input(&mut self, input: &Input) {
        self.open(word!("input"));
        match input {
            Input::Started => self.what(word!("started")),
            Input::Woke => self.what(word!("woke")),
            Input::Command { id, command } => self.command(*id, command),
            Input::Dropped { id } => self.call(word!("dropped"), *id),
            Input::Http { stamp, outcome } => {
                self.stamped(word!("http"), *stamp);
                match outcome {
                    Ok(response) => self.response(response),
                    Err(failure) => self.word(word!("failed"), failure.code()),
                }
            }
            Input::Record { stamp, outcome } => {
                self.stamped(word!("record"), *stamp);
                match outcome {
                    ReadOutcome::Found(stored) => self.stored(stored),
                    ReadOutcome::Nothing => self.outcome(word!("nothing")),
                    ReadOutcome::TimedOut => self.outcome(word!("timed_out")),
                    ReadOutcome::Refused => self.outcome(word!("refused")),
                }
            }
            Input::Swap { stamp, outcome } => {
                self.stamped(word!("swap"), *stamp);
                match outcome {
                    SwapOutcome::Swapped => self.outcome(word!("swapped")),
                    SwapOutcome::Lost(None) => self.outcome(word!("lost")),
                    SwapOutcome::Lost(Some(stored)) => self.stored(stored),
                    SwapOutcome::TimedOut => self.outcome(word!("timed_out")),
                    SwapOutcome::Refused => self.outcome(word!("refused")),
                }
            }
            Input::Lock { stamp, outcome } => {
                self.stamped(word!("lock"), *stamp);
                self.outcome(outcome.code());
            }
            Input::Recalled { stamp, outcome } => {
                self.stamped(word!("recalled"), *stamp);
                match outcome {
                    RecallOutcome::Found(kept) => self.kept(Some(kept)),
                    RecallOutcome::Nothing => self.outcome(word!("nothing")),
                    RecallOutcome::Claimed => self.outcome(word!("claimed")),
                    RecallOutcome::Refused => self.outcome(word!("refused")),
                }
            }
            Input::Leading { stamp } => self.stamped(word!("leading"), *stamp),
            Input::Tab { text } => {
                self.what(word!("tab"));
                // A longer one is not looked at, and must not become one that is.
                self.json(word!("said"), if text.len() > tabs::LONGEST { b"" } else { text.as_bytes() });
            }
            Input::Stream { stamp, news } => {
                self.stamped(word!("stream"), *stamp);
                match news {
                    StreamNews::Opened { status, content_type } => {
                        self.number(word!("opened"), u64::from(*status));
                        self.media_type(Rule::Word, content_type);
                    }
                    StreamNews::Bytes(_) => {}
                    StreamNews::Closed => self.truth(word!("closed"), true),
                }
            }
            Input::Verified { stamp, outcome } => {
                self.stamped(word!("verified"), *stamp);
                self.outcome(outcome.code());
            }
            Input::Page(news) => {
                self.what(word!("page"));
                self.word(word!("news"), news.code());
            }
        }
    }

    /// What was read of a stream.
    pub fn heard(&mut self, events: &[sse::Event], retry: Option<u64>, is_overflowed: bool) {
        if let Some(retry) = retry {
            self.number(word!("retry"), retry);
        }
        if is_overflowed {
            self.truth(word!("overflowed"), true);
        }
        self.open_list(word!("events"));
        for event in events {
            let name = match event.name.as_str() {
                "security" => word!("security"),
                "ready" => word!("ready"),
                "heartbeat" => word!("heartbeat"),
                "gap" => word!("gap"),
                "bye" => word!("bye"),
                _ => word!("other"),
            };
            self.begin();
            self.word(word!("name"), name);
            self.digits(word!("id"), Some(&event.id));
            match event.name.as_str() {
                "security" => self.text(word!("data"), Rule::Token, &event.data),
                _ => self.json(word!("data"), event.data.as_bytes()),
            }
            self.close();
        }
        self.close();
    }

    fn command(&mut self, id: CallId, command: &Command) {
        match command {
            Command::SignIn { username, password } => {
                self.call(word!("sign_in"), id);
                self.text(word!("username"), Rule::Name(word!("user")), username);
                self.text(word!("password"), Rule::Secret, password.expose());
            }
            Command::SignOut => self.call(word!("sign_out"), id),
            Command::Ask(Ask { origin, repeatable }) => {
                self.call(word!("ask"), id);
                self.text(word!("origin"), Rule::Name(word!("origin")), origin);
                self.truth(word!("repeatable"), *repeatable);
            }
            Command::Answered(Answer { status, www_authenticate, ep, problem }) => {
                self.call(word!("answered"), id);
                self.number(word!("status"), u64::from(*status));
                self.challenge(*status, www_authenticate.as_deref());
                self.digits(word!("ep"), ep.as_deref());
                if let Some(problem) = problem {
                    self.text(word!("problem"), Rule::Word, problem);
                }
            }
            Command::AccessToken => self.call(word!("access_token"), id),
            Command::Sessions => self.call(word!("sessions"), id),
            Command::Revoke(Revoke::One { sid }) => {
                self.call(word!("revoke_one"), id);
                self.text(word!("sid"), Rule::Public, sid);
            }
            Command::Revoke(Revoke::Others) => self.call(word!("revoke_others"), id),
            Command::Revoke(Revoke::All) => self.call(word!("revoke_all"), id),
            Command::Check => self.call(word!("check"), id),
            Command::Stay => self.call(word!("stay"), id),
        }
    }

    fn stored(&mut self, stored: &Stored) {
        let Stored { revision, text, kept } = stored;
        self.record(*revision, text);
        self.kept(kept.as_ref());
    }

    fn response(&mut self, response: &Response) {
        self.number(word!("status"), u64::from(response.status));
        for (name, word) in HEADERS {
            if let Some(value) = response.header(name) {
                self.header(word, value);
            }
        }
        self.challenge(response.status, response.header("www-authenticate"));
        if let Some(millis) = jwt::lifetime(response) {
            self.number(word!("lifetime"), millis);
        }
        if response.body.is_empty() {
            return;
        }
        match json::parse(&response.body) {
            Ok(document) => self.document(word!("body"), &document),
            Err(problem) => {
                self.word(word!("unreadable"), if problem.cut_short { word!("cut_short") } else { word!("throughout") })
            }
        }
    }

    fn header(&mut self, name: Word, value: &str) {
        if name == word!("content-type") {
            self.media_type(Rule::AnyCase, value);
        } else if name == word!("etag") {
            self.text(name, Rule::Name(word!("tag")), value);
        } else if is_date(value) {
            self.text(name, Rule::Kept, value);
        } else {
            // What is neither a date nor a number counts as absent.
            self.digits(name, Some(value));
        }
    }

    fn media_type(&mut self, rule: Rule, value: &str) {
        self.text(word!("content-type"), rule, value.split(';').next().unwrap_or_default());
    }

    fn digits(&mut self, name: Word, value: Option<&str>) {
        if let Some(digits) = value.filter(|value| is_digits(value)) {
            self.text(name, Rule::Kept, digits);
        }
    }

    /// What a challenge asks for; its realm and its sentences stay away.
    fn challenge(&mut self, status: u16, challenge: Option<&str>) {
        if challenge.is_some() {
            self.word(word!("asks_for"), headers::remedy(status, challenge).code());
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
    pub(super) fn code(&self) -> Word {
        match self {
            Self::Renew => word!("renewal"),
            Self::Forbidden => word!("right"),
            Self::StepUp { .. } => word!("step_up"),
            Self::Nonce => word!("nonce"),
            Self::Nothing => word!("nothing"),
        }
    }
}

impl HttpFailure {
    pub(super) fn code(self) -> Word {
        match self {
            Self::Network => word!("network"),
            Self::Deadline => word!("deadline"),
            Self::Aborted => word!("aborted"),
        }
    }
}

impl LockOutcome {
    pub(super) fn code(self) -> Word {
        match self {
            Self::Granted => word!("granted"),
            Self::Refused => word!("refused"),
        }
    }
}

impl VerifyOutcome {
    pub(super) fn code(self) -> Word {
        match self {
            Self::Right => word!("right"),
            Self::Wrong => word!("wrong"),
            Self::Unsupported => word!("unsupported"),
        }
    }
}

impl PageNews {
    pub(super) fn code(self) -> Word {
        match self {
            Self::Visible => word!("visible"),
            Self::Hidden => word!("hidden"),
            Self::Shown => word!("shown"),
            Self::Leaving => word!("leaving"),
            Self::Online => word!("online"),
            Self::Offline => word!("offline"),
            Self::Acted => word!("acted"),
        }
    }
}
