//! What if an answer or its cookie comes when nobody waits for it any more?

use countersign_core::FlowKind::Token;
use countersign_core::{FlowKind, Reason, State};
use countersign_tests::{Browser, Fault, StorageFault, Tab, World, in_both_flows};

const RENEW: &str = "POST /auth/token";
const SIGN_IN: [&str; 2] = ["POST /auth/session", "POST /auth/login"];
const SIGN_OUT: [&str; 2] = ["DELETE /auth/session", "POST /auth/revoke"];

#[test]
fn c05_a_cookie_that_a_sign_out_clears_late_is_not_that_of_who_signs_in_next() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        SIGN_OUT.into_iter().for_each(|what| world.network().next(what, Fault::LateCookie));
        first.begin_sign_out();
        world.settle();
        second.begin_sign_in("bob", "bob-demo-pass");
        world.advance(30);
        assert_eq!(second.user().as_deref(), Some("bob"));
        second.reload();
        assert_eq!(second.user().as_deref(), Some("bob"), "{:?}", second.state());
    });
}

/// Bob has signed out in a page that is gone, and this comes of its request. The tab that is left.
fn after_a_sign_out_of_a_page_that_is_gone(flow: FlowKind, fault: Fault) -> (World, Browser, Tab) {
    let (world, browser, first) = World::with_tab(flow);
    first.sign_in("bob").expect("bob may sign in");
    let second = browser.open_tab(flow);
    SIGN_OUT.into_iter().for_each(|what| world.network().next(what, fault.clone()));
    first.begin_sign_out();
    world.settle();
    first.crash();
    (world, browser, second)
}

#[test]
fn c05_a_cookie_that_the_sign_out_of_a_page_that_is_gone_clears_late_is_missed() {
    in_both_flows(|flow| {
        let (world, _, tab) = after_a_sign_out_of_a_page_that_is_gone(flow, Fault::LateCookie);
        tab.sign_in("bob").unwrap();
        // What else happens in the tab does not keep it from asking.
        tab.sign_in_with("carol", "a-wrong-password").unwrap_err();
        world.advance(40);
        assert_eq!(tab.reason(), Some(Reason::Evicted), "{:?}", tab.state());
        tab.reload();
        assert!(!tab.is_signed_in());
    });
}

#[test]
fn c05_the_sign_out_of_a_page_that_is_gone_has_no_deadline() {
    in_both_flows(|flow| {
        let (world, _, tab) = after_a_sign_out_of_a_page_that_is_gone(flow, Fault::DelayAnswer(15_000));
        tab.sign_in("bob").unwrap();
        world.advance(40);
        assert_eq!(tab.reason(), Some(Reason::Evicted), "{:?}", tab.state());
    });
}

#[test]
fn c05_the_sign_out_of_a_page_that_is_gone_may_be_under_way_though_another_page_was_heard() {
    in_both_flows(|flow| {
        let (world, browser, tab) = after_a_sign_out_of_a_page_that_is_gone(flow, Fault::DelayAnswer(15_000));
        tab.reload();
        assert!(browser.record(flow).unwrap()["sign_out_owed"].is_null());
        tab.sign_in("bob").unwrap();
        world.advance(40);
        assert_eq!(tab.reason(), Some(Reason::Evicted), "{:?}", tab.state());
    });
}

#[test]
fn c21_long_after_a_sign_out_a_sign_in_is_asked_about_by_nobody() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        assert!(tab.sign_out());
        world.advance(40);
        let asked = world.asked();
        tab.sign_in("bob").unwrap();
        world.advance(60);
        assert_eq!(world.asked(), asked);
    });
}

#[test]
fn c05_of_two_sign_ins_in_a_row_the_second_one_counts() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        SIGN_IN.into_iter().for_each(|what| world.network().next(what, Fault::LateCookie));
        tab.begin_sign_in("bob", "bob-demo-pass");
        world.settle();
        tab.begin_sign_in("carol", "carol-demo-pass");
        assert_eq!(tab.state(), State::SigningIn);
        world.advance(5);
        assert_eq!(tab.user().as_deref(), Some("carol"));
        tab.reload();
        assert_eq!(tab.user().as_deref(), Some("carol"), "{:?}", tab.state());
    });
}

