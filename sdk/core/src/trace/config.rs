//! What of a configuration stands in a trace? How the server speaks, and not who it is: origins and ids have names.

use crate::claims::ClaimMap;
use crate::config::Config;
use crate::dialect::Dialect;
use crate::trace::line::Line;
use crate::trace::rules::{self, Rule};

impl Line<'_> {
    pub fn config(&mut self, config: &Config) {
        let Config {
            flow,
            page_origin,
            server_origin,
            base_path: _,
            client_id,
            issuer,
            audience,
            allowed_origins,
            storage,
            idle_warning,
            dialect,
            claim_map,
            trace: _,
        } = config;
        self.open_item();
        self.word("flow", flow.code());
        self.text("page_origin", Rule::Name("origin"), page_origin);
        self.text("server_origin", Rule::Name("origin"), server_origin);
        self.text("client_id", Rule::Name("client"), client_id);
        if let Some(issuer) = issuer {
            self.text("issuer", Rule::Name("issuer"), issuer);
        }
        if let Some(audience) = audience {
            self.text("audience", Rule::Name("client"), audience);
        }
        self.texts("allowed_origins", Rule::Name("origin"), allowed_origins);
        self.word("storage", storage.code());
        self.number("idle_warning", *idle_warning);
        self.dialect(dialect);
        self.claim_map(claim_map);
        self.close();
    }

    /// Paths in the order of the fields.
    fn dialect(&mut self, dialect: &Dialect) {
        let Dialect { session, login, token, revoke, sessions, events, key_set, refresh_retry_for } = dialect;
        self.open_list("paths");
        let paths = [session, login, token, revoke, sessions, events, key_set];
        paths.into_iter().for_each(|path| self.text_item(Rule::Kept, path));
        self.close_list();
        if let Some(seconds) = refresh_retry_for {
            self.number("refresh_retry_for", u64::from(*seconds));
        }
    }

    /// As [`ClaimMap::read`] takes it. Names that only this application uses stay away.
    fn claim_map(&mut self, map: &ClaimMap) {
        let ClaimMap { username, name, email, roles, scope, permissions } = map;
        let words = ["username", "name", "email", "roles", "scope", "permissions"];
        self.open("claim_map");
        for (word, places) in words.into_iter().zip([username, name, email, roles, scope, permissions]) {
            self.open_list(word);
            for place in places {
                self.open_list_item();
                for name in place.names() {
                    let rule = if rules::is_known(name) { Rule::Kept } else { Rule::Name("claim") };
                    self.text_item(rule, name);
                }
                self.close_list();
            }
            self.close_list();
        }
        self.close();
    }
}
