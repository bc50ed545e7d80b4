//! What a browser owes the server, and when it does not: several tabs sign in and out at once, or storage forgets.

use countersign_core::Reason;
use countersign_tests::{Channel, StorageFault, World, in_both_flows};

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
