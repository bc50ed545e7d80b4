//! What do bytes do that reach the machine? One tab, whose storage keeps, whose server says one thing, and whose browser
//! finds every signature wrong.

use countersign_core::effect::{Effect, Keep, Reply, Request};
use countersign_core::gate::Decision;
use countersign_core::input::{
    Command, HttpFailure, Input, LockOutcome, ReadOutcome, RecallOutcome, Response, Stamp, Stored, StreamNews,
    SwapOutcome, VerifyOutcome,
};
use countersign_core::{Config, FlowKind, Gate, Machine, Moment, Secret, Snapshot, State, json};

pub const SERVER: &str = "https://app.test";

/// A machine that asks for more than this after one input asks without end.
const MOST_EFFECTS: usize = 200;

/// One key, so that signatures come to be checked. Nobody looks whether it is one.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k",
    "x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;

const START: i64 = 1_790_000_000_000;

pub fn config(flow: FlowKind) -> Config {
    Config::new(flow, SERVER, SERVER)
}

/// Alice's session, as the server tells it.
pub fn usual_answer(flow: FlowKind) -> String {
    let who =
        r#""sid":"s1","ep":1,"user":{"sub":"u1"},"claims":{"roles":["admin"],"scope":"a b","auth_time":1790000000}"#;
    match flow {
        FlowKind::Token => format!(
            r#"{{{who},"access_token":"a","token_type":"Bearer","expires_in":600,"session_expires_in":360000,"refresh_retry_for":60}}"#
        ),
        _ => format!(r#"{{{who},"expires_in":360000}}"#),
    }
}

pub struct Tab {
    machine: Machine,
    /// Milliseconds since the page loaded.
    now: u64,
    wakes_after: Option<u64>,
    stored: Option<Stored>,
    retained: Option<Secret>,
    answer: String,
    stream: Option<Stamp>,
    reply: Option<Reply>,
}

impl Tab {
    /// A page that loads, and is done with it.
    pub fn load(config: Config, stored: Option<Stored>, answer: String) -> Self {
        let machine = Machine::new(config);
        let mut tab =
            Self { machine, now: 0, wakes_after: None, stored, retained: None, answer, stream: None, reply: None };
        tab.feed(Input::Started);
        tab
    }

    /// A page with a session and an open stream.
    pub fn signed_in(flow: FlowKind) -> Self {
        let tab = Self::load(config(flow), None, usual_answer(flow));
        assert!(tab.stream.is_some());
        tab.is_still_signed_in();
        tab
    }

    /// Gives the machine an input, and carries out what it asks for until it asks for nothing more.
    pub fn feed(&mut self, input: Input) {
        self.handle(input);
        for _ in 0..MOST_EFFECTS {
            let Some(effect) = self.machine.poll_effect() else { return };
            if let Some(input) = self.carry_out(effect) {
                self.handle(input);
            }
        }
        panic!("the machine asks without end");
    }

    /// What a call of the application gets.
    pub fn call(&mut self, command: Command) -> Reply {
        self.feed(Input::Command { id: 1, command });
        self.reply.take().expect("every call gets its answer")
    }

    pub fn stream(&mut self, news: StreamNews) {
        if let Some(stamp) = self.stream {
            self.feed(Input::Stream { stamp, news });
        }
    }

    /// Lets the timer run out.
    pub fn wake(&mut self) {
        if let Some(after) = self.wakes_after.take() {
            self.now += after;
            self.feed(Input::Woke);
        }
    }

    pub fn snapshot(&self) -> Snapshot {
        self.machine.snapshot()
    }

    pub fn now(&self) -> i64 {
        START.saturating_add_unsigned(self.now)
    }

    pub fn can(&self, gate: &Gate) -> Decision {
        gate.decide(&self.snapshot().state, self.now())
    }

    pub fn changes_at(&self, gate: &Gate) -> Option<i64> {
        gate.changes_at(&self.snapshot().state, self.now())
    }

    /// Panics unless it is alice.
    pub fn is_still_signed_in(&self) {
        let state = self.snapshot().state;
        let State::SignedIn { claims, session, .. } = &state else { panic!("{state:?}") };
        assert_eq!((claims.subject.as_str(), session.sid.as_str()), ("u1", "s1"));
    }

    /// Panics unless what is written of all this is one document.
    pub fn has_a_trace(&self) {
        let trace = self.machine.trace().expect("a trace is kept");
        assert!(json::parse(trace.as_bytes()).is_ok(), "{trace}");
    }

    fn handle(&mut self, input: Input) {
        self.now += 10;
        let mut random = [7; 32];
        random[..8].copy_from_slice(&self.now.to_le_bytes());
        self.machine.handle(Moment { wall: self.now(), monotonic: self.now, random }, input);
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::Http { stamp, request } => Some(Input::Http { stamp, outcome: self.send(&request) }),
            Effect::Read { stamp } => {
                let outcome = self.stored.clone().map_or(ReadOutcome::Nothing, ReadOutcome::Found);
                Some(Input::Record { stamp, outcome })
            }
            Effect::Swap { stamp, expected, revision, text, keep } => {
                let outcome = self.swap(expected, revision, text, keep);
                Some(Input::Swap { stamp, outcome })
            }
            Effect::Retain { kept } => {
                self.retained = kept;
                None
            }
            Effect::Recall { stamp } => {
                let outcome = self.retained.clone().map_or(RecallOutcome::Nothing, RecallOutcome::Found);
                Some(Input::Recalled { stamp, outcome })
            }
            Effect::Lock { stamp, .. } => Some(Input::Lock { stamp, outcome: LockOutcome::Granted }),
            Effect::Lead { stamp } => Some(Input::Leading { stamp }),
            Effect::OpenStream { stamp, .. } => {
                self.stream = Some(stamp);
                let news = StreamNews::Opened { status: 200, content_type: "text/event-stream".to_owned() };
                Some(Input::Stream { stamp, news })
            }
            Effect::CloseStream => {
                self.stream = None;
                None
            }
            Effect::Verify { stamp, .. } => Some(Input::Verified { stamp, outcome: VerifyOutcome::Wrong }),
            Effect::Wake { after } => {
                self.wakes_after = after;
                None
            }
            Effect::Reply { reply, .. } => {
                self.reply = Some(reply);
                None
            }
            Effect::Abort { .. }
            | Effect::Disclaim
            | Effect::Unlock
            | Effect::StandDown
            | Effect::Tell { .. }
            | Effect::Hint { .. } => None,
        }
    }

    fn swap(&mut self, expected: Option<u64>, revision: u64, text: String, keep: Keep) -> SwapOutcome {
        if self.stored.as_ref().map(|stored| stored.revision) != expected {
            return SwapOutcome::Lost(self.stored.clone());
        }
        let kept = match keep {
            Keep::Leave => self.stored.take().and_then(|stored| stored.kept),
            Keep::Write(kept) => Some(kept),
            Keep::Erase => None,
        };
        self.stored = Some(Stored { revision, text, kept });
        SwapOutcome::Swapped
    }

    fn send(&self, request: &Request) -> Result<Response, HttpFailure> {
        let path = request.url.strip_prefix(SERVER).ok_or(HttpFailure::Network)?;
        let (status, body) = match (request.method, path) {
            ("DELETE", _) | (_, "/auth/revoke") => (204, ""),
            (_, "/auth/session" | "/auth/login" | "/auth/token") => (200, self.answer.as_str()),
            (_, "/.well-known/jwks.json") => (200, KEYS),
            _ => (404, r#"{"title":"There is nothing here."}"#),
        };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(Response { status, headers, body: body.as_bytes().to_vec() })
    }
}
