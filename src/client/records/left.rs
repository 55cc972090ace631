//! What earlier pages have written to records and could not send, or users who have logged in again: it becomes part of the
//! records as soon as these can take it.

use super::{
    Records, Remote, Stage, Write,
    cache::Source,
    entry::Entry,
    pending::{MadeTo, Pending, insert_in_time},
    stage::InFlight,
    stored::{StoredBase, base_text, read_base, read_write},
    tell,
};
use crate::{
    client::{
        context::{Context, Visit},
        error::{ClientError, Rival},
        io::{Entry as Op, Kind, Progress, RecordNews},
        record::Document,
    },
    names::{NameMap, count_visits},
};

impl Records {
    /// Calls `visit` for what earlier pages have left of a record, as far as it is not part of that.
    pub(super) fn for_each_left(&self, name: &str, visit: &mut dyn FnMut(&Op)) {
        for left in &self.left {
            count_visits(1);
            if let Some(left) = left.get(name) {
                left.iter().for_each(|write| visit(&write.op));
            }
        }
    }

    /// Calls `visit` for all that is unsent, that of each record after that of another, and for what writes were made to.
    pub fn for_each_entry(&mut self, context: &mut Context, visit: &mut Visit<'_>) {
        self.blind.for_each(&mut |blind| visit(context, &mut blind.write.op));
        for name in &context.log.written_to.to_names() {
            if let Some(entry) = self.entries.get_mut(name) {
                entry.pending.for_each_entry(context, visit);
            }
            for left in self.left.iter_mut().filter_map(|left| left.get_mut(name)) {
                left.for_each_entry(context, visit);
            }
        }
    }

    /// Takes in what earlier pages have left, or users who have logged in again. The log has it already.
    pub fn adopt(&mut self, context: &mut Context, ops: Vec<Op>) {
        let (mut blind, mut adopted) = (Vec::new(), NameMap::<Pending>::new());
        for op in ops {
            let text = op.data.as_deref();
            if op.kind == Kind::Base {
                // It comes after what was made to it.
                let left = adopted.get_mut(&op.name).filter(|left| left.made_to.base.is_none());
                match (left, text.and_then(read_base)) {
                    (Some(left), Some(StoredBase { version, document, .. })) => {
                        left.made_to = MadeTo { version, has_data: document.is_some(), base: Some(op) };
                    }
                    _ => context.leave(&op),
                }
                continue;
            }
            match text.and_then(read_write) {
                Some((_, edits)) if op.kind == Kind::Forced => blind.push(Write { edits, op }),
                Some((version, edits)) => {
                    let Pending { writes, made_to } = adopted.get_or_insert_with(&op.name, Pending::default);
                    if insert_in_time(writes, Write { edits, op }) == 0 {
                        made_to.version = version;
                    }
                }
                None => context.leave(&op),
            }
        }
        self.may_take.append(&mut adopted.to_names());
        self.left.push(adopted);
        self.adopt_blind(blind);
    }

    /// Takes out all that is marked, and what it was made to if nothing else was. All of it [leaves](Context::leave) with that;
    /// what is seen of records is as if it had not been made.
    pub fn take_out(&mut self, context: &mut Context) -> Vec<Op> {
        let mut taken = self.take_out_blind(&|op| op.is_marked);
        for name in &context.log.written_to.to_names() {
            for left in &mut self.left {
                let Some(pending) = left.get_mut(name) else { continue };
                taken.append(&mut pending.take_out());
                if pending.is_empty() {
                    left.remove(name);
                }
            }
            if self.entries.get(name).is_some_and(|entry| entry.pending.iter().any(|write| write.op.is_marked)) {
                taken.append(&mut self.take_out_of(context, name));
            }
        }
        taken
    }

    /// Storage has all that is unsent: sees to it that it has what it was made to.
    pub fn keep_bases(&mut self, context: &mut Context) {
        for name in &context.log.written_to.to_names() {
            self.publish(context, name);
        }
    }

    /// Whether what stands in storage for a record is of this package.
    pub fn is_readable(&self, kind: Kind, data: Option<&str>) -> bool {
        match kind {
            Kind::Write | Kind::Forced => data.and_then(read_write).is_some(),
            Kind::Base => data.and_then(read_base).is_some(),
            Kind::Event | Kind::Call { .. } => true,
        }
    }

    /// What writes were made to, as it stands in storage: those with lower numbers than the first are part of it. Returns that
    /// number, and the same with no writes being part of it.
    pub fn read_base(&self, data: &str) -> Option<(u64, Box<str>)> {
        let StoredBase { version, first, document } = read_base(data)?;
        Some((first, base_text(version, 0, document.as_ref())))
    }

    fn take_out_of(&mut self, context: &mut Context, name: &str) -> Vec<Op> {
        let Some(entry) = self.entries.get_mut(name) else { return Vec::new() };
        let was_asked = matches!(entry.stage, Stage::Merging(_));
        let is_settled = was_asked || matches!(entry.stage, Stage::Synced { .. } | Stage::Waiting);
        let was_sent = entry.pending.iter().take(entry.in_flight.writes()).any(|write| write.op.is_marked);
        if was_sent {
            entry.in_flight = InFlight::Nothing;
        }
        let ops = entry.pending.take_out();
        entry.stage.take_contested();
        entry.replay(context);
        if is_settled && (was_sent || was_asked) {
            // What the server has now is for it to say.
            self.ask_for_data(context, name);
        } else {
            self.proceed(context, name);
        }
        ops
    }

    /// Has it looked at whether a record can take now what earlier pages have left.
    pub(super) fn look_at_left(&mut self, name: &str) {
        if !self.left.is_empty() {
            self.may_take.push(name.into());
        }
    }

