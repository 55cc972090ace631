//! `client.connection`: where the connection stands, as a plain object.

use js_sys::Object;
use serde::Serialize;

use super::to_object;
use crate::{
    browser::timer::wall_clock_ahead_ms,
    client::{CloseReason, Instant, Snapshot},
};

/// Its type and documentation are in `js/client.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connection<'a> {
    state: &'static str,
    reason: Option<Reason>,
    attempt: u32,
    next_attempt_at: Option<f64>,
    rtt: Option<f64>,
    url: &'a str,
    opened_at: Option<f64>,
    was_reconnected: bool,
    reconnect_tries: u32,
}

/// Its type and documentation are in `js/client.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    will_retry: bool,
}

impl From<&CloseReason> for Reason {
    fn from(reason: &CloseReason) -> Self {
        let CloseReason { kind, code, action, will_retry } = *reason;
        Self { kind: kind.name(), code, action, will_retry }
    }
}

/// The snapshot with times as `Date.now()` has them.
pub fn snapshot_to_object(snapshot: &Snapshot) -> Object {
    to_object(&Connection {
        state: snapshot.state.name(),
        reason: snapshot.reason.as_ref().map(Reason::from),
        attempt: snapshot.attempt,
        next_attempt_at: snapshot.next_attempt_at.map(wall_clock_ms),
        rtt: snapshot.round_trip_ms.map(|ms| ms as f64),
        url: &snapshot.url,
        opened_at: snapshot.opened_at.map(wall_clock_ms),
        was_reconnected: snapshot.was_reconnected,
        reconnect_tries: snapshot.reconnect_tries,
    })
}

/// A moment as `Date.now()` has it.
pub fn wall_clock_ms(moment: Instant) -> f64 {
    (moment.as_ms() as f64 + wall_clock_ahead_ms()).round()
}
