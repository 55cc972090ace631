//! Lives of a few clients, made up of chance: a time of faults, and then one in which nothing goes wrong any more and
//! everybody must find the way back.
//!
//! One seed draws everything. `DEEPSTREAM_SIMULATION_SEEDS` says how many lives there are, and
//! `DEEPSTREAM_SIMULATION_SEED` replays one.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::{ConnectionState, HeartbeatFailure, Instant, Options, Output, PageSignal, limits},
    wire::{Action, EventAction, Message, decode},
};

#[path = "simulation/calls.rs"]
mod calls;
#[path = "simulation/chance.rs"]
mod chance;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/presence.rs"]
mod presence;
mod world;

use self::{
    chance::{BAD, ELSEWHERE, GOOD, Knobs, LONGEST_STALL, NAMES, NO_PATTERN, Wishes, answer, befall, draw_pause, echo},
    model::Intent,
    world::{
        ClientId, Dice, Wish, World,
        lives::{Lived, live_all},
        network::Route,
        server::{AtLogin, Policy, pattern::Pattern},
    },
};

/// How many lives are simulated when nobody says otherwise.
const DEFAULT_SEEDS: u64 = 2_000;

/// How many of the last outputs of each client are told when something is wrong.
const STORY: usize = 40;

/// How long one wait for everybody may last beyond what the options say, in milliseconds.
const SLACK: u64 = 1_000;

#[test]
fn whatever_happened_everybody_finds_the_way_back() {
    live_all::<Life>("simulation", DEFAULT_SEEDS);
}

#[test]
fn a_seed_replays_the_same_life() {
    let [once, again] = [(); 2].map(|()| {
        let mut life = Life::new(7);
        life.suffer();
        life.world.clients().map(|client| life.world.client(client).history().to_vec()).collect::<Vec<_>>()
    });
    assert!(once == again);
}

/// A world, and what is known of the applications in it.
struct Life {
    world: World,
    dice: Dice,
    knobs: Knobs,
    options: Vec<Options>,
    wishes: Vec<Wishes>,
    intents: Vec<Intent>,
}

impl Lived for Life {
    fn new(seed: u64) -> Self {
        Self::new(seed)
    }

    fn live(&mut self) {
        self.live();
    }

