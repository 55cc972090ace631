//! What a client must be, judged by nothing but what its application asked for.

use std::collections::BTreeSet;

use deepstream_wasm::client::{ConnectionState, HeartbeatFailure, Options};

use crate::world::{ClientId, Wish, World};

/// What one application wants.
#[derive(Default)]
pub struct Intent {
    pub closed: bool,
    pub paused: bool,
    /// Whether the client was ever to dial.
    pub started: bool,
    /// With what it last asked to be logged in.
    pub credentials: Option<String>,
    pub subscribed: BTreeSet<String>,
    pub provided: BTreeSet<String>,
    /// The users it watches.
    pub watched: BTreeSet<String>,
    pub watches_all: bool,
    /// What it listens to.
    pub patterns: BTreeSet<String>,
    /// The payloads it emitted, in order, with the credentials given last.
    pub emitted: Vec<(Option<String>, String)>,
    calls_heard: usize,
}

impl Intent {
    /// The intent behind a client that was just made.
    pub fn of_a_new_client(options: &Options) -> Self {
        Self { started: !options.lazy_connect, ..Self::default() }
    }

    /// Takes in what the application asked for since the last time.
    pub fn hear(&mut self, calls: &[(ConnectionState, Wish)]) {
        for (state, wish) in &calls[self.calls_heard..] {
            if !self.closed {
                self.hear_one(*state, wish);
            }
        }
        self.calls_heard = calls.len();
    }

    fn hear_one(&mut self, state: ConnectionState, wish: &Wish) {
        match wish {
            Wish::Close => self.closed = true,
            Wish::Pause => self.paused = true,
            Wish::Resume => {
                self.paused = false;
                self.started = true;
            }
            // From these states only resume() leads on.
            Wish::Login(_) if matches!(state, ConnectionState::Error | ConnectionState::ChallengeDenied) => {}
            Wish::Login(credentials) => {
                self.started = true;
                self.credentials.clone_from(credentials);
            }
            Wish::Subscribe(name) => {
                self.subscribed.insert(name.clone());
            }
            Wish::Unsubscribe(name) => {
                self.subscribed.remove(name);
            }
            Wish::Emit { data, .. } => {
                self.emitted.extend(data.clone().map(|data| (self.credentials.clone(), data)));
            }
            Wish::Watch(user) => {
                self.watched.insert(user.clone());
            }
            Wish::Unwatch(user) => {
                self.watched.remove(user);
            }
            Wish::WatchAll => self.watches_all = true,
            Wish::UnwatchAll => self.watches_all = false,
            Wish::Listen(pattern) => {
                self.patterns.insert(pattern.clone());
            }
            Wish::Unlisten(pattern) => {
                self.patterns.remove(pattern);
            }
            Wish::Provide(name) => {
                self.provided.insert(name.clone());
            }
            Wish::Unprovide(name) => {
                self.provided.remove(name);
            }
            Wish::Resubscribe
            | Wish::Make { .. }
            | Wish::Cancel(_)
            | Wish::Answer { .. }
            | Wish::Offer { .. }
            | Wish::MakeDurable { .. }
            | Wish::FlushOutbox
            | Wish::ClearOutbox
            | Wish::Record(_)
            | Wish::Query(_)
            | Wish::AnswerOffer { .. } => {}
        }
    }

    /// Where a client must be in the end, if nothing goes wrong any more and its application logged in.
    pub const fn goal(&self) -> ConnectionState {
        if self.closed {
            ConnectionState::Closed
        } else if self.paused {
            ConnectionState::Offline
        } else {
            ConnectionState::Open
        }
    }

    /// Panics if the client is not what its application wants.
    pub fn check(&self, world: &World, client: ClientId, options: &Options) {
        let state = world.client(client).state();
        let may_be = if self.closed {
            state == ConnectionState::Closed
        } else if self.paused {
            state == ConnectionState::Offline
        } else if !self.started {
            state == ConnectionState::Closed
        } else {
            self.may_be(state, options)
        };
        assert!(may_be, "{client:?} must not be {state:?}");
        if let (ConnectionState::Open, Some(user)) = (state, world.user(client)) {
            assert_eq!(self.credentials.as_deref(), Some(user), "{client:?} is logged in as somebody else");
        }
    }

    fn may_be(&self, state: ConnectionState, options: &Options) -> bool {
        match state {
            ConnectionState::Offline => false,
            // Until the first timer fires, a client that is to dial is still CLOSED.
            ConnectionState::Closed => true,
            ConnectionState::Authenticating | ConnectionState::Open => self.credentials.is_some(),
            ConnectionState::Error => {
                options.max_reconnect_attempts.is_some() || options.heartbeat_failure == HeartbeatFailure::Stop
            }
            _ => true,
        }
    }
}
