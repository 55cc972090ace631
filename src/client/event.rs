//! Events: subscriptions, what arrives for them, and what is emitted.

use super::{
    context::Context,
    deduplication::Deduplication,
    error::ClientError,
    io::{EventCommand, Output, SocketId, Wake},
    is_error,
    options::Resubscribe,
    outbox::Outbox,
    subscriptions::Subscriptions,
    time::Instant,
};
use crate::wire::{EventAction, EventMessage, Topic};

/// The event part of a client.
#[derive(Debug)]
pub struct Events {
    subscriptions: Subscriptions,
    seen: Deduplication,
}

impl Events {
    /// No subscriptions.
    pub fn new() -> Self {
        Self { subscriptions: Subscriptions::new(Topic::Event), seen: Deduplication::default() }
    }

    /// The application wants something.
    pub fn on_command(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut Outbox,
        session: Option<SocketId>,
        command: EventCommand<'_>,
    ) {
        match command {
            EventCommand::Subscribe(name) => self.subscriptions.subscribe(context, session.is_some(), name),
            EventCommand::Unsubscribe(name) => self.subscriptions.unsubscribe(context, session.is_some(), name),
            EventCommand::Emit(offer) => outbox.add(context, session, &offer),
        }
    }

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        self.subscriptions.on_session(context, socket, gap_ms);
    }

    /// The session is over.
    pub fn on_lost(&mut self, resubscribe: Resubscribe) {
        self.subscriptions.on_lost(resubscribe);
    }

    /// The application restores what was left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.subscriptions.resubscribe(context, socket);
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
    pub fn on_message(
        &mut self,
        context: &mut Context<'_>,
        outbox: &mut Outbox,
        socket: SocketId,
        message: &EventMessage<'_>,
    ) {
        let name = message.name.unwrap_or_default();
        let answers_subscribe = message.original_action == Some(EventAction::Subscribe.number());
        match message.action {
            EventAction::Subscribe | EventAction::Unsubscribe if message.is_ack => {
                self.subscriptions.on_acknowledged(context, socket, message.correlation_id);
            }
            EventAction::Emit => {
                let window = context.options.deduplication_window;
                if message.correlation_id.is_none_or(|key| self.seen.is_first(key, window)) {
                    context.out.push_back(Output::Event { name: name.into(), data: message.data.map(Into::into) });
                }
            }
            EventAction::MultipleSubscriptions | EventAction::NotSubscribed
                if self.subscriptions.expects_complaint(name) => {}
            action if message.is_error || is_error(action.number()) => {
                let refuses = matches!(action, EventAction::MessageDenied | EventAction::MessagePermissionError);
                if refuses && answers_subscribe {
                    self.subscriptions.on_refused(context, socket, name, message.correlation_id);
                }
                let error = ClientError::Server {
                    topic: Topic::Event,
                    action: action.name(),
                    name: message.name.map(Into::into),
                    data: message.data.map(Into::into),
                };
                if let Some(key) = message.correlation_id.filter(|_| !answers_subscribe) {
                    outbox.on_denied(context, key, &error);
                }
                context.report(error);
            }
            action => context.report(ClientError::Unsolicited {
                topic: Topic::Event,
                action: action.name(),
                expected: "EMIT or an acknowledgement",
            }),
        }
    }
}
