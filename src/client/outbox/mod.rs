//! What the application entrusted to the client, kept until the server has it.
//!
//! Entries leave in the order in which they came, a window of them at a time. The server has what was sent before a PING
//! once it answers that PING. What was sent and not confirmed when the connection was lost is sent again, under the same
//! key, so that subscribers can tell. [Calls](calls) wait beside events, and are made by the requestor.

mod calls;
mod keep;
mod lease;
mod owners;
mod page;
mod sending;
mod storage;
mod takeover;
mod writes;

use std::{collections::VecDeque, ops::Deref};

pub use self::writes::Writes;
use super::{
    context::Context,
    error::{ClientError, DropReason},
    io::{Delivery, Entry, Kind, Offer, Progress, Ticket},
    limits::{OUTBOX_START_MAX_MS, OUTBOX_WINDOW_BYTES},
    log::{Log, Purpose, Storage, sort_by_number},
    options::Overflow,
    time::{Instant, Wake, earlier},
};
use crate::wire::Topic;

/// The events and calls that wait, oldest first, and what other users have left.
#[derive(Debug)]
pub struct Outbox {
    /// The events that may be sent; the first `in_flight` of them were, in this session.
    entries: VecDeque<Entry>,
    in_flight: usize,
    /// The calls that may be made, or were in this session, in order.
    calls: Vec<Entry>,
    /// Whether any of them may be due.
    is_call_due: bool,
    /// Counts the questions whether calls have left storage.
    batch: u32,
    /// Whatever is of users who are not logged in.
    held: Vec<Entry>,
    /// When to ask the server whether it has what was sent.
    barrier_at: Option<Instant>,
    /// Names and payloads of the entries on their way.
    in_flight_bytes: usize,
    /// Most of that; with a little more, if that makes one entry.
    window_bytes: usize,
    /// Since when that much was on its way.
    filled_at: Option<Instant>,
    flushes: Vec<(Ticket, u64)>,
}

/// What is done with each entry.
pub type Visit<'a> = dyn FnMut(&mut Context<'_>, &mut Entry) + 'a;

/// All that waits, wherever it does, to be looked at.
#[derive(Clone, Copy)]
pub struct OutboxView<'a> {
    pub(super) outbox: &'a Outbox,
    pub(super) records: &'a dyn Writes,
    pub(super) log: &'a Log,
}

impl<'a> OutboxView<'a> {
    /// The entries that wait or are on their way: events, calls, and what was written to records, each oldest first; those
    /// of other users come last.
    pub fn entries(self) -> impl Iterator<Item = &'a Entry> {
        self.outbox.entries(self.records, self.log)
    }
}

impl Deref for OutboxView<'_> {
    type Target = Log;

    fn deref(&self) -> &Log {
        self.log
    }
}

