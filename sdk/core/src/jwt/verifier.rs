//! How are tokens checked that are not the session's own? Under one policy and one key set; a token that was verified is
//! remembered as a whole, and only its time is judged again (S17).

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::effect::SignatureCheck;
use crate::input::VerifyOutcome;
use crate::jwt::{Decoded, Examined, KeySet, Policy, Refusal, Untrusted, Verified};
use crate::time::UnixMillis;

/// More verified tokens than this are not remembered; the oldest is forgotten first.
const MOST_KNOWN: usize = 64;

/// Checks tokens in two steps, with a signature in between that the host computes.
pub struct Verifier {
    requirement: Arc<Requirement>,
    known: VecDeque<Known>,
}

/// All that a token is measured by. What was verified for one of them is worth nothing for another.
struct Requirement {
    policy: Policy,
    keys: KeySet,
}

struct Known {
    text: String,
    token: Arc<Verified>,
}

/// What a text turned out to be.
#[derive(Debug)]
pub enum Step {
    /// It was verified before, and is still good.
    Known(Arc<Verified>),
    /// All is right but for the signature, which has to be computed.
    Open(Box<Open>),
}

/// A token whose signature is still to be checked.
pub struct Open {
    requirement: Arc<Requirement>,
    text: String,
    token: Examined,
    key_id: Option<String>,
    /// What the host has to compute.
    pub check: SignatureCheck,
}

impl Open {
    /// What the token says, if its signature is right.
    pub fn decoded(&self) -> Decoded {
        self.token.decoded()
    }

    /// The `kid` of the key that has to vouch for it.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

impl Verifier {
    pub fn new(policy: Policy, keys: KeySet) -> Self {
        Self { requirement: Arc::new(Requirement { policy, keys }), known: VecDeque::new() }
    }

    pub fn keys(&self) -> &KeySet {
        &self.requirement.keys
    }

    /// Checks all that needs no signature. `now` is the server's time.
    ///
    /// # Errors
    /// The first [`Refusal`].
    pub fn open(&self, text: &str, now: UnixMillis) -> Result<Step, Refusal> {
        if let Some(token) = self.find(text) {
            self.requirement.policy.check_time(token.claims(), now)?;
            return Ok(Step::Known(Arc::clone(token)));
        }
        self.examine(text, now).map(Box::new).map(Step::Open)
    }

    /// The same without looking whether it is known: for a host that has an index of its own, with [`Verifier::recall`].
    ///
    /// # Errors
    /// The first [`Refusal`].
    pub fn examine(&self, text: &str, now: UnixMillis) -> Result<Open, Refusal> {
        let Requirement { policy, keys } = &*self.requirement;
        let token = policy.examine(Untrusted::parse(text)?, now)?;
        let key = token.key(keys)?;
        let (key_id, check) = (key.id.clone(), token.check_with(key));
        Ok(Open { requirement: Arc::clone(&self.requirement), text: text.to_owned(), token, key_id, check })
    }

    /// Judges the time of a token again that was verified here; none if it is not remembered.
    pub fn recall(&self, token: &Arc<Verified>, now: UnixMillis) -> Option<Result<(), Refusal>> {
        let is_known = self.known.iter().any(|known| Arc::ptr_eq(&known.token, token));
        is_known.then(|| self.requirement.policy.check_time(token.claims(), now))
    }

    /// Takes the host's answer to [`Open::check`].
    ///
    /// # Errors
    /// [`Refusal::Signature`], or [`Refusal::Unsupported`] where the host could not tell.
    pub fn close(&mut self, open: Open, outcome: VerifyOutcome) -> Result<Arc<Verified>, Refusal> {
        let is_ours = Arc::ptr_eq(&open.requirement, &self.requirement);
        let token = Arc::new(open.token.answered(open.key_id, outcome)?);
        if !is_ours {
            return Ok(token);
        }
        // It may have been verified twice at the same time.
        if let Some(known) = self.find(&open.text) {
            return Ok(Arc::clone(known));
        }
        self.known.truncate(MOST_KNOWN - 1);
        self.known.push_front(Known { text: open.text, token: Arc::clone(&token) });
        Ok(token)
    }

    /// Tokens of one issuer begin alike and end differently, so the end is compared first.
    fn find(&self, text: &str) -> Option<&Arc<Verified>> {
        let end = &text.as_bytes()[text.len().saturating_sub(16)..];
        let found = self.known.iter().find(|known| known.text.as_bytes().ends_with(end) && known.text == text);
        found.map(|known| &known.token)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verifier").field("policy", &self.requirement.policy).finish_non_exhaustive()
    }
}

/// The text of a token opens doors, so it is not printed.
impl fmt::Debug for Open {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Open").field("check", &self.check).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::Kind;
    use crate::jwt::testing::compact;

