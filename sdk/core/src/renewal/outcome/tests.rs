//! What does a refusal mean, with what the record remembers? Told with a host that answers by hand.

use crate::input::{ReadOutcome, SwapOutcome};
use crate::record::Record;
use crate::renewal::host::{Host, stored};
use crate::state::{Reason, State};

/// Why nobody is signed in, after a page that found this in storage was refused for that reason.
fn shown(there: &Record, reason: &str) -> State {
    let mut host = Host::asking(ReadOutcome::Found(stored(there)));
    host.answer(Ok(format!(r#"{{"error": "invalid_grant", "reason": "{reason}"}}"#).as_bytes()));
    host.swap(SwapOutcome::Swapped);
    host.machine.snapshot().state.clone()
}

#[test]
fn c05_what_the_record_remembers_says_why_a_session_ended() {
    // When the answer comes, by the device's clock.
    let now = 1_790_000_001_050;
    let named = |ends_at| Record { sid: Some("a".to_owned()), ends_at, ..Record::default() };
    let ended = |reason| Record { ended: Some(reason), ..Record::default() };
    let asked_long_ago = Record { sent_at: Some(now - 90_000), attempt_key: Some("k".to_owned()), ..named(None) };
    for (there, told, reason) in [
        (named(None), "no_credential", Reason::Evicted),
        (named(Some(now + 2_001)), "no_credential", Reason::Evicted),
        (named(Some(now + 2_000)), "no_credential", Reason::Expired),
        (named(Some(now - 1)), "no_credential", Reason::Expired),
        (named(Some(now - 1)), "reuse_suspected", Reason::ReuseSuspected),
        (asked_long_ago.clone(), "reuse_suspected", Reason::RotationAnswerLost),
        (asked_long_ago, "credential_changed", Reason::CredentialChanged),
        (Record::default(), "no_credential", Reason::NoCredential),
        (ended(Reason::Idle), "no_credential", Reason::Idle),
        (ended(Reason::Idle), "reuse_suspected", Reason::ReuseSuspected),
        (ended(Reason::RotationAnswerLost), "reuse_suspected", Reason::RotationAnswerLost),
    ] {
        assert_eq!(shown(&there, told), State::SignedOut { reason }, "{told} {there:?}");
    }
}
