//! What the application entrusted to the client, kept until the server has it.
//!
//! Entries leave in the order in which they came, a window of them at a time. The server has what was sent before a PING
//! once it answers that PING. What was sent and not confirmed when the connection was lost is sent again, under the same
//! key, so that subscribers can tell. [Calls](calls) wait beside events, and are made by the requestor.

mod calls;
mod drafts;
mod forced;
mod groups;
mod identity;
mod lease;
mod owners;
mod page;
mod persisted;
mod sending;
mod sort;
mod storage;
mod takeover;

use std::collections::VecDeque;

use self::{
    drafts::Drafts,
    groups::Groups,
    identity::Identity,
    lease::Leases,
    persisted::{Cleared, Keys},
    sort::sort_by_number,
    storage::{Purpose, Reads, Storage},
    takeover::Takeover,
};
use super::{
    context::Context,
    digest::push_hex,
    error::{ClientError, DropReason, RpcFailure},
    flight::Item,
    io::{CHOSEN_KEY, Delivery, Entry, Kind, Offer, OutboxNews, Output, Progress, Ticket},
    limits::{OUTBOX_START_MAX_MS, OUTBOX_WINDOW_BYTES},
    options::{OutboxStorage, Overflow},
    rng::Rng,
    time::{Instant, Wake, earlier, earliest},
    url::without_secrets,
};
use crate::wire::Topic;

/// How much waits.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    entries: usize,
    /// Their names and payloads.
    bytes: usize,
}

/// The entries that wait, oldest first.
#[derive(Debug)]
pub struct Outbox {
    keys: Keys,
    /// Names this client among all that ever used the same storage.
    client: Box<str>,
    next_number: u64,
    /// Counts the events apart, so that subscribers can remember what they got as runs of numbers.
    next_event: u64,
    identity: Identity,
    /// Those that may be sent; the first `in_flight` of them were, in this session.
    entries: VecDeque<Entry>,
    in_flight: usize,
    /// The calls that may be made, or were in this session, in order.
    calls: VecDeque<Entry>,
    /// Whether any of them may be due.
    is_call_due: bool,
    /// Writes to records that are not open; they are sent in order, and stay until the server has answered.
    forced: VecDeque<Entry>,
    /// Whether any of them may be due.
    is_forced_due: bool,
    drafts: Drafts,
    /// Counts the questions whether calls have left storage.
    batch: u32,
    /// Those of users who are not logged in.
    held: Vec<Entry>,
    /// All entries but those of open records: what the limits are for.
    queued: Extent,
    /// The writes to open records, of which there are few for each.
    drafted: Extent,
    storage: Storage,
    groups: Groups,
    /// The name of the storage, once there is one.
    storage_name: Option<Box<str>>,
    /// What another page has cleared of what stood in storage.
    cleared: Option<Cleared>,
    reads: Reads,
    takeover: Takeover,
    leases: Leases,
    /// When to ask the server whether it has what was sent.
    barrier_at: Option<Instant>,
    /// Names and payloads of the entries on their way.
    in_flight_bytes: usize,
    /// Most of that; with a little more, if that makes one entry.
    window_bytes: usize,
    /// Since when that much was on its way.
    filled_at: Option<Instant>,
    /// No later than the earliest of all expiries.
    next_expiry: Option<Instant>,
    /// No later than the earliest end of waiting for the outcome of a call that waits here.
    next_timeout: Option<Instant>,
    /// When to stop waiting for storage and locks before sending.
    start_deadline: Option<Instant>,
    flushes: Vec<(Ticket, u64)>,
    has_receipts: bool,
    changed: bool,
}

