//! How is a client of the demo's server started?

use countersign_leptos::{AuthClient, Error, FlowKind};

/// Page and API come from one origin, so the server is the root of this one.
pub fn start(flow: FlowKind) -> Result<AuthClient, Error> {
    AuthClient::builder().flow(flow).server("/").client_id("demo").start()
}
