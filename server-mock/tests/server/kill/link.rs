//! A connection to the program, which may end at any moment.

use axum::http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

pub struct Link {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// An answer that arrived whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    body: Value,
}

impl Link {
    /// Nothing if nobody listens there any more.
    pub async fn open(address: &str) -> Option<Link> {
        let stream = TcpStream::connect(address).await.ok()?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(Link { sender, host: address.to_owned() })
    }

    pub async fn json(&mut self, path: &str, body: Value) -> Option<Answer> {
        self.post(path, "application/json", body.to_string()).await
    }

    pub async fn form(&mut self, path: &str, body: String) -> Option<Answer> {
        self.post(path, "application/x-www-form-urlencoded", body).await
    }

    /// Nothing if the connection ended before the last byte of the answer.
    async fn post(&mut self, path: &str, kind: &str, body: String) -> Option<Answer> {
        let request = Request::post(path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, kind)
            .header("countersign-request", "1")
            .header("sec-fetch-site", "same-origin")
            .body(Full::from(body))
            .unwrap();
        self.sender.ready().await.ok()?;
        let response = self.sender.send_request(request).await.ok()?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.ok()?.to_bytes();
        Some(Answer { status, body: serde_json::from_slice(&body).ok()? })
    }
}

impl Answer {
    pub fn refresh_token(&self) -> Option<&str> {
        self.body["refresh_token"].as_str().filter(|_| self.status == 200)
    }

    pub fn is_refusal(&self, reason: &str) -> bool {
        self.status == 400 && self.body["reason"] == reason
    }
}
