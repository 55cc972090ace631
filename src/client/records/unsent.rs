//! What the outbox keeps of records: it looks after every step what is unsent, and gives back what an earlier page could not
//! send.

use std::collections::VecDeque;

use super::{
    Edit, Records, Remote, Stage, Write,
    cache::Source,
    conflict::report_impossible,
    entry::{Deletion, Entry, Holders, Impossible},
    force::Forced,
    settle_ready,
    stage::{Fate, InFlight},
    stored::base_text,
    tell,
};
use crate::client::{
    context::Context,
    error::ClientError,
    io::{RecordNews, Strategy, Ticket},
    record::Document,
};

/// The writes to one record that the server has not confirmed.
#[derive(Debug)]
pub struct Unsent<'a>(&'a mut Entry);

/// One of them, or a deletion.
#[derive(Clone, Copy, Debug)]
pub struct Unkept<'a> {
    /// The number under which the outbox keeps it, if it does.
    pub kept_as: Option<u64>,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: u64,
    /// `None` for a deletion.
    pub edits: Option<&'a [Edit]>,
}

/// Writes to one record that an earlier page could not send, or that are of a user who has logged in again.
#[derive(Debug)]
pub struct Draft {
    /// The record.
    pub name: Box<str>,
    /// The version that they were made to; `None` for whatever the server has.
    pub version: Option<i32>,
    /// The data of that version; without it they are made to whatever the server has.
    pub document: Option<Document>,
    /// In order.
    pub writes: Vec<Write>,
    /// The number of the wish to delete the record, which leaves no writes.
    pub deletion: Option<u64>,
}

impl Unsent<'_> {
    /// The version that they were made to; `None` if the record never was loaded.
    pub const fn version(&self) -> Option<i32> {
        self.0.version
    }

    /// Calls `keep` for each, in order. What it returns is the number under which that is kept from now on.
    pub fn keep_each(&mut self, keep: &mut dyn FnMut(Unkept<'_>) -> u64) {
        if let Some(deletion) = &mut self.0.deletion {
            let Deletion { kept_as, created_ms, .. } = *deletion;
            deletion.kept_as = Some(keep(Unkept { kept_as, created_ms, edits: None }));
        }
        for write in &mut self.0.pending {
            let Write { kept_as, created_ms, .. } = *write;
            write.kept_as = Some(keep(Unkept { kept_as, created_ms, edits: Some(&write.edits) }));
        }
    }

    /// What they were made to, for storage: see [`base_text`].
    pub fn base_text(&mut self, first: u64, has_data: bool) -> Box<str> {
        let version = self.0.version;
        base_text(version, first, has_data.then(|| &*self.0.base()))
    }
}

impl Records {
    /// Something may be unsent of a record, or no longer be.
    pub(super) fn touch(&mut self, name: &str) {
        if self.touched.last().is_none_or(|last| **last != *name) {
            self.touched.push(name.into());
        }
    }

    /// What follows may settle what is unsent of a record.
    pub(super) fn touch_if_unsent(&mut self, name: &str) {
        if self.entries.get(name).is_some_and(Entry::has_unsent) {
            self.touch(name);
        }
    }

    /// What follows may settle what is unsent of any record.
    pub fn touch_all(&mut self) {
        let mut unsent = self.unsent_names();
        self.touched.append(&mut unsent);
    }

    /// The records of which something is unsent.
    pub(super) fn unsent_names(&mut self) -> Vec<Box<str>> {
        let mut names = Vec::new();
        self.entries.for_each(|name, entry| {
            if entry.has_unsent() {
                names.push(name.into());
            }
        });
        names
    }

    /// The records of which something may be unsent that was not before, or no longer is.
    pub fn take_touched(&mut self) -> Vec<Box<str>> {
        std::mem::take(&mut self.touched)
    }

