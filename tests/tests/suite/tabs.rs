//! Several tabs of one browser, and two users who take turns in it.

use countersign_core::FlowKind::Token;
use countersign_core::{Durability, Gate, Standing};
use countersign_tests::{Fault, StorageFault, Tab, World, in_both_flows};

const RENEW: &str = "POST /auth/token";

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
fn c21_however_much_a_tab_is_told_at_once_it_looks_twice() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let before = tab.effects();
        for _ in 0..50 {
            tab.hear_later(r#"{"kind":"moved"}"#);
        }
        world.settle();
        assert!(tab.effects() - before < 5, "{} effects", tab.effects() - before);
    });
}

#[test]
fn c21_a_tab_that_was_frozen_for_hours_hears_what_it_was_told_and_comes_to_rest() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    second.freeze();
    for _ in 0..6_000 {
        second.hear_later(r#"{"kind":"moved"}"#);
    }
    let asked = world.asked();
    second.thaw_and_hear();
    world.settle();
    assert!(second.is_signed_in() && world.asked() == asked);
}

#[test]
fn c21_a_tab_that_keeps_nothing_asks_nobody_because_another_was_answered() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        let first = browser.open_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        browser.trouble_storage(StorageFault::Throw);
        second.check().unwrap();
        assert_eq!(second.snapshot().durability, Durability::ThisTab);
        let asked = world.asked();
        first.check().unwrap();
        assert_eq!(world.asked() - asked, 1);
        first.sign_in("carol").unwrap();
        assert_eq!(second.user().as_deref(), Some("carol"));
        assert!(first.sign_out());
        assert!(!second.is_signed_in());
    });
}

#[test]
fn c21_a_tab_that_keeps_nothing_asks_once_about_a_sign_out_that_is_not_heard() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    browser.trouble_storage(StorageFault::Throw);
    second.check().unwrap();
    world.network().times(10, "POST /auth/revoke", Fault::HoldRequest);
    first.begin_sign_out();
    world.advance(30);
    let asked = world.count("POST /auth/token");
    world.advance(60);
    assert!(world.count("POST /auth/revoke") > 2);
    // Once more because nobody holds a stream for it.
    assert!(world.count("POST /auth/token") <= asked + 1);
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
