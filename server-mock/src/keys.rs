//! With which keys does this server sign, and which should others accept?
//!
//! Three at most: the *next* one, published before its first use; the *current* one; the *last* one, published until every
//! token it signed has ended. They are made at the first start and live in the store.

use std::sync::{Arc, PoisonError, RwLock};

use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::{
    Algorithm, AlgorithmExt, Claims, Header,
    alg::{self, Es256},
    jwk::JsonWebKey,
};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    model::Time,
    state::Random,
    store::{Answer, ServerSecret, Store, Transaction, Unavailable},
};

type SigningKey = <Es256 as Algorithm>::SigningKey;

/// How long others may keep the key set, in seconds; the last key stays this much longer than its tokens.
pub const KEY_SET_MAX_AGE: i64 = 300;

const NEXT: &str = "key-next";
const CURRENT: &str = "key-current";
const LAST: &str = "key-last";

/// The keys, as every request finds them.
#[derive(Debug, Default)]
pub struct Keys(RwLock<Arc<Ring>>);

#[derive(Default)]
struct Ring {
    made_of: Vec<(String, String)>,
    current: Option<(String, SigningKey)>,
    published: Vec<(String, JsonWebKey<'static>)>,
    document: String,
    entity_tag: String,
}

/// When keys take turns.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    /// Milliseconds a key signs; 0 for ever.
    pub every: i64,
    /// Milliseconds the last key is still published.
    pub overlap: i64,
}

impl Keys {
    /// Reads the keys, makes those that are missing, and lets them take turns where it is time. True if they changed.
    pub async fn refresh(&self, store: &dyn Store, random: &Random, now: Time, rotation: Rotation) -> Answer<bool> {
        let mut transaction = store.read().await?;
        let mut stored = load(&mut *transaction).await?;
        drop(transaction);
        if is_due(&stored, now, rotation) {
            let mut transaction = store.write().await?;
            turn(&mut *transaction, random, now, rotation).await?;
            stored = load(&mut *transaction).await?;
            transaction.commit().await?;
        }
        self.hold(&stored)
    }

    /// Lets the keys take turns now, whatever their age.
    pub async fn rotate(&self, store: &dyn Store, random: &Random, now: Time) -> Answer<()> {
        let mut transaction = store.write().await?;
        let stored = load(&mut *transaction).await?;
        take_turns(&mut *transaction, stored, random, now).await?;
        let stored = load(&mut *transaction).await?;
        transaction.commit().await?;
        self.hold(&stored).map(drop)
    }

    /// True if they are others than before. Public keys are derived only then: it costs a thousand times a look.
    fn hold(&self, stored: &Stored) -> Answer<bool> {
        if self.ring().made_of == stored.names() {
            return Ok(false);
        }
        let ring = Ring::new(stored)?;
        let changed = ring.document != self.ring().document;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(changed)
    }

    /// Signs a JWT of this `typ` with the current key.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> String {
        let ring = self.ring();
        let (key_id, key) = ring.current.as_ref().expect("State::new has made the keys before any request");
        let header = Header::empty().with_key_id(key_id).with_token_type(typ);
        Es256.token(&header, &Claims::new(claims), key).expect("claims are plain data with string keys")
    }

    /// Signs with a key that was never published, under whatever name: for faults.
    pub fn sign_as_stranger(&self, random: &Random, key_id: &str, typ: &str, claims: &impl Serialize) -> String {
        let stranger = new_key(NEXT, random, Time(0));
        let key = <SigningKey as alg::SigningKey<Es256>>::from_slice(&stranger.value).expect("made as a valid key");
        let header = Header::empty().with_key_id(key_id).with_token_type(typ);
        Es256.token(&header, &Claims::new(claims), &key).expect("claims are plain data with string keys")
    }

    /// The JWK set as JSON, and its entity tag.
    pub fn document(&self) -> (String, String) {
        let ring = self.ring();
        (ring.document.clone(), ring.entity_tag.clone())
    }

    /// Hands the published keys to a verifier.
    pub fn publish_to(&self, verifier: &countersign_verifier::Verifier) {
        let ring = self.ring();
        verifier.set_keys(ring.published.iter().map(|(id, key)| (id.clone(), key)));
    }

    fn ring(&self) -> Arc<Ring> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ring {
    fn new(stored: &Stored) -> Answer<Ring> {
        let mut ring = Ring { made_of: stored.names(), ..Ring::default() };
        let mut members = Vec::new();
        for secret in stored.all() {
            let key = <SigningKey as alg::SigningKey<Es256>>::from_slice(&secret.value)
                .map_err(|_| Unavailable("a signing key is damaged".into()))?;
            let jwk = own(JsonWebKey::from(key.verifying_key()))?;
            members.push(public_member(&secret.name, &jwk));
            ring.published.push((secret.name.clone(), jwk));
            if secret.kind == CURRENT {
                ring.current = Some((secret.name.clone(), key));
            }
        }
        ring.document = json!({"keys": members}).to_string();
        let digest = Sha256::digest(ring.document.as_bytes());
        ring.entity_tag = format!("\"{}\"", Base64UrlUnpadded::encode_string(&digest[..12]));
        Ok(ring)
    }
}

