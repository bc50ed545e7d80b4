//! Where access tokens are kept, what a reload finds, and what never stays.

use countersign_core::FlowKind::Token;
use countersign_core::effect::Reply;
use countersign_core::{Durability, Reason, Standing, State, StorageMode};
use countersign_tests::{Browser, Channel, Fault, StorageFault, Tab, World};

const RENEW: &str = "POST /auth/token";

/// Tabs of one browser that all keep tokens in the same place; bob is signed in.
fn tabs(number: usize, storage: StorageMode) -> (World, Browser, Vec<Tab>) {
    let world = World::new();
    let browser = world.browser();
    let tabs: Vec<Tab> = (0..number).map(|_| browser.open_tab_with(Token, storage)).collect();
    tabs[0].sign_in("bob").expect("bob may sign in");
    (world, browser, tabs)
}

/// Fifty calls in each tab, at the moment at which everybody's token has ended.
fn calls_on_an_ended_token(world: &World, tabs: &[Tab]) {
    for tab in tabs {
        tab.hide();
    }
    world.advance(301);
    let renewed = world.count(RENEW);
    let calls: Vec<_> = tabs.iter().flat_map(|tab| (0..50).map(|_| tab.begin_fetch("/api/me"))).collect();
    world.settle();
    for call in &calls {
        assert_eq!(call.fetched().map(|answer| answer.map(|answer| answer.status).ok()), Some(Some(200)));
    }
    assert!(world.count(RENEW) > renewed);
    assert_eq!(world.network().most_at_once(RENEW), 1);
}

#[test]
fn c02_in_indexed_db_one_renewal_serves_all_tabs() {
    let (world, _, tabs) = tabs(4, StorageMode::IndexedDb);
    let before = world.count(RENEW);
    calls_on_an_ended_token(&world, &tabs);
    assert_eq!(world.count(RENEW) - before, 1);
}

#[test]
fn c02_in_indexed_db_one_answer_serves_all_tabs_that_asked_before_it() {
    let (world, browser, tabs) = tabs(4, StorageMode::IndexedDb);
    browser.set_channel(Channel::Dead);
    let before = world.count(RENEW);
    let checks: Vec<_> = tabs.iter().map(Tab::check_later).collect();
    world.settle();
    assert!(checks.iter().all(|check| matches!(check.reply(), Some(Reply::Done))));
    assert_eq!(world.count(RENEW) - before, 1);
}

#[test]
fn c02_in_memory_each_tab_renews_in_turn() {
    let (world, _, tabs) = tabs(4, StorageMode::Memory);
    let before = world.count(RENEW);
    calls_on_an_ended_token(&world, &tabs);
    assert_eq!(world.count(RENEW) - before, 4);
}

#[test]
fn c02_in_indexed_db_visible_tabs_renew_ahead_once_for_all() {
    let (world, _, tabs) = tabs(4, StorageMode::IndexedDb);
    let before = world.count(RENEW);
    world.advance(1_000);
    assert!(tabs.iter().all(Tab::is_signed_in));
    assert!((3..=5).contains(&(world.count(RENEW) - before)), "{} renewals", world.count(RENEW) - before);
}

