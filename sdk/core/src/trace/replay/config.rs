//! Which configuration did the machine have?

use crate::claims::ClaimMap;
use crate::config::{Config, FlowKind, StorageMode};
use crate::dialect::Dialect;
use crate::json::Value;
use crate::trace::replay::members::{Members, NotATrace, unknown};

pub(super) fn read(config: &Value) -> Result<Config, NotATrace> {
    let members = Members(config);
    let (flow, storage) = (members.text("flow")?, members.text("storage")?);
    Ok(Config {
        flow: FlowKind::from_code(flow).ok_or_else(|| unknown("flow", flow))?,
        page_origin: members.text("page_origin")?.to_owned(),
        server_origin: members.text("server_origin")?.to_owned(),
        base_path: String::new(),
        client_id: members.text("client_id")?.to_owned(),
        issuer: members.optional_text("issuer"),
        audience: members.optional_text("audience"),
        allowed_origins: texts(members.member("allowed_origins")?),
        storage: StorageMode::from_code(storage).ok_or_else(|| unknown("storage", storage))?,
        idle_warning: members.number("idle_warning")?,
        dialect: dialect(members)?,
        claim_map: ClaimMap::read(members.member("claim_map")?).map_err(NotATrace::new)?,
        trace: usize::MAX,
    })
}

fn dialect(members: Members<'_>) -> Result<Dialect, NotATrace> {
    let paths: [String; 8] =
        texts(members.member("paths")?).try_into().map_err(|_| NotATrace::new("paths are not eight"))?;
    let [session, login, token, userinfo, revoke, sessions, events, key_set] = paths;
    let refresh_retry_for = members.number("refresh_retry_for").ok().and_then(|seconds| u32::try_from(seconds).ok());
    Ok(Dialect { session, login, token, userinfo, revoke, sessions, events, key_set, refresh_retry_for })
}

fn texts(list: &Value) -> Vec<String> {
    let Value::List(items) = list else { return Vec::new() };
    items.iter().filter_map(Value::as_text).map(str::to_owned).collect()
}
