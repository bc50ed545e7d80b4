//! What does an answer leave in the record? Told with a host that answers by hand.

use crate::config::FlowKind;
use crate::effect::Effect;
use crate::flow::REQUEST_DEADLINE;
use crate::input::{Command, Input, PageNews, ReadOutcome, SwapOutcome};
use crate::record::Record;
use crate::renewal::LOCK_WAIT;
use crate::renewal::commit::{LATEST_CLEARING, LATEST_COOKIE};
use crate::renewal::host::{BOB, Host, TOKEN, stored};
use crate::state::Reason;

/// When the answer comes, by the device's clock.
const NOW: i64 = 1_790_000_001_050;

/// The record that a page which found this leaves after an answer of that status.
fn left(there: &Record, status: u16) -> Record {
    let mut host = Host::asking(ReadOutcome::Found(stored(there)));
    host.answer_with(status, if status == 200 { TOKEN } else { b"{}" });
    assert_eq!(host.wall(), NOW);
    host.writes_down()
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

/// A tab of bob's that has asked who is signed in, while the record said this.
fn asks(there: &Record) -> Host {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::Check });
    host.lock();
    host.finds(there);
    host
}

/// What it writes after its answer, where another tab has written this meanwhile.
fn written_above(mut host: Host, there: &Record) -> Record {
    host.answer_with(200, BOB);
    host.swap(SwapOutcome::Lost(Some(stored(there))));
    host.writes_down()
}

fn of_a(revision: u64) -> Record {
    Record { revision, generation: revision, sid: Some("a".to_owned()), ..Record::default() }
}

#[test]
fn c22_a_wait_that_another_tab_was_told_of_meanwhile_outlives_an_answer() {
    let waits =
        |revision| Record { back_off_until: Some(NOW + 60_000), backed_off_at: Some(NOW - 1_000), revision, ..of_a(1) };
    let meanwhile = written_above(asks(&of_a(1)), &waits(2));
    assert_eq!((meanwhile.back_off_until, meanwhile.backed_off_at), (Some(NOW + 60_000), Some(NOW - 1_000)));
    let is_over = Record { back_off_until: Some(NOW - 500), ..waits(1) };
    let after = written_above(asks(&is_over), &Record { revision: 2, ..is_over.clone() });
    assert_eq!((after.back_off_until, after.backed_off_at), (None, None));
}

#[test]
fn c05_an_older_answer_takes_back_no_act_that_is_written() {
    let acted =
        |generation| Record { generation, acted_at: Some(NOW + 90_000), idle_ends_at: Some(NOW + 900_000), ..of_a(2) };
    let newer = written_above(asks(&of_a(1)), &acted(2));
    assert_eq!((newer.acted_at, newer.idle_ends_at), (Some(NOW + 90_000), Some(NOW + 900_000)));
    let older = written_above(asks(&of_a(1)), &acted(1));
    assert_eq!(older.idle_ends_at, None, "the answer is the newer one");
}

#[test]
fn c02_an_answer_that_another_tab_was_given_before_says_nothing_of_the_newest_key() {
    for (key, is_late) in [("k", false), ("another", true)] {
        let there = Record { attempt_key: Some("k".to_owned()), sent_at: Some(NOW - 500), ..of_bob() };
        let mut host = Host::asking(ReadOutcome::Found(stored(&there)));
        host.answer_with(200, TOKEN);
        let (attempt_key, made_by) = (Some(key.to_owned()), Some("m".to_owned()));
        host.swap(SwapOutcome::Lost(Some(stored(&Record { attempt_key, made_by, revision: 2, ..there }))));
        let written = host.writes_down();
        let (attempt_key, made_by) = if is_late { (Some("another"), Some("m")) } else { (None, Some("k")) };
        assert_eq!((written.attempt_key.as_deref(), written.made_by.as_deref()), (attempt_key, made_by));
    }
}

/// A sign-in that was answered, and waits for its record to be written.
fn signs_in(there: &Record) -> Host {
    let mut host = Host::opened(FlowKind::Session);
    host.asked_for_lock();
    host.sign_in(1);
    host.lock();
    host.finds(there);
    assert_eq!(host.answer_with(200, BOB).method, "POST");
    host
}

