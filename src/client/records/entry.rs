//! One record that is open: what the server has, what was written here since, and what the application sees.

use super::{
    cache::Stored,
    check_edits,
    pending::Pending,
    stage::{Contested, Holders, InFlight, Stage},
    tell,
    write::{Write, apply_all},
};
use crate::client::{
    context::Context,
    error::RecordFailure,
    io::{LastSeen, RecordNews, RecordQuestion, Strategy, Ticket},
    limits::{RECORD_MAX_EARLY, RECORD_MAX_WRITES},
    record::{Document, Edit, EditError, Path, Watch, is_equal_or_absent},
};

/// Another client's write.
#[derive(Debug)]
pub struct Heard {
    pub version: i32,
    /// One of the whole record does not build upon the version before.
    pub edit: Edit,
}

/// What the server has.
#[derive(Clone, Debug)]
pub struct Remote {
    pub version: i32,
    pub document: Document,
}

/// One record that is open.
#[derive(Debug, Default)]
pub struct Entry {
    pub holders: Holders,
    pub stage: Stage,
    /// The question that keeps when what it is in the middle of is overdue: the data, an answer, or both.
    pub timer: Option<u32>,
    /// The version that the server has; `None` if it never was loaded.
    pub version: Option<i32>,
    /// What the application sees.
    pub view: Document,
    /// The view before something happened to it that is not told yet, and whether it was loaded then.
    before: Option<(Document, bool)>,
    /// What the server has, where that differs from the view.
    pub(super) base: Option<Document>,
    pub pending: Pending,
    pub in_flight: InFlight,
    /// If it is to be deleted, what the server has if a write that was on its way from here has arrived: that is nobody
    /// else's.
    pub after_deletion: Option<Document>,
    pub strategy: Strategy,
    pub has_provider: bool,
    /// Who waits for it to be ready, and asks what.
    pub ready_tickets: Vec<(Ticket, RecordQuestion)>,
    /// The paths at which somebody listens.
    pub watched: Vec<Path>,
    pub session: InSession,
    /// Whether the server has said that it takes no more writes, which it does until the record is deleted.
    pub is_stuck: bool,
    /// What storage has to do with it.
    pub stored: Stored,
}

/// What is known of a record beside its stage, and in the session of now only.
#[derive(Debug, Default)]
pub struct InSession {
    /// What others wrote while the server was asked, oldest first: the answer may be older.
    pub early: Vec<Heard>,
    /// A version that the server named though it was lower than one before. It is believed when it is named again.
    pub doubted: Option<i32>,
    /// How often in a row the server has refused a version without naming a newer one.
    pub refusals: u32,
    /// Whether a message with writes was on its way when that was looked at last.
    pub is_writing: bool,
    /// Whether the server was asked to delete it and has not answered: it then no longer tells what is written to it.
    pub is_deletion_owed: bool,
}

impl Entry {
    /// Whether its data is that of the server, or was.
    pub const fn is_ready(&self) -> bool {
        self.version.is_some()
    }