    fn tell(&mut self) {
        self.tell();
    }
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let knobs = Knobs::draw(&mut dice);
        let mut world = World::with_chance(dice.seed(), knobs.latency_ms.clone(), knobs.max_timer_delay_ms);
        world.add_server(ELSEWHERE);
        for url in [world::SERVER, ELSEWHERE] {
            world.server_at(url).policy = healthy(&knobs);
        }
        let options: Vec<_> = (0..knobs.clients).map(|_| knobs.draw_options(&mut dice)).collect();
        let mut life = Self {
            world,
            wishes: (0..knobs.clients).map(|client| Wishes::new(client, dice.seed())).collect(),
            intents: options.iter().map(Intent::of_a_new_client).collect(),
            options,
            knobs,
            dice,
        };
        for client in 0..life.knobs.clients {
            let id = life.world.add_client_with(|default| *default = life.options[client].clone());
            let (mut calls, share) = (Wishes::new(client + 100, life.dice.seed()), life.knobs.callback_share);
            life.world.client_mut(id).react(move |output| {
                let mut wishes = calls.answers(output);
                wishes.extend(calls.replies(output));
                wishes.extend(calls.happens(share).then(|| calls.draw()));
                wishes
            });
        }
        life
    }

    fn live(&mut self) {
        self.suffer();
        self.heal();
        self.find_back();
        self.check_subscriptions();
        self.check_listening();
        self.check_that_events_reach_everybody_once();
        self.check_that_nothing_was_lost_or_doubled();
        self.check_that_calls_are_answered();
        self.check_that_calls_were_executed_as_often_as_they_may();
        self.check_presence();
        self.end();
    }

    // ---- the time of faults ----

    fn suffer(&mut self) {
        let clients: Vec<_> = self.world.clients().collect();
        for client in &clients {
            if self.dice.happens(0.8) {
                self.world.login(*client, GOOD[0]);
            }
        }
        for _ in 0..self.knobs.turns {
            let client = *self.dice.one_of(&clients);
            if self.dice.happens(self.knobs.fault_share) {
                befall(&mut self.world, client, &mut self.dice);
            } else {
                let wish = self.wishes[client.index()].draw();
                self.world.wish(client, wish);
            }
            self.check();
            let pause = draw_pause(&mut self.dice);
            self.run_for(pause);
            if self.dice.happens(self.knobs.relief_share) {
                self.relieve();
            }
        }
    }

    /// Whatever went wrong for longer comes right again.
    fn relieve(&mut self) {
        for client in self.world.clients() {
            self.world.network().route(client, Route::Clear);
        }
        for url in [world::SERVER, ELSEWHERE] {
            let server = self.world.server_at(url);
            server.policy = healthy(&self.knobs);
            server.start();
        }
    }

    // ---- the time in which nothing goes wrong any more ----

    fn heal(&mut self) {
        for client in self.world.clients() {
            self.world.client_mut(client).react(|output| match output {
                Output::RpcRequest(request) => vec![echo(request)],
                output => answer(output, true).into_iter().collect(),
            });
            self.world.page_says(client, PageSignal::Woke);
        }
        self.relieve();
        self.world.server_at(ELSEWHERE).kill();
        // What went wrong before may still be on its way.
        self.run_for(LONGEST_STALL + 2 * self.knobs.latency_ms.end());
    }

    /// The applications ask for what they must; then everybody has the time that the options promise.
    fn find_back(&mut self) {
        self.ask_where_clients_wait_for_it();
        self.await_everybody(Self::may_have_asked_too_early);
        self.ask_where_the_first_time_was_too_early();
        self.await_everybody(|_, _| false);
    }

    /// Gives every client its own time, and no more.
    fn await_everybody(&mut self, is_excused: fn(&Self, ClientId) -> bool) {
        let now = self.world.now();
        let due = self.world.clients().map(|client| (now.after_ms(self.time_to_find_back(client)), client));
        for (at, client) in BTreeSet::from_iter(due) {
            self.run_for(at.since_ms(self.world.now()));
            let (state, goal) = (self.world.client(client).state(), self.intents[client.index()].goal());
            assert!(state == goal || is_excused(self, client), "{client:?} is still {state:?}");
        }
    }

    fn ask_where_clients_wait_for_it(&mut self) {
        for client in self.world.clients() {
            let intent = &self.intents[client.index()];
            if intent.closed || intent.paused {
                continue;
            }
            let has_credentials = intent.credentials.as_deref().is_some_and(|credentials| credentials != BAD);
            let state = self.world.client(client).state();
            if matches!(state, ConnectionState::Error | ConnectionState::ChallengeDenied) {
                self.world.resume(client);
            }
            let waits_for_login = matches!(
                state,
                ConnectionState::AwaitingAuthentication
                    | ConnectionState::TooManyAuthAttempts
                    | ConnectionState::AuthenticationTimeout
            );
            if waits_for_login || !has_credentials {
                self.world.login(client, GOOD[0]);
            }
        }
        self.check();
    }

    fn ask_where_the_first_time_was_too_early(&mut self) {
        for client in self.world.clients().filter(|client| self.may_have_asked_too_early(*client)).collect::<Vec<_>>() {
            match self.world.client(client).state() {
                ConnectionState::Error => {
                    self.world.resume(client);
                }
                // A server loses patience with somebody whose credentials it refused, too.
                ConnectionState::AwaitingAuthentication
                | ConnectionState::TooManyAuthAttempts
                | ConnectionState::AuthenticationTimeout => {
                    self.world.login(client, GOOD[0]);
                }
                _ => {}
            }
        }
    }

    /// The last attempt that a client had may have been one that was lost before everything healed, and credentials
    /// may have been found wanting only now.
    fn may_have_asked_too_early(&self, client: ClientId) -> bool {
        let options = &self.options[client.index()];
        options.max_reconnect_attempts.is_some()
            || options.heartbeat_failure == HeartbeatFailure::Stop
            || self.were_credentials_refused(client)
    }

    fn were_credentials_refused(&self, client: ClientId) -> bool {
        let mut outputs = self.world.client(client).history().iter().map(|(_, output)| output);
        outputs.any(|output| match output {
            Output::ReauthenticationFailed { .. } => true,
            Output::Settle(_, Err(error)) => {
                matches!(error.code(), "INVALID_AUTHENTICATION_DETAILS" | "TOO_MANY_AUTH_ATTEMPTS")
            }
            _ => false,
        })
    }

    /// How long a client may take: to see that its connection is dead, if it is; to leave the attempt that is under
    /// way; to wait for the next; and to make it.
    fn time_to_find_back(&self, client: ClientId) -> u64 {
        let options = &self.options[client.index()];
        let late = self.knobs.max_timer_delay_ms;
        let is_dead = self.world.client(client).live_link().is_some_and(|link| self.world.is_silent(link));
        // Silence is no sign while an answer is awaited that may be long: that of a call, or about presence.
        let silence = limits::AWAITED_SILENCE_MS;
        let detection = if is_dead { silence + 4 * options.heartbeat_interval_ms + 4 * late } else { 0 };
        let handshake = 6 * self.knobs.latency_ms.end();
        // An attempt may be one that has four times the usual time.
        detection + 4 * options.connect_timeout_ms + options.max_reconnect_interval_ms + handshake + 4 * late + SLACK
    }

    // ---- what must hold then ----

    fn check_subscriptions(&mut self) {
        self.run_for(10 * SLACK + 20 * self.knobs.latency_ms.end());
        for client in self.open_clients() {
            let mut wanted = self.intents[client.index()].subscribed.clone();
            let mut known: BTreeSet<_> = self.world.subscriptions(client).into_iter().map(String::from).collect();
            if let Some(denied) = self.knobs.denied {
                wanted.remove(denied);
                known.remove(denied);
            }
            assert_eq!(known, wanted, "{client:?}");
            assert_eq!(self.world.provided(client), Vec::from_iter(self.provided_by(client)), "{client:?}");
        }
    }

    /// A server may take somebody for a provider who answered too late and was told so. After a restart it must be right.
    fn check_listening(&mut self) {
        self.world.server().restart();
        self.find_back();
        self.run_for(10 * SLACK + 20 * self.knobs.latency_ms.end());
        let open = self.open_clients();
        let mut provided = Vec::new();
        for client in &open {
            let mut wanted = self.intents[client.index()].patterns.clone();
            wanted.remove(NO_PATTERN);
            assert_eq!(BTreeSet::from_iter(self.world.patterns(*client)), wanted.iter().map(String::as_str).collect());
            let names = self.world.provided_events(*client);
            assert_eq!(names, self.world.client(*client).provided_events(), "{client:?} provides");
            provided.extend(names);
        }
        let subscribed: BTreeSet<_> = open.iter().flat_map(|client| self.world.subscriptions(*client)).collect();
        // Who unsubscribes before the answer to the offer leaves a provider behind.
        provided.retain(|name| subscribed.contains(name));
        provided.sort_unstable();
        let patterns: Vec<_> = open.iter().flat_map(|client| self.world.patterns(*client)).collect();
        let matches = |pattern: &&str, name: &str| Pattern::new(pattern).is_some_and(|pattern| pattern.matches(name));
        let is_listened_to = |name: &&str| patterns.iter().any(|pattern| matches(pattern, name));
        let providable: Vec<_> = subscribed.into_iter().filter(is_listened_to).collect();
        assert_eq!(provided, providable, "each is provided once");
    }

    /// What a client provides, as far as the server lets it.
    fn provided_by(&self, client: ClientId) -> impl Iterator<Item = &str> {
        let provided = self.intents[client.index()].provided.iter();
        provided.map(String::as_str).filter(|name| self.knobs.denied != Some(name))
    }

    fn check_that_events_reach_everybody_once(&mut self) {
        let open = self.open_clients();
        let mut emitted = Vec::new();
        for (sender, name) in open.iter().flat_map(|sender| NAMES.map(|name| (*sender, name))) {
            let wish = self.wishes[sender.index()].emit(name);
            if let Wish::Emit { data: Some(payload), .. } = &wish {
                emitted.push((sender, name, payload.clone()));
            }
            self.world.wish(sender, wish);
        }
        self.run_for(SLACK + 4 * self.knobs.latency_ms.end());
        for (sender, name, payload) in emitted.iter().filter(|(_, name, _)| self.knobs.denied != Some(name)) {
            for receiver in &open {
                let is_due = receiver != sender && self.intents[receiver.index()].subscribed.contains(*name);
                let received = self.world.client(*receiver).received(name).into_iter();
                let count = received.filter(|received| received == payload).count();
                assert_eq!(count, usize::from(is_due), "{name} from {sender:?} at {receiver:?}");
            }
        }
    }

    fn check_that_nothing_was_lost_or_doubled(&self) {
        for client in self.world.clients() {
            let sent = emitted_on_the_wire(self.world.client(client).history());
            let intent = &self.intents[client.index()];
            let owners: BTreeSet<_> = intent.emitted.iter().map(|(owner, _)| owner.as_deref()).collect();
            for owner in owners {
                let of_owner = intent.emitted.iter().filter(|(it, _)| it.as_deref() == owner);
                let emitted: Vec<_> = of_owner.map(|(_, payload)| payload).collect();
                let sent: Vec<_> = sent.iter().filter(|payload| emitted.contains(payload)).collect();
                // What was entrusted under refused credentials goes to whoever logs in next.
                if owner == Some(BAD) || self.were_credentials_refused(client) {
                    continue;
                }
                assert!(emitted.starts_with(&sent), "{client:?} emitted {emitted:?} as {owner:?} and sent {sent:?}");
                let is_open = self.world.client(client).state() == ConnectionState::Open;
                if is_open && owner.is_some() && owner == intent.credentials.as_deref() {
                    assert_eq!(emitted, sent, "{client:?} kept back what it emitted as {owner:?}");
                }
            }
            let mut seen = BTreeSet::new();
            for name in NAMES {
                for payload in self.world.client(client).received(name) {
                    assert!(seen.insert(payload), "{payload} reached {client:?} twice");
                }
            }
        }
    }

    fn end(&mut self) {
        for client in self.world.clients() {
            self.world.close(client);
        }
        self.run_for(10 * 60_000);
        for client in self.world.clients() {
            assert_eq!(self.world.client(client).owed().len(), 0);
            assert_eq!(self.world.client(client).timer(), None);
        }
        assert_eq!(self.world.server().connections(), 0);
    }

    /// Prints what happened last.
    fn tell(&mut self) {
        for client in self.world.clients() {
            eprintln!("\n{client:?} with {:?}", self.options[client.index()]);
            let history = self.world.client(client).history();
            for (at, output) in &history[history.len().saturating_sub(STORY)..] {
                let output = match output {
                    Output::Send(socket, frame) => format!("Send({socket:?}, {:?})", decode(frame).collect::<Vec<_>>()),
                    output => format!("{output:?}"),
                };
                eprintln!("{:>9} ms  {output}", at.as_ms());
            }
        }
        eprintln!("\nnow {} ms", self.world.now().as_ms());
    }

    // ---- steps ----

    /// From now on, a client that joined later counts like those there were from the beginning.
    fn adopt(&mut self, client: ClientId) {
        let options = self.world.client(client).client().options().clone();
        self.intents.push(Intent::of_a_new_client(&options));
        self.options.push(options);
    }

    fn open_clients(&self) -> Vec<ClientId> {
        let open = |client: &ClientId| self.world.client(*client).state() == ConnectionState::Open;
        self.world.clients().filter(open).collect()
    }

    fn run_for(&mut self, ms: u64) {
        let end = self.world.now().after_ms(ms);
        while self.world.step(end) {
            self.check();
        }
    }

    /// Compares every client with what its application wants.
    fn check(&mut self) {
        for client in self.world.clients() {
            let intent = &mut self.intents[client.index()];
            intent.hear(self.world.client(client).wishes());
            intent.check(&self.world, client, &self.options[client.index()]);
        }
        let complaints: Vec<_> = self.world.complaints().collect();
        assert!(complaints.is_empty(), "the server complains: {complaints:?}");
    }
}

/// A server in which nothing goes wrong.
fn healthy(knobs: &Knobs) -> Policy {
    Policy {
        logins: BTreeMap::from([(BAD.into(), AtLogin::Refuse(None))]),
        denied: knobs.denied.into_iter().map(String::from).collect(),
        denied_users: knobs.denied_user.into_iter().map(String::from).collect(),
        max_auth_attempts: knobs.max_auth_attempts,
        listen_response_timeout_ms: 500.max(4 * knobs.latency_ms.end()),
        rpc_accept_timeout_ms: Policy::default().rpc_accept_timeout_ms.max(5 * knobs.latency_ms.end()),
        ..Policy::default()
    }
}

/// The payloads of the events that a client sent, in the order in which it first sent them: no payload comes from two
/// wishes, and what may have been lost is sent again.
fn emitted_on_the_wire(history: &[(Instant, Output)]) -> Vec<String> {
    let mut payloads = Vec::new();
    for (_, output) in history {
        let Output::Send(_, frame) = output else {
            continue;
        };
        for message in decode(frame) {
            if let Ok(Message { action: Action::Event(EventAction::Emit), data, .. }) = message {
                payloads.extend(data.map(String::from).filter(|data| !payloads.contains(data)));
            }
        }
    }
    payloads
}
