//! Everything that can go wrong, as one closed set with a stable code each.

mod rpc;

pub use self::rpc::{RpcError, RpcFailure};
use crate::{
    names::joined,
    text::split,
    wire::{DecodeError, Topic},
};

/// The value of `C.EVENT.CLIENT_OFFLINE`: of all codes the only one that is not a name.
pub const CLIENT_OFFLINE: &str = "client offline";

const INVALID_DATA: &str = "INVALID_MESSAGE_DATA";

/// Something to tell the application, by the `error` event or by rejecting what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// A connection attempt failed or the connection was lost: `CONNECTION_ERROR`.
    Connection(ConnectionFailure),
    /// Two PINGs in a row stayed unanswered: `HEARTBEAT_TIMEOUT`.
    HeartbeatTimeout,
    /// As many attempts failed as `maxReconnectAttempts` allows: `MAX_RECONNECTION_ATTEMPTS_REACHED`.
    MaxReconnectionAttemptsReached,
    /// The server refused the challenge: `CHALLENGE_DENIED`.
    ChallengeDenied,
    /// The server refused the credentials: `INVALID_AUTHENTICATION_DETAILS`.
    InvalidAuthenticationDetails {
        /// What the server gave as the reason: JSON text.
        reason: Option<Box<str>>,
    },
    /// The function in the option `authParams` failed: `AUTH_PARAMS_FAILED`.
    AuthParamsFailed {
        /// What it threw, in words.
        words: Box<str>,
    },
    /// The server has heard too many wrong credentials: `TOO_MANY_AUTH_ATTEMPTS`.
    TooManyAuthAttempts,
    /// Nobody logged in for as long as the server waits: `AUTHENTICATION_TIMEOUT`.
    AuthenticationTimeout,
    /// A later `login()` with other parameters took the place of this one: `LOGIN_SUPERSEDED`.
    LoginSuperseded,
    /// `pause()` came before what was asked for: the value of `C.EVENT.CLIENT_OFFLINE`.
    Paused,
    /// The client was closed: `IS_CLOSED`.
    IsClosed {
        /// The part of the client that was used.
        topic: Topic,
        /// How many entrusted items are given up.
        dropped: usize,
    },
    /// The client was closed, and what was only in memory with it: `IS_CLOSED`.
    LostAtClose {
        /// How many were never sent.
        never_sent: usize,
        /// How many were sent and not confirmed: they may have arrived.
        unconfirmed: usize,
    },
    /// More waits for the connection than [`limits`](super::limits) allow: `OUTBOX_FULL`.
    OutboxFull {
        /// The part of the client that it is of.
        topic: Topic,
        /// The name of the event, procedure or record.
        name: Box<str>,
    },
    /// Entries of the outbox will not be sent: a code for each [reason](DropReason).
    OutboxDropped {
        /// The reason.
        why: DropReason,
        /// The part of the client that they are of.
        topic: Topic,
        /// The names of their events, procedures or records, three at most.
        names: Vec<Box<str>>,
        /// How many.
        count: usize,
    },
    /// Something is wrong with a record: a code for each [kind](RecordFailure).
    Record {
        /// What is wrong.
        what: RecordFailure,
        /// The record.
        name: Box<str>,
    },
    /// The server has something else, and by the strategy of the record what was written here is lost:
    /// `RECORD_WRITE_LOST`.
    WriteLost {
        /// The record.
        name: Box<str>,
        /// The version that it was written to; `None` for whatever the server had.
        version: Option<i32>,
        /// What was written, as JSON text: `[{"path":"a.b","data":1},{"path":"c"}]`, where an edit without data erases;
        /// `None` where the record was to be deleted.
        edits: Option<Box<str>>,
        /// The version that the server has instead and its data, as JSON text, as far as known.
        found: Option<(i32, Box<str>)>,
        /// Whose doing that is.
        rival: Rival,
    },
    /// A merge strategy of the application failed: `MERGE_FAILED`.
    MergeFailed {
        /// The record.
        name: Box<str>,
        /// What it said.
        words: Box<str>,
    },
    /// The storage of the option `offlineEnabled` does not keep what it should: `OFFLINE_STORAGE_ERROR`.
    OfflineStorage {
        /// What is wrong.
        words: Box<str>,
    },
    /// More questions about presence wait than [`limits`](super::limits) allow: `TOO_MANY_QUERIES`.
    TooManyQueries,
    /// More users are logged in than [`limits`](super::limits) allow to remember: `TOO_MANY_USERS`.
    TooManyUsers,
    /// A stream of events is read so slowly that its oldest are dropped: `STREAM_OVERFLOW`.
    StreamOverflow {
        /// The event.
        name: Box<str>,
    },
    /// The payload of an event is not JSON: `INVALID_MESSAGE_DATA`.
    InvalidEventData {
        /// The event.
        name: Box<str>,
    },
    /// The server did not acknowledge or answer in time: `ACK_TIMEOUT`.
    AckTimeout {
        /// The part of the client that asked.
        topic: Topic,
        /// The names that it asked with, if any.
        names: Vec<Box<str>>,
    },
    /// A remote procedure call has no result, or an answer to one goes to nobody.
    Rpc(RpcError),
    /// Bytes arrived that are not the protocol: a code of the PARSER topic.
    Decode(DecodeError),
    /// A message that this version has no use for, or not in this state: `UNSOLICITED_MESSAGE`.
    Unsolicited {
        /// The topic of the message.
        topic: Topic,
        /// The deepstream name of its action.
        action: &'static str,
        /// What would have been expected.
        expected: &'static str,
    },
    /// The server reports an error; the code is the deepstream name of the action.
    Server {
        /// The topic of the message.
        topic: Topic,
        /// The deepstream name of its action, such as `MESSAGE_DENIED`.
        action: &'static str,
        /// The deepstream name of what it answers, such as `SUBSCRIBE`.
        asked: Option<&'static str>,
        /// The subscription, record, or call that it is about.
        name: Option<Box<str>>,
        /// What the server adds, as it came.
        data: Option<Box<str>>,
    },
}

