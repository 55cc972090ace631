//! What goes into the client and what comes out of it.

mod entry;
mod event;
mod presence;
#[cfg(feature = "records")]
mod record;
mod rpc;

#[cfg(feature = "records")]
pub use self::record::{LastSeen, RecordCommand, RecordNews, RecordQuestion, Strategy};
pub use self::{
    entry::{CHOSEN_KEY, Claim, Delivery, Entry, GroupId, Kind, Offer, Owner, Progress},
    event::{EventCommand, ListenCommand},
    presence::PresenceCommand,
    rpc::{RpcAnswer, RpcCommand, RpcRequest, RpcRequestId},
};
use super::error::{ClientError, DropReason};
use crate::wire::Topic;

/// One socket of many over the life of a client. Whatever arrives from any but the newest is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// A promise or a callback that the application is owed; settled exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u32);

/// What became of what the application waits for; on success with JSON text, if any.
pub type Outcome = Result<Option<Box<str>>, ClientError>;

named! {
    /// The states of deepstream's connectivity page.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    ConnectionState {
        /// Not connected: before the first attempt, and for good after `close()`.
        #[default]
        Closed = "CLOSED",
        /// The first socket is being opened.
        Initialising = "INITIALISING",
        /// The socket is open.
        AwaitingConnection = "AWAITING_CONNECTION",
        /// The server is asked whether it takes the connection.
        Challenging = "CHALLENGING",
        /// The server sends the client to another URL.
        Redirecting = "REDIRECTING",
        /// The server waits for `login()`.
        AwaitingAuthentication = "AWAITING_AUTHENTICATION",
        /// The server checks the credentials.
        Authenticating = "AUTHENTICATING",
        /// Logged in.
        Open = "OPEN",
        /// The connection was lost; a new one is being made, or waited for.
        Reconnecting = "RECONNECTING",
        /// `pause()` is letting go of the connection.
        Pausing = "PAUSING",
        /// Paused.
        Offline = "OFFLINE",
        /// `close()` is letting go of the connection.
        Closing = "CLOSING",
        /// The heartbeat failed, or the attempts are used up.
        Error = "ERROR",
        /// The server refused the connection.
        ChallengeDenied = "CHALLENGE_DENIED",
        /// The server refused too many logins.
        TooManyAuthAttempts = "TOO_MANY_AUTH_ATTEMPTS",
        /// The server waited too long for a login.
        AuthenticationTimeout = "AUTHENTICATION_TIMEOUT",
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
    /// The task in which commands were given is about to end: what they entrusted is written to storage now.
    TaskEnd,
    /// What the clock on the wall says, in milliseconds since 1970: before anything else, and whenever it has jumped.
    WallClock(u64),
    /// The storage has something to say.
    Storage(StorageEvent<'a>),
    /// The answer to [`Output::AskLock`].
    Lock {
        /// The name of the lock.
        name: &'a str,
        /// The answer.
        outcome: LockOutcome,
    },
    /// An [`Output::Probe`] came back.
    Probed {
        /// The probe.
        probe: u32,
        /// Whether there was any answer.
        reachable: bool,
    },
}

/// What the storage says.
#[derive(Clone, Debug)]
pub enum StorageEvent<'a> {
    /// The answer to [`Output::ReadStorage`].
    Contents {
        /// The question.
        read: u32,
        /// The keys that begin so, with their values, in any order.
        items: &'a [(String, String)],
    },
    /// There is no answer to [`Output::ReadStorage`].
    Unreadable {
        /// The question.
        read: u32,
        /// What is wrong, in words; `None` where there simply is no storage.
        words: Option<&'a str>,
    },
    /// A value could not be written.
    WriteFailed {
        /// Its key.
        key: &'a str,
        /// What is wrong, in words.
        words: &'a str,
    },
    /// Another page has written or removed a value.
    Changed {
        /// Its key.
        key: &'a str,
        /// The value; `None` if it was removed.
        value: Option<&'a str>,
    },
    /// Another page has removed everything, of everybody.
    Emptied,
}

