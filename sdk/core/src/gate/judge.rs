//! Does a condition hold? Three-valued: what is not known is neither true nor false, and opens nothing (C33).

use crate::claims::Claims;
use crate::gate::{Decision, Gate, Why};
use crate::json::Value;
use crate::state::Standing;
use crate::time::UnixMillis;

/// What a gate is judged by.
pub(super) struct Facts<'a> {
    claims: &'a Claims,
    now: UnixMillis,
    /// Events may have been missed.
    is_doubtful: bool,
}

/// Whether a condition holds, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    True,
    False(Why),
    /// False, and the user can change that by authenticating again.
    Reachable(Why, Wish),
    Unknown(Why),
}

/// What a new authentication has to bring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    acr_values: Option<String>,
    max_age: Option<u32>,
}

impl<'a> Facts<'a> {
    pub fn new(claims: &'a Claims, standing: Standing, now: UnixMillis) -> Self {
        Self { claims, now, is_doubtful: matches!(standing, Standing::Unverified { .. }) }
    }

    /// Milliseconds since the server said all this; none if the device's clock was set back.
    fn age(&self) -> Option<i64> {
        Some(self.now.saturating_sub(self.claims.provenance.received_at)).filter(|age| *age >= 0)
    }

    /// Milliseconds since the user authenticated, by the server's clock.
    fn signed_in_for(&self) -> Option<i64> {
        let at = self.claims.authenticated_at?.saturating_mul(1000);
        let server_now = self.claims.provenance.server_time.saturating_add(self.age()?);
        Some(server_now.saturating_sub(at).max(0))
    }
}

impl Gate {
    pub(super) fn judge(&self, facts: &Facts<'_>) -> Judgement {
        let claims = facts.claims;
        let held = |is_held: bool, why: fn(String) -> Why, name: &str| {
            if is_held { Judgement::True } else { Judgement::False(why(name.to_owned())) }
        };
        match self {
            Self::Role(role) => held(claims.has_role(role), Why::MissingRole, role),
            Self::Scope(scope) => held(claims.has_scope(scope), Why::MissingScope, scope),
            Self::Permission(name) => held(claims.has_permission(name), Why::MissingPermission, name),
            Self::Claim { name, value } => {
                held(claims.all.member(name).is_some_and(|claim| is(claim, value)), Why::OtherClaim, name)
            }
            Self::FreshWithin(within) => match facts.age() {
                _ if facts.is_doubtful => Judgement::Unknown(Why::Unconfirmed),
                None => Judgement::Unknown(Why::Unconfirmed),
                Some(age) if age < millis(*within) => Judgement::True,
                Some(_) => Judgement::False(Why::TooOld(*within)),
            },
            Self::Assurance(level) => {
                if claims.assurance.as_ref() == Some(level) || claims.methods.contains(level) {
                    return Judgement::True;
                }
                let wish = Wish { acr_values: Some(level.clone()), max_age: None };
                Judgement::Reachable(Why::MissingAssurance(level.clone()), wish)
            }
            Self::SignedInWithin(within) => match facts.signed_in_for() {
                None => Judgement::Unknown(Why::SignInTimeUnknown),
                Some(age) if age < millis(*within) => Judgement::True,
                Some(_) => {
                    let wish = Wish { acr_values: None, max_age: Some(*within) };
                    Judgement::Reachable(Why::SignedInTooLongAgo(*within), wish)
                }
            },
            Self::All(gates) => gates.iter().map(|gate| gate.judge(facts)).fold(Judgement::True, Judgement::and),
            Self::Any(gates) => gates
                .iter()
                .map(|gate| gate.judge(facts))
                .reduce(Judgement::or)
                .unwrap_or(Judgement::False(Why::Excluded)),
            Self::Not(gate) => match gate.judge(facts) {
                Judgement::True => Judgement::False(Why::Excluded),
                Judgement::False(_) | Judgement::Reachable(..) => Judgement::True,
                unknown @ Judgement::Unknown(_) => unknown,
            },
        }
    }

    /// The nearest moment at which an age passes its limit.
    pub(super) fn next_change(&self, facts: &Facts<'_>) -> Option<UnixMillis> {
        let after = |age: Option<i64>, within: u32| {
            age.map(|age| millis(within) - age).filter(|left| *left > 0).map(|left| facts.now.saturating_add(left))
        };
        match self {
            Self::FreshWithin(within) => after(facts.age(), *within),
            Self::SignedInWithin(within) => after(facts.signed_in_for(), *within),
            Self::All(gates) | Self::Any(gates) => gates.iter().filter_map(|gate| gate.next_change(facts)).min(),
            Self::Not(gate) => gate.next_change(facts),
            _ => None,
        }
    }
}

impl Judgement {
    /// False is stronger than unknown; what authenticating again does not mend is told first.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False(why), _) => Self::False(why),
            (_, Self::False(why)) => Self::False(why),
            (Self::Reachable(why, one), Self::Reachable(_, other)) => Self::Reachable(why, one.and(other)),
            (Self::Reachable(why, wish), _) | (_, Self::Reachable(why, wish)) => Self::Reachable(why, wish),
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            (Self::True, Self::True) => Self::True,
        }
    }

    /// True is stronger than unknown, and unknown than false; among the false, what can be mended is told.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::Unknown(why), _) | (_, Self::Unknown(why)) => Self::Unknown(why),
            (Self::Reachable(why, wish), _) | (_, Self::Reachable(why, wish)) => Self::Reachable(why, wish),
            (Self::False(why), Self::False(_)) => Self::False(why),
        }
    }
}

impl Wish {
    fn and(self, other: Self) -> Self {
        let max_age = [self.max_age, other.max_age].into_iter().flatten().min();
        Self { acr_values: self.acr_values.or(other.acr_values), max_age }
    }
}

impl From<Judgement> for Decision {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::True => Self::Open,
            Judgement::False(why) | Judgement::Unknown(why) => Self::Closed { why },
            Judgement::Reachable(why, Wish { acr_values, max_age }) => Self::StepUp { why, acr_values, max_age },
        }
    }
}

fn is(claim: &Value, value: &str) -> bool {
    match claim {
        Value::Text(text) => text == value,
        Value::Bool(bool) => bool.to_string() == value,
        Value::Integer(number) => number.to_string() == value,
        Value::List(items) => items.iter().any(|item| !matches!(item, Value::List(_)) && is(item, value)),
        Value::Float(number) => number.as_str() == value,
        Value::Null | Value::Object(_) => false,
    }
}

fn millis(seconds: u32) -> i64 {
    i64::from(seconds) * 1000
}
