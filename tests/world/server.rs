//! A server that behaves as `@deepstream/server` 7 does, as far as connections, logins and events go.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::Instant,
    wire::{
        AuthAction, AuthMessage, ConnectionAction, ConnectionMessage, EventAction, EventMessage, Message, ParserAction,
        ParserMessage, Topic, decode,
    },
};

use super::network::LinkId;

/// How long the server leaves a client that failed to log in too often, in milliseconds.
const FAREWELL_MS: u64 = 10;

/// The close code a client sees when the server closes its socket without giving one.
const NO_CODE: u16 = 1005;

/// What the server does at each step.
pub struct Policy {
    pub at_connection: AtConnection,
    pub at_challenge: AtChallenge,
    /// The answer to logins that [`logins`](Self::logins) does not name.
    pub at_login: AtLogin,
    /// Answers by credentials, which are JSON text.
    pub logins: BTreeMap<String, AtLogin>,
    /// Names that nobody may subscribe to.
    pub denied: BTreeSet<String>,
    pub answers_pings: bool,
    pub acknowledges: bool,
    pub max_auth_attempts: u32,
    pub unauthenticated_client_timeout_ms: Option<u64>,
    pub heartbeat_interval_ms: u64,
}

/// What happens when a socket is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtConnection {
    Welcome,
    CloseWith(u16),
}

/// The answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtChallenge {
    Accept,
    Reject,
    Redirect(String),
    Silence,
}

/// The answer to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtLogin {
    /// With client data: JSON text.
    Succeed(Option<String>),
    /// With a reason: JSON text.
    Refuse(Option<String>),
    Silence,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            at_connection: AtConnection::Welcome,
            at_challenge: AtChallenge::Accept,
            at_login: AtLogin::Succeed(None),
            logins: BTreeMap::new(),
            denied: BTreeSet::new(),
            answers_pings: true,
            acknowledges: true,
            max_auth_attempts: 3,
            unauthenticated_client_timeout_ms: Some(180_000),
            heartbeat_interval_ms: 30_000,
        }
    }
}

/// A message as the server understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Challenge { url: String },
    Login(String),
    Ping,
    Subscribe(Vec<String>),
    Unsubscribe(Vec<String>),
    Emit { name: String, data: Option<String> },
}

/// What the server wants done on a link.
#[derive(Debug)]
pub enum Word {
    Frame(Vec<u8>),
    Close(u16),
}

/// A server at one URL.
pub struct FakeServer {
    pub policy: Policy,
    url: String,
    now: Instant,
    running: bool,
    connections: BTreeMap<LinkId, Connection>,
    /// Who is subscribed to what.
    subscribers: BTreeMap<String, BTreeSet<LinkId>>,
    words: Vec<(LinkId, Word)>,
    requests: Vec<(LinkId, Request)>,
    complaints: Vec<String>,
}

struct Connection {
    stage: Stage,
    user: Option<String>,
    failed_logins: u32,
    last_heard: Instant,
    next_check: Instant,
    login_deadline: Option<Instant>,
    farewell: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connected,
    Accepted,
    LoggedIn,
}

