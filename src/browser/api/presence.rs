//! `client.presence`.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::errors::{self, DeepstreamError};
use crate::{
    browser::driver::Driver,
    client::{Command, PresenceCommand},
};

/// The class behind `client.presence`. What JavaScript sees of it is in `js/presence.ts`. The user without a name stands for
/// all of them.
#[wasm_bindgen]
pub struct PresenceHandler {
    driver: Rc<Driver>,
}

impl PresenceHandler {
    pub(super) const fn new(driver: Rc<Driver>) -> Self {
        Self { driver }
    }

    fn command(&self, command: PresenceCommand<'_>) {
        self.driver.command(Command::Presence(command));
    }
}

#[wasm_bindgen]
impl PresenceHandler {
    /// Asks which of these users are here, or who is here at all; returns the ticket of the answer.
    ///
    /// # Errors
    /// Users that are not an array of strings.
    #[wasm_bindgen(js_name = getAll)]
    pub fn get_all(&self, users: &JsValue) -> Result<u32, DeepstreamError> {
        errors::ensure_sound()?;
        let users = if users.is_undefined() { None } else { Some(read_users(users)?) };
        let users = users.as_ref().map(|users| users.iter().map(String::as_str).collect());
        let ticket = self.driver.tickets.next();
        self.command(PresenceCommand::Query { ticket, users });
        Ok(ticket.0)
    }

    /// Has the sink told of a user, or asks again where the server has refused that.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn subscribe(&self, user: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(match user {
            "" => PresenceCommand::SubscribeAll,
            user => PresenceCommand::Subscribe(user),
        });
        Ok(())
    }

    /// Ends what `subscribe` began.
    ///
    /// # Errors
    /// None but after a panic.
    pub fn unsubscribe(&self, user: &str) -> Result<(), DeepstreamError> {
        errors::ensure_sound()?;
        self.command(match user {
            "" => PresenceCommand::UnsubscribeAll,
            user => PresenceCommand::Unsubscribe(user),
        });
        Ok(())
    }
}

fn read_users(users: &JsValue) -> Result<Vec<String>, DeepstreamError> {
    const EXPECTED: &str = "an array of strings";
    let invalid = |value: &JsValue| DeepstreamError::invalid("argument", "users", EXPECTED, value);
    let array = users.dyn_ref::<Array>().ok_or_else(|| invalid(users))?;
    array.iter().map(|user| user.as_string().ok_or_else(|| invalid(&user))).collect()
}
