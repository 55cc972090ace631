//! The locks by which the clients of an origin can tell who of them is still there.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::prelude::*;

use super::{driver::Driver, promises};
use crate::{
    client::{Input, LockOutcome},
    names::NameMap,
};

#[wasm_bindgen(module = "/src/browser/js/locks.js")]
extern "C" {
    #[derive(Clone, PartialEq)]
    type Lock;

    #[wasm_bindgen(js_name = askLock)]
    fn ask_lock(name: &str, wait: bool) -> Lock;

    #[wasm_bindgen(method, getter)]
    fn outcome(this: &Lock) -> JsValue;

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
        let lock = ask_lock(name, wait);
        driver.locks.locks.borrow_mut().get_or_insert_with(name, || lock.clone());
        let driver = Rc::clone(driver);
        let name = Box::from(name);
        promises::when_settled(Ok(lock.outcome()), move |outcome: Result<JsValue, JsValue>| {
            let outcome = match outcome.map(|word| word.as_string()) {
                Ok(word) if word.as_deref() == Some("granted") => LockOutcome::Granted,
                Ok(_) => LockOutcome::Taken,
                Err(_) => LockOutcome::Unavailable,
            };
            if driver.locks.is_answer(&name, &lock, outcome) {
                driver.handle(Input::Lock { name: &name, outcome });
            }
        });
    }

    /// Whether the answer still counts: the lock may have been released meanwhile, and asked for again.
    fn is_answer(&self, name: &str, lock: &Lock, outcome: LockOutcome) -> bool {
        let mut locks = self.locks.borrow_mut();
        let is_current = locks.get(name) == Some(lock);
        if is_current && outcome != LockOutcome::Granted {
            locks.remove(name);
        }
        is_current
    }

    /// Gives a lock back, or no longer waits for it.
    pub fn release(&self, name: &str) {
        if let Some(lock) = self.locks.borrow_mut().remove(name) {
            lock.release();
        }
    }
}
