//! How is a document read? By a strict scanner of RFC 8259: one pass, bounded depth, no member twice.

use std::borrow::Cow;

use crate::json::{DEEPEST, NotJson, Number, Value};

/// After so many names that look like an earlier one all are sorted instead, so that no object costs a square of time.
const MOST_DOUBTS: usize = 32;

pub(super) fn read(bytes: &[u8]) -> Result<Value, NotJson> {
    scan(bytes, true)
}

/// The same, without keeping what is in it: an object is an empty one, a text is empty.
pub(super) fn check(bytes: &[u8]) -> Result<Value, NotJson> {
    scan(bytes, false)
}

fn scan(bytes: &[u8], keeps: bool) -> Result<Value, NotJson> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(place(bytes, error.valid_up_to(), error.error_len().is_none())),
    };
    let mut scanner = Scanner { text, at: 0, keeps };
    let value = scanner.document();
    value.map_err(|Stop| place(bytes, scanner.at, scanner.at >= bytes.len()))
}

/// The names of an object: one that is not in here is new, and one that is may be.
#[derive(Default)]
struct Sieve {
    bits: [u64; 16],
}

impl Sieve {
    /// Whether a name with this hash may have been there before; it is from now on.
    fn may_hold(&mut self, hash: u32) -> bool {
        let (word, bit) = ((hash >> 28) as usize, 1 << (hash >> 22 & 63));
        let was_there = self.bits[word] & bit != 0;
        self.bits[word] |= bit;
        was_there
    }
}

/// FNV-1a. Whoever makes names collide gets them sorted.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The text is not acceptable from where the scanner stands.
struct Stop;

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Whether anybody wants the values.
    keeps: bool,
}

impl<'a> Scanner<'a> {
    fn document(&mut self) -> Result<Value, Stop> {
        let value = self.value(0)?;
        self.skip_space();
        if self.at == self.text.len() { Ok(value) } else { Err(Stop) }
    }

    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        self.skip_space();
        match self.peek().ok_or(Stop)? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => {
                let text = self.string()?;
                Ok(Value::Text(if self.keeps { text.into_owned() } else { String::new() }))
            }
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => Err(Stop),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Stop> {
        let mut names: Vec<(u32, Cow<'a, str>)> = Vec::new();
        let (mut sieve, mut doubts) = (Sieve::default(), 0);
        let mut members: Vec<(String, Value)> = Vec::new();
        let start_of_all = self.at;
        if self.opens(depth, b'}')? {
            loop {
                self.skip_space();
                let start = self.at;
                let name = self.string()?;
                let hash = hash(&name);
                if sieve.may_hold(hash) {
                    doubts += 1;
                    if doubts <= MOST_DOUBTS && names.iter().any(|(other, held)| *other == hash && *held == name) {
                        self.at = start;
                        return Err(Stop);
                    }
                }
                self.skip_space();
                self.expect(b':')?;
                let value = self.value(depth + 1)?;
                if self.keeps {
                    members.push((name.clone().into_owned(), value));
                }
                names.push((hash, name));
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        if doubts > MOST_DOUBTS {
            names.sort_unstable();
            if names.windows(2).any(|pair| pair[0] == pair[1]) {
                self.at = start_of_all;
                return Err(Stop);
            }
        }
        Ok(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Stop> {
        let mut items = Vec::new();
        if self.opens(depth, b']')? {
            loop {
                let item = self.value(depth + 1)?;
                if self.keeps {
                    items.push(item);
                }
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        Ok(Value::List(items))
    }

    /// Goes past the opening sign; whether there is anything before the closing one.
    fn opens(&mut self, depth: usize, close: u8) -> Result<bool, Stop> {
        if depth == DEEPEST {
            return Err(Stop);
        }
        self.at += 1;
        self.skip_space();
        let is_empty = self.peek() == Some(close);
        self.at += usize::from(is_empty);
        Ok(!is_empty)
    }

    /// Goes past a comma, or past the closing sign.
    fn goes_on(&mut self, close: u8) -> Result<bool, Stop> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(sign) if sign == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(Stop),
        }
    }

    /// Most texts are as they stand there, and need no place of their own.
    fn string(&mut self) -> Result<Cow<'a, str>, Stop> {
        self.expect(b'"')?;
        let mut string = Cow::Borrowed("");
        loop {
            let plain = self.plain()?;
            if string.is_empty() {
                string = Cow::Borrowed(plain);
            } else {
                string.to_mut().push_str(plain);
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let escaped = self.escaped()?;
                    string.to_mut().push(escaped);
                }
                _ => return Err(Stop),
            }
        }
    }

    /// What stands for itself, as far as it goes.
    fn plain(&mut self) -> Result<&'a str, Stop> {
        let rest = self.text.get(self.at..).ok_or(Stop)?;
        let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
        let plain = &rest[..rest.as_bytes().iter().position(ends).unwrap_or(rest.len())];
        self.at += plain.len();
        Ok(plain)
    }

    fn escaped(&mut self) -> Result<char, Stop> {
        let sign = match self.peek().ok_or(Stop)? {
            sign @ (b'"' | b'\\' | b'/') => char::from(sign),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.escaped_unit();
            }
            _ => return Err(Stop),
        };
        self.at += 1;
        Ok(sign)
    }

    /// One code unit, or two that are one character; half of a pair is none (RFC 8259 §8.2).
    fn escaped_unit(&mut self) -> Result<char, Stop> {
        let first = self.hexadecimal()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            self.expect(b'\\')?;
            self.expect(b'u')?;
            let second = self.hexadecimal()?;
            let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(Stop)?;
            0x10000 + ((first - 0xd800) << 10) + low
        } else {
            first
        };
        char::from_u32(code).ok_or(Stop)
    }

