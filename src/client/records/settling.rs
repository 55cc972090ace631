//! What becomes of one record when the server has something else than was thought.

use super::{
    conflict::{tell_conflict, write_lost},
    entry::{Entry, Remote},
    fail,
    stage::InFlight,
    stored::push_edits,
};
use crate::client::{
    context::Context,
    io::Strategy,
    record::{Document, Side, merge},
};

impl Entry {
    /// Whether the server has what is on its way, whose answer may have been lost: making it again would change nothing.
    pub fn has_arrived(&mut self, remote: &Remote) -> bool {
        let sent = self.in_flight.writes();
        let InFlight::Guessed(_) = self.in_flight else { return sent > 0 && self.is_contained(sent, &remote.document) };
        let arrived = (1..=sent).rev().find(|writes| self.is_contained(*writes, &remote.document));
        self.in_flight = InFlight::Guessed(arrived.unwrap_or(sent));
        arrived.is_some()
    }

    /// Whether making the first so many pending writes to a document would change nothing.
    fn is_contained(&self, writes: usize, document: &Document) -> bool {
        let changed = self.pending.made_to(document.clone(), writes);
        changed.is_some_and(|changed| changed.is_equal(document))
    }

    /// Settles that the server has `remote` while writes are pending that were made to something else, and tells what is lost.
    /// Says whether that was for this client to settle: if not, the application must be asked.
    pub fn settle_conflict(&mut self, context: &mut Context, name: &str, remote: &Remote) -> bool {
        if self.pending.is_deletion() {
            return self.settle_deletion(context, name, remote);
        }
        if self.is_contained(self.pending.len(), &remote.document) {
            self.on_found(context, usize::MAX);
            self.load(context, remote.clone());
            return true;
        }
        let (document, is_lost) = match self.strategy {
            Strategy::RemoteWins => (remote.document.clone(), true),
            Strategy::LocalWins => (self.view.clone(), true),
            Strategy::ThreeWay(side) => {
                let base = self.base.get_or_insert_default();
                let merged = merge(base.value(), self.view.value(), remote.document.value(), side);
                // What merges make is JSON.
                let document = Document::parse(&merged.text).unwrap_or_else(|_| remote.document.clone());
                (document, merged.has_conflict)
            }
            Strategy::Custom => return false,
        };
        if is_lost {
            self.tell_lost(context, name, &document, remote);
            tell_conflict(context, name, Some(self.view.to_text()), &remote.document);
        }
        self.resolve(context, name, (remote.clone(), document), usize::MAX);
        true
    }

    /// The same for a record that was to be deleted, and that another client has written to.
    fn settle_deletion(&mut self, context: &mut Context, name: &str, remote: &Remote) -> bool {
        let is_wanted = matches!(self.strategy, Strategy::LocalWins | Strategy::ThreeWay(Side::Local))
            || self.is_to_be_deleted(remote);
        let version = self.version;
        self.load(context, remote.clone());
        if !is_wanted && self.strategy != Strategy::Custom {
            let deletion = self.take_deletion(context);
            fail(context, name, &mut [deletion], &write_lost(name, version, None, remote));
            tell_conflict(context, name, None, &remote.document);
        }
        is_wanted || self.strategy != Strategy::Custom
    }

    /// Tells that writes are lost of which the document does not have what became of them here.
    fn tell_lost(&mut self, context: &mut Context, name: &str, document: &Document, remote: &Remote) {
        let mut document = document.clone();
        let (mut edits, mut asked) = (String::new(), Vec::new());
        for write in self.pending.iter_mut() {
            if write.is_lost_in(&mut document, &mut self.view) {
                push_edits(&mut edits, &write.edits);
                asked.push(std::mem::take(&mut write.op.receipts));
            }
        }
        if !asked.is_empty() {
            let edits = Some(["[", &edits, "]"].concat().into());
            fail(context, name, &mut asked, &write_lost(name, self.version, edits, remote));
        }
    }

    /// The server has `remote`, and the record is to be `document` in place of what the first so many pending writes made of it.
    pub fn resolve(
        &mut self,
        context: &mut Context,
        name: &str,
        (remote, document): (Remote, Document),
        writes: usize,
    ) {
        if document.is_equal(&remote.document) {
            self.on_found(context, writes);
            self.load(context, remote);
        } else {
            self.begin_change();
            self.view = document;
            self.rewrite(context, name, remote, writes);
        }
    }

    /// Keeps the view, to be written over what the server has, in place of the first so many pending writes.
    pub fn rewrite(&mut self, context: &mut Context, name: &str, remote: Remote, writes: usize) {
        self.in_flight = InFlight::Nothing;
        let writes = writes.min(self.pending.len());
        self.pending.replace(context, (name, Some(remote.version)), 0..writes, &self.view);
        self.load(context, remote);
    }
}
