//! Functions to hand to JavaScript.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::prelude::*;

use super::text;

/// A JavaScript function that calls `body` with its first three arguments.
pub fn callback(body: impl FnMut(JsValue, JsValue, JsValue) + 'static) -> JsValue {
    Closure::<dyn FnMut(JsValue, JsValue, JsValue)>::new(body).into_js_value()
}

/// A function that remembers what it was called with.
#[derive(Clone)]
pub struct Recorder {
    calls: Rc<RefCell<Vec<[JsValue; 3]>>>,
    /// The function.
    pub function: JsValue,
}

impl Recorder {
    pub fn new() -> Self {
        let calls = Rc::<RefCell<Vec<_>>>::default();
        let function = {
            let calls = Rc::clone(&calls);
            callback(move |first, second, third| calls.borrow_mut().push([first, second, third]))
        };
        Self { calls, function }
    }

    /// How often it was called.
    pub fn count(&self) -> usize {
        self.calls.borrow().len()
    }

    /// The arguments of all calls, oldest first.
    pub fn calls(&self) -> Vec<[JsValue; 3]> {
        self.calls.borrow().clone()
    }

    /// The first arguments of all calls as text.
    pub fn texts(&self) -> Vec<String> {
        self.calls.borrow().iter().map(|[first, ..]| text(first)).collect()
    }

    /// The second arguments of all calls as text: for errors their codes.
    pub fn second_texts(&self) -> Vec<String> {
        self.calls.borrow().iter().map(|[_, second, _]| text(second)).collect()
    }
}
