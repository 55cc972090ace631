//! `client.outbox`: what waits for the server.

use std::rc::Rc;

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    connection::wall_clock_ms,
    errors::{self, DeepstreamError},
    parse, to_object,
};
use crate::{
    browser::driver::Driver,
    client::{ClientError, Command, Delivery, DropReason, Entry, Kind},
};

/// What waits for the server: the class behind `client.outbox`. What JavaScript sees of it is in
/// `js/outbox.ts`.
#[wasm_bindgen]
pub struct OutboxHandler {
    driver: Rc<Driver>,
}

impl OutboxHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
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

    /// Whenever this is another number, the entries may be others.
    pub fn revision(&self) -> u32 {
        self.driver.revision.get()
    }

    /// The entries, oldest first.
    pub fn entries(&self, payloads: bool) -> Array {
        let entries = self.driver.with_outbox(|outbox| outbox.entries().cloned().collect::<Vec<_>>());
        to_array(&entries, payloads)
    }

    /// Asks the server whether it has everything that is in the outbox now; returns the ticket of that.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn flush(&self) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let ticket = self.driver.tickets.next();
        self.driver.command(Command::FlushOutbox { ticket });
        Ok(ticket.0)
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

/// Entries as JavaScript sees them, with their payloads or without.
pub fn to_array(entries: &[Entry], payloads: bool) -> Array {
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