#[test]
fn in_indexed_db_a_new_tab_asks_nobody_and_doubts_until_the_stream_has_spoken() {
    let (world, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    let (asked, opened) = (world.asked(), world.count("GET /auth/events"));
    tabs[0].crash();
    let reborn = browser.open_tab_with(Token, StorageMode::IndexedDb);
    assert_eq!((reborn.user().as_deref(), world.asked()), (Some("bob"), asked));
    let was_doubtful = |state: &countersign_core::State| {
        matches!(state, countersign_core::State::SignedIn { standing: Standing::Unverified { .. }, .. })
    };
    assert!(reborn.shown().iter().any(was_doubtful), "{:?}", reborn.shown());
    assert_eq!(reborn.standing(), Some(Standing::Current), "the stream brought what was missed: nothing");
    assert_eq!(world.count("GET /auth/events"), opened + 1);
}

#[test]
fn in_indexed_db_a_tab_that_does_not_lead_is_sure_after_its_first_call() {
    let (world, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    let asked = world.asked();
    let second = browser.open_tab_with(Token, StorageMode::IndexedDb);
    assert!(matches!(second.standing(), Some(Standing::Unverified { .. })));
    assert_eq!(second.fetch("/api/me").unwrap().status, 200);
    assert_eq!((second.standing(), world.asked()), (Some(Standing::Current), asked));
    drop(tabs);
}

#[test]
fn c34_what_another_tab_was_given_before_takes_no_cover_away() {
    let (world, _, tabs) = tabs(2, StorageMode::IndexedDb);
    tabs[0].leave();
    tabs[1].check().unwrap();
    world.advance(8);
    world.network().next(RENEW, Fault::HoldAnswer);
    tabs[0].come_back();
    assert_eq!(tabs[0].state(), State::Unknown);
    world.release();
    assert_eq!(tabs[0].standing(), Some(Standing::Current), "{:?}", tabs[0].snapshot());
}

#[test]
fn c34_what_another_tab_had_asked_before_takes_no_cover_away() {
    let (world, _, tabs) = tabs(2, StorageMode::IndexedDb);
    tabs[0].leave();
    world.network().times(2, RENEW, Fault::HoldAnswer);
    tabs[1].check_later();
    world.advance(5);
    tabs[0].come_back();
    world.release();
    assert_eq!([tabs[0].state().is_signed_in(), tabs[1].state().is_signed_in()], [false, true]);
    world.release();
    assert_eq!(tabs[0].standing(), Some(Standing::Current), "{:?}", tabs[0].snapshot());
}

#[test]
fn c34_what_a_page_reads_when_it_is_on_its_way_back_takes_no_cover_away() {
    let (world, browser, tabs) = tabs(2, StorageMode::IndexedDb);
    browser.set_channel(Channel::Dead);
    tabs[1].check().unwrap();
    browser.trouble_storage(StorageFault::DelayAnswer(500));
    tabs[0].show();
    tabs[0].leave();
    world.advance(8);
    let shown = tabs[0].shown().len();
    world.network().next(RENEW, Fault::HoldAnswer);
    tabs[0].come_back();
    world.settle();
    assert!(!tabs[0].shown()[shown..].iter().any(State::is_signed_in), "{:?}", tabs[0].shown());
    world.release();
    assert_eq!(tabs[0].standing(), Some(Standing::Current), "{:?}", tabs[0].snapshot());
}

#[test]
fn c34_what_another_tab_was_given_while_this_one_stood_still_takes_no_doubt_away() {
    let (world, browser, tabs) = tabs(2, StorageMode::IndexedDb);
    browser.go_offline();
    tabs[1].freeze();
    browser.go_online();
    world.advance(60);
    tabs[0].check().unwrap();
    world.advance(20);
    for what in [RENEW, "GET /auth/events"] {
        world.network().times(10, what, Fault::Silence);
    }
    tabs[1].thaw_and_hear();
    world.settle();
    assert!(matches!(tabs[1].standing(), Some(Standing::Unverified { .. })), "{:?}", tabs[1].state());
}

#[test]
fn c34_an_answer_that_a_sleep_overtook_takes_no_doubt_away_in_any_tab() {
    let (world, browser, tabs) = tabs(2, StorageMode::IndexedDb);
    world.network().next(RENEW, Fault::HoldAnswer);
    drop(tabs[0].check_later());
    world.settle();
    world.network().times(9, RENEW, Fault::Silence);
    world.network().times(9, "GET /auth/events", Fault::Silence);
    browser.sleep(100);
    world.release();
    for tab in &tabs {
        assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })), "{:?}", tab.state());
    }
}

