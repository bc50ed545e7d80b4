//! Several tabs of one browser, and two users who take turns in it.

use countersign_core::FlowKind::Token;
use countersign_core::{Gate, Reason, Revoker, Standing};
use countersign_tests::{Fault, StorageFault, Tab, World, in_both_flows};

const RENEW: &str = "POST /auth/token";

#[test]
fn c02_eight_tabs_never_renew_at_once() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    world.network().times(1_000, RENEW, Fault::DelayAnswer(700));
    let tabs: Vec<Tab> = (0..7).map(|_| browser.begin_open_tab(Token)).collect();
    world.advance(12);
    assert!(tabs.iter().all(Tab::is_signed_in));
    for tab in &tabs {
        tab.check_later();
        tab.begin_fetch("/api/me");
    }
    world.advance(1_500);
    assert!(tabs.iter().chain([&first]).all(Tab::is_signed_in));
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert_eq!(world.network().most_at_once("GET /auth/events"), 1);
}

#[test]
fn c02_no_refresh_token_is_presented_twice() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    for _ in 0..10 {
        world.advance(120);
        first.act();
        first.check_later();
        second.check_later();
        world.settle();
    }
    let mut keys: Vec<_> = world.network().sent(RENEW).iter().map(|sent| sent.attempt_key()).collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "each renewal has a key of its own");
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn c03_without_locks_the_record_is_the_lease() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_locks();
    let first = browser.open_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    world.network().times(100, RENEW, Fault::DelayAnswer(900));
    for _ in 0..4 {
        first.check_later();
        second.check_later();
        world.advance(60);
    }
    assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
    assert_eq!(world.network().most_at_once(RENEW), 1);
}

#[test]
fn c03_without_locks_nobody_waits_longer_than_the_tab_before_takes() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_locks();
    let tabs: Vec<Tab> = (0..4).map(|_| browser.open_tab(Token)).collect();
    tabs[0].sign_in("bob").unwrap();
    tabs.iter().for_each(Tab::hide);
    world.advance(301);
    world.network().times(4, RENEW, Fault::DelayAnswer(200));
    let calls: Vec<_> = tabs.iter().map(|tab| tab.begin_fetch("/api/me")).collect();
    // Each takes a fifth of a second: no time for anybody's lease to run out.
    world.advance(2);
    for call in &calls {
        assert_eq!(call.fetched().map(|answer| answer.map(|answer| answer.status).ok()), Some(Some(200)));
    }
    assert_eq!(world.network().most_at_once(RENEW), 1);
}

#[test]
fn c02_who_gets_the_lock_waits_for_who_went_without_it() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    world.network().times(10, RENEW, Fault::DelayAnswer(8_000));
    browser.take_lock(13);
    first.check_later();
    world.advance(12);
    assert_eq!(world.network().most_at_once(RENEW), 1, "the wait is over, and the renewal is out");
    world.advance(1);
    second.check_later();
    world.advance(60);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn c02_without_locks_a_refusal_that_was_overtaken_is_no_turn_of_its_own() {
    let (world, browser, first) = World::with_tab(Token);
    browser.refuse_locks();
    let second = browser.open_tab(Token);
    world.network().next(RENEW, Fault::DelayAnswer(6_000));
    first.check_later();
    world.settle();
    second.sign_in("bob").unwrap();
    second.sign_out();
    second.sign_in("bob").unwrap();
    world.network().next(RENEW, Fault::DelayAnswer(9_000));
    second.check_later();
    world.advance(5);
    let before = world.count(RENEW);
    world.advance(2);
    assert_eq!(world.count(RENEW), before, "the first tab asks beside the second");
    world.advance(20);
    assert_eq!((first.user(), second.user()), (Some("bob".to_owned()), Some("bob".to_owned())));
}

#[test]
fn c02_without_locks_a_question_to_another_session_is_marked_too() {
    for answer_takes in [0, 2_000] {
        let (world, browser, first) = World::with_tab(Token);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(Token);
        browser.refuse_locks();
        world.advance(30);
        // The cookie is carol's, and the record does not say so yet.
        for takes in [0, 1_900] {
            browser.trouble_storage(StorageFault::Delay(takes));
        }
        first.begin_sign_in("carol", "carol-demo-pass");
        world.advance(1);
        for delay in [answer_takes, 6_000] {
            world.network().next(RENEW, Fault::DelayAnswer(delay));
        }
        second.check_later();
        world.advance(3);
        assert_eq!(first.user().as_deref(), Some("carol"));
        first.check_later();
        world.advance(30);
        assert_eq!(world.network().most_at_once(RENEW), 1, "{answer_takes}");
        assert_eq!([&first, &second].map(|tab| tab.user()), [Some("carol".to_owned()), Some("carol".to_owned())]);
    }
}

