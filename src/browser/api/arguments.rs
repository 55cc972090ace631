//! Arguments of the application, checked at the call.

use wasm_bindgen::prelude::*;

use super::errors::DeepstreamError;
use crate::client::record::{Path, PathError};

/// A string that is not empty.
///
/// # Errors
/// Anything else, naming the argument.
pub fn name(argument: &'static str, value: &JsValue) -> Result<String, DeepstreamError> {
    value
        .as_string()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| DeepstreamError::invalid("argument", argument, "a non-empty string", value))
}

/// A path into a record; `undefined` is the whole record.
///
/// # Errors
/// Anything else, with what was expected instead.
pub fn path(value: &JsValue) -> Result<Path, DeepstreamError> {
    let invalid = |expected| DeepstreamError::invalid("argument", "path", expected, value);
    let text = match value.as_string() {
        Some(text) if text.is_empty() => return Err(invalid("a non-empty string")),
        Some(text) => text,
        None if value.is_undefined() => String::new(),
        None => return Err(invalid("a string")),
    };
    Path::parse(&text).map_err(|PathError { expected, .. }| invalid(expected))
}

/// The JSON text of a value, or nothing for `undefined`.
///
/// # Errors
/// Functions and symbols, for which JSON has no text; and what `JSON.stringify` throws, for instance for a cycle or a
/// bigint, as the cause of an error that names the argument.
pub fn json(argument: &'static str, value: &JsValue) -> Result<Option<String>, DeepstreamError> {
    if value.is_undefined() {
        return Ok(None);
    }
    match js_sys::JSON::stringify(value) {
        Ok(text) => JsValue::from(text)
            .as_string()
            .map(Some)
            .ok_or_else(|| DeepstreamError::invalid("argument", argument, "what JSON can say", value)),
        Err(cause) => Err(DeepstreamError::not_json(argument, &cause)),
    }
}

/// The JSON text of what `login` is given; nothing for `undefined` and `null`.
///
/// # Errors
/// Anything that JSON does not make an object.
pub fn login_params(params: &JsValue) -> Result<Option<String>, DeepstreamError> {
    if params.is_undefined() || params.is_null() {
        return Ok(None);
    }
    let text = if params.is_object() { json("params", params)? } else { None };
    match text {
        Some(text) if text.starts_with('{') => Ok(Some(text)),
        _ => Err(DeepstreamError::invalid("argument", "params", "an object or a callback", params)),
    }
}
