//! What is left of a value from outside? What the rules let through; the rest keeps its type, a name where it matters
//! whether two are the same, and nothing else.

use crate::json::Value;
use crate::jwt::{self, Untrusted};
use crate::trace::line::{Line, Tokens};
use crate::trace::names::{Called, is_name};
use crate::trace::rules::{self, Rule, are_rights, is_word};
use crate::trace::vocabulary::{Word, word};

/// Nothing of ours nests deeper.
const DEEPEST: usize = 8;

/// Longer lists are cut.
pub(super) const LONGEST_LIST: usize = 1_000;

/// Longer numbers say more than a number.
const LONGEST_NUMBER: usize = 24;

const EVENTS: &str = "https://schemas.openid.net/secevent/";

impl Line<'_> {
    pub(super) fn write(&mut self, rule: Rule, value: &Value, depth: usize) {
        match (rule, value) {
            (Rule::Present, _) => self.push_truth(true),
            (_, Value::Null) => self.push_null(),
            (_, Value::Bool(is_true)) => self.push_truth(*is_true && rule == Rule::Truth),
            (Rule::Number, Value::Integer(number)) => self.push_number(*number),
            (_, Value::Integer(_)) => self.push_number(0),
            (Rule::Number, Value::Float(number)) if number.as_str().len() <= LONGEST_NUMBER => {
                self.push_bare(number.as_str());
            }
            (_, Value::Float(_)) => self.push_bare("0.5"),
            (_, Value::Text(text)) => self.write_text(rule, text),
            (_, Value::List(items)) => {
                self.begin_list();
                for item in items.iter().take(LONGEST_LIST) {
                    match item {
                        Value::List(_) => {
                            self.begin_list();
                            self.close();
                        }
                        item => self.write(rule, item, depth + 1),
                    }
                }
                self.close();
            }
            (_, Value::Object(members)) => {
                self.begin();
                if depth < DEEPEST && matches!(rule, Rule::Members | Rule::Events) {
                    members.iter().for_each(|(name, value)| self.write_member(rule, name, value, depth));
                }
                self.close();
            }
        }
    }

    /// What there is no rule for is left out.
    fn write_member(&mut self, parent: Rule, name: &str, value: &Value, depth: usize) {
        let rule = match parent {
            Rule::Events => {
                match name.starts_with(EVENTS) {
                    true => self.push_text(name),
                    false => self.write_name(word!("event"), name),
                }
                Rule::Members
            }
            _ => {
                let known = Word::find(name);
                let rule = known.and_then(|(_, rule)| rule).or_else(|| rules::place(&self.config.claim_map, name));
                let Some(rule) = rule else { return };
                match known {
                    Some((word, _)) => self.push_word(word),
                    None => self.write_name(word!("claim"), name),
                }
                rule
            }
        };
        self.write(rule, value, depth + 1);
    }

    pub(super) fn write_text(&mut self, rule: Rule, text: &str) {
        match rule {
            Rule::Token => return self.write_token(text),
            Rule::Material => return self.push_text(&material(text.len())),
            Rule::AnyCase => return self.write_text(Rule::Word, &text.to_ascii_lowercase()),
            _ => {}
        }
        match rule {
            Rule::Public | Rule::Kept => self.push_text(text),
            Rule::Word if is_word(text) => self.push_text(text),
            Rule::Right if are_rights(text) => self.push_text(text),
            Rule::Number if is_number(text) => self.push_text(text),
            Rule::Secret if !text.is_empty() => self.push_text("<secret>"),
            Rule::Name(kind) => self.write_name(kind, text),
            _ => self.write_name(word!("text"), text),
        }
    }

    fn write_name(&mut self, kind: Word, text: &str) {
        let called = self.names.of(self.config, kind, text);
        self.push_name(called);
    }

    /// A token that can be read is taken apart, and what is left of it opens nothing.
    fn write_token(&mut self, text: &str) {
        let (message, signature) = parts_of_token(text);
        let decoded = jwt::decode(signature).ok();
        let name = self.name_of_token(message, decoded.as_deref().unwrap_or(signature.as_bytes()));
        let token = (self.tokens == Tokens::Whole).then(|| Untrusted::parse(text).ok()).flatten();
        let Some(token) = token else { return self.push_name(name) };
        self.begin();
        self.push_word(word!("jwt"));
        self.push_name(name);
        match decoded.map(|bytes| bytes.len()) {
            None => self.word(word!("signature"), word!("unreadable")),
            Some(0) => self.word(word!("signature"), word!("missing")),
            Some(_) => {}
        }
        self.document(word!("header"), token.header());
        self.document(word!("claims"), token.claims());
        self.close();
    }

    /// The name alone, of a token in two parts.
    pub(super) fn token_name(&mut self, member: Word, message: &[u8], signature: &[u8]) {
        self.push_word(member);
        let name = self.name_of_token(std::str::from_utf8(message).unwrap_or_default(), signature);
        self.push_name(name);
    }

    /// In a trace that is run again the name of a token is its signature.
    fn name_of_token<'t>(&mut self, message: &'t str, signature: &'t [u8]) -> Called<'t> {
        let own = std::str::from_utf8(signature).ok().filter(|name| is_name(name));
        self.names.of(self.config, word!("token"), own.unwrap_or(message))
    }
}

/// Base64url of about as many bytes as were there, none of which is theirs.
fn material(length: usize) -> String {
    let mut text: String = std::iter::repeat_n('B', length.min(LONGEST_LIST)).collect();
    // The bits of the last character that belong to no byte are zero.
    text.pop().into_iter().for_each(|_| text.push('A'));
    text
}

/// What is signed, and the signature; none if the text has less than two dots.
fn parts_of_token(text: &str) -> (&str, &str) {
    let mut dots = text.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'.');
    let (last, other) = (dots.next(), dots.next());
    let split = last.filter(|_| other.is_some()).and_then(|(at, _)| Some((text.get(..at)?, text.get(at + 1..)?)));
    split.unwrap_or((text, ""))
}

fn is_number(text: &str) -> bool {
    (1..=LONGEST_NUMBER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
