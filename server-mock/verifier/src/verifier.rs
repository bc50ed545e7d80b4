//! What a resource server keeps in memory, and the one question it asks of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use jwt_compact::jwk::JsonWebKey;
use sha2::{Digest, Sha256};

use crate::{
    cache::Cache,
    feed::Feed,
    table::{Event, Table, Target, Verdict},
    token::{self, AccessClaims, VerifyingKey},
};

/// How many checked signatures are remembered in each of the cache's two generations.
const CACHE_CAPACITY: usize = 10_000;

/// How far the issuer's clock may be ahead of ours before its tokens look as if made in the future.
const CLOCK_TOLERANCE: u64 = 60;

/// What a token must say to be ours.
#[derive(Debug, Clone)]
pub struct Expected {
    /// `iss`, exactly.
    pub issuer: String,
    /// `aud`, exactly: the name of this API.
    pub audience: String,
}

/// A token that passed every check.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What it says.
    pub claims: Arc<AccessClaims>,
    /// What the check of its signature cost.
    pub check: Check,
}

/// How the signature was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Now, with the key.
    Verified,
    /// Earlier: the very same token was found in the cache.
    Cached,
}

/// Why a token does not pass.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// Not an access token of this issuer for this API. The text names the check and holds nothing of the token.
    Malformed(&'static str),
    /// It has ended.
    Expired,
    /// An event ended its session, its user's sessions, its client's or everybody's.
    Revoked(Arc<AccessClaims>),
    /// A right changed after it was made: a renewed one will do.
    Stale(Arc<AccessClaims>),
    /// It is good, but lacks the scope that is asked for.
    InsufficientScope(Arc<AccessClaims>),
    /// It is good as far as memory reaches, but the feed is silent: ask the store, or refuse.
    Blind(Accepted),
}

/// Everything a check needs, in memory. Share it behind an `Arc`; all methods take `&self`.
#[derive(Debug)]
pub struct Verifier {
    expected: Expected,
    keys: RwLock<HashMap<String, VerifyingKey>>,
    cache: Mutex<Cache>,
    table: RwLock<Table>,
    feed: Mutex<Feed>,
}

impl Verifier {
    /// A verifier without keys and without a snapshot: it accepts nothing yet.
    pub fn new(expected: Expected) -> Self {
        Verifier {
            expected,
            keys: RwLock::default(),
            cache: Mutex::new(Cache::new(CACHE_CAPACITY)),
            table: RwLock::default(),
            feed: Mutex::default(),
        }
    }

    /// Decides about a bearer token; `scope`, if given, must be among the token's own.
    pub fn check(&self, now: Duration, token: &str, scope: Option<&str>) -> Result<Accepted, Refusal> {
        let accepted = self.check_signature(token)?;
        let claims = &accepted.claims;
        if claims.iss != self.expected.issuer {
            return Err(Refusal::Malformed("the issuer is another one"));
        }
        if claims.aud != self.expected.audience {
            return Err(Refusal::Malformed("the token is meant for another audience"));
        }
        if now.as_secs() >= claims.exp {
            return Err(Refusal::Expired);
        }
        if claims.iat > now.as_secs() + CLOCK_TOLERANCE {
            return Err(Refusal::Malformed("the token was made in the future"));
        }
        match read(&self.table).verdict(target(claims), claims.ep) {
            Some(Verdict::Revoked) => return Err(Refusal::Revoked(claims.clone())),
            Some(Verdict::Stale) => return Err(Refusal::Stale(claims.clone())),
            None => {}
        }
        if scope.is_some_and(|scope| !claims.scope.split(' ').any(|own| own == scope)) {
            return Err(Refusal::InsufficientScope(claims.clone()));
        }
        if self.is_blind(now) {
            return Err(Refusal::Blind(accepted));
        }
        Ok(accepted)
    }

    /// Replaces the issuer's keys. Tokens of a key that is gone are refused from now on, remembered or not.
    ///
    /// Keys that are not P-256 are left out.
    pub fn set_keys<'a>(&self, keys: impl IntoIterator<Item = (String, &'a JsonWebKey<'a>)>) {
        let keys: HashMap<_, _> =
            keys.into_iter().filter_map(|(id, key)| Some((id, VerifyingKey::try_from(key).ok()?))).collect();
        let mut current = write(&self.keys);
        lock(&self.cache).retain_keys(|id| keys.contains_key(id));
        *current = keys;
    }

    /// Begins, or begins again after a gap: every event that may still hit a living credential, and the log's last
    /// number.
    pub fn load_snapshot<'a>(&self, now: Duration, events: impl IntoIterator<Item = &'a Event>, last_number: u64) {
        let mut table = write(&self.table);
        table.clear();
        events.into_iter().for_each(|event| table.apply(event));
        lock(&self.feed).snapshot(now, last_number);
    }

    /// Takes in the next event. One that was heard before does no harm.
    pub fn handle_event(&self, now: Duration, event: &Event) {
        write(&self.table).apply(event);
        lock(&self.feed).event(now, event.number);
    }

    /// Takes in a heartbeat with the log's last number.
    pub fn handle_heartbeat(&self, now: Duration, last_number: u64) {
        lock(&self.feed).heartbeat(now, last_number);
    }

    /// Whether the feed is silent, has a gap or has not begun.
    pub fn is_blind(&self, now: Duration) -> bool {
        lock(&self.feed).is_blind(now)
    }

    /// The number of the last remembered event that touches this credential; 0 if there is none.
    pub fn last_event(&self, target: Target<'_>) -> u64 {
        read(&self.table).last_event(target)
    }

    /// Forgets events from before `horizon`, which must lie further back than the longest credential lives.
    pub fn prune(&self, horizon: Duration) {
        write(&self.table).prune(horizon);
    }

    fn check_signature(&self, token: &str) -> Result<Accepted, Refusal> {
        let hash = Sha256::digest(token.as_bytes()).into();
        if let Some(checked) = lock(&self.cache).find(&hash) {
            return Ok(Accepted { claims: checked.claims.clone(), check: Check::Cached });
        }
        // The keys stay locked until the entry is made, so that a key taken away meanwhile leaves none behind.
        let keys = read(&self.keys);
        let checked = Arc::new(token::verify(token, &keys).map_err(Refusal::Malformed)?);
        let claims = checked.claims.clone();
        lock(&self.cache).insert(hash, checked);
        Ok(Accepted { claims, check: Check::Verified })
    }
}

fn target(claims: &AccessClaims) -> Target<'_> {
    Target { sub: &claims.sub, sid: &claims.sid, client_id: &claims.client_id }
}

// Nothing in here panics while it holds a lock, so what a poisoned one guards is whole.

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
