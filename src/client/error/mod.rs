//! Everything that can go wrong, each with a stable code.

mod rpc;

use std::rc::Rc;

pub use self::rpc::RpcFailure;
use super::reason::{CloseKind, CloseReason};
use crate::{
    names::joined,
    text::split,
    wire::{DecodeError, Topic},
};

/// The value of `C.EVENT.CLIENT_OFFLINE`: of all codes the only one that is not a name.
pub const CLIENT_OFFLINE: &str = "client offline";

const INVALID_DATA: &str = "INVALID_MESSAGE_DATA";

/// Something to tell the application, by the `error` event or by rejecting what it waits for. However many wait for the same,
/// it is there once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientError(Rc<Report>);

/// All that is known of an error.
#[derive(Debug, PartialEq, Eq)]
struct Report {
    code: &'static str,
    topic: Topic,
    message: String,
    subject: Option<Box<str>>,
    names: Vec<Box<str>>,
    count: Option<usize>,
    asked: Option<&'static str>,
    lost: Option<String>,
    reason: Option<Box<str>>,
    closes: Option<CloseKind>,
    close_code: Option<u16>,
    outcome: &'static str,
    is_expected: bool,
}

/// What can go wrong apart from what has an enum of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Two PINGs in a row stayed unanswered: `HEARTBEAT_TIMEOUT`.
    HeartbeatTimeout,
    /// As many attempts failed as `maxReconnectAttempts` allows: `MAX_RECONNECTION_ATTEMPTS_REACHED`.
    MaxReconnectionAttemptsReached,
    /// The server refused the challenge: `CHALLENGE_DENIED`.
    ChallengeDenied,
    /// The function in the option `authParams` failed, with what it threw: `AUTH_PARAMS_FAILED`.
    AuthParamsFailed,
    /// The server has heard too many wrong credentials: `TOO_MANY_AUTH_ATTEMPTS`.
    TooManyAuthAttempts,
    /// Nobody logged in for as long as the server waits: `AUTHENTICATION_TIMEOUT`.
    AuthenticationTimeout,
    /// A later `login()` with other parameters took the place of this one: `LOGIN_SUPERSEDED`.
    LoginSuperseded,
    /// `pause()` came before what was asked for: the value of `C.EVENT.CLIENT_OFFLINE`.
    Paused,
    /// A merge strategy of the application failed for a record, with what it said: `MERGE_FAILED`.
    MergeFailed,
    /// The storage of the option `offlineEnabled` does not keep what it should, with why: `OFFLINE_STORAGE_ERROR`.
    OfflineStorage,
    /// More questions about presence wait than [`limits`](super::limits) allow: `TOO_MANY_QUERIES`.
    TooManyQueries,
    /// More users are logged in than [`limits`](super::limits) allow to remember: `TOO_MANY_USERS`.
    TooManyUsers,
    /// A stream of the events of a name is read so slowly that its oldest are dropped: `STREAM_OVERFLOW`.
    StreamOverflow,
    /// The payload of an event of a name is not JSON: `INVALID_MESSAGE_DATA`.
    InvalidEventData,
}

