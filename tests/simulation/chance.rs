//! What is left to chance in a simulated life: its circumstances, and what befalls it.

use std::ops::RangeInclusive;

use deepstream_wasm::client::{BackoffKind, HeartbeatFailure, Options, Output, PageSignal, RpcRequest, Ticket};

use crate::world::{
    ClientId, Dice, Reply, Wish, World,
    network::{Direction, News, Route},
    server::{AtChallenge, AtConnection, AtLogin},
};

/// The second server, to which the first may redirect.
pub const ELSEWHERE: &str = "ws://elsewhere.test/deepstream";

/// Credentials that the servers accept.
pub const GOOD: [&str; 2] = ["{\"username\":\"good\"}", "{\"username\":\"better\"}"];

/// The users whom these credentials log in, and somebody who never comes.
pub const USERS: [&str; 3] = ["good", "better", "nobody"];

/// Credentials that the servers refuse.
pub const BAD: &str = "{\"user\":\"bad\"}";

/// What there is to subscribe to, to emit, to provide and to call.
pub const NAMES: [&str; 6] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];

/// What there is to listen to; the last is no pattern at all.
pub const PATTERNS: [&str; 5] = [".*", "alpha.*", "beta.*", "e.*", NO_PATTERN];

/// What servers refuse to listen to.
pub const NO_PATTERN: &str = "(";

/// The longest time for which a fault holds things back, in milliseconds.
pub const LONGEST_STALL: u64 = 8_000;

/// The circumstances of one life.
pub struct Knobs {
    pub clients: usize,
    pub latency_ms: RangeInclusive<u64>,
    pub max_timer_delay_ms: u64,
    /// How many faults and wishes there are before everything heals.
    pub turns: u64,
    pub fault_share: f64,
    /// How often what went wrong for longer comes right again by itself.
    pub relief_share: f64,
    /// How often an application calls its client from within a callback.
    pub callback_share: f64,
    pub denied: Option<&'static str>,
    pub denied_user: Option<&'static str>,
    pub max_auth_attempts: u32,
}

impl Knobs {
    pub fn draw(dice: &mut Dice) -> Self {
        Self {
            clients: dice.between(1..=4) as usize,
            latency_ms: dice.one_of(&[1..=1, 5..=40, 20..=400, 1..=1_000]).clone(),
            max_timer_delay_ms: *dice.one_of(&[0, 0, 15, 1_500]),
            turns: dice.between(5..=60),
            fault_share: *dice.one_of(&[0.1, 0.4, 0.7]),
            relief_share: *dice.one_of(&[0.05, 0.3, 0.6]),
            max_auth_attempts: *dice.one_of(&[1, 3]),
            callback_share: *dice.one_of(&[0.0, 0.0, 0.02, 0.2]),
            denied_user: *dice.one_of(&[None, None, Some(USERS[0]), Some(USERS[2]), Some("undefined")]),
            denied: *dice.one_of(&[None, None, Some(NAMES[0]), Some(NAMES[2]), Some(NAMES[5])]),
        }
    }

    /// Options under which a client can be connected at this latency at all.
    pub fn draw_options(&self, dice: &mut Dice) -> Options {
        let slowest = *self.latency_ms.end() + self.max_timer_delay_ms;
        Options {
            heartbeat_interval_ms: (*dice.one_of(&[1_000, 5_000, 30_000])).max(5 * slowest),
            reconnect_interval_increment_ms: *dice.one_of(&[0, 500, 1_000, 4_000, 4_000, 4_000]),
            max_reconnect_interval_ms: *dice.one_of(&[500, 3_000, 30_000, 30_000]),
            max_reconnect_attempts: *dice.one_of(&[None, None, None, None, Some(1), Some(4)]),
            reconnect_backoff: *dice.one_of(&[BackoffKind::Linear, BackoffKind::Exponential]),
            reconnect_jitter: *dice.one_of(&[0.0, 0.5, 1.0]),
            connect_timeout_ms: (*dice.one_of(&[1_000, 10_000])).max(10 * slowest),
            heartbeat_failure: *dice.one_of(&[
                HeartbeatFailure::Reconnect,
                HeartbeatFailure::Reconnect,
                HeartbeatFailure::Stop,
            ]),
            subscription_timeout_ms: (*dice.one_of(&[10, 2_000])).max(5 * slowest),
            subscription_interval_ms: *dice.one_of(&[0, 100, 1_000]),
            lazy_connect: dice.happens(0.1),
            presence_catch_up: dice.happens(0.8),
            rpc_accept_timeout_ms: (*dice.one_of(&[None, Some(1_000)])).map(|ms: u64| ms.max(10 * slowest)),
            rpc_response_timeout_ms: (*dice.one_of(&[None, Some(300_000), Some(3_000)]))
                .map(|ms: u64| ms.max(10 * slowest)),
            ..Options::default()
        }
    }
}