    /// Where it stands, by the names of the reference client.
    pub const fn state(&self) -> &'static str {
        match self.stage {
            Stage::Denied => "ERROR",
            Stage::Deleting => "DELETING",
            Stage::Merging(_) => "MERGING",
            Stage::Synced { .. } if matches!(self.holders, Holders::None { .. }) => "UNSUBSCRIBING",
            Stage::Synced { .. } => "READY",
            _ if self.is_ready() => "RESUBSCRIBING",
            _ => "SUBSCRIBING",
        }
    }

    /// Whether the application knows it for discarded, and only what is unsent keeps it here.
    pub const fn is_told_discarded(&self) -> bool {
        matches!(self.holders, Holders::None { is_told: true, .. })
    }

    /// Whether something is overdue when its time is up and nothing has arrived.
    pub fn is_awaiting(&self) -> bool {
        self.is_subscribed() && !self.stage.is_synced() || self.awaited().is_some()
    }

    /// The version that the application sees: what is on its way counts.
    pub fn visible_version(&self) -> Option<i32> {
        let ahead = i32::from(self.pending.has_edits());
        self.version.map(|version| version.saturating_add(ahead))
    }

    /// What can be seen of it, to be told when it ends.
    pub fn last_seen(&self) -> LastSeen {
        LastSeen { version: self.visible_version(), data: self.view.to_text() }
    }

    /// Takes out those who wait for it to be loaded, as it will not be.
    pub fn take_ready_tickets(&mut self) -> Vec<Ticket> {
        let mut tickets = Vec::new();
        for (ticket, _) in std::mem::take(&mut self.ready_tickets) {
            tickets.push(ticket);
        }
        tickets
    }

    /// Whether the server has subscribed this client, or will have when it has answered.
    pub const fn is_subscribed(&self) -> bool {
        !matches!(self.stage, Stage::Unknown | Stage::Held | Stage::Denied)
    }

    /// The message with writes that waits for its answer, by its correlation id.
    pub fn awaited(&self) -> Option<u32> {
        self.timer.filter(|_| matches!(self.in_flight, InFlight::Awaited(_)))
    }

    /// No answer settles what is on its way any more.
    pub fn cut_off(&mut self) {
        if let InFlight::Awaited(writes) = self.in_flight {
            self.in_flight = InFlight::CutOff(writes);
        }
    }

    /// Whether this is what the server was thought to have.
    pub fn is_as_known(&mut self, remote: &Remote) -> bool {
        self.version == Some(remote.version) && self.base().is_equal(&remote.document)
    }

    /// What the server has.
    pub fn base(&mut self) -> &mut Document {
        self.base.as_mut().unwrap_or(&mut self.view)
    }

    /// Makes the changes of a write and keeps it until the server has it. One that changes nothing is done.
    ///
    /// # Errors
    /// What is wrong with the write; then none of it is made.
    pub fn write(
        &mut self,
        context: &mut Context,
        name: &str,
        mut edits: Vec<Edit>,
        ticket: Option<Ticket>,
    ) -> Result<(), RecordFailure> {
        if self.pending.is_deletion() {
            return Err(RecordFailure::NotOpen);
        }
        check_edits(context, name, &edits)?;
        if self.stage.is_denied() {
            return Err(RecordFailure::Denied);
        }
        self.stored.is_written_blindly = false;
        let before = self.base.is_none().then(|| self.view.clone());
        let mut watch = Watch::new(&self.watched);
        apply_all(&mut edits, &mut self.view, Some(&mut watch)).map_err(RecordFailure::of)?;
        let (is_different, seen) = (watch.is_different, watch.seen);
        if edits.is_empty() || !is_different && self.pending.is_empty() && self.is_ready() {
            // The order of keys stays as everybody else has it.
            if let Some(before) = before {
                self.view = before;
            }
            ticket.into_iter().for_each(|ticket| context.settle(ticket, Ok(None)));
            return Ok(());
        }
        if self.base.is_none() {
            self.base = before;
        }
        let first_free = self.first_free();
        self.pending.push(context, (name, self.version), (edits, ticket), first_free);
        if self.pending.len() - first_free > RECORD_MAX_WRITES {
            self.fold(context, name, first_free);
        }
        self.tell_values(context, name, &seen);
        Ok(())
    }

    /// The pending writes before this one are on their way, or the application was asked about them.
    fn first_free(&self) -> usize {
        match &self.stage {
            Stage::Merging(contested) => contested.writes,
            _ => self.in_flight.writes(),
        }
    }

    /// Tells the values at some of the watched paths.
    fn tell_values(&mut self, context: &mut Context, name: &str, positions: &[usize]) {
        for path in positions.iter().filter_map(|position| self.watched.get(*position)) {
            let value = self.view.get(path).map(|value| value.to_text());
            tell(context, name, RecordNews::Changed { path: path.text().into(), value });
        }
    }

    /// Before they are sent, changes of entries become what they have made of the record: made twice, they would not lead to
    /// the same. Says whether there were any.
    pub fn fold_entries(&mut self, context: &mut Context, name: &str) -> bool {
        let has_any = self.pending.iter().any(|write| write.edits.iter().any(|edit| edit.entries.is_some()));
        if has_any {
            self.fold(context, name, 0);
        }
        has_any
    }

    /// Many small writes become one of the whole record.
    fn fold(&mut self, context: &mut Context, name: &str, first_free: usize) {
        let range = first_free..self.pending.len();
        self.pending.replace(context, (name, self.version), range, &self.view);
    }

    /// The server has the writes that are on their way.
    pub fn confirm(&mut self, context: &mut Context) {
        for mut write in self.pending.take_first(std::mem::take(&mut self.in_flight).writes()) {
            context.confirm(&write.op);
            if let Some(base) = &mut self.base {
                // It could be made to the view, which was the same then.
                let _ = apply_all(&mut write.edits, base, None);
            }
            context.settle_all(&mut write.op.receipts, &Ok(None));
        }
        self.version = self.version.map(|version| version.saturating_add(1));
        self.base.take_if(|_| self.pending.is_empty());
    }

    /// The server has the first so many pending writes, as its data shows.
    pub fn on_found(&mut self, context: &mut Context, count: usize) {
        for mut tickets in self.pending.remove_first(context, count) {
            context.settle_all(&mut tickets, &Ok(None));
        }
    }

    /// The view is what the server has, with the pending writes made to that. Those that cannot be made any more are given up.
    pub fn replay(&mut self, context: &mut Context) {
        self.begin_change();
        if let Some(base) = self.base.as_ref().filter(|_| self.pending.has_edits()) {
            self.view = base.clone();
            self.pending.replay(context, &mut self.view);
        }
        if let Some(base) = self.base.take_if(|_| !self.pending.has_edits()) {
            self.view = base;
        }
    }

    /// The server has something else, and what is pending goes on top of it. Tells who wrote what the server has already.
    pub fn load(&mut self, context: &mut Context, remote: Remote) {
        self.begin_change();
        if self.has_arrived(&remote) {
            self.on_found(context, self.in_flight.writes());
        }
        self.in_flight = InFlight::Nothing;
        self.version = Some(remote.version);
        self.base = Some(remote.document);
        self.replay(context);
    }

    /// Another client's write to the version that is here, while nothing here waits to be written.
    ///
    /// # Errors
    /// A change that cannot be made to what is here: then this is not what the server has.
    pub fn advance(&mut self, context: &mut Context, name: &str, version: i32, edit: &Edit) -> Result<(), EditError> {
        let mut watch = Watch::new(&self.watched);
        edit.apply(&mut self.view, Some(&mut watch))?;
        let seen = watch.seen;
        self.version = Some(version);
        self.tell_values(context, name, &seen);
        Ok(())
    }

    /// Keeps what another client wrote until the server has answered.
    pub fn remember(&mut self, heard: Heard) {
        let early = &mut self.session.early;
        if early.len() >= RECORD_MAX_EARLY {
            // The gap shows that the data must be read.
            early.clear();
        }
        early.push(heard);
    }

    /// What the server has, given what it answered: others may have written since. `None` if something is missing.
    pub fn brought_up_to_date(&self, mut remote: Remote) -> Option<Remote> {
        let early = &self.session.early;
        let whole = early.iter().rposition(|heard| heard.version > remote.version && heard.edit.path.is_root());
        for Heard { version, edit } in early.iter().skip(whole.unwrap_or(0)) {
            if *version > remote.version {
                if *version != remote.version.saturating_add(1) && !edit.path.is_root() {
                    return None;
                }
                edit.apply(&mut remote.document, None).ok()?;
                remote.version = *version;
            }
        }
        Some(remote)
    }

    /// Whether the server has nothing that could be lost.
    pub fn is_blank(&mut self) -> bool {
        self.version == Some(0) && self.base().is_equal(&Document::default())
    }

    /// Takes back everything that is pending.
    pub fn take_tickets(&mut self, context: &mut Context) -> Vec<Ticket> {
        self.in_flight = InFlight::Nothing;
        self.pending.remove_first(context, usize::MAX).concat()
    }

    /// The application wants it deleted. Returns who waits for what was written, which is deleted with it.
    pub fn delete(&mut self, context: &mut Context, name: &str, ticket: Ticket) -> Vec<Ticket> {
        if let Some(Contested { asked, newer, .. }) = self.stage.take_contested() {
            let latest = newer.unwrap_or(asked);
            self.version = Some(latest.version);
            self.base = Some(latest.document);
        }
        let base = self.base().clone();
        let sent = self.in_flight.writes();
        let after = self.pending.made_to(base, sent).filter(|_| sent > 0);
        let tickets = self.enter_deletion(context, name);
        self.after_deletion = self.after_deletion.take().or(after);
        for Write { op, .. } in self.pending.iter_mut() {
            op.receipts.push(ticket);
            context.refuse_to_wait(&mut op.receipts);
        }
        tickets
    }

    /// Whether what the server has is what the application wanted to be deleted.
    pub fn is_to_be_deleted(&mut self, remote: &Remote) -> bool {
        let is_next = self.version.is_some_and(|version| version.saturating_add(1) == remote.version);
        let is_own = is_next && self.after_deletion.as_ref().is_some_and(|after| after.is_equal(&remote.document));
        is_own || self.is_as_known(remote)
    }

    /// The session is over; the server is asked in the next one, from this stage on.
    pub fn on_lost(&mut self, stage: Stage) {
        self.stage = stage;
        (self.session, self.timer) = (InSession::default(), None);
        self.cut_off();
    }

    /// What can be seen of it is about to change, which is [told](Self::tell_changes) when all is done.
    pub fn begin_change(&mut self) {
        if self.before.is_none() {
            self.before = Some((self.view.clone(), self.is_ready()));
        }
    }

    /// Tells that it is loaded, if it was not before, and the values at the watched paths that are not as they were.
    pub fn tell_changes(&mut self, context: &mut Context, name: &str) {
        let Some((mut before, was_ready)) = self.before.take() else { return };
        if self.is_ready() && !was_ready {
            tell(context, name, RecordNews::Ready);
            self.settle_ready(context);
        }
        let mut changed = Vec::new();
        for (position, path) in self.watched.iter().enumerate() {
            if !is_equal_or_absent(before.get(path), self.view.get(path)) {
                changed.push(position);
            }
        }
        self.tell_values(context, name, &changed);
    }

    /// Tells those who wait for it to be loaded that it is.
    pub fn settle_ready(&mut self, context: &mut Context) {
        for (ticket, question) in std::mem::take(&mut self.ready_tickets) {
            let answer = match question {
                RecordQuestion::Readiness => None,
                RecordQuestion::Data => Some(self.view.to_text()),
                RecordQuestion::Version => self.visible_version().map(|version| version.to_string().into()),
            };
            context.settle(ticket, Ok(answer));
        }
    }
}
