//! What the outbox asks of the storage, and what it does with the answers.

use super::Features;
use crate::client::{
    context::Context,
    error::DropReason,
    io::{Claim, Delivery, Entry, Kind, OutboxNews, Output, Owner, Progress, StorageEvent},
    limits::OUTBOX_START_MAX_MS,
    log::{
        Cleared, LastUser, OwnLock, Purpose, Storage,
        persisted::{self, PersistedGroup},
    },
};

impl Context<'_> {
    /// Asks what is in storage, if that is the first that is said to it: what is entrusted waits for the answer.
    pub fn ask_storage_first(&mut self) {
        if self.log.storage == Storage::Reading {
            self.log.groups.commit(self.out);
        }
    }

    fn store_last_user(&mut self) {
        if let Some(last) = self.log.identity.last() {
            let value = Some(last.text());
            self.out.push_back(Output::WriteStorage { key: self.log.keys.of_last_user(), value });
        }
    }

    /// A session begins, perhaps somebody else's than the last one in this browser: what others have left goes first.
    pub(super) fn look_into_storage(&mut self, is_somebody_else: bool) {
        if self.log.storage != Storage::Absent {
            self.log.touch_storage();
            if is_somebody_else && self.log.storage == Storage::Ready {
                self.store_last_user();
            }
            self.log.ask_again();
            self.log.look_for_orphans();
        }
        if !self.log.is_start_done() {
            self.log.start_deadline = Some(self.now.after_ms(OUTBOX_START_MAX_MS));
        }
    }

    /// Another page clears what this one has stored.
    pub(super) fn on_cleared(&mut self, text: &str) {
        self.log.cleared = Cleared::read(text);
        self.out.push_back(Output::WriteStorage { key: self.log.keys.of_cleared(&self.log.client), value: None });
    }
}

