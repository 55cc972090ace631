//! The writes to one record that the server has not confirmed. Each has its entry in the log: what comes in or goes out does
//! so through the [`Context`], so storage always has what is here.

use std::ops::{Deref, Range};

use super::{
    entry::Entry,
    fail, failure,
    stored::{base_text, write_text},
    write::{Write, apply_all},
};
use crate::client::{
    context::{Context, Visit},
    error::RecordFailure,
    flight::Item,
    io::{Entry as Op, Kind, Ticket},
    record::{Document, Edit, Path},
};

/// Writes to one record in the order in which they are made, and what they are made to. One without edits deletes the record;
/// nothing is pending beside it, but earlier pages may have left more.
#[derive(Debug, Default)]
pub struct Pending {
    pub(super) writes: Vec<Write>,
    pub(super) made_to: MadeTo,
}

/// What storage says that writes were made to.
#[derive(Debug, Default)]
pub struct MadeTo {
    /// The entry for it, where it stands apart: it does as soon as it is not simply the version that stands in the writes. That
    /// is so when the server has the first of several, and when the connection is lost, since only who has the data can settle
    /// a conflict.
    pub base: Option<Op>,
    /// The version.
    pub version: Option<i32>,
    /// Whether the data of that version is there too.
    pub has_data: bool,
}

impl Deref for Pending {
    type Target = [Write];

    fn deref(&self) -> &[Write] {
        &self.writes
    }
}

impl Pending {
    /// All writes, whose number stays.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Write> {
        self.writes.iter_mut()
    }

    /// Whether the record is to be deleted.
    pub fn is_deletion(&self) -> bool {
        self.writes.last().is_some_and(Write::is_deletion)
    }

    /// Whether the record is to be changed.
    pub fn has_edits(&self) -> bool {
        !self.is_empty() && !self.is_deletion()
    }

    /// What the first so many make of a document; `None` if they cannot be made to it.
    pub fn made_to(&self, mut document: Document, writes: usize) -> Option<Document> {
        for edit in self.writes.iter().take(writes).flat_map(|write| &write.edits) {
            edit.apply(&mut document, None).ok()?;
        }
        Some(document)
    }

    /// When something is written now: later pages put it in order by that, whatever becomes of the clock.
    fn created_ms(&self, context: &Context) -> u64 {
        let last_ms = self.writes.last().map_or(0, |last| last.op.created_ms);
        last_ms.max(context.wall_clock_ms(context.now))
    }

    /// What comes next is the first, if nothing is here: it says itself what it was made to.
    fn begin(&mut self, version: Option<i32>) {
        if self.writes.is_empty() && self.made_to.base.is_none() {
            (self.made_to.version, self.made_to.has_data) = (version, false);
        }
    }

    /// Adds a write, which takes the place of the last one if that was not sent and nothing of it is left.
    pub fn push(
        &mut self,
        context: &mut Context,
        (name, version): (&str, Option<i32>),
        (edits, ticket): (Vec<Edit>, Option<Ticket>),
        first_free: usize,
    ) {
        self.begin(version);
        let created_ms = self.created_ms(context);
        let mut write = enter(context, (name, version), edits, created_ms, ticket.into_iter().collect());
        if self.writes.len() > first_free
            && let Some(mut last) = self.writes.pop_if(|last| last.is_overwritten_by(&write))
        {
            context.log.stands_for(write.op.number, last.op.number);
            context.leave(&last.op);
            last.op.receipts.append(&mut write.op.receipts);
            write.op.receipts = last.op.receipts;
        }
        self.writes.push(write);
    }

    /// One write of the whole record takes the place of some. They were made to `version`, or are from now on.
    pub fn replace(
        &mut self,
        context: &mut Context,
        (name, version): (&str, Option<i32>),
        range: Range<usize>,
        view: &Document,
    ) {
        let (mut tickets, mut created_ms) = (Vec::new(), self.created_ms(context));
        let at = range.start;
        let former = self.writes.get(at).map(|first| first.op.number);
        self.begin(version);
        let rest = self.writes.split_off(range.end);
        for mut write in self.writes.split_off(at) {
            context.leave(&write.op);
            tickets.append(&mut write.op.receipts);
            created_ms = write.op.created_ms;
        }
        let edits = vec![Edit::new(Path::default(), Some(view.to_text()))];
        let write = enter(context, (name, version), edits, created_ms, tickets);
        if let Some(former) = former {
            context.log.stands_for(write.op.number, former);
        }
        self.writes.push(write);
        rest.into_iter().for_each(|write| self.writes.push(write));
        self.put_in_order(context);
    }

    /// Adds what an earlier page has written, by the time at which it was.
    pub fn merge(&mut self, context: &mut Context, earlier: Vec<Write>, made_to: MadeTo) {
        if self.writes.is_empty() {
            self.drop_base(context);
            self.made_to = made_to;
        } else {
            // What all of them were made to is written anew.
            self.made_to.version = None;
            made_to.base.iter().for_each(|base| context.log.unstore(base, false));
        }
        for own in std::mem::replace(&mut self.writes, earlier) {
            insert_in_time(&mut self.writes, own);
        }
        self.put_in_order(context);
    }

    /// After a crash they are put in the order of their numbers.
    fn put_in_order(&mut self, context: &mut Context) {
        let mut last = None;
        for write in &mut self.writes {
            if last >= Some(write.op.number) {
                context.renumber(&mut write.op);
            }
            last = Some(write.op.number);
        }
    }

    /// Takes out the first so many, which [leave](Context::leave) or are [confirmed](Context::confirm) with that.
    pub fn take_first(&mut self, count: usize) -> Vec<Write> {
        let rest = self.writes.split_off(count.min(self.writes.len()));
        std::mem::replace(&mut self.writes, rest)
    }

    /// Takes out the first so many, which are not to be sent any more. Returns who waits for each.
    pub fn remove_first(&mut self, context: &mut Context, count: usize) -> Vec<Vec<Ticket>> {
        let mut receipts = Vec::new();
        for write in self.take_first(count) {
            context.leave(&write.op);
            receipts.push(write.op.receipts);
        }
        receipts
    }

    /// Makes all to a document, and gives those up that cannot be made any more.
    pub fn replay(&mut self, context: &mut Context, document: &mut Document) {
        let mut made = 0;
        while let Some(write) = self.writes.get_mut(made) {
            let Err(error) = apply_all(&mut write.edits, document, None) else {
                made += 1;
                continue;
            };
            context.leave(&write.op);
            let Op { name, receipts, .. } = self.writes.remove(made).op;
            fail(context, &name, &mut [receipts], &failure(RecordFailure::of(error), &name));
        }
    }

    /// Takes those out that are marked, and what they were made to if nothing else was. All of it [leaves](Context::leave) with
    /// that.
    pub fn take_out(&mut self) -> Vec<Op> {
        let (mut taken, mut kept) = (Vec::new(), 0);
        while let Some(write) = self.writes.get(kept) {
            if write.op.is_marked {
                taken.push(self.writes.remove(kept).op);
            } else {
                kept += 1;
            }
        }
        if self.writes.is_empty() {
            taken.extend(self.made_to.base.take());
        }
        taken
    }

    fn drop_base(&mut self, context: &mut Context) {
        self.made_to.base.take().iter().for_each(|base| context.log.unstore(base, false));
    }

    /// Calls `visit` for all, and for what they were made to.
    pub fn for_each_entry(&mut self, context: &mut Context, visit: &mut Visit<'_>) {
        for write in &mut self.writes {
            visit(context, &mut write.op);
        }
        if let Some(base) = &mut self.made_to.base {
            visit(context, base);
        }
    }
}

