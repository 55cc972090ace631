//! The whole client as a state machine: no web API, no clock, no randomness, no global.
//!
//! # The run-loop contract
//!
//! The one who drives a [`Client`] does, for everything that happens:
//!
//! 1. call [`Client::handle`] with the time and the [`Input`];
//! 2. call [`Client::poll`] until it returns `None`, and carry out each [`Output`] in that order;
//! 3. call [`Client::deadline`], and see to it that `handle(now, Input::Tick)` follows when that moment has come;
//! 4. if [`Client::wants_task_end`], see to it that `handle(now, Input::TaskEnd)` follows before the task of the page ends,
//!    when the code that runs in it has given all its commands.
//!
//! `handle` may be called at any time between two `poll`s, for instance from a callback that an output led to.
//! Time never goes backwards from one `handle` to the next.

/// Declares an enum whose variants have a name in JavaScript.
macro_rules! named {
    ($(#[$attribute:meta])* $enum:ident { $( $(#[$of_variant:meta])* $variant:ident = $name:literal, )* }) => {
        $(#[$attribute])*
        pub enum $enum {
            $( $(#[$of_variant])* $variant, )*
        }

        impl $enum {
            /// The name that JavaScript sees.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => $name, )*
                }
            }
        }
    };
}

mod answer;
pub(crate) mod asked;
mod connection;
mod context;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod costs;
mod deduplication;
mod digest;
mod error;
mod event;
mod features;
mod flight;
mod io;
pub mod limits;
mod listen;
mod log;
mod options;
mod pings;
mod presence;
mod reason;
pub mod record;
#[cfg_attr(not(feature = "records"), path = "no_records.rs")]
mod records;
mod rng;
mod rpc;
mod subscriptions;
mod time;
mod url;

use self::{
    connection::Connection, context::Context, deduplication::Deduplication, features::Features, flight::Flight,
    pings::Pings, time::earliest,
};
pub use self::{
    connection::Snapshot,
    error::{CLIENT_OFFLINE, ClientError, ConnectionFailure, DropReason, Failure, RecordFailure, RpcFailure},
    io::{
        Command, ConnectionState, Delivery, Entry, EventCommand, Frame, Input, Kind, ListenCommand, LockOutcome, Offer,
        OutboxNews, Outcome, Output, PageSignal, PresenceCommand, Progress, RpcAnswer, RpcCommand, RpcRequest,
        RpcRequestId, SocketEvent, SocketId, StorageEvent, Ticket,
    },
    log::Log,
    options::{
        Accepted, AuthParams, BackoffKind, HeartbeatFailure, OptionError, OptionValue, Options, OutboxStorage,
        Overflow, Resubscribe,
    },
    reason::{CloseKind, CloseReason},
    rng::Rng,
    time::{Instant, Wake},
    url::{UrlError, parse_url},
};
#[cfg(feature = "records")]
pub use self::{
    io::{LastSeen, RecordCommand, RecordNews, RecordQuestion, Strategy},
    records::Records,
};
use crate::{
    queue::Queue,
    wire::{self, Action, AuthAction, DecodeError, Message, Topic},
};

/// A deepstream client: see the [module](self) for how to drive it.
#[derive(Debug)]
pub struct Client {
    context: Context,
    connection: Connection,
    features: Features,
    /// The session that the features were told of last.
    followed_session: Option<SocketId>,
}

impl Client {
    /// A client for any of the URLs, which must come from [`parse_url`] and be one at least. It dials on the first
    /// tick, unless `lazyConnect` is set. The same `seed` and the same inputs give the same outputs.
    #[inline(never)]
    pub fn new(now: Instant, urls: &[&str], options: Options, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut log = Log::default();
        log.begin(urls.first().copied().unwrap_or_default(), &options, &mut rng);
        let connection = Connection::new(now, urls, &options, &mut rng);
        let context = Context {
            now,
            options,
            rng,
            session: None,
            stopped: None,
            out: Queue::new(),
            pings: Pings::default(),
            flight: Flight::new(),
            seen: Deduplication::default(),
            log,
            wall_clock_origin_ms: 0,
        };
        Self { context, connection, features: Features::new(), followed_session: None }
    }

    /// The state that the application sees.
    pub fn state(&self) -> ConnectionState {
        self.connection.state()
    }

    /// Whether `close()` was called.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// The connection at this moment.
    pub fn connection(&self) -> Snapshot {
        self.connection.snapshot()
    }

    /// The records that are open.
    #[cfg(feature = "records")]
    pub const fn records(&self) -> &Records {
        &self.features.records
    }

    /// The records that are open, to be looked into: what is read often is found faster the next time.
    #[cfg(feature = "records")]
    pub const fn records_mut(&mut self) -> &mut Records {
        &mut self.features.records
    }

    /// How much waits for the server.
    pub const fn outbox(&self) -> &Log {
        &self.context.log
    }

    /// Calls `visit` for all that waits or is on its way: events, calls, and what was written to records, each oldest first;
    /// what is of other users comes last.
    pub fn for_each_entry(&mut self, visit: &mut dyn FnMut(&Entry)) {
        for is_held in [false, true] {
            self.features.for_each_shown(&mut self.context, &mut |entry| {
                if (entry.progress == Progress::Held) == is_held {
                    visit(entry);
                }
            });
        }
    }

    /// A number that no other name has while events of this one are subscribed to.
    pub fn event_number(&self, name: &str) -> Option<usize> {
        self.features.events.subscriptions.number_of(name)
    }

    /// Whether the server has refused to let this client provide `name`, in this session.
    pub fn is_provider_refused(&self, name: &str) -> bool {
        self.features.rpc.provider.names.is_refused(name)
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.context.options
    }

    // What only some inputs lead to is in functions that are not inlined, here and in connection/ and features/: a browser
    // compiles a function when it is first called, and one for all inputs would be the largest by far.

    /// Takes in what happened.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        if matches!(&input, Input::Socket(socket, _) if self.connection.socket() != Some(*socket)) {
            return;
        }
        self.context.now = now;
        // What is to be cleared does not wait for the end of the task: the client may be closed in it.
        let may_be_followed = matches!(&input, Input::Command(command) if !matches!(command, Command::ClearOutbox));
        // What a page that did not run hears first may be from long ago.
        self.features.check_leases(&mut self.context);
        match input {
            Input::Tick => self.on_tick(),
            Input::TaskEnd => {}
            Input::WallClock(now_ms) => {
                self.context.wall_clock_origin_ms = now_ms.saturating_sub(self.context.now.as_ms());
            }
            Input::Socket(socket, event) => self.on_socket_event(socket, event),
            Input::Command(command) => self.on_command(command),
            Input::Page(signal) => {
                self.connection.on_page(&mut self.context, signal);
                self.follow_session();
                match signal {
                    PageSignal::Left => self.features.park(&mut self.context),
                    PageSignal::Woke | PageSignal::Online | PageSignal::Offline => Features::unpark(&mut self.context),
                }
            }
            Input::Storage(event) => self.features.on_storage(&mut self.context, event),
            Input::Lock { name, outcome } => self.features.on_lock(&mut self.context, name, outcome),
            Input::Credentials { question, answer } => {
                self.connection.on_credentials(&mut self.context, question, answer);
            }
            Input::Probed { probe, reachable } => self.connection.on_probed(&mut self.context, probe, reachable),
        }
        self.follow_session();
        self.follow_records();
        if self.context.session.is_some() {
            if self.context.flight.takes_more() {
                self.features.send_waiting(&mut self.context);
                self.follow_records();
            }
            self.features.rpc.requestor.send_durable(&mut self.context);
            if std::mem::take(&mut self.context.flight.wants_ping) {
                self.connection.ask(&mut self.context);
            }
        }
        self.connection.ask_if_in_the_dark(&mut self.context);
        self.follow_rest();
        self.features.settle_flushes(&mut self.context);
        if self.connection.awaits_application() {
            self.features.leave_taken_over(&mut self.context);
        }
        if may_be_followed && !self.connection.is_closed() {
            self.context.ask_storage_first();
        } else {
            self.features.commit(&mut self.context);
        }
        if std::mem::take(&mut self.context.log.changed) {
            self.context.out.push_back(Output::Outbox(OutboxNews::Changed));
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Box<Output>> {
        self.context.out.pop_front()
    }

    /// Whether commands have entrusted something that is to be written when the task of the page ends.
    pub const fn wants_task_end(&self) -> bool {
        self.context.log.groups.is_changed()
    }

    /// When [`Input::Tick`] is due if nothing else happens before, and what for.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        let session = self.context.session.is_some();
        let log = self.context.log.deadline(session).filter(|_| self.connection.is_wanted());
        earliest(&[self.connection.deadline(&self.context.options), self.features.deadline(session), log])
    }

    /// Tells those who wait for a session that none will come, where that is so.
    #[inline(never)]
    fn follow_rest(&mut self) {
        let rests = self.connection.rests();
        let is_over = !self.connection.is_paused();
        if let Some(error) = &rests {
            self.features.presence.on_rest(&mut self.context, error);
            if is_over {
                self.features.on_stopped(&mut self.context, error);
            }
        }
        self.context.stopped = rests.filter(|_| is_over);
    }

    /// Records do what they have put off until nothing else is done.
    fn follow_records(&mut self) {
        if self.features.records.follow(&mut self.context) {
            self.features.commit(&mut self.context);
        }
        self.features.records.start_writing(&mut self.context);
    }

    /// Tells the features when a session ended or began. A session is over as soon as another socket counts, so
    /// this compares instead of being told.
    fn follow_session(&mut self) {
        let after = self.context.session;
        let before = std::mem::replace(&mut self.followed_session, after);
        if before == after {
            return;
        }
        if before.is_some() {
            let reason = self.connection.reason();
            let culprit = self.context.flight.on_lost(self.context.now, reason.as_ref(), self.context.pings.answered);
            self.features.on_lost(&mut self.context, culprit.as_ref());
        }
        if self.context.session.is_some() {
            let (params, client_data) = self.connection.user();
            let is_somebody_else = self.context.log.identity.logged_in(params, client_data);
            self.features.on_session(&mut self.context, self.connection.session_gap_ms(), is_somebody_else);
        }
    }

    fn on_tick(&mut self) {
        self.connection.on_tick(&mut self.context, &mut || self.features.awaits_answers());
        if self.features.on_tick(&mut self.context) {
            self.connection.ask(&mut self.context);
        }
    }

    fn on_socket_event(&mut self, socket: SocketId, event: SocketEvent<'_>) {
        match event {
            SocketEvent::Opened => self.connection.on_opened(&mut self.context),
            SocketEvent::Buffered(bytes) => self.connection.on_buffered(&self.context, bytes),
            SocketEvent::Received(frame) => self.on_frame(socket, frame),
            SocketEvent::Closed { code, reason } => {
                self.connection.on_failed(&mut self.context, ConnectionFailure::Closed { code, reason });
            }
            SocketEvent::Failed => self.connection.on_socket_failed(&mut self.context),
            SocketEvent::Refused(words) => {
                self.connection.on_failed(&mut self.context, ConnectionFailure::Refused(words));
            }
        }
    }

    fn on_frame(&mut self, socket: SocketId, frame: Frame<'_>) {
        self.context.pings.asked_at = None;
        self.context.pings.heard_at = self.context.now;
        self.connection.on_frame(self.context.now);
        let bytes = match frame {
            Frame::Binary(bytes) => bytes,
            Frame::Text => return self.context.report(ClientError::decode(DecodeError::NotBinary)),
            Frame::Oversized { bytes } => {
                let limit = wire::MAX_FRAME_BYTES;
                return self.context.report(ClientError::decode(DecodeError::Oversized { bytes, limit }));
            }
        };
        let mut reported = false;
        for message in wire::decode(bytes) {
            match message {
                Ok(message) => self.on_message(&message),
                // One report per frame: a frame of garbage can hold millions of errors.
                Err(error) if !reported => {
                    reported = true;
                    self.context.report(ClientError::decode(error));
                }
                Err(_) => {}
            }
            self.follow_session();
            // A message may end the connection; what follows it in the frame is then from the past.
            if self.connection.socket() != Some(socket) {
                return;
            }
        }
    }

    #[inline(never)]
    fn on_message(&mut self, message: &Message<'_>) {
        match message.action {
            Action::Connection(action) => {
                self.connection.on_connection_message(&mut self.context, action, message);
                // It may have ended the session.
                if self.context.session.is_some() {
                    self.features.events.queue.on_pong(&mut self.context);
                    self.context.flight.on_pong(self.context.pings.answered);
                }
            }
            Action::Auth(action) => {
                let params = self.connection.known_params();
                self.connection.on_auth_message(&mut self.context, action, message);
                // Too many attempts say nothing of the last one.
                let is_judged = action != AuthAction::TooManyAuthAttempts;
                if let (true, Some(params), None) = (is_judged, params, self.connection.known_params()) {
                    self.features.on_refused(&mut self.context, params);
                }
            }
            Action::Parser(action) => {
                // What it is about may be of any topic, so its action has no name here.
                let error = ClientError::server(Topic::Parser, action.name(), None, None, message.data);
                self.context.report(error);
            }
            _ => self.features.on_message(&mut self.context, message),
        }
    }

    #[inline(never)]
    fn on_command(&mut self, command: Command<'_>) {
        let is_closed = self.connection.is_closed();
        let possible = if is_closed { self.features.refuse(&mut self.context, command) } else { Some(command) };
        let Some(command) = possible else { return };
        match command {
            Command::Login { ticket, params } => {
                if self.connection.login(&mut self.context, ticket, params) {
                    // The session of whoever was logged in is over.
                    self.follow_session();
                    self.features.on_credentials(&mut self.context, self.connection.known_params());
                }
            }
            Command::Pause => self.connection.pause(&mut self.context),
            Command::Resume { ticket } => self.connection.resume(&mut self.context, ticket),
            Command::Close => {
                self.connection.close(&mut self.context);
                self.features.on_closed(&mut self.context);
            }
            Command::FlushOutbox { ticket } => self.features.events.queue.flush_by(&mut self.context, ticket),
            Command::ClearOutbox => self.features.clear(&mut self.context),
            Command::Resubscribe => self.features.resubscribe(&mut self.context),
            Command::Event(command) => {
                if let Some(mut event) = self.features.events.on_command(&mut self.context, command)
                    && self.features.has_room_for(&mut self.context, &mut event)
                {
                    self.features.events.queue.add(&mut self.context, event);
                }
            }
            Command::Presence(command) => self.features.presence.on_command(&mut self.context, command),
            #[cfg(feature = "records")]
            Command::Record(command) => {
                if let Some(mut write) = self.features.records.on_command(&mut self.context, command)
                    && self.features.has_room_for(&mut self.context, &mut write.op)
                {
                    self.features.records.add_blind(&mut self.context, write);
                }
            }
            Command::Rpc(command) => {
                if let Some(mut call) = self.features.rpc.on_command(&mut self.context, command)
                    && self.features.has_room_for(&mut self.context, &mut call)
                {
                    self.features.rpc.requestor.make(&mut self.context, call);
                }
            }
        }
    }
}
