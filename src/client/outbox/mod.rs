//! What the application entrusted to the client, kept until the server has it.
//!
//! Entries leave in the order in which they came, a window of them at a time. The server has what was sent before a PING
//! once it answers that PING. What was sent and not confirmed when the connection was lost is sent again, under the same
//! key, so that subscribers can tell.

mod keep;
mod lease;
mod owners;
mod page;
mod queues;
mod sending;
mod storage;
mod takeover;

use std::{collections::VecDeque, ops::Deref};

pub use self::queues::Queues;
use super::{
    context::Context,
    error::{ClientError, DropReason, RpcFailure},
    io::{Delivery, Entry, Kind, Offer, Progress, Ticket},
    limits::{OUTBOX_START_MAX_MS, OUTBOX_WINDOW_BYTES},
    log::{Log, Purpose, Storage, sort_by_number},
    options::Overflow,
    time::{Instant, Wake},
};
use crate::wire::Topic;

/// The events that wait, oldest first, and what other users have left.
#[derive(Debug)]
pub struct Outbox {
    /// The events that may be sent; the first `in_flight` of them were, in this session.
    entries: VecDeque<Entry>,
    in_flight: usize,
    /// Events, and writes to records, of users who are not logged in.
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
    pub(super) queues: &'a dyn Queues,
    pub(super) log: &'a Log,
}

