//! What becomes of what waits when its page is left and when it is seen again.

use super::Features;
use crate::client::{
    context::Context,
    limits::OUTBOX_START_MAX_MS,
    log::{Other, OwnLock, persisted::value_in},
};

impl Features {
    /// The page is hidden, and perhaps never seen again: what is in storage is for others to send.
    pub fn park(&mut self, context: &mut Context) {
        if context.log.takeover.own_lock == OwnLock::None && context.log.takeover.others.is_empty() {
            return;
        }
        self.store_calls_again(context);
        context.log.groups.tidy(None);
        context.log.takeover.is_parked = true;
        self.leave_taken_over(context);
        context.log.release_all();
    }

    /// Lets go of what dead pages have left, which stays in storage: others may have a connection.
    pub fn leave_taken_over(&mut self, context: &mut Context) {
        for client in &context.log.takeover.others.to_names() {
            if !matches!(context.log.takeover.others.get(client), Some(Other::TakenOver(_))) {
                continue;
            }
            self.store_calls_again(context);
            // What is left to others is not written by this page any more.
            self.commit(context);
            context.log.takeover.others.remove(client);
            self.leave_to_others(context, client);
            context.log.release(client);
        }
    }

    /// Takes out what was another client's. It stays in storage.
    pub(super) fn leave_to_others(&mut self, context: &mut Context, client: &str) {
        let left = self.take_out(context, &mut |log, entry| log.client_of(entry) == Some(client));
        left.iter().for_each(|entry| context.log.leave_to_others(entry));
    }

    /// The page is seen again: what others have sent meanwhile is not sent again.
    pub fn unpark(context: &mut Context) {
        context.log.ask_again();
        if context.log.takeover.is_parked && context.log.takeover.own_lock == OwnLock::None {
            context.ask_for_own_lock();
            if context.session.is_some() {
                context.log.start_deadline = Some(context.now.after_ms(OUTBOX_START_MAX_MS));
            }
        }
    }

    /// What stands in storage was read as this client had its lock again: others have sent what is missing.
    pub(super) fn keep_what_is_stored(&mut self, context: &mut Context, until: u64, items: &[(String, String)]) {
        context.log.takeover.is_parked = false;
        if let Some(text) = value_in(items, &context.log.keys.of_cleared(&context.log.client)) {
            context.on_cleared(text);
        }
        let missing = context.log.groups.missing_in(items);
        // Who removed what was another's tells what became of it.
        self.take_all(context, &mut |log, entry| entry.stands_in(&missing) && log.is_taken_over(entry));
        let gone = self.take_all(context, &mut |_, entry| entry.number < until && entry.stands_in(&missing));
        context.tell_gone(gone);
    }
}
