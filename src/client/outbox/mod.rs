//! What the application sent while there was no connection, kept in memory until there is one.

use std::collections::VecDeque;

use super::limits::{OUTBOX_MAX_BYTES, OUTBOX_MAX_ENTRIES};

/// An event that waits.
#[derive(Debug)]
pub struct Entry {
    /// The event.
    pub name: Box<str>,
    /// JSON text; `None` for `undefined`.
    pub data: Option<Box<str>>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.name.len() + self.data.as_ref().map_or(0, |data| data.len())
    }
}

/// The entries that wait, oldest first, bounded in number and bytes.
#[derive(Debug, Default)]
pub struct Outbox {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Outbox {
    /// How many entries wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keeps an entry, or gives it back if there is no room.
    ///
    /// # Errors
    /// The entry, where it would exceed [`OUTBOX_MAX_ENTRIES`] or [`OUTBOX_MAX_BYTES`].
    pub fn push(&mut self, entry: Entry) -> Result<(), Entry> {
        let bytes = entry.bytes();
        if self.entries.len() >= OUTBOX_MAX_ENTRIES || self.bytes + bytes > OUTBOX_MAX_BYTES {
            return Err(entry);
        }
        self.bytes += bytes;
        self.entries.push_back(entry);
        Ok(())
    }

    /// Hands out everything, oldest first.
    pub fn take_all(&mut self) -> VecDeque<Entry> {
        self.bytes = 0;
        std::mem::take(&mut self.entries)
    }
}