impl Failure {
    /// The code, the topic, and a sentence.
    const fn told(self) -> (&'static str, Topic, &'static str) {
        match self {
            Self::HeartbeatTimeout => {
                ("HEARTBEAT_TIMEOUT", Topic::Connection, "the server did not answer two heartbeats in a row")
            }
            Self::MaxReconnectionAttemptsReached => (
                "MAX_RECONNECTION_ATTEMPTS_REACHED",
                Topic::Connection,
                "gave up after maxReconnectAttempts failed attempts; resume() tries again",
            ),
            Self::ChallengeDenied => {
                ("CHALLENGE_DENIED", Topic::Connection, "the server refused the connection; resume() tries again")
            }
            Self::AuthParamsFailed => ("AUTH_PARAMS_FAILED", Topic::Auth, "authParams failed: %"),
            Self::TooManyAuthAttempts => (
                "TOO_MANY_AUTH_ATTEMPTS",
                Topic::Auth,
                "the server refused too many logins; login() with other parameters tries again",
            ),
            // The server sends it under this topic.
            Self::AuthenticationTimeout => (
                "AUTHENTICATION_TIMEOUT",
                Topic::Connection,
                "the server waited too long for a login; login() connects again",
            ),
            Self::LoginSuperseded => {
                ("LOGIN_SUPERSEDED", Topic::Auth, "a later login() with other parameters took its place")
            }
            Self::Paused => (CLIENT_OFFLINE, Topic::Connection, "the client was paused before the connection was back"),
            Self::MergeFailed => ("MERGE_FAILED", Topic::Record, "the merge strategy of % failed: %"),
            Self::OfflineStorage => {
                ("OFFLINE_STORAGE_ERROR", Topic::Record, "records are not kept for lack of storage: %")
            }
            Self::TooManyQueries => {
                ("TOO_MANY_QUERIES", Topic::Presence, "too many questions about presence wait for an answer")
            }
            Self::TooManyUsers => {
                ("TOO_MANY_USERS", Topic::Presence, "too many users are logged in to catch up after an outage")
            }
            Self::StreamOverflow => {
                ("STREAM_OVERFLOW", Topic::Event, "a stream is read too slowly; its oldest events are dropped: %")
            }
            Self::InvalidEventData => (INVALID_DATA, Topic::Event, "the payload of an event is not JSON: %"),
        }
    }

