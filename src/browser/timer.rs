//! The clock and the one timer.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::Timeout;
use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::driver::Driver;
use crate::client::Instant;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    /// Has the callback called when the code that runs now has ended, before anything else happens.
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub fn queue_microtask(callback: &JsValue);
}

/// The time since the page, worker or process started.
pub fn now() -> Instant {
    Instant::from_ms(performance_now() as u64)
}

/// How far the wall clock is ahead of the other, in milliseconds.
pub fn clock_offset_ms() -> f64 {
    js_sys::Date::now() - now().as_ms() as f64
}

/// The same, but another number only when it differs by more than rounding makes it, so that a moment always has the same
/// time.
pub fn wall_clock_ahead_ms() -> f64 {
    const ROUNDING_MS: f64 = 2.0;
    thread_local! { static AHEAD_MS: Cell<f64> = const { Cell::new(0.0) }; }
    let ahead_ms = clock_offset_ms();
    if (ahead_ms - AHEAD_MS.get()).abs() > ROUNDING_MS {
        AHEAD_MS.set(ahead_ms);
    }
    AHEAD_MS.get()
}

/// Longest wait of a browser's timer, in milliseconds; a tick that comes early does no harm.
const MAX_WAIT_MS: u64 = i32::MAX as u64;

/// A timer that is early by no more than this is left alone, in milliseconds: all that is asked of the server puts the deadline
/// off a little, and a browser takes long to set a timer.
const EARLY_MS: u64 = 1_000;

#[wasm_bindgen(module = "/src/browser/js/timer-worker.js")]
extern "C" {
    type Worker;

    #[wasm_bindgen(js_name = startTimerWorker, catch)]
    fn start_timer_worker(source: &str, on_wake: &Function) -> Result<Worker, JsValue>;

    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &Worker, wait_ms: u32);

    #[wasm_bindgen(method)]
    fn terminate(this: &Worker);
}

/// Wakes the driver at the deadline it names, with one timer at the most.
#[derive(Default)]
pub struct Timer {
    armed: Option<(Instant, Wait)>,
    /// Waits in place of the page's own timers, where the option `heartbeatWorker` asks for it.
    worker: Option<TimerWorker>,
}

enum Wait {
    /// Cleared when dropped.
    Timer { _timeout: Timeout },
    /// Due already: comes right after the code that runs now, unlike a timer also in a hidden page.
    Microtask,
    /// Cannot be taken back; a wake-up for nothing does no harm.
    Worker,
}

struct TimerWorker {
    worker: Worker,
    _on_wake: Closure<dyn FnMut()>,
}

impl Drop for TimerWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Timer {
    /// Has a wake-up come at `deadline` or a little earlier, or none.
    pub fn set(&mut self, driver: &Rc<Driver>, deadline: Option<Instant>) {
        let Some(deadline) = deadline else {
            self.armed = None;
            return;
        };
        let is_in_time = |armed: Instant| armed <= deadline && deadline.since_ms(armed) <= EARLY_MS;
        if self.armed.as_ref().is_some_and(|(armed, _)| is_in_time(*armed)) {
            return;
        }
        let wait_ms = deadline.since_ms(now()).min(MAX_WAIT_MS) as u32;
        let wait = match &self.worker {
            _ if wait_ms == 0 => {
                driver.await_task_end();
                Wait::Microtask
            }
            Some(worker) => {
                worker.worker.post_message(wait_ms);
                Wait::Worker
            }
            None => {
                let driver = Rc::clone(driver);
                Wait::Timer { _timeout: Timeout::new(wait_ms, move || driver.on_timer()) }
            }
        };
        self.armed = Some((deadline, wait));
    }

    /// Whether the wake-up is due when the code that runs now has ended.
    pub const fn is_due(&self) -> bool {
        matches!(self.armed, Some((_, Wait::Microtask)))
    }

    /// The wake-up came.
    pub fn fired(&mut self) {
        self.armed = None;
    }

    /// Waits in a worker from now on: `source` is the URL of its script, or `blob`.
    ///
    /// # Errors
    /// What the constructor of the worker throws.
    pub fn use_worker(&mut self, driver: &Rc<Driver>, source: &str) -> Result<(), JsValue> {
        let driver = Rc::clone(driver);
        let on_wake = Closure::new(move || driver.on_timer());
        let worker = start_timer_worker(source, on_wake.as_ref().unchecked_ref())?;
        self.worker = Some(TimerWorker { worker, _on_wake: on_wake });
        Ok(())
    }

    /// Lets go of the timer and the worker.
    pub fn stop(&mut self) {
        *self = Self::default();
    }
}
