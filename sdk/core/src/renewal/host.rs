//! A host that answers by hand, for tests of one machine: nothing happens by itself.

use crate::config::{Config, FlowKind};
use crate::effect::{Effect, Keep, Request};
use crate::input::{
    CallId, Command, HttpFailure, Input, LockOutcome, ReadOutcome, Response, Stamp, Stored, SwapOutcome,
};
use crate::record::Record;
use crate::secret::Secret;
use crate::{Machine, Moment};

/// The answer that says who is signed in.
pub(crate) const BOB: &[u8] = br#"{"sid": "a", "ep": 1, "expires_in": 43200, "user": {"sub": "u_bob"}, "claims": {}}"#;

/// The same with an access token.
pub(crate) const TOKEN: &[u8] = br#"{"access_token": "at.1", "token_type": "Bearer", "expires_in": 300,
    "session_expires_in": 43200, "sid": "a", "ep": 1, "user": {"sub": "u_bob"}, "claims": {}}"#;

/// A tab and its host.
pub(crate) struct Host {
    pub machine: Machine,
    pub now: u64,
    /// Everything that was asked for and not answered.
    pub wanted: Vec<Effect>,
}

/// What another tab has left in storage.
pub(crate) fn stored(record: &Record) -> Stored {
    Stored { revision: record.revision, text: record.print(), kept: None }
}

impl Host {
    /// A tab that has asked who it is, was told that nobody is signed in, and writes that down.
    pub fn writing() -> Self {
        let mut host = Self::asking(ReadOutcome::Nothing);
        host.answer(Ok(br#"{"error": "invalid_grant", "reason": "no_credential"}"#));
        host
    }

    /// A tab that has found this in storage, and asks the server who it is.
    pub fn asking(found: ReadOutcome) -> Self {
        let mut host = Self::started(FlowKind::Token);
        host.read(found);
        host.swap(SwapOutcome::Swapped);
        host
    }

    /// A tab that has the lock, and looks at the record.
    pub fn started(flow: FlowKind) -> Self {
        let mut host = Self::opened(flow);
        host.lock();
        host
    }

    /// A tab that waits for the lock.
    pub fn opened(flow: FlowKind) -> Self {
        let config = Config::new(flow, "https://app.test", "https://app.test");
        let mut host = Self { machine: Machine::new(config), now: 1_000, wanted: Vec::new() };
        host.feed(Input::Started);
        host
    }

    /// A tab in which bob is signed in, in session `a`.
    pub fn signed_in() -> Self {
        let mut host = Self::started(FlowKind::Session);
        host.read(ReadOutcome::Nothing);
        host.answer_with(200, BOB);
        host.swap(SwapOutcome::Swapped);
        host.take(|effect| matches!(effect, Effect::Unlock));
        host
    }

    /// The request for the lock that is out.
    pub fn asked_for_lock(&mut self) -> Stamp {
        let Effect::Lock { stamp, .. } = self.take(|effect| matches!(effect, Effect::Lock { .. })) else { panic!() };
        stamp
    }

    pub fn lock(&mut self) {
        let stamp = self.asked_for_lock();
        self.feed(Input::Lock { stamp, outcome: LockOutcome::Granted });
    }

    pub fn answer(&mut self, outcome: Result<&[u8], HttpFailure>) {
        match outcome {
            Ok(body) => drop(self.answer_with(400, body)),
            Err(failure) => {
                let (stamp, _) = self.sent();
                self.feed(Input::Http { stamp, outcome: Err(failure) });
            }
        }
    }

    /// Which request was answered?
    pub fn answer_with(&mut self, status: u16, body: &[u8]) -> Request {
        let (stamp, request) = self.sent();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        self.feed(Input::Http { stamp, outcome: Ok(Response { status, headers, body: body.to_vec() }) });
        request
    }

    pub fn sent(&mut self) -> (Stamp, Request) {
        let Effect::Http { stamp, request } = self.take(|effect| matches!(effect, Effect::Http { .. })) else {
            panic!()
        };
        (stamp, request)
    }

    /// This is found where it looks.
    pub fn finds(&mut self, there: &Record) {
        self.read(ReadOutcome::Found(stored(there)));
    }

    /// The write that is out is made, and this is what it says.
    pub fn writes_down(&mut self) -> Record {
        Record::read(&self.swap(SwapOutcome::Swapped).text).expect("it is a record")
    }

    pub fn asks_for_lock(&self) -> bool {
        self.wants(|effect| matches!(effect, Effect::Lock { .. }))
    }

    pub fn looks(&self) -> bool {
        self.wants(|effect| matches!(effect, Effect::Read { .. }))
    }

    pub fn writes(&self) -> bool {
        self.wants(|effect| matches!(effect, Effect::Swap { .. }))
    }

    pub fn sends(&self) -> bool {
        self.wants(|effect| matches!(effect, Effect::Http { .. }))
    }

    fn wants(&self, is_it: impl Fn(&Effect) -> bool) -> bool {
        self.wanted.iter().any(is_it)
    }

    /// Carol signs in, or tries to.
    pub fn sign_in(&mut self, id: CallId) {
        let (username, password) = ("carol".to_owned(), Secret::new("her password"));
        self.feed(Input::Command { id, command: Command::SignIn { username, password } });
    }

    /// The timer runs out so many milliseconds after what happened last.
    pub fn woken_after(&mut self, millis: u64) {
        self.feed_after(millis, Input::Woke);
    }

    pub fn feed(&mut self, input: Input) {
        self.feed_after(10, input);
    }

    fn feed_after(&mut self, millis: u64, input: Input) {
        self.now += millis;
        let moment = Moment { wall: self.wall(), monotonic: self.now, random: [7; 32] };
        self.machine.handle(moment, input);
        self.wanted.extend(std::iter::from_fn(|| self.machine.poll_effect()));
    }

    /// The device's clock, in Unix milliseconds.
    pub fn wall(&self) -> i64 {
        1_790_000_000_000 + self.now.cast_signed()
    }

    pub fn take(&mut self, is_it: impl Fn(&Effect) -> bool) -> Effect {
        let at = self.wanted.iter().position(is_it).unwrap_or_else(|| panic!("only {:?} is wanted", self.wanted));
        self.wanted.remove(at)
    }

    pub fn read(&mut self, outcome: ReadOutcome) {
        let Effect::Read { stamp } = self.take(|effect| matches!(effect, Effect::Read { .. })) else { panic!() };
        self.feed(Input::Record { stamp, outcome });
    }

    pub fn swap(&mut self, outcome: SwapOutcome) -> Stored {
        let (stamp, written) = self.written();
        self.feed(Input::Swap { stamp, outcome });
        written
    }

    pub fn written(&mut self) -> (Stamp, Stored) {
        let Effect::Swap { stamp, revision, text, keep, .. } =
            self.take(|effect| matches!(effect, Effect::Swap { .. }))
        else {
            panic!()
        };
        assert_eq!(keep, Keep::Leave);
        (stamp, Stored { revision, text, kept: None })
    }

    /// Whether the lock was given back; an `Unlock` stays wanted until it is taken.
    pub fn is_done(&self) -> bool {
        self.wants(|effect| matches!(effect, Effect::Unlock))
    }
}
