//! When is the server asked, and when is it left alone?

use super::*;
use crate::config::{Config, FlowKind};
use crate::input::{Ask, Command, Input, ReadOutcome};
use crate::renewal::host::Host;
use crate::renewal::{LOCK_WAIT, Renewals};

/// With as much of a chance as this, of 256.
fn moment(chance: u8) -> Moment {
    let mut random = [0; 32];
    random[19] = chance;
    Moment { wall: 1_000_000, monotonic: 5_000, random }
}

#[test]
fn c22_a_token_is_renewed_at_a_jittered_point_of_its_last_quarter() {
    let at = |chance, token| renew_at(&moment(chance), Some(token));
    assert_eq!([at(0, 400_000), at(128, 400_000)], [Some(305_000), Some(335_000)]);
    assert_eq!(at(0, 10), Some(5_000 + FLOOR), "a short life is no reason for a hot loop (C21)");
    assert_eq!(renew_at(&moment(0), None), None);
}

#[test]
fn c22_each_failure_doubles_the_wait_up_to_a_minute_with_full_jitter() {
    let waits = |chance, retry_after: Option<u32>| {
        let mut machine = Machine::new(Config::new(FlowKind::Token, "https://a.test", "https://a.test"));
        machine.now = moment(chance);
        let error = Error::server("server_busy", "Later.").with_retry_after(retry_after);
        let mut fail = || {
            machine.back_off(error.clone());
            machine.renewals.retry_at.map(|at| at - 5_000)
        };
        std::iter::repeat_with(&mut fail).take(20).flatten().collect::<Vec<_>>()
    };
    let (half, told, none) = (waits(128, None), waits(128, Some(7)), waits(0, None));
    assert_eq!(half[..7], [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    assert_eq!((half[19], told[0], told[19]), (30_000, 8_000, 37_000));
    assert_eq!(none[..], [250; 20]);
}

#[test]
fn c22_a_wait_is_over_in_the_very_moment_that_was_told() {
    let renewals = Renewals { retry_at: Some(7), ..Renewals::default() };
    assert_eq!([6, 7, 8].map(|now| renewals.is_backing_off(now)), [true, false, false]);
}

#[test]
fn c02_a_clocks_leap_counts_as_long_as_a_mark_from_before_it_may() {
    let renewals = Renewals { drift: 5, drifted_at: 100, ..Renewals::default() };
    let end = 100 + u64::from(LOCK_WAIT);
    assert_eq!([100, end - 1, end].map(|now| renewals.recent_drift(now)), [5, 5, 0]);
}

#[test]
fn c22_a_shared_wait_counts_until_it_is_over() {
    let left =
        |at, until| Record { backed_off_at: at, back_off_until: until, ..Record::default() }.back_off_left(1_000);
    assert_eq!([left(None, None), left(Some(0), Some(999)), left(Some(0), Some(1_000))], [None; 3]);
    assert_eq!([left(Some(0), Some(1_001)), left(Some(0), Some(9_000))], [Some(1), Some(8_000)]);
    assert_eq!(left(Some(61_001), Some(90_000)), None, "by a clock that was wrong");
}

#[test]
fn c22_only_what_a_server_caused_is_for_all_tabs() {
    let mut machine = Machine::new(Config::new(FlowKind::Token, "https://a.test", "https://a.test"));
    machine.now = moment(0);
    let shared = |machine: &Machine, error: Error| machine.shared_back_off(&error);
    assert_eq!(shared(&machine, Error::server("server_busy", "")), None, "nothing is waited for");
    machine.renewals.retry_at = Some(12_000);
    assert_eq!(shared(&machine, Error::server("server_busy", "")), Some(1_007_000));
    assert_eq!(shared(&machine, Error::network("deadline_passed", "")), Some(1_007_000));
    assert_eq!(shared(&machine, Error::network("unreachable", "")), None);
}

/// A tab of bob's that has nothing to do, and its clock.
fn at_rest() -> (Machine, MonotonicMillis) {
    let host = Host::signed_in();
    let now = host.machine.now.monotonic;
    (host.machine, now)
}

fn asks(machine: &Machine) -> bool {
    matches!(machine.renewals.job, Some(Job { kind: Kind::Check { .. }, .. }))
}

#[test]
fn c22_offline_only_somebody_who_waits_is_tried_for_and_once() {
    for (online, waits, callers, is_put_off) in [
        (true, 1, vec![], false),
        (true, 0, vec![1], false),
        (false, 0, vec![1], false),
        (false, 1, vec![1], true),
        (false, 0, vec![], true),
    ] {
        let (mut machine, _) = at_rest();
        machine.page.online = online;
        machine.start(Kind::Check { callers, since: None });
        machine.renewals.job.as_mut().unwrap().waits = waits;
        assert_eq!(machine.is_put_off_offline(), is_put_off, "{online} {waits}");
        assert_eq!((asks(&machine), machine.renewals.retry_at.is_some()), (!is_put_off, is_put_off));
    }
}

#[test]
fn c22_offline_a_request_that_waits_is_somebody_who_waits() {
    for waits in [true, false] {
        let mut host = Host::opened(FlowKind::Session);
        if waits {
            let ask = Ask { origin: "https://app.test".to_owned(), repeatable: true };
            host.feed(Input::Command { id: 1, command: Command::Ask(ask) });
        }
        host.machine.page.online = false;
        host.lock();
        host.read(ReadOutcome::Nothing);
        let sends = host.sends();
        assert_eq!(sends, waits);
    }
}

#[test]
fn c22_when_the_network_is_back_what_failed_for_its_sake_is_tried_and_no_other() {
    let told = || Some(Error::server("server_busy", "Later.").with_retry_after(Some(9)));
    for (failed, doubted, problem, tries) in
        [(true, false, None, true), (false, true, None, true), (false, false, None, false), (true, true, told(), false)]
    {
        let (mut machine, now) = at_rest();
        machine.renewals.retry_at = failed.then_some(now + 9_000);
        machine.problem = problem;
        if doubted {
            machine.doubt();
        }
        machine.retry_now();
        assert_eq!(asks(&machine), tries, "{failed} {doubted} {:?}", machine.problem);
        assert_eq!(machine.renewals.retry_at.is_some(), failed && !tries);
    }
    let (mut machine, now) = at_rest();
    machine.start(Kind::Check { callers: Vec::new(), since: None });
    machine.renewals.retry_at = Some(now + 9_000);
    machine.retry_now();
    assert_eq!(machine.renewals.retry_at, Some(now + 9_000), "what is under way keeps its own wait");
}

#[test]
fn c22_who_failed_tries_again_in_its_time() {
    for (online, at, tries) in [(true, 0, true), (true, 1, false), (true, -1, true), (false, 0, false)] {
        let (mut machine, now) = at_rest();
        machine.page.online = online;
        machine.renewals.retry_at = Some(now.saturating_add_signed(at));
        machine.renew_on_time();
        assert_eq!((asks(&machine), machine.renewals.retry_at.is_none()), (tries, tries), "{online} {at}");
    }
}

#[test]
fn c05_who_has_to_be_sure_asks_when_no_late_answer_can_come_any_more() {
    for (online, at, failed, asked) in [
        (true, 0, false, true),
        (true, 1, false, false),
        (true, -1, false, true),
        (true, 0, true, false),
        (false, 0, false, false),
    ] {
        let (mut machine, now) = at_rest();
        machine.page.online = online;
        machine.renewals.sure_at = Some(now.saturating_add_signed(at));
        machine.renewals.retry_at = failed.then_some(now + 9_000);
        machine.renew_on_time();
        assert_eq!((asks(&machine), machine.renewals.sure_at.is_none()), (asked, asked), "{online} {at} {failed}");
    }
    let (mut machine, now) = at_rest();
    machine.forget(Reason::SignedOut);
    machine.renewals.sure_at = Some(now);
    machine.renew_on_time();
    assert!(!asks(&machine), "nobody is signed in who could be another");
}

#[test]
fn c22_ahead_of_need_only_a_page_that_is_looked_at_renews() {
    for (visible, online, failed, at, renews) in [
        (true, true, false, 0, true),
        (true, true, false, -1, true),
        (true, true, false, 1, false),
        (false, true, false, 0, false),
        (true, false, false, 0, false),
        (true, true, true, 0, false),
    ] {
        let (mut machine, now) = at_rest();
        (machine.page.visible, machine.page.online) = (visible, online);
        machine.renewals.retry_at = failed.then_some(now + 9_000);
        let Who::User(holding) = &mut machine.who else { panic!() };
        holding.renew_at = Some(now.saturating_add_signed(at));
        machine.renew_on_time();
        assert_eq!(asks(&machine), renews, "{visible} {online} {failed} {at}");
        let renew_at = machine.holding().and_then(|holding| holding.renew_at);
        assert_eq!(renew_at == Some(now + FLOOR), renews);
    }
}

#[test]
fn c20_an_end_that_only_a_clock_tells_of_is_not_certain() {
    for (ends, drifted, reached) in [
        (1, 0, None),
        (0, 0, Some((Reason::Expired, true))),
        (-5, 5, Some((Reason::Expired, true))),
        (-5, 6, Some((Reason::Expired, false))),
    ] {
        let (mut machine, now) = at_rest();
        let Who::User(holding) = &mut machine.who else { panic!() };
        (holding.session_ends, holding.drifted) = (now.saturating_add_signed(ends), drifted);
        assert_eq!(machine.end_reached(), reached, "{ends} {drifted}");
    }
}

#[test]
fn the_timer_is_set_for_the_nearest_thing_that_can_be_done() {
    let deadline = |change: fn(&mut Machine, MonotonicMillis)| {
        let (mut machine, now) = at_rest();
        let Who::User(holding) = &mut machine.who else { panic!() };
        (holding.session_ends, holding.renew_at) = (now + 50, Some(now + 40));
        change(&mut machine, now);
        machine.renewal_deadline().map(|at| at - now)
    };
    let fails = |machine: &mut Machine, now| machine.renewals.retry_at = Some(now + 60);
    let is_sure = |machine: &mut Machine, now| machine.renewals.sure_at = Some(now + 30);
    assert_eq!(deadline(|_, _| {}), Some(40));
    assert_eq!(deadline(|machine, _| machine.page.visible = false), Some(50));
    assert_eq!(deadline(|machine, _| machine.page.online = false), Some(50));
    assert_eq!(deadline(|machine, _| (machine.page.online, machine.page.covered) = (false, true)), None);
    assert_eq!(deadline(|machine, _| machine.page.covered = true), Some(40));
    assert_eq!(deadline(fails), Some(60), "and nothing before that");
    assert_eq!(deadline(is_sure), Some(30));
    let all = |change: &[fn(&mut Machine, MonotonicMillis)]| {
        let (mut machine, now) = at_rest();
        change.iter().for_each(|change| change(&mut machine, now));
        machine.renewal_deadline().map(|at| at - now)
    };
    let is_offline = |machine: &mut Machine, _| machine.page.online = false;
    let is_busy = |machine: &mut Machine, _| machine.start(Kind::Check { callers: Vec::new(), since: None });
    let has_ended = |machine: &mut Machine, _| machine.forget(Reason::Idle);
    assert_eq!(all(&[fails, is_sure]), Some(60));
    assert_eq!(all(&[fails, is_offline, has_ended]), None);
    assert_eq!(all(&[is_sure, is_offline, has_ended]), None);
    assert_eq!(all(&[fails, is_busy]), None);
    assert_eq!(all(&[is_busy]), None, "it waits for the lock");
}

#[test]
fn c22_a_wait_that_was_told_to_this_tab_is_measured_by_the_clock_that_nobody_sets() {
    for (was_told, retry_at, shared, left) in [
        (true, Some(9), None, Some(9)),
        (true, Some(0), None, None),
        (false, Some(9), None, None),
        (true, Some(9), Some(20), Some(20)),
        (true, Some(9), Some(5), Some(9)),
        (true, None, Some(5), Some(5)),
    ] {
        let (mut machine, now) = at_rest();
        machine.problem = Some(Error::server("server_busy", "Later.").with_retry_after(was_told.then_some(9)));
        machine.renewals.retry_at = retry_at.map(|after| now + after);
        machine.renewals.record.back_off_until = shared.map(|after| machine.now.wall + after);
        machine.renewals.record.backed_off_at = Some(machine.now.wall);
        assert_eq!(machine.back_off_left(), left, "{was_told} {retry_at:?} {shared:?}");
    }
}

#[test]
fn c20_c33_what_a_session_that_reached_its_end_comes_to() {
    // How much of its end a clock may have made up, whether it was asked in vain, and what is shown then.
    for (online, drifted, failures, retries, is_out, is_covered, is_asked) in [
        (true, 0, 0, false, false, false, true),
        (true, 9_000, 0, false, false, false, true),
        (false, 0, 0, false, true, false, false),
        (false, 9_000, 0, false, false, true, false),
        (true, 0, 1, true, true, false, false),
        (true, 9_000, 1, true, false, true, false),
        (true, 0, 0, true, false, false, false),
    ] {
        let (mut machine, now) = at_rest();
        let Who::User(holding) = &mut machine.who else { panic!() };
        (holding.session_ends, holding.drifted) = (now, drifted);
        machine.page.online = online;
        machine.renewals.failures = failures;
        machine.renewals.retry_at = retries.then_some(now + 9_000);
        machine.renew_on_time();
        let shown = (machine.holding().is_none(), machine.page.covered, asks(&machine));
        assert_eq!(shown, (is_out, is_covered, is_asked), "{online} {drifted} {failures} {retries}");
    }
}

#[test]
fn that_an_announced_end_was_reached_is_told_when_the_server_is_asked() {
    let mut host = Host::signed_in();
    let Who::User(holding) = &mut host.machine.who else { panic!() };
    holding.session_ends = host.now;
    host.feed(Input::Woke);
    assert!(asks(&host.machine));
    assert!(host.machine.trace().is_some_and(|trace| trace.contains(Note::EndReached.code())));
}

#[test]
fn c05_who_is_asking_at_the_end_waits_for_the_answer() {
    let (mut machine, now) = at_rest();
    let Who::User(holding) = &mut machine.who else { panic!() };
    holding.session_ends = now;
    machine.start(Kind::Check { callers: Vec::new(), since: None });
    (machine.renewals.failures, machine.page.online) = (1, false);
    machine.renew_on_time();
    assert!(machine.holding().is_some());
}

#[test]
fn s05_before_it_ends_as_idle_the_record_is_looked_at_for_acts_elsewhere() {
    let (mut machine, now) = at_rest();
    machine.idle.learn(now, Some(1_000), None);
    machine.now.monotonic += 600_000;
    machine.page.online = false;
    machine.renew_on_time();
    assert!(machine.holding().is_some() && machine.renewals.is_looking());
    machine.renewals.look = None;
    machine.renew_on_time();
    assert!(machine.holding().is_none());
}
