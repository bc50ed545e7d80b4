//! A clock that jumps: nothing that was over lives again, and nothing ends but by the jump itself.

use crate::support::{Browser, KEY, Server};

const HOUR: f64 = 3_600.0;

fn keyed(number: usize) -> String {
    format!("&idle_for=0&attempt_key={}", KEY[number])
}

async fn status_and_word(browser: &mut Browser) -> (u16, String) {
    let answer = browser.get("/api/me").await;
    let challenge = answer.header("www-authenticate");
    let word = challenge.split("countersign=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    (answer.status.as_u16(), word.to_owned())
}

#[tokio::test]
async fn s26_a_session_that_ended_stays_so_when_the_clock_is_set_back() {
    let server = Server::start().await;
    let mut cookie = server.session_of("alice").await;
    let mut tokens = server.tokens_of("bob").await;
    server.pass(HOUR).await;
    server.pass(-HOUR).await;
    assert_eq!(cookie.get("/auth/session").await.reason(), "idle");
    assert_eq!(tokens.renew(&keyed(0)).await.reason(), "idle");
    assert_eq!(status_and_word(&mut tokens).await.0, 401, "its access token has not ended by the clock");
}

#[tokio::test]
async fn s26_no_revocation_is_forgotten_by_a_clock_that_was_far_ahead_for_a_while() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let mut alice = server.session_of("alice").await;
    server.pass(10.0).await;
    let sid = bob.sid.clone().unwrap();
    assert_eq!(alice.delete(&format!("/auth/admin/sessions/{sid}")).await.status, 204);
    for hours in [13.0, 24.0 * 9.0] {
        server.pass(hours * HOUR).await;
        server.pass(-hours * HOUR).await;
        assert_eq!(status_and_word(&mut bob).await.0, 401, "after {hours} hours");
    }
}

#[tokio::test]
async fn s26_an_access_token_that_has_ended_is_stale_when_the_clock_is_set_back() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    server.pass(400.0).await;
    assert_eq!(status_and_word(&mut bob).await, (401, "expired".into()));
    server.pass(-390.0).await;
    assert_eq!(status_and_word(&mut bob).await, (401, "stale".into()));
    // The session lives, and what is made now counts.
    assert_eq!(bob.renew(&keyed(0)).await.status, 200);
    assert_eq!(status_and_word(&mut bob).await.0, 200);
}

#[tokio::test]
async fn s26_an_hour_back_ends_nothing_and_an_hour_forward_no_more_than_an_hour_would() {
    let server = Server::start_with(|config| config.idle_limit = 7_200).await;
    let mut cookie = server.session_of("alice").await;
    let mut tokens = server.tokens_of("bob").await;
    for (number, seconds) in [-HOUR, HOUR, HOUR, -HOUR].into_iter().enumerate() {
        server.pass(seconds).await;
        assert_eq!(cookie.get("/auth/session").await.status, 200);
        assert_eq!(tokens.renew(&keyed(number)).await.status, 200, "after a jump of {seconds} s");
        assert_eq!(status_and_word(&mut tokens).await.0, 200);
    }
}

#[tokio::test]
async fn a_clock_that_is_put_right_by_seconds_makes_nothing_stale() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let mut stream = bob.events(None).await;
    server.pass(-30.0).await;
    assert_eq!(status_and_word(&mut bob).await.0, 200);
    assert_eq!(stream.names(), ["retry", "ready", "heartbeat"]);
    server.pass(-61.0).await;
    assert_eq!(stream.names(), ["security", "heartbeat"], "whoever listens learns that it has to renew");
    server.pass(1.0).await;
    assert_eq!(stream.names(), Vec::<String>::new(), "once for each time that it is set back");
}
