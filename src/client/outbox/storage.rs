//! What the outbox asks of the storage, and what it does with the answers.

use super::{
    Outbox,
    identity::LastUser,
    persisted::{self, Cleared},
    takeover::OwnLock,
};
use crate::client::{
    context::Context,
    digest::push_hex,
    error::DropReason,
    io::{Claim, Delivery, Entry, Kind, OutboxNews, Output, Owner, Progress, StorageEvent},
};

/// What is known of the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Not asked for anything yet.
    Untouched,
    /// Asked what is in it.
    Reading,
    /// In use.
    Ready,
    /// There is none.
    Absent,
}

/// What the contents of the storage are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first look.
    Start,
    /// What others left behind.
    Orphans,
    /// The entries of a client that is gone.
    TakeOver(Box<str>),
    /// Which of its own entries before this number this client still has to send.
    Own(u64),
    /// What is to be removed: what these owners entrusted by then.
    Clear { owners: Vec<Owner>, until_ms: u64 },
    /// Who has the lease of a client.
    Lease(Box<str>),
    /// Whether the calls of a batch have left.
    Removal(u32),
    /// Whether it was emptied.
    Check,
}

/// The questions that are not answered yet.
#[derive(Debug, Default)]
pub struct Reads {
    /// With how often values had been written by then.
    waiting: Vec<(u32, Purpose, u32)>,
    next: u32,
    /// A removal that must wait for the first look, which tells who was logged in last.
    clear_after_start: Option<Purpose>,
}

impl Reads {
    /// Whether none of the answers decides what is sent first.
    pub fn is_done(&self) -> bool {
        let may_wait = |purpose: &Purpose| {
            matches!(purpose, Purpose::Clear { .. } | Purpose::Lease(_) | Purpose::Removal(_) | Purpose::Check)
        };
        self.waiting.iter().all(|(_, purpose, _)| may_wait(purpose))
    }

    /// Whether it is asked which of its own entries this client still has to send.
    pub fn asks_for_own(&self) -> bool {
        self.waiting.iter().any(|(_, purpose, _)| matches!(purpose, Purpose::Own(_)))
    }

    fn answered(&mut self, read: u32) -> Option<(Purpose, u32)> {
        let position = self.waiting.iter().position(|(waiting, ..)| *waiting == read)?;
        let (_, purpose, writes) = self.waiting.remove(position);
        Some((purpose, writes))
    }

    /// Forgets the questions that lead to locks.
    pub fn forget_takeovers(&mut self) {
        self.waiting.retain(|(_, purpose, _)| matches!(purpose, Purpose::Start | Purpose::Clear { .. }));
    }
}

impl Outbox {
    // ---- asking ----

    /// Asks once what is in storage, before anything is written to it.
    pub(super) fn touch_storage(&mut self) {
        if self.storage == Storage::Untouched {
            self.storage = Storage::Reading;
            self.read(self.keys.all(), Purpose::Start);
        }
    }

    /// Asks what stands under keys that begin so, unless that is asked already.
    pub(super) fn read(&mut self, prefix: Box<str>, purpose: Purpose) {
        if matches!(purpose, Purpose::Clear { .. }) && self.storage != Storage::Ready {
            self.reads.clear_after_start = Some(purpose);
            return;
        }
        if self.reads.waiting.iter().any(|(_, waiting, _)| *waiting == purpose) {
            return;
        }
        let read = self.reads.next;
        self.reads.next = read.wrapping_add(1);
        self.reads.waiting.push((read, purpose, self.groups.writes()));
        self.groups.say(Output::ReadStorage { read, prefix });
    }

    /// The client is closed: only what is to be cleared in storage still is.
    pub(super) fn clear_although_closed(&mut self) {
        if let Some(clear) = self.reads.clear_after_start.take() {
            self.storage = Storage::Ready;
            self.read(self.keys.all(), clear);
        }
        self.reads.waiting.retain(|(_, purpose, _)| matches!(purpose, Purpose::Clear { .. }));
    }

    /// Asks once more what storage has not answered; perhaps it does now.
    pub(super) fn ask_again(&mut self) {
        for (read, purpose, writes) in &mut self.reads.waiting {
            let prefix = match purpose {
                Purpose::Start => continue,
                Purpose::TakeOver(client) | Purpose::Lease(client) => self.keys.of_client(client),
                _ => self.keys.all(),
            };
            (*read, *writes) = (self.reads.next, self.groups.writes());
            self.reads.next = read.wrapping_add(1);
            self.groups.say(Output::ReadStorage { read: *read, prefix });
        }
    }

