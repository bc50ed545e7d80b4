//! How is an event stream read? As the HTML standard says, at every chunk boundary (P11).

/// One dispatched event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `message` where the stream names none.
    pub name: String,
    pub data: String,
    /// The last id seen on the stream.
    pub id: String,
}

/// More than this in one event is no event of ours: the stream is given up.
pub const LARGEST_EVENT: usize = 64 * 1024;

/// Reads `text/event-stream` chunk by chunk.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    started: bool,
    after_carriage_return: bool,
    name: String,
    data: String,
    id: String,
    /// The id of the last block of lines that was whole.
    last_id: String,
    /// Milliseconds to wait before opening the stream again, where the server said so.
    pub retry: Option<u64>,
    overflowed: bool,
}

impl Reader {
    /// Takes the next bytes and returns the events that are complete now.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            let ends_pair = self.after_carriage_return && byte == b'\n';
            self.after_carriage_return = byte == b'\r';
            match byte {
                _ if ends_pair => {}
                b'\r' | b'\n' => events.extend(self.end_line()),
                _ if self.line.len() + self.data.len() > LARGEST_EVENT => self.overflowed = true,
                _ => self.line.push(byte),
            }
        }
        events
    }

    /// Whether an event was too large to be one of ours.
    pub fn is_overflowed(&self) -> bool {
        self.overflowed
    }

    /// Whether no event has arrived in part.
    pub fn is_between_events(&self) -> bool {
        self.line.is_empty() && self.data.is_empty() && self.name.is_empty()
    }

    /// Where to go on after the stream broke: what was cut off is not counted.
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    fn end_line(&mut self) -> Option<Event> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let mut line: &str = &text;
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.name = value.to_owned(),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = value.to_owned(),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok();
            }
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        self.last_id.clone_from(&self.id);
        data.pop()?;
        let name = if name.is_empty() { "message".to_owned() } else { name };
        Some(Event { name, data, id: self.id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{self, Value};
    use data_encoding::BASE64;

    #[test]
    fn p11_published_streams_are_read_at_every_chunk_boundary() {
        let vectors = json::parse(include_bytes!("../../../tests/vectors/self-made/sse_streams.json")).unwrap();
        let Some(Value::List(tests)) = vectors.member("tests") else { panic!("no tests") };
        for test in tests {
            let Some(Value::List(chunks)) = test.member("chunks_b64") else { panic!("no chunks") };
            let chunks: Vec<Vec<u8>> =
                chunks.iter().map(|chunk| BASE64.decode(chunk.as_text().unwrap().as_bytes()).unwrap()).collect();
            let whole = chunks.concat();
            let as_given = read(chunks.iter().map(Vec::as_slice));
            assert_eq!(as_given, read(whole.chunks(1)), "{test:?}");
            assert_eq!(as_given, read(whole.chunks(7)), "{test:?}");
            let expected: Vec<[String; 3]> = match test.member("events") {
                Some(Value::List(events)) => {
                    events.iter().map(|event| members(event, ["event", "data", "id"])).collect()
                }
                _ => panic!("no events"),
            };
            assert_eq!(as_given, expected, "{:?}", test.member("why"));
        }
    }

    fn members(event: &Value, names: [&str; 3]) -> [String; 3] {
        names.map(|name| event.member(name).and_then(Value::as_text).unwrap_or_default().to_owned())
    }

    fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<[String; 3]> {
        let mut reader = Reader::default();
        chunks.flat_map(|chunk| reader.take(chunk)).map(|event| [event.name, event.data, event.id]).collect()
    }
}
