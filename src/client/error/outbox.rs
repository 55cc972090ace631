//! What can become of an entry of the outbox instead of being sent.

/// Why an entry of the outbox will not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Its time ran out: `OUTBOX_EXPIRED`.
    Expired,
    /// Newer ones needed its place: `OUTBOX_OVERFLOW`.
    Overflow,
    /// The application cleared the outbox: `OUTBOX_CLEARED`.
    Cleared,
    /// The server refused it.
    Denied,
    /// The server closes the connection whenever it gets it: `OUTBOX_UNDELIVERABLE`.
    Undeliverable,
    /// It was to be sent at once or never: `OUTBOX_NOT_CONNECTED`.
    NotNow,
}

impl DropReason {
    /// The word that JavaScript sees.
    pub const fn name(self) -> &'static str {
        self.told().0
    }

    /// That, and the code.
    pub(super) const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Expired => ("expired", "OUTBOX_EXPIRED"),
            Self::Overflow => ("overflow", "OUTBOX_OVERFLOW"),
            Self::Cleared => ("cleared", "OUTBOX_CLEARED"),
            Self::Denied => ("denied", "MESSAGE_DENIED"),
            Self::Undeliverable => ("undeliverable", "OUTBOX_UNDELIVERABLE"),
            Self::NotNow => ("not-connected", "OUTBOX_NOT_CONNECTED"),
        }
    }
}
