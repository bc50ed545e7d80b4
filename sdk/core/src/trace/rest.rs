//! What is the state of a machine, so that another can go on from it? Written at a moment at which nothing is under way,
//! by the same rules as everything else.
//!
//! Each struct of the state names its fields once, in [`at_rest!`] below its definition: what is missing there does not
//! compile, so that no state is forgotten.

mod words;

use std::sync::Arc;

use crate::json::{self, Value};
use crate::secret::Secret;
use crate::trace::line::Line;
#[cfg(feature = "replay")]
use crate::trace::replay::NotATrace;
use crate::trace::rules::{self, Rule};

/// A part of a machine's state.
pub(crate) trait AtRest: Sized {
    /// Writes the value of a member of this name.
    fn write(&self, name: &str, line: &mut Line<'_>);

    /// Whether the member can be left out.
    fn is_nothing(&self) -> bool {
        false
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace>;

    /// What a member is that was left out.
    #[cfg(feature = "replay")]
    fn nothing(name: &str) -> Result<Self, NotATrace> {
        Err(NotATrace::new(format!("{name} is missing in a state")))
    }
}

impl Line<'_> {
    /// Not inlined: a page carries it once for each type, and not once for each field.
    #[inline(never)]
    pub fn part<T: AtRest>(&mut self, name: &str, part: &T) {
        if !part.is_nothing() {
            self.member(name);
            part.write(name, self);
        }
    }
}

#[cfg(feature = "replay")]
pub(crate) fn part<T: AtRest>(of: &Value, name: &str) -> Result<T, NotATrace> {
    of.member(name).map_or_else(|| T::nothing(name), T::read)
}

/// A struct of the state: the fields that are kept, and those without which it decides the same, because they are empty
/// while nothing is under way or are only shown.
macro_rules! at_rest {
    ($type:ident { $($kept:ident),* $(,)? } $(without { $($empty:ident),* })?) => {
        impl $crate::trace::AtRest for $type {
            fn write(&self, _name: &str, line: &mut $crate::trace::Line<'_>) {
                let Self { $($kept,)* $($($empty: _,)*)? } = self;
                line.begin();
                $(line.part(stringify!($kept), $kept);)*
                line.close();
            }

            #[cfg(feature = "replay")]
            fn read(value: &$crate::json::Value) -> Result<Self, $crate::trace::replay::NotATrace> {
                Ok(Self {
                    $($kept: $crate::trace::part(value, stringify!($kept))?,)*
                    $($($empty: Default::default(),)*)?
                })
            }
        }
    };
}

/// An enum without fields, whose variants have words.
macro_rules! at_rest_words {
    ($type:ident { $($variant:ident $word:literal),* $(,)? }) => {
        impl $crate::trace::AtRest for $type {
            fn write(&self, _name: &str, line: &mut $crate::trace::Line<'_>) {
                line.quote(match self { $(Self::$variant => $word,)* });
            }

            #[cfg(feature = "replay")]
            fn read(value: &$crate::json::Value) -> Result<Self, $crate::trace::replay::NotATrace> {
                match value.as_text() {
                    $(Some($word) => Ok(Self::$variant),)*
                    _ => Err($crate::trace::replay::NotATrace::new("a word of a state is not known here")),
                }
            }
        }
    };
}

pub(crate) use {at_rest, at_rest_words};

macro_rules! at_rest_number {
    ($($type:ident),*) => {$(
        impl AtRest for $type {
            fn write(&self, _name: &str, line: &mut Line<'_>) {
                line.push_number(i64::try_from(*self).unwrap_or(i64::MAX));
            }

            #[cfg(feature = "replay")]
            fn read(value: &Value) -> Result<Self, NotATrace> {
                let number = value.as_integer().and_then(|number| Self::try_from(number).ok());
                number.ok_or_else(|| NotATrace::new("a number of a state is none"))
            }
        }
    )*};
}

at_rest_number!(u32, u64, i64);

impl AtRest for (i64, i64) {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.begin();
        line.time("low", self.0);
        line.time("high", self.1);
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        Ok((part(value, "low")?, part(value, "high")?))
    }
}

impl AtRest for bool {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.write(Rule::Truth, &Value::Bool(*self), 0);
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        Ok(*value == Value::Bool(true))
    }
}

impl AtRest for String {
    fn write(&self, name: &str, line: &mut Line<'_>) {
        line.write_text(rules::rule(name).unwrap_or(Rule::Name("text")), self);
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        value.as_text().map(str::to_owned).ok_or_else(|| NotATrace::new("a text of a state is none"))
    }
}

/// A token, or an answer that is kept.
impl AtRest for Secret {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        match json::parse(self.expose().as_bytes()) {
            Ok(kept @ Value::Object(_)) => line.write(Rule::Members, &kept, 0),
            _ => line.write_text(Rule::Token, self.expose()),
        }
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        Ok(Self::new(crate::trace::replay::secret(value)))
    }
}

impl AtRest for Value {
    fn write(&self, _name: &str, line: &mut Line<'_>) {
        line.write(Rule::Members, self, 0);
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        Ok(value.clone())
    }
}

impl<T: AtRest> AtRest for Option<T> {
    fn write(&self, name: &str, line: &mut Line<'_>) {
        if let Some(part) = self {
            part.write(name, line);
        }
    }

    fn is_nothing(&self) -> bool {
        self.is_none()
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        T::read(value).map(Some)
    }

    #[cfg(feature = "replay")]
    fn nothing(_name: &str) -> Result<Self, NotATrace> {
        Ok(None)
    }
}

impl<T: AtRest> AtRest for Vec<T> {
    fn write(&self, name: &str, line: &mut Line<'_>) {
        line.begin_list();
        for item in self {
            line.separate();
            item.write(name, line);
        }
        line.close_list();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        match value {
            Value::List(items) => items.iter().map(T::read).collect(),
            _ => Err(NotATrace::new("a list of a state is none")),
        }
    }
}

macro_rules! at_rest_pointer {
    ($($pointer:ident),*) => {$(
        impl<T: AtRest> AtRest for $pointer<T> {
            fn write(&self, name: &str, line: &mut Line<'_>) {
                T::write(self, name, line);
            }

            #[cfg(feature = "replay")]
            fn read(value: &Value) -> Result<Self, NotATrace> {
                T::read(value).map(Self::new)
            }
        }
    )*};
}

at_rest_pointer!(Box, Arc);
