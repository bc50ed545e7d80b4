//! What does an answer leave in the record? Told with a host that answers by hand.

use crate::flow::REQUEST_DEADLINE;
use crate::input::{ReadOutcome, SwapOutcome};
use crate::record::Record;
use crate::renewal::LOCK_WAIT;
use crate::renewal::commit::LATEST_COOKIE;
use crate::renewal::host::{Host, TOKEN, stored};

/// When the answer comes, by the device's clock.
const NOW: i64 = 1_790_000_001_050;

/// The record that a page which found this leaves after an answer of that status.
fn left(there: &Record, status: u16) -> Record {
    let mut host = Host::asking(ReadOutcome::Found(stored(there)));
    host.answer_with(status, if status == 200 { TOKEN } else { b"{}" });
    assert_eq!(host.wall(), NOW);
    Record::read(&host.swap(SwapOutcome::Swapped).text).expect("it is a record")
}

fn of_bob() -> Record {
    Record { sid: Some("a".to_owned()), refresh_retry_for: Some(60), ..Record::default() }
}

#[test]
fn c02_nobody_renews_before_the_cookie_of_an_attempt_that_was_given_up_has_come() {
    let deadline = i64::from(REQUEST_DEADLINE);
    for (sent_ago, leased_ago, waits) in [
        (None, None, false),
        (Some(500), None, false),
        (Some(deadline - 1), None, false),
        (Some(deadline), None, true),
        // By a clock that was set back since.
        (Some(-1), None, true),
        // Of a page that is gone without a word.
        (Some(500), Some(i64::from(LOCK_WAIT) + 1), true),
        (None, Some(i64::from(LOCK_WAIT) + 1), false),
    ] {
        let ago = |millis: i64| NOW - millis;
        let attempt_key = sent_ago.map(|_| "k".to_owned());
        let there = Record { sent_at: sent_ago.map(ago), last_sent_at: leased_ago.map(ago), attempt_key, ..of_bob() };
        let left = left(&there, 200);
        let until = waits.then_some(NOW - i64::from(LOCK_WAIT) + LATEST_COOKIE);
        assert_eq!((left.last_sent_at, left.sent_unlocked), (until, waits), "{sent_ago:?} {leased_ago:?}");
        assert_eq!((left.attempt_key, left.sent_at), (None, None));
    }
}

#[test]
fn c02_an_attempt_that_was_taken_over_in_vain_holds_the_others_up_as_well() {
    let sent_at = Some(NOW - 500);
    let leased_at = Some(NOW - i64::from(LOCK_WAIT) - 1);
    let there = Record { sent_at, last_sent_at: leased_at, attempt_key: Some("k".to_owned()), ..of_bob() };
    let taken_over = left(&there, 503);
    let until = Some(NOW - i64::from(LOCK_WAIT) + LATEST_COOKIE);
    assert_eq!((taken_over.last_sent_at, taken_over.sent_unlocked), (until, true));
    assert_eq!((taken_over.sent_at, taken_over.attempt_key.as_deref()), (sent_at, Some("k")));
}

#[test]
fn c02_what_the_server_did_not_do_leaves_nothing_to_ask_for_again() {
    for (status, is_left) in [(503, false), (500, true)] {
        let own = left(&of_bob(), status);
        assert_eq!((own.last_sent_at, own.sent_unlocked, own.sent_at.is_some()), (None, false, is_left), "{status}");
        let another = Record { sent_at: Some(NOW - 500), ..of_bob() };
        assert_eq!(left(&another, status).sent_at, another.sent_at, "{status}");
    }
}
