//! The connection: when to dial, what to say until the server lets the client in, and when to try again.

mod backoff;
mod commands;
mod credentials;
mod endpoints;
mod handshake;
mod heartbeat;
mod outage;
mod page;
mod phase;

use self::{
    backoff::{Backoff, Urgency},
    credentials::Credentials,
    endpoints::Endpoints,
    heartbeat::Beat,
    outage::Outage,
    phase::{Phase, Step},
};
use super::{
    context::Context,
    digest::digest,
    error::{ClientError, ConnectionFailure, Failure},
    io::{ConnectionState, Output, SocketId, Ticket},
    limits::{AWAITED_SILENCE_DOUBLINGS, AWAITED_SILENCE_MS, BLIP_MS, REACHABILITY_TIMEOUT_MS, STABLE_SESSION_MS},
    options::{HeartbeatFailure, Options},
    reason::{CloseKind, CloseReason},
    rng::Rng,
    time::{Instant, Wake, earliest},
    url::without_secrets,
};
use crate::wire::{ConnectionAction, Message, Topic};

/// The connection of one client, over all its sockets.
#[derive(Debug, Default)]
pub struct Connection {
    endpoints: Endpoints,
    phase: Phase,
    /// What the application was told last.
    announced: ConnectionState,
    backoff: Backoff,
    outage: Outage,
    /// Why there was no connection, the last time.
    reason: Option<CloseReason>,
    /// How long an answer of the server took the last time, in milliseconds.
    round_trip_ms: u64,
    /// How many connections were left while an answer was awaited that may have been on its way.
    losses_in_wait: u32,
    /// When the page last said `online`, and when it last said that it woke.
    hinted_at: [Option<Instant>; 2],
    /// Whether the browser said `offline` and not `online` since, or the last attempt failed.
    offline_suspected: bool,
    next_socket: u32,
    credentials: Credentials,
    /// Of what the last login was made with.
    login_digest: u64,
    /// JSON text that came with the last login.
    client_data: Option<Box<str>>,
    logins: Vec<Ticket>,
    resumes: Vec<Ticket>,
}

/// The connection at one moment, for the application to look at.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The state.
    pub state: ConnectionState,
    /// Why there was no connection, the last time.
    pub reason: Option<CloseReason>,
    /// Which attempt to reconnect this is; 0 while logged in.
    pub attempt: u32,
    /// Attempts that the session of now took, or that were made so far.
    pub reconnect_tries: u32,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Instant>,
    /// Time from the last answered PING to its PONG, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// The URL that is dialled or connected to.
    pub url: Box<str>,
    /// When the session began.
    pub opened_at: Option<Instant>,
    /// Whether there was a session before the one of now.
    pub was_reconnected: bool,
}

