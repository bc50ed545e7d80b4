//! Is this signature right? Answered by jwt-compact, where a browser would ask WebCrypto.

use countersign_core::effect::SignatureCheck;
use countersign_core::input::VerifyOutcome;
use countersign_core::jwt::Algorithm;
use jwt_compact::alg::Es256;
use jwt_compact::jwk::JsonWebKey;
use jwt_compact::{Algorithm as _, AlgorithmSignature};

type Key = <Es256 as jwt_compact::Algorithm>::VerifyingKey;
type Signature = <Es256 as jwt_compact::Algorithm>::Signature;

pub(crate) fn check(check: &SignatureCheck) -> VerifyOutcome {
    if check.algorithm != Algorithm::Es256 {
        return VerifyOutcome::Unsupported;
    }
    let Ok(jwk) = serde_json::from_str::<JsonWebKey<'_>>(&check.key) else { return VerifyOutcome::Unsupported };
    let Ok(key) = Key::try_from(&jwk) else { return VerifyOutcome::Unsupported };
    let Ok(signature) = Signature::try_from_slice(&check.signature) else { return VerifyOutcome::Wrong };
    if Es256.verify_signature(&signature, &key, &check.message) { VerifyOutcome::Right } else { VerifyOutcome::Wrong }
}
