use crate::{
    experiments::{
        CRASH, LONG_OUTAGE, RESTART, Schedule, exponential, linear, reference, schedules, socket_io, without_jitter,
    },
    measure::{fullest_share, most_within},
    report::{SPREAD_CLIENTS, grouped, insert},
    world::{Outcome, Scenario},
};

/// Whole seconds between the attempts of a single client whose server never comes back.
fn waits_s(schedule: &Schedule, scenario: Scenario) -> Vec<u64> {
    let outcome = schedule.simulate(Scenario { outage_s: 600, ..scenario }, 1, 7);
    let mut before_ms = 0;
    let attempts = outcome.attempts.iter();
    attempts.map(|attempt| (attempt.at_ms - std::mem::replace(&mut before_ms, attempt.at_ms)) / 1_000).collect()
}

/// What is claimed of `reconnectJitter`: a thousand clients cut together do not come again together, be it in their
/// second attempt, at the cap, or after an announced restart.
#[test]
fn a_crowd_is_spread() {
    let soon_at_cap = Schedule::ours("cap of 4 s", |options| options.max_reconnect_interval_ms = 4_000);
    for seed in 1..=5 {
        for schedule in [&linear(), &exponential(), &soon_at_cap] {
            let crashed = schedule.simulate(LONG_OUTAGE, SPREAD_CLIENTS, seed);
            let restarted = schedule.simulate(RESTART, SPREAD_CLIENTS, seed);
            let shares = [fullest_share(&crashed, |nth| nth >= 2), fullest_share(&restarted, |_| true)];
            assert!(shares.iter().all(|share| *share <= 0.08), "{}, seed {seed}: {shares:?}", schedule.name);
            assert!(crashed.attempts.iter().any(|attempt| attempt.nth > 12), "nobody came to the cap");
        }
        let together = without_jitter().simulate(LONG_OUTAGE, SPREAD_CLIENTS, seed);
        assert!(fullest_share(&together, |nth| nth == 2) > 0.08, "the measure does not tell a crowd from a queue");
    }
}

#[test]
fn every_client_and_every_attempt_is_accounted_for() {
    for scenario in [CRASH, RESTART] {
        for schedule in schedules() {
            let Outcome { clients, attempts, back_ms, refused, abandoned, gave_up } =
                schedule.simulate(scenario, 4_000, 3);
            assert_eq!(back_ms.len() + gave_up, clients, "{}", schedule.name);
            assert_eq!(attempts.len(), back_ms.len() + refused + abandoned, "{}", schedule.name);
            assert_eq!(gave_up > 0, schedule.name == reference().name, "{}", schedule.name);
        }
    }
}

/// From its place in the queue to its login it takes a client less than half a second.
#[test]
fn the_server_takes_no_more_than_it_can() {
    let slow = Scenario { accepts_per_second: 100, queue_limit: 100, ..CRASH };
    for schedule in schedules() {
        let outcome = schedule.simulate(slow, 2_000, 3);
        let most = most_within(&outcome.back_ms, 2_000);
        assert!(most <= 250, "{}: {most} clients within two seconds", schedule.name);
        assert!(outcome.back_ms[0] >= 10_000, "{}: back before the server", schedule.name);
    }
}

#[test]
fn one_who_waits_too_long_has_wasted_an_attempt() {
    let slow = Scenario { accepts_per_second: 20, queue_limit: 500, ..CRASH };
    let outcome = linear().simulate(slow, 500, 3);
    assert!(outcome.abandoned > 0);
    assert_eq!(reference().simulate(slow, 500, 3).abandoned, 0, "it knows no deadline");
}

#[test]
fn the_schedules_are_the_published_ones() {
    assert_eq!(waits_s(&reference(), CRASH), [0, 4, 8, 12, 16]);
    assert_eq!(waits_s(&reference(), RESTART), [0, 4, 8, 12, 16]);
    assert_eq!(waits_s(&without_jitter(), CRASH)[..11], [0, 4, 8, 12, 16, 20, 24, 28, 30, 30, 30]);
    assert_eq!(waits_s(&without_jitter(), RESTART)[..4], [4, 4, 8, 12]);
    let socket_io = waits_s(&socket_io(), CRASH);
    assert!(socket_io[0] <= 1 && socket_io[1] <= 3 && (2..=5).contains(&socket_io[2]), "{socket_io:?}");
    assert!(socket_io[4..].iter().all(|wait_s| *wait_s == 5), "{socket_io:?}");
}

#[test]
fn the_same_seed_gives_the_same_outcome() {
    let outcome = |seed| linear().simulate(CRASH, 200, seed).back_ms;
    assert_eq!(outcome(1), outcome(1));
    assert_ne!(outcome(1), outcome(2));
}

#[test]
fn the_busiest_span_is_found_wherever_it_begins() {
    assert_eq!(most_within(&[], 100), 0);
    assert_eq!(most_within(&[0, 50, 140, 149, 150, 240], 100), 3);
    assert_eq!(most_within(&[0, 50, 140, 149, 150, 239], 100), 4);
}

#[test]
fn a_table_replaces_the_one_before() {
    let document = "Before.\n<!-- herd:a -->\nold\n<!-- /herd:a -->\nAfter.\n";
    let made = insert(document, "a", "new\n");
    assert_eq!(made.as_deref(), Ok("Before.\n<!-- herd:a -->\nnew\n<!-- /herd:a -->\nAfter.\n"));
    assert!(insert(document, "b", "new\n").is_err());
    assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
    assert_eq!(grouped(12), "12");
}
