//! Do the components show what the state allows, and nothing else?

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test may unwrap; clippy does not take these functions for tests")]

mod gates;
mod protected;
mod stage;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
