//! Is the lock taken and given back as it should be, whenever the browser answers? Told with a host that answers by hand.

use crate::config::FlowKind;
use crate::input::{Command, Input, LockOutcome, ReadOutcome, SwapOutcome};
use crate::renewal::host::Host;

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
