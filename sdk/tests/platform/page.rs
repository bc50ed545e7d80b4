//! platform/page.rs

use countersign::core::Input;
use countersign::core::input::PageNews;
use countersign::platform::page::{self, Page};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::{Heard, Replaced, eval};

#[wasm_bindgen_test]
async fn the_page_is_reported() {
    let (heard, feed) = Heard::new();
    let _page = Page::watch(&feed);
    for (event, news) in [
        ("pageshow", PageNews::Shown),
        ("pagehide", PageNews::Leaving),
        ("online", PageNews::Online),
        ("offline", PageNews::Offline),
    ] {
        eval(&format!("window.dispatchEvent(new Event('{event}'))"));
        let Input::Page(said) = heard.next().await else { panic!("{event}") };
        assert_eq!(said, news);
    }
}

#[wasm_bindgen_test]
async fn visibility_is_read_when_it_changes() {
    let (heard, feed) = Heard::new();
    let _page = Page::watch(&feed);
    for (state, news) in [("hidden", PageNews::Hidden), ("visible", PageNews::Visible)] {
        let document = eval("document");
        let _state = Replaced::new(&document, "visibilityState", &state.into());
        eval("document.dispatchEvent(new Event('visibilitychange'))");
        let Input::Page(said) = heard.next().await else { panic!("{state}") };
        assert_eq!(said, news);
    }
}

#[wasm_bindgen_test]
async fn many_keys_and_pointers_are_one_act() {
    let (heard, feed) = Heard::new();
    let _page = Page::watch(&feed);
    // A handler of the page that swallows the event does not hide the user from us.
    eval("document.body.addEventListener('keydown', event => event.stopPropagation(), { once: true })");
    for event in ["keydown", "pointerdown", "pointerup", "keydown", "pointerdown", "pointercancel"] {
        act(event);
    }
    assert!(matches!(heard.next().await, Input::Page(PageNews::Acted)));
    heard.nothing_for(200).await;
}

fn act(event: &str) {
    eval(&format!("document.body.dispatchEvent(new Event('{event}', {{ bubbles: true }}))"));
}

#[wasm_bindgen_test]
async fn a_press_is_an_act_when_it_is_over() {
    for end in ["pointerup", "pointercancel"] {
        let (heard, feed) = Heard::new();
        let _page = Page::watch(&feed);
        act("pointerdown");
        heard.nothing_for(200).await;
        act(end);
        assert!(matches!(heard.next().await, Input::Page(PageNews::Acted)), "{end}");
    }
}

#[wasm_bindgen_test]
async fn a_press_whose_end_is_not_heard_is_an_act_as_well() {
    let (heard, feed) = Heard::new();
    let _page = Page::watch(&feed);
    act("pointerdown");
    assert!(matches!(heard.next().await, Input::Page(PageNews::Acted)));
}

#[wasm_bindgen_test]
async fn a_click_that_leaves_the_page_is_heard_before_that() {
    let (heard, feed) = Heard::new();
    let _page = Page::watch(&feed);
    act("pointerup");
    eval("window.dispatchEvent(new Event('pagehide'))");
    assert!(matches!(heard.next().await, Input::Page(PageNews::Acted)));
    assert!(matches!(heard.next().await, Input::Page(PageNews::Leaving)));
}

#[wasm_bindgen_test]
async fn a_dropped_page_is_silent() {
    let (heard, feed) = Heard::new();
    drop(Page::watch(&feed));
    eval("window.dispatchEvent(new Event('online'))");
    eval("document.dispatchEvent(new Event('visibilitychange'))");
    heard.nothing_for(20).await;
}

#[wasm_bindgen_test]
fn a_moment_has_both_clocks_and_fresh_chance() {
    let (one, two) = (page::moment().unwrap(), page::moment().unwrap());
    assert!(two.monotonic >= one.monotonic);
    assert!(one.wall > 1_700_000_000_000, "{}", one.wall);
    assert_ne!(one.random, two.random);
    assert_ne!(one.random, [0; 32]);
}

#[wasm_bindgen_test]
fn addresses_are_what_the_browser_says_they_are() {
    let origin = page::origin().unwrap();
    assert_eq!(page::resolve("/auth", &origin).unwrap().href(), format!("{origin}/auth"));
    assert_eq!(page::resolve("https://API.example.com:443/x", &origin).unwrap().origin(), "https://api.example.com");
    assert!(page::resolve("https://", &origin).is_none());
    assert_eq!(page::resolve_from_document("reports").unwrap().origin(), origin);
}