    /// Makes what earlier pages have left part of the records that can take it now.
    pub(super) fn take_up(&mut self, context: &mut Context) {
        for name in &std::mem::take(&mut self.may_take) {
            for index in 0..self.left.len() {
                count_visits(1);
                let (entry, left) = (self.entries.get(name), &mut self.left[index]);
                let is_taken = left.get(name).is_some_and(|left| entry.is_none_or(|entry| entry.takes(left)));
                let Some(left) = is_taken.then(|| left.remove(name)).flatten() else { continue };
                if entry.is_none() && left.is_deletion() && !left.made_to.has_data {
                    self.delete_blindly(context, *left);
                } else {
                    self.restore(context, name, *left);
                }
            }
        }
        for left in std::mem::take(&mut self.left) {
            if !left.is_empty() {
                self.left.push(left);
            }
        }
        debug_assert!(
            self.left.iter().all(|left| left.names().all(|name| {
                let is_taken =
                    || self.entries.get(name).is_none_or(|entry| left.get(name).is_some_and(|it| entry.takes(it)));
                self.may_take.iter().any(|may_take| **may_take == *name) || !is_taken()
            })),
            "what can be taken is taken"
        );
    }

    /// Whatever the server has of a record is to be deleted.
    fn delete_blindly(&mut self, context: &mut Context, left: Pending) {
        let Pending { mut writes, made_to } = left;
        made_to.base.iter().for_each(|base| context.leave(base));
        let Some(mut deletion) = writes.pop() else { return };
        // The page was killed before it could remove what is deleted as well.
        writes.iter().for_each(|write| context.leave(&write.op));
        context.log.uncount(&deletion.op);
        deletion.op.kind = Kind::Forced;
        context.log.count(&deletion.op);
        self.push_blind(deletion);
    }

    /// Makes the writes that an earlier page could not send part of a record that [takes](Entry::takes) them, before those of
    /// this one.
    fn restore(&mut self, context: &mut Context, name: &str, left: Pending) {
        let is_open = self.entries.contains(name);
        let entry = self.entries.get_or_insert_with(name, Entry::default);
        if !is_open {
            // It is let go of when everything was sent.
            entry.holders = self.asked.discard_later(context, name, true);
            tell(context, name, RecordNews::Restored);
        }
        let was_ready = entry.is_ready();
        let is_synced = entry.stage.is_synced();
        let is_blind = !left.made_to.has_data;
        let present = entry.restore(context, name, left);
        entry.stored.is_written_blindly |= is_blind && context.session.is_none();
        if entry.is_ready() && !was_ready {
            entry.stored.source = Source::Storage;
        }
        match present {
            Some(present) if is_synced => self.on_remote(context, name, present),
            _ => self.proceed(context, name),
        }
        if !is_open && context.session.is_some() {
            self.unasked.push(name.into());
            self.schedule(context);
        }
    }
}

impl Entry {
    /// Whether writes of an earlier page can become part of this now.
    fn takes(&self, left: &Pending) -> bool {
        let is_in_doubt = matches!(self.stage, Stage::Merging(_) | Stage::Deleting | Stage::Denied | Stage::Waiting);
        let is_free = matches!(self.in_flight, InFlight::Nothing | InFlight::Guessed(_))
            && !self.pending.is_deletion()
            && !is_in_doubt;
        let MadeTo { version, has_data, .. } = left.made_to;
        let is_same = self.version.is_none() || self.version == version || !has_data;
        let is_possible = if left.is_deletion() {
            // Without its data, it is the version that tells whether the record is the one to be deleted.
            self.pending.is_empty() && (self.version.is_some() || has_data)
        } else {
            self.pending.is_empty() || is_same
        };
        is_free && is_possible
    }

    /// Makes the writes of an earlier page before those that are here. Returns what the server has as far as is known.
    fn restore(&mut self, context: &mut Context, name: &str, left: Pending) -> Option<Remote> {
        self.begin_change();
        let present = self.version.map(|version| Remote { version, document: self.base().clone() });
        let is_deletion = left.is_deletion();
        let Pending { mut writes, made_to } = left;
        let base = made_to.base.as_ref().and_then(|base| read_base(base.data.as_deref()?));
        let document = base.and_then(|base| base.document);
        let document = document.or_else(|| is_deletion.then(Document::default));
        let is_other = self.version.is_none() || self.version != made_to.version;
        if let Some(document) = document.filter(|_| is_other) {
            self.version = made_to.version;
            self.base = Some(document);
        } else if self.base.is_none() {
            self.base = Some(self.view.clone());
        }
        // Nothing counts before a deletion, nor does one before which the record was written to once more.
        let (mut first, mut is_undoing, mut is_undone) = (0, false, false);
        for (at, write) in writes.iter_mut().enumerate() {
            write.op.progress = Progress::InRecord;
            if is_undoing || write.is_deletion() {
                first = at;
            }
            is_undone |= is_undoing && !write.is_deletion();
            is_undoing = write.is_deletion();
        }
        let rest = writes.split_off(first);
        writes.iter().for_each(|write| context.leave(&write.op));
        if is_undone {
            context.report(ClientError::write_lost(name, made_to.version, None, None, Rival::Page));
        }
        self.pending.merge(context, rest, made_to);
        self.after_deletion = None;
        self.replay(context);
        // The page that made them may have sent some.
        let has_edits = self.pending.has_edits();
        self.in_flight = if has_edits { InFlight::Guessed(self.pending.len()) } else { InFlight::Nothing };
        present
    }
}
