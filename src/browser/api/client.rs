//! `new DeepstreamClient(url, options)`.

use std::rc::Rc;

use js_sys::{Array, Date, Math, Number, Object};
use wasm_bindgen::prelude::*;
use web_sys::Url;

#[cfg(feature = "records")]
use super::record::RecordHandler;
use super::{
    arguments,
    errors::{self, DeepstreamError},
    event::EventHandler,
    options::{self, Given},
    outbox::OutboxHandler,
    presence::PresenceHandler,
    rpc::RpcHandler,
};
use crate::{
    browser::{driver::Driver, sink::Sink},
    client::{Command, UrlError, parse_url},
};

/// A client: the class behind the package's `DeepstreamClient`. Its types and their documentation are in
/// `js/client.ts`.
#[wasm_bindgen]
pub struct DeepstreamClient {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl DeepstreamClient {
    /// Connects to `url`, after the code that runs now, unless `lazyConnect` is set. `sink` is told what happens.
    ///
    /// # Errors
    /// A URL or options that are wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(url: &JsValue, options: &JsValue, sink: Sink) -> Result<Self, DeepstreamError> {
        errors::ensure_sound()?;
        errors::watch_for_panics();
        let Given { options, auth_params, storage } = options::read(options)?;
        let urls = read_urls(url, &options.path)?;
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        Ok(Self { driver: Driver::start(&urls, options, auth_params, storage, sink) })
    }

    /// Logs in; returns the ticket of the outcome.
    ///
    /// # Errors
    /// Parameters that are not an object or that JSON cannot say.
    pub fn login(&self, params: &JsValue) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let params = arguments::login_params(params)?;
        let ticket = self.driver.tickets.next();
        self.driver.command(Command::Login { ticket, params: params.as_deref() });
        Ok(ticket.0)
    }

    /// Lets go of the connection for good.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn close(&self) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.driver.command(Command::Close);
        Ok(())
    }

    /// Lets go of the connection until `resume`.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn pause(&self) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.driver.command(Command::Pause);
        Ok(())
    }

    /// Connects again; returns the ticket of the outcome.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn resume(&self) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let ticket = self.driver.tickets.next();
        self.driver.command(Command::Resume { ticket });
        Ok(ticket.0)
    }

    /// The name of the connection's state.
    #[wasm_bindgen(js_name = getConnectionState)]
    pub fn connection_state(&self) -> String {
        self.driver.state().name().into()
    }

    /// Where the connection stands.
    #[wasm_bindgen(getter)]
    pub fn connection(&self) -> Object {
        self.driver.snapshot()
    }

    /// Restores the subscriptions, with `resubscribe: 'manual'`.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn resubscribe(&self) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.driver.command(Command::Resubscribe);
        Ok(())
    }

    /// A base-36 timestamp in milliseconds, a hyphen, and a random part.
    #[wasm_bindgen(js_name = getUid)]
    pub fn uid(&self) -> String {
        const RANDOM_RANGE: f64 = 1e16;
        [&base_36(Date::now()), "-", &base_36((Math::random() * RANDOM_RANGE).floor())].concat()
    }

    /// Has the sink told `connectionChanged` whenever `connection` is another one than now.
    #[wasm_bindgen(js_name = watchConnection)]
    pub fn watch_connection(&self) {
        self.driver.watch_connection();
    }

    /// The object for `client.event`; a new one with every call.
    #[wasm_bindgen(js_name = eventHandler)]
    pub fn event_handler(&self) -> EventHandler {
        EventHandler::new(Rc::clone(&self.driver))
    }

    /// The object for `client.presence`; a new one with every call.
    #[wasm_bindgen(js_name = presenceHandler)]
    pub fn presence_handler(&self) -> PresenceHandler {
        PresenceHandler::new(Rc::clone(&self.driver))
    }

    /// The object for `client.rpc`; a new one with every call.
    #[wasm_bindgen(js_name = rpcHandler)]
    pub fn rpc_handler(&self) -> RpcHandler {
        RpcHandler::new(Rc::clone(&self.driver))
    }

    /// The object for `client.outbox`; a new one with every call.
    #[wasm_bindgen(js_name = outboxHandler)]
    pub fn outbox_handler(&self) -> OutboxHandler {
        OutboxHandler::new(Rc::clone(&self.driver))
    }

    /// The object behind `client.record`; a new one with every call.
    #[cfg(feature = "records")]
    #[wasm_bindgen(js_name = recordHandler)]
    pub fn record_handler(&self) -> RecordHandler {
        RecordHandler::new(Rc::clone(&self.driver))
    }
}

fn read_urls(url: &JsValue, default_path: &str) -> Result<Vec<String>, DeepstreamError> {
    if !Array::is_array(url) {
        return Ok(vec![read_url(url, default_path)?]);
    }
    let urls = url.unchecked_ref::<Array>();
    if urls.length() == 0 {
        return Err(DeepstreamError::invalid("argument", "url", "a URL, or an array with one at least", url));
    }
    urls.iter().map(|url| read_url(&url, default_path)).collect()
}

fn read_url(url: &JsValue, default_path: &str) -> Result<String, DeepstreamError> {
    let invalid = |expected| DeepstreamError::invalid("argument", "url", expected, url);
    let text = url.as_string().ok_or_else(|| invalid("a string"))?;
    let parsed = parse_url(&text, default_path).map_err(|UrlError(expected)| invalid(expected))?;
    // The rest of what makes a URL valid, such as its port, is the platform's to judge.
    Url::new(&parsed).map_err(|_| invalid("a valid WebSocket URL"))?;
    Ok(parsed)
}

fn base_36(number: f64) -> String {
    Number::from(number).to_string_with_radix(36).map(String::from).unwrap_or_default()
}