/// Puts a write where it belongs in time, and returns where that is: what a page had taken over has higher numbers than what
/// it wrote before, and may be older.
pub fn insert_in_time(writes: &mut Vec<Write>, write: Write) -> usize {
    let position = writes.partition_point(|before| before.op.created_ms <= write.op.created_ms);
    writes.insert(position, write);
    position
}

/// A write to a version; without edits the record is to be deleted.
fn enter(
    context: &mut Context,
    (name, version): (&str, Option<i32>),
    edits: Vec<Edit>,
    created_ms: u64,
    receipts: Vec<Ticket>,
) -> Write {
    let text = write_text(version, &edits);
    let mut op = context.entry_of_record(Kind::Write, name, text, created_ms);
    op.receipts = receipts;
    context.enter(&mut op);
    Write { edits, op }
}

impl Entry {
    /// Whether the server has not confirmed something.
    pub fn has_unsent(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The record is to be deleted, as the application wants it or has it decided, and not to be written to any more. Returns
    /// who waits for what was written.
    pub fn enter_deletion(&mut self, context: &mut Context, name: &str) -> Vec<Ticket> {
        if self.pending.is_deletion() {
            return Vec::new();
        }
        self.after_deletion = None;
        self.pending.begin(self.version);
        let created_ms = self.pending.created_ms(context);
        let deletion = enter(context, (name, self.version), Vec::new(), created_ms, Vec::new());
        let tickets = self.take_tickets(context);
        self.pending.writes.push(deletion);
        tickets
    }

    /// The record is not to be deleted any more, or it is. Returns who waits for that.
    pub fn take_deletion(&mut self, context: &mut Context) -> Vec<Ticket> {
        if self.pending.is_deletion() { self.take_tickets(context) } else { Vec::new() }
    }

    /// Tells the flight that a message with writes has arrived, and sees to it that storage says what writes were made to. Those
    /// of earlier pages that are not part of the record yet begin with the number `first_left`.
    pub fn keep_base(&mut self, context: &mut Context, name: &str, first_left: Option<u64>) {
        if self.awaited().is_none() && std::mem::take(&mut self.session.is_writing) {
            context.flight.on_arrived(&Item::Record(name.into()));
        }
        let Some(Write { op: first, .. }) = self.pending.first() else { return self.pending.drop_base(context) };
        let version = self.version;
        let wants_data = context.session.is_none() && version.is_some();
        let MadeTo { version: kept, has_data, .. } = self.pending.made_to;
        let is_kept = kept == version && (has_data || !wants_data);
        if is_kept || self.pending.iter().all(|write| write.op.stored.is_none()) {
            return;
        }
        let (number, owner, claim) = (first.number, first.owner.clone(), first.claim);
        let first = first_left.map_or(number, |left| left.min(number));
        let document = wants_data.then(|| self.base.as_ref().unwrap_or(&self.view));
        let created_ms = context.wall_clock_ms(context.now);
        let mut base = context.entry_of_record(Kind::Base, name, base_text(version, first, document), created_ms);
        (base.owner, base.claim) = (owner, claim);
        context.keep(&mut base);
        self.pending.drop_base(context);
        self.pending.made_to = MadeTo { base: Some(base), version, has_data: wants_data };
    }
}
