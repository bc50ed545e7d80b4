//! How is JSON read and written? The one seam: whatever is behind it, no other file knows.
//!
//! Stricter than most: no member twice, no depth beyond [`DEEPEST`], no half of a surrogate pair, no number without end,
//! nothing after the document. `docs/architecture.md` has the figures by which the scanner was chosen.

mod number;
mod print;
mod scan;
mod typed;

use std::fmt;

use serde::de::DeserializeOwned;

pub use number::Number;
pub(crate) use print::write_text;
pub use typed::Mismatch;

/// How deep lists and objects may nest (C16).
pub const DEEPEST: usize = 32;

/// A JSON document. Members keep their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// Any other number.
    Float(Number),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// A text that is not a document we accept. Says where, and never what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJson {
    pub line: usize,
    pub column: usize,
    /// The text ends too early, as a body does when the connection broke.
    pub cut_short: bool,
}

impl fmt::Display for NotJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "not acceptable JSON at line {}, column {}", self.line, self.column)
    }
}

impl std::error::Error for NotJson {}

/// Reads one document.
///
/// # Errors
/// [`NotJson`] for anything that is not one JSON text (RFC 8259) in UTF-8, repeats a member or nests too deep.
pub fn parse(bytes: &[u8]) -> Result<Value, NotJson> {
    scan::read(bytes)
}

/// The text of one object, if [`parse`] would read it: for whoever reads it with a parser of their own, and less work.
pub(crate) fn object_text(bytes: Vec<u8>) -> Option<String> {
    let is_object = matches!(scan::check(&bytes), Ok(Value::Object(_)));
    String::from_utf8(bytes).ok().filter(|_| is_object)
}

/// Writes a document.
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    print::write(value, &mut text);
    text
}

/// Reads an application's own type out of a document.
///
/// # Errors
/// A sentence that names the member which is missing or has another type.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|mismatch| mismatch.to_string())
}

impl Value {
    pub fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// A number, whole or not.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(number.value()),
            _ => None,
        }
    }

    /// A number of seconds; whole or not, also as the text that some servers send.
    pub fn as_seconds(&self) -> Option<f64> {
        match self {
            Self::Text(text) => parse(text.as_bytes()).ok()?.as_number(),
            _ => self.as_number(),
        }
    }
}

/// Shorthand for writing objects.
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_document_is_read_and_printed() {
        let text = r#"{"b":[1,-2.5,1.0,1e21,"x\n\u0001\"\\é",null,true],"a":{}}"#;
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(print(&value), text);
        assert_eq!(value.member("b").map(|list| matches!(list, Value::List(items) if items.len() == 7)), Some(true));
    }

    #[test]
    fn c16_repeated_members_depth_and_trailing_bytes_are_refused() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(deep(DEEPEST).as_bytes()).is_ok());
        for bad in [deep(DEEPEST + 1).as_str(), r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":2}}"#, "{} x", "", "{\"a\":1,}"]
        {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn an_application_reads_its_own_type_and_learns_what_is_missing() {
        #[derive(serde::Deserialize, Debug)]
        struct Own {
            #[allow(dead_code, reason = "only its absence matters here")]
            plan: String,
        }
        let problem = from_value::<Own>(&parse(b"{}").unwrap()).unwrap_err();
        assert!(problem.contains("plan"), "{problem}");
    }

    #[test]
    fn a_mistyped_member_is_named_wherever_it_is() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Plan {
            Free,
            Paid { seats: u32 },
        }
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct Own {
            plan: Plan,
            #[serde(default)]
            tags: Vec<String>,
            limit: Option<f64>,
        }
        let read = |text: &str| from_value::<Own>(&parse(text.as_bytes()).unwrap());
        let own = Own { plan: Plan::Paid { seats: 3 }, tags: vec!["a".into()], limit: Some(1.0) };
        assert_eq!(read(r#"{"plan":{"paid":{"seats":3}},"tags":["a"],"limit":1,"more":{}}"#), Ok(own));
        assert_eq!(read(r#"{"plan":"free","limit":null}"#), Ok(Own { plan: Plan::Free, tags: vec![], limit: None }));
        for (text, name) in [
            (r#"{"plan":{"paid":{"seats":"x"}}}"#, "plan.seats: "),
            (r#"{"plan":"free","tags":["a",1]}"#, "tags.1: "),
            (r#"{"plan":"free","limit":"x"}"#, "limit: "),
            (r#"{"plan":"gold"}"#, "plan: "),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.starts_with(name), "{problem}");
        }
    }

    proptest! {
        /// But for long fractions, which serde_json reads to the neighbouring number unless asked for more.
        #[test]
        fn a_text_means_what_it_means_to_others(value in scan::tests::values_with(Just(scan::tests::float("0.1")).boxed())) {
            let text = print(&value);
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            let theirs = parse(theirs.to_string().as_bytes());
            prop_assert_eq!(theirs.map(sorted), Ok(sorted(value)));
        }
    }

    fn sorted(value: Value) -> Value {
        match value {
            Value::Object(mut members) => {
                members.sort_by(|one, other| one.0.cmp(&other.0));
                Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
            }
            Value::List(items) => Value::List(items.into_iter().map(sorted).collect()),
            other => other,
        }
    }
}
