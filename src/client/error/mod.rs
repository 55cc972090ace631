//! Everything that can go wrong, each with a stable code.

mod connection;
mod failure;
mod outbox;
mod record;
mod rpc;

use std::rc::Rc;

pub use self::{
    connection::ConnectionFailure,
    failure::Failure,
    outbox::DropReason,
    record::{RecordFailure, Rival},
    rpc::RpcFailure,
};
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

/// How much of what was written stands in a message.
const MOST_SHOWN_BYTES: usize = 200;

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
        Report::of(failure, &[name, words]).about(name)
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
        report.outcome = if matches!(why, DropReason::Expired | DropReason::Denied) { word } else { DROPPED };
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
        report.outcome = DropReason::Denied.name();
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
