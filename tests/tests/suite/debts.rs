//! What a browser owes the server, and when it does not: several tabs sign in and out at once, or storage forgets.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::{Reason, Revoker, State};
use countersign_tests::{Browser, Channel, Fault, StorageFault, World, in_both_flows};

const QUESTION: [&str; 2] = ["GET /auth/session", "POST /auth/token"];
const SIGN_IN: [&str; 2] = ["POST /auth/session", "POST /auth/login"];
const SIGN_OUT: [&str; 2] = ["DELETE /auth/session", "POST /auth/revoke"];

#[test]
fn c05_a_sign_out_whose_record_was_slow_does_not_end_the_session_that_began_meanwhile() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        browser.trouble_storage(StorageFault::DelayAnswer(1_500));
        let out = first.begin_sign_out();
        second.sign_in("bob").unwrap();
        world.advance(5);
        assert!(out.reply().is_some());
        assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
        assert_eq!(world.administrator().sessions_of("bob"), 1);
    });
}

#[test]
fn c05_a_sign_in_of_the_same_moment_outlives_a_sign_out_that_waits_for_storage() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        browser.trouble_storage(StorageFault::Delay(850));
        first.begin_sign_out();
        second.begin_sign_in("bob", "bob-demo-pass");
        world.advance(5);
        assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
        assert_eq!(world.administrator().sessions_of("bob"), 1);
    });
}

#[test]
fn c05_a_tab_whose_storage_is_back_signs_nobody_out_who_came_after_it_was_asked_to() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        browser.trouble_storage(StorageFault::Throw);
        let second = browser.open_tab(flow);
        browser.trouble_storage(StorageFault::Delay(850));
        second.begin_sign_out();
        world.settle();
        first.sign_in("bob").unwrap();
        world.advance(30);
        assert!(first.is_signed_in(), "{:?} {:?}", first.state(), second.state());
        assert_eq!(world.administrator().sessions_of("bob"), 1);
    });
}

#[test]
fn c05_a_sign_out_whose_record_was_not_told_in_time_does_not_end_the_session_that_began_meanwhile() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        browser.trouble_storage(StorageFault::LoseAnswer);
        let out = first.begin_sign_out();
        world.advance(1);
        second.sign_in("bob").unwrap();
        world.advance(5);
        assert!(out.reply().is_some());
        assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
        assert_eq!(world.administrator().sessions_of("bob"), 1);
    });
}

#[test]
fn c12_a_debt_that_is_deleted_with_all_that_was_stored_is_written_anew() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        browser.set_channel(Channel::Dead);
        browser.stall_streams();
        browser.take_lock(3);
        let second = browser.begin_open_tab(flow);
        let out = first.begin_sign_out();
        world.settle();
        browser.clear_storage(false);
        world.advance(20);
        // It can't hear of it, and finds it when its user looks.
        second.hide();
        second.show();
        assert!(out.reply().is_some());
        assert_eq!(world.administrator().sessions_of("bob"), 0);
        for tab in [&first, &second] {
            assert_eq!(tab.reason(), Some(Reason::SignedOut), "{:?}", tab.state());
        }
    });
}

#[test]
fn c12_a_tab_that_could_not_store_forgets_no_debt_of_another() {
    let (world, browser, first) = World::with_tab(Session);
    first.sign_in("bob").unwrap();
    browser.set_channel(Channel::Dead);
    browser.trouble_storage(StorageFault::Throw);
    first.check().unwrap();
    let second = browser.open_tab(Session);
    // The first tab learns last that its session is over.
    world.network().next("GET /.well-known/jwks.json", Fault::HoldAnswer);
    world.network().times(9, "GET /auth/session", Fault::Silence);
    second.sign_in("carol").unwrap();
    for what in SIGN_OUT {
        world.network().times(9, what, Fault::LoseRequest);
    }
    assert!(!second.sign_out());
    world.release();
    assert_eq!(first.reason(), Some(Reason::SignedOut), "{:?}", first.state());
    assert_eq!(browser.record(Session).map(|record| record["sign_out_owed"].is_string()), Some(true));
}

#[test]
fn c07_what_a_tab_once_read_does_not_outlive_a_sign_out_that_it_could_not_read() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        browser.set_channel(Channel::Dead);
        browser.stall_streams();
        browser.trouble_storage(StorageFault::Throw);
        second.hide();
        second.show();
        for what in SIGN_OUT {
            world.network().times(9, what, Fault::LoseRequest);
        }
        assert!(!first.sign_out());
        // The next thing it reads is the record again.
        second.sign_in_with("carol", "a-wrong-password").unwrap_err();
        world.advance(1);
        assert_eq!(second.reason(), Some(Reason::SignedOut), "{:?}", second.state());
    });
}

