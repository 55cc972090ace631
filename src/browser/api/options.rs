//! Options as the application gives them.

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::errors::{self, DeepstreamError, invalid};
use crate::{
    browser::{page, storage::Store},
    client::{Accepted, OptionError, OptionValue, Options},
};

/// What the application gives.
#[derive(Default)]
pub struct Given {
    /// What the client acts on.
    pub options: Options,
    /// The function that the option `authParams` may be.
    pub auth_params: Option<Function>,
    /// The object that the option `outbox.storage` may be.
    pub storage: Option<Store>,
}

/// Reads the options object. What is left out or `undefined` has its default.
///
/// Unknown names, and options of parts that this version does not have, are told on the console.
///
/// # Errors
/// Anything but an object, and the first option whose type or range is wrong.
pub fn read(object: &JsValue) -> Result<Given, DeepstreamError> {
    let mut given = Given::default();
    if object.is_undefined() || object.is_null() {
        return Ok(given);
    }
    if !is_plain(object) {
        return Err(invalid("options", "an object", object, "argument"));
    }
    given.read_group("", object)?;
    Ok(given)
}

/// The groups of options that have members of their own, and what their names begin with.
const GROUPS: [(&str, &str); 3] = [("outbox", "outbox."), ("indexdb", "indexdb."), ("localstorage", "localstorage.")];

/// What an application's own storages must have, by option.
const STORE_METHODS: [(&str, [&str; 4]); 2] =
    [("outbox.storage", ["getItem", "setItem", "removeItem", "keys"]), ("storage", ["get", "set", "delete", "reset"])];

impl Given {
    fn read_group(&mut self, prefix: &str, group: &JsValue) -> Result<(), DeepstreamError> {
        for name in Object::keys(group.unchecked_ref::<Object>()).iter().filter_map(|name| name.as_string()) {
            let value = Reflect::get(group, &JsValue::from_str(&name)).unwrap_or_default();
            let name = [prefix, &name].concat();
            if value.is_undefined() {
                continue;
            }
            match GROUPS.iter().find(|(group, _)| *group == name) {
                None => self.read_one(&name, &value)?,
                Some((_, prefix)) if is_plain(&value) => self.read_group(prefix, &value)?,
                Some(_) => return Err(invalid(&name, "an object", &value, "option")),
            }
        }
        Ok(())
    }

    fn read_one(&mut self, name: &str, value: &JsValue) -> Result<(), DeepstreamError> {
        let mut text = value.as_string();
        let (mut numbers, mut texts) = (Vec::new(), Vec::new());
        let value_of_option = if name == "authParams" && value.is_object() && !value.is_function() {
            text = errors::login_params(value)?;
            OptionValue::Json(text.as_deref().unwrap_or("{}"))
        } else if lacks_methods(name, value) {
            text.as_deref().map_or(OptionValue::Other, OptionValue::Text)
        } else {
            option_value(value, text.as_deref(), &mut numbers, &mut texts)
        };
        match self.options.set(name, value_of_option) {
            Ok(Accepted::InEffect) if name == "authParams" => self.auth_params = value.clone().dyn_into().ok(),
            Ok(Accepted::InEffect) if name == "outbox.storage" && text.is_none() => {
                self.storage = Some(value.clone().unchecked_into());
            }
            Ok(Accepted::InEffect | Accepted::WithoutEffect) => {}
            Ok(Accepted::NotYet) => errors::warn(&["option ", name, " has no effect in this version"]),
            Err(OptionError::Invalid { expected }) => {
                return Err(invalid(name, expected, value, "option"));
            }
            Err(OptionError::Unknown { nearest: Some(nearest) }) => {
                errors::warn(&["unknown option ", name, ", did you mean ", nearest, "?"]);
            }
            Err(OptionError::Unknown { nearest: None }) => errors::warn(&["unknown option ", name]),
        }
        Ok(())
    }
}

fn is_plain(value: &JsValue) -> bool {
    value.is_object() && !Array::is_array(value)
}

/// Whether the option is a storage, and this is none.
fn lacks_methods(option: &str, value: &JsValue) -> bool {
    let has_method = |name: &&str| page::property(value, name).is_some_and(|method| method.is_function());
    STORE_METHODS.iter().any(|(storage, methods)| *storage == option && !methods.iter().all(has_method))
}

fn option_value<'a>(
    value: &JsValue,
    text: Option<&'a str>,
    numbers: &'a mut Vec<f64>,
    texts: &'a mut Vec<String>,
) -> OptionValue<'a> {
    if let Some(text) = text {
        OptionValue::Text(text)
    } else if let Some(number) = value.as_f64() {
        OptionValue::Number(number)
    } else if let Some(flag) = value.as_bool() {
        OptionValue::Flag(flag)
    } else if value.is_function() {
        OptionValue::Function
    } else if Array::is_array(value) {
        let elements = value.unchecked_ref::<Array>();
        texts.extend(elements.iter().filter_map(|element| element.as_string()));
        if !texts.is_empty() && texts.len() == elements.length() as usize {
            return OptionValue::Texts(texts);
        }
        numbers.extend(elements.iter().map(|element| element.as_f64().unwrap_or(f64::NAN)));
        OptionValue::List(numbers)
    } else if value.is_object() {
        OptionValue::Object
    } else {
        OptionValue::Other
    }
}