struct Stored {
    last: Option<ServerSecret>,
    current: Option<ServerSecret>,
    next: Option<ServerSecret>,
}

impl Stored {
    fn all(&self) -> impl Iterator<Item = &ServerSecret> {
        self.current.iter().chain(&self.next).chain(&self.last)
    }

    /// Which key has which part. A key never changes under its name.
    fn names(&self) -> Vec<(String, String)> {
        self.all().map(|secret| (secret.kind.clone(), secret.name.clone())).collect()
    }
}

async fn load(transaction: &mut dyn Transaction) -> Answer<Stored> {
    Ok(Stored {
        last: transaction.secrets(LAST).await?.pop(),
        current: transaction.secrets(CURRENT).await?.pop(),
        next: transaction.secrets(NEXT).await?.pop(),
    })
}

fn is_due(stored: &Stored, now: Time, rotation: Rotation) -> bool {
    let is_missing = stored.current.is_none() || stored.next.is_none();
    is_missing || has_served(&stored.current, now, rotation) || is_over(&stored.last, now, rotation)
}

fn has_served(current: &Option<ServerSecret>, now: Time, rotation: Rotation) -> bool {
    rotation.every > 0 && current.as_ref().is_some_and(|key| now.0 - key.since.0 >= rotation.every)
}

fn is_over(last: &Option<ServerSecret>, now: Time, rotation: Rotation) -> bool {
    last.as_ref().is_some_and(|key| now.0 - key.since.0 >= rotation.overlap)
}

/// Decides anew inside the writing transaction: another instance may have been first.
async fn turn(transaction: &mut dyn Transaction, random: &Random, now: Time, rotation: Rotation) -> Answer<()> {
    let mut stored = load(transaction).await?;
    if is_over(&stored.last, now, rotation) {
        remove(transaction, stored.last.take()).await?;
    }
    if has_served(&stored.current, now, rotation) {
        return take_turns(transaction, stored, random, now).await;
    }
    if stored.current.is_none() {
        transaction.save_secret(&new_key(CURRENT, random, now)).await?;
    }
    if stored.next.is_none() {
        transaction.save_secret(&new_key(NEXT, random, now)).await?;
    }
    Ok(())
}

/// The next key signs from now on, the one before it is the last, and a new one is published.
async fn take_turns(transaction: &mut dyn Transaction, stored: Stored, random: &Random, now: Time) -> Answer<()> {
    remove(transaction, stored.last).await?;
    if let (Some(current), Some(next)) = (stored.current, stored.next) {
        transaction.save_secret(&ServerSecret { kind: LAST.into(), since: now, ..current }).await?;
        transaction.save_secret(&ServerSecret { kind: CURRENT.into(), since: now, ..next }).await?;
    }
    transaction.save_secret(&new_key(NEXT, random, now)).await
}

async fn remove(transaction: &mut dyn Transaction, key: Option<ServerSecret>) -> Answer<()> {
    match key {
        Some(key) => transaction.delete_secret(&key.name).await,
        None => Ok(()),
    }
}

fn new_key(kind: &str, random: &Random, now: Time) -> ServerSecret {
    loop {
        // All but one in 2^32 draws are valid scalars of P-256.
        let bytes = random.bytes();
        if <SigningKey as alg::SigningKey<Es256>>::from_slice(&bytes).is_ok() {
            return ServerSecret { name: random.id(), kind: kind.into(), value: bytes.to_vec(), since: now };
        }
    }
}

fn own(jwk: JsonWebKey<'_>) -> Answer<JsonWebKey<'static>> {
    let text = serde_json::to_value(&jwk).map_err(|error| Unavailable(error.to_string()))?;
    serde_json::from_value(text).map_err(|error| Unavailable(error.to_string()))
}

fn public_member(key_id: &str, jwk: &JsonWebKey<'_>) -> Value {
    let mut member = serde_json::to_value(jwk.to_verifying_key()).unwrap_or_default();
    if let Some(members) = member.as_object_mut() {
        members.insert("use".into(), "sig".into());
        members.insert("alg".into(), "ES256".into());
        members.insert("kid".into(), key_id.into());
    }
    member
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Ring({} published)", self.published.len())
    }
}
