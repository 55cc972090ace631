//! `client.rpc`.

use std::{cell::Cell, rc::Rc};

use js_sys::{Function, JSON, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    arguments,
    errors::{self, DeepstreamError},
    parse, to_object,
};
use crate::{
    browser::{
        callbacks::guard,
        calls::{AbortSignal, Call},
        driver::Driver,
        page::property,
        promises::{Settlers, Waiting, when_settled},
    },
    client::{
        ClientError, Command, RpcAnswer, RpcCall, RpcCommand, RpcError, RpcFailure, RpcRequest, RpcRequestId, Ticket,
    },
};

/// Remote procedure calls: the class behind `client.rpc`. Its types and their documentation are in `js/rpc.ts`.
#[wasm_bindgen]
pub struct RpcHandler {
    driver: Rc<Driver>,
}

impl RpcHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }
}

#[wasm_bindgen]
impl RpcHandler {
    /// Answers requests of this name.
    ///
    /// # Errors
    /// A name that is not a string or empty, or that is provided already; a provider that is not a function.
    pub fn provide(&self, name: &JsValue, provider: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let provider = arguments::function("provider", provider)?;
        // What the server has refused may be provided anew: it is asked again.
        if self.driver.is_provider_refused(&name) {
            self.driver.providers.remove(&name, None, &JsValue::UNDEFINED);
        } else if self.driver.providers.has(&name) {
            return Err(failure(&name, RpcFailure::ProvidedTwice));
        }
        self.driver.providers.add(&name, provider, JsValue::UNDEFINED, false);
        self.driver.command(Command::Rpc(RpcCommand::Provide(&name)));
        Ok(())
    }

    /// Answers no more requests of this name.
    ///
    /// # Errors
    /// A name that is not a string or empty.
    pub fn unprovide(&self, name: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        if self.driver.providers.remove(&name, None, &JsValue::UNDEFINED) {
            self.driver.command(Command::Rpc(RpcCommand::Unprovide(&name)));
        } else {
            errors::warn(&["RPC NOT_PROVIDED: ", &name]);
        }
        Ok(())
    }

    /// The names that are provided here.
    #[wasm_bindgen(js_name = providerNames)]
    pub fn provider_names(&self) -> Vec<String> {
        self.driver.providers.names()
    }

    /// `make(name, data)`, `make(name, data, options)`, `make(name, data, callback)`.
    ///
    /// # Errors
    /// A name that is not a string or empty, data that JSON cannot say, a callback that is not a function, options that
    /// are wrong.
    pub fn make(
        &self,
        name: &JsValue,
        data: &JsValue,
        options_or_callback: &JsValue,
    ) -> Result<JsValue, DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let data = arguments::json("data", data)?;
        if let Some(callback) = options_or_callback.dyn_ref::<Function>() {
            let waiting = Call::with_callback(&name, callback.clone());
            self.send(&name, data.as_deref(), &CallOptions::default(), |_| waiting);
            return Ok(JsValue::UNDEFINED);
        }
        let options = CallOptions::read(options_or_callback)?;
        let settlers = Settlers::new();
        let promise = settlers.promise.clone().into();
        match &options.signal {
            Some(signal) if signal.aborted() => settlers.reject(&signal.reason(), true),
            signal => self.send(&name, data.as_deref(), &options, |ticket| {
                Call::with_promise(&self.driver, ticket, &name, settlers, signal.clone())
            }),
        }
        Ok(promise)
    }
}

impl RpcHandler {
    fn send(&self, name: &str, data: Option<&str>, options: &CallOptions, waiting: impl FnOnce(Ticket) -> Waiting) {
        let ticket = self.driver.promises.add_with(waiting);
        let CallOptions { timeout_ms, idempotent, is_durable, ttl_ms, .. } = *options;
        let call = RpcCall { ticket, name, data, timeout_ms, idempotent, is_durable, ttl_ms };
        self.driver.command(Command::Rpc(RpcCommand::Make(call)));
    }
}

/// The third argument of `make`.
#[derive(Default)]
struct CallOptions {
    timeout_ms: Option<u64>,
    signal: Option<AbortSignal>,
    idempotent: bool,
    is_durable: bool,
    ttl_ms: Option<u64>,
}

