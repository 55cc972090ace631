//! How entries leave: a window of them at a time, each until the server is known to have it.

use super::{Outbox, Queues, leave_all, store_calls_again};
use crate::client::{
    context::Context,
    error::{ClientError, DropReason},
    flight::Item,
    io::{Delivery, Entry, OutboxNews, Output, Progress},
    limits::{BARRIER_DELAY_MS, OUTBOX_WINDOW, OUTBOX_WINDOW_BYTES, OUTBOX_WINDOW_MAX_BYTES, OUTBOX_WINDOW_MS},
    time::Instant,
};

impl Outbox {
    /// Sends what may be sent.
    pub fn flush(&mut self, context: &mut Context<'_>) {
        if context.session.is_none() || !context.log.may_send() {
            return;
        }
        let before = self.in_flight;
        while self.has_window(context)
            && let Some(entry) = self.entries.get_mut(self.in_flight)
        {
            if !context.send_item(Item::of(entry), &entry.message()) {
                let too_long = self.take_at(context, self.in_flight).into_iter().collect();
                context.tell_dropped(too_long, DropReason::Undeliverable);
                continue;
            }
            entry.progress = Progress::Sent { barrier: context.pings.sent + 1 };
            self.in_flight_bytes += entry.bytes();
            let window = context.options.deduplication_window;
            if std::mem::take(&mut entry.subscribers_wait) && context.seen.is_first(&entry.name, &entry.key, window) {
                context.out.push_back(Output::Event { name: entry.name.clone(), data: entry.data.clone() });
            }
            self.in_flight += 1;
        }
        if self.in_flight > before {
            self.filled_at = Some(context.now).filter(|_| self.in_flight_bytes >= self.window_bytes);
            // A backlog, and whoever waits for a receipt, want the answer now; otherwise one PING asks for many.
            let is_urgent = self.in_flight < self.entries.len() || context.log.has_receipts || !self.flushes.is_empty();
            let at = if is_urgent { context.now } else { context.now.after_ms(BARRIER_DELAY_MS) };
            self.barrier_at = Some(self.barrier_at.map_or(at, |earlier| earlier.min(at)));
        }
    }

    /// Whether one more event may be on its way.
    pub(super) fn has_window(&self, context: &mut Context<'_>) -> bool {
        let next = self.entries.get(self.in_flight).map_or(Item::Event(context.log.next_number), Item::of);
        let has_room = self.in_flight == 0 || self.in_flight_bytes < self.window_bytes;
        has_room && self.in_flight < OUTBOX_WINDOW && context.flight.has_room_for(&next)
    }

    /// Whether what is on its way has been as much as may be for so long that the link takes hardly anything.
    pub(super) fn is_stuck(&self, now: Instant) -> bool {
        self.filled_at.is_some_and(|filled_at| now.since_ms(filled_at) > 4 * OUTBOX_WINDOW_MS)
    }

    /// A window that was full has been confirmed: the next one is as much as leaves the link in a short time, so that what
    /// is sent behind it, a PING above all, need not wait for long.
    fn fit_window(&mut self, context: &Context<'_>) {
        let Some(filled_at) = self.filled_at.take() else { return };
        let took_ms = context.now.since_ms(filled_at).saturating_sub(context.pings.round_trip_ms);
        if took_ms < OUTBOX_WINDOW_MS {
            self.window_bytes = OUTBOX_WINDOW_MAX_BYTES.min(2 * self.window_bytes);
        } else if took_ms > 4 * OUTBOX_WINDOW_MS {
            self.window_bytes = OUTBOX_WINDOW_BYTES.max(self.window_bytes / 2);
        }
    }

    /// The server answered a PING: it has what was sent before.
    pub fn on_pong(&mut self, context: &mut Context<'_>) {
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
    pub fn on_denied(&mut self, context: &mut Context<'_>, key: &str, error: &ClientError) -> bool {
        let mut sent = self.entries.iter().take(self.in_flight);
        let Some(index) = sent.position(|entry| *entry.key == *key) else { return false };
        let Some(mut entry) = self.take_at(context, index) else { return false };
        let is_told = !entry.receipts.is_empty();
        context.settle_all(&mut entry.receipts, &Err(error.clone()));
        let why = DropReason::Denied;
        context.out.push_back(Output::Outbox(OutboxNews::Dropped { why, entries: vec![entry] }));
        self.flush(context);
        is_told
    }

    /// The session is over. What was in flight is sent again in the next one, but for what the server cannot take.
    pub fn on_lost(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, culprit: Option<&Item>) {
        self.barrier_at = None;
        context.log.start_deadline = None;
        context.log.groups.tidy(None);
        if let Some(Item::Event(number)) = culprit {
            let culprit = self.take_numbered(context, *number).into_iter().collect();
            context.tell_dropped(culprit, DropReason::Undeliverable);
        }
        store_calls_again(context, queues);
        for entry in self.entries.iter_mut().take(self.in_flight) {
            entry.progress = Progress::Waiting;
        }
        (self.in_flight, self.in_flight_bytes, self.filled_at) = (0, 0, None);
        let never_again = self.take_events(&|entry| entry.delivery == Delivery::Drop);
        let never_again = leave_all(context, never_again);
        context.tell_dropped(never_again, DropReason::NotNow);
        // What was on its way did not expire.
        self.expire(context, queues);
    }
}
