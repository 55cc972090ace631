//! What was entrusted to pages arrives, once and in order, whatever befalls the pages, their browsers, the network and
//! the servers.
//!
//! Long lives are made up of chance: one seed draws everything, `DEEPSTREAM_SIMULATION_SEEDS` says how many there are,
//! and `DEEPSTREAM_SIMULATION_SEED` replays one. Short ones are gone through completely: a page dies after each of its
//! outputs, and the connection at each arrival.

#![cfg(not(target_arch = "wasm32"))]

#[path = "outbox_simulation/chance.rs"]
mod chance;
#[path = "outbox_simulation/life.rs"]
mod life;
#[path = "outbox_simulation/model.rs"]
mod model;
#[path = "outbox_simulation/short.rs"]
mod short;
mod world;

use self::{
    life::Life,
    world::lives::{Lived, live_all},
};

/// How many lives are simulated when nobody says otherwise.
const DEFAULT_SEEDS: u64 = 3_000;

#[test]
fn whatever_happened_nothing_is_lost_doubled_or_given_to_somebody_else() {
    live_all::<Life>("outbox_simulation whatever", DEFAULT_SEEDS);
}

#[test]
fn a_seed_replays_the_same_life() {
    let [once, again] = [(); 2].map(|()| {
        let mut life = Life::new(7);
        life.live();
        life.story()
    });
    assert!(once == again);
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
