//! What the server and the client say to each other until the client is let in.

use super::{
    Connection, Context, Urgency,
    credentials::Obtain,
    heartbeat::Heartbeat,
    phase::{Phase, Step},
};
use crate::{
    client::{
        digest::digest,
        error::{ClientError, ConnectionFailure, Failure},
        io::{ConnectionState, Output, SocketId},
        limits::MAX_REDIRECTS,
        pings::Pings,
        time::Instant,
        url::parse_url,
    },
    wire::{AuthAction, ConnectionAction, Message},
};

/// The version of the protocol that this client speaks.
const PROTOCOL_VERSION: &str = "0.1a";

impl Connection {
    /// The socket is open.
    pub fn on_opened(&mut self, context: &mut Context) {
        let Phase::Attempting { socket, deadline, step: Step::Dialling { redirects, .. }, .. } = self.phase else {
            return;
        };
        // A socket of the ladder had little time to open, one after timeouts much; for the rest it has as much as any.
        let usual = context.now.after_ms(context.options.connect_timeout_ms);
        let deadline = if self.backoff.is_on_ladder() { usual } else { deadline.min(usual) };
        self.announce(context, ConnectionState::AwaitingConnection);
        let mut challenge = Message::new(ConnectionAction::Challenge);
        challenge.url = Some(self.endpoints.original());
        challenge.protocol_version = Some(PROTOCOL_VERSION);
        challenge.sdk_type = Some("wasm");
        challenge.sdk_version = Some(env!("CARGO_PKG_VERSION"));
        context.send_on(socket, &challenge);
        // Sent along, the login does not cost a round trip of its own.
        let obtained = self.credentials.obtain();
        if let Obtain::Send(params) = &obtained {
            self.send_login(context, socket, params);
        }
        let step = Step::Challenging { redirects, is_login_sent: matches!(obtained, Obtain::Send(_)) };
        self.attempt_step(context, socket, deadline, step);
        if let Obtain::Ask(question) = obtained {
            context.out.push_back(question);
        }
    }

    /// A message of the topic CONNECTION arrived.
    #[inline(never)]
    pub fn on_connection_message(&mut self, context: &mut Context, action: ConnectionAction, message: &Message<'_>) {
        match (action, &mut self.phase) {
            (ConnectionAction::Pong, Phase::Open { heartbeat, .. }) => {
                context.pings.answered += 1;
                heartbeat.on_pong(context.now, &mut context.pings);
                self.round_trip_ms = heartbeat.round_trip_ms().unwrap_or(self.round_trip_ms);
            }
            (
                ConnectionAction::Accept,
                &mut Phase::Attempting { socket, since, deadline, step: Step::Challenging { is_login_sent, .. } },
            ) => {
                self.round_trip_ms = context.now.since_ms(since);
                self.offline_suspected = false;
                self.await_login(context, socket);
                if is_login_sent {
                    self.attempt_step(context, socket, deadline, Step::Authenticating);
                } else {
                    self.authenticate(context, socket, deadline);
                }
            }
            (
                ConnectionAction::InvalidMessage,
                Phase::Attempting { step: Step::Challenging { is_login_sent: is_login_sent @ true, .. }, .. },
            ) => {
                // Such a server wants to accept the connection first: the login is sent once more after that.
                *is_login_sent = false;
            }
            (
                ConnectionAction::Redirect,
                &mut Phase::Attempting { socket, deadline, step: Step::Challenging { redirects, .. }, .. },
            ) => {
                self.redirect(context, socket, deadline, message.url.unwrap_or_default(), redirects + 1);
            }
            (ConnectionAction::Reject, Phase::Attempting { step: Step::Challenging { .. }, .. }) => {
                self.stop(context, ClientError::of(Failure::ChallengeDenied));
            }
            (ConnectionAction::AuthenticationTimeout, phase) if phase.socket().is_some() => {
                if self.credentials.exist() {
                    self.announce(context, ConnectionState::AuthenticationTimeout);
                    self.lose(context, ClientError::of(Failure::AuthenticationTimeout), Urgency::AtOnce);
                } else {
                    self.stop(context, ClientError::of(Failure::AuthenticationTimeout));
                }
            }
            // The socket's own close follows, or does not; neither changes anything here.
            (ConnectionAction::Closing | ConnectionAction::Closed, _) => {}
            _ => context.report(message.error(self.phase.expected())),
        }
    }

    /// A message of the topic AUTH arrived.
    #[inline(never)]
    pub fn on_auth_message(&mut self, context: &mut Context, action: AuthAction, message: &Message<'_>) {
        match (action, &self.phase) {
            (AuthAction::AuthSuccessful, &Phase::Attempting { socket, step: Step::Authenticating, .. }) => {
                self.on_logged_in(context, socket, message.data)
            }
            (
                AuthAction::AuthUnsuccessful | AuthAction::InvalidMessage | AuthAction::InvalidMessageData,
                &Phase::Attempting { socket, deadline, step: Step::Authenticating, .. },
            ) => {
                self.await_login(context, socket);
                if self.credentials.refused(message.data) {
                    self.authenticate(context, socket, deadline);
                } else {
                    self.on_login_refused(context, message.data);
                }
            }
            (AuthAction::TooManyAuthAttempts, phase) if phase.socket().is_some() => {
                self.stop(context, ClientError::of(Failure::TooManyAuthAttempts));
            }
            _ => context.report(message.error(self.phase.expected())),
        }
    }

