//! Errors as JavaScript sees them, and what is left after a panic.

use std::sync::atomic::{AtomicBool, Ordering};

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use super::{parse, set};
use crate::{browser::page::property, client::ClientError};

#[wasm_bindgen(module = "/src/browser/js/error.js")]
extern "C" {
    /// The `Error` subclass of this package: `code` says what happened, `details` are copied onto it.
    pub type DeepstreamError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, code: &str, details: &Object) -> DeepstreamError;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(message: &str);

    #[wasm_bindgen(js_name = String)]
    fn to_js_string(value: &JsValue) -> String;
}

impl DeepstreamError {
    /// The error of the client with its code and topic, and `details`.
    pub fn from_client(error: &ClientError, details: &Object) -> Self {
        let details = Object::assign(&Object::new(), details);
        set(&details, "topic", error.topic().name());
        if let Some(subject) = error.subject() {
            set(&details, "subject", subject);
        }
        if let Some(asked) = error.asked() {
            set(&details, "action", asked);
        }
        if !error.names().is_empty() {
            set(&details, "names", error.names().iter().map(|name| JsValue::from(&**name)).collect::<Array>());
        }
        if let Some(count) = error.count() {
            set(&details, "count", count as f64);
        }
        if let Some(lost) = error.lost() {
            set(&details, "lost", parse(&lost));
        }
        Self::new(&error.message(), error.code(), &details)
    }

    /// An argument that cannot be: `invalid argument name: expected a non-empty string, got undefined`.
    pub fn invalid(what: &str, name: &str, expected: &str, got: &JsValue) -> Self {
        let message = ["invalid ", what, " ", name, ": expected ", expected, ", got ", &describe(got)].concat();
        let code = if what == "option" { "INVALID_OPTION" } else { "INVALID_ARGUMENT" };
        Self::new(&message, code, &Object::new())
    }

    /// An argument that `JSON.stringify` threw at.
    pub fn not_json(name: &str, cause: &JsValue) -> Self {
        let details = Object::new();
        set(&details, "cause", cause);
        let message = ["invalid argument ", name, ": expected what JSON can say: ", &words_of(cause)].concat();
        Self::new(&message, "INVALID_ARGUMENT", &details)
    }

    /// What every call gets after the module has panicked.
    fn after_panic() -> Self {
        Self::new("the client failed in a way it should not have; reload the page", "PANICKED", &Object::new())
    }
}

/// Tells about something odd that is no failure.
pub fn warn(parts: &[&str]) {
    console_warn(&["deepstream: ", &parts.concat()].concat());
}

/// What a thrown value says.
pub fn words_of(exception: &JsValue) -> String {
    let message = property(exception, "message").and_then(|message| message.as_string());
    message.unwrap_or_else(|| describe(exception))
}

/// The value in a few words: enough to recognise it, never its whole content.
fn describe(value: &JsValue) -> String {
    const LONGEST: usize = 60;
    if let Some(text) = value.as_string() {
        let shortened: String = text.chars().take(LONGEST).collect();
        let rest = if shortened.len() < text.len() { "…" } else { "" };
        return ["'", &shortened, rest, "'"].concat();
    }
    if value.is_function() {
        return "a function".into();
    }
    if js_sys::Array::is_array(value) {
        return "an array".into();
    }
    if value.is_object() {
        return "an object".into();
    }
    if value.is_symbol() {
        return "a symbol".into();
    }
    to_js_string(value)
}

static PANICKED: AtomicBool = AtomicBool::new(false);

/// Whether the module has panicked: its state can then no longer be trusted.
pub fn panicked() -> bool {
    PANICKED.load(Ordering::Relaxed)
}

/// Fails if the module has panicked.
///
/// # Errors
/// The one error that every call gets from then on.
pub fn ensure_sound() -> Result<(), DeepstreamError> {
    if panicked() { Err(DeepstreamError::after_panic()) } else { Ok(()) }
}

/// Sees to it that a panic is told once, with its place, and remembered.
pub fn watch_for_panics() {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if WATCHING.swap(true, Ordering::Relaxed) {
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        PANICKED.store(true, Ordering::Relaxed);
        let words = panic.payload_as_str().unwrap_or_default();
        let (file, line) = panic.location().map_or(("", 0), |location| (location.file(), location.line()));
        console_warn(&["deepstream: panicked at ", file, ":", &line.to_string(), ": ", words].concat());
    }));
}
