//! What JavaScript asks for, and what it gets.

mod client;
pub mod connection;
pub mod errors;
mod options;
pub mod outbox;
#[cfg(feature = "records")]
pub mod record;

use js_sys::{JSON, Object, Reflect};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};

pub use client::DeepstreamClient;

/// What crosses to JavaScript as a plain object: `None` is `null` there, and JavaScript's values are handed on as they are.
pub fn to_object(value: &impl Serialize) -> Object {
    const SERIALIZER: Serializer = Serializer::new().serialize_missing_as_null(true);
    value.serialize(&SERIALIZER).map_or_else(|_| Object::new(), JsCast::unchecked_into)
}

/// Sets a property of an object made here, which cannot fail.
pub fn set(object: &Object, name: &str, value: impl Into<JsValue>) {
    set_value(object, name, &value.into());
}

// Apart, because it would otherwise be compiled once for each type of value.
fn set_value(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}

/// Parses what another party says; text that is not JSON is handed on as the string it is.
pub fn parse(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_else(|_| text.into())
}

/// The `{ reason }` that the reference client gives.
pub fn documented(reason: &JsValue) -> Object {
    let documented = Object::new();
    set(&documented, "reason", reason.clone());
    documented
}
