//! What ends by itself if nothing comes before, above all the questions about records.

use super::{Entry, Holders, Records, failure};
use crate::{
    client::{
        asked::{Asked, id_in},
        context::Context,
        error::{ClientError, RecordFailure},
        io::{Outcome, Ticket},
        time::Wake,
    },
    names::NameMap,
    wire::{Message, RecordAction, Topic},
};

/// Something that has a deadline.
#[derive(Debug)]
pub enum Awaited {
    /// What a record is in the middle of.
    Record(Box<str>),
    /// The answer to a message about names.
    Answer(Question),
    /// The time to let go of a record that nobody holds.
    Discard(Box<str>),
    /// What storage has of a record.
    Lookup(Box<str>),
    /// The time to tell storage of the records that have changed.
    Save,
}

/// A message about names. One that somebody waits for concerns records that need not be open, and can be sent again without
/// harm; the others are about subscriptions, in bulk.
#[derive(Debug)]
pub struct Question {
    pub action: RecordAction,
    pub names: Vec<Box<str>>,
    /// How many of the names the server has refused.
    pub refusals: usize,
    tickets: Vec<Ticket>,
}

impl Question {
    pub const fn is_bulk(&self) -> bool {
        self.tickets.is_empty()
    }
}

impl Awaited {
    /// What the client wakes up for.
    pub const fn wake(&self) -> Wake {
        match self {
            Self::Answer(question) if question.is_bulk() => Wake::Acknowledgement,
            Self::Record(_) | Self::Answer(_) => Wake::RecordTimeout,
            Self::Discard(_) => Wake::Discard,
            Self::Lookup(_) | Self::Save => Wake::Storage,
        }
    }
}

impl Asked<Awaited> {
    /// Nobody holds a record any more, which is let go of later.
    pub fn discard_later(&mut self, context: &Context, name: &str, is_told: bool) -> Holders {
        let discard_at = context.now.after_ms(context.options.record_discard_timeout_ms);
        self.ask(Some(discard_at), Awaited::Discard(name.into()));
        Holders::None { discard_at, is_told }
    }
}

impl Records {
    /// Asks for the data or the version of a record; the answer is for all who ask while the question is open.
    pub(super) fn request(&mut self, context: &mut Context, action: RecordAction, name: &str, ticket: Ticket) {
        let key = key(action, name);
        match self.requests.get(&key).and_then(|id| self.asked.get_mut(*id)) {
            Some(Awaited::Answer(question)) => question.tickets.push(ticket),
            _ => {
                if let Some(id) = self.question(context, action, vec![name.into()], vec![ticket]) {
                    self.requests.get_or_insert_with(&key, || id);
                }
            }
        }
    }

    /// Asks the server something about names, in this session or the next. Returns its number, unless nobody is to wait for that.
    pub(super) fn question(
        &mut self,
        context: &mut Context,
        action: RecordAction,
        names: Vec<Box<str>>,
        mut tickets: Vec<Ticket>,
    ) -> Option<u32> {
        let is_bulk = tickets.is_empty();
        context.refuse_to_wait(&mut tickets);
        if tickets.is_empty() && !is_bulk {
            return None;
        }
        let id = self.asked.ask(None, Awaited::Answer(Question { action, names, refusals: 0, tickets }));
        self.send_question(context, id);
        Some(id)
    }

    fn send_question(&mut self, context: &mut Context, id: u32) {
        let Some(Awaited::Answer(question)) = self.asked.get(id).filter(|_| context.session.is_some()) else { return };
        let correlation_id = id.to_string();
        let mut message = Message::new(question.action);
        if let RecordAction::Read | RecordAction::Head = question.action {
            message.name = question.names.first().map(|name| &**name);
        } else {
            question.names.iter().for_each(|name| message.names.push(name));
            message.correlation_id = Some(&correlation_id);
        }
        let timeout_ms = if question.is_bulk() {
            context.options.record_read_ack_timeout_ms
        } else {
            context.options.record_read_timeout_ms
        };
        context.send(&message);
        self.asked.wait_until(id, Some(context.now.after_ms(timeout_ms)));
    }

