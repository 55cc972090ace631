//! What becomes of one record when the server has something else than was thought.

use super::{
    entry::{Entry, Impossible, Remote, tickets_of},
    stage::Fate,
    write::Edit,
};
use crate::client::{
    context::Context,
    io::{Strategy, Ticket},
    record::{Document, Side, merge},
};

/// What became of a conflict.
#[derive(Debug, Default)]
pub struct Settled {
    /// Who wrote what the server has already.
    pub confirmed: Vec<Ticket>,
    /// What is lost.
    pub lost: Lost,
    /// What was here, as JSON text, if something of one side is lost.
    pub local: Option<Box<str>>,
    /// Whether the application must be asked.
    pub ask: bool,
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

    /// Settles that the server has `remote` while writes are pending that were made to something else.
    pub fn settle_conflict(&mut self, context: &mut Context<'_>, name: &str, remote: Remote) -> Settled {
        self.in_flight = None;
        if self.is_contained(self.pending.len(), &remote.document) {
            let confirmed = self.take_tickets(context);
            self.adopt(remote);
            return Settled { confirmed, ..Settled::default() };
        }
        match self.strategy {
            Strategy::RemoteWins => {
                let local = Some(self.view.value().text().into());
                let lost = self.take_lost(&remote.document);
                let confirmed = self.take_tickets(context);
                self.adopt(remote);
                Settled { confirmed, lost, local, ask: false }
            }
            Strategy::LocalWins => {
                let local = Some(self.view.value().text().into());
                self.rewrite(context, name, remote, usize::MAX);
                Settled { local, ..Settled::default() }
            }
            Strategy::ThreeWay(side) => self.merge(context, name, remote, side),
            Strategy::Custom => Settled { ask: true, ..Settled::default() },
        }
    }

    fn merge(&mut self, context: &mut Context<'_>, name: &str, remote: Remote, side: Side) -> Settled {
        let base = self.base.get_or_insert_default();
        let merged = merge(base.value(), self.view.value(), remote.document.value(), side);
        // What merges make is JSON.
        let document = Document::parse(&merged.text).unwrap_or_else(|_| remote.document.clone());
        let mut settled = Settled::default();
        if merged.has_conflict {
            settled.local = Some(self.view.value().text().into());
            settled.lost = self.take_lost(&document);
        }
        let writes = self.pending.len();
        settled.confirmed = self.resolve(context, name, (remote, document), writes).0;
        settled
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
    /// Returns who wrote what the server has already, and what cannot be made any more.
    pub fn resolve(
        &mut self,
        context: &mut Context<'_>,
        name: &str,
        (remote, document): (Remote, Document),
        writes: usize,
    ) -> (Vec<Ticket>, Impossible) {
        self.in_flight = None;
        let is_remote = document.value().is_equal(&remote.document.value());
        self.view = document;
        if is_remote {
            let confirmed = tickets_of(self.pending.remove_first(context, writes));
            self.version = Some(remote.version);
            self.base = Some(remote.document);
            (confirmed, self.replay(context, 0))
        } else {
            self.rewrite(context, name, remote, writes);
            (Vec::new(), self.replay(context, 1))
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
