//! What a client does when its page wakes, its network changes, or it is left.

use deepstream_wasm::client::{CloseKind, ConnectionState::*, PageSignal};

use crate::world::{ClientId, LATENCY, World, network::Route, server::Request};

/// Within this time after a sign a dead connection is left, in milliseconds.
const LEFT_WITHIN: u64 = 2_500;

fn pings(world: &mut World) -> usize {
    world.server().requests().into_iter().filter(|request| **request == Request::Ping).count()
}

fn open_for_a_while() -> (World, ClientId) {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.subscribe(alice, "news");
    world.run_for(10_000);
    world.client_mut(alice).forget();
    world.server().forget_requests();
    (world, alice)
}

#[test]
fn a_connection_that_survived_a_sign_is_kept() {
    for signal in [PageSignal::Woke, PageSignal::Online, PageSignal::Offline] {
        let (mut world, alice) = open_for_a_while();
        world.page_says(alice, signal);
        world.run_for(10_000);
        assert_eq!(world.client(alice).states(), [], "{signal:?}");
        assert_eq!(pings(&mut world), 1, "{signal:?}");
    }
}

#[test]
fn a_connection_that_died_is_left_soon_after_a_sign() {
    for signal in [PageSignal::Woke, PageSignal::Online, PageSignal::Offline] {
        let (mut world, alice) = open_for_a_while();
        world.network().silence_both_ways(alice);
        let signed = world.now().as_ms();
        world.page_says(alice, signal);
        world.run_for(LEFT_WITHIN);
        assert_eq!(world.client(alice).dialled().len(), 1, "{signal:?}");
        assert!(world.client(alice).dialled_at()[0] - signed <= LEFT_WITHIN, "{signal:?}");
        assert_eq!(world.client(alice).error_codes(), ["HEARTBEAT_TIMEOUT"], "{signal:?}");
        world.run_until_open(alice);
        world.run_for(LATENCY);
        assert_eq!(world.subscriptions(alice), ["news"], "{signal:?}");
    }
}

#[test]
fn all_signs_of_one_wake_up_are_one_probe_and_one_reconnect() {
    let (mut world, alice) = open_for_a_while();
    for _ in 0..4 {
        world.page_says(alice, PageSignal::Woke);
        world.page_says(alice, PageSignal::Online);
    }
    world.run_for(LATENCY);
    assert_eq!(pings(&mut world), 1);

    world.network().silence_both_ways(alice);
    world.run_for(2_000);
    for _ in 0..20 {
        world.page_says(alice, PageSignal::Woke);
        world.page_says(alice, PageSignal::Online);
        world.run_for(100);
    }
    world.run_for(LEFT_WITHIN);
    assert_eq!(world.client(alice).dialled().len(), 1);
}

#[test]
fn a_server_just_heard_is_not_asked() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.page_says(alice, PageSignal::Woke);
    world.run_for(1_000);
    assert_eq!(pings(&mut world), 0);
}

/// Whatever was heard came over the network of before.
#[test]
fn a_change_of_network_is_looked_into_even_where_the_server_was_just_heard() {
    for signal in [PageSignal::Online, PageSignal::Offline] {
        let mut world = World::new();
        let alice = world.add_open_client();
        world.client_mut(alice).forget();
        for signal in [signal, PageSignal::Woke, signal, PageSignal::Woke] {
            world.page_says(alice, signal);
        }
        world.run_for(1_000);
        assert_eq!(pings(&mut world), 1, "{signal:?}");
        assert_eq!(world.client(alice).states(), [], "{signal:?}");

        world.network().silence_both_ways(alice);
        world.page_says(alice, signal);
        world.run_for(LEFT_WITHIN);
        assert_eq!(world.client(alice).dialled().len(), 1, "{signal:?}");
        assert_eq!(world.client(alice).error_codes(), ["HEARTBEAT_TIMEOUT"], "{signal:?}");
    }
}

#[test]
fn a_client_that_waits_tries_at_once_when_the_page_wakes() {
    let (mut world, alice) = open_for_a_while();
    world.network().route(alice, Route::Refused);
    world.network().cut(alice);
    world.run_for(20_000);
    assert_eq!(world.client(alice).state(), Reconnecting);
    world.network().route(alice, Route::Clear);
    world.page_says(alice, PageSignal::Woke);
    world.run_for(10 * LATENCY);
    assert_eq!(world.client(alice).state(), Open);
}

