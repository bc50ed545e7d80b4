//! Which laws hold for all gates? Three-valued logic, text and back, ages, and that nothing unknown opens.

use std::sync::Arc;

use proptest::prelude::*;

use super::judge::{Facts, Judgement};
use super::{Decision, Gate, Why};
use crate::state::{Standing, State};
use crate::testing::signed_in;

/// Gates over all three values: `a` is held, `b` is not, and what is unconfirmed is unknown.
fn gates() -> impl Strategy<Value = Gate> {
    let word = prop_oneof!["[a-c]", "\\PC{0,6}", Just(String::new())];
    let leaf = prop_oneof![
        word.clone().prop_map(Gate::Role),
        word.clone().prop_map(Gate::Scope),
        word.clone().prop_map(Gate::Permission),
        (word.clone(), word.clone()).prop_map(|(name, value)| Gate::Claim { name, value }),
        word.prop_map(Gate::Assurance),
        any::<u32>().prop_map(Gate::FreshWithin),
        any::<u32>().prop_map(Gate::SignedInWithin),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        // One gate alone is written as itself, so lists have none or several.
        let list = prop::collection::vec(inner.clone(), 0..4).prop_filter("one", |list| list.len() != 1);
        prop_oneof![list.clone().prop_map(Gate::All), list.prop_map(Gate::Any), inner.prop_map(Gate::not),]
    })
}

fn state(is_doubtful: bool) -> State {
    let mut state = signed_in(&["a"], "a");
    if let State::SignedIn { standing, claims, .. } = &mut state {
        Arc::make_mut(claims).authenticated_at = (!is_doubtful).then_some(0);
        if is_doubtful {
            *standing = Standing::Unverified { since: 0 };
        }
    }
    state
}

/// True, unknown or false: what logic sees of a judgement.
fn truth(gate: &Gate, state: &State, now: i64) -> i8 {
    let State::SignedIn { claims, standing, .. } = state else { panic!("nobody is signed in") };
    match gate.judge(&Facts::new(claims, *standing, now)) {
        Judgement::True => 1,
        Judgement::Unknown(_) => 0,
        Judgement::False(_) | Judgement::Reachable(..) => -1,
    }
}

proptest! {
    #[test]
    fn a_gate_survives_its_text(gate in gates()) {
        prop_assert_eq!(gate.to_string().parse::<Gate>(), Ok(gate));
    }

    #[test]
    fn no_text_traps(text in "\\PC{0,40}") {
        if let Ok(gate) = text.parse::<Gate>() {
            prop_assert_eq!(gate.to_string().parse::<Gate>(), Ok(gate));
        }
    }

    #[test]
    fn no_text_of_the_right_signs_traps(text in "[rolecfhs:&|!()\"\\\\= 0-9]{0,60}") {
        let _ = text.parse::<Gate>();
    }

    #[test]
    fn all_any_and_not_are_those_of_three_valued_logic(
        list in prop::collection::vec(gates(), 0..5), is_doubtful: bool, now in 0i64..10_000_000_000_000
    ) {
        let state = state(is_doubtful);
        let truth = |gate: &Gate| truth(gate, &state, now);
        let each: Vec<i8> = list.iter().map(truth).collect();
        prop_assert_eq!(truth(&Gate::All(list.clone())), each.iter().copied().min().unwrap_or(1));
        prop_assert_eq!(truth(&Gate::Any(list.clone())), each.iter().copied().max().unwrap_or(-1));
        for (gate, value) in list.iter().zip(&each) {
            prop_assert_eq!(truth(&Gate::not(gate.clone())), -value);
        }
        // De Morgan follows, and is what a reader of a configuration relies on.
        let negated = list.iter().cloned().map(Gate::not);
        prop_assert_eq!(truth(&Gate::not(Gate::All(list.clone()))), truth(&Gate::any(negated)));
    }

    #[test]
    fn only_what_is_true_opens(gate in gates(), is_doubtful: bool, now in 0i64..10_000_000_000_000) {
        let state = state(is_doubtful);
        prop_assert_eq!(gate.decide(&state, now).is_open(), truth(&gate, &state, now) == 1);
        prop_assert!(!gate.decide(&State::Unknown, now).is_open());
    }

    #[test]
    fn nothing_changes_before_it_is_said_to(gate in gates(), now in 0i64..10_000_000, part in 0.0..1.0) {
        let state = state(false);
        if let Some(at) = gate.changes_at(&state, now) {
            prop_assert!(at > now);
            let before = now + ((at - now - 1) as f64 * part) as i64;
            prop_assert_eq!(gate.decide(&state, now), gate.decide(&state, before));
        } else {
            prop_assert_eq!(gate.decide(&state, now), gate.decide(&state, now + 10_000_000_000));
        }
    }
}

#[test]
fn freshness_ends_and_doubt_closes_it_both_ways() {
    let fresh = Gate::fresh_within(60);
    let state = state(false);
    assert!(fresh.decide(&state, 59_999).is_open());
    assert_eq!(fresh.decide(&state, 60_000), Decision::Closed { why: Why::TooOld(60) });
    assert_eq!(fresh.changes_at(&state, 1_000), Some(60_000));
    assert_eq!(fresh.decide(&state, -1), Decision::Closed { why: Why::Unconfirmed }, "the clock was set back");
    let doubtful = self::state(true);
    for gate in [fresh.clone(), Gate::not(fresh)] {
        assert_eq!(gate.decide(&doubtful, 0), Decision::Closed { why: Why::Unconfirmed });
    }
}

#[test]
fn what_a_new_authentication_mends_is_a_step_up() {
    let state = state(false);
    let gate = Gate::all([Gate::assurance("mfa"), Gate::signed_in_within(300), Gate::signed_in_within(60)]);
    let why = Why::MissingAssurance("mfa".into());
    let step_up = Decision::StepUp { why, acr_values: Some("mfa".into()), max_age: Some(60) };
    assert_eq!(gate.decide(&state, 400_000), step_up);
    let missing = Decision::Closed { why: Why::MissingRole("x".into()) };
    assert_eq!(Gate::all([gate, Gate::role("x")]).decide(&state, 400_000), missing);
}
