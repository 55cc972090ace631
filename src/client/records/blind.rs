//! Writes to records that are not open, and deletions of them: made to whatever the server has. They are sent in order, and
//! stay until the server has answered.

use super::{
    Entry, Records, failure,
    incoming::server_error,
    requests::Awaited,
    stored::write_text,
    write::{ANY_VERSION, Edit, Write, write_message},
};
use crate::client::{
    asked::{Asked, id_in},
    context::Context,
    error::{ClientError, DropReason, RecordFailure},
    flight::Item,
    io::{Delivery, Entry as Op, Offer, OutboxNews, Output, Progress},
    limits::RECORD_FORCE_ATTEMPTS,
};
use crate::wire::{RecordAction, RecordMessage};

/// One of them.
#[derive(Debug)]
pub struct BlindWrite {
    /// With one edit, or with none to delete the record.
    pub write: Write,
    /// In this session.
    pub sent: Option<Sent>,
}

#[derive(Debug)]
pub struct Sent {
    /// The number under which the answer is awaited.
    id: u32,
    attempts: u32,
    /// Whether it was sent in an earlier session, and may have arrived.
    is_repeated: bool,
}

impl BlindWrite {
    /// Says whether it was sent: not if it is too long.
    fn send(&mut self, context: &mut Context<'_>, asked: &mut Asked<Awaited>) -> bool {
        let Self { write: Write { op, edits }, sent } = self;
        let is_repeated = op.was_sent;
        let sent = sent.get_or_insert_with(|| Sent { id: asked.ask(None, Awaited::Write), attempts: 0, is_repeated });
        sent.attempts += 1;
        let correlation_id = sent.id.to_string();
        let (message, timeout_ms) = if let Some(Edit { path, text, .. }) = edits.first() {
            let message = write_message(&op.name, (path.text(), text.as_deref()), ANY_VERSION, &correlation_id);
            (message, context.options.record_read_timeout_ms)
        } else {
            let message = RecordMessage { name: Some(&op.name), ..RecordMessage::new(RecordAction::Delete) };
            (message, context.options.record_delete_timeout_ms)
        };
        asked.wait_until(sent.id, Some(context.now.after_ms(timeout_ms)));
        context.send_item(Item::of(op), &message.into())
    }
}

