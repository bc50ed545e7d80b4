//! What is a request for? As its line says, and nothing of the core's own reasons.

use crate::exchange::{Exchange, Purpose};
use crate::simulation::act::Flow;
use crate::simulation::facts::Home;
use crate::world::Inner;

const SIGN_IN: [&str; 2] = ["POST /auth/session", "POST /auth/login"];
const ASK: [&str; 3] = ["GET /auth/session", "PATCH /auth/session", "POST /auth/token"];
const SIGN_OUT: [&str; 2] = ["DELETE /auth/session", "POST /auth/revoke"];

impl Exchange {
    pub fn line(&self) -> String {
        format!("{} {}", self.outgoing.method, self.outgoing.path_alone())
    }

    pub fn home(&self, world: &Inner) -> Home {
        (self.browser, Flow::of(world.tabs[self.tab.0].config.flow))
    }

    pub fn is_sign_in(&self) -> bool {
        self.is_of_job(&SIGN_IN)
    }

    /// A look, a touch or a renewal.
    pub fn asks_for_credential(&self) -> bool {
        self.is_of_job(&ASK)
    }

    pub fn is_renewal(&self) -> bool {
        self.is_of_job(&["POST /auth/token"])
    }

    pub fn is_sign_out(&self) -> bool {
        self.is_of_job(&SIGN_OUT)
    }

    /// Whatever changes or questions the credential.
    pub fn is_credential_request(&self) -> bool {
        self.is_sign_in() || self.asks_for_credential() || self.is_sign_out()
    }

    fn is_of_job(&self, lines: &[&str]) -> bool {
        matches!(self.purpose, Purpose::Core(_)) && lines.contains(&self.line().as_str())
    }
}
