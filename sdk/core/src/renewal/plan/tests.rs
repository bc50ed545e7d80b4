//! What does a job do, by the record that it has read? Told with a host that answers by hand.

use crate::config::FlowKind;
use crate::effect::{Effect, Request};
use crate::input::{Command, HttpFailure, Input, LockOutcome, PageNews, ReadOutcome, SwapOutcome};
use crate::machine::{Holding, Who};
use crate::record::Record;
use crate::renewal::host::{Host, TOKEN, stored};
use crate::renewal::job::Kind;
use crate::state::{Reason, State};

fn of(sid: &str) -> Record {
    Record { revision: 1, generation: 1, sid: Some(sid.to_owned()), ..Record::default() }
}

fn ended() -> Record {
    Record { revision: 2, generation: 2, ended: Some(Reason::SignedOut), ..Record::default() }
}

fn owing(sid: &str) -> Record {
    Record { sign_out_owed: Some(sid.to_owned()), ..ended() }
}

/// After how many milliseconds it looks again.
fn looks_after(host: &Host) -> Option<u64> {
    host.wanted.iter().rev().find_map(|effect| if let Effect::Wake { after } = effect { *after } else { None })
}

/// The session that a sign-out names, if it names one.
fn named(request: &Request) -> Option<&str> {
    assert_eq!(request.method, "DELETE");
    request.headers.iter().find(|(name, _)| *name == "Countersign-Request").map(|(_, sid)| sid.expose())
}

#[test]
fn c02_another_tabs_lease_is_waited_for_where_no_lock_says_that_it_is_over() {
    for (locked, sent_unlocked, age, looks) in [
        (false, false, 0, Some(1_000)),
        (false, false, 11_000, Some(1_000)),
        (false, false, 11_500, Some(500)),
        (false, false, 11_999, Some(1)),
        (false, false, 12_000, None),
        (false, false, -1, None),
        (true, true, 0, Some(1_000)),
        (true, true, 12_000, None),
        (true, false, 0, None),
    ] {
        let mut host = Host::opened(FlowKind::Session);
        let stamp = host.asked_for_lock();
        let outcome = if locked { LockOutcome::Granted } else { LockOutcome::Refused };
        host.feed(Input::Lock { stamp, outcome });
        // It is read ten milliseconds later.
        let last_sent_at = Some(host.wall() + 10 - age);
        host.finds(&Record { last_sent_at, sent_unlocked, ..of("a") });
        assert_eq!(host.sends(), looks.is_none(), "{locked} {sent_unlocked} {age}");
        if looks.is_some() {
            assert_eq!(looks_after(&host), looks, "{locked} {sent_unlocked} {age}");
        }
    }
}

#[test]
fn c02_a_rotation_is_lost_when_it_was_sent_longer_ago_than_the_window_or_in_the_future() {
    let mut host = Host::opened(FlowKind::Token);
    let now = host.wall();
    host.machine.renewals.record = Record { refresh_retry_for: Some(60), ..of("a") };
    for (age, is_lost) in
        [(None, false), (Some(0), false), (Some(60_000), false), (Some(60_001), true), (Some(-1), true)]
    {
        host.machine.renewals.record.sent_at = age.map(|age| now - age);
        assert_eq!(host.machine.has_lost_a_rotation(), is_lost, "{age:?}");
    }
    let job = host.machine.renewals.job.as_mut().expect("it asks");
    job.marked_at = Some(now + 1);
    assert!(!host.machine.has_lost_a_rotation(), "its own mark is none of before");
}

