//! Waiting for conditions, never for time alone.

use gloo_timers::future::TimeoutFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Longest wait for a condition, in milliseconds: not an expectation, a slow machine must meet it too.
const DEADLINE_MS: f64 = 10_000.0;
const POLL_MS: u32 = 5;

/// Waits until the condition holds, and fails the test if it does not in time; `what` is the condition in words.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    until_async(what, async || condition()).await;
}

/// Waits until a condition holds that takes time to look at.
pub async fn until_async(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = js_sys::Date::now() + DEADLINE_MS;
    while !condition().await {
        assert!(js_sys::Date::now() < deadline, "not in time: {what}");
        TimeoutFuture::new(POLL_MS).await;
    }
}

/// Lets the microtasks run that were due before.
pub async fn next_microtask() {
    JsFuture::from(Promise::resolve(&JsValue::UNDEFINED)).await.expect("a value");
}

/// Lets the browser finish the task that runs now, with all its microtasks, and everything that was due before.
pub async fn next_task() {
    TimeoutFuture::new(0).await;
}

/// The outcome of a promise.
pub async fn settled(promise: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(promise.unchecked_into::<Promise>()).await
}
