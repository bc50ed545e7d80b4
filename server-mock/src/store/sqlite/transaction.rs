//! The store's questions and changes, in SQL.

use async_trait::async_trait;
use sqlx::{Row, Sqlite};

use super::rows::{act, event, kind_word, number, refresh_token, report, session, user};
use crate::{
    model::{Act, Event, Hash, RefreshToken, Report, Session, Superseded, Target, Time, User},
    store::{Answer, Counts, ServerSecret, Transaction},
};

/// An open transaction; dropped, it is rolled back.
pub struct Open(pub sqlx::Transaction<'static, Sqlite>);

#[async_trait]
impl Transaction for Open {
    async fn commit(self: Box<Self>) -> Answer<()> {
        Ok(self.0.commit().await?)
    }

    async fn users(&mut self) -> Answer<Vec<User>> {
        let rows = sqlx::query("SELECT * FROM users ORDER BY username").fetch_all(&mut *self.0).await?;
        rows.iter().map(user).collect()
    }

    async fn user(&mut self, sub: &str) -> Answer<Option<User>> {
        let row = sqlx::query("SELECT * FROM users WHERE sub = ?").bind(sub).fetch_optional(&mut *self.0).await?;
        row.as_ref().map(user).transpose()
    }

    async fn user_by_name(&mut self, username: &str) -> Answer<Option<User>> {
        let query = sqlx::query("SELECT * FROM users WHERE username = ?").bind(username);
        query.fetch_optional(&mut *self.0).await?.as_ref().map(user).transpose()
    }

    async fn save_user(&mut self, user: &User) -> Answer<()> {
        sqlx::query(
            "INSERT INTO users (sub, username, name, roles, suspended, password_hash) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (sub) DO UPDATE SET username = excluded.username, name = excluded.name,
                roles = excluded.roles, suspended = excluded.suspended, password_hash = excluded.password_hash",
        )
        .bind(&user.sub)
        .bind(&user.username)
        .bind(&user.name)
        .bind(user.roles.names().join(" "))
        .bind(user.suspended)
        .bind(&user.password_hash)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn session(&mut self, sid: &str) -> Answer<Option<Session>> {
        let query = sqlx::query("SELECT * FROM sessions WHERE sid = ?").bind(sid);
        query.fetch_optional(&mut *self.0).await?.as_ref().map(session).transpose()
    }

    async fn sessions_of(&mut self, sub: &str) -> Answer<Vec<Session>> {
        let query = sqlx::query("SELECT * FROM sessions WHERE sub = ? ORDER BY created_at DESC, rowid DESC").bind(sub);
        query.fetch_all(&mut *self.0).await?.iter().map(session).collect()
    }

    async fn save_session(&mut self, session: &Session) -> Answer<()> {
        sqlx::query(
            "INSERT INTO sessions (sid, sub, client_id, flow, secret_hash, created_at, authenticated_at, active_at,
                idle_ends_at, ends_at, user_agent, address, ended_at, ended_reason, ended_by)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (sid) DO UPDATE SET active_at = excluded.active_at, idle_ends_at = excluded.idle_ends_at,
                ended_at = excluded.ended_at, ended_reason = excluded.ended_reason, ended_by = excluded.ended_by
             WHERE sessions.ended_at IS NULL",
        )
        .bind(&session.sid)
        .bind(&session.sub)
        .bind(&session.client_id)
        .bind(session.flow.word())
        .bind(session.secret_hash.map(|hash| hash.to_vec()))
        .bind(session.created_at.0)
        .bind(session.authenticated_at.0)
        .bind(session.active_at.0)
        .bind(session.idle_ends_at.0)
        .bind(session.ends_at.0)
        .bind(&session.user_agent)
        .bind(&session.address)
        .bind(session.ended.map(|ended| ended.at.0))
        .bind(session.ended.map(|ended| ended.reason.word()))
        .bind(session.ended.map(|ended| ended.by.word()))
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn insert_refresh_token(&mut self, token: &RefreshToken) -> Answer<()> {
        sqlx::query("INSERT INTO refresh_tokens (sid, number, secret_hash) VALUES (?, ?, ?)")
            .bind(&token.sid)
            .bind(token.number)
            .bind(token.secret_hash.to_vec())
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn refresh_token(&mut self, sid: &str, secret_hash: &Hash) -> Answer<Option<RefreshToken>> {
        let query = sqlx::query("SELECT * FROM refresh_tokens WHERE sid = ? AND secret_hash = ?");
        let query = query.bind(sid).bind(secret_hash.to_vec());
        query.fetch_optional(&mut *self.0).await?.as_ref().map(refresh_token).transpose()
    }

    async fn last_refresh_number(&mut self, sid: &str) -> Answer<i64> {
        let query = sqlx::query("SELECT coalesce(max(number), 0) FROM refresh_tokens WHERE sid = ?").bind(sid);
        Ok(query.fetch_one(&mut *self.0).await?.try_get(0)?)
    }

    async fn supersede(&mut self, sid: &str, number: i64, superseded: &Superseded) -> Answer<()> {
        sqlx::query(
            "UPDATE refresh_tokens SET superseded_at = ?, attempt_hash = ?
             WHERE sid = ? AND number = ? AND superseded_at IS NULL",
        )
        .bind(superseded.at.0)
        .bind(superseded.attempt_hash.map(|hash| hash.to_vec()))
        .bind(sid)
        .bind(number)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn append_event(&mut self, event: &Event) -> Answer<u64> {
        let done = sqlx::query(
            "INSERT INTO events (at, kind, id, sub, what, reason, initiator, txn, claims)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(event.at.0)
        .bind(kind_word(event.kind))
        .bind(&event.id)
        .bind(&event.sub)
        .bind(event.what.word())
        .bind(event.reason.map(|reason| reason.word()))
        .bind(event.by.word())
        .bind(&event.transaction)
        .bind(&event.claims)
        .execute(&mut *self.0)
        .await?;
        Ok(number(done.last_insert_rowid()))
    }

    async fn last_event(&mut self) -> Answer<u64> {
        let query = sqlx::query("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
        let row = query.fetch_optional(&mut *self.0).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.map_or(0, number))
    }

    async fn first_event(&mut self) -> Answer<Option<u64>> {
        let row = sqlx::query("SELECT min(number) FROM events").fetch_one(&mut *self.0).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(number))
    }

    async fn events_after(&mut self, number: u64, limit: u32) -> Answer<Vec<Event>> {
        let query = sqlx::query("SELECT * FROM events WHERE number > ? ORDER BY number LIMIT ?");
        let query = query.bind(bound(number)).bind(limit);
        query.fetch_all(&mut *self.0).await?.iter().map(event).collect()
    }

    async fn events_since(&mut self, time: Time) -> Answer<Vec<Event>> {
        let query = sqlx::query("SELECT * FROM events WHERE at >= ? ORDER BY number").bind(time.0);
        query.fetch_all(&mut *self.0).await?.iter().map(event).collect()
    }

    async fn events_touching(&mut self, target: Target<'_>, number: u64, limit: u32) -> Answer<Vec<Event>> {
        let query = sqlx::query(
            "SELECT * FROM events WHERE number > ? AND ((kind = 'realm' AND id = '') OR (kind = 'sub' AND id = ?)
                OR (kind = 'sid' AND id = ?) OR (kind = 'client' AND id = ?))
             ORDER BY number LIMIT ?",
        );
        let query = query.bind(bound(number)).bind(target.sub).bind(target.sid).bind(target.client_id).bind(limit);
        query.fetch_all(&mut *self.0).await?.iter().map(event).collect()
    }

    async fn last_touching(&mut self, target: Target<'_>, number_: u64) -> Answer<u64> {
        let query = sqlx::query(
            "SELECT coalesce(max(number), 0) FROM events WHERE number <= ? AND ((kind = 'realm' AND id = '')
                OR (kind = 'sub' AND id = ?) OR (kind = 'sid' AND id = ?) OR (kind = 'client' AND id = ?))",
        );
        let query = query.bind(bound(number_)).bind(target.sub).bind(target.sid).bind(target.client_id);
        Ok(number(query.fetch_one(&mut *self.0).await?.try_get(0)?))
    }

    async fn append_act(&mut self, act: &Act) -> Answer<()> {
        sqlx::query("INSERT INTO acts (at, actor, act, subject, outcome) VALUES (?, ?, ?, ?, ?)")
            .bind(act.at.0)
            .bind(&act.actor)
            .bind(&act.act)
            .bind(&act.subject)
            .bind(&act.outcome)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn acts(&mut self, limit: u32) -> Answer<Vec<Act>> {
        let query = sqlx::query("SELECT * FROM acts ORDER BY number DESC LIMIT ?").bind(limit);
        query.fetch_all(&mut *self.0).await?.iter().map(act).collect()
    }

    async fn reports(&mut self) -> Answer<Vec<Report>> {
        sqlx::query("SELECT * FROM reports ORDER BY id").fetch_all(&mut *self.0).await?.iter().map(report).collect()
    }

    async fn insert_report(&mut self, report: &Report) -> Answer<i64> {
        let query = sqlx::query("INSERT INTO reports (title, author, created_at) VALUES (?, ?, ?)");
        let query = query.bind(&report.title).bind(&report.author).bind(report.created_at.0);
        Ok(query.execute(&mut *self.0).await?.last_insert_rowid())
    }

    async fn counts(&mut self, now: Time) -> Answer<Counts> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM users) AS users,
                    (SELECT count(*) FROM sessions WHERE ended_at IS NULL AND idle_ends_at > ? AND ends_at > ?) AS sessions,
                    (SELECT count(*) FROM events) AS events",
        )
        .bind(now.0)
        .bind(now.0)
        .fetch_one(&mut *self.0)
        .await?;
        Ok(Counts { users: row.try_get(0)?, sessions: row.try_get(1)?, events: row.try_get(2)? })
    }

    async fn secrets(&mut self, kind: &str) -> Answer<Vec<ServerSecret>> {
        let query =
            sqlx::query("SELECT name, kind, value, since FROM server_secrets WHERE kind = ? ORDER BY since, name");
        let rows = query.bind(kind).fetch_all(&mut *self.0).await?;
        rows.iter()
            .map(|row| {
                let since = Time(row.try_get("since")?);
                Ok(ServerSecret {
                    name: row.try_get("name")?,
                    kind: row.try_get("kind")?,
                    value: row.try_get("value")?,
                    since,
                })
            })
            .collect()
    }

    async fn save_secret(&mut self, secret: &ServerSecret) -> Answer<()> {
        sqlx::query("INSERT OR REPLACE INTO server_secrets (name, kind, value, since) VALUES (?, ?, ?, ?)")
            .bind(&secret.name)
            .bind(&secret.kind)
            .bind(&secret.value)
            .bind(secret.since.0)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn delete_secret(&mut self, name: &str) -> Answer<()> {
        sqlx::query("DELETE FROM server_secrets WHERE name = ?").bind(name).execute(&mut *self.0).await?;
        Ok(())
    }

    async fn end_expired(&mut self, now: Time) -> Answer<()> {
        sqlx::query(
            "UPDATE sessions SET ended_by = 'policy', ended_at = min(ends_at, idle_ends_at),
                ended_reason = CASE WHEN ends_at <= idle_ends_at THEN 'expired' ELSE 'idle' END
             WHERE ended_at IS NULL AND (ends_at <= ? OR idle_ends_at <= ?)",
        )
        .bind(now.0)
        .bind(now.0)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn prune(&mut self, horizon: Time) -> Answer<()> {
        for statement in [
            "DELETE FROM refresh_tokens WHERE sid IN (SELECT sid FROM sessions WHERE ended_at < ?)",
            "DELETE FROM sessions WHERE ended_at < ?",
            "DELETE FROM events WHERE at < ? AND number < (SELECT max(number) FROM events)",
        ] {
            sqlx::query(statement).bind(horizon.0).execute(&mut *self.0).await?;
        }
        Ok(())
    }

    async fn clear(&mut self) -> Answer<()> {
        for statement in [
            "DELETE FROM users",
            "DELETE FROM sessions",
            "DELETE FROM refresh_tokens",
            "DELETE FROM events",
            "DELETE FROM acts",
            "DELETE FROM reports",
        ] {
            sqlx::query(statement).execute(&mut *self.0).await?;
        }
        Ok(())
    }
}

fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
