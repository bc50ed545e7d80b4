//! What did the application choose? The options of `createAuth`, as JSON text.

use std::time::Duration;

use countersign::core::json::{self, Value};
use countersign::{AuthClient, Builder, ClaimMap, Error, FlowKind, StorageMode};

/// The client that the options describe.
pub fn read(options: &str) -> Result<Builder, Error> {
    let options = json::parse(options.as_bytes()).map_err(|problem| invalid("invalid_options", problem.to_string()))?;
    let mut builder = AuthClient::builder();
    if let Some(flow) = text(&options, "flow")? {
        let told = || invalid("invalid_flow", format!("{flow} is no flow: say session or token."));
        builder = builder.flow(FlowKind::from_code(flow).ok_or_else(told)?);
    }
    if let Some(storage) = text(&options, "storage")? {
        let told =
            || invalid("invalid_storage", format!("{storage} is no storage: say memory, session or indexed_db."));
        builder = builder.storage(StorageMode::from_code(storage).ok_or_else(told)?);
    }
    if let Some(server) = text(&options, "server")? {
        builder = builder.server(server);
    }
    if let Some(client_id) = text(&options, "clientId")? {
        builder = builder.client_id(client_id);
    }
    if let Some(issuer) = text(&options, "issuer")? {
        builder = builder.issuer(issuer);
    }
    if let Some(warning) = chosen(&options, "idleWarning") {
        let millis = warning.as_integer().and_then(|millis| u64::try_from(millis).ok());
        builder =
            builder.idle_warning(Duration::from_millis(millis.ok_or_else(|| not("idleWarning", "milliseconds"))?));
    }
    if let Some(steps) = chosen(&options, "trace") {
        let steps = steps.as_integer().and_then(|steps| usize::try_from(steps).ok());
        builder = builder.trace(steps.ok_or_else(|| not("trace", "a number of steps"))?);
    }
    if let Some(origins) = chosen(&options, "allowedOrigins") {
        let Value::List(origins) = origins else { return Err(not("allowedOrigins", "a list of origins")) };
        for origin in origins {
            builder = builder.allow_origin(origin.as_text().ok_or_else(|| not("allowedOrigins", "a list of origins"))?);
        }
    }
    if let Some(map) = chosen(&options, "claimMap") {
        let told = |problem| invalid("invalid_claim_map", format!("claimMap can't be used: {problem}."));
        builder = builder.claims(ClaimMap::read(map).map_err(told)?);
    }
    Ok(builder)
}

fn chosen<'a>(options: &'a Value, name: &str) -> Option<&'a Value> {
    options.member(name).filter(|value| **value != Value::Null)
}

fn text<'a>(options: &'a Value, name: &str) -> Result<Option<&'a str>, Error> {
    chosen(options, name).map(|value| value.as_text().ok_or_else(|| not(name, "text"))).transpose()
}

fn not(name: &str, what: &str) -> Error {
    invalid("invalid_options", format!("The option {name} is not {what}."))
}

fn invalid(code: &str, told: String) -> Error {
    Error::application(code, told)
}
