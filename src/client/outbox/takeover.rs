//! What other clients left behind in the same storage.
//!
//! Every client holds a lock as long as it has entries in storage. Who gets the lock of another client knows that it is
//! gone, and sends what it left, if it belongs to whoever is logged in here.

use super::{
    Entry, Kind, Outbox, Progress, Purpose, Storage, drafts, persisted, sort::sort_by_number, storage::degrade,
};
use crate::{
    client::{
        context::Context,
        error::{ClientError, DropReason},
        io::{LockOutcome, Output, SocketId},
        limits::{LEASE_CLAIM_MS, ORPHAN_GRACE_MS},
        outbox::{
            entry::{Claim, Delivery},
            persisted::{Persisted, Unreadable},
        },
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
    pub(super) fn look_for_orphans(&mut self, context: &mut Context<'_>) {
        if self.storage == Storage::Ready {
            self.read(context, self.keys.all(), Purpose::Orphans);
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
            self.ask_lease(context, client, wait);
        } else {
            context.out.push_back(Output::AskLock { name: self.keys.of_client(client), wait });
        }
    }

    fn release_lock(&mut self, context: &mut Context<'_>, client: &str) {
        if self.leases.are_in_use() {
            self.give_lease_back(context, client);
        } else {
            context.out.push_back(Output::ReleaseLock(self.keys.of_client(client)));
        }
    }

    /// Sends, if that was all that had to come first.
    pub(super) fn go_on(&mut self, context: &mut Context<'_>, session: Option<SocketId>) {
        if self.start_deadline.is_some() && self.is_start_done() {
            self.start_deadline = None;
        }
        if let Some(socket) = session {
            self.flush(context, socket);
        }
    }

    pub(super) fn on_orphans(&mut self, context: &mut Context<'_>, items: &[(String, String)]) {
        self.remove_leases_of_nobody(context, items);
        for (key, value) in items {
            let Some((client, _)) = self.keys.parse_entry(key) else { continue };
            if *client == *self.client || self.takeover.others.contains(client) {
                continue;
            }
            match persisted::read(value) {
                Ok(entry) if self.identity.may_hold(&entry.owner) => self.ask_for(context, client, false),
                Ok(entry) => self.remove_if_long_expired(context, key, &entry),
                Err(unreadable) => self.on_unreadable_value(context, key, unreadable),
            }
        }
    }

    /// Nobody comes for what belongs to users who no longer log in here.
    fn remove_if_long_expired(&self, context: &mut Context<'_>, key: &str, entry: &Persisted<'_>) {
        if entry.expires_ms.saturating_add(ORPHAN_GRACE_MS) < context.wall_clock_ms(context.now) {
            context.out.push_back(Output::WriteStorage { key: key.into(), value: None });
            context.report(ClientError::OutboxDropped { why: DropReason::Expired, count: 1 });
        }
    }

    fn on_unreadable_value(&mut self, context: &mut Context<'_>, key: &str, unreadable: Unreadable) {
        let words = match unreadable {
            Unreadable::Newer => "a newer version of deepstream-wasm has left entries that this one cannot read",
            Unreadable::Garbage => {
                context.out.push_back(Output::WriteStorage { key: key.into(), value: None });
                "there was something under a key of deepstream-wasm that it has not written"
            }
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
    pub fn on_lock(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, outcome: LockOutcome) {
        let prefix = self.keys.all();
        let Some(client) = name.strip_prefix(&*prefix).and_then(|rest| rest.strip_suffix('/')) else { return };
        let client = Box::from(client);
        if outcome == LockOutcome::Unavailable {
            self.on_no_locks(context, &client);
        } else {
            self.on_answer(context, &client, outcome);
        }
        self.go_on(context, session);
    }

    /// Whether the lock of a client was got, be it a browser's or a lease.
    pub(super) fn on_answer(&mut self, context: &mut Context<'_>, client: &str, outcome: LockOutcome) {
        if *client == *self.client {
            if outcome == LockOutcome::Granted && self.takeover.own_lock == OwnLock::Asked {
                self.takeover.own_lock = OwnLock::Held;
                // Whoever had it before may have made calls, which nobody must make twice.
                if self.takeover.is_parked || self.calls.iter().any(|call| call.stored_as.is_some()) {
                    self.look_for_own(context);
                }
            }
            return;
        }
        match (outcome, self.takeover.others.get(client)) {
            (LockOutcome::Granted, Some(Other::Asked | Other::Lives)) => self.look_for_left(context, client),
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
                self.ask_lease(context, client, wait);
            }
        } else if self.takeover.own_lock == OwnLock::Asked {
            // A page that did not run meanwhile cannot know what others have done.
            self.takeover.is_parked |= context.now.since_ms(self.takeover.own_asked_at) >= LEASE_CLAIM_MS;
            if self.takeover.is_parked {
                self.ask_lease(context, client, true);
            } else {
                self.take_own_lease(context);
            }
        }
    }

    /// Reads what a client that is gone has left.
    fn look_for_left(&mut self, context: &mut Context<'_>, client: &str) {
        self.set_other(client, Other::Gone);
        self.read(context, self.keys.of_client(client), Purpose::TakeOver(client.into()));
    }

    pub(super) fn take_over(&mut self, context: &mut Context<'_>, client: &str, items: &[(String, String)]) {
        let mut found = Vec::new();
        for (key, value) in items {
            let Some((_, number)) = self.keys.parse_entry(key) else { continue };
            match persisted::read(value) {
                Ok(entry) if !drafts::is_readable(&entry) => {
                    self.on_unreadable_value(context, key, Unreadable::Garbage);
                }
                Ok(entry) if self.identity.may_hold(&entry.owner) => {
                    found.push((number, key, entry));
                }
                Ok(_) => {}
                Err(unreadable) => self.on_unreadable_value(context, key, unreadable),
            }
        }
        if found.is_empty() {
            return self.release(context, client);
        }
        sort_by_number(&mut found, |(number, ..)| *number);
        let drafts: Vec<_> =
            found.extract_if(.., |(.., entry)| matches!(entry.kind, Kind::Write | Kind::Base)).collect();
        let has_adopted = self.adopt_drafts(context, &drafts);
        self.set_other(client, Other::TakenOver(found.len()));
        let (mut events, mut calls, mut forced) = (self.in_flight, 0, 0);
        for (_, key, entry) in &found {
            let entry = self.revive(context, key, entry);
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
        self.changed = true;
        if found.is_empty() && has_adopted {
            // Perhaps it was not gone for good, and has left more.
            self.look_for_left(context, client);
        } else if found.is_empty() {
            self.release(context, client);
        }
        self.expire(context);
    }

    pub(super) fn revive(&mut self, context: &mut Context<'_>, key: &str, entry: &Persisted<'_>) -> Entry {
        let number = self.next_number;
        self.next_number += 1;
        let now_ms = context.wall_clock_ms(context.now);
        let (owner, claim) = if self.identity.may_send(&entry.owner) {
            self.identity.owner()
        } else {
            // Who will log in is not known for sure.
            (entry.owner.clone(), if entry.owner.is_empty() { Claim::Open } else { Claim::Proven })
        };
        let is_renamed = owner != entry.owner;
        let mut revived = Entry {
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
            stored_as: Some(key.into()),
            progress: Progress::Waiting,
            receipts: Vec::new(),
            subscribers_wait: entry.kind == Kind::Event,
            settle_by: None,
            is_rewritten: false,
            was_sent: true,
        };
        // What was written to records is stored anew in any case.
        if is_renamed && !matches!(entry.kind, Kind::Write | Kind::Base) {
            self.rewrite(context, &mut revived);
        }
        revived
    }

    /// Whether the entry was another client's.
    pub(super) fn is_taken_over(&self, entry: &Entry) -> bool {
        self.client_of(entry).is_some_and(|client| *client != *self.client)
    }

    /// Whether the entry was this client's.
    pub(super) fn is_of_client(&self, entry: &Entry, client: &str) -> bool {
        self.client_of(entry).is_some_and(|of| *of == *client)
    }

    fn client_of<'a>(&self, entry: &'a Entry) -> Option<&'a str> {
        let (client, _) = self.keys.parse_entry(entry.stored_as.as_deref()?)?;
        Some(client)
    }

    /// An entry that may have been another client's is no longer here; the lock goes with the last one.
    pub(super) fn let_go_of(&mut self, context: &mut Context<'_>, entry: &Entry) {
        let Some(client) = self.client_of(entry) else { return };
        match self.takeover.others.get_mut(client) {
            // Perhaps it was not gone for good, and has left more.
            Some(Other::TakenOver(1)) => self.look_for_left(context, &Box::from(client)),
            Some(Other::TakenOver(count)) => *count -= 1,
            _ => {}
        }
    }

    pub(super) fn release(&mut self, context: &mut Context<'_>, client: &str) {
        self.takeover.others.remove(client);
        self.release_lock(context, client);
    }

    /// Lets go of all locks, and of what was taken over, which stays in storage.
    pub(super) fn release_all(&mut self, context: &mut Context<'_>) {
        let others: Vec<Box<str>> = self.takeover.others.names().map(Into::into).collect();
        for client in others {
            self.release(context, &client);
        }
        self.reads.forget_takeovers();
        if std::mem::take(&mut self.takeover.own_lock) != OwnLock::None {
            let client = self.client.clone();
            self.release_lock(context, &client);
        }
    }
}