impl CallOptions {
    fn read(object: &JsValue) -> Result<Self, DeepstreamError> {
        if object.is_undefined() || object.is_null() {
            return Ok(Self::default());
        }
        if !object.is_object() {
            return Err(DeepstreamError::invalid("argument", "options", "an object or a callback", object));
        }
        let get = |name: &str| Reflect::get(object, &name.into()).unwrap_or_default();
        Ok(Self {
            timeout_ms: read_timeout(&get("timeout"))?,
            signal: read_signal(get("signal"))?,
            idempotent: read_flag("idempotent", &get("idempotent"))?,
            is_durable: read_delivery(&get("delivery"))?,
            ttl_ms: read_ttl(&get("ttl"))?,
        })
    }
}

/// The longest that timers of browsers count, in milliseconds.
const MAX_TIMER_MS: f64 = 2_147_483_647.0;

fn read_timeout(value: &JsValue) -> Result<Option<u64>, DeepstreamError> {
    match value.as_f64() {
        None if value.is_undefined() => Ok(None),
        Some(f64::INFINITY) => Ok(None),
        Some(ms) if (0.0..=MAX_TIMER_MS).contains(&ms) => Ok(Some(ms as u64)),
        _ => {
            let expected = "a number of milliseconds from 0 to 2147483647, or Infinity";
            Err(DeepstreamError::invalid("option", "timeout", expected, value))
        }
    }
}

fn read_delivery(value: &JsValue) -> Result<bool, DeepstreamError> {
    match value.as_string().as_deref() {
        Some("durable") => Ok(true),
        Some("memory") => Ok(false),
        None if value.is_undefined() => Ok(false),
        _ => Err(DeepstreamError::invalid("option", "delivery", "'durable' or 'memory'", value)),
    }
}

fn read_ttl(value: &JsValue) -> Result<Option<u64>, DeepstreamError> {
    match value.as_f64() {
        None if value.is_undefined() => Ok(None),
        Some(ms) if (1.0..=MAX_TIMER_MS).contains(&ms) => Ok(Some(ms as u64)),
        _ => Err(DeepstreamError::invalid("option", "ttl", "a number of milliseconds from 1 to 2147483647", value)),
    }
}

fn read_signal(value: JsValue) -> Result<Option<AbortSignal>, DeepstreamError> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    let is_signal = value.is_object()
        && Reflect::get(&value, &"addEventListener".into()).is_ok_and(|it| it.is_function())
        && Reflect::get(&value, &"aborted".into()).is_ok_and(|it| it.as_bool().is_some());
    if is_signal {
        Ok(Some(value.unchecked_into()))
    } else {
        Err(DeepstreamError::invalid("option", "signal", "an AbortSignal", &value))
    }
}

fn read_flag(name: &str, value: &JsValue) -> Result<bool, DeepstreamError> {
    if value.is_undefined() {
        return Ok(false);
    }
    value.as_bool().ok_or_else(|| DeepstreamError::invalid("option", name, "true or false", value))
}

/// One request and what the provider says to it.
struct Exchange {
    driver: Rc<Driver>,
    id: RpcRequestId,
    name: Box<str>,
    auto_accept: Cell<bool>,
    is_complete: Cell<bool>,
}

impl Exchange {
    fn say(&self, answer: RpcAnswer<'_>) {
        self.driver.command(Command::Rpc(RpcCommand::Answer { request: self.id, name: &self.name, answer }));
    }

    /// Says the last word.
    fn complete(&self, answer: RpcAnswer<'_>) -> Result<(), DeepstreamError> {
        if self.is_complete.replace(true) {
            return Err(failure(&self.name, RpcFailure::AnsweredTwice));
        }
        self.say(answer);
        Ok(())
    }

    /// Answers with what the provider returned, or what its promise resolved to.
    fn returned(&self, value: &JsValue) {
        if self.is_complete.get() {
            return;
        }
        match arguments::json("result", value) {
            Ok(data) => drop(self.complete(RpcAnswer::Send(data.as_deref()))),
            Err(error) => self.failed(error.into()),
        }
    }

    /// Answers with what the provider threw, or what its promise was rejected with; the message, where it is an error.
    fn failed(&self, exception: JsValue) {
        if self.is_complete.get() {
            return guard(Err(exception));
        }
        // An error has both: what is no more than data may have a message too.
        let of_error = |name| property(&exception, name).filter(JsValue::is_string);
        let said = of_error("stack").and_then(|_| of_error("message")).unwrap_or_else(|| exception.clone());
        let data = match arguments::json("error", &said) {
            Ok(data) => data,
            Err(_) => arguments::json("error", &errors::words_of(&exception).into()).unwrap_or_default(),
        };
        drop(self.complete(RpcAnswer::Error(data.as_deref())));
    }
}

