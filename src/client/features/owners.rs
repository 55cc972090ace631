//! Who must be logged in for what to be sent.

use super::Features;
use crate::client::{
    context::Context,
    io::{Claim, Entry, Kind, Progress},
    log::take_meant,
};

impl Features {
    /// What the client will log in with next was changed, to parameters of this digest if they are known. Somebody else may be
    /// going to log in: they shall not see what others have written.
    pub fn on_credentials(&mut self, context: &mut Context, params: Option<u64>) {
        context.log.groups.close();
        context.log.identity.will_log_in_with(params);
        let mut held = std::mem::take(&mut self.held);
        self.hold_writes(context);
        let is_of_record = |entry: &Entry| matches!(entry.kind, Kind::Write | Kind::Base);
        let mut returned = take_meant(&mut held, &|entry| is_of_record(entry) && context.log.may_hold(entry));
        returned.iter_mut().for_each(|entry| entry.progress = Progress::Waiting);
        held.append(&mut self.held);
        self.held = held;
        self.adopt(context, returned);
    }

    /// The server refuses parameters of this digest. What was entrusted under them goes to whoever logs in next: most
    /// likely somebody who had mistyped a password.
    pub fn on_refused(&mut self, context: &mut Context, params: u64) {
        context.log.groups.close();
        let nobody = context.log.identity.refused(params);
        // Not those that were held back already while somebody else was logged in.
        self.for_each(context, &mut |_, entry| {
            if entry.claim == Claim::Made && entry.owner == nobody && entry.progress != Progress::Held {
                entry.claim = Claim::Open;
            }
        });
    }

    /// Gives what was entrusted before the login to whoever is logged in now, and puts aside what is not theirs.
    pub(super) fn sort_out_owners(&mut self, context: &mut Context) {
        context.log.groups.close();
        let mut entries = std::mem::take(&mut self.held);
        entries.append(&mut self.events.queue.take_out(&|_| true));
        entries.append(&mut self.rpc.requestor.take_out(&|_| true));
        self.hold_writes(context);
        entries.append(&mut self.held);
        let mut returned = Vec::new();
        for mut entry in entries {
            let is_theirs = context.log.claim(&mut entry);
            if !is_theirs && context.log.is_taken_over(&entry) {
                context.log.leave_to_others(&entry);
                continue;
            }
            entry.progress = if is_theirs { Progress::Waiting } else { Progress::Held };
            // Whoever has made a call may wait for it, and may have a time limit.
            if is_theirs || entry.kind.is_call() { &mut returned } else { &mut self.held }.push(entry);
        }
        self.adopt(context, returned);
    }

    /// Puts aside what was written to records by others than who is logged in, or going to be.
    fn hold_writes(&mut self, context: &mut Context) {
        self.records.for_each_entry(context, &mut |context, entry| entry.is_marked = !context.log.claim(entry));
        let mut held = self.records.take_out(context);
        for entry in &mut held {
            entry.progress = Progress::Held;
            context.log.has_receipts |= !entry.receipts.is_empty();
        }
        self.held.append(&mut held);
    }
}
