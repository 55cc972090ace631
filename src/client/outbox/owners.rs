//! Who must be logged in for what to be sent.

use super::{Outbox, Queues};
use crate::client::{
    context::Context,
    io::{Claim, Kind, Progress},
};

impl Outbox {
    /// What the client will log in with next was changed, to parameters of this digest if they are known. Somebody else may be
    /// going to log in: they shall not see what others have written.
    pub fn on_credentials(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, params: Option<u64>) {
        context.log.groups.close();
        context.log.identity.will_log_in_with(params);
        let held = std::mem::take(&mut self.held);
        self.hold_writes(context, queues);
        let (owner, _) = context.log.identity.owner();
        let (mut returned, mut left) = (Vec::new(), Vec::new());
        for mut entry in held {
            if matches!(entry.kind, Kind::Write | Kind::Base) && context.log.claim(&mut entry, &owner) {
                entry.progress = Progress::Waiting;
                returned.push(entry);
            } else {
                left.push(entry);
            }
        }
        left.append(&mut self.held);
        self.held = left;
        queues.adopt(context, returned);
    }

    /// The server refuses parameters of this digest. What was entrusted under them goes to whoever logs in next: most
    /// likely somebody who had mistyped a password.
    pub fn on_refused(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, params: u64) {
        context.log.groups.close();
        let nobody = context.log.identity.refused(params);
        // Not those that were held back already while somebody else was logged in.
        self.for_each(context, queues, &mut |_, entry| {
            if entry.claim == Claim::Made && entry.owner == nobody && entry.progress != Progress::Held {
                entry.claim = Claim::Open;
            }
        });
    }

    /// Gives what was entrusted before the login to whoever is logged in now, and puts aside what is not theirs. The
    /// requestor has done so with calls.
    pub(super) fn sort_out_owners(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        context.log.groups.close();
        let (owner, _) = context.log.identity.owner();
        let held = std::mem::take(&mut self.held);
        let entries = std::mem::take(&mut self.entries);
        self.hold_writes(context, queues);
        let of_records = std::mem::take(&mut self.held);
        let mut returned = Vec::new();
        for mut entry in held.into_iter().chain(entries).chain(of_records) {
            if context.log.claim(&mut entry, &owner) {
                entry.progress = Progress::Waiting;
                if entry.kind == Kind::Event {
                    self.entries.push_back(entry);
                } else {
                    returned.push(entry);
                }
            } else if context.log.is_taken_over(&entry) {
                context.log.uncount(&entry);
                context.log.leave_storage(&entry);
            } else {
                entry.progress = Progress::Held;
                self.held.push(entry);
            }
        }
        queues.adopt(context, returned);
    }

    /// Puts aside what was written to records by others than who is logged in, or going to be.
    fn hold_writes(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        let (owner, _) = context.log.identity.owner();
        queues.for_each_entry(context, &mut |context, entry| {
            context.log.claim(entry, &owner);
        });
        // What is theirs was claimed.
        let of_records = queues.entries(context.log).filter(|entry| entry.kind.is_of_record());
        let others = of_records.filter(|entry| !context.log.may_hold(entry));
        let others: Vec<u64> = others.map(|entry| entry.number).collect();
        if others.is_empty() {
            return;
        }
        let mut held = queues.take_out(context, &|entry| others.contains(&entry.number));
        for entry in &mut held {
            entry.progress = Progress::Held;
            context.log.has_receipts |= !entry.receipts.is_empty();
        }
        self.held.append(&mut held);
    }
}
