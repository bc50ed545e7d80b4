//! The published vectors that are kept here, all of them.

use std::path::Path;

#[test]
fn no_vector_that_must_hold_is_answered_wrongly() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let score = countersign_tests::vectors::run(&folder).expect("the vectors can be read");
    assert!(score.is_good() && score.run() > 0, "{}", score.last_line());
}
