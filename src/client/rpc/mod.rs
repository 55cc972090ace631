//! Remote procedure calls: those that the application makes, and those that it answers.

mod provider;
mod requestor;

use self::{provider::Provider, requestor::Requestor};
use super::{
    answer::Answer,
    context::Context,
    error::ClientError,
    flight::Item,
    io::{Entry, RpcCommand, Ticket},
    outbox::Outbox,
    time::{Instant, Wake, earlier},
};
use crate::wire::{RpcAction, RpcMessage};

/// The RPC part of a client.
#[derive(Debug)]
pub struct Rpc {
    requestor: Requestor,
    provider: Provider,
}

impl Rpc {
    /// No calls, nothing provided.
    pub fn new() -> Self {
        Self { requestor: Requestor::new(), provider: Provider::new() }
    }

    /// The application wants something.
    pub fn on_command(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, command: RpcCommand<'_>) {
        match command {
            RpcCommand::Provide(name) => self.provider.provide(context, name),
            RpcCommand::Unprovide(name) => self.provider.unprovide(context, name),
            RpcCommand::Make(call) => {
                let whose = context.log.whose();
                self.requestor.make(context, &call, whose);
            }
            RpcCommand::Cancel(ticket) => self.requestor.cancel(context, outbox, ticket),
            RpcCommand::Answer { request, name, answer } => {
                self.provider.answer(context, request, name, answer);
            }
        }
    }

    /// The server refuses whoever had this name: what they asked for is asked for by whoever logs in next.
    pub fn on_refused(&mut self, nobody: &str) {
        self.requestor.on_refused(nobody);
    }

    /// Whether the server has refused to let this client provide `name`, in this session.
    pub fn is_refused(&self, name: &str) -> bool {
        self.provider.is_refused(name)
    }

    /// A session begins: what is provided goes first, so that calls of what this client provides itself find it.
    pub fn on_session(&mut self, context: &mut Context<'_>, gap_ms: Option<u64>) {
        self.provider.on_session(context, gap_ms);
        self.requestor.on_session(context);
    }

    /// A call that has waited in the outbox is due. Says whether it was sent: not if it is too long.
    pub fn make_kept(&mut self, context: &mut Context<'_>, entry: &Entry, ticket: Option<Ticket>) -> bool {
        self.requestor.make_kept(context, entry, ticket)
    }

    /// What had to wait for what is on its way may be sent.
    pub fn send_waiting(&mut self, context: &mut Context<'_>) {
        self.provider.send_waiting(context);
        self.requestor.send_waiting(context);
    }

    /// The session is over.
    pub fn on_lost(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, culprit: Option<&Item>) {
        self.provider.on_lost(context, culprit);
        self.requestor.on_lost(context, outbox, culprit);
    }

    /// The application restores what was left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>) {
        self.provider.resubscribe(context);
    }

    /// No session will come by itself: nobody is kept waiting.
    pub fn reject_calls(&mut self, context: &mut Context<'_>, error: &ClientError) {
        self.requestor.reject_all(context, error);
    }

    /// Whether calls were made whose outcome is not known.
    pub fn awaits_outcomes(&self) -> bool {
        self.requestor.awaits_outcomes()
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        earlier(self.provider.deadline(), self.requestor.deadline())
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>, outbox: &mut Outbox) {
        if context.session.is_some() {
            self.provider.on_tick(context);
        }
        self.requestor.on_tick(context, outbox);
    }

    /// A message of the topic RPC arrived.
    pub fn on_message(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, message: &RpcMessage<'_>) {
        if message.action == RpcAction::Request {
            self.provider.on_request(context, message);
        } else if !self.provider.on_answer(context, message) && !self.requestor.on_answer(context, outbox, message) {
            report(context, message);
        }
    }
}

/// Reports a message that settled nothing.
fn report(context: &mut Context<'_>, message: &RpcMessage<'_>) {
    let expected = "a whole REQUEST, an acknowledgement, or the answer to a call of this client";
    context.report(Answer::from(message).error(expected));
}
