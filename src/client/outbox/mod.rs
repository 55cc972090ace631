//! What the application entrusted to the client, kept until the server has it.
//!
//! Entries leave in the order in which they came, a window of them at a time. The server has what was sent before a PING
//! once it answers that PING. What was sent and not confirmed when the connection was lost is sent again, under the same
//! key, so that subscribers can tell.

mod entry;
mod identity;
mod persisted;
mod takeover;

use std::collections::VecDeque;

pub use self::{
    entry::{CHOSEN_KEY, Claim, Delivery, Entry, Kind, Progress},
    identity::{digest, push_hex},
};
use self::{
    identity::Identity,
    persisted::Keys,
    takeover::{Purpose, Takeover},
};
use super::{
    context::Context,
    error::{ClientError, DropReason},
    io::{OutboxNews, Output, SocketId, Ticket, Wake},
    is_closed,
    limits::{BARRIER_DELAY_MS, CAREFUL_AFTER_CUTS, OUTBOX_START_MAX_MS, OUTBOX_WINDOW, UNDELIVERABLE_AFTER_CUTS},
    options::{OutboxStorage, Overflow},
    rng::Rng,
    time::Instant,
};

/// What the application entrusts to the client.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// What it is.
    pub kind: Kind,
    /// The name of the event.
    pub name: &'a str,
    /// JSON text; `None` for `undefined`.
    pub data: Option<&'a str>,
    /// What to do for it.
    pub delivery: Delivery,
    /// How long it is worth sending, in milliseconds; `None` for what the options say.
    pub ttl_ms: Option<u64>,
    /// What tells it from all others; `None` for one of the client's choice.
    pub key: Option<&'a str>,
    /// Who wants to know what becomes of it.
    pub receipt: Option<Ticket>,
}

/// The entries that wait, oldest first.
#[derive(Debug)]
pub struct Outbox {
    keys: Keys,
    /// Names this client among all that ever used the same storage.
    client: Box<str>,
    next_number: u32,
    identity: Identity,
    /// Those that may be sent; the first `in_flight` of them were, in this session.
    entries: VecDeque<Entry>,
    in_flight: usize,
    /// Those of users who are not logged in.
    held: Vec<Entry>,
    bytes: usize,
    storage: Storage,
    takeover: Takeover,
    /// When to ask the server whether it has what was sent.
    barrier_at: Option<Instant>,
    /// Connections lost since anything was confirmed, while something was in flight.
    cuts: u32,
    /// No later than the earliest of all expiries.
    next_expiry: Option<Instant>,
    /// When to stop waiting for storage and locks before sending.
    start_deadline: Option<Instant>,
    flushes: Vec<(Ticket, u32)>,
    has_receipts: bool,
    changed: bool,
}

/// What is known of the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    /// Not asked for anything yet.
    Untouched,
    /// Asked what is in it.
    Reading,
    /// In use.
    Ready,
    /// There is none.
    Absent,
}

impl Outbox {
    /// An empty outbox for the deployment at `url`.
    pub fn new(url: &str, key: Option<&str>, storage: OutboxStorage, rng: &mut Rng) -> Self {
        let mut client = String::new();
        push_hex(&mut client, rng.next_u64());
        Self {
            keys: Keys::new(key.unwrap_or(url)),
            client: client.into(),
            next_number: 0,
            identity: Identity::default(),
            entries: VecDeque::new(),
            in_flight: 0,
            held: Vec::new(),
            bytes: 0,
            storage: if storage == OutboxStorage::Memory { Storage::Absent } else { Storage::Untouched },
            takeover: Takeover::default(),
            barrier_at: None,
            cuts: 0,
            next_expiry: None,
            start_deadline: None,
            flushes: Vec::new(),
            has_receipts: false,
            changed: false,
        }
    }

    // ---- what can be seen of it ----

    /// The entries that wait or are on their way, oldest first; those of other users come last.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().chain(&self.held)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len() + self.held.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the keys in storage begin with that are of use to this client.
    pub fn key_prefix(&self) -> Box<str> {
        self.keys.all()
    }