/// What a provider answers through: the class behind its `response`. Its types and their documentation are in
/// `js/rpc.ts`.
#[wasm_bindgen]
pub struct RpcResponse {
    exchange: Rc<Exchange>,
}

#[wasm_bindgen]
impl RpcResponse {
    /// Whether the request is accepted when the provider returns.
    #[wasm_bindgen(getter, js_name = autoAccept)]
    pub fn auto_accept(&self) -> bool {
        self.exchange.auto_accept.get()
    }

    /// Decides it.
    #[wasm_bindgen(setter, js_name = autoAccept)]
    pub fn set_auto_accept(&self, auto_accept: bool) {
        self.exchange.auto_accept.set(auto_accept);
    }

    /// Says that the provider works on it.
    pub fn accept(&self) {
        if !self.exchange.is_complete.get() {
            self.exchange.say(RpcAnswer::Accept);
        }
    }

    /// Leaves the request to another provider.
    ///
    /// # Errors
    /// It was answered already.
    pub fn reject(&self) -> Result<(), DeepstreamError> {
        self.exchange.complete(RpcAnswer::Reject)
    }

    /// Answers with an error.
    ///
    /// # Errors
    /// It was answered already; an error that JSON cannot say.
    pub fn error(&self, error: &JsValue) -> Result<(), DeepstreamError> {
        let data = arguments::json("error", error)?;
        self.exchange.complete(RpcAnswer::Error(data.as_deref()))
    }

    /// Answers with a result.
    ///
    /// # Errors
    /// It was answered already; data that JSON cannot say.
    pub fn send(&self, data: &JsValue) -> Result<(), DeepstreamError> {
        let data = arguments::json("data", data)?;
        self.exchange.complete(RpcAnswer::Send(data.as_deref()))
    }
}

/// Who has made a request, as far as the server tells. Its type and documentation are in `js/rpc.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Requestor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    requestor_name: Option<&'a str>,
    #[serde(with = "serde_wasm_bindgen::preserve", skip_serializing_if = "JsValue::is_undefined")]
    requestor_data: JsValue,
}

/// Has the provider answer a request.
pub fn serve(driver: &Rc<Driver>, request: RpcRequest) {
    let exchange = Rc::new(Exchange {
        driver: Rc::clone(driver),
        id: request.id,
        name: request.name,
        auto_accept: Cell::new(true),
        is_complete: Cell::new(false),
    });
    let Some(provider) = driver.providers.first(&exchange.name) else {
        return exchange.say(RpcAnswer::Reject);
    };
    let Ok(data) = request.data.map_or(Ok(JsValue::UNDEFINED), |data| JSON::parse(&data)) else {
        return exchange.failed("INVALID_MESSAGE_DATA".into());
    };
    let response = RpcResponse { exchange: Rc::clone(&exchange) }.into();
    let requestor = to_object(&Requestor {
        requestor_name: request.requestor_name.as_deref(),
        requestor_data: request.requestor_data.as_deref().map_or(JsValue::UNDEFINED, parse),
    });
    let returned = match provider.call3(&JsValue::UNDEFINED, &data, &response, &requestor) {
        Ok(returned) => returned,
        Err(exception) => return exchange.failed(exception),
    };
    if exchange.auto_accept.get() && !exchange.is_complete.get() {
        exchange.say(RpcAnswer::Accept);
    }
    // One that takes `response` answers through it, and what it returns may be anything, such as a timer.
    let parameters = provider.length();
    let is_answer = move |value: &JsValue| match parameters {
        // It may have found `response` among its rest parameters.
        0 => !value.is_undefined(),
        1 => true,
        _ => false,
    };
    let is_thenable = returned.is_object() && Reflect::get(&returned, &"then".into()).is_ok_and(|it| it.is_function());
    if is_thenable {
        when_settled(Ok(returned), move |outcome| match outcome {
            Ok(value) if is_answer(&value) => exchange.returned(&value),
            Ok(_) => {}
            Err(exception) => exchange.failed(exception),
        });
    } else if is_answer(&returned) {
        exchange.returned(&returned);
    }
}

fn failure(name: &str, failure: RpcFailure) -> DeepstreamError {
    DeepstreamError::from_client(&ClientError::Rpc(RpcError { name: name.into(), failure }), &Object::new())
}
