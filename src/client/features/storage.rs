//! What the outbox asks of the storage, and what it does with the answers.

use super::Features;
use crate::client::{
    context::Context,
    error::DropReason,
    io::{Claim, Delivery, Entry, GroupId, Kind, OutboxNews, Output, Owner, Progress, StorageEvent},
    limits::{LEASE_MS, OUTBOX_START_MAX_MS},
    log::{
        Cleared, LastUser, Log, OwnLock, Purpose, Storage,
        persisted::{self, PersistedGroup, value_in},
        take_meant,
    },
};

impl Context {
    /// Asks what is in storage, if that is the first that is said to it: what is entrusted waits for the answer.
    pub fn ask_storage_first(&mut self) {
        if self.log.storage == Storage::Reading {
            self.log.groups.commit(&mut self.out);
        }
    }

    fn store_last_user(&mut self) {
        if let Some(last) = &self.log.identity.last {
            let value = Some(last.text());
            self.write(self.log.keys.of_last_user(), value);
        }
    }

    /// A session begins, perhaps somebody else's than the last one in this browser: what others have left goes first.
    pub(super) fn look_into_storage(&mut self, is_somebody_else: bool) {
        self.log.touch_storage();
        if is_somebody_else && self.log.storage == Storage::Ready {
            self.store_last_user();
        }
        self.log.ask_again();
        self.log.look_for_orphans();
        if !self.log.is_start_done() {
            self.log.start_deadline = Some(self.now.after_ms(OUTBOX_START_MAX_MS));
        }
    }

    /// Another page clears what this one has stored.
    pub(super) fn on_cleared(&mut self, text: &str) {
        self.log.cleared = Cleared::read(text);
        self.write(self.log.keys.of_cleared(&self.log.client), None);
    }
}

impl Features {
    /// Says to storage what is to be said.
    pub fn commit(&mut self, context: &mut Context) {
        if context.log.groups.has_stale() {
            self.for_each(context, &mut |context, entry| {
                let expires_ms = context.wall_clock_ms(entry.expires_at);
                if let Some(value) = entry.stored.and_then(|group| context.log.groups.render(group)) {
                    if value.is_empty() {
                        *value = persisted::header(&entry.owner);
                    }
                    debug_assert!(
                        value.starts_with(&persisted::header(&entry.owner)),
                        "all of a group are of one user"
                    );
                    persisted::push(value, entry, expires_ms);
                }
            });
        }
        context.log.groups.commit(&mut context.out);
    }

    /// Writes what is only in memory although it should not be.
    fn store_all(&mut self, context: &mut Context) {
        self.for_each(context, &mut |context, entry| {
            if entry.delivery == Delivery::Durable && entry.stored.is_none() {
                context.keep(entry);
            }
        });
        self.records.keep_bases(context);
    }

    // ---- what storage says ----

    /// The storage has something to say.
    #[inline(never)]
    pub fn on_storage(&mut self, context: &mut Context, event: StorageEvent<'_>) {
        match event {
            StorageEvent::Contents { read, items } => {
                if let Some(question) = context.log.reads.answer(read) {
                    let (purpose, writes) = *question;
                    self.on_contents(context, purpose, writes, items);
                }
            }
            StorageEvent::Unreadable { read, words } => {
                if let Some(question) = context.log.reads.answer(read) {
                    self.on_unreadable(context, &question.0, words);
                }
            }
            StorageEvent::WriteFailed { key, words } => self.on_write_failed(context, key, words),
            StorageEvent::Changed { key, value } => self.on_changed(context, key, value),
            // Perhaps that was seen already, and what was there is stored anew. A page that was hidden looks later.
            StorageEvent::Emptied if context.log.storage == Storage::Ready && !context.log.takeover.is_parked => {
                context.log.read(Purpose::Check);
            }
            StorageEvent::Emptied => {}
        }
        self.go_on(context);
    }

    fn on_contents(&mut self, context: &mut Context, purpose: Purpose, writes: u32, items: &[(String, String)]) {
        let name = value_in(items, &context.log.keys.of_storage());
        let is_whole = !matches!(purpose, Purpose::TakeOver(_) | Purpose::Lease(_));
        let is_another = is_whole && context.log.storage_name.as_deref() != name;
        let is_emptied = purpose == Purpose::Check || (is_another && context.log.storage_name.is_some());
        if is_emptied && writes != context.log.groups.writes {
            // What was written since it was asked is not in the answer.
            return context.log.read(purpose);
        }
        if is_another {
            context.log.storage_name = name.map(Into::into);
        }
        let is_own = matches!(purpose, Purpose::Own(_));
        if is_emptied && self.on_emptied(context, items, is_own) && is_own {
            context.log.takeover.is_parked = false;
            return;
        }
        match &purpose {
            Purpose::Start => self.on_first_look(context, items),
            Purpose::Orphans => context.on_orphans(items),
            Purpose::TakeOver(client) => self.take_over(context, client, items),
            Purpose::Own(until) => self.keep_what_is_stored(context, *until, items),
            Purpose::Clear { owners, until_ms } => context.clear_storage(owners, *until_ms, items),
            Purpose::Lease(client) => context.on_lease_read(client, items),
            Purpose::Removal(batch) => self.on_removal_read(context, *batch, Some(items)),
            Purpose::Check => {}
        }
    }

