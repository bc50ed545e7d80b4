//! Is this the password? Argon2id in a bounded pool of its own, so that many sign-ins leave the other routes alone.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{self, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{
    config::{Config, PasswordCost},
    error::Error,
    model::User,
};

/// Longer ones are refused before they are hashed. Shorter ones are never cut (S20).
pub const LONGEST_PASSWORD: usize = 1024;

#[derive(Debug)]
pub struct Passwords {
    workers: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
    /// What an unknown user's password is compared with, at the cost of a known one's.
    decoy: String,
}

impl Passwords {
    /// A pool for these users: what an unknown name costs is what the first of them does.
    pub fn new(users: &[User], config: &Config) -> Result<Passwords, password_hash::Error> {
        let cost = users.first().and_then(|user| cost_of(&user.password_hash)).unwrap_or(config.password_cost);
        let decoy = hash("no user has this password", &cost, b"a salt for nobody")?;
        let workers = Arc::new(Semaphore::new(config.password_workers));
        Ok(Passwords { workers, waiting: Arc::default(), queue: config.password_queue, decoy })
    }

    /// Whether `password` is the one behind `hash`; without a hash the same work is done, and the answer is no.
    ///
    /// # Errors
    /// `temporarily_unavailable` if too many are waiting already.
    pub async fn verify(&self, hash: Option<&str>, password: String) -> Result<bool, Error> {
        let is_known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy).to_owned();
        let _place = Place::take(&self.waiting, self.queue).ok_or_else(|| Error::unavailable(1))?;
        let _worker = self.workers.acquire().await.expect("the semaphore is never closed");
        let matches = tokio::task::spawn_blocking(move || matches(&hash, &password)).await.unwrap_or(false);
        Ok(matches && is_known)
    }
}

/// Makes the PHC string of a password.
pub fn hash(password: &str, cost: &PasswordCost, salt: &[u8]) -> password_hash::Result<String> {
    let params =
        Params::new(cost.memory_kib, cost.iterations, 1, None).map_err(|_| password_hash::Error::ParamsInvalid)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2.hash_password_with_salt(password.as_bytes(), salt)?.to_string())
}

fn cost_of(hash: &str) -> Option<PasswordCost> {
    let params = Params::try_from(&PasswordHash::new(hash).ok()?).ok()?;
    Some(PasswordCost { memory_kib: params.m_cost(), iterations: params.t_cost() })
}

fn matches(hash: &str, password: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A place in the queue, given back on drop, also when the request is abandoned.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, queue: usize) -> Option<Place> {
        let before = waiting.fetch_add(1, Ordering::SeqCst);
        let place = Place(waiting.clone());
        (before < queue).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
