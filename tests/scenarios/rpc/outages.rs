//! What becomes of calls and of providers when connections come and go.

use deepstream_wasm::client::ConnectionState::*;

use super::*;
use crate::world::network::{Direction, Route};

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
fn a_pause_is_waited_out_unless_there_is_a_time_limit() {
    let (mut world, alice, _) = requestor_and_provider();
    world.pause(alice);
    let (patient, hurried) = (world.make(alice, "echo", "1"), world.make_with(alice, "echo", "2", Some(1_000), false));
    world.run_for(60_000);
    assert_eq!(world.client(alice).state(), Offline);
    assert_eq!(world.client(alice).outcome(patient), None);
    assert_eq!(rejection(&world, alice, hurried), Some("client offline"));
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
fn a_call_is_never_made_under_another_login() {
    const ADA: &str = "{\"user\":\"ada\"}";
    const BOB: &str = "{\"user\":\"bob\"}";
    let (mut world, _, bob) = requestor_and_provider();
    answers(&mut world, bob, |_| vec![]);
    let page = world.add_client();
    world.login(page, ADA);
    world.run_until_open(page);
    let sent = world.make_with(page, "echo", "1", None, true);
    world.run_for(2 * LATENCY);
    world.pause(page);
    let waiting = world.make(page, "echo", "2");
    world.login(page, BOB);
    let own = world.make(page, "echo", "3");
    world.resume(page);
    world.run_until_open(page);
    world.run_for(ANSWERED);
    assert_eq!(rejection(&world, page, sent), Some("OUTCOME_UNKNOWN"));
    assert_eq!(rejection(&world, page, waiting), Some("LOGIN_SUPERSEDED"));
    assert_eq!(world.client(page).outcome(own), None);
    let data: Vec<_> = world.client(bob).asked().into_iter().map(|request| request.data.as_deref()).collect();
    assert_eq!(data, [Some("1"), Some("3")]);
}

#[test]
fn a_call_made_before_the_login_is_of_whoever_logs_in() {
    let (mut world, _, _) = requestor_and_provider();
    let page = world.add_client();
    let ticket = world.make(page, "echo", "1");
    world.login(page, "{\"user\":\"ada\"}");
    world.run_until_open(page);
    world.run_for(ANSWERED);
    assert!(world.client(page).succeeded(ticket));
}