#[test]
fn c02_without_locks_the_end_of_a_session_takes_no_mark_away() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    browser.refuse_locks();
    let second = browser.open_tab(Token);
    world.network().next(RENEW, Fault::DelayAnswer(6_000));
    first.check_later();
    world.settle();
    first.freeze();
    world.administrator().revoke_all("bob");
    world.settle();
    assert_eq!(second.reason(), Some(Reason::Revoked { by: Revoker::Admin }));
    browser.begin_open_tab(Token);
    world.advance(20);
    assert_eq!(world.network().most_at_once(RENEW), 1);
}

#[test]
fn c02_without_storage_a_waiter_outlasts_several_slow_holders() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    browser.refuse_storage();
    let others = [browser.open_tab(Token), browser.open_tab(Token)];
    first.reload();
    world.network().times(3, RENEW, Fault::DelayAnswer(9_000));
    for tab in others.iter().chain([&first]) {
        tab.check_later();
    }
    world.advance(40);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!(others.iter().chain([&first]).all(Tab::is_signed_in));
}

#[test]
fn c21_without_storage_and_locks_nobody_waits_for_a_lock_again_and_again() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_storage();
    let (first, second) = (browser.open_tab(Token), browser.open_tab(Token));
    second.sign_in("bob").unwrap();
    browser.take_lock(13);
    first.check_later();
    world.advance(11);
    browser.refuse_locks();
    world.advance(60);
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn c02_what_went_out_beside_a_sign_in_is_asked_for_again_with_the_same_key() {
    let (world, browser, first) = World::with_tab(Token);
    let second = browser.open_tab(Token);
    browser.refuse_locks();
    world.advance(30);
    browser.trouble_storage(StorageFault::Delay(0));
    browser.trouble_storage(StorageFault::Delay(1_500));
    first.begin_sign_in("bob", "bob-demo-pass");
    world.advance(1);
    world.network().times(2, RENEW, Fault::LoseAnswer);
    second.check_later();
    world.advance(50);
    assert_eq!([&first, &second].map(|tab| tab.user()), [Some("bob".to_owned()), Some("bob".to_owned())]);
    assert_eq!(world.administrator().sessions_of("bob"), 1);
}

#[test]
fn c02_a_late_cookie_falls_back_one_step_and_no_more() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let others = [browser.open_tab(Token), browser.open_tab(Token)];
    world.advance(30);
    world.network().next(RENEW, Fault::LateCookie);
    for tab in [&first, &others[0], &others[1]] {
        tab.check_later();
    }
    world.advance(120);
    first.check().unwrap();
    assert!([&first, &others[0], &others[1]].iter().all(|tab| tab.is_signed_in()), "{:?}", first.state());
}

#[test]
fn p10_one_tab_holds_the_stream_and_another_takes_over() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let admin = world.administrator();
        first.sign_in("bob").unwrap();
        let (second, third) = (browser.open_tab(flow), browser.open_tab(flow));
        assert_eq!([&first, &second, &third].map(Tab::has_stream), [true, false, false]);
        first.crash();
        world.advance(2);
        assert_eq!([&second, &third].map(Tab::has_stream), [true, false]);
        admin.revoke_all("bob");
        assert!(!second.is_signed_in() && !third.is_signed_in());
    });
}

#[test]
fn a_sign_in_reaches_the_other_tabs() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        first.sign_in("bob").unwrap();
        world.settle();
        assert_eq!(second.user().as_deref(), Some("bob"));
        assert_eq!(second.sid(), first.sid());
    });
}

#[test]
fn c07_parked_requests_of_the_first_user_never_go_out_under_the_second() {
    for held in 1..=3 {
        let (world, browser, bobs) = World::with_tab(Token);
        bobs.sign_in("bob").unwrap();
        bobs.hide();
        world.advance(400);
        world.network().times(held, RENEW, Fault::HoldRequest);
        let parked = bobs.begin_fetch("/api/me");
        world.settle();
        assert!(parked.fetched().is_none());

        let carols = browser.open_tab(Token);
        carols.begin_sign_in("carol", "carol-demo-pass");
        world.advance(40);
        world.release();
        world.advance(40);
        assert_eq!(carols.user().as_deref(), Some("carol"), "{:?}", carols.state());
        assert_eq!(bobs.user().as_deref(), Some("carol"), "{:?}", bobs.state());
        match parked.fetched().expect("a parked request has an end") {
            Ok(answer) => assert_eq!(answer.json()["sub"], "u_bob"),
            Err(error) => assert!(held > 1, "{error:?}"),
        }
    }
}

#[test]
fn c07_a_request_of_the_first_user_that_gets_401_is_not_repeated_as_the_second() {
    let (world, _, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    world.network().next("GET /api/me", Fault::HoldRequest);
    let bobs = tab.begin_fetch("/api/me");
    world.settle();
    tab.sign_in("carol").unwrap();
    world.release();
    let answer = bobs.fetched().expect("it has an outcome");
    if let Ok(answer) = answer {
        assert_eq!(answer.status, 401, "{:?}", answer.json());
    }
    assert_eq!(tab.user().as_deref(), Some("carol"));
}

#[test]
fn a_tab_that_missed_the_change_of_users_finds_out_by_the_servers_answer() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        second.freeze();
        first.sign_in("carol").unwrap();
        second.thaw();
        let fetched = second.fetch("/api/me");
        if let Ok(answer) = &fetched {
            assert_ne!(answer.json()["sub"], "u_carol", "bob's page must not be given carol's data");
        }
        world.advance(30);
        assert_eq!(second.user().as_deref(), Some("carol"), "{:?}", second.state());
        assert_eq!(first.user().as_deref(), Some("carol"));
    });
}

