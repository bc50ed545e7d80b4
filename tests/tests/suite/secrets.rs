//! Where may a secret be seen? Nowhere but on the wire.

use countersign_core::input::Revoke;
use countersign_tests::{Fault, World, in_both_flows};

#[test]
fn c10_c11_c29_no_secret_is_seen_in_a_full_journey() {
    in_both_flows(|flow| {
        let world = World::new();
        world.listen();
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
        tab.reload();
        tab.revoke(Revoke::Others).unwrap();
        tab.sign_out();
        second.sign_in("carol").unwrap();
        world.advance(10);

        let (leaks, secrets) = world.leaks();
        assert!(secrets >= 4, "the journey has secrets");
        assert!(leaks.is_empty(), "{leaks:#?}");
    });
}
