//! How are codes printed as JSON?

use std::fmt::Write;

use crate::json;
use crate::trace::line::code;
use crate::trace::vocabulary;

/// Prints one value after the other.
#[derive(Debug)]
pub(in crate::trace) struct Printer<'a> {
    words: Vec<&'static str>,
    codes: &'a [u8],
    pub text: String,
}

impl<'a> Printer<'a> {
    pub fn after(text: String) -> Self {
        Self { words: vocabulary::all().collect(), codes: &[], text }
    }

    pub fn print(&mut self, codes: &'a [u8]) {
        self.codes = codes;
        self.value();
    }

    /// Each on a line of its own.
    pub fn print_lines(&mut self, codes: &'a [u8]) {
        self.codes = codes;
        let mut between = "\n";
        while !self.codes.is_empty() {
            self.text.push_str(between);
            self.value();
            between = ",\n";
        }
    }

    /// Whether there was a value and not an end.
    fn value(&mut self) -> bool {
        match self.code() {
            code::END => return false,
            code::OBJECT => self.all(["{", "}"], [':', ',']),
            code::LIST => self.all(["[", "]"], [',', ',']),
            code::NUMBER => {
                let number = i64::from_le_bytes(self.take());
                self.number(number);
            }
            code::NAME => {
                self.text.push_str("\"<");
                let kind = self.code();
                self.word(kind);
                let number = u32::from_le_bytes(self.take());
                self.text.push('-');
                self.number(i64::from(number));
                self.text.push_str(">\"");
            }
            code::TEXT => {
                let text = self.take_text();
                json::write_text(text, &mut self.text);
            }
            code::BARE => {
                let text = self.take_text();
                self.text.push_str(text);
            }
            word => {
                self.text.push('"');
                self.word(word);
                self.text.push('"');
            }
        }
        true
    }

    fn all(&mut self, [open, close]: [&str; 2], between: [char; 2]) {
        self.text.push_str(open);
        let mut signs = between.into_iter().cycle();
        let empty = self.text.len();
        while self.value() {
            self.text.extend(signs.next());
        }
        if self.text.len() > empty {
            self.text.pop();
        }
        self.text.push_str(close);
    }

    pub fn number(&mut self, number: i64) {
        // Writing to a string can't fail.
        let _ = write!(self.text, "{number}");
    }

    fn word(&mut self, code: u8) {
        let place = match code {
            code::OTHER_WORD => code::FIRST_WORDS + u16::from(self.code()),
            code => u16::from(code - code::FIRST_WORD),
        };
        self.text.push_str(self.words.get(usize::from(place)).copied().unwrap_or_default());
    }

    fn code(&mut self) -> u8 {
        let [code] = self.take();
        code
    }

    /// Zero beyond the end, which is [`code::END`].
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((taken, rest)) = self.codes.split_first_chunk() else { return [0; N] };
        self.codes = rest;
        *taken
    }

    fn take_text(&mut self) -> &'a str {
        let codes = self.codes;
        let length = codes.iter().take_while(|code| **code != code::END_OF_TEXT).count();
        self.codes = codes.get(length + 1..).unwrap_or_default();
        codes.get(..length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}
