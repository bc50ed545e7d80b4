//! platform/tab_storage.rs: two of them in one page share sessionStorage, as an original and its copy do for a moment

use countersign::core::input::RecallOutcome;
use countersign::core::{Input, Secret};
use countersign::platform::Feed;
use countersign::platform::tab_storage::TabStorage;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::{Heard, Replaced, eval, fresh_name};

struct Page {
    storage: TabStorage,
    heard: Heard,
    feed: Feed,
}

impl Page {
    fn load(name: &str) -> Self {
        let (heard, feed) = Heard::new();
        Self { storage: TabStorage::new(name), heard, feed }
    }

    async fn recall(&self) -> RecallOutcome {
        self.storage.recall(7, &self.feed);
        match self.heard.next().await {
            Input::Recalled { stamp: 7, outcome } => outcome,
            input => panic!("{input:?}"),
        }
    }

    fn retain(&self, text: &str) {
        self.storage.retain(Some(Secret::new(text)));
    }
}

fn found(text: &str) -> RecallOutcome {
    RecallOutcome::Found(Secret::new(text))
}

#[wasm_bindgen_test]
async fn a_reload_finds_what_the_page_before_kept() {
    let name = fresh_name("reload");
    let first = Page::load(&name);
    assert_eq!(first.recall().await, RecallOutcome::Nothing);
    first.retain("token 1");
    first.retain("token 2");
    drop(first);
    let second = Page::load(&name);
    assert_eq!(second.recall().await, found("token 2"));
    second.storage.retain(None);
    drop(second);
    assert_eq!(Page::load(&name).recall().await, RecallOutcome::Nothing);
}

#[wasm_bindgen_test]
async fn a_copy_finds_what_belongs_to_the_original() {
    let name = fresh_name("copy");
    let original = Page::load(&name);
    original.retain("token");
    let copy = Page::load(&name);
    assert_eq!(copy.recall().await, RecallOutcome::Claimed);
    copy.retain("another token");
    drop(copy);
    assert_eq!(Page::load(&name).recall().await, found("another token"), "it is the copy's own by now");
}

#[wasm_bindgen_test]
async fn a_page_that_is_put_away_lets_the_next_one_in() {
    let name = fresh_name("away");
    let away = Page::load(&name);
    away.retain("token");
    away.storage.disclaim();
    let next = Page::load(&name);
    assert_eq!(next.recall().await, found("token"));
    next.storage.disclaim();
    assert_eq!(away.recall().await, found("token"), "back out of the cache");
}

#[wasm_bindgen_test]
async fn without_locks_nobody_can_tell_a_copy() {
    let name = fresh_name("lockless");
    let first = Page::load(&name);
    first.retain("token");
    drop(first);
    let navigator = eval("navigator");
    let _locks = Replaced::new(&navigator, "locks", &JsValue::UNDEFINED);
    assert_eq!(Page::load(&name).recall().await, RecallOutcome::Claimed);
}

#[wasm_bindgen_test]
async fn where_storage_is_refused_nothing_is_kept_and_nothing_panics() {
    let window = eval("window");
    let refused = Replaced::new(&window, "sessionStorage", &JsValue::UNDEFINED);
    let page = Page::load(&fresh_name("refused"));
    assert_eq!(page.recall().await, RecallOutcome::Refused);
    page.retain("token");
    page.storage.retain(None);
    drop(refused);
}

#[wasm_bindgen_test]
async fn a_torn_entry_is_nothing() {
    let name = fresh_name("torn");
    eval(&format!("sessionStorage.setItem('countersign.tab|{name}', '{{\"owner\": 5')"));
    assert_eq!(Page::load(&name).recall().await, RecallOutcome::Nothing);
}
