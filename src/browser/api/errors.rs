//! Errors as JavaScript sees them, and what is left after a panic.

use std::sync::atomic::{AtomicBool, Ordering};

use js_sys::Object;
use wasm_bindgen::prelude::*;

use super::{Member, array, object, parse};
use crate::client::ClientError;

#[wasm_bindgen(module = "/src/browser/js/error.js")]
extern "C" {
    /// The `Error` subclass of this package: `code` says what happened, `details` are copied onto it.
    pub type DeepstreamError;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, code: &str, details: &Object) -> DeepstreamError;
}

#[wasm_bindgen(module = "/src/browser/js/arguments.js")]
extern "C" {
    /// An argument or an option (`what`) that cannot be: `invalid argument url: expected a string, got undefined`.
    pub fn invalid(name: &str, expected: &str, got: &JsValue, what: &str) -> DeepstreamError;

    /// What a thrown value says.
    #[wasm_bindgen(js_name = wordsIn)]
    pub fn words_of(exception: &JsValue) -> String;

    /// The JSON text of what `login` is given; nothing for `undefined` and `null`.
    #[wasm_bindgen(js_name = loginParams, catch)]
    pub fn login_params(params: &JsValue) -> Result<Option<String>, DeepstreamError>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(message: &str);
}

impl DeepstreamError {
    /// The error of the client with its code, its topic, and what else is known of it: `member` under the name `name` first.
    pub fn from_client(error: &ClientError, name: &str, member: Member<'_>) -> Self {
        let names = Some(error.names()).filter(|names| !names.is_empty()).map(array);
        let lost = error.lost().map(parse);
        let details = [
            (name, member),
            ("topic", error.topic().name().into()),
            ("subject", Member::optional(error.subject())),
            ("action", Member::optional(error.asked())),
            ("names", Member::optional(names.as_ref())),
            ("count", Member::optional(error.count().map(|count| count as f64))),
            ("lost", Member::optional(lost.as_ref())),
        ];
        Self::new(error.message(), error.code(), &object(&details))
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
