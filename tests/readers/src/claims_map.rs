//! What is true of whatever a server says about a user, under whatever map?

use countersign_core::claims::ClaimMap;
use countersign_core::{Config, FlowKind, Gate, State, json};

use crate::tab::{Tab, config};
use crate::two_texts;

/// A map, a zero byte, and the claims. A right that was read opens its gate, also by the gate's text; and whoever is
/// signed in has a name.
pub fn law(bytes: &[u8]) {
    let Some((map, claims)) = two_texts(bytes) else { return };
    let claim_map = json::parse(map.as_bytes()).ok().and_then(|map| ClaimMap::read(&map).ok()).unwrap_or_default();
    let config = Config { claim_map, ..config(FlowKind::Session) };
    let answer = format!(r#"{{"sid":"s1","ep":1,"expires_in":36000,"user":{{}},"claims":{claims}}}"#);
    let tab = Tab::load(config, None, answer);
    let State::SignedIn { claims, .. } = tab.snapshot().state else { return };
    assert!(!claims.subject.is_empty());
    assert_eq!(json::parse(json::print(&claims.all).as_bytes()).as_ref(), Ok(&claims.all));
    let roles = claims.roles.iter().map(Gate::role);
    let rights =
        roles.chain(claims.scope.iter().map(Gate::scope)).chain(claims.permissions.iter().map(Gate::permission));
    for gate in rights {
        assert!(tab.can(&gate).is_open(), "{gate} is closed");
        assert!(!tab.can(&Gate::not(gate.clone())).is_open());
        assert_eq!(gate.to_string().parse(), Ok(gate));
    }
}