    /// The numbers under which the outbox keeps writes that the server has confirmed since this was asked last.
    pub fn take_confirmed(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.confirmed)
    }

    /// What is unsent of a record.
    pub fn unsent(&mut self, name: &str) -> Option<Unsent<'_>> {
        self.entries.get_mut(name).filter(|entry| entry.has_unsent()).map(Unsent)
    }

    /// Whether what is sent next must be in storage before.
    pub const fn has_folded(&self) -> bool {
        !self.folded.is_empty()
    }

    /// Storage has what is unsent, and what earlier pages have left is here: new writes may follow.
    pub fn start_writing(&mut self, context: &mut Context<'_>) {
        for name in std::mem::take(&mut self.folded) {
            self.proceed(context, &name);
        }
        if std::mem::replace(&mut self.may_write, true) {
            return;
        }
        if !std::mem::take(&mut self.held_back).is_empty() {
            self.schedule(context);
        }
        for name in self.unsent_names() {
            self.proceed(context, &name);
        }
    }

    /// What is asked for past a record comes before the record.
    pub fn hold_back(&mut self, context: &Context<'_>, name: &str) {
        if context.session.is_some() && !self.may_write {
            self.held_back.get_or_insert_with(name, || ());
        }
    }

    /// Whether a record is to be deleted that is open: writes past it must wait.
    pub fn is_deleting(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.deletion.is_some())
    }

    /// Whether something may be unsent of some record that was not before, or no longer is.
    pub const fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Sends a write to a record that is not open. Says whether it was sent: not if it is too long.
    pub fn force(&mut self, context: &mut Context<'_>, write: Forced<'_>) -> bool {
        let correlation_id = self.correlation_id();
        self.wake_for_answer(context);
        let name = write.name;
        let Some(is_deletion) = self.forced.send(context, correlation_id, write) else { return false };
        if let Some(entry) = self.entries.get_mut(name).filter(|entry| is_deletion && entry.is_subscribed()) {
            // An earlier page has asked for that, and the record is open here.
            entry.session.is_deletion_owed = true;
        }
        true
    }

    /// The writes to records that are not open that were answered since this was asked last, with what went wrong.
    pub fn take_settled(&mut self) -> Vec<(u64, Option<ClientError>)> {
        self.forced.take_settled()
    }

    /// Whether writes of an earlier page can become part of a record now, made to a version, with or without its data.
    pub fn takes(&self, name: &str, version: Option<i32>, has_data: bool, is_deletion: bool) -> bool {
        self.entries.get(name).is_none_or(|entry| entry.takes(version, has_data, is_deletion))
    }

    /// Makes the writes that an earlier page could not send part of a record that [takes](Self::takes) them, before those of
    /// this one.
    pub fn restore(&mut self, context: &mut Context<'_>, draft: Draft) {
        let name = draft.name.clone();
        let is_open = self.entries.contains(&name);
        let entry = self.entries.get_or_insert_with(&name, || Entry::new(Strategy::RemoteWins));
        if !is_open {
            // It is let go of when everything was sent.
            let discard_at = context.now.after_ms(context.options.record_discard_timeout_ms);
            entry.holders = Holders::None { discard_at, is_told: true };
            tell(context, &name, RecordNews::Restored);
        }
        let mut before = entry.view.clone();
        let was_ready = entry.is_ready();
        let is_synced = entry.stage.is_synced();
        let is_blind = draft.document.is_none();
        let (impossible, present) = entry.restore(draft);
        entry.stored.is_written_blindly |= is_blind && context.session.is_none();
        if entry.is_ready() && !was_ready {
            entry.stored.source = Source::Storage;
            tell(context, &name, RecordNews::Ready);
            settle_ready(context, entry);
        }
        self.tell_changes(context, &name, &mut before);
        report_impossible(context, &name, impossible);
        self.touch(&name);
        match present {
            Some(present) if is_synced => self.on_remote(context, &name, present),
            _ => self.proceed(context, &name),
        }
        if !is_open && context.session.is_some() {
            self.schedule(context);
        }
    }

    /// Takes back the write that is kept under this number: what is seen is as if it had not been made. Returns who waits for
    /// it.
    pub fn take_out(&mut self, context: &mut Context<'_>, name: &str, number: u64) -> Vec<Ticket> {
        let Some(entry) = self.entries.get_mut(name) else { return Vec::new() };
        let mut before = entry.view.clone();
        let was_asked = matches!(entry.stage, Stage::Merging(_));
        let is_settled = was_asked || matches!(entry.stage, Stage::Synced { .. } | Stage::Waiting { .. });
        let Some(TakenOut { tickets, was_sent, impossible }) = entry.take_out(number) else { return Vec::new() };
        self.tell_changes(context, name, &mut before);
        report_impossible(context, name, impossible);
        self.touch(name);
        if is_settled && (was_sent || was_asked) {
            // What the server has now is for it to say.
            self.ask_for_data(context, name);
        } else {
            self.proceed(context, name);
        }
        tickets
    }
}

