//! The calls that the application makes, and those that earlier pages have left.
//!
//! A call waits until it can be sent, and is awaited then until it is answered, overdue, or cut off. Those that shall survive
//! the page have their entry in the log until it is known what came of them. One of these that must not be executed twice
//! leaves storage before it is sent, and is sent once storage says that it has gone: no page can make it after this one.

use super::provider::message;
use crate::{
    client::{
        asked::{Asked, id_in},
        context::{Context, Visit},
        error::{ClientError, DropReason, RpcFailure},
        flight::Item,
        io::{Delivery, Entry, Kind, Offer, Output, Progress, Ticket},
        limits::{RPC_KEPT_MAX_BYTES, RPC_KEPT_MAX_CALLS},
        log::{Extent, Purpose},
        time::{Instant, Wake, earlier},
    },
    wire::{Message, RpcAction},
};

/// The kind of a call that must not be executed twice.
const ONCE: Kind = Kind::Call { idempotent: false };

/// The calls whose outcome is not known.
#[derive(Debug, Default)]
pub struct Requestor {
    /// Those that were not sent in this session, in order.
    waiting: Asked<Call>,
    /// Those that were. Their ids are, after the prefix, their correlation ids: other ones in each session, because the server
    /// may still know the last.
    sent: Asked<Call>,
    /// Those that are kept in memory alone because they [may have to be sent](Call::is_kept).
    kept: Extent,
    /// Whether durable calls may be due: there is room for them, or storage and locks say something new.
    pub is_due: bool,
    /// What all correlation ids of this client begin with, once one was needed. The server tells calls apart by nothing
    /// else, those of all clients of a cluster.
    prefix: Box<str>,
}

#[derive(Debug)]
struct Call {
    /// Stands in the log as long as it is durable.
    op: Entry,
    /// Until when the answers are awaited, if it was sent in this session.
    accept_by: Option<Instant>,
    respond_by: Option<Instant>,
}

impl Call {
    fn new(op: Entry) -> Box<Self> {
        Box::new(Self { op, accept_by: None, respond_by: None })
    }

    fn is_durable(&self) -> bool {
        self.op.delivery == Delivery::Durable
    }

    /// Whether it is kept in memory alone and may have to be sent, for the first time or again.
    fn is_kept(&self) -> bool {
        !self.is_durable() && (!self.op.is_sent() || self.op.kind != ONCE)
    }

    /// When waiting for it ends.
    fn deadline(&self) -> Option<Instant> {
        earlier(self.op.settle_by, earlier(self.accept_by, self.respond_by))
    }

    /// How it has failed then.
    fn lateness(&self) -> RpcFailure<'static> {
        if !self.op.is_sent() {
            RpcFailure::NeverSent
        } else if self.accept_by.is_some() && self.accept_by == self.deadline() {
            RpcFailure::AcceptTimeout
        } else {
            RpcFailure::ResponseTimeout
        }
    }
}

impl Requestor {
    // ---- what waits ----

    /// The call that has waited longest of those that are to survive the page.
    pub fn oldest_waiting(&self) -> Option<&Entry> {
        let id = self.waiting.find(|call| call.is_durable() && call.op.progress == Progress::Waiting)?;
        self.waiting.get(id).map(|call| &call.op)
    }

    /// Calls `visit` for each, in order.
    pub fn for_each_entry(&mut self, context: &mut Context, visit: &mut Visit<'_>) {
        for table in [&mut self.sent, &mut self.waiting] {
            table.for_each(&mut |call| visit(context, &mut call.op));
        }
    }

    /// Takes in those that an earlier page has left, before all others.
    pub fn adopt(&mut self, ops: Vec<Entry>) {
        if !ops.is_empty() {
            let waiting = self.waiting.cut();
            ops.into_iter().for_each(|op| self.put(Call::new(op)));
            waiting.into_iter().for_each(|call| self.put(call));
        }
    }