    fn on_first_look(&mut self, context: &mut Context, items: &[(String, String)]) {
        let last = value_in(items, &context.log.keys.of_last_user());
        if let Some(last) = last.and_then(LastUser::read) {
            self.remember_last_user(context, last);
        }
        context.log.storage = Storage::Ready;
        self.store_all(context);
        if context.session.is_some() {
            context.store_last_user();
        }
        if context.wants_orphans() {
            context.log.look_for_orphans();
        }
    }

    /// What nobody could be named for, or only a digest, is now known to be somebody's.
    fn remember_last_user(&mut self, context: &mut Context, last: LastUser) {
        let last = context.log.identity.remember(last);
        self.for_each(context, &mut |_, entry| {
            if entry.claim == Claim::Open || (entry.claim == Claim::Made && last.logged_in_as(&entry.owner)) {
                entry.owner = last.owner.clone();
            }
        });
        // Not who is to log in by now: that may be somebody else than when the application said so.
        context.log.reads.for_each(&mut |(purpose, _)| {
            if let Purpose::Clear { owners, .. } = purpose
                && owners.iter().all(|owner| owner.is_empty() || last.logged_in_as(owner))
            {
                owners.push(last.owner.clone());
            }
        });
    }

    fn on_unreadable(&mut self, context: &mut Context, purpose: &Purpose, words: Option<&str>) {
        match purpose {
            Purpose::Start => context.log.storage = Storage::Absent,
            Purpose::TakeOver(client) => context.log.release(client),
            Purpose::Own(_) => context.log.takeover.is_parked = false,
            Purpose::Lease(client) => {
                if context.log.leases.wanted.contains(client) {
                    context.on_lease_taken(client, LEASE_MS);
                }
            }
            Purpose::Removal(batch) => self.on_removal_read(context, *batch, None),
            Purpose::Orphans | Purpose::Clear { .. } | Purpose::Check => {}
        }
        if let Some(words) = words {
            context.degrade(words);
        }
    }

    /// An entry could not be written: it stays in memory.
    fn on_write_failed(&mut self, context: &mut Context, key: &str, words: &str) {
        // What storage may still hold of a call that must not be executed twice is removed before it is made.
        let may_be_there = |entry: &Entry, is_rewritten: bool| {
            let is_leaving = matches!(entry.progress, Progress::Leaving { .. });
            entry.kind == Kind::Call { idempotent: false } && (is_leaving || is_rewritten)
        };
        if let Some((group, is_rewritten, added_since)) = context.log.groups.take_failed(key) {
            let is_failed = |entry: &Entry| {
                let is_there = added_since.is_some_and(|since| entry.number < since);
                entry.stored == Some(group) && !is_there && !may_be_there(entry, is_rewritten)
            };
            // What stands there from before may be under another owner.
            self.forget_stored(context, &is_failed, &|log, entry| log.unstore(entry, added_since.is_some()));
        }
        context.degrade(words);
    }

    /// These are in memory alone from now on, whatever storage holds, as the log is told by `leave`. Says whether there are any.
    fn forget_stored(
        &mut self,
        context: &mut Context,
        is_meant: &dyn Fn(&Entry) -> bool,
        leave: &dyn Fn(&mut Log, &Entry),
    ) -> bool {
        let mut are_any = false;
        self.for_each(context, &mut |context, entry| {
            if is_meant(entry) {
                leave(&mut context.log, entry);
                entry.stored = None;
                are_any = true;
            }
        });
        are_any
    }

    /// Another page has changed the storage.
    fn on_changed(&mut self, context: &mut Context, key: &str, value: Option<&str>) {
        if context.log.storage != Storage::Ready {
            return;
        }
        if let Some(text) = value.filter(|_| *key == *context.log.keys.of_cleared(&context.log.client)) {
            return context.on_cleared(text);
        }
        if let (None, Some(group)) = (value, context.log.groups.find(key)) {
            return self.on_removed_elsewhere(context, key, group);
        }
        if context.log.takeover.is_parked {
            return;
        }
        if *key == *context.log.keys.of_storage() {
            match (&context.log.storage_name, value) {
                (None, Some(name)) => context.log.storage_name = Some(name.into()),
                (Some(name), value) if value != Some(name) => context.log.read(Purpose::Check),
                _ => {}
            }
            return;
        }
        if let Some(client) = context.log.keys.parse_lease(key) {
            return self.on_lease_changed(context, client, value);
        }
        let Some((client, _)) = context.log.keys.parse_group(key) else { return };
        if let Some(Ok(group)) = value.map(persisted::read)
            && context.session.is_some()
            && context.log.identity.may_send(group.owner)
            && *client != *context.log.client
            && !context.log.takeover.others.contains(client)
        {
            context.ask_for(client, true);
        }
    }

