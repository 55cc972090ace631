//! What stands in storage together, and what is still to be said to it.
//!
//! What was entrusted within one task of the page is one value under one key, but for calls, writes past records and what
//! writes were made to. It is written when the task ends, and leaves when the server has all of it. As long as it is short
//! and new, and nothing of it has left, the tasks that follow add to it, so that many of them are removed at once. A value
//! of which the server has a part stays as it is: should this page be killed, the next one sends what subscribers
//! recognise. Only writes to records that were confirmed are taken out after a moment, and what is not to be sent any more
//! at once.

use std::mem;

use super::persisted::value_in;
use crate::{
    client::{
        io::{Claim, Entry, GroupId, Kind, Output, Owner},
        limits::{OUTBOX_GROUP_MAX_BYTES, OUTBOX_GROUP_OPEN_BYTES, OUTBOX_GROUP_OPEN_MS, OUTDATED_MAX_MS},
        time::Instant,
    },
    queue::Queue,
    slots::Slots,
};

/// Entries that stand in storage under one key.
#[derive(Debug)]
struct Group {
    key: Box<str>,
    /// How many of the entries here stand in it.
    entries: usize,
    value: Value,
    /// Whether storage was asked to replace what it held.
    is_rewritten: bool,
    /// The first entry that was added to what storage held.
    added_since: Option<u64>,
}

#[derive(Debug)]
enum Value {
    /// More of the same user may be added. What storage does not have of it is to be written when the task ends.
    Open { value: String, owner: Owner, claim: Claim, since: Instant, written_bytes: usize },
    /// In storage as it is to be.
    Written,
    /// In storage, and to be written anew: as this, once it is rendered.
    Stale(String),
}

impl Value {
    /// Whether storage holds nothing of it.
    const fn is_new(&self) -> bool {
        matches!(self, Self::Open { written_bytes: 0, .. })
    }
}

/// All groups of which there are entries here.
#[derive(Debug, Default)]
pub struct Groups {
    groups: Slots<Group>,
    /// The one that was begun last.
    newest: Option<GroupId>,
    /// Those that are to be written, or have no entries left.
    changed: Vec<GroupId>,
    /// Those that hold what the server has confirmed and must not be found there for long, and until when, in order.
    outdated: Queue<(Instant, GroupId)>,
    /// How often a value was written.
    pub writes: u32,
    /// What is to be said to storage after what is to be written: questions, and locks given back.
    later: Queue<Output>,
}

impl Groups {
    /// Whether anything is to be said to storage.
    pub const fn is_changed(&self) -> bool {
        !self.changed.is_empty() || !self.later.is_empty()
    }

    /// The key of a group.
    pub fn key(&self, id: GroupId) -> Option<&str> {
        self.groups.get(id.0).map(|group| &*group.key)
    }

    /// Whether there are groups whose keys begin so.
    pub fn has_under(&self, prefix: &str) -> bool {
        !self.meant(&|group| group.key.starts_with(prefix)).is_empty()
    }

    fn meant(&self, is_meant: &dyn Fn(&Group) -> bool) -> Vec<GroupId> {
        let mut meant = Vec::new();
        for (id, group) in self.groups.iter() {
            if is_meant(group) {
                meant.push(GroupId(id));
            }
        }
        meant
    }

    /// The groups that stood in storage, and are not among these keys and values.
    pub fn missing_in(&self, items: &[(String, String)]) -> Vec<GroupId> {
        self.meant(&|group| !group.value.is_new() && value_in(items, &group.key).is_none())
    }

    /// The group under a key.
    pub fn find(&self, key: &str) -> Option<GroupId> {
        self.meant(&|group| *group.key == *key).pop()
    }

    /// Storage could not write a value. Returns its group, whether storage may still hold what stood there before, and the first
    /// entry that it does not have, if it holds anything of use. A second failure tells that the first was not that of the
    /// addition.
    pub fn take_failed(&mut self, key: &str) -> Option<(GroupId, bool, Option<u64>)> {
        let id = self.find(key)?;
        let group = self.groups.get_mut(id.0)?;
        Some((id, group.is_rewritten, group.added_since.take()))
    }

    // ---- entries come and go ----

    /// A new group that begins with an entry; others may [join](Self::join) it.
    pub fn begin(&mut self, key: Box<str>, value: String, entry: &Entry, now: Instant) -> GroupId {
        let (owner, claim) = (entry.owner.clone(), entry.claim);
        let value = Value::Open { value, owner, claim, since: now, written_bytes: 0 };
        let group = Group { key, entries: 1, value, is_rewritten: false, added_since: None };
        let id = GroupId(self.groups.insert(Box::new(group)));
        self.changed.push(id);
        if is_in_company(entry) {
            self.newest = Some(id);
        }
        id
    }

    /// The newest group and its value, if the entry may stand in it: it is to be added. Only whoever `holds_lock` may add to
    /// what storage has, since others may have taken over the rest.
    pub fn join(&mut self, entry: &Entry, now: Instant, holds_lock: bool) -> Option<(GroupId, &mut String)> {
        let id = self.newest.filter(|_| is_in_company(entry))?;
        let group = self.groups.get_mut(id.0)?;
        let Value::Open { value, owner, claim, since, written_bytes } = &mut group.value else { return None };
        let is_theirs = *owner == entry.owner && *claim == entry.claim;
        let has_room = if *written_bytes == 0 {
            value.len() < OUTBOX_GROUP_MAX_BYTES
        } else {
            // Whoever did not run for longer may have lost the lock without knowing.
            let is_new = holds_lock && now.since_ms(*since) < OUTBOX_GROUP_OPEN_MS;
            is_new && value.len() < OUTBOX_GROUP_OPEN_BYTES
        };
        if !is_theirs || !has_room {
            return None;
        }
        group.entries += 1;
        if *written_bytes == value.len() {
            group.added_since = Some(entry.number);
            self.changed.push(id);
        }
        Some((id, value))
    }

