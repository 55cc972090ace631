//! Whose entries are whose, and which of them may be sent.

use super::{Log, OwnLock};
use crate::client::io::{Claim, Entry, Kind, Owner};

impl Log {
    /// Whether the entry is of whoever is logged in, or of whoever is going to be.
    pub fn may_hold(&self, entry: &Entry) -> bool {
        entry.claim == Claim::Open || self.identity.may_hold(&entry.owner)
    }

    /// Whether the entry is of whoever is logged in, under whose name it stands from now on, or of whoever is going to be.
    pub fn claim(&mut self, entry: &mut Entry, owner: &Owner) -> bool {
        if !self.may_hold(entry) {
            return false;
        }
        if !self.identity.is_logged_in() {
            return true;
        }
        // Under the name that the server has for them, they are known whatever they log in with next.
        if entry.owner != *owner {
            entry.owner = owner.clone();
            if self.may_rewrite(entry) {
                self.rewrite(entry);
            }
        }
        entry.claim = Claim::Proven;
        true
    }

    /// Whether no other page can have made this call, or be making it. What was taken over is this page's as long as it is
    /// here, whoever has the own lock.
    pub fn may_make(&self, call: &Entry) -> bool {
        let has_own = self.takeover.own_lock == OwnLock::Held && !self.reads.asks_for_own() && !self.takeover.is_parked;
        call.stored.is_none() || self.is_taken_over(call) || has_own
    }

    /// Whether writing the entry anew cannot bring back a call that another page has made.
    pub fn may_rewrite(&self, entry: &Entry) -> bool {
        entry.kind != Kind::Call { idempotent: false } || self.may_make(entry)
    }
}