    /// What kind of end it is to a connection, or an attempt to have one, if it is one.
    const fn closes(self) -> Option<CloseKind> {
        match self {
            Self::HeartbeatTimeout => Some(CloseKind::Heartbeat),
            Self::ChallengeDenied => Some(CloseKind::Refused),
            Self::AuthParamsFailed => Some(CloseKind::AuthParams),
            Self::TooManyAuthAttempts => Some(CloseKind::Authentication),
            Self::AuthenticationTimeout => Some(CloseKind::AuthenticationTimeout),
            _ => None,
        }
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionFailure<'a> {
    /// The browser does not make the socket, with its words: `WEBSOCKET_UNAVAILABLE`.
    Refused(&'a str),
    /// The socket closed.
    Closed {
        /// The WebSocket close code (RFC 6455, section 7.4); 1006 where there was no close frame.
        code: u16,
        /// The close reason; usually empty.
        reason: &'a str,
    },
    /// The socket closed before it was open.
    NeverOpened {
        /// The WebSocket close code.
        code: u16,
        /// The URL, without what may be secret in it.
        url: &'a str,
    },
    /// The socket closed with a code in `stopCodes`: the server wants this client to stay away.
    Stopped {
        /// The WebSocket close code.
        code: u16,
    },
    /// The reachability probe got no answer.
    Unreachable,
    /// The attempt took longer than `connectTimeout`.
    TimedOut,
    /// The server redirected more often than [`MAX_REDIRECTS`](super::limits::MAX_REDIRECTS).
    TooManyRedirects,
    /// The server redirected to something that is not a WebSocket URL.
    BadRedirect(&'a str),
}

impl ConnectionFailure<'_> {
    /// The WebSocket close code, where a socket closed.
    const fn close_code(self) -> Option<u16> {
        match self {
            Self::Closed { code, .. } | Self::NeverOpened { code, .. } | Self::Stopped { code } => Some(code),
            _ => None,
        }
    }

    /// Whether the close announces that the server goes down or is overloaded, so that every client is
    /// coming at once: going away, service restart, try again later (IANA's registry of close codes), and 4001.
    pub const fn announces_restart(self) -> bool {
        matches!(self, Self::Closed { code: 1001 | 1012 | 1013 | 4001, .. })
    }
}

impl ClientError {
    /// A failure of which there is no more to say.
    pub fn of(failure: Failure) -> Self {
        Report::of(failure, &[]).into()
    }

    /// A failure, and what somebody says of it.
    pub fn with_words(failure: Failure, words: &str) -> Self {
        Report::of(failure, &[words]).into()
    }

    /// A failure of what has this name, and what somebody says of it.
    pub fn about(failure: Failure, name: &str, words: &str) -> Self {
        let report = Report::of(failure, &[name, words]);
        report.about(name)
    }

    /// A connection attempt failed or the connection was lost: `CONNECTION_ERROR`.
    #[inline(never)]
    pub fn connection(failure: ConnectionFailure<'_>) -> Self {
        let close_code = failure.close_code();
        let shown_code = close_code.unwrap_or_default().to_string();
        let (kind, sentence, words) = match failure {
            ConnectionFailure::Refused(words) => {
                (CloseKind::Unavailable, "there is no WebSocket to connect with: %", words)
            }
            ConnectionFailure::Closed { .. } if failure.announces_restart() => {
                (CloseKind::Restarting, CLOSED, &*shown_code)
            }
            ConnectionFailure::Closed { .. } => (CloseKind::Network, CLOSED, &*shown_code),
            ConnectionFailure::NeverOpened { url, .. } => {
                (CloseKind::Network, "no connection to % could be opened", url)
            }
            ConnectionFailure::Stopped { .. } => {
                (CloseKind::Stopped, "the server wants this client to stay away (code %)", &*shown_code)
            }
            ConnectionFailure::Unreachable => (CloseKind::Network, "the server cannot be reached", ""),
            ConnectionFailure::TimedOut => {
                (CloseKind::Timeout, "connecting and logging in took longer than connectTimeout", "")
            }
            ConnectionFailure::TooManyRedirects => (CloseKind::Redirect, "the server redirected too often", ""),
            ConnectionFailure::BadRedirect(url) => {
                (CloseKind::Redirect, "the server redirected to what is not a WebSocket URL: %", url)
            }
        };
        let code = if kind == CloseKind::Unavailable { "WEBSOCKET_UNAVAILABLE" } else { "CONNECTION_ERROR" };
        let mut message = filled(sentence, &[words]);
        if let ConnectionFailure::Closed { reason, .. } = failure
            && !reason.is_empty()
        {
            add_detail(&mut message, Some(reason));
        }
        let mut report = Report::new(code, Topic::Connection, message);
        (report.closes, report.close_code) = (Some(kind), close_code);
        report.into()
    }

    /// The server refused the credentials, and what it gave as the reason, as JSON text: `INVALID_AUTHENTICATION_DETAILS`.
    pub fn login_refused(reason: Option<&str>) -> Self {
        let mut message = String::from("the server refused the login");
        add_detail(&mut message, reason);
        let mut report = Report::new("INVALID_AUTHENTICATION_DETAILS", Topic::Auth, message);
        report.reason = reason.map(Into::into);
        report.into()
    }

    /// The client was closed, and so many entrusted items are given up: `IS_CLOSED`.
    pub fn is_closed(topic: Topic, dropped: usize) -> Self {
        let message = match dropped {
            0 => "the client is closed".into(),
            dropped => filled("the client was closed; never sent: %", &[&dropped.to_string()]),
        };
        Self::closed(topic, message, dropped > 0)
    }

    /// The client was closed, and what was only in memory with it: so many were never sent, and so many sent and not confirmed,
    /// which may have arrived: `IS_CLOSED`.
    pub fn lost_at_close(never_sent: usize, unconfirmed: usize) -> Self {
        let counts: [&str; 2] = [&never_sent.to_string(), &unconfirmed.to_string()];
        let message = filled("the client was closed; never sent: %; sent, but not confirmed: %", &counts);
        Self::closed(Topic::Event, message, true)
    }

    fn closed(topic: Topic, message: String, is_dropped: bool) -> Self {
        let mut report = Report::new("IS_CLOSED", topic, message);
        report.is_expected = true;
        report.outcome = if is_dropped { DROPPED } else { KEPT };
        report.into()
    }

    /// More waits for the connection than [`limits`](super::limits) allow: `OUTBOX_FULL`.
    pub fn outbox_full(topic: Topic, name: &str) -> Self {
        let message = filled("too much waits for the connection; not kept: %", &[name]);
        let mut report = Report::new("OUTBOX_FULL", topic, message);
        report.outcome = DROPPED;
        report.about(name)
    }

    /// So many entries of the outbox will not be sent, with some of the names of their events, procedures or records: a code for
    /// each [reason](DropReason).
    pub fn outbox_dropped(why: DropReason, topic: Topic, names: Vec<Box<str>>, count: usize) -> Self {
        let (word, code) = why.told();
        let words: [&str; 3] = [word, &count.to_string(), &joined(&names, ", ")];
        let mut report =
            Report::new(code, topic, filled("entries of the outbox will not be sent (%): %, of %", &words));
        report.is_expected = matches!(why, DropReason::Cleared | DropReason::NotNow);
        report.outcome = match why {
            DropReason::Expired => "expired",
            DropReason::Denied => DENIED,
            _ => DROPPED,
        };
        report.count = Some(count);
        report.names = names;
        report.into()
    }

    /// What to tell about an entry of the outbox that will not be sent.
    pub fn dropped(why: DropReason, topic: Topic, name: &str) -> Self {
        Self::outbox_dropped(why, topic, vec![name.into()], 1)
    }

    /// Something is wrong with a record: a code for each [kind](RecordFailure).
    pub fn record(what: RecordFailure, name: &str) -> Self {
        let (code, sentence) = what.told();
        let mut report = Report::new(code, Topic::Record, filled("%: %", &[sentence, name]));
        report.is_expected = what == RecordFailure::Discarded;
        report.about(name)
    }

    /// The server has something else, and by the strategy of the record what was written here is lost:
    /// `RECORD_WRITE_LOST`.
    ///
    /// `version` is what it was written to, or nothing for whatever the server had. `edits` is what was written, as JSON text:
    /// `[{"path":"a.b","data":1},{"path":"c"}]`, where an edit without data erases; nothing where the record was to be deleted.
    /// `found` is the version that the server has instead and its data, as JSON text, as far as known.
    pub fn write_lost(
        name: &str,
        version: Option<i32>,
        edits: Option<&str>,
        found: Option<(i32, &str)>,
        rival: Rival,
    ) -> Self {
        let (by, deed) = rival.told();
        let mut message = if let Some(edits) = edits {
            let shown = edits.get(..edits.floor_char_boundary(MOST_SHOWN_BYTES)).unwrap_or_default();
            let rest = if shown.len() < edits.len() { "…" } else { "" };
            filled("what was written to the record % is lost: %%", &[name, shown, rest])
        } else {
            filled("the record % is not deleted", &[name])
        };
        let mut made_to = String::from("null");
        if let Some(version) = version {
            made_to = version.to_string();
            message.push_str(&filled(" (made to version %)", &[&made_to]));
        }
        message.push_str(&filled("; %", &[deed]));
        let mut instead = String::from("null");
        if let Some((version, data)) = found {
            let version = version.to_string();
            message.push_str(&filled(", which has version %", &[&version]));
            instead = filled("{\"version\":%,\"data\":%}", &[&version, data]);
        }
        let words: [&str; 4] = [&made_to, edits.unwrap_or("null"), by, &instead];
        let mut report = Report::new("RECORD_WRITE_LOST", Topic::Record, message);
        report.lost = Some(filled("{\"version\":%,\"edits\":%,\"by\":\"%\",\"found\":%}", &words));
        report.about(name)
    }

    /// The server did not acknowledge or answer in time, when it was asked with these names: `ACK_TIMEOUT`.
    pub fn ack_timeout(topic: Topic, names: Vec<Box<str>>) -> Self {
        let mut message = String::from("the server did not answer in time");
        if !names.is_empty() {
            add_detail(&mut message, Some(&joined(&names, " ")));
        }
        let mut report = Report::new("ACK_TIMEOUT", topic, message);
        report.names = names;
        report.into()
    }

    /// A remote procedure call has no result, or an answer to one goes to nobody: a code for each [kind](RpcFailure).
    pub fn rpc(name: &str, failure: RpcFailure<'_>) -> Self {
        let (code, sentence) = failure.told();
        let mut report = Report::new(code, Topic::Rpc, filled("RPC %: %", &[name, sentence]));
        report.is_expected = failure == RpcFailure::Aborted;
        if let RpcFailure::Provider(Some(data)) = failure {
            report.reason = Some(data.into());
        }
        report.about(name)
    }

    /// Bytes arrived that are not the protocol: a code of the PARSER topic.
    pub fn decode(error: DecodeError) -> Self {
        Report::new(error.name(), Topic::Parser, error.sentence().into()).into()
    }

    /// A message that this version has no use for, or not in this state, and what would have been expected:
    /// `UNSOLICITED_MESSAGE`.
    pub fn unsolicited(topic: Topic, action: &str, expected: &str) -> Self {
        let message = filled("unexpected message %, expected %", &[action, expected]);
        Report::new("UNSOLICITED_MESSAGE", topic, message).into()
    }

    /// The server reports an error; the code is the deepstream name of the action, such as `MESSAGE_DENIED`.
    ///
    /// `asked` is the deepstream name of what it answers, such as `SUBSCRIBE`; `name` the subscription, record or call that it is
    /// about; `data` what the server adds, as it came.
    pub fn server(
        topic: Topic,
        action: &'static str,
        asked: Option<&'static str>,
        name: Option<&str>,
        data: Option<&str>,
    ) -> Self {
        let mut message = filled("the server reports %", &[action]);
        add_detail(&mut message, name);
        add_detail(&mut message, data);
        let mut report = Report::new(action, topic, message);
        report.subject = name.map(Into::into);
        report.asked = asked;
        report.outcome = DENIED;
        report.into()
    }

    /// The stable code, as JavaScript sees it.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The topic under which it is reported.
    pub fn topic(&self) -> Topic {
        self.0.topic
    }

    /// A sentence for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What it is about: the name of an event, a record, a procedure or a user, or a pattern.
    pub fn subject(&self) -> Option<&str> {
        match self.names() {
            [name] => Some(name),
            _ => self.0.subject.as_deref(),
        }
    }

    /// The names that it is about, or some of them, where there may be several.
    pub fn names(&self) -> &[Box<str>] {
        &self.0.names
    }

    /// How many it is about, where there may be more than [names](Self::names).
    pub fn count(&self) -> Option<usize> {
        self.0.count
    }

    /// What is lost and what is there instead, as JSON text, where something written to a record is lost.
    pub fn lost(&self) -> Option<&str> {
        self.0.lost.as_deref()
    }

    /// What the server gave as the reason, or a provider as the error: JSON text.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// What the server was asked for and refused, as deepstream calls it.
    pub fn asked(&self) -> Option<&'static str> {
        self.0.asked
    }

    /// What it says of an entry of the outbox whose receipt it rejects, in a word of JavaScript's.
    pub fn outcome(&self) -> &'static str {
        self.0.outcome
    }

