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

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
