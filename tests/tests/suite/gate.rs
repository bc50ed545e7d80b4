//! Gates open and close in place, and nobody is signed out for it.

use countersign_core::Gate;
use countersign_tests::{World, in_both_flows};
use serde_json::json;

#[test]
fn a_role_that_is_taken_away_closes_its_gate_at_once_and_signs_nobody_out() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        let sid = tab.sid();
        let write = Gate::scope("reports:write");
        assert!(tab.is_open(&write) && second.is_open(&write));

        admin.set_roles("bob", &["reader"]);
        assert!(!tab.is_open(&write), "{:?}", tab.state());
        assert!(!second.is_open(&write), "{:?}", second.state());
        assert_eq!((tab.sid(), second.sid()), (sid.clone(), sid.clone()));
        assert_eq!(tab.post("/api/reports", &json!({"title": "No"})).unwrap().status, 403);
        assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);

        admin.set_roles("bob", &["member", "admin"]);
        assert!(tab.is_open(&write) && second.is_open(&Gate::role("admin")));
        assert_eq!(tab.fetch("/api/admin/summary").unwrap().status, 200);
        assert_eq!((tab.sid(), second.sid()), (sid.clone(), sid));
    });
}

#[test]
fn two_changes_in_a_row_are_both_seen() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        for _ in 0..5 {
            admin.set_roles("bob", &["reader"]);
            assert!(!tab.is_open(&Gate::scope("reports:write")), "{:?}", tab.state());
            admin.set_roles("bob", &["member"]);
            assert!(tab.is_open(&Gate::scope("reports:write")), "{:?}", tab.state());
        }
    });
}

#[test]
fn a_change_for_somebody_else_costs_nobody_a_request() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        world.advance(20);
        let before = world.asked();
        for _ in 0..5 {
            admin.set_roles("carol", &["member"]);
            admin.set_roles("carol", &["reader"]);
            world.cut_streams();
            world.advance(10);
        }
        let after = world.asked();
        assert_eq!(after, before);
    });
}

#[test]
fn no_gate_is_open_for_a_user_who_was_suspended_and_none_opens_again() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        admin.suspend("bob");
        for tab in [&tab, &second] {
            assert!(!tab.is_open(&Gate::all([])), "{:?}", tab.state());
        }
        tab.reload();
        assert!(!tab.is_open(&Gate::all([])));
        assert_eq!(tab.sign_in("bob").unwrap_err().code, "account_suspended");
    });
}
