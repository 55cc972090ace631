//! `client.outbox`: what waits for the server.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{connection::wall_clock_ms, parse, to_object};
use crate::client::{ClientError, Delivery, DropReason, Entry, Kind};

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
pub fn to_array(entries: &mut dyn Iterator<Item = &Entry>, payloads: bool) -> Array {
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
    let array = Array::new();
    entries.for_each(|entry| {
        array.push(&to_object(entry));
    });
    array
}
