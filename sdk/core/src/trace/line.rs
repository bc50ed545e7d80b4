//! How does a step become a line of JSON? It is kept in codes, because one is written at every call of `fetch`: a byte for
//! each word, and numbers and texts as they are. The line is printed when somebody asks for the trace.

mod print;

use crate::config::Config;
use crate::input::{CallId, Stamp};
use crate::json::{self, Value};
use crate::secret::Secret;
use crate::trace::Noted;
use crate::trace::names::{Called, Names};
use crate::trace::redact::LONGEST_LIST;
use crate::trace::rules::Rule;
use crate::trace::vocabulary::{Word, word};

pub(super) use print::Printer;

/// What a code stands for.
mod code {
    pub const END: u8 = 0;
    /// Names and values in turn, up to the end.
    pub const OBJECT: u8 = 1;
    pub const LIST: u8 = 2;
    /// Eight bytes.
    pub const NUMBER: u8 = 3;
    /// The bytes up to [`END_OF_TEXT`].
    pub const TEXT: u8 = 4;
    /// The same, for what stands in JSON without quotes.
    pub const BARE: u8 = 5;
    /// A word, and four bytes.
    pub const NAME: u8 = 6;
    /// And those that follow.
    pub const FIRST_WORD: u8 = 7;
    /// A byte more: the place after [`FIRST_WORDS`].
    pub const OTHER_WORD: u8 = 0xff;
    pub const FIRST_WORDS: u16 = (OTHER_WORD - FIRST_WORD) as u16;

    /// Never in UTF-8.
    pub const END_OF_TEXT: u8 = 0xff;
}

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
    pub(super) codes: &'a mut Vec<u8>,
    pub(super) config: &'a Config,
    pub(super) names: &'a mut Names,
    pub(super) tokens: Tokens,
}

impl Line<'_> {
    pub fn begin(&mut self) {
        self.codes.push(code::OBJECT);
    }

    pub fn begin_list(&mut self) {
        self.codes.push(code::LIST);
    }

    /// Of an object or a list.
    pub fn close(&mut self) {
        self.codes.push(code::END);
    }

    pub fn open(&mut self, name: Word) {
        self.push_word(name);
        self.begin();
    }

    pub fn open_list(&mut self, name: Word) {
        self.push_word(name);
        self.begin_list();
    }

    pub fn number(&mut self, name: Word, number: u64) {
        self.time(name, i64::try_from(number).unwrap_or(i64::MAX));
    }

    pub fn time(&mut self, name: Word, at: i64) {
        self.push_word(name);
        self.push_number(at);
    }

    pub fn truth(&mut self, name: Word, is_true: bool) {
        self.push_word(name);
        self.push_truth(is_true);
    }

    pub fn word(&mut self, name: Word, word: Word) {
        self.push_word(name);
        self.push_word(word);
    }

    /// Text from outside, by the rule that is asked for here.
    pub fn text(&mut self, name: Word, rule: Rule, text: &str) {
        self.push_word(name);
        self.write_text(rule, text);
    }

    pub fn texts(&mut self, name: Word, rule: Rule, texts: &[String]) {
        self.open_list(name);
        texts.iter().take(LONGEST_LIST).for_each(|text| self.write_text(rule, text));
        self.close();
    }

    /// A document from outside, by the rules of its members; null where it is none.
    pub fn json(&mut self, name: Word, bytes: &[u8]) {
        self.document(name, &json::parse(bytes).unwrap_or(Value::Null));
    }

    pub fn document(&mut self, name: Word, document: &Value) {
        self.push_word(name);
        self.write(Rule::Members, document, 0);
    }

    /// The shared record. What it does not say is left out.
    pub fn record(&mut self, revision: u64, text: &str) {
        self.number(word!("revision"), revision);
        self.push_word(word!("record"));
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
            self.json(word!("kept"), kept.expose().as_bytes());
        }
    }

    pub fn what(&mut self, what: Word) {
        self.word(word!("what"), what);
    }

    pub fn call(&mut self, what: Word, id: CallId) {
        self.what(what);
        self.number(word!("call"), id);
    }

    pub fn outcome(&mut self, outcome: Word) {
        self.word(word!("outcome"), outcome);
    }

    pub fn stamped(&mut self, what: Word, stamp: Stamp) {
        self.what(what);
        self.number(word!("stamp"), stamp);
    }

    pub fn notes(&mut self, notes: &[Noted]) {
        if notes.is_empty() {
            return;
        }
        self.open_list(word!("why"));
        for Noted { note, millis, word } in notes {
            self.begin();
            self.word(word!("code"), Word::of(*note));
            if let Some(millis) = millis {
                self.number(word!("millis"), *millis);
            }
            if let Some(word) = word {
                self.text(word!("word"), Rule::Kept, word);
            }
            self.close();
        }
        self.close();
    }

    pub fn push_word(&mut self, word: Word) {
        match u8::try_from(word.0) {
            Ok(place) if word.0 < code::FIRST_WORDS => self.codes.push(code::FIRST_WORD + place),
            _ => self.codes.extend([code::OTHER_WORD, (word.0 - code::FIRST_WORDS) as u8]),
        }
    }

    pub fn push_number(&mut self, number: i64) {
        self.codes.push(code::NUMBER);
        self.codes.extend_from_slice(&number.to_le_bytes());
    }

    pub fn push_truth(&mut self, is_true: bool) {
        self.push_bare(if is_true { "true" } else { "false" });
    }

    pub fn push_null(&mut self) {
        self.push_bare("null");
    }

    /// How many names there are, from which a machine goes on that begins here.
    pub fn push_names_count(&mut self) {
        self.push_number(i64::from(self.names.last()));
    }

    pub fn push_text(&mut self, text: &str) {
        self.push_until_end(code::TEXT, text);
    }

    /// What stands in JSON without quotes.
    pub fn push_bare(&mut self, text: &str) {
        self.push_until_end(code::BARE, text);
    }

    fn push_until_end(&mut self, code: u8, text: &str) {
        self.codes.push(code);
        self.codes.extend_from_slice(text.as_bytes());
        self.codes.push(code::END_OF_TEXT);
    }

    pub(super) fn push_name(&mut self, called: Called<'_>) {
        match called {
            Called::Text(text) => self.push_text(text),
            Called::Name { kind, number } => {
                self.codes.push(code::NAME);
                self.push_word(kind);
                self.codes.extend_from_slice(&number.to_le_bytes());
            }
        }
    }
}
