//! What is true of whatever another tab, or any script of this origin, says?

use countersign_core::FlowKind;
use countersign_core::input::Input;

use crate::chosen;
use crate::tab::Tab;

/// The first byte chooses the flow. Nothing a tab hears can do more than make it look (C27).
pub fn law(bytes: &[u8]) {
    let Some((choice, bytes)) = chosen(bytes) else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut tab = Tab::signed_in(if choice.is_multiple_of(2) { FlowKind::Session } else { FlowKind::Token });
    for _ in 0..2 {
        tab.feed(Input::Tab { text: text.to_owned() });
        tab.is_still_signed_in();
    }
    tab.wake();
    tab.is_still_signed_in();
    tab.has_a_trace();
}
