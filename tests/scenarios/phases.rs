//! Every phase a client can be in, and how it gets there.

use deepstream_wasm::client::{ConnectionState, HeartbeatFailure};

use crate::world::{
    ClientId, LATENCY, World,
    network::Route,
    server::{AtChallenge, AtLogin},
};

/// Where a client can be. States that mean several things are here once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Made, but its first timer has not fired.
    New,
    /// Made with `lazyConnect`, and asked for nothing.
    Lazy,
    /// Its first socket is being opened.
    Dialling,
    Challenging,
    /// The socket to which the server redirected is being opened.
    Redirecting,
    /// Nobody has logged in.
    AwaitingLogin,
    /// The server refused the login.
    LoginRefused,
    Authenticating,
    Open,
    /// Between two attempts.
    Waiting,
    /// The socket of a further attempt is being opened.
    Redialling,
    Paused,
    /// All attempts failed.
    GaveUp,
    /// The heartbeat failed, with `heartbeatFailure: 'stop'`.
    HeartbeatStopped,
    ChallengeDenied,
    TooManyAuthAttempts,
    AuthenticationTimeout,
    Closed,
}

use Phase::*;

impl Phase {
    pub const ALL: [Self; 18] = [
        New,
        Lazy,
        Dialling,
        Challenging,
        Redirecting,
        AwaitingLogin,
        LoginRefused,
        Authenticating,
        Open,
        Waiting,
        Redialling,
        Paused,
        GaveUp,
        HeartbeatStopped,
        ChallengeDenied,
        TooManyAuthAttempts,
        AuthenticationTimeout,
        Closed,
    ];

    /// The state that the application sees.
    pub const fn state(self) -> ConnectionState {
        match self {
            Lazy | Closed => ConnectionState::Closed,
            New | Dialling => ConnectionState::Initialising,
            Challenging => ConnectionState::Challenging,
            Redirecting => ConnectionState::Redirecting,
            AwaitingLogin | LoginRefused => ConnectionState::AwaitingAuthentication,
            Authenticating => ConnectionState::Authenticating,
            Open => ConnectionState::Open,
            Waiting | Redialling => ConnectionState::Reconnecting,
            Paused => ConnectionState::Offline,
            GaveUp | HeartbeatStopped => ConnectionState::Error,
            ChallengeDenied => ConnectionState::ChallengeDenied,
            TooManyAuthAttempts => ConnectionState::TooManyAuthAttempts,
            AuthenticationTimeout => ConnectionState::AuthenticationTimeout,
        }
    }

    /// Whether a client gets here with credentials that the server has not refused.
    pub const fn has_credentials(self) -> bool {
        matches!(self, Authenticating | Open | Waiting | Redialling | Paused | HeartbeatStopped | Closed)
    }

    /// A world with one client in this phase. From now on nothing in this world goes wrong any more, and the client
    /// has forgotten how it got here.
    pub fn reach(self) -> (World, ClientId) {
        let mut world = World::new();
        let client = world.add_client_with(|options| match self {
            Lazy => options.lazy_connect = true,
            HeartbeatStopped => options.heartbeat_failure = HeartbeatFailure::Stop,
            GaveUp => options.max_reconnect_attempts = Some(0),
            _ => {}
        });
        if self != New {
            self.lead(&mut world, client);
            heal(&mut world, client);
        }
        assert_eq!(world.client(client).state(), self.state(), "{self:?}");
        world.client_mut(client).forget();
        world.server().forget_requests();
        (world, client)
    }

    fn lead(self, world: &mut World, client: ClientId) {
        let policy = &mut world.server().policy;
        match self {
            New => {}
            Lazy | Dialling => world.run_for(0),
            Challenging => {
                policy.at_challenge = AtChallenge::Silence;
                world.run_until(client, self.state());
            }
            Redirecting => {
                policy.at_challenge = AtChallenge::Redirect("ws://elsewhere.test/deepstream".into());
                world.run_until(client, self.state());
            }
            ChallengeDenied => {
                policy.at_challenge = AtChallenge::Reject;
                world.run_until(client, self.state());
            }
            AwaitingLogin => world.run_until(client, self.state()),
            AuthenticationTimeout => {
                policy.unauthenticated_client_timeout_ms = Some(1_000);
                world.run_until(client, self.state());
            }
            LoginRefused => {
                policy.at_login = AtLogin::Refuse(None);
                world.login(client, "{}");
                world.run_for(1_000);
            }
            TooManyAuthAttempts => {
                policy.at_login = AtLogin::Refuse(None);
                policy.max_auth_attempts = 1;
                world.login(client, "{}");
                world.run_until(client, self.state());
            }
            Authenticating => {
                policy.at_login = AtLogin::Silence;
                world.login(client, "{}");
                world.run_until(client, self.state());
                world.run_for(LATENCY);
            }
            Open => world.open(client),
            Waiting => {
                world.open(client);
                world.server().kill();
                world.run_for(1_000);
            }
            Redialling => {
                world.open(client);
                world.network().route(client, Route::Lost);
                world.server().restart();
                world.run_until(client, self.state());
            }
            Paused => {
                world.open(client);
                world.pause(client);
            }
            GaveUp => {
                world.network().route(client, Route::Refused);
                world.run_until(client, self.state());
            }
            HeartbeatStopped => {
                world.open(client);
                world.network().silence_both_ways(client);
                world.run_until(client, self.state());
            }
            Closed => {
                world.open(client);
                world.close(client);
            }
        }
    }
}

fn heal(world: &mut World, client: ClientId) {
    world.network().route(client, Route::Clear);
    let server = world.server();
    server.policy = Default::default();
    server.start();
}
