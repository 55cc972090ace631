//! Options as the application gives them.

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::{
    arguments,
    errors::{self, DeepstreamError},
};
use crate::client::{Accepted, OptionError, OptionValue, Options};

/// Reads the options object, and the function that the option `authParams` may be. What is left out or `undefined` has its default.
///
/// Unknown names, and options of parts that this version does not have, are told on the console.
///
/// # Errors
/// Anything but an object, and the first option whose type or range is wrong.
pub fn read(object: &JsValue) -> Result<(Options, Option<Function>), DeepstreamError> {
    let mut options = Options::default();
    let mut auth_params = None;
    if object.is_undefined() || object.is_null() {
        return Ok((options, auth_params));
    }
    if !object.is_object() || Array::is_array(object) {
        return Err(DeepstreamError::invalid("argument", "options", "an object", object));
    }
    for name in Object::keys(object.unchecked_ref::<Object>()).iter().filter_map(|name| name.as_string()) {
        let value = Reflect::get(object, &JsValue::from_str(&name)).unwrap_or_default();
        if value.is_undefined() {
            continue;
        }
        let mut text = value.as_string();
        let mut numbers = Vec::new();
        let value_of_option = if name == "authParams" && value.is_object() && !value.is_function() {
            text = arguments::login_params(&value)?;
            OptionValue::Json(text.as_deref().unwrap_or("{}"))
        } else {
            option_value(&value, text.as_deref(), &mut numbers)
        };
        match options.set(&name, value_of_option) {
            Ok(Accepted::InEffect) if name == "authParams" => auth_params = value.dyn_into().ok(),
            Ok(Accepted::InEffect | Accepted::WithoutEffect) => {}
            Ok(Accepted::NotYet) => errors::warn(&["option ", &name, " has no effect in this version"]),
            Err(OptionError::Invalid { expected }) => {
                return Err(DeepstreamError::invalid("option", &name, expected, &value));
            }
            Err(OptionError::Unknown { nearest: Some(nearest) }) => {
                errors::warn(&["unknown option ", &name, ", did you mean ", nearest, "?"]);
            }
            Err(OptionError::Unknown { nearest: None }) => errors::warn(&["unknown option ", &name]),
        }
    }
    Ok((options, auth_params))
}

fn option_value<'a>(value: &JsValue, text: Option<&'a str>, numbers: &'a mut Vec<f64>) -> OptionValue<'a> {
    if let Some(text) = text {
        OptionValue::Text(text)
    } else if let Some(number) = value.as_f64() {
        OptionValue::Number(number)
    } else if let Some(flag) = value.as_bool() {
        OptionValue::Flag(flag)
    } else if value.is_function() {
        OptionValue::Function
    } else if Array::is_array(value) {
        let elements = value.unchecked_ref::<Array>().iter();
        numbers.extend(elements.map(|element| element.as_f64().unwrap_or(f64::NAN)));
        OptionValue::List(numbers)
    } else if value.is_object() {
        OptionValue::Object
    } else {
        OptionValue::Other
    }
}
