//! Providing what others subscribe to.

use deepstream_wasm::{
    client::{ConnectionState::*, Output, Resubscribe},
    wire::{EventAction, Message},
};

use crate::world::{ClientId, LATENCY, Wish, World, server::Request};

/// Long enough for a subscription to be collected and sent, and for the listener to be asked and to answer, in
/// milliseconds; shorter than the server waits for the answer.
const ASKED: u64 = 100 + 4 * LATENCY;

/// How long the server waits for an answer, in milliseconds.
const RESPONSE_TIMEOUT: u64 = 500;

fn listen_to(pattern: &str) -> Request {
    Request::Listen(pattern.into())
}

fn unlisten_from(pattern: &str) -> Request {
    Request::Unlisten(pattern.into())
}

/// Two clients that are logged in, the first one listening to `w/.*`.
fn listener_and_subscriber() -> (World, ClientId, ClientId) {
    let mut world = World::new();
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    world.listen(alice, "w/.*");
    world.run_for(ASKED);
    world.server().forget_requests();
    (world, alice, bob)
}

/// The first of them provides `w/1`, to which the other is subscribed.
fn provider_and_subscriber() -> (World, ClientId, ClientId) {
    let (mut world, alice, bob) = listener_and_subscriber();
    world.subscribe(bob, "w/1");
    world.run_for(ASKED);
    world.answer_offer(alice, (0, "w/1"), true);
    world.run_for(ASKED);
    assert_eq!(Vec::from_iter(world.provided_events(alice)), ["w/1"]);
    assert!(world.client(alice).errors().is_empty());
    (world, alice, bob)
}

#[test]
fn a_listener_is_told_at_once_and_asked_about_what_matches() {
    let (mut world, alice, bob) = listener_and_subscriber();
    assert_eq!(world.patterns(alice), ["w/.*"]);
    for name in ["w/1", "elsewhere", "w/2"] {
        world.subscribe(bob, name);
    }
    world.run_for(ASKED);
    assert_eq!(world.client(alice).offers(), [(0, "w/1"), (1, "w/2")]);
    assert!(world.client(alice).ended().is_empty());
}

#[test]
fn a_listener_is_asked_about_what_was_subscribed_to_before() {
    let mut world = World::new();
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    world.subscribe(bob, "w/1");
    world.run_for(ASKED);
    world.listen(alice, "w/.*");
    world.run_for(ASKED);
    assert_eq!(world.client(alice).offers(), [(0, "w/1")]);
}

#[test]
fn what_is_accepted_is_provided_until_the_last_subscriber_goes() {
    let (mut world, alice, bob) = provider_and_subscriber();
    assert!(world.client(alice).ended().is_empty());
    world.unsubscribe(bob, "w/1");
    world.run_for(ASKED);
    assert_eq!(world.client(alice).ended(), [0]);
    world.subscribe(bob, "w/1");
    world.run_for(ASKED);
    assert_eq!(world.client(alice).offers(), [(0, "w/1"), (1, "w/1")]);
}

#[test]
fn what_is_rejected_is_over_and_offered_to_the_next() {
    let (mut world, alice, bob) = listener_and_subscriber();
    let carol = world.add_open_client();
    world.listen(carol, "w/.*");
    world.run_for(ASKED);
    world.subscribe(bob, "w/1");
    world.run_for(ASKED);
    assert!(world.client(carol).offers().is_empty(), "one is asked at a time");
    world.answer_offer(alice, (0, "w/1"), false);
    assert_eq!(world.client(alice).ended(), [0]);
    world.run_for(ASKED);
    world.answer_offer(carol, (0, "w/1"), true);
    world.run_for(ASKED);
    assert_eq!(Vec::from_iter(world.provided_events(carol)), ["w/1"]);
}

