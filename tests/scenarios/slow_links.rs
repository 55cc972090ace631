//! Links that are slow or long, and alive: bytes move on them.

use deepstream_wasm::client::{ConnectionState::*, PageSignal, Strategy};

use crate::{
    record_support::{open, set, view},
    world::{
        ClientId, World,
        network::{Direction, Route, Speed},
    },
};

/// One way over a long link, in milliseconds.
const FAR: u64 = 1_300;

fn losses(world: &World, client: ClientId) -> usize {
    world.client(client).error_codes().into_iter().filter(|code| *code == "HEARTBEAT_TIMEOUT").count()
}

fn far_away(world: &mut World) -> ClientId {
    let alice = world.add_client();
    for direction in [Direction::ToServer, Direction::ToClient] {
        world.network().slow_down(alice, direction, Speed::far(FAR));
    }
    world.open(alice);
    alice
}

/// An outage leaves 200 events of 10 kB each, and the way up takes 64 kB in a second.
fn backlog(bytes_per_second: u64, unseen_bytes: u64) -> (World, ClientId, ClientId) {
    let mut world = World::new();
    let (reader, writer) = (world.add_open_client(), world.add_open_client());
    world.subscribe(reader, "e");
    world.run_for(10_000);
    let speed = Speed { unseen_bytes, ..Speed::of(bytes_per_second) };
    world.network().slow_down(writer, Direction::ToServer, speed);
    world.network().route(writer, Route::Refused);
    world.network().cut(writer);
    for number in 0..200 {
        world.emit(writer, "e", &format!("\"{number} {}\"", "x".repeat(10_000)));
    }
    world.run_for(1_000);
    world.network().route(writer, Route::Clear);
    world.run_until_open(writer);
    world.client_mut(writer).forget();
    (world, reader, writer)
}

#[test]
fn a_backlog_leaves_over_a_slow_uplink_in_one_session() {
    // What waits is seen, or the operating system takes it all out of sight.
    for unseen_bytes in [0, 200_000, u64::MAX] {
        let (mut world, reader, writer) = backlog(64_000, unseen_bytes);
        world.run_for(36_000);
        assert_eq!(world.client(writer).client().outbox().len(), 0, "{unseen_bytes}");
        assert_eq!(world.client(writer).states(), [], "{unseen_bytes}");
        let received = world.client(reader).received("e");
        assert_eq!(received.len(), 200, "{unseen_bytes}");
        assert!(received.iter().enumerate().all(|(at, data)| data.starts_with(&format!("\"{at} "))));
    }
}

#[test]
fn a_backlog_leaves_over_an_uplink_that_is_slower_still() {
    let (mut world, reader, writer) = backlog(12_000, u64::MAX);
    world.run_for(200_000);
    assert_eq!((losses(&world, writer), world.client(reader).received("e").len()), (0, 200));
}

#[test]
fn a_fast_link_is_used_and_a_long_one_not_much_less() {
    let (mut world, reader, _) = backlog(100_000_000, u64::MAX);
    world.run_for(1_000);
    assert_eq!(world.client(reader).received("e").len(), 200);

    let mut world = World::new();
    let writer = far_away(&mut world);
    for number in 0..200 {
        world.emit(writer, "e", &format!("\"{number} {}\"", "x".repeat(10_000)));
    }
    world.run_for(25_000);
    assert_eq!(world.client(writer).client().outbox().len(), 0);
}

#[test]
fn what_is_written_to_a_record_may_take_long_to_leave() {
    for unseen_bytes in [0, u64::MAX] {
        let mut world = World::new();
        let alice = world.add_open_client();
        open(&mut world, alice, Strategy::RemoteWins);
        world.run_for(1_000);
        let speed = Speed { unseen_bytes, ..Speed::of(40_000) };
        world.network().slow_down(alice, Direction::ToServer, speed);
        let ticket = set(&mut world, alice, "big", &format!("\"{}\"", "x".repeat(900_000)));
        world.run_for(60_000);
        assert!(world.client(alice).succeeded(ticket));
        assert_eq!(losses(&world, alice), 0);
    }
}

#[test]
fn a_long_record_arrives_over_a_slow_downlink_in_one_session() {
    let mut world = World::new();
    let bob = world.add_open_client();
    open(&mut world, bob, Strategy::RemoteWins);
    set(&mut world, bob, "big", &format!("\"{}\"", "x".repeat(900_000)));
    let alice = world.add_client_with(|options| options.heartbeat_interval_ms = 5_000);
    world.network().slow_down(alice, Direction::ToClient, Speed::of(40_000));
    world.open(alice);
    open(&mut world, alice, Strategy::RemoteWins);
    world.run_for(30_000);
    assert!(view(&mut world, alice).len() > 900_000);
    world.run_for(60_000);
    assert_eq!(world.client(alice).states(), []);
}

