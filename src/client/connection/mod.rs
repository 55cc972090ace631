//! The connection: when to dial, what to say until the server lets the client in, and when to try again.

mod backoff;
mod heartbeat;
mod phase;

use std::collections::VecDeque;

use self::{
    backoff::{Backoff, Urgency},
    heartbeat::{Beat, Heartbeat},
    phase::{Occasion, Phase, Stop},
};
use super::{
    error::{ClientError, ConnectionFailure},
    io::{ConnectionState, Output, SocketId, Ticket, Wake},
    is_error,
    limits::{MAX_REDIRECTS, STABLE_SESSION_MS},
    options::Options,
    rng::Rng,
    time::Instant,
    url::parse_url,
};
use crate::wire::{AuthAction, AuthMessage, ConnectionAction, ConnectionMessage, Message, Topic};

/// The version of the protocol that this client speaks.
const PROTOCOL_VERSION: &str = "0.1a";

/// What a step of the connection may look at and act through.
pub struct Context<'a> {
    /// The moment of the input.
    pub now: Instant,
    /// The application's options.
    pub options: &'a Options,
    /// Where randomness comes from.
    pub rng: &'a mut Rng,
    /// Where outputs go.
    pub out: &'a mut VecDeque<Output>,
}

impl Context<'_> {
    /// Sends one message on `socket`.
    pub fn send(&mut self, socket: SocketId, message: &Message<'_>) {
        self.out.push_back(Output::Send(socket, message.encode()));
    }

    /// Emits `error`.
    pub fn report(&mut self, error: ClientError) {
        self.out.push_back(Output::Error(error));
    }
}

/// The connection of one client, over all its sockets.
#[derive(Debug)]
pub struct Connection {
    url: Box<str>,
    phase: Phase,
    /// What the application was told last.
    announced: ConnectionState,
    backoff: Backoff,
    next_socket: u32,
    /// JSON text of the parameters that `login()` was given and the server has not refused.
    credentials: Option<Box<str>>,
    /// JSON text that came with the last login.
    client_data: Option<Box<str>>,
    logins: Vec<Ticket>,
    resumes: Vec<Ticket>,
}

impl Connection {
    /// A connection to `url` (as [`parse_url`] makes it), dialled on the first tick unless `lazyConnect` is set.
    pub fn new(now: Instant, url: Box<str>, options: &Options) -> Self {
        Self {
            url,
            phase: Phase::Idle { connect_at: (!options.lazy_connect).then_some(now) },
            announced: ConnectionState::Closed,
            backoff: Backoff::default(),
            next_socket: 0,
            credentials: None,
            client_data: None,
            logins: Vec::new(),
            resumes: Vec::new(),
        }
    }

    /// The state that the application sees.
    pub fn state(&self) -> ConnectionState {
        self.announced
    }

    /// The one socket that counts.
    pub fn socket(&self) -> Option<SocketId> {
        self.phase.socket()
    }

    /// The socket, if it is logged in.
    pub fn session(&self) -> Option<SocketId> {
        match self.phase {
            Phase::Open { socket, .. } => Some(socket),
            _ => None,
        }
    }

    /// Whether `close()` was called.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Time from the last answered PING of this session to its PONG, in milliseconds.
    pub fn round_trip_ms(&self) -> Option<u64> {
        match &self.phase {
            Phase::Open { heartbeat, .. } => heartbeat.round_trip_ms(),
            _ => None,
        }
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        match &self.phase {
            Phase::Idle { connect_at } => connect_at.map(|at| (at, Wake::Connect)),
            Phase::Dialling { deadline, .. }
            | Phase::Challenging { deadline, .. }
            | Phase::Authenticating { deadline, .. } => Some((*deadline, Wake::ConnectTimeout)),
            Phase::Waiting { retry_at } => Some((*retry_at, Wake::Reconnect)),
            Phase::Open { heartbeat, .. } => Some(heartbeat.deadline()),
            Phase::AwaitingLogin { .. } | Phase::Paused | Phase::Stopped(_) | Phase::Closed => None,
        }
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>) {
        if self.deadline().is_none_or(|(deadline, _)| context.now < deadline) {
            return;
        }
        match &mut self.phase {
            Phase::Idle { .. } => self.dial(context, Occasion::First),
            Phase::Waiting { .. } => self.dial(context, Occasion::Reconnect),
            Phase::Open { socket, heartbeat, .. } => match heartbeat.on_tick(context.now) {
                Beat::Rest => {}
                Beat::SendPing => {
                    let ping = ConnectionMessage::new(ConnectionAction::Ping);
                    context.send(*socket, &Message::Connection(ping));
                }
                Beat::Dead => self.on_heartbeat_timeout(context),
            },
            _ => self.lose(context, ClientError::Connection(ConnectionFailure::TimedOut), Urgency::AtOnce),
        }
    }

