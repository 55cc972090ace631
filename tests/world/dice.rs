//! Chance that repeats itself.

use std::ops::RangeInclusive;

use deepstream_wasm::client::Rng;

/// Draws everything that is left to chance in a world.
pub struct Dice(Rng);

impl Dice {
    /// The same seed draws the same.
    pub const fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    /// A number for somebody who wants dice of their own.
    pub const fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from the range.
    pub fn between(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        low + self.0.next_u64() % (high - low + 1)
    }

    /// Whether something with this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.0.fraction() < probability
    }

    /// One of the choices.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = choices.len() as u64 - 1;
        &choices[self.between(0..=last) as usize]
    }
}
