//! `client.presence`.

use std::rc::Rc;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::{
    arguments,
    errors::{self, DeepstreamError},
};
use crate::{
    browser::{
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

    /// Removes the callbacks of a user that match.
    fn remove(&self, user: &str, callback: Option<&Function>) {
        if self.driver.presence_subscribers.remove(user, callback, &JsValue::UNDEFINED) {
            self.tell_of_last(user);
        }
    }

    /// The last callback of a user has gone.
    fn tell_of_last(&self, user: &str) {
        self.driver.command(Command::Presence(match user {
            EVERYONE => PresenceCommand::UnsubscribeAll,
            user => PresenceCommand::Unsubscribe(user),
        }));
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

    /// `subscribe(callback)`, `subscribe(user, callback)`. Returns the number by which [`end`](Self::end) knows the
    /// subscription; `on_removed` is called when it ends, however that comes.
    ///
    /// # Errors
    /// A user that is not a string or empty, callbacks that are not functions.
    pub fn subscribe(&self, user: &JsValue, callback: &JsValue, on_removed: &JsValue) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let (user, callback) = match user.dyn_ref::<Function>() {
            Some(function) => (String::from(EVERYONE), function.clone()),
            None => (optional_user(user)?, arguments::function("callback", callback)?),
        };
        let on_removed = arguments::optional_function("onRemoved", on_removed)?;
        let id = self.driver.presence_subscribers.add_watched(&user, callback, on_removed);
        // Not the first time alone: what the server has refused is then asked for again.
        self.driver.command(Command::Presence(match &*user {
            EVERYONE => PresenceCommand::SubscribeAll,
            user => PresenceCommand::Subscribe(user),
        }));
        Ok(id)
    }

    /// Ends one subscription, if it has not ended yet; those to all users have no `user`.
    pub fn end(&self, user: Option<String>, id: u32) {
        let user = user.as_deref().unwrap_or(EVERYONE);
        if self.driver.presence_subscribers.remove_id(user, id) {
            self.tell_of_last(user);
        }
    }

    /// `unsubscribe()`, `unsubscribe(callback)`, `unsubscribe(user, callback?)`.
    ///
    /// # Errors
    /// A user that is not a string or empty, a callback that is not a function.
    pub fn unsubscribe(&self, user: &JsValue, callback: &JsValue) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        if user.is_undefined() && callback.is_undefined() {
            for user in self.driver.presence_subscribers.names() {
                self.remove(&user, None);
            }
            return Ok(());
        }
        let (user, callback) = match user.dyn_ref::<Function>() {
            Some(function) => (String::from(EVERYONE), Some(function.clone())),
            None => (optional_user(user)?, arguments::optional_function("callback", callback)?),
        };
        if self.driver.presence_subscribers.has(&user) {
            self.remove(&user, callback.as_ref());
        } else {
            errors::warn(&["PRESENCE NOT_SUBSCRIBED: ", if user == EVERYONE { "all users" } else { &user }]);
        }
        Ok(())
    }
}

/// A user, or all of them where none is given.
fn optional_user(user: &JsValue) -> Result<String, DeepstreamError> {
    if user.is_undefined() { Ok(EVERYONE.into()) } else { arguments::name("user", user) }
}

fn read_users(users: &JsValue) -> Result<Vec<String>, DeepstreamError> {
    const EXPECTED: &str = "an array of strings";
    let invalid = |value: &JsValue| DeepstreamError::invalid("argument", "users", EXPECTED, value);
    let array = users.dyn_ref::<Array>().ok_or_else(|| invalid(users))?;
    array.iter().map(|user| user.as_string().ok_or_else(|| invalid(&user))).collect()
}