#[test]
fn only_the_first_answer_counts() {
    for first in [true, false] {
        let (mut world, alice, bob) = listener_and_subscriber();
        world.subscribe(bob, "w/1");
        world.run_for(ASKED);
        world.server().forget_requests();
        for accept in [first, !first, first] {
            world.answer_offer(alice, (0, "w/1"), accept);
        }
        world.run_for(ASKED);
        let answer = Request::AnswerOffer { subscription: "w/1".into(), accepts: first };
        assert_eq!(world.server().requests(), [&answer]);
    }
}

#[test]
fn what_nobody_answers_in_time_is_reported_and_a_later_answer_is_not_sent() {
    let (mut world, alice, bob) = listener_and_subscriber();
    let carol = world.add_open_client();
    world.listen(carol, "w/.*");
    world.run_for(ASKED);
    world.subscribe(bob, "w/1");
    world.run_for(ASKED + RESPONSE_TIMEOUT);
    assert_eq!(world.client(alice).error_codes(), ["LISTEN_RESPONSE_TIMEOUT"]);
    assert!(world.client(alice).errors()[0].message().contains("w/1"));
    assert_eq!(world.client(alice).ended(), [0]);
    assert_eq!(world.client(carol).offers(), [(0, "w/1")]);

    world.server().forget_requests();
    world.answer_offer(alice, (0, "w/1"), true);
    world.run_for(ASKED);
    assert!(world.server().requests().is_empty(), "it would take the place of the one who is asked now");
}

#[test]
fn an_answer_that_comes_too_late_ends_what_was_accepted() {
    let (mut world, alice, bob) = listener_and_subscriber();
    world.subscribe(bob, "w/1");
    world.run_for(100 + 2 * LATENCY + RESPONSE_TIMEOUT - 1);
    world.answer_offer(alice, (0, "w/1"), true);
    assert_eq!(Vec::from_iter(world.client(alice).provided_events()), ["w/1"]);
    world.run_for(ASKED);
    assert_eq!(world.client(alice).error_codes(), ["LISTEN_RESPONSE_TIMEOUT"]);
    assert_eq!(world.client(alice).ended(), [0]);
    assert!(world.provided_events(alice).is_empty());
}

#[test]
fn a_lost_connection_ends_what_was_accepted_and_it_is_offered_anew_after_the_reconnect() {
    let (mut world, alice, _) = provider_and_subscriber();
    world.network().cut(alice);
    world.run_for(LATENCY);
    assert_eq!(world.client(alice).ended(), [0]);
    world.run_until_open(alice);
    world.run_for(ASKED);
    assert_eq!(world.patterns(alice), ["w/.*"]);
    assert_eq!(world.client(alice).offers(), [(0, "w/1"), (1, "w/1")]);

    world.server().forget_requests();
    world.answer_offer(alice, (0, "w/1"), true);
    world.run_for(LATENCY);
    assert!(world.server().requests().is_empty(), "the answer to an offer of the session before");
    world.answer_offer(alice, (1, "w/1"), true);
    world.run_for(LATENCY);
    assert_eq!(Vec::from_iter(world.provided_events(alice)), ["w/1"]);
}

#[test]
fn listening_survives_restarts_and_the_server_never_hears_of_a_pattern_twice() {
    let (mut world, alice, bob) = provider_and_subscriber();
    world.client_mut(alice).react(|output| match output {
        Output::Offered { subscription, offer, .. } => {
            vec![Wish::AnswerOffer { subscription: subscription.to_string(), offer: *offer, accept: true }]
        }
        _ => vec![],
    });
    for restart in 0..50 {
        world.server().restart();
        world.run_for(restart * 97 % 9_000);
    }
    world.run_for(31_000 + ASKED);
    assert_eq!(world.patterns(alice), ["w/.*"]);
    assert_eq!(Vec::from_iter(world.provided_events(alice)), ["w/1"]);
    assert_eq!(Vec::from_iter(world.client(alice).provided_events()), ["w/1"]);
    assert!(world.server().complaints().is_empty());
    world.unsubscribe(bob, "w/1");
    world.run_for(ASKED);
    assert!(world.client(alice).provided_events().is_empty());
    assert_eq!(world.client(alice).offers().len(), world.client(alice).ended().len());
}

