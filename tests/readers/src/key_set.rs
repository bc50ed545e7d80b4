//! What is true of every document that is taken for a key set?

use countersign_core::json;
use countersign_core::jwt::{Key, KeySet};

/// Keys are public, are read again as they are, and are found by their name and algorithm.
pub fn law(bytes: &[u8]) {
    let Some(set) = KeySet::read(bytes) else { return };
    assert!(set.keys().len() <= 100);
    for key in set.keys() {
        let jwk = json::parse(key.jwk.as_bytes()).expect("a key is JSON");
        let secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().find(|name| jwk.member(name).is_some());
        assert_eq!(secret, None);
        let again = Key::read(&jwk).expect("what was read is read again");
        assert_eq!(again.jwk, key.jwk);
        assert!(!key.algorithms.is_empty());
        for algorithm in &key.algorithms {
            assert!(again.algorithms.contains(algorithm));
            let found = set.find(key.id.as_deref(), *algorithm);
            assert!(found == Some(key) || (key.id.is_none() && found.is_none()), "found another than {:?}", key.id);
        }
    }
}
