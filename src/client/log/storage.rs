//! What is known of the storage, and what it is asked.

use super::Log;
use crate::client::io::{Entry, Output, Owner};

/// What is known of the storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// Not asked for anything yet.
    #[default]
    Untouched,
    /// Asked what is in it.
    Reading,
    /// In use.
    Ready,
    /// There is none.
    Absent,
}

/// What the contents of the storage are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first look.
    Start,
    /// What others left behind.
    Orphans,
    /// The entries of a client that is gone.
    TakeOver(Box<str>),
    /// Which of its own entries before this number this client still has to send.
    Own(u64),
    /// What is to be removed: what these owners entrusted by then.
    Clear { owners: Vec<Owner>, until_ms: u64 },
    /// Who has the lease of a client.
    Lease(Box<str>),
    /// Whether the calls of a batch have left.
    Removal(u32),
    /// Whether it was emptied.
    Check,
}

impl Log {
    // ---- asking ----

    /// Asks once what is in storage, before anything is written to it.
    pub fn touch_storage(&mut self) {
        if self.storage == Storage::Untouched {
            self.storage = Storage::Reading;
            self.read(Purpose::Start);
        }
    }

    /// Asks what is in storage, unless that is asked already.
    pub fn read(&mut self, purpose: Purpose) {
        if self.asks(&|waiting| *waiting == purpose) {
            return;
        }
        let prefix = match &purpose {
            Purpose::TakeOver(client) | Purpose::Lease(client) => self.keys.of_client(client),
            _ => self.keys.all(),
        };
        let read = self.reads.ask(None, (purpose, self.groups.writes));
        self.groups.say(Output::ReadStorage { read, prefix });
    }

    /// Whether such a question is not answered yet.
    pub fn asks(&self, is_meant: &dyn Fn(&Purpose) -> bool) -> bool {
        self.reads.find(|(purpose, _)| is_meant(purpose)).is_some()
    }

    /// Forgets such questions.
    pub fn forget(&mut self, is_meant: &dyn Fn(&Purpose) -> bool) {
        while let Some(read) = self.reads.find(|(purpose, _)| is_meant(purpose)) {
            self.reads.answer(read);
        }
    }

    /// Asks once more what storage has not answered; perhaps it does now.
    pub fn ask_again(&mut self) {
        for &read in &self.reads.to_ids() {
            let is_first_look = self.reads.get(read).is_some_and(|(purpose, _)| *purpose == Purpose::Start);
            if !is_first_look && let Some(question) = self.reads.answer(read) {
                self.read(question.0);
            }
        }
    }

    // ---- writing ----

    /// Writes an entry anew of which storage holds something already.
    pub fn rewrite(&mut self, entry: &Entry) {
        if let Some(group) = entry.stored {
            self.groups.rewrite(group);
        }
    }

    /// Takes an entry that is no longer here out of storage.
    pub fn unstore(&mut self, entry: &Entry, is_confirmed: bool) {
        if let Some(group) = entry.stored {
            self.let_go_of(entry);
            self.groups.remove(group, is_confirmed);
        }
    }

    /// An entry that may be another client's no longer concerns this one; storage may hold it.
    pub fn leave_storage(&mut self, entry: &Entry) {
        if let Some(group) = entry.stored {
            self.let_go_of(entry);
            self.groups.leave(group);
        }
    }

    /// Whether another page has cleared what is no longer in storage.
    pub fn was_cleared(&self, entry: &Entry) -> bool {
        self.cleared.as_ref().is_some_and(|cleared| cleared.concerns(entry))
    }
}
