//! What other clients left behind in the same storage.
//!
//! Every client holds a lock as long as it has entries in storage. Who gets the lock of another client knows that it is
//! gone, and sends what it left, if it belongs to whoever is logged in here.

use super::{
    Outbox, Purpose, Storage, drafts,
    persisted::{self, Cleared, Persisted, PersistedGroup, Unreadable},
    sort::sort_by_number,
    storage::degrade,
};
use crate::{
    client::{
        context::Context,
        error::{ClientError, DropReason},
        io::{Claim, Delivery, Entry, GroupId, Kind, LockOutcome, Output, Owner, Progress},
        limits::{CLEARED_KEPT_MS, LEASE_CLAIM_MS, ORPHAN_GRACE_MS},
        time::Instant,
    },
    names::NameMap,
};

/// Which clients' entries this one has, asks for, or waits for.
#[derive(Debug, Default)]
pub struct Takeover {
    pub others: NameMap<Other>,
    pub own_lock: OwnLock,
    own_asked_at: Instant,
    /// Whether others may be sending what this client has in storage: its page was hidden, or did not run for long.
    pub is_parked: bool,
    has_reported: bool,
}

/// Another client with entries in storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// Its lock was asked for, to see whether it is gone.
    Asked,
    /// It lives; its lock comes when it is gone.
    Lives,
    /// It is gone; its entries are being read.
    Gone,
    /// So many of its entries are here.
    TakenOver(usize),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnLock {
    #[default]
    None,
    Asked,
    Held,
}

/// An entry that a client which is gone has left.
pub(super) struct Found<'a> {
    /// What it stands in storage with.
    pub group: GroupId,
    /// Whose it is.
    pub owner: &'a Owner,
    /// The entry.
    pub entry: &'a Persisted<'a>,
}

impl Outbox {
    /// Whether nothing that should go first is still looked for.
    pub(super) fn is_start_done(&self) -> bool {
        let mut asked = false;
        for name in self.takeover.others.names() {
            asked |= matches!(self.takeover.others.get(name), Some(Other::Asked | Other::Gone));
        }
        self.reads.is_done() && !asked && !self.takeover.is_parked
    }

    /// Whatever is still looked for must wait no longer.
    pub(super) fn give_up_waiting(&mut self, context: &mut Context<'_>) {
        if self.storage == Storage::Reading && !std::mem::replace(&mut self.takeover.has_reported, true) {
            degrade(context, "the storage does not answer");
        }
    }

    /// Looks for what others left behind for whoever is logged in.
    pub(super) fn look_for_orphans(&mut self) {
        if self.storage == Storage::Ready {
            self.read(self.keys.all(), Purpose::Orphans);
        }
    }

    /// Makes sure that nobody takes this client for gone.
    pub(super) fn hold_own_lock(&mut self, context: &mut Context<'_>) {
        if self.takeover.own_lock != OwnLock::None || self.takeover.is_parked {
            return;
        }
        if self.leases.are_in_use() {
            self.take_own_lease(context);
        } else {
            self.ask_for_own_lock(context);
        }
    }

    /// Waits for the own lock, which others may have.
    pub(super) fn ask_for_own_lock(&mut self, context: &mut Context<'_>) {
        self.takeover.own_lock = OwnLock::Asked;
        self.takeover.own_asked_at = context.now;
        let client = self.client.clone();
        self.ask_lock(context, &client, true);
    }

    pub(super) fn ask_lock(&mut self, context: &mut Context<'_>, client: &str, wait: bool) {
        if self.leases.are_in_use() {
            self.ask_lease(client, wait);
        } else {
            context.out.push_back(Output::AskLock { name: self.keys.of_client(client), wait });
        }
    }

    fn release_lock(&mut self, client: &str) {
        if self.leases.are_in_use() {
            self.give_lease_back(client);
        } else {
            let lock = self.keys.of_client(client);
            self.groups.say(Output::ReleaseLock(lock));
        }
    }

    /// Sends, if that was all that had to come first.
    pub(super) fn go_on(&mut self, context: &mut Context<'_>) {
        if self.start_deadline.is_some() && self.is_start_done() {
            self.start_deadline = None;
        }
        if context.session.is_some() {
            self.flush(context);
        }
    }

    pub(super) fn on_orphans(&mut self, context: &mut Context<'_>, items: &[(String, String)]) {
        self.remove_leases_of_nobody(context, items);
        for (key, value) in items {
            let is_old = |it: Cleared| it.until_ms.saturating_add(CLEARED_KEPT_MS) < context.wall_clock_ms(context.now);
            if self.keys.is_cleared(key) && Cleared::read(value).is_none_or(is_old) {
                context.out.push_back(Output::WriteStorage { key: key.as_str().into(), value: None });
            }
            let Some((client, _)) = self.keys.parse_group(key) else { continue };
            if *client == *self.client || self.takeover.others.contains(client) {
                continue;
            }
            match persisted::read(value) {
                Ok(group) if self.identity.may_hold(&group.owner) => self.ask_for(context, client, false),
                Ok(group) => self.remove_if_long_expired(context, key, &group),
                Err(unreadable) => self.on_unreadable_value(context, key, unreadable),
            }
        }
    }

