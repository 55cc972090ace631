//! When the client tries again, and when it does not.

use deepstream_wasm::client::{
    BackoffKind, ClientError, ConnectionFailure, ConnectionState::*, Options, Output, PageSignal,
    limits::LADDER_OPEN_MS,
};

use crate::world::{
    ClientId, LATENCY, SERVER, World,
    network::{News, Route},
    server::{AtChallenge, AtConnection},
};

/// How long it takes to hear that a server is not there, in milliseconds.
const REFUSAL: u64 = 2 * LATENCY;

/// A client whose server goes away now, and when its further attempts are made, each this long after the last failed.
fn waits_after_losing_the_server(change: impl FnOnce(&mut Options), attempts: usize) -> Vec<u64> {
    let mut world = World::new();
    let alice = world.add_client_with(change);
    world.open(alice);
    world.run_for(60_000);
    world.client_mut(alice).forget();
    let killed = world.now().as_ms();
    world.server().kill();
    while world.client(alice).dialled().len() < attempts && world.client(alice).state() != Error {
        world.run_for(1_000);
    }
    let mut failed = killed + LATENCY;
    let waits = world.client(alice).dialled_at().into_iter().map(|at| {
        let wait = at - failed;
        failed = at + REFUSAL;
        wait
    });
    waits.collect()
}

#[test]
fn attempts_come_at_once_then_ever_more_slowly_up_to_the_cap() {
    let waits = waits_after_losing_the_server(|_| {}, 12);
    let documented = [0, 4_000, 8_000, 12_000, 16_000, 20_000, 24_000, 28_000, 30_000, 30_000, 30_000, 30_000];
    assert_eq!(waits, documented);
}

#[test]
fn increment_and_cap_are_options() {
    let change = |options: &mut Options| {
        options.reconnect_interval_increment_ms = 500;
        options.max_reconnect_interval_ms = 1_200;
    };
    assert_eq!(waits_after_losing_the_server(change, 6), [0, 500, 1_000, 1_200, 1_200, 1_200]);
}

#[test]
fn the_backoff_can_be_exponential() {
    let change = |options: &mut Options| options.reconnect_backoff = BackoffKind::Exponential;
    assert_eq!(waits_after_losing_the_server(change, 7), [0, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
}

#[test]
fn jitter_makes_waits_shorter_by_its_share_at_most() {
    let jittered = waits_after_losing_the_server(|options| options.reconnect_jitter = 0.5, 12);
    let scheduled = waits_after_losing_the_server(|_| {}, 12);
    assert!((250..=500).contains(&jittered[1]), "the first failed at once: {}", jittered[1]);
    let jittered: Vec<_> = jittered.iter().copied().filter(|wait| *wait != jittered[1]).collect();
    for (jittered, scheduled) in jittered.iter().zip(&scheduled) {
        assert!((scheduled / 2..=*scheduled).contains(jittered), "{jittered} instead of {scheduled}");
    }
    assert_ne!(jittered, scheduled);
}

#[test]
fn by_default_the_client_never_gives_up() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.server().kill();
    world.run_for(24 * 3_600_000);
    assert_eq!(world.client(alice).state(), Reconnecting);
    assert!(world.client(alice).dialled().len() > 2_800, "every half minute");

    world.server().start();
    world.run_for(31_000);
    assert_eq!(world.client(alice).state(), Open);
}

#[test]
fn after_max_reconnect_attempts_the_client_gives_up_until_it_is_resumed() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.max_reconnect_attempts = Some(3));
    world.server().kill();
    let login = world.login(alice, "{}");
    world.run_until(alice, Error);

    let client = world.client(alice);
    assert_eq!(client.dialled().len(), 1 + 3);
    assert_eq!(client.states(), [Reconnecting, Error]);
    assert_eq!(client.rejection(login), Some("MAX_RECONNECTION_ATTEMPTS_REACHED"));
    let announced = client.history().iter().filter(|(_, output)| *output == Output::MaxReconnectionAttemptsReached(3));
    assert_eq!(announced.count(), 1);

    world.server().start();
    world.run_for(600_000);
    assert_eq!(world.client(alice).dialled().len(), 1 + 3);
    assert_eq!(world.client(alice).state(), Error);

    let resume = world.resume(alice);
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(resume));
}

/// Those who entrusted their login to a client that gave up must be able to try again.
#[test]
fn resume_after_giving_up_grants_as_many_attempts_again() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.max_reconnect_attempts = Some(2));
    world.server().kill();
    world.run_until(alice, Error);
    world.client_mut(alice).forget();
    let resume = world.resume(alice);
    world.run_until(alice, Error);
    assert_eq!(world.client(alice).rejection(resume), Some("MAX_RECONNECTION_ATTEMPTS_REACHED"));
    assert_eq!(world.client(alice).dialled().len(), 1 + 2);
}

