//! Events: subscriptions, what arrives for them, and what is emitted.

mod queue;

pub use self::queue::EventQueue;
use super::{
    context::Context,
    io::{Entry, EventCommand, Output},
    listen::Listens,
    subscriptions::{Subject, Subscriptions},
};
use crate::wire::{EventAction, Message};

const EMIT: i32 = EventAction::Emit.number();

/// The event part of a client.
#[derive(Debug)]
pub struct Events {
    /// The events subscribed to.
    pub subscriptions: Subscriptions,
    /// The patterns of events listened to.
    pub listens: Listens,
    /// What is emitted.
    pub queue: EventQueue,
}

impl Events {
    /// No subscriptions.
    pub fn new() -> Self {
        Self {
            subscriptions: Subscriptions::new(Subject::EVENTS),
            listens: Listens::new(Subject::EVENT_PATTERNS),
            queue: EventQueue::new(),
        }
    }

    /// The application wants something. Returns an event, which is to be [added](EventQueue::add) if there is room for it.
    pub fn on_command(&mut self, context: &mut Context, command: EventCommand<'_>) -> Option<Entry> {
        match command {
            EventCommand::Subscribe(name) => self.subscriptions.subscribe(context, name),
            EventCommand::Unsubscribe(name) => self.subscriptions.unsubscribe(context, name),
            EventCommand::Emit(offer) => return self.queue.accept(context, &offer),
            EventCommand::Listen(command) => self.listens.on_command(context, command),
        }
        None
    }

    /// A message of the topic EVENT arrived.
    pub fn on_message(&mut self, context: &mut Context, action: EventAction, message: &Message<'_>) {
        if action == EventAction::Emit {
            let window = context.options.deduplication_window;
            let name = message.name.unwrap_or_default();
            if message.correlation_id.is_none_or(|key| context.seen.is_first(name, key, window)) {
                context.out.push_back(Output::Event { name: name.into(), data: message.data.map(Into::into) });
            }
            return;
        }
        if self.subscriptions.on_answer(context, message) || self.listens.on_answer(context, message) {
            return;
        }
        let error = message.error("EMIT or an acknowledgement");
        let is_denial = message.is_failure() && message.original_action == Some(EMIT);
        let key = message.correlation_id.filter(|_| is_denial);
        if !key.is_some_and(|key| self.queue.on_denied(context, key, &error)) {
            context.report(error);
        }
    }
}
