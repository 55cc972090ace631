//! How a connection can end, or an attempt to have one.

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
    /// The server redirected more often than [`MAX_REDIRECTS`](crate::client::limits::MAX_REDIRECTS).
    TooManyRedirects,
    /// The server redirected to something that is not a WebSocket URL.
    BadRedirect(&'a str),
}

impl ConnectionFailure<'_> {
    /// The WebSocket close code, where a socket closed.
    pub(super) const fn close_code(self) -> Option<u16> {
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