/// B7: no first failure is the end of the loop.
#[test]
fn any_first_failure_is_one_failed_attempt() {
    type Fault = fn(&mut World, ClientId);
    let faults: [Fault; 3] = [
        |world, alice| world.network().route(alice, Route::Refused),
        |world, alice| world.network().route(alice, Route::Lost),
        |world, _| world.server().policy.at_connection = AtConnection::CloseWith(1011),
    ];
    for fault in faults {
        let mut world = World::new();
        let alice = world.add_client();
        let login = world.login(alice, "{}");
        fault(&mut world, alice);
        world.run_until(alice, Reconnecting);
        world.run_for(100);
        assert_eq!(world.client(alice).outcome(login), None);

        world.network().route(alice, Route::Clear);
        world.server().policy.at_connection = AtConnection::Welcome;
        world.run_until_open(alice);
        assert!(world.client(alice).succeeded(login));
    }
}

/// Where it is, the client can never connect: it says so and rests, and `resume()` looks again.
#[test]
fn a_socket_that_cannot_be_made_is_reported_with_the_browsers_words_and_not_tried_again() {
    let mut world = World::new();
    let alice = world.add_client();
    let login = world.login(alice, "{}");
    world.network().route(alice, Route::Forbidden);
    world.run_for(60_000);
    assert_eq!(world.client(alice).dialled_at(), [0]);
    assert_eq!(world.client(alice).state(), Error);
    let errors = world.client(alice).errors();
    let [error] = errors[..] else { panic!("{errors:?}") };
    assert_eq!(error.code(), "WEBSOCKET_UNAVAILABLE");
    assert!(error.message().contains("SecurityError"), "{error:?}");
    assert_eq!(world.client(alice).outcome(login).unwrap().as_ref().unwrap_err().code(), error.code());

    let again = world.login(alice, "{}");
    assert_eq!(world.client(alice).outcome(again).unwrap().as_ref().unwrap_err().code(), "WEBSOCKET_UNAVAILABLE");
    world.network().route(alice, Route::Clear);
    world.resume(alice);
    world.run_until_open(alice);
}

#[test]
fn other_urls_are_tried_before_the_client_rests_for_want_of_a_socket() {
    let mut world = World::new();
    let alice = world.add_client_of(&["ws://one:6020/deepstream", "ws://two:6020/deepstream"], |_| {});
    world.network().route(alice, Route::Forbidden);
    world.run_for(60_000);
    assert_eq!(world.client(alice).dialled_at().len(), 2);
    assert_eq!(world.client(alice).state(), Error);
}

/// As in Chromium, where a Content-Security-Policy forbids the connection.
#[test]
fn a_socket_that_fails_and_never_closes_is_a_failed_attempt_at_once() {
    let mut world = World::new();
    let alice = world.add_client();
    world.network().route(alice, Route::Lost);
    world.run_for(100);
    world.socket_says(alice, News::Failed);
    world.run_for(1_000);
    assert_eq!(world.client(alice).errors().len(), 1);
    assert_eq!(world.client(alice).dialled_at().len(), 2);
}

#[test]
fn a_socket_that_fails_once_open_says_more_when_it_closes() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.socket_says(alice, News::Failed);
    world.run_for(1_000);
    assert_eq!(world.client(alice).state(), Open);
}

/// With no wait between attempts, a server that is gone must not keep the page from ever running again.
#[test]
fn no_options_make_the_client_try_for_ever_in_one_go() {
    let settings: [fn(&mut Options); 3] = [
        |options| options.reconnect_interval_increment_ms = 0,
        |options| options.max_reconnect_interval_ms = 0,
        |options| {
            options.reconnect_interval_increment_ms = 1;
            options.reconnect_jitter = 1.0;
        },
    ];
    for change in settings {
        let mut world = World::new();
        let alice = world.add_client_with(change);
        world.network().route(alice, Route::Refused);
        world.run_for(100);
        world.network().route(alice, Route::Clear);
        world.run_until(alice, AwaitingAuthentication);
    }
}

