//! A server that behaves as `@deepstream/server` 7 does. Connections and logins are here; every other topic has a file
//! and a state of its own.

mod connection;
mod effects;
mod event;
mod listeners;
pub mod pattern;
pub mod policy;
mod presence;
mod record;
mod rpc;
mod subscribers;

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::Instant,
    wire::{Action, AuthAction, ConnectionAction, Message, ParserAction, Topic, decode},
};

use self::{
    connection::{Connection, Stage},
    effects::Effects,
    event::Events,
    presence::Presence,
    record::{Records, Turn},
    rpc::Rpc,
};
pub use self::{
    effects::{Emitted, Request, Word},
    policy::{AtChallenge, AtConnection, AtLogin, Policy, Right},
    record::text as record_text,
};
use super::network::LinkId;

/// How long the server leaves a client that failed to log in too often, in milliseconds.
const FAREWELL_MS: u64 = 10;

/// The close code a client sees when the server closes its socket without giving one.
const NO_CODE: u16 = 1005;

/// The close code a client sees when the connection ends without a word.
const DIED: u16 = 1006;

/// A server at one URL.
pub struct FakeServer {
    pub policy: Policy,
    url: String,
    now: Instant,
    running: bool,
    connections: BTreeMap<LinkId, Connection>,
    events: Events,
    records: Records,
    presence: Presence,
    rpc: Rpc,
    effects: Effects,
    /// When the records' cache and storage have answered.
    settles_at: Option<Instant>,
}

impl FakeServer {
    pub fn new(url: &str) -> Self {
        Self {
            policy: Policy::default(),
            url: url.into(),
            now: Instant::from_ms(0),
            running: true,
            connections: BTreeMap::new(),
            events: Events::new(),
            records: Records::new(),
            presence: Presence::default(),
            rpc: Rpc::default(),
            effects: Effects::default(),
            settles_at: None,
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
            self.effects.words.push((link, Word::Close(code)));
        }
        self.events.on_process_end();
        self.presence.forget();
        self.records.on_process_end();
        self.settles_at = None;
        self.rpc.forget();
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
        self.effects.requests.iter().map(|(_, request)| request).collect()
    }

    pub fn forget_requests(&mut self) {
        self.effects.requests.clear();
    }

    /// All events that it ever took, in order.
    pub fn emitted(&self) -> &[Emitted] {
        &self.effects.emitted
    }

    /// Every call it ever took.
    pub fn called(&self) -> &[Emitted] {
        &self.effects.called
    }

    /// What clients did that no client of this protocol should.
    pub fn complaints(&self) -> &[String] {
        &self.effects.complaints
    }

    /// The events to which a link is subscribed.
    pub fn subscriptions(&self, link: LinkId) -> Vec<&str> {
        self.events.subscribers.names_of(link)
    }

    /// From now on records outlive the server's process.
    pub fn add_storage(&mut self) {
        self.records.store.add_storage();
    }

    /// Every record that the server has: its version and its data, as JSON text.
    pub fn records(&self) -> BTreeMap<String, (i32, String)> {
        self.records.store.all()
    }

    /// Every state in which any record ever was, oldest first: its name, its version, and its data as JSON text.
    pub fn past_of_records(&self) -> &[(String, i32, String)] {
        self.records.store.past()
    }

    /// The records to which a link is subscribed.
    pub fn record_subscriptions(&self, link: LinkId) -> Vec<&str> {
        self.records.subscribers.names_of(link)
    }

    /// What a link is subscribed to of presence: users, or `%_EVERYONE_%`.
    pub fn watches(&self, link: LinkId) -> Vec<&str> {
        self.presence.subscribers.names_of(link)
    }

    /// The users who are logged in.
    pub fn online(&self) -> Vec<&str> {
        self.presence.online().collect()
    }

    /// The user as whom a link is logged in.
    pub fn user_id(&self, link: LinkId) -> Option<&str> {
        self.connections.get(&link)?.user_id()
    }

    /// The patterns of events to which a link listens.
    pub fn patterns(&self, link: LinkId) -> Vec<&str> {
        self.events.listeners.patterns_of(link).into_iter().collect()
    }

    /// The events that a link provides.
    pub fn provided_events(&self, link: LinkId) -> BTreeSet<&str> {
        self.events.listeners.provided_by(link)
    }

    /// The procedures that a link provides.
    pub fn provided(&self, link: LinkId) -> Vec<&str> {
        self.rpc.providers.names_of(link)
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
        let connection = self.connections.values().map(Connection::deadline).min();
        connection
            .into_iter()
            .chain(self.events.listeners.deadline())
            .chain(self.records.listeners.deadline())
            .chain(self.rpc.deadline())
            .chain(self.settles_at)
            .min()
    }

