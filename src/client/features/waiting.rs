//! All that waits for the server, of whichever kind.

use super::Features;
use crate::client::{
    context::{Context, Visit},
    error::{ClientError, DropReason, RpcFailure},
    io::{Delivery, Entry, Kind, Progress},
    log::{Log, Purpose, Storage, sort_by_number, take_meant},
    options::Overflow,
    time::earlier,
};

/// Says of each entry whether something is to be done with it.
pub(super) type IsMeant<'a> = dyn FnMut(&Log, &Entry) -> bool + 'a;

impl Features {
    // ---- all kinds together ----

    /// Calls `visit` for what the application is shown: events, calls, and what was written to records, each oldest first.
    pub fn for_each_shown(&mut self, context: &mut Context, visit: &mut dyn FnMut(&Entry)) {
        self.for_each(context, &mut |_, entry| {
            if entry.is_shown() {
                visit(entry);
            }
        });
    }

    /// Calls `visit` for every entry, and for what else stands in storage for them.
    pub(super) fn for_each(&mut self, context: &mut Context, visit: &mut Visit<'_>) {
        self.events.queue.entries.iter_mut().for_each(|entry| visit(context, entry));
        self.held.iter_mut().for_each(|entry| visit(context, entry));
        self.rpc.requestor.for_each_entry(context, visit);
        self.records.for_each_entry(context, visit);
    }

    /// Takes in what earlier pages have left, or users who have logged in again, before all that waits. It is
    /// [counted](Log::count) already.
    pub(super) fn adopt(&mut self, context: &mut Context, mut entries: Vec<Entry>) {
        self.events.queue.adopt(take_meant(&mut entries, &|entry| entry.kind == Kind::Event));
        self.rpc.requestor.adopt(take_meant(&mut entries, &|entry| entry.kind.is_call()));
        self.records.adopt(context, entries);
    }

    /// Takes out all that is meant, and what writes were made to if nothing else was. All of it [leaves](Context::leave) with
    /// that, or is [left to others](Log::leave_to_others); what is seen of records is as if it had not been made.
    pub(super) fn take_out(&mut self, context: &mut Context, is_meant: &mut IsMeant<'_>) -> Vec<Entry> {
        self.for_each(context, &mut |context, entry| entry.is_marked = is_meant(&context.log, entry));
        let is_marked = |entry: &Entry| entry.is_marked;
        let mut taken = self.events.queue.take_out(&is_marked);
        taken.append(&mut take_meant(&mut self.held, &is_marked));
        taken.append(&mut self.rpc.requestor.take_out(&is_marked));
        taken.append(&mut self.records.take_out(context));
        taken
    }

    /// Takes out what is not to be sent any more, from storage too. Returns all but what writes were made to, oldest first.
    pub(super) fn take_all(&mut self, context: &mut Context, is_meant: &mut IsMeant<'_>) -> Vec<Entry> {
        let mut taken = self.take_out(context, is_meant);
        taken.iter().for_each(|entry| context.leave(entry));
        take_meant(&mut taken, &|entry| entry.kind == Kind::Base);
        sort_by_number(&mut taken, |entry| entry.number);
        taken
    }

    // ---- room, and time ----

    /// Whether an entry may be kept, as far as the limits go; else that is told.
    pub fn has_room_for(&mut self, context: &mut Context, entry: &mut Entry) -> bool {
        let bytes = entry.bytes();
        let (max_entries, max_bytes) = (context.options.outbox_max_entries, context.options.outbox_max_bytes);
        let mut dropped = Vec::new();
        // What the server takes in will not wait for long, however many they are.
        let takes_more =
            context.session.is_some() && context.log.may_send() && !self.events.queue.is_stuck(context.now);
        let has_room =
            |log: &Log| (takes_more || log.queued.entries < max_entries) && log.queued.bytes + bytes <= max_bytes;
        let may_drop = context.options.outbox_overflow == Overflow::DropOldest && bytes <= max_bytes;
        while may_drop && !has_room(&context.log) {
            let number = |entry: Option<&Entry>| entry.map(|entry| entry.number);
            let event = number(self.events.queue.oldest_waiting());
            let call = number(self.rpc.requestor.oldest_waiting());
            let oldest = earlier(earlier(event, call), number(self.records.oldest_waiting()));
            match oldest {
                None => break,
                Some(_) if oldest == event => dropped.extend(self.events.queue.take_oldest_waiting(context)),
                Some(oldest) => dropped.append(&mut self.take_all(context, &mut |_, entry| entry.number == oldest)),
            }
        }
        context.tell_dropped(dropped, DropReason::Overflow);
        let has_room = has_room(&context.log);
        if !has_room {
            let error = ClientError::outbox_full(entry.kind.topic(), &entry.name);
            context.reject(&mut entry.receipts, error);
        }
        has_room
    }

