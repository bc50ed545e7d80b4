//! Who must hear what has happened? The log's tail goes to the verifier and to every open stream.
//!
//! A stream's frames are put into its channel by the request or the tick that causes them; its body only empties that
//! channel. A reader that does not keep up loses its connection, never an event: it comes back with its place.

mod frame;
mod security_event;

use tokio::sync::{Mutex, mpsc};

use crate::{
    model::{Event, Reason, Session, Time, Verdict},
    state::State,
    store::Answer,
};

pub use frame::Frame;

/// Seconds between two heartbeats of a stream.
pub const HEARTBEAT_EVERY: i64 = 15;

/// Frames that may wait for a slow reader.
const BACKLOG: usize = 64;

/// More missed events than this are not replayed: a gap is announced.
const MOST_REPLAYED: u32 = 500;

/// Streams of one session; one more closes the oldest.
const STREAMS_PER_SESSION: usize = 8;

#[derive(Debug, Default)]
pub struct Feed(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Up to here every event was handed out.
    known: u64,
    /// In the order in which they were opened.
    readers: Vec<Reader>,
}

/// Where a reader stands.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// It has everything up to this number.
    After(u64),
    /// It begins now.
    Now,
}

#[derive(Debug)]
struct Reader {
    session: Session,
    /// The number of the last event that touches this reader.
    last_event: u64,
    heartbeat_at: Time,
    frames: mpsc::Sender<Frame>,
}

impl Feed {
    /// The verifier's snapshot, at the start.
    pub async fn load(&self, state: &State) -> Answer<()> {
        self.0.lock().await.load(state).await
    }

    /// Hands out every event that was committed since the last time.
    pub async fn catch_up(&self, state: &State) -> Answer<()> {
        self.0.lock().await.catch_up(state).await
    }

    /// Catches up, gives the verifier its heartbeat, and each stream its own once its session was checked again.
    pub async fn tick(&self, state: &State, now: Time) -> Answer<()> {
        let mut inner = self.0.lock().await;
        inner.catch_up(state).await?;
        state.verifier.handle_heartbeat(now.since_epoch(), inner.known);
        inner.send_heartbeats(state, now).await
    }

    /// Opens a stream for a session. Its first frames are what was missed, then `ready`, or `gap` where that can't be known.
    pub async fn open(&self, state: &State, session: Session, place: Place) -> Answer<mpsc::Receiver<Frame>> {
        let mut inner = self.0.lock().await;
        // The reader joins at exactly the number up to which the others have heard: nothing twice, nothing lost.
        inner.catch_up(state).await?;
        let missed = inner.missed(state, &session, place).await?;
        let (frames, receiver) = mpsc::channel(BACKLOG + missed.events.as_ref().map_or(0, Vec::len));
        let heartbeat_at = state.now().plus_seconds(HEARTBEAT_EVERY);
        let mut reader = Reader { last_event: missed.before, session, heartbeat_at, frames };
        let known = inner.known;
        let mut is_open = reader.send(Frame::retry());
        match missed.events {
            Some(events) => {
                is_open = is_open && events.iter().all(|event| reader.send_event(state, event));
                is_open = is_open && reader.send(Frame::ready(known));
            }
            None => is_open = reader.send(Frame::gap(known)),
        }
        if let Some(reason) = missed.over {
            reader.send(Frame::bye(reason));
            is_open = false;
        }
        if is_open {
            inner.make_room(&reader.session.sid);
            inner.readers.push(reader);
        }
        Ok(receiver)
    }

    /// Closes every stream: the server stops.
    pub async fn close(&self) {
        self.0.lock().await.readers.clear();
    }

    /// How many streams are open.
    pub async fn readers(&self) -> usize {
        self.0.lock().await.readers.len()
    }
}

struct Missed {
    /// Nothing where the place lies beyond the log, on either side.
    events: Option<Vec<Event>>,
    /// The last event that touches the reader before the missed ones.
    before: u64,
    /// The session ended between the check of the credential and now.
    over: Option<Reason>,
}