#[test]
fn a_revocation_while_no_tab_was_open_is_found_on_return() {
    let (world, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    tabs[0].crash();
    world.administrator().revoke_all("bob");
    let reborn = browser.open_tab_with(Token, StorageMode::IndexedDb);
    assert!(!reborn.is_signed_in(), "{:?}", reborn.state());
    assert_eq!(browser.kept(Token), None);
}

#[test]
fn a_kept_token_from_before_a_change_of_rights_serves_nobody() {
    let (world, _, tabs) = tabs(3, StorageMode::IndexedDb);
    let before = world.count(RENEW);
    world.administrator().set_roles("bob", &["reader"]);
    for tab in &tabs {
        let roles = tab.state().claims().map(|claims| claims.roles.clone());
        assert_eq!(roles, Some(vec!["reader".to_owned()]), "{:?}", tab.state());
    }
    assert_eq!(world.count(RENEW) - before, 1, "one renewal brings the new rights to all");
}

#[test]
fn c12_nothing_is_kept_after_a_sign_out_offline_too() {
    let (_, browser, tabs) = tabs(2, StorageMode::IndexedDb);
    assert!(browser.kept(Token).is_some());
    browser.go_offline();
    tabs[1].sign_out();
    assert_eq!(browser.kept(Token), None);
    assert!(tabs.iter().all(|tab| !tab.is_signed_in()));
}

#[test]
fn c07_nothing_of_the_first_user_is_kept_for_the_second() {
    let (_, browser, tabs) = tabs(2, StorageMode::IndexedDb);
    tabs[1].sign_in("carol").unwrap();
    let users: Vec<_> = tabs.iter().map(Tab::user).collect();
    assert_eq!(users, [Some("carol".to_owned()), Some("carol".to_owned())]);
    assert!(browser.kept(Token).is_some_and(|kept| kept.contains("carol") && !kept.contains("u_bob")));
}

#[test]
fn c07_a_session_that_the_server_disowned_is_not_taken_over_again_from_what_is_kept() {
    let world = World::new();
    let browser = world.browser();
    world.network().times(9, "GET /auth/events", Fault::Silence);
    let tabs = [(); 2].map(|()| browser.open_tab_with(Token, StorageMode::IndexedDb));
    tabs[0].sign_in("bob").unwrap();
    world.advance(1);
    // The cookie of Carol's sign-in reaches the browser, and her tab knows nothing of it yet.
    world.network().next("POST /auth/login", Fault::CutBody);
    assert!(tabs[1].sign_in("carol").is_err());
    let renewed = world.count(RENEW);
    drop(tabs[0].begin_fetch("/api/me"));
    world.settle();
    assert_eq!(tabs[0].user().as_deref(), Some("carol"), "{:?}", tabs[0].state());
    assert_eq!(world.count(RENEW) - renewed, 2, "once in vain, and once for whoever is there");
}

#[test]
fn c11_an_application_that_keeps_nothing_erases_what_another_version_kept() {
    let (world, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    tabs[0].crash();
    let today = browser.open_tab_with(Token, StorageMode::Memory);
    assert!(today.is_signed_in());
    assert_eq!(browser.kept(Token), None);
    drop(world);
}

#[test]
fn c04_a_tab_that_dies_at_any_step_leaves_the_old_answer_or_the_new() {
    for effects in 0..14 {
        let (world, browser, tabs) = tabs(1, StorageMode::IndexedDb);
        let look = || (browser.kept(Token).unwrap(), browser.record(Token).unwrap()["generation"].as_u64());
        let before = look();
        tabs[0].crash_after(effects);
        tabs[0].check_later();
        world.settle();
        let after = look();
        assert_eq!(after.0 != before.0, after.1 != before.1, "after {effects} effects");
        let next = browser.open_tab_with(Token, StorageMode::IndexedDb);
        assert_eq!(next.fetch("/api/me").unwrap().status, 200, "after {effects} effects");
    }
}

#[test]
fn a_reload_finds_what_this_tab_kept() {
    let (world, browser, tabs) = tabs(1, StorageMode::Session);
    let asked = world.asked();
    tabs[0].reload();
    assert_eq!((tabs[0].user().as_deref(), world.asked()), (Some("bob"), asked));
    assert_eq!(browser.kept(Token), None);
    // Another tab finds nothing, and asks the server.
    let second = browser.open_tab_with(Token, StorageMode::Session);
    assert_eq!((second.user().as_deref(), world.asked()), (Some("bob"), asked + 1));
}

#[test]
fn a_duplicated_tab_drops_what_is_the_others() {
    let (world, _, tabs) = tabs(1, StorageMode::Session);
    let (asked, token) = (world.asked(), tabs[0].access_token().unwrap());
    let copy = tabs[0].duplicate();
    assert_eq!(world.asked(), asked + 1);
    assert_ne!(copy.access_token().unwrap(), token);
    // Once the original is gone, what it had kept is nobody's.
    copy.reload();
    assert_eq!((copy.user().as_deref(), world.asked()), (Some("bob"), asked + 1));
}

#[test]
fn what_a_tab_kept_is_gone_after_a_sign_out_in_another() {
    let (_, browser, tabs) = tabs(2, StorageMode::Session);
    tabs[1].sign_out();
    tabs[0].reload();
    assert!(!tabs[0].is_signed_in(), "{:?}", tabs[0].state());
    let next = browser.open_tab_with(Token, StorageMode::Session);
    assert!(!next.is_signed_in());
}

#[test]
fn where_the_browser_refuses_tokens_stay_in_memory_and_the_application_is_told() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_storage();
    let tab = browser.open_tab_with(Token, StorageMode::IndexedDb);
    tab.sign_in("bob").unwrap();
    let snapshot = tab.snapshot();
    assert_eq!((snapshot.storage, snapshot.durability), (StorageMode::Memory, Durability::ThisTab));
    assert!(snapshot.durability.sentence().contains("would not survive a reload"));

    let other = World::new().browser().open_tab_with(Token, StorageMode::Session);
    assert_eq!(other.snapshot().storage, StorageMode::Session);
    other.refuse_storage();
    other.reload();
    assert_eq!(other.snapshot().storage, StorageMode::Memory);
}

#[test]
fn c03_without_locks_one_renewal_serves_all_tabs_as_well() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_locks();
    let tabs: Vec<Tab> = (0..3).map(|_| browser.open_tab_with(Token, StorageMode::IndexedDb)).collect();
    tabs[0].sign_in("bob").unwrap();
    world.advance(1);
    tabs.iter().for_each(Tab::hide);
    world.advance(301);
    let before = world.count(RENEW);
    world.network().times(9, RENEW, Fault::DelayAnswer(900));
    let calls: Vec<_> = tabs.iter().map(|tab| tab.begin_fetch("/api/me")).collect();
    world.advance(30);
    assert!(calls.iter().all(|call| call.fetched().is_some_and(|answer| answer.is_ok())));
    assert_eq!((world.count(RENEW) - before, world.network().most_at_once(RENEW)), (1, 1));
}