#[test]
fn c12_what_a_sign_out_owes_by_the_record_that_it_finds() {
    // The session that this tab believed in, and when the one in the record was asked for, from the sign-out on.
    for (believes, there, began, owes) in [
        (Some("a"), of("a"), None, Some("a")),
        (Some("a"), of("a"), Some(10), Some("a")),
        (Some("a"), ended(), None, Some("a")),
        (Some("a"), owing("c"), None, Some("c")),
        (Some("a"), of("b"), None, Some("")),
        (Some("a"), of("b"), Some(-1), Some("")),
        (Some("a"), of("b"), Some(0), None),
        (None, of("b"), Some(-1), Some("b")),
        (None, ended(), None, Some("")),
    ] {
        let mut host = if believes.is_some() { Host::signed_in() } else { Host::opened(FlowKind::Session) };
        host.feed(Input::Command { id: 1, command: Command::SignOut });
        let asked_at = host.wall();
        host.finds(&Record { signed_in_at: began.map(|after| asked_at + after), ..there.clone() });
        assert_eq!(host.writes(), owes.is_some(), "{believes:?} {there:?} {began:?}");
        if owes.is_some() {
            let debt = host.writes_down();
            assert_eq!(debt.sign_out_owed.as_deref(), owes, "{believes:?} {there:?} {began:?}");
            assert_eq!(debt.sign_out_asked_at, Some(asked_at));
        }
    }
}

#[test]
fn c12_a_sign_out_that_another_one_overtook_ends_nobody_else() {
    for (meanwhile, goes_on) in [(of("a"), true), (of("b"), false)] {
        let mut host = Host::signed_in();
        host.feed(Input::Command { id: 1, command: Command::SignOut });
        host.finds(&of("a"));
        host.swap(SwapOutcome::Lost(Some(stored(&Record { revision: 2, generation: 2, ..meanwhile.clone() }))));
        assert_eq!(host.writes(), goes_on, "{meanwhile:?}");
    }
}

#[test]
fn c12_a_debt_leaves_the_attempt_that_is_out_as_it_is() {
    let there = Record {
        attempt_key: Some("k".to_owned()),
        made_by: Some("m".to_owned()),
        sent_at: Some(1_790_000_000_000),
        ..of("a")
    };
    let mut host = Host::opened(FlowKind::Token);
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.finds(&there);
    let debt = host.writes_down();
    assert_eq!((debt.attempt_key, debt.made_by, debt.sent_at), (there.attempt_key, there.made_by, there.sent_at));
}

/// A tab that has written its debt, and has the lock.
fn pays() -> Host {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.finds(&of("a"));
    host.swap(SwapOutcome::Swapped);
    host.lock();
    host
}

#[test]
fn c12_a_debt_that_was_paid_is_not_paid_again_and_one_that_was_deleted_is_written_anew() {
    let mut paid = pays();
    paid.finds(&Record { revision: 3, ..ended() });
    assert!(paid.is_done() && !paid.sends() && !paid.writes());
    let mut deleted = pays();
    deleted.finds(&Record { revision: 1, generation: 0, ..Record::default() });
    assert!(!deleted.is_done() && !deleted.sends() && deleted.writes());
    let mut of_another = pays();
    of_another.finds(&Record { revision: 4, generation: 4, ..owing("c") });
    assert_eq!(named(&of_another.answer_with(204, b"")), Some("c"));
}

