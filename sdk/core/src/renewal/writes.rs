//! What if storage does not say whether a write was made, or another tab wrote in between? Told with a host that answers
//! by hand.

use crate::config::FlowKind;
use crate::effect::{Effect, Request};
use crate::input::{Command, HttpFailure, Input, ReadOutcome, Stored, SwapOutcome};
use crate::record::Record;
use crate::renewal::host::{BOB, Host};
use crate::state::{Durability, Reason, State};

#[test]
fn a_write_that_was_made_though_nobody_said_so_counts() {
    let mut host = Host::writing();
    let written = host.swap(SwapOutcome::TimedOut);
    assert!(!host.is_done());
    host.read(ReadOutcome::Found(written));
    assert!(host.is_done());
    assert_eq!(host.machine.snapshot().state, State::SignedOut { reason: Reason::NoCredential });
    assert_eq!(host.machine.snapshot().durability, Durability::Shared);
}

#[test]
fn a_write_that_was_undone_is_made_again() {
    let mut host = Host::writing();
    let written = host.swap(SwapOutcome::TimedOut);
    host.read(ReadOutcome::TimedOut);
    host.read(ReadOutcome::Found(Stored { revision: written.revision - 1, text: "{}".into(), kept: None }));
    assert!(!host.is_done());
    host.swap(SwapOutcome::Swapped);
    assert!(host.is_done());
    assert_eq!(host.machine.snapshot().durability, Durability::Shared);
}

#[test]
fn a_write_of_another_tab_under_the_same_number_is_not_our_own() {
    let mut host = Host::writing();
    let written = host.swap(SwapOutcome::TimedOut);
    host.read(ReadOutcome::Found(Stored { revision: written.revision, text: "{}".into(), kept: None }));
    assert!(!host.is_done());
    assert_eq!(host.swap(SwapOutcome::Swapped).revision, written.revision + 1);
    assert!(host.is_done());
}

#[test]
fn c03_storage_that_says_nothing_at_all_holds_nobody_up() {
    let mut host = Host::writing();
    host.swap(SwapOutcome::TimedOut);
    for _ in 0..3 {
        assert!(!host.is_done());
        host.read(ReadOutcome::TimedOut);
    }
    assert!(host.is_done());
    assert_eq!(host.machine.snapshot().durability, Durability::ThisTab);
}

#[test]
fn c30_no_number_in_a_record_is_a_trap() {
    for number in [i64::MIN, i64::MAX, -1, 0] {
        for revision in [0, u64::MAX] {
            let text = format!(
                r#"{{"revision":0,"generation":{},"sid":"s","ends_at":{number},"attempt_key":"k","sent_at":{number},
                "last_sent_at":{number},"back_off_until":{number},"acted_at":{number},"idle_lifetime":{number},
                "refresh_retry_for":60}}"#,
                i64::MAX
            );
            for outcome in [Ok(br#"{"error": "invalid_grant"}"#.as_slice()), Err(HttpFailure::Network)] {
                let mut host = Host::asking(ReadOutcome::Found(Stored { revision, text: text.clone(), kept: None }));
                host.answer(outcome);
                host.swap(SwapOutcome::Swapped);
                assert!(host.is_done());
            }
        }
    }
}

#[test]
fn c12_a_torn_record_is_written_anew_without_its_lease() {
    let mut host = Host::started(FlowKind::Session);
    let last_sent_at = Some(host.wall());
    host.finds(&Record { last_sent_at, sid: Some("a".to_owned()), ..Record::default() });
    host.sent();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.read(ReadOutcome::Found(Stored { revision: 9, text: "{".into(), kept: None }));
    let written = host.writes_down();
    assert_eq!((written.revision, written.last_sent_at), (10, None));
    assert_eq!(written.sign_out_owed.as_deref(), Some("a"));
}

#[test]
fn the_number_under_which_a_record_is_stored_counts_and_not_what_it_says_itself() {
    let mut host = Host::started(FlowKind::Token);
    host.read(ReadOutcome::Found(Stored {
        revision: 7,
        text: r#"{"revision":3,"generation":3,"sid":"a"}"#.into(),
        kept: None,
    }));
    assert_eq!(host.swap(SwapOutcome::Swapped).revision, 8);
}

/// What another tab has left in storage.
fn found(text: &str) -> Stored {
    let revision = Record::read(text).map_or(0, |record| record.revision);
    Stored { revision, text: text.to_owned(), kept: None }
}

/// The method, and the session that a request names; `1` where it names none.
fn named(request: &Request) -> (&str, Option<&str>) {
    let believed = request.headers.iter().find(|(name, _)| *name == "Countersign-Request");
    (request.method, believed.map(|(_, sid)| sid.expose()))
}

