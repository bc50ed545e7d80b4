//! The store in one SQLite file, or in memory.

mod rows;
mod transaction;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use self::transaction::Open;
use super::{Answer, Store, Transaction, Unavailable};

/// How many connections a file gets. Writers queue for one lock anyway.
const CONNECTIONS: u32 = 8;

#[derive(Debug)]
pub struct Sqlite {
    pool: SqlitePool,
}

impl Sqlite {
    /// Opens the file, made if it is missing, and brings its tables up to date. `busy_timeout` bounds every wait for a lock
    /// or a connection.
    pub async fn open(file: &Path, busy_timeout: Duration) -> Answer<Sqlite> {
        // WAL with FULL: what was answered is on the disk, and readers never wait for the writer.
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(busy_timeout);
        Self::connect(options, CONNECTIONS, busy_timeout).await
    }

    /// A database that lives as long as this value.
    pub async fn in_memory(busy_timeout: Duration) -> Answer<Sqlite> {
        // Each connection would be a database of its own, so there is one, and it never expires.
        Self::connect(SqliteConnectOptions::new().in_memory(true), 1, busy_timeout).await
    }

    async fn connect(options: SqliteConnectOptions, connections: u32, busy_timeout: Duration) -> Answer<Sqlite> {
        // No `min_connections`: the pool would see to them in a task of its own, and two connections at once can't both
        // turn a new file to WAL.
        let pool = SqlitePoolOptions::new()
            .max_connections(connections)
            .idle_timeout(None)
            .max_lifetime(None)
            // A ping before each use is for connections over a network. Here a caller who hung up in the middle of one
            // would take the connection along, and with it a database in memory.
            .test_before_acquire(false)
            .acquire_timeout(busy_timeout.max(Duration::from_secs(1)))
            .connect_with(options)
            .await?;
        sqlx::raw_sql(include_str!("schema.sql")).execute(&pool).await?;
        Ok(Sqlite { pool })
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn read(&self) -> Answer<Box<dyn Transaction>> {
        Ok(Box::new(Open(self.pool.begin().await?)))
    }

    async fn write(&self) -> Answer<Box<dyn Transaction>> {
        // IMMEDIATE takes the write lock before anything is read: no upgrade that could fail in the middle, and no two
        // renewals that both saw the same unused token.
        Ok(Box::new(Open(self.pool.begin_with("BEGIN IMMEDIATE").await?)))
    }
}

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        Unavailable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, task::Poll};

    use super::*;

    #[tokio::test]
    async fn whoever_hangs_up_while_waiting_takes_no_database_along() {
        let store = Sqlite::in_memory(Duration::from_secs(1)).await.unwrap();
        for steps in [1, 2, 3, 4, 5, 8].repeat(5) {
            let mut opening = store.read();
            for _ in 0..steps {
                let is_open = poll_fn(|context| Poll::Ready(opening.as_mut().poll(context).is_ready())).await;
                if is_open {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(opening);
            store.read().await.unwrap().users().await.unwrap();
        }
    }
}
