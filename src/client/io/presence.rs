//! What the application says about presence.

use super::Ticket;

/// What the application asks for of presence.
#[derive(Clone, Debug)]
pub enum PresenceCommand<'a> {
    /// `subscribe()` to a user with no subscriber before.
    Subscribe(&'a str),
    /// `unsubscribe()` of the last subscriber of a user.
    Unsubscribe(&'a str),
    /// `subscribe()` to all users, with no such subscriber before.
    SubscribeAll,
    /// `unsubscribe()` of the last subscriber of all users.
    UnsubscribeAll,
    /// `getAll()`.
    Query {
        /// Settled with a list of the users who are logged in, or with an object that says of each user whether they
        /// are.
        ticket: Ticket,
        /// The users asked about; `None` for all.
        users: Option<Vec<Box<str>>>,
    },
}
