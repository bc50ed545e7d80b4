#![no_main]
//! What breaks the law of a reader? The fuzzer looks for it; the target's name says which reader.

use std::sync::LazyLock;

use countersign_readers::Law;
use libfuzzer_sys::fuzz_target;

static LAW: LazyLock<Law> =
    LazyLock::new(|| countersign_readers::law(env!("CARGO_BIN_NAME")).expect("each target is named for a reader"));

fuzz_target!(|bytes: &[u8]| LAW(bytes));
