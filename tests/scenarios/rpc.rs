//! Remote procedure calls between clients, over connections that come and go.

use deepstream_wasm::{
    client::{ClientError, ConnectionState::*, Output, RpcError, RpcFailure, RpcRequest, Ticket, limits},
    wire::{RpcAction, RpcMessage},
};

use crate::world::{
    ClientId, LATENCY, Reply, Wish, World,
    network::{Direction, Route},
    server::Request,
};

/// Long enough for what is provided to be collected, sent and acknowledged, in milliseconds.
const PROVIDED: u64 = 100 + 2 * LATENCY;

/// Long enough for a call to reach the provider and for its answer to come back, in milliseconds.
const ANSWERED: u64 = 4 * LATENCY;

fn call(name: &str, data: &str) -> Request {
    Request::Call { name: name.into(), data: Some(data.into()) }
}

fn answer(action: &'static str, name: &str, data: Option<&str>) -> Request {
    Request::Answer { action, name: name.into(), data: data.map(Into::into) }
}

fn provide(names: &[&str]) -> Request {
    Request::Provide(names.iter().map(|name| (*name).into()).collect())
}

/// From now on, the client answers every request so.
fn answers(world: &mut World, client: ClientId, reply: impl Fn(&RpcRequest) -> Vec<Reply> + 'static) {
    world.client_mut(client).react(move |output| match output {
        Output::RpcRequest(request) => reply(request).into_iter().map(|reply| reply.to(request)).collect(),
        _ => vec![],
    });
}

/// The answer of a provider that sends back what it got.
fn echo(request: &RpcRequest) -> Vec<Reply> {
    vec![Reply::Send(request.data.as_deref().unwrap_or("null").into())]
}

/// Two clients that are logged in: one that calls, and one that provides `echo`.
fn requestor_and_provider() -> (World, ClientId, ClientId) {
    let mut world = World::new();
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    world.provide(bob, "echo");
    answers(&mut world, bob, echo);
    world.run_for(PROVIDED);
    world.server().forget_requests();
    (world, alice, bob)
}

/// The code with which a call was rejected, and what the provider gave as the error.
fn rejection(world: &World, client: ClientId, ticket: Ticket) -> Option<&'static str> {
    world.client(client).rejection(ticket)
}

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
    let data = Some("{\"why\":\"tired\"}".into());
    let error = ClientError::Rpc(RpcError { name: "echo".into(), failure: RpcFailure::Provider { data } });
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
fn calls_made_without_a_connection_go_out_with_it_in_order() {
    let mut world = World::new();
    let (alice, bob) = (world.add_client(), world.add_open_client());
    world.provide(bob, "echo");
    answers(&mut world, bob, echo);
    world.run_for(PROVIDED);
    let tickets = ["1", "2", "3"].map(|data| world.make(alice, "echo", data));
    world.run_for(60_000);
    assert!(world.client(bob).asked().is_empty());
    world.login(alice, "{}");
    world.run_until_open(alice);
    world.run_for(ANSWERED);
    let data: Vec<_> = world.client(bob).asked().into_iter().map(|request| request.data.as_deref()).collect();
    assert_eq!(data, [Some("1"), Some("2"), Some("3")]);
    for ticket in tickets {
        assert!(world.client(alice).succeeded(ticket));
    }
}

#[test]
fn a_call_cut_off_from_its_answer_is_rejected_with_an_unknown_outcome_and_never_repeated() {
    let (mut world, alice, bob) = requestor_and_provider();
    let ticket = world.make(alice, "echo", "1");
    world.run_for(2 * LATENCY);
    assert_eq!(world.client(bob).asked().len(), 1);
    world.network().cut(alice);
    world.run_for(LATENCY);
    assert_eq!(rejection(&world, alice, ticket), Some("OUTCOME_UNKNOWN"));
    world.run_until_open(alice);
    world.run_for(60_000);
    assert_eq!(world.client(bob).asked().len(), 1);
}

