//! What other clients left behind in the same storage.
//!
//! Every client holds a lock as long as it has entries in storage. Who gets the lock of another client knows that it is
//! gone, and sends what it left, if it belongs to whoever is logged in here.

use super::Features;
use crate::{
    client::{
        context::Context,
        error::DropReason,
        io::{Claim, Delivery, Entry, Kind, LockOutcome, Offer},
        limits::{CLEARED_KEPT_MS, LEASE_CLAIM_MS, ORPHAN_GRACE_MS},
        log::{
            Cleared, LeaseStage, Other, OwnLock, Purpose, Storage,
            persisted::{self, Persisted, PersistedGroup, Unreadable},
            sort_by_number,
        },
    },
    names::NameMap,
};

impl Context {
    /// Whatever is still looked for must wait no longer.
    pub(super) fn give_up_waiting(&mut self) {
        if self.log.storage == Storage::Reading {
            self.degrade_once("the storage does not answer");
        }
    }

    /// Tells of what is wrong with the storage as a whole, or of what others have written there.
    fn degrade_once(&mut self, words: &str) {
        if !std::mem::replace(&mut self.log.takeover.has_reported, true) {
            self.degrade(words);
        }
    }

    pub(super) fn on_orphans(&mut self, items: &[(String, String)]) {
        self.remove_leases_of_nobody(items);
        for (key, value) in items {
            let is_old = |it: Cleared| it.until_ms.saturating_add(CLEARED_KEPT_MS) < self.wall_clock_ms(self.now);
            if self.log.keys.is_cleared(key) && Cleared::read(value).is_none_or(is_old) {
                self.write(key.as_str().into(), None);
            }
            let Some((client, _)) = self.log.keys.parse_group(key) else { continue };
            if *client == *self.log.client || self.log.takeover.others.contains(client) {
                continue;
            }
            if let Some(group) = self.read_group(key, value) {
                if self.log.identity.may_hold(group.owner) {
                    self.ask_for(client, false);
                } else {
                    self.remove_if_long_expired(key, &group);
                }
            }
        }
    }

    /// Nobody comes for what belongs to users who no longer log in here.
    fn remove_if_long_expired(&mut self, key: &str, group: &PersistedGroup<'_>) {
        let last = group.entries.iter().map(|entry| entry.expires_ms).max().unwrap_or_default();
        if last.saturating_add(ORPHAN_GRACE_MS) < self.wall_clock_ms(self.now) {
            self.write(key.into(), None);
            let mut expired = Vec::new();
            for entry in group.entries.iter().filter(|entry| entry.kind != Kind::Base) {
                expired.push((entry.kind.topic(), entry.name));
            }
            self.report_dropped(DropReason::Expired, &expired);
        }
    }

    /// What stands in storage together, if this build can do something with all of it.
    fn read_group<'a>(&mut self, key: &str, value: &'a str) -> Option<PersistedGroup<'a>> {
        match persisted::read(value) {
            Ok(group) => {
                let is_readable =
                    cfg!(feature = "records") || !group.entries.iter().any(|entry| entry.kind.is_of_record());
                // Those who can read it find it where it is.
                return is_readable.then_some(group);
            }
            Err(Unreadable::Newer) => {
                self.degrade_once("a newer version of deepstream-wasm has left entries that this one cannot read");
            }
            Err(Unreadable::Garbage) => {
                self.write(key.into(), None);
                self.degrade_once(GARBAGE);
            }
        }
        None
    }

    pub(super) fn ask_for(&mut self, client: &str, wait: bool) {
        self.log.set_other(client, if wait { Other::Lives } else { Other::Asked });
        self.ask_lock(client, wait);
    }

    /// An entry of another client, as one of this one that does not stand in storage.
    fn revive(&mut self, owner: &str, entry: &Persisted<'_>) -> Entry {
        let now_ms = self.wall_clock_ms(self.now);
        let (owner, claim) = if self.log.identity.may_send(owner) {
            self.log.identity.owner()
        } else {
            // Who will log in is not known for sure.
            (owner.into(), if owner.is_empty() { Claim::Open } else { Claim::Proven })
        };
        let Persisted { kind, created_ms, key, name, data, .. } = *entry;
        let (delivery, ttl_ms) = (Delivery::Durable, Some(entry.expires_ms.saturating_sub(now_ms)));
        let offer = Offer { kind, name, data, delivery, ttl_ms, key: Some(key), receipt: None };
        let mut entry = self.entry(&offer);
        (entry.key, entry.owner, entry.claim) = (key.into(), owner, claim);
        (entry.created_ms, entry.was_sent) = (created_ms, true);
        entry
    }

    /// Whether the lock of a client was got, be it a browser's or a lease.
    pub(super) fn on_lock_outcome(&mut self, client: &str, outcome: LockOutcome) {
        let (wants_orphans, is_own) = (self.wants_orphans(), *client == *self.log.client);
        let takeover = &mut self.log.takeover;
        let is_asked = matches!(takeover.others.get(client), Some(Other::Asked));
        let is_wanted = is_asked || matches!(takeover.others.get(client), Some(Other::Lives));
        if !(is_wanted || is_own && takeover.own_lock == OwnLock::Asked) {
            return;
        }
        match outcome {
            LockOutcome::Granted if is_own => {
                takeover.own_lock = OwnLock::Held;
                if takeover.is_parked || takeover.has_stored_calls {
                    self.log.read(Purpose::Own(self.log.next_number));
                }
            }
            LockOutcome::Granted if wants_orphans => self.log.look_for_left(client),
            // Others may have a connection; the next session asks again.
            LockOutcome::Granted => self.log.release(client),
            LockOutcome::Taken if is_asked => self.ask_for(client, true),
            LockOutcome::Taken => {}
            LockOutcome::Unavailable => {
                // A page that did not run meanwhile cannot know what others have done.
                takeover.is_parked |= is_own && self.now.since_ms(takeover.own_asked_at) >= LEASE_CLAIM_MS;
                if is_own && !takeover.is_parked {
                    self.take_own_lease();
                } else {
                    self.log.read_lease(client, LeaseStage::Wanted);
                }
            }
        }
    }
}

