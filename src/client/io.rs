//! What goes into the client and what comes out of it.

use super::{
    error::ClientError,
    rpc::{RpcCommand, RpcRequest},
};
use crate::wire::Topic;

/// One socket of many over the life of a client. Whatever arrives from any but the newest is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// A promise or a callback that the application is owed; settled exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u32);

/// The states of deepstream's connectivity page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectionState {
    /// Not connected: before the first attempt, and for good after `close()`.
    Closed,
    /// The first socket is being opened.
    Initialising,
    /// The socket is open.
    AwaitingConnection,
    /// The server is asked whether it takes the connection.
    Challenging,
    /// The server sends the client to another URL.
    Redirecting,
    /// The server waits for `login()`.
    AwaitingAuthentication,
    /// The server checks the credentials.
    Authenticating,
    /// Logged in.
    Open,
    /// The connection was lost; a new one is being made, or waited for.
    Reconnecting,
    /// `pause()` is letting go of the connection.
    Pausing,
    /// Paused.
    Offline,
    /// `close()` is letting go of the connection.
    Closing,
    /// The heartbeat failed, or the attempts are used up.
    Error,
    /// The server refused the connection.
    ChallengeDenied,
    /// The server refused too many logins.
    TooManyAuthAttempts,
    /// The server waited too long for a login.
    AuthenticationTimeout,
}

impl ConnectionState {
    /// The name that JavaScript sees.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Initialising => "INITIALISING",
            Self::AwaitingConnection => "AWAITING_CONNECTION",
            Self::Challenging => "CHALLENGING",
            Self::Redirecting => "REDIRECTING",
            Self::AwaitingAuthentication => "AWAITING_AUTHENTICATION",
            Self::Authenticating => "AUTHENTICATING",
            Self::Open => "OPEN",
            Self::Reconnecting => "RECONNECTING",
            Self::Pausing => "PAUSING",
            Self::Offline => "OFFLINE",
            Self::Closing => "CLOSING",
            Self::Error => "ERROR",
            Self::ChallengeDenied => "CHALLENGE_DENIED",
            Self::TooManyAuthAttempts => "TOO_MANY_AUTH_ATTEMPTS",
            Self::AuthenticationTimeout => "AUTHENTICATION_TIMEOUT",
        }
    }
}

/// Everything that can happen to a client.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Time has passed; usually the deadline was reached.
    Tick,
    /// A socket has something to say.
    Socket(SocketId, SocketEvent<'a>),
    /// The application wants something.
    Command(Command<'a>),
    /// The page has something to say.
    Page(PageSignal),
    /// The application answered an [`Output::AskCredentials`].
    Credentials {
        /// The question.
        question: u32,
        /// A JSON object, or what went wrong, in words.
        answer: Result<&'a str, &'a str>,
    },
    /// An [`Output::Probe`] came back.
    Probed {
        /// The probe.
        probe: u32,
        /// Whether there was any answer.
        reachable: bool,
    },
}

/// What a page tells about itself and its network. Each is a hint: the network has the last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageSignal {
    /// It can be seen again, runs again, has the focus, or its clock jumped.
    Woke,
    /// The browser has a network again, or another one.
    Online,
    /// The browser has no network.
    Offline,
    /// It is being left, perhaps to come back from the back/forward cache.
    Left,
}

