//! Which server, which flow, which origins: what does the application choose?

use crate::claims::ClaimMap;
use crate::dialect::Dialect;
use crate::error::Error;

/// How the browser carries its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowKind {
    /// An HttpOnly cookie; the server looks the session up.
    Session,
    /// A short-lived access token in memory and a rotating refresh token in an HttpOnly cookie.
    Token,
}

impl FlowKind {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "session" => Some(Self::Session),
            "token" => Some(Self::Token),
            _ => None,
        }
    }
}

/// Where access tokens are kept. What script can read, an attacker's script can read too: the default keeps them nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StorageMode {
    /// In the memory of the one tab that got it. After a reload the cookie brings a new one.
    #[default]
    Memory,
    /// In `sessionStorage`: this tab, over a reload.
    Session,
    /// In IndexedDB: all tabs of the browser, over reloads and restarts. One renewal serves them all.
    IndexedDb,
}

impl StorageMode {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Session => "session",
            Self::IndexedDb => "indexed_db",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "memory" => Some(Self::Memory),
            "session" => Some(Self::Session),
            "indexed_db" => Some(Self::IndexedDb),
            _ => None,
        }
    }
}

/// What an application configures once; checked by [`Config::checked`].
#[derive(Debug, Clone)]
pub struct Config {
    pub flow: FlowKind,
    /// The page's own origin, such as `https://app.example.com`.
    pub page_origin: String,
    /// The server's origin.
    pub server_origin: String,
    /// The path the server's addresses are below, without a closing slash; empty for the root.
    pub base_path: String,
    /// The OAuth client id. Default `demo`.
    pub client_id: String,
    /// The `iss` of tokens and events. By default what the server says when it signs somebody in.
    pub issuer: Option<String>,
    /// The `aud` of access tokens, where it is to be checked here too: the API that they are meant for checks it anyway.
    pub audience: Option<String>,
    /// Origins besides the server's that get the credential on [`Ask`](crate::input::Command::Ask).
    pub allowed_origins: Vec<String>,
    /// Where access tokens are kept. The session flow has none.
    pub storage: StorageMode,
    /// Milliseconds before the end of the idle time at which its countdown begins, at most half of the idle time. Default
    /// 60,000.
    pub idle_warning: u64,
    pub dialect: Dialect,
    /// Where the provider puts roles, scope and names.
    pub claim_map: ClaimMap,
    /// How many steps [`Machine::trace`](crate::Machine::trace) remembers, in at most so many KiB. Default 500; 0 keeps
    /// none.
    pub trace: usize,
}

impl Config {
    pub fn new(flow: FlowKind, page_origin: &str, server_origin: &str) -> Self {
        Self {
            flow,
            page_origin: page_origin.to_owned(),
            server_origin: server_origin.to_owned(),
            base_path: String::new(),
            client_id: "demo".to_owned(),
            issuer: None,
            audience: None,
            allowed_origins: Vec::new(),
            storage: StorageMode::Memory,
            idle_warning: 60_000,
            dialect: Dialect::countersign(),
            claim_map: ClaimMap::standard(),
            trace: 500,
        }
    }

    /// Refuses what would send a credential over an open network.
    ///
    /// # Errors
    /// `insecure_origin` for an origin that is neither https nor loopback.
    pub fn checked(self) -> Result<Self, Error> {
        for origin in std::iter::once(&self.server_origin).chain(&self.allowed_origins) {
            if !is_secure(origin) {
                return Err(Error::application(
                    "insecure_origin",
                    format!("{origin} is neither https nor loopback, so no credential may go there."),
                ));
            }
        }
        Ok(self)
    }

    /// Whether a request to this origin may carry the credential (C09).
    pub fn allows(&self, origin: &str) -> bool {
        origin == self.server_origin || self.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    pub fn address(&self, path: &str) -> String {
        format!("{}{}{path}", self.server_origin, self.base_path)
    }

    /// What tells this client's record, lock and channel from another's (C08).
    pub fn name(&self) -> String {
        format!("{}{}|{}|{}", self.server_origin, self.base_path, self.client_id, self.flow.code())
    }
}

fn is_secure(origin: &str) -> bool {
    let loopback = ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|start| {
        origin.strip_prefix(start).is_some_and(|rest| {
            rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
        })
    });
    loopback || origin.strip_prefix("https://").is_some_and(|host| !host.is_empty() && !host.contains(['/', '@', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c09_only_https_and_loopback_may_have_a_credential() {
        for good in ["https://api.example.com", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:1"] {
            assert!(is_secure(good), "{good}");
        }
        for bad in ["http://example.com", "http://localhost.evil.test", "https://", "ftp://localhost", "null", ""] {
            assert!(!is_secure(bad), "{bad}");
        }
    }

    #[test]
    fn c08_clients_of_another_flow_or_server_share_no_name() {
        let name = |flow, server| Config::new(flow, "https://a.test", server).name();
        assert_ne!(name(FlowKind::Session, "https://a.test"), name(FlowKind::Token, "https://a.test"));
        assert_ne!(name(FlowKind::Session, "https://a.test"), name(FlowKind::Session, "https://b.test"));
    }
}
