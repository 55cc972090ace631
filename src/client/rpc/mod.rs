//! Remote procedure calls: those that the application makes, and those that it answers.

mod provider;
mod requestor;

pub use self::requestor::Requestor;
use self::{provider::Provider, requestor::entry};
use super::{
    context::Context,
    io::{Delivery, Entry, RpcCommand},
};
use crate::wire::{Message, RpcAction};

/// The RPC part of a client.
#[derive(Debug)]
pub struct Rpc {
    /// The calls that are made here.
    pub requestor: Requestor,
    /// What is provided here.
    pub provider: Provider,
}

impl Rpc {
    /// No calls, nothing provided.
    pub fn new() -> Self {
        Self { requestor: Requestor::default(), provider: Provider::new() }
    }

    /// The application wants something. Returns a durable call, which is to be [made](Requestor::make) if there is room for it.
    pub fn on_command(&mut self, context: &mut Context, command: RpcCommand<'_>) -> Option<Entry> {
        match command {
            RpcCommand::Provide(name) => self.provider.names.subscribe(context, name),
            RpcCommand::Unprovide(name) => self.provider.names.unsubscribe(context, name),
            RpcCommand::Make { offer, timeout_ms } => {
                let op = entry(context, &offer, timeout_ms);
                if op.delivery == Delivery::Durable {
                    return Some(op);
                }
                self.requestor.make(context, op);
            }
            RpcCommand::Cancel(ticket) => self.requestor.cancel(context, ticket),
            RpcCommand::Answer { request, name, answer } => {
                self.provider.answer(context, request, name, answer);
            }
        }
        None
    }

    /// A message of the topic RPC arrived.
    pub fn on_message(&mut self, context: &mut Context, action: RpcAction, message: &Message<'_>) {
        if action == RpcAction::Request {
            self.provider.on_request(context, message);
        } else if !self.provider.names.on_answer(context, message)
            && !self.requestor.on_answer(context, action, message)
        {
            report(context, message);
        }
    }
}

/// Reports a message that settled nothing.
fn report(context: &mut Context, message: &Message<'_>) {
    let expected = "a whole REQUEST, an acknowledgement, or the answer to a call of this client";
    context.report(message.error(expected));
}