    // ---- writing ----

    /// Has storage keep the entry from the end of the task on, together with what else it is given in this task.
    pub(super) fn store(&mut self, context: &mut Context<'_>, entry: &mut Entry) {
        self.hold_own_lock(context);
        if self.storage_name.is_none() {
            let mut name = String::new();
            push_hex(&mut name, context.rng.next_u64());
            let name: Box<str> = name.into();
            context.out.push_back(Output::WriteStorage { key: self.keys.of_storage(), value: Some(name.clone()) });
            self.storage_name = Some(name);
        }
        let expires_ms = context.wall_clock_ms(entry.expires_at);
        let holds_lock = self.takeover.own_lock == OwnLock::Held && !self.takeover.is_parked;
        if let Some((group, value)) = self.groups.join(entry, context.now, holds_lock) {
            persisted::push(value, entry, expires_ms);
            entry.stored = Some(group);
        } else {
            let mut value = persisted::header(&entry.owner);
            persisted::push(&mut value, entry, expires_ms);
            let key = self.keys.of_group(&self.client, entry.number);
            entry.stored = Some(self.groups.begin(key, value, entry, context.now));
        }
    }

    /// Writes an entry anew of which storage holds something already.
    pub(super) fn rewrite(&mut self, entry: &Entry) {
        if let Some(group) = entry.stored {
            self.groups.rewrite(group);
        }
    }

    /// Takes an entry that is no longer here out of storage.
    pub(super) fn unstore(&mut self, entry: &Entry, is_confirmed: bool) {
        if let Some(group) = entry.stored {
            self.let_go_of(entry);
            self.groups.remove(group, is_confirmed);
        }
    }

    /// An entry that may be another client's no longer concerns this one; storage may hold it.
    pub(super) fn leave_storage(&mut self, entry: &Entry) {
        if let Some(group) = entry.stored {
            self.let_go_of(entry);
            self.groups.leave(group);
        }
    }

    /// Asks what is in storage, if that is the first that is said to it: what is entrusted waits for the answer.
    pub fn ask_first(&mut self, context: &mut Context<'_>) {
        if self.storage == Storage::Reading {
            self.groups.commit(context.out);
        }
    }

    /// Whether anything is to be said to storage when the task ends.
    pub const fn has_uncommitted(&self) -> bool {
        self.groups.is_changed()
    }

    /// Says to storage what is to be said.
    pub fn commit(&mut self, context: &mut Context<'_>) {
        if !self.groups.is_changed() {
            return;
        }
        let mut groups = std::mem::take(&mut self.groups);
        if groups.begin_rewriting() {
            self.for_each_mut(&mut |entry| {
                if let Some(value) = entry.stored.and_then(|group| groups.render(group)) {
                    if value.is_empty() {
                        *value = persisted::header(&entry.owner);
                    }
                    debug_assert!(
                        value.starts_with(&persisted::header(&entry.owner)),
                        "all of a group are of one user"
                    );
                    persisted::push(value, entry, context.wall_clock_ms(entry.expires_at));
                }
            });
        }
        groups.commit(context.out);
        self.groups = groups;
    }

    /// Writes what is only in memory although it should not be.
    fn store_all(&mut self, context: &mut Context<'_>) {
        let [mut entries, mut calls, mut forced] =
            [&mut self.entries, &mut self.calls, &mut self.forced].map(std::mem::take);
        let (mut held, mut drafts) = (std::mem::take(&mut self.held), std::mem::take(&mut self.drafts));
        let mut store = |entry: &mut Entry| {
            if entry.delivery == Delivery::Durable && entry.stored.is_none() {
                self.store(context, entry);
            }
        };
        entries.iter_mut().chain(&mut calls).chain(&mut forced).chain(&mut held).for_each(&mut store);
        drafts.for_each(&mut store);
        drafts.is_storage_new = true;
        (self.entries, self.calls, self.forced) = (entries, calls, forced);
        (self.held, self.drafts) = (held, drafts);
    }

    pub(super) fn store_last_user(&self, context: &mut Context<'_>) {
        if let Some(last) = self.identity.last() {
            let value = Some(last.text());
            context.out.push_back(Output::WriteStorage { key: self.keys.of_last_user(), value });
        }
    }

    // ---- what storage says ----

