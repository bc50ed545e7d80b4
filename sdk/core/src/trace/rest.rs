//! What is the state of a machine, so that another can go on from it? Written at a moment at which nothing is under way,
//! by the same rules as everything else.
//!
//! Each struct of the state names its fields once, in [`at_rest!`] below its definition: what is missing there does not
//! compile, so that no state is forgotten. A state is a list of them in that order: only a machine reads it.

mod words;

use std::sync::Arc;

use crate::json::{self, Value};
use crate::secret::Secret;
use crate::trace::line::Line;
#[cfg(feature = "replay")]
use crate::trace::replay::NotATrace;
use crate::trace::rules::Rule;
use crate::trace::vocabulary::word;

/// A part of a machine's state.
pub(crate) trait AtRest: Sized {
    fn write(&self, line: &mut Line<'_>);

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace>;
}

/// The parts of a state, one after the other.
#[cfg(feature = "replay")]
#[derive(Debug)]
pub(crate) struct Parts<'a>(std::slice::Iter<'a, Value>);

#[cfg(feature = "replay")]
impl<'a> Parts<'a> {
    pub fn of(value: &'a Value) -> Result<Self, NotATrace> {
        match value {
            Value::List(parts) => Ok(Self(parts.iter())),
            _ => Err(NotATrace::new("a state is no list of its parts")),
        }
    }

    pub fn values(self) -> impl Iterator<Item = &'a Value> {
        self.0
    }

    pub fn next<T: AtRest>(&mut self) -> Result<T, NotATrace> {
        self.0.next().map_or_else(|| Err(NotATrace::new("a part of a state is missing")), T::read)
    }
}

/// A struct of the state: the fields that are kept, the texts among them that are public by the protocol, and the fields
/// without which it decides the same, because they are empty while nothing is under way or are only shown.
macro_rules! at_rest {
    ($type:ident { $($kept:ident),* $(,)? } $(public { $($public:ident),* })? $(without { $($empty:ident),* })?) => {
        impl $crate::trace::AtRest for $type {
            fn write(&self, line: &mut $crate::trace::Line<'_>) {
                let Self { $($kept,)* $($($public,)*)? $($($empty: _,)*)? } = self;
                line.begin_list();
                $($crate::trace::AtRest::write($kept, line);)*
                $($(line.push_text($public);)*)?
                line.close();
            }

            #[cfg(feature = "replay")]
            fn read(value: &$crate::json::Value) -> Result<Self, $crate::trace::replay::NotATrace> {
                let mut parts = $crate::trace::Parts::of(value)?;
                Ok(Self {
                    $($kept: parts.next()?,)*
                    $($($public: parts.next()?,)*)?
                    $($($empty: Default::default(),)*)?
                })
            }
        }
    };
}

pub(crate) use at_rest;

macro_rules! at_rest_number {
    ($($type:ident),*) => {$(
        impl AtRest for $type {
            fn write(&self, line: &mut Line<'_>) {
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
    fn write(&self, line: &mut Line<'_>) {
        line.begin_list();
        line.push_number(self.0);
        line.push_number(self.1);
        line.close();
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        let mut parts = Parts::of(value)?;
        Ok((parts.next()?, parts.next()?))
    }
}

impl AtRest for bool {
    fn write(&self, line: &mut Line<'_>) {
        line.push_truth(*self);
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        Ok(*value == Value::Bool(true))
    }
}

/// Of most texts it only matters whether two are the same.
impl AtRest for String {
    fn write(&self, line: &mut Line<'_>) {
        line.write_text(Rule::Name(word!("text")), self);
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        value.as_text().map(str::to_owned).ok_or_else(|| NotATrace::new("a text of a state is none"))
    }
}

/// A token, or an answer that is kept.
impl AtRest for Secret {
    fn write(&self, line: &mut Line<'_>) {
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

impl<T: AtRest> AtRest for Option<T> {
    fn write(&self, line: &mut Line<'_>) {
        match self {
            Some(part) => part.write(line),
            None => line.push_null(),
        }
    }

    #[cfg(feature = "replay")]
    fn read(value: &Value) -> Result<Self, NotATrace> {
        match value {
            Value::Null => Ok(None),
            value => T::read(value).map(Some),
        }
    }
}

impl<T: AtRest> AtRest for Vec<T> {
    fn write(&self, line: &mut Line<'_>) {
        line.begin_list();
        self.iter().for_each(|item| item.write(line));
        line.close();
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
            fn write(&self, line: &mut Line<'_>) {
                T::write(self, line);
            }

            #[cfg(feature = "replay")]
            fn read(value: &Value) -> Result<Self, NotATrace> {
                T::read(value).map(Self::new)
            }
        }
    )*};
}

at_rest_pointer!(Box, Arc);