/// A pause of any scale, from none at all to what outlasts every timer, in milliseconds.
pub fn draw_pause(dice: &mut Dice) -> u64 {
    let longest = *dice.one_of(&[0, 30, 300, 3_000, 12_000, 70_000]);
    dice.between(0..=longest)
}

/// Makes up what applications ask for. No two events have the same payload, nor two calls.
pub struct Wishes {
    dice: Dice,
    application: usize,
    emitted: u64,
    /// Requests to answer later.
    unanswered: Vec<RpcRequest>,
}

impl Wishes {
    pub const fn new(application: usize, seed: u64) -> Self {
        Self { dice: Dice::new(seed), application, emitted: 0, unanswered: Vec::new() }
    }

    pub fn draw(&mut self) -> Wish {
        if self.dice.happens(0.1) {
            let pattern = String::from(*self.dice.one_of(&PATTERNS));
            return if self.dice.happens(0.7) { Wish::Listen(pattern) } else { Wish::Unlisten(pattern) };
        }
        let name = String::from(*self.dice.one_of(&NAMES));
        match self.dice.between(0..=340) {
            261..=275 => Wish::Provide(name),
            276..=285 => Wish::Unprovide(name),
            286..=335 => self.make(&name),
            336..=340 => Wish::Cancel(Ticket(self.dice.between(0..=60) as u32)),
            0..=49 => Wish::Subscribe(name),
            50..=79 => Wish::Unsubscribe(name),
            80..=139 => self.emit(&name),
            140..=164 => Wish::Login(Some((*self.dice.one_of(&GOOD)).into())),
            165..=172 => Wish::Login(Some(BAD.into())),
            173..=179 => Wish::Pause,
            180..=199 => Wish::Resume,
            200 => Wish::Close,
            _ => self.presence(),
        }
    }

    fn presence(&mut self) -> Wish {
        let user = String::from(*self.dice.one_of(&USERS));
        match self.dice.between(0..=9) {
            0..=2 => Wish::Watch(user),
            3 => Wish::Unwatch(user),
            4..=5 => Wish::WatchAll,
            6 => Wish::UnwatchAll,
            7..=8 => Wish::Query(Some(vec![user, USERS[2].into()])),
            _ => Wish::Query(None),
        }
    }

    /// What an application says to what its client puts out: some offers are accepted, some rejected, some forgotten.
    pub fn answers(&mut self, output: &Output) -> Vec<Wish> {
        let accept = *self.dice.one_of(&[Some(true), Some(true), Some(false), None]);
        accept.and_then(|accept| answer(output, accept)).into_iter().collect()
    }

    pub fn emit(&mut self, name: &str) -> Wish {
        let payload = self.unique();
        Wish::Emit { name: name.into(), data: Some(payload.to_string()) }
    }

    fn unique(&mut self) -> u64 {
        self.emitted += 1;
        self.application as u64 * 1_000_000 + self.emitted
    }

    fn make(&mut self, name: &str) -> Wish {
        let idempotent = self.dice.happens(0.3);
        let timeout_ms = *self.dice.one_of(&[None, None, Some(0), Some(200), Some(20_000)]);
        self.make_with(name, timeout_ms, idempotent)
    }

    /// A call that says in its payload whether it may be executed twice.
    pub fn make_with(&mut self, name: &str, timeout_ms: Option<u64>, idempotent: bool) -> Wish {
        let data = Some((self.unique() * 2 + u64::from(idempotent)).to_string());
        Wish::Make { name: name.into(), data, timeout_ms, idempotent }
    }

    /// What a provider says to an output: to a request at once, later, never, or too often.
    pub fn replies(&mut self, output: &Output) -> Vec<Wish> {
        let Output::RpcRequest(request) = output else {
            if self.unanswered.is_empty() || !self.dice.happens(0.1) {
                return vec![];
            }
            let request = self.unanswered.remove(0);
            return vec![self.echo_or_fail(&request)];
        };
        match self.dice.between(0..=9) {
            0 => vec![],
            1 => vec![Reply::Accept.to(request)],
            2 => vec![Reply::Reject.to(request)],
            3..=4 => {
                self.unanswered.push(request.clone());
                vec![Reply::Accept.to(request)]
            }
            5 => {
                self.unanswered.push(request.clone());
                vec![]
            }
            6 => vec![self.echo_or_fail(request), Reply::Accept.to(request), self.echo_or_fail(request)],
            _ => vec![self.echo_or_fail(request)],
        }
    }

