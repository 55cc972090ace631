//! Writes to records that are not open: made to whatever the server has.

use std::collections::VecDeque;

use super::{failure, send, settle};
use crate::{
    client::{
        context::Context,
        error::{ClientError, RecordFailure},
        io::{SocketId, Ticket},
        limits::RECORD_FORCE_ATTEMPTS,
        time::Instant,
    },
    wire::{RecordAction, RecordMessage},
};

/// The version that stands for the one after whatever the server has.
const ANY_VERSION: i32 = -1;

/// What the application has written to records that are not open and the server has not confirmed, in order. What is written
/// without a session waits for one; what was cut off is sent again, since writing the same twice makes the same record.
#[derive(Debug, Default)]
pub struct ForcedWrites {
    waiting: VecDeque<ForcedWrite>,
}

/// One write.
#[derive(Debug)]
pub struct ForcedWrite {
    /// Tells its answer from others.
    pub correlation_id: u32,
    /// The record.
    pub name: Box<str>,
    /// Empty for the whole record.
    pub path: Box<str>,
    /// JSON text; `None` erases.
    pub text: Option<Box<str>>,
    /// Who waits for it to be confirmed.
    pub ticket: Option<Ticket>,
    attempts: u32,
    /// When the answer is overdue, if it was sent.
    deadline: Option<Instant>,
}

impl ForcedWrite {
    /// A write that was not sent yet.
    pub const fn new(
        correlation_id: u32,
        name: Box<str>,
        path: Box<str>,
        text: Option<Box<str>>,
        ticket: Option<Ticket>,
    ) -> Self {
        Self { correlation_id, name, path, text, ticket, attempts: 0, deadline: None }
    }

    fn send(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.attempts += 1;
        self.deadline = Some(context.now.after_ms(context.options.record_read_timeout_ms));
        let action = match (&*self.path, &self.text) {
            ("", _) => RecordAction::CreateAndUpdate,
            (_, Some(_)) => RecordAction::CreateAndPatch,
            (_, None) => RecordAction::Erase,
        };
        let message = RecordMessage {
            name: Some(&self.name),
            data: self.text.as_deref(),
            path: Some(&*self.path).filter(|path| !path.is_empty()),
            version: Some(ANY_VERSION),
            correlation_id: Some(&self.correlation_id.to_string()),
            is_write_ack: true,
            ..RecordMessage::new(action)
        };
        send(context, socket, message);
    }

    fn settle(&self, context: &mut Context<'_>, outcome: &Result<Option<Box<str>>, ClientError>) {
        if let Some(ticket) = self.ticket {
            settle(context, &mut vec![ticket], outcome);
        }
    }
}

impl ForcedWrites {
    /// Writes, at once if there is a session.
    pub fn add(&mut self, context: &mut Context<'_>, session: Option<SocketId>, mut write: ForcedWrite) {
        if let Some(socket) = session {
            write.send(context, socket);
        }
        self.waiting.push_back(write);
    }

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId) {
        for write in &mut self.waiting {
            write.send(context, socket);
        }
    }

    /// The session is over.
    pub fn on_lost(&mut self) {
        for write in &mut self.waiting {
            write.deadline = None;
            write.attempts = 0;
        }
    }

    /// When an answer is overdue.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|write| write.deadline).min()
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>) {
        while let Some(position) =
            self.waiting.iter().position(|write| write.deadline.is_some_and(|at| at <= context.now))
        {
            let Some(write) = self.waiting.remove(position) else { return };
            fail(context, &write, failure(RecordFailure::Timeout, &write.name));
        }
    }

    /// Whether a message answers one of these.
    pub fn is_awaited(&self, message: &RecordMessage<'_>) -> bool {
        self.position(message).is_some()
    }

    fn position(&self, message: &RecordMessage<'_>) -> Option<usize> {
        let correlation_id = message.correlation_id?.parse().ok()?;
        let is_it = |write: &ForcedWrite| write.deadline.is_some() && write.correlation_id == correlation_id;
        self.waiting
            .iter()
            .position(is_it)
            .filter(|position| self.waiting.get(*position).is_some_and(|write| Some(&*write.name) == message.name))
    }

    /// The server answers. Says whether it has the write.
    pub fn on_answer(
        &mut self,
        context: &mut Context<'_>,
        socket: SocketId,
        message: &RecordMessage<'_>,
        refusal: Option<ClientError>,
    ) -> bool {
        let Some(position) = self.position(message) else { return false };
        // It came while the server was busy with a write of another client.
        if message.action == RecordAction::VersionExists
            && let Some(write) = self.waiting.get_mut(position)
            && write.attempts < RECORD_FORCE_ATTEMPTS
        {
            write.send(context, socket);
            return false;
        }
        let Some(write) = self.waiting.remove(position) else { return false };
        match refusal {
            None => write.settle(context, &Ok(None)),
            Some(error) => {
                fail(context, &write, error);
                return false;
            }
        }
        true
    }

    /// The connection rests: nobody shall wait for what may never come; what was written stays.
    pub fn on_rest(&mut self, context: &mut Context<'_>, error: &ClientError) {
        for write in &mut self.waiting {
            write.settle(context, &Err(error.clone()));
            write.ticket = None;
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}

fn fail(context: &mut Context<'_>, write: &ForcedWrite, error: ClientError) {
    write.settle(context, &Err(error.clone()));
    context.report(error);
}
