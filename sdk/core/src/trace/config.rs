//! What of a configuration stands in a trace? How the server speaks, and not who it is: origins and ids have names.

use crate::claims::ClaimMap;
use crate::config::Config;
use crate::dialect::Dialect;
use crate::trace::line::Line;
use crate::trace::rules::Rule;
use crate::trace::vocabulary::{Word, word};

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
        self.begin();
        self.text(word!("flow"), Rule::Kept, flow.code());
        self.text(word!("page_origin"), Rule::Name(word!("origin")), page_origin);
        self.text(word!("server_origin"), Rule::Name(word!("origin")), server_origin);
        self.text(word!("client_id"), Rule::Name(word!("client")), client_id);
        if let Some(issuer) = issuer {
            self.text(word!("issuer"), Rule::Name(word!("issuer")), issuer);
        }
        if let Some(audience) = audience {
            self.text(word!("audience"), Rule::Name(word!("client")), audience);
        }
        self.texts(word!("allowed_origins"), Rule::Name(word!("origin")), allowed_origins);
        self.text(word!("storage"), Rule::Kept, storage.code());
        self.number(word!("idle_warning"), *idle_warning);
        self.dialect(dialect);
        self.claim_map(claim_map);
        self.close();
    }

    /// Paths in the order of the fields.
    fn dialect(&mut self, dialect: &Dialect) {
        let Dialect { session, login, token, userinfo, revoke, sessions, events, key_set, refresh_retry_for } = dialect;
        self.open_list(word!("paths"));
        let paths = [session, login, token, userinfo, revoke, sessions, events, key_set];
        paths.into_iter().for_each(|path| self.write_text(Rule::Kept, path));
        self.close();
        if let Some(seconds) = refresh_retry_for {
            self.number(word!("refresh_retry_for"), u64::from(*seconds));
        }
    }

    /// As [`ClaimMap::read`] takes it. Names that only this application uses stay away.
    fn claim_map(&mut self, map: &ClaimMap) {
        let ClaimMap { username, name, email, roles, scope, permissions } = map;
        let words =
            [word!("username"), word!("name"), word!("email"), word!("roles"), word!("scope"), word!("permissions")];
        self.open(word!("claim_map"));
        for (word, places) in words.into_iter().zip([username, name, email, roles, scope, permissions]) {
            self.open_list(word);
            for place in places {
                self.begin_list();
                for name in place.names() {
                    let rule = if Word::find(name).is_some() { Rule::Kept } else { Rule::Name(word!("claim")) };
                    self.write_text(rule, name);
                }
                self.close();
            }
            self.close();
        }
        self.close();
    }
}