/// A write that was taken back.
struct TakenOut {
    tickets: Vec<Ticket>,
    /// Whether it may be on its way.
    was_sent: bool,
    /// What cannot be made without it.
    impossible: Impossible,
}

impl Entry {
    /// Whether the server has not confirmed something.
    pub fn has_unsent(&self) -> bool {
        !self.pending.is_empty() || self.deletion.is_some()
    }

    /// Whether writes of an earlier page can become part of this now.
    fn takes(&self, version: Option<i32>, has_data: bool, is_deletion: bool) -> bool {
        let is_in_doubt =
            matches!(self.stage, Stage::Merging(_) | Stage::Deleting { .. } | Stage::Denied | Stage::Waiting { .. });
        let is_free = self.in_flight.as_ref().is_none_or(|it| matches!(it.fate, Fate::Guessed))
            && self.deletion.is_none()
            && !is_in_doubt;
        let is_same = self.version.is_none() || self.version == version || !has_data;
        let is_possible = if is_deletion {
            // Without its data, it is the version that tells whether the record is the one to be deleted.
            self.pending.is_empty() && (self.version.is_some() || has_data)
        } else {
            self.pending.is_empty() || is_same
        };
        is_free && is_possible
    }

    /// Makes the writes of an earlier page before those that are here. Returns those that cannot be made, and what the server
    /// has as far as is known.
    fn restore(&mut self, draft: Draft) -> (Impossible, Option<Remote>) {
        let present = self.version.map(|version| Remote { version, document: self.base().clone() });
        let own = std::mem::take(&mut self.pending);
        let document = draft.document.or_else(|| draft.deletion.map(|_| Document::default()));
        let base = match (self.version, document) {
            (Some(version), Some(document)) if draft.version != Some(version) => {
                self.version = draft.version;
                document
            }
            (None, Some(document)) => {
                self.version = draft.version;
                document
            }
            _ => self.base().clone(),
        };
        self.view = base.clone();
        self.base = Some(base);
        if let Some(number) = draft.deletion {
            self.base = None;
            self.deletion = Some(Deletion { kept_as: Some(number), ..Deletion::default() });
            return (Vec::new(), present);
        }
        let impossible = self.replay(in_order(draft.writes, own));
        // The page that made them may have sent some.
        let writes = self.pending.len();
        self.in_flight = (writes > 0).then(|| InFlight::guess(writes));
        (impossible, present)
    }

    fn take_out(&mut self, number: u64) -> Option<TakenOut> {
        if let Some(deletion) = self.deletion.take_if(|deletion| deletion.kept_as == Some(number)) {
            let (tickets, was_sent) = (deletion.tickets, matches!(self.stage, Stage::Deleting { .. }));
            return Some(TakenOut { tickets, was_sent, impossible: Vec::new() });
        }
        let position = self.pending.iter().position(|write| write.kept_as == Some(number))?;
        let tickets = self.pending.remove(position)?.tickets;
        let was_sent = self.in_flight.as_ref().is_some_and(|in_flight| position < in_flight.writes);
        if was_sent || self.stage.take_contested().is_some() {
            self.in_flight = None;
        }
        if let Some(base) = &self.base {
            self.view = base.clone();
        }
        let left = std::mem::take(&mut self.pending);
        let impossible = self.replay(left);
        Some(TakenOut { tickets, was_sent, impossible })
    }
}

/// The writes of an earlier page and those of this one in the order in which they were made.
fn in_order(earlier: Vec<Write>, own: VecDeque<Write>) -> VecDeque<Write> {
    let mut writes = VecDeque::new();
    let mut own = own.into_iter().peekable();
    for write in earlier {
        while let Some(first) = own.next_if(|own| own.created_ms < write.created_ms) {
            writes.push_back(first);
        }
        writes.push_back(write);
    }
    writes.extend(own);
    writes
}
