//! What the application and the client say to each other about records.

use super::{Delivery, ListenCommand, Ticket};
use crate::client::{
    error::ClientError,
    record::{Edit, Path, Side},
};

/// What the application asks for of records.
#[derive(Clone, Debug)]
pub enum RecordCommand<'a> {
    /// One more handle is wanted.
    Open {
        /// The record.
        name: &'a str,
        /// How conflicts are settled, where this is the first handle.
        strategy: Strategy,
    },
    /// `listen()`, `unlisten()`, and what is answered to the offers that follow.
    Listen(ListenCommand<'a>),
    /// One handle is no longer wanted.
    Discard(&'a str),
    /// Tell what is new at a path at which nobody listened before.
    Watch {
        /// The record.
        name: &'a str,
        /// The path.
        path: Path,
    },
    /// Nobody listens at a path any more.
    Unwatch {
        /// The record.
        name: &'a str,
        /// The path, as it was written.
        path: &'a str,
    },
    /// Settle the ticket with what is asked, once the record was loaded. The data and the version of one that is not open come
    /// from the server, with -1 for the version where there is no such record.
    Ask {
        /// The record.
        name: &'a str,
        /// What is asked.
        question: RecordQuestion,
        /// The ticket.
        ticket: Ticket,
    },
    /// Change a record that is open. All edits make one version.
    Write {
        /// The record.
        name: &'a str,
        /// The edits, in order.
        edits: Vec<Edit>,
        /// Settled when the server has it.
        ticket: Option<Ticket>,
    },
    /// Change a record, open or not. One that is not open is written to whatever the server has.
    SetData {
        /// The record.
        name: &'a str,
        /// One edit.
        edits: Vec<Edit>,
        /// What to do for a write to a record that is not open.
        delivery: Delivery,
        /// How long that is worth sending, in milliseconds; `None` for what the options say.
        ttl_ms: Option<u64>,
        /// Settled when the server has it.
        ticket: Option<Ticket>,
    },
    /// Delete a record, open or not.
    Delete {
        /// The record.
        name: &'a str,
        /// Settled when the server has done so.
        ticket: Ticket,
    },
    /// How conflicts are settled from now on.
    SetStrategy {
        /// The record.
        name: &'a str,
        /// The strategy.
        strategy: Strategy,
    },
    /// The answer to [`Output::AskMerge`].
    AnswerMerge {
        /// The question.
        question: u32,
        /// What the record is to be: JSON text, or `None` for none; or what went wrong, in words.
        answer: Result<Option<&'a str>, &'a str>,
    },
    /// Tell the server that records have changed in its storage.
    Notify {
        /// The records.
        names: Vec<Box<str>>,
        /// Settled when all clients were told.
        ticket: Ticket,
    },
    /// The answer to [`Output::LoadRecord`].
    LookedUp {
        /// The question.
        lookup: u32,
        /// The record.
        name: &'a str,
        /// The version, and the data as JSON text; `None` where storage does not have it.
        found: Option<(i32, &'a str)>,
    },
    /// The storage of records does not do what it should.
    StorageFailed {
        /// What is wrong, in words.
        words: &'a str,
    },
    /// The storage of records has been emptied.
    StorageCleared,
    /// Save what the server has of all records that are open.
    Save,
}

/// What is asked of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordQuestion {
    /// Whether it is loaded.
    Readiness,
    /// What can be seen of it.
    Data,
    /// Which version that is.
    Version,
}

/// What those who hold a record are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordNews {
    /// It was loaded.
    Ready,
    /// The value at a path is another one.
    Changed {
        /// The path, as it was given with [`RecordCommand::Watch`].
        path: Box<str>,
        /// JSON text; `None` for `undefined`.
        value: Option<Box<str>>,
    },
    /// It is let go of.
    Discarded(LastSeen),
    /// It is deleted, and no longer open.
    Deleted(LastSeen),
    /// Somebody provides it now, or no longer does.
    HasProviderChanged(bool),
    /// It was not open, and what an earlier page could not send is part of it: how conflicts are settled is for the
    /// application to say.
    Restored,
    /// Two clients have changed the same version, and something of one side is lost. JSON texts; `None` for a deletion.
    Conflict {
        /// What was here.
        local: Option<Box<str>>,
        /// What the server had.
        remote: Option<Box<str>>,
    },
    /// Something went wrong with it.
    Error(ClientError),
}

/// A record as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    /// The version; `None` for one that never was loaded.
    pub version: Option<i32>,
    /// The data: JSON text.
    pub data: Box<str>,
}

/// How to settle it when this client and another one have written to the same version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// What the server has; what was written here is lost, and reported.
    #[default]
    RemoteWins,
    /// What is here, as a whole.
    LocalWins,
    /// Both sides' changes since the last common version; where both changed the same, the given side's.
    ThreeWay(Side),
    /// The application is asked.
    Custom,
}