impl Records {
    /// A write to whatever the server has, or a deletion, unless it is to be sent now or never and cannot be. It is to be
    /// [added](Self::add_blind) if there is room for it.
    pub(super) fn write_blindly(
        &mut self,
        context: &mut Context<'_>,
        edits: Vec<Edit>,
        offer: &Offer<'_>,
    ) -> Option<Write> {
        self.hold_back(context, offer.name);
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
    pub fn add_blind(&mut self, context: &mut Context<'_>, mut write: Write) {
        context.enter(&mut write.op);
        self.push_blind(write);
    }

    pub(super) fn push_blind(&mut self, write: Write) {
        self.blind.push(BlindWrite { write, sent: None });
        self.is_blind_due = true;
    }

    /// Which of them a message answers.
    pub(super) fn blind_answered(&self, message: &RecordMessage<'_>) -> Option<usize> {
        let (id, name) = (id_in(message.correlation_id)?, message.name?);
        let Some(Awaited::Write) = self.asked.get(id) else { return None };
        self.blind_sent(id).filter(|position| *self.blind[*position].write.op.name == *name)
    }

    fn blind_sent(&self, id: u32) -> Option<usize> {
        self.blind.iter().position(|blind| blind.sent.as_ref().is_some_and(|sent| sent.id == id))
    }

    /// The server has answered, or will not.
    fn settle_blind(&mut self, context: &mut Context<'_>, position: usize, error: Option<ClientError>) {
        let BlindWrite { write: Write { mut op, .. }, sent } = self.blind.remove(position);
        sent.and_then(|sent| self.asked.answer(sent.id));
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
        self.blind.extract_if(.., |blind| is_meant(&blind.write.op)).map(|blind| blind.write.op).collect()
    }

    /// The session is over: what the server has not answered is sent again, but for what it cannot take.
    pub(super) fn cut_blind(&mut self, context: &mut Context<'_>, culprit: Option<&Item>) {
        let undeliverable = self.take_out_blind(&|op| culprit == Some(&Item::of(op)));
        context.give_up(undeliverable, DropReason::Undeliverable);
        let too_late = self.take_out_blind(&|op| op.is_sent() && op.delivery == Delivery::Drop);
        context.give_up(too_late, DropReason::NotNow);
        for blind in &mut self.blind {
            (blind.sent, blind.write.op.progress) = (None, Progress::Waiting);
        }
    }

    /// The answer that was awaited under this number has not come in time.
    pub(super) fn on_blind_overdue(&mut self, context: &mut Context<'_>, id: u32) {
        if let Some(position) = self.blind_sent(id) {
            let error = failure(RecordFailure::Timeout, &self.blind[position].write.op.name);
            self.settle_blind(context, position, Some(error));
        }
    }

    /// The server answers.
    pub(super) fn on_blind_answer(&mut self, context: &mut Context<'_>, message: &RecordMessage<'_>, position: usize) {
        // It came while the server was busy with a write of another client.
        if message.action == RecordAction::VersionExists
            && let Some(blind) = self.blind.get_mut(position)
            && blind.sent.as_ref().is_some_and(|sent| sent.attempts < RECORD_FORCE_ATTEMPTS)
        {
            blind.send(context, &mut self.asked);
            return;
        }
        let is_acknowledged = message.action == RecordAction::WriteAcknowledgement;
        self.settle_blind(context, position, (!is_acknowledged).then(|| server_error(message)));
        let name = message.name.unwrap_or_default();
        let is_at_rest = |it: &Entry| it.stage.is_synced() && it.in_flight.is_none();
        if is_acknowledged && self.entries.get(name).is_some_and(is_at_rest) {
            // It was opened since, and is written to behind its back.
            self.ask_for_data(context, name);
        }
    }

    /// The server has deleted a record, or will not. Says whether that was asked for here.
    pub(super) fn on_blind_deleted(
        &mut self,
        context: &mut Context<'_>,
        name: &str,
        refusal: Option<ClientError>,
    ) -> bool {
        let is_it = |it: &BlindWrite| it.write.edits.is_empty() && it.sent.is_some() && *it.write.op.name == *name;
        let Some(position) = self.blind.iter().position(is_it) else { return false };
        // What was asked for before the connection was lost may have been done.
        let is_repeated = self.blind[position].sent.as_ref().is_some_and(|sent| sent.is_repeated);
        let is_gone = |error: &ClientError| {
            let not_found = RecordAction::RecordNotFound.name();
            is_repeated && matches!(error, ClientError::Server { action, .. } if *action == not_found)
        };
        self.settle_blind(context, position, refusal.filter(|error| !is_gone(error)));
        true
    }

    /// Sends those that may be due: there is room for them, or a session.
    pub(super) fn send_blind(&mut self, context: &mut Context<'_>) {
        if !std::mem::take(&mut self.is_blind_due) {
            return;
        }
        let mut position = 0;
        while let Some(blind) = self.blind.get_mut(position) {
            position += 1;
            if blind.sent.is_some() {
                continue;
            }
            if !context.flight.has_room_for(&Item::of(&blind.write.op)) {
                return;
            }
            let entry = self.entries.get_mut(&blind.write.op.name);
            if entry.as_ref().is_some_and(|entry| entry.deletion.is_some()) {
                // What was asked for first is done first.
                self.is_blind_due = true;
                continue;
            }
            if blind.send(context, &mut self.asked) {
                let Write { op, edits } = &mut blind.write;
                (op.progress, op.was_sent) = (Progress::Made, true);
                if let Some(entry) = entry.filter(|entry| edits.is_empty() && entry.is_subscribed()) {
                    // An earlier page has asked for that, and the record is open here.
                    entry.session.is_deletion_owed = true;
                }
            } else {
                position -= 1;
                let op = self.blind.remove(position).write.op;
                context.give_up(vec![op], DropReason::Undeliverable);
            }
        }
    }
}