#[test]
fn a_loss_is_an_error_only_if_the_first_attempt_fails() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.network().cut(alice);
    world.run_until(alice, Reconnecting);
    world.run_until_open(alice);
    assert!(world.client(alice).errors().is_empty());

    world.run_for(10_000);
    world.client_mut(alice).forget();
    world.server().stop_with(1011);
    world.run_until(alice, Reconnecting);
    assert_eq!(world.client(alice).client().connection().reason.and_then(|reason| reason.code), Some(1011));
    assert!(world.client(alice).errors().is_empty());
    world.run_for(2 * LATENCY);
    let failed = ConnectionFailure::NeverOpened { code: 1006, url: SERVER };
    assert_eq!(world.client(alice).errors(), [&ClientError::connection(failed)]);
    let is_told = |output: &Output| matches!(output, Output::StateChanged(_) | Output::Error(_));
    let told: Vec<_> = world.client(alice).outputs().filter(|output| is_told(output)).collect();
    assert_eq!(told[0], &Output::StateChanged(Reconnecting), "the state is told first");
}

#[test]
fn what_never_opened_is_named_without_what_may_be_secret() {
    let mut world = World::new();
    let url = "ws://ann:secret@deepstream.test/deepstream?token=secret";
    let alice = world.add_client_of(&[url], |_| {});
    world.network().route(alice, Route::Refused);
    world.run_until(alice, Reconnecting);
    let message = world.client(alice).errors()[0].message();
    assert_eq!(message, "no connection to ws://deepstream.test/deepstream could be opened");
}

/// Nobody far away can have refused so fast, so the network was not there for a moment.
#[test]
fn a_blip_costs_less_than_a_second() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.reconnect_jitter = 0.5);
    world.open(alice);
    world.network().route(alice, Route::Refused);
    world.network().cut(alice);
    world.run_for(200);
    world.network().route(alice, Route::Clear);
    world.run_for(1_000);
    assert_eq!(world.client(alice).state(), Open);
    assert_eq!(world.client(alice).dialled().len(), 2);
}

#[test]
fn an_announced_restart_spreads_the_first_attempt_and_a_loss_does_not() {
    for (code, first_wait) in [(1001, 4_000), (1012, 4_000), (1013, 4_000), (4001, 4_000), (1000, 0), (1006, 0)] {
        let mut world = World::new();
        let alice = world.add_open_client();
        world.server().stop_with(code);
        world.server().start();
        let lost = world.now().as_ms() + LATENCY;
        world.run_for(60);
        world.run_until_open(alice);
        assert_eq!(world.client(alice).dialled_at(), [lost + first_wait], "{code}");
    }
}

/// B9: a server that lets everybody in and throws them out again is not stormed.
#[test]
fn the_backoff_climbs_while_sessions_are_short() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.run_for(5_000);
    world.client_mut(alice).forget();
    for _ in 0..5 {
        world.run_until_open(alice);
        world.network().cut(alice);
        world.run_for(LATENCY);
    }
    let dialled_at = world.client(alice).dialled_at();
    let waits: Vec<_> = dialled_at.windows(2).map(|pair| (pair[1] - pair[0]) / 1_000).collect();
    assert_eq!(waits, [4, 8, 12], "seconds, after a first attempt at once");
}

#[test]
fn the_backoff_starts_over_after_a_session_that_held() {
    for (held, next_is_at_once) in [(4_999, false), (5_000, true)] {
        let mut world = World::new();
        let alice = world.add_client();
        world.network().cut(alice);
        world.login(alice, "{}");
        world.run_until_open(alice);
        world.network().cut(alice);
        world.run_for(LATENCY);
        world.run_until_open(alice);
        world.client_mut(alice).forget();

        world.run_for(held - LATENCY);
        world.network().cut(alice);
        world.run_for(LATENCY);
        assert_eq!(!world.client(alice).dialled().is_empty(), next_is_at_once, "{held}");
    }
}

#[test]
fn accept_then_close_never_becomes_a_fast_loop() {
    let mut world = World::new();
    world.server().policy.at_connection = AtConnection::CloseWith(1000);
    let alice = world.add_client();
    world.run_for(600_000);
    let attempts = world.client(alice).dialled().len();
    assert!((20..40).contains(&attempts), "{attempts} in ten minutes");
}

/// A lost network takes all the sockets of an attempt with it, whatever they still have to say.
#[test]
fn what_an_old_socket_says_late_is_ignored() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.network().stall(alice, 20_000);
    world.server().restart();
    world.pause(alice);
    world.resume(alice);
    world.run_until_open(alice);
    world.client_mut(alice).forget();
    world.run_for(25_000);
    assert!(world.client(alice).history().is_empty(), "{:?}", world.client(alice).history());
    assert_eq!(world.client(alice).state(), Open);
}