/// How much of what was written stands in a message.
const MOST_SHOWN_BYTES: usize = 200;

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
    const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Client => ("client", "another client has written to the record"),
            Self::Page => ("page", "another page of this user has written to the record"),
            Self::Server => ("server", "the server has lost data, or others have deleted and remade the record"),
        }
    }
}

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
    const fn told(self) -> (&'static str, &'static str) {
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
    const fn told(self) -> (&'static str, &'static str) {
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

/// How a connection attempt ended, or a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionFailure {
    /// The browser does not make the socket, with its words: `WEBSOCKET_UNAVAILABLE`.
    Refused(Box<str>),
    /// The socket closed.
    Closed {
        /// The WebSocket close code (RFC 6455, section 7.4); 1006 where there was no close frame.
        code: u16,
        /// The close reason; usually empty.
        reason: Box<str>,
    },
    /// The socket closed before it was open.
    NeverOpened {
        /// The WebSocket close code.
        code: u16,
        /// The URL, without what may be secret in it.
        url: Box<str>,
    },
    /// The socket closed with a code in `stopCodes`: the server wants this client to stay away.
    Stopped {
        /// The WebSocket close code.
        code: u16,
        /// The close reason.
        reason: Box<str>,
    },
    /// The reachability probe got no answer.
    Unreachable,
    /// The attempt took longer than `connectTimeout`.
    TimedOut,
    /// The server redirected more often than [`MAX_REDIRECTS`](super::limits::MAX_REDIRECTS).
    TooManyRedirects,
    /// The server redirected to something that is not a WebSocket URL.
    BadRedirect(Box<str>),
}

impl ClientError {
    /// The stable code, as JavaScript sees it.
    pub fn code(&self) -> &'static str {
        self.code_and_topic().0
    }

    /// The topic under which it is reported.
    pub fn topic(&self) -> Topic {
        self.code_and_topic().1
    }

    fn code_and_topic(&self) -> (&'static str, Topic) {
        match self {
            Self::Connection(ConnectionFailure::Refused(_)) => ("WEBSOCKET_UNAVAILABLE", Topic::Connection),
            Self::Connection(_) => ("CONNECTION_ERROR", Topic::Connection),
            Self::HeartbeatTimeout => ("HEARTBEAT_TIMEOUT", Topic::Connection),
            Self::MaxReconnectionAttemptsReached => ("MAX_RECONNECTION_ATTEMPTS_REACHED", Topic::Connection),
            Self::ChallengeDenied => ("CHALLENGE_DENIED", Topic::Connection),
            Self::InvalidAuthenticationDetails { .. } => ("INVALID_AUTHENTICATION_DETAILS", Topic::Auth),
            Self::AuthParamsFailed { .. } => ("AUTH_PARAMS_FAILED", Topic::Auth),
            Self::TooManyAuthAttempts => ("TOO_MANY_AUTH_ATTEMPTS", Topic::Auth),
            // The server sends it under this topic.
            Self::AuthenticationTimeout => ("AUTHENTICATION_TIMEOUT", Topic::Connection),
            Self::LoginSuperseded => ("LOGIN_SUPERSEDED", Topic::Auth),
            Self::Paused => (CLIENT_OFFLINE, Topic::Connection),
            Self::IsClosed { topic, .. } => ("IS_CLOSED", *topic),
            Self::LostAtClose { .. } => ("IS_CLOSED", Topic::Event),
            Self::OutboxFull { topic, .. } => ("OUTBOX_FULL", *topic),
            Self::OutboxDropped { why, topic, .. } => (why.told().1, *topic),
            Self::Record { what, .. } => (what.told().0, Topic::Record),
            Self::WriteLost { .. } => ("RECORD_WRITE_LOST", Topic::Record),
            Self::MergeFailed { .. } => ("MERGE_FAILED", Topic::Record),
            Self::OfflineStorage { .. } => ("OFFLINE_STORAGE_ERROR", Topic::Record),
            Self::TooManyQueries => ("TOO_MANY_QUERIES", Topic::Presence),
            Self::TooManyUsers => ("TOO_MANY_USERS", Topic::Presence),
            Self::StreamOverflow { .. } => ("STREAM_OVERFLOW", Topic::Event),
            Self::InvalidEventData { .. } => (INVALID_DATA, Topic::Event),
            Self::AckTimeout { topic, .. } => ("ACK_TIMEOUT", *topic),
            Self::Rpc(error) => (error.code(), Topic::Rpc),
            Self::Decode(error) => (error.name(), Topic::Parser),
            Self::Unsolicited { topic, .. } => ("UNSOLICITED_MESSAGE", *topic),
            Self::Server { action, topic, .. } => (action, *topic),
        }
    }

    /// What it is about: the name of an event, a record, a procedure or a user, or a pattern.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::OutboxFull { name, .. }
            | Self::Record { name, .. }
            | Self::WriteLost { name, .. }
            | Self::MergeFailed { name, .. }
            | Self::StreamOverflow { name }
            | Self::InvalidEventData { name }
            | Self::Server { name: Some(name), .. } => Some(name),
            Self::Rpc(error) => Some(&error.name),
            _ => match self.names() {
                [name] => Some(name),
                _ => None,
            },
        }
    }

    /// The names that it is about, or some of them, where there may be several.
    pub fn names(&self) -> &[Box<str>] {
        match self {
            Self::AckTimeout { names, .. } | Self::OutboxDropped { names, .. } => names,
            _ => &[],
        }
    }

    /// How many it is about, where there may be more than [names](Self::names).
    pub const fn count(&self) -> Option<usize> {
        match self {
            Self::OutboxDropped { count, .. } => Some(*count),
            _ => None,
        }
    }

    /// What is lost and what is there instead, as JSON text, where something written to a record is lost.
    pub fn lost(&self) -> Option<String> {
        let Self::WriteLost { version, edits, found, rival, .. } = self else { return None };
        let or_null = |text: Option<String>| text.unwrap_or_else(|| "null".into());
        let version = or_null(version.map(|version| version.to_string()));
        let found =
            found.as_ref().map(|(version, data)| filled("{\"version\":%,\"data\":%}", &[&version.to_string(), data]));
        let words: [&str; 4] = [&version, edits.as_deref().unwrap_or("null"), rival.told().0, &or_null(found)];
        Some(filled("{\"version\":%,\"edits\":%,\"by\":\"%\",\"found\":%}", &words))
    }

    /// What to tell about an entry of the outbox that will not be sent.
    pub fn dropped(why: DropReason, topic: Topic, name: &str) -> Self {
        Self::OutboxDropped { why, topic, names: vec![name.into()], count: 1 }
    }

    /// What the server was asked for and refused, as deepstream calls it.
    pub const fn asked(&self) -> Option<&'static str> {
        match self {
            Self::Server { asked, .. } => *asked,
            _ => None,
        }
    }

    /// Whether it tells why there is no connection.
    pub const fn ends_connection(&self) -> bool {
        matches!(
            self,
            Self::Connection(_)
                | Self::HeartbeatTimeout
                | Self::ChallengeDenied
                | Self::AuthParamsFailed { .. }
                | Self::TooManyAuthAttempts
                | Self::AuthenticationTimeout
        )
    }

    /// Whether it only follows from what the application did itself.
    pub const fn is_expected(&self) -> bool {
        matches!(
            self,
            Self::IsClosed { .. }
                | Self::LostAtClose { .. }
                | Self::Paused
                | Self::LoginSuperseded
                | Self::Record { what: RecordFailure::Discarded, .. }
                | Self::OutboxDropped { why: DropReason::Cleared | DropReason::NotNow, .. }
                | Self::Rpc(RpcError { failure: RpcFailure::Aborted, .. })
        )
    }

    /// A sentence for people.
    pub fn message(&self) -> String {
        match self {
            Self::Connection(failure) => failure.message(),
            Self::HeartbeatTimeout => "the server did not answer two heartbeats in a row".into(),
            Self::MaxReconnectionAttemptsReached => {
                "gave up after maxReconnectAttempts failed attempts; resume() tries again".into()
            }
            Self::ChallengeDenied => "the server refused the connection; resume() tries again".into(),
            Self::InvalidAuthenticationDetails { reason } => told("the server refused the login", &[reason]),
            Self::AuthParamsFailed { words } => filled("authParams failed: %", &[words]),
            Self::TooManyAuthAttempts => {
                "the server refused too many logins; login() with other parameters tries again".into()
            }
            Self::AuthenticationTimeout => "the server waited too long for a login; login() connects again".into(),
            Self::LoginSuperseded => "a later login() with other parameters took its place".into(),
            Self::Paused => "the client was paused before the connection was back".into(),
            Self::IsClosed { dropped: 0, .. } => "the client is closed".into(),
            Self::IsClosed { dropped, .. } => filled("the client was closed; never sent: %", &[&dropped.to_string()]),
            Self::LostAtClose { never_sent, unconfirmed } => {
                let counts: [&str; 2] = [&never_sent.to_string(), &unconfirmed.to_string()];
                filled("the client was closed; never sent: %; sent, but not confirmed: %", &counts)
            }
            Self::OutboxFull { name, .. } => filled("too much waits for the connection; not kept: %", &[name]),
            Self::OutboxDropped { why, names, count, .. } => {
                let words: [&str; 3] = [why.name(), &count.to_string(), &joined(names, ", ")];
                filled("entries of the outbox will not be sent (%): %, of %", &words)
            }
            Self::WriteLost { name, version, edits, found, rival } => {
                let mut message = if let Some(edits) = edits {
                    let shown = edits.get(..edits.floor_char_boundary(MOST_SHOWN_BYTES)).unwrap_or_default();
                    let rest = if shown.len() < edits.len() { "…" } else { "" };
                    filled("what was written to the record % is lost: %%", &[name, shown, rest])
                } else {
                    filled("the record % is not deleted", &[name])
                };
                if let Some(version) = version {
                    message.push_str(&filled(" (made to version %)", &[&version.to_string()]));
                }
                message.push_str(&filled("; %", &[rival.told().1]));
                if let Some((version, _)) = found {
                    message.push_str(&filled(", which has version %", &[&version.to_string()]));
                }
                message
            }
            Self::Record { what, name } => filled("%: %", &[what.told().1, name]),
            Self::MergeFailed { name, words } => filled("the merge strategy of % failed: %", &[name, words]),
            Self::OfflineStorage { words } => filled("records are not kept for lack of storage: %", &[words]),
            Self::TooManyQueries => "too many questions about presence wait for an answer".into(),
            Self::TooManyUsers => "too many users are logged in to catch up after an outage".into(),
            Self::StreamOverflow { name } => {
                filled("a stream is read too slowly; its oldest events are dropped: %", &[name])
            }
            Self::InvalidEventData { name } => filled("the payload of an event is not JSON: %", &[name]),
            Self::AckTimeout { names, .. } => {
                let about = if names.is_empty() { "" } else { ": " };
                filled("the server did not answer in time%%", &[about, &joined(names, " ")])
            }
            Self::Rpc(error) => error.message(),
            Self::Decode(error) => error.sentence().into(),
            Self::Unsolicited { action, expected, .. } => {
                filled("unexpected message %, expected %", &[action, expected])
            }
            Self::Server { action, name, data, .. } => told(&filled("the server reports %", &[action]), &[name, data]),
        }
    }
}

