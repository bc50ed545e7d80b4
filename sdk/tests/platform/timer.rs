//! platform/timer.rs

use std::future::pending;

use countersign::core::Input;
use countersign::platform::page;
use countersign::platform::timer::{Timer, within};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::Heard;

#[wasm_bindgen_test]
async fn it_wakes_after_the_time_and_once() {
    let (heard, feed) = Heard::new();
    let timer = Timer::default();
    let before = page::moment().unwrap().monotonic;
    timer.set(Some(40), &feed);
    assert!(matches!(heard.next().await, Input::Woke));
    assert!(page::moment().unwrap().monotonic - before >= 39);
    heard.nothing_for(60).await;
}

#[wasm_bindgen_test]
async fn a_new_time_replaces_the_one_before() {
    let (heard, feed) = Heard::new();
    let timer = Timer::default();
    timer.set(Some(20), &feed);
    timer.set(Some(120), &feed);
    heard.nothing_for(60).await;
    assert!(matches!(heard.next().await, Input::Woke));
    timer.set(Some(20), &feed);
    timer.set(None, &feed);
    heard.nothing_for(50).await;
}

#[wasm_bindgen_test]
async fn a_dropped_timer_is_silent() {
    let (heard, feed) = Heard::new();
    let timer = Timer::default();
    timer.set(Some(20), &feed);
    drop(timer);
    heard.nothing_for(50).await;
}

#[wasm_bindgen_test]
async fn a_time_beyond_what_a_browser_counts_does_not_fire_at_once() {
    let (heard, feed) = Heard::new();
    let timer = Timer::default();
    timer.set(Some(u64::MAX), &feed);
    heard.nothing_for(50).await;
}

#[wasm_bindgen_test]
async fn what_never_settles_is_bounded() {
    assert_eq!(within(20, pending::<()>()).await, None);
    assert_eq!(within(1_000, async { 7 }).await, Some(7));
}
