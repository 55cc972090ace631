//! Writes to records that are not open, and deletions of them: made to whatever the server has. They are sent in order, and
//! stay until the server has answered.

use super::{Records, failure, requests::Awaited, stored::read_write, write::Edit};
use crate::client::{
    asked::{Asked, id_in},
    context::{Context, Visit},
    error::{ClientError, DropReason, RecordFailure},
    flight::Item,
    io::{Delivery, Entry as Op, Offer, OutboxNews, Output, Progress},
    limits::RECORD_FORCE_ATTEMPTS,
};
use crate::{
    names::NameMap,
    wire::{RecordAction, RecordMessage},
};

/// The version that stands for the one after whatever the server has.
const ANY_VERSION: i32 = -1;

/// All of them, in order.
#[derive(Debug, Default)]
pub struct BlindWrites {
    queue: Vec<BlindWrite>,
    /// Whether any of them may be due.
    is_due: bool,
}

/// One write, or deletion.
#[derive(Debug)]
struct BlindWrite {
    op: Op,
    /// `None` to delete the record.
    edit: Option<Edit>,
    /// In this session.
    sent: Option<Sent>,
}

#[derive(Debug)]
struct Sent {
    /// The number under which the answer is awaited.
    id: u32,
    attempts: u32,
    /// Whether it was sent in an earlier session, and may have arrived.
    is_repeated: bool,
}

impl BlindWrite {
    /// Says whether it was sent: not if it is too long.
    fn send(&mut self, context: &mut Context<'_>, asked: &mut Asked<Awaited>) -> bool {
        let Self { op, edit, sent } = self;
        let timeout_ms = match edit {
            Some(_) => context.options.record_read_timeout_ms,
            None => context.options.record_delete_timeout_ms,
        };
        let is_repeated = op.was_sent;
        let sent = sent.get_or_insert_with(|| Sent { id: asked.ask(None, Awaited::Write), attempts: 0, is_repeated });
        sent.attempts += 1;
        asked.wait_until(sent.id, Some(context.now.after_ms(timeout_ms)));
        let correlation_id = sent.id.to_string();
        let message = match edit {
            None => RecordMessage { name: Some(&op.name), ..RecordMessage::new(RecordAction::Delete) },
            Some(edit) => {
                let path = edit.path.text();
                let action = match (path, &edit.text) {
                    ("", _) => RecordAction::CreateAndUpdate,
                    (_, Some(_)) => RecordAction::CreateAndPatch,
                    (_, None) => RecordAction::Erase,
                };
                RecordMessage {
                    name: Some(&op.name),
                    data: edit.text.as_deref(),
                    path: Some(path).filter(|path| !path.is_empty()),
                    version: Some(ANY_VERSION),
                    correlation_id: Some(&correlation_id),
                    is_write_ack: true,
                    ..RecordMessage::new(action)
                }
            }
        };
        context.send_item(Item::of(op), &message.into())
    }
}

impl BlindWrites {
    /// Something may be due: there is room for it, or a session.
    pub const fn wake(&mut self) {
        self.is_due = true;
    }

    /// The records that they are for.
    pub fn names(&self) -> NameMap<()> {
        let mut names = NameMap::new();
        for write in &self.queue {
            names.get_or_insert_with(&write.op.name, || ());
        }
        names
    }

    /// How the outbox shows them.
    pub fn entries(&self) -> impl Iterator<Item = &Op> {
        self.queue.iter().map(|write| &write.op)
    }

    /// Calls `visit` for each.
    pub fn for_each_entry(&mut self, context: &mut Context<'_>, visit: &mut Visit<'_>) {
        self.queue.iter_mut().for_each(|write| visit(context, &mut write.op));
    }

    /// Takes out those that are meant, which [leave](Context::leave) with that.
    pub fn take_out(&mut self, is_meant: &dyn Fn(&Op) -> bool) -> Vec<Op> {
        self.queue.extract_if(.., |write| is_meant(&write.op)).map(|write| write.op).collect()
    }

    /// Adds one; without an edit it deletes the record.
    pub fn push(&mut self, op: Op, edit: Option<Edit>) {
        self.queue.push(BlindWrite { op, edit, sent: None });
        self.is_due = true;
    }

    /// Takes in those of another page, or of a user who has logged in again, before all others.
    pub fn adopt(&mut self, context: &mut Context<'_>, ops: Vec<Op>) {
        let mut position = 0;
        for op in ops {
            if let Some(stored) = op.data.as_deref().and_then(read_write) {
                let edit = stored.edits.into_iter().next_back();
                self.queue.insert(position, BlindWrite { op, edit, sent: None });
                position += 1;
            } else {
                context.leave(&op);
            }
        }
        self.is_due = true;
    }

    /// Whether a message answers one of these.
    pub fn is_awaited(&self, message: &RecordMessage<'_>) -> bool {
        self.position(message).is_some()
    }

    fn position(&self, message: &RecordMessage<'_>) -> Option<usize> {
        let (position, name) = (self.sent(id_in(message.correlation_id)?)?, message.name?);
        Some(position).filter(|_| *self.queue[position].op.name == *name)
    }

    fn sent(&self, id: u32) -> Option<usize> {
        self.queue.iter().position(|write| write.sent.as_ref().is_some_and(|sent| sent.id == id))
    }