#[test]
fn an_answer_that_never_comes_does_not_keep_a_dead_link_for_ever() {
    for signal in [None, Some(PageSignal::Woke)] {
        let mut world = World::new();
        let alice = world.add_open_client();
        open(&mut world, alice, Strategy::RemoteWins);
        world.network().silence_both_ways(alice);
        for _ in 0..12 {
            if let Some(signal) = signal {
                world.page_says(alice, signal);
            }
            world.run_for(6_000);
        }
        assert_eq!(losses(&world, alice), 1);
        assert_eq!(world.client(alice).state(), Open);
    }
}

/// It is asked for after the link has died, so nothing of it can be on its way.
#[test]
fn whoever_asks_over_a_dead_link_does_not_wait_longer_for_it() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.network().silence_both_ways(alice);
    world.run_for(20_000);
    open(&mut world, alice, Strategy::RemoteWins);
    world.run_for(20_000 + 100);
    assert_eq!(losses(&world, alice), 1);
}

#[test]
fn a_long_way_to_the_server_outlives_every_sign_of_the_page() {
    for signal in [PageSignal::Woke, PageSignal::Online, PageSignal::Offline] {
        let mut world = World::new();
        let alice = far_away(&mut world);
        world.run_for(10_000);
        world.page_says(alice, signal);
        world.run_for(35_000);
        for _ in 0..20 {
            world.page_says(alice, signal);
            world.run_for(5_000);
        }
        assert_eq!(world.client(alice).states(), [], "{signal:?}");
        assert_eq!(world.client(alice).client().connection().round_trip_ms, Some(2 * FAR + 20), "{signal:?}");

        world.network().silence_both_ways(alice);
        world.page_says(alice, signal);
        world.run_for(2 * (2 * FAR + 20));
        assert_eq!(world.client(alice).dialled().len(), 1, "{signal:?}: a dead one is still left");
    }
}

#[test]
fn a_long_way_to_the_server_needs_no_longer_interval() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.heartbeat_interval_ms = 1_000);
    for direction in [Direction::ToServer, Direction::ToClient] {
        world.network().slow_down(alice, direction, Speed::far(FAR));
    }
    world.open(alice);
    world.run_for(60_000);
    assert_eq!(world.client(alice).states(), []);
}

/// Each of these keeps coming back before an attempt over such a link can have succeeded.
#[test]
fn a_client_far_away_gets_back_however_often_the_page_says_online() {
    for (is_new, every_ms) in [(false, 5_000), (true, 5_000), (false, 2_500), (false, 1_000), (true, 1_000)] {
        let mut world = World::new();
        let alice = if is_new {
            let alice = world.add_client();
            for direction in [Direction::ToServer, Direction::ToClient] {
                world.network().slow_down(alice, direction, Speed::far(FAR));
            }
            world.login(alice, "{}");
            alice
        } else {
            let alice = far_away(&mut world);
            world.run_for(10_000);
            world.network().cut(alice);
            world.run_until(alice, Reconnecting);
            alice
        };
        for _ in 0..60_000 / every_ms {
            world.page_says(alice, PageSignal::Online);
            world.run_for(every_ms);
        }
        assert_eq!(world.client(alice).state(), Open, "{is_new}, {every_ms}");
    }
}

/// A hint is not a network.
#[test]
fn a_hint_that_keeps_coming_makes_no_more_attempts_than_the_schedule_and_itself() {
    for signal in [PageSignal::Woke, PageSignal::Online] {
        for every_ms in [100, 1_000, 1_003, 1_999, 2_500, 5_000] {
            let mut world = World::new();
            let alice = world.add_open_client();
            world.run_for(10_000);
            world.client_mut(alice).forget();
            world.network().route(alice, Route::Refused);
            world.network().cut(alice);
            for _ in 0..30_000 / every_ms {
                world.page_says(alice, signal);
                world.run_for(every_ms);
            }
            let dials = world.client(alice).dialled().len() as u64;
            // The schedule, and the short waits after one `online`, or after each where they have their time.
            let most = if every_ms < 2_000 { 4 + 4 } else { 4 + 30 };
            assert!(dials <= most, "{signal:?} every {every_ms} ms: {dials}");
        }
    }
}
