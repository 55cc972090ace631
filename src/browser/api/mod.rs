//! What JavaScript asks for, and what it gets.

mod client;
pub mod connection;
pub mod errors;
mod options;
pub mod outbox;
#[cfg(feature = "records")]
pub mod record;

use js_sys::{Array, JSON, Object};
use serde::{Serialize, Serializer};
use wasm_bindgen::{JsCast, JsValue};

pub use client::DeepstreamClient;

/// A member of an object that crosses to JavaScript.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Member<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A boolean.
    Flag(bool),
    /// A value of JavaScript's, handed on as it is.
    Value(#[serde(serialize_with = "preserve")] &'a JsValue),
    /// `null`.
    Null,
    /// The object has no such member.
    Absent,
}

impl<'a> Member<'a> {
    /// A member that the object has only if there is a value.
    pub fn optional(value: Option<impl Into<Self>>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

impl<'a> From<&'a str> for Member<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Member<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Member<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'a> From<&'a JsValue> for Member<'a> {
    fn from(value: &'a JsValue) -> Self {
        Self::Value(value)
    }
}

impl<'a, T: Into<Self>> From<Option<T>> for Member<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

// What crosses as it is may be borrowed: a member has nothing to drop.
fn preserve<S: Serializer>(value: &&JsValue, serializer: S) -> Result<S::Ok, S::Error> {
    serde_wasm_bindgen::preserve::serialize(*value, serializer)
}

/// A plain object for JavaScript, of the names and values of its members.
pub fn object(members: &[(&str, Member<'_>)]) -> Object {
    const SERIALIZER: serde_wasm_bindgen::Serializer = serde_wasm_bindgen::Serializer::json_compatible();
    let present = members.iter().filter(|(_, member)| !matches!(member, Member::Absent));
    let object = SERIALIZER.collect_map(present.map(|(name, member)| (name, member)));
    object.map_or_else(|_| Object::new(), JsCast::unchecked_into)
}

/// An array of strings for JavaScript.
pub fn array(names: &[Box<str>]) -> JsValue {
    names.iter().map(|name| JsValue::from(&**name)).collect::<Array>().into()
}

/// Parses what another party says; text that is not JSON is handed on as the string it is.
pub fn parse(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_else(|_| text.into())
}