    pub fn on_time(&mut self, now: Instant) {
        self.now = now;
        let due: Vec<_> = self.connections.iter().filter(|(_, due)| due.deadline() <= now).map(|(id, _)| *id).collect();
        for link in due {
            self.check(link);
        }
        if self.settles_at.is_some_and(|at| at <= now) {
            self.settle();
        }
        let said = self.effects.words.len();
        let turn = &mut Turn { now, policy: &self.policy, effects: &mut self.effects };
        self.events.on_time(turn);
        self.records.on_time(turn);
        self.forget_words_to_nobody(said);
        self.rpc.on_time(&mut self.effects, now);
    }

    fn check(&mut self, link: LinkId) {
        let now = self.now;
        let connection = self.connections.get_mut(&link).expect("only connections are checked");
        if connection.login_deadline.is_some_and(|at| at <= now) {
            self.effects.say(link, &Message::new(ConnectionAction::AuthenticationTimeout));
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
        self.on_frames(now, link, &[frame]);
    }

    /// Frames arrived in one piece: all are heard before anything is done that takes the server time.
    pub fn on_frames(&mut self, now: Instant, link: LinkId, frames: &[&[u8]]) {
        self.now = now;
        for frame in frames {
            self.hear(link, frame);
        }
        if self.policy.store_delay_ms == 0 {
            return self.settle();
        }
        self.settles_at.get_or_insert(now.after_ms(self.policy.store_delay_ms));
        self.die_of_crash();
    }

    fn die_of_crash(&mut self) {
        if self.effects.take_crash() {
            self.kill();
        }
    }

    /// Does what waits for the records' cache and storage.
    fn settle(&mut self) {
        self.settles_at = None;
        let said = self.effects.words.len();
        self.records.settle(&mut Turn { now: self.now, policy: &self.policy, effects: &mut self.effects });
        self.forget_words_to_nobody(said);
        self.die_of_crash();
    }

    /// Of what was said last, forgets what would have to go over a connection that is no more.
    fn forget_words_to_nobody(&mut self, from: usize) {
        let words = self.effects.words.split_off(from);
        let heard = words.into_iter().filter(|(link, _)| self.connections.contains_key(link));
        self.effects.words.extend(heard);
    }

    fn hear(&mut self, link: LinkId, frame: &[u8]) {
        let now = self.now;
        if self.effects.has_crashed() {
            return;
        }
        let Some(connection) = self.connections.get_mut(&link) else {
            return;
        };
        connection.last_heard = now;
        if frame.len() > self.policy.max_frame_bytes {
            return self.close(link, self.policy.too_big_code);
        }
        let contains = |poison: &str| frame.windows(poison.len()).any(|bytes| bytes == poison.as_bytes());
        if self.policy.poison.is_some_and(contains) {
            return self.close(link, DIED);
        }
        let (stage, user) = (connection.stage, connection.user.clone().unwrap_or_default());
        let mut messages = decode(frame);
        let message = messages.next().expect("a frame has a message").expect("clients send what can be decoded");
        if messages.next().is_some() {
            self.effects.complain("a second message in one frame, which the server never reads");
        }
        let message = &message;
        match (stage, message.action) {
            (_, Action::Connection(ConnectionAction::Ping)) => self.on_ping(link),
            (Stage::Connected, Action::Connection(action)) => self.on_challenge(link, action, message),
            (Stage::Accepted, Action::Auth(action)) => self.on_login(link, action, message),
            // Sent along with the challenge, before it was clear that this server would not accept it.
            (Stage::Connected, Action::Auth(_)) => {
                self.effects.say(link, &Message::new(ConnectionAction::InvalidMessage));
                if self.policy.at_challenge == AtChallenge::AcceptLate {
                    self.accept(link);
                }
            }
            (Stage::LoggedIn, Action::Event(action)) => {
                let said = self.effects.words.len();
                let turn = &mut Turn { now: self.now, policy: &self.policy, effects: &mut self.effects };
                self.events.on_message(turn, link, action, message);
                self.effects.sign_emitted(&user);
                self.forget_words_to_nobody(said);
            }
            (Stage::LoggedIn, Action::Presence(action)) => {
                let user = self.connections[&link].user_id().unwrap_or_default();
                self.presence.on_message(&self.policy, &mut self.effects, link, user, action, message);
            }
            (Stage::LoggedIn, Action::Record(action)) => {
                self.effects.note(link, Request::Record(record_text(message)));
                let said = self.effects.words.len();
                let turn = &mut Turn { now: self.now, policy: &self.policy, effects: &mut self.effects };
                self.records.on_message(turn, link, action, message);
                self.forget_words_to_nobody(said);
            }
            (Stage::LoggedIn, Action::Rpc(action)) => {
                self.rpc.on_message(now, &self.policy, &mut self.effects, link, action, message);
                self.effects.sign_emitted(&user);
            }
            (stage, _) => self.on_unexpected(link, stage, message),
        }
    }

    fn on_ping(&mut self, link: LinkId) {
        self.effects.note(link, Request::Ping);
        if self.connections[&link].stage == Stage::LoggedIn && self.policy.answers_pings {
            self.effects.say(link, &Message::new(ConnectionAction::Pong));
        }
    }

    fn on_challenge(&mut self, link: LinkId, action: ConnectionAction, message: &Message<'_>) {
        if action != ConnectionAction::Challenge {
            return self.effects.complain(&format!("CONNECTION/{} instead of a challenge", action.name()));
        }
        self.effects.note(link, Request::Challenge { url: message.url.unwrap_or_default().into() });
        match self.policy.at_challenge.clone() {
            AtChallenge::Accept => self.accept(link),
            AtChallenge::Reject => {
                self.effects.say(link, &Message::new(ConnectionAction::Reject));
                self.close(link, NO_CODE);
            }
            AtChallenge::Redirect(url) => {
                let redirect = Message::new(ConnectionAction::Redirect);
                self.effects.say(link, &Message { url: Some(&url), ..redirect });
            }
            AtChallenge::Silence | AtChallenge::AcceptLate => {}
        }
    }

    fn accept(&mut self, link: LinkId) {
        self.connection(link).stage = Stage::Accepted;
        self.effects.say(link, &Message::new(ConnectionAction::Accept));
    }

    fn on_login(&mut self, link: LinkId, action: AuthAction, message: &Message<'_>) {
        let credentials = message.data.unwrap_or_default();
        if action != AuthAction::Request || !credentials.starts_with('{') {
            self.effects.complain(&format!("AUTH/{} with {credentials:?}", action.name()));
            self.effects.say(link, &Message::new(AuthAction::InvalidMessageData));
            return self.close(link, NO_CODE);
        }
        self.effects.note(link, Request::Login(credentials.into()));
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
                self.effects.say(link, &Message { data, ..Message::new(AuthAction::AuthSuccessful) });
                let user = self.connections[&link].user_id().unwrap_or_default();
                self.presence.on_login(&mut self.effects, user);
            }
            AtLogin::Refuse(reason) => self.refuse_login(link, reason.as_deref()),
            AtLogin::Silence => {}
        }
    }

    fn refuse_login(&mut self, link: LinkId, reason: Option<&str>) {
        self.effects.say(link, &Message { data: reason, ..Message::new(AuthAction::AuthUnsuccessful) });
        let farewell = self.now.after_ms(FAREWELL_MS);
        let most = self.policy.max_auth_attempts;
        let connection = self.connection(link);
        connection.failed_logins += 1;
        if connection.failed_logins >= most {
            connection.farewell = Some(farewell);
            self.effects.say(link, &Message::new(AuthAction::TooManyAuthAttempts));
        }
    }

    fn on_unexpected(&mut self, link: LinkId, stage: Stage, message: &Message<'_>) {
        self.effects.complain(&format!("{message:?} while {stage:?}"));
        let answer = match stage {
            Stage::Connected => Message::new(ConnectionAction::InvalidMessage),
            Stage::Accepted => Message::new(AuthAction::InvalidMessage),
            Stage::LoggedIn => Message {
                original_topic: Some(message.action.topic().number()),
                ..Message::new(ParserAction::UnknownTopic)
            },
        };
        self.effects.say(link, &answer);
    }

    // ---- what it does ----

    /// What the server has said and done since it was last asked.
    pub fn take_words(&mut self) -> Vec<(LinkId, Word)> {
        std::mem::take(&mut self.effects.words)
    }

    fn close(&mut self, link: LinkId, code: u16) {
        let connection = self.connections.remove(&link);
        self.presence.subscribers.remove_link(link);
        if let Some(user) = connection.as_ref().and_then(Connection::user_id) {
            self.presence.on_logout(&mut self.effects, user);
        }
        let said = self.effects.words.len();
        let mut turn = Turn { now: self.now, policy: &self.policy, effects: &mut self.effects };
        self.events.on_closed(&mut turn, link);
        self.records.on_closed(&mut turn, link);
        self.forget_words_to_nobody(said);
        self.rpc.providers.remove_link(link);
        self.effects.words.push((link, Word::Close(code)));
    }

    fn connection(&mut self, link: LinkId) -> &mut Connection {
        self.connections.get_mut(&link).expect("only connected clients are heard")
    }
}
