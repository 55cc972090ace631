//! The calls that the application makes.

use crate::{
    client::{
        asked::{Asked, id_in},
        context::Context,
        error::{ClientError, RpcError, RpcFailure},
        flight::Item,
        io::{Claim, Entry, Kind, RpcCall, Ticket, Whose},
        limits::{RPC_KEPT_MAX_BYTES, RPC_KEPT_MAX_CALLS},
        outbox::Outbox,
        time::{Instant, Wake},
    },
    wire::{RpcAction, RpcMessage, is_error},
};

/// The calls whose outcome is awaited.
#[derive(Debug)]
pub struct Requestor {
    /// Their ids are, after the prefix, their correlation ids: other ones in each session, because the server may still
    /// know the last.
    calls: Asked<Call>,
    /// How many of them [may have to be sent](Call::is_kept), and the bytes of these.
    kept: usize,
    kept_bytes: usize,
    /// What all correlation ids of this client begin with, once one was needed. The server tells calls apart by nothing
    /// else, those of all clients of a cluster.
    prefix: Box<str>,
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
    /// How it is called while it is on its way.
    item: Item,
}

/// Until when the answers to a call are awaited that was sent in this session.
#[derive(Clone, Copy, Debug)]
struct Sent {
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
    /// No calls.
    pub fn new() -> Self {
        Self { calls: Asked::new(), kept: 0, kept_bytes: 0, prefix: Box::default() }
    }

    /// Sends a call, or keeps it until that is possible.
    pub fn make(&mut self, context: &mut Context<'_>, call: &RpcCall<'_>, whose: Whose) {
        let RpcCall { ticket, name, data, timeout_ms, idempotent, .. } = *call;
        let item = Item::Call(ticket);
        let is_sent = context.session.is_some() && context.flight.has_room_for(&item);
        let keeps = !is_sent || idempotent;
        let call = Call {
            ticket: Some(ticket),
            name: name.into(),
            data: data.filter(|_| keeps).map(Into::into),
            idempotent,
            settle_by: timeout_ms.map(|ms| context.now.after_ms(ms)),
            sent: None,
            was_sent: false,
            whose,
            entry: None,
            item,
        };
        if keeps && (self.kept >= RPC_KEPT_MAX_CALLS || self.kept_bytes + call.bytes() > RPC_KEPT_MAX_BYTES) {
            return reject(context, call, RpcFailure::TooManyWaiting);
        }
        if is_sent {
            self.send_or_reject(context, call, data);
        } else {
            self.add(call);
        }
    }

    /// Sends a call that has waited in the outbox. Says whether it was sent: not if it is too long.
    pub fn make_kept(&mut self, context: &mut Context<'_>, entry: &Entry, ticket: Option<Ticket>) -> bool {
        let idempotent = entry.kind == Kind::Call { idempotent: true };
        let call = Call {
            ticket,
            name: entry.name.clone(),
            data: None,
            idempotent,
            settle_by: entry.settle_by,
            sent: None,
            was_sent: false,
            whose: Whose { owner: entry.owner.clone(), claim: entry.claim },
            entry: idempotent.then_some(entry.number),
            item: Item::of(entry),
        };
        self.send(context, call, entry.data.as_deref()).is_ok()
    }

    /// Whether calls were made whose outcome is not known.
    pub fn awaits_outcomes(&self) -> bool {
        self.calls.find(|call| call.sent.is_some()).is_some()
    }

    fn add(&mut self, call: Call) -> u32 {
        if call.is_kept() {
            self.kept += 1;
            self.kept_bytes += call.bytes();
        }
        self.calls.ask(call.deadline().map(|(at, _)| at), call)
    }

    fn remove(&mut self, context: &mut Context<'_>, id: u32) -> Option<Call> {
        let call = self.calls.answer(id)?;
        if call.sent.is_some() {
            context.flight.on_arrived(&call.item);
        }
        if call.is_kept() {
            self.kept -= 1;
            self.kept_bytes -= call.bytes();
        }
        Some(call)
    }

    /// Takes all calls out, in the order in which they were made.
    fn remove_all(&mut self) -> Vec<Call> {
        (self.kept, self.kept_bytes) = (0, 0);
        self.calls.cut()
    }

    fn send_or_reject(&mut self, context: &mut Context<'_>, call: Call, data: Option<&str>) {
        if let Err(call) = self.send(context, call, data) {
            reject(context, *call, RpcFailure::Undeliverable);
        }
    }

