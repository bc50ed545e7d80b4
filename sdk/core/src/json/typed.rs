//! How does a document become the application's own type? Through serde, with errors that name the member.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, Unexpected, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::json::Value;

/// What does not fit, and where: the names of the members from the inside out.
#[derive(Debug)]
pub struct Mismatch {
    path: Vec<String>,
    problem: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.path.iter().rev().enumerate() {
            write!(formatter, "{}{name}", if position > 0 { "." } else { "" })?;
        }
        write!(formatter, "{}{}", if self.path.is_empty() { "" } else { ": " }, self.problem)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self { path: Vec::new(), problem: problem.to_string() }
    }
}

impl<'de> de::Deserializer<'de> for &'de Value {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => match number.as_str().parse() {
                Ok(whole) => visitor.visit_u64(whole),
                Err(_) => visitor.visit_f64(number.value()),
            },
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => {
                let named = items.iter().enumerate().map(|(at, item)| Named { name: Name::Item(at), value: item });
                visitor.visit_seq(SeqDeserializer::new(named))
            }
            Value::Object(members) => {
                let named =
                    members.iter().map(|(name, value)| (name.as_str(), Named { name: Name::Member(name), value }));
                visitor.visit_map(MapDeserializer::new(named))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if *self == Value::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self {
            Value::Text(variant) => visitor.visit_enum(variant.as_str().into_deserializer()),
            Value::Object(members) if members.len() == 1 => visitor.visit_enum(Variant(&members[0])),
            _ => Err(de::Error::invalid_type(Unexpected::Other("something else"), &"the name of a variant")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// A value with the name that an error puts before it.
struct Named<'de> {
    name: Name<'de>,
    value: &'de Value,
}

enum Name<'de> {
    Member(&'de str),
    Item(usize),
}

impl Named<'_> {
    fn at(&self) -> impl FnOnce(Mismatch) -> Mismatch + use<> {
        let name = match self.name {
            Name::Member(name) => name.to_owned(),
            Name::Item(at) => at.to_string(),
        };
        move |mut mismatch| {
            mismatch.path.push(name);
            mismatch
        }
    }
}

impl<'de> IntoDeserializer<'de, Mismatch> for Named<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Named<'de> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.value.deserialize_any(visitor).map_err(self.at())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.value.deserialize_option(visitor).map_err(self.at())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        self.value.deserialize_newtype_struct(name, visitor).map_err(self.at())
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.value.deserialize_enum(name, variants, visitor).map_err(self.at())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// A variant with what belongs to it.
struct Variant<'de>(&'de (String, Value));

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Mismatch> {
        let name: de::value::StrDeserializer<'_, Mismatch> = self.0.0.as_str().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        de::Deserialize::deserialize(&self.0.1)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Mismatch> {
        seed.deserialize(&self.0.1)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Mismatch> {
        de::Deserializer::deserialize_any(&self.0.1, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        de::Deserializer::deserialize_any(&self.0.1, visitor)
    }
}
