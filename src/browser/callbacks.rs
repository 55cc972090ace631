//! Functions that the application wants called, by name.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Function};
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
/// One that is added while they are called is called from the next time on; one that is removed is not called any more.
#[derive(Default)]
pub struct Callbacks {
    by_name: RefCell<NameMap<Rc<Vec<Callback>>>>,
    next_id: Cell<u32>,
}

#[derive(Clone)]
struct Callback {
    function: Function,
    scope: JsValue,
    once: bool,
    id: u32,
    /// Called when it is removed.
    on_removed: Option<Function>,
}

impl Callback {
    fn is(&self, function: Option<&Function>, scope: &JsValue) -> bool {
        function.is_none_or(|function| *function == self.function) && (scope.is_undefined() || *scope == self.scope)
    }
}

impl Callbacks {
    /// Adds a callback.
    pub fn add(&self, name: &str, function: Function, scope: JsValue, once: bool) {
        self.insert(name, Callback { function, scope, once, id: self.new_id(), on_removed: None });
    }

    /// Adds a callback; gives the number by which [`remove_id`](Self::remove_id) knows it. `on_removed` is called when it
    /// is removed, however that comes.
    pub fn add_watched(&self, name: &str, function: Function, on_removed: Option<Function>) -> u32 {
        let id = self.new_id();
        self.insert(name, Callback { function, scope: JsValue::UNDEFINED, once: false, id, on_removed });
        id
    }

    fn new_id(&self) -> u32 {
        let id = self.next_id.get();
        self.next_id.set(id.wrapping_add(1));
        id
    }

    fn insert(&self, name: &str, callback: Callback) {
        Rc::make_mut(self.by_name.borrow_mut().get_or_insert_with(name, Rc::default)).push(callback);
    }

    /// Removes the callbacks of a name that match the function and the scope, as far as they are given; says
    /// whether none is left of those there were.
    pub fn remove(&self, name: &str, function: Option<&Function>, scope: &JsValue) -> bool {
        self.remove_where(name, |callback| callback.is(function, scope))
    }

    /// Removes one callback, if it is still there; says whether none is left of those there were.
    pub fn remove_id(&self, name: &str, id: u32) -> bool {
        self.remove_where(name, |callback| callback.id == id)
    }

    fn remove_where(&self, name: &str, is_unwanted: impl Fn(&Callback) -> bool) -> bool {
        let mut by_name = self.by_name.borrow_mut();
        let Some(callbacks) = by_name.get_mut(name) else { return false };
        let mut on_removed = Vec::new();
        Rc::make_mut(callbacks).retain(|callback| {
            let unwanted = is_unwanted(callback);
            if unwanted {
                on_removed.extend(callback.on_removed.clone());
            }
            !unwanted
        });
        let none_left = callbacks.is_empty();
        if none_left {
            by_name.remove(name);
        }
        drop(by_name);
        tell(&on_removed);
        // Whoever was told may have added another.
        none_left && !self.has(name)
    }

    /// Removes the callbacks of all names that match the function and the scope, as far as they are given.
    pub fn remove_everywhere(&self, function: Option<&Function>, scope: &JsValue) {
        for name in self.names() {
            self.remove(&name, function, scope);
        }
    }

    /// Removes everything.
    pub fn clear(&self) {
        let mut on_removed = Vec::new();
        self.by_name.take().for_each(|_, callbacks| {
            on_removed.extend(callbacks.iter().filter_map(|callback| callback.on_removed.clone()));
        });
        tell(&on_removed);
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
        for callback in &*callbacks {
            if !self.still_has(name, callback.id, &callbacks) {
                continue;
            }
            if callback.once {
                self.remove_id(name, callback.id);
            }
            guard(call(&callback.function, &callback.scope));
        }
        true
    }

    fn still_has(&self, name: &str, id: u32, before: &Rc<Vec<Callback>>) -> bool {
        let by_name = self.by_name.borrow();
        by_name.get(name).is_some_and(|now| Rc::ptr_eq(now, before) || now.iter().any(|callback| callback.id == id))
    }

    /// Calls the callbacks of a name with these arguments; says whether there were any.
    pub fn apply(&self, name: &str, arguments: &Array) -> bool {
        self.call(name, &|function, scope| function.apply(scope, arguments))
    }

    /// Calls the callbacks of a name with one argument; says whether there were any.
    pub fn call1(&self, name: &str, argument: &JsValue) -> bool {
        self.call(name, &|function, scope| function.call1(scope, argument))
    }
}

/// Calls functions that are told nothing.
fn tell(functions: &[Function]) {
    for function in functions {
        guard(function.call0(&JsValue::UNDEFINED));
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
