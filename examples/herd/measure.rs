//! What is measured.

use std::collections::BTreeMap;

use crate::world::{Outcome, Scenario};

/// How many of the first seconds are kept for the plot.
pub const PLOTTED_S: usize = 80;

/// What was measured. Times are in milliseconds since the server's return.
pub struct Summary {
    pub busiest_second: usize,
    pub busiest_100_ms: usize,
    /// From the server's return on.
    pub busiest_second_up: usize,
    /// When half, 99 % and all of the clients were back, if they were.
    pub half_back_ms: Option<u64>,
    pub nearly_all_back_ms: Option<u64>,
    pub all_back_ms: Option<u64>,
    pub back: usize,
    pub gave_up: usize,
    pub refused: usize,
    pub abandoned: usize,
    /// Attempts and returns in each of the first seconds since the cut.
    pub attempts_by_second: [usize; PLOTTED_S],
    pub returns_by_second: [usize; PLOTTED_S],
}

impl Summary {
    /// Measures what became of a crowd.
    pub fn new(scenario: Scenario, outcome: &Outcome) -> Self {
        let up_ms = 1_000 * scenario.outage_s;
        let attempts: Vec<u64> = outcome.attempts.iter().map(|attempt| attempt.at_ms).collect();
        let while_up = &attempts[attempts.partition_point(|at_ms| *at_ms < up_ms)..];
        let back_ms = |percent: usize| {
            let nth = (outcome.clients * percent).div_ceil(100);
            outcome.back_ms.get(nth - 1).map(|at_ms| at_ms.saturating_sub(up_ms))
        };
        Self {
            busiest_second: most_within(&attempts, 1_000),
            busiest_100_ms: most_within(&attempts, 100),
            busiest_second_up: most_within(while_up, 1_000),
            half_back_ms: back_ms(50),
            nearly_all_back_ms: back_ms(99),
            all_back_ms: back_ms(100),
            back: outcome.back_ms.len(),
            gave_up: outcome.gave_up,
            refused: outcome.refused,
            abandoned: outcome.abandoned,
            attempts_by_second: by_second(&attempts),
            returns_by_second: by_second(&outcome.back_ms),
        }
    }

    /// Attempts that did not lead back.
    pub fn wasted(&self) -> usize {
        self.refused + self.abandoned
    }
}

/// The largest number of moments that lie within any span of so many milliseconds.
pub fn most_within(moments_ms: &[u64], span_ms: u64) -> usize {
    let mut first = 0;
    let within = moments_ms.iter().enumerate().map(|(last, at_ms)| {
        while at_ms - moments_ms[first] >= span_ms {
            first += 1;
        }
        last + 1 - first
    });
    within.max().unwrap_or(0)
}

fn by_second(moments_ms: &[u64]) -> [usize; PLOTTED_S] {
    let mut counts = [0; PLOTTED_S];
    for at_ms in moments_ms {
        if let Some(count) = counts.get_mut((at_ms / 1_000) as usize) {
            *count += 1;
        }
    }
    counts
}

/// The share of the clients that make the same attempt (their second, say) within the same 100 ms: the largest for any
/// of the attempts whose number `which` accepts.
pub fn fullest_share(outcome: &Outcome, which: impl Fn(u32) -> bool) -> f64 {
    let mut moments_ms: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for attempt in outcome.attempts.iter().filter(|attempt| which(attempt.nth)) {
        moments_ms.entry(attempt.nth).or_default().push(attempt.at_ms);
    }
    let fullest = moments_ms.values().map(|moments_ms| most_within(moments_ms, 100)).max();
    fullest.unwrap_or(0) as f64 / outcome.clients as f64
}
