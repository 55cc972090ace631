//! Who must be logged in for what to be sent.

use super::Outbox;
use crate::client::io::{Claim, Entry, Kind, Owner, Whose};

impl Outbox {
    /// What the client will log in with next was changed, to parameters of this digest if they are known.
    pub fn on_credentials(&mut self, params: Option<u64>) {
        self.identity.will_log_in_with(params);
        self.change_drafts();
    }

    /// The server refuses parameters of this digest. What was entrusted under them goes to whoever logs in next: most
    /// likely somebody who had mistyped a password.
    pub fn on_refused(&mut self, params: u64) -> Owner {
        let nobody = self.identity.refused(params);
        // Not those that were held back already while somebody else was logged in.
        self.for_each_own(&mut |entry| {
            if entry.claim == Claim::Made && entry.owner == nobody {
                entry.claim = Claim::Open;
            }
        });
        nobody
    }

    /// Somebody has logged in with parameters of this digest. Says whether that is somebody else than last time.
    pub fn on_login(&mut self, params: u64, client_data: Option<&str>) -> bool {
        self.identity.logged_in(params, client_data)
    }

    /// Whose it is what is entrusted now.
    pub fn whose(&self) -> Whose {
        let (owner, claim) = self.identity.owner();
        Whose { owner, claim }
    }

    /// Whether something is of whoever is logged in.
    pub fn is_theirs(&self, whose: &Whose) -> bool {
        whose.claim == Claim::Open || self.identity.may_send(&whose.owner)
    }

    /// Gives what was entrusted before the login to whoever is logged in now, and puts aside what is not theirs.
    pub(super) fn sort_out_owners(&mut self) {
        let (owner, _) = self.identity.owner();
        let held = std::mem::take(&mut self.held);
        let entries = std::mem::take(&mut self.entries);
        let calls = std::mem::take(&mut self.calls);
        let forced = std::mem::take(&mut self.forced);
        self.sort_out_drafts(&owner);
        for mut entry in held.into_iter().chain(entries).chain(calls).chain(forced) {
            if self.claim(&mut entry, &owner) {
                match entry.kind {
                    Kind::Event => self.entries.push_back(entry),
                    Kind::Call { .. } => self.calls.push_back(entry),
                    Kind::Forced => self.forced.push_back(entry),
                    Kind::Write | Kind::Base => self.return_draft(entry),
                }
            } else if self.is_taken_over(&entry) {
                self.let_out(&entry);
                self.leave_storage(&entry);
            } else {
                self.held.push(entry);
            }
        }
    }

    /// Whether the entry is of whoever is logged in, under whose name it stands from now on, or of whoever is going to be.
    pub(super) fn claim(&mut self, entry: &mut Entry, owner: &Owner) -> bool {
        if entry.claim != Claim::Open && !self.identity.may_hold(&entry.owner) {
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
}
