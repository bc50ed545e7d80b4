//! How are the state's values written that are no structs, or of which only a part decides?

use crate::claims::Claims;
use crate::error::Error;
use crate::jwt::{Algorithm, Key};
use crate::record::Record;
use crate::state::Reason;
use crate::trace::line::Line;
use crate::trace::rest::AtRest;
use crate::trace::rules::Rule;
use crate::trace::vocabulary::word;
#[cfg(feature = "replay")]
use crate::{
    claims::{Provenance, Source, Verification},
    error::Who,
    json::Value,
    trace::{replay::NotATrace, rest::Parts},
};

/// As an answer of the server has it.
impl AtRest for Reason {
    fn write(&self, line: &mut Line<'_>) {
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

/// A problem of which the application was told already.
impl AtRest for Error {
    fn write(&self, line: &mut Line<'_>) {
        line.begin_list();
        line.write_text(Rule::Word, &self.code);
        self.retry_after.write(line);
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let mut parts = Parts::of(value)?;
        let code: String = parts.next()?;
        Ok(Self::new(Who::Server, &code, "").with_retry_after(parts.next()?))
    }
}

/// What is decided by and shown in a trace; the other claims are the application's.
impl AtRest for Claims {
    fn write(&self, line: &mut Line<'_>) {
        let Self { subject, roles, scope, provenance, .. } = self;
        line.begin();
        line.text(word!("subject"), Rule::Name(word!("user")), subject);
        line.texts(word!("roles"), Rule::Right, roles);
        line.text(word!("scope"), Rule::Right, &scope.join(" "));
        line.word(word!("verification"), provenance.verification.code());
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let part = |name| value.member(name).ok_or_else(|| NotATrace::new("a claim is missing in a state"));
        let scope = String::read(part("scope")?)?;
        Ok(Self {
            subject: String::read(part("subject")?)?,
            username: None,
            name: None,
            email: None,
            roles: Vec::read(part("roles")?)?,
            scope: scope.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            permissions: Vec::new(),
            assurance: None,
            methods: Vec::new(),
            authenticated_at: None,
            all: Value::Null,
            beside: Vec::new(),
            provenance: Provenance {
                source: Source::TokenEndpoint,
                received_at: 0,
                server_time: 0,
                verification: verification(part("verification")?)?,
            },
            token_header: None,
        })
    }
}

#[cfg(feature = "replay")]
fn verification(value: &Value) -> Result<Verification, NotATrace> {
    let all = [
        Verification::FromServer,
        Verification::Pending,
        Verification::Verified { key_id: String::new() },
        Verification::Unsupported,
        Verification::Failed,
    ];
    let found = all.into_iter().find(|one| value.as_text() == Some(one.code().text()));
    found.ok_or_else(|| NotATrace::new("a verification is not known here"))
}

impl AtRest for Algorithm {
    fn write(&self, line: &mut Line<'_>) {
        line.push_text(self.name());
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        value.as_text().and_then(Self::from_name).ok_or_else(|| NotATrace::new("an algorithm is not known here"))
    }
}

/// The key itself stands in the answer that brought it, and nothing is decided by it.
impl AtRest for Key {
    fn write(&self, line: &mut Line<'_>) {
        line.begin_list();
        self.id.write(line);
        self.algorithms.write(line);
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let mut parts = Parts::of(value)?;
        Ok(Self { id: parts.next()?, algorithms: parts.next()?, jwk: String::new() })
    }
}

impl AtRest for Record {
    fn write(&self, line: &mut Line<'_>) {
        line.record_value(&self.print());
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let text = crate::json::print(value);
        Self::read(&text).ok_or_else(|| NotATrace::new("a record is torn"))
    }
}