#[test]
fn unlisten_ends_what_was_accepted_and_hands_back_what_was_not_answered() {
    let (mut world, alice, bob) = provider_and_subscriber();
    world.subscribe(bob, "w/2");
    world.run_for(ASKED);
    world.server().forget_requests();
    world.unlisten(alice, "w/.*");
    assert_eq!(world.client(alice).ended(), [0, 1]);
    world.run_for(ASKED);
    let rejection = Request::AnswerOffer { subscription: "w/2".into(), accepts: false };
    assert_eq!(world.server().requests(), [&rejection, &unlisten_from("w/.*")]);
    assert!(world.patterns(alice).is_empty());
    assert!(world.provided_events(alice).is_empty());
    world.run_for(10_000);
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn what_is_offered_before_unlisten_arrives_is_handed_back() {
    let (mut world, alice, bob) = listener_and_subscriber();
    world.subscribe(bob, "w/1");
    world.run_for(100 + LATENCY);
    world.unlisten(alice, "w/.*");
    world.run_for(ASKED);
    assert!(world.client(alice).offers().is_empty());
    let rejection = Request::AnswerOffer { subscription: "w/1".into(), accepts: false };
    assert!(world.server().requests().contains(&&rejection));
    world.run_for(10_000);
    assert!(world.client(alice).errors().is_empty());
}

/// The server dies of a LISTEN to what the connection listens to already.
#[test]
fn one_message_is_on_its_way_for_a_pattern_at_most() {
    let (mut world, alice, bob) = listener_and_subscriber();
    world.subscribe(bob, "v/1");
    world.run_for(ASKED);
    for _ in 0..3 {
        world.listen(alice, "v/.*");
        world.unlisten(alice, "v/.*");
    }
    world.listen(alice, "v/.*");
    world.run_for(ASKED);
    let requests = [listen_to("v/.*"), unlisten_from("v/.*"), listen_to("v/.*")];
    let mut asked = world.server().requests();
    asked.retain(|request| matches!(request, Request::Listen(_) | Request::Unlisten(_)));
    assert_eq!(asked, requests.each_ref());
    assert_eq!(world.client(alice).offers().last(), Some(&(1, "v/1")), "offered again to one who came back");
    assert!(world.server().complaints().is_empty());

    world.unlisten(alice, "v/.*");
    world.listen(alice, "v/.*");
    world.unlisten(alice, "v/.*");
    world.run_for(ASKED);
    assert_eq!(world.patterns(alice), ["w/.*"]);
}

#[test]
fn what_is_listened_to_offline_counts_from_the_login_on() {
    let mut world = World::new();
    let alice = world.add_client();
    for pattern in ["a/.*", "b/.*", "c/.*"] {
        world.listen(alice, pattern);
    }
    world.unlisten(alice, "b/.*");
    world.open(alice);
    world.run_for(ASKED);
    assert_eq!(world.patterns(alice), ["a/.*", "c/.*"]);
    world.pause(alice);
    world.unlisten(alice, "a/.*");
    world.listen(alice, "d/.*");
    world.run_for(60_000);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(ASKED);
    assert_eq!(world.patterns(alice), ["c/.*", "d/.*"]);
}

#[test]
fn what_is_no_pattern_is_reported_once_in_a_session() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.listen(alice, "(");
    world.run_for(10_000);
    assert_eq!(world.client(alice).error_codes(), ["INVALID_LISTEN_REGEX"], "and no ACK_TIMEOUT besides");
    assert!(world.client(alice).errors()[0].message().contains('('));
    world.server().forget_requests();
    world.unlisten(alice, "(");
    world.run_for(ASKED);
    assert!(world.server().requests().is_empty(), "the server knows nothing of it");
}

