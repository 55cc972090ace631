//! What can go wrong that has no more to say than a few words.

use super::{CLIENT_OFFLINE, INVALID_DATA};
use crate::{client::reason::CloseKind, wire::Topic};

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
    /// More questions about presence wait than [`limits`](crate::client::limits) allow: `TOO_MANY_QUERIES`.
    TooManyQueries,
    /// More users are logged in than [`limits`](crate::client::limits) allow to remember: `TOO_MANY_USERS`.
    TooManyUsers,
    /// A stream of the events of a name is read so slowly that its oldest are dropped: `STREAM_OVERFLOW`.
    StreamOverflow,
    /// The payload of an event of a name is not JSON: `INVALID_MESSAGE_DATA`.
    InvalidEventData,
}

impl Failure {
    /// The code, the topic, and a sentence.
    pub(super) const fn told(self) -> (&'static str, Topic, &'static str) {
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
    pub(super) const fn closes(self) -> Option<CloseKind> {
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
