//! The calls that the application makes.

use std::mem;

use super::error::{RpcError, RpcFailure};
use crate::{
    client::{
        context::Context,
        error::ClientError,
        io::{Output, SocketId, Ticket, Wake},
        is_error,
        limits::{RPC_KEPT_MAX_BYTES, RPC_KEPT_MAX_CALLS},
        outbox::{Claim, Entry, Kind, Outbox, Whose},
        time::Instant,
    },
    wire::{RpcAction, RpcMessage},
};

/// `make()`: a call as the application asks for it.
#[derive(Clone, Copy, Debug)]
pub struct RpcCall<'a> {
    /// Settled with the result.
    pub ticket: Ticket,
    /// The procedure.
    pub name: &'a str,
    /// JSON text; `None` for `undefined`.
    pub data: Option<&'a str>,
    /// How long the application waits for the outcome, connected or not, in milliseconds; `None` for ever.
    pub timeout_ms: Option<u64>,
    /// Whether it may be executed twice, so that it can be sent again where its outcome is unknown.
    pub idempotent: bool,
    /// Whether it shall be made even if the page does not live to see it.
    pub is_durable: bool,
    /// How long one that is durable is worth making, in milliseconds; `None` for what the options say.
    pub ttl_ms: Option<u64>,
}

/// The calls whose outcome is awaited. While there is a session all of them are sent; without one, none is.
#[derive(Debug, Default)]
pub struct Requestor {
    /// In the order in which they were made.
    calls: Vec<Call>,
    /// How many of them [may have to be sent](Call::is_kept), and the bytes of these.
    kept: usize,
    kept_bytes: usize,
    /// When waiting for the first of them ends.
    deadline: Option<Instant>,
    /// What all correlation ids of this client begin with, once one was needed. The server tells calls apart by nothing
    /// else, those of all clients of a cluster.
    prefix: Box<str>,
    next_number: u32,
}

#[derive(Debug)]
struct Call {
    /// Nobody waits for what an earlier page has asked for.
    ticket: Option<Ticket>,
    name: Box<str>,
    /// JSON text, as long as the call may have to be sent.
    data: Option<Box<str>>,
    idempotent: bool,
    settle_by: Option<Instant>,
    sent: Option<Sent>,
    /// Whether it was sent at all.
    was_sent: bool,
    /// Who asked for it.
    whose: Whose,
    /// Its entry in the outbox, where it stays there until it is settled.
    entry: Option<u64>,
}

/// What is known of a call that was sent in this session.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// With the prefix, its correlation id: another one each time, because the server may still know the last.
    number: u32,
    accept_by: Option<Instant>,
    respond_by: Option<Instant>,
}

impl Call {
    fn bytes(&self) -> usize {
        self.name.len() + self.data.as_ref().map_or(0, |data| data.len())
    }

    /// Whether it may have to be sent, for the first time or again.
    const fn is_kept(&self) -> bool {
        self.sent.is_none() || (self.idempotent && self.entry.is_none())
    }

    /// When waiting for it ends, and how it has failed then.
    fn deadline(&self) -> Option<(Instant, RpcFailure)> {
        let late = if self.sent.is_some() { RpcFailure::ResponseTimeout } else { RpcFailure::NeverSent };
        let mut earliest = self.settle_by.map(|at| (at, late));
        if let Some(sent) = self.sent {
            for (at, failure) in
                [(sent.respond_by, RpcFailure::ResponseTimeout), (sent.accept_by, RpcFailure::AcceptTimeout)]
            {
                if let Some(at) = at
                    && earliest.as_ref().is_none_or(|(earliest, _)| at <= *earliest)
                {
                    earliest = Some((at, failure));
                }
            }
        }
        earliest
    }
}

