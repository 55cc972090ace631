//! What other clients left behind in the same storage.
//!
//! Every client holds a lock as long as it has entries in storage. Who gets the lock of another client knows that it is
//! gone, and sends what it left, if it belongs to whoever is logged in here.

use super::{Entry, Kind, Outbox, Progress, Storage, degrade, persisted};
use crate::{
    client::{
        context::Context,
        error::{ClientError, DropReason},
        io::{LockOutcome, OutboxNews, Output, SocketId, StorageEvent},
        limits::ORPHAN_GRACE_MS,
        outbox::{
            entry::{Claim, Delivery},
            identity::LastUser,
            persisted::{Persisted, Unreadable},
        },
    },
    names::NameMap,
};

/// Which clients' entries this one has, asks for, or waits for.
#[derive(Debug, Default)]
pub struct Takeover {
    reads: Vec<(u32, Purpose)>,
    next_read: u32,
    others: NameMap<Other>,
    own_lock: OwnLock,
    /// Whether the page is hidden for good or in the back/forward cache: others may send what is in storage.
    is_parked: bool,
    has_reported: bool,
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
    /// Which of its own entries this client still has to send.
    Own,
    /// What is to be removed.
    Clear,
}

/// Another client with entries in storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
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
enum OwnLock {
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
        self.takeover.reads.is_empty() && !asked && !self.takeover.is_parked
    }

    /// Whatever is still looked for must wait no longer.
    pub(super) fn give_up_waiting(&mut self, context: &mut Context<'_>) {
        if self.storage == Storage::Reading {
            degrade(context, "the storage does not answer");
        }
    }

    pub(super) fn read(&mut self, context: &mut Context<'_>, prefix: Box<str>, purpose: Purpose) {
        let read = self.takeover.next_read;
        self.takeover.next_read = read.wrapping_add(1);
        self.takeover.reads.push((read, purpose));
        context.out.push_back(Output::ReadStorage { read, prefix });
    }

    /// Looks for what others left behind for whoever is logged in.
    pub(super) fn look_for_orphans(&mut self, context: &mut Context<'_>) {
        if self.storage == Storage::Ready {
            self.read(context, self.keys.all(), Purpose::Orphans);
        }
    }

    /// Makes sure that nobody takes this client for gone.
    pub(super) fn hold_own_lock(&mut self, context: &mut Context<'_>) {
        if self.takeover.own_lock == OwnLock::None && !self.takeover.is_parked {
            self.ask_for_own_lock(context);
        }
    }

    fn ask_for_own_lock(&mut self, context: &mut Context<'_>) {
        self.takeover.own_lock = OwnLock::Asked;
        let name = self.keys.of_client(&self.client);
        context.out.push_back(Output::AskLock { name, wait: true });
    }

    /// The storage has something to say.
    pub fn on_storage(&mut self, context: &mut Context<'_>, session: Option<SocketId>, event: StorageEvent<'_>) {
        match event {
            StorageEvent::Contents { read, items } => {
                if let Some(purpose) = self.answered(read) {
                    self.on_contents(context, session, &purpose, items);
                }
            }
            StorageEvent::Unreadable { read, words } => {
                if let Some(purpose) = self.answered(read) {
                    self.on_unreadable(context, &purpose, words);
                }
            }
            StorageEvent::WriteFailed { key, words } => self.on_write_failed(context, key, words),
            StorageEvent::Changed { key, value } => self.on_changed(context, session, key, value),
        }
        self.go_on(context, session);
    }

    fn answered(&mut self, read: u32) -> Option<Purpose> {
        let position = self.takeover.reads.iter().position(|(waiting, _)| *waiting == read)?;
        Some(self.takeover.reads.remove(position).1)
    }

    /// Sends, if that was all that had to come first.
    fn go_on(&mut self, context: &mut Context<'_>, session: Option<SocketId>) {
        if self.start_deadline.is_some() && self.is_start_done() {
            self.start_deadline = None;
        }
        if let Some(socket) = session {
            self.flush(context, socket);
        }
    }

    fn on_unreadable(&mut self, context: &mut Context<'_>, purpose: &Purpose, words: Option<&str>) {
        if *purpose == Purpose::Start {
            self.storage = Storage::Absent;
        }
        if let Purpose::TakeOver(client) = purpose {
            self.release(context, client);
        }
        if let Some(words) = words {
            degrade(context, words);
        }
    }

    fn on_contents(
        &mut self,
        context: &mut Context<'_>,
        session: Option<SocketId>,
        purpose: &Purpose,
        items: &[(String, String)],
    ) {
        match purpose {
            Purpose::Start => {
                let last_user = self.keys.of_last_user();
                let last = items.iter().find(|(key, _)| **key == *last_user);
                if let Some(last) = last.and_then(|(_, value)| LastUser::read(value)) {
                    self.remember_last_user(last);
                }
                self.storage = Storage::Ready;
                self.store_all(context);
                if session.is_some() {
                    self.store_last_user(context);
                    self.look_for_orphans(context);
                }
            }
            Purpose::Orphans => self.on_orphans(context, items),
            Purpose::TakeOver(client) => self.take_over(context, client, items),
            Purpose::Own => self.keep_what_is_stored(context, items),
            Purpose::Clear => self.clear_storage(context, items),
        }
    }

    fn remember_last_user(&mut self, last: LastUser) {
        self.identity.remember(last);
        let (owner, claim) = self.identity.owner();
        if claim == Claim::Open {
            for entry in self.entries.iter_mut().filter(|entry| entry.claim == Claim::Open) {
                entry.owner = owner.clone();
            }
        }
    }

    fn on_orphans(&mut self, context: &mut Context<'_>, items: &[(String, String)]) {
        for (key, value) in items {
            let Some((client, _)) = self.keys.parse_entry(key) else { continue };
            if *client == *self.client || self.takeover.others.contains(client) {
                continue;
            }
            match persisted::read(value) {
                Ok(entry) if self.identity.may_send(&entry.owner) => self.ask_for(context, client, false),
                Ok(entry) => self.remove_if_long_expired(context, key, &entry),
                Err(unreadable) => self.on_unreadable_value(context, key, unreadable),
            }
        }
    }

    /// Nobody comes for what belongs to users who no longer log in here.
    fn remove_if_long_expired(&self, context: &mut Context<'_>, key: &str, entry: &Persisted<'_>) {
        if entry.expires_ms + ORPHAN_GRACE_MS < context.wall_clock_ms(context.now) {
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

    fn ask_for(&mut self, context: &mut Context<'_>, client: &str, wait: bool) {
        self.set_other(client, if wait { Other::Lives } else { Other::Asked });
        context.out.push_back(Output::AskLock { name: self.keys.of_client(client), wait });
    }

    fn set_other(&mut self, client: &str, other: Other) {
        *self.takeover.others.get_or_insert_with(client, || other) = other;
    }

    /// A lock was asked for; this is the answer.
    pub fn on_lock(&mut self, context: &mut Context<'_>, session: Option<SocketId>, name: &str, outcome: LockOutcome) {
        let prefix = self.keys.all();
        let Some(client) = name.strip_prefix(&*prefix).and_then(|rest| rest.strip_suffix('/')) else { return };
        if *client == *self.client {
            self.on_own_lock(context, outcome);
        } else if let Some(other) = self.takeover.others.get(client).copied() {
            match (outcome, other) {
                (LockOutcome::Granted, Other::Asked | Other::Lives) => {
                    self.set_other(client, Other::Gone);
                    self.read(context, name.into(), Purpose::TakeOver(client.into()));
                }
                (LockOutcome::Taken, Other::Asked) => self.ask_for(context, client, true),
                (LockOutcome::Unavailable, _) => {
                    self.takeover.others.remove(client);
                }
                _ => {}
            }
        }
        self.go_on(context, session);
    }

    fn on_own_lock(&mut self, context: &mut Context<'_>, outcome: LockOutcome) {
        if outcome != LockOutcome::Granted || self.takeover.own_lock != OwnLock::Asked {
            return;
        }
        self.takeover.own_lock = OwnLock::Held;
        if self.takeover.is_parked {
            self.read(context, self.keys.of_client(&self.client), Purpose::Own);
        }
    }

    fn take_over(&mut self, context: &mut Context<'_>, client: &str, items: &[(String, String)]) {
        let mut found: Vec<(u32, Entry)> = Vec::new();
        for (key, value) in items {
            let Some((_, number)) = self.keys.parse_entry(key) else { continue };
            match persisted::read(value) {
                Ok(entry) if self.identity.may_send(&entry.owner) => {
                    found.push((number, self.revive(context, key, &entry)));
                }
                Ok(_) => {}
                Err(unreadable) => self.on_unreadable_value(context, key, unreadable),
            }
        }
        if found.is_empty() {
            return self.release(context, client);
        }
        found.sort_by_key(|(number, _)| *number);
        self.set_other(client, Other::TakenOver(found.len()));
        for (position, (_, entry)) in found.into_iter().enumerate() {
            self.bytes += entry.bytes();
            self.next_expiry = Some(self.next_expiry.map_or(entry.expires_at, |at| at.min(entry.expires_at)));
            self.entries.insert(self.in_flight + position, entry);
        }
        self.changed = true;
        self.expire(context);
    }

    fn revive(&mut self, context: &Context<'_>, key: &str, entry: &Persisted<'_>) -> Entry {
        let number = self.next_number;
        self.next_number += 1;
        let now_ms = context.wall_clock_ms(context.now);
        Entry {
            number,
            kind: entry.kind,
            name: entry.name.into(),
            data: entry.data.map(Into::into),
            key: entry.key.into(),
            owner: entry.owner.clone(),
            claim: Claim::Proven,
            created_ms: entry.created_ms,
            expires_at: context.now.after_ms(entry.expires_ms.saturating_sub(now_ms)),
            delivery: Delivery::Durable,
            stored_as: Some(key.into()),
            progress: Progress::Waiting,
            receipts: Vec::new(),
            subscribers_wait: entry.kind == Kind::Event,
        }
    }

    /// Whether the entry was another client's.
    pub(super) fn is_taken_over(&self, entry: &Entry) -> bool {
        self.client_of(entry).is_some_and(|client| *client != *self.client)
    }

    fn client_of<'a>(&self, entry: &'a Entry) -> Option<&'a str> {
        let (client, _) = self.keys.parse_entry(entry.stored_as.as_deref()?)?;
        Some(client)
    }

    /// An entry that may have been another client's is no longer here; the lock goes with the last one.
    pub(super) fn let_go_of(&mut self, context: &mut Context<'_>, entry: &Entry) {
        let Some(client) = self.client_of(entry) else { return };
        match self.takeover.others.get_mut(client) {
            Some(Other::TakenOver(1)) => self.release(context, client),
            Some(Other::TakenOver(count)) => *count -= 1,
            _ => {}
        }
    }

    fn release(&mut self, context: &mut Context<'_>, client: &str) {
        self.takeover.others.remove(client);
        context.out.push_back(Output::ReleaseLock(self.keys.of_client(client)));
    }

    /// Lets go of all locks, and of what was taken over, which stays in storage.
    pub(super) fn release_all(&mut self, context: &mut Context<'_>) {
        let others: Vec<Box<str>> = self.takeover.others.names().map(Into::into).collect();
        for client in others {
            self.release(context, &client);
        }
        self.takeover.reads.clear();
        if std::mem::take(&mut self.takeover.own_lock) != OwnLock::None {
            context.out.push_back(Output::ReleaseLock(self.keys.of_client(&self.client)));
        }
    }

    /// Another page has changed the storage.
    fn on_changed(&mut self, context: &mut Context<'_>, session: Option<SocketId>, key: &str, value: Option<&str>) {
        if self.storage != Storage::Ready || self.takeover.is_parked {
            return;
        }
        let Some((client, _)) = self.keys.parse_entry(key) else { return };
        match value.map(persisted::read) {
            None => self.on_removed_elsewhere(context, key),
            Some(Ok(entry)) if session.is_some() && self.identity.may_send(&entry.owner) => {
                if *client != *self.client && !self.takeover.others.contains(client) {
                    self.ask_for(context, client, true);
                }
            }
            Some(_) => {}
        }
    }

    /// While this client holds the lock nobody but `clear()` removes its entries.
    fn on_removed_elsewhere(&mut self, context: &mut Context<'_>, key: &str) {
        let is_it = |entry: &Entry| entry.stored_as.as_deref() == Some(key);
        let removed = if let Some(index) = self.entries.iter().position(is_it) {
            self.take(context, index)
        } else if let Some(index) = self.held.iter().position(is_it) {
            let entry = self.held.remove(index);
            self.forget(context, &entry);
            Some(entry)
        } else {
            None
        };
        self.drop_entries(context, removed.into_iter().collect(), DropReason::Cleared);
    }

    fn clear_storage(&mut self, context: &mut Context<'_>, items: &[(String, String)]) {
        let (owner, _) = self.identity.owner();
        let last_user = self.keys.of_last_user();
        for (key, value) in items {
            let is_entry = self.keys.parse_entry(key).is_some();
            let is_theirs = |entry: Persisted<'_>| entry.owner == owner || self.identity.may_send(&entry.owner);
            if **key == *last_user || (is_entry && persisted::read(value).is_ok_and(is_theirs)) {
                context.out.push_back(Output::WriteStorage { key: key.as_str().into(), value: None });
            }
        }
    }

    /// The page is hidden, and perhaps never seen again: what is in storage is for others to send.
    pub fn park(&mut self, context: &mut Context<'_>) {
        if self.takeover.own_lock == OwnLock::None && self.takeover.others.names().next().is_none() {
            return;
        }
        self.takeover.is_parked = true;
        let mut own = std::collections::VecDeque::new();
        for entry in std::mem::take(&mut self.entries) {
            if self.is_taken_over(&entry) {
                self.bytes -= entry.bytes();
            } else {
                own.push_back(entry);
            }
        }
        self.entries = own;
        self.changed = true;
        self.release_all(context);
    }

    /// The page is seen again: what others have sent meanwhile is not sent again.
    pub fn unpark(&mut self, context: &mut Context<'_>) {
        if self.takeover.is_parked && self.takeover.own_lock == OwnLock::None {
            self.ask_for_own_lock(context);
        }
    }

    fn keep_what_is_stored(&mut self, context: &mut Context<'_>, items: &[(String, String)]) {
        self.takeover.is_parked = false;
        let is_stored = |entry: &Entry| {
            entry.stored_as.as_deref().is_none_or(|stored| items.iter().any(|(key, _)| **key == *stored))
        };
        let mut sent = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            if is_stored(&entry) {
                self.entries.push_back(entry);
            } else {
                self.bytes -= entry.bytes();
                sent.push(entry);
            }
        }
        if sent.is_empty() {
            return;
        }
        self.changed = true;
        for entry in &sent {
            for ticket in &entry.receipts {
                super::settle(context, Some(*ticket), &Ok(Some("\"delivered\"".into())));
            }
        }
        context.out.push_back(Output::Outbox(OutboxNews::Sent(sent)));
        self.settle_flushes(context);
    }
}
