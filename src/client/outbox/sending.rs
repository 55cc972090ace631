//! How entries leave: a window of them at a time, each until the server is known to have it.

use super::{Outbox, calls};
use crate::client::{
    context::Context,
    error::{ClientError, DropReason, RecordFailure, RpcFailure},
    flight::Item,
    io::{Delivery, Entry, Kind, OutboxNews, Output, Progress},
    limits::{BARRIER_DELAY_MS, OUTBOX_WINDOW, OUTBOX_WINDOW_BYTES, OUTBOX_WINDOW_MAX_BYTES, OUTBOX_WINDOW_MS},
};

impl Outbox {
    /// Sends what may be sent.
    pub fn flush(&mut self, context: &mut Context<'_>) {
        self.check_leases(context);
        if !self.may_send() {
            return;
        }
        self.is_call_due = !self.calls.is_empty();
        self.is_forced_due = !self.forced.is_empty();
        let before = self.in_flight;
        while self.has_window(context)
            && let Some(entry) = self.entries.get_mut(self.in_flight)
        {
            if !context.send_item(Item::of(entry), &entry.message()) {
                let number = entry.number;
                self.give_up(context, number);
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
            let is_urgent = self.in_flight < self.entries.len() || self.has_receipts || !self.flushes.is_empty();
            let at = if is_urgent { context.now } else { context.now.after_ms(BARRIER_DELAY_MS) };
            self.barrier_at = Some(self.barrier_at.map_or(at, |earlier| earlier.min(at)));
        }
    }

    /// Whether anything may be sent: a session alone does not do, what others left behind comes first.
    pub(super) fn may_send(&self) -> bool {
        self.start_deadline.is_none()
    }

    /// Whether one more event may be on its way.
    pub(super) fn has_window(&self, context: &mut Context<'_>) -> bool {
        let next = self.entries.get(self.in_flight).map_or(Item::Event(self.next_number), Item::of);
        let has_room = self.in_flight == 0 || self.in_flight_bytes < self.window_bytes;
        has_room && self.in_flight < OUTBOX_WINDOW && context.flight.has_room_for(&next)
    }

    /// The server cannot take this.
    pub(super) fn give_up(&mut self, context: &mut Context<'_>, number: u64) {
        let culprit = self.take_numbered(context, number).into_iter().collect();
        self.drop_entries(context, culprit, DropReason::Undeliverable);
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
            confirmed.extend(self.take_at(context, 0, true));
        }
        if !confirmed.is_empty() {
            if self.in_flight == 0 {
                self.fit_window(context);
            }
            self.tell_sent(context, confirmed);
            self.flush(context);
        }
    }

    /// Tells that the server has these.
    pub(super) fn tell_sent(&mut self, context: &mut Context<'_>, mut sent: Vec<Entry>) {
        if sent.is_empty() {
            return;
        }
        for entry in &mut sent {
            // Who makes a call for another page, or writes to a record for it, does not tell it what came of it.
            let outcome = match entry.kind {
                Kind::Event => Ok(Some("\"delivered\"".into())),
                Kind::Call { .. } => Err(calls::failed(entry, RpcFailure::OutcomeUnknown)),
                Kind::Write | Kind::Base | Kind::Forced => {
                    let what = RecordFailure::OutcomeUnknown;
                    Err(ClientError::Record { what, name: entry.name.clone() })
                }
            };
            if let Err(error) = &outcome {
                self.recall_all(std::slice::from_ref(entry), error);
            }
            context.settle_all(&mut entry.receipts, &outcome);
        }
        context.out.push_back(Output::Outbox(OutboxNews::Sent(sent)));
        self.settle_flushes(context);
    }

    /// The server refuses what was sent under this key.
    pub fn on_denied(&mut self, context: &mut Context<'_>, key: &str, error: &ClientError) {
        let Some(index) = self.entries.iter().take(self.in_flight).position(|entry| *entry.key == *key) else { return };
        let Some(mut entry) = self.take(context, index) else { return };
        context.settle_all(&mut entry.receipts, &Err(error.clone()));
        let why = DropReason::Denied;
        context.out.push_back(Output::Outbox(OutboxNews::Dropped { why, entries: vec![entry] }));
        self.settle_flushes(context);
        self.flush(context);
    }

    /// The session is over. What was in flight is sent again in the next one, but for what the server cannot take.
    pub fn on_lost(&mut self, context: &mut Context<'_>, culprit: Option<&Item>) {
        self.barrier_at = None;
        self.start_deadline = None;
        self.groups.tidy(None);
        if let Some(Item::Event(number) | Item::Entry(number)) = culprit {
            self.give_up(context, *number);
        }
        self.on_calls_lost(context);
        self.on_forced_lost(context);
        if self.in_flight == 0 {
            return;
        }
        for entry in self.entries.iter_mut().take(self.in_flight) {
            entry.progress = Progress::Waiting;
        }
        let sent = std::mem::take(&mut self.in_flight);
        self.in_flight_bytes = 0;
        self.filled_at = None;
        let mut never_again = Vec::new();
        for index in (0..sent.min(self.entries.len())).rev() {
            if self.entries[index].delivery == Delivery::Drop {
                never_again.extend(self.take(context, index));
            }
        }
        never_again.reverse();
        self.drop_entries(context, never_again, DropReason::NotNow);
        // What was on its way did not expire.
        self.expire(context);
    }
}