#[test]
fn c12_a_sign_out_beside_a_sign_in_in_another_tab_ends_what_it_says_it_ended() {
    in_both_flows(|flow| {
        for steps in 0..16 {
            let (world, browser, first) = World::with_tab(flow);
            first.sign_in("bob").unwrap();
            let second = browser.open_tab(flow);
            first.begin_sign_in("carol", "carol-demo-pass");
            for _ in 0..steps {
                world.step();
            }
            second.begin_sign_out();
            world.advance(30);
            let shown = first.user();
            assert_eq!(second.user(), shown, "{steps}");
            first.reload();
            assert_eq!(first.user(), shown, "{steps}");
        }
    });
}

#[test]
fn the_stream_of_the_first_user_is_not_the_seconds() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        world.advance(20);
        // Bob's session goes on at the server, since the cookie was gone when carol signed in.
        browser.clear_cookies();
        tab.sign_in("carol").unwrap();
        assert_eq!(admin.sessions_of("bob"), 1);
        admin.set_roles("carol", &["member"]);
        assert!(tab.is_open(&Gate::scope("reports:write")), "{:?}", tab.state());
        admin.revoke_all("bob");
        assert_eq!(tab.user().as_deref(), Some("carol"));
        admin.revoke_all("carol");
        assert!(!tab.is_signed_in(), "{:?}", tab.state());
    });
}

#[test]
fn two_users_take_turns_all_day() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        for turn in 0..6 {
            let (user, tab) = if turn % 2 == 0 { ("bob", &first) } else { ("carol", &second) };
            tab.sign_in(user).unwrap();
            world.advance(200);
            assert_eq!([&first, &second].map(|tab| tab.user()), [Some(user.to_owned()), Some(user.to_owned())]);
            assert_eq!(second.fetch("/api/me").unwrap().json()["sub"], format!("u_{user}"));
            if turn % 3 == 2 {
                tab.sign_out();
                world.advance(5);
                assert!(!first.is_signed_in() && !second.is_signed_in());
            }
        }
    });
}

#[test]
fn a_look_at_the_record_in_the_middle_of_a_renewal_changes_nothing() {
    in_both_flows(|flow| {
        for steps in 0..14 {
            let (world, browser, tab) = World::with_tab(flow);
            tab.sign_in("bob").unwrap();
            let sid = tab.sid();
            world.network().next(RENEW, Fault::LoseAnswer);
            tab.check_later();
            for _ in 0..steps {
                world.step();
            }
            tab.hear_later(r#"{"kind":"moved"}"#);
            world.settle();
            world.advance(70);
            tab.act();
            world.advance(300);
            assert_eq!(tab.sid(), sid, "{steps}: {:?} {:?}", tab.snapshot(), browser.record(flow));
            assert_eq!(tab.fetch("/api/me").unwrap().status, 200);
        }
    });
}

#[test]
fn c21_a_look_at_the_record_while_it_is_slowly_written_is_one_look() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for slow in [0, 1_500] {
            browser.trouble_storage(StorageFault::DelayAnswer(slow));
        }
        tab.check_later();
        world.settle();
        let before = tab.effects();
        tab.hear(r#"{"kind":"moved"}"#);
        assert!(tab.effects() - before < 5, "{} effects", tab.effects() - before);
        world.advance(10);
        assert_eq!(tab.standing(), Some(Standing::Current), "{:?}", tab.snapshot());
    });
}

#[test]
fn a_record_that_vanished_undoes_nothing() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let sid = tab.sid();
        browser.clear_storage(false);
        tab.check().unwrap();
        world.advance(600);
        assert_eq!(tab.sid(), sid);
        assert!(browser.record(flow).is_some());
        let second = browser.open_tab(flow);
        assert_eq!((second.sid(), second.standing()), (sid, Some(Standing::Current)));
    });
}

#[test]
fn without_locks_a_refusal_for_the_old_session_does_not_end_the_new_one() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        browser.refuse_locks();
        let first = browser.open_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        world.advance(30);
        for what in ["GET /auth/session", RENEW] {
            world.network().next(what, Fault::HoldAnswer);
        }
        world.administrator().revoke_all("bob");
        first.check_later();
        world.settle();
        second.sign_in("carol").unwrap();
        world.release();
        world.advance(60);
        assert_eq!(second.user().as_deref(), Some("carol"), "{:?}", second.state());
        assert_eq!(first.user().as_deref(), Some("carol"), "{:?}", first.state());
    });
}
