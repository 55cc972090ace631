//! What the outbox does when its page is left and when it is seen again.

use super::{
    Outbox, Purpose,
    takeover::{Other, OwnLock},
};
use crate::client::{
    context::Context,
    error::DropReason,
    io::{Entry, GroupId},
    limits::OUTBOX_START_MAX_MS,
};

impl Outbox {
    /// The page is hidden, and perhaps never seen again: what is in storage is for others to send.
    pub fn park(&mut self, context: &mut Context<'_>) {
        if self.takeover.own_lock == OwnLock::None && self.takeover.others.is_empty() {
            return;
        }
        self.store_calls_again(context);
        self.groups.tidy(None);
        self.takeover.is_parked = true;
        self.leave_taken_over(context);
        self.release_all();
    }

    /// Lets go of what dead pages have left, which stays in storage: others may have a connection.
    pub fn leave_taken_over(&mut self, context: &mut Context<'_>) {
        let others: Vec<Box<str>> = self.takeover.others.names().map(Into::into).collect();
        let is_taken_over = |client: &str| matches!(self.takeover.others.get(client), Some(Other::TakenOver(_)));
        let taken_over: Vec<_> = others.into_iter().filter(|client| is_taken_over(client)).collect();
        if taken_over.is_empty() {
            return;
        }
        self.store_calls_again(context);
        // What is left to others is not written by this page any more.
        self.commit(context);
        for index in (0..self.entries.len()).rev() {
            if self.is_taken_over(&self.entries[index]) {
                self.leave_to_others(index);
            }
        }
        self.leave_calls_to_others(None);
        taken_over.iter().for_each(|client| self.release(client));
    }

    /// The page is seen again: what others have sent meanwhile is not sent again.
    pub fn unpark(&mut self, context: &mut Context<'_>) {
        self.check_leases(context);
        self.ask_again();
        if self.takeover.is_parked && self.takeover.own_lock == OwnLock::None {
            self.ask_for_own_lock(context);
            if context.session.is_some() {
                self.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
            }
        }
    }

    /// Takes an entry out that stays in storage.
    pub(super) fn leave_to_others(&mut self, index: usize) {
        if let Some(entry) = self.entries.remove(index) {
            self.let_out(&entry);
            entry.stored.into_iter().for_each(|group| self.groups.leave(group));
            if index < self.in_flight {
                self.in_flight -= 1;
                self.in_flight_bytes -= entry.bytes();
            }
        }
    }

    /// The own lock is here again: reads which of the own entries others have left to be sent.
    pub(super) fn look_for_own(&mut self) {
        let purpose = Purpose::Own(self.next_number);
        self.read(self.keys.all(), purpose);
    }

    pub(super) fn keep_what_is_stored(&mut self, context: &mut Context<'_>, until: u64, items: &[(String, String)]) {
        self.takeover.is_parked = false;
        let key = self.keys.of_cleared(&self.client);
        if let Some((_, text)) = items.iter().find(|(found, _)| **found == *key) {
            self.on_cleared(context, text);
        }
        let missing: Vec<GroupId> = self.groups.where_written(|key| !items.iter().any(|(found, _)| **found == *key));
        let is_missing = |entry: &Entry| entry.stored.is_some_and(|group| missing.contains(&group));
        // Who removed what was another's tells what became of it.
        let of_others = self.entries().filter(|entry| is_missing(entry) && self.is_taken_over(entry));
        let of_others: Vec<u64> = of_others.map(|entry| entry.number).collect();
        self.take_all(context, &|entry| of_others.contains(&entry.number));
        let gone = self.take_all(context, &|entry| entry.number < until && is_missing(entry));
        let (cleared, sent) = gone.into_iter().partition(|entry| self.was_cleared(entry));
        self.drop_entries(context, cleared, DropReason::Cleared);
        self.tell_sent(context, sent);
    }
}
