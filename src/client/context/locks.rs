//! The locks by which clients know of each other whether they are gone, and the leases that stand in for them.

use super::Context;
use crate::client::{
    io::Output,
    limits::{LEASE_MS, LEASE_RENEWAL_MS},
    log::{Lease, LeaseStage, OwnLock},
};

impl Context {
    /// Makes sure that nobody takes this client for gone.
    pub fn hold_own_lock(&mut self) {
        if self.log.takeover.own_lock != OwnLock::None || self.log.takeover.is_parked {
            return;
        }
        if self.log.leases.are_in_use {
            self.take_own_lease();
        } else {
            self.ask_for_own_lock();
        }
    }

    /// Waits for the own lock, which others may have.
    pub fn ask_for_own_lock(&mut self) {
        self.log.takeover.own_lock = OwnLock::Asked;
        self.log.takeover.own_asked_at = self.now;
        let client = self.log.client.clone();
        self.ask_lock(&client, true);
    }

    /// Asks for the lock of a client, to be had now or, if so wanted, when it is free.
    pub fn ask_lock(&mut self, client: &str, wait: bool) {
        if self.log.leases.are_in_use {
            self.log.read_lease(client, LeaseStage::Wanted);
        } else {
            self.out.push_back(Output::AskLock { name: self.log.keys.of_client(client), wait });
        }
    }

    /// Nobody can have the lease of a client that has just begun to store anything.
    pub fn take_own_lease(&mut self) {
        self.log.takeover.own_lock = OwnLock::Held;
        let client = self.log.client.clone();
        self.hold_lease(&client);
    }

    /// Writes that this client has the lease of a client, and looks at it later.
    pub fn write_lease(&mut self, client: &str, stage: LeaseStage, later_ms: u64) {
        let until_ms = self.wall_clock_ms(self.now.after_ms(LEASE_MS));
        let value = [&self.log.client, " ", &until_ms.to_string()].concat().into();
        self.write(self.log.keys.of_lease(client), Some(value));
        let look_at = Some(self.now.after_ms(later_ms));
        self.log.leases.wanted.set(client, Lease { stage, look_at, until_ms });
    }

    /// Has the lease of a client from now on.
    pub fn hold_lease(&mut self, client: &str) {
        self.write_lease(client, LeaseStage::Held, LEASE_MS - LEASE_RENEWAL_MS);
    }
}
