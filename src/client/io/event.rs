//! What the application says about events, and about what it provides to those who subscribe.

use super::Offer;

/// What the application asks for of events.
#[derive(Clone, Debug)]
pub enum EventCommand<'a> {
    /// `subscribe()` of a name with no subscriber before.
    Subscribe(&'a str),
    /// `unsubscribe()` of the last subscriber of a name.
    Unsubscribe(&'a str),
    /// `emit()`.
    Emit(Offer<'a>),
    /// `listen()`, `unlisten()`, and what is answered to the offers that follow.
    Listen(ListenCommand<'a>),
}

/// What the application asks for where it provides what others subscribe to.
#[derive(Clone, Debug)]
pub enum ListenCommand<'a> {
    /// `listen()` to a pattern that is not listened to.
    Listen(&'a str),
    /// `unlisten()`.
    Unlisten(&'a str),
    /// `response.accept()` or `response.reject()`. Without effect once the offer has ended.
    Answer {
        /// The name of the subscription offered.
        subscription: &'a str,
        /// The number of the offer.
        offer: u32,
        /// Whether this client provides it.
        accept: bool,
    },
}
