//! Which parts of the UI may this user see? For the user's convenience only: **the server decides**, and checks
//! again on every request. Hiding a button protects nothing.

use crate::claims::{Claims, Verification};
use crate::state::State;

/// A condition on claims that shows or hides UI. The server always enforces again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    Role(String),
    Scope(String),
    /// Open when every one is; open when empty.
    All(Vec<Gate>),
    /// Open when at least one is; closed when empty.
    Any(Vec<Gate>),
    Not(Box<Gate>),
}

/// What a gate says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Open,
    Closed { why: Why },
}

/// Why a gate is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing is established yet. Unknown is not open.
    NotKnownYet,
    SignedOut,
    MissingRole(String),
    MissingScope(String),
    /// The token's signature is wrong: its claims count for nothing.
    NotGenuine,
    /// A `not` found what it excludes, or an `any` was empty.
    Excluded,
}

impl Gate {
    pub fn role(role: impl Into<String>) -> Self {
        Self::Role(role.into())
    }

    pub fn scope(scope: impl Into<String>) -> Self {
        Self::Scope(scope.into())
    }

    pub fn all(gates: impl IntoIterator<Item = Gate>) -> Self {
        Self::All(gates.into_iter().collect())
    }

    pub fn any(gates: impl IntoIterator<Item = Gate>) -> Self {
        Self::Any(gates.into_iter().collect())
    }

    /// Open when `gate` is closed *for a known reason*: without claims a `not` is closed too.
    #[allow(clippy::should_implement_trait, reason = "a constructor beside `all` and `any`, not an operator")]
    pub fn not(gate: Gate) -> Self {
        Self::Not(Box::new(gate))
    }

    /// What the gate says of a state. Anything that is not a signed-in user with genuine claims closes every gate.
    pub fn decide(&self, state: &State) -> Decision {
        match state {
            State::Unknown | State::SigningIn => Decision::Closed { why: Why::NotKnownYet },
            State::SignedOut { .. } => Decision::Closed { why: Why::SignedOut },
            State::SignedIn { claims, .. } if claims.provenance.verification == Verification::Failed => {
                Decision::Closed { why: Why::NotGenuine }
            }
            State::SignedIn { claims, .. } => self.decide_claims(claims),
        }
    }

    fn decide_claims(&self, claims: &Claims) -> Decision {
        let closed_unless = |open, why| if open { Decision::Open } else { Decision::Closed { why } };
        match self {
            Self::Role(role) => closed_unless(claims.has_role(role), Why::MissingRole(role.clone())),
            Self::Scope(scope) => closed_unless(claims.has_scope(scope), Why::MissingScope(scope.clone())),
            Self::All(gates) => {
                gates.iter().map(|gate| gate.decide_claims(claims)).find(|one| !one.is_open()).unwrap_or(Decision::Open)
            }
            Self::Any(gates) => {
                let mut decisions = gates.iter().map(|gate| gate.decide_claims(claims));
                let Some(first) = decisions.next() else { return Decision::Closed { why: Why::Excluded } };
                if first.is_open() || decisions.any(|one| one.is_open()) { Decision::Open } else { first }
            }
            Self::Not(gate) => closed_unless(!gate.decide_claims(claims).is_open(), Why::Excluded),
        }
    }
}

impl Decision {
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

impl Why {
    /// A sentence that a UI can show.
    pub fn sentence(&self) -> String {
        match self {
            Self::NotKnownYet => "Checking whether you are signed in.".to_owned(),
            Self::SignedOut => "Sign in to see this.".to_owned(),
            Self::MissingRole(role) => format!("This needs the role {role}, which you do not have."),
            Self::MissingScope(scope) => format!("This needs the permission {scope}, which you do not have."),
            Self::NotGenuine => "Your token did not come from the server, so nothing in it counts.".to_owned(),
            Self::Excluded => "This is not meant for your account.".to_owned(),
        }
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
        assert!(Gate::role("admin").decide(&state).is_open());
        assert_eq!(
            Gate::scope("reports:write").decide(&state),
            Decision::Closed { why: Why::MissingScope("reports:write".into()) }
        );
    }

    #[test]
    fn all_any_and_not_combine() {
        let state = signed_in(&["member"], "reports:read");
        let (member, admin) = (Gate::role("member"), Gate::role("admin"));
        assert!(Gate::any([admin.clone(), member.clone()]).decide(&state).is_open());
        assert!(!Gate::all([admin.clone(), member.clone()]).decide(&state).is_open());
        assert!(Gate::not(admin).decide(&state).is_open());
        assert!(!Gate::not(member).decide(&state).is_open());
        assert!(Gate::all([]).decide(&state).is_open());
        assert!(!Gate::any([]).decide(&state).is_open());
    }

    #[test]
    fn c33_unknown_and_signed_out_open_nothing_not_even_a_not() {
        for state in [State::Unknown, State::SigningIn, State::SignedOut { reason: Reason::Expired }] {
            for gate in [Gate::all([]), Gate::not(Gate::role("admin")), Gate::role("admin")] {
                assert!(!gate.decide(&state).is_open(), "{gate:?} in {state:?}");
            }
        }
    }

    #[test]
    fn c33_claims_with_a_wrong_signature_open_nothing() {
        let mut state = signed_in(&["admin"], "");
        if let State::SignedIn { claims, .. } = &mut state {
            std::sync::Arc::make_mut(claims).provenance.verification = Verification::Failed;
        }
        assert_eq!(Gate::role("admin").decide(&state), Decision::Closed { why: Why::NotGenuine });
    }
}
