//! Writes to records that are open, or were in a page that is gone.
//!
//! They are lent to the records part, which folds, sends and settles them; after every step the outbox looks what is left,
//! and storage follows. Each write stands under a key of its own. What they were made to stands under another one, as soon
//! as that is not simply the version that stands in the writes: when the server has the first of several, and when the
//! connection is lost, since only who has the data can settle a conflict.

use super::{Outbox, Storage, persisted::Persisted, takeover::Found};
use crate::{
    client::{
        context::Context,
        error::{ClientError, RecordFailure},
        flight::Item,
        io::{Delivery, Entry, Kind, Offer, Owner, Progress},
        limits::RECORD_WRITES_TTL_MS,
        records::{Draft, Records, Unkept, Unsent, Write, base_text, read_base, read_write, write_text},
    },
    names::NameMap,
};

/// What was written to records that are or were open.
#[derive(Debug, Default)]
pub struct Drafts {
    /// What the records part has, by record.
    lent: NameMap<Kept>,
    /// What it is to be given, in the order in which it came.
    waiting: Vec<Kept>,
    /// What writes of users who are not logged in were made to.
    held_bases: Vec<Entry>,
    /// Lent writes that this page must not send: the record, the number, and what becomes of who waits for it.
    pub recalled: Vec<(Box<str>, u64, Recall)>,
    /// Whether storage has begun to take what it could not take before.
    pub is_storage_new: bool,
    /// Whether what other pages have left is wanted before anybody has logged in.
    is_wanted_early: bool,
}

/// The writes to one record.
#[derive(Debug, Default)]
struct Kept {
    writes: Vec<Entry>,
    /// What they were made to, where it stands apart.
    base: Option<Entry>,
    /// The version that storage says they were made to.
    version: Option<i32>,
    /// Whether the data of that version is there too.
    has_data: bool,
    /// Whether the record is to be deleted.
    is_deletion: bool,
}

/// What becomes of who waits for a write that is recalled.
#[derive(Clone, Debug)]
pub enum Recall {
    /// They go on waiting until whoever made it is logged in again.
    Held,
    /// They are told this.
    Over(ClientError),
}

impl Kept {
    /// Learns from what storage has what the writes were made to.
    fn read_version(&mut self) {
        let base = self.base.as_ref().and_then(|base| read_base(base.data.as_deref()?));
        self.has_data = base.as_ref().is_some_and(|base| base.document.is_some());
        let read = |entry: &Entry| read_write(entry.data.as_deref()?);
        let first = || self.writes.first().and_then(read)?.version;
        self.version = base.map_or_else(first, |base| base.version);
        self.is_deletion = self.writes.last().and_then(read).is_some_and(|write| write.edits.is_none());
    }

    /// Adds a write where it belongs in time: what another page had taken over has the higher numbers, and may be older.
    fn add(&mut self, entry: Entry) {
        let before = self.writes.iter().rposition(|before| before.created_ms <= entry.created_ms);
        self.writes.insert(before.map_or(0, |before| before + 1), entry);
    }

    /// As the records part takes it, and whether the record was to be deleted before some of the writes: it is not.
    fn to_draft(&self, name: Box<str>) -> (Draft, bool) {
        let base = self.base.as_ref().and_then(|base| read_base(base.data.as_deref()?));
        let mut draft = Draft {
            name,
            version: self.version,
            document: base.and_then(|base| base.document),
            writes: Vec::new(),
            deletion: None,
        };
        let mut is_undone = false;
        for entry in &self.writes {
            let kept_as = Some(entry.number);
            match entry.data.as_deref().and_then(read_write).and_then(|write| write.edits) {
                Some(edits) => {
                    is_undone |= draft.deletion.take().is_some();
                    let (tickets, created_ms) = (entry.receipts.clone(), entry.created_ms);
                    draft.writes.push(Write { edits, tickets, created_ms, kept_as });
                }
                None => {
                    draft.deletion = kept_as;
                    draft.writes.clear();
                }
            }
        }
        (draft, is_undone)
    }
}

