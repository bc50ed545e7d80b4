//! What does a tab do when another one says that the record moved on? Told with a host that answers by hand.

use crate::effect::Effect;
use crate::input::{Command, Input, ReadOutcome, SwapOutcome};
use crate::record::Record;
use crate::renewal::host::{BOB, Host, stored};
use crate::state::{Reason, State};

fn moved(host: &mut Host) {
    host.feed(Input::Tab { text: r#"{"kind": "moved", "sid": "a"}"#.to_owned() });
}

fn looks(host: &Host) -> usize {
    host.wanted.iter().filter(|effect| matches!(effect, Effect::Read { .. })).count()
}

fn of_a(revision: u64) -> Record {
    Record { revision, generation: revision, sid: Some("a".to_owned()), ..Record::default() }
}

#[test]
fn c21_however_often_it_is_told_one_look_more_will_do() {
    let mut host = Host::signed_in();
    for _ in 0..3 {
        moved(&mut host);
    }
    for left in [1, 1, 0] {
        assert_eq!(looks(&host), left);
        if left > 0 {
            host.read(ReadOutcome::Found(stored(&of_a(1))));
        }
    }
}

#[test]
fn c07_what_it_is_told_while_it_writes_is_looked_at_afterwards() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::Check });
    host.lock();
    host.read(ReadOutcome::Found(stored(&of_a(1))));
    moved(&mut host);
    host.answer_with(200, BOB);
    host.read(ReadOutcome::Found(stored(&of_a(1))));
    assert_eq!(looks(&host), 0);
    host.swap(SwapOutcome::Swapped);
    let ended = Record { revision: 3, generation: 3, ended: Some(Reason::Idle), ..Record::default() };
    host.read(ReadOutcome::Found(stored(&ended)));
    assert_eq!(host.machine.snapshot().state, State::SignedOut { reason: Reason::Idle });
}

#[test]
fn c07_an_end_that_another_tab_tells_gives_up_the_question_that_is_out() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::Check });
    host.lock();
    host.read(ReadOutcome::Found(stored(&of_a(1))));
    moved(&mut host);
    let ended = Record { revision: 2, generation: 2, ended: Some(Reason::Idle), ..Record::default() };
    host.read(ReadOutcome::Found(stored(&ended)));
    assert!(host.wanted.iter().any(|effect| matches!(effect, Effect::Abort { .. })));
    assert_eq!(host.machine.snapshot().state, State::SignedOut { reason: Reason::Idle });
}
