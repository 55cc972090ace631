//! Writes to records that are not open, and deletions of them: made to whatever the server has. They are sent in order, and
//! stay until the server has answered.

use super::{
    Entry, InFlight, Records, failure,
    stored::write_text,
    write::{ANY_VERSION, Write, write_message},
};
use crate::{
    client::{
        asked::id_in,
        context::Context,
        error::{ClientError, DropReason, RecordFailure},
        flight::Item,
        io::{Delivery, Entry as Op, Offer, OutboxNews, Output, Progress},
        limits::RECORD_FORCE_ATTEMPTS,
        record::Edit,
    },
    names::{NameMap, count_visits},
    wire::{Message, RecordAction},
};

/// What their correlation ids begin with, which the numbers of what else is awaited do not.
const PREFIX: &str = "w";

/// One of them.
#[derive(Debug)]
pub struct BlindWrite {
    /// With one edit, or with none to delete the record.
    pub write: Write,
    /// How often it was sent in this session.
    attempts: u32,
}

impl Records {
    /// A write to whatever the server has, or a deletion, unless it is to be sent now or never and cannot be. It is to be
    /// [added](Self::add_blind) if there is room for it.
    pub(super) fn write_blindly(
        &mut self,
        context: &mut Context,
        edits: Vec<Edit>,
        offer: &Offer<'_>,
    ) -> Option<Write> {
        let text = write_text(None, &edits);
        let op = context.entry(&Offer { data: Some(&text), ..offer.clone() });
        let can_be_sent =
            context.session.is_some() && context.log.may_send() && context.flight.has_room_for(&Item::of(&op));
        if offer.delivery == Delivery::Drop && !can_be_sent {
            context.refuse_now(offer);
            return None;
        }
        Some(Write { edits, op })
    }

    /// Adds what [`on_command`](Self::on_command) has returned.
    pub fn add_blind(&mut self, context: &mut Context, mut write: Write) {
        context.enter(&mut write.op);
        self.push_blind(write);
    }

    pub(super) fn push_blind(&mut self, write: Write) {
        let id = self.blind.ask(None, BlindWrite { write, attempts: 0 });
        self.waiting_blind.push(id);
        self.is_blind_due = true;
    }

    /// Takes in those of another page, or of a user who has logged in again: they are older than all others.
    pub(super) fn adopt_blind(&mut self, mut writes: Vec<Write>) {
        for &id in &std::mem::take(&mut self.waiting_blind) {
            self.take_blind(id).into_iter().for_each(|write| writes.push(write));
        }
        for write in writes {
            self.push_blind(write);
        }
    }

    /// The one that has waited longest.
    pub fn oldest_waiting(&self) -> Option<&Op> {
        Some(&self.blind.get(*self.waiting_blind.first()?)?.write.op)
    }

    fn take_blind(&mut self, id: u32) -> Option<Write> {
        let write = self.blind.answer(id)?.write;
        let Write { op, edits } = &write;
        if edits.is_empty() && op.is_sent() {
            self.blind_deletions.remove(&op.name);
            self.is_blind_due = true;
        }
        Some(write)
    }

    /// The server has answered, or will not.
    fn settle_blind(&mut self, context: &mut Context, id: u32, error: Option<ClientError>) {
        let Some(Write { mut op, .. }) = self.take_blind(id) else { return };
        context.leave(&op);
        let news = if let Some(error) = error {
            context.reject(&mut op.receipts, error);
            OutboxNews::Dropped { why: DropReason::Denied, entries: vec![op] }
        } else {
            context.settle_all(&mut op.receipts, &Ok(None));
            OutboxNews::Sent(vec![op])
        };
        context.out.push_back(Output::Outbox(news));
    }

    /// Takes out those that are meant, which [leave](Context::leave) with that.
    pub(super) fn take_out_blind(&mut self, is_meant: &dyn Fn(&Op) -> bool) -> Vec<Op> {
        let mut taken = Vec::new();
        for id in self.blind.to_ids() {
            if self.blind.get(id).is_some_and(|blind| is_meant(&blind.write.op)) {
                taken.extend(self.take_blind(id).map(|write| write.op));
            }
        }
        for id in std::mem::take(&mut self.waiting_blind) {
            if self.blind.get(id).is_some() {
                self.waiting_blind.push(id);
            }
        }
        taken
    }

    /// The session is over: what the server has not answered is sent again, but for what it cannot take.
    pub(super) fn cut_blind(&mut self, context: &mut Context, culprit: Option<&Item>) {
        let undeliverable = self.take_out_blind(&|op| culprit == Some(&Item::of(op)));
        context.give_up(undeliverable, DropReason::Undeliverable);
        let too_late = self.take_out_blind(&|op| op.is_sent() && op.delivery == Delivery::Drop);
        context.give_up(too_late, DropReason::NotNow);
        self.blind_deletions = NameMap::new();
        self.waiting_blind = self.blind.to_ids();
        for id in &self.waiting_blind {
            if let Some(blind) = self.blind.get_mut(*id) {
                blind.write.op.was_sent |= blind.write.op.is_sent();
                (blind.write.op.progress, blind.attempts) = (Progress::Waiting, 0);
            }
            self.blind.wait_until(*id, None);
        }
    }

