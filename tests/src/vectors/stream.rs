//! Event streams: the same events at every chunk boundary.

use base64ct::{Base64, Encoding};
use countersign_core::sse::Reader;
use serde_json::{Value, json};

use super::{Outcome, Score, tests};

pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    tests(document).for_each(|test| score.count(test, judge(test)));
    score
}

fn judge(test: &Value) -> Outcome {
    let chunks = test["chunks_b64"].as_array().into_iter().flatten();
    let chunks: Vec<Vec<u8>> = chunks
        .map(|chunk| chunk.as_str().and_then(|chunk| Base64::decode_vec(chunk).ok()).unwrap_or_default())
        .collect();
    let whole = chunks.concat();
    let expected = (test["events"].clone(), test["last_event_id"].clone(), test["retry_ms"].clone());
    let readings = [
        read(chunks.iter().map(Vec::as_slice)),
        read([whole.as_slice()].into_iter()),
        read(whole.chunks(1)),
        read(whole.chunks(7)),
    ];
    let wrong = readings.into_iter().find(|reading| *reading != expected);
    Outcome::of(wrong.is_none(), || format!("{wrong:?}"))
}

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Value, Value, Value) {
    let mut reader = Reader::default();
    let events: Vec<Value> = chunks
        .flat_map(|chunk| reader.take(chunk))
        .map(|event| json!({"event": event.name, "data": event.data, "id": event.id}))
        .collect();
    (json!(events), json!(reader.last_id()), json!(reader.retry))
}