#[test]
fn a_refused_pattern_is_reported_and_asked_for_again_later() {
    let mut world = World::new();
    world.server().policy.denied.insert("secret/.*".into());
    let alice = world.add_open_client();
    world.listen(alice, "secret/.*");
    world.run_for(10_000);
    assert_eq!(world.client(alice).error_codes(), ["MESSAGE_DENIED"]);
    world.unlisten(alice, "secret/.*");
    world.listen(alice, "secret/.*");
    world.run_for(ASKED);
    assert_eq!(world.client(alice).error_codes(), ["MESSAGE_DENIED", "MESSAGE_DENIED"]);

    world.server().policy.denied.clear();
    world.network().cut(alice);
    world.run_for(LATENCY);
    world.run_until_open(alice);
    world.run_for(ASKED);
    assert_eq!(world.patterns(alice), ["secret/.*"]);
}

#[test]
fn listening_that_nobody_acknowledges_is_reported_and_never_repeated() {
    let (mut world, alice, _) = listener_and_subscriber();
    world.server().policy.acknowledges = false;
    world.listen(alice, "v/.*");
    world.unlisten(alice, "w/.*");
    world.run_for(2_000 - 1);
    assert!(world.client(alice).errors().is_empty());
    world.run_for(60_000);
    assert_eq!(world.client(alice).error_codes(), ["ACK_TIMEOUT", "ACK_TIMEOUT"]);
    assert_eq!(world.server().requests()[..2], [&listen_to("v/.*"), &unlisten_from("w/.*")]);
    let repeated = world.server().requests().into_iter().skip(2).any(|request| *request != Request::Ping);
    assert!(!repeated);
}

#[test]
fn with_manual_resubscription_listening_waits_to_be_asked_for_too() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.resubscribe = Resubscribe::Manual);
    world.open(alice);
    world.listen(alice, "w/.*");
    world.run_for(ASKED);
    world.server().restart();
    world.run_for(ASKED);
    world.run_until_open(alice);
    world.run_for(ASKED);
    assert!(world.patterns(alice).is_empty());
    world.wish(alice, Wish::Resubscribe);
    world.run_for(ASKED);
    assert_eq!(world.patterns(alice), ["w/.*"]);
}

#[test]
fn close_ends_what_was_accepted() {
    let (mut world, alice, _) = provider_and_subscriber();
    world.close(alice);
    assert_eq!(world.client(alice).ended(), [0]);
    world.listen(alice, "v/.*");
    assert_eq!(world.client(alice).error_codes(), ["IS_CLOSED"]);
    assert_eq!(world.client(alice).state(), Closed);
}

#[test]
fn a_client_may_provide_for_itself() {
    let (mut world, alice, _) = listener_and_subscriber();
    world.subscribe(alice, "w/1");
    world.run_for(ASKED);
    world.answer_offer(alice, (0, "w/1"), true);
    world.run_for(ASKED);
    assert_eq!(Vec::from_iter(world.provided_events(alice)), ["w/1"]);
}

#[test]
fn what_the_server_asks_again_it_takes_for_not_provided() {
    let (mut world, alice, bob) = provider_and_subscriber();
    let found = Message::new(EventAction::SubscriptionForPatternFound);
    let found = Message { name: Some("w/.*"), subscription: Some("w/1"), ..found };
    world.server_says(alice, &[found]);
    world.run_for(ASKED);
    assert_eq!(world.client(alice).ended(), [0]);
    assert_eq!(world.client(alice).offers().last(), Some(&(1, "w/1")));
    assert_eq!(world.client(bob).state(), Open);
}

#[test]
fn acknowledgements_that_a_lost_connection_owed_are_not_missed() {
    let (mut world, alice, _) = listener_and_subscriber();
    world.server().policy.acknowledges = false;
    world.listen(alice, "v/.*");
    world.run_for(ASKED);
    world.server().policy.acknowledges = true;
    world.network().cut(alice);
    world.run_for(LATENCY);
    world.unlisten(alice, "v/.*");
    world.run_for(10_000);
    assert_eq!(world.client(alice).error_codes(), [] as [&str; 0]);
}
