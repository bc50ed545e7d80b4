//! One tab at a time changes the credential: by a lock, and where there is none by the record.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::{Reason, Revoker};
use countersign_tests::{Browser, Channel, Fault, StorageFault, Tab, World};

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
fn c05_without_locks_and_channel_everybody_has_a_turn_soon() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_locks();
    browser.set_channel(Channel::Dead);
    let tabs: Vec<Tab> = (0..4).map(|_| browser.open_tab(Token)).collect();
    tabs[0].sign_in("bob").unwrap();
    tabs.iter().for_each(Tab::hide);
    world.advance(20);
    world.network().times(4, RENEW, Fault::DelayAnswer(200));
    tabs.iter().for_each(Tab::show);
    world.advance(10);
    assert!(tabs.iter().all(Tab::is_signed_in), "{:?}", tabs.iter().map(Tab::user).collect::<Vec<_>>());
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
fn c03_without_storage_a_cookie_that_nothing_rotates_is_not_waited_for_again_and_again() {
    let (world, browser, first) = World::with_tab(Session);
    first.sign_in("bob").unwrap();
    browser.refuse_storage();
    first.reload();
    browser.take_lock(100);
    let check = first.check_later();
    world.advance(13);
    assert!(check.is_over() && first.is_signed_in());
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
fn c02_a_sign_in_without_the_lock_takes_no_mark_away() {
    let (world, browser, first) = World::with_tab(Token);
    let second = browser.open_tab(Token);
    world.network().times(2, RENEW, Fault::DelayAnswer(11_000));
    first.check_later();
    world.settle();
    second.begin_sign_in("bob", "bob-demo-pass");
    world.advance(13);
    browser.refuse_locks();
    let third = browser.open_tab(Token);
    world.advance(60);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!(second.is_signed_in() && third.is_signed_in());
}

#[test]
fn c02_the_cookie_of_a_page_that_is_gone_is_waited_for() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    world.advance(30);
    world.network().next(RENEW, Fault::LateCookie);
    first.check_later();
    world.settle();
    first.reload();
    for tab in [&second, &first] {
        tab.check_later();
        world.settle();
    }
    world.advance(2);
    second.check_later();
    world.advance(2);
    assert!(first.is_signed_in() && second.is_signed_in(), "{:?}", world.network().story(RENEW));
}

/// Three tabs in which bob is signed in, in a browser without locks, and long since their last request.
fn three_tabs_without_locks() -> (World, Browser, [Tab; 3]) {
    let (world, browser, first) = World::with_tab(Token);
    first.begin_sign_in("bob", "bob-demo-pass");
    world.settle();
    let (second, third) = (browser.open_tab(Token), browser.open_tab(Token));
    browser.refuse_locks();
    world.advance(30);
    (world, browser, [first, second, third])
}

/// The first tab stands still until its turn is over, and goes on while the second one's renewal is out.
fn stand_still_for_a_turn(world: &World, first: &Tab, second: &Tab) {
    first.freeze();
    world.advance(13);
    world.network().next(RENEW, Fault::DelayAnswer(6_000));
    second.check_later();
    world.advance(1);
    first.thaw();
}

fn steps_until(world: &World, is_so: impl Fn() -> bool) {
    while !is_so() {
        assert!(world.step(), "it never comes to that");
    }
}

#[test]
fn c02_without_locks_who_stood_still_after_its_mark_waits_for_a_turn_again() {
    let (world, browser, [first, second, third]) = three_tabs_without_locks();
    first.check_later();
    steps_until(&world, || browser.record(Token).is_some_and(|record| record["last_sent_at"].is_number()));
    stand_still_for_a_turn(&world, &first, &second);
    world.advance(30);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!([first, second, third].iter().all(Tab::is_signed_in));
}

#[test]
fn c02_without_locks_who_lost_a_turn_before_it_stood_still_waits_for_one_too() {
    let (world, browser, [first, second, third]) = three_tabs_without_locks();
    for takes in [0, 1_000] {
        browser.trouble_storage(StorageFault::Delay(takes));
    }
    first.check_later();
    world.settle();
    // In time for the first tab's mark to be too late.
    second.check_later();
    world.settle();
    browser.trouble_storage(StorageFault::Delay(500));
    world.advance(1);
    stand_still_for_a_turn(&world, &first, &third);
    world.advance(30);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!([first, second, third].iter().all(Tab::is_signed_in));
}

#[test]
fn c02_who_asks_again_waits_for_who_went_out_meanwhile() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    world.advance(30);
    world.network().next(RENEW, Fault::LoseAnswer);
    let before = world.count(RENEW);
    first.check_later();
    steps_until(&world, || world.count(RENEW) > before);
    first.freeze();
    world.network().next(RENEW, Fault::DelayAnswer(8_000));
    second.check_later();
    world.advance(13);
    assert_eq!(world.count(RENEW), before + 2, "the second tab has waited for the lock for long enough");
    first.thaw();
    world.advance(30);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn c02_who_holds_the_lock_and_stood_still_after_its_mark_waits_for_a_turn_again() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    world.advance(30);
    first.check_later();
    steps_until(&world, || browser.record(Token).is_some_and(|record| record["last_sent_at"].is_number()));
    first.freeze();
    world.network().next(RENEW, Fault::DelayAnswer(6_000));
    second.check_later();
    world.advance(13);
    first.thaw();
    world.advance(30);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn c02_who_waits_for_the_lock_while_the_clock_is_set_waits_for_the_mark_as_well() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    world.advance(30);
    world.network().times(2, RENEW, Fault::Silence);
    first.check_later();
    world.settle();
    second.check_later();
    world.advance(11);
    browser.set_clock_off(3_600);
    world.advance(40);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!(first.is_signed_in() && second.is_signed_in());
}

#[test]
fn c02_who_was_answered_after_another_went_out_leaves_its_mark_there() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let (second, third) = (browser.open_tab(Token), browser.open_tab(Token));
    world.advance(30);
    for fault in [Fault::Silence, Fault::DelayAnswer(1_000), Fault::DelayAnswer(6_000)] {
        world.network().next(RENEW, fault);
    }
    first.check_later();
    world.settle();
    second.check_later();
    world.advance(11);
    first.freeze();
    world.advance(13);
    first.thaw();
    world.settle();
    third.check_later();
    world.advance(30);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!([first, second, third].iter().all(Tab::is_signed_in));
}

#[test]
fn c02_without_locks_who_hears_its_answer_late_takes_no_mark_away() {
    let (world, _, [first, second, third]) = three_tabs_without_locks();
    let before = world.count(RENEW);
    first.check_later();
    steps_until(&world, || world.count(RENEW) > before);
    stand_still_for_a_turn(&world, &first, &second);
    world.settle();
    third.check_later();
    world.advance(30);
    assert_eq!(world.network().most_at_once(RENEW), 1);
    assert!([first, second, third].iter().all(Tab::is_signed_in));
}

#[test]
fn c02_an_answer_after_a_faster_renewal_leaves_the_key_of_the_newest_token() {
    let (world, _, [first, second, third]) = three_tabs_without_locks();
    world.network().next(RENEW, Fault::HoldAnswer);
    first.check_later();
    world.settle();
    first.freeze();
    world.advance(13);
    // The same token again, and then its successor's.
    for _ in 0..2 {
        second.check_later();
        world.advance(2);
    }
    world.release();
    first.thaw();
    world.settle();
    third.check_later();
    world.advance(30);
    assert!([first, second, third].iter().all(Tab::is_signed_in), "{:?}", world.network().story(RENEW));
}
