//! Which parts of the UI may this user see? For the user's convenience only: **the server decides**, and checks
//! again on every request. Hiding a button protects nothing.

mod decision;
mod judge;
#[cfg(test)]
mod laws;
mod text;

use std::fmt;

use crate::claims::Verification;
use crate::state::State;
use crate::time::UnixMillis;

pub use decision::{Decision, Why};
pub use text::GateSyntax;

/// A condition on claims that shows or hides UI. The server always enforces again.
///
/// As text, for configuration: `role:admin & fresh:60s`, with `|`, `!`, parentheses, and `"…"` around names with signs
/// in them. A text has at most 4096 bytes, also as it is printed, and 32 levels.
///
/// ```
/// use countersign_core::Gate;
///
/// let gate: Gate = "role:admin & (fresh:60s | assurance:mfa)".parse().unwrap();
/// assert_eq!(gate.to_string(), "role:admin & (fresh:60s | assurance:mfa)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    Role(String),
    Scope(String),
    Permission(String),
    /// A claim that is this text, number or truth value, or a list that holds it; a number as it is written in the token.
    Claim {
        name: String,
        value: String,
    },
    /// The server said so at most so many seconds ago, and nothing may have been missed since.
    FreshWithin(u32),
    /// `acr` is this, or `amr` holds it.
    Assurance(String),
    /// The user authenticated at most so many seconds ago.
    SignedInWithin(u32),
    /// Open when every one is; open when empty.
    All(Vec<Gate>),
    /// Open when at least one is; closed when empty.
    Any(Vec<Gate>),
    Not(Box<Gate>),
}

impl Gate {
    pub fn role(role: impl Into<String>) -> Self {
        Self::Role(role.into())
    }

    pub fn scope(scope: impl Into<String>) -> Self {
        Self::Scope(scope.into())
    }

    pub fn permission(permission: impl Into<String>) -> Self {
        Self::Permission(permission.into())
    }

    pub fn claim(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Claim { name: name.into(), value: value.into() }
    }

    pub fn fresh_within(seconds: u32) -> Self {
        Self::FreshWithin(seconds)
    }

    pub fn assurance(level: impl Into<String>) -> Self {
        Self::Assurance(level.into())
    }

    pub fn signed_in_within(seconds: u32) -> Self {
        Self::SignedInWithin(seconds)
    }

    pub fn all(gates: impl IntoIterator<Item = Gate>) -> Self {
        Self::All(gates.into_iter().collect())
    }

    pub fn any(gates: impl IntoIterator<Item = Gate>) -> Self {
        Self::Any(gates.into_iter().collect())
    }

    /// Open when `gate` is closed *for a known reason*: what is not known opens no `not` either.
    #[allow(clippy::should_implement_trait, reason = "a constructor beside `all` and `any`, not an operator")]
    pub fn not(gate: Gate) -> Self {
        Self::Not(Box::new(gate))
    }

    /// What the gate says of a state, `now` by the device's clock. Anything that is not a signed-in user with genuine
    /// claims closes every gate.
    pub fn decide(&self, state: &State, now: UnixMillis) -> Decision {
        match state {
            State::Unknown | State::SigningIn => Decision::Closed { why: Why::NotKnownYet },
            State::SignedOut { .. } => Decision::Closed { why: Why::SignedOut },
            State::SignedIn { claims, .. } if claims.provenance.verification == Verification::Failed => {
                Decision::Closed { why: Why::NotGenuine }
            }
            State::SignedIn { claims, standing, .. } => self.judge(&judge::Facts::new(claims, *standing, now)).into(),
        }
    }

    /// When the decision may change by the passing of time alone: ask again then.
    pub fn changes_at(&self, state: &State, now: UnixMillis) -> Option<UnixMillis> {
        let State::SignedIn { claims, standing, .. } = state else { return None };
        self.next_change(&judge::Facts::new(claims, *standing, now))
    }
}

impl std::str::FromStr for Gate {
    type Err = GateSyntax;

    fn from_str(text: &str) -> Result<Self, GateSyntax> {
        text::parse(text)
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&text::print(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Reason;
    use crate::testing::signed_in;

    #[test]
    fn roles_and_scopes_open_gates() {
        let state = signed_in(&["admin"], "reports:read");
        assert!(Gate::role("admin").decide(&state, 0).is_open());
        assert_eq!(
            Gate::scope("reports:write").decide(&state, 0),
            Decision::Closed { why: Why::MissingScope("reports:write".into()) }
        );
    }

    #[test]
    fn all_any_and_not_combine() {
        let state = signed_in(&["member"], "reports:read");
        let (member, admin) = (Gate::role("member"), Gate::role("admin"));
        assert!(Gate::any([admin.clone(), member.clone()]).decide(&state, 0).is_open());
        assert!(!Gate::all([admin.clone(), member.clone()]).decide(&state, 0).is_open());
        assert!(Gate::not(admin).decide(&state, 0).is_open());
        assert!(!Gate::not(member).decide(&state, 0).is_open());
        assert!(Gate::all([]).decide(&state, 0).is_open());
        assert!(!Gate::any([]).decide(&state, 0).is_open());
    }

    #[test]
    fn a_claim_is_compared_as_it_is_written() {
        let mut state = signed_in(&[], "");
        if let State::SignedIn { claims, .. } = &mut state {
            let text = br#"{"text":"pro","whole":3,"part":2.50,"yes":true,"list":["a",7],"deep":[["a"]],"none":null}"#;
            std::sync::Arc::make_mut(claims).all = crate::json::parse(text).unwrap();
        }
        let is = |name: &str, value: &str| Gate::claim(name, value).decide(&state, 0).is_open();
        assert!(is("text", "pro") && is("whole", "3") && is("part", "2.50") && is("yes", "true"));
        assert!(is("list", "a") && is("list", "7"));
        for (name, value) in
            [("text", "Pro"), ("whole", "3.0"), ("part", "2.5"), ("deep", "a"), ("none", "null"), ("missing", "")]
        {
            assert!(!is(name, value), "{name}={value}");
        }
    }

    #[test]
    fn c33_unknown_and_signed_out_open_nothing_not_even_a_not() {
        for state in [State::Unknown, State::SigningIn, State::SignedOut { reason: Reason::Expired }] {
            for gate in [Gate::all([]), Gate::not(Gate::role("admin")), Gate::role("admin")] {
                assert!(!gate.decide(&state, 0).is_open(), "{gate:?} in {state:?}");
            }
        }
    }

    #[test]
    fn c33_claims_with_a_wrong_signature_open_nothing() {
        let mut state = signed_in(&["admin"], "");
        if let State::SignedIn { claims, .. } = &mut state {
            std::sync::Arc::make_mut(claims).provenance.verification = Verification::Failed;
        }
        assert_eq!(Gate::role("admin").decide(&state, 0), Decision::Closed { why: Why::NotGenuine });
    }
}