    /// Their names and payloads, in bytes.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        let barrier = self.barrier_at.filter(|_| session).map(|at| (at, Wake::Barrier));
        let start = self.start_deadline.filter(|_| session).map(|at| (at, Wake::Storage));
        let expiry = self.next_expiry.map(|at| (at, Wake::Expiry));
        barrier.into_iter().chain(start).chain(expiry).min()
    }

    /// Whether anything has changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    // ---- what the application wants ----

    /// Keeps what is offered until the server has it, and sends it if that can be.
    pub fn add(&mut self, context: &mut Context<'_>, session: Option<SocketId>, offer: &Offer<'_>) {
        if let Some(key) = offer.key
            && let Some(known) = self.entries.iter_mut().chain(&mut self.held).find(|entry| entry.is_called(key))
        {
            known.receipts.extend(offer.receipt);
            self.has_receipts |= offer.receipt.is_some();
            return;
        }
        if offer.delivery == Delivery::Drop && (session.is_none() || !self.may_send() || !self.has_window()) {
            settle(context, offer.receipt, &Err(ClientError::OutboxDropped { why: DropReason::NotNow, count: 1 }));
            return;
        }
        let entry = self.entry(context, offer);
        if !self.make_room(context, entry.bytes()) {
            let error = ClientError::OutboxFull { name: entry.name };
            settle(context, offer.receipt, &Err(error.clone()));
            context.report(error);
            return;
        }
        self.bytes += entry.bytes();
        self.next_expiry = Some(self.next_expiry.map_or(entry.expires_at, |at| at.min(entry.expires_at)));
        self.has_receipts |= offer.receipt.is_some();
        self.changed = true;
        let is_durable = entry.delivery == Delivery::Durable;
        self.entries.push_back(entry);
        if is_durable {
            self.touch_storage(context);
            if self.storage == Storage::Ready {
                self.store(context, self.entries.len() - 1);
            }
        }
        if let Some(socket) = session {
            self.flush(context, socket);
        }
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
            None => [&self.client, "-", &number.to_string()].concat().into(),
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
            stored_as: None,
            progress: Progress::Waiting,
            receipts: offer.receipt.into_iter().collect(),
            subscribers_wait: false,
        }
    }

    /// Sees to it that an entry of so many bytes fits; says whether it does.
    fn make_room(&mut self, context: &mut Context<'_>, bytes: usize) -> bool {
        let (max_entries, max_bytes) = (context.options.outbox_max_entries, context.options.outbox_max_bytes);
        let mut dropped = Vec::new();
        while self.len() >= max_entries || self.bytes + bytes > max_bytes {
            let oldest_waits = self.in_flight < self.entries.len();
            if context.options.outbox_overflow == Overflow::Reject || !oldest_waits || bytes > max_bytes {
                break;
            }
            dropped.extend(self.take(context, self.in_flight));
        }
        self.drop_entries(context, dropped, DropReason::Overflow);
        self.len() < max_entries && self.bytes + bytes <= max_bytes
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
        self.in_flight = 0;
        let mut entries: Vec<_> = std::mem::take(&mut self.entries).into();
        entries.append(&mut self.held);
        self.bytes = 0;
        for entry in &entries {
            self.unstore(context, entry);
        }
        self.drop_entries(context, entries, DropReason::Cleared);
        if matches!(self.storage, Storage::Ready | Storage::Reading | Storage::Untouched) {
            self.storage = if self.storage == Storage::Untouched { Storage::Ready } else { self.storage };
            self.read(context, self.keys.all(), Purpose::Clear);
        }
        self.settle_flushes(context);
    }

    /// What the client will log in with next was changed, to parameters of this digest if they are known.
    pub fn on_credentials(&mut self, params: Option<u64>) {
        self.identity.will_log_in_with(params);
    }

    /// The server refuses parameters of this digest. What was entrusted under them goes to whoever logs in next: most
    /// likely somebody who had mistyped a password.
    pub fn on_refused(&mut self, params: u64) {
        let nobody = self.identity.refused(params);
        let entries = self.entries.iter_mut().chain(&mut self.held);
        for entry in entries.filter(|entry| entry.claim == Claim::Made && entry.owner == nobody) {
            entry.claim = Claim::Open;
        }
    }

    // ---- what becomes of the connection ----

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId, params: u64, client_data: Option<&str>) {
        let is_somebody_else = self.identity.logged_in(params, client_data);
        self.sort_out_owners(context);
        self.expire(context);
        self.start_deadline = None;
        if self.storage != Storage::Absent {
            self.touch_storage(context);
            if is_somebody_else {
                self.store_last_user(context);
            }
            self.look_for_orphans(context);
        }
        if !self.is_start_done() {
            self.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
        }
        self.flush(context, socket);
    }

    /// The session is over. What was in flight is sent again in the next one; `too_big` says that the server closed the
    /// connection because of the size of a message.
    pub fn on_lost(&mut self, context: &mut Context<'_>, too_big: bool) {
        self.barrier_at = None;
        if self.in_flight == 0 {
            return;
        }
        self.cuts += 1;
        let is_culprit_known = self.in_flight == 1 && (too_big || self.cuts >= UNDELIVERABLE_AFTER_CUTS);
        if too_big {
            self.cuts = self.cuts.max(CAREFUL_AFTER_CUTS);
        }
        for entry in self.entries.iter_mut().take(self.in_flight) {
            entry.progress = Progress::Waiting;
        }
        let sent = std::mem::take(&mut self.in_flight);
        if is_culprit_known {
            let culprit = self.take(context, 0).into_iter().collect();
            self.drop_entries(context, culprit, DropReason::Undeliverable);
        }
        let mut never_again = Vec::new();
        for index in (0..sent.min(self.entries.len())).rev() {
            if self.entries[index].delivery == Delivery::Drop {
                never_again.extend(self.take(context, index));
            }
        }
        self.drop_entries(context, never_again, DropReason::NotNow);
    }

    /// The connection rests until the application says otherwise: nobody shall wait for what may never come, but the
    /// entries stay.
    pub fn on_rest(&mut self, context: &mut Context<'_>, error: &ClientError) {
        for (ticket, _) in self.flushes.drain(..) {
            settle(context, Some(ticket), &Err(error.clone()));
        }
        if std::mem::take(&mut self.has_receipts) {
            for entry in self.entries.iter_mut().chain(&mut self.held) {
                for ticket in entry.receipts.drain(..) {
                    settle(context, Some(ticket), &Err(error.clone()));
                }
            }
        }
    }

    /// The client is closed: what is in storage stays there for the next one. Returns how much is given up.
    pub fn on_closed(&mut self, context: &mut Context<'_>) -> usize {
        let mut dropped = 0;
        for entry in self.entries.iter_mut().chain(&mut self.held).filter(|entry| entry.stored_as.is_none()) {
            dropped += 1;
            for ticket in entry.receipts.drain(..) {
                settle(context, Some(ticket), &Err(is_closed(1)));
            }
        }
        self.on_rest(context, &is_closed(0));
        self.entries.clear();
        self.held.clear();
        self.in_flight = 0;
        self.bytes = 0;
        self.next_expiry = None;
        self.barrier_at = None;
        self.storage = Storage::Absent;
        self.release_all(context);
        dropped
    }

    /// Time has passed. Says whether a PING is wanted.
    pub fn on_tick(&mut self, context: &mut Context<'_>, session: Option<SocketId>) -> bool {
        if self.next_expiry.is_some_and(|at| at <= context.now) {
            self.expire(context);
        }
        let Some(socket) = session else { return false };
        if self.start_deadline.is_some_and(|at| at <= context.now) {
            self.start_deadline = None;
            self.give_up_waiting(context);
            self.flush(context, socket);
        }
        self.barrier_at.take_if(|at| *at <= context.now).is_some()
    }

    /// The server answered a PING: it has what was sent before.
    pub fn on_pong(&mut self, context: &mut Context<'_>, socket: SocketId) {
        let answered = context.pings.answered;
        let mut confirmed = Vec::new();
        while let Some(Entry { progress: Progress::Sent { barrier }, .. }) = self.entries.front() {
            if *barrier > answered {
                break;
            }
            confirmed.extend(self.take(context, 0));
        }
        if confirmed.is_empty() {
            return;
        }
        self.cuts = 0;
        for entry in &confirmed {
            for ticket in &entry.receipts {
                settle(context, Some(*ticket), &Ok(Some("\"delivered\"".into())));
            }
        }
        context.out.push_back(Output::Outbox(OutboxNews::Sent(confirmed)));
        self.settle_flushes(context);
        self.flush(context, socket);
    }

    /// The server refuses what was sent under this key.
    pub fn on_denied(&mut self, context: &mut Context<'_>, key: &str, error: &ClientError) {
        let Some(index) = self.entries.iter().take(self.in_flight).position(|entry| *entry.key == *key) else { return };
        let Some(mut entry) = self.take(context, index) else { return };
        for ticket in entry.receipts.drain(..) {
            settle(context, Some(ticket), &Err(error.clone()));
        }
        let why = DropReason::Denied;
        context.out.push_back(Output::Outbox(OutboxNews::Dropped { why, entries: vec![entry] }));
        self.settle_flushes(context);
    }

    // ---- the work ----

    /// Sends what may be sent.
    fn flush(&mut self, context: &mut Context<'_>, socket: SocketId) {
        if !self.may_send() {
            return;
        }
        let before = self.in_flight;
        while self.has_window()
            && let Some(entry) = self.entries.get_mut(self.in_flight)
        {
            entry.progress = Progress::Sent { barrier: context.pings.sent + 1 };
            context.out.push_back(Output::Send(socket, entry.frame()));
            if std::mem::take(&mut entry.subscribers_wait) {
                context.out.push_back(Output::Event { name: entry.name.clone(), data: entry.data.clone() });
            }
            self.in_flight += 1;
        }
        if self.in_flight > before {
            // A backlog, and whoever waits for a receipt, want the answer now; otherwise one PING asks for many.
            let is_urgent = self.in_flight < self.entries.len() || self.has_receipts || !self.flushes.is_empty();
            let at = if is_urgent { context.now } else { context.now.after_ms(BARRIER_DELAY_MS) };
            self.barrier_at = Some(self.barrier_at.map_or(at, |earlier| earlier.min(at)));
        }
    }

    /// Whether anything may be sent: a session alone does not do, what others left behind comes first.
    fn may_send(&self) -> bool {
        self.start_deadline.is_none()
    }

    /// Whether one more may be on its way.
    fn has_window(&self) -> bool {
        let window = if self.cuts >= CAREFUL_AFTER_CUTS { 1 } else { OUTBOX_WINDOW };
        self.in_flight < window
    }

    /// Takes an entry out, from storage too.
    fn take(&mut self, context: &mut Context<'_>, index: usize) -> Option<Entry> {
        let entry = self.entries.remove(index)?;
        if index < self.in_flight {
            self.in_flight -= 1;
        }
        self.forget(context, &entry);
        Some(entry)
    }

    /// What follows from an entry no longer being there.
    fn forget(&mut self, context: &mut Context<'_>, entry: &Entry) {
        self.bytes -= entry.bytes();
        self.changed = true;
        if self.is_empty() {
            self.next_expiry = None;
            self.has_receipts = false;
        }
        self.unstore(context, entry);
    }

    /// Tells that entries will not be sent.
    fn drop_entries(&mut self, context: &mut Context<'_>, mut entries: Vec<Entry>, why: DropReason) {
        if entries.is_empty() {
            return;
        }
        let count = entries.len();
        let error = ClientError::OutboxDropped { why, count };
        for entry in &mut entries {
            for ticket in entry.receipts.drain(..) {
                settle(context, Some(ticket), &Err(error.clone()));
            }
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
        let oldest = self.entries.iter().map(|entry| entry.number).min();
        self.flushes.retain(|(ticket, until)| {
            let waits = oldest.is_some_and(|oldest| oldest < *until);
            if !waits {
                settle(context, Some(*ticket), &Ok(None));
            }
            waits
        });
    }

    fn expire(&mut self, context: &mut Context<'_>) {
        let mut expired = Vec::new();
        for index in (self.in_flight..self.entries.len()).rev() {
            if self.entries[index].expires_at <= context.now {
                expired.extend(self.take(context, index));
            }
        }
        for index in (0..self.held.len()).rev() {
            if self.held[index].expires_at <= context.now {
                let entry = self.held.remove(index);
                self.forget(context, &entry);
                expired.push(entry);
            }
        }
        expired.sort_by_key(|entry| entry.number);
        self.drop_entries(context, expired, DropReason::Expired);
        let waiting = self.entries.iter().skip(self.in_flight).chain(&self.held);
        self.next_expiry = waiting.map(|entry| entry.expires_at).min();
    }

    /// Gives what was entrusted before the login to whoever is logged in now, and puts aside what is not theirs.
    fn sort_out_owners(&mut self, context: &mut Context<'_>) {
        let (owner, _) = self.identity.owner();
        let held = std::mem::take(&mut self.held);
        let entries = std::mem::take(&mut self.entries);
        for mut entry in held.into_iter().chain(entries) {
            if entry.claim == Claim::Open && entry.owner != owner {
                entry.owner = owner.clone();
                self.write(context, &entry);
            }
            if self.identity.may_send(&entry.owner) {
                entry.claim = Claim::Proven;
                self.entries.push_back(entry);
            } else if self.is_taken_over(&entry) {
                self.bytes -= entry.bytes();
                self.let_go_of(context, &entry);
            } else {
                self.held.push(entry);
            }
        }
    }

    // ---- storage ----

    /// Asks once what is in storage, before anything is written to it.
    fn touch_storage(&mut self, context: &mut Context<'_>) {
        if self.storage == Storage::Untouched {
            self.storage = Storage::Reading;
            self.read(context, self.keys.all(), Purpose::Start);
        }
    }

    /// Writes the entry to storage for the first time.
    fn store(&mut self, context: &mut Context<'_>, index: usize) {
        self.hold_own_lock(context);
        let Some(entry) = self.entries.get_mut(index) else { return };
        entry.stored_as = Some(self.keys.of_entry(&self.client, entry.number));
        self.write(context, &self.entries[index]);
    }

    fn write(&self, context: &mut Context<'_>, entry: &Entry) {
        if let Some(key) = entry.stored_as.clone() {
            let expires_ms = context.wall_clock_ms(entry.expires_at);
            let value = Some(persisted::write(entry, expires_ms));
            context.out.push_back(Output::WriteStorage { key, value });
        }
    }

    fn unstore(&mut self, context: &mut Context<'_>, entry: &Entry) {
        if let Some(key) = entry.stored_as.clone() {
            context.out.push_back(Output::WriteStorage { key, value: None });
            self.let_go_of(context, entry);
        }
    }

    /// Writes what is only in memory although it should not be.
    fn store_all(&mut self, context: &mut Context<'_>) {
        for index in 0..self.entries.len() {
            if self.entries[index].delivery == Delivery::Durable && self.entries[index].stored_as.is_none() {
                self.store(context, index);
            }
        }
    }

    fn store_last_user(&self, context: &mut Context<'_>) {
        if let Some(last) = self.identity.last() {
            let value = Some(last.text());
            context.out.push_back(Output::WriteStorage { key: self.keys.of_last_user(), value });
        }
    }

    /// An entry could not be written: it stays in memory.
    pub fn on_write_failed(&mut self, context: &mut Context<'_>, key: &str, words: &str) {
        let mut entries = self.entries.iter_mut().chain(&mut self.held);
        if let Some(entry) = entries.find(|entry| entry.stored_as.as_deref() == Some(key)) {
            entry.stored_as = None;
        }
        degrade(context, words);
    }
}

fn settle(context: &mut Context<'_>, ticket: Option<Ticket>, outcome: &Result<Option<Box<str>>, ClientError>) {
    if let Some(ticket) = ticket {
        context.out.push_back(Output::Settle(ticket, outcome.clone()));
    }
}

/// Tells that storage does not keep what it should.
fn degrade(context: &mut Context<'_>, words: &str) {
    context.out.push_back(Output::Outbox(OutboxNews::Degraded { words: words.into() }));
}