#[test]
fn c05_a_debt_is_not_paid_by_a_tab_that_could_not_see_that_it_was_settled() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        for what in SIGN_OUT {
            world.network().times(2, what, Fault::LoseRequest);
        }
        // Where nobody is signed in a sign-out names no session, and both tabs know that it is owed.
        assert!(!first.sign_out());
        browser.trouble_storage(StorageFault::Throw);
        first.hide();
        first.show();
        second.sign_in("bob").unwrap();
        world.advance(60);
        assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
        assert_eq!(world.administrator().sessions_of("bob"), 1);
    });
}

#[test]
fn c05_a_tab_that_finds_everything_deleted_while_it_loads_signs_nobody_out() {
    let (world, browser, first) = World::with_tab(Token);
    browser.refuse_locks();
    first.sign_in("bob").unwrap();
    browser.set_channel(Channel::Dead);
    let second = browser.open_tab(Token);
    world.network().next("POST /auth/token", Fault::Silence);
    second.check_later();
    world.settle();
    second.crash();
    // It has read the record, and waits for the other one's turn to end.
    let third = browser.begin_open_tab(Token);
    world.settle();
    browser.clear_storage(false);
    world.network().next("POST /auth/token", Fault::HoldAnswer);
    world.advance(2);
    first.hide();
    first.show();
    assert!(first.is_signed_in(), "{:?}", first.state());
    world.release();
    world.advance(30);
    assert!(first.is_signed_in() && third.is_signed_in(), "{:?} {:?}", first.state(), third.state());
}

/// With nothing stored a tab does not know who is signed in when its user leaves, and its sign-out is heard only after bob
/// has signed in. Nobody means him.
fn bob_outlives_a_sign_out_that_waited(meanwhile: fn(&Browser)) {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        browser.refuse_storage();
        let second = browser.open_tab(flow);
        for what in QUESTION.into_iter().chain(SIGN_OUT) {
            world.network().times(9, what, Fault::LoseRequest);
        }
        first.reload();
        assert!(!first.sign_out());
        world.advance(2);
        meanwhile(&browser);
        second.sign_in("bob").expect("bob may sign in");
        world.network().heal();
        world.advance(60);
        assert!(!first.snapshot().sign_out_owed);
        assert!(second.is_signed_in(), "{:?}", second.state());
        assert_eq!(world.administrator().sessions_of("bob"), 1);
    });
}

#[test]
fn c05_a_sign_out_that_waited_does_not_end_the_session_that_began_meanwhile() {
    bob_outlives_a_sign_out_that_waited(|_| ());
}

#[test]
fn c05_a_sign_out_has_waited_as_long_as_it_has_though_the_clock_was_set_back() {
    bob_outlives_a_sign_out_that_waited(|browser| browser.set_clock_off(-3_600));
}

#[test]
fn c12_a_sign_out_that_waited_ends_the_session_that_was_there() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        browser.refuse_storage();
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        // Nobody has told it yet that bob is signed in.
        for what in QUESTION.into_iter().chain(SIGN_OUT) {
            world.network().times(3, what, Fault::LoseRequest);
        }
        second.reload();
        assert!(!second.sign_out());
        world.advance(60);
        assert!(!second.snapshot().sign_out_owed);
        assert!(!first.is_signed_in(), "{:?}", first.state());
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c12_of_two_who_signed_in_at_the_same_time_the_one_whose_cookie_is_there_is_signed_out() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        browser.refuse_locks();
        browser.set_channel(Channel::Dead);
        SIGN_IN.into_iter().for_each(|what| world.network().times(2, what, Fault::HoldAnswer));
        for tab in [&first, &second] {
            tab.begin_sign_in("bob", "bob-demo-pass");
        }
        world.settle();
        // The second cookie comes last, and the first tab writes last, which can't ask then whose it is.
        browser.trouble_storage(StorageFault::Delay(500));
        QUESTION.into_iter().for_each(|what| world.network().times(9, what, Fault::LoseRequest));
        world.release();
        world.advance(1);
        assert_ne!(browser.record(flow).unwrap()["sid"].as_str(), second.sid().as_deref());
        world.network().heal();
        assert!(second.sign_out());
        assert!(!browser.open_tab(flow).is_signed_in());
    });
}