    /// The server has answered, or will not.
    fn settle(
        &mut self,
        context: &mut Context<'_>,
        asked: &mut Asked<Awaited>,
        position: usize,
        error: Option<ClientError>,
    ) {
        let BlindWrite { mut op, sent, .. } = self.queue.remove(position);
        sent.and_then(|sent| asked.answer(sent.id));
        context.leave(&op);
        let is_told = !op.receipts.is_empty();
        context.settle_all(&mut op.receipts, &error.clone().map_or(Ok(None), Err));
        let entries = vec![op];
        let news = match error {
            None => OutboxNews::Sent(entries),
            Some(error) => {
                if !is_told {
                    context.report(error);
                }
                OutboxNews::Dropped { why: DropReason::Denied, entries }
            }
        };
        context.out.push_back(Output::Outbox(news));
    }

    /// Those that are meant will not be sent.
    fn give_up(&mut self, context: &mut Context<'_>, why: DropReason, is_meant: &dyn Fn(&Op) -> bool) {
        let given_up = self.take_out(is_meant);
        given_up.iter().for_each(|op| context.leave(op));
        context.tell_dropped(given_up, why);
    }

    /// The session is over: what the server has not answered is sent again, but for what it cannot take.
    pub fn on_lost(&mut self, context: &mut Context<'_>, culprit: Option<&Item>) {
        self.give_up(context, DropReason::Undeliverable, &|op| culprit == Some(&Item::of(op)));
        self.give_up(context, DropReason::NotNow, &|op| op.is_sent() && op.delivery == Delivery::Drop);
        for write in &mut self.queue {
            (write.sent, write.op.progress) = (None, Progress::Waiting);
        }
    }

    /// The answer that was awaited under this number has not come in time.
    pub fn on_overdue(&mut self, context: &mut Context<'_>, asked: &mut Asked<Awaited>, id: u32) {
        if let Some(position) = self.sent(id) {
            let error = failure(RecordFailure::Timeout, &self.queue[position].op.name);
            self.settle(context, asked, position, Some(error));
        }
    }

    /// The server answers. Says whether it has the write.
    pub fn on_answer(
        &mut self,
        context: &mut Context<'_>,
        asked: &mut Asked<Awaited>,
        message: &RecordMessage<'_>,
        refusal: Option<ClientError>,
    ) -> bool {
        let Some(position) = self.position(message) else { return false };
        // It came while the server was busy with a write of another client.
        if message.action == RecordAction::VersionExists
            && let Some(write) = self.queue.get_mut(position)
            && write.sent.as_ref().is_some_and(|sent| sent.attempts < RECORD_FORCE_ATTEMPTS)
        {
            write.send(context, asked);
            return false;
        }
        let is_done = refusal.is_none();
        self.settle(context, asked, position, refusal);
        is_done
    }

    /// The server has deleted a record, or will not. Says whether that was asked for here.
    pub fn on_deleted(
        &mut self,
        context: &mut Context<'_>,
        asked: &mut Asked<Awaited>,
        name: &str,
        refusal: Option<ClientError>,
    ) -> bool {
        let is_it = |write: &BlindWrite| write.edit.is_none() && write.sent.is_some() && *write.op.name == *name;
        let Some(position) = self.queue.iter().position(is_it) else { return false };
        // What was asked for before the connection was lost may have been done.
        let is_repeated = self.queue[position].sent.as_ref().is_some_and(|sent| sent.is_repeated);
        let is_gone = |error: &ClientError| {
            let not_found = RecordAction::RecordNotFound.name();
            is_repeated && matches!(error, ClientError::Server { action, .. } if *action == not_found)
        };
        self.settle(context, asked, position, refusal.filter(|error| !is_gone(error)));
        true
    }
}

/// What is to change a record that is not open, or to delete it, which has no edit.
pub type Blind = (Op, Option<Edit>);

/// Makes one of what is offered, unless it is to be sent now or never and cannot be.
pub fn blind_write(context: &mut Context<'_>, offer: &Offer<'_>, edit: Option<Edit>) -> Option<Blind> {
    let op = context.entry(offer);
    let can_be_sent =
        context.session.is_some() && context.log.may_send() && context.flight.has_room_for(&Item::of(&op));
    if offer.delivery == Delivery::Drop && !can_be_sent {
        context.refuse_now(offer);
        return None;
    }
    Some((op, edit))
}

impl Records {
    /// Adds what [`on_command`](Self::on_command) has returned.
    pub fn add_blind(&mut self, context: &mut Context<'_>, mut op: Op, edit: Option<Edit>) {
        context.enter(&mut op);
        self.blind.push(op, edit);
    }

    /// Sends what is written to records that are not open.
    pub(super) fn send_blind(&mut self, context: &mut Context<'_>) {
        if !std::mem::take(&mut self.blind.is_due) {
            return;
        }
        let mut position = 0;
        while let Some(write) = self.blind.queue.get_mut(position) {
            position += 1;
            if write.sent.is_some() {
                continue;
            }
            if !context.flight.has_room_for(&Item::of(&write.op)) {
                return;
            }
            let entry = self.entries.get_mut(&write.op.name);
            if entry.as_ref().is_some_and(|entry| entry.deletion.is_some()) {
                // What was asked for first is done first.
                self.blind.is_due = true;
                continue;
            }
            if write.send(context, &mut self.asked) {
                (write.op.progress, write.op.was_sent) = (Progress::Made, true);
                if let Some(entry) = entry.filter(|entry| write.edit.is_none() && entry.is_subscribed()) {
                    // An earlier page has asked for that, and the record is open here.
                    entry.session.is_deletion_owed = true;
                }
            } else {
                position -= 1;
                let op = self.blind.queue.remove(position).op;
                context.leave(&op);
                context.tell_dropped(vec![op], DropReason::Undeliverable);
            }
        }
    }
}
