//! What is true of whatever a server writes into `WWW-Authenticate` and `Retry-After`?

use countersign_core::FlowKind;
use countersign_core::effect::Reply;
use countersign_core::headers::{self, Remedy};
use countersign_core::input::{Answer, Ask, Command};

use crate::chosen;
use crate::tab::{SERVER, Tab};

/// The first byte chooses the status. A 403 is not mended by a new token, and no challenge has a request sent thrice.
pub fn www_authenticate_law(bytes: &[u8]) {
    let Some((choice, bytes)) = chosen(bytes) else { return };
    let Ok(challenge) = std::str::from_utf8(bytes) else { return };
    let status = if choice.is_multiple_of(2) { 401 } else { 403 };
    let remedy = headers::remedy(status, Some(challenge));
    assert!(status == 401 || remedy != Remedy::Renew);
    let mut tab = Tab::signed_in(FlowKind::Token);
    let ask = Command::Ask(Ask { origin: SERVER.to_owned(), repeatable: true });
    let answer = Answer { status, www_authenticate: Some(challenge.to_owned()), ep: None, problem: None };
    assert!(matches!(tab.call(ask), Reply::Dressed(_)));
    match tab.call(Command::Answered(answer.clone())) {
        Reply::Dressed(_) => {
            assert_eq!(remedy, Remedy::Renew);
            assert_eq!(tab.call(Command::Answered(answer)), Reply::Deliver);
        }
        reply => assert_eq!(reply, Reply::Deliver),
    }
    tab.is_still_signed_in();
    tab.has_a_trace();
}

/// The first byte chooses whether the server's time is known. Nobody waits longer than an hour, or for what has no sense.
pub fn retry_after_law(bytes: &[u8]) {
    let Some((choice, bytes)) = chosen(bytes) else { return };
    let Ok(value) = std::str::from_utf8(bytes) else { return };
    let server_time = (!choice.is_multiple_of(2)).then_some(784_111_777_000);
    let wait = headers::retry_after(value, server_time);
    assert!(wait.is_none_or(|seconds| seconds <= 3600));
    let value = value.trim_matches([' ', '\t']);
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<u32>() {
        Ok(seconds) if is_number => assert_eq!(wait, Some(seconds.min(3600))),
        _ if is_number => assert_eq!(wait, Some(3600)),
        _ => assert!(wait.is_none() || server_time.is_some()),
    }
}
