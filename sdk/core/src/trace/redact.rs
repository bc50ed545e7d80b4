//! What is left of a value from outside? What the rules let through; the rest keeps its type, a name where it matters
//! whether two are the same, and nothing else.

use crate::json::Value;
use crate::jwt::{self, Untrusted};
use crate::trace::line::{Line, Tokens};
use crate::trace::names::is_name;
use crate::trace::rules::{self, Rule, are_rights, is_word};

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
            (Rule::Present, _) => self.text.push_str("true"),
            (_, Value::Null) => self.text.push_str("null"),
            (Rule::Truth, Value::Bool(true)) => self.text.push_str("true"),
            (_, Value::Bool(_)) => self.text.push_str("false"),
            (Rule::Number, Value::Integer(number)) => self.push_number(*number),
            (_, Value::Integer(_)) => self.push_number(0),
            (Rule::Number, Value::Float(number)) if number.as_str().len() <= LONGEST_NUMBER => {
                self.text.push_str(number.as_str());
            }
            (_, Value::Float(_)) => self.text.push_str("0.5"),
            (_, Value::Text(text)) => self.write_text(rule, text),
            (_, Value::List(items)) => {
                self.text.push('[');
                for item in items.iter().take(LONGEST_LIST) {
                    self.separate();
                    match item {
                        Value::List(_) => self.text.push_str("[]"),
                        item => self.write(rule, item, depth + 1),
                    }
                }
                self.text.push(']');
            }
            (_, Value::Object(members)) => {
                self.text.push('{');
                if depth < DEEPEST && matches!(rule, Rule::Members | Rule::Events) {
                    members.iter().for_each(|(name, value)| self.write_member(rule, name, value, depth));
                }
                self.text.push('}');
            }
        }
    }

    fn write_member(&mut self, rule: Rule, name: &str, value: &Value, depth: usize) {
        let found = match rule {
            Rule::Events if name.starts_with(EVENTS) => Some((Rule::Members, name.to_owned())),
            Rule::Events => Some((Rule::Members, self.name("event", name))),
            _ => self.rule(name),
        };
        if let Some((rule, name)) = found {
            self.member(&name);
            self.write(rule, value, depth + 1);
        }
    }

    /// The rule for a member, and what the member is called; none if it is left out.
    fn rule(&mut self, member: &str) -> Option<(Rule, String)> {
        let known = rules::rule(member);
        let rule = known.or_else(|| rules::place(&self.config.claim_map, member))?;
        let is_known = known.is_some() || rules::is_known(member);
        Some((rule, if is_known { member.to_owned() } else { self.name("claim", member) }))
    }

    fn name(&mut self, kind: &'static str, value: &str) -> String {
        self.names.of(self.config, kind, value)
    }

    pub(super) fn write_text(&mut self, rule: Rule, text: &str) {
        match rule {
            Rule::Token => return self.write_token(text),
            Rule::Material => return self.write_material(text.len()),
            Rule::AnyCase => return self.write_text(Rule::Word, &text.to_ascii_lowercase()),
            _ => {}
        }
        match rule {
            Rule::Public | Rule::Kept => self.quote(text),
            Rule::Word if is_word(text) => self.quote(text),
            Rule::Right if are_rights(text) => self.quote(text),
            Rule::Number if is_number(text) => self.quote(text),
            Rule::Secret if !text.is_empty() => self.quote("<secret>"),
            Rule::Name(kind) => self.write_name(kind, text),
            _ => self.write_name("text", text),
        }
    }

    fn write_name(&mut self, kind: &'static str, text: &str) {
        let name = self.name(kind, text);
        self.quote(&name);
    }

    /// Base64url of about as many bytes as were there, none of which is theirs.
    fn write_material(&mut self, length: usize) {
        self.text.push('"');
        (1..length.min(LONGEST_LIST)).for_each(|_| self.text.push('B'));
        self.text.push_str(if length > 0 { "A\"" } else { "\"" });
    }

    /// A token that can be read is taken apart, and what is left of it opens nothing.
    fn write_token(&mut self, text: &str) {
        let parts = text.rsplit_once('.').filter(|(message, _)| message.contains('.'));
        let (message, signature) = parts.unwrap_or((text, ""));
        let decoded = jwt::decode(signature).ok();
        let name = self.name_of_token(message, decoded.as_deref().unwrap_or(signature.as_bytes()));
        let token = (self.tokens == Tokens::Whole).then(|| Untrusted::parse(text).ok()).flatten();
        let Some(token) = token else { return self.quote(&name) };
        self.text.push('{');
        self.member("jwt");
        self.quote(&name);
        match decoded.map(|bytes| bytes.len()) {
            None => self.word("signature", "unreadable"),
            Some(0) => self.word("signature", "missing"),
            Some(_) => {}
        }
        self.document("header", token.header());
        self.document("claims", token.claims());
        self.close();
    }

    /// The name alone, of a token in two parts.
    pub(super) fn token_name(&mut self, member: &str, message: &[u8], signature: &[u8]) {
        self.member(member);
        let name = self.name_of_token(std::str::from_utf8(message).unwrap_or_default(), signature);
        self.quote(&name);
    }

    /// In a trace that is run again the name of a token is its signature.
    fn name_of_token(&mut self, message: &str, signature: &[u8]) -> String {
        let own = std::str::from_utf8(signature).ok().filter(|name| is_name(name));
        self.name("token", own.unwrap_or(message))
    }
}

fn is_number(text: &str) -> bool {
    (1..=LONGEST_NUMBER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
