//! Where the connection is, with the data that exists only there.

use super::heartbeat::Heartbeat;
use crate::{
    client::{
        error::ClientError,
        io::{ConnectionState, SocketId},
        reason::CloseKind,
        time::Instant,
    },
    wire::Topic,
};

/// Where the connection is.
#[derive(Debug, Default)]
pub enum Phase {
    /// Never dialled.
    Idle {
        /// When to dial; `None` while `lazyConnect` waits.
        connect_at: Option<Instant>,
    },
    /// The reachability of the server is probed before dialling.
    Probing { probe: u32, deadline: Instant },
    /// On the way from a new socket to a session.
    Attempting {
        socket: SocketId,
        /// When this step began.
        since: Instant,
        /// When the whole attempt, login included, has taken too long.
        deadline: Instant,
        step: Step,
    },
    /// The server waits for a login, and the application has not given one.
    AwaitingLogin {
        socket: SocketId,
        since: Instant,
        /// When to send a PING: not answered, but the server cuts whoever is silent.
        next_ping: Instant,
    },
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
    /// Until `resume()`, and what to tell those who wait for a session.
    Paused(ClientError),
    /// Until the application says otherwise: why.
    Stopped(ClientError),
    /// For good.
    #[default]
    Closed,
}

/// How far an attempt has come, and how many redirects it has followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The socket is being opened.
    Dialling { is_first: bool, redirects: u8 },
    /// The server was asked whether it takes the connection, and has the credentials already if the login was sent along.
    Challenging { redirects: u8, is_login_sent: bool },
    /// The server waits for a login, and the application was asked what to log in with.
    AwaitingAnswer,
    /// The server checks the credentials.
    Authenticating,
}

impl Phase {
    /// The socket that counts.
    pub const fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Attempting { socket, .. } | Self::AwaitingLogin { socket, .. } | Self::Open { socket, .. } => {
                Some(*socket)
            }
            _ => None,
        }
    }

    /// The state that the application sees.
    pub fn state(&self) -> ConnectionState {
        match self {
            Self::Idle { connect_at: None } | Self::Closed => ConnectionState::Closed,
            Self::Idle { connect_at: Some(_) } => ConnectionState::Initialising,
            Self::Attempting { step, .. } => match step {
                Step::Dialling { is_first: true, .. } => ConnectionState::Initialising,
                Step::Dialling { redirects: 1.., .. } => ConnectionState::Redirecting,
                Step::Dialling { .. } => ConnectionState::Reconnecting,
                Step::Challenging { .. } => ConnectionState::Challenging,
                Step::AwaitingAnswer => ConnectionState::AwaitingAuthentication,
                Step::Authenticating => ConnectionState::Authenticating,
            },
            Self::Probing { .. } | Self::Waiting { .. } | Self::Hidden => ConnectionState::Reconnecting,
            Self::AwaitingLogin { .. } => ConnectionState::AwaitingAuthentication,
            Self::Open { .. } => ConnectionState::Open,
            Self::Paused(_) => ConnectionState::Offline,
            Self::Stopped(error) => match error.closes() {
                Some(CloseKind::Refused) => ConnectionState::ChallengeDenied,
                Some(CloseKind::Authentication) => ConnectionState::TooManyAuthAttempts,
                Some(CloseKind::AuthenticationTimeout) => ConnectionState::AuthenticationTimeout,
                _ => ConnectionState::Error,
            },
        }
    }

    /// Whether the client is on its way to a session.
    pub const fn wants_connection(&self) -> bool {
        matches!(
            self,
            Self::Probing { .. } | Self::Attempting { .. } | Self::AwaitingLogin { .. } | Self::Waiting { .. }
        )
    }

    /// How long the server has kept the client, in milliseconds; `None` where it has not let it in.
    pub const fn held_for_ms(&self, now: Instant) -> Option<u64> {
        match self {
            Self::Open { since, .. } | Self::AwaitingLogin { since, .. } => Some(now.since_ms(*since)),
            _ => None,
        }
    }

    /// What the server may say here, for reports of what it said instead.
    pub const fn expected(&self) -> &'static str {
        match self {
            Self::Attempting { step: Step::Challenging { .. }, .. } => "ACCEPT, REJECT or REDIRECT",
            Self::Attempting { step: Step::Authenticating, .. } => "the outcome of the login",
            Self::Open { .. } => "PONG or a message of a feature",
            _ => "nothing",
        }
    }

    /// The error for somebody who asks for a connection where there will be none.
    pub fn refusal(&self, topic: Topic) -> ClientError {
        match self {
            Self::Paused(error) | Self::Stopped(error) => error.clone(),
            _ => ClientError::is_closed(topic, 0),
        }
    }
}
