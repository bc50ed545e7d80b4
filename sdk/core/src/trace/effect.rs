//! What of an effect stands in a trace? What was asked for. What a request looks like in full follows from the state, and
//! shows when the trace is run again.

use crate::config::Config;
use crate::effect::{Dressing, Effect, Keep, Reply, Request, SignatureCheck};
use crate::error::Error;
use crate::input::CallId;
use crate::secret::Secret;
use crate::trace::line::Line;
use crate::trace::rules::Rule;
use crate::trace::vocabulary::{Word, word};

impl Line<'_> {
    pub fn effect(&mut self, effect: &Effect) {
        self.begin();
        match effect {
            Effect::Http { stamp, request } => {
                self.stamped(word!("http"), *stamp);
                self.request(request);
            }
            Effect::Abort { stamp } => self.stamped(word!("abort"), *stamp),
            Effect::Read { stamp } => self.stamped(word!("read"), *stamp),
            Effect::Swap { stamp, expected, revision, text, keep } => {
                self.stamped(word!("swap"), *stamp);
                if let Some(expected) = expected {
                    self.number(word!("expected"), *expected);
                }
                self.record(*revision, text);
                match keep {
                    Keep::Leave => {}
                    Keep::Write(kept) => self.kept(Some(kept)),
                    Keep::Erase => self.word(word!("keep"), word!("nothing")),
                }
            }
            Effect::Retain { kept } => {
                self.what(word!("retain"));
                self.kept(kept.as_ref());
            }
            Effect::Recall { stamp } => self.stamped(word!("recall"), *stamp),
            Effect::Disclaim => self.what(word!("disclaim")),
            Effect::Lock { stamp, wait } => {
                self.stamped(word!("lock"), *stamp);
                self.number(word!("wait"), u64::from(*wait));
            }
            Effect::Unlock => self.what(word!("unlock")),
            Effect::Lead { stamp } => self.stamped(word!("lead"), *stamp),
            Effect::StandDown => self.what(word!("stand_down")),
            Effect::Tell { text } => {
                self.what(word!("tell"));
                self.json(word!("said"), text.as_bytes());
            }
            Effect::Wake { after } => {
                self.what(word!("wake"));
                if let Some(after) = after {
                    self.number(word!("after"), *after);
                }
            }
            Effect::OpenStream { stamp, request } => {
                self.stamped(word!("open_stream"), *stamp);
                self.request(request);
            }
            Effect::CloseStream => self.what(word!("close_stream")),
            Effect::Verify { stamp, check } => {
                let SignatureCheck { algorithm, key: _, message, signature } = check;
                self.stamped(word!("verify"), *stamp);
                self.text(word!("algorithm"), Rule::Kept, algorithm.name());
                self.token_name(word!("token"), message, signature);
            }
            Effect::Reply { id, reply } => self.reply(*id, reply),
            Effect::Hint { signed_in_until } => {
                self.what(word!("hint"));
                if let Some(until) = signed_in_until {
                    self.time(word!("signed_in_until"), *until);
                }
            }
        }
        self.close();
    }

    fn request(&mut self, request: &Request) {
        let Config { server_origin, base_path, .. } = self.config;
        let path = request.url.strip_prefix(server_origin).and_then(|path| path.strip_prefix(base_path));
        self.text(word!("method"), Rule::Kept, request.method);
        self.text(word!("path"), Rule::Kept, path.unwrap_or("elsewhere"));
        self.credential(&request.headers);
    }

    /// Which credential a request carries: the name of a token, or the session that is believed in.
    fn credential(&mut self, headers: &[(&'static str, Secret)]) {
        for (name, value) in headers {
            match (*name, value.expose().strip_prefix("Bearer ")) {
                ("Authorization", Some(token)) => self.text(word!("bearer"), Rule::Token, token),
                ("Countersign-Request", _) => self.text(word!("believes"), Rule::Public, value.expose()),
                _ => {}
            }
        }
    }

    fn reply(&mut self, id: CallId, reply: &Reply) {
        self.call(word!("reply"), id);
        match reply {
            Reply::Done => self.outcome(word!("done")),
            Reply::SignedOut { acknowledged } => self.truth(word!("acknowledged"), *acknowledged),
            Reply::Dressed(Dressing { headers, .. }) => self.credential(headers),
            Reply::Deliver => self.outcome(word!("deliver")),
            Reply::Token(token) => self.text(word!("token"), Rule::Token, token.expose()),
            Reply::Sessions(sessions) => self.number(word!("sessions"), sessions.len() as u64),
            Reply::Failed(error) => self.error(word!("failed"), error),
        }
    }

    /// What went wrong, without its sentence: that may be the server's own.
    pub fn error(&mut self, name: Word, error: &Error) {
        self.text(name, Rule::Word, &error.code);
        if let Some(seconds) = error.retry_after {
            self.number(word!("retry_after"), u64::from(seconds));
        }
    }
}