    fn hexadecimal(&mut self) -> Result<u32, Stop> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16)).ok_or(Stop)?;
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    /// Whole numbers of 64 bits are numbers; any other is kept as it is written, and none is infinite.
    fn number(&mut self) -> Result<Value, Stop> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let first = self.at;
        self.digits()?;
        if self.at - first > 1 && self.text.as_bytes()[first] == b'0' {
            self.at = first + 1;
            return Err(Stop);
        }
        let mut is_whole = true;
        if self.peek() == Some(b'.') {
            is_whole = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            is_whole = false;
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        if is_whole
            && text != "-0"
            && let Ok(number) = text.parse()
        {
            return Ok(Value::Integer(number));
        }
        Number::new(text).map(Value::Float).ok_or(Stop)
    }

    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Stop) }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Stop> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Ok(value)
    }

    // Inlined although the module is built for size: each is called for every sign, and together they cost 300 bytes.
    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(Stop)
        }
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

fn place(bytes: &[u8], at: usize, cut_short: bool) -> NotJson {
    let before = &bytes[..at.min(bytes.len())];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    NotJson { line, column, cut_short }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::json;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let numbers = prop_oneof![prop::num::f64::NORMAL, prop::num::f64::ZERO, prop::num::f64::SUBNORMAL];
        values_with(numbers.prop_map(|number| float(&format!("{number:?}"))).boxed())
    }

    pub fn float(text: &str) -> Value {
        Value::Float(Number::new(text).unwrap())
    }

    pub fn values_with(float: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            float,
            any::<String>().prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 32, 24, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..24).prop_map(Value::List),
                prop::collection::btree_map(any::<String>(), inner, 0..24)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_it_was(value in values()) {
            prop_assert_eq!(json::parse(json::print(&value).as_bytes()), Ok(value));
        }

        #[test]
        fn c30_no_bytes_trap(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(read(&bytes).map(shell), check(&bytes));
        }

        #[test]
        fn c30_no_text_of_the_right_signs_traps(text in "[\\[\\]{}:,\"\\\\u0-9a-fA-FtrueEnls.+\\- ]{0,40}") {
            let read = read(text.as_bytes());
            prop_assert_eq!(read.clone().map(shell), check(text.as_bytes()));
            if let Ok(value) = read {
                prop_assert_eq!(json::parse(json::print(&value).as_bytes()), Ok(value));
            }
        }
    }

    /// What a check leaves of a value.
    fn shell(value: Value) -> Value {
        match value {
            Value::Text(_) => Value::Text(String::new()),
            Value::List(_) => Value::List(Vec::new()),
            Value::Object(_) => Value::Object(Vec::new()),
            other => other,
        }
    }

    #[test]
    fn a_member_twice_is_found_in_long_objects_too() {
        // From few names to so many that all are sorted.
        for count in [1, 2, 40, 300, 5000] {
            let long = |last: &str| {
                let members: Vec<String> = (0..count).map(|at| format!("\"m{at}\":0")).collect();
                read(format!("{{{},\"{last}\":0}}", members.join(",")).as_bytes())
            };
            assert!(long(&format!("m{count}")).is_ok());
            for twice in [format!("m{}", count - 1), format!("m{}", count / 2), "\\u006d0".to_owned()] {
                assert_eq!(long(&twice).map_err(|error| error.cut_short), Err(false), "{twice} of {count}");
            }
        }
    }

    #[test]
    fn an_error_says_where_and_whether_the_text_was_cut() {
        let problem = |text: &[u8]| read(text).unwrap_err();
        assert_eq!(problem(b"{\n  \"a\": x}"), NotJson { line: 2, column: 8, cut_short: false });
        for cut in [&b"{\"a\": \"b"[..], b"[1,", b"tru", b"\"\xc3", b"", b"\"\\u12"] {
            assert!(problem(cut).cut_short, "{cut:?}");
        }
        assert!(!problem(b"\"\xff\"").cut_short);
    }
}