#[test]
fn an_idempotent_call_is_made_again_after_the_reconnect() {
    let (mut world, alice, bob) = requestor_and_provider();
    let ticket = world.make_with(alice, "echo", "1", None, true);
    world.run_for(2 * LATENCY);
    world.network().cut(alice);
    world.run_for(LATENCY);
    assert_eq!(world.client(alice).outcome(ticket), None);
    world.run_until_open(alice);
    world.run_for(ANSWERED);
    assert_eq!(world.client(alice).outcome(ticket), Some(Ok(Some("1"))));
    assert_eq!(world.client(bob).asked().len(), 2);
    assert!(world.client(alice).errors().iter().all(|error| error.code() == "CONNECTION_ERROR"));
}

#[test]
fn an_idempotent_call_outlives_the_server() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Accept]);
    let ticket = world.make_with(alice, "echo", "1", None, true);
    world.run_for(5 * LATENCY);
    world.network().route(alice, Route::Refused);
    world.server().restart();
    answers(&mut world, bob, echo);
    world.run_until_open(bob);
    world.run_for(20_000);
    world.network().route(alice, Route::Clear);
    world.run_until_open(alice);
    world.run_for(ANSWERED);
    assert_eq!(world.client(alice).outcome(ticket), Some(Ok(Some("1"))));
}

#[test]
fn what_is_provided_is_restored_in_one_message_before_any_call() {
    let (mut world, _, bob) = requestor_and_provider();
    for name in ["c", "a", "b"] {
        world.provide(bob, name);
    }
    world.run_for(PROVIDED);
    world.server().forget_requests();
    world.network().cut(bob);
    world.run_for(LATENCY);
    world.unprovide(bob, "b");
    let ticket = world.make(bob, "echo", "1");
    world.run_until_open(bob);
    world.run_for(ANSWERED);
    let requests = world.server().requests();
    let first = requests.iter().position(|request| **request == provide(&["a", "c", "echo"]));
    let second = requests.iter().position(|request| **request == call("echo", "1"));
    assert!(first.is_some() && first < second, "{requests:?}");
    assert!(world.client(bob).succeeded(ticket));
    assert_eq!(world.provided(bob), ["a", "c", "echo"]);
}

#[test]
fn providers_survive_two_hundred_restarts_without_ever_being_doubled() {
    let (mut world, alice, bob) = requestor_and_provider();
    for restart in 0..200 {
        world.server().restart();
        world.run_for(restart * 97 % 9_000);
    }
    world.run_for(31_000);
    assert_eq!(world.provided(bob), ["echo"]);
    assert!(world.server().complaints().is_empty());
    let ticket = world.make(alice, "echo", "1");
    world.run_for(ANSWERED);
    assert!(world.client(alice).succeeded(ticket));
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
fn answers_never_go_out_on_another_connection() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![Reply::Accept]);
    for number in 0..4 {
        world.make(alice, "echo", &number.to_string());
    }
    world.run_for(ANSWERED);
    let requests: Vec<_> = world.client(bob).asked().into_iter().cloned().collect();
    world.network().cut(bob);
    world.run_for(LATENCY);
    world.client_mut(bob).forget();
    world.wish(bob, Reply::Send("1".into()).to(&requests[0]));
    world.run_until_open(bob);
    world.server().forget_requests();
    world.wish(bob, Reply::Accept.to(&requests[0]));
    world.wish(bob, Reply::Send("1".into()).to(&requests[1]));
    world.wish(bob, Reply::Error("\"x\"".into()).to(&requests[2]));
    world.wish(bob, Reply::Reject.to(&requests[3]));
    world.run_for(1_000);
    assert!(!world.server().requests().iter().any(|request| matches!(request, Request::Answer { .. })));
    assert_eq!(world.client(bob).error_codes(), ["RESPONSE_DROPPED"; 3], "rejecting asks for nothing");
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
fn requests_that_nobody_ever_answers_do_not_pile_up() {
    let (mut world, _, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![]);
    let ids: Vec<_> = (0..=limits::RPC_OPEN_REQUESTS_MAX).map(|number| number.to_string()).collect();
    let request =
        |id| RpcMessage { name: Some("echo"), correlation_id: Some(id), ..RpcMessage::new(RpcAction::Request) };
    let requests: Vec<_> = ids.iter().map(|id| request(id).into()).collect();
    world.server_says(bob, &requests);
    world.run_for(LATENCY);
    let requests: Vec<_> = world.client(bob).asked().into_iter().cloned().collect();
    world.wish(bob, Reply::Send("1".into()).to(&requests[0]));
    assert_eq!(world.client(bob).error_codes(), ["MULTIPLE_RESPONSE"]);
    world.wish(bob, Reply::Send("1".into()).to(&requests[1]));
    assert_eq!(world.client(bob).error_codes().len(), 1);
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
    assert_eq!(rejection(&world, alice, ticket), Some("CLIENT_OFFLINE"), "it was never sent");
    world.server().start();
    world.run_until_open(alice);
    world.server().forget_requests();
    world.run_for(60_000);
    assert!(!world.server().requests().iter().any(|request| matches!(request, Request::Call { .. })));
}

