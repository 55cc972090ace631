//! The classes that JavaScript sees.

pub mod arguments;
mod client;
pub mod connection;
pub mod errors;
mod event;
mod options;
pub mod outbox;
pub mod record;

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

pub use client::DeepstreamClient;
pub use event::EventHandler;
pub use outbox::OutboxHandler;

/// Sets a property of an object made here, which cannot fail.
pub fn set(object: &Object, name: &str, value: impl Into<JsValue>) {
    set_value(object, name, &value.into());
}

// Apart, because it would otherwise be compiled once for each type of value.
fn set_value(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}
