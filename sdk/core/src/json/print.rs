//! How is a document written? In one line, members in their order.

use std::fmt::Write;

use crate::json::Value;

pub(super) fn write(value: &Value, text: &mut String) {
    // Writing to a string can't fail.
    let _ = match value {
        Value::Null => write!(text, "null"),
        Value::Bool(bool) => write!(text, "{bool}"),
        Value::Integer(number) => write!(text, "{number}"),
        Value::Float(number) => write!(text, "{}", number.as_str()),
        Value::Text(string) => return write_text(string, text),
        Value::List(items) => {
            let items = items.iter().map(|item| (None, item));
            return write_all(['[', ']'], items, text);
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (Some(name.as_str()), value));
            return write_all(['{', '}'], members, text);
        }
    };
}

fn write_all<'a>(around: [char; 2], parts: impl Iterator<Item = (Option<&'a str>, &'a Value)>, text: &mut String) {
    text.push(around[0]);
    for (position, (name, value)) in parts.enumerate() {
        if position > 0 {
            text.push(',');
        }
        if let Some(name) = name {
            write_text(name, text);
            text.push(':');
        }
        write(value, text);
    }
    text.push(around[1]);
}

pub(crate) fn write_text(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}
