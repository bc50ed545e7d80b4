-- Times are milliseconds since the Unix epoch. Secrets of others are kept only as SHA-256; passwords as PHC strings.

CREATE TABLE IF NOT EXISTS users (
    sub TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, name TEXT NOT NULL, roles TEXT NOT NULL,
    suspended INTEGER NOT NULL, password_hash TEXT NOT NULL
) STRICT;

-- A row outlives its session: the tombstone keeps the reason, and nothing can bring it back.
CREATE TABLE IF NOT EXISTS sessions (
    sid TEXT PRIMARY KEY, sub TEXT NOT NULL, client_id TEXT NOT NULL, flow TEXT NOT NULL, secret_hash BLOB,
    created_at INTEGER NOT NULL, authenticated_at INTEGER NOT NULL, active_at INTEGER NOT NULL,
    idle_ends_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, user_agent TEXT NOT NULL, address TEXT NOT NULL,
    ended_at INTEGER, ended_reason TEXT, ended_by TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (sub, created_at);

CREATE TABLE IF NOT EXISTS refresh_tokens (
    sid TEXT NOT NULL, number INTEGER NOT NULL, secret_hash BLOB NOT NULL, superseded_at INTEGER, attempt_hash BLOB,
    PRIMARY KEY (sid, number)
) STRICT, WITHOUT ROWID;
-- One successor for each token, whatever the code above believes.
CREATE UNIQUE INDEX IF NOT EXISTS refresh_tokens_by_secret ON refresh_tokens (sid, secret_hash);

-- AUTOINCREMENT: a number is never given twice, also after the log was pruned.
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    sub TEXT NOT NULL, what TEXT NOT NULL, reason TEXT, initiator TEXT NOT NULL, txn TEXT NOT NULL, claims TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS events_by_target ON events (kind, id, number);

CREATE TABLE IF NOT EXISTS acts (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, act TEXT NOT NULL, subject TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS reports (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL, created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS server_secrets (
    name TEXT PRIMARY KEY, kind TEXT NOT NULL, value BLOB NOT NULL, since INTEGER NOT NULL
) STRICT;
