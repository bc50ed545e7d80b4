//! What is true of whatever a page finds in storage when it loads?

use countersign_core::input::Stored;
use countersign_core::record::Record;
use countersign_core::{Config, FlowKind, Secret, State, StorageMode};

use crate::tab::{Tab, config, usual_answer};
use crate::{chosen, two_texts};

/// Wakings after which a load has come to an end, whatever stood in the record: an hour's back-off among them.
const MOST_WAKINGS: usize = 20;

/// The first byte chooses flow and storage; then the record, a zero byte, and what is kept beside it. A record survives
/// storage, and no record keeps a page from ever knowing who is signed in.
pub fn law(bytes: &[u8]) {
    let Some((choice, bytes)) = chosen(bytes) else { return };
    let Some((text, kept)) = two_texts(bytes) else { return };
    if let Some(record) = Record::read(text) {
        assert_eq!(Record::read(&record.print()), Some(record));
    }
    let flow = if choice.is_multiple_of(2) { FlowKind::Session } else { FlowKind::Token };
    let storage = [StorageMode::Memory, StorageMode::Session, StorageMode::IndexedDb][usize::from(choice / 2) % 3];
    let revision = Record::read(text).map_or(1, |record| record.revision);
    let kept = (!kept.is_empty()).then(|| Secret::new(kept));
    let stored = Stored { revision, text: text.to_owned(), kept };
    let mut tab = Tab::load(Config { storage, ..config(flow) }, Some(stored), usual_answer(flow));
    for _ in 0..MOST_WAKINGS {
        if tab.snapshot().state != State::Unknown {
            return;
        }
        tab.wake();
    }
    panic!("nobody knows who is signed in: {:?}", tab.snapshot());
}