    /// Gives the call back if it is too long.
    fn send(&mut self, context: &mut Context<'_>, mut call: Call, data: Option<&str>) -> Result<(), Box<Call>> {
        if self.prefix.is_empty() {
            self.prefix = [&*context.rng.next_u64().to_string(), "-"].concat().into();
        }
        let message = RpcMessage {
            name: Some(&call.name),
            data,
            correlation_id: Some(&[&*self.prefix, &self.calls.next_id().to_string()].concat()),
            ..RpcMessage::new(RpcAction::Request)
        };
        if !context.send_item(call.item.clone(), &message.into()) {
            return Err(call.into());
        }
        let after = |timeout_ms: Option<u64>| timeout_ms.map(|ms| context.now.after_ms(ms));
        call.sent = Some(Sent {
            accept_by: after(context.options.rpc_accept_timeout_ms),
            respond_by: after(context.options.rpc_response_timeout_ms),
        });
        call.was_sent = true;
        self.add(call);
        Ok(())
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
    pub fn on_session(&mut self, context: &mut Context<'_>) {
        for mut call in self.remove_all() {
            if context.log.is_theirs(&call.whose) {
                call.whose = context.log.whose();
                self.add(call);
            } else {
                let failure = if call.was_sent { RpcFailure::OutcomeUnknown } else { RpcFailure::LoginSuperseded };
                reject(context, call, failure);
            }
        }
        self.send_waiting(context);
    }

    /// Sends what waits, in order, as far as that is possible.
    pub fn send_waiting(&mut self, context: &mut Context<'_>) {
        let waiting: Vec<_> = self.calls.ids().filter(|id| self.is_waiting(*id)).collect();
        for id in waiting {
            let has_room = self.calls.get(id).is_some_and(|call| context.flight.has_room_for(&call.item));
            if !has_room {
                return;
            }
            if let Some(mut call) = self.remove(context, id) {
                let data = if call.idempotent { call.data.clone() } else { call.data.take() };
                self.send_or_reject(context, call, data.as_deref());
            }
        }
    }

    fn is_waiting(&self, id: u32) -> bool {
        self.calls.get(id).is_some_and(|call| call.sent.is_none())
    }

    /// The session is over: what it left without an answer may or may not have been executed, unless the server cannot take
    /// it.
    pub fn on_lost(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, culprit: Option<&Item>) {
        for mut call in self.remove_all() {
            if culprit == Some(&call.item) && call.entry.is_none() {
                reject(context, call, RpcFailure::Undeliverable);
            } else if call.is_kept() {
                call.sent = None;
                self.add(call);
            } else if !call.entry.is_some_and(|entry| outbox.take_back(context, entry, call.ticket)) {
                reject(context, call, RpcFailure::OutcomeUnknown);
            }
        }
    }

    /// Settles every call with the same error.
    pub fn reject_all(&mut self, context: &mut Context<'_>, error: &ClientError) {
        for call in self.remove_all() {
            if let Some(ticket) = call.ticket {
                context.settle(ticket, Err(error.clone()));
            }
        }
    }

    /// The application no longer waits for a call. There is no message by which the server could be told.
    pub fn cancel(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, ticket: Ticket) {
        match self.calls.find(|call| call.ticket == Some(ticket)) {
            Some(id) => self.fail(context, outbox, id, RpcFailure::Aborted),
            None => outbox.cancel_call(context, ticket),
        }
    }

    /// When waiting for a call ends.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.calls.deadline().map(|at| (at, Wake::Call))
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>, outbox: &mut Outbox) {
        while let Some(id) = self.calls.overdue(context.now) {
            if let Some((_, failure)) = self.calls.get(id).and_then(Call::deadline) {
                self.fail(context, outbox, id, failure);
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
        let Some(id) = self.id(message.correlation_id) else { return false };
        // Without one the application has cancelled it, or its time was up here before it was on the server.
        let Some(call) = self.calls.get_mut(id) else { return true };
        let Some(sent) = &mut call.sent else { return true };
        match failure {
            Some(failure) => self.fail(context, outbox, id, failure),
            None if action == RpcAction::Accept => {
                sent.accept_by = None;
                context.flight.on_arrived(&call.item);
                let deadline = self.calls.get(id).and_then(Call::deadline);
                self.calls.wait_until(id, deadline.map(|(at, _)| at));
            }
            None => {
                if let Some(ticket) = self.settle(context, outbox, id).and_then(|call| call.ticket) {
                    context.settle(ticket, Ok(message.data.map(Into::into)));
                }
            }
        }
        true
    }

    /// The number in a correlation id of this client.
    fn id(&self, correlation_id: Option<&str>) -> Option<u32> {
        let prefix = Some(&*self.prefix).filter(|prefix| !prefix.is_empty())?;
        id_in(Some(correlation_id?.strip_prefix(prefix)?))
    }

    fn fail(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, id: u32, failure: RpcFailure) {
        if let Some(call) = self.settle(context, outbox, id) {
            reject(context, call, failure);
        }
    }

    /// Takes a call out whose outcome is known, from the outbox too.
    fn settle(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, id: u32) -> Option<Call> {
        let call = self.remove(context, id)?;
        if let Some(entry) = call.entry {
            outbox.on_call_settled(context, entry);
        }
        Some(call)
    }
}

fn reject(context: &mut Context<'_>, call: Call, failure: RpcFailure) {
    let error = ClientError::Rpc(RpcError { name: call.name, failure });
    match call.ticket {
        Some(ticket) => context.settle(ticket, Err(error)),
        None => context.report(error),
    }
}