#[test]
fn c05_a_cookie_that_a_renewal_brings_late_is_not_put_over_that_of_who_signs_in_next() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    world.network().next(RENEW, Fault::LateCookie);
    first.check_later();
    world.settle();
    world.network().next(RENEW, Fault::LoseRequest);
    second.begin_sign_in("carol", "carol-demo-pass");
    world.advance(30);
    assert_eq!((first.user().as_deref(), second.user().as_deref()), (Some("carol"), Some("carol")));
    second.reload();
    assert_eq!(second.user().as_deref(), Some("carol"), "{:?}", second.state());
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
fn c02_the_cookie_of_a_page_that_is_gone_is_waited_for_also_after_a_failure() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let [second, third] = [browser.open_tab(Token), browser.open_tab(Token)];
    world.advance(30);
    world.network().next(RENEW, Fault::LateCookie);
    first.check_later();
    world.settle();
    world.network().times(2, RENEW, Fault::LoseRequest);
    first.begin_reload();
    world.settle();
    for tab in [&second, &third, &second] {
        tab.check_later();
        world.settle();
    }
    world.advance(2);
    third.check_later();
    world.advance(2);
    assert!(second.is_signed_in() && third.is_signed_in(), "{:?}", world.network().story(RENEW));
}

#[test]
fn c31_without_storage_who_gave_its_own_question_up_waits_for_its_cookie_once() {
    let (world, browser, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    browser.refuse_storage();
    world.network().next(RENEW, Fault::HoldAnswer);
    tab.check_later();
    world.settle();
    let wrong = tab.begin_sign_in("carol", "not-her-password");
    world.network().times(2, RENEW, Fault::LoseAnswer);
    world.advance(2);
    assert!(wrong.reply().is_some());
    tab.check().unwrap_err();
    tab.check().unwrap();
}

#[test]
fn c02_without_locks_a_clock_that_is_set_is_nobodys_end_of_turn() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    browser.refuse_locks();
    world.advance(30);
    world.network().next(RENEW, Fault::DelayAnswer(7_000));
    first.check_later();
    world.settle();
    browser.set_clock_off(86_400);
    second.check_later();
    world.advance(30);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn c05_of_two_sign_ins_at_once_the_one_whose_cookie_came_last_counts() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        browser.refuse_locks();
        SIGN_IN.into_iter().for_each(|what| world.network().next(what, Fault::HoldAnswer));
        first.begin_sign_in("bob", "bob-demo-pass");
        world.settle();
        first.freeze();
        world.release();
        second.sign_in("carol").unwrap();
        first.thaw();
        world.advance(30);
        assert_eq!([&first, &second].map(|tab| tab.user()), [Some("carol".to_owned()), Some("carol".to_owned())]);
    });
}

#[test]
fn c31_without_storage_nobody_waits_for_a_turn_that_it_gave_up_itself() {
    let world = World::new();
    let browser = world.browser();
    // What is there can be read, and nothing be written.
    browser.trouble_storage(StorageFault::DelayAnswer(0));
    browser.trouble_storage(StorageFault::Throw);
    browser.take_lock(18);
    world.network().next(RENEW, Fault::HoldAnswer);
    let tab = browser.open_tab(Token);
    world.advance(15);
    let wrong = tab.begin_sign_in("carol", "not-her-password");
    world.advance(4);
    assert!(wrong.reply().is_some());
    assert_eq!(tab.reason(), Some(Reason::NoCredential), "{:?}", tab.state());
}

#[test]
fn c31_who_is_told_of_another_session_does_not_wait_for_its_own_mark() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    browser.stall_streams();
    world.network().next(SIGN_IN[1], Fault::CutBody);
    second.begin_sign_in("carol", "carol-demo-pass");
    world.settle();
    second.crash();
    browser.fill_storage();
    // Without the lock it learns that the cookie is not bob's, and with it, a second later, whose it is.
    browser.take_lock(13);
    first.check_later();
    world.advance(14);
    assert_eq!(first.user().as_deref(), Some("carol"), "{:?}", first.state());
}

#[test]
fn c05_who_pays_a_debt_that_names_nobody_asks_who_signed_in_since() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        SIGN_OUT.into_iter().for_each(|what| world.network().times(2, what, Fault::LoseRequest));
        assert!(!first.sign_out());
        browser.refuse_storage();
        world.advance(1);
        first.sign_in("bob").unwrap();
        browser.mend_storage();
        world.advance(1);
        let second = browser.open_tab(flow);
        assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
    });
}
