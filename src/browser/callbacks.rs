//! Functions that the application wants called, by name.

use std::{cell::RefCell, rc::Rc};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use crate::names::NameMap;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = reportError, catch)]
    fn report_error(exception: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(what: &JsValue);
}

/// Callbacks by name, called in the order in which they were added.
///
/// One that is added or removed during a call takes effect for the next.
#[derive(Default)]
pub struct Callbacks {
    by_name: RefCell<NameMap<Rc<Vec<Callback>>>>,
}

#[derive(Clone)]
struct Callback {
    function: Function,
    scope: JsValue,
    once: bool,
}

impl Callback {
    fn is(&self, function: Option<&Function>, scope: &JsValue) -> bool {
        function.is_none_or(|function| *function == self.function) && (scope.is_undefined() || *scope == self.scope)
    }
}

impl Callbacks {
    /// Adds a callback; says whether it is the first of its name.
    pub fn add(&self, name: &str, function: Function, scope: JsValue, once: bool) -> bool {
        let callback = Callback { function, scope, once };
        let mut by_name = self.by_name.borrow_mut();
        let callbacks = Rc::make_mut(by_name.get_or_insert_with(name, Rc::default));
        callbacks.push(callback);
        callbacks.len() == 1
    }

    /// Removes the callbacks of a name that match the function and the scope, as far as they are given; says
    /// whether none is left of those there were.
    pub fn remove(&self, name: &str, function: Option<&Function>, scope: &JsValue) -> bool {
        self.remove_where(name, |callback| callback.is(function, scope))
    }

    fn remove_where(&self, name: &str, is_unwanted: impl Fn(&Callback) -> bool) -> bool {
        let mut by_name = self.by_name.borrow_mut();
        let Some(callbacks) = by_name.get_mut(name) else { return false };
        Rc::make_mut(callbacks).retain(|callback| !is_unwanted(callback));
        let none_left = callbacks.is_empty();
        if none_left {
            by_name.remove(name);
        }
        none_left
    }

    /// Removes everything.
    pub fn clear(&self) {
        self.by_name.take();
    }

    /// The function that was the first to be added under this name.
    pub fn first(&self, name: &str) -> Option<Function> {
        self.by_name.borrow().get(name)?.first().map(|callback| callback.function.clone())
    }

    /// Whether there is a callback of this name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.borrow().contains(name)
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> Vec<String> {
        self.by_name.borrow().names().map(String::from).collect()
    }

    /// Calls the callbacks of a name, each by way of `call`, which gets the function and its scope; says whether there
    /// were any. What a callback throws is reported and stops nothing.
    pub fn call(&self, name: &str, call: &dyn Fn(&Function, &JsValue) -> Result<JsValue, JsValue>) -> bool {
        let Some(callbacks) = self.by_name.borrow().get(name).cloned() else {
            return false;
        };
        for Callback { function, scope, once } in &*callbacks {
            if *once {
                self.remove_where(name, |callback| callback.once && callback.is(Some(function), scope));
            }
            guard(call(function, scope));
        }
        true
    }

    /// Calls the callbacks of a name with one argument; says whether there were any.
    pub fn call1(&self, name: &str, argument: &JsValue) -> bool {
        self.call(name, &|function, scope| function.call1(scope, argument))
    }
}

/// Reports what a callback threw, like an exception in any event listener: the application's global error handling
/// sees it, nothing else notices.
pub fn guard(result: Result<JsValue, JsValue>) {
    if let Err(exception) = result
        && report_error(&exception).is_err()
    {
        console_error(&exception);
    }
}