    /// Takes out those that are meant, which [leave](Context::leave) with that. The answer to one that was sent is still
    /// awaited, but it is not made again.
    pub fn take_out(&mut self, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = Vec::new();
        let is_meant = |call: &Call| call.is_durable() && is_meant(&call.op);
        self.sent.for_each(&mut |call| {
            if is_meant(call) {
                let op = &mut call.op;
                let (name, data, key) = (op.name.clone(), op.data.take(), op.key.clone());
                taken.push(Entry { name, data, key, owner: op.owner.clone(), receipts: Vec::new(), ..*op });
                (op.kind, op.delivery, op.stored) = (ONCE, Delivery::Memory, None);
            }
        });
        for &id in &self.waiting.to_ids() {
            if self.waiting.get(id).is_some_and(is_meant)
                && let Some(call) = self.waiting.answer(id)
            {
                taken.push(call.op);
            }
        }
        taken
    }

    /// Whether calls were made whose outcome is not known.
    pub fn awaits_outcomes(&self) -> bool {
        self.sent.len() > 0
    }

    // ---- coming, being sent, and leaving ----

    /// Sends a call, or keeps it until that is possible. For one that is durable there is room.
    pub fn make(&mut self, context: &mut Context, mut op: Entry) {
        if op.delivery == Delivery::Durable {
            let must_wait = |call: &Call| call.is_durable() && call.op.progress != Progress::Held;
            let is_possible = context.session.is_some() && context.log.may_send();
            if is_possible && op.kind == ONCE && self.waiting.find(must_wait).is_none() {
                // It is made at once, and never stored.
                context.log.count(&op);
            } else {
                context.enter(&mut op);
            }
            self.is_due = true;
            return self.add(Call::new(op));
        }
        let can_be_sent = context.session.is_some() && context.flight.has_room_for(&Item::of(&op));
        let has_room = self.kept.entries < RPC_KEPT_MAX_CALLS && self.kept.bytes + op.bytes() <= RPC_KEPT_MAX_BYTES;
        if !has_room && (!can_be_sent || op.kind != ONCE) {
            reject(context, op, RpcFailure::TooManyWaiting);
        } else if can_be_sent {
            self.send(context, Call::new(op));
        } else {
            self.add(Call::new(op));
        }
    }

    fn put(&mut self, call: Box<Call>) {
        self.table(call.op.is_sent()).ask(call.deadline(), call);
    }

    fn add(&mut self, call: Box<Call>) {
        if call.is_kept() {
            self.kept.entries += 1;
            self.kept.bytes += call.op.bytes();
        }
        self.put(call);
    }

    fn table(&mut self, is_sent: bool) -> &mut Asked<Call> {
        if is_sent { &mut self.sent } else { &mut self.waiting }
    }

    fn remove(&mut self, is_sent: bool, id: u32) -> Option<Box<Call>> {
        let call = self.table(is_sent).answer(id)?;
        if call.is_kept() {
            self.kept.entries -= 1;
            self.kept.bytes -= call.op.bytes();
        }
        Some(call)
    }

    /// Takes a call out whose outcome is known, from the log too.
    fn settle(&mut self, context: &mut Context, is_sent: bool, id: u32) -> Option<Entry> {
        let call = self.remove(is_sent, id)?;
        if call.is_durable() {
            context.leave(&call.op);
        } else if is_sent {
            context.flight.on_arrived(&Item::of(&call.op));
        }
        Some(call.op)
    }

    /// Sends the durable calls that are due.
    pub fn send_durable(&mut self, context: &mut Context) {
        if context.log.may_send() && std::mem::take(&mut self.is_due) {
            self.send_waiting(context, Delivery::Durable);
        }
    }

