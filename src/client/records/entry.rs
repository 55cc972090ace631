//! One record that is open: what the server has, what was written here since, and what the application sees.

use std::collections::VecDeque;

use super::write::{Edit, Watch, Write};
use crate::client::{
    io::Ticket,
    limits::RECORD_MAX_WRITES,
    record::{Document, EditError, Path, Side, merge},
    time::Instant,
};

/// How to settle it when this client and another one have written to the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// What the server has; what was written here is lost, and reported.
    RemoteWins,
    /// What is here, as a whole.
    LocalWins,
    /// Both sides' changes since the last common version; where both changed the same, the given side's.
    ThreeWay(Side),
    /// The application is asked.
    Custom,
}

/// Where a record stands in the session of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The server was not asked yet.
    Unknown,
    /// The server was asked for the record, which it makes if there is none.
    Loading,
    /// The server was asked for the version.
    Checking,
    /// The server was asked for the data.
    Reading,
    /// The data of `base` is what the server has, as far as is known.
    Synced,
    /// The application was asked how to settle a conflict.
    Merging,
    /// The server was asked to delete it.
    Deleting,
    /// The server refuses it.
    Denied,
}

/// A message with writes, on its way.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// Tells its answer from others.
    pub correlation_id: u32,
    /// How many of the first pending writes it carries.
    pub writes: usize,
    /// Whether the session in which it was sent is over, so that no answer will come.
    pub is_cut_off: bool,
    /// When to stop waiting for the answer.
    pub deadline: Instant,
}

/// A wish to delete the record.
#[derive(Debug, Default)]
pub struct Deletion {
    pub tickets: Vec<Ticket>,
}

/// A path at which somebody listens and has not heard of the value there; `None` for `undefined`.
pub type Difference = (Box<str>, Option<Box<str>>);

/// What the server has.
#[derive(Clone, Debug)]
pub struct Remote {
    pub version: i32,
    pub document: Document,
}

/// One record that is open.
#[derive(Debug)]
pub struct Entry {
    /// How many handles the application holds.
    pub usages: u32,
    pub phase: Phase,
    /// When to stop waiting for the answer of the phase.
    pub deadline: Option<Instant>,
    /// When to let go of it, since there are no handles left.
    pub discard_at: Option<Instant>,
    /// The version that the server has; `None` if it never was loaded.
    pub version: Option<i32>,
    /// What the application sees.
    pub view: Document,
    /// What the server has, where that differs from the view.
    base: Option<Document>,
    pub pending: VecDeque<Write>,
    pub in_flight: Option<InFlight>,
    pub deletion: Option<Deletion>,
    pub strategy: Strategy,
    pub has_provider: bool,
    /// Who waits for it to be ready.
    pub ready_tickets: Vec<Ticket>,
    /// The paths at which somebody listens.
    pub watched: Vec<Path>,
    /// What a conflict is to be settled with, while the application is asked.
    pub contested: Option<(u32, Option<Remote>)>,
}

/// What became of a conflict.
#[derive(Debug)]
pub enum Settled {
    /// There was none: the server has what was written already.
    Confirmed(Vec<Ticket>),
    /// What was written here is lost.
    Lost { tickets: Vec<Ticket>, local: Box<str> },
    /// The view is to be written over what the server has; `local` if something of it is lost.
    Rewritten { local: Option<Box<str>> },
    /// The application must be asked.
    Ask { local: Box<str> },
}

impl Entry {
    /// A record that nobody has asked the server for.
    pub fn new(strategy: Strategy) -> Self {
        Self {
            usages: 0,
            phase: Phase::Unknown,
            deadline: None,
            discard_at: None,
            version: None,
            view: Document::default(),
            base: None,
            pending: VecDeque::new(),
            in_flight: None,
            deletion: None,
            strategy,
            has_provider: false,
            ready_tickets: Vec::new(),
            watched: Vec::new(),
            contested: None,
        }
    }

    /// Whether its data is that of the server, or was.
    pub const fn is_ready(&self) -> bool {
        self.version.is_some()
    }

    /// The version that the application sees: what is on its way counts.
    pub fn visible_version(&self) -> Option<i32> {
        let ahead = i32::from(!self.pending.is_empty());
        self.version.map(|version| version.saturating_add(ahead))
    }

