//! Why there is no connection.

/// Why a connection or an attempt ended, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

named! {
    /// The kinds of ends.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    CloseKind {
        /// The network or the server failed without a word, or could not be reached.
        Network = "network",
        /// The attempt took longer than `connectTimeout`.
        Timeout = "timeout",
        /// The server did not answer two heartbeats.
        Heartbeat = "heartbeat",
        /// The server announced that it goes down or has too much to do.
        Restarting = "restarting",
        /// The server wants this client to stay away: a close code in `stopCodes`.
        Stopped = "stopped",
        /// The browser makes no socket for any of the URLs.
        Unavailable = "unavailable",
        /// The server refused the connection.
        Refused = "refused",
        /// The server refused the credentials, or too many of them.
        Authentication = "authentication",
        /// The application's `authParams` function failed.
        AuthParams = "auth-params",
        /// The server waited too long for a login.
        AuthenticationTimeout = "authentication-timeout",
        /// A redirect led nowhere.
        Redirect = "redirect",
        /// The page went out of sight for good, or into the back/forward cache.
        PageHidden = "page-hidden",
        /// `pause()`.
        Paused = "paused",
        /// `close()`.
        Closed = "closed",
        /// `login()` with other parameters, or `resume()`, took a new connection.
        Replaced = "replaced",
    }
}

impl CloseReason {
    /// The reason that an end without an error has.
    pub const fn of(kind: CloseKind, will_retry: bool) -> Self {
        Self { kind, code: None, action: None, will_retry }
    }

    /// The reason behind an error that has this code, and the close code where a socket closed.
    pub fn of_error(kind: CloseKind, code: Option<u16>, error: &'static str, will_retry: bool) -> Self {
        let action = match kind {
            CloseKind::Refused => Some("REJECT"),
            CloseKind::Authentication | CloseKind::AuthenticationTimeout => Some(error),
            _ => None,
        };
        Self { kind, code, action, will_retry }
    }
}
