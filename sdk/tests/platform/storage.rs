//! platform/storage.rs

use std::cell::Cell;
use std::rc::Rc;

use countersign::core::Secret;
use countersign::core::effect::Keep;
use countersign::core::input::{ReadOutcome, Stored, SwapOutcome};
use countersign::platform::page;
use countersign::platform::storage::{keep_hint, read, swap};
use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::{Replaced, eval, fresh_name};

#[wasm_bindgen_test]
async fn a_record_is_written_read_and_swapped() {
    let name = fresh_name("swapped");
    assert_eq!(read(&name).await, ReadOutcome::Nothing);
    assert_eq!(swap(&name, None, 1, "one", Keep::Leave).await, SwapOutcome::Swapped);
    assert_eq!(read(&name).await, ReadOutcome::Found(stored(1, "one")));
    assert_eq!(swap(&name, Some(1), 2, "two", Keep::Leave).await, SwapOutcome::Swapped);
    assert_eq!(read(&name).await, ReadOutcome::Found(stored(2, "two")));
}

#[wasm_bindgen_test]
async fn a_lost_swap_says_what_is_there_and_changes_nothing() {
    let name = fresh_name("lost");
    assert_eq!(swap(&name, Some(4), 5, "five", Keep::Leave).await, SwapOutcome::Lost(None));
    assert_eq!(swap(&name, None, 7, "seven", Keep::Leave).await, SwapOutcome::Swapped);
    let there = SwapOutcome::Lost(Some(stored(7, "seven")));
    assert_eq!(swap(&name, None, 1, "other", Keep::Leave).await, there);
    assert_eq!(swap(&name, Some(6), 8, "other", Keep::Leave).await, there);
    assert_eq!(read(&name).await, ReadOutcome::Found(stored(7, "seven")));
}

#[wasm_bindgen_test]
async fn c04_what_is_kept_changes_with_the_record_or_not_at_all() {
    let name = fresh_name("kept");
    let kept = |text: &str| Keep::Write(Secret::new(text));
    let found = async || match read(&name).await {
        ReadOutcome::Found(stored) => (stored.revision, stored.kept.map(|kept| kept.expose().to_owned())),
        outcome => panic!("{outcome:?}"),
    };
    assert_eq!(swap(&name, None, 1, "one", kept("token 1")).await, SwapOutcome::Swapped);
    assert_eq!(
        swap(&name, Some(7), 8, "lost", kept("token 8")).await,
        SwapOutcome::Lost(Some(Stored { kept: Some(Secret::new("token 1")), ..stored(1, "one") }))
    );
    assert_eq!(swap(&name, Some(1), 2, "two", Keep::Leave).await, SwapOutcome::Swapped);
    assert_eq!(found().await, (2, Some("token 1".to_owned())));
    assert_eq!(swap(&name, Some(2), 3, "three", Keep::Erase).await, SwapOutcome::Swapped);
    assert_eq!(found().await, (3, None));
}

#[wasm_bindgen_test]
async fn names_do_not_meet() {
    let (one, two) = (fresh_name("one"), fresh_name("two"));
    assert_eq!(swap(&one, None, 1, "one", Keep::Leave).await, SwapOutcome::Swapped);
    assert_eq!(read(&two).await, ReadOutcome::Nothing);
}

#[wasm_bindgen_test]
async fn of_two_connections_that_swap_at_once_one_wins() {
    let name = fresh_name("race");
    let won = Rc::new(Cell::new(0));
    at_once(8, |number| {
        let (name, won) = (name.clone(), Rc::clone(&won));
        async move {
            match swap(&name, None, 1, &number.to_string(), Keep::Leave).await {
                SwapOutcome::Swapped => won.set(won.get() + 1),
                outcome => {
                    assert!(matches!(outcome, SwapOutcome::Lost(Some(Stored { revision: 1, .. }))), "{outcome:?}")
                }
            }
        }
    })
    .await;
    assert_eq!(won.get(), 1);
}

#[wasm_bindgen_test]
async fn no_update_is_lost_among_connections() {
    let name = fresh_name("count");
    at_once(4, |_| {
        let name = name.clone();
        async move {
            for _ in 0..10 {
                add_one(&name).await;
            }
        }
    })
    .await;
    assert_eq!(read(&name).await, ReadOutcome::Found(stored(40, "40")));
}

async fn add_one(name: &str) {
    loop {
        let expected = match read(name).await {
            ReadOutcome::Found(stored) => Some(stored.revision),
            ReadOutcome::Nothing => None,
            ReadOutcome::Refused | ReadOutcome::TimedOut => panic!("no storage"),
        };
        let next = expected.unwrap_or(0) + 1;
        if swap(name, expected, next, &next.to_string(), Keep::Leave).await == SwapOutcome::Swapped {
            return;
        }
    }
}

