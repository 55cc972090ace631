//! Who listens to which patterns, and what they are offered.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{
    api::{
        arguments,
        errors::{self, DeepstreamError},
    },
    callbacks::{Callbacks, guard},
    driver::Driver,
};
use crate::{
    client::{Command, ListenCommand},
    names::NameMap,
    wire::Topic,
};

#[wasm_bindgen(module = "/src/browser/js/offer.js")]
extern "C" {
    /// One offer: the response that the listener gets, and the two things that can happen to it from here.
    #[derive(Clone)]
    type Offer;

    #[wasm_bindgen(constructor)]
    fn new(subscription: &str, answer: &JsValue) -> Offer;

    #[wasm_bindgen(method, getter)]
    fn response(this: &Offer) -> JsValue;

    /// Rejects it, if it has not been answered.
    #[wasm_bindgen(method)]
    fn decline(this: &Offer);

    /// Calls back, if it has been accepted.
    #[wasm_bindgen(method, catch)]
    fn end(this: &Offer) -> Result<JsValue, JsValue>;
}

/// The listeners of one topic.
pub struct Listens {
    topic: Topic,
    as_command: fn(ListenCommand<'_>) -> Command<'_>,
    callbacks: Callbacks,
    /// The offers that have not ended, by the name of the subscription.
    offers: RefCell<NameMap<(u32, Offer)>>,
}

impl Listens {
    /// Nobody listens yet.
    pub fn new(topic: Topic, as_command: fn(ListenCommand<'_>) -> Command<'_>) -> Self {
        Self { topic, as_command, callbacks: Callbacks::default(), offers: RefCell::default() }
    }

    /// Calls `callback` for every subscription that matches `pattern`, unless somebody listens to that already.
    ///
    /// # Errors
    /// A pattern that is not a string or empty, a callback that is not a function.
    pub fn listen(&self, driver: &Rc<Driver>, pattern: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        let pattern = arguments::name("pattern", pattern)?;
        let callback = arguments::function("callback", callback)?;
        if self.callbacks.has(&pattern) {
            errors::warn(&[self.topic.name(), " LISTENER_EXISTS: ", &pattern]);
            return Ok(());
        }
        self.callbacks.add(&pattern, callback, JsValue::UNDEFINED, false);
        driver.command((self.as_command)(ListenCommand::Listen(&pattern)));
        Ok(())
    }

    /// Ends what `listen` began.
    ///
    /// # Errors
    /// A pattern that is not a string or empty.
    pub fn unlisten(&self, driver: &Rc<Driver>, pattern: &JsValue) -> Result<(), DeepstreamError> {
        let pattern = arguments::name("pattern", pattern)?;
        if !self.callbacks.has(&pattern) {
            errors::warn(&[self.topic.name(), " NOT_LISTENING: ", &pattern]);
            return Ok(());
        }
        self.callbacks.remove(&pattern, None, &JsValue::UNDEFINED);
        driver.command((self.as_command)(ListenCommand::Unlisten(&pattern)));
        Ok(())
    }

    /// Asks the listener. One that throws before it has answered has declined.
    pub fn on_offered(&self, driver: &Rc<Driver>, pattern: &str, subscription: &str, id: u32) {
        let (driver, as_command, name): (Weak<Driver>, _, String) =
            (Rc::downgrade(driver), self.as_command, subscription.into());
        let answer = Closure::<dyn Fn(bool)>::new(move |accept| {
            if let Some(driver) = driver.upgrade() {
                driver.command(as_command(ListenCommand::Answer { subscription: &name, offer: id, accept }));
            }
        });
        let offer = Offer::new(subscription, &answer.into_js_value());
        let mut offers = self.offers.borrow_mut();
        *offers.get_or_insert_with(subscription, || (id, offer.clone())) = (id, offer.clone());
        drop(offers);
        self.callbacks.call(pattern, &|listener: &Function, scope| {
            listener.call2(scope, &subscription.into(), &offer.response()).inspect_err(|_| offer.decline())
        });
    }

    /// An offer has ended.
    pub fn on_ended(&self, subscription: &str, id: u32) {
        let mut offers = self.offers.borrow_mut();
        if offers.get(subscription).is_none_or(|(current, _)| *current != id) {
            return;
        }
        let offer = offers.remove(subscription);
        drop(offers);
        if let Some((_, offer)) = offer {
            guard(offer.end());
        }
    }

    /// Lets go of everything.
    pub fn clear(&self) {
        self.callbacks.clear();
    }
}