#[test]
fn when_the_network_returns_a_short_ladder_leads_back() {
    let (mut world, alice) = open_for_a_while();
    world.network().route(alice, Route::Refused);
    world.network().cut(alice);
    world.run_for(120_000);
    world.client_mut(alice).forget();
    let online = world.now().as_ms();
    world.page_says(alice, PageSignal::Online);
    world.run_for(20_000);
    let after: Vec<_> = world.client(alice).dialled_at().into_iter().map(|at| at - online).collect();
    let refusals = |attempt: u64| attempt * LATENCY;
    let expected = [0, 500, 1_500, 3_500, 7_500, 15_500].into_iter().zip(0..).map(|(wait, nth)| wait + refusals(nth));
    assert_eq!(after, expected.collect::<Vec<_>>());
}

#[test]
fn what_was_dialled_into_the_dark_is_given_up_when_the_network_returns() {
    let (mut world, alice) = open_for_a_while();
    world.network().route(alice, Route::Lost);
    world.network().cut(alice);
    world.run_for(5_000);
    world.network().route(alice, Route::Clear);
    world.page_says(alice, PageSignal::Online);
    world.run_for(10 * LATENCY);
    assert_eq!(world.client(alice).state(), Open);
}

/// After three attempts that took too long the fourth may take four times as long.
#[test]
fn an_attempt_that_is_given_more_time_is_replaced_when_the_page_wakes() {
    let (mut world, alice) = open_for_a_while();
    world.network().route(alice, Route::Lost);
    world.network().cut(alice);
    while world.client(alice).dialled().len() < 4 {
        world.run_for(1_000);
    }
    world.network().route(alice, Route::Clear);
    world.page_says(alice, PageSignal::Woke);
    world.run_for(8_000);
    assert_eq!(world.client(alice).dialled().len(), 4, "it has the time that it always has");
    world.run_for(2_000);
    world.page_says(alice, PageSignal::Woke);
    world.run_for(10 * LATENCY);
    assert_eq!(world.client(alice).state(), Open);
    assert_eq!(world.client(alice).dialled().len(), 5);
}

#[test]
fn a_page_that_is_left_gives_its_socket_up_and_comes_back_with_everything() {
    let (mut world, alice) = open_for_a_while();
    world.page_says(alice, PageSignal::Left);
    assert_eq!(world.client(alice).state(), Reconnecting);
    let reason = world.client(alice).client().connection().reason.map(|reason| reason.kind);
    assert_eq!(reason, Some(CloseKind::PageHidden));
    world.emit(alice, "news", "1");
    world.run_for(3_600_000);
    assert_eq!(world.client(alice).ticks(), 0, "nothing runs in the back/forward cache");
    assert_eq!(world.server().connections(), 0);
    world.page_says(alice, PageSignal::Woke);
    world.run_until_open(alice);
    world.run_for(2 * LATENCY);
    assert_eq!(world.subscriptions(alice), ["news"]);
    assert!(world.client(alice).errors().is_empty());
    let emitted = world.server().requests().into_iter().any(|request| matches!(request, Request::Emit { .. }));
    assert!(emitted, "what was emitted meanwhile is sent");
}

#[test]
fn no_sign_reopens_what_the_application_closed_or_paused() {
    let signals = [PageSignal::Left, PageSignal::Woke, PageSignal::Online, PageSignal::Offline];
    let (mut world, alice) = open_for_a_while();
    let bob = world.add_open_client();
    world.pause(alice);
    world.close(bob);
    for client in [alice, bob] {
        world.client_mut(client).forget();
        for signal in signals {
            world.page_says(client, signal);
            world.run_for(60_000);
        }
        assert_eq!(world.client(client).dialled(), <[&str; 0]>::default());
        assert_eq!(world.client(client).states(), []);
    }
}

#[test]
fn an_hour_of_sleep_is_one_probe_and_one_reconnect() {
    let (mut world, alice) = open_for_a_while();
    world.network().silence_both_ways(alice);
    world.sleep(3_600_000);
    world.run_for(LEFT_WITHIN);
    assert_eq!(world.client(alice).dialled().len(), 1);
    world.run_until_open(alice);
    world.run_for(10_000);
    assert_eq!(
        world.client(alice).states(),
        [Error, Reconnecting, AwaitingConnection, Challenging, AwaitingAuthentication, Authenticating, Open]
    );
}

/// The page may have slept for less than it takes to be sure, so it is asked a little later.
#[test]
fn a_page_that_wakes_just_after_a_frame_asks_soon() {
    let (mut world, alice) = open_for_a_while();
    world.page_says(alice, PageSignal::Offline);
    world.run_for(2 * LATENCY);
    world.network().silence_both_ways(alice);
    world.server().forget_requests();
    let woke = world.now().as_ms();
    world.page_says(alice, PageSignal::Woke);
    world.run_for(1_200 + LEFT_WITHIN);
    assert_eq!(world.client(alice).dialled(), [crate::world::SERVER]);
    assert!(world.client(alice).dialled_at()[0] - woke <= 1_200 + LEFT_WITHIN);
}