    /// Whether it only follows from what the application did itself.
    pub fn is_expected(&self) -> bool {
        self.0.is_expected
    }

    /// What kind of end it is to a connection or to an attempt, if it tells why there is no connection.
    pub fn closes(&self) -> Option<CloseKind> {
        self.0.closes
    }

    /// Why there is no connection, and what follows.
    pub fn close_reason(&self, will_retry: bool) -> CloseReason {
        let kind = self.closes().unwrap_or(CloseKind::Network);
        CloseReason::of_error(kind, self.0.close_code, self.code(), will_retry)
    }
}

impl Report {
    #[inline(never)]
    fn new(code: &'static str, topic: Topic, message: String) -> Self {
        Self {
            code,
            topic,
            message,
            subject: None,
            names: Vec::new(),
            count: None,
            asked: None,
            lost: None,
            reason: None,
            closes: None,
            close_code: None,
            outcome: KEPT,
            is_expected: false,
        }
    }

    #[inline(never)]
    fn of(failure: Failure, words: &[&str]) -> Self {
        let (code, topic, sentence) = failure.told();
        let mut report = Self::new(code, topic, filled(sentence, words));
        report.closes = failure.closes();
        report.is_expected = matches!(failure, Failure::LoginSuperseded | Failure::Paused);
        report
    }

    /// The error, which is about what has this name.
    fn about(mut self, name: &str) -> ClientError {
        self.subject = Some(name.into());
        self.into()
    }
}

impl From<Report> for ClientError {
    #[inline(never)]
    fn from(report: Report) -> Self {
        Self(Rc::new(report))
    }
}

/// What an error can say of an entry of the outbox, as JavaScript has it.
const KEPT: &str = "kept";
const DENIED: &str = "denied";
const DROPPED: &str = "dropped";

const CLOSED: &str = "the connection closed (code %)";

/// Adds a detail to a sentence, if there is one.
fn add_detail(message: &mut String, detail: Option<&str>) {
    if let Some(detail) = detail {
        message.push_str(": ");
        message.push_str(detail);
    }
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
