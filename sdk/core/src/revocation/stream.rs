//! How is the event stream kept open? One tab holds it for all of a browser, reopens it with jitter, and never takes
//! silence for good news.

use crate::effect::{Effect, Request};
use crate::input::{Stamp, StreamNews};
use crate::json::{self, Value};
use crate::machine::{Machine, Who};
use crate::revocation::SILENCE;
use crate::secret::Secret;
use crate::sse::{self, Reader};
use crate::time::MonotonicMillis;
use crate::trace::{AtRest, Line, Note, at_rest};
#[cfg(feature = "replay")]
use crate::trace::{Parts, replay::NotATrace};

/// The longest wait before the stream is opened again (P09).
const LONGEST_WAIT: u64 = 30_000;

#[derive(Debug, Default)]
pub(super) struct Stream {
    step: Step,
    /// Failures in a row.
    failures: u32,
    retry: Option<u64>,
}

at_rest!(Stream { step, failures, retry });

#[derive(Debug, Default)]
enum Step {
    #[default]
    Closed,
    /// Not before this.
    Waiting(MonotonicMillis),
    Open {
        stamp: Stamp,
        reader: Reader,
        heard_at: MonotonicMillis,
        /// The server took us in.
        accepted: bool,
    },
}

/// What was heard in part would be lost: then nothing rests.
impl AtRest for Step {
    fn write(&self, line: &mut Line<'_>) {
        match self {
            Self::Closed => line.push_null(),
            Self::Waiting(until) => until.write(line),
            Self::Open { stamp, reader: _, heard_at, accepted } => {
                line.begin_list();
                stamp.write(line);
                heard_at.write(line);
                accepted.write(line);
                line.close();
            }
        }
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let Ok(mut parts) = Parts::of(value) else {
            return Ok(Option::read(value)?.map_or(Self::Closed, Self::Waiting));
        };
        Ok(Self::Open {
            stamp: parts.next()?,
            reader: Reader::default(),
            heard_at: parts.next()?,
            accepted: parts.next()?,
        })
    }
}

impl Stream {
    /// Nothing was heard in part.
    pub fn rests(&self) -> bool {
        match &self.step {
            Step::Open { reader, .. } => reader.is_between_events(),
            _ => true,
        }
    }
}

impl Machine {
    pub(crate) fn is_stream_alive(&self) -> bool {
        matches!(&self.revocation.stream.step, Step::Open { accepted: true, .. })
    }

    /// Opens the stream when it should be open, and closes it when it should not.
    pub(crate) fn keep_stream(&mut self) {
        let should = self.tabs.leads && self.page.online && !self.page.covered && matches!(self.who, Who::User(_));
        if !should {
            return self.close_stream();
        }
        // A token that is about to end would open a stream only to be refused.
        let may = match &self.revocation.stream.step {
            Step::Closed => self.is_credential_usable(),
            Step::Waiting(until) => *until <= self.now.monotonic && self.is_credential_usable(),
            Step::Open { .. } => false,
        };
        if may {
            self.open_stream();
        }
    }

    fn open_stream(&mut self) {
        let stamp = self.stamp();
        let mut request: Request = self.dressed_request("GET", &self.config.dialect.events);
        request.headers.retain(|(name, _)| *name != "Accept");
        request.headers.push(("Accept", Secret::new("text/event-stream")));
        request.headers.push(("Last-Event-ID", Secret::new(self.revocation.place.to_string())));
        request.deadline = None;
        self.revocation.stream.step =
            Step::Open { stamp, reader: Reader::default(), heard_at: self.now.monotonic, accepted: false };
        self.emit(Effect::OpenStream { stamp, request });
    }

    pub(crate) fn close_stream(&mut self) {
        if let Step::Open { .. } = std::mem::take(&mut self.revocation.stream.step) {
            self.emit(Effect::CloseStream);
        }
    }

    pub(crate) fn on_stream(&mut self, stamp: Stamp, news: StreamNews) {
        let now = self.now.monotonic;
        let Step::Open { stamp: open, reader, heard_at, accepted } = &mut self.revocation.stream.step else { return };
        if *open != stamp {
            return;
        }
        *heard_at = now;
        match news {
            StreamNews::Opened { status: 200, content_type } if content_type.starts_with("text/event-stream") => {
                *accepted = true;
            }
            StreamNews::Opened { status, .. } => {
                self.emit(Effect::CloseStream);
                self.reopen_later();
                if status == 401 {
                    self.token_is_refused();
                    self.want_check(None);
                }
            }
            StreamNews::Bytes(bytes) => {
                let events = reader.take(&bytes);
                let (retry, is_overflowed) = (reader.retry, reader.is_overflowed());
                self.hear(&events, retry, is_overflowed);
                self.revocation.stream.retry = retry.or(self.revocation.stream.retry);
                if is_overflowed {
                    self.emit(Effect::CloseStream);
                    self.reopen_later();
                }
                events.into_iter().for_each(|event| self.on_stream_event(&event));
            }
            StreamNews::Closed => self.reopen_later(),
        }
    }

    fn on_stream_event(&mut self, event: &sse::Event) {
        let document = || json::parse(event.data.as_bytes()).ok();
        let ep = || document()?.member("ep").and_then(Value::as_integer).and_then(|ep| u64::try_from(ep).ok());
        match event.name.as_str() {
            "security" => {
                let number = event.id.parse().unwrap_or(0);
                self.revocation.last_heard = self.revocation.last_heard.max(number);
                self.tell_event(&event.data);
                self.on_event(&event.data);
            }
            "ready" => {
                self.revocation.stream.failures = 0;
                // What came before our own place was not sent again: who lags behind it looks for itself.
                self.tell_contact(self.revocation.last_heard.max(self.revocation.place));
                if let Some(ep) = ep() {
                    self.on_ready(ep);
                }
                self.on_contact(self.revocation.last_heard);
            }
            "heartbeat" => {
                if let Some(ep) = ep() {
                    self.revocation.last_heard = ep;
                    self.tell_contact(ep);
                    self.on_contact(ep);
                }
            }
            "gap" | "bye" => {
                self.note(Note::MissedEvents);
                self.doubt();
                self.want_check(None);
            }
            _ => {}
        }
    }

    /// Full jitter up to a ceiling that doubles; a server that restarts is not stormed (P09).
    fn reopen_later(&mut self) {
        let stream = &mut self.revocation.stream;
        let base = stream.retry.unwrap_or(1000).clamp(500, LONGEST_WAIT);
        let most = base.saturating_mul(1 << stream.failures.min(6)).min(LONGEST_WAIT);
        stream.failures += 1;
        let wait = ((most as f64 * self.now.fraction()) as u64).max(100);
        stream.step = Step::Waiting(self.now.monotonic + wait);
        self.note(Note::StreamLost.millis(wait));
        self.doubt();
    }

    pub(crate) fn stream_on_time(&mut self) {
        if let Step::Open { heard_at, .. } = &self.revocation.stream.step
            && heard_at + SILENCE <= self.now.monotonic
        {
            self.note(Note::StreamSilent);
            self.emit(Effect::CloseStream);
            self.reopen_later();
        }
    }

    pub(crate) fn stream_deadline(&self) -> Option<MonotonicMillis> {
        match &self.revocation.stream.step {
            Step::Closed => None,
            Step::Waiting(until) => Some(*until).filter(|_| self.is_credential_usable()),
            Step::Open { heard_at, .. } => Some(heard_at + SILENCE),
        }
    }
}
