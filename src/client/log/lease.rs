//! What is known of the leases that stand in for the browser's locks.

use super::{Log, Other, Purpose};
use crate::{
    client::{io::Output, limits::LEASE_MS, time::Instant},
    names::NameMap,
};

/// The leases that this client has or wants, by the client that they are for.
#[derive(Debug, Default)]
pub struct Leases {
    are_in_use: bool,
    pub wanted: NameMap<Lease>,
}

#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// How far that has come.
    pub stage: LeaseStage,
    /// Whether to wait for it if another has it.
    pub wait: bool,
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
    /// Whether the browser has no locks.
    pub const fn are_in_use(&self) -> bool {
        self.are_in_use
    }

    /// The browser has no locks.
    pub const fn use_them(&mut self) {
        self.are_in_use = true;
    }

    /// When one of them is to be looked at.
    pub fn deadline(&self) -> Option<Instant> {
        self.wanted.names().filter_map(|client| self.wanted.get(client)?.stage.deadline()).min()
    }

    pub fn stage(&self, client: &str) -> Option<LeaseStage> {
        self.wanted.get(client).map(|lease| lease.stage)
    }

    pub fn set(&mut self, client: &str, stage: LeaseStage) {
        if let Some(lease) = self.wanted.get_mut(client) {
            lease.stage = stage;
        }
    }

    pub fn where_stage(&self, is_wanted: &dyn Fn(LeaseStage) -> bool) -> Vec<Box<str>> {
        let names = self.wanted.names().filter(|client| self.stage(client).is_some_and(is_wanted));
        names.map(Into::into).collect()
    }
}

impl LeaseStage {
    pub const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Reading | Self::Checking => None,
            Self::Claimed { check_at } => Some(check_at),
            Self::Held { renew_at, .. } => Some(renew_at),
            Self::Elsewhere { until } => Some(until),
        }
    }
}

impl Log {
    pub fn ask_lease(&mut self, client: &str, wait: bool) {
        self.want_lease(client, wait);
        self.read_lease(client);
    }

    pub fn want_lease(&mut self, client: &str, wait: bool) {
        let lease = Lease { stage: LeaseStage::Reading, wait };
        *self.leases.wanted.get_or_insert_with(client, || lease) = lease;
    }

    /// Does without a lease, so that the next one need not wait until it runs out.
    pub fn give_lease_back(&mut self, client: &str) {
        let Some(Lease { stage, .. }) = self.leases.wanted.remove(client) else { return };
        if matches!(stage, LeaseStage::Claimed { .. } | LeaseStage::Checking | LeaseStage::Held { .. }) {
            let key = self.keys.of_lease(client);
            self.groups.say(Output::WriteStorage { key, value: None });
        }
    }

    pub fn read_lease(&mut self, client: &str) {
        self.read(self.keys.of_client(client), Purpose::Lease(client.into()));
    }

    pub fn on_lease_taken(&mut self, now: Instant, client: &str, left_ms: u64) {
        self.leases.set(client, LeaseStage::Elsewhere { until: now.after_ms(left_ms) });
        if self.leases.wanted.get(client).is_some_and(|lease| !lease.wait) {
            if let Some(lease) = self.leases.wanted.get_mut(client) {
                lease.wait = true;
            }
            self.set_other(client, Other::Lives);
        }
    }

    pub fn on_lease_unreadable(&mut self, now: Instant, client: &str) {
        if self.leases.stage(client).is_some() {
            self.on_lease_taken(now, client, LEASE_MS);
        }
    }
}
