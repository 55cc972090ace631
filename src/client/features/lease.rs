//! Leases in storage, where the browser has no locks.
//!
//! A lease is a value under a key of the client it is for: who has it, and until when on the clock on the wall. Whoever
//! finds none, or one that ran out, writes its own and looks a little later whether it still stands there, so that of
//! several who do so at once the last one has it. A page that did not run for so long that its lease ran out asks for it
//! again before it sends anything.

use super::Features;
use crate::{
    client::{
        context::Context,
        io::{LockOutcome, Progress},
        limits::{LEASE_CLAIM_MS, LEASE_MS, OUTBOX_START_MAX_MS},
        log::{Lease, LeaseStage, Other, OwnLock, persisted::value_in},
    },
    text::split_once,
};

impl Context {
    /// Who has the lease, and for how much longer in milliseconds, if anybody does.
    fn holder<'a>(&self, value: &'a str) -> Option<(&'a str, u64)> {
        let (holder, until_ms) = split_once(value, b' ')?;
        let until_ms: u64 = until_ms.parse().ok()?;
        let left_ms = until_ms.saturating_sub(self.wall_clock_ms(self.now));
        // Nobody has it for longer: the clock was set back.
        (1..=LEASE_MS).contains(&left_ms).then_some((holder, left_ms))
    }

    /// Leases that ran out, of clients that have left nothing.
    pub(super) fn remove_leases_of_nobody(&mut self, items: &[(String, String)]) {
        for (key, value) in items {
            let Some(client) = self.log.keys.parse_lease(key) else { continue };
            let has_entries =
                items.iter().any(|(key, _)| self.log.keys.parse_group(key).is_some_and(|(of, _)| of == client));
            let is_used = has_entries || self.log.leases.wanted.contains(client) || self.holder(value).is_some();
            if !is_used {
                self.write(key.as_str().into(), None);
            }
        }
    }

    /// Storage says who has the lease of a client.
    pub(super) fn on_lease_read(&mut self, client: &str, items: &[(String, String)]) {
        let holder = value_in(items, &self.log.keys.of_lease(client)).and_then(|value| self.holder(value));
        let is_own = holder.is_some_and(|(holder, _)| *holder == *self.log.client);
        let Some(Lease { stage, look_at: None, .. }) = self.log.leases.wanted.get(client) else { return };
        match (stage, holder) {
            (_, Some((_, left_ms))) if !is_own => self.on_lease_taken(client, left_ms),
            (LeaseStage::Wanted, _) => {
                let wait_ms = LEASE_CLAIM_MS + self.rng.next_u64() % (LEASE_CLAIM_MS + 1);
                self.write_lease(client, LeaseStage::Claimed, wait_ms);
            }
            // It could not be written: later perhaps.
            (_, None) => self.on_lease_taken(client, LEASE_MS),
            (_, Some(_)) => {
                self.hold_lease(client);
                self.on_lock_outcome(client, LockOutcome::Granted);
            }
        }
    }

    /// Another client has the lease for so long, or that cannot be known.
    pub(super) fn on_lease_taken(&mut self, client: &str, left_ms: u64) {
        let look_at = Some(self.now.after_ms(left_ms));
        self.log.leases.wanted.set(client, Lease { stage: LeaseStage::Wanted, look_at, until_ms: 0 });
        if self.log.takeover.others.get(client) == Some(&Other::Asked) {
            self.log.set_other(client, Other::Lives);
        }
    }

    /// Does what is due for leases.
    pub(super) fn on_lease_tick(&mut self) {
        let now = self.now;
        while let Some(client) = self.log.leases.find(&|lease| lease.look_at.is_some_and(|at| at <= now)) {
            match self.log.leases.wanted.get(&client).map(|lease| lease.stage) {
                Some(stage) if stage != LeaseStage::Held => self.log.read_lease(&client, stage),
                _ if client == self.log.client && !self.log.groups.has_under(&self.log.keys.of_client(&client)) => {
                    self.log.takeover.own_lock = OwnLock::None;
                    self.log.give_lease_back(&client);
                }
                _ => self.hold_lease(&client),
            }
        }
    }
}

impl Features {
    /// Another page has written or removed a lease.
    pub(super) fn on_lease_changed(&mut self, context: &mut Context, client: &str, value: Option<&str>) {
        let holder = value.and_then(|value| context.holder(value));
        match (context.log.leases.wanted.get(client).map(|lease| lease.stage), holder) {
            (Some(LeaseStage::Wanted), Some((_, left_ms))) => context.on_lease_taken(client, left_ms),
            (Some(LeaseStage::Wanted), None) => context.log.read_lease(client, LeaseStage::Wanted),
            (Some(LeaseStage::Held), Some((holder, _))) if *holder != *context.log.client => {
                self.on_lease_lost(context, client);
            }
            _ => {}
        }
    }

    /// Notices the leases that ran out while the page did not run: somebody else may have them now.
    pub fn check_leases(&mut self, context: &mut Context) {
        let now_ms = context.wall_clock_ms(context.now);
        let has_run_out = |lease: &Lease| lease.stage == LeaseStage::Held && lease.until_ms <= now_ms;
        while let Some(client) = context.log.leases.find(&has_run_out) {
            self.on_lease_lost(context, &client);
        }
    }

    fn on_lease_lost(&mut self, context: &mut Context, client: &str) {
        // Somebody else may have made calls that were leaving storage before they had.
        self.give_up_in_doubt(context, &mut |log, entry| {
            matches!(entry.progress, Progress::Leaving { .. }) && log.client_of(entry) == Some(client)
        });
        if *client == *context.log.client {
            context.log.takeover.is_parked = true;
            context.log.takeover.own_lock = OwnLock::Asked;
            context.log.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
        } else {
            context.log.set_other(client, Other::Lives);
            self.leave_to_others(context, client);
        }
        context.log.read_lease(client, LeaseStage::Wanted);
    }
}