    /// The answer that was awaited under this number has not come in time.
    pub(super) fn on_blind_overdue(&mut self, context: &mut Context, id: u32) {
        let error = self.blind.get(id).map(|blind| failure(RecordFailure::Timeout, &blind.write.op.name));
        self.settle_blind(context, id, error);
    }

    /// Says whether the server answers one of them.
    pub(super) fn on_blind_answer(
        &mut self,
        context: &mut Context,
        action: RecordAction,
        message: &Message<'_>,
    ) -> bool {
        let name = message.name.unwrap_or_default();
        let Some(id) = id_in(message.correlation_id.and_then(|id| id.strip_prefix(PREFIX))) else { return false };
        let Some(blind) = self.blind.get(id).filter(|blind| *blind.write.op.name == *name) else { return false };
        // It came while the server was busy with a write of another client.
        if action == RecordAction::VersionExists && blind.attempts < RECORD_FORCE_ATTEMPTS {
            self.send_one(context, id);
            return true;
        }
        let is_acknowledged = action == RecordAction::WriteAcknowledgement;
        self.settle_blind(context, id, (!is_acknowledged).then(|| message.failure()));
        let is_at_rest = |it: &Entry| it.stage.is_synced() && matches!(it.in_flight, InFlight::Nothing);
        if is_acknowledged && self.entries.get(name).is_some_and(is_at_rest) {
            // It was opened since, and is written to behind its back.
            self.ask_for_data(context, name);
        }
        true
    }

    /// The server has deleted a record, or will not. Says whether that was asked for here.
    pub(super) fn on_blind_deleted(&mut self, context: &mut Context, name: &str, refusal: Option<ClientError>) -> bool {
        let Some(id) = self.blind_deletions.get(name).copied() else { return false };
        // What was asked for before the connection was lost may have been done.
        let is_repeated = self.blind.get(id).is_some_and(|blind| blind.write.op.was_sent);
        let is_gone = |error: &ClientError| {
            let not_found = RecordAction::RecordNotFound.name();
            is_repeated && error.code() == not_found
        };
        self.settle_blind(context, id, refusal.filter(|error| !is_gone(error)));
        true
    }

    /// Sends those that may be due: there is room for them, or a session.
    pub(super) fn send_blind(&mut self, context: &mut Context) {
        if !std::mem::take(&mut self.is_blind_due) {
            return;
        }
        let mut waiting = std::mem::take(&mut self.waiting_blind).into_iter();
        for id in waiting.by_ref() {
            count_visits(1);
            let Some(Write { op, edits }) = self.blind.get(id).map(|blind| &blind.write) else { continue };
            let (name, is_deletion) = (op.name.clone(), edits.is_empty());
            // The answer to a deletion has nothing but the name.
            let must_wait = is_deletion && self.blind_deletions.contains(&name);
            if must_wait || !context.flight.has_room_for(&Item::of(op)) {
                self.waiting_blind.push(id);
                break;
            }
            if self.entries.get(&name).is_some_and(|entry| entry.pending.is_deletion()) {
                // What was asked for first is done first.
                self.waiting_blind.push(id);
                self.is_blind_due = true;
            } else if !self.send_one(context, id) {
                let too_long = self.take_blind(id).map(|write| write.op);
                context.give_up(too_long.into_iter().collect(), DropReason::Undeliverable);
            } else if is_deletion {
                self.blind_deletions.get_or_insert_with(&name, || id);
                if let Some(entry) = self.entries.get_mut(&name).filter(|entry| entry.is_subscribed()) {
                    // An earlier page has asked for that, and the record is open here.
                    entry.session.is_deletion_owed = true;
                }
            }
        }
        self.waiting_blind.extend(waiting);
    }

    /// Sends one of them. Says whether that was done: not if it is too long.
    fn send_one(&mut self, context: &mut Context, id: u32) -> bool {
        let Some(blind) = self.blind.get_mut(id) else { return false };
        blind.attempts += 1;
        let Write { op, edits } = &mut blind.write;
        let correlation_id = [PREFIX, &id.to_string()].concat();
        let (message, timeout_ms) = if let Some(Edit { path, text, .. }) = edits.first() {
            let message = write_message(&op.name, (path.text(), text.as_deref()), ANY_VERSION, &correlation_id);
            (message, context.options.record_read_timeout_ms)
        } else {
            (Message::about(RecordAction::Delete, &op.name), context.options.record_delete_timeout_ms)
        };
        let is_sent = context.send_item(Item::of(op), &message);
        if is_sent {
            op.progress = Progress::Made;
        }
        self.blind.wait_until(id, Some(context.now.after_ms(timeout_ms)));
        is_sent
    }
}
