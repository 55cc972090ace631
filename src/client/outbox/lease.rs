//! Leases in storage, where the browser has no locks.
//!
//! A lease is a value under a key of the client it is for: who has it, and until when on the clock on the wall. Whoever
//! finds none, or one that ran out, writes its own and looks a little later whether it still stands there, so that of
//! several who do so at once the last one has it. A page that did not run for so long that its lease ran out asks for it
//! again before it sends anything.

use super::{
    Outbox, Purpose,
    takeover::{Other, OwnLock},
};
use crate::{
    client::{
        context::Context,
        io::{LockOutcome, Output},
        limits::{LEASE_CLAIM_MS, LEASE_MS, LEASE_RENEWAL_MS, OUTBOX_START_MAX_MS},
        time::Instant,
    },
    names::NameMap,
};

/// The leases that this client has or wants, by the client that they are for.
#[derive(Debug, Default)]
pub struct Leases {
    are_in_use: bool,
    wanted: NameMap<Lease>,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    stage: Stage,
    /// Whether to wait for it if another has it.
    wait: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
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

    fn stage(&self, client: &str) -> Option<Stage> {
        self.wanted.get(client).map(|lease| lease.stage)
    }

    fn set(&mut self, client: &str, stage: Stage) {
        if let Some(lease) = self.wanted.get_mut(client) {
            lease.stage = stage;
        }
    }

    fn where_stage(&self, is_wanted: impl Fn(Stage) -> bool) -> Vec<Box<str>> {
        let names = self.wanted.names().filter(|client| self.stage(client).is_some_and(&is_wanted));
        names.map(Into::into).collect()
    }
}

impl Stage {
    const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Reading | Self::Checking => None,
            Self::Claimed { check_at } => Some(check_at),
            Self::Held { renew_at, .. } => Some(renew_at),
            Self::Elsewhere { until } => Some(until),
        }
    }
}

impl Outbox {
    // ---- wanting them ----

    /// Nobody can have the lease of a client that has just begun to store anything.
    pub(super) fn take_own_lease(&mut self, context: &mut Context<'_>) {
        self.takeover.own_lock = OwnLock::Held;
        let client = self.client.clone();
        self.want_lease(&client, true);
        self.hold_lease(context, &client);
    }

    pub(super) fn ask_lease(&mut self, client: &str, wait: bool) {
        self.want_lease(client, wait);
        self.read_lease(client);
    }

    fn want_lease(&mut self, client: &str, wait: bool) {
        let lease = Lease { stage: Stage::Reading, wait };
        *self.leases.wanted.get_or_insert_with(client, || lease) = lease;
    }

    /// Does without a lease, so that the next one need not wait until it runs out.
    pub(super) fn give_lease_back(&mut self, client: &str) {
        let Some(Lease { stage, .. }) = self.leases.wanted.remove(client) else { return };
        if matches!(stage, Stage::Claimed { .. } | Stage::Checking | Stage::Held { .. }) {
            let key = self.keys.of_lease(client);
            self.groups.say(Output::WriteStorage { key, value: None });
        }
    }

    // ---- reading and writing them ----

    fn read_lease(&mut self, client: &str) {
        self.read(self.keys.of_client(client), Purpose::Lease(client.into()));
    }

    /// Writes that this client has it; returns until when.
    fn write_lease(&self, context: &mut Context<'_>, client: &str) -> u64 {
        let until_ms = context.wall_clock_ms(context.now.after_ms(LEASE_MS));
        let value = [&self.client, " ", &until_ms.to_string()].concat().into();
        context.out.push_back(Output::WriteStorage { key: self.keys.of_lease(client), value: Some(value) });
        until_ms
    }

    pub(super) fn hold_lease(&mut self, context: &mut Context<'_>, client: &str) {
        let until_ms = self.write_lease(context, client);
        let renew_at = context.now.after_ms(LEASE_MS - LEASE_RENEWAL_MS);
        self.leases.set(client, Stage::Held { renew_at, until_ms });
    }