#[test]
fn a_pause_is_waited_out_unless_there_is_a_time_limit() {
    let (mut world, alice, _) = requestor_and_provider();
    world.pause(alice);
    let (patient, hurried) = (world.make(alice, "echo", "1"), world.make_with(alice, "echo", "2", Some(1_000), false));
    world.run_for(60_000);
    assert_eq!(world.client(alice).state(), Offline);
    assert_eq!(world.client(alice).outcome(patient), None);
    assert_eq!(rejection(&world, alice, hurried), Some("CLIENT_OFFLINE"));
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(ANSWERED);
    assert!(world.client(alice).succeeded(patient));
}

#[test]
fn closing_settles_every_call() {
    let (mut world, alice, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![]);
    let sent = [false, true].map(|idempotent| world.make_with(alice, "echo", "1", None, idempotent));
    world.run_for(ANSWERED);
    world.close(alice);
    for ticket in sent {
        assert_eq!(rejection(&world, alice, ticket), Some("IS_CLOSED"));
    }
    let late = world.make(alice, "echo", "1");
    assert_eq!(rejection(&world, alice, late), Some("IS_CLOSED"));
    world.provide(alice, "late");
    assert_eq!(world.client(alice).error_codes(), ["IS_CLOSED"]);
    assert_eq!(world.client(alice).timer(), None);

    let carol = world.add_client();
    let waiting = world.make_with(carol, "echo", "1", Some(1_000), false);
    world.close(carol);
    assert_eq!(rejection(&world, carol, waiting), Some("IS_CLOSED"));
    assert_eq!(world.client(carol).timer(), None);
}

#[test]
fn giving_up_settles_what_waits_with_the_reason() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.max_reconnect_attempts = Some(2));
    world.open(alice);
    world.server().kill();
    world.run_for(LATENCY);
    let waiting = world.make(alice, "echo", "1");
    world.run_until(alice, Error);
    assert_eq!(rejection(&world, alice, waiting), Some("MAX_RECONNECTION_ATTEMPTS_REACHED"));
    let late = world.make(alice, "echo", "1");
    assert_eq!(rejection(&world, alice, late), Some("MAX_RECONNECTION_ATTEMPTS_REACHED"));
}

#[test]
fn a_server_that_sends_the_client_away_settles_what_waits() {
    let (mut world, alice, _) = requestor_and_provider();
    world.network().silence(alice, Direction::ToServer);
    let sent = world.make_with(alice, "echo", "1", None, true);
    world.server().stop_with(1008);
    world.run_until(alice, Error);
    assert_eq!(rejection(&world, alice, sent), Some("CONNECTION_ERROR"));
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

#[test]
fn what_the_server_makes_up_is_reported_and_changes_nothing() {
    let (mut world, alice, _) = requestor_and_provider();
    let ticket = world.make(alice, "echo", "1");
    let words = |action| RpcMessage { name: Some("echo"), ..RpcMessage::new(action) };
    let id = Some("made-up");
    world.server_says(
        alice,
        &[
            RpcMessage { correlation_id: id, ..words(RpcAction::Response) }.into(),
            words(RpcAction::Accept).into(),
            RpcMessage { correlation_id: Some(""), ..words(RpcAction::NoRpcProvider) }.into(),
            words(RpcAction::Request).into(),
            words(RpcAction::Reject).into(),
        ],
    );
    world.run_for(ANSWERED);
    assert!(world.client(alice).succeeded(ticket));
    let unsolicited = "UNSOLICITED_MESSAGE";
    let expected = [unsolicited, unsolicited, "NO_RPC_PROVIDER", unsolicited, unsolicited];
    assert_eq!(world.client(alice).error_codes(), expected);
}
