//! The events that are emitted: they leave in the order in which they came, a window of them at a time.
//!
//! The server has what was sent before a PING once it answers that PING. What was sent and not confirmed when the connection
//! was lost is sent again, under the same key, so that subscribers can tell.

use crate::{
    client::{
        context::Context,
        error::{ClientError, DropReason},
        flight::Item,
        io::{Delivery, Entry, Offer, Output, Progress, Ticket},
        limits::{BARRIER_DELAY_MS, OUTBOX_WINDOW, OUTBOX_WINDOW_BYTES, OUTBOX_WINDOW_MAX_BYTES, OUTBOX_WINDOW_MS},
        time::{Instant, Wake},
    },
    queue::Queue,
};

/// The events that may be sent, oldest first.
#[derive(Debug, Default)]
pub struct EventQueue {
    /// The first `in_flight` of them were sent in this session.
    pub entries: Queue<Entry>,
    in_flight: usize,
    /// When to ask the server whether it has what was sent.
    pub barrier_at: Option<Instant>,
    /// Names and payloads of the entries on their way.
    in_flight_bytes: usize,
    /// Most of that; with a little more, if that makes one entry.
    window_bytes: usize,
    /// Since when that much was on its way.
    filled_at: Option<Instant>,
}

impl EventQueue {
    /// No events.
    pub fn new() -> Self {
        Self { window_bytes: OUTBOX_WINDOW_BYTES, ..Self::default() }
    }

    /// The event that has waited longest.
    pub fn oldest_waiting(&self) -> Option<&Entry> {
        self.entries.get(self.in_flight)
    }

