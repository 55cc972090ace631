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
    pub wanted: NameMap<LeaseStage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseStage {
    /// It is being read who has it.
    Reading,
    /// This client has written that it has it; that must still be so at this moment.
    Claimed { check_at: Instant },
    /// It is being read whether it is still so.
    Checking,
    /// This client has it.
    Held { renew_at: Instant, until_ms: u64 },
    /// Another client has it until then, unless that one renews it.
    Elsewhere { until: Instant },
}

impl Leases {
    /// When one of them is to be looked at.
    pub fn deadline(&self) -> Option<Instant> {
        let mut next = None;
        for client in self.wanted.names() {
            next = earlier(next, self.stage(client).and_then(LeaseStage::deadline));
        }
        next
    }

    pub fn stage(&self, client: &str) -> Option<LeaseStage> {
        self.wanted.get(client).copied()
    }

    pub fn set(&mut self, client: &str, stage: LeaseStage) {
        self.wanted.set(client, stage);
    }

    pub fn where_stage(&self, is_meant: &dyn Fn(LeaseStage) -> bool) -> Vec<Box<str>> {
        let mut meant = Vec::new();
        for client in self.wanted.names() {
            if self.stage(client).is_some_and(is_meant) {
                meant.push(client.into());
            }
        }
        meant
    }
}

impl LeaseStage {
    pub const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Reading | Self::Checking => None,
            Self::Claimed { check_at: at } | Self::Held { renew_at: at, .. } | Self::Elsewhere { until: at } => {
                Some(at)
            }
        }
    }
}

impl Log {
    /// Reads who has the lease of a client.
    pub fn read_lease(&mut self, client: &str, stage: LeaseStage) {
        self.leases.set(client, stage);
        self.read(Purpose::Lease(client.into()));
    }

    /// Does without a lease, so that the next one need not wait until it runs out.
    pub fn give_lease_back(&mut self, client: &str) {
        let stage = self.leases.wanted.remove(client).map(|stage| *stage);
        if let Some(LeaseStage::Claimed { .. } | LeaseStage::Checking | LeaseStage::Held { .. }) = stage {
            let key = self.keys.of_lease(client);
            self.groups.say(Output::WriteStorage { key, value: None });
        }
    }
}
