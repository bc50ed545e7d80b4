//! What is true of whatever a server sends as an event stream?

use countersign_core::FlowKind;
use countersign_core::input::StreamNews;
use countersign_core::sse::{Event, LARGEST_EVENT, Reader};

use crate::chosen;
use crate::tab::Tab;

/// The machine writes a line of its trace for each chunk, so it gets few.
const MOST_CHUNKS: usize = 8;

/// The first byte is the size of the chunks, which changes nothing; no event grows without end; and what no key vouches
/// for ends no session.
pub fn law(bytes: &[u8]) {
    let Some((size, bytes)) = chosen(bytes) else { return };
    let size = usize::from(size).max(1);
    let (mut whole, mut parts) = (Reader::default(), Reader::default());
    let at_once = whole.take(bytes);
    let in_parts: Vec<Event> = bytes.chunks(size).flat_map(|chunk| parts.take(chunk)).collect();
    assert_eq!(at_once, in_parts);
    assert_eq!((whole.last_id(), whole.retry), (parts.last_id(), parts.retry));
    assert_eq!(whole.is_overflowed(), parts.is_overflowed());
    assert!(at_once.iter().all(|event| event.data.len() <= LARGEST_EVENT + 1));
    let mut tab = Tab::signed_in(FlowKind::Session);
    for chunk in bytes.chunks(size.max(bytes.len().div_ceil(MOST_CHUNKS))) {
        tab.stream(StreamNews::Bytes(chunk.to_vec()));
    }
    tab.is_still_signed_in();
    tab.stream(StreamNews::Closed);
    tab.is_still_signed_in();
    tab.has_a_trace();
}
