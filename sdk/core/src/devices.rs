//! Which sessions does the user have, and how is one ended?

use crate::json::Value;

/// One session of the user, on this device or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSession {
    pub sid: String,
    /// The session this tab is signed in with.
    pub current: bool,
    /// `session` or `token`.
    pub flow: String,
    /// Unix seconds by the server's clock, as the two below.
    pub created_at: i64,
    pub active_at: i64,
    pub expires_at: i64,
    pub user_agent: String,
    pub address: String,
}

/// Reads the device list; none if it is not one.
pub(crate) fn read(document: &Value) -> Option<Vec<DeviceSession>> {
    let Value::List(sessions) = document.member("sessions")? else { return None };
    sessions.iter().map(read_one).collect()
}

fn read_one(session: &Value) -> Option<DeviceSession> {
    let text = |name| session.member(name).and_then(Value::as_text).map(str::to_owned);
    let time = |name| session.member(name).and_then(Value::as_integer);
    Some(DeviceSession {
        sid: text("sid")?,
        current: matches!(session.member("current"), Some(Value::Bool(true))),
        flow: text("flow")?,
        created_at: time("created_at")?,
        active_at: time("active_at")?,
        expires_at: time("expires_at")?,
        user_agent: text("user_agent").unwrap_or_default(),
        address: text("address").unwrap_or_default(),
    })
}
