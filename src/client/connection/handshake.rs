//! What the server and the client say to each other until the client is let in.

use super::{
    Connection, Context, Urgency,
    credentials::Obtain,
    heartbeat::Heartbeat,
    phase::{Occasion, Phase, Stop},
};
use crate::{
    client::{
        digest::digest,
        error::{ClientError, ConnectionFailure},
        io::{ConnectionState, Output, SocketId},
        limits::MAX_REDIRECTS,
        pings::Pings,
        time::Instant,
        url::parse_url,
    },
    wire::{AuthAction, AuthMessage, ConnectionAction, ConnectionMessage, Message, Topic, is_error},
};

/// The version of the protocol that this client speaks.
const PROTOCOL_VERSION: &str = "0.1a";

impl Connection {
    /// The socket is open.
    pub fn on_opened(&mut self, context: &mut Context<'_>) {
        let Phase::Dialling { socket, deadline, redirects, .. } = self.phase else {
            return;
        };
        // A socket of the ladder had little time to open, one after timeouts much; for the rest it has as much as any.
        let usual = context.now.after_ms(context.options.connect_timeout_ms);
        let deadline = if self.backoff.is_on_ladder() { usual } else { deadline.min(usual) };
        self.announce(context, ConnectionState::AwaitingConnection);
        let challenge = ConnectionMessage {
            url: Some(self.endpoints.original()),
            protocol_version: Some(PROTOCOL_VERSION),
            sdk_type: Some("wasm"),
            sdk_version: Some(env!("CARGO_PKG_VERSION")),
            ..ConnectionMessage::new(ConnectionAction::Challenge)
        };
        context.send_on(socket, &Message::Connection(challenge));
        self.enter(context, Phase::Challenging { socket, since: context.now, deadline, redirects });
    }