    /// The application answered what to log in with, or failed to.
    pub fn on_credentials(&mut self, context: &mut Context, question: u32, answer: Result<&str, &str>) {
        if !self.credentials.answered(question, answer.ok()) {
            return;
        }
        let Phase::Attempting { socket, deadline, step, .. } = &mut self.phase else { return };
        let (socket, deadline) = (*socket, *deadline);
        match (step, answer) {
            // The next socket has the answer when it opens, or asks again.
            (Step::Dialling { .. } | Step::Authenticating, _) => {}
            (Step::AwaitingAnswer, Ok(params)) => self.request_login(context, socket, deadline, params),
            (Step::Challenging { is_login_sent, .. }, Ok(params)) => {
                *is_login_sent = true;
                self.send_login(context, socket, params);
            }
            (_, Err(words)) => {
                let error = ClientError::with_words(Failure::AuthParamsFailed, words);
                self.lose(context, error, Urgency::AtOnce);
            }
        }
    }

    fn await_login(&mut self, context: &mut Context, socket: SocketId) {
        let next_ping = context.now.after_ms(context.options.heartbeat_interval_ms);
        self.enter(context, Phase::AwaitingLogin { socket, since: context.now, next_ping });
    }

    /// Logs in if there is something to log in with.
    pub(super) fn authenticate(&mut self, context: &mut Context, socket: SocketId, deadline: Instant) {
        match self.credentials.obtain() {
            Obtain::Nothing => context.settle_all(&mut self.resumes, &Ok(None)),
            Obtain::Send(params) => self.request_login(context, socket, deadline, &params),
            Obtain::Wait => self.attempt_step(context, socket, deadline, Step::AwaitingAnswer),
            Obtain::Ask(question) => {
                self.attempt_step(context, socket, deadline, Step::AwaitingAnswer);
                context.out.push_back(question);
            }
        }
    }

    fn request_login(&mut self, context: &mut Context, socket: SocketId, deadline: Instant, params: &str) {
        self.send_login(context, socket, params);
        self.attempt_step(context, socket, deadline, Step::Authenticating);
    }

    fn send_login(&mut self, context: &mut Context, socket: SocketId, params: &str) {
        self.login_digest = digest(params);
        let mut request = Message::new(AuthAction::Request);
        request.data = Some(params);
        context.send_on(socket, &request);
    }

    fn on_logged_in(&mut self, context: &mut Context, socket: SocketId, data: Option<&str>) {
        let heartbeat = Heartbeat::new(context.now, &context.options, self.round_trip_ms);
        context.pings = Pings::of_session(self.round_trip_ms);
        let ended = self.outage.end(context.now);
        let gap_ms = ended.map(|(lasted_ms, _)| lasted_ms);
        self.enter(context, Phase::Open { socket, since: context.now, gap_ms, heartbeat });
        self.credentials.accepted();
        self.update_client_data(context, data);
        let client_data = Ok(self.login_outcome());
        context.settle_all(&mut self.resumes, &Ok(None));
        context.settle_all(&mut self.logins, &client_data);
        if let Some((lasted_ms, true)) = ended {
            context.out.push_back(Output::ConnectionRestored { lasted_ms });
        }
    }

    fn on_login_refused(&mut self, context: &mut Context, reason: Option<&str>) {
        let error = ClientError::login_refused(reason);
        if self.logins.is_empty() {
            context.out.push_back(Output::ReauthenticationFailed { reason: reason.map(Into::into) });
        }
        self.settle_all(context, &error);
    }

    /// What a login that succeeded is told: the client data, which may be `null`.
    pub(super) fn login_outcome(&self) -> Option<Box<str>> {
        Some(self.client_data.clone().unwrap_or_else(|| "null".into()))
    }

    /// An empty object counts as no data as long as there was none, as in the reference client.
    fn update_client_data(&mut self, context: &mut Context, data: Option<&str>) {
        let data = data.filter(|data| *data != "null" && (*data != "{}" || self.client_data.is_some()));
        if data != self.client_data.as_deref() {
            self.client_data = data.map(Into::into);
            context.out.push_back(Output::ClientDataChanged(self.client_data.clone()));
        }
    }

    fn redirect(&mut self, context: &mut Context, socket: SocketId, deadline: Instant, url: &str, redirects: u8) {
        let failure = match parse_url(url, &context.options.path) {
            Ok(_) if redirects > MAX_REDIRECTS => ConnectionFailure::TooManyRedirects,
            Ok(target) => {
                context.out.push_back(Output::AbandonSocket(socket));
                self.endpoints.redirect(target.into());
                self.open_socket(context, deadline, redirects);
                return;
            }
            Err(_) => ConnectionFailure::BadRedirect(url),
        };
        self.fail(context, failure);
    }
}
