//! The locks by which the clients of an origin can tell who of them is still there.

use std::{cell::RefCell, rc::Rc};

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
}

impl Locks {
    /// Asks for a lock, and tells the driver what becomes of that.
    pub fn ask(driver: &Rc<Driver>, name: &str, wait: bool) {
        let answer = {
            let (driver, name) = (Rc::clone(driver), Box::<str>::from(name));
            Closure::once_into_js(move |outcome: JsValue| {
                let outcome = match outcome.as_string().as_deref() {
                    Some("granted") => LockOutcome::Granted,
                    Some("taken") => LockOutcome::Taken,
                    Some("unavailable") => LockOutcome::Unavailable,
                    _ => return,
                };
                if outcome != LockOutcome::Granted {
                    driver.locks.locks.borrow_mut().remove(&name);
                }
                driver.handle(Input::Lock { name: &name, outcome });
            })
        };
        let lock = ask_lock(name, wait, &answer);
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