    /// Who has the lease, and for how much longer in milliseconds, if anybody does.
    fn holder<'a>(&self, context: &Context<'_>, value: &'a str) -> Option<(&'a str, u64)> {
        let (holder, until_ms) = value.split_once(' ')?;
        let until_ms: u64 = until_ms.parse().ok()?;
        let left_ms = until_ms.saturating_sub(context.wall_clock_ms(context.now));
        // Nobody has it for longer: the clock was set back.
        (1..=LEASE_MS).contains(&left_ms).then_some((holder, left_ms))
    }

    pub(super) fn on_lease_read(&mut self, context: &mut Context<'_>, client: &str, items: &[(String, String)]) {
        let key = self.keys.of_lease(client);
        let value = items.iter().find(|(found, _)| **found == *key).map(|(_, value)| value.as_str());
        let holder = value.and_then(|value| self.holder(context, value));
        let is_own = holder.is_some_and(|(holder, _)| *holder == *self.client);
        match (self.leases.stage(client), holder) {
            (Some(Stage::Reading | Stage::Checking), Some((_, left_ms))) if !is_own => {
                self.on_lease_taken(context, client, left_ms);
            }
            (Some(Stage::Reading), _) => {
                self.write_lease(context, client);
                let wait_ms = LEASE_CLAIM_MS + context.rng.next_u64() % (LEASE_CLAIM_MS + 1);
                self.leases.set(client, Stage::Claimed { check_at: context.now.after_ms(wait_ms) });
            }
            (Some(Stage::Checking), Some(_)) => {
                self.hold_lease(context, client);
                self.on_answer(context, client, LockOutcome::Granted);
            }
            // It could not be written: later perhaps.
            (Some(Stage::Checking), None) => self.on_lease_taken(context, client, LEASE_MS),
            _ => {}
        }
        self.go_on(context);
    }

    fn on_lease_taken(&mut self, context: &mut Context<'_>, client: &str, left_ms: u64) {
        let until = context.now.after_ms(left_ms);
        self.leases.set(client, Stage::Elsewhere { until });
        if self.leases.wanted.get(client).is_some_and(|lease| !lease.wait) {
            if let Some(lease) = self.leases.wanted.get_mut(client) {
                lease.wait = true;
            }
            self.set_other(client, Other::Lives);
        }
    }

    pub(super) fn on_lease_unreadable(&mut self, context: &mut Context<'_>, client: &str) {
        if self.leases.stage(client).is_some() {
            self.on_lease_taken(context, client, LEASE_MS);
        }
    }

    /// Another page has written or removed a lease.
    pub(super) fn on_lease_changed(&mut self, context: &mut Context<'_>, client: &str, value: Option<&str>) {
        let holder = value.and_then(|value| self.holder(context, value));
        match (self.leases.stage(client), holder) {
            (Some(Stage::Elsewhere { .. }), Some((_, left_ms))) => {
                let until = context.now.after_ms(left_ms);
                self.leases.set(client, Stage::Elsewhere { until });
            }
            (Some(Stage::Elsewhere { .. }), None) => {
                self.leases.set(client, Stage::Reading);
                self.read_lease(client);
            }
            (Some(Stage::Held { .. }), Some((holder, _))) if *holder != *self.client => {
                self.on_lease_lost(context, client);
            }
            _ => {}
        }
    }

    // ---- time ----

    /// Does what is due for leases.
    pub(super) fn on_lease_tick(&mut self, context: &mut Context<'_>) {
        self.check_leases(context);
        let now = context.now;
        for client in self.leases.where_stage(|stage| stage.deadline().is_some_and(|at| at <= now)) {
            match self.leases.stage(&client) {
                Some(Stage::Claimed { .. }) => {
                    self.leases.set(&client, Stage::Checking);
                    self.read_lease(&client);
                }
                Some(Stage::Elsewhere { .. }) => {
                    self.leases.set(&client, Stage::Reading);
                    self.read_lease(&client);
                }
                Some(Stage::Held { .. }) if *client == *self.client && !self.has_stored() => {
                    self.takeover.own_lock = OwnLock::None;
                    self.give_lease_back(&client);
                }
                Some(Stage::Held { .. }) => self.hold_lease(context, &client),
                _ => {}
            }
        }
    }

    fn has_stored(&self) -> bool {
        self.entries().any(|entry| entry.stored.is_some() && !self.is_taken_over(entry))
    }

    /// Notices the leases that ran out while the page did not run: somebody else may have them now.
    pub(super) fn check_leases(&mut self, context: &mut Context<'_>) {
        let now_ms = context.wall_clock_ms(context.now);
        let has_run_out = |stage| matches!(stage, Stage::Held { until_ms, .. } if until_ms <= now_ms);
        for client in self.leases.where_stage(has_run_out) {
            self.on_lease_lost(context, &client);
        }
    }

    fn on_lease_lost(&mut self, context: &mut Context<'_>, client: &str) {
        self.give_up_leaving(context, client);
        if *client == *self.client {
            self.takeover.is_parked = true;
            self.takeover.own_lock = OwnLock::Asked;
            self.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
        } else {
            for index in (0..self.entries.len()).rev() {
                if self.is_of_client(&self.entries[index], client) {
                    self.leave_to_others(index);
                }
            }
            self.leave_calls_to_others(Some(client));
            self.set_other(client, Other::Lives);
        }
        self.ask_lease(client, true);
    }

    /// Leases that ran out, of clients that have left nothing.
    pub(super) fn remove_leases_of_nobody(&self, context: &mut Context<'_>, items: &[(String, String)]) {
        for (key, value) in items {
            let Some(client) = self.keys.parse_lease(key) else { continue };
            let has_entries =
                items.iter().any(|(key, _)| self.keys.parse_group(key).is_some_and(|(of, _)| of == client));
            let is_used = has_entries || self.leases.wanted.contains(client) || self.holder(context, value).is_some();
            if !is_used {
                context.out.push_back(Output::WriteStorage { key: key.as_str().into(), value: None });
            }
        }
    }
}
