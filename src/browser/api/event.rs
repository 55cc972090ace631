//! `client.event`.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::{
    arguments,
    errors::{self, DeepstreamError},
};
use crate::{
    browser::driver::Driver,
    client::{Command, EventCommand},
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
    /// Calls back for every event of this name.
    ///
    /// # Errors
    /// A name that is not a string or empty, a callback that is not a function.
    pub fn subscribe(&self, name: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let callback = arguments::function("callback", callback)?;
        if self.driver.subscribers.add(&name, callback, JsValue::UNDEFINED, false) {
            self.driver.command(Command::Event(EventCommand::Subscribe(&name)));
        }
        Ok(())
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

    /// Sends an event, and calls the subscribers here at once.
    ///
    /// # Errors
    /// A name that is not a string or empty, data that JSON cannot say.
    pub fn emit(&self, name: &JsValue, data: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let name = arguments::name("name", name)?;
        let text = arguments::json("data", data)?;
        self.driver.command(Command::Event(EventCommand::Emit { name: &name, data: text.as_deref() }));
        self.driver.subscribers.call1(&name, data);
        Ok(())
    }

    /// The names that have subscribers here.
    #[wasm_bindgen(js_name = eventNames)]
    pub fn event_names(&self) -> Vec<String> {
        self.driver.subscribers.names()
    }
}
