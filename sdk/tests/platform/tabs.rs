//! platform/tabs.rs: two `Tabs` in one page are two tabs to the channel and to the locks

use countersign::core::Input;
use countersign::core::input::LockOutcome;
use countersign::platform::tabs::Tabs;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::{Heard, Replaced, eval, fresh_name};

struct Tab {
    tabs: Tabs,
    heard: Heard,
    feed: countersign::platform::Feed,
}

impl Tab {
    fn open(name: &str) -> Self {
        let (heard, feed) = Heard::new();
        Self { tabs: Tabs::new(name, &feed), heard, feed }
    }

    async fn lock(&self, stamp: u64, wait: u32) -> LockOutcome {
        self.tabs.lock(stamp, wait, &self.feed);
        self.locked(stamp).await
    }

    async fn locked(&self, stamp: u64) -> LockOutcome {
        let Input::Lock { stamp: answered, outcome } = self.heard.next().await else {
            panic!("no answer about a lock")
        };
        assert_eq!(answered, stamp);
        outcome
    }

    async fn leading(&self) {
        assert!(matches!(self.heard.next().await, Input::Leading { stamp: 1 }));
    }
}

fn two(test: &str) -> (Tab, Tab) {
    let name = fresh_name(test);
    (Tab::open(&name), Tab::open(&name))
}

#[wasm_bindgen_test]
async fn what_one_tab_says_the_others_hear() {
    let (one, two) = two("tell");
    let stranger = Tab::open(&fresh_name("tell"));
    one.tabs.tell("generation 4");
    let Input::Tab { text } = two.heard.next().await else { panic!("no text") };
    assert_eq!(text, "generation 4");
    one.heard.nothing_for(20).await;
    stranger.heard.nothing_for(0).await;
}

#[wasm_bindgen_test]
async fn a_closed_tab_hears_nothing() {
    let (one, two) = two("closed");
    drop(two.tabs);
    one.tabs.tell("anybody?");
    two.heard.nothing_for(30).await;
}

#[wasm_bindgen_test]
async fn what_is_no_text_is_ignored() {
    let name = fresh_name("foreign");
    let tab = Tab::open(&name);
    eval(&format!("new BroadcastChannel('countersign|{name}').postMessage({{not: 'text'}})"));
    tab.heard.nothing_for(30).await;
}

#[wasm_bindgen_test]
async fn one_tab_at_a_time_has_the_lock() {
    let (one, two) = two("lock");
    assert_eq!(one.lock(1, 1_000).await, LockOutcome::Granted);
    assert_eq!(two.lock(2, 40).await, LockOutcome::Refused);
    two.tabs.lock(3, 5_000, &two.feed);
    two.heard.nothing_for(40).await;
    one.tabs.unlock();
    assert_eq!(two.locked(3).await, LockOutcome::Granted);
}

#[wasm_bindgen_test]
async fn a_granted_lock_outlives_the_wait() {
    let (one, two) = two("outlives");
    assert_eq!(one.lock(1, 30).await, LockOutcome::Granted);
    one.heard.nothing_for(80).await;
    assert_eq!(two.lock(2, 40).await, LockOutcome::Refused);
}

#[wasm_bindgen_test]
async fn a_tab_that_closes_gives_the_lock_back() {
    let (one, two) = two("closes");
    assert_eq!(one.lock(1, 1_000).await, LockOutcome::Granted);
    two.tabs.lock(2, 5_000, &two.feed);
    drop(one);
    assert_eq!(two.locked(2).await, LockOutcome::Granted);
}

#[wasm_bindgen_test]
async fn who_leaves_the_queue_does_not_get_the_lock_later() {
    let (one, two) = two("leaves");
    assert_eq!(one.lock(1, 1_000).await, LockOutcome::Granted);
    two.tabs.lock(2, 5_000, &two.feed);
    two.tabs.unlock();
    assert_eq!(two.locked(2).await, LockOutcome::Refused);
    one.tabs.unlock();
    assert_eq!(one.lock(3, 1_000).await, LockOutcome::Granted);
}

#[wasm_bindgen_test]
async fn one_tab_leads_and_the_next_follows_it() {
    let (one, two) = two("lead");
    one.tabs.lead(1, &one.feed);
    one.leading().await;
    two.tabs.lead(1, &two.feed);
    two.heard.nothing_for(40).await;
    one.tabs.stand_down();
    two.leading().await;
    // Leading is not locking.
    assert_eq!(one.lock(1, 1_000).await, LockOutcome::Granted);
}

#[wasm_bindgen_test]
async fn a_candidate_that_stands_down_never_leads() {
    let (one, two) = two("candidate");
    one.tabs.lead(1, &one.feed);
    one.leading().await;
    two.tabs.lead(1, &two.feed);
    two.tabs.stand_down();
    one.tabs.stand_down();
    two.heard.nothing_for(40).await;
    one.tabs.lead(1, &one.feed);
    one.leading().await;
}

#[wasm_bindgen_test]
async fn without_locks_each_tab_is_alone() {
    let _missing = Replaced::new(&eval("navigator"), "locks", &JsValue::UNDEFINED);
    alone("missing").await;
}

#[wasm_bindgen_test]
async fn locks_that_throw_or_reject_are_no_locks() {
    for body in [
        "throw new DOMException('no', 'SecurityError')",
        "return Promise.reject(new DOMException('no', 'InvalidStateError'))",
    ] {
        let _refused = Replaced::method(&eval("LockManager.prototype"), "request", body);
        alone("refused").await;
    }
}

async fn alone(test: &str) {
    let (one, two) = two(test);
    assert_eq!(one.lock(1, 5_000).await, LockOutcome::Refused);
    for tab in [&one, &two] {
        tab.tabs.lead(1, &tab.feed);
        tab.leading().await;
    }
}

#[wasm_bindgen_test]
async fn without_a_channel_nobody_hears_and_nothing_breaks() {
    let _missing = Replaced::new(&eval("window"), "BroadcastChannel", &JsValue::UNDEFINED);
    let (one, two) = two("channel");
    one.tabs.tell("anybody?");
    two.heard.nothing_for(20).await;
}
