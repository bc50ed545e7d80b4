//! How does a step become a line of JSON? Piece by piece, without a tree: a step is written at every call of `fetch`.

use std::fmt::Write;

use crate::config::Config;
use crate::input::{CallId, Stamp};
use crate::json::{self, Value};
use crate::secret::Secret;
use crate::trace::Noted;
use crate::trace::names::Names;
use crate::trace::redact::LONGEST_LIST;
use crate::trace::rules::Rule;

/// How a token is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tokens {
    /// With its header and claims, so that it can be made again.
    Whole,
    ByName,
}

/// One line, as it grows.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(super) text: String,
    pub(super) config: &'a Config,
    pub(super) names: &'a mut Names,
    pub(super) tokens: Tokens,
}

impl<'a> Line<'a> {
    /// Goes on after what is written already.
    pub(super) fn after(text: String, tokens: Tokens, config: &'a Config, names: &'a mut Names) -> Self {
        Self { text, config, names, tokens }
    }

    pub fn finish(self) -> String {
        self.text
    }

    pub fn open(&mut self, name: &str) {
        self.member(name);
        self.begin();
    }

    pub fn open_item(&mut self) {
        self.separate();
        self.begin();
    }

    pub fn begin(&mut self) {
        self.text.push('{');
    }

    pub fn begin_list(&mut self) {
        self.text.push('[');
    }

    pub fn close(&mut self) {
        self.text.push('}');
    }

    pub fn open_list(&mut self, name: &str) {
        self.member(name);
        self.begin_list();
    }

    pub fn open_list_item(&mut self) {
        self.separate();
        self.begin_list();
    }

    pub fn close_list(&mut self) {
        self.text.push(']');
    }

    pub fn number(&mut self, name: &str, number: u64) {
        self.member(name);
        self.push_number(i64::try_from(number).unwrap_or(i64::MAX));
    }

    pub fn time(&mut self, name: &str, at: i64) {
        self.member(name);
        self.push_number(at);
    }

    pub fn truth(&mut self, name: &str, is_true: bool) {
        self.member(name);
        self.text.push_str(if is_true { "true" } else { "false" });
    }

    /// A word of our own.
    pub fn word(&mut self, name: &str, word: &'static str) {
        self.member(name);
        self.quote(word);
    }

    /// Text from outside, by the rule that is asked for here.
    pub fn text(&mut self, name: &str, rule: Rule, text: &str) {
        self.member(name);
        self.write_text(rule, text);
    }

    pub fn text_item(&mut self, rule: Rule, text: &str) {
        self.separate();
        self.write_text(rule, text);
    }

    pub fn texts(&mut self, name: &str, rule: Rule, texts: &[String]) {
        self.open_list(name);
        texts.iter().take(LONGEST_LIST).for_each(|text| self.text_item(rule, text));
        self.close_list();
    }

    /// A document from outside, by the rules of its members; null where it is none.
    pub fn json(&mut self, name: &str, bytes: &[u8]) {
        self.document(name, &json::parse(bytes).unwrap_or(Value::Null));
    }

    pub fn document(&mut self, name: &str, document: &Value) {
        self.member(name);
        self.write(Rule::Members, document, 0);
    }

    /// The shared record. What it does not say is left out.
    pub fn record(&mut self, revision: u64, text: &str) {
        self.number("revision", revision);
        self.member("record");
        self.record_value(text);
    }

    pub fn record_value(&mut self, text: &str) {
        let mut record = json::parse(text.as_bytes()).unwrap_or(Value::Null);
        if let Value::Object(members) = &mut record {
            members.retain(|(_, value)| !matches!(value, Value::Null));
        }
        self.write(Rule::Members, &record, 0);
    }

    /// An answer of the server's that outlives its page.
    pub fn kept(&mut self, kept: Option<&Secret>) {
        if let Some(kept) = kept {
            self.json("kept", kept.expose().as_bytes());
        }
    }

    pub fn what(&mut self, what: &'static str) {
        self.word("what", what);
    }

    pub fn call(&mut self, what: &'static str, id: CallId) {
        self.what(what);
        self.number("call", id);
    }

    pub fn stamped(&mut self, what: &'static str, stamp: Stamp) {
        self.what(what);
        self.number("stamp", stamp);
    }

    pub fn notes(&mut self, notes: &[Noted]) {
        if notes.is_empty() {
            return;
        }
        self.open_list("why");
        for Noted { note, millis, word } in notes {
            self.open_item();
            self.word("code", note.code());
            if let Some(millis) = millis {
                self.number("millis", *millis);
            }
            if let Some(word) = word {
                self.word("word", word);
            }
            self.close();
        }
        self.close_list();
    }

    pub fn member(&mut self, name: &str) {
        self.separate();
        self.quote(name);
        self.text.push(':');
    }

    pub fn push_number(&mut self, number: i64) {
        // Writing to a string can't fail.
        let _ = write!(self.text, "{number}");
    }

    pub fn quote(&mut self, text: &str) {
        json::write_text(text, &mut self.text);
    }

    pub fn separate(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[', ':']) {
            self.text.push(',');
        }
    }
}
