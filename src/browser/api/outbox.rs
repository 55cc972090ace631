//! `client.outbox`: what waits for the server.

use js_sys::Array;

use super::{Member, connection::wall_clock_ms, object, parse};
use crate::client::{Delivery, Entry, Kind};

/// Adds an entry as `OutboxEntry` in `js/outbox.ts` has it, with its payload or without.
pub fn push(array: &Array, entry: &Entry, payloads: bool) {
    let kind = match entry.kind {
        Kind::Event => "event",
        Kind::Call { .. } => "call",
        Kind::Write | Kind::Base | Kind::Forced => "record",
    };
    let delivery = match entry.delivery {
        Delivery::Durable => "durable",
        Delivery::Memory => "memory",
        Delivery::Drop => "drop",
    };
    let data = entry.data.as_deref().filter(|_| payloads).map(parse);
    array.push(&object(&[
        ("kind", kind.into()),
        ("name", (&*entry.name).into()),
        ("key", entry.key_given().into()),
        ("createdAt", (entry.created_ms as f64).into()),
        ("expiresAt", wall_clock_ms(entry.expires_at).into()),
        ("bytes", (entry.bytes() as f64).into()),
        ("delivery", delivery.into()),
        ("isStored", entry.stored.is_some().into()),
        ("isSent", entry.is_sent().into()),
        ("data", Member::optional(data.as_ref())),
    ]));
}

/// These as `OutboxEntry` in `js/outbox.ts` has them, with their payloads or without.
pub fn to_array(entries: &[Entry], payloads: bool) -> Array {
    let array = Array::new();
    entries.iter().for_each(|entry| push(&array, entry, payloads));
    array
}