#[test]
fn c05_who_signs_in_soon_after_a_sign_out_asks_once_more() {
    let signed_out_at = |at| Record { signed_out_at: Some(at), ended: Some(Reason::SignedOut), ..Record::default() };
    // When the answer comes.
    let now = signs_in(&Record::default()).wall();
    let owed = Record { sign_out_owed: Some("b".to_owned()), ..signed_out_at(now - 90_000) };
    let clearing = i64::from(LATEST_CLEARING);
    for (there, asks) in [
        (Record::default(), false),
        (signed_out_at(now - clearing), false),
        (signed_out_at(now - clearing + 1), true),
        (owed, true),
    ] {
        let host = signs_in(&there);
        let at = host.machine.renewals.sure_at;
        assert_eq!(at, asks.then_some(host.now + u64::from(LATEST_CLEARING)), "{there:?}");
    }
}

#[test]
fn c05_of_two_sign_ins_at_once_the_server_says_which_came_last() {
    let of_b = Record { revision: 3, generation: 3, sid: Some("b".to_owned()), ..Record::default() };
    for (before, meanwhile, asks) in [
        (Record::default(), of_b.clone(), true),
        (of_b.clone(), Record { revision: 4, ..of_b.clone() }, false),
        (Record::default(), of_a(2), false),
        (of_b, Record { revision: 4, ..Record::default() }, false),
    ] {
        let mut host = signs_in(&before);
        host.swap(SwapOutcome::Lost(Some(stored(&meanwhile))));
        host.swap(SwapOutcome::Swapped);
        let has_asked = host.asks_for_lock();
        assert_eq!(has_asked, asks, "{before:?} {meanwhile:?}");
    }
}

#[test]
fn c12_what_a_sign_out_leaves_when_the_server_has_heard_of_it() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.finds(&of_a(1));
    let debt = host.writes_down();
    host.lock();
    let waits = Record { back_off_until: Some(host.wall() + 9_000), backed_off_at: Some(host.wall()), ..debt };
    host.finds(&waits);
    host.answer_with(204, b"");
    let signed_out_at = Some(host.wall());
    let left = host.writes_down();
    assert_eq!((left.sign_out_owed, left.sign_out_asked_at, left.signed_out_at), (None, None, signed_out_at));
    assert_eq!((left.back_off_until, left.backed_off_at), (None, None));
}

#[test]
fn c07_what_is_known_of_a_session_stays_with_it_and_goes_to_no_other() {
    for (sid, stays) in [("a", true), ("b", false)] {
        let there = Record { sid: Some(sid.to_owned()), signed_in_at: Some(7), idle_lifetime: Some(1_800), ..of_a(1) };
        let mut host = asks(&there);
        host.answer_with(200, BOB);
        let ends_at = Some(host.wall() + 43_200_000);
        let written = host.writes_down();
        assert_eq!(written.sid.as_deref(), Some("a"));
        assert_eq!((written.signed_in_at, written.idle_lifetime), (stays.then_some(7), stays.then_some(1_800)));
        assert_eq!((written.ends_at, written.idle_ends_at), (ends_at, None));
    }
}