#[test]
fn c05_an_answer_that_the_end_of_another_session_overtook_is_asked_for_again() {
    for ended in ["no_credential", "signed_out", "expired"] {
        let mut host = Host::started(FlowKind::Session);
        host.read(ReadOutcome::Nothing);
        host.answer_with(200, BOB);
        host.swap(SwapOutcome::Lost(Some(found(&format!(r#"{{"revision":5,"generation":4,"ended":"{ended}"}}"#)))));
        assert_eq!(host.answer_with(200, BOB).method, "GET", "{ended}");
        host.swap(SwapOutcome::Swapped);
        assert!(host.is_done() && host.machine.snapshot().state.is_signed_in(), "{ended}");
    }
}

#[test]
fn c05_an_answer_that_another_session_overtook_is_the_servers_word_about_the_cookie() {
    let mut host = Host::started(FlowKind::Session);
    host.read(ReadOutcome::Nothing);
    host.answer_with(200, BOB);
    host.swap(SwapOutcome::Lost(Some(found(r#"{"revision":5,"generation":4,"sid":"b"}"#))));
    let again = host.answer_with(200, BOB);
    assert_eq!(named(&again), ("GET", Some("1")), "the record does not know whose the cookie is");
    host.swap(SwapOutcome::Swapped);
    assert!(host.is_done() && host.machine.snapshot().state.is_signed_in());
    assert_eq!(host.machine.renewals.record().sid.as_deref(), Some("a"));
}

#[test]
fn c12_a_sign_out_that_waited_ends_what_is_owed_by_then() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.read(ReadOutcome::Found(found(r#"{"revision":1,"generation":1,"sid":"a"}"#)));
    host.swap(SwapOutcome::Swapped);
    host.lock();
    // While it waited somebody signed in, and out again.
    host.read(ReadOutcome::Found(found(r#"{"revision":4,"generation":4,"ended":"signed_out","sign_out_owed":"b"}"#)));
    assert_eq!(named(&host.answer_with(204, b"")), ("DELETE", Some("b")));
    // And once more, before the acknowledgement was written.
    let again = found(r#"{"revision":6,"generation":6,"ended":"signed_out","sign_out_owed":"c"}"#);
    host.swap(SwapOutcome::Lost(Some(again)));
    assert_eq!(named(&host.answer_with(204, b"")), ("DELETE", Some("c")));
    host.swap(SwapOutcome::Swapped);
    assert!(!host.machine.snapshot().sign_out_owed);
}

#[test]
fn c12_a_debt_that_could_not_be_stored_goes_above_what_was_written_meanwhile() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    host.read(ReadOutcome::Refused);
    host.lock();
    host.read(ReadOutcome::Found(found(r#"{"revision":5,"generation":5,"sid":"a"}"#)));
    assert_eq!(named(&host.answer_with(204, b"")), ("DELETE", Some("a")));
    let written = host.writes_down();
    assert!(written.revision > 5 && written.generation >= 5, "{written:?}");
    assert_eq!((written.sid, written.ended, written.sign_out_owed), (None, Some(Reason::SignedOut), None));
}

#[test]
fn c12_the_acknowledgement_of_a_sign_out_is_none_of_one_that_was_asked_for_later() {
    let mut host = Host::started(FlowKind::Session);
    let owed = |revision, asked_at| {
        let record = Record {
            revision,
            generation: revision,
            sign_out_owed: Some(String::new()),
            sign_out_asked_at: Some(asked_at),
            ended: Some(Reason::SignedOut),
            ..Record::default()
        };
        Stored { revision, text: record.print(), kept: None }
    };
    let waited = |request: Request| {
        let header = request.headers.into_iter().find(|(name, _)| *name == "Countersign-Waited");
        header.map(|(_, value)| value.expose().to_owned())
    };
    let asked_at = 1_790_000_000_000 + host.now.cast_signed() - 3_000;
    host.read(ReadOutcome::Found(owed(1, asked_at)));
    assert_eq!(waited(host.answer_with(204, b"")).as_deref(), Some("3010"));
    host.swap(SwapOutcome::Lost(Some(owed(2, asked_at + 1_000))));
    assert_eq!(waited(host.answer_with(204, b"")).as_deref(), Some("2030"));
    host.swap(SwapOutcome::Swapped);
    assert!(!host.machine.snapshot().sign_out_owed);
}

/// The question about the record that is out.
fn asked(host: &mut Host) -> u64 {
    let Effect::Read { stamp } = host.take(|effect| matches!(effect, Effect::Read { .. })) else { panic!() };
    stamp
}

#[test]
fn storage_that_can_not_be_read_is_not_written_to() {
    for (outcome, is_back) in [(ReadOutcome::Refused, false), (ReadOutcome::Nothing, true)] {
        let mut host = Host::started(FlowKind::Session);
        host.read(ReadOutcome::Refused);
        host.answer_with(200, BOB);
        host.feed(Input::Command { id: 1, command: Command::SignOut });
        host.read(outcome);
        assert_eq!(host.writes(), is_back);
    }
}

#[test]
fn what_was_read_for_another_job_is_no_answer_to_this_one() {
    let mut host = Host::started(FlowKind::Session);
    let (older, of_a) = (asked(&mut host), found(r#"{"revision":1,"generation":1,"sid":"a"}"#));
    host.feed(Input::Command { id: 1, command: Command::SignOut });
    for _ in 0..3 {
        host.feed(Input::Record { stamp: older, outcome: ReadOutcome::TimedOut });
    }
    host.feed(Input::Record { stamp: older, outcome: ReadOutcome::Found(of_a) });
    assert!(!host.writes());
    host.read(ReadOutcome::Nothing);
    let written = host.swap(SwapOutcome::TimedOut);
    host.feed(Input::Record { stamp: older, outcome: ReadOutcome::Nothing });
    host.read(ReadOutcome::Found(written));
    host.lock();
    assert_eq!(host.machine.snapshot().durability, Durability::Shared);
}
