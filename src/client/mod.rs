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
    log::Log, pings::Pings, time::earliest,
};
pub use self::{
    connection::Snapshot,
    error::{ClientError, ConnectionFailure, DropReason, RecordFailure, RpcError, RpcFailure},
    features::OutboxView,
    io::{
        Command, ConnectionState, Delivery, Entry, EventCommand, Frame, Input, Kind, ListenCommand, LockOutcome, Offer,
        OutboxNews, Outcome, Output, PageSignal, PresenceCommand, RpcAnswer, RpcCall, RpcCommand, RpcRequest,
        RpcRequestId, SocketEvent, SocketId, StorageEvent, Ticket,
    },
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
    io::{LastSeen, RecordCommand, RecordNews, Strategy},
    records::Records,
};
use crate::{
    queue::Queue,
    wire::{self, AuthAction, DecodeError, Message, Topic},
};

/// A deepstream client: see the [module](self) for how to drive it.
#[derive(Debug)]
pub struct Client {
    options: Options,
    rng: Rng,
    connection: Connection,
    features: Features,
    log: Log,
    /// The session that the features were told of last.
    followed_session: Option<SocketId>,
    pings: Pings,
    flight: Flight,
    seen: Deduplication,
    wall_clock_origin_ms: u64,
    /// Why there will be no session unless the application asks for one, once all who waited for it have been told.
    stopped: Option<ClientError>,
    out: Queue<Output>,
}

impl Client {
    /// A client for any of the URLs, which must come from [`parse_url`] and be one at least. It dials on the first
    /// tick, unless `lazyConnect` is set. The same `seed` and the same inputs give the same outputs.
    pub fn new(now: Instant, urls: &[&str], options: Options, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let log = Log::new(
            urls.first().copied().unwrap_or_default(),
            options.outbox_key.as_deref(),
            options.outbox_storage,
            &mut rng,
        );
        let urls = urls.iter().map(|url| Box::from(*url)).collect();
        Self {
            log,
            followed_session: None,
            pings: Pings::default(),
            flight: Flight::new(),
            seen: Deduplication::default(),
            wall_clock_origin_ms: 0,
            stopped: None,
            connection: Connection::new(now, urls, &options, &mut rng),
            features: Features::new(),
            rng,
            out: Queue::new(),
            options,
        }
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

    /// What waits for the server.
    pub const fn outbox(&self) -> OutboxView<'_> {
        OutboxView { features: &self.features, log: &self.log }
    }

    /// Whether the server has refused to let this client provide `name`, in this session.
    pub fn is_provider_refused(&self, name: &str) -> bool {
        self.features.rpc.provider.names.is_refused(name)
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        if matches!(&input, Input::Socket(socket, _) if self.connection.socket() != Some(*socket)) {
            return;
        }
        // What is to be cleared does not wait for the end of the task: the client may be closed in it.
        let may_be_followed = matches!(&input, Input::Command(command) if !matches!(command, Command::ClearOutbox));
        // What a page that did not run hears first may be from long ago.
        let (mut context, _, features) = self.split(now);
        features.check_leases(&mut context);
        match input {
            Input::Tick => self.on_tick(now),
            Input::TaskEnd => {}
            Input::WallClock(now_ms) => self.wall_clock_origin_ms = now_ms.saturating_sub(now.as_ms()),
            Input::Socket(socket, event) => self.on_socket_event(now, socket, event),
            Input::Command(command) => self.on_command(now, command),
            Input::Page(signal) => {
                let (mut context, connection, ..) = self.split(now);
                connection.on_page(&mut context, signal);
                self.follow_session(now);
                let (mut context, _, features) = self.split(now);
                match signal {
                    PageSignal::Left => features.park(&mut context),
                    PageSignal::Woke | PageSignal::Online | PageSignal::Offline => Features::unpark(&mut context),
                }
            }
            Input::Storage(event) => {
                let (mut context, _, features) = self.split(now);
                features.on_storage(&mut context, event);
                features.rpc.requestor.wake();
            }
            Input::Lock { name, outcome } => {
                let (mut context, _, features) = self.split(now);
                features.on_lock(&mut context, name, outcome);
                features.rpc.requestor.wake();
            }
            Input::Credentials { question, answer } => {
                let (mut context, connection, ..) = self.split(now);
                connection.on_credentials(&mut context, question, answer);
            }
            Input::Probed { probe, reachable } => {
                let (mut context, connection, ..) = self.split(now);
                connection.on_probed(&mut context, probe, reachable);
            }
        }
        self.follow_session(now);
        self.follow_records(now);
        let (mut context, _, features) = self.split(now);
        if context.session.is_some() {
            if context.flight.takes_more() {
                features.send_waiting(&mut context);
                self.follow_records(now);
            }
            let (mut context, connection, features) = self.split(now);
            features.rpc.requestor.send_durable(&mut context);
            if context.flight.takes_ping() {
                connection.ask(&mut context);
            }
        }
        let (mut context, connection, ..) = self.split(now);
        connection.ask_if_in_the_dark(&mut context);
        self.follow_rest(now);
        let (mut context, connection, features) = self.split(now);
        features.settle_flushes(&mut context);
        if connection.awaits_application() {
            features.leave_taken_over(&mut context);
        }
        if may_be_followed && !connection.is_closed() {
            context.ask_storage_first();
        } else {
            features.commit(&mut context);
        }
        if self.log.take_changed() {
            self.out.push_back(Output::Outbox(OutboxNews::Changed));
        }
    }

