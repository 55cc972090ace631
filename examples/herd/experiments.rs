//! What is simulated.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

use deepstream_wasm::client::{BackoffKind, Instant, Options};

use crate::{
    clients::{Follower, Member, Ours, Published, REFERENCE, SOCKET_IO},
    measure::Summary,
    world::{Outcome, Scenario, simulate},
};

/// The one seed of everything that is published.
pub const SEED: u64 = 1;

/// A server process dies and is back after ten seconds.
pub const CRASH: Scenario =
    Scenario { outage_s: 10, close_code: 1006, accepts_per_second: 500, queue_limit: 512, patience_s: 1_800 };

/// A server says that it restarts, and is back after three seconds.
pub const RESTART: Scenario = Scenario { outage_s: 3, close_code: 1012, ..CRASH };

/// As [`CRASH`], for so long that every client waits as long as it ever does.
pub const LONG_OUTAGE: Scenario = Scenario { outage_s: 300, ..CRASH };

/// As [`CRASH`], but those who are let into the queue wait there for 20 seconds.
pub const LONG_QUEUE: Scenario = Scenario { accepts_per_second: 200, queue_limit: 4_096, ..CRASH };

/// A way of coming back, with the name it has in the report.
#[derive(Clone)]
pub struct Schedule {
    pub name: &'static str,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Ours(Box<Options>),
    Published(Published),
}

impl Schedule {
    /// The client of this project, with the options that `change` leaves.
    pub fn ours(name: &'static str, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        Self { name, kind: Kind::Ours(Box::new(options)) }
    }

    /// One client that follows it.
    pub fn member(&self, now: Instant, seed: u64) -> Box<dyn Member> {
        match &self.kind {
            Kind::Ours(options) => Box::new(Ours::new(now, (**options).clone(), seed)),
            Kind::Published(published) => Box::new(Follower::new(now, *published, seed)),
        }
    }

    /// A crowd of such clients, and what becomes of it.
    pub fn simulate(&self, scenario: Scenario, clients: usize, seed: u64) -> Outcome {
        simulate(scenario, clients, seed, &|now, seed| self.member(now, seed))
    }
}

pub fn linear() -> Schedule {
    Schedule::ours("linear (default)", |_| {})
}

pub fn exponential() -> Schedule {
    Schedule::ours("exponential", |options| options.reconnect_backoff = BackoffKind::Exponential)
}

pub fn without_jitter() -> Schedule {
    Schedule::ours("linear, no jitter", |options| options.reconnect_jitter = 0.0)
}

pub fn socket_io() -> Schedule {
    Schedule { name: "socket.io 4", kind: Kind::Published(SOCKET_IO) }
}

pub fn reference() -> Schedule {
    Schedule { name: "@deepstream/client 7", kind: Kind::Published(REFERENCE) }
}

/// Those that are compared.
pub fn schedules() -> Vec<Schedule> {
    vec![linear(), exponential(), without_jitter(), socket_io(), reference()]
}

/// What the options of this client change.
pub fn variants() -> Vec<Schedule> {
    let exponential = |options: &mut Options| options.reconnect_backoff = BackoffKind::Exponential;
    vec![
        Schedule::ours("defaults: linear, jitter 0.5, cap 30 s", |_| {}),
        Schedule::ours("reconnectJitter 0", |options| options.reconnect_jitter = 0.0),
        Schedule::ours("reconnectJitter 0.25", |options| options.reconnect_jitter = 0.25),
        Schedule::ours("reconnectJitter 1", |options| options.reconnect_jitter = 1.0),
        Schedule::ours("reconnectBackoff exponential", exponential),
        Schedule::ours("maxReconnectInterval 10 s", |options| options.max_reconnect_interval_ms = 10_000),
        Schedule::ours("maxReconnectInterval 120 s", |options| options.max_reconnect_interval_ms = 120_000),
        Schedule::ours("exponential, maxReconnectInterval 120 s", |options| {
            exponential(options);
            options.max_reconnect_interval_ms = 120_000;
        }),
    ]
}

/// How long a client waits in the queue.
pub fn patiences() -> Vec<Schedule> {
    let timeout =
        |name, seconds: u64| Schedule::ours(name, move |options| options.connect_timeout_ms = 1_000 * seconds);
    vec![timeout("connectTimeout 10 s (default)", 10), timeout("connectTimeout 30 s", 30), socket_io(), reference()]
}

/// One crowd to be simulated.
#[derive(Clone)]
pub struct Experiment {
    pub scenario: Scenario,
    pub clients: usize,
    pub schedule: Schedule,
}

/// Runs all experiments on all cores. The results do not depend on how many there are.
pub fn run(experiments: &[Experiment], report: &(dyn Fn(&Experiment) + Sync)) -> Vec<Summary> {
    let queue = Mutex::new((0..experiments.len()).collect::<Vec<_>>());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || {
        let mut done = Vec::new();
        while let Some(index) = next() {
            let Experiment { scenario, clients, schedule } = &experiments[index];
            let outcome = schedule.simulate(*scenario, *clients, SEED);
            done.push((index, Summary::new(*scenario, &outcome)));
            report(&experiments[index]);
        }
        done
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        started.into_iter().flat_map(|worker| worker.join().expect("a simulation failed")).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, summary)| summary).collect()
}