/// What became of the wish for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockOutcome {
    /// It is this client's now.
    Granted,
    /// It is another's; not said where the client waits for it.
    Taken,
    /// It cannot be had.
    Unavailable,
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
    /// So many bytes of what it was given have not been sent. Told before each [`Input::Tick`].
    Buffered(u64),
    /// It closed, or never opened.
    Closed {
        /// The WebSocket close code; 1006 where there was no close frame.
        code: u16,
        /// The close reason; usually empty.
        reason: &'a str,
    },
    /// It failed. If it was not open yet, that is its end, and `Closed` need not follow.
    Failed,
    /// The browser does not make it: its words.
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
    /// `outbox.flush()`.
    FlushOutbox {
        /// Settled when the server has everything that is in the outbox now.
        ticket: Ticket,
    },
    /// `outbox.clear()`.
    ClearOutbox,
    /// `client.event`.
    Event(EventCommand<'a>),
    /// `client.rpc`.
    Rpc(RpcCommand<'a>),
    /// `client.record`.
    #[cfg(feature = "records")]
    Record(RecordCommand<'a>),
    /// `client.presence`.
    Presence(PresenceCommand<'a>),
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
    /// Settle what the application waits for.
    Settle(Ticket, Outcome),
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
    /// Say what is in storage under keys that begin so, with [`Input::Storage`].
    ReadStorage {
        /// To be given back with the answer.
        read: u32,
        /// What the keys begin with.
        prefix: Box<str>,
    },
    /// Write a value, or remove it. Failures are answered with [`Input::Storage`].
    WriteStorage {
        /// The key.
        key: Box<str>,
        /// The value; `None` to remove it.
        value: Option<Box<str>>,
    },
    /// Get a lock that only one client of an origin can have, and answer with [`Input::Lock`].
    AskLock {
        /// The name of the lock.
        name: Box<str>,
        /// Whether to wait for it if another has it.
        wait: bool,
    },
    /// Give a lock back, or no longer want it: what is not answered by then must not be answered any more.
    ReleaseLock(Box<str>),
    /// Tell those who watch the outbox.
    Outbox(OutboxNews),
    /// Tell those who hold a record.
    #[cfg(feature = "records")]
    Record {
        /// The record.
        name: Box<str>,
        /// What there is to tell.
        news: RecordNews,
    },
    /// Look a record up in the storage of records, and answer with [`RecordCommand::LookedUp`].
    #[cfg(feature = "records")]
    LoadRecord {
        /// To be given back with the answer.
        lookup: u32,
        /// The record.
        name: Box<str>,
    },
    /// Have the storage of records keep a record like this, or forget it. Failures are answered with
    /// [`RecordCommand::StorageFailed`].
    #[cfg(feature = "records")]
    StoreRecord {
        /// The record.
        name: Box<str>,
        /// The version, and the data as JSON text; `None` to forget it.
        record: Option<(i32, Box<str>)>,
    },
    /// Ask the application how to settle a conflict, to be answered with [`RecordCommand::AnswerMerge`].
    #[cfg(feature = "records")]
    AskMerge {
        /// To be given back with the answer.
        question: u32,
        /// The record.
        name: Box<str>,
        /// What is here: JSON text; `None` if it was deleted here.
        local: Option<Box<str>>,
        /// The version here; -1 if it was deleted here.
        local_version: i32,
        /// What the server has: JSON text; `None` if it was deleted there.
        remote: Option<Box<str>>,
        /// The version there; -1 if it was deleted there.
        remote_version: i32,
    },
    /// Call the subscribers of an event.
    Event {
        /// The event.
        name: Box<str>,
        /// JSON text; `None` for `undefined`.
        data: Option<Box<str>>,
    },
    /// Call the provider of a procedure, and say with [`RpcCommand::Answer`] what it answers.
    RpcRequest(RpcRequest),
    /// Call the presence subscribers of a user, or those of all users.
    Presence {
        /// Who came or went.
        user: Box<str>,
        /// Whether they are logged in now.
        online: bool,
        /// Whether it is for the subscribers of all users.
        everyone: bool,
    },
    /// Ask the listener of a pattern whether it provides a subscription.
    Offered {
        /// EVENT or RECORD.
        topic: Topic,
        /// The pattern listened to.
        pattern: Box<str>,
        /// The name that somebody subscribed to.
        subscription: Box<str>,
        /// The number of the offer, to be given back with the answer. No two offers of a client in a topic share one.
        offer: u32,
    },
    /// An offer is over: rejected, taken back, or no longer to be provided. Follows every [`Output::Offered`] once, at
    /// the end of the session at the latest.
    OfferEnded {
        /// EVENT or RECORD.
        topic: Topic,
        /// The name of the subscription.
        subscription: Box<str>,
        /// The number of the offer.
        offer: u32,
    },
}

/// What those who watch the outbox are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxNews {
    /// Its size has changed.
    Changed,
    /// The server has these.
    Sent(Vec<Entry>),
    /// These will not be sent.
    Dropped {
        /// The reason.
        why: DropReason,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// Storage does not keep what it should; what it does not keep is in memory.
    Degraded {
        /// What is wrong, in words.
        words: Box<str>,
    },
}