impl ConnectionFailure {
    fn message(&self) -> String {
        match self {
            Self::Refused(words) => filled("there is no WebSocket to connect with: %", &[words]),
            Self::Closed { code, reason } => {
                let before = if reason.is_empty() { "" } else { ": " };
                filled("the connection closed (code %)%%", &[&code.to_string(), before, reason])
            }
            Self::NeverOpened { url, .. } => filled("no connection to % could be opened", &[url]),
            Self::Stopped { code, .. } => {
                filled("the server wants this client to stay away (code %)", &[&code.to_string()])
            }
            Self::Unreachable => "the server cannot be reached".into(),
            Self::TimedOut => "connecting and logging in took longer than connectTimeout".into(),
            Self::TooManyRedirects => "the server redirected too often".into(),
            Self::BadRedirect(url) => filled("the server redirected to what is not a WebSocket URL: %", &[url]),
        }
    }

    /// Whether the close announces that the server goes down or is overloaded, so that every client is
    /// coming at once: going away, service restart, try again later (IANA's registry of close codes), and 4001.
    pub fn announces_restart(&self) -> bool {
        matches!(self, Self::Closed { code: 1001 | 1012 | 1013 | 4001, .. })
    }
}

/// A sentence with details, as far as there are any.
fn told(sentence: &str, details: &[&Option<Box<str>>]) -> String {
    let mut message = String::from(sentence);
    for detail in details.iter().copied().flatten() {
        message.push_str(": ");
        message.push_str(detail);
    }
    message
}

/// A sentence with words in the places of `%`. Not `format!`, whose machinery would be most of what an error costs in the browser.
fn filled(sentence: &str, words: &[&str]) -> String {
    let mut message = String::new();
    for (index, part) in split(sentence, b'%').enumerate() {
        message.push_str(index.checked_sub(1).and_then(|before| words.get(before)).unwrap_or(&""));
        message.push_str(part);
    }
    message
}