impl<'a> OutboxView<'a> {
    /// The entries that wait or are on their way: events, calls, and what was written to records, each oldest first; those
    /// of other users come last.
    pub fn entries(self) -> impl Iterator<Item = &'a Entry> {
        self.outbox.entries(self.queues, self.log)
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
            held: Vec::new(),
            barrier_at: None,
            in_flight_bytes: 0,
            window_bytes: OUTBOX_WINDOW_BYTES,
            filled_at: None,
            flushes: Vec::new(),
        }
    }

    // ---- what can be seen of it ----

    fn entries<'a>(&'a self, queues: &'a dyn Queues, log: &'a Log) -> impl Iterator<Item = &'a Entry> {
        let own = queues.entries(log).filter(|entry| entry.progress != Progress::Held);
        let held = queues.entries(log).filter(|entry| entry.progress == Progress::Held);
        let held = self.held.iter().filter(|entry| entry.kind != Kind::Base).chain(held);
        self.entries.iter().chain(own).chain(held)
    }

    /// Calls `visit` for every entry, and for what else stands in storage for them.
    fn for_each(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, visit: &mut Visit<'_>) {
        self.entries.iter_mut().chain(&mut self.held).for_each(|entry| visit(context, entry));
        queues.for_each_entry(context, visit);
    }

    /// When to ask the server whether it has what was sent.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        self.barrier_at.filter(|_| session).map(|at| (at, Wake::Barrier))
    }

    // ---- what the application wants ----

    /// Keeps an event until the server has it, and sends it if that can be.
    pub fn add(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, offer: &Offer<'_>) {
        if self.has_already(context, offer) {
            return;
        }
        let is_possible = || context.session.is_some() && context.log.may_send();
        if offer.delivery == Delivery::Drop && (!is_possible() || !self.has_window(context)) {
            return context.refuse_now(offer);
        }
        let mut entry = context.entry(offer);
        if self.has_room_for(context, queues, &mut entry) {
            context.enter(&mut entry);
            // It may come back, if it is sent by another page, or is late on a connection that is given up.
            context.seen.is_first(&entry.name, &entry.key, context.options.deduplication_window);
            self.entries.push_back(entry);
            self.flush(context);
        }
    }

    /// Whether an entry may be kept, as far as the limits go; else that is told.
    pub fn has_room_for(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, entry: &mut Entry) -> bool {
        let has_room = self.make_room(context, queues, entry.bytes());
        if !has_room {
            let error = ClientError::OutboxFull { topic: entry.kind.topic(), name: entry.name.clone() };
            context.reject(&mut entry.receipts, error);
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
    fn make_room(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, bytes: usize) -> bool {
        let (max_entries, max_bytes) = (context.options.outbox_max_entries, context.options.outbox_max_bytes);
        let mut dropped = Vec::new();
        // What the server takes in will not wait for long, however many they are.
        let takes_more = context.session.is_some() && context.log.may_send() && !self.is_stuck(context.now);
        let has_room =
            |log: &Log| (takes_more || log.queued.entries < max_entries) && log.queued.bytes + bytes <= max_bytes;
        while !has_room(context.log) {
            let event = self.entries.get(self.in_flight);
            let oldest = [event, queues.oldest_waiting()].into_iter().flatten().map(|entry| entry.number).min();
            let (Overflow::DropOldest, Some(oldest), true) =
                (context.options.outbox_overflow, oldest, bytes <= max_bytes)
            else {
                break;
            };
            match self.take_numbered(context, oldest) {
                Some(entry) => dropped.push(entry),
                None => {
                    let other = queues.take_out(context, &|entry| entry.number == oldest);
                    dropped.append(&mut leave_all(context, other));
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
    pub fn clear(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        // Who logged in last may be known only from storage.
        context.log.touch_storage();
        let cleared = context.log.identity.owners();
        let gone = self.take_all(context, queues, &|entry| entry.is_of(&cleared));
        context.tell_dropped(gone, DropReason::Cleared);
        if context.log.storage != Storage::Absent {
            let until_ms = context.wall_clock_ms(context.now);
            context.log.read(context.log.keys.all(), Purpose::Clear { owners: cleared, until_ms });
        }
    }

    // ---- what becomes of the connection ----

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, is_somebody_else: bool) {
        self.sort_out_owners(context, queues);
        self.expire(context, queues);
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
    pub fn on_rest(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, error: &ClientError) {
        for (ticket, _) in self.flushes.drain(..) {
            context.settle(ticket, Err(error.clone()));
        }
        if std::mem::take(&mut context.log.has_receipts) {
            self.for_each(context, queues, &mut |context, entry| {
                context.settle_all(&mut entry.receipts, &Err(error.clone()));
            });
        }
    }

    /// The client is closed: what is in storage stays there for the next one, all else is given up and reported.
    pub fn on_closed(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        let (mut never_sent, mut unconfirmed) = (0, 0);
        store_calls_again(context, queues);
        self.for_each(context, queues, &mut |context, entry| {
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
        self.on_rest(context, queues, &ClientError::IsClosed { topic: Topic::Event, dropped: 0 });
        context.log.release_all();
        context.log.clear_although_closed();
        context.log.groups.tidy(None);
        self.commit(context, queues);
        *self = Self::new();
        context.log.on_closed();
    }

    /// Time has passed. Says whether a PING is wanted.
    pub fn on_tick(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) -> bool {
        if context.log.next_expiry.is_some_and(|at| at <= context.now) {
            self.expire(context, queues);
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

    /// Takes an event out that is not to be sent any more, from storage too.
    fn take_numbered(&mut self, context: &mut Context<'_>, number: u64) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.number == number)?;
        self.take_at(context, index)
    }

    /// Takes out the events that are meant.
    fn take_events(&mut self, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = Vec::new();
        for index in (0..self.entries.len()).rev() {
            if is_meant(&self.entries[index]) {
                taken.extend(self.remove(index));
            }
        }
        taken
    }

    /// Takes out all entries that are meant, from storage too, oldest first.
    fn take_all(
        &mut self,
        context: &mut Context<'_>,
        queues: &mut dyn Queues,
        is_meant: &dyn Fn(&Entry) -> bool,
    ) -> Vec<Entry> {
        let mut taken = self.take_events(is_meant);
        taken.extend(self.held.extract_if(.., |entry| is_meant(entry)));
        taken.append(&mut queues.take_out(context, is_meant));
        leave_all(context, taken)
    }

    /// Settles who waits until everything has left that was there then.
    pub fn settle_flushes(&mut self, context: &mut Context<'_>, queues: &dyn Queues) {
        if !std::mem::take(&mut context.log.have_left) || self.flushes.is_empty() {
            return;
        }
        let own = self.entries(queues, context.log).filter(|entry| entry.progress != Progress::Held);
        let oldest = own.map(|entry| entry.number).min();
        self.flushes.retain(|(ticket, until)| {
            let waits = oldest.is_some_and(|oldest| oldest < *until);
            if !waits {
                context.settle(*ticket, Ok(None));
            }
            waits
        });
    }

    fn expire(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        let now = context.now;
        let expired = self.take_all(context, queues, &|entry| entry.is_late(now));
        context.tell_dropped(expired, DropReason::Expired);
        context.log.next_expiry = self.entries(queues, context.log).filter_map(Entry::expiry).min();
    }

    /// Others may have made these calls, or may not.
    fn give_up_in_doubt(
        &mut self,
        context: &mut Context<'_>,
        queues: &mut dyn Queues,
        is_meant: &dyn Fn(&Log, &Entry) -> bool,
    ) {
        let meant = self.entries(queues, context.log).filter(|entry| is_meant(context.log, entry));
        let numbers: Vec<u64> = meant.map(|entry| entry.number).collect();
        let mut given_up = self.take_all(context, queues, &|entry| numbers.contains(&entry.number));
        for call in &mut given_up {
            let error = call.failed(RpcFailure::OutcomeUnknown);
            context.reject(&mut call.receipts, error);
        }
        context.announce_dropped(given_up, DropReason::Undeliverable);
    }
}

/// Calls that were to be made, and are not for now, must survive the page again.
fn store_calls_again(context: &mut Context<'_>, queues: &mut dyn Queues) {
    queues.for_each_entry(context, &mut |context, entry| {
        if let Progress::Leaving { .. } = entry.progress {
            entry.progress = Progress::Waiting;
            context.log.rewrite(entry);
        } else if entry.kind.is_call()
            && entry.delivery == Delivery::Durable
            && !entry.is_sent()
            && entry.stored.is_none()
            && context.log.storage == Storage::Ready
        {
            context.store(entry);
        }
    });
}

/// These have left their queues, and are not to be sent any more. Returns all but what writes were made to, oldest first.
fn leave_all(context: &mut Context<'_>, mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.iter().for_each(|entry| context.leave(entry));
    entries.retain(|entry| entry.kind != Kind::Base);
    sort_by_number(&mut entries, |entry| entry.number);
    entries
}
