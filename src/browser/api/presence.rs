//! `client.presence`.

use std::rc::{Rc, Weak};

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::{
    arguments,
    errors::{self, DeepstreamError},
};
use crate::{
    browser::{
        abort::AbortSignal,
        driver::{Driver, EVERYONE},
        promises::Waiting,
    },
    client::{Command, PresenceCommand},
};

/// The class behind `client.presence`. Its types and their documentation are in `js/presence.ts`.
#[wasm_bindgen]
pub struct PresenceHandler {
    driver: Rc<Driver>,
}

impl PresenceHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }
}

#[wasm_bindgen]
impl PresenceHandler {
    /// `getAll()`, `getAll(callback)`, `getAll(users)`, `getAll(users, callback)`.
    ///
    /// # Errors
    /// Users that are not an array of strings, a callback that is not a function.
    #[wasm_bindgen(js_name = getAll)]
    pub fn get_all(&self, users: &JsValue, callback: &JsValue) -> Result<JsValue, DeepstreamError> {
        errors::ensure_sound()?;
        let (users, callback) = if users.is_function() { (&JsValue::UNDEFINED, users) } else { (users, callback) };
        let users = if users.is_undefined() { None } else { Some(read_users(users)?) };
        let callback = arguments::optional_function("callback", callback)?;
        Ok(self.driver.promise_or_callback(callback.map(Waiting::ResultCallback), |ticket| {
            let users = users.as_ref().map(|users| users.iter().map(String::as_str).collect());
            Command::Presence(PresenceCommand::Query { ticket, users })
        }))
    }

    /// `subscribe(callback, options?)`, `subscribe(user, callback, options?)`.
    ///
    /// # Errors
    /// A user that is not a string or empty, a callback that is not a function, options with a signal that is none.
    pub fn subscribe(&self, user: &JsValue, callback: &JsValue, options: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let (user, callback, options) = match user.dyn_ref::<Function>() {
            Some(function) => (String::from(EVERYONE), function.clone(), callback),
            None => (arguments::name("user", user)?, arguments::function("callback", callback)?, options),
        };
        let signal = AbortSignal::of_options(options)?;
        if signal.as_ref().is_some_and(AbortSignal::is_aborted) {
            return Ok(());
        }
        // What tells the callback from the same one subscribed without this signal.
        let mark = signal.as_ref().map_or(JsValue::UNDEFINED, |signal| signal.into());
        if self.driver.presence_subscribers.add(&user, callback, mark.clone(), false) {
            self.driver.command(Command::Presence(match &*user {
                EVERYONE => PresenceCommand::SubscribeAll,
                user => PresenceCommand::Subscribe(user),
            }));
        }
        if let Some(signal) = signal {
            let driver = Rc::downgrade(&self.driver);
            signal.when_aborted(move || {
                if let Some(driver) = Weak::upgrade(&driver) {
                    unsubscribe(&driver, &user, None, &mark);
                }
            });
        }
        Ok(())
    }

    /// `unsubscribe()`, `unsubscribe(callback)`, `unsubscribe(user, callback?)`.
    ///
    /// # Errors
    /// A user that is not a string or empty, a callback that is not a function.
    pub fn unsubscribe(&self, user: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        let any = &JsValue::UNDEFINED;
        if user.is_undefined() && callback.is_undefined() {
            for user in self.driver.presence_subscribers.names() {
                unsubscribe(&self.driver, &user, None, any);
            }
            return Ok(());
        }
        let (user, callback) = match user.dyn_ref::<Function>() {
            Some(function) => (String::from(EVERYONE), Some(function.clone())),
            None => (arguments::name("user", user)?, arguments::optional_function("callback", callback)?),
        };
        if self.driver.presence_subscribers.has(&user) {
            unsubscribe(&self.driver, &user, callback.as_ref(), any);
        } else {
            errors::warn(&["PRESENCE NOT_SUBSCRIBED: ", if user == EVERYONE { "all users" } else { &user }]);
        }
        Ok(())
    }
}

/// Removes the callbacks that match, and tells the client if none is left.
fn unsubscribe(driver: &Rc<Driver>, user: &str, callback: Option<&Function>, mark: &JsValue) {
    if driver.presence_subscribers.remove(user, callback, mark) {
        driver.command(Command::Presence(match user {
            EVERYONE => PresenceCommand::UnsubscribeAll,
            user => PresenceCommand::Unsubscribe(user),
        }));
    }
}

fn read_users(users: &JsValue) -> Result<Vec<String>, DeepstreamError> {
    const EXPECTED: &str = "an array of strings";
    let invalid = |value: &JsValue| DeepstreamError::invalid("argument", "users", EXPECTED, value);
    let array = users.dyn_ref::<Array>().ok_or_else(|| invalid(users))?;
    array.iter().map(|user| user.as_string().ok_or_else(|| invalid(&user))).collect()
}