#[wasm_bindgen_test]
async fn what_somebody_else_left_there_counts_as_nothing() {
    let name = fresh_name("foreign");
    assert_eq!(swap(&name, None, 1, "one", Keep::Leave).await, SwapOutcome::Swapped);
    for foreign in ["42", "{revision: 'one', text: 'x'}", "{revision: 3}"] {
        wait(&format!(
            "new Promise((resolve, reject) => {{
                indexedDB.open('countersign').onsuccess = ({{target: {{result: database}}}}) => {{
                    const transaction = database.transaction('records', 'readwrite');
                    transaction.objectStore('records').put({foreign}, '{name}');
                    transaction.oncomplete = () => {{ database.close(); resolve(); }};
                    transaction.onabort = reject;
                }};
            }})"
        ))
        .await;
        assert_eq!(read(&name).await, ReadOutcome::Nothing, "{foreign}");
    }
    assert_eq!(swap(&name, None, 2, "two", Keep::Leave).await, SwapOutcome::Swapped);
}

#[wasm_bindgen_test]
async fn storage_that_throws_or_is_missing_is_refused() {
    let name = fresh_name("refused");
    {
        let throws = "throw new DOMException('no', 'SecurityError')";
        let _refused = Replaced::method(&eval("IDBFactory.prototype"), "open", throws);
        assert_eq!(read(&name).await, ReadOutcome::Refused);
        assert_eq!(swap(&name, None, 1, "one", Keep::Leave).await, SwapOutcome::Refused);
    }
    let _missing = Replaced::new(&eval("window"), "indexedDB", &JsValue::UNDEFINED);
    assert_eq!(read(&name).await, ReadOutcome::Refused);
}

#[wasm_bindgen_test]
async fn storage_that_fails_while_writing_is_refused() {
    let name = fresh_name("full");
    let full = "throw new DOMException('full', 'QuotaExceededError')";
    let _full = Replaced::method(&eval("IDBObjectStore.prototype"), "put", full);
    assert_eq!(swap(&name, None, 1, "one", Keep::Leave).await, SwapOutcome::Refused);
}

#[wasm_bindgen_test]
async fn a_blocked_database_times_out_and_works_again_after() {
    let name = fresh_name("blocked");
    assert_eq!(swap(&name, None, 1, "one", Keep::Leave).await, SwapOutcome::Swapped);
    // Somebody deletes the database while another connection stays open: every later opening waits.
    wait(
        "new Promise(resolve => {
            indexedDB.open('countersign').onsuccess = ({target: {result: database}}) => {
                window.countersignBlocker = database;
                indexedDB.deleteDatabase('countersign').onblocked = () => resolve();
            };
        })",
    )
    .await;
    let before = page::moment().unwrap().monotonic;
    assert_eq!(read(&name).await, ReadOutcome::TimedOut);
    assert!(page::moment().unwrap().monotonic - before < 3_000);
    eval("window.countersignBlocker.close()");
    assert_eq!(swap(&name, None, 1, "again", Keep::Leave).await, SwapOutcome::Swapped);
    assert_eq!(read(&name).await, ReadOutcome::Found(stored(1, "again")));
}

#[wasm_bindgen_test]
async fn nothing_of_ours_keeps_the_database_from_being_deleted() {
    let name = fresh_name("deleted");
    assert_eq!(swap(&name, None, 1, "one", Keep::Leave).await, SwapOutcome::Swapped);
    wait(
        "new Promise((resolve, reject) => {
            const request = indexedDB.deleteDatabase('countersign');
            request.onsuccess = () => resolve();
            request.onblocked = () => reject(new Error('blocked'));
        })",
    )
    .await;
    assert_eq!(read(&name).await, ReadOutcome::Nothing);
}

#[wasm_bindgen_test]
fn the_hint_is_plain_json() {
    let name = fresh_name("hint");
    let kept =
        || web_sys::window().unwrap().local_storage().unwrap().unwrap().get_item(&format!("countersign.hint|{name}"));
    keep_hint(&name, Some(1_790_000_000_000));
    assert_eq!(kept().unwrap().unwrap(), r#"{"signed_in_until":1790000000000}"#);
    keep_hint(&name, None);
    assert_eq!(kept().unwrap().unwrap(), r#"{"signed_in_until":null}"#);
}

#[wasm_bindgen_test]
fn a_refused_local_storage_is_no_panic() {
    let window = eval("window");
    for value in [JsValue::NULL, JsValue::UNDEFINED] {
        let _missing = Replaced::new(&window, "localStorage", &value);
        keep_hint("refused", None);
    }
    let _full =
        Replaced::method(&eval("Storage.prototype"), "setItem", "throw new DOMException('full', 'QuotaExceededError')");
    keep_hint("refused", None);
}

/// Runs so many at the same time, each with connections of its own.
async fn at_once<F: Future<Output = ()> + 'static>(count: u32, run: impl Fn(u32) -> F) {
    let all: Array = (0..count)
        .map(|number| {
            let one = run(number);
            future_to_promise(async move {
                one.await;
                Ok(JsValue::UNDEFINED)
            })
        })
        .collect();
    JsFuture::from(Promise::all(&all)).await.unwrap();
}

async fn wait(script: &str) {
    JsFuture::from(Promise::from(eval(script))).await.unwrap();
}

fn stored(revision: u64, text: &str) -> Stored {
    Stored { revision, text: text.into(), kept: None }
}
