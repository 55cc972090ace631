//! `client.connection`: where the connection stands, as a plain object.

use js_sys::Object;
use wasm_bindgen::JsValue;

use super::set;
use crate::{
    browser::timer::wall_clock_ahead_ms,
    client::{CloseReason, Instant, Snapshot},
};

/// The snapshot with times as `Date.now()` has them. Its type and documentation are in `js/client.ts`.
pub fn to_object(snapshot: &Snapshot) -> Object {
    let object = Object::new();
    set(&object, "state", snapshot.state.name());
    set(&object, "reason", snapshot.reason.as_ref().map_or(JsValue::NULL, |reason| reason_to_object(reason).into()));
    set(&object, "attempt", snapshot.attempt);
    set(&object, "nextAttemptAt", wall_clock(snapshot.next_attempt_at));
    set(&object, "rtt", snapshot.round_trip_ms.map_or(JsValue::NULL, |ms| (ms as f64).into()));
    set(&object, "url", &*snapshot.url);
    set(&object, "openedAt", wall_clock(snapshot.opened_at));
    set(&object, "wasReconnected", snapshot.was_reconnected);
    set(&object, "reconnectTries", snapshot.reconnect_tries);
    object
}

/// The reason as an object. Its type and documentation are in `js/client.ts`.
pub fn reason_to_object(reason: &CloseReason) -> Object {
    let object = Object::new();
    set(&object, "kind", reason.kind.name());
    set(&object, "code", reason.code);
    set(&object, "action", reason.action);
    set(&object, "willRetry", reason.will_retry);
    object
}

/// A moment as `Date.now()` has it.
pub fn wall_clock(moment: Option<Instant>) -> JsValue {
    let Some(moment) = moment else { return JsValue::NULL };
    (moment.as_ms() as f64 + wall_clock_ahead_ms()).round().into()
}
