//! Which other clients are known to have entries in the same storage.

use super::{Log, Purpose, Storage};
use crate::{
    client::{
        io::{Entry, Output},
        time::Instant,
    },
    names::NameMap,
};

/// Which clients' entries this one has, asks for, or waits for.
#[derive(Debug, Default)]
pub struct Takeover {
    pub others: NameMap<Other>,
    pub own_lock: OwnLock,
    pub own_asked_at: Instant,
    /// Whether others may be sending what this client has in storage: its page was hidden, or did not run for long.
    pub is_parked: bool,
    pub has_reported: bool,
    /// Whether calls were stored, which others may make who had the own lock before.
    pub has_stored_calls: bool,
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

impl Log {
    /// Whether nothing that should go first is still looked for.
    pub fn is_start_done(&self) -> bool {
        let mut asked = false;
        for name in self.takeover.others.names() {
            asked |= matches!(self.takeover.others.get(name), Some(Other::Asked | Other::Gone));
        }
        let reads = self.asks(&|purpose| {
            matches!(purpose, Purpose::Start | Purpose::Orphans | Purpose::TakeOver(_) | Purpose::Own(_))
        });
        !reads && !asked && !self.takeover.is_parked
    }

    /// Looks for what others left behind for whoever is logged in.
    pub fn look_for_orphans(&mut self) {
        if self.storage == Storage::Ready {
            self.read(Purpose::Orphans);
        }
    }

    fn release_lock(&mut self, client: &str) {
        if self.leases.are_in_use {
            self.give_lease_back(client);
        } else {
            let lock = self.keys.of_client(client);
            self.groups.say(Output::ReleaseLock(lock));
        }
    }

    /// Another client with entries in storage is so far.
    pub fn set_other(&mut self, client: &str, other: Other) {
        self.takeover.others.set(client, other);
    }

    /// Reads what a client that is gone has left.
    pub fn look_for_left(&mut self, client: &str) {
        self.set_other(client, Other::Gone);
        self.read(Purpose::TakeOver(client.into()));
    }

    /// Whether the entry was another client's.
    pub fn is_taken_over(&self, entry: &Entry) -> bool {
        self.client_of(entry).is_some_and(|client| *client != *self.client)
    }

    /// The client under whose keys an entry stands in storage.
    pub fn client_of(&self, entry: &Entry) -> Option<&str> {
        let (client, _) = self.keys.parse_group(self.groups.key(entry.stored?)?)?;
        Some(client)
    }

    /// An entry that may have been another client's is no longer here; the lock goes with the last one.
    pub fn let_go_of(&mut self, entry: &Entry) {
        if self.takeover.others.is_empty() {
            return;
        }
        let Some(client) = self.client_of(entry).map(Box::<str>::from) else { return };
        match self.takeover.others.get_mut(&client) {
            // Perhaps it was not gone for good, and has left more.
            Some(Other::TakenOver(1)) => self.look_for_left(&client),
            Some(Other::TakenOver(count)) => *count -= 1,
            _ => {}
        }
    }

    /// Has nothing more to do with another client, and gives its lock back.
    pub fn release(&mut self, client: &str) {
        self.takeover.others.remove(client);
        self.release_lock(client);
    }

    /// Lets go of all locks, and of what was taken over, which stays in storage.
    pub fn release_all(&mut self) {
        for client in &self.takeover.others.to_names() {
            self.release(client);
        }
        self.forget(&|purpose| !matches!(purpose, Purpose::Start | Purpose::Clear { .. }));
        if std::mem::take(&mut self.takeover.own_lock) != OwnLock::None {
            let client = self.client.clone();
            self.release_lock(&client);
        }
    }
}
