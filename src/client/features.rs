//! What a client does with its connection, told together what concerns all of it.

use super::{
    context::Context,
    error::ClientError,
    event::Events,
    io::{SocketId, Wake},
    outbox::Outbox,
    records::Records,
    time::Instant,
};
use crate::wire::{Message, Topic};

/// The features, one for each topic of the protocol that an application uses.
#[derive(Debug)]
pub struct Features {
    /// `client.event`.
    pub events: Events,
    /// `client.record`.
    pub records: Records,
}

impl Features {
    /// All of them, with nothing to do yet.
    pub fn new() -> Self {
        Self { events: Events::new(), records: Records::default() }
    }

    /// A session begins; if it is not the first, `gap_ms` says how long there was none.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        self.events.on_session(context, socket, gap_ms);
        self.records.on_session(context, socket);
    }

    /// The session is over.
    pub fn on_lost(&mut self, context: &mut Context<'_>) {
        self.events.on_lost(context.options.resubscribe);
        self.records.on_lost(context.options.resubscribe);
    }

    /// The application restores what `resubscribe: 'manual'` left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.events.resubscribe(context, socket);
        self.records.resubscribe(context, socket);
    }

    /// When time alone changes something within a session, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        let records = self.records.deadline();
        self.events.deadline().into_iter().chain(records).min()
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.events.on_tick(context, socket);
        self.records.on_tick(context, socket);
    }

    /// A message of one of their topics arrived.
    pub fn on_message(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut Outbox,
        session: Option<SocketId>,
        message: &Message<'_>,
    ) {
        let (action, expected) = match (message, session) {
            (Message::Event(message), Some(socket)) => return self.events.on_message(context, outbox, socket, message),
            (Message::Event(message), None) => (message.action.name(), "no event before the login"),
            (Message::Record(message), Some(socket)) => return self.records.on_message(context, socket, message),
            (Message::Record(message), None) => (message.action.name(), "no record before the login"),
            (Message::Rpc(message), _) => (message.action.name(), "no RPC"),
            (Message::Presence(message), _) => (message.action.name(), "no presence"),
            (Message::Connection(_) | Message::Auth(_) | Message::Parser(_), _) => return,
        };
        context.report(unsolicited(message.topic(), action, expected));
    }
}

/// The report of a message that nobody here has a use for.
const fn unsolicited(topic: Topic, action: &'static str, expected: &'static str) -> ClientError {
    ClientError::Unsolicited { topic, action, expected }
}
