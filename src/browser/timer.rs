//! The clock and the one timer.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use super::driver::Driver;
use crate::client::{Input, Instant};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(callback: &JsValue);
}

/// The time since the page, worker or process started.
pub fn now() -> Instant {
    Instant::from_ms(performance_now() as u64)
}

/// Longest wait of a browser's timer, in milliseconds; a tick that comes early does no harm.
const MAX_WAIT_MS: u64 = i32::MAX as u64;

/// Wakes the driver at the deadline it names, with one timer at the most.
#[derive(Default)]
pub struct Timer {
    armed: Option<(Instant, Wait)>,
}

enum Wait {
    /// Cleared when dropped.
    Timer { _timeout: Timeout },
    /// Due already: comes right after the code that runs now, unlike a timer also in a hidden page.
    Microtask,
}

impl Timer {
    /// Makes `deadline` the next wake-up, or none. An earlier one that is already set stays: waking for nothing
    /// now and then costs less than a new timer for every message.
    pub fn set(&mut self, driver: &Rc<Driver>, deadline: Option<Instant>) {
        let Some(deadline) = deadline else {
            self.armed = None;
            return;
        };
        if self.armed.as_ref().is_some_and(|(armed, _)| *armed <= deadline) {
            return;
        }
        let wait_ms = deadline.since_ms(now());
        let wait = if wait_ms == 0 { microtask(driver) } else { timeout(driver, wait_ms) };
        self.armed = Some((deadline, wait));
    }

    /// The wake-up came.
    pub fn fired(&mut self) {
        self.armed = None;
    }
}

fn timeout(driver: &Rc<Driver>, wait_ms: u64) -> Wait {
    let driver = Rc::clone(driver);
    let wait_ms = wait_ms.min(MAX_WAIT_MS) as u32;
    Wait::Timer { _timeout: Timeout::new(wait_ms, move || tick(&driver)) }
}

fn microtask(driver: &Rc<Driver>) -> Wait {
    let driver = Rc::clone(driver);
    queue_microtask(&Closure::once_into_js(move || tick(&driver)));
    Wait::Microtask
}

fn tick(driver: &Rc<Driver>) {
    driver.timer_fired();
    driver.handle(Input::Tick);
}
