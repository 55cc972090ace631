//! What all entries have in common, whichever queue they stand in: whose they are, how much they are, when they expire, and
//! that storage has them.
//!
//! A queue is a part of the client that sends what is in it: events in the outbox, calls in the requestor, writes in the
//! records they are for. What enters a queue is given to `Context::enter`, what leaves it to `Context::leave`,
//! `Context::confirm` or [`Log::leave_to_others`]; nothing else has to be told.

mod groups;
mod identity;
mod lease;
pub mod persisted;
mod sort;
mod storage;
mod takeover;

pub use self::{
    groups::Groups,
    identity::{Identity, LastUser},
    lease::{Lease, LeaseStage, Leases},
    persisted::{Cleared, Keys},
    sort::{sort_by_number, take_meant},
    storage::{Purpose, Storage},
    takeover::{Other, OwnLock, Takeover},
};
use super::{
    asked::Asked,
    digest::hex,
    io::{Entry, Kind, Ticket},
    options::{Options, OutboxStorage},
    rng::Rng,
    time::{Instant, Wake, earlier, earliest},
    url::without_secrets,
};
use crate::{names::NameMap, queue::Queue};

/// How much waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    pub entries: usize,
    /// Their names and payloads.
    pub bytes: usize,
}

/// What is known of all entries together.
#[derive(Debug, Default)]
pub struct Log {
    /// Where everything stands in storage.
    pub keys: Keys,
    /// Names this client among all that ever used the same storage.
    pub client: Box<str>,
    /// The number of the next entry.
    pub next_number: u64,
    /// Counts the events apart, so that subscribers can remember what they got as runs of numbers.
    pub next_event: u64,
    /// Who is logged in, and who was.
    pub identity: Identity,
    /// All entries but the writes to records that are here: what the limits are for.
    pub queued: Extent,
    /// The writes to records, of which there are few for each.
    pub written: Extent,
    /// The records that they are to, with how many each has.
    pub written_to: NameMap<usize>,
    /// What is known of the storage.
    pub storage: Storage,
    /// What stands there together.
    pub groups: Groups,
    /// The name of the storage, once there is one.
    pub storage_name: Option<Box<str>>,
    /// What another page has cleared of what stood in storage.
    pub cleared: Option<Cleared>,
    /// What it is asked and has not answered, with how often values had been written by then.
    pub reads: Asked<(Purpose, u32)>,
    /// Which other clients have something there.
    pub takeover: Takeover,
    /// What stands in for the browser's locks.
    pub leases: Leases,
    /// No later than the earliest of all expiries.
    pub next_expiry: Option<Instant>,
    /// When to stop waiting for storage and locks before sending.
    pub start_deadline: Option<Instant>,
    /// Whether somebody may wait for the end of an event, a call, or a write to a record that is not here.
    pub has_receipts: bool,
    /// Whether what other pages have left is wanted before anybody has logged in.
    pub is_wanted_early: bool,
    /// Who waits for everything to leave that has a lower number, in the order of these.
    pub flushes: Queue<(Ticket, u64)>,
    /// Whether entries have left since flushes were looked at.
    pub have_left: bool,
    /// Whether the application is to be told that something has changed.
    pub changed: bool,
}

impl Log {
    /// Begins for the deployment at `url`, as a client of a name of its own.
    pub fn begin(&mut self, url: &str, options: &Options, rng: &mut Rng) {
        self.keys = Keys::new(&options.outbox_key.as_deref().map_or_else(|| without_secrets(url), Into::into));
        self.client = hex("", rng.next_u64());
        if options.outbox_storage == OutboxStorage::Memory {
            self.storage = Storage::Absent;
        }
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.queued.entries + self.written.entries
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their names and payloads, in bytes.
    pub const fn bytes(&self) -> usize {
        self.queued.bytes + self.written.bytes
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        let start = self.start_deadline.filter(|_| session).map(|at| (at, Wake::Storage));
        let expiry = self.next_expiry.map(|at| (at, Wake::Expiry));
        let lease = self.leases.deadline().map(|at| (at, Wake::Lease));
        let outdated = self.groups.deadline().map(|at| (at, Wake::Storage));
        earliest(&[start, expiry, lease, outdated])
    }

    /// Whether anything may be sent in a session: what others left behind comes first.
    pub const fn may_send(&self) -> bool {
        self.start_deadline.is_none()
    }

    /// What other pages have left is wanted, although nobody has logged in.
    pub fn look_early(&mut self, session: bool) {
        let is_new = !session && !std::mem::replace(&mut self.is_wanted_early, true);
        if is_new && self.storage != Storage::Absent {
            self.touch_storage();
            self.look_for_orphans();
        }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }

    /// An entry stands for what had an earlier number: who waits for that waits for it.
    pub fn stands_for(&mut self, number: u64, former: u64) {
        for (_, until) in self.flushes.iter_mut().filter(|(_, until)| *until > former) {
            *until = (*until).max(number + 1);
        }
    }

    /// The client is closed.
    pub fn on_closed(&mut self) {
        self.groups = Groups::default();
        (self.queued, self.written) = (Extent::default(), Extent::default());
        self.written_to = NameMap::new();
        self.next_expiry = None;
        self.storage = Storage::Absent;
        self.forget(&|purpose| !matches!(purpose, Purpose::Clear { .. }));
        self.takeover = Takeover::default();
    }

    // ---- counting ----

    fn extent(&mut self, kind: Kind) -> Option<&mut Extent> {
        match kind {
            Kind::Write => Some(&mut self.written),
            Kind::Base => None,
            Kind::Event | Kind::Call { .. } | Kind::Forced => Some(&mut self.queued),
        }
    }

    /// Counts an entry that is here from now on, and sees to it that it is looked at when its time is up.
    pub fn count(&mut self, entry: &Entry) {
        self.changed = true;
        if let Some(extent) = self.extent(entry.kind) {
            extent.entries += 1;
            extent.bytes += entry.bytes();
        }
        if entry.kind == Kind::Write {
            *self.written_to.get_or_insert_with(&entry.name, || 0) += 1;
        }
        self.next_expiry = earlier(self.next_expiry, entry.expiry());
        self.has_receipts |= entry.kind != Kind::Write && !entry.receipts.is_empty();
    }

    /// Counts an entry no longer that is here no longer.
    pub fn uncount(&mut self, entry: &Entry) {
        (self.changed, self.have_left) = (true, true);
        if let Some(extent) = self.extent(entry.kind) {
            extent.entries -= 1;
            extent.bytes -= entry.bytes();
        }
        if entry.kind == Kind::Write
            && let Some(count) = self.written_to.get_mut(&entry.name)
        {
            *count -= 1;
            if *count == 0 {
                self.written_to.remove(&entry.name);
            }
        }
        if self.is_empty() {
            (self.next_expiry, self.has_receipts) = (None, false);
        }
    }

    /// An entry is no longer here, and stays in storage for others to send.
    pub fn leave_to_others(&mut self, entry: &Entry) {
        self.uncount(entry);
        self.leave_storage(entry);
    }
}
