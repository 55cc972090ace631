//! What providers and the server answer.

use deepstream_wasm::{
    client::{ClientError, RpcFailure},
    wire::{Message, RpcAction},
};

use super::*;

#[test]
fn a_call_is_answered_with_what_the_provider_sends() {
    let (mut world, alice, _) = requestor_and_provider();
    let payloads = ["null", "0", "\"\\u0000 \u{1F600}\"", "{\"a\":[1,{\"b\":null}]}", "[]"];
    let tickets = payloads.map(|payload| world.make(alice, "echo", payload));
    world.run_for(ANSWERED);
    for (payload, ticket) in payloads.iter().zip(tickets) {
        assert_eq!(world.client(alice).outcome(ticket), Some(Ok(Some(*payload))));
    }
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn a_provider_accepts_before_it_sends_and_only_once() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Accept, Reply::Accept, Reply::Send("1".into())]);
    world.make(alice, "echo", "1");
    world.run_for(ANSWERED);
    answers(&mut world, bob, |_| vec![Reply::Send("2".into())]);
    world.make(alice, "echo", "2");
    world.run_for(ANSWERED);
    let accept = answer("ACCEPT", "echo", None);
    let expected = [
        &call("echo", "1"),
        &accept,
        &answer("RESPONSE", "echo", Some("1")),
        &call("echo", "2"),
        &accept,
        &answer("RESPONSE", "echo", Some("2")),
    ];
    assert_eq!(world.server().requests(), expected);
    assert!(world.client(bob).errors().is_empty());
}

#[test]
fn a_client_may_call_what_it_provides_itself() {
    let (mut world, _, bob) = requestor_and_provider();
    let ticket = world.make(bob, "echo", "1");
    world.run_for(ANSWERED);
    assert_eq!(world.client(bob).outcome(ticket), Some(Ok(Some("1"))));
}

#[test]
fn an_error_of_the_provider_reaches_the_requestor_as_it_is() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Error("{\"why\":\"tired\"}".into())]);
    let ticket = world.make(alice, "echo", "1");
    world.run_for(ANSWERED);
    let error = ClientError::rpc("echo", RpcFailure::Provider(Some("{\"why\":\"tired\"}")));
    assert_eq!(world.client(alice).outcome(ticket), Some(Err(&error)));
    assert_eq!(error.code(), "REQUEST_ERROR");
    assert!(!world.server().requests().contains(&&answer("ACCEPT", "echo", None)));
}

#[test]
fn who_calls_is_passed_on_where_the_server_tells() {
    let (mut world, alice, bob) = requestor_and_provider();
    world.server().policy.requestor = Some(("ada".into(), "{\"admin\":true}".into()));
    world.make(alice, "echo", "1");
    world.run_for(ANSWERED);
    let asked = world.client(bob).asked();
    assert_eq!(asked[0].requestor_name.as_deref(), Some("ada"));
    assert_eq!(asked[0].requestor_data.as_deref(), Some("{\"admin\":true}"));
}

#[test]
fn what_nobody_provides_is_rejected_and_so_is_what_is_forbidden() {
    let (mut world, alice, _) = requestor_and_provider();
    world.server().policy.denied_calls.insert("secret".into());
    let (nobody, forbidden) = (world.make(alice, "nobody", "1"), world.make(alice, "secret", "1"));
    world.run_for(ANSWERED);
    assert_eq!(rejection(&world, alice, nobody), Some("NO_RPC_PROVIDER"));
    assert_eq!(rejection(&world, alice, forbidden), Some("MESSAGE_DENIED"));
    assert!(world.client(alice).errors().is_empty(), "whoever holds the promise knows it already");
}

#[test]
fn a_rejected_request_goes_to_the_next_provider() {
    let (mut world, alice, bob) = requestor_and_provider();
    let carol = world.add_open_client();
    world.provide(carol, "echo");
    world.run_for(PROVIDED);
    answers(&mut world, bob, |_| vec![Reply::Reject]);
    answers(&mut world, carol, echo);
    let tickets = [1, 2, 3, 4].map(|number| world.make(alice, "echo", &number.to_string()));
    world.run_for(2 * ANSWERED);
    for ticket in tickets {
        assert!(world.client(alice).succeeded(ticket));
    }
    assert!(!world.client(bob).asked().is_empty());
    assert_eq!(world.client(carol).asked().len(), 4);

    answers(&mut world, carol, |_| vec![Reply::Reject]);
    let ticket = world.make(alice, "echo", "5");
    world.run_for(2 * ANSWERED);
    assert_eq!(rejection(&world, alice, ticket), Some("NO_RPC_PROVIDER"));
}