    // ---- what the socket says ----

    /// The socket is open.
    pub fn on_opened(&mut self, context: &mut Context<'_>) {
        let Phase::Dialling { socket, deadline, redirects, .. } = self.phase else {
            return;
        };
        self.announce(context, ConnectionState::AwaitingConnection);
        let challenge = ConnectionMessage {
            url: Some(&self.url),
            protocol_version: Some(PROTOCOL_VERSION),
            sdk_type: Some("wasm"),
            sdk_version: Some(env!("CARGO_PKG_VERSION")),
            ..ConnectionMessage::new(ConnectionAction::Challenge)
        };
        context.send(socket, &Message::Connection(challenge));
        self.enter(context, Phase::Challenging { socket, deadline, redirects });
    }

    /// The socket closed, or could not be made.
    pub fn on_failed(&mut self, context: &mut Context<'_>, failure: ConnectionFailure) {
        let urgency = if failure.announces_restart() { Urgency::Spread } else { Urgency::AtOnce };
        self.lose(context, ClientError::Connection(failure), urgency);
    }

    /// A frame arrived, whatever is in it.
    pub fn on_frame(&mut self, now: Instant) {
        if let Phase::Open { heartbeat, .. } = &mut self.phase {
            heartbeat.on_frame(now);
        }
    }

    /// A message of the topic CONNECTION arrived.
    pub fn on_connection_message(&mut self, context: &mut Context<'_>, message: &ConnectionMessage<'_>) {
        match (message.action, &mut self.phase) {
            (ConnectionAction::Pong, Phase::Open { heartbeat, .. }) => heartbeat.on_pong(context.now),
            (ConnectionAction::Accept, Phase::Challenging { socket, deadline, .. }) => {
                let (socket, deadline) = (*socket, *deadline);
                self.enter(context, Phase::AwaitingLogin { socket, since: context.now });
                self.authenticate(context, deadline);
            }
            (ConnectionAction::Redirect, Phase::Challenging { redirects, .. }) => {
                let redirects = *redirects + 1;
                self.redirect(context, message.url.unwrap_or_default(), redirects);
            }
            (ConnectionAction::Reject, Phase::Challenging { .. }) => {
                self.stop(context, Stop::ChallengeDenied);
            }
            (ConnectionAction::AuthenticationTimeout, phase) if phase.socket().is_some() => {
                if self.credentials.is_some() {
                    self.announce(context, ConnectionState::AuthenticationTimeout);
                    self.lose(context, ClientError::AuthenticationTimeout, Urgency::AtOnce);
                } else {
                    self.stop(context, Stop::AuthenticationTimeout);
                }
            }
            // The socket's own close follows, or does not; neither changes anything here.
            (ConnectionAction::Closing | ConnectionAction::Closed, _) => {}
            (action, _) if message.is_error || is_error(action.number()) => context.report(ClientError::Server {
                topic: Topic::Connection,
                action: action.name(),
                name: None,
                data: message.data.map(Into::into),
            }),
            (action, phase) => context.report(ClientError::Unsolicited {
                topic: Topic::Connection,
                action: action.name(),
                expected: phase.expected(),
            }),
        }
    }

    /// A message of the topic AUTH arrived.
    pub fn on_auth_message(&mut self, context: &mut Context<'_>, message: &AuthMessage<'_>) {
        match (message.action, &self.phase) {
            (AuthAction::AuthSuccessful, Phase::Authenticating { socket, .. }) => {
                let heartbeat = Heartbeat::new(context.now, context.options);
                self.enter(context, Phase::Open { socket: *socket, since: context.now, heartbeat });
                self.update_client_data(context, message.data);
                let client_data = Ok(self.client_data.clone());
                settle(context, &mut self.resumes, &Ok(None));
                settle(context, &mut self.logins, &client_data);
            }
            (
                AuthAction::AuthUnsuccessful | AuthAction::InvalidMessage | AuthAction::InvalidMessageData,
                Phase::Authenticating { socket, .. },
            ) => {
                self.enter(context, Phase::AwaitingLogin { socket: *socket, since: context.now });
                self.on_login_refused(context, message.data);
            }
            (AuthAction::TooManyAuthAttempts, phase) if phase.socket().is_some() => {
                self.stop(context, Stop::TooManyAuthAttempts);
            }
            (action, _) if message.is_error || is_error(action.number()) => context.report(ClientError::Server {
                topic: Topic::Auth,
                action: action.name(),
                name: None,
                data: message.data.map(Into::into),
            }),
            (action, phase) => context.report(ClientError::Unsolicited {
                topic: Topic::Auth,
                action: action.name(),
                expected: phase.expected(),
            }),
        }
    }

