//! Whose turn is it, what goes out in it, and is the lock given back? Told with a host that answers by hand.

use crate::config::FlowKind;
use crate::effect::Effect;
use crate::input::{Command, HttpFailure, Input, LockOutcome, PageNews, ReadOutcome, SwapOutcome};
use crate::record::Record;
use crate::renewal::commit::LATEST_COOKIE;
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
    host.finds(&there);
    let written = host.writes_down();
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

#[test]
fn c12_a_sign_in_that_waits_settles_the_debt_of_the_sign_out_before_it() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.sign_in(2);
    host.finds(&Record { revision: 1, sid: Some("a".to_owned()), ..Record::default() });
    let debt = host.swap(SwapOutcome::Swapped);
    host.lock();
    host.read(ReadOutcome::Found(debt));
    let (_, request) = host.sent();
    assert_eq!((request.method, request.url.as_str()), ("POST", "https://app.test/auth/session"));
}

#[test]
fn c21_an_act_that_was_told_is_not_told_again_though_it_brought_no_more_time() {
    let who = |idle| {
        let user = r#""user": {"sub": "u_bob"}, "claims": {}"#;
        format!(r#"{{"sid": "a", "ep": 1, "expires_in": 43200, "idle_expires_in": {idle}, {user}}}"#)
    };
    let mut host = Host::started(FlowKind::Session);
    host.read(ReadOutcome::Nothing);
    host.answer_with(200, who(60).as_bytes());
    let written = host.swap(SwapOutcome::Swapped);
    host.now += 32_000;
    host.feed(Input::Page(PageNews::Acted));
    host.lock();
    host.read(ReadOutcome::Found(written));
    assert_eq!(host.answer_with(200, who(28).as_bytes()).method, "PATCH");
    host.swap(SwapOutcome::Swapped);
    host.now += 31_000;
    host.feed(Input::Woke);
    assert!(!host.asks_for_lock());
}

#[test]
fn c12_a_sign_out_names_a_session_unless_a_sign_in_went_out() {
    let there = || ReadOutcome::Found(stored(&Record { revision: 1, sid: Some("a".to_owned()), ..Record::default() }));
    // How many sign-ins were begun, the first of them sent?
    for (begun, is_sent, owed) in [(0, false, "a"), (1, false, "a"), (1, true, ""), (2, true, "")] {
        let mut host = Host::signed_in();
        for id in 0..begun {
            host.sign_in(id);
            if id == 0 && is_sent {
                host.lock();
                host.read(there());
            }
        }
        host.feed(Input::Command { id: 9, command: Command::SignOut });
        // Whose cookie is still on its way is meant as well.
        let asked_at = host.wall() + if owed.is_empty() { LATEST_COOKIE } else { 0 };
        host.read(there());
        let debt = host.writes_down();
        assert_eq!(debt.sign_out_owed.as_deref(), Some(owed), "{begun} {is_sent}");
        assert_eq!(debt.sign_out_asked_at, Some(asked_at), "{begun} {is_sent}");
    }
}

#[test]
fn c02_a_sign_in_waits_for_the_cookie_of_what_it_overtakes_and_for_nothing_else() {
    for (flow, waits) in [(FlowKind::Session, false), (FlowKind::Token, true)] {
        let mut host = Host::started(flow);
        host.read(ReadOutcome::Nothing);
        if flow == FlowKind::Token {
            host.swap(SwapOutcome::Swapped);
        }
        host.sent();
        for id in 1..=2_usize {
            host.sign_in(id as u64);
            let asked = host.wanted.iter().filter(|effect| matches!(effect, Effect::Lock { .. })).count();
            assert_eq!(asked, if waits { 0 } else { id }, "{flow:?}");
        }
    }
}

#[test]
fn c03_what_is_waited_for_is_waited_for_to_its_very_end() {
    let cookie = LATEST_COOKIE.unsigned_abs();
    let mut leased = Host::opened(FlowKind::Session);
    let stamp = leased.asked_for_lock();
    leased.feed(Input::Lock { stamp, outcome: LockOutcome::Refused });
    let last_sent_at = Some(leased.wall());
    leased.finds(&Record { last_sent_at, ..Record::default() });
    leased.woken_after(999);
    assert!(!leased.looks());
    leased.woken_after(1);
    assert!(leased.looks());

    let mut given_up = Host::started(FlowKind::Token);
    given_up.read(ReadOutcome::Nothing);
    given_up.swap(SwapOutcome::Swapped);
    given_up.sign_in(1);
    given_up.woken_after(cookie - 1);
    assert!(!given_up.is_done());
    given_up.woken_after(1);
    assert!(given_up.is_done());

    let mut unanswered = Host::started(FlowKind::Token);
    unanswered.read(ReadOutcome::Nothing);
    unanswered.swap(SwapOutcome::Swapped);
    let (stamp, _) = unanswered.sent();
    unanswered.feed(Input::Http { stamp, outcome: Err(HttpFailure::Deadline) });
    unanswered.woken_after(cookie - 1);
    assert!(!unanswered.looks());
    unanswered.woken_after(1);
    assert!(unanswered.looks(), "it asks once more, with the same key");
}