    /// The storage has something to say.
    pub fn on_storage(&mut self, context: &mut Context<'_>, event: StorageEvent<'_>) {
        // What a page that did not run hears first may be from long ago.
        self.check_leases(context);
        match event {
            StorageEvent::Contents { read, items } => {
                if let Some((purpose, writes)) = self.reads.answered(read) {
                    self.on_contents(context, (purpose, writes), items);
                }
            }
            StorageEvent::Unreadable { read, words } => {
                if let Some((purpose, _)) = self.reads.answered(read) {
                    self.on_unreadable(context, purpose, words);
                }
            }
            StorageEvent::WriteFailed { key, words } => self.on_write_failed(context, key, words),
            StorageEvent::Changed { key, value } => self.on_changed(context, key, value),
            // Perhaps that was seen already, and what was there is stored anew. A page that was hidden looks later.
            StorageEvent::Emptied if self.storage == Storage::Ready && !self.takeover.is_parked => {
                self.read(self.keys.all(), Purpose::Check);
            }
            StorageEvent::Emptied => {}
        }
        self.go_on(context);
    }

    fn on_contents(
        &mut self,
        context: &mut Context<'_>,
        (purpose, writes): (Purpose, u32),
        items: &[(String, String)],
    ) {
        let name = self.keys.of_storage();
        let name = items.iter().find(|(key, _)| **key == *name).map(|(_, name)| name.as_str());
        let is_whole = !matches!(purpose, Purpose::TakeOver(_) | Purpose::Lease(_));
        let is_another = is_whole && self.storage_name.as_deref() != name;
        let tells_what_is_lost = (is_another && self.storage_name.is_some()) || purpose == Purpose::Check;
        if tells_what_is_lost && writes != self.groups.writes() {
            // What was written since it was asked is not in the answer.
            return self.read(self.keys.all(), purpose);
        }
        if is_another {
            let had_name = std::mem::replace(&mut self.storage_name, name.map(Into::into)).is_some();
            let is_own = matches!(purpose, Purpose::Own(_));
            if had_name && self.on_emptied(context, items, is_own) && is_own {
                self.takeover.is_parked = false;
                return;
            }
        }
        match purpose {
            Purpose::Start => self.on_first_look(context, items),
            Purpose::Orphans => self.on_orphans(context, items),
            Purpose::TakeOver(client) => self.take_over(context, &client, items),
            Purpose::Own(until) => self.keep_what_is_stored(context, until, items),
            Purpose::Clear { owners, until_ms } => self.clear_storage(context, &owners, until_ms, items),
            Purpose::Lease(client) => self.on_lease_read(context, &client, items),
            Purpose::Removal(batch) => self.on_removal_read(context, batch, Some(items)),
            Purpose::Check => {
                self.on_emptied(context, items, false);
            }
        }
    }

    fn on_first_look(&mut self, context: &mut Context<'_>, items: &[(String, String)]) {
        let last_user = self.keys.of_last_user();
        let last = items.iter().find(|(key, _)| **key == *last_user);
        if let Some(last) = last.and_then(|(_, value)| LastUser::read(value)) {
            self.remember_last_user(last);
        }
        self.storage = Storage::Ready;
        self.store_all(context);
        if let Some(clear) = self.reads.clear_after_start.take() {
            self.read(self.keys.all(), clear);
        }
        if context.session.is_some() {
            self.store_last_user(context);
        }
        if self.wants_orphans(context) {
            self.look_for_orphans();
        }
    }

    /// What nobody could be named for, or only a digest, is now known to be somebody's.
    fn remember_last_user(&mut self, last: LastUser) {
        self.identity.remember(last);
        let Some(last) = self.identity.last().cloned() else { return };
        self.for_each_mut(&mut |entry| {
            if entry.claim == Claim::Open || (entry.claim == Claim::Made && last.logged_in_as(&entry.owner)) {
                entry.owner = last.owner().clone();
            }
        });
        // Not who is to log in by now: that may be somebody else than when the application said so.
        if let Some(Purpose::Clear { owners, .. }) = &mut self.reads.clear_after_start
            && owners.iter().all(|owner| owner.is_empty() || last.logged_in_as(owner))
        {
            owners.push(last.owner().clone());
        }
    }

    fn on_unreadable(&mut self, context: &mut Context<'_>, purpose: Purpose, words: Option<&str>) {
        match purpose {
            Purpose::Start => self.storage = Storage::Absent,
            Purpose::TakeOver(client) => self.release(&client),
            Purpose::Own(_) => self.takeover.is_parked = false,
            Purpose::Lease(client) => self.on_lease_unreadable(context, &client),
            Purpose::Removal(batch) => self.on_removal_read(context, batch, None),
            Purpose::Orphans | Purpose::Clear { .. } | Purpose::Check => {}
        }
        if let Some(words) = words {
            degrade(context, words);
        }
    }

