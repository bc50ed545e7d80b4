//! Have we seen this very token before? A bounded memory of checked signatures, keyed by the hash of the whole token.

use std::{collections::HashMap, sync::Arc};

use crate::token::Checked;

/// SHA-256 of every byte of the token, so that no other token can share the entry.
pub(crate) type TokenHash = [u8; 32];

/// Two generations: when the young one is full the old one is dropped. Bounded, and constant work for each use.
#[derive(Debug)]
pub(crate) struct Cache {
    young: HashMap<TokenHash, Arc<Checked>>,
    old: HashMap<TokenHash, Arc<Checked>>,
    capacity: usize,
}

impl Cache {
    pub fn new(capacity: usize) -> Self {
        Cache { young: HashMap::new(), old: HashMap::new(), capacity }
    }

    pub fn find(&mut self, hash: &TokenHash) -> Option<Arc<Checked>> {
        if let Some(found) = self.young.get(hash) {
            return Some(found.clone());
        }
        let found = self.old.remove(hash)?;
        self.insert(*hash, found.clone());
        Some(found)
    }

    pub fn insert(&mut self, hash: TokenHash, checked: Arc<Checked>) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, checked);
    }

    /// Forgets the tokens of keys that are no longer accepted.
    pub fn retain_keys(&mut self, is_known: impl Fn(&str) -> bool) {
        self.young.retain(|_, checked| is_known(&checked.key_id));
        self.old.retain(|_, checked| is_known(&checked.key_id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::AccessClaims;

    fn checked(key_id: &str) -> Arc<Checked> {
        let claims = serde_json::json!({
            "iss": "", "sub": "", "aud": "", "exp": 0, "iat": 0, "jti": "", "client_id": "", "sid": "", "ep": 0,
            "roles": [], "scope": "", "auth_time": 0,
        });
        let claims: AccessClaims = serde_json::from_value(claims).unwrap();
        Arc::new(Checked { key_id: key_id.into(), claims: claims.into() })
    }

    fn hash(number: u16) -> TokenHash {
        let mut hash = [0; 32];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        hash
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut cache = Cache::new(10);
        cache.insert(hash(0), checked("a"));
        for number in 1..1000 {
            cache.insert(hash(number), checked("a"));
            assert!(cache.find(&hash(0)).is_some(), "used at every step, so never forgotten");
            assert!(cache.young.len() + cache.old.len() <= 20);
        }
        assert!(cache.find(&hash(1)).is_none());
    }

    #[test]
    fn entries_fall_with_their_key() {
        let mut cache = Cache::new(10);
        cache.insert(hash(1), checked("old"));
        cache.insert(hash(2), checked("new"));
        cache.retain_keys(|id| id == "new");
        assert!(cache.find(&hash(1)).is_none());
        assert!(cache.find(&hash(2)).is_some());
    }
}
