//! How does an application check tokens that are not its session's own? By WebCrypto, and each once while it is good.

use std::cell::RefCell;
use std::sync::Arc;

use countersign_core::jwt::{self, Key, KeySet, Policy, Refusal, Step, Verified};

use crate::platform::{crypto, page};

/// Checks tokens under one policy and with one key set, such as ID tokens, events or licences. The session's own token is
/// checked by itself: [`Provenance`](countersign_core::Provenance) says what came of it.
///
/// Times are judged by the device's clock. Up to 64 verified tokens are remembered, each as a whole, for this policy and
/// these keys; when one of them comes again, only its time is judged.
///
/// ```no_run
/// use countersign::Verifier;
/// use countersign::core::jwt::{Kind, KeySet, Policy};
///
/// # async fn run(key_set: &[u8], id_token: &str) -> Option<()> {
/// let policy = Policy::new(Kind::IdToken, "https://auth.example.com").with_audience("demo");
/// let verifier = Verifier::new(policy, KeySet::read(key_set)?);
/// let token = verifier.verify(id_token).await.ok()?;
/// let email = token.claims().member("email");
/// # Some(())
/// # }
/// ```
#[derive(Debug)]
pub struct Verifier(RefCell<jwt::Verifier>);

impl Verifier {
    pub fn new(policy: Policy, keys: KeySet) -> Self {
        Self(RefCell::new(jwt::Verifier::new(policy, keys)))
    }

    /// The keys of the set that this browser can use.
    pub async fn usable_keys(&self) -> Vec<Key> {
        let keys = self.0.borrow().keys().clone();
        crypto::importable(&keys).await
    }

    /// Checks a token from text to signature (RFC 7519 §7.2, RFC 8725 §3).
    ///
    /// # Errors
    /// The first [`Refusal`], which becomes an [`Error`](countersign_core::Error) with a stable code by `into`.
    pub async fn verify(&self, token: &str) -> Result<Arc<Verified>, Refusal> {
        let open = match self.0.borrow().open(token, page::now())? {
            Step::Known(token) => return Ok(token),
            Step::Open(open) => open,
        };
        let outcome = crypto::verify(&open.check).await;
        self.0.borrow_mut().close(*open, outcome)
    }
}
