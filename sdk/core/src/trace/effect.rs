//! What of an effect stands in a trace? What was asked for. What a request looks like in full follows from the state, and
//! shows when the trace is run again.

use crate::config::Config;
use crate::effect::{Dressing, Effect, Keep, Reply, Request, SignatureCheck};
use crate::error::Error;
use crate::input::CallId;
use crate::secret::Secret;
use crate::trace::line::Line;
use crate::trace::rules::Rule;

impl Line<'_> {
    pub fn effect(&mut self, effect: &Effect) {
        self.open_item();
        match effect {
            Effect::Http { stamp, request } => {
                self.stamped("http", *stamp);
                self.request(request);
            }
            Effect::Abort { stamp } => self.stamped("abort", *stamp),
            Effect::Read { stamp } => self.stamped("read", *stamp),
            Effect::Swap { stamp, expected, revision, text, keep } => {
                self.stamped("swap", *stamp);
                if let Some(expected) = expected {
                    self.number("expected", *expected);
                }
                self.record(*revision, text);
                match keep {
                    Keep::Leave => {}
                    Keep::Write(kept) => self.kept(Some(kept)),
                    Keep::Erase => self.word("keep", "nothing"),
                }
            }
            Effect::Retain { kept } => {
                self.what("retain");
                self.kept(kept.as_ref());
            }
            Effect::Recall { stamp } => self.stamped("recall", *stamp),
            Effect::Disclaim => self.what("disclaim"),
            Effect::Lock { stamp, wait } => {
                self.stamped("lock", *stamp);
                self.number("wait", u64::from(*wait));
            }
            Effect::Unlock => self.what("unlock"),
            Effect::Lead => self.what("lead"),
            Effect::StandDown => self.what("stand_down"),
            Effect::Tell { text } => {
                self.what("tell");
                self.json("said", text.as_bytes());
            }
            Effect::Wake { after } => {
                self.what("wake");
                if let Some(after) = after {
                    self.number("after", *after);
                }
            }
            Effect::OpenStream { stamp, request } => {
                self.stamped("open_stream", *stamp);
                self.request(request);
            }
            Effect::CloseStream => self.what("close_stream"),
            Effect::Verify { stamp, check } => {
                let SignatureCheck { algorithm, key: _, message, signature } = check;
                self.stamped("verify", *stamp);
                self.word("algorithm", algorithm.name());
                self.token_name("token", message, signature);
            }
            Effect::Reply { id, reply } => self.reply(*id, reply),
            Effect::Hint { signed_in_until } => {
                self.what("hint");
                if let Some(until) = signed_in_until {
                    self.time("signed_in_until", *until);
                }
            }
        }
        self.close();
    }

    fn request(&mut self, request: &Request) {
        let Config { server_origin, base_path, .. } = self.config;
        let path = request.url.strip_prefix(server_origin).and_then(|path| path.strip_prefix(base_path));
        self.word("method", request.method);
        self.text("path", Rule::Kept, path.unwrap_or("elsewhere"));
        self.credential(&request.headers);
    }

    /// Which credential a request carries: the name of a token, or the session that is believed in.
    fn credential(&mut self, headers: &[(&'static str, Secret)]) {
        for (name, value) in headers {
            match (*name, value.expose().strip_prefix("Bearer ")) {
                ("Authorization", Some(token)) => self.text("bearer", Rule::Token, token),
                ("Countersign-Request", _) => self.text("believes", Rule::Public, value.expose()),
                _ => {}
            }
        }
    }

    fn reply(&mut self, id: CallId, reply: &Reply) {
        self.call("reply", id);
        match reply {
            Reply::Done => self.word("outcome", "done"),
            Reply::SignedOut { acknowledged } => self.truth("acknowledged", *acknowledged),
            Reply::Dressed(Dressing { headers, .. }) => self.credential(headers),
            Reply::Deliver => self.word("outcome", "deliver"),
            Reply::Token(token) => self.text("token", Rule::Token, token.expose()),
            Reply::Sessions(sessions) => self.number("sessions", sessions.len() as u64),
            Reply::Failed(error) => self.error("failed", error),
        }
    }

    /// What went wrong, without its sentence: that may be the server's own.
    pub fn error(&mut self, name: &str, error: &Error) {
        self.text(name, Rule::Word, &error.code);
        if let Some(seconds) = error.retry_after {
            self.number("retry_after", u64::from(seconds));
        }
    }
}