    /// An entry could not be written: it stays in memory.
    fn on_write_failed(&mut self, context: &mut Context<'_>, key: &str, words: &str) {
        // What storage may still hold of a call that must not be executed twice is removed before it is made.
        let may_be_there = |entry: &Entry, is_rewritten: bool| {
            let is_leaving = matches!(entry.progress, Progress::Leaving { .. });
            entry.kind == Kind::Call { idempotent: false } && (is_leaving || is_rewritten)
        };
        if let Some(group) = self.groups.find(key) {
            let is_rewritten = self.groups.is_rewritten(group);
            let added_since = self.groups.added_since(group);
            let mut failed = Vec::new();
            self.for_each_mut(&mut |entry| {
                let is_there = added_since.is_some_and(|since| entry.number < since);
                if entry.stored == Some(group) && !is_there && !may_be_there(entry, is_rewritten) {
                    failed.push(entry.clone());
                    entry.stored = None;
                }
            });
            // What stands there from before may be under another owner.
            for entry in failed {
                self.unstore(&entry, added_since.is_some());
            }
        }
        degrade(context, words);
    }

    /// Another page has changed the storage.
    fn on_changed(&mut self, context: &mut Context<'_>, key: &str, value: Option<&str>) {
        if self.storage != Storage::Ready {
            return;
        }
        if let Some(text) = value.filter(|_| *key == *self.keys.of_cleared(&self.client)) {
            return self.on_cleared(context, text);
        }
        if self.takeover.is_parked {
            if value.is_none() {
                self.on_calls_removed(context, key);
            }
            return;
        }
        if *key == *self.keys.of_storage() {
            match (&self.storage_name, value) {
                (None, Some(name)) => self.storage_name = Some(name.into()),
                (Some(name), value) if value != Some(name) => self.read(self.keys.all(), Purpose::Check),
                _ => {}
            }
            return;
        }
        if let Some(client) = self.keys.parse_lease(key) {
            return self.on_lease_changed(context, &Box::from(client), value);
        }
        let Some((client, _)) = self.keys.parse_group(key) else { return };
        match value.map(persisted::read) {
            None => self.on_removed_elsewhere(context, key),
            Some(Ok(group)) if context.session.is_some() && self.identity.may_send(&group.owner) => {
                if *client != *self.client && !self.takeover.others.contains(client) {
                    self.ask_for(context, &Box::from(client), true);
                }
            }
            Some(_) => {}
        }
    }

    /// Another page may have made calls of this one, which was hidden: who waits need not do so until others are done.
    fn on_calls_removed(&mut self, context: &mut Context<'_>, key: &str) {
        let Some(group) = self.groups.find(key) else { return };
        let gone = self.take_all(context, &|entry| entry.kind.is_call() && entry.stored == Some(group));
        let (cleared, made) = gone.into_iter().partition(|entry| self.was_cleared(entry));
        self.drop_entries(context, cleared, DropReason::Cleared);
        self.tell_sent(context, made);
    }

    fn on_removed_elsewhere(&mut self, context: &mut Context<'_>, key: &str) {
        if self.takeover.own_lock == OwnLock::Asked {
            self.go_on_from_memory(key);
        }
        let Some(group) = self.groups.find(key) else { return };
        let is_others = self.keys.parse_group(key).is_some_and(|(client, _)| *client != *self.client);
        if is_others {
            // Whoever removed it tells what became of it.
            self.take_all(context, &|entry| entry.stored == Some(group));
            self.settle_flushes(context);
            return;
        }
        let now = context.now;
        let is_lost =
            |entry: &&Entry| entry.stored == Some(group) && entry.expires_at > now && !self.was_cleared(entry);
        let mut lost: Vec<u64> = self.entries().filter(is_lost).map(|entry| entry.number).collect();
        if self.takeover.own_lock != OwnLock::Held {
            lost.clear();
        } else if !lost.is_empty() {
            // Whoever has the lock is the only one to send, so nobody has. What was removed may be there again by now.
            self.read(self.keys.all(), Purpose::Check);
        }
        let mut gone = self.take_all(context, &|entry| entry.stored == Some(group) && !lost.contains(&entry.number));
        let expired = gone.extract_if(.., |entry| entry.expires_at <= context.now).collect();
        self.drop_entries(context, expired, DropReason::Expired);
        let (cleared, sent): (Vec<_>, _) = gone.into_iter().partition(|entry| self.was_cleared(entry));
        self.drop_entries(context, cleared, DropReason::Cleared);
        self.tell_sent(context, sent);
    }