impl Features {
    /// Sends, if that was all that had to come first.
    pub(super) fn go_on(&mut self, context: &mut Context) {
        if context.log.is_start_done() {
            context.log.start_deadline = None;
        }
        self.rpc.requestor.is_due = true;
        self.events.queue.flush(context);
    }

    /// A lock was asked for; this is the answer.
    pub fn on_lock(&mut self, context: &mut Context, name: &str, outcome: LockOutcome) {
        let client = name.strip_prefix(&*context.log.keys.all()).and_then(|rest| rest.strip_suffix('/'));
        let Some(client) = client else { return };
        // Where the browser has no locks, leases stand in for them from now on.
        context.log.leases.are_in_use |= outcome == LockOutcome::Unavailable;
        context.on_lock_outcome(client, outcome);
        self.go_on(context);
    }

    pub(super) fn take_over(&mut self, context: &mut Context, client: &str, items: &[(String, String)]) {
        let mut found = Vec::new();
        for (key, value) in items {
            let Some((_, first)) = context.log.keys.parse_group(key) else { continue };
            let group = context.read_group(key, value);
            if let Some(group) = group.filter(|group| context.log.identity.may_hold(group.owner)) {
                found.push((first, key, group));
            }
        }
        sort_by_number(&mut found, |(first, ..)| *first);
        let (mut writes, mut others) = (Vec::new(), Vec::new());
        let mut count = 0;
        for (_, key, group) in &found {
            let mut readable = Vec::new();
            for left in &group.entries {
                if self.records.is_readable(left.kind, left.data) {
                    readable.push(left);
                } else {
                    context.degrade_once(GARBAGE);
                }
            }
            let id = context.log.groups.adopt(key, readable.len());
            for left in readable {
                let mut entry = context.revive(group.owner, left);
                entry.stored = Some(id);
                if matches!(entry.kind, Kind::Write | Kind::Base) {
                    writes.push((left.number, entry));
                    continue;
                }
                if *entry.owner != *group.owner {
                    context.log.rewrite(&entry);
                }
                context.log.count(&entry);
                count += 1;
                others.push(entry);
            }
        }
        context.log.set_other(client, Other::TakenOver(count));
        self.adopt(context, others);
        let has_adopted = cfg!(feature = "records") && self.adopt_writes(context, writes);
        context.log.changed |= has_adopted || count > 0;
        if count == 0 && has_adopted {
            // Perhaps it was not gone for good, and has left more.
            context.log.look_for_left(client);
        } else if count == 0 {
            context.log.release(client);
        }
        self.expire(context);
    }

    /// Takes what a client that is gone has written to records to the own keys, since what is written here was made to that. With
    /// each comes its number in storage. Says whether there was anything new.
    fn adopt_writes(&mut self, context: &mut Context, found: Vec<(u64, Entry)>) -> bool {
        let (mut bases, mut known, mut writes) = (NameMap::<(u64, Option<Entry>)>::new(), NameMap::new(), Vec::new());
        for (number, mut entry) in found {
            if let Some(group) = entry.stored.take() {
                context.log.groups.remove(group, false);
            }
            let base = entry.data.as_deref().filter(|_| entry.kind == Kind::Base);
            if let Some((first, all)) = base.and_then(|data| self.records.read_base(data)) {
                // The last one counts. None of those that are here by now are part of it.
                entry.data = Some(all);
                let base = bases.get_or_insert_with(&entry.name, || (0, None));
                *base = (first, Some(entry));
            } else {
                writes.push((number, entry));
            }
        }
        self.for_each_shown(context, &mut |entry| {
            known.get_or_insert_with(&entry.key, || ());
        });
        let mut adopted = Vec::new();
        for (number, mut entry) in writes {
            let base = bases.get_mut(&entry.name);
            // The others are part of what these were made to, or another page had begun to do what is done here.
            if base.as_ref().is_some_and(|(first, _)| number < *first) || known.contains(&entry.key) {
                continue;
            }
            known.get_or_insert_with(&entry.key, || ());
            context.enter(&mut entry);
            adopted.push(entry);
            if let Some(mut base) = base.and_then(|(_, base)| base.take()) {
                context.keep(&mut base);
                adopted.push(base);
            }
        }
        let has_adopted = !adopted.is_empty();
        self.adopt(context, adopted);
        has_adopted
    }
}

const GARBAGE: &str = "there was something under a key of deepstream-wasm that it has not written";
