//! What a connection must be like, told from nothing but what went over its sockets and when.

use deepstream_wasm::{
    client::{
        BackoffKind, Client, ConnectionState, Instant, Options,
        limits::{CONNECT_TIMEOUT_DOUBLINGS, MIN_RETRY_WAIT_MS, ONLINE_LADDER_MS},
    },
    wire::{Action, AuthAction, ConnectionAction, Message, decode},
};

/// How far the newest socket has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Dialled,
    Opened,
    Accepted,
    LoggingIn,
    LoggedIn,
}

/// Follows the sockets of one client.
#[derive(Default)]
pub struct Reference {
    /// How many sockets there ever were.
    sockets: usize,
    live: Option<Progress>,
    /// Whether the server was asked over the newest socket to accept it.
    is_challenged: bool,
    /// Whether it has the credentials as well, sent along.
    is_login_sent: bool,
    /// Whether the last thing that a server said was to go elsewhere.
    redirected: bool,
    /// Whether the answer to a login came in one frame with what the client logs in upon.
    is_answered_early: bool,
    retry_at: Option<Instant>,
}

impl Reference {
    /// The client opens a socket.
    pub fn dialled(&mut self) {
        assert_eq!(self.live, None, "a client has one socket at the most");
        self.sockets += 1;
        self.live = Some(Progress::Dialled);
    }

    /// The socket is open.
    pub fn opened(&mut self) {
        self.live = Some(Progress::Opened);
        (self.redirected, self.is_challenged, self.is_login_sent) = (false, false, false);
    }

    /// There is no socket any more.
    pub fn gone(&mut self) {
        self.live = None;
    }

    /// A frame arrived.
    pub fn received(&mut self, frame: &[u8]) {
        for message in decode(frame).flatten() {
            self.live = match (self.live, message.action) {
                (Some(Progress::Opened), Action::Connection(action)) => match action {
                    ConnectionAction::Accept if self.is_login_sent => Some(Progress::LoggingIn),
                    ConnectionAction::Accept => Some(Progress::Accepted),
                    action => {
                        self.redirected |= action == ConnectionAction::Redirect;
                        self.is_login_sent &= action != ConnectionAction::InvalidMessage;
                        self.live
                    }
                },
                (Some(Progress::LoggingIn), Action::Auth(action)) => match action {
                    AuthAction::AuthSuccessful => Some(Progress::LoggedIn),
                    AuthAction::AuthUnsuccessful | AuthAction::InvalidMessage | AuthAction::InvalidMessageData => {
                        Some(Progress::Accepted)
                    }
                    _ => self.live,
                },
                (live, Action::Auth(action)) => {
                    self.is_answered_early |= action == AuthAction::AuthSuccessful;
                    live
                }
                (live, _) => live,
            };
        }
    }

    /// The client sends a frame: only what the server takes at this point.
    pub fn sent(&mut self, frame: &[u8]) {
        for message in decode(frame) {
            // What a client may not receive it may send: servers have limits of their own.
            let Ok(message) = message else { continue };
            let progress = self.live.expect("frames go over a socket");
            let is_expected = match message.action {
                Action::Connection(action) => match action {
                    ConnectionAction::Challenge => progress == Progress::Opened,
                    ConnectionAction::Ping => matches!(progress, Progress::Accepted | Progress::LoggedIn),
                    _ => false,
                },
                Action::Auth(action) => {
                    let is_along = progress == Progress::Opened && self.is_challenged && !self.is_login_sent;
                    action == AuthAction::Request && (is_along || progress == Progress::Accepted)
                }
                _ => progress == Progress::LoggedIn,
            };
            assert!(is_expected, "{message:?} is sent over a socket that is {progress:?}");
            self.is_challenged = true;
            if let (Action::Auth(_), Progress::Opened) = (message.action, progress) {
                self.is_login_sent = true;
            } else if let Action::Auth(_) = message.action {
                let is_answered = std::mem::take(&mut self.is_answered_early);
                self.live = Some(if is_answered { Progress::LoggedIn } else { Progress::LoggingIn });
            }
        }
    }

    /// Compares the client with what it must be, whenever it has nothing more to say.
    pub fn check(&mut self, now: Instant, client: &Client) {
        let state = client.state();
        assert!(self.is_due(state), "{state:?}, with {} sockets so far and the newest {:?}", self.sockets, self.live);
        self.check_patience(now, client);
        self.check_wait(now, client);
        self.redirected &= self.live.is_some();
        self.is_answered_early = false;
    }

    fn is_due(&self, state: ConnectionState) -> bool {
        use ConnectionState as State;
        match self.live {
            None => {
                matches!(
                    state,
                    State::Closed
                        | State::Offline
                        | State::Error
                        | State::ChallengeDenied
                        | State::TooManyAuthAttempts
                        | State::AuthenticationTimeout
                        | State::Reconnecting
                ) || (state == State::Initialising && self.sockets == 0)
            }
            Some(Progress::Dialled) => match state {
                State::Initialising => self.sockets == 1,
                State::Redirecting => self.redirected,
                state => state == State::Reconnecting,
            },
            Some(Progress::Opened) => state == State::Challenging,
            Some(Progress::Accepted) => state == State::AwaitingAuthentication,
            Some(Progress::LoggingIn) => state == State::Authenticating,
            Some(Progress::LoggedIn) => state == State::Open,
        }
    }

    /// No attempt has more time than the options and the times before give it.
    fn check_patience(&self, now: Instant, client: &Client) {
        if let Some(Progress::Dialled | Progress::Opened | Progress::LoggingIn) = self.live {
            let longest_ms = client.options().connect_timeout_ms << CONNECT_TIMEOUT_DOUBLINGS;
            let (deadline, wake) = client.deadline().expect("an attempt has a deadline");
            assert!(deadline <= now.after_ms(longest_ms), "{wake:?} only at {deadline:?}");
        }
    }

    /// No wait is longer than the schedule, and none but the first is no wait at all.
    fn check_wait(&mut self, now: Instant, client: &Client) {
        let (connection, options) = (client.connection(), client.options());
        let is_waiting = connection.state == ConnectionState::Reconnecting;
        let retry_at = connection.next_attempt_at.filter(|_| is_waiting);
        if let Some(at) = retry_at.filter(|_| retry_at != self.retry_at) {
            let (wait_ms, attempt) = (at.since_ms(now), connection.attempt);
            let longest_ms = longest_wait_ms(options, attempt);
            assert!(wait_ms <= longest_ms, "{wait_ms} ms before attempt {attempt}: at most {longest_ms} ms");
            assert!(attempt <= 1 || wait_ms >= MIN_RETRY_WAIT_MS, "{wait_ms} ms before attempt {attempt}");
            assert!(options.max_reconnect_attempts.is_none_or(|most| attempt <= most), "attempt {attempt}");
        }
        self.retry_at = retry_at;
    }
}

/// The documented schedule for one URL, of which jitter only ever takes something off.
fn longest_wait_ms(options: &Options, attempt: u32) -> u64 {
    let before = attempt.saturating_sub(1).max(1);
    let steps = match options.reconnect_backoff {
        BackoffKind::Linear => u64::from(before),
        BackoffKind::Exponential => 1_u64.checked_shl(before - 1).unwrap_or(u64::MAX),
    };
    let scheduled_ms = options.reconnect_interval_increment_ms.saturating_mul(steps);
    let ladder_ms = ONLINE_LADDER_MS.get(before as usize).copied().unwrap_or(0);
    scheduled_ms.max(ladder_ms).min(options.max_reconnect_interval_ms).max(MIN_RETRY_WAIT_MS)
}
