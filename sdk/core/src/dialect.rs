//! How does this server speak: which paths, which habits? Data, so that a server nobody here wrote works too.

/// Paths below the server's base path, and what the server is known to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    pub session: String,
    pub login: String,
    pub token: String,
    /// Who the access token is for; a question that uses nothing up.
    pub userinfo: String,
    pub revoke: String,
    /// The device list; `{sid}` is appended as a segment to end one.
    pub sessions: String,
    pub events: String,
    pub key_set: String,
    /// Seconds for which the server answers a retried renewal with the same successor, where that is known before the
    /// first answer says so.
    pub refresh_retry_for: Option<u32>,
}

impl Dialect {
    /// What `docs/protocol.md` says.
    pub fn countersign() -> Self {
        Self {
            session: "/auth/session".into(),
            login: "/auth/login".into(),
            token: "/auth/token".into(),
            userinfo: "/userinfo".into(),
            revoke: "/auth/revoke".into(),
            sessions: "/auth/sessions".into(),
            events: "/auth/events".into(),
            key_set: "/.well-known/jwks.json".into(),
            refresh_retry_for: Some(60),
        }
    }
}

impl Default for Dialect {
    fn default() -> Self {
        Self::countersign()
    }
}