impl Connection {
    /// A connection to any of the URLs (as [`parse_url`](super::parse_url) makes them), dialled on the first tick unless
    /// `lazyConnect` is set.
    pub fn new(now: Instant, urls: &[&str], options: &Options, rng: &mut Rng) -> Self {
        let mut connection = Self::default();
        connection.endpoints = Endpoints::new(urls, rng);
        connection.phase = Phase::Idle { connect_at: (!options.lazy_connect).then_some(now) };
        connection.announced = connection.phase.state();
        connection
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
    const fn session(&self) -> Option<SocketId> {
        match self.phase {
            Phase::Open { socket, .. } => Some(socket),
            _ => None,
        }
    }

    /// How long there was no session before the one of now, if there ever was one, in milliseconds.
    pub fn session_gap_ms(&self) -> Option<u64> {
        match self.phase {
            Phase::Open { gap_ms, .. } => gap_ms,
            _ => None,
        }
    }

    /// Why there will be no session unless the application asks for one.
    pub fn rests(&self) -> Option<ClientError> {
        let rests = matches!(self.phase, Phase::Paused(_) | Phase::Stopped(_) | Phase::Closed);
        rests.then(|| self.phase.refusal(Topic::Connection))
    }

    /// Whether there will be no session until the application does something.
    pub const fn awaits_application(&self) -> bool {
        matches!(self.phase, Phase::Paused(_) | Phase::Stopped(_) | Phase::Closed | Phase::AwaitingLogin { .. })
    }

    /// Whether `pause()` was called, and `resume()` not yet.
    pub const fn is_paused(&self) -> bool {
        matches!(self.phase, Phase::Paused(_))
    }

    /// Whether `close()` was called.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Why there was no connection, the last time.
    pub const fn reason(&self) -> Option<CloseReason> {
        self.reason
    }

    /// The connection at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let (opened_at, round_trip_ms) = match &self.phase {
            Phase::Open { since, heartbeat, .. } => (Some(*since), heartbeat.round_trip_ms()),
            _ => (None, None),
        };
        Snapshot {
            state: self.announced,
            reason: self.reason,
            attempt: if opened_at.is_some() { 0 } else { self.backoff.attempts() },
            reconnect_tries: self.backoff.attempts(),
            next_attempt_at: match self.phase {
                Phase::Waiting { retry_at } => Some(retry_at),
                Phase::Idle { connect_at } => connect_at,
                _ => None,
            },
            round_trip_ms,
            url: self.endpoints.url().into(),
            opened_at,
            was_reconnected: self.outage.was_reconnected(),
        }
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self, options: &Options) -> Option<(Instant, Wake)> {
        let phase = match &self.phase {
            Phase::Idle { connect_at } => connect_at.map(|at| (at, Wake::Connect)),
            Phase::Probing { deadline, .. } | Phase::Attempting { deadline, .. } => {
                Some((*deadline, Wake::ConnectTimeout))
            }
            Phase::Waiting { retry_at } => Some((*retry_at, Wake::Reconnect)),
            Phase::Open { heartbeat, .. } => Some(heartbeat.deadline()),
            Phase::AwaitingLogin { next_ping, .. } => Some((*next_ping, Wake::Ping)),
            Phase::Hidden | Phase::Paused(_) | Phase::Stopped(_) | Phase::Closed => None,
        };
        earliest(&[phase, self.lost_deadline(options)])
    }

    fn lost_deadline(&self, options: &Options) -> Option<(Instant, Wake)> {
        if !self.phase.wants_connection() {
            return None;
        }
        self.outage.deadline(options.lost_connection_timeout_ms).map(|at| (at, Wake::LostConnection))
    }

    /// Time has passed. `is_awaited` says whether the server owes an answer that may be long.
    #[inline(never)]
    pub fn on_tick(&mut self, context: &mut Context, is_awaited: &mut dyn FnMut() -> bool) {
        if self.lost_deadline(&context.options).is_some_and(|(at, _)| at <= context.now) {
            self.outage.tell();
            context.out.push_back(Output::ConnectionLost);
        }
        match &mut self.phase {
            Phase::Idle { connect_at: Some(at) } if *at <= context.now => self.dial(context),
            Phase::Waiting { retry_at } if *retry_at <= context.now => self.attempt(context),
            Phase::AwaitingLogin { socket, next_ping, .. } if *next_ping <= context.now => {
                *next_ping = context.now.after_ms(context.options.heartbeat_interval_ms);
                let socket = *socket;
                self.ping(context, socket);
            }
            Phase::Open { heartbeat, .. } => {
                let silence_ms = AWAITED_SILENCE_MS << self.losses_in_wait.min(AWAITED_SILENCE_DOUBLINGS);
                let silence_ms = &mut || is_awaited().then_some(silence_ms);
                let beat = heartbeat.on_tick(context.now, &context.pings, silence_ms);
                if beat == Beat::Dead && is_awaited() {
                    self.losses_in_wait += 1;
                }
                self.on_beat(context, beat);
            }
            Phase::Probing { deadline, .. } if *deadline <= context.now => {
                self.fail(context, ConnectionFailure::Unreachable);
            }
            Phase::Attempting { deadline, .. } if *deadline <= context.now => {
                self.fail(context, ConnectionFailure::TimedOut);
            }
            _ => {}
        }
    }

    /// The socket closed, or could not be made.
    pub fn on_failed(&mut self, context: &mut Context, failure: ConnectionFailure<'_>) {
        let urgency = if failure.announces_restart() { Urgency::Spread } else { Urgency::AtOnce };
        let url = without_secrets(self.endpoints.url());
        let (failure, is_final) = match failure {
            ConnectionFailure::Closed { code, .. } if context.options.stop_codes.contains(&code) => {
                (ConnectionFailure::Stopped { code }, true)
            }
            ConnectionFailure::Refused(_) => (failure, self.endpoints.refuse()),
            ConnectionFailure::Closed { code, .. } if self.is_dialling() => {
                (ConnectionFailure::NeverOpened { code, url: &url }, false)
            }
            failure => (failure, false),
        };
        let error = ClientError::connection(failure);
        if is_final {
            self.stop(context, error);
        } else {
            self.lose(context, error, urgency);
        }
    }

    /// The socket failed: before it opened, that is the end of the attempt. Browsers whose policy forbids the connection
    /// say nothing after it, others close the socket with the code 1006.
    pub fn on_socket_failed(&mut self, context: &mut Context) {
        if self.is_dialling() {
            self.on_failed(context, ConnectionFailure::Closed { code: 1006, reason: "" });
        }
    }

    const fn is_dialling(&self) -> bool {
        matches!(self.phase, Phase::Attempting { step: Step::Dialling { .. }, .. })
    }

    /// Sends a PING, so that its answer tells what has arrived. If there is none, the server is gone.
    pub fn ask(&mut self, context: &mut Context) {
        if let Phase::Open { heartbeat, .. } = &mut self.phase {
            heartbeat.ask(context.now, &context.pings);
            self.on_beat(context, Beat::SendPing);
        }
    }

    /// Sends a PING if so much was sent without one that nobody knows what of it has left.
    pub fn ask_if_in_the_dark(&mut self, context: &mut Context) {
        if let Phase::Open { heartbeat, .. } = &self.phase
            && heartbeat.is_in_the_dark(&context.pings)
        {
            self.ask(context);
        }
    }

    /// So many bytes of what was sent have not left the browser.
    pub const fn on_buffered(&mut self, context: &Context, bytes: u64) {
        if let Phase::Open { heartbeat, .. } = &mut self.phase {
            heartbeat.on_buffered(context.now, bytes, &context.pings);
        }
    }

    /// The digest of what the next login will be made with, if that is known.
    pub fn known_params(&self) -> Option<u64> {
        self.credentials.fixed().map(digest)
    }

    /// The digest of what the session of now was logged in with, and what the server said about the user.
    pub fn user(&self) -> (u64, Option<&str>) {
        (self.login_digest, self.client_data.as_deref())
    }

    /// Whether there is a session, or will be without the application's doing.
    pub fn is_wanted(&self) -> bool {
        self.session().is_some() || self.phase.wants_connection()
    }

    /// A frame arrived, whatever is in it.
    pub fn on_frame(&mut self, now: Instant) {
        if let Phase::Open { heartbeat, .. } = &mut self.phase {
            heartbeat.on_frame(now);
        }
    }

    fn on_beat(&mut self, context: &mut Context, beat: Beat) {
        match (beat, &self.phase) {
            (Beat::SendPing, Phase::Open { socket, .. }) => {
                let socket = *socket;
                self.ping(context, socket);
            }
            (Beat::Dead, _) => match context.options.heartbeat_failure {
                HeartbeatFailure::Stop => self.stop(context, ClientError::of(Failure::HeartbeatTimeout)),
                HeartbeatFailure::Reconnect => {
                    self.announce(context, ConnectionState::Error);
                    self.lose(context, ClientError::of(Failure::HeartbeatTimeout), Urgency::AtOnce);
                }
            },
            _ => {}
        }
    }

    fn ping(&mut self, context: &mut Context, socket: SocketId) {
        context.pings.sent += 1;
        if let Phase::Open { heartbeat, .. } = &mut self.phase {
            heartbeat.on_ping_sent(context.now, &context.pings);
        }
        let ping = Message::new(ConnectionAction::Ping);
        context.send_on(socket, &ping);
    }

    /// Dials at once, and starts over with counting attempts.
    fn dial_afresh(&mut self, context: &mut Context) {
        if self.phase.socket().is_some() {
            self.let_go(context, CloseReason::of(CloseKind::Replaced, true));
        }
        self.backoff.reset();
        self.dial(context);
    }

    /// The wait is over: dials, or first looks whether the server can be reached.
    fn attempt(&mut self, context: &mut Context) {
        if self.offline_suspected && context.options.probe_url.is_some() {
            let probe = self.next_socket;
            self.next_socket = self.next_socket.wrapping_add(1);
            let deadline = context.now.after_ms(REACHABILITY_TIMEOUT_MS);
            self.enter(context, Phase::Probing { probe, deadline });
            context.out.push_back(Output::Probe(probe));
        } else {
            self.dial(context);
        }
    }

    /// The probe asked for with [`Output::Probe`] came back.
    pub fn on_probed(&mut self, context: &mut Context, probe: u32, reachable: bool) {
        if !matches!(self.phase, Phase::Probing { probe: current, .. } if current == probe) {
            return;
        }
        if reachable {
            self.dial(context);
        } else {
            self.fail(context, ConnectionFailure::Unreachable);
        }
    }

    fn dial(&mut self, context: &mut Context) {
        self.credentials.forget_answer();
        let timeout_ms = self.backoff.connect_timeout_ms(&context.options, self.round_trip_ms);
        self.open_socket(context, context.now.after_ms(timeout_ms), 0);
    }

    fn open_socket(&mut self, context: &mut Context, deadline: Instant, redirects: u8) {
        let socket = SocketId(self.next_socket);
        self.next_socket = self.next_socket.wrapping_add(1);
        let is_first = matches!(self.phase, Phase::Idle { .. });
        self.attempt_step(context, socket, deadline, Step::Dialling { is_first, redirects });
        let url = match &context.options.reconnect_param {
            Some(name) if self.backoff.attempts() > 0 => {
                with_param(self.endpoints.url(), name, self.backoff.attempts())
            }
            _ => self.endpoints.url().into(),
        };
        context.out.push_back(Output::OpenSocket(socket, url));
    }

    /// The attempt failed.
    fn fail(&mut self, context: &mut Context, failure: ConnectionFailure<'_>) {
        self.lose(context, ClientError::connection(failure), Urgency::AtOnce);
    }

    /// The attempt failed or the connection is lost: try again, now or later, unless the attempts are used up.
    fn lose(&mut self, context: &mut Context, error: ClientError, urgency: Urgency) {
        let urgency = match self.phase {
            Phase::Attempting { since, step: Step::Dialling { .. }, .. } if context.now.since_ms(since) < BLIP_MS => {
                Urgency::Soon
            }
            _ => urgency,
        };
        let held_for_ms = self.phase.held_for_ms(context.now);
        if held_for_ms.is_some_and(|ms| ms >= STABLE_SESSION_MS) {
            self.backoff.reset();
        }
        let mut reason = error.close_reason(false);
        match (reason.kind, reason.code) {
            (CloseKind::Timeout, _) => {
                if !self.is_dialling() {
                    self.credentials.let_go();
                }
                self.backoff.timed_out();
            }
            // Nobody was dialled.
            (CloseKind::Network, None) => {}
            _ => self.backoff.answered(),
        }
        if held_for_ms.is_some() {
            self.endpoints.forget_redirect();
        } else {
            self.endpoints.advance();
            self.offline_suspected = true;
        }
        let delay_ms = self.backoff.next_delay_ms(&context.options, self.endpoints.count(), urgency, &mut context.rng);
        reason.will_retry = delay_ms.is_some();
        self.let_go(context, reason);
        // What the heartbeat, authParams or the login came to is an error at once.
        let is_of_connection =
            !matches!(reason.kind, CloseKind::Heartbeat | CloseKind::AuthParams | CloseKind::AuthenticationTimeout);
        if reason.will_retry && is_of_connection {
            self.announce(context, ConnectionState::Reconnecting);
        }
        // That a connection is lost is an error only if the first attempt does not bring it back.
        if held_for_ms.is_none() || !reason.will_retry || !is_of_connection {
            context.report(error);
        }
        match delay_ms {
            Some(0) => self.attempt(context),
            Some(delay_ms) => {
                let retry_at = context.now.after_ms(delay_ms);
                self.enter(context, Phase::Waiting { retry_at });
            }
            None => {
                context.out.push_back(Output::MaxReconnectionAttemptsReached(self.backoff.attempts()));
                self.rest(context, ClientError::of(Failure::MaxReconnectionAttemptsReached));
            }
        }
    }

    /// The server, or the heartbeat with `heartbeatFailure: 'stop'`, wants no further attempt.
    fn stop(&mut self, context: &mut Context, error: ClientError) {
        self.let_go(context, error.close_reason(false));
        if error.closes() == Some(CloseKind::Authentication) {
            self.credentials.forget();
        }
        self.rest(context, error.clone());
        context.report(error);
    }

    /// Rests until the application says otherwise.
    fn rest(&mut self, context: &mut Context, error: ClientError) {
        self.endpoints.forget_redirect();
        self.enter(context, Phase::Stopped(error.clone()));
        self.settle_all(context, &error);
    }

    /// Gives up the socket, if there is one, and notes why. Another phase must follow.
    fn let_go(&mut self, context: &mut Context, reason: CloseReason) {
        if let Some(socket) = self.phase.socket() {
            context.out.push_back(Output::AbandonSocket(socket));
        }
        if matches!(self.phase, Phase::Open { .. }) {
            self.outage.begin(context.now);
        }
        self.reason = Some(reason);
    }

    fn settle_all(&mut self, context: &mut Context, error: &ClientError) {
        context.settle_all(&mut self.resumes, &Err(error.clone()));
        context.settle_all(&mut self.logins, &Err(error.clone()));
    }

    fn attempt_step(&mut self, context: &mut Context, socket: SocketId, deadline: Instant, step: Step) {
        self.enter(context, Phase::Attempting { socket, since: context.now, deadline, step });
    }

    fn enter(&mut self, context: &mut Context, phase: Phase) {
        self.phase = phase;
        context.session = self.session();
        self.announce(context, self.phase.state());
    }

    fn announce(&mut self, context: &mut Context, state: ConnectionState) {
        if self.announced != state {
            self.announced = state;
            context.out.push_back(Output::StateChanged(state));
        }
    }
}

fn with_param(url: &str, name: &str, tries: u32) -> Box<str> {
    let separator = if url.contains('?') { "&" } else { "?" };
    [url, separator, name, "=", &tries.to_string()].concat().into()
}