    fn echo_or_fail(&mut self, request: &RpcRequest) -> Wish {
        if self.dice.happens(0.2) { Reply::Error("\"tired\"".into()).to(request) } else { echo(request) }
    }

    /// Whether something with this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.dice.happens(probability)
    }
}

/// The answer to an offer.
pub fn answer(output: &Output, accept: bool) -> Option<Wish> {
    match output {
        Output::Offered { subscription, offer, .. } => {
            Some(Wish::AnswerOffer { subscription: subscription.to_string(), offer: *offer, accept })
        }
        _ => None,
    }
}

/// The answer of a provider that sends back what it got.
pub fn echo(request: &RpcRequest) -> Wish {
    Reply::Send(request.data.as_deref().unwrap_or("null").into()).to(request)
}

/// Whether the call with this payload may be executed twice.
pub fn is_idempotent(payload: &str) -> bool {
    payload.parse::<u64>().is_ok_and(|number| number % 2 == 1)
}

const SIGNALS: [PageSignal; 4] = [PageSignal::Woke, PageSignal::Online, PageSignal::Offline, PageSignal::Left];

type Fault = fn(&mut World, ClientId, &mut Dice);

/// What can go wrong, for one client or for all of them.
const FAULTS: &[Fault] = &[
    |world, client, _| world.network().cut(client),
    |world, client, _| world.network().silence_both_ways(client),
    |world, client, _| world.network().silence(client, Direction::ToServer),
    |world, client, _| world.network().silence(client, Direction::ToClient),
    |world, client, dice| world.network().stall(client, dice.between(0..=LONGEST_STALL)),
    |world, client, dice| {
        let route = *dice.one_of(&[Route::Clear, Route::Refused, Route::Lost]);
        world.network().route(client, route);
    },
    |world, client, dice| {
        if world.client(client).live_link().is_some() {
            let garbage = [News::Text, News::Binary(vec![]), News::Binary(vec![9, 9, 9]), News::Oversized(99_999_999)];
            world.socket_says(client, dice.one_of(&garbage).clone());
        }
    },
    |world, client, dice| world.page_says(client, *dice.one_of(&SIGNALS)),
    |world, client, dice| {
        for _ in 0..dice.between(1..=5) {
            world.page_says(client, *dice.one_of(&SIGNALS));
        }
    },
    |world, _, dice| world.sleep(*dice.one_of(&[1_000, 60_000, 3_600_000])),
    |world, _, _| world.server().restart(),
    |world, _, _| world.server().kill(),
    |world, _, _| world.server().start(),
    |world, _, dice| world.server().stop_with(*dice.one_of(&[1000, 1001, 1011, 1012])),
    |world, _, dice| {
        let welcomes = [AtConnection::Welcome, AtConnection::Welcome, AtConnection::CloseWith(1013)];
        world.server().policy.at_connection = *dice.one_of(&welcomes);
    },
    |world, _, dice| {
        let redirect = |url: &str| AtChallenge::Redirect(url.into());
        let answers = [
            AtChallenge::Accept,
            AtChallenge::Accept,
            AtChallenge::Silence,
            AtChallenge::Reject,
            redirect(ELSEWHERE),
            redirect(crate::world::SERVER),
            redirect("http://not.to.be.dialled"),
        ];
        world.server().policy.at_challenge = dice.one_of(&answers).clone();
    },
    |world, _, dice| {
        let answers = [AtLogin::Succeed(None), AtLogin::Silence, AtLogin::Refuse(None)];
        for credentials in GOOD {
            world.server().policy.logins.insert(credentials.into(), dice.one_of(&answers).clone());
        }
    },
    |world, _, dice| world.server().policy.answers_pings = dice.happens(0.7),
    |world, _, dice| world.server().policy.answers_queries = dice.happens(0.7),
    |world, _, dice| world.server().policy.acknowledges = dice.happens(0.7),
    |world, _, dice| {
        world.server().policy.unauthenticated_client_timeout_ms = *dice.one_of(&[None, Some(2_000), Some(180_000)]);
    },
];

/// Lets something go wrong.
pub fn befall(world: &mut World, client: ClientId, dice: &mut Dice) {
    dice.one_of(FAULTS)(world, client, dice);
}
