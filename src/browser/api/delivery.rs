//! How what the client is given is to be delivered: the last argument of `emit` and `setData`.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use super::errors::DeepstreamError;
use crate::client::Delivery;

/// What an application may say of the delivery of events.
pub const EVENT_OPTIONS: &str = "delivery, ttl, key or receipt as its name";

/// What an application may say of the delivery of writes to records that are not open.
pub const RECORD_OPTIONS: &str = "delivery or ttl as its name";

/// How one thing that the client is given is to be delivered.
#[derive(Default)]
pub struct DeliveryOptions {
    /// What is done for it.
    pub delivery: Delivery,
    /// How long it is worth sending, in milliseconds.
    pub ttl_ms: Option<u64>,
    /// What tells it from all others.
    pub key: Option<String>,
    /// Whether to tell what becomes of it.
    pub receipt: bool,
}

impl DeliveryOptions {
    /// Reads an object, or `undefined`; `allowed` is [`EVENT_OPTIONS`] or [`RECORD_OPTIONS`].
    ///
    /// # Errors
    /// Anything else, and options that are wrong.
    pub fn read(object: &JsValue, allowed: &'static str) -> Result<Self, DeepstreamError> {
        let mut options = Self::default();
        if object.is_undefined() {
            return Ok(options);
        }
        if !object.is_object() {
            return Err(DeepstreamError::invalid("argument", "options", "an object", object));
        }
        for name in Object::keys(object.unchecked_ref::<Object>()).iter().filter_map(|name| name.as_string()) {
            let value = Reflect::get(object, &JsValue::from_str(&name)).unwrap_or_default();
            if !value.is_undefined()
                && let Err(expected) = options.set(&name, &value, allowed)
            {
                return Err(DeepstreamError::invalid("option", &name, expected, &value));
            }
        }
        Ok(options)
    }

    /// Sets one option; else says what would have been right.
    fn set(&mut self, name: &str, value: &JsValue, allowed: &'static str) -> Result<(), &'static str> {
        let text = value.as_string();
        match name {
            "delivery" => {
                self.delivery = match text.as_deref() {
                    Some("durable") => Delivery::Durable,
                    Some("memory") => Delivery::Memory,
                    Some("drop") => Delivery::Drop,
                    _ => return Err("'durable', 'memory' or 'drop'"),
                };
            }
            "ttl" => {
                let ttl = value.as_f64().filter(|ttl| (1.0..=MAX_TTL_MS).contains(ttl));
                self.ttl_ms = Some(ttl.ok_or("a number of milliseconds from 1 to 2147483647")? as u64);
            }
            "key" if allowed == EVENT_OPTIONS => {
                self.key = Some(text.filter(|key| !key.is_empty()).ok_or("a non-empty string")?)
            }
            "receipt" if allowed == EVENT_OPTIONS => self.receipt = value.as_bool().ok_or("true or false")?,
            _ => return Err(allowed),
        }
        Ok(())
    }
}

/// As for all times in milliseconds.
const MAX_TTL_MS: f64 = 2_147_483_647.0;