    // ---- what the application wants ----

    /// `login()`: be logged in with these parameters.
    pub fn login(&mut self, context: &mut Context<'_>, ticket: Ticket, params: Option<&str>) {
        if let Phase::Closed | Phase::Stopped(Stop::GaveUp | Stop::Heartbeat | Stop::ChallengeDenied) = self.phase {
            let error = self.phase.refusal(Topic::Auth);
            settle(context, &mut vec![ticket], &Err(error));
            return;
        }
        let changed = match (params, &self.credentials) {
            (Some(params), Some(known)) => params != &**known,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        if changed {
            settle(context, &mut self.logins, &Err(ClientError::LoginSuperseded));
            self.credentials = Some(params.unwrap_or("{}").into());
        }
        if !changed && matches!(self.phase, Phase::Open { .. }) {
            settle(context, &mut vec![ticket], &Ok(self.client_data.clone()));
            return;
        }
        self.logins.push(ticket);
        match &mut self.phase {
            Phase::Idle { connect_at } => *connect_at = Some(context.now),
            Phase::AwaitingLogin { .. } => {
                let deadline = context.now.after_ms(context.options.connect_timeout_ms);
                self.authenticate(context, deadline);
            }
            Phase::Stopped(_) => self.dial_afresh(context),
            // The server takes one login per connection, so another one needs another connection.
            Phase::Open { .. } | Phase::Authenticating { .. } | Phase::Waiting { .. } if changed => {
                self.dial_afresh(context);
            }
            _ => {}
        }
    }

    /// `close()`: let go for good.
    pub fn close(&mut self, context: &mut Context<'_>) {
        match self.phase {
            Phase::Closed => return,
            Phase::Idle { .. } => {}
            _ => self.announce(context, ConnectionState::Closing),
        }
        self.abandon_socket(context);
        self.enter(context, Phase::Closed);
        self.settle_all(context, &ClientError::IsClosed { topic: Topic::Connection, dropped: 0 });
    }

    /// `pause()`: let go until `resume()`.
    pub fn pause(&mut self, context: &mut Context<'_>) {
        if matches!(self.phase, Phase::Closed | Phase::Paused) {
            return;
        }
        self.announce(context, ConnectionState::Pausing);
        self.abandon_socket(context);
        self.enter(context, Phase::Paused);
        settle(context, &mut self.resumes, &Err(ClientError::Paused));
    }

    /// `resume()`: be connected again, and start over with counting attempts.
    pub fn resume(&mut self, context: &mut Context<'_>, ticket: Ticket) {
        match self.phase {
            Phase::Closed => {
                let error = self.phase.refusal(Topic::Connection);
                settle(context, &mut vec![ticket], &Err(error));
            }
            Phase::Open { .. } | Phase::AwaitingLogin { .. } => settle(context, &mut vec![ticket], &Ok(None)),
            Phase::Dialling { .. } | Phase::Challenging { .. } | Phase::Authenticating { .. } => {
                self.resumes.push(ticket);
            }
            Phase::Idle { .. } | Phase::Waiting { .. } | Phase::Paused | Phase::Stopped(_) => {
                self.resumes.push(ticket);
                self.dial_afresh(context);
            }
        }
    }

    // ---- steps ----

    fn dial_afresh(&mut self, context: &mut Context<'_>) {
        let occasion = if matches!(self.phase, Phase::Idle { .. }) { Occasion::First } else { Occasion::Reconnect };
        self.abandon_socket(context);
        self.backoff.reset();
        self.dial(context, occasion);
    }

    fn dial(&mut self, context: &mut Context<'_>, occasion: Occasion) {
        let deadline = context.now.after_ms(context.options.connect_timeout_ms);
        self.dial_url(context, self.url.clone(), occasion, deadline, 0);
    }

    fn dial_url(
        &mut self,
        context: &mut Context<'_>,
        url: Box<str>,
        occasion: Occasion,
        deadline: Instant,
        redirects: u8,
    ) {
        let socket = SocketId(self.next_socket);
        self.next_socket = self.next_socket.wrapping_add(1);
        self.enter(context, Phase::Dialling { socket, deadline, occasion, redirects });
        context.out.push_back(Output::OpenSocket(socket, url));
    }

    fn redirect(&mut self, context: &mut Context<'_>, url: &str, redirects: u8) {
        let Phase::Challenging { deadline, .. } = self.phase else {
            return;
        };
        let failure = match parse_url(url, &context.options.path) {
            Ok(_) if redirects > MAX_REDIRECTS => ConnectionFailure::TooManyRedirects,
            Ok(target) => {
                self.abandon_socket(context);
                self.dial_url(context, target.into(), Occasion::Redirect, deadline, redirects);
                return;
            }
            Err(_) => ConnectionFailure::BadRedirect(url.into()),
        };
        self.lose(context, ClientError::Connection(failure), Urgency::AtOnce);
    }

    /// Logs in if there is something to log in with.
    fn authenticate(&mut self, context: &mut Context<'_>, deadline: Instant) {
        let (Phase::AwaitingLogin { socket, .. }, Some(credentials)) = (&self.phase, &self.credentials) else {
            settle(context, &mut self.resumes, &Ok(None));
            return;
        };
        let socket = *socket;
        let request = AuthMessage { data: Some(credentials), ..AuthMessage::new(AuthAction::Request) };
        context.send(socket, &Message::Auth(request));
        self.enter(context, Phase::Authenticating { socket, deadline });
    }

    fn on_login_refused(&mut self, context: &mut Context<'_>, reason: Option<&str>) {
        self.credentials = None;
        let reason: Option<Box<str>> = reason.map(Into::into);
        let error = ClientError::InvalidAuthenticationDetails { reason: reason.clone() };
        if self.logins.is_empty() {
            context.out.push_back(Output::ReauthenticationFailed { reason });
        }
        settle(context, &mut self.resumes, &Err(error.clone()));
        settle(context, &mut self.logins, &Err(error));
    }

    /// An empty object counts as no data as long as there was none, as in the reference client.
    fn update_client_data(&mut self, context: &mut Context<'_>, data: Option<&str>) {
        let data = data.filter(|data| *data != "null" && (*data != "{}" || self.client_data.is_some()));
        if data != self.client_data.as_deref() {
            self.client_data = data.map(Into::into);
            context.out.push_back(Output::ClientDataChanged(self.client_data.clone()));
        }
    }

    fn on_heartbeat_timeout(&mut self, context: &mut Context<'_>) {
        use super::options::HeartbeatFailure;
        match context.options.heartbeat_failure {
            HeartbeatFailure::Stop => self.stop(context, Stop::Heartbeat),
            HeartbeatFailure::Reconnect => {
                self.announce(context, ConnectionState::Error);
                self.lose(context, ClientError::HeartbeatTimeout, Urgency::AtOnce);
            }
        }
    }

    /// The attempt failed or the connection is lost: try again, now or later, unless the attempts are used up.
    fn lose(&mut self, context: &mut Context<'_>, error: ClientError, urgency: Urgency) {
        if self.phase.held_for_ms(context.now) >= STABLE_SESSION_MS {
            self.backoff.reset();
        }
        self.abandon_socket(context);
        context.report(error);
        match self.backoff.next_delay_ms(context.options, urgency, context.rng) {
            Some(0) => self.dial(context, Occasion::Reconnect),
            Some(delay_ms) => {
                let retry_at = context.now.after_ms(delay_ms);
                self.enter(context, Phase::Waiting { retry_at });
            }
            None => {
                context.out.push_back(Output::MaxReconnectionAttemptsReached(self.backoff.attempts()));
                self.stop(context, Stop::GaveUp);
            }
        }
    }

    /// Stop trying until the application says otherwise.
    fn stop(&mut self, context: &mut Context<'_>, why: Stop) {
        self.abandon_socket(context);
        self.enter(context, Phase::Stopped(why));
        let error = self.phase.refusal(Topic::Connection);
        if why == Stop::TooManyAuthAttempts {
            self.credentials = None;
        }
        if why != Stop::GaveUp {
            context.report(error.clone());
        }
        self.settle_all(context, &error);
    }

    fn settle_all(&mut self, context: &mut Context<'_>, error: &ClientError) {
        settle(context, &mut self.resumes, &Err(error.clone()));
        settle(context, &mut self.logins, &Err(error.clone()));
    }

    fn abandon_socket(&mut self, context: &mut Context<'_>) {
        if let Some(socket) = self.phase.socket() {
            context.out.push_back(Output::AbandonSocket(socket));
        }
    }

    fn enter(&mut self, context: &mut Context<'_>, phase: Phase) {
        self.phase = phase;
        self.announce(context, self.phase.state());
    }

    fn announce(&mut self, context: &mut Context<'_>, state: ConnectionState) {
        if self.announced != state {
            self.announced = state;
            context.out.push_back(Output::StateChanged(state));
        }
    }
}

fn settle(context: &mut Context<'_>, tickets: &mut Vec<Ticket>, outcome: &Result<Option<Box<str>>, ClientError>) {
    for ticket in tickets.drain(..) {
        context.out.push_back(Output::Settle(ticket, outcome.clone()));
    }
}
