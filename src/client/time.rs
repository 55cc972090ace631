//! Time as the client sees it: a number that comes in with every input.

/// A moment on a clock that only goes forward, in milliseconds since an origin of the caller's choice.
///
/// The browser shell passes `performance.now()`, tests pass virtual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(u64);

impl Instant {
    /// The moment `ms` milliseconds after the clock's origin.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the clock's origin.
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// The moment `ms` milliseconds later; saturates at the end of time.
    #[inline(never)]
    pub const fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment, 0 if `earlier` is in fact later.
    #[inline(never)]
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// What the next deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// Make the first connection.
    Connect,
    /// Give up an attempt that takes too long.
    ConnectTimeout,
    /// Try again.
    Reconnect,
    /// Send a PING.
    Ping,
    /// Stop waiting for the answer to a PING.
    PingAnswer,
    /// Tell the application that the connection is lost.
    LostConnection,
    /// Send the subscriptions collected.
    Subscriptions,
    /// Stop waiting for an acknowledgement.
    Acknowledgement,
    /// Ask the server whether it has what the outbox has sent.
    Barrier,
    /// Stop waiting for storage, or write to it.
    Storage,
    /// Give up what has waited too long.
    Expiry,
    /// Renew a lease, or look at one.
    Lease,
    /// Stop waiting for an answer about a record.
    RecordTimeout,
    /// Let go of a record that nobody holds.
    Discard,
    /// Stop waiting for the answer to a question about presence.
    Query,
    /// Stop waiting for the outcome of a remote procedure call.
    Call,
}

/// The earlier of two things that may not be there. One function for all: chains of iterators are compiled for each type.
pub fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The earliest of several deadlines, with what it is for.
pub fn earliest(deadlines: &[Option<(Instant, Wake)>]) -> Option<(Instant, Wake)> {
    let mut earliest: Option<(Instant, Wake)> = None;
    for deadline in deadlines.iter().flatten() {
        if earliest.is_none_or(|(at, _)| deadline.0 < at) {
            earliest = Some(*deadline);
        }
    }
    earliest
}
