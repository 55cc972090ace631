//! Applications that call back into the client from wherever it calls them.

use std::{cell::Cell, rc::Rc};

use deepstream_wasm::client::{ConnectionState::*, Output};

use crate::{
    phases::Phase,
    world::{ClientId, Dice, Wish, World, network::Route},
};

fn wishes() -> Vec<Wish> {
    vec![
        Wish::Login(None),
        Wish::Login(Some("{\"user\":\"other\"}".into())),
        Wish::Pause,
        Wish::Resume,
        Wish::Close,
        Wish::Subscribe("news".into()),
        Wish::Unsubscribe("news".into()),
        Wish::Emit { name: "news".into(), data: Some("1".into()) },
        Wish::Watch("open".into()),
        Wish::Unwatch("open".into()),
        Wish::WatchAll,
        Wish::UnwatchAll,
        Wish::Query(None),
    ]
}

/// Is told everything that a client can tell, one thing after the other.
fn live_an_eventful_life(world: &mut World, alice: ClientId) {
    let bob = world.add_open_client();
    world.login(alice, "{}");
    world.subscribe(alice, "news");
    world.wish(alice, Wish::Watch("carol".into()));
    world.wish(alice, Wish::WatchAll);
    world.wish(alice, Wish::Query(Some(vec!["carol".into()])));
    world.run_for(1_000);
    let carol = world.add_client();
    world.login(carol, "{\"username\":\"carol\"}");
    world.run_for(1_000);
    world.emit(bob, "news", "1");
    world.run_for(1_000);
    world.server().restart();
    world.run_for(20_000);
    world.network().silence_both_ways(alice);
    world.run_for(60_000);
    world.network().route(alice, Route::Forbidden);
    world.network().cut(alice);
    world.run_for(10_000);
    world.network().route(alice, Route::Clear);
    world.run_for(20_000);
    world.pause(alice);
    world.resume(alice);
    world.run_for(1_000);
}

/// `world/watch.rs` looks on: one socket, legal states, each ticket settled once, and no loop without end.
#[test]
fn every_call_is_legal_from_within_every_callback() {
    let outputs = {
        let mut world = World::new();
        let alice = world.add_client();
        live_an_eventful_life(&mut world, alice);
        world.client(alice).history().len()
    };
    assert!(outputs > 50, "an eventful life, not just {outputs} outputs");

    for wish in wishes() {
        for moment in 0..outputs {
            let mut world = World::new();
            let alice = world.add_client();
            let mut outputs_until_then = moment;
            let call_back = wish.clone();
            world.client_mut(alice).react(move |_| {
                let now = outputs_until_then == 0;
                outputs_until_then = outputs_until_then.wrapping_sub(1);
                if now { vec![call_back.clone()] } else { vec![] }
            });
            live_an_eventful_life(&mut world, alice);
            assert_eq!(world.client(alice).state() == Closed, wish == Wish::Close, "{wish:?} at {moment}");
        }
    }
}

#[test]
fn several_calls_from_within_one_callback_are_legal_too() {
    for seed in 0..500 {
        let mut world = World::new();
        let alice = world.add_client();
        let mut dice = Dice::new(seed);
        world.client_mut(alice).react(move |_| {
            let mut calls = wishes();
            calls.retain(|wish| *wish != Wish::Close && dice.happens(0.05));
            calls
        });
        live_an_eventful_life(&mut world, alice);
        world.close(alice);
    }
}

#[test]
fn a_client_closed_from_within_any_callback_says_nothing_more_of_the_connection() {
    for phase in [Phase::Challenging, Phase::Authenticating, Phase::Open] {
        let (mut world, alice) = phase.reach();
        world.client_mut(alice).react(|output| match output {
            Output::StateChanged(Reconnecting) => vec![Wish::Close],
            _ => vec![],
        });
        world.server().restart();
        world.run_for(60_000);
        assert_eq!(world.client(alice).states(), [Reconnecting, Closing, Closed], "{phase:?}");
        assert_eq!(world.server().connections(), 0, "{phase:?}");
    }
}

#[test]
fn logging_in_again_whenever_a_login_is_refused_does_not_run_away() {
    let mut world = World::new();
    world.server().policy.at_login = crate::world::server::AtLogin::Refuse(None);
    world.server().policy.max_auth_attempts = u32::MAX;
    let alice = world.add_client();
    let refusals = Rc::new(Cell::new(0));
    let seen = Rc::clone(&refusals);
    world.client_mut(alice).react(move |output| match output {
        Output::Settle(_, Err(_)) => {
            seen.set(seen.get() + 1);
            vec![Wish::Login(Some("{}".into()))]
        }
        _ => vec![],
    });
    world.login(alice, "{}");
    world.run_for(1_000);
    assert!((40..60).contains(&refusals.get()), "one per round trip, not {}", refusals.get());
}

#[test]
fn what_is_emitted_when_the_connection_opens_comes_after_what_waited() {
    let mut world = World::new();
    let (alice, bob) = (world.add_open_client(), world.add_client());
    world.subscribe(alice, "news");
    world.run_for(1_000);
    world.emit(bob, "news", "\"waited\"");
    world.client_mut(bob).react(|output| match output {
        Output::StateChanged(Open) => vec![Wish::Emit { name: "news".into(), data: Some("\"new\"".into()) }],
        _ => vec![],
    });
    world.login(bob, "{}");
    world.run_for(1_000);
    assert_eq!(world.client(alice).received("news"), ["\"waited\"", "\"new\""]);
}
