//! What is known of the leases that stand in for the browser's locks.

use super::{Log, Purpose};
use crate::{
    client::{
        io::Output,
        time::{Instant, earlier},
    },
    names::NameMap,
};

/// The leases that this client has or wants, by the client that they are for.
#[derive(Debug, Default)]
pub struct Leases {
    /// Whether the browser has no locks.
    pub are_in_use: bool,
    pub wanted: NameMap<Lease>,
}

#[derive(Clone, Copy, Debug)]
pub struct Lease {
    pub stage: LeaseStage,
    /// When to look at it, unless it is being read who has it.
    pub look_at: Option<Instant>,
    /// Until when it is this client's, on the clock on the wall.
    pub until_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseStage {
    /// Another client may have it.
    Wanted,
    /// This client has written that it has it; that must still be so a little later.
    Claimed,
    /// This client has it.
    Held,
}

impl Leases {
    /// When one of them is to be looked at.
    pub fn deadline(&self) -> Option<Instant> {
        let mut next = None;
        for client in self.wanted.names() {
            next = earlier(next, self.wanted.get(client).and_then(|lease| lease.look_at));
        }
        next
    }

    /// The first of the clients whose leases are such.
    pub fn find(&self, is_meant: &dyn Fn(&Lease) -> bool) -> Option<Box<str>> {
        self.wanted.names().find(|client| self.wanted.get(client).is_some_and(is_meant)).map(Into::into)
    }
}

impl Log {
    /// Reads who has the lease of a client.
    pub fn read_lease(&mut self, client: &str, stage: LeaseStage) {
        self.leases.wanted.set(client, Lease { stage, look_at: None, until_ms: 0 });
        self.read(Purpose::Lease(client.into()));
    }

    /// Does without a lease, so that the next one need not wait until it runs out.
    pub fn give_lease_back(&mut self, client: &str) {
        if self.leases.wanted.remove(client).is_some_and(|lease| lease.stage != LeaseStage::Wanted) {
            let key = self.keys.of_lease(client);
            self.groups.say(Output::WriteStorage { key, value: None });
        }
    }
}
