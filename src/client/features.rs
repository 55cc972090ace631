//! What a client does with its connection, told together what concerns all of it.

use super::{
    context::Context,
    error::ClientError,
    event::Events,
    flight::Item,
    io::{SocketId, Wake},
    outbox::Outbox,
    presence::Presence,
    records::Records,
    rpc::Rpc,
    time::{Instant, earliest},
};
use crate::wire::{Message, Topic};

/// The features, one for each topic of the protocol that an application uses.
#[derive(Debug)]
pub struct Features {
    /// `client.event`.
    pub events: Events,
    /// `client.presence`.
    pub presence: Presence,
    /// `client.record`.
    pub records: Records,
    /// `client.rpc`.
    pub rpc: Rpc,
}

impl Features {
    /// All of them, with nothing to do yet.
    pub fn new() -> Self {
        Self { events: Events::new(), presence: Presence::new(), records: Records::new(), rpc: Rpc::new() }
    }

    /// A session begins; if it is not the first, `gap_ms` says how long there was none.
    pub fn on_session(&mut self, context: &mut Context<'_>, outbox: &Outbox, socket: SocketId, gap_ms: Option<u64>) {
        self.events.on_session(context, socket, gap_ms);
        self.presence.on_session(context, socket, gap_ms);
        self.records.on_session(context, socket, outbox.forced_names());
        self.rpc.on_session(context, outbox, socket, gap_ms);
    }

    /// What had to wait for what is on its way may be sent.
    pub fn send_waiting(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.rpc.send_waiting(context, socket);
        self.records.write_waiting(context, socket);
    }

    /// The session is over, perhaps because of something that the server cannot take.
    pub fn on_lost(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, culprit: Option<&Item>) {
        self.events.on_lost(context);
        self.presence.on_lost(context.options.resubscribe);
        self.records.on_lost(context, culprit);
        self.rpc.on_lost(context, outbox, culprit);
    }

    /// No session will come unless the application asks for one: what waits for it with a promise need not wait.
    pub fn on_stopped(&mut self, context: &mut Context<'_>, error: &ClientError) {
        self.records.on_rest(context, error);
        self.rpc.reject_calls(context, error);
    }

    /// There will be no session unless the application says so: why not.
    pub fn on_rest(&mut self, context: &mut Context<'_>, error: &ClientError) {
        self.presence.on_rest(context, error);
    }

    /// The client is closed.
    pub fn on_closed(&mut self, context: &mut Context<'_>) {
        self.rpc.reject_calls(context, &ClientError::IsClosed { topic: Topic::Rpc, dropped: 0 });
        self.records.on_closed(context, &ClientError::IsClosed { topic: Topic::Record, dropped: 0 });
    }

    /// The application restores what `resubscribe: 'manual'` left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.events.resubscribe(context, socket);
        self.presence.resubscribe(context, socket);
        self.records.resubscribe(context, socket);
        self.rpc.resubscribe(context, socket);
    }

    /// Whether the server owes an answer in this session that may be long.
    pub fn awaits_answers(&mut self) -> bool {
        self.records.awaits_data() || self.rpc.awaits_outcomes() || self.presence.awaits_answers()
    }

    /// When time alone changes something, and what; without a session only what is waited for all the same.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        let of_session = earliest(&[self.events.deadline(), self.presence.deadline(), self.records.deadline()]);
        earliest(&[
            of_session.filter(|_| session),
            self.records.storage_deadline(),
            self.records.discard_deadline(),
            self.rpc.deadline(),
        ])
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, session: Option<SocketId>) {
        self.records.on_storage_tick(context, session);
        self.records.on_discard_tick(context, session);
        if let Some(socket) = session {
            self.events.on_tick(context, socket);
            self.presence.on_tick(context, socket);
            self.records.on_tick(context, socket);
        }
        self.rpc.on_tick(context, outbox, session);
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
            (Message::Rpc(message), Some(socket)) => return self.rpc.on_message(context, outbox, socket, message),
            (Message::Rpc(message), None) => (message.action.name(), "no RPC before the login"),
            (Message::Presence(message), Some(socket)) => return self.presence.on_message(context, socket, message),
            (Message::Presence(message), None) => (message.action.name(), "no presence before the login"),
            (Message::Connection(_) | Message::Auth(_) | Message::Parser(_), _) => return,
        };
        context.report(unsolicited(message.topic(), action, expected));
    }
}

/// The report of a message that nobody here has a use for.
const fn unsolicited(topic: Topic, action: &'static str, expected: &'static str) -> ClientError {
    ClientError::Unsolicited { topic, action, expected }
}
