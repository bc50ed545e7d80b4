//! What is true of every text that is taken for a gate?

use countersign_core::state::Reason;
use countersign_core::{FlowKind, Gate, State};

use crate::tab::Tab;

/// A gate survives its text, an error points into it, nothing opens for nobody, and no gate and its opposite are both open.
pub fn law(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let gate = match text.parse::<Gate>() {
        Ok(gate) => gate,
        Err(syntax) => {
            assert!((1..=text.chars().count() + 1).contains(&syntax.column), "{syntax} of {text:?}");
            return;
        }
    };
    assert_eq!(gate.to_string().parse().as_ref(), Ok(&gate));
    for state in [State::Unknown, State::SigningIn, State::SignedOut { reason: Reason::Expired }] {
        assert!(!gate.decide(&state, 0).is_open());
    }
    let tab = Tab::signed_in(FlowKind::Session);
    let opposite = Gate::not(gate.clone());
    assert!(!(tab.can(&gate).is_open() && tab.can(&opposite).is_open()));
    if let Some(at) = tab.changes_at(&gate) {
        assert!(at > tab.now());
    }
}
