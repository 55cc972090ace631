//! Events: subscriptions, what arrives for them, and what is emitted.

use super::{
    context::Context,
    error::ClientError,
    io::{EventCommand, Output, SocketId, Wake},
    is_error,
    options::Resubscribe,
    outbox::{Entry, Outbox},
    subscriptions::{Answer, Kind, Subscriptions},
    time::Instant,
};
use crate::wire::{EventAction, EventMessage, Message, Topic};

/// The event part of a client.
#[derive(Debug)]
pub struct Events {
    subscriptions: Subscriptions,
    outbox: Outbox,
}

impl Events {
    /// No subscriptions, nothing waiting.
    pub fn new() -> Self {
        Self { subscriptions: Subscriptions::new(Kind::Events), outbox: Outbox::default() }
    }

    /// The application wants something.
    pub fn on_command(&mut self, context: &mut Context<'_>, session: Option<SocketId>, command: EventCommand<'_>) {
        match command {
            EventCommand::Subscribe(name) => self.subscriptions.subscribe(context, session.is_some(), name),
            EventCommand::Unsubscribe(name) => self.subscriptions.unsubscribe(context, session.is_some(), name),
            EventCommand::Emit { name, data } => self.emit(context, session, name, data),
        }
    }

    /// Sends an event, or keeps it until there is a session.
    fn emit(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, data: Option<&str>) {
        if let Some(socket) = session {
            send(context, socket, name, data);
            return;
        }
        let entry = Entry { name: name.into(), data: data.map(Into::into) };
        if let Err(Entry { name, .. }) = self.outbox.push(entry) {
            context.report(ClientError::OutboxFull { name });
        }
    }

    /// A session begins: subscriptions first, then what waited.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        self.subscriptions.on_session(context, socket, gap_ms);
        for Entry { name, data } in self.outbox.take_all() {
            send(context, socket, &name, data.as_deref());
        }
    }

    /// The session is over.
    pub fn on_lost(&mut self, resubscribe: Resubscribe) {
        self.subscriptions.on_lost(resubscribe);
    }

    /// The application restores what was left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.subscriptions.resubscribe(context, socket);
    }

    /// The client is closed: what waits will never be sent.
    pub fn on_closed(&mut self, context: &mut Context<'_>) {
        let dropped = self.outbox.len();
        if dropped > 0 {
            self.outbox.take_all();
            context.report(ClientError::IsClosed { topic: Topic::Event, dropped });
        }
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.subscriptions.deadline()
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.subscriptions.on_tick(context, socket);
    }

    /// A message of the topic EVENT arrived.
    pub fn on_message(&mut self, context: &mut Context<'_>, socket: SocketId, message: &EventMessage<'_>) {
        let answer = Answer {
            action: message.action.number(),
            is_ack: message.is_ack,
            original_action: message.original_action,
            name: message.name,
            correlation_id: message.correlation_id,
        };
        if self.subscriptions.on_answer(context, socket, &answer) {
            return;
        }
        match message.action {
            EventAction::Emit => context.out.push_back(Output::Event {
                name: message.name.unwrap_or_default().into(),
                data: message.data.map(Into::into),
            }),
            action if message.is_error || is_error(action.number()) => {
                context.report(ClientError::Server {
                    topic: Topic::Event,
                    action: action.name(),
                    name: message.name.map(Into::into),
                    data: message.data.map(Into::into),
                });
            }
            action => context.report(ClientError::Unsolicited {
                topic: Topic::Event,
                action: action.name(),
                expected: "EMIT or an acknowledgement",
            }),
        }
    }
}

fn send(context: &mut Context<'_>, socket: SocketId, name: &str, data: Option<&str>) {
    let message = EventMessage { name: Some(name), data, ..EventMessage::new(EventAction::Emit) };
    context.send(socket, &Message::Event(message));
}