#[test]
fn the_server_watches_the_time_of_providers() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![]);
    let ticket = world.make(alice, "echo", "1");
    world.run_for(1_000 + ANSWERED);
    assert_eq!(rejection(&world, alice, ticket), Some("ACCEPT_TIMEOUT"));

    answers(&mut world, bob, |_| vec![Reply::Accept]);
    let ticket = world.make(alice, "echo", "1");
    world.run_for(5_000);
    assert_eq!(world.client(alice).outcome(ticket), None);
    world.run_for(5_000 + ANSWERED);
    assert_eq!(rejection(&world, alice, ticket), Some("RESPONSE_TIMEOUT"));
}

#[test]
fn an_answer_that_the_server_no_longer_wants_is_reported_to_the_provider() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![]);
    world.make(alice, "echo", "1");
    world.run_for(2_000);
    let wish = Reply::Send("late".into()).to(&world.client(bob).asked()[0].clone());
    world.wish(bob, wish);
    world.run_for(ANSWERED);
    assert_eq!(world.client(bob).error_codes(), ["INVALID_RPC_CORRELATION_ID"; 2], "for ACCEPT and for RESPONSE");
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn a_denied_name_is_reported_and_the_others_are_provided() {
    let mut world = World::new();
    let bob = world.add_open_client();
    world.server().policy.denied.insert("b".into());
    for name in ["a", "b", "c"] {
        world.provide(bob, name);
    }
    world.run_for(1_000);
    assert_eq!(world.client(bob).error_codes(), ["MESSAGE_DENIED"]);
    assert_eq!(world.provided(bob), ["a", "c"]);
}

#[test]
fn a_request_for_what_was_just_unprovided_goes_to_another() {
    let (mut world, alice, bob) = requestor_and_provider();
    let carol = world.add_open_client();
    world.unprovide(bob, "echo");
    let ticket = world.make(alice, "echo", "1");
    world.run_for(LATENCY);
    world.provide(carol, "echo");
    world.run_for(2 * ANSWERED);
    assert!(world.client(bob).asked().is_empty());
    assert_eq!(rejection(&world, alice, ticket), Some("NO_RPC_PROVIDER"), "nobody else provides it yet");
    assert!(world.server().requests().contains(&&answer("REJECT", "echo", None)));
}

#[test]
fn a_request_under_way_may_be_answered_after_unproviding() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Accept]);
    let ticket = world.make(alice, "echo", "1");
    world.run_for(ANSWERED);
    world.unprovide(bob, "echo");
    world.run_for(PROVIDED);
    let wish = Reply::Send("2".into()).to(&world.client(bob).asked()[0].clone());
    world.wish(bob, wish);
    world.run_for(ANSWERED);
    assert_eq!(world.client(alice).outcome(ticket), Some(Ok(Some("2"))));
}

#[test]
fn a_second_answer_is_reported_and_not_sent() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Send("1".into()), Reply::Send("2".into()), Reply::Accept, Reply::Reject]);
    let ticket = world.make(alice, "echo", "1");
    world.run_for(ANSWERED);
    assert_eq!(world.client(alice).outcome(ticket), Some(Ok(Some("1"))));
    assert_eq!(world.client(bob).error_codes(), ["MULTIPLE_RESPONSE"; 2], "for send and reject");
    assert!(world.server().complaints().is_empty());
}

#[test]
fn what_the_server_makes_up_is_reported_and_changes_nothing() {
    let (mut world, alice, _) = requestor_and_provider();
    let ticket = world.make(alice, "echo", "1");
    let words = |action| Message { name: Some("echo"), ..Message::new(action) };
    let id = Some("made-up");
    world.server_says(
        alice,
        &[
            Message { correlation_id: id, ..words(RpcAction::Response) },
            words(RpcAction::Accept),
            Message { correlation_id: Some(""), ..words(RpcAction::NoRpcProvider) },
            words(RpcAction::Request),
            words(RpcAction::Reject),
        ],
    );
    world.run_for(ANSWERED);
    assert!(world.client(alice).succeeded(ticket));
    let unsolicited = "UNSOLICITED_MESSAGE";
    let expected = [unsolicited, unsolicited, "NO_RPC_PROVIDER", unsolicited, unsolicited];
    assert_eq!(world.client(alice).error_codes(), expected);
}
