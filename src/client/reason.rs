//! Why there is no connection.

use crate::client::error::{ClientError, ConnectionFailure};

/// Why a connection or an attempt ended, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    /// What kind of end it was.
    pub kind: CloseKind,
    /// The WebSocket close code, where a socket closed.
    pub code: Option<u16>,
    /// The deepstream name of what the server said, where it said something.
    pub action: Option<&'static str>,
    /// Whether the client tries again by itself.
    pub will_retry: bool,
}

/// The kinds of ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseKind {
    /// The network or the server failed without a word, or could not be reached.
    Network,
    /// The attempt took longer than `connectTimeout`.
    Timeout,
    /// The server did not answer two heartbeats.
    Heartbeat,
    /// The server announced that it goes down or has too much to do.
    Restarting,
    /// The server wants this client to stay away: a close code in `stopCodes`.
    Stopped,
    /// The browser makes no socket for any of the URLs.
    Unavailable,
    /// The server refused the connection.
    Refused,
    /// The server refused the credentials, or too many of them.
    Authentication,
    /// The application's `authParams` function failed.
    AuthParams,
    /// The server waited too long for a login.
    AuthenticationTimeout,
    /// A redirect led nowhere.
    Redirect,
    /// The page went out of sight for good, or into the back/forward cache.
    PageHidden,
    /// `pause()`.
    Paused,
    /// `close()`.
    Closed,
    /// `login()` with other parameters, or `resume()`, took a new connection.
    Replaced,
}

impl CloseKind {
    /// The name that JavaScript sees.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Heartbeat => "heartbeat",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Authentication => "authentication",
            Self::AuthParams => "auth-params",
            Self::AuthenticationTimeout => "authentication-timeout",
            Self::Redirect => "redirect",
            Self::PageHidden => "page-hidden",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Replaced => "replaced",
        }
    }
}

impl CloseReason {
    /// The reason that an end without an error has.
    pub const fn of(kind: CloseKind, will_retry: bool) -> Self {
        Self { kind, code: None, action: None, will_retry }
    }

    /// The reason behind an error.
    pub fn from_error(error: &ClientError, will_retry: bool) -> Self {
        let (kind, code) = match error {
            ClientError::Connection(failure) => match failure {
                ConnectionFailure::Closed { code, .. } if failure.announces_restart() => {
                    (CloseKind::Restarting, Some(*code))
                }
                ConnectionFailure::Closed { code, .. } | ConnectionFailure::NeverOpened { code, .. } => {
                    (CloseKind::Network, Some(*code))
                }
                ConnectionFailure::Stopped { code, .. } => (CloseKind::Stopped, Some(*code)),
                ConnectionFailure::Refused(_) => (CloseKind::Unavailable, None),
                ConnectionFailure::Unreachable => (CloseKind::Network, None),
                ConnectionFailure::TimedOut => (CloseKind::Timeout, None),
                ConnectionFailure::TooManyRedirects | ConnectionFailure::BadRedirect(_) => (CloseKind::Redirect, None),
            },
            ClientError::HeartbeatTimeout => (CloseKind::Heartbeat, None),
            ClientError::ChallengeDenied => (CloseKind::Refused, None),
            ClientError::TooManyAuthAttempts => (CloseKind::Authentication, None),
            ClientError::AuthenticationTimeout => (CloseKind::AuthenticationTimeout, None),
            ClientError::AuthParamsFailed { .. } => (CloseKind::AuthParams, None),
            _ => (CloseKind::Network, None),
        };
        let action = match kind {
            CloseKind::Refused => Some("REJECT"),
            CloseKind::Authentication | CloseKind::AuthenticationTimeout => Some(error.code()),
            _ => None,
        };
        Self { kind, code, action, will_retry }
    }
}
