//! Whether the server is still there, and what it costs to know.

use deepstream_wasm::client::{ClientError, ConnectionState::*, Failure, HeartbeatFailure, Wake};

use crate::world::{
    ClientId, LATENCY, World,
    network::{Direction, Route},
    server::Request,
};

/// From the login to the end of a connection of which nothing is heard any more: an interval, and the time that each
/// of two PINGs has.
const UNANSWERED: u64 = 30_000 + 2 * 5_000;

fn pings(world: &mut World) -> usize {
    world.server().requests().into_iter().filter(|request| **request == Request::Ping).count()
}

#[test]
fn an_idle_client_wakes_only_to_ping() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.run_for(600_000 + 2 * LATENCY);
    assert_eq!(pings(&mut world), 20);
    assert_eq!(world.client(alice).ticks(), 20);
    assert_eq!(world.client(alice).client().deadline().map(|(_, wake)| wake), Some(Wake::Ping));
    assert_eq!(world.client(alice).client().connection().round_trip_ms, Some(2 * LATENCY));
    assert!(world.client(alice).errors().is_empty());
    assert_eq!(world.client(alice).state(), Open);
}

#[test]
fn the_interval_is_an_option() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.heartbeat_interval_ms = 1_000);
    world.open(alice);
    world.run_for(60_000 + LATENCY);
    assert_eq!(pings(&mut world), 60);
}

#[test]
fn a_paused_or_closed_client_does_not_wake_at_all() {
    let mut world = World::new();
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    world.pause(alice);
    world.close(bob);
    world.run_for(3_600_000);
    assert_eq!((world.client(alice).ticks(), world.client(bob).ticks()), (0, 0));
}

#[test]
fn a_half_open_connection_is_replaced_in_the_moment_it_is_known() {
    type Fault = fn(&mut World, ClientId);
    let faults: [Fault; 4] = [
        |world, alice| world.network().silence_both_ways(alice),
        |world, alice| world.network().silence(alice, Direction::ToServer),
        |world, alice| world.network().silence(alice, Direction::ToClient),
        |world, _| world.server().policy.answers_pings = false,
    ];
    for fault in faults {
        let mut world = World::new();
        let alice = world.add_open_client();
        let logged_in = world.now().as_ms();
        fault(&mut world, alice);
        world.run_for(UNANSWERED - 1);
        assert_eq!(world.client(alice).state(), Open);
        world.run_for(1);
        assert_eq!(world.client(alice).states(), [Error, Reconnecting]);
        assert_eq!(world.client(alice).errors(), [&ClientError::of(Failure::HeartbeatTimeout)]);
        assert_eq!(world.client(alice).dialled_at(), [logged_in + UNANSWERED], "not after the old socket closes");
        world.run_until_open(alice);
        assert_eq!(world.client(alice).dialled().len(), 1);
    }
}

#[test]
fn the_old_half_open_socket_closes_much_later_without_effect() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.network().silence_both_ways(alice);
    world.run_for(UNANSWERED);
    world.run_until_open(alice);
    world.client_mut(alice).forget();
    world.run_for(120_000);
    assert!(world.client(alice).states().is_empty());
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn with_stop_a_failed_heartbeat_is_final_until_resume() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.heartbeat_failure = HeartbeatFailure::Stop);
    world.open(alice);
    world.network().silence_both_ways(alice);
    world.run_for(600_000);
    assert_eq!(world.client(alice).states(), [Error]);
    assert_eq!(world.client(alice).error_codes(), ["HEARTBEAT_TIMEOUT"]);
    assert!(world.client(alice).dialled().is_empty());

    let resume = world.resume(alice);
    world.run_until_open(alice);
    assert!(world.client(alice).succeeded(resume));
}

#[test]
fn one_late_answer_keeps_the_connection() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.run_for(29_000);
    world.network().stall(alice, 9_000);
    world.run_for(120_000);
    assert!(world.client(alice).states().is_empty());
    assert_eq!(world.client(alice).state(), Open);
}

/// A PONG may be queued behind a flood of other messages on a slow line.
#[test]
fn as_long_as_something_arrives_the_answer_may_take_longer() {
    let mut world = World::new();
    world.server().policy.heartbeat_interval_ms = 600_000;
    let alice = world.add_open_client();
    let bob = world.add_open_client();
    world.subscribe(alice, "flood");
    world.run_for(1_000);
    world.client_mut(alice).forget();
    world.network().silence(alice, Direction::ToServer);
    for _ in 0..45 {
        world.emit(bob, "flood", "1");
        world.run_for(1_000);
    }
    assert_eq!(world.client(alice).state(), Open);
    assert!(world.client(alice).errors().is_empty());

    for _ in 0..60 {
        world.emit(bob, "flood", "1");
        world.run_for(1_000);
    }
    assert_eq!(world.client(alice).error_codes(), ["HEARTBEAT_TIMEOUT"], "but not for ever");
    assert_eq!(world.client(alice).state(), Open, "over a new connection");
}

/// The server answers no PING before the login, so none can be missed.
#[test]
fn a_client_that_waits_for_a_login_is_never_declared_dead() {
    let mut world = World::new();
    world.server().policy.unauthenticated_client_timeout_ms = None;
    let alice = world.add_client();
    world.run_for(3_600_000);
    assert_eq!(world.client(alice).state(), AwaitingAuthentication);
    assert!(!world.client(alice).error_codes().contains(&"HEARTBEAT_TIMEOUT"));
}

#[test]
fn pings_keep_the_server_from_cutting_the_client() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.run_for(3_600_000);
    assert!(world.client(alice).states().is_empty());
    assert_eq!(world.server().connections(), 1);
}

#[test]
fn after_a_failed_heartbeat_the_usual_schedule_applies() {
    let mut world = World::new();
    let alice = world.add_open_client();
    let logged_in = world.now().as_ms();
    world.network().silence_both_ways(alice);
    world.network().route(alice, Route::Refused);
    world.run_for(UNANSWERED + 13_000);
    let first = logged_in + UNANSWERED;
    let refusal = LATENCY;
    let second = first + refusal + 4_000;
    assert_eq!(world.client(alice).dialled_at(), [first, second, second + refusal + 8_000]);
}