    /// Another page clears what this one has stored.
    pub(super) fn on_cleared(&mut self, context: &mut Context<'_>, text: &str) {
        self.cleared = Cleared::read(text);
        context.out.push_back(Output::WriteStorage { key: self.keys.of_cleared(&self.client), value: None });
    }

    /// Whether another page has cleared what is no longer in storage.
    pub(super) fn was_cleared(&self, entry: &Entry) -> bool {
        self.cleared.as_ref().is_some_and(|cleared| cleared.concerns(entry))
    }

    /// Somebody has emptied the storage, but for these: what stood there goes on from memory, and is stored anew. Says whether
    /// anything was lost.
    fn on_emptied(&mut self, context: &mut Context<'_>, items: &[(String, String)], others_had_lock: bool) -> bool {
        let lost = self.groups.where_written(|key| !items.iter().any(|(found, _)| **found == *key));
        let is_lost = |entry: &Entry| {
            let is_leaving = matches!(entry.progress, Progress::Leaving { .. });
            !is_leaving && entry.stored.is_some_and(|group| lost.contains(&group))
        };
        // Perhaps another page has made them before, and nobody must do so twice.
        let is_in_doubt = |call: &&Entry| {
            let is_once = call.kind == Kind::Call { idempotent: false };
            is_once && is_lost(call) && (others_had_lock || !self.may_make(call))
        };
        let in_doubt: Vec<u64> = self.entries().filter(is_in_doubt).map(|call| call.number).collect();
        self.give_up_in_doubt(context, &in_doubt);
        let mut entries = Vec::new();
        self.for_each_mut(&mut |entry| {
            if is_lost(entry) {
                entries.push(entry.clone());
                entry.stored = None;
            }
        });
        if entries.is_empty() {
            return false;
        }
        for entry in &entries {
            self.leave_storage(entry);
        }
        degrade(context, EMPTIED);
        if self.leases.are_in_use() && self.takeover.own_lock == OwnLock::Held {
            let client = self.client.clone();
            self.hold_lease(context, &client);
        }
        self.store_last_user(context);
        self.store_all(context);
        true
    }

    /// Another page took this one for gone before it had its lock. What is written to records can be written by both, since
    /// the server tells what it has already.
    fn go_on_from_memory(&mut self, key: &str) {
        let Some(group) = self.groups.find(key) else { return };
        let mut count = 0;
        self.for_each_own(&mut |entry| {
            if entry.kind.is_of_record() && entry.stored == Some(group) {
                entry.stored = None;
                count += 1;
            }
        });
        (0..count).for_each(|_| self.groups.leave(group));
    }

    fn clear_storage(
        &mut self,
        context: &mut Context<'_>,
        owners: &[Owner],
        until_ms: u64,
        items: &[(String, String)],
    ) {
        let last_user = self.keys.of_last_user();
        for (key, value) in items {
            let is_last_user = **key == *last_user
                && LastUser::read(value).is_none_or(|last| owners.iter().any(|owner| last.is(owner)));
            // This client has removed its own already; what is there of it came later.
            let other = self.keys.parse_group(key).map(|(client, _)| client).filter(|client| **client != *self.client);
            let is_cleared = |group: persisted::PersistedGroup<'_>| {
                let is_older = group.entries.iter().all(|entry| entry.created_ms <= until_ms);
                owners.contains(&group.owner) && is_older
            };
            let other = other.filter(|_| persisted::read(value).is_ok_and(is_cleared));
            if let Some(client) = other {
                // By that it knows this from storage that vanished, also if it hears of it later.
                let value = Some(Cleared::text(until_ms, owners));
                context.out.push_back(Output::WriteStorage { key: self.keys.of_cleared(client), value });
            }
            if is_last_user || other.is_some() {
                context.out.push_back(Output::WriteStorage { key: key.as_str().into(), value: None });
            }
        }
    }
}

const EMPTIED: &str = "somebody has emptied the storage; what waits is sent from memory";

/// Tells that storage does not keep what it should.
pub(super) fn degrade(context: &mut Context<'_>, words: &str) {
    context.out.push_back(Output::Outbox(OutboxNews::Degraded { words: words.into() }));
}