impl Outbox {
    /// An empty outbox for the deployment at `url`.
    pub fn new(url: &str, key: Option<&str>, storage: OutboxStorage, rng: &mut Rng) -> Self {
        let mut client = String::new();
        push_hex(&mut client, rng.next_u64());
        Self {
            keys: Keys::new(&key.map_or_else(|| without_secrets(url), Into::into)),
            client: client.into(),
            next_number: 0,
            next_event: 0,
            identity: Identity::default(),
            entries: VecDeque::new(),
            in_flight: 0,
            calls: VecDeque::new(),
            is_call_due: false,
            forced: VecDeque::new(),
            is_forced_due: false,
            drafts: Drafts::default(),
            batch: 0,
            held: Vec::new(),
            queued: Extent::default(),
            drafted: Extent::default(),
            storage: if storage == OutboxStorage::Memory { Storage::Absent } else { Storage::Untouched },
            groups: Groups::default(),
            storage_name: None,
            cleared: None,
            reads: Reads::default(),
            takeover: Takeover::default(),
            leases: Leases::default(),
            barrier_at: None,
            in_flight_bytes: 0,
            window_bytes: OUTBOX_WINDOW_BYTES,
            filled_at: None,
            next_expiry: None,
            next_timeout: None,
            start_deadline: None,
            flushes: Vec::new(),
            has_receipts: false,
            changed: false,
        }
    }

    // ---- what can be seen of it ----