impl Inner {
    async fn load(&mut self, state: &State) -> Answer<()> {
        let now = state.now();
        let mut transaction = state.store.read().await?;
        let events = transaction.events_since(state.verifier_horizon(now)).await?;
        self.known = transaction.last_event().await?;
        let events: Vec<_> = events.iter().map(Event::for_verifier).collect();
        state.verifier.load_snapshot(now.since_epoch(), &events, self.known);
        Ok(())
    }

    async fn catch_up(&mut self, state: &State) -> Answer<()> {
        loop {
            let mut transaction = state.store.read().await?;
            let events = transaction.events_after(self.known, MOST_REPLAYED).await?;
            drop(transaction);
            if events.is_empty() {
                return Ok(());
            }
            for event in &events {
                state.verifier.handle_event(state.now().since_epoch(), &event.for_verifier());
                let is_elsewhere = |reader: &Reader| !event.touches(reader.session.target());
                self.readers.retain_mut(|reader| is_elsewhere(reader) || reader.send_event(state, event));
                self.known = event.number;
            }
        }
    }

    async fn missed(&self, state: &State, session: &Session, place: Place) -> Answer<Missed> {
        let mut transaction = state.store.read().await?;
        let target = session.target();
        let over = match transaction.session(&session.sid).await? {
            Some(session) => session.over(state.now()).map(|ended| ended.reason),
            None => Some(Reason::NoCredential),
        };
        let place = match place {
            Place::After(number) => number,
            Place::Now => self.known,
        };
        let first = transaction.first_event().await?.unwrap_or(self.known + 1);
        if place > self.known || place.saturating_add(1) < first {
            return Ok(Missed { events: None, before: transaction.last_touching(target, self.known).await?, over });
        }
        let events = transaction.events_touching(target, place, MOST_REPLAYED + 1).await?;
        let is_too_much = events.len() > MOST_REPLAYED as usize;
        let before = transaction.last_touching(target, if is_too_much { self.known } else { place }).await?;
        Ok(Missed { events: (!is_too_much).then_some(events), before, over })
    }

    async fn send_heartbeats(&mut self, state: &State, now: Time) -> Answer<()> {
        self.readers.retain(|reader| !reader.frames.is_closed());
        let is_due =
            |reader: &Reader| reader.heartbeat_at <= now || reader.heartbeat_at > now.plus_seconds(HEARTBEAT_EVERY);
        if !self.readers.iter().any(is_due) {
            return Ok(());
        }
        let mut transaction = state.store.read().await?;
        let mut readers = std::mem::take(&mut self.readers);
        for mut reader in readers.drain(..) {
            if !is_due(&reader) {
                self.readers.push(reader);
                continue;
            }
            let over = match transaction.session(&reader.session.sid).await {
                Ok(session) => {
                    session.map_or(Some(Reason::NoCredential), |session| session.over(now).map(|end| end.reason))
                }
                // Not known is not over: this reader is asked again at the next tick.
                Err(_) => {
                    self.readers.push(reader);
                    continue;
                }
            };
            if let Some(reason) = over {
                reader.send(Frame::bye(reason));
                continue;
            }
            reader.heartbeat_at = now.plus_seconds(HEARTBEAT_EVERY);
            if reader.send(Frame::heartbeat(reader.last_event)) {
                self.readers.push(reader);
            }
        }
        Ok(())
    }

    fn make_room(&mut self, sid: &str) {
        let is_own = |reader: &Reader| reader.session.sid == sid;
        let is_full = self.readers.iter().filter(|reader| is_own(reader)).count() >= STREAMS_PER_SESSION;
        if is_full && let Some(oldest) = self.readers.iter().position(is_own) {
            self.readers.remove(oldest);
        }
    }
}

impl Reader {
    /// False if the reader is gone or too slow: it loses its connection.
    fn send(&self, frame: Frame) -> bool {
        self.frames.try_send(frame).is_ok()
    }

    /// Sends an event that touches this reader, and `bye` if it ends the session. False once the stream is over.
    fn send_event(&mut self, state: &State, event: &Event) -> bool {
        let previous = std::mem::replace(&mut self.last_event, event.number);
        let token = security_event::sign(state, event, self.session.target(), previous);
        let is_open = self.send(Frame::security(event.number, &token));
        if event.what.verdict() == Verdict::Revoked {
            self.send(Frame::bye(event.reason.unwrap_or(Reason::Revoked)));
            return false;
        }
        is_open
    }
}