    /// A session begins: what was not answered is asked.
    pub(super) fn send_questions(&mut self, context: &mut Context) {
        for &id in &self.asked.to_ids() {
            self.send_question(context, id);
        }
    }

    /// The session is over.
    pub(super) fn cut_questions(&mut self) {
        for &id in &self.asked.to_ids() {
            match self.asked.get(id) {
                Some(Awaited::Answer(question)) if !question.is_bulk() => self.asked.wait_until(id, None),
                Some(Awaited::Record(_) | Awaited::Answer(_)) => drop(self.asked.answer(id)),
                _ => {}
            }
        }
    }

    /// No answers will come to those who wait for one.
    pub(super) fn refuse_questions(&mut self, context: &mut Context, error: &ClientError) {
        for &id in &self.asked.to_ids() {
            if let Some(Awaited::Answer(question)) = self.asked.get(id)
                && !question.is_bulk()
            {
                self.settle_question(context, id, &Err(error.clone()));
            }
        }
        self.requests = NameMap::new();
    }

    /// The question that a message answers, with its number.
    pub(super) fn answered(&mut self, message: &Message<'_>) -> Option<(u32, &mut Question)> {
        let id = id_in(message.correlation_id)?;
        match self.asked.get_mut(id) {
            Some(Awaited::Answer(question)) => Some((id, question)),
            _ => None,
        }
    }

    /// The server answers a question about a record that need not be open.
    pub(super) fn on_requested(&mut self, context: &mut Context, action: RecordAction, name: &str, outcome: &Outcome) {
        if !self.requests.is_empty()
            && let Some(id) = self.requests.remove(&key(action, name))
        {
            self.settle_question(context, *id, outcome);
        }
    }

    /// The server has told everybody, or will not. Says whether that was asked for here.
    pub(super) fn on_notified(&mut self, context: &mut Context, message: &Message<'_>, outcome: &Outcome) -> bool {
        let Some((id, _)) = self.answered(message).filter(|(_, it)| it.action == RecordAction::Notify) else {
            return false;
        };
        self.settle_question(context, id, outcome);
        true
    }

    fn settle_question(&mut self, context: &mut Context, id: u32, outcome: &Outcome) {
        if let Some(Awaited::Answer(mut question)) = self.asked.answer(id).map(|it| *it) {
            context.settle_all(&mut question.tickets, outcome);
        }
    }

    /// The deadline of something has come.
    pub(super) fn on_due(&mut self, context: &mut Context, id: u32) {
        match self.asked.get(id) {
            // The session has just ended.
            Some(Awaited::Record(_) | Awaited::Answer(_)) if context.session.is_none() => {}
            Some(Awaited::Record(name)) => {
                let name = name.clone();
                if self.entries.get(&name).is_some_and(Entry::is_awaiting) {
                    self.on_overdue(context, &name);
                }
            }
            Some(Awaited::Answer(Question { action, names, tickets, .. })) => {
                if tickets.is_empty() {
                    return context.report(ClientError::ack_timeout(Topic::Record, names.clone()));
                }
                let name = names.first().cloned().unwrap_or_default();
                self.requests.remove(&key(*action, &name));
                self.settle_question(context, id, &Err(failure(RecordFailure::Timeout, &name)));
            }
            _ => match self.asked.answer(id).map(|it| *it) {
                Some(Awaited::Discard(name)) => self.let_go_if_due(context, &name),
                Some(Awaited::Lookup(_)) if context.session.is_some() => self.schedule(context),
                Some(Awaited::Lookup(name)) => self.refuse_to_wait(context, &name),
                Some(Awaited::Save) => self.save_unsaved(context),
                _ => {}
            },
        }
    }
}

fn key(action: RecordAction, name: &str) -> Box<str> {
    [action.name(), " ", name].concat().into()
}
