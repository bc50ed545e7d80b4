//! How is a gate written in a configuration? `role:admin & (fresh:60s | !claim:plan=free)`

use std::fmt;

use crate::gate::Gate;

/// Longer texts, or deeper ones, are refused. Printed a gate has spaces and seconds, which may be longer than what was
/// read; whoever keeps it has to be able to read it again.
const LONGEST: usize = 4096;
const DEEPEST: usize = 32;

/// Signs that end a bare word.
const SIGNS: [char; 7] = ['&', '|', '!', '(', ')', '"', '='];

/// Where a text stops being a gate, and what would go on there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateSyntax {
    /// Counted in characters, from 1.
    pub column: usize,
    pub expected: &'static str,
}

impl fmt::Display for GateSyntax {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Column {}: expected {}.", self.column, self.expected)
    }
}

impl std::error::Error for GateSyntax {}

pub(super) fn parse(text: &str) -> Result<Gate, GateSyntax> {
    let mut reader = Reader { text, rest: text, depth: 0 };
    if text.len() > LONGEST {
        return Reader::too_long();
    }
    let gate = reader.any()?;
    if !reader.rest.is_empty() {
        return reader.fail("& or |, or the end");
    }
    // Nothing doubles its length.
    let may_be_too_long = text.len() > LONGEST / 2;
    if may_be_too_long && print(&gate).len() > LONGEST { Reader::too_long() } else { Ok(gate) }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Gate, GateSyntax> {
        let mut gates = vec![self.all()?];
        while self.takes('|') {
            gates.push(self.all()?);
        }
        Ok(alone(&mut gates).unwrap_or(Gate::Any(gates)))
    }

    fn all(&mut self) -> Result<Gate, GateSyntax> {
        let mut gates = vec![self.one()?];
        while self.takes('&') {
            gates.push(self.one()?);
        }
        Ok(alone(&mut gates).unwrap_or(Gate::All(gates)))
    }

    fn one(&mut self) -> Result<Gate, GateSyntax> {
        self.skip_space();
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail("fewer parentheses and exclamation marks");
        }
        let gate = if self.takes('!') {
            Gate::not(self.one()?)
        } else if self.takes('(') {
            let gate = self.any()?;
            if !self.takes(')') {
                return self.fail("& or | or )");
            }
            gate
        } else {
            self.condition()?
        };
        self.depth -= 1;
        self.skip_space();
        Ok(gate)
    }

    fn condition(&mut self) -> Result<Gate, GateSyntax> {
        const KINDS: &str =
            "role:, scope:, permission:, claim:, fresh:, assurance:, signed_in:, anyone, nobody, ! or (";
        let start = self.rest;
        let end = start.find(|sign: char| !sign.is_ascii_alphabetic() && sign != '_').unwrap_or(start.len());
        let (kind, after) = start.split_at(end);
        let Some(value) = after.strip_prefix(':') else {
            self.rest = after;
            return match kind {
                "anyone" => Ok(Gate::All(Vec::new())),
                "nobody" => Ok(Gate::Any(Vec::new())),
                _ => {
                    self.rest = start;
                    self.fail(KINDS)
                }
            };
        };
        self.rest = value;
        match kind {
            "role" => Ok(Gate::Role(self.word("the name of a role")?)),
            "scope" => Ok(Gate::Scope(self.word("the name of a scope")?)),
            "permission" => Ok(Gate::Permission(self.word("the name of a permission")?)),
            "assurance" => Ok(Gate::Assurance(self.word("a value of acr or amr")?)),
            "fresh" => Ok(Gate::FreshWithin(self.seconds()?)),
            "signed_in" => Ok(Gate::SignedInWithin(self.seconds()?)),
            "claim" => {
                let name = self.word("the name of a claim")?;
                let Some(rest) = self.rest.strip_prefix('=') else { return self.fail("= and the value of the claim") };
                self.rest = rest;
                Ok(Gate::Claim { name, value: self.word("the value of the claim")? })
            }
            _ => {
                self.rest = start;
                self.fail(KINDS)
            }
        }
    }

    /// A bare word, or any text between quotation marks.
    fn word(&mut self, expected: &'static str) -> Result<String, GateSyntax> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let (word, rest) = self.rest.split_at(self.rest.find(is_end).unwrap_or(self.rest.len()));
            if word.is_empty() {
                return self.fail(expected);
            }
            self.rest = rest;
            return Ok(word.to_owned());
        };
        let mut word = String::new();
        let mut signs = quoted.char_indices();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    self.rest = &quoted[at + 1..];
                    return Ok(word);
                }
                '\\' => word.extend(signs.next().map(|(_, escaped)| escaped)),
                other => word.push(other),
            }
        }
        self.rest = "";
        self.fail("a closing \"")
    }

    fn seconds(&mut self) -> Result<u32, GateSyntax> {
        const EXPECTED: &str = "a time such as 60s, 5m, 1h or 1d";
        let end = self.rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, after) = self.rest.split_at(end);
        let mut signs = after.chars();
        let unit = match signs.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            _ => return self.fail(EXPECTED),
        };
        match digits.parse::<u32>().ok().and_then(|count| count.checked_mul(unit)) {
            Some(seconds) => {
                self.rest = signs.as_str();
                Ok(seconds)
            }
            None => self.fail(EXPECTED),
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn too_long<T>() -> Result<T, GateSyntax> {
        Err(GateSyntax { column: 1, expected: "at most 4096 bytes, also as it is printed" })
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, GateSyntax> {
        let read = &self.text[..self.text.len() - self.rest.len()];
        Err(GateSyntax { column: read.chars().count() + 1, expected })
    }
}

fn alone(gates: &mut Vec<Gate>) -> Option<Gate> {
    if gates.len() == 1 { gates.pop() } else { None }
}

pub(super) fn print(gate: &Gate) -> String {
    let mut text = String::new();
    write(gate, &mut text);
    text
}

fn write(gate: &Gate, text: &mut String) {
    match gate {
        Gate::Role(name) => write_word("role:", name, text),
        Gate::Scope(name) => write_word("scope:", name, text),
        Gate::Permission(name) => write_word("permission:", name, text),
        Gate::Assurance(level) => write_word("assurance:", level, text),
        Gate::Claim { name, value } => {
            write_word("claim:", name, text);
            write_word("=", value, text);
        }
        Gate::FreshWithin(seconds) => write_time("fresh:", *seconds, text),
        Gate::SignedInWithin(seconds) => write_time("signed_in:", *seconds, text),
        Gate::All(gates) if gates.is_empty() => text.push_str("anyone"),
        Gate::Any(gates) if gates.is_empty() => text.push_str("nobody"),
        Gate::All(gates) => write_list(gates, " & ", |inner| matches!(inner, Gate::All(_) | Gate::Any(_)), text),
        // `&` binds more closely than `|`.
        Gate::Any(gates) => write_list(gates, " | ", |inner| matches!(inner, Gate::Any(_)), text),
        Gate::Not(gate) => {
            text.push('!');
            write_part(gate, is_list(gate), text);
        }
    }
}

fn write_list(gates: &[Gate], sign: &str, is_wider: fn(&Gate) -> bool, text: &mut String) {
    for (position, gate) in gates.iter().enumerate() {
        if position > 0 {
            text.push_str(sign);
        }
        write_part(gate, is_wider(gate) && is_list(gate), text);
    }
}

fn write_part(gate: &Gate, in_parentheses: bool, text: &mut String) {
    if in_parentheses {
        text.push('(');
    }
    write(gate, text);
    if in_parentheses {
        text.push(')');
    }
}

/// Written with a sign between its parts.
fn is_list(gate: &Gate) -> bool {
    matches!(gate, Gate::All(gates) | Gate::Any(gates) if !gates.is_empty())
}

fn write_time(before: &str, seconds: u32, text: &mut String) {
    text.push_str(before);
    text.push_str(&seconds.to_string());
    text.push('s');
}

fn write_word(before: &str, word: &str, text: &mut String) {
    text.push_str(before);
    if !word.is_empty() && !word.contains(is_end) {
        return text.push_str(word);
    }
    text.push('"');
    for sign in word.chars() {
        if matches!(sign, '"' | '\\') {
            text.push('\\');
        }
        text.push(sign);
    }
    text.push('"');
}

/// Whether a bare word ends there.
fn is_end(sign: char) -> bool {
    sign.is_whitespace() || SIGNS.contains(&sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_bind_as_in_arithmetic() {
        let role = |name| Gate::role(name);
        let parsed: Gate = "role:a & !role:b | role:c & (role:d|role:e)".parse().unwrap();
        let expected = Gate::any([
            Gate::all([role("a"), Gate::not(role("b"))]),
            Gate::all([role("c"), Gate::any([role("d"), role("e")])]),
        ]);
        assert_eq!(parsed, expected);
        assert_eq!(parsed.to_string(), "role:a & !role:b | role:c & (role:d | role:e)");
    }

    #[test]
    fn words_times_and_names_are_read() {
        let parse = |text: &str| text.parse::<Gate>().unwrap();
        assert_eq!(parse("scope:orders:write"), Gate::scope("orders:write"));
        assert_eq!(parse(r#"role:"two words \"x\"""#), Gate::role("two words \"x\""));
        assert_eq!(parse("claim:https://x.test/plan=pro"), Gate::claim("https://x.test/plan", "pro"));
        assert_eq!(parse("fresh:5m"), Gate::fresh_within(300));
        assert_eq!(parse("signed_in:1d"), Gate::signed_in_within(86_400));
        assert_eq!((parse("anyone"), parse(" nobody ")), (Gate::all([]), Gate::any([])));
    }

    #[test]
    fn what_is_read_can_be_read_again_as_it_is_printed() {
        let many = |count: usize| vec!["signed_in:1d"; count].join("&");
        let longest = many(215).parse::<Gate>().unwrap();
        assert_eq!(longest.to_string().parse(), Ok(longest));
        for text in [many(216), many(300), "anyone|".repeat(LONGEST)] {
            let too_long = GateSyntax { column: 1, expected: "at most 4096 bytes, also as it is printed" };
            assert_eq!(text.parse::<Gate>(), Err(too_long));
        }
    }

    #[test]
    fn an_error_points_at_its_column() {
        let deep = format!("{}role:a{}", "(".repeat(40), ")".repeat(40));
        for (text, column) in [
            ("", 1),
            ("role:", 6),
            ("rule:admin", 1),
            ("role:admin &", 13),
            ("role:admin & & role:b", 14),
            ("role:admin role:b", 12),
            ("(role:é", 8),
            ("fresh:60", 7),
            ("fresh:s", 7),
            ("fresh:99999999999s", 7),
            ("claim:plan", 11),
            ("claim:plan=", 12),
            ("role:\"x", 8),
            ("role:a)", 7),
            (deep.as_str(), 33),
        ] {
            let syntax = text.parse::<Gate>().unwrap_err();
            assert_eq!(syntax.column, column, "{text}: {syntax}");
        }
        assert_eq!("role:".parse::<Gate>().unwrap_err().to_string(), "Column 6: expected the name of a role.");
    }
}