    /// Sends what waits, in order, as far as that is possible.
    fn send_waiting(&mut self, context: &mut Context, delivery: Delivery) {
        let batch = context.log.reads.next_id();
        let (mut must_wait, mut are_leaving) = (false, false);
        for &id in &self.waiting.to_ids() {
            let call = self.waiting.get_mut(id).filter(|call| call.op.delivery == delivery);
            let Some(Call { op, .. }) = call.filter(|call| call.op.progress != Progress::Held) else { continue };
            let key = op.stored.filter(|_| op.kind == ONCE).and_then(|group| context.log.groups.key(group));
            if let Progress::Leaving { .. } = op.progress {
                must_wait = true;
            } else if op.kind == ONCE && !context.log.may_make(op) {
                break;
            } else if let Some(key) = key {
                let key = key.into();
                context.log.groups.say(Output::WriteStorage { key, value: None });
                op.progress = Progress::Leaving { batch };
                (must_wait, are_leaving) = (true, true);
            } else if must_wait || !context.flight.has_room_for(&Item::of(op)) {
                break;
            } else if let Some(call) = self.remove(false, id) {
                self.send(context, call);
            }
        }
        if are_leaving {
            context.log.read(Purpose::Removal(batch));
        }
    }

    fn send(&mut self, context: &mut Context, mut call: Box<Call>) {
        if self.prefix.is_empty() {
            self.prefix = [&*context.rng.next_u64().to_string(), "-"].concat().into();
        }
        let op = &mut call.op;
        let correlation_id = [&*self.prefix, &self.sent.next_id().to_string()].concat();
        let message = message(RpcAction::Request, &op.name, &correlation_id, op.data.as_deref());
        if !context.send_item(Item::of(op), &message) {
            return give_up(context, call.op);
        }
        if op.kind == ONCE {
            if op.delivery == Delivery::Durable {
                context.leave(op);
                op.delivery = Delivery::Memory;
            }
            op.data = None;
        }
        (op.progress, op.was_sent) = (Progress::Made, true);
        let after = |timeout_ms: Option<u64>| timeout_ms.map(|ms| context.now.after_ms(ms));
        call.accept_by = after(context.options.rpc_accept_timeout_ms);
        call.respond_by = after(context.options.rpc_response_timeout_ms);
        self.add(call);
    }

    // ---- what becomes of the connection ----

    /// A session begins: what waited in memory is sent, unless somebody else had asked for it.
    pub fn on_session(&mut self, context: &mut Context) {
        self.kept = Extent::default();
        for mut call in self.waiting.cut() {
            if call.is_durable() || context.log.claim(&mut call.op) {
                self.add(call);
            } else {
                let was_sent = call.op.was_sent;
                let failure = if was_sent { RpcFailure::OutcomeUnknown } else { RpcFailure::LoginSuperseded };
                reject(context, call.op, failure);
            }
        }
        self.on_room(context);
    }

    /// What had to wait for what is on its way may be sent.
    pub fn on_room(&mut self, context: &mut Context) {
        self.is_due = true;
        self.send_waiting(context, Delivery::Memory);
    }

    /// The session is over: what it left without an answer may or may not have been executed, unless the server cannot take
    /// it.
    pub fn on_lost(&mut self, context: &mut Context, culprit: Option<&Item>) {
        let waiting = self.waiting.cut();
        self.kept = Extent::default();
        for mut call in self.sent.cut() {
            if culprit == Some(&Item::of(&call.op)) {
                give_up(context, call.op);
            } else if call.op.kind == ONCE {
                reject(context, call.op, RpcFailure::OutcomeUnknown);
            } else {
                call.op.progress = Progress::Waiting;
                self.add(Call::new(call.op));
            }
        }
        waiting.into_iter().for_each(|call| self.add(call));
    }

    /// No session will come by itself: nobody is kept waiting, but for those whom the outbox tells.
    pub fn reject_all(&mut self, context: &mut Context, error: &ClientError) {
        if self.kept.entries == 0 && self.sent.len() == 0 {
            return;
        }
        self.kept = Extent::default();
        for is_sent in [true, false] {
            for mut call in self.table(is_sent).cut() {
                if !call.is_durable() || is_sent {
                    context.settle_all(&mut call.op.receipts, &Err(error.clone()));
                }
                if call.is_durable() {
                    self.put(call);
                }
            }
        }
    }