    const NOW: UnixMillis = 1_790_000_000_000;

    fn verifier(audience: &str) -> Verifier {
        let key = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}"}}]}}"#, "A".repeat(43));
        let policy = Policy::new(Kind::AccessToken, "https://auth.test").with_audience(audience);
        Verifier::new(policy, KeySet::read(key.as_bytes()).unwrap())
    }

    fn token(number: usize) -> String {
        compact(
            r#"{"alg":"EdDSA","typ":"at+jwt"}"#,
            &format!(
                r#"{{"iss":"https://auth.test","sub":"u","aud":["a","b"],"exp":1790000300,"iat":1790000000,"jti":"{number}"}}"#
            ),
        )
    }

    fn open(verifier: &Verifier, text: &str) -> Open {
        match verifier.open(text, NOW) {
            Ok(Step::Open(open)) => *open,
            other => panic!("{other:?}"),
        }
    }

    fn is_known(verifier: &Verifier, text: &str) -> bool {
        matches!(verifier.open(text, NOW), Ok(Step::Known(_)))
    }

    #[test]
    fn s17_a_verified_token_is_known_and_its_time_is_judged_again() {
        let (mut verifier, text) = (verifier("a"), token(1));
        let verified = verifier.close(open(&verifier, &text), VerifyOutcome::Right).unwrap();
        let Ok(Step::Known(again)) = verifier.open(&text, NOW) else { panic!("it is not known") };
        assert!(Arc::ptr_eq(&verified, &again));
        assert_eq!(verifier.open(&text, NOW + 360_000).unwrap_err(), Refusal::Expired);
        assert!(is_known(&verifier, &text));
        assert_eq!(verifier.recall(&verified, NOW), Some(Ok(())));
        assert_eq!(verifier.recall(&verified, NOW + 360_000), Some(Err(Refusal::Expired)));
        assert_eq!(self::verifier("a").recall(&verified, NOW), None, "verified elsewhere");
    }

    #[test]
    fn what_is_open_says_what_it_will_be() {
        let (verifier, text) = (verifier("a"), token(1));
        let open = open(&verifier, &text);
        assert_eq!((Ok(open.decoded()), open.key_id()), (Decoded::parse(&text), None));
    }

    #[test]
    fn s17_only_the_whole_token_under_the_same_requirement_is_known() {
        let (mut first, mut second, text) = (verifier("a"), verifier("b"), token(1));
        first.close(open(&first, &text), VerifyOutcome::Right).unwrap();
        assert!(!is_known(&second, &text), "another audience");
        for changed in [text.replace('.', "A."), format!("{text}A"), text[..text.len() - 1].to_owned(), token(2)] {
            assert!(!is_known(&first, &changed), "{changed}");
        }
        second.close(open(&first, &token(3)), VerifyOutcome::Right).unwrap();
        assert!(!is_known(&second, &token(3)) && !is_known(&first, &token(3)), "opened under another requirement");
    }

    #[test]
    fn a_token_that_is_verified_twice_at_once_is_one() {
        let (mut verifier, text) = (verifier("a"), token(1));
        let [one, other] = [open(&verifier, &text), verifier.examine(&text, NOW).unwrap()];
        let [one, other] = [one, other].map(|open| verifier.close(open, VerifyOutcome::Right).unwrap());
        assert!(Arc::ptr_eq(&one, &other));
        assert_eq!(verifier.known.len(), 1);
    }

    #[test]
    fn what_is_not_right_is_not_remembered() {
        let (mut verifier, text) = (verifier("a"), token(1));
        for (outcome, refusal) in
            [(VerifyOutcome::Wrong, Refusal::Signature), (VerifyOutcome::Unsupported, Refusal::Unsupported)]
        {
            assert_eq!(verifier.close(open(&verifier, &text), outcome), Err(refusal));
            assert!(!is_known(&verifier, &text));
        }
    }

    #[test]
    fn only_so_many_are_remembered_and_the_oldest_is_forgotten() {
        let mut verifier = verifier("a");
        for number in 0..=MOST_KNOWN {
            verifier.close(open(&verifier, &token(number)), VerifyOutcome::Right).unwrap();
            let twice = token(number);
            assert!(is_known(&verifier, &twice));
        }
        assert!(!is_known(&verifier, &token(0)) && is_known(&verifier, &token(1)));
        assert_eq!(verifier.known.len(), MOST_KNOWN);
    }
}