    /// Nobody comes for what belongs to users who no longer log in here.
    fn remove_if_long_expired(&self, context: &mut Context<'_>, key: &str, group: &PersistedGroup<'_>) {
        let last = group.entries.iter().map(|entry| entry.expires_ms).max().unwrap_or_default();
        if last.saturating_add(ORPHAN_GRACE_MS) < context.wall_clock_ms(context.now) {
            context.out.push_back(Output::WriteStorage { key: key.into(), value: None });
            context.report(ClientError::OutboxDropped { why: DropReason::Expired, count: group.entries.len() });
        }
    }

    fn on_unreadable_value(&mut self, context: &mut Context<'_>, key: &str, unreadable: Unreadable) {
        if unreadable == Unreadable::Garbage {
            context.out.push_back(Output::WriteStorage { key: key.into(), value: None });
        }
        self.tell_unreadable(context, unreadable);
    }

    fn tell_unreadable(&mut self, context: &mut Context<'_>, unreadable: Unreadable) {
        let words = match unreadable {
            Unreadable::Newer => "a newer version of deepstream-wasm has left entries that this one cannot read",
            Unreadable::Garbage => "there was something under a key of deepstream-wasm that it has not written",
        };
        if !std::mem::replace(&mut self.takeover.has_reported, true) {
            degrade(context, words);
        }
    }

    pub(super) fn ask_for(&mut self, context: &mut Context<'_>, client: &str, wait: bool) {
        self.set_other(client, if wait { Other::Lives } else { Other::Asked });
        self.ask_lock(context, client, wait);
    }

    pub(super) fn set_other(&mut self, client: &str, other: Other) {
        *self.takeover.others.get_or_insert_with(client, || other) = other;
    }

    /// A lock was asked for; this is the answer.
    pub fn on_lock(&mut self, context: &mut Context<'_>, name: &str, outcome: LockOutcome) {
        let prefix = self.keys.all();
        let Some(client) = name.strip_prefix(&*prefix).and_then(|rest| rest.strip_suffix('/')) else { return };
        let client = Box::from(client);
        if outcome == LockOutcome::Unavailable {
            self.on_no_locks(context, &client);
        } else {
            self.on_answer(context, &client, outcome);
        }
        self.go_on(context);
    }

    /// Whether the lock of a client was got, be it a browser's or a lease.
    pub(super) fn on_answer(&mut self, context: &mut Context<'_>, client: &str, outcome: LockOutcome) {
        if *client == *self.client {
            if outcome == LockOutcome::Granted && self.takeover.own_lock == OwnLock::Asked {
                self.takeover.own_lock = OwnLock::Held;
                // Whoever had it before may have made calls, which nobody must make twice.
                if self.takeover.is_parked || self.calls.iter().any(|call| call.stored.is_some()) {
                    self.look_for_own();
                }
            }
            return;
        }
        match (outcome, self.takeover.others.get(client)) {
            (LockOutcome::Granted, Some(Other::Asked | Other::Lives)) if self.wants_orphans(context) => {
                self.look_for_left(client);
            }
            // Others may have a connection; the next session asks again.
            (LockOutcome::Granted, Some(Other::Asked | Other::Lives)) => self.release(client),
            (LockOutcome::Taken, Some(Other::Asked)) => self.ask_for(context, client, true),
            _ => {}
        }
    }

    /// The browser has no locks: leases stand in for them from now on.
    fn on_no_locks(&mut self, context: &mut Context<'_>, client: &str) {
        self.leases.use_them();
        if *client != *self.client {
            if let Some(other) = self.takeover.others.get(client) {
                let wait = *other == Other::Lives;
                self.ask_lease(client, wait);
            }
        } else if self.takeover.own_lock == OwnLock::Asked {
            // A page that did not run meanwhile cannot know what others have done.
            self.takeover.is_parked |= context.now.since_ms(self.takeover.own_asked_at) >= LEASE_CLAIM_MS;
            if self.takeover.is_parked {
                self.ask_lease(client, true);
            } else {
                self.take_own_lease(context);
            }
        }
    }

    /// Reads what a client that is gone has left.
    fn look_for_left(&mut self, client: &str) {
        self.set_other(client, Other::Gone);
        self.read(self.keys.of_client(client), Purpose::TakeOver(client.into()));
    }

