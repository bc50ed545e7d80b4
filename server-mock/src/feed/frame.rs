//! What does a stream's frame look like, byte for byte?

use axum::body::Bytes;
use serde_json::json;

use crate::model::Reason;

/// One frame of a `text/event-stream`, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// How long a reader waits before it comes back, in milliseconds.
    pub fn retry() -> Frame {
        Frame(Bytes::from_static(b"retry: 2000\n\n"))
    }

    pub fn security(number: u64, token: &str) -> Frame {
        Frame::new(Some(number), "security", token)
    }

    /// Everything up to `ep` was sent.
    pub fn ready(ep: u64) -> Frame {
        Frame::new(None, "ready", &json!({"ep": ep}).to_string())
    }

    /// The reader's place is beyond the log: check everything again.
    pub fn gap(ep: u64) -> Frame {
        Frame::new(None, "gap", &json!({"ep": ep}).to_string())
    }

    pub fn heartbeat(ep: u64) -> Frame {
        Frame::new(None, "heartbeat", &json!({"ep": ep}).to_string())
    }

    pub fn bye(reason: Reason) -> Frame {
        Frame::new(None, "bye", &json!({"reason": reason.word()}).to_string())
    }

    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    fn new(id: Option<u64>, event: &str, data: &str) -> Frame {
        // A line break in a field would begin another field: an injected event.
        let one_line = |text: &str| text.replace(['\r', '\n', '\0'], " ");
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        Frame(Bytes::from(format!("{id}event: {}\ndata: {}\n\n", one_line(event), one_line(data))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p12_no_field_can_hold_a_line_break() {
        for bad in ["a\nevent: bye", "a\r\ndata: x", "a\rid: 9", "a\n\nb"] {
            let frame = Frame::new(Some(7), bad, bad).into_bytes();
            let text = std::str::from_utf8(&frame).unwrap();
            assert_eq!(text.matches(['\r', '\n']).count(), 4, "{text:?}");
            assert!(text.ends_with("\n\n"));
        }
    }
}