#[test]
fn an_attempt_left_by_its_deadline_may_still_open_without_effect() {
    let mut world = World::new();
    let alice = world.add_client();
    world.login(alice, "{}");
    world.run_for(0);
    world.network().stall(alice, 15_000);
    world.run_for(60_000);
    assert_eq!(world.client(alice).state(), Open);
    assert_eq!(world.client(alice).dialled_at(), [0, 10_000]);
    assert_eq!(world.server().connections(), 1);
}

#[test]
fn two_hundred_restarts_are_survived() {
    let mut world = World::new();
    let alice = world.add_open_client();
    for restart in 0..200 {
        world.server().restart();
        world.run_for(restart * 61 % 7_000);
    }
    world.run_for(31_000);
    assert_eq!(world.client(alice).state(), Open);
    assert_eq!(world.server().connections(), 1);
    assert!(world.server().complaints().is_empty());
}

#[test]
fn a_server_that_stops_answering_challenges_for_a_while_is_found_again() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.server().policy.at_challenge = AtChallenge::Silence;
    world.server().restart();
    world.run_for(120_000);
    assert_eq!(world.client(alice).state(), Challenging);
    world.server().policy.at_challenge = AtChallenge::Accept;
    world.run_until_open(alice);
}

/// Waits until so many attempts took too long, and tells how long each was given.
fn given_times(world: &mut World, client: ClientId, count: usize) -> Vec<u64> {
    let timeout = ClientError::connection(ConnectionFailure::TimedOut);
    let mut given = Vec::new();
    while given.len() < count {
        world.run_for(1_000);
        let mut dialled = 0;
        given.clear();
        for (at, output) in world.client(client).history() {
            match output {
                Output::OpenSocket(..) => dialled = at.as_ms(),
                Output::Error(error) if *error == timeout => given.push(at.as_ms() - dialled),
                _ => {}
            }
        }
    }
    given
}

fn lost_in_the_dark() -> (World, ClientId) {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.run_for(10_000);
    world.client_mut(alice).forget();
    world.network().route(alice, Route::Lost);
    world.network().cut(alice);
    (world, alice)
}

/// A server whose queue is longer than everybody's patience would only ever turn to those who have just left it.
#[test]
fn attempts_that_take_too_long_are_given_more_time_up_to_four_times() {
    let (mut world, alice) = lost_in_the_dark();
    assert_eq!(given_times(&mut world, alice, 5), [10_000, 20_000, 40_000, 40_000, 40_000]);
}

#[test]
fn an_attempt_that_ends_before_its_time_is_up_gives_the_next_one_the_usual_time() {
    let ends: [fn(&mut World, ClientId); 3] = [
        |world, alice| world.network().route(alice, Route::Refused),
        |world, _| world.server().policy.at_connection = AtConnection::CloseWith(1011),
        |_, _| {}, // it succeeds
    ];
    for end in ends {
        let (mut world, alice) = lost_in_the_dark();
        assert_eq!(given_times(&mut world, alice, 2), [10_000, 20_000]);
        world.network().route(alice, Route::Clear);
        end(&mut world, alice);
        while world.client(alice).dialled().len() < 3 {
            world.run_for(100);
        }
        world.run_for(10 * LATENCY);
        world.network().route(alice, Route::Lost);
        world.network().cut(alice);
        assert_eq!(given_times(&mut world, alice, 4)[2..], [10_000, 20_000]);
    }
}

#[test]
fn whoever_asks_anew_gives_the_usual_time_and_so_does_a_network_that_returns() {
    let asks: [fn(&mut World, ClientId); 2] = [
        |world, alice| {
            world.pause(alice);
            world.resume(alice);
        },
        |world, alice| world.page_says(alice, PageSignal::Online),
    ];
    for ask in asks {
        let (mut world, alice) = lost_in_the_dark();
        given_times(&mut world, alice, 3);
        ask(&mut world, alice);
        let given = given_times(&mut world, alice, 10);
        let after: Vec<_> = given[3..].iter().copied().filter(|given| *given > LADDER_OPEN_MS).collect();
        assert_eq!(after[..3], [10_000, 20_000, 40_000]);
    }
}

/// More time is for sockets that are slow to open.
#[test]
fn a_server_that_opens_and_says_nothing_has_the_usual_time_however_many_attempts_took_too_long() {
    let (mut world, alice) = lost_in_the_dark();
    given_times(&mut world, alice, 3);
    world.network().route(alice, Route::Clear);
    world.server().policy.at_challenge = AtChallenge::Silence;
    let given = given_times(&mut world, alice, 5);
    assert!(given[3..].iter().all(|given| (10_000..=10_000 + 2 * REFUSAL).contains(given)), "{given:?}");
}