impl Drafts {
    /// The writes, those of one record after the other.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let lent = self.lent.names().filter_map(|name| self.lent.get(name));
        lent.chain(&self.waiting).flat_map(|kept| &kept.writes)
    }

    /// Calls `visit` for every write, and for what they were made to.
    pub fn for_each(&mut self, visit: &mut dyn FnMut(&mut Entry)) {
        self.for_each_kept(&mut |_, kept| kept.writes.iter_mut().chain(&mut kept.base).for_each(&mut *visit));
        self.held_bases.iter_mut().for_each(visit);
    }

    fn for_each_kept(&mut self, visit: &mut dyn FnMut(bool, &mut Kept)) {
        self.lent.for_each(|_, kept| visit(true, kept));
        self.waiting.iter_mut().for_each(|kept| visit(false, kept));
    }

    /// Takes out what was left without a write; returns what stands in storage for it.
    fn remove_empty(&mut self) -> Vec<Entry> {
        let mut bases = Vec::new();
        let mut empty: Vec<Box<str>> = Vec::new();
        self.lent.for_each(|name, kept| {
            if kept.writes.is_empty() {
                bases.extend(kept.base.take());
                empty.push(name.into());
            }
        });
        for name in empty {
            self.lent.remove(&name);
        }
        self.waiting.retain_mut(|kept| {
            if kept.writes.is_empty() {
                bases.extend(kept.base.take());
            }
            !kept.writes.is_empty()
        });
        bases
    }
}

impl Outbox {
    /// Looks what the records part has sent, and what is new there, and gives it what waits.
    pub fn follow_records(&mut self, context: &mut Context<'_>, records: &mut Records) {
        if std::mem::take(&mut self.drafts.is_storage_new) {
            records.touch_all();
        }
        loop {
            let confirmed = records.take_confirmed();
            for name in records.take_touched() {
                if !records.awaits_answer(&name) {
                    context.flight.on_arrived(&Item::Record(name.clone()));
                }
                self.keep(context, &name, records.unsent(&name), &confirmed);
            }
            for (name, number, recall) in std::mem::take(&mut self.drafts.recalled) {
                self.recall(context, records, (&name, number), &recall);
            }
            self.lend(context, records);
            if context.session.is_some() && self.may_send() {
                self.force(context, records);
                if records.has_folded() {
                    self.commit(context);
                }
                records.start_writing(context);
            }
            for (number, error) in records.take_settled() {
                self.on_forced_settled(context, number, error);
            }
            if !records.is_touched() && self.drafts.recalled.is_empty() {
                return self.settle_flushes(context);
            }
        }
    }

