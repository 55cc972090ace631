//! The whole client as a state machine: no web API, no clock, no randomness, no global.
//!
//! # The run-loop contract
//!
//! The one who drives a [`Client`] does, for everything that happens:
//!
//! 1. call [`Client::handle`] with the time and the [`Input`];
//! 2. call [`Client::poll`] until it returns `None`, and carry out each [`Output`] in that order;
//! 3. call [`Client::deadline`], and see to it that `handle(now, Input::Tick)` follows when that moment has come.
//!
//! `handle` may be called at any time between two `poll`s, for instance from a callback that an output led to.
//! Time never goes backwards from one `handle` to the next.

mod connection;
mod context;
mod error;
mod event;
mod features;
mod io;
pub mod limits;
mod options;
mod outbox;
mod rng;
mod rpc;
mod subscriptions;
mod time;
mod url;

use std::collections::VecDeque;

use self::{connection::Connection, context::Context, features::Features};
pub use self::{
    connection::{CloseKind, CloseReason, Snapshot},
    error::{ClientError, ConnectionFailure},
    io::{
        Command, ConnectionState, EventCommand, Frame, Input, Output, PageSignal, SocketEvent, SocketId, Ticket, Wake,
    },
    options::{Accepted, AuthParams, BackoffKind, HeartbeatFailure, OptionError, OptionValue, Options, Resubscribe},
    rng::Rng,
    rpc::{RpcAnswer, RpcCall, RpcCommand, RpcError, RpcFailure, RpcRequest, RpcRequestId},
    time::Instant,
    url::{UrlError, parse_url},
};
use crate::wire::{self, DecodeError, Message, Topic};

/// A deepstream client: see the [module](self) for how to drive it.
#[derive(Debug)]
pub struct Client {
    options: Options,
    rng: Rng,
    connection: Connection,
    features: Features,
    /// The session that the features know of.
    followed: Option<SocketId>,
    out: VecDeque<Output>,
}

impl Client {
    /// A client for any of the URLs, which must come from [`parse_url`] and be one at least. It dials on the first
    /// tick, unless `lazyConnect` is set. The same `seed` and the same inputs give the same outputs.
    pub fn new(now: Instant, urls: &[&str], options: Options, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let urls = urls.iter().map(|url| Box::from(*url)).collect();
        Self {
            connection: Connection::new(now, urls, &options, &mut rng),
            features: Features::new(),
            followed: None,
            rng,
            out: VecDeque::new(),
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
    pub fn connection(&self) -> Snapshot<'_> {
        self.connection.snapshot()
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Tick => self.on_tick(now),
            Input::Socket(socket, event) => {
                if self.connection.socket() == Some(socket) {
                    self.on_socket_event(now, socket, event);
                }
            }
            Input::Command(command) => self.on_command(now, command),
            Input::Page(signal) => {
                let (mut context, connection, _) = self.split(now);
                connection.on_page(&mut context, signal);
            }
            Input::Credentials { question, answer } => {
                let (mut context, connection, _) = self.split(now);
                connection.on_credentials(&mut context, question, answer);
            }
            Input::Probed { probe, reachable } => {
                let (mut context, connection, _) = self.split(now);
                connection.on_probed(&mut context, probe, reachable);
            }
        }
        self.follow_session(now);
        self.follow_stop(now);
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Tick`] is due if nothing else happens before, and what for.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.connection.deadline(&self.options).into_iter().chain(self.features.deadline()).min()
    }

    /// Tells the features when a session ended or began. A session is over as soon as another socket counts, so
    /// this compares instead of being told.
    fn follow_session(&mut self, now: Instant) {
        let (before, after) = (self.followed, self.connection.session());
        if before == after {
            return;
        }
        self.followed = after;
        let (mut context, connection, features) = self.split(now);
        if before.is_some() {
            features.on_lost(&mut context);
        }
        if let Some(socket) = after {
            features.on_session(&mut context, socket, connection.session_gap_ms());
        }
    }

    /// Tells the features when nothing leads to a session but the application.
    fn follow_stop(&mut self, now: Instant) {
        if let Some(error) = self.connection.stopped_by() {
            let (mut context, _, features) = self.split(now);
            features.on_stopped(&mut context, &error);
        }
    }

    fn on_tick(&mut self, now: Instant) {
        let (mut context, connection, features) = self.split(now);
        connection.on_tick(&mut context);
        features.on_tick(&mut context, connection.session());
    }

    fn on_socket_event(&mut self, now: Instant, socket: SocketId, event: SocketEvent<'_>) {
        let (mut context, connection, _) = self.split(now);
        match event {
            SocketEvent::Opened => connection.on_opened(&mut context),
            SocketEvent::Received(frame) => self.on_frame(now, socket, frame),
            SocketEvent::Closed { code, reason } => {
                connection.on_failed(&mut context, ConnectionFailure::Closed { code, reason: reason.into() });
            }
            SocketEvent::Refused(words) => {
                connection.on_failed(&mut context, ConnectionFailure::Refused(words.into()));
            }
        }
    }

    fn on_frame(&mut self, now: Instant, socket: SocketId, frame: Frame<'_>) {
        let (mut context, connection, _) = self.split(now);
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
            Message::Connection(message) => connection.on_connection_message(&mut context, message),
            Message::Auth(message) => connection.on_auth_message(&mut context, message),
            Message::Parser(message) => context.report(ClientError::Server {
                topic: Topic::Parser,
                action: message.action.name(),
                name: None,
                data: message.data.map(Into::into),
            }),
            message => features.on_message(&mut context, connection.session(), message),
        }
    }

    fn on_command(&mut self, now: Instant, command: Command<'_>) {
        let (mut context, connection, features) = self.split(now);
        match command {
            Command::Login { ticket, params } => connection.login(&mut context, ticket, params),
            Command::Pause => connection.pause(&mut context),
            Command::Resume { ticket } => connection.resume(&mut context, ticket),
            Command::Close => {
                connection.close(&mut context);
                features.on_closed(&mut context);
            }
            Command::Event(EventCommand::Subscribe(_) | EventCommand::Emit { .. }) if connection.is_closed() => {
                context.report(ClientError::IsClosed { topic: Topic::Event, dropped: 0 });
            }
            Command::Resubscribe => {
                if let Some(socket) = connection.session() {
                    features.resubscribe(&mut context, socket);
                }
            }
            Command::Rpc(RpcCommand::Provide(_)) if connection.is_closed() => {
                context.report(ClientError::IsClosed { topic: Topic::Rpc, dropped: 0 });
            }
            Command::Rpc(command) => features.rpc.on_command(&mut context, connection.session(), command),
            Command::Event(command) => features.events.on_command(&mut context, connection.session(), command),
        }
    }

    fn split(&mut self, now: Instant) -> (Context<'_>, &mut Connection, &mut Features) {
        let context = Context { now, options: &self.options, rng: &mut self.rng, out: &mut self.out };
        (context, &mut self.connection, &mut self.features)
    }
}

/// Whether an action reports a failure: in every topic ERROR is 1 and the others start at 100.
const fn is_error(action: i32) -> bool {
    action == 1 || action >= 100
}