    pub(super) fn take_over(&mut self, context: &mut Context<'_>, client: &str, items: &[(String, String)]) {
        let mut found = Vec::new();
        for (key, value) in items {
            let Some((_, first)) = self.keys.parse_group(key) else { continue };
            match persisted::read(value) {
                Ok(group) if self.identity.may_hold(&group.owner) => found.push((first, key, group)),
                Ok(_) => {}
                Err(unreadable) => self.on_unreadable_value(context, key, unreadable),
            }
        }
        sort_by_number(&mut found, |(first, ..)| *first);
        let (mut drafts, mut others) = (Vec::new(), Vec::new());
        for (_, key, group) in &found {
            let (readable, garbage): (Vec<_>, Vec<_>) =
                group.entries.iter().partition(|entry| drafts::is_readable(entry));
            if !garbage.is_empty() {
                self.tell_unreadable(context, Unreadable::Garbage);
            }
            let id = self.groups.adopt(key, readable.len());
            for entry in readable {
                let is_draft = matches!(entry.kind, Kind::Write | Kind::Base);
                if is_draft { &mut drafts } else { &mut others }.push(Found { group: id, owner: &group.owner, entry });
            }
        }
        let has_adopted = self.adopt_drafts(context, &drafts);
        self.set_other(client, Other::TakenOver(others.len()));
        let (mut events, mut calls, mut forced) = (self.in_flight, 0, 0);
        for found in &others {
            let mut entry = self.revive(context, found);
            entry.stored = Some(found.group);
            if entry.owner != *found.owner {
                self.rewrite(&entry);
            }
            self.take_in(&entry);
            self.expect_end_of(&entry);
            let (queue, position) = match entry.kind {
                Kind::Call { .. } => (&mut self.calls, &mut calls),
                Kind::Forced => (&mut self.forced, &mut forced),
                Kind::Event | Kind::Write | Kind::Base => (&mut self.entries, &mut events),
            };
            queue.insert(*position, entry);
            *position += 1;
        }
        self.changed |= has_adopted || !others.is_empty();
        if others.is_empty() && has_adopted {
            // Perhaps it was not gone for good, and has left more.
            self.look_for_left(client);
        } else if others.is_empty() {
            self.release(client);
        }
        self.expire(context);
    }

    /// An entry of another client, as one of this one that does not stand in storage.
    pub(super) fn revive(&mut self, context: &Context<'_>, found: &Found<'_>) -> Entry {
        let Found { owner, entry, .. } = *found;
        let number = self.next_number;
        self.next_number += 1;
        let now_ms = context.wall_clock_ms(context.now);
        let (owner, claim) = if self.identity.may_send(owner) {
            self.identity.owner()
        } else {
            // Who will log in is not known for sure.
            (owner.clone(), if owner.is_empty() { Claim::Open } else { Claim::Proven })
        };
        Entry {
            number,
            kind: entry.kind,
            name: entry.name.into(),
            data: entry.data.map(Into::into),
            key: entry.key.into(),
            owner,
            claim,
            created_ms: entry.created_ms,
            expires_at: context.now.after_ms(entry.expires_ms.saturating_sub(now_ms)),
            delivery: Delivery::Durable,
            stored: None,
            progress: Progress::Waiting,
            receipts: Vec::new(),
            subscribers_wait: entry.kind == Kind::Event,
            settle_by: None,
            was_sent: true,
        }
    }

    /// Whether the entry was another client's.
    pub(super) fn is_taken_over(&self, entry: &Entry) -> bool {
        self.client_of(entry).is_some_and(|client| *client != *self.client)
    }

    /// Whether the entry was this client's.
    pub(super) fn is_of_client(&self, entry: &Entry, client: &str) -> bool {
        self.client_of(entry).is_some_and(|of| *of == *client)
    }

    fn client_of(&self, entry: &Entry) -> Option<&str> {
        let (client, _) = self.keys.parse_group(self.groups.key(entry.stored?)?)?;
        Some(client)
    }

    /// An entry that may have been another client's is no longer here; the lock goes with the last one.
    pub(super) fn let_go_of(&mut self, entry: &Entry) {
        let Some(client) = self.client_of(entry).map(Box::<str>::from) else { return };
        match self.takeover.others.get_mut(&client) {
            // Perhaps it was not gone for good, and has left more.
            Some(Other::TakenOver(1)) => self.look_for_left(&client),
            Some(Other::TakenOver(count)) => *count -= 1,
            _ => {}
        }
    }

    pub(super) fn release(&mut self, client: &str) {
        self.takeover.others.remove(client);
        self.release_lock(client);
    }

    /// Lets go of all locks, and of what was taken over, which stays in storage.
    pub(super) fn release_all(&mut self) {
        let others: Vec<Box<str>> = self.takeover.others.names().map(Into::into).collect();
        for client in others {
            self.release(&client);
        }
        self.reads.forget_takeovers();
        if std::mem::take(&mut self.takeover.own_lock) != OwnLock::None {
            let client = self.client.clone();
            self.release_lock(&client);
        }
    }
}