impl Outbox {
    /// Nothing waits.
    pub const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            in_flight: 0,
            calls: Vec::new(),
            is_call_due: false,
            batch: 0,
            held: Vec::new(),
            barrier_at: None,
            in_flight_bytes: 0,
            window_bytes: OUTBOX_WINDOW_BYTES,
            filled_at: None,
            flushes: Vec::new(),
        }
    }

    // ---- what can be seen of it ----

    fn entries<'a>(&'a self, records: &'a dyn Writes, log: &'a Log) -> impl Iterator<Item = &'a Entry> {
        self.own_entries(records, log).chain(self.held.iter().filter(|entry| entry.kind != Kind::Base))
    }

    fn own_entries<'a>(&'a self, records: &'a dyn Writes, log: &'a Log) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().chain(&self.calls).chain(records.entries(log))
    }

    /// Calls `visit` for every entry, and for what else stands in storage for them.
    fn for_each(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, visit: &mut Visit<'_>) {
        self.for_each_own(context, records, visit);
        self.held.iter_mut().for_each(|entry| visit(context, entry));
    }

    fn for_each_own(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, visit: &mut Visit<'_>) {
        self.entries.iter_mut().chain(&mut self.calls).for_each(|entry| visit(context, entry));
        records.for_each_entry(context, visit);
    }

    /// When to ask the server whether it has what was sent.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        self.barrier_at.filter(|_| session).map(|at| (at, Wake::Barrier))
    }

    // ---- what the application wants ----

    /// Keeps an event until the server has it, and sends it if that can be.
    pub fn add(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, offer: &Offer<'_>) {
        if self.has_already(context, offer) {
            return;
        }
        let is_possible = || context.session.is_some() && context.log.may_send();
        if offer.delivery == Delivery::Drop && (!is_possible() || !self.has_window(context)) {
            return context.refuse_now(offer);
        }
        let mut entry = context.entry(offer);
        if self.has_room_for(context, records, &mut entry) {
            context.enter(&mut entry);
            // It may come back, if it is sent by another page, or is late on a connection that is given up.
            context.seen.is_first(&entry.name, &entry.key, context.options.deduplication_window);
            self.entries.push_back(entry);
            self.flush(context);
        }
    }

    /// Whether an entry may be kept, as far as the limits go; else that is told.
    pub fn has_room_for(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, entry: &mut Entry) -> bool {
        let has_room = self.make_room(context, records, entry.bytes());
        if !has_room {
            let error = ClientError::OutboxFull { topic: entry.kind.topic(), name: entry.name.clone() };
            if entry.receipts.is_empty() {
                context.report(error);
            } else {
                context.settle_all(&mut entry.receipts, &Err(error));
            }
        }
        has_room
    }

    /// Whether what is offered waits already, under the key that the application has chosen for it.
    fn has_already(&mut self, context: &mut Context<'_>, offer: &Offer<'_>) -> bool {
        let Some(key) = offer.key else { return false };
        let (owner, _) = context.log.identity.owner();
        let known = self.entries.iter_mut().find(|entry| {
            entry.is_called(key) && entry.kind == offer.kind && *entry.name == *offer.name && entry.owner == owner
        });
        let Some(known) = known else { return false };
        known.receipts.extend(offer.receipt);
        context.log.has_receipts |= offer.receipt.is_some();
        true
    }

    /// Sees to it that an entry of so many bytes fits; says whether it does.
    fn make_room(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, bytes: usize) -> bool {
        let (max_entries, max_bytes) = (context.options.outbox_max_entries, context.options.outbox_max_bytes);
        let mut dropped = Vec::new();
        // What the server takes in will not wait for long, however many they are.
        let takes_more = context.session.is_some() && context.log.may_send() && !self.is_stuck(context.now);
        let has_room =
            |log: &Log| (takes_more || log.queued.entries < max_entries) && log.queued.bytes + bytes <= max_bytes;
        while !has_room(context.log) {
            let event = self.entries.get(self.in_flight);
            let call = self.calls.iter().find(|entry| entry.progress == Progress::Waiting);
            let oldest = [event, call, records.oldest_blind()].into_iter().flatten().map(|entry| entry.number).min();
            let (Overflow::DropOldest, Some(oldest), true) =
                (context.options.outbox_overflow, oldest, bytes <= max_bytes)
            else {
                break;
            };
            match self.take_numbered(context, oldest) {
                Some(entry) => dropped.push(entry),
                None => {
                    let blind = records.take_out(context, &|entry| entry.number == oldest);
                    dropped.append(&mut leave_all(context, blind));
                }
            }
        }
        context.tell_dropped(dropped, DropReason::Overflow);
        has_room(context.log)
    }

    /// Asks the server now whether it has everything; settles the ticket when that is so for what there is now.
    pub fn flush_by(&mut self, context: &mut Context<'_>, ticket: Ticket) {
        self.flushes.push((ticket, context.log.next_number));
        if self.in_flight > 0 {
            self.barrier_at = Some(context.now);
        }
        context.log.have_left = true;
    }

    /// Forgets everything that the user of now has entrusted, here and in other pages.
    pub fn clear(&mut self, context: &mut Context<'_>, records: &mut dyn Writes) {
        // Who logged in last may be known only from storage.
        context.log.touch_storage();
        let cleared = context.log.identity.owners();
        let gone = self.take_all(context, records, &|entry| entry.is_of(&cleared));
        context.tell_dropped(gone, DropReason::Cleared);
        if context.log.storage != Storage::Absent {
            let until_ms = context.wall_clock_ms(context.now);
            context.log.read(context.log.keys.all(), Purpose::Clear { owners: cleared, until_ms });
        }
    }

    // ---- what becomes of the connection ----

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, is_somebody_else: bool) {
        self.sort_out_owners(context, records);
        self.expire(context, records);
        if context.log.storage != Storage::Absent {
            context.log.touch_storage();
            if is_somebody_else && context.log.storage == Storage::Ready {
                context.store_last_user();
            }
            context.log.ask_again();
            context.log.look_for_orphans();
        }
        if !context.log.is_start_done() {
            context.log.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
        }
        self.flush(context);
    }

    /// The connection rests until the application says otherwise: nobody shall wait for what may never come, but the
    /// entries stay.
    pub fn on_rest(&mut self, context: &mut Context<'_>, records: &mut dyn Writes, error: &ClientError) {
        for (ticket, _) in self.flushes.drain(..) {
            context.settle(ticket, Err(error.clone()));
        }
        if std::mem::take(&mut context.log.has_receipts) {
            self.for_each(context, records, &mut |context, entry| {
                context.settle_all(&mut entry.receipts, &Err(error.clone()));
            });
        }
    }

    /// The client is closed: what is in storage stays there for the next one, all else is given up and reported.
    pub fn on_closed(&mut self, context: &mut Context<'_>, records: &mut dyn Writes) {
        let (mut never_sent, mut unconfirmed) = (0, 0);
        self.store_calls_again(context);
        self.for_each(context, records, &mut |context, entry| {
            if entry.stored.is_none() && entry.kind != Kind::Base {
                let is_sent = usize::from(entry.is_sent());
                never_sent += 1 - is_sent;
                unconfirmed += is_sent;
                let error = ClientError::LostAtClose { never_sent: 1 - is_sent, unconfirmed: is_sent };
                context.settle_all(&mut entry.receipts, &Err(error));
            }
        });
        if never_sent + unconfirmed > 0 {
            context.report(ClientError::LostAtClose { never_sent, unconfirmed });
        }
        self.on_rest(context, records, &ClientError::IsClosed { topic: Topic::Event, dropped: 0 });
        context.log.release_all();
        context.log.clear_although_closed();
        context.log.groups.tidy(None);
        self.commit(context, records);
        *self = Self::new();
        context.log.on_closed();
    }

    /// Time has passed. Says whether a PING is wanted.
    pub fn on_tick(&mut self, context: &mut Context<'_>, records: &mut dyn Writes) -> bool {
        if earlier(context.log.next_expiry, context.log.next_timeout).is_some_and(|at| at <= context.now) {
            self.expire(context, records);
        }
        context.log.groups.tidy(Some(context.now));
        self.on_lease_tick(context);
        if context.session.is_none() {
            return false;
        }
        if context.log.start_deadline.is_some_and(|at| at <= context.now) {
            context.log.start_deadline = None;
            context.give_up_waiting();
            self.flush(context);
        }
        self.barrier_at.take_if(|at| *at <= context.now).is_some()
    }

    // ---- the work ----

    /// Takes an event out.
    fn remove(&mut self, index: usize) -> Option<Entry> {
        let entry = self.entries.remove(index)?;
        if index < self.in_flight {
            self.in_flight -= 1;
            self.in_flight_bytes -= entry.bytes();
        }
        Some(entry)
    }

    /// Takes an event out that is not to be sent any more, from storage too.
    fn take_at(&mut self, context: &mut Context<'_>, index: usize) -> Option<Entry> {
        let entry = self.remove(index)?;
        context.leave(&entry);
        Some(entry)
    }

    /// Takes out an event or a call, from storage too.
    fn take_numbered(&mut self, context: &mut Context<'_>, number: u64) -> Option<Entry> {
        let is_it = |entry: &Entry| entry.number == number;
        if let Some(index) = self.entries.iter().position(is_it) {
            return self.take_at(context, index);
        }
        let entry = self.calls.remove(self.calls.iter().position(is_it)?);
        context.leave(&entry);
        Some(entry)
    }

    /// Takes out all entries that are meant, but for what was written to records here, from storage too, oldest first.
    fn take_waiting(&mut self, context: &mut Context<'_>, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = Vec::new();
        for index in (0..self.entries.len()).rev() {
            if is_meant(&self.entries[index]) {
                taken.extend(self.remove(index));
            }
        }
        taken.extend(self.calls.extract_if(.., |entry| is_meant(entry)));
        taken.extend(self.held.extract_if(.., |entry| is_meant(entry)));
        leave_all(context, taken)
    }

    /// Takes out all entries that are meant, from storage too, oldest first.
    fn take_all(
        &mut self,
        context: &mut Context<'_>,
        records: &mut dyn Writes,
        is_meant: &dyn Fn(&Entry) -> bool,
    ) -> Vec<Entry> {
        let mut taken = self.take_waiting(context, is_meant);
        let of_records = records.take_out(context, is_meant);
        taken.append(&mut leave_all(context, of_records));
        sort_by_number(&mut taken, |entry| entry.number);
        taken
    }

    /// Settles who waits until everything has left that was there then.
    pub fn settle_flushes(&mut self, context: &mut Context<'_>, records: &dyn Writes) {
        if !std::mem::take(&mut context.log.have_left) || self.flushes.is_empty() {
            return;
        }
        let oldest = self.own_entries(records, context.log).map(|entry| entry.number).min();
        self.flushes.retain(|(ticket, until)| {
            let waits = oldest.is_some_and(|oldest| oldest < *until);
            if !waits {
                context.settle(*ticket, Ok(None));
            }
            waits
        });
    }

    fn expire(&mut self, context: &mut Context<'_>, records: &mut dyn Writes) {
        let now = context.now;
        let expired = self.take_all(context, records, &|entry| entry.is_late(now));
        context.tell_dropped(expired, DropReason::Expired);
        let (mut expiry, mut timeout) = (None, None);
        for entry in self.entries(records, context.log).filter(|entry| entry.may_expire()) {
            expiry = earlier(expiry, Some(entry.expires_at));
            timeout = earlier(timeout, entry.settle_by);
        }
        (context.log.next_expiry, context.log.next_timeout) = (expiry, timeout);
    }
}

/// These have left their queues, and are not to be sent any more. Returns all but what writes were made to, oldest first.
fn leave_all(context: &mut Context<'_>, mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.iter().for_each(|entry| context.leave(entry));
    entries.retain(|entry| entry.kind != Kind::Base);
    sort_by_number(&mut entries, |entry| entry.number);
    entries
}
