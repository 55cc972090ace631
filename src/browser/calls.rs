//! A remote procedure call that the application waits for.

use std::rc::Rc;

use js_sys::{Function, JSON};
use wasm_bindgen::prelude::*;

use super::{
    api::{documented, errors::DeepstreamError, parse},
    callbacks::guard,
    driver::Driver,
    promises::{Settlers, Waiting},
};
use crate::client::{ClientError, Command, RpcCommand, RpcError, RpcFailure, Ticket};

#[wasm_bindgen]
extern "C" {
    /// What can abort: bound by shape, because not every signal comes from the `AbortController` of this realm.
    #[derive(Clone)]
    pub type AbortSignal;

    /// Whether it has aborted.
    #[wasm_bindgen(method, getter)]
    pub fn aborted(this: &AbortSignal) -> bool;

    /// Why; an `AbortError` unless the application gave something else.
    #[wasm_bindgen(method, getter)]
    pub fn reason(this: &AbortSignal) -> JsValue;

    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add_event_listener(this: &AbortSignal, event: &str, listener: &JsValue);

    #[wasm_bindgen(method, js_name = removeEventListener)]
    fn remove_event_listener(this: &AbortSignal, event: &str, listener: &JsValue);
}

/// A call that is under way.
pub struct Call {
    /// What the outcome is told to.
    told: Told,
    abort: Option<Abort>,
    name: Box<str>,
}

enum Told {
    Promise(Settlers),
    /// Takes `(error, result)`, as the reference client has it.
    Callback(Function),
}

/// Cancels a call when its signal aborts; dropped when the call is settled.
struct Abort {
    signal: AbortSignal,
    listener: Closure<dyn FnMut()>,
}

impl Drop for Abort {
    fn drop(&mut self) {
        self.signal.remove_event_listener("abort", self.listener.as_ref());
    }
}

impl Call {
    /// A call of `name` whose outcome `callback` is told.
    pub fn with_callback(name: &str, callback: Function) -> Waiting {
        Waiting::Call(Self { told: Told::Callback(callback), abort: None, name: name.into() })
    }

    /// A call of `name` whose outcome a promise is told, until `signal` aborts.
    pub fn with_promise(
        driver: &Rc<Driver>,
        ticket: Ticket,
        name: &str,
        settlers: Settlers,
        signal: Option<AbortSignal>,
    ) -> Waiting {
        let abort = signal.map(|signal| {
            let driver = Rc::clone(driver);
            let listener = Closure::new(move || driver.command(Command::Rpc(RpcCommand::Cancel(ticket))));
            signal.add_event_listener("abort", listener.as_ref());
            Abort { signal, listener }
        });
        Waiting::Call(Self { told: Told::Promise(settlers), abort, name: name.into() })
    }

    /// Tells the outcome.
    pub fn settle(self, outcome: Result<Option<Box<str>>, ClientError>) {
        let outcome = match outcome {
            Ok(None) => Ok(JsValue::UNDEFINED),
            Ok(Some(data)) => JSON::parse(&data).map_err(|_| RpcFailure::NotJson),
            Err(error) => return self.fail(&error),
        };
        match (outcome, self.told) {
            (Ok(result), Told::Promise(settlers)) => settlers.resolve(&result),
            (Ok(result), Told::Callback(callback)) => {
                guard(callback.call2(&JsValue::UNDEFINED, &JsValue::NULL, &result));
            }
            (Err(failure), told) => {
                let error = ClientError::Rpc(RpcError { name: self.name.clone(), failure });
                Self { told, ..self }.fail(&error);
            }
        }
    }

    fn fail(self, error: &ClientError) {
        let reason = reason_of(error);
        match self.told {
            Told::Promise(settlers) => {
                let is_abort = matches!(error, ClientError::Rpc(RpcError { failure: RpcFailure::Aborted, .. }));
                let exception = match &self.abort {
                    Some(abort) if is_abort => abort.signal.reason(),
                    _ => DeepstreamError::from_client(error, &documented(&reason)).into(),
                };
                settlers.reject(&exception, error.is_expected());
            }
            Told::Callback(callback) => guard(callback.call1(&JsValue::UNDEFINED, &reason)),
        }
    }
}

/// What the reference client rejects with: what the provider gave as the error, or the name of what happened. Its code
/// asks whether there is an error, so this is never false.
fn reason_of(error: &ClientError) -> JsValue {
    if let ClientError::Rpc(RpcError { failure: RpcFailure::Provider { data: Some(data) }, .. }) = error {
        let given = parse(data);
        if given.is_truthy() {
            return given;
        }
    }
    error.code().into()
}