    /// Has storage say what is unsent of a record.
    fn keep(&mut self, context: &mut Context<'_>, name: &str, unsent: Option<Unsent<'_>>, confirmed: &[u64]) {
        let mut kept = self.drafts.lent.remove(name).unwrap_or_default();
        let mut numbers = Vec::new();
        if let Some(mut unsent) = unsent {
            let version = unsent.version();
            if kept.writes.is_empty() {
                (kept.version, kept.has_data) = (version, false);
            }
            unsent.keep_each(&mut |Unkept { kept_as, created_ms, edits }| {
                // After a crash they are put in the order of their numbers.
                let is_in_order = |number: &u64| numbers.last().is_none_or(|last| last < number);
                let number = kept_as.filter(is_in_order).unwrap_or_else(|| {
                    let mut entry = self.draft(context, Kind::Write, name, &write_text(version, edits), created_ms);
                    let same = kept.writes.iter().find(|before| Some(before.number) == kept_as);
                    self.keep_safe(context, &mut entry, same);
                    let number = entry.number;
                    kept.writes.push(entry);
                    number
                });
                numbers.push(number);
                number
            });
            let is_stored = kept.writes.iter().any(|write| write.stored.is_some());
            let wants_data = context.session.is_none() && version.is_some();
            if let Some(first) = numbers.first().filter(|_| is_stored)
                && (kept.version != version || (wants_data && !kept.has_data))
            {
                // What still waits to be given to the records part is not part of it either.
                let waiting = self.drafts.waiting.iter().flat_map(|kept| &kept.writes);
                let waiting = waiting.filter(|write| *write.name == *name).map(|write| write.number);
                let text = unsent.base_text(waiting.fold(*first, u64::min), wants_data);
                let created_ms = context.wall_clock_ms(context.now);
                let mut base = self.draft(context, Kind::Base, name, &text, created_ms);
                self.keep_safe(context, &mut base, kept.writes.first());
                kept.base.replace(base).iter().for_each(|before| self.unstore(before, false));
                (kept.version, kept.has_data) = (version, wants_data);
            }
        }
        for write in kept.writes.extract_if(.., |write| !numbers.contains(&write.number)) {
            let is_confirmed = confirmed.contains(&write.number);
            self.forget(context, &write, is_confirmed);
            if let Some(group) = write.stored.filter(|_| is_confirmed) {
                self.groups.outdate(group, context.now);
            }
        }
        if kept.writes.is_empty() {
            kept.base.iter().for_each(|base| self.unstore(base, false));
        } else {
            *self.drafts.lent.get_or_insert_with(name, Kept::default) = kept;
        }
    }

    /// A new entry for what the records part has.
    fn draft(&mut self, context: &mut Context<'_>, kind: Kind, name: &str, text: &str, created_ms: u64) -> Entry {
        let delivery = Delivery::Durable;
        let ttl_ms = Some(context.options.outbox_ttl_ms.max(RECORD_WRITES_TTL_MS));
        let offer = Offer { kind, name, data: Some(text), delivery, ttl_ms, key: None, receipt: None };
        let mut entry = self.entry(context, &offer);
        entry.created_ms = created_ms;
        entry.progress = Progress::Lent;
        if kind == Kind::Write {
            self.take_in(&entry);
        }
        entry
    }

    /// Stores an entry, if that can be, as of the same user as another one.
    fn keep_safe(&mut self, context: &mut Context<'_>, entry: &mut Entry, other: Option<&Entry>) {
        if let Some(other) = other {
            (entry.owner, entry.claim) = (other.owner.clone(), other.claim);
        }
        self.touch_storage();
        if self.storage == Storage::Ready {
            self.store(context, entry);
        }
    }

    /// Takes a write back from the records part.
    fn recall(
        &mut self,
        context: &mut Context<'_>,
        records: &mut Records,
        (name, number): (&str, u64),
        recall: &Recall,
    ) {
        let mut tickets = records.take_out(context, name, number);
        match recall {
            Recall::Held => {
                self.has_receipts |= !tickets.is_empty();
                let held = self.held.iter_mut().find(|entry| entry.number == number);
                held.into_iter().for_each(|entry| entry.receipts.extend(&tickets));
            }
            Recall::Over(error) => context.settle_all(&mut tickets, &Err(error.clone())),
        }
    }

    /// Gives the records part what waits for it.
    fn lend(&mut self, context: &mut Context<'_>, records: &mut Records) {
        for mut kept in std::mem::take(&mut self.drafts.waiting) {
            let Some(name) = kept.writes.first().map(|write| write.name.clone()) else { continue };
            if kept.is_deletion && !kept.has_data && !records.is_open(&name) {
                records.hold_back(context, &name);
                self.delete_by_force(context, kept);
                continue;
            }
            if !records.takes(&name, kept.version, kept.has_data, kept.is_deletion) {
                self.drafts.waiting.push(kept);
                continue;
            }
            let (draft, is_undone) = kept.to_draft(name.clone());
            if is_undone {
                context.report(ClientError::Record { what: RecordFailure::WriteLost, name: name.clone() });
            }
            records.restore(context, draft);
            for entry in &mut kept.writes {
                entry.progress = Progress::Lent;
                entry.receipts.clear();
            }
            let lent = self.drafts.lent.get_or_insert_with(&name, Kept::default);
            if lent.writes.is_empty() {
                *lent = kept;
            } else {
                lent.writes.append(&mut kept.writes);
                // What all of them were made to is written anew.
                lent.version = None;
                kept.base.iter().for_each(|base| self.unstore(base, false));
            }
        }
    }

