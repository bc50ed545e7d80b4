//! What must survive? One small trait, so that the choice of database stays behind it.
//!
//! Everything happens in a [`Transaction`]: a change and its event are written together or not at all, and `ep` is read
//! where the credential is made. A transaction that is dropped without [`Transaction::commit`] has changed nothing.

mod sqlite;

use std::fmt;

use async_trait::async_trait;

use crate::model::{Act, Event, Hash, RefreshToken, Report, Session, Superseded, Target, Time, User};

pub use sqlite::Sqlite;

/// The store could not do it. Nothing has changed.
#[derive(Debug)]
pub struct Unavailable(pub String);

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the store cannot be used: {}", self.0)
    }
}

pub type Answer<T> = Result<T, Unavailable>;

#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// Begins to read, from one consistent state.
    async fn read(&self) -> Answer<Box<dyn Transaction>>;

    /// Begins to write. Writers come one after the other, so what is read here cannot change before the commit.
    async fn write(&self) -> Answer<Box<dyn Transaction>>;
}

#[async_trait]
pub trait Transaction: Send {
    async fn commit(self: Box<Self>) -> Answer<()>;

    async fn users(&mut self) -> Answer<Vec<User>>;
    async fn user(&mut self, sub: &str) -> Answer<Option<User>>;
    async fn user_by_name(&mut self, username: &str) -> Answer<Option<User>>;
    /// Inserts the user, or replaces the one with the same `sub`.
    async fn save_user(&mut self, user: &User) -> Answer<()>;

    async fn session(&mut self, sid: &str) -> Answer<Option<Session>>;
    /// Every session of the user, the ended ones too, newest first.
    async fn sessions_of(&mut self, sub: &str) -> Answer<Vec<Session>>;
    /// Inserts the session, or replaces what changes in one: its activity and its end.
    async fn save_session(&mut self, session: &Session) -> Answer<()>;

    async fn insert_refresh_token(&mut self, token: &RefreshToken) -> Answer<()>;
    async fn refresh_token(&mut self, sid: &str, secret_hash: &Hash) -> Answer<Option<RefreshToken>>;
    async fn last_refresh_number(&mut self, sid: &str) -> Answer<i64>;
    async fn supersede(&mut self, sid: &str, number: i64, superseded: &Superseded) -> Answer<()>;

    /// Appends to the log and gives the number; `event.number` is not read.
    async fn append_event(&mut self, event: &Event) -> Answer<u64>;
    /// The log's last number, also when that entry has been pruned.
    async fn last_event(&mut self) -> Answer<u64>;
    /// The first number still in the log.
    async fn first_event(&mut self) -> Answer<Option<u64>>;
    /// The events above `number`, in order, at most `limit`.
    async fn events_after(&mut self, number: u64, limit: u32) -> Answer<Vec<Event>>;
    /// The events that happened at or after `time`, in order.
    async fn events_since(&mut self, time: Time) -> Answer<Vec<Event>>;
    /// The events above `number` that touch this credential, in order, at most `limit`.
    async fn events_touching(&mut self, target: Target<'_>, number: u64, limit: u32) -> Answer<Vec<Event>>;
    /// The number of the last event that touches this credential, up to and including `number`; 0 if there is none.
    async fn last_touching(&mut self, target: Target<'_>, number: u64) -> Answer<u64>;

    async fn append_act(&mut self, act: &Act) -> Answer<()>;
    /// The acts of administrators, newest first, at most `limit`.
    async fn acts(&mut self, limit: u32) -> Answer<Vec<Act>>;

    async fn reports(&mut self) -> Answer<Vec<Report>>;
    /// Inserts a report and gives its id; `report.id` is not read.
    async fn insert_report(&mut self, report: &Report) -> Answer<i64>;

    /// How many users, living sessions at `now`, and events ever.
    async fn counts(&mut self, now: Time) -> Answer<Counts>;

    /// A secret of the server itself, such as a signing key.
    async fn secrets(&mut self, kind: &str) -> Answer<Vec<ServerSecret>>;
    async fn save_secret(&mut self, secret: &ServerSecret) -> Answer<()>;
    async fn delete_secret(&mut self, name: &str) -> Answer<()>;

    /// Notes the end of sessions that have run out at `now`, so that no clock set back revives one.
    async fn end_expired(&mut self, now: Time) -> Answer<()>;
    /// Forgets sessions, with their refresh tokens, and events from before `horizon`; never the last event.
    async fn prune(&mut self, horizon: Time) -> Answer<()>;
    /// Forgets everything but the server's secrets and how far the log has counted.
    async fn clear(&mut self) -> Answer<()>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub users: i64,
    pub sessions: i64,
    pub events: i64,
}

#[derive(Clone)]
pub struct ServerSecret {
    pub name: String,
    pub kind: String,
    pub value: Vec<u8>,
    pub since: Time,
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ServerSecret({} {}, since {})", self.kind, self.name, self.since.0)
    }
}
