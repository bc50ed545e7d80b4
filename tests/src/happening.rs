//! What can somebody see who watches the World? Each step, as it was, for invariants that are checked while it runs.

use countersign_core::effect::Reply;
use countersign_core::input::{Command, HttpFailure, Input, PageNews, StreamNews};
use countersign_core::{Error, Snapshot};

use crate::exchange::Outgoing;
use crate::locks::Holder;
use crate::server;
use crate::world::Inner;

/// Sees every happening in its order, and the World as it is after the step that brought it.
pub(crate) trait Witness {
    fn see(&mut self, world: &Inner, happening: &Happening);
    /// A step is over.
    fn step_ended(&mut self, world: &Inner);
    /// The World does not come to rest.
    fn restless(&mut self, last: String);
    /// Nothing has to happen any more.
    fn is_done(&self) -> bool;
}

#[derive(Debug)]
pub(crate) enum Happening {
    Loaded {
        tab: Holder,
    },
    Gone {
        tab: Holder,
    },
    Heard {
        tab: Holder,
        news: News,
    },
    Published {
        tab: Holder,
        snapshot: Box<Snapshot>,
    },
    Sent {
        exchange: usize,
    },
    /// The server has answered somebody.
    Served {
        exchange: Option<usize>,
        request: Box<Outgoing>,
        answer: Box<server::Answer>,
    },
    /// The tab has the outcome of its request.
    Settled {
        exchange: usize,
        outcome: Settled,
    },
    /// The machine answers a call.
    Replied {
        tab: Holder,
        id: u64,
        reply: Reply,
    },
    /// What an application's own request came to.
    Fetched {
        tab: Holder,
        id: u64,
        outcome: Result<server::Answer, Error>,
    },
    /// The shared record was changed.
    Wrote {
        tab: Holder,
        text: String,
    },
    /// A tab says something to the others.
    Said {
        tab: Holder,
        text: String,
    },
    TimerSet {
        after: Option<u64>,
    },
}

/// What a machine is told, as far as it matters who caused it.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Started,
    /// The application asks.
    Commanded {
        id: u64,
        what: Asked,
    },
    /// The application's own request was answered.
    Answered {
        id: u64,
    },
    Dropped {
        id: u64,
    },
    Page(PageNews),
    /// The server, on the stream.
    Streamed,
    /// Another tab, or nobody in particular.
    Told,
    /// Something that the machine asked for itself.
    Own,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    SignIn,
    SignOut,
    Check,
    Stay,
    Fetch { repeatable: bool },
    AccessToken,
    Sessions,
    Revoke,
}

/// How a request ended for its tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    Status(u16),
    Failed(HttpFailure),
}

impl Happening {
    pub fn hears(tab: Holder, input: &Input) -> Self {
        let news = match input {
            Input::Started => News::Started,
            Input::Command { id, command: Command::Answered(_) } => News::Answered { id: *id },
            Input::Command { id, command } => News::Commanded { id: *id, what: Asked::of(command) },
            Input::Dropped { id } => News::Dropped { id: *id },
            Input::Page(news) => News::Page(*news),
            Input::Stream { news: StreamNews::Bytes(_), .. } => News::Streamed,
            Input::Tab { .. } | Input::Stream { .. } | Input::Leading { .. } => News::Told,
            Input::Woke
            | Input::Http { .. }
            | Input::Record { .. }
            | Input::Swap { .. }
            | Input::Lock { .. }
            | Input::Recalled { .. }
            | Input::Verified { .. } => News::Own,
        };
        Self::Heard { tab, news }
    }
}

impl Asked {
    fn of(command: &Command) -> Self {
        match command {
            Command::SignIn { .. } => Self::SignIn,
            Command::SignOut => Self::SignOut,
            Command::Ask(ask) => Self::Fetch { repeatable: ask.repeatable },
            Command::AccessToken => Self::AccessToken,
            Command::Sessions => Self::Sessions,
            Command::Revoke(_) => Self::Revoke,
            Command::Stay => Self::Stay,
            Command::Check | Command::Answered(_) => Self::Check,
        }
    }
}

impl Inner {
    /// Tells whoever watches.
    pub fn note(&mut self, happening: Happening) {
        if self.witness.is_some() {
            self.happenings.push(happening);
        }
    }

    /// Shows what happened to whoever watches.
    pub fn show_witness(&mut self) {
        let Some(mut witness) = self.witness.take() else { return };
        for happening in std::mem::take(&mut self.happenings) {
            witness.see(self, &happening);
        }
        witness.step_ended(self);
        self.witness = Some(witness);
    }

    /// Whoever watches has seen enough.
    pub fn is_cut_short(&self) -> bool {
        self.witness.as_ref().is_some_and(|witness| witness.is_done())
    }
}