    /// The entries that wait or are on their way: events, calls, and what was written to records, each oldest first; those
    /// of other users come last.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.own_entries().chain(&self.held)
    }

    fn own_entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().chain(&self.calls).chain(&self.forced).chain(self.drafts.entries())
    }

    /// Calls `visit` for every entry, and for what else stands in storage for them.
    fn for_each_mut(&mut self, visit: &mut dyn FnMut(&mut Entry)) {
        self.for_each_own(visit);
        self.held.iter_mut().for_each(visit);
    }

    fn for_each_own(&mut self, visit: &mut dyn FnMut(&mut Entry)) {
        self.entries.iter_mut().chain(&mut self.calls).chain(&mut self.forced).for_each(&mut *visit);
        self.drafts.for_each(visit);
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.queued.entries + self.drafted.entries
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the keys in storage begin with that are of use to this client.
    pub fn key_prefix(&self) -> Box<str> {
        self.keys.all()
    }

    /// Their names and payloads, in bytes.
    pub const fn bytes(&self) -> usize {
        self.queued.bytes + self.drafted.bytes
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        let barrier = self.barrier_at.filter(|_| session).map(|at| (at, Wake::Barrier));
        let start = self.start_deadline.filter(|_| session).map(|at| (at, Wake::Storage));
        let expiry = self.next_expiry.map(|at| (at, Wake::Expiry));
        let lease = self.leases.deadline().map(|at| (at, Wake::Lease));
        let outdated = self.groups.deadline().map(|at| (at, Wake::Storage));
        earliest(&[barrier, start, expiry, lease, outdated])
    }

    /// Whether anything has changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    // ---- what the application wants ----

    /// Keeps what is offered until the server has it, and sends it if that can be.
    pub fn add(&mut self, context: &mut Context<'_>, offer: &Offer<'_>) {
        if self.has_already(offer) {
            return;
        }
        if offer.delivery == Delivery::Drop
            && (context.session.is_none() || !self.may_send() || !self.has_window(context))
        {
            if let Some(ticket) = offer.receipt {
                context.settle(ticket, Err(ClientError::OutboxDropped { why: DropReason::NotNow, count: 1 }));
            }
            return;
        }
        let entry = self.entry(context, offer);
        self.admit(context, entry);
    }

    fn admit(&mut self, context: &mut Context<'_>, mut entry: Entry) {
        let is_call = entry.kind.is_call();
        if !self.make_room(context, entry.bytes()) {
            let error = ClientError::OutboxFull { name: entry.name };
            context.settle_all(&mut entry.receipts, &Err(error.clone()));
            // Whoever makes a call waits for its outcome.
            if !is_call {
                context.report(error);
            }
            return;
        }
        self.take_in(&entry);
        self.expect_end_of(&entry);
        self.has_receipts |= !entry.receipts.is_empty();
        if entry.delivery == Delivery::Durable && !(context.session.is_some() && self.leaves_at_once(&entry)) {
            self.touch_storage();
            if self.storage == Storage::Ready {
                self.store(context, &mut entry);
            }
        }
        if is_call {
            self.calls.push_back(entry);
        } else if entry.kind == Kind::Forced {
            self.forced.push_back(entry);
        } else {
            // It may come back, if it is sent by another page, or is late on a connection that is given up.
            context.seen.is_first(&entry.name, &entry.key, context.options.deduplication_window);
            self.entries.push_back(entry);
        }
        if context.session.is_some() {
            self.flush(context);
        }
    }

    /// Whether what is offered waits already, under the key that the application has chosen for it.
    fn has_already(&mut self, offer: &Offer<'_>) -> bool {
        let Some(key) = offer.key else { return false };
        let (owner, _) = self.identity.owner();
        let known = self.entries.iter_mut().find(|entry| {
            entry.is_called(key) && entry.kind == offer.kind && *entry.name == *offer.name && entry.owner == owner
        });
        let Some(known) = known else { return false };
        known.receipts.extend(offer.receipt);
        self.has_receipts |= offer.receipt.is_some();
        true
    }

    fn entry(&mut self, context: &Context<'_>, offer: &Offer<'_>) -> Entry {
        let number = self.next_number;
        self.next_number += 1;
        let key = match offer.key {
            Some(key) => {
                let mut chosen = String::from(CHOSEN_KEY);
                chosen.push_str(key);
                chosen.into()
            }
            None if offer.kind == Kind::Event => {
                let event = self.next_event;
                self.next_event += 1;
                [&self.client, "-", &event.to_string()].concat().into()
            }
            None => [&self.client, "-", offer.kind.letter(), &number.to_string()].concat().into(),
        };
        let (owner, claim) = self.identity.owner();
        Entry {
            number,
            kind: offer.kind,
            name: offer.name.into(),
            data: offer.data.map(Into::into),
            key,
            owner,
            claim,
            created_ms: context.wall_clock_ms(context.now),
            expires_at: context.now.after_ms(offer.ttl_ms.unwrap_or(context.options.outbox_ttl_ms)),
            delivery: offer.delivery,
            stored: None,
            progress: Progress::Waiting,
            receipts: offer.receipt.into_iter().collect(),
            subscribers_wait: false,
            settle_by: None,
            was_sent: false,
        }
    }

    /// Sees to it that the entry is looked at when its time is up.
    fn expect_end_of(&mut self, entry: &Entry) {
        self.next_expiry = earlier(self.next_expiry, Some(entry.expires_at));
        self.next_timeout = earlier(self.next_timeout, entry.settle_by);
    }

    /// Sees to it that an entry of so many bytes fits; says whether it does.
    fn make_room(&mut self, context: &mut Context<'_>, bytes: usize) -> bool {
        let (max_entries, max_bytes) = (context.options.outbox_max_entries, context.options.outbox_max_bytes);
        let mut dropped = Vec::new();
        while self.queued.entries >= max_entries || self.queued.bytes + bytes > max_bytes {
            let event = self.entries.get(self.in_flight).map(|entry| entry.number);
            let waiting = |entry: &&Entry| entry.progress == Progress::Waiting;
            let [call, forced] =
                [&self.calls, &self.forced].map(|queue| queue.iter().find(waiting).map(|entry| entry.number));
            let oldest = earlier(event, earlier(call, forced));
            let (Overflow::DropOldest, Some(oldest), true) =
                (context.options.outbox_overflow, oldest, bytes <= max_bytes)
            else {
                break;
            };
            dropped.extend(if event == Some(oldest) {
                self.take(context, self.in_flight)
            } else {
                self.take_numbered(context, oldest)
            });
        }
        self.drop_entries(context, dropped, DropReason::Overflow);
        self.queued.entries < max_entries && self.queued.bytes + bytes <= max_bytes
    }

    /// Asks the server now whether it has everything; settles the ticket when that is so for what there is now.
    pub fn flush_by(&mut self, context: &mut Context<'_>, ticket: Ticket) {
        self.flushes.push((ticket, self.next_number));
        if self.in_flight > 0 {
            self.barrier_at = Some(context.now);
        }
        self.settle_flushes(context);
    }

    /// Forgets everything that the user of now has entrusted, here and in other pages.
    pub fn clear(&mut self, context: &mut Context<'_>) {
        // Who logged in last may be known only from storage.
        self.touch_storage();
        let cleared = self.identity.owners();
        let gone = self.take_all(context, &|entry| entry.is_of(&cleared));
        self.drop_entries(context, gone, DropReason::Cleared);
        if self.storage != Storage::Absent {
            let until_ms = context.wall_clock_ms(context.now);
            self.read(self.keys.all(), Purpose::Clear { owners: cleared, until_ms });
        }
    }

    // ---- what becomes of the connection ----

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, is_somebody_else: bool) {
        self.check_leases(context);
        self.sort_out_owners();
        self.expire(context);
        if self.storage != Storage::Absent {
            self.touch_storage();
            if is_somebody_else && self.storage == Storage::Ready {
                self.store_last_user(context);
            }
            self.ask_again();
            self.look_for_orphans();
        }
        if !self.is_start_done() {
            self.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
        }
        self.flush(context);
    }

    /// The connection rests until the application says otherwise: nobody shall wait for what may never come, but the
    /// entries stay.
    pub fn on_rest(&mut self, context: &mut Context<'_>, error: &ClientError) {
        for (ticket, _) in self.flushes.drain(..) {
            context.settle(ticket, Err(error.clone()));
        }
        if std::mem::take(&mut self.has_receipts) {
            self.for_each_mut(&mut |entry| {
                context.settle_all(&mut entry.receipts, &Err(error.clone()));
            });
        }
    }

    /// The client is closed: what is in storage stays there for the next one, all else is given up and reported.
    pub fn on_closed(&mut self, context: &mut Context<'_>) {
        let (mut never_sent, mut unconfirmed) = (0, 0);
        self.store_calls_again(context);
        self.for_each_mut(&mut |entry| {
            if entry.stored.is_none() && entry.kind != Kind::Base {
                let is_sent = usize::from(entry.is_sent());
                never_sent += 1 - is_sent;
                unconfirmed += is_sent;
                let error = ClientError::LostAtClose { never_sent: 1 - is_sent, unconfirmed: is_sent };
                context.settle_all(&mut entry.receipts, &Err(error.clone()));
            }
        });
        if never_sent + unconfirmed > 0 {
            context.report(ClientError::LostAtClose { never_sent, unconfirmed });
        }
        self.on_rest(context, &ClientError::IsClosed { topic: Topic::Event, dropped: 0 });
        self.release_all();
        self.clear_although_closed();
        self.groups.tidy(None);
        self.commit(context);
        self.groups = Groups::default();
        self.entries.clear();
        self.calls.clear();
        self.forced.clear();
        self.drafts = Drafts::default();
        self.held.clear();
        self.in_flight = 0;
        self.in_flight_bytes = 0;
        self.queued = Extent::default();
        self.drafted = Extent::default();
        self.next_expiry = None;
        self.next_timeout = None;
        self.barrier_at = None;
        self.storage = Storage::Absent;
        self.takeover = Takeover::default();
    }

    /// Time has passed. Says whether a PING is wanted.
    pub fn on_tick(&mut self, context: &mut Context<'_>) -> bool {
        if earlier(self.next_expiry, self.next_timeout).is_some_and(|at| at <= context.now) {
            self.expire(context);
        }
        self.groups.tidy(Some(context.now));
        self.on_lease_tick(context);
        if context.session.is_none() {
            return false;
        }
        if self.start_deadline.is_some_and(|at| at <= context.now) {
            self.start_deadline = None;
            self.give_up_waiting(context);
            self.flush(context);
        }
        self.barrier_at.take_if(|at| *at <= context.now).is_some()
    }

    // ---- the work ----

    /// Takes an entry out that is not to be sent any more, from storage too.
    fn take(&mut self, context: &mut Context<'_>, index: usize) -> Option<Entry> {
        self.take_at(context, index, false)
    }

    /// Takes an entry out, which the server may have confirmed.
    fn take_at(&mut self, context: &mut Context<'_>, index: usize, is_confirmed: bool) -> Option<Entry> {
        let entry = self.entries.remove(index)?;
        if index < self.in_flight {
            self.in_flight -= 1;
            self.in_flight_bytes -= entry.bytes();
        }
        self.forget(context, &entry, is_confirmed);
        Some(entry)
    }

    /// Takes out an event, a call, or a write to a record that is not open, from storage too.
    fn take_numbered(&mut self, context: &mut Context<'_>, number: u64) -> Option<Entry> {
        if let Some(index) = self.entries.iter().position(|entry| entry.number == number) {
            return self.take(context, index);
        }
        let take_from = |queue: &mut VecDeque<Entry>| {
            let index = queue.iter().position(|entry| entry.number == number)?;
            queue.remove(index)
        };
        let entry = take_from(&mut self.calls).or_else(|| take_from(&mut self.forced))?;
        self.forget(context, &entry, false);
        Some(entry)
    }

    /// Takes out all entries that are meant, from storage too, oldest first.
    fn take_all(&mut self, context: &mut Context<'_>, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = Vec::new();
        for index in (0..self.entries.len()).rev() {
            if is_meant(&self.entries[index]) {
                taken.extend(self.take(context, index));
            }
        }
        let mut others = Vec::new();
        for queue in [&mut self.calls, &mut self.forced] {
            if queue.iter().any(is_meant) {
                let (meant, left): (VecDeque<_>, _) = std::mem::take(queue).into_iter().partition(is_meant);
                others.extend(meant);
                *queue = left;
            }
        }
        others.extend(self.held.extract_if(.., |entry| is_meant(entry)));
        for entry in &others {
            self.forget(context, entry, false);
        }
        taken.append(&mut others);
        taken.append(&mut self.take_drafts(context, is_meant));
        sort_by_number(&mut taken, |entry| entry.number);
        taken
    }

    fn extent(&mut self, kind: Kind) -> &mut Extent {
        if kind == Kind::Write { &mut self.drafted } else { &mut self.queued }
    }

    /// Counts an entry that is here from now on.
    fn take_in(&mut self, entry: &Entry) {
        self.changed = true;
        let extent = self.extent(entry.kind);
        extent.entries += 1;
        extent.bytes += entry.bytes();
    }

    /// Counts an entry no longer that is here no longer.
    fn let_out(&mut self, entry: &Entry) {
        self.changed = true;
        let extent = self.extent(entry.kind);
        extent.entries -= 1;
        extent.bytes -= entry.bytes();
    }

    /// What follows from an entry no longer being there.
    fn forget(&mut self, context: &mut Context<'_>, entry: &Entry, is_confirmed: bool) {
        if entry.is_sent() {
            context.flight.on_arrived(&Item::of(entry));
        }
        self.let_out(entry);
        if self.is_empty() {
            self.next_expiry = None;
            self.next_timeout = None;
            self.has_receipts = false;
        }
        self.unstore(entry, is_confirmed);
    }

    /// Tells that entries will not be sent.
    fn drop_entries(&mut self, context: &mut Context<'_>, mut entries: Vec<Entry>, why: DropReason) {
        if entries.is_empty() {
            return;
        }
        let count = entries.len();
        let error = ClientError::OutboxDropped { why, count };
        self.recall_all(&entries, &error);
        for entry in &mut entries {
            let ran_out = why == DropReason::Expired && entry.settle_by.is_some_and(|at| at <= context.now);
            let error = if ran_out { calls::failed(entry, RpcFailure::NeverSent) } else { error.clone() };
            context.settle_all(&mut entry.receipts, &Err(error.clone()));
        }
        // What the application asked for itself is no error.
        if !matches!(why, DropReason::Cleared | DropReason::NotNow) {
            context.report(error);
        }
        self.changed = true;
        context.out.push_back(Output::Outbox(OutboxNews::Dropped { why, entries }));
        self.settle_flushes(context);
    }

    fn settle_flushes(&mut self, context: &mut Context<'_>) {
        if self.flushes.is_empty() {
            return;
        }
        let oldest = self.own_entries().map(|entry| entry.number).min();
        self.flushes.retain(|(ticket, until)| {
            let waits = oldest.is_some_and(|oldest| oldest < *until);
            if !waits {
                context.settle(*ticket, Ok(None));
            }
            waits
        });
    }

    fn expire(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        let expired = self.take_all(context, &|entry| entry.is_late(now));
        self.drop_entries(context, expired, DropReason::Expired);
        let waiting = || self.entries().filter(|entry| entry.may_expire());
        let expiry = waiting().map(|entry| entry.expires_at).min();
        let timeout = waiting().filter_map(|entry| entry.settle_by).min();
        (self.next_expiry, self.next_timeout) = (expiry, timeout);
    }
}
