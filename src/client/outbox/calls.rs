//! Remote procedure calls that survive their page. They wait here as events do; the requestor makes them.
//!
//! One that must not be executed twice leaves storage before it is made, and is made once storage says that it has gone:
//! no page can make it after this one. One that may be executed twice stays until its outcome is known.

use super::{Outbox, Writes, storage::degrade};
use crate::client::{
    context::Context,
    error::{ClientError, DropReason, RpcError, RpcFailure},
    flight::Item,
    io::{Delivery, Entry, Kind, Offer, Output, Progress, RpcCall, Ticket},
    log::{Purpose, Storage},
};

/// Sends a call for whoever waits for its outcome, if anybody does.
pub type Make<'a> = &'a mut dyn FnMut(&mut Context<'_>, &Entry, Option<Ticket>) -> bool;

impl Outbox {
    /// Keeps a call until it can be made.
    pub fn add_call(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, call: &RpcCall<'_>) {
        let mut entry = context.entry(&Offer {
            kind: Kind::Call { idempotent: call.idempotent },
            name: call.name,
            data: call.data,
            delivery: Delivery::Durable,
            ttl_ms: call.ttl_ms,
            key: None,
            receipt: Some(call.ticket),
        });
        if let Some(timeout_ms) = call.timeout_ms {
            let settle_by = context.now.after_ms(timeout_ms);
            entry.settle_by = Some(settle_by);
            // Whoever is told that it was never made must be able to rely on that.
            entry.expires_at = entry.expires_at.min(settle_by);
        }
        if !self.has_room_for(context, records, &mut entry) {
            return;
        }
        // One that must not be executed twice and is made at once is never stored.
        let leaves_at_once = context.session.is_some()
            && !call.idempotent
            && context.log.may_send()
            && self.calls.iter().all(|call| call.progress == Progress::Made);
        context.log.count(&entry);
        if !leaves_at_once {
            context.keep(&mut entry);
        }
        self.calls.push(entry);
        self.flush(context);
    }

    /// Has the calls made that are due, in order. `make` says whether it was sent: not if it is too long.
    pub fn make_calls(&mut self, context: &mut Context<'_>, make: Make<'_>) {
        if !context.log.may_send() || !std::mem::take(&mut self.is_call_due) {
            return;
        }
        let batch = self.batch.wrapping_add(1);
        let (mut index, mut must_wait) = (0, false);
        while let Some(call) = self.calls.get(index) {
            let is_once = call.kind == Kind::Call { idempotent: false };
            match call.progress {
                Progress::Waiting if is_once && !context.log.may_make(call) => break,
                Progress::Waiting if is_once && call.stored.is_some() => {
                    if let Some(key) = call.stored.and_then(|group| context.log.groups.key(group)) {
                        let key = key.into();
                        context.log.groups.say(Output::WriteStorage { key, value: None });
                    }
                    self.calls[index].progress = Progress::Leaving { batch };
                    self.batch = batch;
                    must_wait = true;
                    index += 1;
                }
                Progress::Waiting if must_wait => break,
                Progress::Waiting if !context.flight.has_room_for(&Item::of(call)) => break,
                Progress::Waiting => {
                    let mut call = call.clone();
                    let ticket = call.receipts.pop();
                    if !make(context, &call, ticket) {
                        self.give_up(context, call.number);
                    } else if is_once {
                        self.take_numbered(context, call.number);
                    } else {
                        call.progress = Progress::Made;
                        self.calls[index] = call;
                        index += 1;
                    }
                }
                Progress::Leaving { .. } => {
                    must_wait = true;
                    index += 1;
                }
                Progress::Made | Progress::Sent { .. } | Progress::InRecord => index += 1,
            }
        }
        if self.batch == batch {
            context.log.read(context.log.keys.all(), Purpose::Removal(batch));
        }
    }

    /// Storage says what it holds after the calls of a batch were removed; nothing if it cannot be read.
    pub(super) fn on_removal_read(
        &mut self,
        context: &mut Context<'_>,
        batch: u32,
        items: Option<&[(String, String)]>,
    ) {
        let mut stuck = false;
        for index in (0..self.calls.len()).rev() {
            let call = &mut self.calls[index];
            if call.progress != (Progress::Leaving { batch }) {
                continue;
            }
            call.progress = Progress::Waiting;
            let key = call.stored.and_then(|group| context.log.groups.key(group));
            if items.is_some_and(|items| !items.iter().any(|(found, _)| Some(&**found) == key)) {
                let call = call.clone();
                context.log.leave_storage(&call);
                self.calls[index].stored = None;
            } else {
                // The next session tries again.
                self.held.push(self.calls.remove(index));
                stuck = true;
            }
        }
        if stuck {
            degrade(context, "a call cannot be removed from storage, so it is not made for now");
        }
    }

    /// The outcome of a call is known, or nobody will ever know it.
    pub fn on_call_settled(&mut self, context: &mut Context<'_>, number: u64) {
        self.take_numbered(context, number);
    }

    /// A call was cut off from its outcome, and is to be made again. Says whether it still is.
    pub fn take_back(&mut self, context: &mut Context<'_>, number: u64, ticket: Option<Ticket>) -> bool {
        let Some(call) = self.calls.iter_mut().find(|call| call.number == number) else { return false };
        context.log.has_receipts |= ticket.is_some();
        call.receipts.extend(ticket);
        true
    }

    /// The application no longer waits for a call.
    pub fn cancel_call(&mut self, context: &mut Context<'_>, ticket: Ticket) {
        let mut cancelled =
            self.take_waiting(context, &|entry| entry.kind.is_call() && entry.receipts.contains(&ticket));
        for call in &mut cancelled {
            call.receipts.clear();
            context.settle(ticket, Err(failed(call, RpcFailure::Aborted)));
        }
        context.tell_dropped(cancelled, DropReason::Cleared);
    }

    /// The session is over.
    pub(super) fn on_calls_lost(&mut self, context: &mut Context<'_>, records: &mut dyn Writes) {
        if self.calls.is_empty() {
            return;
        }
        for call in self.calls.iter_mut().filter(|call| call.progress == Progress::Made) {
            call.progress = Progress::Waiting;
        }
        self.store_calls_again(context);
        // Those whose outcome was awaited did not expire.
        self.expire(context, records);
    }

    /// Calls that were to be made, and are not for now, must survive the page again.
    pub(super) fn store_calls_again(&mut self, context: &mut Context<'_>) {
        let mut calls = std::mem::take(&mut self.calls);
        for call in &mut calls {
            if let Progress::Leaving { .. } = call.progress {
                call.progress = Progress::Waiting;
                context.log.rewrite(call);
            } else if call.progress == Progress::Waiting
                && call.stored.is_none()
                && context.log.storage == Storage::Ready
            {
                context.store(call);
            }
        }
        self.calls = calls;
    }

    /// The lease of a client was lost while calls of it left storage: somebody else may have made them before they had.
    pub(super) fn give_up_leaving(&mut self, context: &mut Context<'_>, client: &str) {
        let leaving =
            |call: &&Entry| matches!(call.progress, Progress::Leaving { .. }) && context.log.is_of_client(call, client);
        let numbers: Vec<u64> = self.calls.iter().filter(leaving).map(|call| call.number).collect();
        self.give_up_in_doubt(context, &numbers);
    }

    /// Others may have made these calls, or may not.
    pub(super) fn give_up_in_doubt(&mut self, context: &mut Context<'_>, numbers: &[u64]) {
        let mut given_up = self.take_waiting(context, &|entry| numbers.contains(&entry.number));
        for call in &mut given_up {
            let error = failed(call, RpcFailure::OutcomeUnknown);
            if call.receipts.is_empty() {
                context.report(error);
            } else {
                context.settle_all(&mut call.receipts, &Err(error));
            }
        }
        context.announce_dropped(given_up, DropReason::Undeliverable);
    }
}

/// What whoever waits for the outcome of a call is told.
pub(super) fn failed(call: &Entry, failure: RpcFailure) -> ClientError {
    ClientError::Rpc(RpcError { name: call.name.clone(), failure })
}
