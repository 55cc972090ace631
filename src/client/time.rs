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

/// The earlier of two things that may not be there. One function for all: chains of iterators are compiled for each type.
pub fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The earliest of several deadlines.
pub fn earliest(deadlines: &[Option<Instant>]) -> Option<Instant> {
    let mut earliest = None;
    for deadline in deadlines {
        earliest = earlier(earliest, *deadline);
    }
    earliest
}
