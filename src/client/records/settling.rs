//! What becomes of one record when the server has something else than was thought.

use super::{
    entry::{Entry, Impossible, Remote},
    stage::Fate,
    write::{Edit, Watch, Write},
};
use crate::client::{
    io::{Strategy, Ticket},
    record::{Document, Path, Side, merge},
};

/// What became of a conflict.
#[derive(Debug, Default)]
pub struct Settled {
    /// Who wrote what the server has already.
    pub confirmed: Vec<Ticket>,
    /// Who wrote what is lost.
    pub lost: Vec<Ticket>,
    /// Whether something is lost that was written without waiting for the outcome.
    pub is_untold: bool,
    /// What was here, as JSON text, if something of one side is lost.
    pub local: Option<Box<str>>,
    /// Whether the application must be asked.
    pub ask: bool,
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
        let mut writes = self.pending.iter().take(writes).cloned();
        writes.all(|mut write| write.apply(&mut changed, &mut Watch::new(&[])).is_ok())
            && changed.value().is_equal(&document.value())
    }

    /// Settles that the server has `remote` while writes are pending that were made to something else.
    pub fn settle_conflict(&mut self, remote: Remote) -> Settled {
        self.in_flight = None;
        if self.is_contained(self.pending.len(), &remote.document) {
            let confirmed = self.take_tickets();
            self.adopt(remote);
            return Settled { confirmed, ..Settled::default() };
        }
        match self.strategy {
            Strategy::RemoteWins => {
                let local = Some(self.view.value().text().into());
                let (lost, is_untold) = self.take_lost(&remote.document);
                let confirmed = self.take_tickets();
                self.adopt(remote);
                Settled { confirmed, lost, is_untold, local, ask: false }
            }
            Strategy::LocalWins => {
                let local = Some(self.view.value().text().into());
                self.rewrite(remote);
                Settled { local, ..Settled::default() }
            }
            Strategy::ThreeWay(side) => self.merge(remote, side),
            Strategy::Custom => Settled { ask: true, ..Settled::default() },
        }
    }

    fn merge(&mut self, remote: Remote, side: Side) -> Settled {
        let base = self.base.get_or_insert_default();
        let merged = merge(base.value(), self.view.value(), remote.document.value(), side);
        // What merges make is JSON.
        let document = Document::parse(&merged.text).unwrap_or_else(|_| remote.document.clone());
        let mut settled = Settled::default();
        if merged.has_conflict {
            settled.local = Some(self.view.value().text().into());
            (settled.lost, settled.is_untold) = self.take_lost(&document);
        }
        let writes = self.pending.len();
        settled.confirmed = self.resolve(remote, document, writes).0;
        settled
    }

    /// Takes the tickets of the writes of which the document does not have what became of them here, and says whether one
    /// of these writes had none.
    fn take_lost(&mut self, document: &Document) -> (Vec<Ticket>, bool) {
        let mut document = document.clone();
        let (mut lost, mut is_untold) = (Vec::new(), false);
        for write in &mut self.pending {
            if write.is_lost_in(&mut document, &mut self.view) {
                is_untold |= write.tickets.is_empty();
                lost.append(&mut write.tickets);
            }
        }
        (lost, is_untold)
    }

    /// The record is to be `document` in place of what the first so many pending writes made of it, and the server has
    /// `remote`. Returns who wrote what the server has already, and what cannot be made any more.
    pub fn resolve(&mut self, remote: Remote, document: Document, writes: usize) -> (Vec<Ticket>, Impossible) {
        let later = self.pending.split_off(writes.min(self.pending.len()));
        let is_remote = document.value().is_equal(&remote.document.value());
        self.view = document;
        let confirmed = if is_remote {
            let tickets = self.take_tickets();
            self.version = Some(remote.version);
            self.base = Some(remote.document);
            tickets
        } else {
            self.rewrite(remote);
            Vec::new()
        };
        (confirmed, self.replay(later))
    }

    /// Keeps the view, to be written over what the server has.
    pub fn rewrite(&mut self, remote: Remote) {
        let created_ms = self.pending.back().map_or(0, |write| write.created_ms);
        let tickets = self.take_tickets();
        self.version = Some(remote.version);
        self.base = Some(remote.document);
        self.pending.extend(whole(&self.view, tickets, created_ms));
    }
}

/// One write of all that can be seen.
pub(super) fn whole(view: &Document, tickets: Vec<Ticket>, created_ms: u64) -> Option<Write> {
    let edit = Edit::new(Path::parse("").ok()?, Some(view.value().text().into()));
    Some(Write { edits: vec![edit], tickets, created_ms, kept_as: None })
}