#[test]
fn c22_a_debt_is_paid_at_once_for_the_user_and_for_nobody_while_the_server_is_to_be_left_alone() {
    let waits = |host: &Host| Record {
        back_off_until: Some(host.wall() + 9_000),
        backed_off_at: Some(host.wall()),
        ..owing("a")
    };
    let mut host = pays();
    let there = waits(&host);
    host.finds(&there);
    assert!(host.sends());
    let mut another = Host::signed_in();
    another.feed(Input::Tab { text: r#"{"kind": "moved"}"#.to_owned() });
    let there = waits(&another);
    another.finds(&there);
    another.feed(Input::Page(PageNews::Visible));
    another.lock();
    another.finds(&there);
    another.finds(&there);
    assert!(another.is_done() && !another.sends());
}

#[test]
fn c21_a_write_that_keeps_losing_is_given_up_after_more_than_sixteen_turns() {
    let mut host = Host::started(FlowKind::Token);
    host.finds(&of("a"));
    for turn in 0..=16 {
        assert!(!host.is_done(), "{turn}");
        host.swap(SwapOutcome::Lost(Some(stored(&Record { revision: 2 + turn, ..of("a") }))));
    }
    assert!(host.is_done() && !host.writes());
}

#[test]
fn c07_only_the_session_that_ended_is_forgotten_in_the_record() {
    for (there, is_written) in [(of("a"), true), (of("b"), false)] {
        let mut host = Host::signed_in();
        host.machine.start(Kind::Forget { sid: "a".to_owned(), reason: Reason::Idle });
        host.feed(Input::Woke);
        host.finds(&there);
        assert_eq!(host.writes(), is_written, "{there:?}");
    }
}

#[test]
fn c12_who_was_told_before_the_debt_was_written_is_told_of_no_other_session() {
    for (there, writes_it) in [(of("a"), true), (of("b"), false)] {
        let mut host = Host::signed_in();
        host.feed(Input::Command { id: 1, command: Command::SignOut });
        host.feed(Input::Page(PageNews::Leaving));
        let (stamp, request) = host.sent();
        assert_eq!(named(&request), Some("a"));
        host.finds(&of("a"));
        host.feed(Input::Http { stamp, outcome: Err(HttpFailure::Network) });
        host.finds(&there);
        assert_eq!(host.writes(), writes_it, "{there:?}");
    }
}

#[test]
fn c12_a_sign_out_that_means_the_cookie_goes_on_while_the_record_names_the_same_session() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.finds(&of("b"));
    host.swap(SwapOutcome::Lost(Some(stored(&Record { revision: 2, ..of("b") }))));
    assert!(host.writes());
}

#[test]
fn c05_an_end_is_not_written_where_all_was_deleted() {
    let mut host = Host::signed_in();
    host.machine.start(Kind::Forget { sid: "a".to_owned(), reason: Reason::Idle });
    host.feed(Input::Woke);
    host.read(ReadOutcome::Nothing);
    assert!(!host.writes());
    host.lock();
}

#[test]
fn c12_where_nothing_is_owed_the_server_is_told_all_the_same() {
    let mut host = Host::started(FlowKind::Session);
    host.read(ReadOutcome::Refused);
    host.answer_with(401, br#"{"code": "no_session", "reason": "no_credential"}"#);
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.read(ReadOutcome::Refused);
    host.lock();
    assert_eq!(host.answer_with(204, b"").method, "DELETE");
}

#[test]
fn c07_a_question_finds_another_session_only_where_the_record_moved_on() {
    let at = |generation, there: Record| Record { generation, ..there };
    for (there, state) in [
        (at(1, of("b")), None),
        (at(2, of("a")), None),
        (at(2, of("b")), Some(State::Unknown)),
        (at(2, ended()), Some(State::SignedOut { reason: Reason::SignedOut })),
    ] {
        let mut host = Host::signed_in();
        host.feed(Input::Command { id: 1, command: Command::Check });
        host.lock();
        host.finds(&there);
        let shown = host.machine.snapshot().state.clone();
        assert_eq!(shown.is_signed_in(), state.is_none(), "{there:?}");
        assert!(state.is_none_or(|state| state == shown), "{there:?}");
    }
}

#[test]
fn c02_a_lost_answer_is_asked_for_once_for_each_credential() {
    for (generation, again) in [(1, false), (2, true)] {
        let mut host = Host::started(FlowKind::Token);
        host.finds(&of("a"));
        host.swap(SwapOutcome::Swapped);
        host.answer(Err(HttpFailure::Network));
        host.finds(&Record { revision: 2, generation, ..of("a") });
        host.swap(SwapOutcome::Swapped);
        host.answer(Err(HttpFailure::Network));
        let reads = host.looks();
        assert_eq!(reads, again, "{generation}");
    }
}

#[test]
fn c02_with_nothing_stored_the_lock_is_waited_for_three_times_where_tokens_rotate() {
    for (flow, waited, times) in [(FlowKind::Token, 12_000, 3), (FlowKind::Token, 0, 1), (FlowKind::Session, 12_000, 1)]
    {
        let mut host = Host::started(flow);
        host.read(ReadOutcome::Refused);
        match flow {
            FlowKind::Token => host.answer(Ok(br#"{"error": "invalid_grant", "reason": "no_credential"}"#)),
            FlowKind::Session => drop(host.answer_with(401, br#"{"code": "no_session", "reason": "no_credential"}"#)),
        }
        host.feed(Input::Command { id: 1, command: Command::Check });
        for time in 1..=times {
            assert!(!host.sends(), "{flow:?} {waited} {time}");
            let stamp = host.asked_for_lock();
            host.now += waited;
            host.feed(Input::Lock { stamp, outcome: LockOutcome::Refused });
        }
        assert!(host.sends(), "{flow:?} {waited}");
    }
}

#[test]
fn c22_nobody_is_asked_while_the_server_is_to_be_left_alone() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::Check });
    host.lock();
    let (until, at) = (Some(host.wall() + 9_000), Some(host.wall()));
    // The next one takes its own turn.
    host.machine.want_another_check();
    host.finds(&Record { back_off_until: until, backed_off_at: at, ..of("a") });
    assert!(!host.sends() && host.is_done());
    host.asked_for_lock();
}

/// A tab without a lock that has marked its renewal, and sent it.
fn sent_unlocked() -> (Host, Record) {
    let mut host = Host::opened(FlowKind::Token);
    let stamp = host.asked_for_lock();
    host.feed(Input::Lock { stamp, outcome: LockOutcome::Refused });
    host.finds(&of("a"));
    let marked = host.writes_down();
    (host, marked)
}

#[test]
fn c31_nobody_waits_for_its_own_lease_and_everybody_for_anothers() {
    for (is_disowned, is_own, waits) in
        [(false, true, false), (true, true, false), (false, false, true), (true, false, true)]
    {
        let (mut host, marked) = sent_unlocked();
        match is_disowned {
            true => drop(host.answer_with(401, br#"{"error": "other_session"}"#)),
            false => host.answer(Err(HttpFailure::Network)),
        }
        let last_sent_at = if is_own { marked.last_sent_at } else { Some(host.wall()) };
        host.finds(&Record { last_sent_at, ..marked });
        assert_eq!(host.writes(), !waits, "{is_disowned} {is_own}");
    }
}

#[test]
fn c02_who_lost_a_rotation_asks_with_the_token_unless_only_the_cookie_can_tell() {
    for (has_ended, is_told, with_token) in [(false, false, true), (true, false, false), (false, true, false)] {
        let mut host = Host::asking(ReadOutcome::Nothing);
        host.answer_with(200, TOKEN);
        host.swap(SwapOutcome::Swapped);
        host.feed(Input::Command { id: 1, command: Command::Check });
        host.lock();
        host.machine.tabs.tell_of_another = is_told;
        if has_ended {
            let Who::User(holding) = &mut host.machine.who else { panic!() };
            holding.session_ends = 0;
        }
        let sent_at = Some(host.wall() - 90_000);
        host.finds(&Record { sent_at, refresh_retry_for: Some(60), ..of("a") });
        assert_eq!((host.sends(), host.writes()), (with_token, !with_token), "{has_ended} {is_told}");
        if with_token {
            host.answer_with(200, b"{}");
            let ends = |user: &Holding| Some((user.renew_at, user.token.as_ref().map(|token| token.ends)));
            let (renews, ends) = host.machine.holding().and_then(ends).expect("bob is signed in");
            assert_eq!(renews, ends, "it is asked once, and not each half minute");
        }
    }
}

#[test]
fn c02_what_the_mark_of_a_renewal_says() {
    for (outcome, window, is_unlocked, has_key) in [
        (LockOutcome::Granted, 60, false, true),
        (LockOutcome::Refused, 60, true, true),
        (LockOutcome::Granted, 0, false, false),
    ] {
        let mut host = Host::opened(FlowKind::Token);
        host.feed(Input::Page(PageNews::Acted));
        let acted_at = Some(host.wall());
        let stamp = host.asked_for_lock();
        host.feed(Input::Lock { stamp, outcome });
        host.finds(&Record { refresh_retry_for: Some(window), ..of("a") });
        let now = Some(host.wall());
        let mark = host.writes_down();
        assert_eq!((mark.revision, mark.sent_at, mark.last_sent_at), (2, now, now));
        assert_eq!((mark.sent_unlocked, mark.attempt_key.is_some(), mark.acted_at), (is_unlocked, has_key, acted_at));
    }
}