impl Requestor {
    /// Sends a call, or keeps it until there is a session.
    pub fn make(&mut self, context: &mut Context<'_>, session: Option<SocketId>, call: &RpcCall<'_>, whose: Whose) {
        let RpcCall { ticket, name, data, timeout_ms, idempotent, .. } = *call;
        let keeps = session.is_none() || idempotent;
        let mut call = Call {
            ticket: Some(ticket),
            name: name.into(),
            data: data.filter(|_| keeps).map(Into::into),
            idempotent,
            settle_by: timeout_ms.map(|ms| context.now.after_ms(ms)),
            sent: None,
            was_sent: session.is_some(),
            whose,
            entry: None,
        };
        if keeps {
            if self.kept >= RPC_KEPT_MAX_CALLS || self.kept_bytes + call.bytes() > RPC_KEPT_MAX_BYTES {
                return reject(context, call, RpcFailure::TooManyWaiting);
            }
            self.kept += 1;
            self.kept_bytes += call.bytes();
        }
        call.sent = session.map(|socket| self.send(context, socket, name, data));
        self.add_deadline(&call);
        self.calls.push(call);
    }

    /// Sends a call that has waited in the outbox.
    pub fn make_kept(&mut self, context: &mut Context<'_>, socket: SocketId, entry: &Entry, ticket: Option<Ticket>) {
        let idempotent = entry.kind == Kind::Call { idempotent: true };
        let call = Call {
            ticket,
            name: entry.name.clone(),
            data: None,
            idempotent,
            settle_by: entry.settle_by,
            sent: Some(self.send(context, socket, &entry.name, entry.data.as_deref())),
            was_sent: true,
            whose: Whose { owner: entry.owner.clone(), claim: entry.claim },
            entry: idempotent.then_some(entry.number),
        };
        self.add_deadline(&call);
        self.calls.push(call);
    }

    fn add_deadline(&mut self, call: &Call) {
        let at = call.deadline().map(|(at, _)| at);
        self.deadline = self.deadline.into_iter().chain(at).min();
    }

    /// Takes a call out.
    fn take(&mut self, position: usize) -> Call {
        let call = self.calls.remove(position);
        if call.is_kept() {
            self.kept -= 1;
            self.kept_bytes -= call.bytes();
        }
        // Finding the next one takes a look at all calls.
        if self.deadline.is_some() && self.deadline == call.deadline().map(|(at, _)| at) {
            self.find_deadline();
        }
        call
    }

    fn find_deadline(&mut self) {
        self.deadline = self.calls.iter().filter_map(Call::deadline).map(|(at, _)| at).min();
    }

    fn send(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str, data: Option<&str>) -> Sent {
        if self.prefix.is_empty() {
            self.prefix = [&*context.rng.next_u64().to_string(), "-"].concat().into();
        }
        let number = self.next_number;
        self.next_number = self.next_number.wrapping_add(1);
        let message = RpcMessage {
            name: Some(name),
            data,
            correlation_id: Some(&[&*self.prefix, &number.to_string()].concat()),
            ..RpcMessage::new(RpcAction::Request)
        };
        context.send(socket, &message.into());
        let after = |timeout_ms: Option<u64>| timeout_ms.map(|ms| context.now.after_ms(ms));
        Sent {
            number,
            accept_by: after(context.options.rpc_accept_timeout_ms),
            respond_by: after(context.options.rpc_response_timeout_ms),
        }
    }

    /// The server refuses whoever had this name: what they asked for is asked for by whoever logs in next.
    pub fn on_refused(&mut self, nobody: &str) {
        for call in self.calls.iter_mut().filter(|call| call.whose.claim == Claim::Made) {
            if *call.whose.owner == *nobody {
                call.whose.claim = Claim::Open;
            }
        }
    }

    /// A session begins: what waited is sent, unless somebody else had asked for it.
    pub fn on_session(&mut self, context: &mut Context<'_>, outbox: &Outbox, socket: SocketId) {
        while let Some(position) = self.calls.iter().position(|call| !outbox.is_theirs(&call.whose)) {
            let call = self.take(position);
            let failure = if call.was_sent { RpcFailure::OutcomeUnknown } else { RpcFailure::LoginSuperseded };
            reject(context, call, failure);
        }
        let mut calls = mem::take(&mut self.calls);
        for call in &mut calls {
            call.whose = outbox.whose();
            call.was_sent = true;
            call.sent = Some(self.send(context, socket, &call.name, call.data.as_deref()));
            if !call.is_kept() {
                self.kept -= 1;
                self.kept_bytes -= call.bytes();
                call.data = None;
            }
        }
        self.calls = calls;
        self.find_deadline();
    }

