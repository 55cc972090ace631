//! What the application waits for, and what it lets the client wait for.

use std::cell::Cell;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::client::Ticket;

/// The tickets for what the application waits for.
#[derive(Default)]
pub struct Tickets {
    next: Cell<u32>,
    /// Tickets from this one on are of calls that have not returned yet.
    first_of_running: Cell<u32>,
}

impl Tickets {
    /// A ticket that nobody has.
    pub fn next(&self) -> Ticket {
        let ticket = self.next.get();
        self.next.set(ticket.wrapping_add(1));
        Ticket(ticket)
    }

    /// Every call so far has returned.
    pub fn all_returned(&self) {
        self.first_of_running.set(self.next.get());
    }

    /// Whether the call that gave out this ticket has returned: nobody is called back before that.
    pub fn has_returned(&self, ticket: Ticket) -> bool {
        ticket.0.wrapping_sub(self.first_of_running.get()) > u32::MAX / 2
    }
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
