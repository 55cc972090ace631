//! What becomes of one record when the server has something else than was thought.

use super::{
    conflict::report_lost,
    entry::{Entry, Impossible, Remote, tickets_of},
    stage::Fate,
    write::Edit,
};
use crate::client::{
    context::Context,
    io::{Strategy, Ticket},
    record::{Document, merge},
};

/// What became of a conflict.
#[derive(Debug)]
pub enum Settled {
    /// Nothing is lost.
    Kept,
    /// Something of one side is lost. This was here, as JSON text.
    Lost(Box<str>),
    /// The application must be asked.
    Ask,
}

/// Writes that are lost.
#[derive(Debug, Default)]
pub struct Lost {
    pub edits: Vec<Edit>,
    /// Who waits for their outcome.
    pub tickets: Vec<Ticket>,
    /// Whether nobody waits for that of one of them.
    pub is_untold: bool,
}

impl Entry {
    /// Whether the server has what is on its way, whose answer may have been lost: making it again would change nothing.
    pub fn has_arrived(&mut self, remote: &Remote) -> bool {
        let Some(in_flight) = &self.in_flight else { return false };
        let least = if matches!(in_flight.fate, Fate::Guessed) { 1 } else { in_flight.writes };
        let arrived = (least..=in_flight.writes).rev().find(|writes| self.is_contained(*writes, &remote.document));
        if let (Some(writes), Some(in_flight)) = (arrived, &mut self.in_flight) {
            in_flight.writes = writes;
        }
        arrived.is_some()
    }

    /// Whether making the first so many pending writes to a document would change nothing.
    fn is_contained(&self, writes: usize, document: &Document) -> bool {
        let mut changed = document.clone();
        let mut writes = self.pending.iter().take(writes);
        writes.all(|write| write.apply_to_copy(&mut changed).is_ok()) && changed.value().is_equal(&document.value())
    }

    /// Settles that the server has `remote` while writes are pending that were made to something else. Tells who waits for
    /// them.
    pub fn settle_conflict(&mut self, context: &mut Context<'_>, name: &str, remote: &Remote) -> Settled {
        self.in_flight = None;
        if self.is_contained(self.pending.len(), &remote.document) {
            self.confirm_all(context);
            self.adopt(remote.clone());
            return Settled::Kept;
        }
        let (version, local) = (self.version, self.view.value().text().into());
        let (document, is_lost) = match self.strategy {
            Strategy::RemoteWins => (remote.document.clone(), true),
            Strategy::LocalWins => {
                self.rewrite(context, name, remote.clone(), usize::MAX);
                return Settled::Lost(local);
            }
            Strategy::ThreeWay(side) => {
                let base = self.base.get_or_insert_default();
                let merged = merge(base.value(), self.view.value(), remote.document.value(), side);
                // What merges make is JSON.
                let document = Document::parse(&merged.text).unwrap_or_else(|_| remote.document.clone());
                (document, merged.has_conflict)
            }
            Strategy::Custom => return Settled::Ask,
        };
        let lost = if is_lost { self.take_lost(&document) } else { Lost::default() };
        self.resolve(context, name, (remote.clone(), document), usize::MAX);
        report_lost(context, name, lost, (version, remote));
        if is_lost { Settled::Lost(local) } else { Settled::Kept }
    }

    /// The writes of which the document does not have what became of them here. Nobody waits for them any more.
    fn take_lost(&mut self, document: &Document) -> Lost {
        let (mut document, mut lost) = (document.clone(), Lost::default());
        for write in self.pending.iter_mut() {
            if write.is_lost_in(&mut document, &mut self.view) {
                lost.edits.extend_from_slice(&write.edits);
                lost.is_untold |= write.op.receipts.is_empty();
                lost.tickets.append(&mut write.op.receipts);
            }
        }
        lost
    }

    /// The server has `remote`, and the record is to be `document` in place of what the first so many pending writes made of it.
    /// Tells who wrote what the server has already, and returns what cannot be made any more.
    pub fn resolve(
        &mut self,
        context: &mut Context<'_>,
        name: &str,
        (remote, document): (Remote, Document),
        writes: usize,
    ) -> Impossible {
        self.in_flight = None;
        let is_remote = document.value().is_equal(&remote.document.value());
        self.view = document;
        if is_remote {
            let mut confirmed = tickets_of(self.pending.remove_first(context, writes));
            context.settle_all(&mut confirmed, &Ok(None));
            self.version = Some(remote.version);
            self.base = Some(remote.document);
            self.replay(context, 0)
        } else {
            self.rewrite(context, name, remote, writes);
            self.replay(context, 1)
        }
    }

    /// Keeps the view, to be written over what the server has, in place of the first so many pending writes.
    pub fn rewrite(&mut self, context: &mut Context<'_>, name: &str, remote: Remote, writes: usize) {
        self.in_flight = None;
        self.version = Some(remote.version);
        self.base = Some(remote.document);
        let writes = writes.min(self.pending.len());
        self.pending.replace(context, (name, self.version), 0..writes, &self.view);
    }
}
