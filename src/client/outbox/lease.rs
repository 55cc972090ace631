//! Leases in storage, where the browser has no locks.
//!
//! A lease is a value under a key of the client it is for: who has it, and until when on the clock on the wall. Whoever
//! finds none, or one that ran out, writes its own and looks a little later whether it still stands there, so that of
//! several who do so at once the last one has it. A page that did not run for so long that its lease ran out asks for it
//! again before it sends anything.

use super::{Outbox, Queues};
use crate::client::{
    context::Context,
    io::{LockOutcome, Output, Progress},
    limits::{LEASE_CLAIM_MS, LEASE_MS, LEASE_RENEWAL_MS, OUTBOX_START_MAX_MS},
    log::{LeaseStage, Other, OwnLock},
};

impl Context<'_> {
    /// Nobody can have the lease of a client that has just begun to store anything.
    pub(super) fn take_own_lease(&mut self) {
        self.log.takeover.own_lock = OwnLock::Held;
        let client = self.log.client.clone();
        self.log.want_lease(&client, true);
        self.hold_lease(&client);
    }

    /// Writes that this client has it; returns until when.
    fn write_lease(&mut self, client: &str) -> u64 {
        let until_ms = self.wall_clock_ms(self.now.after_ms(LEASE_MS));
        let value = [&self.log.client, " ", &until_ms.to_string()].concat().into();
        self.out.push_back(Output::WriteStorage { key: self.log.keys.of_lease(client), value: Some(value) });
        until_ms
    }

    pub(super) fn hold_lease(&mut self, client: &str) {
        let until_ms = self.write_lease(client);
        let renew_at = self.now.after_ms(LEASE_MS - LEASE_RENEWAL_MS);
        self.log.leases.set(client, LeaseStage::Held { renew_at, until_ms });
    }

    /// Who has the lease, and for how much longer in milliseconds, if anybody does.
    fn holder<'a>(&self, value: &'a str) -> Option<(&'a str, u64)> {
        let (holder, until_ms) = value.split_once(' ')?;
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
                self.out.push_back(Output::WriteStorage { key: key.as_str().into(), value: None });
            }
        }
    }
}

impl Outbox {
    pub(super) fn on_lease_read(&mut self, context: &mut Context<'_>, client: &str, items: &[(String, String)]) {
        let key = context.log.keys.of_lease(client);
        let value = items.iter().find(|(found, _)| **found == *key).map(|(_, value)| value.as_str());
        let holder = value.and_then(|value| context.holder(value));
        let is_own = holder.is_some_and(|(holder, _)| *holder == *context.log.client);
        match (context.log.leases.stage(client), holder) {
            (Some(LeaseStage::Reading | LeaseStage::Checking), Some((_, left_ms))) if !is_own => {
                context.log.on_lease_taken(context.now, client, left_ms);
            }
            (Some(LeaseStage::Reading), _) => {
                context.write_lease(client);
                let wait_ms = LEASE_CLAIM_MS + context.rng.next_u64() % (LEASE_CLAIM_MS + 1);
                context.log.leases.set(client, LeaseStage::Claimed { check_at: context.now.after_ms(wait_ms) });
            }
            (Some(LeaseStage::Checking), Some(_)) => {
                context.hold_lease(client);
                context.on_lock_outcome(client, LockOutcome::Granted);
            }
            // It could not be written: later perhaps.
            (Some(LeaseStage::Checking), None) => context.log.on_lease_taken(context.now, client, LEASE_MS),
            _ => {}
        }
        self.go_on(context);
    }

    /// Another page has written or removed a lease.
    pub(super) fn on_lease_changed(
        &mut self,
        context: &mut Context<'_>,
        queues: &mut dyn Queues,
        client: &str,
        value: Option<&str>,
    ) {
        let holder = value.and_then(|value| context.holder(value));
        match (context.log.leases.stage(client), holder) {
            (Some(LeaseStage::Elsewhere { .. }), Some((_, left_ms))) => {
                let until = context.now.after_ms(left_ms);
                context.log.leases.set(client, LeaseStage::Elsewhere { until });
            }
            (Some(LeaseStage::Elsewhere { .. }), None) => {
                context.log.leases.set(client, LeaseStage::Reading);
                context.log.read_lease(client);
            }
            (Some(LeaseStage::Held { .. }), Some((holder, _))) if *holder != *context.log.client => {
                self.on_lease_lost(context, queues, client);
            }
            _ => {}
        }
    }

    /// Does what is due for leases.
    pub(super) fn on_lease_tick(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        for client in context.log.leases.where_stage(|stage| stage.deadline().is_some_and(|at| at <= now)) {
            match context.log.leases.stage(&client) {
                Some(LeaseStage::Claimed { .. }) => {
                    context.log.leases.set(&client, LeaseStage::Checking);
                    context.log.read_lease(&client);
                }
                Some(LeaseStage::Elsewhere { .. }) => {
                    context.log.leases.set(&client, LeaseStage::Reading);
                    context.log.read_lease(&client);
                }
                Some(LeaseStage::Held { .. }) if *client == *context.log.client && !context.log.has_stored() => {
                    context.log.takeover.own_lock = OwnLock::None;
                    context.log.give_lease_back(&client);
                }
                Some(LeaseStage::Held { .. }) => context.hold_lease(&client),
                _ => {}
            }
        }
    }

    /// Notices the leases that ran out while the page did not run: somebody else may have them now.
    pub fn check_leases(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        let now_ms = context.wall_clock_ms(context.now);
        let has_run_out = |stage| matches!(stage, LeaseStage::Held { until_ms, .. } if until_ms <= now_ms);
        for client in context.log.leases.where_stage(has_run_out) {
            self.on_lease_lost(context, queues, &client);
        }
    }

    fn on_lease_lost(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, client: &str) {
        // Somebody else may have made calls that were leaving storage before they had.
        self.give_up_in_doubt(context, queues, &|log, entry| {
            matches!(entry.progress, Progress::Leaving { .. }) && log.is_of_client(entry, client)
        });
        if *client == *context.log.client {
            context.log.takeover.is_parked = true;
            context.log.takeover.own_lock = OwnLock::Asked;
            context.log.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
        } else {
            self.leave_to_others(context, queues, Some(client));
            context.log.set_other(client, Other::Lives);
        }
        context.log.ask_lease(client, true);
    }
}
