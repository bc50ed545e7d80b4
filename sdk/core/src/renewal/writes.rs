//! What if storage does not say whether a write was made? Told with a host that answers by hand.

use crate::config::{Config, FlowKind};
use crate::effect::{Effect, Keep};
use crate::input::{HttpFailure, Input, LockOutcome, ReadOutcome, Response, Stamp, Stored, SwapOutcome};
use crate::state::{Durability, Reason, State};
use crate::{Machine, Moment};

struct Host {
    machine: Machine,
    now: u64,
    /// Everything that was asked for and not answered.
    wanted: Vec<Effect>,
}

impl Host {
    /// A tab that has asked who it is, was told that nobody is signed in, and writes that down.
    fn writing() -> Self {
        let mut host = Self::asking(ReadOutcome::Nothing);
        host.answer(Ok(br#"{"error": "invalid_grant", "reason": "no_credential"}"#));
        host
    }

    /// A tab that has found this in storage, and asks the server who it is.
    fn asking(found: ReadOutcome) -> Self {
        let config = Config::new(FlowKind::Token, "https://app.test", "https://app.test");
        let mut host = Self { machine: Machine::new(config), now: 1_000, wanted: Vec::new() };
        host.feed(Input::Started);
        let Effect::Lock { stamp, .. } = host.take(|effect| matches!(effect, Effect::Lock { .. })) else { panic!() };
        host.feed(Input::Lock { stamp, outcome: LockOutcome::Granted });
        host.read(found);
        host.swap(SwapOutcome::Swapped);
        host
    }

    fn answer(&mut self, outcome: Result<&[u8], HttpFailure>) {
        let Effect::Http { stamp, .. } = self.take(|effect| matches!(effect, Effect::Http { .. })) else { panic!() };
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let outcome = outcome.map(|body| Response { status: 400, headers, body: body.to_vec() });
        self.feed(Input::Http { stamp, outcome });
    }

    fn feed(&mut self, input: Input) {
        self.now += 10;
        let moment = Moment { wall: 1_790_000_000_000 + self.now.cast_signed(), monotonic: self.now, random: [7; 32] };
        self.machine.handle(moment, input);
        self.wanted.extend(std::iter::from_fn(|| self.machine.poll_effect()));
    }

    fn take(&mut self, is_it: impl Fn(&Effect) -> bool) -> Effect {
        let at = self.wanted.iter().position(is_it).unwrap_or_else(|| panic!("only {:?} is wanted", self.wanted));
        self.wanted.remove(at)
    }

    fn read(&mut self, outcome: ReadOutcome) {
        let Effect::Read { stamp } = self.take(|effect| matches!(effect, Effect::Read { .. })) else { panic!() };
        self.feed(Input::Record { stamp, outcome });
    }

    fn swap(&mut self, outcome: SwapOutcome) -> Stored {
        let (stamp, written) = self.written();
        self.feed(Input::Swap { stamp, outcome });
        written
    }

    fn written(&mut self) -> (Stamp, Stored) {
        let Effect::Swap { stamp, revision, text, keep, .. } =
            self.take(|effect| matches!(effect, Effect::Swap { .. }))
        else {
            panic!()
        };
        assert_eq!(keep, Keep::Leave);
        (stamp, Stored { revision, text, kept: None })
    }

    fn is_done(&self) -> bool {
        self.wanted.iter().any(|effect| matches!(effect, Effect::Unlock))
    }
}

#[test]
fn a_write_that_was_made_though_nobody_said_so_counts() {
    let mut host = Host::writing();
    let written = host.swap(SwapOutcome::TimedOut);
    assert!(!host.is_done());
    host.read(ReadOutcome::Found(written));
    assert!(host.is_done());
    assert_eq!(host.machine.snapshot().state, State::SignedOut { reason: Reason::NoCredential });
    assert_eq!(host.machine.snapshot().durability, Durability::Shared);
}

#[test]
fn a_write_that_was_undone_is_made_again() {
    let mut host = Host::writing();
    let written = host.swap(SwapOutcome::TimedOut);
    host.read(ReadOutcome::TimedOut);
    host.read(ReadOutcome::Found(Stored { revision: written.revision - 1, text: "{}".into(), kept: None }));
    assert!(!host.is_done());
    host.swap(SwapOutcome::Swapped);
    assert!(host.is_done());
    assert_eq!(host.machine.snapshot().durability, Durability::Shared);
}

#[test]
fn c03_storage_that_says_nothing_at_all_holds_nobody_up() {
    let mut host = Host::writing();
    host.swap(SwapOutcome::TimedOut);
    for _ in 0..3 {
        assert!(!host.is_done());
        host.read(ReadOutcome::TimedOut);
    }
    assert!(host.is_done());
    assert_eq!(host.machine.snapshot().durability, Durability::ThisTab);
}

#[test]
fn c30_no_number_in_a_record_is_a_trap() {
    for number in [i64::MIN, i64::MAX, -1, 0] {
        for revision in [0, u64::MAX] {
            let text = format!(
                r#"{{"revision":0,"generation":{},"sid":"s","ends_at":{number},"attempt_key":"k","sent_at":{number},
                "last_sent_at":{number},"back_off_until":{number},"acted_at":{number},"idle_lifetime":{number},
                "refresh_retry_for":60}}"#,
                i64::MAX
            );
            for outcome in [Ok(br#"{"error": "invalid_grant"}"#.as_slice()), Err(HttpFailure::Network)] {
                let mut host = Host::asking(ReadOutcome::Found(Stored { revision, text: text.clone(), kept: None }));
                host.answer(outcome);
                host.swap(SwapOutcome::Swapped);
                assert!(host.is_done());
            }
        }
    }
}
