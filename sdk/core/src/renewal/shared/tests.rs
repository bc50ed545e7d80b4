//! Which of two records stands, and what does a tab do when another one says that it moved on?

use super::*;
use crate::config::{Config, FlowKind};
use crate::input::{Command, Input};
use crate::renewal::host::{BOB, Host};
use crate::state::State;

const NOW: UnixMillis = 1_790_000_000_000;

fn record(sid: &str, ends_at: i64) -> Record {
    Record { sid: Some(sid.to_owned()).filter(|sid| !sid.is_empty()), ends_at: Some(ends_at), ..Record::default() }
}

/// Whether what this tab knows stands above that, while it forgets that session.
fn stands(known: &Record, there: Record, forgets: Option<&str>) -> bool {
    let mut machine = Machine::new(Config::new(FlowKind::Session, "https://app.test", "https://app.test"));
    machine.now.wall = NOW;
    machine.renewals.record = there;
    if let Some(sid) = forgets {
        machine.start(Kind::Forget { sid: sid.to_owned(), reason: Reason::Idle });
    }
    machine.stands_above_stored(known)
}

#[test]
fn c05_of_two_sessions_the_one_that_began_later_stands() {
    let known = record("a", 100);
    for (sid, ends_at, forgets, above) in [
        ("b", 99, None, true),
        ("b", 100, None, false),
        ("b", 101, None, false),
        ("", 99, None, true),
        // What a tab forgets is over wherever it is found, and so it says nothing against what is not.
        ("b", 100, Some("b"), true),
        ("b", 101, Some("b"), true),
        ("c", 99, Some("b"), true),
        ("c", 100, Some("b"), false),
        ("a", 100, Some("a"), false),
        ("a", 99, Some("a"), false),
        ("b", 99, Some("a"), false),
        ("", 99, Some("b"), false),
    ] {
        assert_eq!(stands(&known, record(sid, ends_at), forgets), above, "{sid:?} {ends_at} {forgets:?}");
    }
}

#[test]
fn c12_a_debt_stands_above_what_it_ends_and_below_who_signed_in_since() {
    let debt = |owed: &str| Record {
        sign_out_owed: Some(owed.to_owned()),
        sign_out_asked_at: Some(NOW - 1_000),
        ..Record::default()
    };
    let of = |sid, signed_in_at| Record { signed_in_at, ..record(sid, 100) };
    for (owed, there, above) in [
        ("a", of("a", Some(NOW - 500)), true),
        ("a", of("b", Some(NOW - 500)), false),
        ("a", of("b", Some(NOW - 1_000)), false),
        ("a", of("b", Some(NOW - 1_001)), true),
        ("a", of("b", None), true),
        ("", of("b", Some(NOW - 500)), false),
        ("", of("", None), true),
    ] {
        assert_eq!(stands(&debt(owed), there.clone(), None), above, "{owed:?} {there:?}");
    }
}

/// A tab that knows of a debt, at its fifth generation.
fn owing(owed: &str, asked_at: Option<UnixMillis>) -> Machine {
    let mut machine = Machine::new(Config::new(FlowKind::Session, "https://app.test", "https://app.test"));
    (machine.now.wall, machine.generation) = (NOW, 5);
    machine.renewals.record.sign_out_owed = Some(owed.to_owned());
    machine.renewals.record.sign_out_asked_at = asked_at;
    machine
}

#[test]
fn c12_a_debt_was_deleted_where_the_record_begins_anew_or_names_its_session() {
    let asked_at = Some(NOW - 1_000);
    for (owed, asked_at, generation, sid, signed_in_at, is_deleted) in [
        ("a", asked_at, 4, "", None, true),
        ("a", asked_at, 5, "", None, false),
        ("a", asked_at, 6, "", None, false),
        ("a", asked_at, 9, "a", None, true),
        ("a", asked_at, 4, "b", None, false),
        ("", asked_at, 4, "b", None, true),
        ("", asked_at, 5, "b", None, false),
        ("", asked_at, 4, "b", Some(NOW - 999), false),
        ("", asked_at, 4, "b", Some(NOW - 1_001), true),
        ("", None, 4, "b", Some(NOW - 1_001), false),
    ] {
        let found = Record { generation, signed_in_at, ..record(sid, 100) };
        let machine = owing(owed, asked_at);
        assert_eq!(machine.is_debt_deleted(owed, asked_at, &found), is_deleted, "{owed:?} {found:?}");
        let owes = Record { sign_out_owed: Some("c".to_owned()), ..found };
        assert!(!machine.is_debt_deleted(owed, asked_at, &owes));
    }
}

#[test]
fn c12_a_debt_that_was_deleted_stands_again_above_what_was_found() {
    let mut machine = owing("a", Some(NOW - 1_000));
    let found = |generation, sid| Record { generation, ..record(sid, 100) };
    for (generation, sid, stands_at) in [(3, "", 5), (9, "a", 10)] {
        let stood = machine.with_debt(found(generation, sid));
        assert_eq!((stood.generation, stood.sid, stood.ended), (stands_at, None, Some(Reason::SignedOut)));
        assert_eq!((stood.sign_out_owed.as_deref(), stood.sign_out_asked_at), (Some("a"), Some(NOW - 1_000)));
    }
    assert_eq!(machine.with_debt(found(9, "b")), found(9, "b"), "nothing was deleted");
    machine.start(Kind::SignOut { callers: Vec::new(), sid: None, asked_at: None, owed: true });
    assert_eq!(machine.with_debt(found(3, "")), found(3, ""), "who signs out writes it anew");
}

fn moved(host: &mut Host) {
    host.feed(Input::Tab { text: r#"{"kind": "moved", "sid": "a"}"#.to_owned() });
}

fn looks(host: &Host) -> usize {
    host.wanted.iter().filter(|effect| matches!(effect, Effect::Read { .. })).count()
}

fn of_a(revision: u64) -> Record {
    Record { revision, generation: revision, sid: Some("a".to_owned()), ..Record::default() }
}

#[test]
fn c21_however_often_it_is_told_one_look_more_will_do() {
    let mut host = Host::signed_in();
    for _ in 0..3 {
        moved(&mut host);
    }
    for left in [1, 1, 0] {
        assert_eq!(looks(&host), left);
        if left > 0 {
            host.finds(&of_a(1));
        }
    }
}

#[test]
fn c07_what_it_is_told_while_it_writes_is_looked_at_afterwards() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::Check });
    host.lock();
    host.finds(&of_a(1));
    moved(&mut host);
    host.answer_with(200, BOB);
    host.finds(&of_a(1));
    assert_eq!(looks(&host), 0);
    host.swap(SwapOutcome::Swapped);
    let ended = Record { revision: 3, generation: 3, ended: Some(Reason::Idle), ..Record::default() };
    host.finds(&ended);
    assert_eq!(host.machine.snapshot().state, State::SignedOut { reason: Reason::Idle });
}

#[test]
fn c07_an_end_that_another_tab_tells_gives_up_the_question_that_is_out() {
    let mut host = Host::signed_in();
    host.feed(Input::Command { id: 1, command: Command::Check });
    host.lock();
    host.finds(&of_a(1));
    moved(&mut host);
    let ended = Record { revision: 2, generation: 2, ended: Some(Reason::Idle), ..Record::default() };
    host.finds(&ended);
    assert!(host.wanted.iter().any(|effect| matches!(effect, Effect::Abort { .. })));
    assert_eq!(host.machine.snapshot().state, State::SignedOut { reason: Reason::Idle });
}