impl Features {
    /// Says to storage what is to be said.
    pub fn commit(&mut self, context: &mut Context<'_>) {
        if !context.log.groups.is_changed() {
            return;
        }
        let mut groups = std::mem::take(&mut context.log.groups);
        if groups.begin_rewriting() {
            self.for_each(context, &mut |context, entry| {
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
        context.log.groups = groups;
    }

    /// Writes what is only in memory although it should not be.
    fn store_all(&mut self, context: &mut Context<'_>) {
        self.for_each(context, &mut |context, entry| {
            if entry.delivery == Delivery::Durable && entry.stored.is_none() {
                context.keep(entry);
            }
        });
        self.records.keep_bases(context);
    }

    // ---- what storage says ----

    /// The storage has something to say.
    pub fn on_storage(&mut self, context: &mut Context<'_>, event: StorageEvent<'_>) {
        match event {
            StorageEvent::Contents { read, items } => {
                if let Some((purpose, writes)) = context.log.reads.answered(read) {
                    self.on_contents(context, (purpose, writes), items);
                }
            }
            StorageEvent::Unreadable { read, words } => {
                if let Some((purpose, _)) = context.log.reads.answered(read) {
                    self.on_unreadable(context, purpose, words);
                }
            }
            StorageEvent::WriteFailed { key, words } => self.on_write_failed(context, key, words),
            StorageEvent::Changed { key, value } => self.on_changed(context, key, value),
            // Perhaps that was seen already, and what was there is stored anew. A page that was hidden looks later.
            StorageEvent::Emptied if context.log.storage == Storage::Ready && !context.log.takeover.is_parked => {
                context.log.read(context.log.keys.all(), Purpose::Check);
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
        let name = context.log.keys.of_storage();
        let name = items.iter().find(|(key, _)| **key == *name).map(|(_, name)| name.as_str());
        let is_whole = !matches!(purpose, Purpose::TakeOver(_) | Purpose::Lease(_));
        let is_another = is_whole && context.log.storage_name.as_deref() != name;
        let tells_what_is_lost = (is_another && context.log.storage_name.is_some()) || purpose == Purpose::Check;
        if tells_what_is_lost && writes != context.log.groups.writes() {
            // What was written since it was asked is not in the answer.
            return context.log.read(context.log.keys.all(), purpose);
        }
        if is_another {
            let had_name = std::mem::replace(&mut context.log.storage_name, name.map(Into::into)).is_some();
            let is_own = matches!(purpose, Purpose::Own(_));
            if had_name && self.on_emptied(context, items, is_own) && is_own {
                context.log.takeover.is_parked = false;
                return;
            }
        }
        match purpose {
            Purpose::Start => self.on_first_look(context, items),
            Purpose::Orphans => context.on_orphans(items),
            Purpose::TakeOver(client) => self.take_over(context, &client, items),
            Purpose::Own(until) => self.keep_what_is_stored(context, until, items),
            Purpose::Clear { owners, until_ms } => context.clear_storage(&owners, until_ms, items),
            Purpose::Lease(client) => context.on_lease_read(&client, items),
            Purpose::Removal(batch) => self.on_removal_read(context, batch, Some(items)),
            Purpose::Check => {
                self.on_emptied(context, items, false);
            }
        }
    }

    fn on_first_look(&mut self, context: &mut Context<'_>, items: &[(String, String)]) {
        let last_user = context.log.keys.of_last_user();
        let last = items.iter().find(|(key, _)| **key == *last_user);
        if let Some(last) = last.and_then(|(_, value)| LastUser::read(value)) {
            self.remember_last_user(context, last);
        }
        context.log.storage = Storage::Ready;
        self.store_all(context);
        if let Some(clear) = context.log.reads.clear_after_start.take() {
            context.log.read(context.log.keys.all(), clear);
        }
        if context.session.is_some() {
            context.store_last_user();
        }
        if context.wants_orphans() {
            context.log.look_for_orphans();
        }
    }

    /// What nobody could be named for, or only a digest, is now known to be somebody's.
    fn remember_last_user(&mut self, context: &mut Context<'_>, last: LastUser) {
        context.log.identity.remember(last);
        let Some(last) = context.log.identity.last().cloned() else { return };
        self.for_each(context, &mut |_, entry| {
            if entry.claim == Claim::Open || (entry.claim == Claim::Made && last.logged_in_as(&entry.owner)) {
                entry.owner = last.owner().clone();
            }
        });
        // Not who is to log in by now: that may be somebody else than when the application said so.
        if let Some(Purpose::Clear { owners, .. }) = &mut context.log.reads.clear_after_start
            && owners.iter().all(|owner| owner.is_empty() || last.logged_in_as(owner))
        {
            owners.push(last.owner().clone());
        }
    }

    fn on_unreadable(&mut self, context: &mut Context<'_>, purpose: Purpose, words: Option<&str>) {
        match purpose {
            Purpose::Start => context.log.storage = Storage::Absent,
            Purpose::TakeOver(client) => context.log.release(&client),
            Purpose::Own(_) => context.log.takeover.is_parked = false,
            Purpose::Lease(client) => context.log.on_lease_unreadable(context.now, &client),
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
        if let Some(group) = context.log.groups.find(key) {
            let is_rewritten = context.log.groups.is_rewritten(group);
            let added_since = context.log.groups.take_added_since(group);
            let mut failed = Vec::new();
            self.for_each(context, &mut |_, entry| {
                let is_there = added_since.is_some_and(|since| entry.number < since);
                if entry.stored == Some(group) && !is_there && !may_be_there(entry, is_rewritten) {
                    failed.push(entry.clone());
                    entry.stored = None;
                }
            });
            // What stands there from before may be under another owner.
            for entry in failed {
                context.log.unstore(&entry, added_since.is_some());
            }
        }
        degrade(context, words);
    }

    /// Another page has changed the storage.
    fn on_changed(&mut self, context: &mut Context<'_>, key: &str, value: Option<&str>) {
        if context.log.storage != Storage::Ready {
            return;
        }
        if let Some(text) = value.filter(|_| *key == *context.log.keys.of_cleared(&context.log.client)) {
            return context.on_cleared(text);
        }
        if context.log.takeover.is_parked {
            if value.is_none() {
                self.on_calls_removed(context, key);
            }
            return;
        }
        if *key == *context.log.keys.of_storage() {
            match (&context.log.storage_name, value) {
                (None, Some(name)) => context.log.storage_name = Some(name.into()),
                (Some(name), value) if value != Some(name) => context.log.read(context.log.keys.all(), Purpose::Check),
                _ => {}
            }
            return;
        }
        if let Some(client) = context.log.keys.parse_lease(key) {
            return self.on_lease_changed(context, &Box::from(client), value);
        }
        let Some((client, _)) = context.log.keys.parse_group(key) else { return };
        match value.map(persisted::read) {
            None => self.on_removed_elsewhere(context, key),
            Some(Ok(group)) if context.session.is_some() && context.log.identity.may_send(&group.owner) => {
                if *client != *context.log.client && !context.log.takeover.others.contains(client) {
                    context.ask_for(&Box::from(client), true);
                }
            }
            Some(_) => {}
        }
    }

    /// Another page may have made calls of this one, which was hidden: who waits need not do so until others are done.
    fn on_calls_removed(&mut self, context: &mut Context<'_>, key: &str) {
        let Some(group) = context.log.groups.find(key) else { return };
        let gone = self.take_all(context, &|entry| entry.kind.is_call() && entry.stored == Some(group));
        context.tell_gone(gone);
    }

    fn on_removed_elsewhere(&mut self, context: &mut Context<'_>, key: &str) {
        if context.log.takeover.own_lock == OwnLock::Asked {
            self.go_on_from_memory(context, key);
        }
        let Some(group) = context.log.groups.find(key) else { return };
        let is_others = context.log.keys.parse_group(key).is_some_and(|(client, _)| *client != *context.log.client);
        if is_others {
            // Whoever removed it tells what became of it.
            self.take_all(context, &|entry| entry.stored == Some(group));
            return;
        }
        let now = context.now;
        let is_lost =
            |entry: &&Entry| entry.stored == Some(group) && entry.expires_at > now && !context.log.was_cleared(entry);
        let mut lost: Vec<u64> = self.entries(context.log).filter(is_lost).map(|entry| entry.number).collect();
        if context.log.takeover.own_lock != OwnLock::Held {
            lost.clear();
        } else if !lost.is_empty() {
            // Whoever has the lock is the only one to send, so nobody has. What was removed may be there again by now.
            context.log.read(context.log.keys.all(), Purpose::Check);
        }
        let is_gone = |entry: &Entry| entry.stored == Some(group) && !lost.contains(&entry.number);
        let mut gone = self.take_all(context, &is_gone);
        let expired = gone.extract_if(.., |entry| entry.expires_at <= context.now).collect();
        context.tell_dropped(expired, DropReason::Expired);
        context.tell_gone(gone);
    }

    /// Somebody has emptied the storage, but for these: what stood there goes on from memory, and is stored anew. Says whether
    /// anything was lost.
    fn on_emptied(&mut self, context: &mut Context<'_>, items: &[(String, String)], others_had_lock: bool) -> bool {
        let lost = context.log.groups.where_written(&|key| !items.iter().any(|(found, _)| **found == *key));
        let is_lost = |entry: &Entry| {
            let is_leaving = matches!(entry.progress, Progress::Leaving { .. });
            !is_leaving && entry.stored.is_some_and(|group| lost.contains(&group))
        };
        // Perhaps another page has made them before, and nobody must do so twice.
        self.give_up_in_doubt(context, &|log, call| {
            let is_once = call.kind == Kind::Call { idempotent: false };
            is_once && is_lost(call) && (others_had_lock || !log.may_make(call))
        });
        let mut entries = Vec::new();
        self.for_each(context, &mut |_, entry| {
            if is_lost(entry) {
                entries.push(entry.clone());
                entry.stored = None;
            }
        });
        if entries.is_empty() {
            return false;
        }
        for entry in &entries {
            context.log.leave_storage(entry);
        }
        degrade(context, EMPTIED);
        if context.log.leases.are_in_use() && context.log.takeover.own_lock == OwnLock::Held {
            let client = context.log.client.clone();
            context.hold_lease(&client);
        }
        context.store_last_user();
        self.store_all(context);
        true
    }

    /// Another page took this one for gone before it had its lock. What is written to records can be written by both, since
    /// the server tells what it has already.
    fn go_on_from_memory(&mut self, context: &mut Context<'_>, key: &str) {
        let Some(group) = context.log.groups.find(key) else { return };
        let mut count = 0;
        self.for_each(context, &mut |_, entry| {
            if entry.kind.is_of_record() && entry.progress != Progress::Held && entry.stored == Some(group) {
                entry.stored = None;
                count += 1;
            }
        });
        (0..count).for_each(|_| context.log.groups.leave(group));
    }

    /// Storage says what it holds after the calls of a batch were removed; nothing if it cannot be read.
    fn on_removal_read(&mut self, context: &mut Context<'_>, batch: u32, items: Option<&[(String, String)]>) {
        let mut is_stuck = false;
        self.rpc.requestor.for_each_entry(context, &mut |context, call| {
            if call.progress != (Progress::Leaving { batch }) {
                return;
            }
            let key = call.stored.and_then(|group| context.log.groups.key(group));
            if items.is_some_and(|items| !items.iter().any(|(found, _)| Some(&**found) == key)) {
                call.progress = Progress::Waiting;
                context.log.leave_storage(call);
                call.stored = None;
            } else {
                // The next session tries again.
                call.progress = Progress::Held;
                is_stuck = true;
            }
        });
        if is_stuck {
            degrade(context, "a call cannot be removed from storage, so it is not made for now");
        }
    }
}

impl Context<'_> {
    fn clear_storage(&mut self, owners: &[Owner], until_ms: u64, items: &[(String, String)]) {
        let last_user = self.log.keys.of_last_user();
        for (key, value) in items {
            let is_last_user = **key == *last_user
                && LastUser::read(value).is_none_or(|last| owners.iter().any(|owner| last.is(owner)));
            // This client has removed its own already; what is there of it came later.
            let other =
                self.log.keys.parse_group(key).map(|(client, _)| client).filter(|client| **client != *self.log.client);
            let is_cleared = |group: PersistedGroup<'_>| {
                let is_older = group.entries.iter().all(|entry| entry.created_ms <= until_ms);
                owners.contains(&group.owner) && is_older
            };
            let other = other.filter(|_| persisted::read(value).is_ok_and(is_cleared));
            if let Some(client) = other {
                // By that it knows this from storage that vanished, also if it hears of it later.
                let value = Some(Cleared::text(until_ms, owners));
                self.out.push_back(Output::WriteStorage { key: self.log.keys.of_cleared(client), value });
            }
            if is_last_user || other.is_some() {
                self.out.push_back(Output::WriteStorage { key: key.as_str().into(), value: None });
            }
        }
    }
}

const EMPTIED: &str = "somebody has emptied the storage; what waits is sent from memory";

/// Tells that storage does not keep what it should.
pub(super) fn degrade(context: &mut Context<'_>, words: &str) {
    context.out.push_back(Output::Outbox(OutboxNews::Degraded { words: words.into() }));
}
