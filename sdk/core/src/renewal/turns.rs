//! Is the lock taken and given back as it should be, whenever the browser answers? Told with a host that answers by hand.

use crate::config::FlowKind;
use crate::input::{Command, Input, LockOutcome, ReadOutcome, SwapOutcome};
use crate::record::Record;
use crate::renewal::host::{Host, stored};

#[test]
fn c03_a_lock_that_comes_when_nobody_waits_for_it_is_given_back() {
    for (outcome, is_given_back) in [(LockOutcome::Granted, true), (LockOutcome::Refused, false)] {
        let mut host = Host::opened(FlowKind::Session);
        let stamp = host.asked_for_lock();
        host.feed(Input::Command { id: 1, command: Command::SignOut });
        host.feed(Input::Lock { stamp, outcome });
        assert_eq!(host.is_done(), is_given_back, "{outcome:?}");
    }
}

#[test]
fn c02_a_late_lock_gives_none_away_that_a_newer_request_has_or_waits_for() {
    for has_it in [false, true] {
        let mut host = Host::opened(FlowKind::Session);
        let stamp = host.asked_for_lock();
        host.feed(Input::Command { id: 1, command: Command::SignOut });
        host.read(ReadOutcome::Nothing);
        host.swap(SwapOutcome::Swapped);
        if has_it {
            host.lock();
        }
        host.feed(Input::Lock { stamp, outcome: LockOutcome::Granted });
        assert!(!host.is_done());
    }
}

#[test]
fn c02_a_sign_out_leaves_another_tabs_lease_and_what_the_server_said_of_itself() {
    let mut host = Host::opened(FlowKind::Token);
    let there = Record {
        sid: Some("a".to_owned()),
        last_sent_at: Some(host.wall()),
        sent_unlocked: true,
        refresh_retry_for: Some(0),
        ..Record::default()
    };
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.read(ReadOutcome::Found(stored(&there)));
    let written = Record::read(&host.swap(SwapOutcome::Swapped).text).expect("it is a record");
    assert_eq!(written.sid, None);
    assert_eq!((written.last_sent_at, written.sent_unlocked), (there.last_sent_at, true));
    assert_eq!(written.refresh_retry_for, Some(0));
}

#[test]
fn c02_a_page_that_stood_still_after_its_mark_writes_it_anew_and_ends_there() {
    let mut host = Host::started(FlowKind::Token);
    host.read(ReadOutcome::Nothing);
    for revision in 1..=4 {
        let (stamp, written) = host.written();
        let mark = Record::read(&written.text).expect("it is a record");
        let now = Some(host.wall());
        assert_eq!((mark.revision, mark.sent_at, mark.last_sent_at), (revision, now, now));
        host.now += 5_000;
        host.feed(Input::Swap { stamp, outcome: SwapOutcome::Swapped });
    }
    host.sent();
}
