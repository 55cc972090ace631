//! What the tests have in common.

mod client;
mod page;
mod recorder;
pub mod servers;
mod wait;

use js_sys::{Function, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

pub use self::{
    client::{JsClient, JsPresence, TestClient, options, with_outbox},
    page::{Page, Replaced, SocketsMade, memory_bytes},
    recorder::{Recorder, callback},
    wait::{next_microtask, next_task, settled, until, until_async},
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = String)]
    fn to_string(value: &JsValue) -> String;
}

/// The value of a JavaScript expression.
pub fn js(expression: &str) -> JsValue {
    js_sys::eval(&format!("({expression})")).expect("an expression")
}

/// A string as it is, everything else as JSON, or as `String()` has it where JSON has nothing.
pub fn text(value: &JsValue) -> String {
    JSON::stringify(value)
        .ok()
        .filter(|_| !value.is_string())
        .and_then(|json| JsValue::from(json).as_string())
        .unwrap_or_else(|| to_string(value))
}

/// The property of an object, as text.
pub fn property(object: &JsValue, name: &str) -> String {
    text(&Reflect::get(object, &name.into()).expect("an object"))
}

/// Calls a method without arguments.
pub fn invoke(object: &JsValue, method: &str) -> JsValue {
    let function: Function = Reflect::get(object, &method.into()).expect("an object").unchecked_into();
    function.call0(object).expect("to be accepted")
}

/// A signal that counts its listeners.
pub fn signal() -> JsValue {
    js("{
        aborted: false,
        reason: 'no longer needed',
        listeners: new Set(),
        addEventListener(_, listener) { this.listeners.add(listener); },
        removeEventListener(_, listener) { this.listeners.delete(listener); },
        abort() { this.aborted = true; this.listeners.forEach((listener) => listener()); },
        count() { return this.listeners.size; },
    }")
}

/// Options with a signal.
pub fn with_signal(signal: &JsValue) -> JsValue {
    let options = Object::new();
    Reflect::set(&options, &"signal".into(), signal).expect("an object");
    options.into()
}
