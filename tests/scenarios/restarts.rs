//! Everything that a client restores after the server was killed, over as many restarts as a client may see in its life.

use std::collections::BTreeMap;

use deepstream_wasm::client::Output;

use crate::world::{ClientId, LATENCY, Wish, World, server::Request};

const RESTARTS: u64 = 200;

/// Long enough for the slowest attempt after a restart, and for everything to be restored, in milliseconds.
const RESTORED: u64 = 31_000 + 1_000;

const EVENTS: [&str; 3] = ["e1", "e2", "w/2"];
const PATTERNS: [&str; 2] = ["v/.*", "w/.*"];
const PROCEDURES: [&str; 2] = ["p1", "p2"];
const WATCHED: [&str; 3] = ["%_EVERYONE_%", "bob", "cat"];

/// A client with several of everything, which it is granted, and another who wants what the first provides.
fn world_with_everything() -> (World, ClientId) {
    let mut world = World::new();
    let (alice, bob) = (world.add_client(), world.add_open_client());
    world.login(alice, "{\"username\":\"alice\"}");
    world.run_until_open(alice);
    EVENTS.iter().for_each(|name| world.subscribe(alice, name));
    PATTERNS.iter().for_each(|pattern| world.listen(alice, pattern));
    PROCEDURES.iter().for_each(|name| world.provide(alice, name));
    WATCHED[1..].iter().for_each(|user| _ = world.wish(alice, Wish::Watch((*user).into())));
    world.wish(alice, Wish::WatchAll);
    world.client_mut(alice).react(|output| match output {
        Output::Offered { subscription, offer, .. } => {
            vec![Wish::AnswerOffer { subscription: subscription.to_string(), offer: *offer, accept: true }]
        }
        _ => vec![],
    });
    world.subscribe(bob, "v/1");
    world.run_for(RESTORED);
    assert_has_everything(&world, alice);
    (world, alice)
}

#[track_caller]
fn assert_has_everything(world: &World, client: ClientId) {
    assert_eq!(world.subscriptions(client), EVENTS);
    assert_eq!(world.patterns(client), PATTERNS);
    assert_eq!(world.provided(client), PROCEDURES);
    assert_eq!(world.watches(client), WATCHED);
    assert_eq!(Vec::from_iter(world.provided_events(client)), ["v/1", "w/2"]);
    assert_eq!(Vec::from_iter(world.client(client).provided_events()), ["v/1", "w/2"]);
}

/// How often each thing was asked for, and in how many messages, since the server was told to forget.
fn asked(world: &mut World) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for request in world.server().requests() {
        let (kind, names) = match request {
            Request::Subscribe(names) => ("event", names.clone()),
            Request::Listen(pattern) => ("pattern", vec![pattern.clone()]),
            Request::Provide(names) => ("procedure", names.clone()),
            Request::SubscribeUsers(names) => ("user", names.clone()),
            Request::SubscribeAll => ("user", vec![WATCHED[0].into()]),
            _ => continue,
        };
        *times.entry(format!("messages for {kind}s")).or_insert(0) += 1;
        names.iter().for_each(|name| *times.entry(format!("{kind} {name}")).or_insert(0) += 1);
    }
    times
}

/// All of alice's names once, each kind in as few messages as the protocol has for it; and bob's event.
fn everything_once() -> BTreeMap<String, usize> {
    let names = [("event", &EVENTS[..]), ("pattern", &PATTERNS), ("procedure", &PROCEDURES), ("user", &WATCHED)];
    let mut times: BTreeMap<_, _> =
        names.iter().flat_map(|(kind, names)| names.iter().map(move |name| (format!("{kind} {name}"), 1))).collect();
    times.insert("event v/1".into(), 1);
    // One each of alice and bob; there is no message for several patterns; those for all users and for some differ.
    for (kind, messages) in [("event", 2), ("pattern", 2), ("procedure", 1), ("user", 2)] {
        times.insert(format!("messages for {kind}s"), messages);
    }
    times
}

#[test]
fn everything_is_restored_in_bulk_and_once_in_each_session_over_two_hundred_restarts() {
    let (mut world, alice) = world_with_everything();
    for restart in 0..RESTARTS {
        world.server().forget_requests();
        world.server().kill();
        // Sometimes the server is back before anybody notices, sometimes after several attempts.
        world.run_for(restart * 61 % 4_000);
        world.server().start();
        world.run_for(RESTORED);
        assert_has_everything(&world, alice);
        assert_eq!(asked(&mut world), everything_once(), "restart {restart}");
    }
    assert!(world.server().complaints().is_empty());
}

#[test]
fn restarts_in_the_middle_of_restoring_leave_nothing_out() {
    let (mut world, alice) = world_with_everything();
    for restart in 0..RESTARTS {
        world.server().restart();
        world.run_for(restart * 7 % (10 * LATENCY));
    }
    world.run_for(RESTORED);
    assert_has_everything(&world, alice);
    assert!(world.server().complaints().is_empty());
}