    /// Forgets everything that the user of now has entrusted, here and in other pages.
    pub fn clear(&mut self, context: &mut Context) {
        // Who logged in last may be known only from storage.
        context.log.touch_storage();
        let cleared = context.log.identity.owners();
        let gone = self.take_all(context, &mut |_, entry| cleared.contains(&entry.owner));
        context.tell_dropped(gone, DropReason::Cleared);
        if context.log.storage != Storage::Absent {
            let until_ms = context.wall_clock_ms(context.now);
            context.log.read(Purpose::Clear { owners: cleared, until_ms });
        }
    }

    /// Nobody shall wait for what may never come, but the entries stay.
    pub(super) fn settle_receipts(&mut self, context: &mut Context, error: &ClientError) {
        while let Some(flush) = context.log.flushes.pop_front() {
            context.settle(flush.0, Err(error.clone()));
        }
        if std::mem::take(&mut context.log.has_receipts) {
            self.for_each(context, &mut |context, entry| {
                context.settle_all(&mut entry.receipts, &Err(error.clone()));
            });
        }
    }

    /// The client is closed: what is in memory alone is lost.
    pub(super) fn give_up_unstored(&mut self, context: &mut Context) {
        let (mut never_sent, mut unconfirmed) = (0, 0);
        self.for_each(context, &mut |context, entry| {
            if entry.stored.is_none() && entry.kind != Kind::Base {
                let is_sent = usize::from(entry.is_sent());
                never_sent += 1 - is_sent;
                unconfirmed += is_sent;
                let error = ClientError::lost_at_close(1 - is_sent, is_sent);
                context.settle_all(&mut entry.receipts, &Err(error));
            }
        });
        if never_sent + unconfirmed > 0 {
            context.report(ClientError::lost_at_close(never_sent, unconfirmed));
        }
    }

    /// Settles who waits until everything has left that was there then.
    pub fn settle_flushes(&mut self, context: &mut Context) {
        if !std::mem::take(&mut context.log.have_left) || context.log.flushes.is_empty() {
            return;
        }
        let mut oldest = u64::MAX;
        self.for_each_shown(context, &mut |entry| {
            if entry.progress != Progress::Held {
                oldest = oldest.min(entry.number);
            }
        });
        while let Some(flush) = context.log.flushes.pop_front_if(|(_, until)| oldest >= *until) {
            context.settle(flush.0, Ok(None));
        }
    }

    /// Gives up what has waited too long.
    pub(super) fn expire(&mut self, context: &mut Context) {
        let now = context.now;
        let expired = self.take_all(context, &mut |_, entry| entry.is_late(now));
        context.tell_dropped(expired, DropReason::Expired);
        let mut next = None;
        self.for_each_shown(context, &mut |entry| next = earlier(next, entry.expiry()));
        context.log.next_expiry = next;
    }

    /// Others may have made these calls, or may not.
    pub(super) fn give_up_in_doubt(&mut self, context: &mut Context, is_meant: &mut IsMeant<'_>) {
        let mut given_up = self.take_all(context, is_meant);
        for call in &mut given_up {
            let error = call.failed(RpcFailure::OutcomeUnknown);
            context.reject(&mut call.receipts, error);
        }
        context.announce_dropped(given_up, DropReason::Undeliverable);
    }

    /// Calls that were to be made, and are not for now, must survive the page again.
    pub(super) fn store_calls_again(&mut self, context: &mut Context) {
        self.rpc.requestor.for_each_entry(context, &mut |context, call| {
            if let Progress::Leaving { .. } = call.progress {
                call.progress = Progress::Waiting;
                context.log.rewrite(call);
            } else if call.delivery == Delivery::Durable && !call.is_sent() && call.stored.is_none() {
                context.keep(call);
            }
        });
    }
}
