//! `client.connection`: where the connection stands, as a plain object.

use js_sys::Object;

use super::{Member, object};
use crate::{
    browser::timer::wall_clock_ahead_ms,
    client::{CloseReason, Instant, Snapshot},
};

/// As `ConnectionSnapshot` in `js/client.ts` has it: with times as `Date.now()` has them.
pub fn snapshot_to_object(snapshot: &Snapshot) -> Object {
    let reason = snapshot.reason.as_ref().map(reason_to_object);
    object(&[
        ("state", snapshot.state.name().into()),
        ("reason", reason.as_deref().into()),
        ("attempt", f64::from(snapshot.attempt).into()),
        ("nextAttemptAt", snapshot.next_attempt_at.map(wall_clock_ms).into()),
        ("rtt", snapshot.round_trip_ms.map(|ms| ms as f64).into()),
        ("url", (&*snapshot.url).into()),
        ("openedAt", snapshot.opened_at.map(wall_clock_ms).into()),
        ("wasReconnected", snapshot.was_reconnected.into()),
        ("reconnectTries", f64::from(snapshot.reconnect_tries).into()),
    ])
}

/// As `CloseReason` in `js/client.ts` has it.
pub fn reason_to_object(reason: &CloseReason) -> Object {
    object(&[
        ("kind", reason.kind.name().into()),
        ("code", Member::optional(reason.code.map(f64::from))),
        ("action", Member::optional(reason.action)),
        ("willRetry", reason.will_retry.into()),
    ])
}

/// A moment as `Date.now()` has it.
pub fn wall_clock_ms(moment: Instant) -> f64 {
    (moment.as_ms() as f64 + wall_clock_ahead_ms()).round()
}