    /// Tells those who wait for a session that none will come, where that is so.
    fn follow_rest(&mut self, now: Instant) {
        let rests = self.connection.rests();
        let is_over = rests.as_ref().is_some_and(|error| *error != ClientError::Paused);
        if let Some(error) = &rests {
            let (mut context, _, features) = self.split(now);
            features.on_rest(&mut context, error);
            if is_over {
                features.on_stopped(&mut context, error);
            }
        }
        self.stopped = rests.filter(|_| is_over);
    }

    /// Records do what they have put off until nothing else is done.
    fn follow_records(&mut self, now: Instant) {
        let (mut context, _, features) = self.split(now);
        if features.records.follow(&mut context) {
            features.commit(&mut context);
        }
        features.records.start_writing(&mut context);
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Whether commands have entrusted something that is to be written when the task of the page ends.
    pub const fn wants_task_end(&self) -> bool {
        self.log.has_uncommitted()
    }

    /// When [`Input::Tick`] is due if nothing else happens before, and what for.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        let session = self.connection.session().is_some();
        let log = self.log.deadline(session).filter(|_| self.connection.is_wanted());
        earliest(&[self.connection.deadline(&self.options), self.features.deadline(session), log])
    }

    /// Tells the features when a session ended or began. A session is over as soon as another socket counts, so
    /// this compares instead of being told.
    fn follow_session(&mut self, now: Instant) {
        let after = self.connection.session();
        let before = std::mem::replace(&mut self.followed_session, after);
        if before == after {
            return;
        }
        let (mut context, connection, features) = self.split(now);
        if before.is_some() {
            let reason = connection.snapshot().reason;
            let culprit = context.flight.on_lost(now, reason.as_ref(), context.pings.answered);
            features.on_lost(&mut context, culprit.as_ref());
        }
        if context.session.is_some() {
            let (params, client_data) = connection.user();
            let is_somebody_else = context.log.on_login(params, client_data);
            features.on_session(&mut context, connection.session_gap_ms(), is_somebody_else);
        }
    }

    fn on_tick(&mut self, now: Instant) {
        let (mut context, connection, features) = self.split(now);
        connection.on_tick(&mut context, &mut || features.awaits_answers());
        // The connection may just have been given up.
        let (mut context, connection, features) = self.split(now);
        if features.on_tick(&mut context) {
            connection.ask(&mut context);
        }
    }

    fn on_socket_event(&mut self, now: Instant, socket: SocketId, event: SocketEvent<'_>) {
        let (mut context, connection, ..) = self.split(now);
        match event {
            SocketEvent::Opened => connection.on_opened(&mut context),
            SocketEvent::Buffered(bytes) => connection.on_buffered(&context, bytes),
            SocketEvent::Received(frame) => self.on_frame(now, socket, frame),
            SocketEvent::Closed { code, reason } => {
                connection.on_failed(&mut context, ConnectionFailure::Closed { code, reason: reason.into() });
            }
            SocketEvent::Failed => connection.on_socket_failed(&mut context),
            SocketEvent::Refused(words) => {
                connection.on_failed(&mut context, ConnectionFailure::Refused(words.into()));
            }
        }
    }

