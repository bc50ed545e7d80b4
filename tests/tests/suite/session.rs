//! Signing in, staying in, signing out.

use countersign_tests::{World, in_both_flows};

#[test]
fn a_user_signs_in_and_reads_the_reports() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        assert!(!tab.is_signed_in());
        tab.sign_in("bob").unwrap();
        assert_eq!(tab.user().as_deref(), Some("bob"));
        assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
        world.advance(10);
        assert!(tab.is_signed_in());
    });
}
