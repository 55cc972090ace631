//! When to try again.

use crate::client::{
    limits::{
        BLIP_WAIT_MS, CONNECT_TIMEOUT_DOUBLINGS, LADDER_OPEN_MS, LADDER_REST_MS, MIN_RETRY_WAIT_MS, ONLINE_LADDER_MS,
    },
    options::{BackoffKind, Options},
    rng::Rng,
    time::Instant,
};

/// Counts attempts since the connection last held, and says how long to wait before the next.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    attempts: u32,
    /// How far the schedule has got.
    step: u32,
    /// The next of the short waits that follow `online`, while they last.
    ladder: Option<usize>,
    /// When the last ladder began.
    ladder_began: Option<Instant>,
    /// Whether one of its attempts took too long: on a slow link each of them may.
    was_ladder_slow: bool,
    /// How many attempts in a row took too long, up to [`CONNECT_TIMEOUT_DOUBLINGS`].
    timeouts: u32,
}

/// How urgent the next attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// The network failed: the first attempt is immediate.
    AtOnce,
    /// The attempt failed so fast that no server can have been asked: after the first, the next one comes soon.
    Soon,
    /// The server announced that it goes down, so every client is coming: the first attempt is spread as well.
    Spread,
}

impl Backoff {
    /// Attempts made since the connection last held.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Starts over.
    pub const fn reset(&mut self) {
        *self = Self { attempts: 0, step: 0, ladder: None, ladder_began: None, was_ladder_slow: false, timeouts: 0 };
    }

    /// Starts over with the short waits that suit a network that is just coming back, unless that was in vain lately: a
    /// network that keeps coming back must not keep an attempt from having its time. Says whether it does.
    pub fn start_ladder(&mut self, now: Instant) -> bool {
        if !self.may_start_ladder(now) {
            return false;
        }
        self.reset();
        (self.ladder, self.ladder_began) = (Some(0), Some(now));
        true
    }

    /// Whether the last time is long ago, or all of its attempts failed before their time was up.
    pub fn may_start_ladder(&self, now: Instant) -> bool {
        let is_exhausted = self.ladder.is_none() && !self.was_ladder_slow;
        is_exhausted || self.ladder_began.is_none_or(|began| now.since_ms(began) >= LADDER_REST_MS)
    }

    /// No short waits any more.
    pub const fn leave_ladder(&mut self) {
        self.ladder = None;
        self.was_ladder_slow = true;
    }

    /// Whether the attempt of now is one of the short waits'.
    pub const fn is_on_ladder(&self) -> bool {
        self.ladder.is_some()
    }

    /// How long the attempt of now may take, in milliseconds; one of the short waits', only to open its socket. To open one
    /// takes up to four round trips.
    pub fn connect_timeout_ms(&self, options: &Options, round_trip_ms: u64) -> u64 {
        if self.is_on_ladder() {
            return options.connect_timeout_ms.min(LADDER_OPEN_MS.max(4 * round_trip_ms));
        }
        options.connect_timeout_ms.saturating_mul(1 << self.timeouts)
    }

    /// The attempt took too long: the next one may take twice the time. Those that were not given theirs do not count.
    pub fn timed_out(&mut self) {
        if self.is_on_ladder() {
            self.was_ladder_slow = true;
        } else {
            self.timeouts = (self.timeouts + 1).min(CONNECT_TIMEOUT_DOUBLINGS);
        }
    }

    /// The attempt came to an end before its time was up.
    pub const fn answered(&mut self) {
        self.timeouts = 0;
    }