    /// Nothing joins what was begun: what comes now may become another user's than what came before.
    pub const fn close(&mut self) {
        self.newest = None;
    }

    /// A group that stands in storage already, with so many entries.
    pub fn adopt(&mut self, key: &str, entries: usize) -> GroupId {
        let value = Value::Written;
        let group = Group { key: key.into(), entries, value, is_rewritten: false, added_since: None };
        let id = GroupId(self.groups.insert(Box::new(group)));
        if entries == 0 {
            self.changed.push(id);
        }
        id
    }

    /// What stands in storage for an entry is to be written anew.
    pub fn rewrite(&mut self, id: GroupId) {
        if let Some(group) = self.groups.get_mut(id.0).filter(|group| !matches!(group.value, Value::Stale(_))) {
            (group.value, group.added_since) = (Value::Stale(String::new()), None);
            self.changed.push(id);
        }
    }

    /// An entry is no longer here; it leaves storage now, or, if the server has it, with the last one of its group.
    pub fn remove(&mut self, id: GroupId, is_confirmed: bool) {
        if !is_confirmed {
            self.rewrite(id);
        }
        if self.let_go(id) {
            self.changed.push(id);
        }
    }

    /// An entry of a group is no longer here, so nothing joins the rest. Says whether it was the last one.
    fn let_go(&mut self, id: GroupId) -> bool {
        self.newest = self.newest.filter(|newest| *newest != id);
        let Some(group) = self.groups.get_mut(id.0) else { return false };
        group.entries -= 1;
        let is_empty = group.entries == 0;
        if is_empty {
            self.outdated.take_out(&|(_, outdated)| *outdated == id);
        }
        is_empty
    }

    /// What stands in storage for a write that the server has confirmed must not be found there for long: another client may
    /// write over it.
    pub fn outdate(&mut self, id: GroupId, now: Instant) {
        let has_more = self.groups.get(id.0).is_some_and(|group| group.entries > 0);
        if has_more && !self.outdated.iter().any(|(_, outdated)| *outdated == id) {
            self.outdated.push_back((now.after_ms(OUTDATED_MAX_MS), id));
        }
    }

    /// When something outdated is to be written anew.
    pub fn deadline(&self) -> Option<Instant> {
        self.outdated.front().map(|(at, _)| *at)
    }

    /// Writes anew what has been outdated for long enough by this moment, or, without one, all that is.
    pub fn tidy(&mut self, until: Option<Instant>) {
        while let Some(outdated) = self.outdated.pop_front_if(|(at, _)| until.is_none_or(|until| *at <= until)) {
            self.rewrite(outdated.1);
        }
    }

    /// An entry is no longer here, and stays in storage.
    pub fn leave(&mut self, id: GroupId) {
        if self.let_go(id) {
            self.groups.remove(id.0);
        }
    }

    // ---- speaking to storage ----

    /// Says something to storage when what changed has been written.
    pub fn say(&mut self, output: Output) {
        self.later.push_back(output);
    }

    /// Whether anything is to be written anew: then [`render`](Self::render) is to be called for all entries.
    pub fn has_stale(&self) -> bool {
        let mut changed = self.changed.iter().filter_map(|id| self.groups.get(id.0));
        changed.any(|group| group.entries > 0 && matches!(group.value, Value::Stale(_)))
    }

    /// The new value of the group, if it is written anew: an entry that stands in it is to be added.
    pub fn render(&mut self, id: GroupId) -> Option<&mut String> {
        match self.groups.get_mut(id.0)?.value {
            Value::Stale(ref mut value) => Some(value),
            _ => None,
        }
    }

    /// Says to storage what is to be said: first what is to be written, and last what does not concern groups.
    pub fn commit(&mut self, out: &mut Queue<Output>) {
        let mut removed = Vec::new();
        for &id in &mem::take(&mut self.changed) {
            let Some(group) = self.groups.get_mut(id.0) else { continue };
            if group.entries == 0 {
                if let Some(group) = self.groups.remove(id.0).filter(|group| !group.value.is_new()) {
                    removed.push(group.key);
                }
                continue;
            }
            group.is_rewritten |= matches!(group.value, Value::Stale(_));
            let value = match &mut group.value {
                // It was told of twice, or has the number of one that was left.
                Value::Open { value, written_bytes, .. } if *written_bytes == value.len() => continue,
                Value::Open { value, written_bytes, .. }
                    if self.newest == Some(id) && value.len() < OUTBOX_GROUP_OPEN_BYTES =>
                {
                    *written_bytes = value.len();
                    value.as_str().into()
                }
                Value::Open { value, .. } | Value::Stale(value) => {
                    let value = mem::take(value).into();
                    group.value = Value::Written;
                    value
                }
                Value::Written => continue,
            };
            self.writes = self.writes.wrapping_add(1);
            out.push_back(Output::WriteStorage { key: group.key.clone(), value: Some(value) });
        }
        for key in removed {
            out.push_back(Output::WriteStorage { key, value: None });
        }
        while let Some(later) = self.later.pop_front() {
            out.push_back(*later);
        }
    }
}

/// Whether an entry may stand in storage together with others. What must leave before anything else happens stands alone.
const fn is_in_company(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Event | Kind::Write)
}