#[test]
fn s05_an_answer_tells_when_the_session_ends_if_nobody_acts_and_when_somebody_did() {
    let mut host = asks(&of_a(1));
    host.feed(Input::Page(PageNews::Acted));
    let acted_at = Some(host.wall());
    let user = r#""user": {"sub": "u_bob"}, "claims": {}"#;
    host.answer_with(
        200,
        format!(r#"{{"sid": "a", "ep": 1, "expires_in": 9, "idle_expires_in": 5, {user}}}"#).as_bytes(),
    );
    let idle_ends_at = Some(host.wall() + 5_000);
    let written = host.writes_down();
    assert_eq!((written.acted_at, written.idle_lifetime), (acted_at, Some(5_000)));
    assert_eq!((written.idle_ends_at, written.refresh_retry_for), (idle_ends_at, Some(0)));
}

#[test]
fn c02_what_another_tab_marked_while_a_sign_in_was_under_way_stays_marked() {
    let marks = |there: Record| Record { attempt_key: Some("k".to_owned()), sent_at: Some(NOW), revision: 2, ..there };
    let attempt = |written: &Record| (written.attempt_key.is_some(), written.sent_at);
    let mut before = signs_in(&marks(Record::default()));
    let written = before.writes_down();
    assert_eq!(attempt(&written), (false, None));
    let mut meanwhile = signs_in(&Record::default());
    meanwhile.swap(SwapOutcome::Lost(Some(stored(&marks(Record::default())))));
    let written = meanwhile.writes_down();
    assert_eq!(attempt(&written), (true, Some(NOW)));
    assert_eq!(attempt(&written_above(asks(&of_a(1)), &marks(of_a(1)))), (false, None));
}

#[test]
fn c22_what_the_server_asked_one_tab_for_is_written_down_for_all() {
    let left = left(&of_bob(), 503);
    assert!(left.back_off_until.is_some_and(|until| until > NOW));
    assert_eq!(left.backed_off_at, Some(NOW));
}

#[test]
fn c07_a_refusal_that_something_overtook_is_asked_about_again() {
    let of_b = |generation| Record { generation, revision: 2, sid: Some("b".to_owned()), ..Record::default() };
    for (meanwhile, is_overtaken) in [
        (Record { revision: 2, ..of_a(1) }, false),
        (of_a(3), true),
        // Where the browser's data was cleared, the next session counts from the beginning.
        (of_b(1), true),
        (Record { revision: 2, generation: 1, ..Record::default() }, false),
    ] {
        let mut host = asks(&of_a(1));
        host.answer_with(401, br#"{"code": "no_session", "reason": "idle"}"#);
        host.swap(SwapOutcome::Lost(Some(stored(&meanwhile))));
        let asks = host.sends();
        assert_eq!(asks, is_overtaken, "{meanwhile:?}");
    }
}

/// A tab of bob's that asks, or ends, where storage answers so.
fn under_way(command: Command, storage: &ReadOutcome) -> Host {
    let mut host = Host::signed_in();
    let is_sign_out = matches!(command, Command::SignOut);
    host.feed(Input::Command { id: 1, command });
    if is_sign_out {
        host.read(storage.clone());
        if *storage != ReadOutcome::Refused {
            host.swap(SwapOutcome::Swapped);
        }
    }
    host.lock();
    let debt = Record { sign_out_owed: Some("a".to_owned()), ended: Some(Reason::SignedOut), sid: None, ..of_a(2) };
    let found = if is_sign_out { ReadOutcome::Found(stored(&debt)) } else { storage.clone() };
    host.read(if *storage == ReadOutcome::Refused { ReadOutcome::Refused } else { found });
    host.wanted.retain(|effect| !matches!(effect, Effect::Tell { .. }));
    host
}

#[test]
fn c21_the_others_are_told_of_what_is_written_and_where_nothing_is_of_changes_alone() {
    let shared = ReadOutcome::Found(stored(&of_a(1)));
    let of_b = String::from_utf8_lossy(BOB).replace(r#""a""#, r#""b""#);
    for (command, storage, status, body, tells) in [
        (Command::Check, &shared, 200, BOB, true),
        (Command::Check, &shared, 500, b"{}", true),
        (Command::Check, &ReadOutcome::Refused, 200, BOB, false),
        (Command::Check, &ReadOutcome::Refused, 500, b"{}", false),
        (Command::Check, &ReadOutcome::Refused, 200, of_b.as_bytes(), true),
        (Command::SignOut, &shared, 204, b"", true),
        (Command::SignOut, &shared, 500, b"{}", false),
        (Command::SignOut, &ReadOutcome::Refused, 204, b"", true),
        (Command::SignOut, &ReadOutcome::Refused, 500, b"{}", false),
    ] {
        let mut host = under_way(command, storage);
        host.answer_with(status, body);
        if *storage == shared {
            host.swap(SwapOutcome::Swapped);
        }
        let told = host.wanted.iter().any(|effect| matches!(effect, Effect::Tell { .. }));
        assert_eq!(told, tells, "{storage:?} {status}");
    }
}

#[test]
fn c12_who_paid_a_debt_that_named_nobody_asks_who_is_signed_in() {
    for (owed, asks) in [("", true), ("a", false)] {
        let mut host = Host::started(FlowKind::Session);
        let ended = Some(Reason::SignedOut);
        let debt = Record { sign_out_owed: Some(owed.to_owned()), ended, sid: None, ..of_a(2) };
        host.finds(&debt);
        assert_eq!(host.answer_with(204, b"").method, "DELETE");
        host.swap(SwapOutcome::Swapped);
        assert_eq!(host.asks_for_lock(), asks, "{owed:?}");
    }
}

#[test]
fn c07_a_sign_in_elsewhere_while_a_sign_out_was_under_way_is_followed() {
    for (meanwhile, follows) in [
        (Record { sid: Some("b".to_owned()), ..of_a(9) }, true),
        (Record { sid: None, ended: Some(Reason::SignedOut), ..of_a(2) }, false),
    ] {
        let mut host = under_way(Command::SignOut, &ReadOutcome::Found(stored(&of_a(1))));
        host.answer_with(204, b"");
        host.swap(SwapOutcome::Lost(Some(stored(&meanwhile))));
        assert_eq!(host.asks_for_lock(), follows, "{meanwhile:?}");
    }
}
