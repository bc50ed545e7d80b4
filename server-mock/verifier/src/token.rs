//! Is this text an access token that one of the issuer's keys has signed?
//!
//! RFC 9068 and RFC 8725: ES256 and `at+jwt` or nothing; the header may name its key and not a thing more, so that
//! `crit`, `jwk`, `jku` and their kin are refused without a list of them.

use std::collections::HashMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::{Algorithm, AlgorithmSignature, alg::Es256};
use serde::{Deserialize, Serialize};

pub(crate) type VerifyingKey = <Es256 as Algorithm>::VerifyingKey;

/// Longer tokens are refused before anything is decoded.
const LONGEST: usize = 8 * 1024;

/// The members of an access token. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who issued it.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The API it is meant for.
    pub aud: String,
    /// When it ends.
    pub exp: u64,
    /// When it was made.
    pub iat: u64,
    /// Its own name.
    pub jti: String,
    /// The application it was given to.
    pub client_id: String,
    /// The session it belongs to.
    pub sid: String,
    /// The number of the last event in the log when it was made.
    pub ep: u64,
    /// The user's roles.
    pub roles: Vec<String>,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// When the user last proved who they are.
    pub auth_time: u64,
}

/// Claims whose signature was checked with the key of that name.
#[derive(Debug)]
pub(crate) struct Checked {
    pub key_id: String,
    pub claims: std::sync::Arc<AccessClaims>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

pub(crate) fn verify(token: &str, keys: &HashMap<String, VerifyingKey>) -> Result<Checked, &'static str> {
    if token.len() > LONGEST {
        return Err("the token is too long");
    }
    let (signed, signature) = token.rsplit_once('.').ok_or("the token has not three parts")?;
    let (header, claims) = signed.split_once('.').ok_or("the token has not three parts")?;

    let header: Header = json(header).ok_or("the header is not that of an access token")?;
    if header.alg != "ES256" {
        return Err("the algorithm is not ES256");
    }
    if header.typ != "at+jwt" {
        return Err("the token is of another kind");
    }
    let key = keys.get(&header.kid).ok_or("the key is unknown")?;

    let signature = Base64UrlUnpadded::decode_vec(signature).map_err(|_| "the signature is not base64url")?;
    let signature =
        <Es256 as Algorithm>::Signature::try_from_slice(&signature).map_err(|_| "the signature is malformed")?;
    if !Es256.verify_signature(&signature, key, signed.as_bytes()) {
        return Err("the signature does not match");
    }
    let claims: AccessClaims = json(claims).ok_or("the claims are not those of an access token")?;
    Ok(Checked { key_id: header.kid, claims: claims.into() })
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    let bytes = Base64UrlUnpadded::decode_vec(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}
