//! What does an administrator do, and what a thief? Both speak to the server directly, outside of every browser here.

use countersign_core::Secret;
use serde_json::{Value, json};

use crate::exchange::Outgoing;
use crate::server::Answer;
use crate::world::World;

/// Alice, who signs in anew for everything she does.
#[derive(Debug)]
pub struct Administrator {
    pub(crate) world: World,
}

impl Administrator {
    fn token(&self) -> String {
        let body = json!({"username": "alice", "password": "alice-demo-pass", "client_id": "demo"});
        let headers = [("content-type", "application/json"), ("countersign-request", "1")];
        let answer = self.world.request("POST", "/auth/login", &headers, body.to_string());
        answer.json()["access_token"].as_str().expect("alice may sign in").to_owned()
    }

    pub fn set_roles(&self, username: &str, roles: &[&str]) {
        self.act("PUT", &format!("/auth/admin/users/u_{username}/roles"), &json!({"roles": roles}));
    }

    pub fn suspend(&self, username: &str) {
        self.set_suspended(username, true);
    }

    pub fn set_suspended(&self, username: &str, suspended: bool) {
        self.act("PUT", &format!("/auth/admin/users/u_{username}/suspended"), &json!({"suspended": suspended}));
    }

    pub fn revoke_all(&self, username: &str) {
        self.act("DELETE", &format!("/auth/admin/users/u_{username}/sessions"), &Value::Null);
    }

    pub fn revoke(&self, sid: &str) {
        self.act("DELETE", &format!("/auth/admin/sessions/{sid}"), &Value::Null);
    }

    /// How many living sessions a user has at the server.
    pub fn sessions_of(&self, username: &str) -> usize {
        let answer = self.act("GET", &format!("/auth/admin/users/u_{username}/sessions"), &Value::Null);
        answer.json()["sessions"].as_array().map_or(0, Vec::len)
    }

    fn act(&self, method: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token());
        let mut headers = vec![("authorization", bearer.as_str())];
        if !body.is_null() {
            headers.push(("content-type", "application/json"));
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.world.request(method, path, &headers, text);
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        // A stream's frames are there; whoever reads them is the World. With a witness the tabs hear of them in their turn.
        let mut inner = self.world.inner();
        if inner.witness.is_none() {
            inner.settle();
        }
        answer
    }
}

impl World {
    /// A request from nowhere: a thief's, an administrator's, a probe.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), Secret::new(value));
        let (types, others): (Vec<_>, Vec<_>) = headers.iter().copied().partition(|(name, _)| *name == "content-type");
        let content_type = types.first().map_or("application/octet-stream", |(_, value)| *value);
        let outgoing = Outgoing {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: others.into_iter().map(owned).collect(),
            body: (!body.is_empty()).then(|| (content_type.to_owned(), Secret::new(body))),
            cookies: false,
            keepalive: false,
        };
        self.inner().serve_elsewhere(outgoing)
    }

    /// The server signs with its next key from now on.
    pub fn rotate_keys(&self) {
        self.inner().server.rotate_keys();
    }

    /// Whether the server takes this bearer.
    pub fn takes_bearer(&self, token: &str) -> bool {
        self.request("GET", "/api/me", &[("authorization", &format!("Bearer {token}"))], String::new()).status == 200
    }

    /// Somebody renews with a stolen refresh cookie.
    pub fn renew_with(&self, refresh_cookie: &str) -> Answer {
        let answer = self.present_refresh(refresh_cookie);
        self.settle();
        answer
    }

    /// The same, and nothing else happens yet.
    pub(crate) fn present_refresh(&self, refresh_cookie: &str) -> Answer {
        let cookie = format!("__Host-refresh={refresh_cookie}");
        let headers = [
            ("cookie", cookie.as_str()),
            ("countersign-request", "1"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.request("POST", "/auth/token", &headers, "grant_type=refresh_token&client_id=demo&idle_for=0".into())
    }
}