    /// Whether this is what the server was thought to have.
    pub fn is_as_known(&mut self, remote: &Remote) -> bool {
        self.version == Some(remote.version) && self.base().value().is_equal(&remote.document.value())
    }

    /// What the server has.
    pub fn base(&mut self) -> &mut Document {
        self.base.as_mut().unwrap_or(&mut self.view)
    }

    /// Makes the changes of a write and keeps it until the server has it. Gives back the tickets of a write that changes
    /// nothing.
    ///
    /// # Errors
    /// The first change that cannot be made; then none is.
    pub fn write(&mut self, mut write: Write) -> Result<(Vec<Difference>, Vec<Ticket>), EditError> {
        let before = (self.base.is_none() || write.edits.len() > 1).then(|| self.view.clone());
        let mut watch = Watch::new(&self.watched);
        let applied = write.apply(&mut self.view, &mut watch);
        let (is_different, seen) = (watch.is_different, watch.seen);
        if let Err(error) = applied {
            if write.edits.len() > 1
                && let Some(before) = before
            {
                self.view = before;
            }
            return Err(error);
        }
        if !is_different && self.pending.is_empty() && self.is_ready() {
            return Ok((Vec::new(), write.tickets));
        }
        if self.base.is_none() {
            self.base = before;
        }
        let first_free = self.in_flight.as_ref().map_or(0, |in_flight| in_flight.writes);
        if self.pending.len() > first_free
            && let Some(last) = self.pending.back_mut()
            && last.is_overwritten_by(&write)
        {
            write.tickets.splice(..0, std::mem::take(&mut last.tickets));
            *last = write;
        } else {
            self.pending.push_back(write);
            self.fold_if_too_many(first_free);
        }
        Ok((self.values_at(&seen), Vec::new()))
    }

    fn values_at(&mut self, positions: &[usize]) -> Vec<Difference> {
        let watched = positions.iter().filter_map(|position| self.watched.get(*position));
        watched.map(|path| (path.text().into(), self.view.get(path).map(|value| value.text().into()))).collect()
    }

    /// Many small writes become one of the whole record.
    fn fold_if_too_many(&mut self, first_free: usize) {
        if self.pending.len() - first_free <= RECORD_MAX_WRITES {
            return;
        }
        let writes: Vec<_> = self.pending.drain(first_free..).collect();
        self.pending.extend(whole(&self.view, writes.into_iter().flat_map(|write| write.tickets).collect()));
    }

    /// The server has the writes that are on their way. Returns who waits for that.
    pub fn confirm(&mut self) -> Vec<Ticket> {
        let Some(in_flight) = self.in_flight.take() else { return Vec::new() };
        let mut tickets = Vec::new();
        for mut write in self.pending.drain(..in_flight.writes.min(self.pending.len())) {
            if let Some(base) = &mut self.base {
                // It could be made to the view, which was the same then.
                let _ = write.apply(base, &mut Watch::new(&[]));
            }
            tickets.append(&mut write.tickets);
        }
        self.version = self.version.map(|version| version.saturating_add(1));
        self.settle_down();
        tickets
    }

    /// The server refuses the writes that are on their way: the view is as if they had not been made.
    pub fn reject(&mut self) -> Vec<Ticket> {
        let Some(in_flight) = self.in_flight.take() else { return Vec::new() };
        let rejected: Vec<_> = self.pending.drain(..in_flight.writes.min(self.pending.len())).collect();
        if let Some(base) = &self.base {
            self.view = base.clone();
        }
        self.replay();
        rejected.into_iter().flat_map(|write| write.tickets).collect()
    }

    /// Makes the pending changes to the view; drops those that cannot be made any more.
    fn replay(&mut self) {
        let view = &mut self.view;
        self.pending.retain_mut(|write| write.apply(view, &mut Watch::new(&[])).is_ok());
        self.settle_down();
    }

    fn settle_down(&mut self) {
        if self.pending.is_empty() {
            self.base = None;
        }
    }

    /// The server has something else, and nothing waits to be written.
    pub fn adopt(&mut self, remote: Remote) {
        self.version = Some(remote.version);
        self.view = remote.document;
        self.base = None;
    }

    /// The first data that the server gives. What was written before goes on top of it.
    pub fn load(&mut self, remote: Remote) {
        let writes = std::mem::take(&mut self.pending);
        self.adopt(remote);
        if !writes.is_empty() {
            self.base = Some(self.view.clone());
            self.pending = writes;
            self.replay();
        }
    }