    /// A message of the topic CONNECTION arrived.
    pub fn on_connection_message(&mut self, context: &mut Context<'_>, message: &ConnectionMessage<'_>) {
        match (message.action, &mut self.phase) {
            (ConnectionAction::Pong, Phase::Open { heartbeat, .. }) => {
                context.pings.answered += 1;
                heartbeat.on_pong(context.now, context.pings);
                self.round_trip_ms = heartbeat.round_trip_ms().unwrap_or(self.round_trip_ms);
            }
            (ConnectionAction::Accept, Phase::Challenging { socket, since, deadline, .. }) => {
                let (socket, deadline) = (*socket, *deadline);
                self.round_trip_ms = context.now.since_ms(*since);
                self.offline_suspected = false;
                self.await_login(context, socket);
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
                if self.credentials.exist() {
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
                asked: None,
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
            (AuthAction::AuthSuccessful, Phase::Authenticating { .. }) => self.on_logged_in(context, message.data),
            (
                AuthAction::AuthUnsuccessful | AuthAction::InvalidMessage | AuthAction::InvalidMessageData,
                Phase::Authenticating { socket, deadline },
            ) => {
                let (socket, deadline) = (*socket, *deadline);
                self.await_login(context, socket);
                if self.credentials.refused(message.data) {
                    self.authenticate(context, deadline);
                } else {
                    self.on_login_refused(context, message.data);
                }
            }
            (AuthAction::TooManyAuthAttempts, phase) if phase.socket().is_some() => {
                self.stop(context, Stop::TooManyAuthAttempts);
            }
            (action, _) if message.is_error || is_error(action.number()) => context.report(ClientError::Server {
                topic: Topic::Auth,
                action: action.name(),
                asked: None,
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

    /// The application answered what to log in with, or failed to.
    pub fn on_credentials(&mut self, context: &mut Context<'_>, question: u32, answer: Result<&str, &str>) {
        if !self.credentials.answered(question) {
            return;
        }
        let Phase::AwaitingAnswer { socket, deadline } = self.phase else {
            return;
        };
        match answer {
            Ok(params) => self.request_login(context, socket, params, deadline),
            Err(words) => {
                self.lose(context, ClientError::AuthParamsFailed { words: words.into() }, Urgency::AtOnce);
            }
        }
    }

    fn await_login(&mut self, context: &mut Context<'_>, socket: SocketId) {
        let next_ping = context.now.after_ms(context.options.heartbeat_interval_ms);
        self.enter(context, Phase::AwaitingLogin { socket, since: context.now, next_ping });
    }

    /// Logs in if there is something to log in with.
    pub(super) fn authenticate(&mut self, context: &mut Context<'_>, deadline: Instant) {
        let Phase::AwaitingLogin { socket, .. } = self.phase else {
            return;
        };
        match self.credentials.obtain() {
            Obtain::Nothing => context.settle_all(&mut self.resumes, &Ok(None)),
            Obtain::Send(params) => self.request_login(context, socket, &params, deadline),
            Obtain::Wait => self.enter(context, Phase::AwaitingAnswer { socket, deadline }),
            Obtain::Ask { id, refresh, reason } => {
                self.enter(context, Phase::AwaitingAnswer { socket, deadline });
                context.out.push_back(Output::AskCredentials { question: id, refresh, reason });
            }
        }
    }

    fn request_login(&mut self, context: &mut Context<'_>, socket: SocketId, params: &str, deadline: Instant) {
        self.login_digest = digest(params);
        let request = AuthMessage { data: Some(params), ..AuthMessage::new(AuthAction::Request) };
        context.send_on(socket, &Message::Auth(request));
        self.enter(context, Phase::Authenticating { socket, deadline });
    }

    fn on_logged_in(&mut self, context: &mut Context<'_>, data: Option<&str>) {
        let Phase::Authenticating { socket, .. } = self.phase else {
            return;
        };
        let heartbeat = Heartbeat::new(context.now, context.options, self.round_trip_ms);
        *context.pings = Pings::of_session(self.round_trip_ms);
        let ended = self.outage.end(context.now);
        let gap_ms = ended.map(|ended| ended.lasted_ms);
        self.enter(context, Phase::Open { socket, since: context.now, gap_ms, heartbeat });
        self.credentials.accepted();
        self.update_client_data(context, data);
        let client_data = Ok(self.login_outcome());
        context.settle_all(&mut self.resumes, &Ok(None));
        context.settle_all(&mut self.logins, &client_data);
        if let Some(ended) = ended.filter(|ended| ended.told) {
            context.out.push_back(Output::ConnectionRestored { lasted_ms: ended.lasted_ms });
        }
    }

    fn on_login_refused(&mut self, context: &mut Context<'_>, reason: Option<&str>) {
        let reason: Option<Box<str>> = reason.map(Into::into);
        let error = ClientError::InvalidAuthenticationDetails { reason: reason.clone() };
        if self.logins.is_empty() {
            context.out.push_back(Output::ReauthenticationFailed { reason });
        }
        context.settle_all(&mut self.resumes, &Err(error.clone()));
        context.settle_all(&mut self.logins, &Err(error));
    }

    /// What a login that succeeded is told: the client data, which may be `null`.
    pub(super) fn login_outcome(&self) -> Option<Box<str>> {
        Some(self.client_data.clone().unwrap_or_else(|| "null".into()))
    }

    /// An empty object counts as no data as long as there was none, as in the reference client.
    fn update_client_data(&mut self, context: &mut Context<'_>, data: Option<&str>) {
        let data = data.filter(|data| *data != "null" && (*data != "{}" || self.client_data.is_some()));
        if data != self.client_data.as_deref() {
            self.client_data = data.map(Into::into);
            context.out.push_back(Output::ClientDataChanged(self.client_data.clone()));
        }
    }

    fn redirect(&mut self, context: &mut Context<'_>, url: &str, redirects: u8) {
        let Phase::Challenging { socket, deadline, .. } = self.phase else {
            return;
        };
        let failure = match parse_url(url, &context.options.path) {
            Ok(_) if redirects > MAX_REDIRECTS => ConnectionFailure::TooManyRedirects,
            Ok(target) => {
                context.out.push_back(Output::AbandonSocket(socket));
                self.endpoints.redirect(target.into());
                self.open_socket(context, Occasion::Redirect, deadline, redirects);
                return;
            }
            Err(_) => ConnectionFailure::BadRedirect(url.into()),
        };
        self.lose(context, ClientError::Connection(failure), Urgency::AtOnce);
    }
}