#[test]
fn c12_a_sign_out_reaches_storage_that_was_too_slow_before() {
    let (world, browser, tabs) = tabs(2, StorageMode::IndexedDb);
    browser.slow_reads(3);
    tabs[0].check().unwrap();
    assert_eq!(tabs[0].snapshot().durability, Durability::ThisTab);
    browser.go_offline();
    tabs[0].sign_out();
    assert_eq!(browser.kept(Token), None);
    assert!(!tabs[1].is_signed_in(), "{:?}", tabs[1].state());
    tabs[0].reload();
    browser.go_online();
    world.advance(60);
    assert!(!tabs[0].shown().iter().any(State::is_signed_in), "{:?}", tabs[0].shown());
    assert_eq!(world.administrator().sessions_of("bob"), 0);
}

#[test]
fn c07_a_sign_in_reaches_storage_that_was_too_slow_before() {
    let (_, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    browser.slow_reads(3);
    tabs[0].check().unwrap();
    tabs[0].sign_in("carol").unwrap();
    let next = browser.open_tab_with(Token, StorageMode::IndexedDb);
    let is_bob = |state: &State| state.claims().is_some_and(|claims| claims.subject == "u_bob");
    assert!(!next.shown().iter().any(is_bob), "{:?}", next.shown());
    assert_eq!(next.user().as_deref(), Some("carol"));
}

#[test]
fn c04_a_sign_in_that_fails_makes_nothing_of_what_only_this_tab_knows_shared() {
    let (_, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    browser.slow_reads(3);
    tabs[0].check().unwrap();
    assert_eq!(tabs[0].snapshot().durability, Durability::ThisTab);
    assert!(tabs[0].sign_in_with("carol", "a-wrong-password").is_err());
    assert_eq!((tabs[0].user().as_deref(), tabs[0].snapshot().durability), (Some("bob"), Durability::ThisTab));
}

#[test]
fn c12_a_sign_out_that_only_this_tab_knows_is_still_owed_after_a_sign_in_that_fails() {
    let (world, browser, tabs) = tabs(1, StorageMode::Memory);
    browser.slow_reads(3);
    tabs[0].check().unwrap();
    browser.trouble_storage(StorageFault::Throw);
    world.network().next("POST /auth/revoke", Fault::LoseRequest);
    tabs[0].sign_out();
    assert!(tabs[0].snapshot().sign_out_owed);
    assert!(tabs[0].sign_in_with("carol", "a-wrong-password").is_err());
    world.advance(60);
    assert_eq!((tabs[0].snapshot().sign_out_owed, world.administrator().sessions_of("bob")), (false, 0));
}

#[test]
fn c05_a_session_that_began_elsewhere_while_storage_was_too_slow_stays() {
    let (world, browser, tabs) = tabs(2, StorageMode::IndexedDb);
    browser.slow_reads(3);
    tabs[0].check().unwrap();
    assert_eq!(tabs[0].snapshot().durability, Durability::ThisTab);
    tabs[1].sign_in("carol").unwrap();
    world.advance(60);
    assert_eq!(tabs[1].user().as_deref(), Some("carol"), "{:?}", tabs[1].shown());
    assert!(!tabs[1].shown().iter().any(|state| matches!(state, State::SignedOut { reason: Reason::SignedOut })));
}

#[test]
fn c05_a_sign_in_that_fails_when_storage_is_back_signs_nobody_out() {
    let world = World::new();
    let browser = world.browser();
    let tab = browser.open_tab_with(Token, StorageMode::Session);
    // The sign-in and the load after it find nothing to write to or read from.
    for _ in 0..2 {
        browser.trouble_storage(StorageFault::Throw);
    }
    tab.sign_in("bob").unwrap();
    tab.reload();
    assert!(tab.is_signed_in(), "{:?}", tab.state());
    browser.go_offline();
    tab.sign_in("bob").unwrap_err();
    world.advance(5);
    assert!(tab.is_signed_in(), "{:?}", tab.state());
}

#[test]
fn c04_the_end_of_a_session_that_was_replaced_is_not_written_as_that_of_the_browser() {
    let (world, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    // The sign-in finds nothing to write to, and before its answer comes the stream tells what it replaced.
    browser.trouble_storage(StorageFault::Throw);
    world.network().next("POST /auth/login", Fault::DelayAnswer(500));
    let signs_in = tabs[0].begin_sign_in("bob", "bob-demo-pass");
    world.advance(1);
    assert_eq!(signs_in.reply(), Some(Reply::Done));
    let is_ended = browser.record(Token).unwrap()["sid"].is_null();
    assert_eq!((is_ended, tabs[0].is_signed_in(), tabs[0].snapshot().durability), (false, true, Durability::ThisTab));
}

#[test]
fn c07_a_sign_out_ends_the_session_of_the_browser_though_storage_names_the_one_before() {
    let (world, browser, tabs) = tabs(1, StorageMode::IndexedDb);
    browser.refuse_storage();
    tabs[0].sign_in("bob").unwrap();
    let next = browser.open_tab_with(Token, StorageMode::IndexedDb);
    assert!(next.is_signed_in(), "{:?}", next.state());
    browser.mend_storage();
    world.advance(1);
    assert!(next.sign_out());
    world.advance(60);
    assert_eq!(world.administrator().sessions_of("bob"), 0);
    tabs[0].reload();
    assert!(!tabs[0].is_signed_in() && !next.is_signed_in(), "{:?}, {:?}", tabs[0].state(), next.state());
}
