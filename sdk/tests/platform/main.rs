//! Does each platform file do in a real browser what the core relies on?

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test may unwrap; clippy does not take these functions for tests")]

mod client;
mod crypto;
mod events;
mod gate;
mod helpers;
mod http;
mod page;
mod storage;
mod tab_storage;
mod tabs;
mod timer;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