    /// Counts one more attempt and returns the wait before it in milliseconds, or `None` if all are used up. The wait
    /// grows when each of the `endpoints` has had its turn.
    pub fn next_delay_ms(&mut self, options: &Options, endpoints: u32, urgency: Urgency, rng: &mut Rng) -> Option<u64> {
        if options.max_reconnect_attempts.is_some_and(|most| self.attempts >= most) {
            return None;
        }
        self.attempts = self.attempts.saturating_add(1);
        if urgency == Urgency::Soon
            && self.attempts == endpoints.saturating_add(1)
            && self.ladder.is_none()
            && options.reconnect_jitter > 0.0
        {
            let latest =
                BLIP_WAIT_MS.min(options.reconnect_interval_increment_ms).min(options.max_reconnect_interval_ms);
            return Some((latest - (latest as f64 / 2.0 * rng.fraction()) as u64).max(MIN_RETRY_WAIT_MS));
        }
        let scheduled = match self.ladder.and_then(|rung| ONLINE_LADDER_MS.get(rung)) {
            Some(wait_ms) => {
                self.ladder = self.ladder.map(|rung| rung + 1);
                self.step = endpoints;
                *wait_ms
            }
            None => {
                self.ladder = None;
                let step = self.step;
                self.step = step.saturating_add(1);
                let multiple = multiple(options.reconnect_backoff, step / endpoints.max(1), urgency);
                options.reconnect_interval_increment_ms.saturating_mul(multiple)
            }
        };
        let scheduled = scheduled.min(options.max_reconnect_interval_ms);
        let early = scheduled as f64 * options.reconnect_jitter * rng.fraction();
        let wait_ms = scheduled - early as u64;
        let is_early = self.attempts <= endpoints || self.ladder == Some(1);
        Some(if is_early { wait_ms } else { wait_ms.max(MIN_RETRY_WAIT_MS) })
    }
}

