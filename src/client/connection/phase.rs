//! Where the connection is, with the data that exists only there.

use super::heartbeat::Heartbeat;
use crate::{
    client::{
        error::{ClientError, ConnectionFailure},
        io::{ConnectionState, SocketId},
        time::Instant,
    },
    wire::Topic,
};

/// Where the connection is.
#[derive(Debug)]
pub enum Phase {
    /// Never dialled.
    Idle {
        /// When to dial; `None` while `lazyConnect` waits.
        connect_at: Option<Instant>,
    },
    /// The reachability of the server is probed before dialling.
    Probing { probe: u32, deadline: Instant },
    /// A socket is being opened.
    Dialling {
        socket: SocketId,
        since: Instant,
        /// When the whole attempt, login included, has taken too long.
        deadline: Instant,
        occasion: Occasion,
        /// Redirects followed in this attempt.
        redirects: u8,
    },
    /// The server was asked whether it takes the connection.
    Challenging { socket: SocketId, since: Instant, deadline: Instant, redirects: u8 },
    /// The server waits for a login, and the application has not given one.
    AwaitingLogin {
        socket: SocketId,
        since: Instant,
        /// When to send a PING: not answered, but the server cuts whoever is silent.
        next_ping: Instant,
    },
    /// The server waits for a login, and the application was asked what to log in with.
    AwaitingAnswer { socket: SocketId, deadline: Instant },
    /// The server checks the credentials.
    Authenticating { socket: SocketId, deadline: Instant },
    /// Logged in.
    Open {
        socket: SocketId,
        since: Instant,
        /// How long there was no session before this one, if there ever was one, in milliseconds.
        gap_ms: Option<u64>,
        heartbeat: Heartbeat,
    },
    /// Between two attempts.
    Waiting { retry_at: Instant },
    /// The page is gone, or in the back/forward cache: until it is seen again.
    Hidden,
    /// Until `resume()`.
    Paused,
    /// Until the application says otherwise.
    Stopped(Stop),
    /// For good.
    Closed,
}

/// What a socket is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    First,
    Reconnect,
    Redirect,
}

/// Why the client does not try again by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `maxReconnectAttempts` failed.
    GaveUp,
    /// The heartbeat failed and `heartbeatFailure` is `'stop'`.
    Heartbeat,
    /// A close code in `stopCodes`.
    ByServer {
        code: u16,
        reason: Box<str>,
    },
    /// The browser makes no socket for any of the URLs.
    Refused {
        words: Box<str>,
    },
    ChallengeDenied,
    TooManyAuthAttempts,
    AuthenticationTimeout,
}

impl Stop {
    /// The error that tells it.
    pub fn error(&self) -> ClientError {
        match self {
            Self::GaveUp => ClientError::MaxReconnectionAttemptsReached,
            Self::Heartbeat => ClientError::HeartbeatTimeout,
            Self::ByServer { code, reason } => {
                ClientError::Connection(ConnectionFailure::Stopped { code: *code, reason: reason.clone() })
            }
            Self::Refused { words } => ClientError::Connection(ConnectionFailure::Refused(words.clone())),
            Self::ChallengeDenied => ClientError::ChallengeDenied,
            Self::TooManyAuthAttempts => ClientError::TooManyAuthAttempts,
            Self::AuthenticationTimeout => ClientError::AuthenticationTimeout,
        }
    }
}

impl Phase {
    /// The socket that counts.
    pub const fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Dialling { socket, .. }
            | Self::Challenging { socket, .. }
            | Self::AwaitingLogin { socket, .. }
            | Self::AwaitingAnswer { socket, .. }
            | Self::Authenticating { socket, .. }
            | Self::Open { socket, .. } => Some(*socket),
            Self::Idle { .. }
            | Self::Probing { .. }
            | Self::Waiting { .. }
            | Self::Hidden
            | Self::Paused
            | Self::Stopped(_)
            | Self::Closed => None,
        }
    }

    /// The state that the application sees.
    pub const fn state(&self) -> ConnectionState {
        match self {
            Self::Idle { connect_at: None } | Self::Closed => ConnectionState::Closed,
            Self::Idle { connect_at: Some(_) } | Self::Dialling { occasion: Occasion::First, .. } => {
                ConnectionState::Initialising
            }
            Self::Dialling { occasion: Occasion::Reconnect, .. }
            | Self::Probing { .. }
            | Self::Waiting { .. }
            | Self::Hidden => ConnectionState::Reconnecting,
            Self::Dialling { occasion: Occasion::Redirect, .. } => ConnectionState::Redirecting,
            Self::Challenging { .. } => ConnectionState::Challenging,
            Self::AwaitingLogin { .. } | Self::AwaitingAnswer { .. } => ConnectionState::AwaitingAuthentication,
            Self::Authenticating { .. } => ConnectionState::Authenticating,
            Self::Open { .. } => ConnectionState::Open,
            Self::Paused => ConnectionState::Offline,
            Self::Stopped(Stop::GaveUp | Stop::Heartbeat | Stop::ByServer { .. } | Stop::Refused { .. }) => {
                ConnectionState::Error
            }
            Self::Stopped(Stop::ChallengeDenied) => ConnectionState::ChallengeDenied,
            Self::Stopped(Stop::TooManyAuthAttempts) => ConnectionState::TooManyAuthAttempts,
            Self::Stopped(Stop::AuthenticationTimeout) => ConnectionState::AuthenticationTimeout,
        }
    }

    /// Whether the client is on its way to a session.
    pub const fn wants_connection(&self) -> bool {
        !matches!(
            self,
            Self::Idle { .. } | Self::Open { .. } | Self::Hidden | Self::Paused | Self::Stopped(_) | Self::Closed
        )
    }

    /// Whether the server has taken the client, so that the endpoint is a good one.
    pub const fn was_let_in(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::AwaitingLogin { .. })
    }

    /// How long the server has kept the client, in milliseconds; 0 where it has not let it in.
    pub const fn held_for_ms(&self, now: Instant) -> u64 {
        match self {
            Self::Open { since, .. } | Self::AwaitingLogin { since, .. } => now.since_ms(*since),
            _ => 0,
        }
    }

    /// What the server may say here, for reports of what it said instead.
    pub const fn expected(&self) -> &'static str {
        match self {
            Self::Challenging { .. } => "ACCEPT, REJECT or REDIRECT",
            Self::Authenticating { .. } => "the outcome of the login",
            Self::Open { .. } => "PONG or a message of a feature",
            _ => "nothing",
        }
    }

    /// The error for somebody who asks for a connection where there will be none.
    pub fn refusal(&self, topic: Topic) -> ClientError {
        match self {
            Self::Stopped(stop) => stop.error(),
            _ => ClientError::IsClosed { topic, dropped: 0 },
        }
    }
}
