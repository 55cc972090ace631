//! How long calls are waited for, and how many.

use deepstream_wasm::{
    client::limits,
    wire::{Message, RpcAction},
};

use super::*;
use crate::world::Wish;

#[test]
fn a_server_that_never_answers_is_not_waited_for_for_ever() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| {
        options.rpc_accept_timeout_ms = Some(6_000);
        options.rpc_response_timeout_ms = Some(20_000);
    });
    let bob = world.add_open_client();
    world.open(alice);
    world.provide(bob, "echo");
    world.run_for(PROVIDED);
    world.server().policy.rpc_accept_timeout_ms = 3_600_000;
    world.server().policy.rpc_response_timeout_ms = 3_600_000;
    let ticket = world.make(alice, "echo", "1");
    world.run_for(5_999);
    assert_eq!(world.client(alice).outcome(ticket), None);
    world.run_for(1);
    assert_eq!(rejection(&world, alice, ticket), Some("ACCEPT_TIMEOUT"));

    answers(&mut world, bob, |_| vec![Reply::Accept]);
    let ticket = world.make(alice, "echo", "2");
    world.run_for(19_999);
    assert_eq!(world.client(alice).outcome(ticket), None, "it was accepted");
    world.run_for(1);
    assert_eq!(rejection(&world, alice, ticket), Some("RESPONSE_TIMEOUT"));
    let late = world.client(bob).asked().into_iter().map(|request| Reply::Send("1".into()).to(request));
    for wish in late.collect::<Vec<_>>() {
        world.wish(bob, wish);
    }
    world.run_for(ANSWERED);
    assert!(world.client(alice).errors().is_empty(), "what comes late is ignored");
}

#[test]
fn by_default_a_call_ends_after_five_minutes_whatever_the_server_does() {
    let (mut world, alice, bob) = requestor_and_provider();
    world.server().policy.rpc_response_timeout_ms = 3_600_000;
    answers(&mut world, bob, |_| vec![Reply::Accept]);
    let ticket = world.make(alice, "echo", "1");
    world.run_for(299_999);
    assert_eq!(world.client(alice).outcome(ticket), None);
    world.run_for(1);
    assert_eq!(rejection(&world, alice, ticket), Some("RESPONSE_TIMEOUT"));
}

#[test]
fn a_time_limit_counts_connected_or_not() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Accept]);
    let ticket = world.make_with(alice, "echo", "1", Some(500), false);
    world.run_for(499);
    assert_eq!(world.client(alice).outcome(ticket), None);
    world.run_for(1);
    assert_eq!(rejection(&world, alice, ticket), Some("RESPONSE_TIMEOUT"));

    world.server().kill();
    world.run_for(LATENCY);
    let ticket = world.make_with(alice, "echo", "1", Some(500), false);
    world.run_for(499);
    assert_eq!(world.client(alice).outcome(ticket), None);
    world.run_for(1);
    assert_eq!(rejection(&world, alice, ticket), Some("client offline"), "it was never sent");
    world.server().start();
    world.run_until_open(alice);
    world.server().forget_requests();
    world.run_for(60_000);
    assert!(!world.server().requests().iter().any(|request| matches!(request, Request::Call { .. })));
}

#[test]
fn a_cancelled_call_is_settled_at_once_and_its_answer_ignored() {
    let (mut world, alice, bob) = requestor_and_provider();
    let ticket = world.make(alice, "echo", "1");
    world.run_for(LATENCY);
    world.wish(alice, Wish::Cancel(ticket));
    assert_eq!(rejection(&world, alice, ticket), Some("ABORTED"));
    world.run_for(ANSWERED);
    assert_eq!(world.client(bob).asked().len(), 1);
    assert!(world.client(alice).errors().is_empty());

    world.server().kill();
    world.run_for(LATENCY);
    let waiting = world.make(alice, "echo", "2");
    world.wish(alice, Wish::Cancel(waiting));
    world.wish(alice, Wish::Cancel(waiting));
    assert_eq!(rejection(&world, alice, waiting), Some("ABORTED"));
    world.server().start();
    world.run_until_open(bob);
    world.run_until_open(alice);
    world.run_for(1_000);
    assert_eq!(world.client(bob).asked().len(), 1, "it was never sent");
}

#[test]
fn requests_that_nobody_ever_answers_do_not_pile_up() {
    let (mut world, _, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![]);
    let ids: Vec<_> = (0..=limits::RPC_OPEN_REQUESTS_MAX).map(|number| number.to_string()).collect();
    let request = |id| Message { name: Some("echo"), correlation_id: Some(id), ..Message::new(RpcAction::Request) };
    let requests: Vec<_> = ids.iter().map(|id| request(id)).collect();
    world.server_says(bob, &requests);
    world.run_for(LATENCY);
    let requests: Vec<_> = world.client(bob).asked().into_iter().cloned().collect();
    world.wish(bob, Reply::Send("1".into()).to(&requests[0]));
    assert_eq!(world.client(bob).error_codes(), ["MULTIPLE_RESPONSE"]);
    world.wish(bob, Reply::Send("1".into()).to(&requests[1]));
    assert_eq!(world.client(bob).error_codes().len(), 1);
}

#[test]
fn more_calls_than_can_be_kept_are_rejected() {
    let mut world = World::new();
    let alice = world.add_client();
    for _ in 0..limits::RPC_KEPT_MAX_CALLS {
        world.make(alice, "echo", "1");
    }
    let refused = world.make(alice, "echo", "1");
    assert_eq!(rejection(&world, alice, refused), Some("OUTBOX_FULL"));
    world.close(alice);

    let bob = world.add_client();
    let half = "x".repeat(limits::RPC_KEPT_MAX_BYTES / 2);
    let kept = world.make(bob, "echo", &half);
    let refused = world.make(bob, "echo", &half);
    assert_eq!(world.client(bob).outcome(kept), None);
    assert_eq!(rejection(&world, bob, refused), Some("OUTBOX_FULL"));
    assert!(world.client(bob).errors().is_empty());
}

#[test]
fn while_connected_only_idempotent_calls_are_kept() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Accept]);
    let large = "x".repeat(limits::RPC_KEPT_MAX_BYTES);
    let sent = world.make(alice, "echo", &large);
    assert_eq!(world.client(alice).outcome(sent), None);
    let refused = world.make_with(alice, "echo", &large, None, true);
    assert_eq!(rejection(&world, alice, refused), Some("OUTBOX_FULL"));
}
