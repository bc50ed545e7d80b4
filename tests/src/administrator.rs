//! What does an administrator do, and what a thief? Both speak to the server directly, outside of every browser here.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::server::{Answer, ORIGIN};
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
        self.act("PUT", &format!("/auth/admin/users/u_{username}/suspended"), &json!({"suspended": true}));
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
        // A stream's frames are there; whoever reads them is the World.
        let mut inner = self.world.inner();
        inner.read_streams();
        inner.settle();
        answer
    }
}

impl World {
    /// A request from nowhere: a thief's, an administrator's, a probe.
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
        request = request.header("origin", ORIGIN).header("sec-fetch-site", "same-origin");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).expect("a journey builds well-formed requests");
        let answer = self.inner().server.serve(request).answer;
        let mut inner = self.inner();
        inner.read_streams();
        answer
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
        let cookie = format!("__Host-refresh={refresh_cookie}");
        let headers = [
            ("cookie", cookie.as_str()),
            ("countersign-request", "1"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer =
            self.request("POST", "/auth/token", &headers, "grant_type=refresh_token&client_id=demo&idle_for=0".into());
        self.settle();
        answer
    }
}
