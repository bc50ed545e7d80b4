//! What does a refusal mean, with what the record remembers? Told with a host that answers by hand.

use super::*;
use crate::config::FlowKind;
use crate::input::{Command, Input, LockOutcome, ReadOutcome, SwapOutcome};
use crate::record::Record;
use crate::renewal::host::{BOB, Host, TOKEN, stored};
use crate::state::State;

/// Why nobody is signed in, after a page that found this in storage was refused for that reason.
fn shown(there: &Record, reason: &str) -> State {
    let mut host = Host::asking(ReadOutcome::Found(stored(there)));
    host.answer(Ok(format!(r#"{{"error": "invalid_grant", "reason": "{reason}"}}"#).as_bytes()));
    host.swap(SwapOutcome::Swapped);
    host.machine.snapshot().state.clone()
}

#[test]
fn c05_what_the_record_remembers_says_why_a_session_ended() {
    // When the answer comes, by the device's clock.
    let now = 1_790_000_001_050;
    let named = |ends_at| Record { sid: Some("a".to_owned()), ends_at, ..Record::default() };
    let ended = |reason| Record { ended: Some(reason), ..Record::default() };
    let asked_long_ago = Record { sent_at: Some(now - 90_000), attempt_key: Some("k".to_owned()), ..named(None) };
    for (there, told, reason) in [
        (named(None), "no_credential", Reason::Evicted),
        (named(Some(now + 2_001)), "no_credential", Reason::Evicted),
        (named(Some(now + 2_000)), "no_credential", Reason::Expired),
        (named(Some(now - 1)), "no_credential", Reason::Expired),
        (named(Some(now - 1)), "reuse_suspected", Reason::ReuseSuspected),
        (asked_long_ago.clone(), "reuse_suspected", Reason::RotationAnswerLost),
        (asked_long_ago, "credential_changed", Reason::CredentialChanged),
        (Record::default(), "no_credential", Reason::NoCredential),
        (ended(Reason::Idle), "no_credential", Reason::Idle),
        (ended(Reason::Idle), "reuse_suspected", Reason::ReuseSuspected),
        (ended(Reason::RotationAnswerLost), "reuse_suspected", Reason::RotationAnswerLost),
    ] {
        assert_eq!(shown(&there, told), State::SignedOut { reason }, "{told} {there:?}");
    }
}

/// The command that asks who is signed in.
fn check(host: &mut Host) {
    host.feed(Input::Command { id: 1, command: Command::Check });
}

fn of_a() -> Record {
    Record { revision: 1, generation: 1, sid: Some("a".to_owned()), refresh_retry_for: Some(60), ..Record::default() }
}

/// What this call was told.
fn reply(host: &mut Host, call: u64) -> Reply {
    let Effect::Reply { reply, .. } = host.take(|effect| matches!(effect, Effect::Reply { id, .. } if *id == call))
    else {
        panic!()
    };
    reply
}

fn code(reply: Reply) -> String {
    let Reply::Failed(error) = reply else { panic!("{reply:?}") };
    error.code
}

#[test]
fn c07_an_answer_to_another_request_is_none_to_this_one() {
    let mut host = Host::signed_in();
    check(&mut host);
    host.lock();
    host.finds(&of_a());
    let (stamp, _) = host.sent();
    host.feed(Input::Http { stamp: stamp + 1_000, outcome: Err(HttpFailure::Network) });
    assert!(!host.is_done());
    host.feed(Input::Http { stamp, outcome: Err(HttpFailure::Network) });
    assert!(host.is_done());
}

#[test]
fn c02_who_gets_no_answer_in_time_keeps_the_lock_while_its_cookie_may_come() {
    for (flow, signs_in, waits) in
        [(FlowKind::Session, false, false), (FlowKind::Session, true, true), (FlowKind::Token, false, true)]
    {
        let mut host = Host::opened(flow);
        if signs_in {
            host.asked_for_lock();
            host.sign_in(2);
        }
        host.lock();
        host.finds(&of_a());
        if flow == FlowKind::Token {
            host.swap(SwapOutcome::Swapped);
        }
        let (stamp, _) = host.sent();
        host.feed(Input::Http { stamp, outcome: Err(HttpFailure::Deadline) });
        let writes = host.writes();
        assert_eq!((host.is_done(), writes), (false, !waits), "{flow:?} {signs_in}");
    }
}

#[test]
fn c05_a_refusal_is_the_end_of_a_session_and_of_no_sign_in() {
    let refused = br#"{"code": "no_session", "reason": "idle"}"#;
    let denied = br#"{"code": "invalid_credentials"}"#;
    let mut host = Host::opened(FlowKind::Session);
    host.asked_for_lock();
    host.sign_in(2);
    host.lock();
    host.read(ReadOutcome::Nothing);
    host.answer_with(401, refused);
    assert_eq!(code(reply(&mut host, 2)), "unexpected_answer");
    for (body, ends) in [(refused.as_slice(), true), (denied, false)] {
        let mut host = Host::signed_in();
        check(&mut host);
        host.lock();
        host.finds(&of_a());
        host.answer_with(401, body);
        if ends {
            host.swap(SwapOutcome::Swapped);
        }
        assert_eq!(host.machine.snapshot().state.is_signed_in(), !ends);
    }
}

#[test]
fn c21_a_server_that_always_speaks_of_another_session_is_asked_three_times() {
    let mut host = Host::signed_in();
    check(&mut host);
    host.lock();
    for asked in 1..=3 {
        host.finds(&of_a());
        host.answer_with(401, br#"{"code": "other_session"}"#);
        assert_eq!(host.looks(), asked < 3, "{asked}");
    }
    host.swap(SwapOutcome::Swapped);
    assert_eq!(code(reply(&mut host, 1)), "other_session");
}

#[test]
fn c02_a_lost_rotation_is_asked_for_once_more_inside_its_window_and_online() {
    for (sent_ago, online, status, again) in [
        (0, true, None, true),
        (59_990, true, None, true),
        (60_000, true, None, false),
        (0, false, None, false),
        (0, true, Some(500), false),
    ] {
        let mut host = Host::started(FlowKind::Token);
        let sent_at = (sent_ago > 0).then(|| host.wall() + 30 - sent_ago);
        let attempt_key = sent_at.map(|_| "k".to_owned());
        host.finds(&Record { sent_at, attempt_key, ..of_a() });
        host.swap(SwapOutcome::Swapped);
        host.machine.page.online = online;
        match status {
            Some(status) => drop(host.answer_with(status, b"{}")),
            None => host.answer(Err(HttpFailure::Network)),
        }
        assert_eq!(host.looks(), again, "{sent_ago} {online} {status:?}");
    }
}

#[test]
fn c34_an_answer_of_long_ago_is_believed_and_asked_for_anew() {
    let deadline = u64::from(REQUEST_DEADLINE);
    for (took, doubts) in [(deadline, false), (deadline + 1, true)] {
        let mut host = Host::signed_in();
        check(&mut host);
        host.lock();
        host.finds(&of_a());
        // The answer comes, and is written, ten milliseconds later each.
        host.now += took - 20;
        host.answer_with(200, BOB);
        host.swap(SwapOutcome::Swapped);
        let asks_anew = host.asks_for_lock();
        assert_eq!(asks_anew, doubts, "{took}");
    }
}

#[test]
fn c05_a_sign_in_without_an_answer_is_found_out_when_its_cookie_has_come() {
    for (failure, is_found_out) in [(None, true), (Some(500), false)] {
        let mut host = Host::opened(FlowKind::Session);
        host.asked_for_lock();
        host.sign_in(2);
        host.lock();
        host.read(ReadOutcome::Nothing);
        match failure {
            Some(status) => drop(host.answer_with(status, b"{}")),
            None => host.answer(Err(HttpFailure::Network)),
        }
        reply(&mut host, 2);
        let at = host.machine.renewals.retry_at;
        assert_eq!(at, is_found_out.then_some(host.now + LATEST_COOKIE.unsigned_abs()));
    }
}

#[test]
fn c12_a_sign_out_is_acknowledged_by_the_server_alone() {
    let json = || vec![("content-type".to_owned(), "application/json".to_owned())];
    for (status, headers, body, is_taken) in [
        (204, vec![], "", true),
        (200, vec![], "", true),
        (200, json(), "{}", true),
        (200, vec![], "<html>Sign in to the network</html>", false),
        (302, vec![], "", false),
        (401, json(), r#"{"code": "no_session"}"#, true),
        (401, json(), r#"{"code": "other"}"#, false),
        (401, vec![], "", false),
        (403, json(), r#"{"code": "no_session"}"#, false),
        (500, json(), "{}", false),
    ] {
        let response = Response { status, headers, body: body.into() };
        assert_eq!(judge_sign_out(Ok(response)).is_ok(), is_taken, "{status} {body}");
    }
    assert!(judge_sign_out(Err(HttpFailure::Deadline)).is_err());
}

#[test]
fn c03_only_who_has_the_lock_gives_it_back() {
    for (outcome, gives) in [(LockOutcome::Granted, true), (LockOutcome::Refused, false)] {
        let mut host = Host::opened(FlowKind::Session);
        let stamp = host.asked_for_lock();
        host.feed(Input::Lock { stamp, outcome });
        host.read(ReadOutcome::Nothing);
        host.answer_with(200, BOB);
        host.swap(SwapOutcome::Swapped);
        assert!(host.machine.snapshot().state.is_signed_in());
        assert_eq!(host.is_done(), gives);
    }
}

#[test]
fn c05_a_sign_in_in_vain_asks_who_is_signed_in_where_that_is_not_known() {
    let other = Record { sid: Some("b".to_owned()), ..of_a() };
    for (knows, covered, there, status, asks) in [
        (true, false, of_a(), 401, false),
        (false, false, Record::default(), 401, true),
        (false, false, Record::default(), 200, false),
        (true, false, other, 401, true),
        (true, true, of_a(), 401, true),
    ] {
        let mut host = if knows { Host::signed_in() } else { Host::opened(FlowKind::Session) };
        if !knows {
            host.asked_for_lock();
        }
        host.sign_in(2);
        host.machine.page.covered = covered;
        host.lock();
        host.finds(&there);
        match status {
            200 => {
                host.answer_with(200, BOB);
                host.swap(SwapOutcome::Swapped);
            }
            _ => drop(host.answer_with(401, br#"{"code": "invalid_credentials"}"#)),
        }
        let has_asked = host.asks_for_lock();
        assert_eq!(has_asked, asks, "{knows} {covered} {there:?} {status}");
    }
}

#[test]
fn c12_a_debt_that_a_sign_in_did_not_settle_is_paid_in_a_while() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.sign_in(2);
    host.finds(&of_a());
    let debt = host.swap(SwapOutcome::Swapped);
    assert_eq!(host.machine.renewals.retry_at, None, "the sign-in settles it");
    host.lock();
    host.read(ReadOutcome::Found(debt));
    host.answer_with(401, br#"{"code": "invalid_credentials"}"#);
    assert_eq!(code(reply(&mut host, 2)), "invalid_credentials");
    let problem = host.machine.problem.as_ref().map(|problem| problem.code.as_str());
    assert_eq!((problem, host.machine.renewals.retry_at.is_some()), (Some("sign_out_owed"), true));
}

#[test]
fn c34_what_was_kept_uncovers_a_page_that_is_shown_and_none_that_was_put_away() {
    for is_away in [false, true] {
        let mut machine = Host::opened(FlowKind::Token).machine;
        let answer = crate::json::parse(TOKEN).unwrap();
        let arrival = Arrival { at: machine.now.wall, server_time: None };
        let kept = machine.flow.restore(&machine.config, &answer, arrival).unwrap();
        if is_away {
            machine.stand_down();
        }
        machine.page.covered = true;
        machine.adopt(kept);
        assert_eq!(machine.page.covered, is_away);
    }
}
