//! What goes into the client and what comes out of it.

use super::{
    error::{ClientError, DropReason},
    outbox::{Delivery, Entry, Offer},
    record::{EntryEdit, Path},
    records::Strategy,
};
use crate::wire::Topic;

/// One socket of many over the life of a client. Whatever arrives from any but the newest is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// A promise or a callback that the application is owed; settled exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u32);

/// What became of what the application waits for; on success with JSON text, if any.
pub type Outcome = Result<Option<Box<str>>, ClientError>;

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
    Record(RecordCommand<'a>),
    /// `client.presence`.
    Presence(PresenceCommand<'a>),
}

/// What the application asks for of records.
#[derive(Clone, Debug)]
pub enum RecordCommand<'a> {
    /// One more handle is wanted.
    Open {
        /// The record.
        name: &'a str,
        /// How conflicts are settled, where this is the first handle.
        strategy: Strategy,
    },
    /// `listen()`, `unlisten()`, and what is answered to the offers that follow.
    Listen(ListenCommand<'a>),
    /// One handle is no longer wanted.
    Discard(&'a str),
    /// Tell what is new at a path at which nobody listened before.
    Watch {
        /// The record.
        name: &'a str,
        /// The path.
        path: Path,
    },
    /// Nobody listens at a path any more.
    Unwatch {
        /// The record.
        name: &'a str,
        /// The path, as it was written.
        path: &'a str,
    },
    /// Settle the ticket once the record was loaded.
    AwaitReady {
        /// The record.
        name: &'a str,
        /// The ticket.
        ticket: Ticket,
    },
    /// Change a record that is open. All edits make one version.
    Write {
        /// The record.
        name: &'a str,
        /// Paths and JSON texts; `None` erases.
        edits: Vec<(Path, Option<&'a str>)>,
        /// Settled when the server has it.
        ticket: Option<Ticket>,
    },
    /// Change the entries of a list or queue that is open: of what it is, and of what it will be when it is loaded.
    ChangeEntries {
        /// The record.
        name: &'a str,
        /// What to do.
        edit: EntryEdit,
        /// With which entry: JSON text.
        entry: &'a str,
        /// Settled when the server has it.
        ticket: Option<Ticket>,
    },
    /// Change a record, open or not. One that is not open is written to whatever the server has.
    SetData {
        /// The record.
        name: &'a str,
        /// Where.
        path: Path,
        /// JSON text; `None` erases.
        data: Option<&'a str>,
        /// What to do for a write to a record that is not open.
        delivery: Delivery,
        /// How long that is worth sending, in milliseconds; `None` for what the options say.
        ttl_ms: Option<u64>,
        /// Settled when the server has it.
        ticket: Option<Ticket>,
    },
    /// Delete a record, open or not.
    Delete {
        /// The record.
        name: &'a str,
        /// Settled when the server has done so.
        ticket: Ticket,
    },
    /// How conflicts are settled from now on.
    SetStrategy {
        /// The record.
        name: &'a str,
        /// The strategy.
        strategy: Strategy,
    },
    /// The answer to [`Output::AskMerge`].
    AnswerMerge {
        /// The question.
        question: u32,
        /// What the record is to be: JSON text, or `None` for none; or what went wrong, in words.
        answer: Result<Option<&'a str>, &'a str>,
    },
    /// Settle the ticket with the data.
    Snapshot {
        /// The record.
        name: &'a str,
        /// The ticket.
        ticket: Ticket,
    },
    /// Settle the ticket with the version on the server; -1 where there is no such record.
    Head {
        /// The record.
        name: &'a str,
        /// The ticket.
        ticket: Ticket,
    },
    /// Tell the server that records have changed in its storage.
    Notify {
        /// The records.
        names: Vec<Box<str>>,
        /// Settled when all clients were told.
        ticket: Ticket,
    },
    /// The answer to [`Output::LoadRecord`].
    LookedUp {
        /// The question.
        lookup: u32,
        /// The record.
        name: &'a str,
        /// The version, and the data as JSON text; `None` where storage does not have it.
        found: Option<(i32, &'a str)>,
    },
    /// The storage of records does not do what it should.
    StorageFailed {
        /// What is wrong, in words.
        words: &'a str,
    },
    /// The storage of records has been emptied.
    StorageCleared,
    /// Save what the server has of all records that are open.
    Save,
}

/// What those who hold a record are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordNews {
    /// It was loaded.
    Ready,
    /// The value at a path is another one.
    Changed {
        /// The path, as it was given with [`RecordCommand::Watch`].
        path: Box<str>,
        /// JSON text; `None` for `undefined`.
        value: Option<Box<str>>,
    },
    /// It is let go of.
    Discarded(LastSeen),
    /// It is deleted, and no longer open.
    Deleted(LastSeen),
    /// Somebody provides it now, or no longer does.
    HasProviderChanged(bool),
    /// It was not open, and what an earlier page could not send is part of it: how conflicts are settled is for the
    /// application to say.
    Restored,
    /// Two clients have changed the same version, and something of one side is lost. JSON texts; `None` for a deletion.
    Conflict {
        /// What was here.
        local: Option<Box<str>>,
        /// What the server had.
        remote: Option<Box<str>>,
    },
    /// Something went wrong with it.
    Error(ClientError),
}

/// A record as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    /// The version; `None` for one that never was loaded.
    pub version: Option<i32>,
    /// The data: JSON text.
    pub data: Box<str>,
}

/// What the application asks for of events.
#[derive(Clone, Debug)]
pub enum EventCommand<'a> {
    /// `subscribe()` of a name with no subscriber before.
    Subscribe(&'a str),
    /// `unsubscribe()` of the last subscriber of a name.
    Unsubscribe(&'a str),
    /// `emit()`.
    Emit(Offer<'a>),
    /// `listen()`, `unlisten()`, and what is answered to the offers that follow.
    Listen(ListenCommand<'a>),
}

/// What the application asks for where it provides what others subscribe to.
#[derive(Clone, Debug)]
pub enum ListenCommand<'a> {
    /// `listen()` to a pattern that is not listened to.
    Listen(&'a str),
    /// `unlisten()`.
    Unlisten(&'a str),
    /// `response.accept()` or `response.reject()`. Without effect once the offer has ended.
    Answer {
        /// The name of the subscription offered.
        subscription: &'a str,
        /// The number of the offer.
        offer: u32,
        /// Whether this client provides it.
        accept: bool,
    },
}

/// What the application asks for of remote procedure calls.
#[derive(Clone, Debug)]
pub enum RpcCommand<'a> {
    /// `provide()` of a procedure that was not provided before.
    Provide(&'a str),
    /// `unprovide()` of one that was.
    Unprovide(&'a str),
    /// `make()`.
    Make(RpcCall<'a>),
    /// The application no longer wants the outcome of a call.
    Cancel(Ticket),
    /// The application says something about an [`Output::RpcRequest`].
    Answer {
        /// The request.
        request: RpcRequestId,
        /// The procedure.
        name: &'a str,
        /// What it says.
        answer: RpcAnswer<'a>,
    },
}

/// `make()`: a call as the application asks for it.
#[derive(Clone, Copy, Debug)]
pub struct RpcCall<'a> {
    /// Settled with the result.
    pub ticket: Ticket,
    /// The procedure.
    pub name: &'a str,
    /// JSON text; `None` for `undefined`.
    pub data: Option<&'a str>,
    /// How long the application waits for the outcome, connected or not, in milliseconds; `None` for ever.
    pub timeout_ms: Option<u64>,
    /// Whether it may be executed twice, so that it can be sent again where its outcome is unknown.
    pub idempotent: bool,
    /// Whether it shall be made even if the page does not live to see it.
    pub is_durable: bool,
    /// How long one that is durable is worth making, in milliseconds; `None` for what the options say.
    pub ttl_ms: Option<u64>,
}

/// One request of many over the life of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RpcRequestId(pub u32);

/// A call that somebody makes and the application answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcRequest {
    /// To be given back with every answer.
    pub id: RpcRequestId,
    /// The procedure.
    pub name: Box<str>,
    /// JSON text; `None` for `undefined`.
    pub data: Option<Box<str>>,
    /// The user who asks, where the server tells.
    pub requestor_name: Option<Box<str>>,
    /// What the server knows about that user, where it tells: JSON text.
    pub requestor_data: Option<Box<str>>,
}

/// What the application says about a request. Payloads are JSON text; `None` for `undefined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcAnswer<'a> {
    /// It works on it.
    Accept,
    /// Another provider shall answer.
    Reject,
    /// It failed.
    Error(Option<&'a str>),
    /// The result.
    Send(Option<&'a str>),
}

/// What the application asks for of presence.
#[derive(Clone, Debug)]
pub enum PresenceCommand<'a> {
    /// `subscribe()` to a user with no subscriber before.
    Subscribe(&'a str),
    /// `unsubscribe()` of the last subscriber of a user.
    Unsubscribe(&'a str),
    /// `subscribe()` to all users, with no such subscriber before.
    SubscribeAll,
    /// `unsubscribe()` of the last subscriber of all users.
    UnsubscribeAll,
    /// `getAll()`.
    Query {
        /// Settled with a list of the users who are logged in, or with an object that says of each user whether they
        /// are.
        ticket: Ticket,
        /// The users asked about; `None` for all.
        users: Option<Vec<&'a str>>,
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
    Record {
        /// The record.
        name: Box<str>,
        /// What there is to tell.
        news: RecordNews,
    },
    /// Look a record up in the storage of records, and answer with [`RecordCommand::LookedUp`].
    LoadRecord {
        /// To be given back with the answer.
        lookup: u32,
        /// The record.
        name: Box<str>,
    },
    /// Have the storage of records keep a record like this, or forget it. Failures are answered with
    /// [`RecordCommand::StorageFailed`].
    StoreRecord {
        /// The record.
        name: Box<str>,
        /// The version, and the data as JSON text; `None` to forget it.
        record: Option<(i32, Box<str>)>,
    },
    /// Ask the application how to settle a conflict, to be answered with [`RecordCommand::AnswerMerge`].
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
    /// Ask the server whether it has what the outbox has sent.
    Barrier,
    /// Stop waiting for storage, or write to it.
    Storage,
    /// Give up what has waited too long.
    Expiry,
    /// Renew a lease, or look at one.
    Lease,
    /// Stop waiting for an answer about a record.
    RecordTimeout,
    /// Let go of a record that nobody holds.
    Discard,
    /// Stop waiting for the answer to a question about presence.
    Query,
    /// Stop waiting for the outcome of a remote procedure call.
    Call,
}