impl FakeServer {
    pub fn new(url: &str) -> Self {
        Self {
            policy: Policy::default(),
            url: url.into(),
            now: Instant::from_ms(0),
            running: true,
            connections: BTreeMap::new(),
            subscribers: BTreeMap::new(),
            words: Vec::new(),
            requests: Vec::new(),
            complaints: Vec::new(),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    // ---- what happens to the server ----

    /// Ends the process: every socket is cut, every subscription forgotten.
    pub fn kill(&mut self) {
        self.stop_with(1006);
    }

    /// Shuts down, closing every socket with a code.
    pub fn stop_with(&mut self, code: u16) {
        self.running = false;
        for link in std::mem::take(&mut self.connections).into_keys() {
            self.words.push((link, Word::Close(code)));
        }
        self.subscribers.clear();
    }

    pub const fn start(&mut self) {
        self.running = true;
    }

    pub fn restart(&mut self) {
        self.kill();
        self.start();
    }

    pub const fn is_running(&self) -> bool {
        self.running
    }

    // ---- what it knows ----

    /// What was asked of the server since it was [told to forget](Self::forget_requests).
    pub fn requests(&self) -> Vec<&Request> {
        self.requests.iter().map(|(_, request)| request).collect()
    }

    pub fn forget_requests(&mut self) {
        self.requests.clear();
    }

    /// What clients did that no client of this protocol should.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// The names to which a link is subscribed.
    pub fn subscriptions(&self, link: LinkId) -> Vec<&str> {
        let names = self.subscribers.iter().filter(|(_, links)| links.contains(&link));
        names.map(|(name, _)| name.as_str()).collect()
    }

    /// The credentials with which a link is logged in.
    pub fn user(&self, link: LinkId) -> Option<&str> {
        self.connections.get(&link)?.user.as_deref()
    }

    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    // ---- time ----

    pub fn deadline(&self) -> Option<Instant> {
        self.connections.values().map(Connection::deadline).min()
    }

    pub fn on_time(&mut self, now: Instant) {
        self.now = now;
        let due: Vec<_> = self.connections.iter().filter(|(_, due)| due.deadline() <= now).map(|(id, _)| *id).collect();
        for link in due {
            self.check(link);
        }
    }

    fn check(&mut self, link: LinkId) {
        let now = self.now;
        let connection = self.connections.get_mut(&link).expect("only connections are checked");
        if connection.login_deadline.is_some_and(|at| at <= now) {
            self.say(link, &ConnectionMessage::new(ConnectionAction::AuthenticationTimeout).into());
            self.close(link, NO_CODE);
        } else if connection.farewell.is_some_and(|at| at <= now) {
            self.close(link, NO_CODE);
        } else if connection.next_check <= now {
            connection.next_check = now.after_ms(self.policy.heartbeat_interval_ms);
            if now.since_ms(connection.last_heard) > 2 * self.policy.heartbeat_interval_ms {
                self.close(link, NO_CODE);
            }
        }
    }

    // ---- what it hears ----

    /// A client wants to connect. Returns whether the server takes the connection.
    pub fn on_dial(&mut self, now: Instant, link: LinkId) -> bool {
        self.now = now;
        if !self.running {
            return false;
        }
        let connection = Connection {
            stage: Stage::Connected,
            user: None,
            failed_logins: 0,
            last_heard: now,
            next_check: now.after_ms(self.policy.heartbeat_interval_ms),
            login_deadline: self.policy.unauthenticated_client_timeout_ms.map(|ms| now.after_ms(ms)),
            farewell: None,
        };
        self.connections.insert(link, connection);
        if let AtConnection::CloseWith(code) = self.policy.at_connection {
            self.close(link, code);
        }
        true
    }

    /// A client closed its socket, or the connection was cut. Closes this end as well.
    pub fn on_closed(&mut self, now: Instant, link: LinkId) {
        self.now = now;
        self.close(link, NO_CODE);
    }

    /// A frame arrived. Only its first message is read.
    pub fn on_frame(&mut self, now: Instant, link: LinkId, frame: &[u8]) {
        self.now = now;
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        connection.last_heard = now;
        let stage = connection.stage;
        let mut messages = decode(frame);
        let message = messages.next().expect("a frame has a message").expect("clients send what can be decoded");
        if messages.next().is_some() {
            self.complain("a second message in one frame, which the server never reads");
        }
        match (stage, &message) {
            (_, Message::Connection(ConnectionMessage { action: ConnectionAction::Ping, .. })) => self.on_ping(link),
            (Stage::Connected, Message::Connection(message)) => self.on_challenge(link, message),
            (Stage::Accepted, Message::Auth(message)) => self.on_login(link, message),
            (Stage::LoggedIn, Message::Event(message)) => self.on_event(link, message),
            (stage, message) => self.on_unexpected(link, stage, message),
        }
    }

    fn on_ping(&mut self, link: LinkId) {
        self.requests.push((link, Request::Ping));
        if self.connections[&link].stage == Stage::LoggedIn && self.policy.answers_pings {
            self.say(link, &ConnectionMessage::new(ConnectionAction::Pong).into());
        }
    }

    fn on_challenge(&mut self, link: LinkId, message: &ConnectionMessage<'_>) {
        if message.action != ConnectionAction::Challenge {
            return self.complain(&format!("CONNECTION/{} instead of a challenge", message.action.name()));
        }
        self.requests.push((link, Request::Challenge { url: message.url.unwrap_or_default().into() }));
        match self.policy.at_challenge.clone() {
            AtChallenge::Accept => {
                self.connection(link).stage = Stage::Accepted;
                self.say(link, &ConnectionMessage::new(ConnectionAction::Accept).into());
            }
            AtChallenge::Reject => {
                self.say(link, &ConnectionMessage::new(ConnectionAction::Reject).into());
                self.close(link, NO_CODE);
            }
            AtChallenge::Redirect(url) => {
                let redirect = ConnectionMessage::new(ConnectionAction::Redirect);
                self.say(link, &ConnectionMessage { url: Some(&url), ..redirect }.into());
            }
            AtChallenge::Silence => {}
        }
    }

    fn on_login(&mut self, link: LinkId, message: &AuthMessage<'_>) {
        let credentials = message.data.unwrap_or_default();
        if message.action != AuthAction::Request || !credentials.starts_with('{') {
            self.complain(&format!("AUTH/{} with {credentials:?}", message.action.name()));
            self.say(link, &AuthMessage::new(AuthAction::InvalidMessageData).into());
            return self.close(link, NO_CODE);
        }
        self.requests.push((link, Request::Login(credentials.into())));
        let answer = self.policy.logins.get(credentials).unwrap_or(&self.policy.at_login).clone();
        if answer != AtLogin::Silence {
            self.connection(link).login_deadline = None;
        }
        match answer {
            AtLogin::Succeed(client_data) => {
                let connection = self.connection(link);
                connection.stage = Stage::LoggedIn;
                connection.user = Some(credentials.into());
                let data = client_data.as_deref();
                self.say(link, &AuthMessage { data, ..AuthMessage::new(AuthAction::AuthSuccessful) }.into());
            }
            AtLogin::Refuse(reason) => self.refuse_login(link, reason.as_deref()),
            AtLogin::Silence => {}
        }
    }

    fn refuse_login(&mut self, link: LinkId, reason: Option<&str>) {
        self.say(link, &AuthMessage { data: reason, ..AuthMessage::new(AuthAction::AuthUnsuccessful) }.into());
        let farewell = self.now.after_ms(FAREWELL_MS);
        let most = self.policy.max_auth_attempts;
        let connection = self.connection(link);
        connection.failed_logins += 1;
        if connection.failed_logins >= most {
            connection.farewell = Some(farewell);
            self.say(link, &AuthMessage::new(AuthAction::TooManyAuthAttempts).into());
        }
    }

    fn on_event(&mut self, link: LinkId, message: &EventMessage<'_>) {
        match message.action {
            EventAction::Emit => self.on_emit(link, message),
            EventAction::Subscribe | EventAction::Unsubscribe => self.on_bulk(link, message),
            action => self.complain(&format!("EVENT/{}", action.name())),
        }
    }

    fn on_emit(&mut self, link: LinkId, message: &EventMessage<'_>) {
        let name = message.name.unwrap_or_default();
        self.requests.push((link, Request::Emit { name: name.into(), data: message.data.map(Into::into) }));
        let subscribers = self.subscribers.get(name).cloned().unwrap_or_default();
        for subscriber in subscribers.into_iter().filter(|subscriber| *subscriber != link) {
            self.say(subscriber, &message.clone().into());
        }
    }

    fn on_bulk(&mut self, link: LinkId, message: &EventMessage<'_>) {
        let mut names: Vec<String> = message.names.iter().map(|name| (*name).into()).collect();
        if names.is_empty() || message.correlation_id.is_none() {
            self.complain("a bulk message without names or without correlationId");
        }
        if message.action == EventAction::Subscribe {
            self.requests.push((link, Request::Subscribe(names.clone())));
            self.deny(link, message, &mut names);
            for name in &names {
                self.subscribe(link, name);
            }
        } else {
            self.requests.push((link, Request::Unsubscribe(names.clone())));
            for name in &names {
                if let Some(links) = self.subscribers.get_mut(name) {
                    links.remove(&link);
                }
            }
        }
        if !names.is_empty() && self.policy.acknowledges {
            let ack = EventMessage { is_ack: true, ..EventMessage::new(message.action) };
            self.say(link, &EventMessage { correlation_id: message.correlation_id, ..ack }.into());
        }
    }

    /// For every name that is denied, the server takes the LAST name off the list, whichever that is; and what is
    /// taken off that way is not even looked at. It acknowledges the message as long as any name is left.
    fn deny(&mut self, link: LinkId, message: &EventMessage<'_>, names: &mut Vec<String>) {
        for index in 0..names.len() {
            let Some(denied) = names.get(index).filter(|name| self.policy.denied.contains(*name)).cloned() else {
                continue;
            };
            names.pop();
            let error = EventMessage {
                is_error: true,
                name: Some(&denied),
                correlation_id: message.correlation_id,
                original_action: Some(message.action.number()),
                ..EventMessage::new(EventAction::MessageDenied)
            };
            self.say(link, &error.into());
        }
    }

    fn subscribe(&mut self, link: LinkId, name: &str) {
        if self.subscribers.entry(name.into()).or_default().insert(link) {
            return;
        }
        self.complain(&format!("MULTIPLE_SUBSCRIPTIONS to {name}"));
        let error = EventMessage {
            name: Some(name),
            original_action: Some(EventAction::Subscribe.number()),
            ..EventMessage::new(EventAction::MultipleSubscriptions)
        };
        self.say(link, &error.into());
    }

    fn on_unexpected(&mut self, link: LinkId, stage: Stage, message: &Message<'_>) {
        self.complain(&format!("{message:?} while {stage:?}"));
        let answer = match stage {
            Stage::Connected => ConnectionMessage::new(ConnectionAction::InvalidMessage).into(),
            Stage::Accepted => AuthMessage::new(AuthAction::InvalidMessage).into(),
            Stage::LoggedIn => Message::Parser(ParserMessage {
                original_topic: Some(Topic::number(message.topic())),
                ..ParserMessage::new(ParserAction::UnknownTopic)
            }),
        };
        self.say(link, &answer);
    }

    // ---- what it does ----

    /// What the server has said and done since it was last asked.
    pub fn take_words(&mut self) -> Vec<(LinkId, Word)> {
        std::mem::take(&mut self.words)
    }

    fn say(&mut self, link: LinkId, message: &Message<'_>) {
        self.words.push((link, Word::Frame(message.encode())));
    }

    fn close(&mut self, link: LinkId, code: u16) {
        self.connections.remove(&link);
        for links in self.subscribers.values_mut() {
            links.remove(&link);
        }
        self.words.push((link, Word::Close(code)));
    }

    fn complain(&mut self, complaint: &str) {
        self.complaints.push(complaint.into());
    }

    fn connection(&mut self, link: LinkId) -> &mut Connection {
        self.connections.get_mut(&link).expect("only connected clients are heard")
    }
}

impl Connection {
    fn deadline(&self) -> Instant {
        [Some(self.next_check), self.login_deadline, self.farewell]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(self.next_check)
    }
}