/// How many increments to wait in the given round of attempts.
fn multiple(backoff: BackoffKind, round: u32, urgency: Urgency) -> u64 {
    match (round, urgency, backoff) {
        (0, Urgency::AtOnce | Urgency::Soon, _) => 0,
        (0, Urgency::Spread, _) => 1,
        (round, _, BackoffKind::Linear) => u64::from(round),
        (round, _, BackoffKind::Exponential) => 1_u64.checked_shl(round - 1).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(options: &Options, urgency: Urgency, seed: u64, count: usize) -> Vec<u64> {
        let (mut backoff, mut rng) = (Backoff::default(), Rng::new(seed));
        (0..count).map_while(|_| backoff.next_delay_ms(options, 1, urgency, &mut rng)).collect()
    }

    fn exact() -> Options {
        Options { reconnect_jitter: 0.0, ..Options::default() }
    }

    #[test]
    fn without_jitter_the_documented_schedule_holds_exactly() {
        let linear = delays(&exact(), Urgency::AtOnce, 1, 10);
        assert_eq!(linear, [0, 4_000, 8_000, 12_000, 16_000, 20_000, 24_000, 28_000, 30_000, 30_000]);
        let exponential = Options { reconnect_backoff: BackoffKind::Exponential, ..exact() };
        assert_eq!(delays(&exponential, Urgency::AtOnce, 1, 6), [0, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(delays(&exponential, Urgency::AtOnce, 1, 100).last(), Some(&30_000));
    }

    #[test]
    fn an_announced_restart_spreads_the_first_attempt_too() {
        assert_eq!(delays(&exact(), Urgency::Spread, 1, 3), [4_000, 4_000, 8_000]);
    }

    #[test]
    fn every_endpoint_has_its_turn_before_the_wait_grows() {
        let (options, mut backoff, mut rng) = (exact(), Backoff::default(), Rng::new(1));
        let waits = [0; 8].map(|_| backoff.next_delay_ms(&options, 3, Urgency::AtOnce, &mut rng));
        assert_eq!(waits.map(Option::unwrap), [0, 0, 0, 4_000, 4_000, 4_000, 8_000, 8_000]);
    }

    #[test]
    fn a_network_that_comes_back_gets_a_short_ladder_and_then_the_schedule_anew() {
        let (options, mut backoff, mut rng) = (exact(), Backoff::default(), Rng::new(1));
        for _ in 0..9 {
            backoff.next_delay_ms(&options, 1, Urgency::AtOnce, &mut rng);
        }
        assert!(backoff.start_ladder(Instant::from_ms(0)));
        let waits = [0; 6].map(|_| backoff.next_delay_ms(&options, 1, Urgency::AtOnce, &mut rng));
        assert_eq!(waits.map(Option::unwrap), [0, 500, 1_000, 2_000, 4_000, 8_000]);
        assert!(!backoff.is_on_ladder());
        assert!(backoff.start_ladder(Instant::from_ms(10_000)), "all of its attempts have failed");
        backoff.timed_out();
        let again = 10_000 + LADDER_REST_MS;
        assert!(!backoff.start_ladder(Instant::from_ms(again - 1)), "it takes longer here");
        assert!(backoff.start_ladder(Instant::from_ms(again)));
    }

    #[test]
    fn after_a_first_failure_at_once_comes_one_attempt_beside_the_schedule() {
        let waits = |options: &Options, seed| {
            let (mut backoff, mut rng) = (Backoff::default(), Rng::new(seed));
            [0; 4].map(|_| backoff.next_delay_ms(options, 1, Urgency::Soon, &mut rng).unwrap())
        };
        for seed in 0..100 {
            let [first, soon, second, third] = waits(&Options::default(), seed);
            assert_eq!(first, 0);
            assert!((250..=500).contains(&soon), "{soon}");
            assert!((2_000..=4_000).contains(&second) && (4_000..=8_000).contains(&third), "{second}, {third}");
        }
        assert_eq!(waits(&exact(), 1), [0, 4_000, 8_000, 12_000], "the documented schedule without jitter");
        let fast = Options { reconnect_interval_increment_ms: 200, ..Options::default() };
        assert!(waits(&fast, 1)[1] <= 200);
    }

    #[test]
    fn no_options_make_it_a_loop_without_a_wait() {
        for options in [
            Options { reconnect_interval_increment_ms: 0, ..exact() },
            Options { max_reconnect_interval_ms: 0, ..exact() },
            Options { reconnect_jitter: 1.0, ..Options::default() },
        ] {
            let delays = delays(&options, Urgency::AtOnce, 7, 50);
            assert_eq!(delays[0], 0);
            assert!(delays[1..].iter().all(|delay| *delay >= MIN_RETRY_WAIT_MS), "{delays:?}");
        }
    }

    #[test]
    fn attempts_are_limited() {
        let options = Options { max_reconnect_attempts: Some(3), ..exact() };
        assert_eq!(delays(&options, Urgency::AtOnce, 1, 10).len(), 3);
        let none = Options { max_reconnect_attempts: Some(0), ..exact() };
        assert_eq!(delays(&none, Urgency::AtOnce, 1, 10).len(), 0);
    }

    /// B3: a thousand clients cut together; no 100 ms bucket holds more than 8 % of their second attempts, nor of
    /// any attempt at the cap; nor of the first after an announced restart.
    #[test]
    fn a_crowd_is_spread() {
        let options = Options::default();
        for (urgency, attempt) in [(Urgency::AtOnce, 1), (Urgency::AtOnce, 12), (Urgency::Spread, 0)] {
            let mut buckets = std::collections::BTreeMap::new();
            for seed in 0..1_000 {
                let delay = delays(&options, urgency, seed, attempt + 1)[attempt];
                *buckets.entry(delay / 100).or_insert(0) += 1;
            }
            let fullest = buckets.values().max().copied();
            assert!(fullest <= Some(80), "{urgency:?}, attempt {attempt}: {fullest:?} of 1000 in one bucket");
        }
    }

    #[test]
    fn jitter_only_shortens_and_never_beyond_its_share() {
        let options = Options { reconnect_jitter: 0.25, ..Options::default() };
        for seed in 0..200 {
            for (jittered, scheduled) in
                delays(&options, Urgency::AtOnce, seed, 10).iter().zip(delays(&exact(), Urgency::AtOnce, 0, 10))
            {
                assert!((scheduled * 3 / 4..=scheduled).contains(jittered), "{jittered} of {scheduled}");
            }
        }
    }
}