    /// When to ask the server whether it has what was sent.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.barrier_at.map(|at| (at, Wake::Barrier))
    }

    // ---- coming and leaving ----

    /// What is offered, as an entry that is to be [added](Self::add) if there is room for it; none if it is here already, or is
    /// to be sent now or never and cannot be.
    pub fn accept(&mut self, context: &mut Context, offer: &Offer<'_>) -> Option<Entry> {
        if self.has_already(context, offer) {
            return None;
        }
        let is_possible = || context.session.is_some() && context.log.may_send();
        if offer.delivery == Delivery::Drop && (!is_possible() || !self.has_window(context)) {
            context.refuse_now(offer);
            return None;
        }
        Some(context.entry(offer))
    }

    /// Whether what is offered waits already, under the key that the application has chosen for it.
    fn has_already(&mut self, context: &mut Context, offer: &Offer<'_>) -> bool {
        let Some(key) = offer.key else { return false };
        let (owner, _) = context.log.identity.owner();
        let is_it = |entry: &&mut Entry| entry.is_called(key) && *entry.name == *offer.name && entry.owner == owner;
        let Some(known) = self.entries.iter_mut().find(is_it) else { return false };
        known.receipts.extend(offer.receipt);
        context.log.has_receipts |= offer.receipt.is_some();
        true
    }

    /// Keeps an event until the server has it, and sends it if that can be.
    pub fn add(&mut self, context: &mut Context, mut entry: Entry) {
        context.enter(&mut entry);
        // It may come back, if it is sent by another page, or is late on a connection that is given up.
        context.seen.is_first(&entry.name, &entry.key, context.options.deduplication_window);
        self.entries.push_back(entry);
        self.flush(context);
    }

    /// Asks the server now whether it has everything; settles the ticket when that is so for what there is now.
    pub fn flush_by(&mut self, context: &mut Context, ticket: Ticket) {
        context.log.flushes.push_back((ticket, context.log.next_number));
        if self.in_flight > 0 {
            self.barrier_at = Some(context.now);
        }
        context.log.have_left = true;
    }

    /// Takes in what earlier pages have left, or users who have logged in again, before all that waits.
    pub fn adopt(&mut self, entries: Vec<Entry>) {
        self.entries.insert_all(self.in_flight, entries);
    }

    fn remove(&mut self, index: usize) -> Option<Entry> {
        let entry = *self.entries.remove(index)?;
        self.on_removed(&entry);
        Some(entry)
    }

    fn on_removed(&mut self, entry: &Entry) {
        if entry.is_sent() {
            self.in_flight -= 1;
            self.in_flight_bytes -= entry.bytes();
        }
    }

    /// Takes the event out that has waited longest, from storage too.
    pub fn take_oldest_waiting(&mut self, context: &mut Context) -> Option<Entry> {
        self.take_at(context, self.in_flight)
    }

    /// Takes an event out that is not to be sent any more, from storage too.
    fn take_at(&mut self, context: &mut Context, index: usize) -> Option<Entry> {
        let entry = self.remove(index)?;
        context.leave(&entry);
        Some(entry)
    }

    /// Takes out those that are meant, which [leave](Context::leave) with that, oldest first.
    pub fn take_out(&mut self, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = Vec::new();
        for entry in self.entries.take_out(is_meant) {
            self.on_removed(&entry);
            taken.push(*entry);
        }
        taken
    }

    // ---- being sent ----

    /// Sends what may be sent.
    pub fn flush(&mut self, context: &mut Context) {
        if context.session.is_none() || !context.log.may_send() {
            return;
        }
        let before = self.in_flight;
        while self.has_window(context)
            && let Some(entry) = self.entries.get_mut(self.in_flight)
        {
            if !context.send_item(Item::of(entry), &entry.message()) {
                let too_long = self.take_oldest_waiting(context);
                context.tell_dropped(too_long.into_iter().collect(), DropReason::Undeliverable);
                continue;
            }
            entry.progress = Progress::Sent { barrier: context.pings.sent + 1 };
            self.in_flight_bytes += entry.bytes();
            let window = context.options.deduplication_window;
            if std::mem::take(&mut entry.was_sent) && context.seen.is_first(&entry.name, &entry.key, window) {
                context.out.push_back(Output::Event { name: entry.name.clone(), data: entry.data.clone() });
            }
            self.in_flight += 1;
        }
        if self.in_flight > before {
            self.filled_at = Some(context.now).filter(|_| self.in_flight_bytes >= self.window_bytes);
            // A backlog, and whoever waits for a receipt, want the answer now; otherwise one PING asks for many.
            let is_urgent =
                self.in_flight < self.entries.len() || context.log.has_receipts || !context.log.flushes.is_empty();
            let at = if is_urgent { context.now } else { context.now.after_ms(BARRIER_DELAY_MS) };
            self.barrier_at = Some(self.barrier_at.map_or(at, |earlier| earlier.min(at)));
        }
    }

    /// Whether one more event may be on its way.
    fn has_window(&self, context: &mut Context) -> bool {
        let next = self.entries.get(self.in_flight).map_or(Item::Event(context.log.next_number), Item::of);
        let has_room = self.in_flight == 0 || self.in_flight_bytes < self.window_bytes;
        has_room && self.in_flight < OUTBOX_WINDOW && context.flight.has_room_for(&next)
    }

    /// Whether what is on its way has been as much as may be for so long that the link takes hardly anything.
    pub fn is_stuck(&self, now: Instant) -> bool {
        self.filled_at.is_some_and(|filled_at| now.since_ms(filled_at) > 4 * OUTBOX_WINDOW_MS)
    }

    /// A window that was full has been confirmed: the next one is as much as leaves the link in a short time, so that what
    /// is sent behind it, a PING above all, need not wait for long.
    fn fit_window(&mut self, context: &Context) {
        let Some(filled_at) = self.filled_at.take() else { return };
        let took_ms = context.now.since_ms(filled_at).saturating_sub(context.pings.round_trip_ms);
        if took_ms < OUTBOX_WINDOW_MS {
            self.window_bytes = OUTBOX_WINDOW_MAX_BYTES.min(2 * self.window_bytes);
        } else if took_ms > 4 * OUTBOX_WINDOW_MS {
            self.window_bytes = OUTBOX_WINDOW_BYTES.max(self.window_bytes / 2);
        }
    }

    /// The server answered a PING: it has what was sent before.
    pub fn on_pong(&mut self, context: &mut Context) {
        let answered = context.pings.answered;
        let mut confirmed = Vec::new();
        while let Some(Entry { progress: Progress::Sent { barrier }, .. }) = self.entries.front() {
            if *barrier > answered {
                break;
            }
            if let Some(entry) = self.remove(0) {
                context.confirm(&entry);
                confirmed.push(entry);
            }
        }
        if !confirmed.is_empty() {
            if self.in_flight == 0 {
                self.fit_window(context);
            }
            context.tell_sent(confirmed);
            self.flush(context);
        }
    }

    /// The server refuses what was sent under this key. Says whether somebody waited for it, who is told.
    pub fn on_denied(&mut self, context: &mut Context, key: &str, error: &ClientError) -> bool {
        let index = self.entries.iter().take(self.in_flight).position(|entry| *entry.key == *key);
        let Some(index) = index else { return false };
        let Some(mut entry) = self.take_at(context, index) else { return false };
        let is_told = !entry.receipts.is_empty();
        context.settle_all(&mut entry.receipts, &Err(error.clone()));
        context.announce_dropped(vec![entry], DropReason::Denied);
        self.flush(context);
        is_told
    }

    /// The session is over. What was in flight is sent again in the next one, but for what the server cannot take.
    pub fn on_lost(&mut self, context: &mut Context, culprit: Option<&Item>) {
        let undeliverable = self.take_out(&|entry| culprit == Some(&Item::of(entry)));
        context.give_up(undeliverable, DropReason::Undeliverable);
        for entry in self.entries.iter_mut().take(self.in_flight) {
            entry.progress = Progress::Waiting;
        }
        (self.in_flight, self.in_flight_bytes, self.filled_at, self.barrier_at) = (0, 0, None, None);
        context.give_up(self.take_out(&|entry| entry.delivery == Delivery::Drop), DropReason::NotNow);
    }
}