    /// The session is over: what it left without an answer may or may not have been executed.
    pub fn on_lost(&mut self, context: &mut Context<'_>, outbox: &mut Outbox) {
        for mut call in mem::take(&mut self.calls) {
            if call.is_kept() {
                call.sent = None;
                self.calls.push(call);
            } else if !call.entry.is_some_and(|entry| outbox.take_back(entry, call.ticket)) {
                reject(context, call, RpcFailure::OutcomeUnknown);
            }
        }
        self.find_deadline();
    }

    /// Settles every call with the same error.
    pub fn reject_all(&mut self, context: &mut Context<'_>, error: &ClientError) {
        for call in mem::take(&mut self.calls) {
            if let Some(ticket) = call.ticket {
                context.out.push_back(Output::Settle(ticket, Err(error.clone())));
            }
        }
        (self.kept, self.kept_bytes, self.deadline) = (0, 0, None);
    }

    /// The application no longer waits for a call. There is no message by which the server could be told.
    pub fn cancel(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, ticket: Ticket) {
        if let Some(position) = self.calls.iter().position(|call| call.ticket == Some(ticket)) {
            self.reject_at(context, outbox, position, RpcFailure::Aborted);
        } else {
            outbox.cancel_call(context, ticket);
        }
    }

    /// When waiting for a call ends.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.deadline.map(|at| (at, Wake::Call))
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>, outbox: &mut Outbox) {
        if self.deadline.is_none_or(|at| at > context.now) {
            return;
        }
        let mut position = 0;
        while let Some(call) = self.calls.get(position) {
            match call.deadline() {
                Some((at, failure)) if at <= context.now => self.reject_at(context, outbox, position, failure),
                _ => position += 1,
            }
        }
    }

    /// The server says something that may be about a call; says whether it was.
    pub fn on_answer(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, message: &RpcMessage<'_>) -> bool {
        let action = message.action;
        let answers_request = message.original_action.is_none_or(|it| it == RpcAction::Request.number());
        let failure = match action {
            RpcAction::Accept | RpcAction::Response => None,
            RpcAction::RequestError => Some(RpcFailure::Provider { data: message.data.map(Into::into) }),
            // These are for providers, and a client may call what it provides itself.
            RpcAction::InvalidRpcCorrelationId | RpcAction::MultipleAccept | RpcAction::MultipleResponse => {
                return false;
            }
            action if is_error(action.number()) && answers_request => Some(RpcFailure::Refused(action.name())),
            _ => return false,
        };
        let Some(number) = self.number(message.correlation_id) else { return false };
        let is_meant = |call: &Call| call.sent.is_some_and(|sent| sent.number == number);
        let Some(position) = self.calls.iter().position(is_meant) else {
            // The application has cancelled it, or its time was up here before it was on the server.
            return true;
        };
        match failure {
            Some(failure) => self.reject_at(context, outbox, position, failure),
            None if action == RpcAction::Accept => {
                let sent = self.calls.get_mut(position).and_then(|call| call.sent.as_mut());
                if sent.and_then(|sent| sent.accept_by.take()).is_some() {
                    self.find_deadline();
                }
            }
            None => {
                let call = self.take_settled(context, outbox, position);
                if let Some(ticket) = call.ticket {
                    context.out.push_back(Output::Settle(ticket, Ok(message.data.map(Into::into))));
                }
            }
        }
        true
    }

    /// The number in a correlation id of this client.
    fn number(&self, correlation_id: Option<&str>) -> Option<u32> {
        let prefix = Some(&*self.prefix).filter(|prefix| !prefix.is_empty())?;
        correlation_id?.strip_prefix(prefix)?.parse().ok()
    }

    fn reject_at(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, position: usize, failure: RpcFailure) {
        let call = self.take_settled(context, outbox, position);
        reject(context, call, failure);
    }

    /// Takes a call out whose outcome is known, from the outbox too.
    fn take_settled(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, position: usize) -> Call {
        let call = self.take(position);
        if let Some(entry) = call.entry {
            outbox.on_call_settled(context, entry);
        }
        call
    }
}

fn reject(context: &mut Context<'_>, call: Call, failure: RpcFailure) {
    let error = ClientError::Rpc(RpcError { name: call.name, failure });
    match call.ticket {
        Some(ticket) => context.out.push_back(Output::Settle(ticket, Err(error))),
        None => context.report(error),
    }
}
