//! What the application waits for, until it is settled.

use std::cell::{Cell, RefCell};

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{
    api::{documented, set},
    callbacks::guard,
};
use crate::client::{Ticket, asked::Asked};

/// How to tell the outcome.
pub enum Waiting {
    /// A promise.
    Promise(Settlers),
    /// A promise of what becomes of an entry of the outbox.
    Receipt(Settlers),
    /// A callback that takes `(success, data)`, as `login` has it.
    LoginCallback(Function),
    /// A callback that takes an error or nothing, as `resume` has it.
    ErrorCallback(Function),
    /// A function that takes an error or `null`, the value, and whether the error is expected.
    Function(Function),
    /// A callback that takes `(reason, result)`, with `null` for no failure.
    ResultCallback(Function),
    /// Known to JavaScript by its ticket.
    Sink,
}

/// A promise that the application holds, and the functions that settle it.
pub struct Settlers {
    /// What the application holds.
    pub promise: Promise,
    resolve: Function,
    reject: Function,
}

impl Settlers {
    /// A promise that is not settled.
    pub fn new() -> Self {
        let mut settlers = None;
        let promise = Promise::new(&mut |resolve, reject| settlers = Some((resolve, reject)));
        let (resolve, reject) = settlers.expect("the executor of a promise runs within its constructor");
        Self { promise, resolve, reject }
    }

    /// Resolves the promise.
    pub fn resolve(&self, value: &JsValue) {
        guard(self.resolve.call1(&JsValue::UNDEFINED, value));
    }

    /// Rejects the promise. If the application must have expected that, nobody need look at it.
    pub fn reject(&self, error: &JsValue, expected: bool) {
        if expected {
            mark_handled(&self.promise);
        }
        guard(self.reject.call1(&JsValue::UNDEFINED, error));
    }
}

/// Everything that the application waits for.
#[derive(Default)]
pub struct Promises {
    /// Tickets from this one on are of calls that have not returned yet.
    first_of_running: Cell<u32>,
    /// By ticket.
    waiting: RefCell<Asked<Waiting>>,
}

impl Promises {
    /// A ticket for something that is told through a callback.
    pub fn add(&self, waiting: Waiting) -> Ticket {
        Ticket(self.waiting.borrow_mut().ask(None, waiting))
    }

    /// A ticket for something that is told through a promise.
    pub fn add_promise(&self) -> (Ticket, Promise) {
        let settlers = Settlers::new();
        let promise = settlers.promise.clone();
        (self.add(Waiting::Promise(settlers)), promise)
    }

    /// A ticket for what becomes of an entry of the outbox, told through a promise.
    pub fn add_receipt(&self) -> (Ticket, Promise) {
        let settlers = Settlers::new();
        let promise = settlers.promise.clone();
        (self.add(Waiting::Receipt(settlers)), promise)
    }

    /// Every call so far has returned.
    pub fn all_returned(&self) {
        self.first_of_running.set(self.waiting.borrow().next_id());
    }

    /// Whether the call that gave out this ticket has returned: nobody is called back before that.
    pub fn has_returned(&self, ticket: Ticket) -> bool {
        ticket.0.wrapping_sub(self.first_of_running.get()) > u32::MAX / 2
    }

    /// What waits for this ticket, which is settled now.
    pub fn take(&self, ticket: Ticket) -> Option<Waiting> {
        self.waiting.borrow_mut().answer(ticket.0)
    }
}

impl Waiting {
    /// Tells the outcome of anything that is not the sink's to tell.
    pub fn settle(self, outcome: Result<JsValue, Rejection>) {
        let this = JsValue::UNDEFINED;
        guard(match (self, outcome) {
            (Self::Promise(settlers) | Self::Receipt(settlers), Ok(value)) => return settlers.resolve(&value),
            (Self::Receipt(settlers), Err(Rejection { error, expected, outcome, .. })) => {
                set(error.unchecked_ref(), "outcome", outcome);
                return settlers.reject(&error, expected);
            }
            (Self::Promise(settlers), Err(Rejection { error, expected, .. })) => {
                return settlers.reject(&error, expected);
            }
            (Self::LoginCallback(callback), Ok(value)) => callback.call2(&this, &JsValue::TRUE, &value),
            (Self::LoginCallback(callback), Err(Rejection { reason, .. })) => {
                callback.call2(&this, &JsValue::FALSE, &documented(&reason))
            }
            (Self::ErrorCallback(callback), Ok(_)) => callback.call0(&this),
            (Self::ErrorCallback(callback), Err(Rejection { error, .. })) => callback.call1(&this, &error),
            (Self::ResultCallback(callback), Err(Rejection { reason, .. })) => callback.call1(&this, &reason),
            (Self::Function(function), Ok(value)) => function.call3(&this, &JsValue::NULL, &value, &JsValue::FALSE),
            (Self::Function(function), Err(Rejection { error, expected, .. })) => {
                function.call3(&this, &error, &JsValue::UNDEFINED, &expected.into())
            }
            (Self::ResultCallback(callback), Ok(value)) => callback.call2(&this, &JsValue::NULL, &value),
            (Self::Sink, _) => return,
        });
    }
}

/// A failure in the two forms in which it can be told.
pub struct Rejection {
    /// The error that a promise is rejected with.
    pub error: JsValue,
    /// What the reference client's callbacks get: what was said by whoever refused, else a code.
    pub reason: JsValue,
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
    when_settled_boxed(returned, Box::new(settled));
}

// Apart, because it would otherwise be compiled once for each caller.
fn when_settled_boxed(returned: Result<JsValue, JsValue>, settled: Box<dyn FnOnce(Result<JsValue, JsValue>)>) {
    let promise = match returned {
        Ok(value) => Promise::resolve(&value),
        Err(exception) => Promise::reject(&exception),
    };
    spawn_local(async move { settled(JsFuture::from(promise).await) });
}
