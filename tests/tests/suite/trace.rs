//! What a client remembers of itself: without secrets, and enough to do the same again.

use countersign_core::input::Revoke;
use countersign_tests::replay::replay;
use countersign_tests::{Fault, World, in_both_flows};

#[test]
fn a_journey_with_lost_answers_sign_out_and_revocation_is_run_again() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        let (tab, second) = (browser.open_tab(flow), browser.open_tab(flow));
        assert!(tab.sign_in_with("bob", "a-wrong-password").is_err());
        tab.sign_in("bob").unwrap();
        tab.fetch("/api/reports").unwrap();
        tab.sessions().unwrap();
        world.network().next("POST /auth/token", Fault::LoseAnswer);
        world.advance(400);
        second.act();
        second.fetch("/api/me").unwrap();
        world.cut_streams();
        world.administrator().set_roles("bob", &["reader"]);
        world.advance(400);
        tab.revoke(Revoke::Others).unwrap();
        tab.sign_out();
        second.sign_in("carol").unwrap();
        world.administrator().revoke_all("carol");
        world.advance(10);
        for tab in [&tab, &second] {
            let replayed = replay(&tab.trace()).unwrap_or_else(|failure| panic!("{failure}"));
            assert!(replayed.steps > 50 && replayed.skipped == 0, "{replayed:?}");
        }
    });
}