    fn on_frame(&mut self, now: Instant, socket: SocketId, frame: Frame<'_>) {
        let (mut context, connection, ..) = self.split(now);
        context.pings.asked_at = None;
        context.pings.heard_at = now;
        connection.on_frame(now);
        let bytes = match frame {
            Frame::Binary(bytes) => bytes,
            Frame::Text => return context.report(ClientError::Decode(DecodeError::NotBinary)),
            Frame::Oversized { bytes } => {
                let limit = wire::MAX_FRAME_BYTES;
                return context.report(ClientError::Decode(DecodeError::Oversized { bytes, limit }));
            }
        };
        let mut reported = false;
        for message in wire::decode(bytes) {
            match message {
                Ok(message) => self.on_message(now, &message),
                // One report per frame: a frame of garbage can hold millions of errors.
                Err(error) if !reported => {
                    reported = true;
                    self.out.push_back(Output::Error(ClientError::Decode(error)));
                }
                Err(_) => {}
            }
            self.follow_session(now);
            // A message may end the connection; what follows it in the frame is then from the past.
            if self.connection.socket() != Some(socket) {
                return;
            }
        }
    }

    fn on_message(&mut self, now: Instant, message: &Message<'_>) {
        let (mut context, connection, features) = self.split(now);
        match message {
            Message::Connection(message) => {
                connection.on_connection_message(&mut context, message);
                // It may have ended the session.
                let (mut context, _, features) = self.split(now);
                if context.session.is_some() {
                    features.events.queue.on_pong(&mut context);
                    context.flight.on_pong(context.pings.answered);
                }
            }
            Message::Auth(message) => {
                let params = connection.known_params();
                connection.on_auth_message(&mut context, message);
                // Too many attempts say nothing of the last one.
                let is_judged = message.action != AuthAction::TooManyAuthAttempts;
                if let (true, Some(params), None) = (is_judged, params, connection.known_params()) {
                    features.on_refused(&mut context, params);
                }
            }
            Message::Parser(message) => {
                connection.report(&mut context, Topic::Parser, message.action.name(), true, message.data);
            }
            message => features.on_message(&mut context, message),
        }
    }

    fn on_command(&mut self, now: Instant, command: Command<'_>) {
        let is_closed = self.connection.is_closed();
        let (mut context, connection, features) = self.split(now);
        let possible = if is_closed { features.refuse(&mut context, command) } else { Some(command) };
        let Some(command) = possible else { return };
        match command {
            Command::Login { ticket, params } => {
                if connection.login(&mut context, ticket, params) {
                    // The session of whoever was logged in is over.
                    self.follow_session(now);
                    let (mut context, connection, features) = self.split(now);
                    features.on_credentials(&mut context, connection.known_params());
                }
            }
            Command::Pause => connection.pause(&mut context),
            Command::Resume { ticket } => connection.resume(&mut context, ticket),
            Command::Close => {
                connection.close(&mut context);
                let (mut context, _, features) = self.split(now);
                features.on_closed(&mut context);
            }
            Command::FlushOutbox { ticket } => features.events.queue.flush_by(&mut context, ticket),
            Command::ClearOutbox => features.clear(&mut context),
            Command::Resubscribe => features.resubscribe(&mut context),
            Command::Event(command) => {
                if let Some(mut event) = features.events.on_command(&mut context, command)
                    && features.has_room_for(&mut context, &mut event)
                {
                    features.events.queue.add(&mut context, event);
                }
            }
            Command::Presence(command) => features.presence.on_command(&mut context, command),
            #[cfg(feature = "records")]
            Command::Record(command) => {
                if let Some((mut op, edit)) = features.records.on_command(&mut context, command)
                    && features.has_room_for(&mut context, &mut op)
                {
                    features.records.add_blind(&mut context, op, edit);
                }
            }
            Command::Rpc(command) => {
                if let Some(mut call) = features.rpc.on_command(&mut context, command)
                    && features.has_room_for(&mut context, &mut call)
                {
                    features.rpc.requestor.make(&mut context, call);
                }
            }
        }
    }

    fn split(&mut self, now: Instant) -> (Context<'_>, &mut Connection, &mut Features) {
        let context = Context {
            now,
            options: &self.options,
            session: self.connection.session(),
            stopped: self.stopped.as_ref(),
            rng: &mut self.rng,
            out: &mut self.out,
            pings: &mut self.pings,
            flight: &mut self.flight,
            seen: &mut self.seen,
            log: &mut self.log,
            wall_clock_origin_ms: self.wall_clock_origin_ms,
        };
        (context, &mut self.connection, &mut self.features)
    }
}