    /// Another client's write to the version that is here, while nothing here waits to be written.
    ///
    /// # Errors
    /// A change that cannot be made to what is here: then this is not what the server has.
    pub fn advance(&mut self, version: i32, edit: &mut Edit) -> Result<Vec<Difference>, EditError> {
        let mut watch = Watch::new(&self.watched);
        edit.apply(&mut self.view, &mut watch)?;
        let seen = watch.seen;
        self.version = Some(version);
        Ok(self.values_at(&seen))
    }

    /// Settles that the server has `remote` while writes are pending that were made to another version.
    pub fn settle_conflict(&mut self, remote: Remote) -> Settled {
        self.in_flight = None;
        if self.is_contained_in(&remote) {
            let tickets = self.take_tickets();
            self.adopt(remote);
            return Settled::Confirmed(tickets);
        }
        match self.strategy {
            Strategy::RemoteWins => {
                let local = self.view.value().text().into();
                let tickets = self.take_tickets();
                self.adopt(remote);
                Settled::Lost { tickets, local }
            }
            Strategy::LocalWins => {
                self.rewrite(remote);
                Settled::Rewritten { local: None }
            }
            Strategy::ThreeWay(side) => {
                let base = self.base.get_or_insert_default();
                let merged = merge(base.value(), self.view.value(), remote.document.value(), side);
                let local = merged.has_conflict.then(|| self.view.value().text().into());
                self.resolve(remote, &merged.text, local)
            }
            Strategy::Custom => Settled::Ask { local: self.view.value().text().into() },
        }
    }

    /// The conflict is settled: the record is to be this.
    pub fn resolve(&mut self, remote: Remote, text: &str, local: Option<Box<str>>) -> Settled {
        let Ok(merged) = Document::parse(text) else {
            // What merges make is JSON; what applications answer was checked.
            let tickets = self.take_tickets();
            let local = self.view.value().text().into();
            self.adopt(remote);
            return Settled::Lost { tickets, local };
        };
        let is_remote = merged.value().is_equal(&remote.document.value());
        self.view = merged;
        if is_remote {
            let tickets = self.take_tickets();
            self.adopt(remote);
            return match local {
                Some(local) => Settled::Lost { tickets, local },
                None => Settled::Confirmed(tickets),
            };
        }
        self.rewrite(remote);
        Settled::Rewritten { local }
    }

    /// Keeps the view, to be written over what the server has.
    pub fn rewrite(&mut self, remote: Remote) {
        let tickets = self.take_tickets();
        self.version = Some(remote.version);
        self.base = Some(remote.document);
        self.pending.extend(whole(&self.view, tickets));
    }

    /// Whether making the pending writes to what the server has would change nothing.
    fn is_contained_in(&self, remote: &Remote) -> bool {
        let mut document = remote.document.clone();
        let mut writes = self.pending.iter().cloned();
        writes.all(|mut write| {
            let mut watch = Watch::new(&[]);
            write.apply(&mut document, &mut watch).is_ok() && !watch.is_different
        })
    }

    /// Takes back everything that is pending.
    pub fn take_tickets(&mut self) -> Vec<Ticket> {
        self.in_flight = None;
        self.pending.drain(..).flat_map(|write| write.tickets).collect()
    }

    /// The session is over.
    pub fn on_lost(&mut self) {
        self.phase = Phase::Unknown;
        self.deadline = None;
        self.contested = None;
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.is_cut_off = true;
        }
    }

    /// The values at the watched paths that are not as in `before`.
    pub fn differences(&mut self, before: &mut Document) -> Vec<Difference> {
        let mut differences = Vec::new();
        for path in &self.watched {
            let (old, new) = (before.get(path), self.view.get(path));
            let is_same = match (&old, &new) {
                (Some(old), Some(new)) => old.is_equal(new),
                (None, None) => true,
                _ => false,
            };
            if !is_same {
                differences.push((path.text().into(), new.map(|value| value.text().into())));
            }
        }
        differences
    }
}

fn whole(view: &Document, tickets: Vec<Ticket>) -> Option<Write> {
    let edit = Edit::new(Path::parse("").ok()?, Some(view.value().text().into()));
    Some(Write { edits: vec![edit], tickets })
}
