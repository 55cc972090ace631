//! Lives drawn from seeds: `DEEPSTREAM_SIMULATION_SEEDS` says how many there are, and `DEEPSTREAM_SIMULATION_SEED` replays one.

use std::{
    env,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

/// Somebody's life, made up of chance.
pub trait Lived {
    /// The same seed makes the same life.
    fn new(seed: u64) -> Self;

    /// Panics at the first thing that must not be.
    fn live(&mut self);

    /// Prints what happened last.
    fn tell(&mut self);
}

/// Goes through so many lives, if nobody says otherwise; tells of the first that goes wrong how to replay it as part of `test`.
pub fn live_all<Life: Lived>(test: &str, default_seeds: u64) {
    for seed in seeds(default_seeds) {
        let mut life = Life::new(seed);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| life.live())) {
            life.tell();
            eprintln!("replay with: DEEPSTREAM_SIMULATION_SEED={seed} cargo test --test {test}");
            resume_unwind(panic);
        }
    }
}

fn seeds(default_seeds: u64) -> Range<u64> {
    let number = |name| env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")));
    match number("DEEPSTREAM_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("DEEPSTREAM_SIMULATION_SEEDS").unwrap_or(default_seeds),
    }
}
