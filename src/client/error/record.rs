//! What can go wrong with a record.

use super::INVALID_DATA;

/// What can be wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFailure {
    /// Nobody holds it, it was deleted, or it is being deleted: `RECORD_ALREADY_DESTROYED`.
    NotOpen,
    /// It was deleted before the server had what was written: `RECORD_DELETED`.
    Deleted,
    /// It was let go of: `RECORD_DISCARDED`.
    Discarded,
    /// The server has refused it: `MESSAGE_DENIED`.
    Denied,
    /// The options allow no writes to it: `RECORD_READ_ONLY_MODE`.
    ReadOnly,
    /// Another page has sent what was written here, and nobody tells this one what came of it: `OUTCOME_UNKNOWN`.
    OutcomeUnknown,
    /// The server did not answer in time: `RESPONSE_TIMEOUT`.
    Timeout,
    /// Its data, or what it was to be, is not JSON: `INVALID_MESSAGE_DATA`.
    InvalidJson,
    /// A record as a whole is an object or an array, and cannot be erased at a path: `INVALID_MESSAGE_DATA`.
    NotADocument,
    /// A path names a property of an array, which has indices only: `INVALID_PATH`.
    NotAnIndex,
    /// A path has an index too far beyond the end of an array: `INVALID_PATH`.
    TooFarBeyondEnd,
}

impl RecordFailure {
    /// The code, and a sentence that the name of the record ends.
    pub(super) const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::NotOpen => ("RECORD_ALREADY_DESTROYED", "the record is not open"),
            Self::Deleted => ("RECORD_DELETED", "the record was deleted before"),
            Self::Discarded => ("RECORD_DISCARDED", "the record was discarded"),
            Self::Denied => ("MESSAGE_DENIED", "the server refuses the record"),
            Self::ReadOnly => ("RECORD_READ_ONLY_MODE", "recordReadOnlyMode allows no writes to the record"),
            Self::OutcomeUnknown => ("OUTCOME_UNKNOWN", "another page has sent what was written to the record"),
            Self::Timeout => ("RESPONSE_TIMEOUT", "the server did not answer in time about the record"),
            Self::InvalidJson => (INVALID_DATA, "what is to be the data of the record is not JSON"),
            Self::NotADocument => (INVALID_DATA, "a record as a whole must be an object or an array"),
            Self::NotAnIndex => {
                ("INVALID_PATH", "the path names a property of an array, expected an index; in the record")
            }
            Self::TooFarBeyondEnd => {
                ("INVALID_PATH", "the index is too far beyond the end of the array, in the record")
            }
        }
    }
}

/// Whose doing it is that something written to a record is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rival {
    /// Another client has written: the server has a newer version.
    Client,
    /// Another page of the same user, in the same browser.
    Page,
    /// The server has an older version, or the same with other data: it has lost data, or others have deleted the
    /// record and made it anew.
    Server,
}

impl Rival {
    /// The word that JavaScript sees, and a sentence.
    pub(super) const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Client => ("client", "another client has written to the record"),
            Self::Page => ("page", "another page of this user has written to the record"),
            Self::Server => ("server", "the server has lost data, or others have deleted and remade the record"),
        }
    }
}