#[test]
fn c07_a_sign_in_that_was_written_unheard_and_left_elsewhere_does_not_come_back() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        SIGN_IN.into_iter().for_each(|what| world.network().next(what, Fault::HoldAnswer));
        let signs_in = second.begin_sign_in("bob", "bob-demo-pass");
        world.advance(1);
        browser.trouble_storage(StorageFault::LoseAnswer);
        world.release();
        world.advance(1);
        first.begin_sign_out();
        world.advance(20);
        assert!(signs_in.reply().is_some());
        assert!(!second.shown().iter().any(State::is_signed_in), "{:?}", second.shown());
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c21_a_sign_out_right_after_the_sign_in_comes_to_rest_though_storage_is_full() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.fill_storage();
        assert!(tab.sign_out());
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c12_a_sign_in_that_had_yet_to_be_sent_takes_no_name_from_the_sign_out_that_gives_it_up() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        SIGN_OUT.into_iter().for_each(|what| world.network().times(2, what, Fault::LoseRequest));
        assert!(!tab.sign_out());
        tab.begin_sign_in("carol", "carol-demo-pass");
        assert!(!tab.sign_out());
        // By this clock the sign-out was asked for long before bob signed in.
        browser.set_clock_off(86_400);
        world.advance(60);
        assert!(!tab.snapshot().sign_out_owed);
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c02_a_sign_out_of_a_session_that_the_cookie_is_not_of_leaves_its_attempt() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    browser.stall_streams();
    world.network().next("POST /auth/login", Fault::CutBody);
    second.begin_sign_in("carol", "carol-demo-pass");
    world.settle();
    second.crash();
    // It is told that the cookie is not bob's, and the answer to whose it is gets lost.
    world.network().next(QUESTION[1], Fault::DelayAnswer(0));
    world.network().next(QUESTION[1], Fault::Silence);
    first.check_later();
    world.advance(1);
    first.begin_sign_out();
    world.advance(20);
    first.reload();
    let keys: Vec<_> = world.network().sent(QUESTION[1]).iter().rev().take(2).map(|sent| sent.attempt_key()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_eq!(world.administrator().sessions_of("carol"), 1);
}

#[test]
fn c05_a_debt_that_could_not_be_stored_is_settled_by_the_session_that_began_since() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        browser.fill_storage();
        world.network().break_down();
        // With every sign-out that is in vain it counts one further than what is stored.
        first.sign_out();
        first.sign_out();
        world.advance(1);
        browser.mend_storage();
        world.network().heal();
        second.sign_in("bob").unwrap();
        world.advance(30);
        assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
    });
}

#[test]
fn c12_no_clock_that_was_set_back_makes_a_session_younger_than_its_sign_out() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.set_clock_off(-86_400);
        SIGN_IN.into_iter().for_each(|what| world.network().next(what, Fault::HoldAnswer));
        tab.begin_sign_in("carol", "not-her-password");
        world.settle();
        tab.begin_sign_out();
        world.advance(10);
        assert_eq!(tab.reason(), Some(Reason::SignedOut), "{:?}", tab.state());
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c05_the_end_of_a_session_is_not_written_where_all_was_deleted() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        browser.refuse_storage();
        // It counts further than what is stored.
        second.check().unwrap();
        second.check().unwrap();
        browser.mend_storage();
        second.freeze();
        first.sign_in("bob").unwrap();
        browser.clear_storage(false);
        second.thaw_and_hear();
        world.advance(5);
        let left = State::SignedOut { reason: Reason::SignedOut };
        assert!(!first.shown().contains(&left), "{:?}", first.shown());
        assert!(first.is_signed_in() && second.is_signed_in(), "{:?} {:?}", first.state(), second.state());
    });
}

#[test]
fn c12_a_sign_out_that_could_not_be_stored_is_not_forgotten_because_its_tab_can_read_again() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        // Storage goes on naming the session that this one replaces.
        browser.trouble_storage(StorageFault::Throw);
        tab.sign_in("bob").unwrap();
        world.advance(1);
        SIGN_OUT.into_iter().for_each(|what| world.network().times(3, what, Fault::LoseRequest));
        browser.trouble_storage(StorageFault::Throw);
        assert!(!tab.sign_out());
        world.advance(60);
        assert!(!tab.snapshot().sign_out_owed && !tab.is_signed_in(), "{:?}", tab.state());
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c05_why_a_session_ended_is_remembered_where_all_was_deleted() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.clear_storage(true);
        world.administrator().revoke_all("bob");
        world.advance(5);
        assert_eq!(tab.reason(), Some(Reason::Revoked { by: Revoker::Admin }), "{:?}", tab.state());
    });
}