    /// The application no longer waits for a call. There is no message by which the server could be told.
    pub fn cancel(&mut self, context: &mut Context, ticket: Ticket) {
        for &is_sent in &[true, false] {
            let id = self.table(is_sent).find(|call| call.op.receipts.contains(&ticket));
            let Some(mut op) = id.and_then(|id| self.settle(context, is_sent, id)) else { continue };
            let error = op.failed(RpcFailure::Aborted);
            context.reject(&mut op.receipts, error);
            if !is_sent && op.delivery == Delivery::Durable {
                context.tell_dropped(vec![op], DropReason::Cleared);
            }
        }
    }

    /// When waiting for a call ends.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        earlier(self.waiting.deadline(), self.sent.deadline()).map(|at| (at, Wake::Call))
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context) {
        let mut expired = Vec::new();
        for &is_sent in &[true, false] {
            while let Some(id) = self.table(is_sent).overdue(context.now) {
                let failure = self.table(is_sent).get(id).map(Call::lateness);
                let (Some(failure), Some(op)) = (failure, self.settle(context, is_sent, id)) else { continue };
                if !is_sent && op.delivery == Delivery::Durable {
                    expired.push(op);
                } else {
                    reject(context, op, failure);
                }
            }
        }
        context.tell_dropped(expired, DropReason::Expired);
    }

    // ---- what the server says ----

    /// The server says something that may be about a call; says whether it was.
    pub fn on_answer(&mut self, context: &mut Context, action: RpcAction, message: &Message<'_>) -> bool {
        let answers_request = message.original_action.is_none_or(|it| it == RpcAction::Request.number());
        let failure = match action {
            RpcAction::Accept | RpcAction::Response => None,
            RpcAction::RequestError => Some(RpcFailure::Provider(message.data)),
            // These are for providers, and a client may call what it provides itself.
            RpcAction::InvalidRpcCorrelationId | RpcAction::MultipleAccept | RpcAction::MultipleResponse => {
                return false;
            }
            action if message.action.is_error() && answers_request => Some(RpcFailure::Refused(action.name())),
            _ => return false,
        };
        let Some(id) = self.id(message.correlation_id) else { return false };
        if action == RpcAction::Accept {
            if let Some(call) = self.sent.get_mut(id) {
                call.accept_by = None;
                context.flight.on_arrived(&Item::of(&call.op));
                let deadline = call.deadline();
                self.sent.wait_until(id, deadline);
            }
            return true;
        }
        // Without one the application has cancelled it, or its time was up here before it was on the server.
        let Some(mut op) = self.settle(context, true, id) else { return true };
        match failure {
            Some(failure) => reject(context, op, failure),
            None => context.settle_all(&mut op.receipts, &Ok(message.data.map(Into::into))),
        }
        true
    }

    /// The number in a correlation id of this client.
    fn id(&self, correlation_id: Option<&str>) -> Option<u32> {
        let prefix = Some(&*self.prefix).filter(|prefix| !prefix.is_empty())?;
        id_in(Some(correlation_id?.strip_prefix(prefix)?))
    }
}

/// A call as the application wants it made.
pub fn entry(context: &mut Context, offer: &Offer<'_>, timeout_ms: Option<u64>) -> Entry {
    let mut op = context.entry(offer);
    if let Some(timeout_ms) = timeout_ms {
        let settle_by = context.now.after_ms(timeout_ms);
        op.settle_by = Some(settle_by);
        // Whoever is told that it was never made must be able to rely on that.
        op.expires_at = op.expires_at.min(settle_by);
    }
    op
}

/// The server cannot take a call.
fn give_up(context: &mut Context, op: Entry) {
    if op.delivery == Delivery::Durable {
        context.give_up(vec![op], DropReason::Undeliverable);
    } else {
        reject(context, op, RpcFailure::Undeliverable);
    }
}

fn reject(context: &mut Context, mut op: Entry, failure: RpcFailure<'_>) {
    let error = op.failed(failure);
    context.reject(&mut op.receipts, error);
}
