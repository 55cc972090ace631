//! What the outbox does when its page is left and when it is seen again.

use super::{Outbox, Queues, store_calls_again};
use crate::client::{
    context::Context,
    io::Entry,
    limits::OUTBOX_START_MAX_MS,
    log::{Other, OwnLock},
};

impl Outbox {
    /// The page is hidden, and perhaps never seen again: what is in storage is for others to send.
    pub fn park(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        if context.log.takeover.own_lock == OwnLock::None && context.log.takeover.others.is_empty() {
            return;
        }
        store_calls_again(context, queues);
        context.log.groups.tidy(None);
        context.log.takeover.is_parked = true;
        self.leave_taken_over(context, queues);
        context.log.release_all();
    }

    /// Lets go of what dead pages have left, which stays in storage: others may have a connection.
    pub fn leave_taken_over(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues) {
        let others = &context.log.takeover.others;
        let is_taken_over = |client: &&str| matches!(others.get(client), Some(Other::TakenOver(_)));
        let taken_over: Vec<Box<str>> = others.names().filter(is_taken_over).map(Into::into).collect();
        if taken_over.is_empty() {
            return;
        }
        store_calls_again(context, queues);
        // What is left to others is not written by this page any more.
        self.commit(context, queues);
        self.leave_to_others(context, queues, None);
        taken_over.iter().for_each(|client| context.log.release(client));
    }

    /// Takes what was another client's out, or what was any other's. It stays in storage.
    pub(super) fn leave_to_others(&mut self, context: &mut Context<'_>, queues: &mut dyn Queues, client: Option<&str>) {
        let log = &mut *context.log;
        let is_meant = |entry: &Entry| match client {
            Some(client) => log.is_of_client(entry, client),
            None => log.is_taken_over(entry),
        };
        let mut left = self.take_events(&is_meant);
        left.append(&mut queues.take_portable(&is_meant));
        left.iter().for_each(|entry| log.leave_to_others(entry));
    }

    /// The page is seen again: what others have sent meanwhile is not sent again.
    pub fn unpark(context: &mut Context<'_>) {
        context.log.ask_again();
        if context.log.takeover.is_parked && context.log.takeover.own_lock == OwnLock::None {
            context.ask_for_own_lock();
            if context.session.is_some() {
                context.log.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
            }
        }
    }

    pub(super) fn keep_what_is_stored(
        &mut self,
        context: &mut Context<'_>,
        queues: &mut dyn Queues,
        until: u64,
        items: &[(String, String)],
    ) {
        context.log.takeover.is_parked = false;
        let key = context.log.keys.of_cleared(&context.log.client);
        if let Some((_, text)) = items.iter().find(|(found, _)| **found == *key) {
            context.on_cleared(text);
        }
        let missing = context.log.groups.where_written(|key| !items.iter().any(|(found, _)| **found == *key));
        let is_missing = |entry: &Entry| entry.stored.is_some_and(|group| missing.contains(&group));
        // Who removed what was another's tells what became of it.
        let of_others =
            self.entries(queues, context.log).filter(|entry| is_missing(entry) && context.log.is_taken_over(entry));
        let of_others: Vec<u64> = of_others.map(|entry| entry.number).collect();
        self.take_all(context, queues, &|entry| of_others.contains(&entry.number));
        let gone = self.take_all(context, queues, &|entry| entry.number < until && is_missing(entry));
        context.tell_gone(gone);
    }
}