    /// Whatever the server has of a record is to be deleted.
    fn delete_by_force(&mut self, context: &mut Context<'_>, kept: Kept) {
        kept.base.iter().for_each(|base| self.unstore(base, false));
        let count = kept.writes.len();
        for (position, mut entry) in kept.writes.into_iter().enumerate() {
            if position + 1 == count {
                self.let_out(&entry);
                entry.kind = Kind::Forced;
                self.take_in(&entry);
                self.forced.push_back(entry);
            } else {
                // The page was killed before it could remove what is deleted as well.
                self.forget(context, &entry, false);
            }
        }
        self.is_forced_due = true;
    }

    /// A record was opened: what an earlier page could not send is part of it, also before anybody has logged in.
    pub fn look_for_drafts(&mut self, context: &Context<'_>) {
        let is_new = context.session.is_none() && !std::mem::replace(&mut self.drafts.is_wanted_early, true);
        if is_new && self.storage != Storage::Absent {
            self.touch_storage();
            self.look_for_orphans();
        }
    }

    /// Whether what other pages have left is wanted now.
    pub(super) const fn wants_orphans(&self, context: &Context<'_>) -> bool {
        context.session.is_some() || self.drafts.is_wanted_early
    }

    /// Takes what a client that is gone has written to records to the own keys, since what is written here was made to that.
    /// Says whether there was anything new.
    pub(super) fn adopt_drafts(&mut self, context: &mut Context<'_>, found: &[Found<'_>]) -> bool {
        let mut has_adopted = false;
        let mut by_record: NameMap<Vec<usize>> = NameMap::new();
        for (position, Found { entry, .. }) in found.iter().enumerate() {
            by_record.get_or_insert_with(entry.name, Vec::new).push(position);
        }
        for name in by_record.to_names() {
            let positions = by_record.remove(&name).unwrap_or_default();
            let of_record = positions.iter().filter_map(|position| found.get(*position));
            let base = of_record.clone().rfind(|found| found.entry.kind == Kind::Base);
            let read = base.and_then(|found| read_base(found.entry.data?));
            let first = read.as_ref().map_or(0, |base| base.first);
            let mut kept = Kept::default();
            for found in of_record.clone().filter(|found| found.entry.kind == Kind::Write) {
                // The others are part of what these were made to, or another page had begun to do what is done here.
                if found.entry.number >= first && !self.knows(found.entry.key) {
                    let mut entry = self.revive(context, found);
                    self.store(context, &mut entry);
                    self.take_in(&entry);
                    self.expect_end_of(&entry);
                    kept.add(entry);
                }
            }
            if let (Some(found), Some(read), false) = (base, read, kept.writes.is_empty()) {
                let mut entry = self.revive(context, found);
                // None of those that are here by now are part of it.
                entry.data = Some(base_text(read.version, 0, read.document.as_ref()));
                self.store(context, &mut entry);
                kept.base = Some(entry);
            }
            of_record.for_each(|found| self.groups.remove(found.group, false));
            if !kept.writes.is_empty() {
                has_adopted = true;
                kept.read_version();
                self.drafts.waiting.push(kept);
            }
        }
        has_adopted
    }

    /// Whether the write with this key is here already.
    fn knows(&self, key: &str) -> bool {
        self.drafts.entries().chain(&self.held).any(|entry| entry.kind == Kind::Write && *entry.key == *key)
    }

    /// Puts aside what is not of whoever is logged in now.
    pub(super) fn sort_out_drafts(&mut self, owner: &Owner) {
        let mut drafts = std::mem::take(&mut self.drafts);
        let (mut held, mut held_bases, mut recalled) = (Vec::new(), Vec::new(), Vec::new());
        drafts.for_each_kept(&mut |is_lent, kept| {
            for mut entry in kept.writes.extract_if(.., |entry| !self.claim(entry, owner)) {
                if is_lent {
                    recalled.push((entry.name.clone(), entry.number, Recall::Held));
                }
                entry.progress = Progress::Waiting;
                held.push(entry);
            }
            if kept.writes.is_empty() {
                held_bases.extend(kept.base.take());
            } else {
                if let Some(base) = &mut kept.base {
                    self.claim(base, owner);
                }
            }
        });
        self.held.append(&mut held);
        drafts.remove_empty();
        drafts.held_bases.append(&mut held_bases);
        drafts.recalled.append(&mut recalled);
        self.drafts = drafts;
    }

    /// Gives writes back to whoever made them, who has logged in again.
    pub(super) fn return_draft(&mut self, entry: Entry) {
        let mut waiting = std::mem::take(&mut self.drafts.waiting);
        if let Some(kept) = waiting.iter_mut().find(|kept| kept.writes.iter().any(|write| write.name == entry.name)) {
            kept.add(entry);
            kept.read_version();
        } else {
            let owner = entry.owner.clone();
            let name = entry.name.clone();
            let mut kept = Kept { writes: vec![entry], ..Kept::default() };
            let mut bases = std::mem::take(&mut self.drafts.held_bases);
            let base = bases.iter_mut().position(|base| base.name == name && self.claim(base, &owner));
            kept.base = base.map(|position| bases.remove(position));
            self.drafts.held_bases = bases;
            kept.read_version();
            waiting.push(kept);
        }
        self.drafts.waiting = waiting;
    }

    /// Takes out the writes that are meant, from storage too.
    pub(super) fn take_drafts(&mut self, context: &mut Context<'_>, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = Vec::new();
        self.drafts.for_each_kept(&mut |_, kept| taken.extend(kept.writes.extract_if(.., |entry| is_meant(entry))));
        if taken.is_empty() {
            return taken;
        }
        for base in self.drafts.remove_empty() {
            self.unstore(&base, false);
        }
        for entry in &taken {
            self.forget(context, entry, false);
        }
        taken
    }

    /// Takes writes back from the records part that were taken out, and tells who waits for them.
    pub(super) fn recall_all(&mut self, entries: &[Entry], error: &ClientError) {
        for entry in entries.iter().filter(|entry| entry.progress == Progress::Lent) {
            self.drafts.recalled.push((entry.name.clone(), entry.number, Recall::Over(error.clone())));
        }
    }

    /// Somebody else may be going to log in: they shall not see what others have written.
    pub(super) fn change_drafts(&mut self) {
        let (owner, _) = self.identity.owner();
        self.sort_out_drafts(&owner);
        let mut held = std::mem::take(&mut self.held);
        for mut entry in held.extract_if(.., |entry| entry.kind == Kind::Write) {
            if self.claim(&mut entry, &owner) {
                self.return_draft(entry);
            } else {
                self.held.push(entry);
            }
        }
        self.held.append(&mut held);
    }
}

/// Whether what stands in storage for a record is of this package.
pub(super) fn is_readable(entry: &Persisted<'_>) -> bool {
    match entry.kind {
        Kind::Write | Kind::Forced => entry.data.and_then(read_write).is_some(),
        Kind::Base => entry.data.and_then(read_base).is_some(),
        Kind::Event | Kind::Call { .. } => true,
    }
}
