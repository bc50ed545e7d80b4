//! What does a tab do when another one says that the record moved on? Told with a host that answers by hand.

use crate::effect::Effect;
use crate::input::{Command, Input, ReadOutcome};
use crate::record::Record;
use crate::renewal::host::{Host, stored};
use crate::state::{Reason, State};

fn moved(host: &mut Host) {
    host.feed(Input::Tab { text: r#"{"kind": "moved", "sid": "a"}"#.to_owned() });
}

#[test]
fn c07_an_end_that_another_tab_tells_gives_up_the_question_that_is_out() {
    let of_a = Record { revision: 1, generation: 1, sid: Some("a".to_owned()), ..Record::default() };
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::Check });
    host.lock();
    host.read(ReadOutcome::Found(stored(&of_a)));
    moved(&mut host);
    let ended = Record { revision: 2, generation: 2, ended: Some(Reason::Idle), ..Record::default() };
    host.read(ReadOutcome::Found(stored(&ended)));
    assert!(host.wanted.iter().any(|effect| matches!(effect, Effect::Abort { .. })));
    assert_eq!(host.machine.snapshot().state, State::SignedOut { reason: Reason::Idle });
}
