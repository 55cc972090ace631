//! `client.event`.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::{
    arguments,
    delivery::{DeliveryOptions, EVENT_OPTIONS},
    errors::{self, DeepstreamError},
};
use crate::{
    browser::driver::Driver,
    client::{ClientError, Command, EventCommand, Kind, Offer},
};

/// Events: the class behind `client.event`. Its types and their documentation are in `js/event.ts`.
#[wasm_bindgen]
pub struct EventHandler {
    driver: Rc<Driver>,
}

impl EventHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }
}

#[wasm_bindgen]
impl EventHandler {
    /// Calls back for every event of this name. Returns the number by which [`end`](Self::end) knows the subscription;
    /// `on_removed` is called when it ends, however that comes.
    ///
    /// # Errors
    /// A name that is not a string or empty, callbacks that are not functions.
    pub fn subscribe(&self, name: &JsValue, callback: &JsValue, on_removed: &JsValue) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let callback = arguments::function("callback", callback)?;
        let on_removed = arguments::optional_function("onRemoved", on_removed)?;
        let id = self.driver.subscribers.add_watched(&name, callback, on_removed);
        // Not the first time alone: a name that the server has refused is then asked for again.
        self.driver.command(Command::Event(EventCommand::Subscribe(&name)));
        Ok(id)
    }

    /// Ends one subscription, if it has not ended yet.
    pub fn end(&self, name: &str, id: u32) {
        if self.driver.subscribers.remove_id(name, id) {
            self.driver.command(Command::Event(EventCommand::Unsubscribe(name)));
        }
    }

    /// Reports that a stream of events is read so slowly that some are lost.
    #[wasm_bindgen(js_name = reportOverflow)]
    pub fn report_overflow(&self, name: &str) {
        self.driver.error(&ClientError::StreamOverflow { name: name.into() });
    }

    /// Ends a subscription, or all of a name if there is no callback.
    ///
    /// # Errors
    /// A name that is not a string or empty, a callback that is not a function.
    pub fn unsubscribe(&self, name: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let callback = arguments::optional_function("callback", callback)?;
        if !self.driver.subscribers.has(&name) {
            errors::warn(&["EVENT NOT_SUBSCRIBED: ", &name]);
        } else if self.driver.subscribers.remove(&name, callback.as_ref(), &JsValue::UNDEFINED) {
            self.driver.command(Command::Event(EventCommand::Unsubscribe(&name)));
        }
        Ok(())
    }

    /// Sends an event, and calls the subscribers here at once. With `receipt: true`, returns a promise of its delivery.
    ///
    /// # Errors
    /// A name that is not a string or empty, data that JSON cannot say, options that are wrong.
    pub fn emit(&self, name: &JsValue, data: &JsValue, options: &JsValue) -> Result<JsValue, DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let text = arguments::json("data", data)?;
        let options = DeliveryOptions::read(options, EVENT_OPTIONS)?;
        let (receipt, promise) = match options.receipt.then(|| self.driver.promises.add_receipt()) {
            Some((ticket, promise)) => (Some(ticket), promise.into()),
            None => (None, JsValue::UNDEFINED),
        };
        self.driver.command(Command::Event(EventCommand::Emit(Offer {
            kind: Kind::Event,
            name: &name,
            data: text.as_deref(),
            delivery: options.delivery,
            ttl_ms: options.ttl_ms,
            key: options.key.as_deref(),
            receipt,
        })));
        self.driver.subscribers.call1(&name, data);
        Ok(promise)
    }

    /// Asks `callback` whether to provide what others subscribe to, for names that match `pattern`.
    ///
    /// # Errors
    /// A pattern that is not a string or empty, a callback that is not a function.
    pub fn listen(&self, pattern: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.driver.event_listens.listen(&self.driver, pattern, callback)
    }

    /// Ends what `listen` began.
    ///
    /// # Errors
    /// A pattern that is not a string or empty.
    pub fn unlisten(&self, pattern: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.driver.event_listens.unlisten(&self.driver, pattern)
    }

    /// The names that have subscribers here.
    #[wasm_bindgen(js_name = eventNames)]
    pub fn event_names(&self) -> Vec<String> {
        self.driver.subscribers.names()
    }
}
