//! `client.outbox`: what waits for the server.

use std::rc::Rc;

use js_sys::{Array, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    arguments,
    connection::wall_clock_ms,
    errors::{self, DeepstreamError},
    parse, to_object,
};
use crate::{
    browser::{callbacks::Callbacks, driver::Driver},
    client::{ClientError, Command, Delivery, DropReason, Entry, Kind, OutboxNews},
};

/// What waits for the server: the class behind `client.outbox`. Its types and their documentation are in `js/outbox.ts`.
#[wasm_bindgen]
pub struct OutboxHandler {
    driver: Rc<Driver>,
}

impl OutboxHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }

    fn listen(&self, event: &JsValue, callback: &JsValue, once: bool) -> Result<(), DeepstreamError> {
        let event = event_name(event)?;
        let callback = arguments::function("callback", callback)?;
        self.driver.outbox_listeners.add(&event, callback, JsValue::UNDEFINED, once);
        Ok(())
    }
}

#[wasm_bindgen]
impl OutboxHandler {
    /// How many entries there are.
    #[wasm_bindgen(getter)]
    pub fn size(&self) -> usize {
        self.driver.with_outbox(|outbox| outbox.len())
    }

    /// The bytes of their names and payloads.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> usize {
        self.driver.with_outbox(|outbox| outbox.bytes())
    }

    /// When the oldest of them was given, as `Date.now()` has it.
    #[wasm_bindgen(getter)]
    pub fn oldest(&self) -> JsValue {
        let oldest = self.driver.with_outbox(|outbox| outbox.entries().map(|entry| entry.created_ms).min());
        oldest.map_or(JsValue::NULL, |ms| (ms as f64).into())
    }

    /// The entries, oldest first.
    ///
    /// # Errors
    /// Options that are no object.
    pub fn entries(&self, options: &JsValue) -> Result<Array, DeepstreamError> {
        if !options.is_undefined() && !options.is_object() {
            return Err(DeepstreamError::invalid("argument", "options", "an object", options));
        }
        let payloads = Reflect::get(options, &"payloads".into()).is_ok_and(|payloads| payloads.is_truthy());
        let entries = self.driver.with_outbox(|outbox| outbox.entries().cloned().collect::<Vec<_>>());
        Ok(to_array(&entries, payloads))
    }

    /// A promise that the server has everything that is in the outbox now.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn flush(&self) -> Result<Promise, DeepstreamError> {
        errors::ensure_sound()?;
        let (ticket, promise) = self.driver.promises.add_promise();
        self.driver.command(Command::FlushOutbox { ticket });
        Ok(promise)
    }

    /// Forgets everything that the user of now has entrusted, here and in other pages.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn clear(&self) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.driver.command(Command::ClearOutbox);
        Ok(())
    }

    /// Calls `callback` for every event of this name.
    ///
    /// # Errors
    /// A name that no event has, a callback that is not a function.
    pub fn on(&self, event: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        self.listen(event, callback, false)
    }

    /// Calls `callback` for the next event of this name.
    ///
    /// # Errors
    /// A name that no event has, a callback that is not a function.
    pub fn once(&self, event: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        self.listen(event, callback, true)
    }

    /// Ends what `on` and `once` began; without a callback, for all of this name.
    ///
    /// # Errors
    /// A name that no event has, a callback that is not a function.
    pub fn off(&self, event: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        let event = event_name(event)?;
        let callback = arguments::optional_function("callback", callback)?;
        self.driver.outbox_listeners.remove(&event, callback.as_ref(), &JsValue::UNDEFINED);
        Ok(())
    }
}

fn event_name(event: &JsValue) -> Result<String, DeepstreamError> {
    event.as_string().filter(|event| matches!(event.as_str(), "changed" | "sent" | "dropped" | "degraded")).ok_or_else(
        || DeepstreamError::invalid("argument", "event", "'changed', 'sent', 'dropped' or 'degraded'", event),
    )
}

/// Tells those who watch the outbox what happens to its entries.
pub fn tell(listeners: &Callbacks, news: &OutboxNews) {
    match news {
        OutboxNews::Sent(entries) if listeners.has("sent") => {
            listeners.call1("sent", &to_array(entries, false));
        }
        OutboxNews::Dropped { why, entries } if listeners.has("dropped") => {
            // Whoever wants to save what the client could not send needs the payloads.
            let entries = to_array(entries, true);
            listeners.call("dropped", &|listener, scope| listener.call2(scope, &entries, &why.name().into()));
        }
        OutboxNews::Changed => {
            listeners.call("changed", &|listener, scope| listener.call0(scope));
        }
        _ => {}
    }
}

/// What an error that rejects a receipt says of the entry.
pub const fn outcome(error: &ClientError) -> &'static str {
    match error {
        ClientError::OutboxDropped { why: DropReason::Expired, .. } => "expired",
        ClientError::OutboxDropped { why: DropReason::Denied, .. } | ClientError::Server { .. } => "denied",
        ClientError::OutboxDropped { .. }
        | ClientError::OutboxFull { .. }
        | ClientError::LostAtClose { .. }
        | ClientError::IsClosed { dropped: 1.., .. } => "dropped",
        _ => "kept",
    }
}

/// Its type and documentation are in `js/outbox.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutboxEntry<'a> {
    kind: &'static str,
    name: &'a str,
    key: &'a str,
    created_at: f64,
    expires_at: f64,
    bytes: f64,
    delivery: &'static str,
    is_stored: bool,
    is_sent: bool,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    data: JsValue,
}

fn to_array(entries: &[Entry], payloads: bool) -> Array {
    let to_object = |entry: &Entry| {
        to_object(&OutboxEntry {
            kind: match entry.kind {
                Kind::Event => "event",
                Kind::Call { .. } => "call",
                Kind::Write | Kind::Base | Kind::Forced => "record",
            },
            name: &entry.name,
            key: entry.key_given(),
            created_at: entry.created_ms as f64,
            expires_at: wall_clock_ms(entry.expires_at),
            bytes: entry.bytes() as f64,
            delivery: match entry.delivery {
                Delivery::Durable => "durable",
                Delivery::Memory => "memory",
                Delivery::Drop => "drop",
            },
            is_stored: entry.stored.is_some(),
            is_sent: entry.is_sent(),
            data: entry.data.as_deref().filter(|_| payloads).map_or(JsValue::UNDEFINED, parse),
        })
    };
    entries.iter().map(to_object).collect()
}
