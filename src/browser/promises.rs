//! What the application waits for, until it is settled.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;

use super::{api::set, callbacks::guard};
use crate::client::Ticket;

/// How to tell the outcome.
pub enum Waiting {
    /// A promise.
    Promise {
        /// What the application holds.
        promise: Promise,
        /// Called with the value.
        resolve: Function,
        /// Called with the error.
        reject: Function,
        /// Whether the error says what became of an entry of the outbox.
        is_receipt: bool,
    },
    /// A callback that takes `(success, data)`, as `login` has it.
    LoginCallback(Function),
    /// A callback that takes an error or nothing, as `resume` has it.
    ErrorCallback(Function),
    /// A function that takes an error or `null`, the value, and whether the error is expected.
    Function(Function),
}

/// Everything that the application waits for.
#[derive(Default)]
pub struct Promises {
    next_ticket: Cell<u32>,
    /// In the order of the tickets.
    waiting: RefCell<VecDeque<(Ticket, Waiting)>>,
}

impl Promises {
    /// A ticket for something that is told through a callback.
    pub fn add(&self, waiting: Waiting) -> Ticket {
        let ticket = Ticket(self.next_ticket.get());
        self.next_ticket.set(ticket.0.wrapping_add(1));
        self.waiting.borrow_mut().push_back((ticket, waiting));
        ticket
    }

    /// A ticket for something that is told through a promise.
    pub fn add_promise(&self) -> (Ticket, Promise) {
        self.promise(false)
    }

    /// A ticket for what becomes of an entry of the outbox, told through a promise.
    pub fn add_receipt(&self) -> (Ticket, Promise) {
        self.promise(true)
    }

    fn promise(&self, is_receipt: bool) -> (Ticket, Promise) {
        let mut settlers = None;
        let promise = Promise::new(&mut |resolve, reject| settlers = Some((resolve, reject)));
        let (resolve, reject) = settlers.expect("the executor of a promise runs within its constructor");
        (self.add(Waiting::Promise { promise: promise.clone(), resolve, reject, is_receipt }), promise)
    }

    /// Tells the outcome.
    pub fn settle(&self, ticket: Ticket, outcome: Result<JsValue, Rejection>) {
        let Some(waiting) = self.take(ticket) else {
            return;
        };
        let this = JsValue::UNDEFINED;
        guard(match (waiting, outcome) {
            (Waiting::Promise { resolve, .. }, Ok(value)) => resolve.call1(&this, &value),
            (Waiting::Promise { promise, reject, is_receipt, .. }, Err(Rejection { error, expected, outcome, .. })) => {
                if is_receipt {
                    set(error.unchecked_ref(), "outcome", outcome);
                }
                if expected {
                    mark_handled(&promise);
                }
                reject.call1(&this, &error)
            }
            (Waiting::LoginCallback(callback), Ok(value)) => callback.call2(&this, &JsValue::TRUE, &value),
            (Waiting::LoginCallback(callback), Err(Rejection { documented, .. })) => {
                callback.call2(&this, &JsValue::FALSE, &documented)
            }
            (Waiting::Function(function), Ok(value)) => function.call3(&this, &JsValue::NULL, &value, &JsValue::FALSE),
            (Waiting::Function(function), Err(Rejection { error, expected, .. })) => {
                function.call3(&this, &error, &JsValue::UNDEFINED, &expected.into())
            }
            (Waiting::ErrorCallback(callback), Ok(_)) => callback.call0(&this),
            (Waiting::ErrorCallback(callback), Err(Rejection { error, .. })) => callback.call1(&this, &error),
        });
    }
}

impl Promises {
    fn take(&self, ticket: Ticket) -> Option<Waiting> {
        let mut waiting = self.waiting.borrow_mut();
        let first = waiting.front()?.0.0;
        let place = |ticket: Ticket| ticket.0.wrapping_sub(first);
        let position = waiting.binary_search_by_key(&place(ticket), |(waiting, _)| place(*waiting)).ok()?;
        Some(waiting.remove(position)?.1)
    }
}

/// A failure in the two forms in which it can be told.
pub struct Rejection {
    /// The error that a promise is rejected with.
    pub error: JsValue,
    /// The `{ reason }` that the reference client's callbacks get.
    pub documented: JsValue,
    /// Whether it follows from what the application did itself, such as closing the client: a promise that nobody
    /// looks at is then no unhandled rejection.
    pub expected: bool,
    /// For receipts: what became of the entry.
    pub outcome: &'static str,
}

fn mark_handled(promise: &Promise) {
    let ignore = Closure::once_into_js(|_: JsValue| {});
    let _ = Reflect::get(promise, &"catch".into())
        .and_then(|catch| catch.unchecked_into::<Function>().call1(promise, &ignore));
}

/// Calls back with what a function of the application returned or threw; if that was a promise, with what becomes of it.
pub fn when_settled(returned: Result<JsValue, JsValue>, settled: impl FnOnce(Result<JsValue, JsValue>) + 'static) {
    let promise = match returned {
        Ok(value) => Promise::resolve(&value),
        Err(exception) => Promise::reject(&exception),
    };
    // Only one of the two is ever called.
    let settled = Rc::new(Cell::new(Some(settled)));
    let on_success = {
        let settled = Rc::clone(&settled);
        Closure::once_into_js(move |value: JsValue| {
            if let Some(settled) = settled.take() {
                settled(Ok(value));
            }
        })
    };
    let on_failure = Closure::once_into_js(move |exception: JsValue| {
        if let Some(settled) = settled.take() {
            settled(Err(exception));
        }
    });
    let _ = Reflect::get(&promise, &"then".into())
        .and_then(|then| then.unchecked_into::<Function>().call2(&promise, &on_success, &on_failure));
}
