//! What do the core's own tests share? A signed-in state, and a host that answers by hand.

use std::sync::Arc;

use crate::claims::{ClaimMap, Claims, Provenance, Source, Verification};
use crate::config::FlowKind;
use crate::json::{self, Value};
use crate::state::{Session, Standing, State};

pub fn signed_in(roles: &[&str], scope: &str) -> State {
    let roles = Value::List(roles.iter().map(|role| (*role).into()).collect());
    let all = json::object([("sub", "u_test".into()), ("roles", roles), ("scope", scope.into())]);
    let provenance = Provenance {
        source: Source::SessionEndpoint,
        received_at: 0,
        server_time: 0,
        verification: Verification::FromServer,
    };
    State::SignedIn {
        claims: Arc::new(Claims::read(all, provenance, &ClaimMap::standard()).unwrap()),
        session: Session { sid: "s1".into(), flow: FlowKind::Session, token_expires_at: None },
        expires_at: 0,
        standing: Standing::Current,
    }
}
