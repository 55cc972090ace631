//! The locks by which the clients of an origin can tell who of them is still there.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use wasm_bindgen::prelude::*;

use super::driver::Driver;
use crate::{
    client::{Input, LockOutcome},
    names::NameMap,
};

#[wasm_bindgen(module = "/src/browser/js/locks.js")]
extern "C" {
    type Lock;

    #[wasm_bindgen(js_name = askLock)]
    fn ask_lock(name: &str, wait: bool, answer: &JsValue) -> Lock;

    #[wasm_bindgen(method)]
    fn release(this: &Lock);
}

/// The locks that a client has or waits for, by name.
#[derive(Default)]
pub struct Locks {
    locks: RefCell<NameMap<Lock>>,
    /// Called with a name and what became of the wish for that lock.
    answer: OnceCell<Closure<dyn FnMut(JsValue, JsValue)>>,
}

impl Locks {
    /// Asks for a lock, and tells the driver what becomes of that.
    pub fn ask(driver: &Rc<Driver>, name: &str, wait: bool) {
        let answer = driver.locks.answer.get_or_init(|| {
            let driver = Rc::downgrade(driver);
            Closure::new(move |name: JsValue, outcome: JsValue| {
                if let (Some(driver), Some(name)) = (driver.upgrade(), name.as_string()) {
                    on_answer(&driver, &name, &outcome);
                }
            })
        });
        let lock = ask_lock(name, wait, answer.as_ref());
        driver.locks.locks.borrow_mut().get_or_insert_with(name, || lock);
    }

    /// Gives a lock back, or no longer waits for it.
    pub fn release(&self, name: &str) {
        let lock = self.locks.borrow_mut().remove(name);
        if let Some(lock) = lock {
            lock.release();
        }
    }
}

fn on_answer(driver: &Rc<Driver>, name: &str, outcome: &JsValue) {
    let outcome = match outcome.as_string().as_deref() {
        Some("granted") => LockOutcome::Granted,
        Some("taken") => LockOutcome::Taken,
        _ => LockOutcome::Unavailable,
    };
    if outcome != LockOutcome::Granted {
        driver.locks.locks.borrow_mut().remove(name);
    }
    driver.handle(Input::Lock { name, outcome });
}
