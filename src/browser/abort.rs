//! `AbortSignal`: ends what the application began, when the application says so.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use super::api::errors::DeepstreamError;

#[wasm_bindgen]
extern "C" {
    /// The platform's own, or anything like it.
    pub type AbortSignal;

    #[wasm_bindgen(method, getter)]
    fn aborted(this: &AbortSignal) -> bool;

    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add_event_listener(this: &AbortSignal, event: &str, listener: &JsValue);
}

impl AbortSignal {
    /// The member `signal` of an options object, if there is one.
    ///
    /// # Errors
    /// Options that are not an object, a signal that is none.
    pub fn of_options(options: &JsValue) -> Result<Option<Self>, DeepstreamError> {
        if options.is_undefined() || options.is_null() {
            return Ok(None);
        }
        if !options.is_object() {
            return Err(DeepstreamError::invalid("argument", "options", "an object", options));
        }
        let signal = Reflect::get(options, &"signal".into()).unwrap_or_default();
        if signal.is_undefined() || signal.is_null() {
            return Ok(None);
        }
        // Signals of another window are as good.
        let has = |member: &str, is_right: fn(&JsValue) -> bool| {
            Reflect::get(&signal, &member.into()).is_ok_and(|value| is_right(&value))
        };
        let is_signal =
            has("aborted", |value| value.as_bool().is_some()) && has("addEventListener", JsValue::is_function);
        if is_signal {
            Ok(Some(signal.unchecked_into()))
        } else {
            Err(DeepstreamError::invalid("argument", "options.signal", "an AbortSignal", &signal))
        }
    }

    /// Whether it was aborted already.
    pub fn is_aborted(&self) -> bool {
        self.aborted()
    }

    /// Calls back once it is aborted.
    pub fn when_aborted(&self, callback: impl FnOnce() + 'static) {
        self.add_event_listener("abort", &Closure::once_into_js(|_: JsValue| callback()));
    }
}
