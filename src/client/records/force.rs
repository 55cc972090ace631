//! Writes to records that are not open: made to whatever the server has. They wait in the outbox, and are here from when they
//! are sent until the server has answered, or the session is over.

use std::collections::VecDeque;

use super::{failure, stored::read_write, write::Edit};
use crate::{
    client::{
        context::Context,
        error::{ClientError, RecordFailure},
        flight::Item,
        limits::RECORD_FORCE_ATTEMPTS,
        time::Instant,
    },
    wire::{RecordAction, RecordMessage},
};

/// The version that stands for the one after whatever the server has.
const ANY_VERSION: i32 = -1;

/// What was sent and the server has not answered, in order.
#[derive(Debug, Default)]
pub struct ForcedWrites {
    sent: VecDeque<ForcedWrite>,
    /// Those that were answered since this was asked last.
    settled: Vec<(u64, Option<ClientError>)>,
}

/// One write, or deletion.
#[derive(Debug)]
struct ForcedWrite {
    /// The number under which the outbox keeps it.
    number: u64,
    /// Tells its answer from others.
    correlation_id: u32,
    name: Box<str>,
    /// `None` to delete the record.
    edit: Option<Edit>,
    attempts: u32,
    /// Whether it was sent in an earlier session, and may have arrived.
    is_repeated: bool,
    /// When the answer is overdue.
    deadline: Instant,
}

/// A write to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Forced<'a> {
    /// The number under which the outbox keeps it.
    pub number: u64,
    /// The record.
    pub name: &'a str,
    /// What is written, as the outbox keeps it.
    pub text: &'a str,
    /// Whether it was sent in an earlier session, and may have arrived.
    pub is_repeated: bool,
}

impl ForcedWrite {
    /// Says whether it was sent: not if it is too long.
    fn send(&mut self, context: &mut Context<'_>) -> bool {
        self.attempts += 1;
        let Some(edit) = &self.edit else {
            self.deadline = context.now.after_ms(context.options.record_delete_timeout_ms);
            let message = RecordMessage { name: Some(&self.name), ..RecordMessage::new(RecordAction::Delete) };
            return context.send_item(Item::Entry(self.number), &message.into());
        };
        self.deadline = context.now.after_ms(context.options.record_read_timeout_ms);
        let path = edit.path.text();
        let action = match (path, &edit.text) {
            ("", _) => RecordAction::CreateAndUpdate,
            (_, Some(_)) => RecordAction::CreateAndPatch,
            (_, None) => RecordAction::Erase,
        };
        let message = RecordMessage {
            name: Some(&self.name),
            data: edit.text.as_deref(),
            path: Some(path).filter(|path| !path.is_empty()),
            version: Some(ANY_VERSION),
            correlation_id: Some(&self.correlation_id.to_string()),
            is_write_ack: true,
            ..RecordMessage::new(action)
        };
        context.send_item(Item::Entry(self.number), &message.into())
    }
}

impl ForcedWrites {
    /// Sends a write, and says whether it is a deletion; nothing if it is too long. One that cannot be read is settled at once.
    pub fn send(&mut self, context: &mut Context<'_>, correlation_id: u32, write: Forced<'_>) -> Option<bool> {
        let Forced { number, name, text, is_repeated } = write;
        let Some(stored) = read_write(text) else {
            self.settled.push((number, Some(failure(RecordFailure::InvalidJson, name))));
            return Some(false);
        };
        let edit = stored.edits.map(|edits| edits.into_iter().next_back()).unwrap_or_default();
        let name = name.into();
        let deadline = context.now;
        let mut write = ForcedWrite { number, correlation_id, name, edit, attempts: 0, is_repeated, deadline };
        if !write.send(context) {
            return None;
        }
        let is_deletion = write.edit.is_none();
        self.sent.push_back(write);
        Some(is_deletion)
    }

    /// The session is over: the outbox has them all.
    pub fn on_lost(&mut self) {
        self.sent.clear();
    }

    /// When an answer is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.sent.iter().map(|write| write.deadline).min()
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &Context<'_>) {
        let settled = &mut self.settled;
        self.sent.retain(|write| {
            let is_overdue = write.deadline <= context.now;
            if is_overdue {
                settled.push((write.number, Some(failure(RecordFailure::Timeout, &write.name))));
            }
            !is_overdue
        });
    }

    /// Those that were answered since this was asked last, with what went wrong.
    pub fn take_settled(&mut self) -> Vec<(u64, Option<ClientError>)> {
        std::mem::take(&mut self.settled)
    }

    /// Whether a message answers one of these.
    pub fn is_awaited(&self, message: &RecordMessage<'_>) -> bool {
        self.position(message).is_some()
    }

    fn position(&self, message: &RecordMessage<'_>) -> Option<usize> {
        let correlation_id = message.correlation_id?.parse().ok()?;
        let is_it = |write: &ForcedWrite| write.edit.is_some() && write.correlation_id == correlation_id;
        self.sent
            .iter()
            .position(is_it)
            .filter(|position| self.sent.get(*position).is_some_and(|write| Some(&*write.name) == message.name))
    }

    /// The server answers. Says whether it has the write.
    pub fn on_answer(
        &mut self,
        context: &mut Context<'_>,
        message: &RecordMessage<'_>,
        refusal: Option<ClientError>,
    ) -> bool {
        let Some(position) = self.position(message) else { return false };
        // It came while the server was busy with a write of another client.
        if message.action == RecordAction::VersionExists
            && let Some(write) = self.sent.get_mut(position)
            && write.attempts < RECORD_FORCE_ATTEMPTS
        {
            write.send(context);
            return false;
        }
        let Some(write) = self.sent.remove(position) else { return false };
        let is_done = refusal.is_none();
        self.settled.push((write.number, refusal));
        is_done
    }

    /// The server has deleted a record, or will not. Says whether that was asked for here.
    pub fn on_deleted(&mut self, name: &str, refusal: Option<ClientError>) -> bool {
        let is_it = |write: &ForcedWrite| write.edit.is_none() && *write.name == *name;
        let Some(position) = self.sent.iter().position(is_it) else { return false };
        let Some(write) = self.sent.remove(position) else { return false };
        // What was asked for before the connection was lost may have been done.
        let is_gone = |error: &ClientError| {
            let not_found = RecordAction::RecordNotFound.name();
            write.is_repeated && matches!(error, ClientError::Server { action, .. } if *action == not_found)
        };
        self.settled.push((write.number, refusal.filter(|error| !is_gone(error))));
        true
    }
}
