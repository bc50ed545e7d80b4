//! How is a client of the demo's server started?

use countersign_leptos::{AuthClient, Error};

use crate::setting::Choice;

/// Page and API come from one origin, so the server is the root of this one.
pub fn start(choice: Choice) -> Result<AuthClient, Error> {
    AuthClient::builder().flow(choice.flow).storage(choice.storage).server("/").client_id("demo").start()
}
