//! What does a tab know that must not renew, because an answer was lost and it is too late to ask for it again?

use countersign_core::FlowKind::Token;
use countersign_core::{Reason, Revoker, Standing};
use countersign_tests::{Browser, Fault, StorageFault, Tab, World};

const RENEW: &str = "POST /auth/token";
const WHO: &str = "GET /userinfo";

/// Two tabs of bob, of which the first holds the stream, and a line that went dead. `fault` befell the renewals of that
/// moment, and when the line is there again it is too late to ask for their answers.
fn after_a_dead_line(world: &World, browser: &Browser, fault: &Fault, meanwhile: impl FnOnce()) -> [Tab; 2] {
    let tabs = [browser.open_tab(Token), browser.open_tab(Token)];
    tabs[0].sign_in("bob").expect("bob may sign in");
    for tab in &tabs {
        world.network().next(RENEW, fault.clone());
        world.network().next(RENEW, Fault::LoseRequest);
        assert!(tab.check().is_err());
    }
    browser.go_offline();
    meanwhile();
    world.advance(90);
    browser.go_online();
    world.advance(20);
    tabs
}

fn world() -> (World, Browser) {
    let world = World::new();
    let browser = world.browser();
    (world, browser)
}

/// An answer that knows of no event.
fn says(status: u16) -> Fault {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Fault::Impostor { status, headers, body: b"{}".to_vec() }
}

#[test]
fn c05_who_must_not_renew_asks_with_the_access_token() {
    let (world, browser) = world();
    let tabs = after_a_dead_line(&world, &browser, &Fault::LoseAnswer, || ());
    assert_eq!(tabs.each_ref().map(Tab::standing), [Some(Standing::Current); 2]);
    let (renewed, asked) = (world.count(RENEW), world.count(WHO));
    assert!(asked > 0);
    world.advance(60);
    assert_eq!((world.count(RENEW), world.count(WHO)), (renewed, asked), "it is known, and nothing is risked");
}

#[test]
fn c05_without_storage_each_tab_finds_the_end_of_a_session_that_it_must_not_renew() {
    let (world, browser) = world();
    browser.refuse_storage();
    let end = || world.administrator().revoke_all("bob");
    let tabs = after_a_dead_line(&world, &browser, &Fault::LoseRequest, end);
    assert_eq!(tabs.each_ref().map(Tab::reason), [Some(Reason::Revoked { by: Revoker::Admin }); 2]);
}

#[test]
fn c05_a_token_that_is_refused_is_renewed_also_when_it_is_too_late_to_ask_again() {
    let (world, browser) = world();
    browser.refuse_storage();
    let demote = || world.administrator().set_roles("bob", &["reader"]);
    let tabs = after_a_dead_line(&world, &browser, &Fault::LoseRequest, demote);
    let roles = |tab: &Tab| tab.state().claims().map(|claims| claims.roles.clone());
    assert_eq!(tabs.each_ref().map(roles), [Some(vec!["reader".to_owned()]), Some(vec!["reader".to_owned()])]);
    assert_eq!(tabs.each_ref().map(Tab::standing), [Some(Standing::Current); 2]);
    world.advance(600);
    assert!(tabs.iter().all(Tab::is_signed_in));
}

#[test]
fn c05_a_server_that_does_not_say_what_happened_leaves_doubt_and_signs_nobody_out() {
    for status in [200, 403, 404] {
        let (world, browser) = world();
        world.network().times(100, WHO, says(status));
        let [leader, other] = after_a_dead_line(&world, &browser, &Fault::LoseAnswer, || ());
        assert_eq!(leader.standing(), Some(Standing::Current), "the stream says that nothing was missed");
        assert!(matches!(other.standing(), Some(Standing::Unverified { .. })), "{status}: {:?}", other.state());
        assert_eq!(other.fetch("/api/me").unwrap().status, 200);
    }
}

#[test]
fn c22_who_cannot_be_reached_with_the_access_token_is_left_alone_for_a_while() {
    let (world, browser) = world();
    world.network().times(1_000, WHO, Fault::LoseRequest);
    let [_, other] = after_a_dead_line(&world, &browser, &Fault::LoseAnswer, || ());
    world.advance(60);
    assert!(world.count(WHO) < 30, "{} questions", world.count(WHO));
    assert!(matches!(other.standing(), Some(Standing::Unverified { .. })), "{:?}", other.state());
    world.network().heal();
    world.advance(60);
    assert_eq!(other.standing(), Some(Standing::Current), "{:?}", other.snapshot());
}

#[test]
fn c05_who_lost_a_rotation_asks_with_the_cookie_when_others_say_that_it_is_another_sessions() {
    let (world, browser) = world();
    let [first, second] = after_a_dead_line(&world, &browser, &Fault::LoseAnswer, || {});
    browser.trouble_storage(StorageFault::Throw);
    first.check().unwrap();
    // No sign-in ends the session whose cookie is gone.
    browser.clear_cookies();
    second.sign_in("carol").unwrap();
    world.advance(5);
    assert_eq!([&first, &second].map(|tab| tab.user()), [Some("carol".to_owned()), Some("carol".to_owned())]);
}
