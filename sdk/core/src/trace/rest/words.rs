//! How are the state's values written that are no structs?

use crate::claims::{Claims, Verification};
use crate::error::Who;
use crate::jwt::{Algorithm, Key};
use crate::record::Record;
use crate::state::Reason;
use crate::trace::line::Line;
use crate::trace::rest::{AtRest, at_rest_words};
use crate::trace::rules::Rule;
#[cfg(feature = "replay")]
use crate::{
    claims::{Provenance, Source},
    json::Value,
    trace::{part, replay::NotATrace},
};

at_rest_words!(Who { User "user", Application "application", Server "server", Network "network" });

/// The two that say more than a word are written with it, as in `revoked admin`.
impl AtRest for Reason {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.begin();
        line.reason(self);
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let word = |name| value.member(name).and_then(Value::as_text);
        let code = word("reason").ok_or_else(|| NotATrace::new("a reason is missing in a state"))?;
        Ok(Self::from_code(code, word("revoked_by")))
    }
}

/// What is decided by and shown in a trace; the other claims are the application's.
impl AtRest for Claims {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        let Self { subject, roles, scope, provenance, .. } = self;
        line.begin();
        line.part("subject", subject);
        line.part("roles", roles);
        line.text("scope", Rule::Right, &scope.join(" "));
        line.part("verification", &provenance.verification);
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let verification = part(value, "verification")?;
        let scope: String = part(value, "scope")?;
        Ok(Self {
            subject: part(value, "subject")?,
            username: None,
            name: None,
            email: None,
            roles: part(value, "roles")?,
            scope: scope.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            permissions: Vec::new(),
            assurance: None,
            methods: Vec::new(),
            authenticated_at: None,
            all: Value::Null,
            beside: Vec::new(),
            provenance: Provenance { source: Source::TokenEndpoint, received_at: 0, server_time: 0, verification },
            token_header: None,
        })
    }
}

impl AtRest for Verification {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.begin();
        line.word("word", self.code());
        if let Self::Verified { key_id } = self {
            line.text("kid", Rule::Name("kid"), key_id);
        }
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let word = |name| value.member(name).and_then(Value::as_text);
        let key_id = word("kid").unwrap_or_default().to_owned();
        let all = [Self::FromServer, Self::Pending, Self::Verified { key_id }, Self::Unsupported, Self::Failed];
        let found = all.into_iter().find(|one| word("word") == Some(one.code()));
        found.ok_or_else(|| NotATrace::new("a verification is missing in a state"))
    }
}

impl AtRest for Algorithm {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.quote(self.name());
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        value.as_text().and_then(Self::from_name).ok_or_else(|| NotATrace::new("an algorithm is not known here"))
    }
}

/// The key itself stands in the answer that brought it, and nothing is decided by it.
impl AtRest for Key {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.begin();
        line.part("kid", &self.id);
        line.part("algorithms", &self.algorithms);
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        Ok(Self { id: part(value, "kid")?, algorithms: part(value, "algorithms")?, jwk: String::new() })
    }
}

impl AtRest for Record {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.record_value(&self.print());
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let text = crate::json::print(value);
        Self::read(&text).ok_or_else(|| NotATrace::new("a record is torn"))
    }
}