    fn on_removed_elsewhere(&mut self, context: &mut Context, key: &str, group: GroupId) {
        if context.log.takeover.is_parked {
            // Another page may have made these: who waits need not do so until others are done.
            let gone = self.take_all(context, &mut |_, entry| entry.kind.is_call() && entry.stored == Some(group));
            return context.tell_gone(gone);
        }
        if context.log.takeover.own_lock == OwnLock::Asked {
            // It took this page for gone before that had its lock. What is written to records can be written by both, since the
            // server tells what it has already.
            let is_own = |entry: &Entry| entry.kind.is_of_record() && entry.progress != Progress::Held;
            let is_written = |entry: &Entry| is_own(entry) && entry.stored == Some(group);
            self.forget_stored(context, &is_written, &Log::leave_storage);
        }
        let is_others = context.log.keys.parse_group(key).is_some_and(|(client, _)| *client != *context.log.client);
        if is_others {
            // Whoever removed it tells what became of it.
            self.take_all(context, &mut |_, entry| entry.stored == Some(group));
            return;
        }
        let (now, mut are_lost) = (context.now, false);
        let mut gone = self.take_all(context, &mut |log, entry| {
            // Whoever has the lock is the only one to send, so nobody has.
            let is_lost = log.takeover.own_lock == OwnLock::Held && entry.expires_at > now && !log.was_cleared(entry);
            let is_meant = entry.stored == Some(group);
            are_lost |= is_meant && is_lost;
            is_meant && !is_lost
        });
        if are_lost {
            // What was removed may be there again by now.
            context.log.read(Purpose::Check);
        }
        let expired = take_meant(&mut gone, &|entry| entry.expires_at <= now);
        context.tell_dropped(expired, DropReason::Expired);
        context.tell_gone(gone);
    }

    /// Somebody has emptied the storage, but for these: what stood there goes on from memory, and is stored anew. Says whether
    /// anything was lost.
    fn on_emptied(&mut self, context: &mut Context, items: &[(String, String)], others_had_lock: bool) -> bool {
        let lost = context.log.groups.missing_in(items);
        let is_lost = |entry: &Entry| {
            let is_leaving = matches!(entry.progress, Progress::Leaving { .. });
            !is_leaving && entry.stands_in(&lost)
        };
        // Perhaps another page has made them before, and nobody must do so twice.
        self.give_up_in_doubt(context, &mut |log, call| {
            let is_once = call.kind == Kind::Call { idempotent: false };
            is_once && is_lost(call) && (others_had_lock || !log.may_make(call))
        });
        if !self.forget_stored(context, &is_lost, &Log::leave_storage) {
            return false;
        }
        context.degrade(EMPTIED);
        if context.log.leases.are_in_use && context.log.takeover.own_lock == OwnLock::Held {
            context.take_own_lease();
        }
        context.store_last_user();
        self.store_all(context);
        true
    }

    /// Storage says what it holds after the calls of a batch were removed; nothing if it cannot be read.
    fn on_removal_read(&mut self, context: &mut Context, batch: u32, items: Option<&[(String, String)]>) {
        let mut is_stuck = false;
        self.rpc.requestor.for_each_entry(context, &mut |context, call| {
            if call.progress != (Progress::Leaving { batch }) {
                return;
            }
            let key = call.stored.and_then(|group| context.log.groups.key(group));
            if items.is_some_and(|items| key.is_none_or(|key| value_in(items, key).is_none())) {
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
            context.degrade("a call cannot be removed from storage, so it is not made for now");
        }
    }
}

impl Context {
    /// Tells that storage does not keep what it should.
    pub(super) fn degrade(&mut self, words: &str) {
        self.out.push_back(Output::Outbox(OutboxNews::Degraded { words: words.into() }));
    }

    fn clear_storage(&mut self, owners: &[Owner], until_ms: u64, items: &[(String, String)]) {
        let last_user = self.log.keys.of_last_user();
        for (key, value) in items {
            let is_last_user =
                **key == *last_user && LastUser::read(value).is_none_or(|last| owners.contains(&last.owner));
            // This client has removed its own already; what is there of it came later.
            let other =
                self.log.keys.parse_group(key).map(|(client, _)| client).filter(|client| **client != *self.log.client);
            let is_cleared = |group: PersistedGroup<'_>| {
                let is_older = group.entries.iter().all(|entry| entry.created_ms <= until_ms);
                owners.iter().any(|owner| **owner == *group.owner) && is_older
            };
            let other = other.filter(|_| persisted::read(value).is_ok_and(is_cleared));
            if let Some(client) = other {
                // By that it knows this from storage that vanished, also if it hears of it later.
                let value = Some(Cleared::text(until_ms, owners));
                self.write(self.log.keys.of_cleared(client), value);
            }
            if is_last_user || other.is_some() {
                self.write(key.as_str().into(), None);
            }
        }
    }
}

const EMPTIED: &str = "somebody has emptied the storage; what waits is sent from memory";
