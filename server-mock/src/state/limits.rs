//! How often may somebody guess? Token buckets for sign-in: by account and address, by address, and over all.
//!
//! An account alone is never a key: whoever could empty that bucket from afar could lock its owner out (S18).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use crate::{config::LoginLimits, model::Time};

/// More keys than this are not kept; those that were used longest ago go first.
const MOST_KEYS: usize = 50_000;

#[derive(Debug)]
pub struct Limits {
    limits: LoginLimits,
    buckets: Mutex<HashMap<Key, Bucket>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    AccountAndAddress(String, String),
    Address(String),
    Everybody,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled_at: Time,
}

impl Limits {
    pub fn new(limits: LoginLimits) -> Limits {
        Limits { limits, buckets: Mutex::default() }
    }

    /// Takes one guess from each bucket, or says how many seconds to wait.
    pub fn take(&self, now: Time, account: &str, address: Option<IpAddr>) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = self.keys(account, address);
        let mut wait: f64 = 0.0;
        for (key, per_minute) in &keys {
            wait = wait.max(level(&buckets, key, *per_minute, now).seconds_to_one(*per_minute));
        }
        if wait > 0.0 {
            return Err(wait.ceil() as u64);
        }
        for (key, per_minute) in keys {
            let mut bucket = level(&buckets, &key, per_minute, now);
            bucket.tokens -= 1.0;
            buckets.insert(key, bucket);
        }
        Ok(())
    }

    /// Gives the guess back: the password was right.
    pub fn refund(&self, now: Time, account: &str, address: Option<IpAddr>) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, per_minute) in self.keys(account, address) {
            let mut bucket = level(&buckets, &key, per_minute, now);
            bucket.tokens += 1.0;
            buckets.insert(key, bucket);
        }
    }

    /// Forgets the buckets that are full again.
    pub fn prune(&self, now: Time) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let is_short = |key: &Key, bucket: &Bucket| {
            let per_minute = self.rate(key);
            bucket.filled_up(per_minute, now).tokens < f64::from(per_minute)
        };
        buckets.retain(|key, bucket| is_short(key, bucket));
        if buckets.len() > MOST_KEYS {
            let mut ages: Vec<Time> = buckets.values().map(|bucket| bucket.filled_at).collect();
            let excess = buckets.len() - MOST_KEYS;
            let (_, newest_to_go, _) = ages.select_nth_unstable(excess);
            let horizon = *newest_to_go;
            buckets.retain(|_, bucket| bucket.filled_at > horizon);
        }
    }

    pub fn clear(&self) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The buckets that this guess draws from; a rate of 0 means no limit.
    fn keys(&self, account: &str, address: Option<IpAddr>) -> Vec<(Key, u32)> {
        let network = network(address);
        // A made-up name may be long; nobody's is.
        let account = account.chars().take(64).collect::<String>().to_lowercase();
        [Key::AccountAndAddress(account, network.clone()), Key::Address(network), Key::Everybody]
            .into_iter()
            .map(|key| (self.rate(&key), key))
            .filter(|(per_minute, _)| *per_minute > 0)
            .map(|(per_minute, key)| (key, per_minute))
            .collect()
    }

    fn rate(&self, key: &Key) -> u32 {
        match key {
            Key::AccountAndAddress(..) => self.limits.per_account_and_address,
            Key::Address(_) => self.limits.per_address,
            Key::Everybody => self.limits.overall,
        }
    }
}

/// An IPv6 subscriber holds 2^64 addresses, so the network is what counts.
fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}

fn level(buckets: &HashMap<Key, Bucket>, key: &Key, per_minute: u32, now: Time) -> Bucket {
    match buckets.get(key) {
        Some(bucket) => bucket.filled_up(per_minute, now),
        None => Bucket { tokens: f64::from(per_minute), filled_at: now },
    }
}

impl Bucket {
    /// A bucket holds a minute's worth and fills evenly.
    fn filled_up(self, per_minute: u32, now: Time) -> Bucket {
        let most = f64::from(per_minute);
        let elapsed = (now.0 - self.filled_at.0).max(0) as f64 / 60_000.0;
        Bucket { tokens: (self.tokens + elapsed * most).min(most), filled_at: now }
    }

    fn seconds_to_one(self, per_minute: u32) -> f64 {
        (1.0 - self.tokens).max(0.0) * 60.0 / f64::from(per_minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_790_000_000_000);

    fn limits(per_account_and_address: u32, per_address: u32) -> Limits {
        Limits::new(LoginLimits { per_account_and_address, per_address, overall: 0 })
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn s18_an_attacker_elsewhere_does_not_lock_the_owner_out() {
        let limits = limits(2, 100);
        let (attacker, owner) = (address("192.0.2.1"), address("192.0.2.2"));
        limits.take(NOW, "alice", attacker).unwrap();
        limits.take(NOW, "ALICE", attacker).unwrap();
        assert_eq!(limits.take(NOW, "alice", attacker), Err(30));
        assert_eq!(limits.take(NOW, "alice", owner), Ok(()));
        assert_eq!(limits.take(NOW.plus_seconds(30), "alice", attacker), Ok(()));
    }

    #[test]
    fn s18_all_addresses_of_one_ipv6_network_share_a_bucket() {
        let limits = limits(0, 1);
        limits.take(NOW, "alice", address("2001:db8::1")).unwrap();
        assert!(limits.take(NOW, "bob", address("2001:db8::ffff:1")).is_err());
        assert!(limits.take(NOW, "bob", address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn a_right_password_costs_nothing_and_zero_means_no_limit() {
        let limits = limits(1, 0);
        for _ in 0..100 {
            limits.take(NOW, "alice", None).unwrap();
            limits.refund(NOW, "alice", None);
        }
        limits.prune(NOW);
        assert!(limits.buckets.lock().unwrap().is_empty());
    }
}