/// What a socket says.
#[derive(Clone, Debug)]
pub enum SocketEvent<'a> {
    /// It is open.
    Opened,
    /// A frame arrived.
    Received(Frame<'a>),
    /// It closed, or never opened.
    Closed {
        /// The WebSocket close code; 1006 where there was no close frame.
        code: u16,
        /// The close reason; usually empty.
        reason: &'a str,
    },
    /// It could not even be made, or not be written to: the browser's words.
    Refused(&'a str),
}

/// A frame as it arrived.
#[derive(Clone, Copy, Debug)]
pub enum Frame<'a> {
    /// A binary frame.
    Binary(&'a [u8]),
    /// A text frame, which this protocol does not have.
    Text,
    /// A frame longer than [`MAX_FRAME_BYTES`](crate::wire::MAX_FRAME_BYTES), not looked at.
    Oversized {
        /// Its length.
        bytes: usize,
    },
}

/// What the application asks for. Names are not empty; payloads are JSON text.
#[derive(Clone, Debug)]
pub enum Command<'a> {
    /// `login()`. Without parameters those given before are used, `{}` if there were none.
    Login {
        /// Settled with the client data.
        ticket: Ticket,
        /// A JSON object.
        params: Option<&'a str>,
    },
    /// `close()`.
    Close,
    /// `pause()`.
    Pause,
    /// `resume()`.
    Resume {
        /// Settled when the connection is back.
        ticket: Ticket,
    },
    /// `resubscribe()`, with `resubscribe: 'manual'`.
    Resubscribe,
    /// `client.event`.
    Event(EventCommand<'a>),
    /// `client.rpc`.
    Rpc(RpcCommand<'a>),
}

/// What the application asks for of events.
#[derive(Clone, Debug)]
pub enum EventCommand<'a> {
    /// `subscribe()` of a name with no subscriber before.
    Subscribe(&'a str),
    /// `unsubscribe()` of the last subscriber of a name.
    Unsubscribe(&'a str),
    /// `emit()`.
    Emit {
        /// The event.
        name: &'a str,
        /// JSON text; `None` for `undefined`.
        data: Option<&'a str>,
    },
}

/// Everything that a client can ask of its shell. To be carried out in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a socket and tell what becomes of it under this id. Any earlier one is already given up.
    OpenSocket(SocketId, Box<str>),
    /// Send a binary frame.
    Send(SocketId, Vec<u8>),
    /// Close the socket and forget it: nothing it says from now on counts.
    AbandonSocket(SocketId),
    /// Emit `lostConnection`.
    ConnectionLost,
    /// Emit `restoredConnection`.
    ConnectionRestored {
        /// How long there was no session, in milliseconds.
        lasted_ms: u64,
    },
    /// Ask the function in the option `authParams`, and answer with [`Input::Credentials`].
    AskCredentials {
        /// To be given back with the answer.
        question: u32,
        /// Whether the server has refused the last answer.
        refresh: bool,
        /// What the server gave as the reason: JSON text.
        reason: Option<Box<str>>,
    },
    /// Ask `probeUrl` for anything, and say with [`Input::Probed`] whether it answered.
    Probe(u32),
    /// Emit `resubscribed`.
    Resubscribed {
        /// What the names are names of.
        topic: Topic,
        /// The names that the server acknowledged.
        names: Vec<Box<str>>,
        /// How long there was no session, in milliseconds: what happened meanwhile was missed.
        gap_ms: u64,
    },
    /// Emit `connectionStateChanged`.
    StateChanged(ConnectionState),
    /// Settle what the application waits for; on success with JSON text, if any.
    Settle(Ticket, Result<Option<Box<str>>, ClientError>),
    /// Emit `error`.
    Error(ClientError),
    /// Emit `clientDataChanged` with JSON text.
    ClientDataChanged(Option<Box<str>>),
    /// Emit `reauthenticationFailure`.
    ReauthenticationFailed {
        /// What the server gave as the reason: JSON text.
        reason: Option<Box<str>>,
    },
    /// Emit `MAX_RECONNECTION_ATTEMPTS_REACHED` with the number of attempts.
    MaxReconnectionAttemptsReached(u32),
    /// Call the subscribers of an event.
    Event {
        /// The event.
        name: Box<str>,
        /// JSON text; `None` for `undefined`.
        data: Option<Box<str>>,
    },
    /// Call the provider of a procedure, and say with [`RpcCommand::Answer`] what it answers.
    RpcRequest(RpcRequest),
}

/// What the next deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// Make the first connection.
    Connect,
    /// Give up an attempt that takes too long.
    ConnectTimeout,
    /// Try again.
    Reconnect,
    /// Send a PING.
    Ping,
    /// Stop waiting for the answer to a PING.
    PingAnswer,
    /// Tell the application that the connection is lost.
    LostConnection,
    /// Send the subscriptions collected.
    Subscriptions,
    /// Stop waiting for an acknowledgement.
    Acknowledgement,
    /// Stop waiting for the outcome of a remote procedure call.
    Call,
}
