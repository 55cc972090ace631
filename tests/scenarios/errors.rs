//! What the server should not have sent.

use deepstream_wasm::{
    client::ConnectionState::{self, *},
    wire::{ConnectionAction, EventAction, Message, ParserAction, RecordAction, RpcAction},
};

use crate::world::{
    ClientId, LATENCY, World,
    network::News,
    server::{AtChallenge, AtLogin, Request},
};

const TOPIC_UNKNOWN: &[u8] = &[2, 0x10, 99];
const ACTION_UNKNOWN: &[u8] = &[7, 0x10, 4, 0x1a, 3, 0x08, 0xe7, 0x07];
const ENDS_TOO_EARLY: &[u8] = &[50, 0x10, 4];
const NOT_PROTOBUF: &[u8] = &[3, 0xff, 0xff, 0xff];

fn event<'a>(name: &'a str, data: &'a str) -> Message<'a> {
    Message { name: Some(name), data: Some(data), ..Message::new(EventAction::Emit) }
}

/// A client that is logged in and subscribed to `news`.
fn subscriber() -> (World, ClientId) {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.subscribe(alice, "news");
    world.run_for(200);
    world.server().forget_requests();
    (world, alice)
}

#[track_caller]
fn assert_goes_on(world: &mut World, client: ClientId) {
    world.client_mut(client).forget();
    world.server_says(client, &[event("news", "\"goes on\"")]);
    world.run_for(LATENCY);
    assert_eq!(world.client(client).received("news"), ["\"goes on\""]);
    assert!(world.client(client).errors().is_empty());
}

#[test]
fn a_frame_that_cannot_be_read_is_one_error_and_the_connection_goes_on() {
    let frames = [
        (News::Binary(vec![]), "MESSAGE_PARSE_ERROR"),
        (News::Binary(ENDS_TOO_EARLY.into()), "MESSAGE_PARSE_ERROR"),
        (News::Binary(NOT_PROTOBUF.into()), "MESSAGE_PARSE_ERROR"),
        (News::Binary(TOPIC_UNKNOWN.into()), "UNKNOWN_TOPIC"),
        (News::Binary(ACTION_UNKNOWN.into()), "UNKNOWN_ACTION"),
        (News::Binary(TOPIC_UNKNOWN.repeat(1_000)), "UNKNOWN_TOPIC"),
        (News::Text, "INVALID_MESSAGE"),
        (News::Oversized(17 * 1024 * 1024), "MAXIMUM_MESSAGE_SIZE_EXCEEDED"),
        (News::Binary(vec![0; 17 * 1024 * 1024]), "MAXIMUM_MESSAGE_SIZE_EXCEEDED"),
    ];
    for (frame, code) in frames {
        let (mut world, alice) = subscriber();
        world.socket_says(alice, frame);
        world.run_for(LATENCY);
        assert_eq!(world.client(alice).error_codes(), [code]);
        assert_eq!(world.client(alice).errors()[0].topic().name(), "PARSER");
        assert_goes_on(&mut world, alice);
    }
}

#[test]
fn garbage_does_not_disturb_the_handshake() {
    type Hold = fn(&mut World);
    let phases: [(ConnectionState, Hold); 3] = [
        (Challenging, |world| world.server().policy.at_challenge = AtChallenge::Silence),
        (AwaitingAuthentication, |_| {}),
        (Authenticating, |world| world.server().policy.at_login = AtLogin::Silence),
    ];
    for (state, hold) in phases {
        let mut world = World::new();
        hold(&mut world);
        let alice = world.add_client();
        if state == Authenticating {
            world.login(alice, "{}");
        }
        world.run_until(alice, state);
        world.socket_says(alice, News::Text);
        world.socket_says(alice, News::Binary(NOT_PROTOBUF.into()));
        world.run_for(LATENCY);
        assert_eq!(world.client(alice).error_codes(), ["INVALID_MESSAGE", "MESSAGE_PARSE_ERROR"], "{state:?}");
        assert_eq!(world.client(alice).state(), state);
    }
}

#[test]
fn every_message_of_a_frame_counts() {
    let (mut world, alice) = subscriber();
    world.server_says(alice, &[event("news", "1"), event("news", "2"), event("news", "3")]);
    world.run_for(LATENCY);
    assert_eq!(world.client(alice).received("news"), ["1", "2", "3"]);
}

#[test]
fn what_can_be_read_beside_garbage_is_read() {
    let (mut world, alice) = subscriber();
    let frame = [&event("news", "1").encode(), TOPIC_UNKNOWN, &event("news", "2").encode(), ENDS_TOO_EARLY];
    world.socket_says(alice, News::Binary(frame.concat()));
    world.run_for(LATENCY);
    assert_eq!(world.client(alice).received("news"), ["1", "2"]);
    assert_eq!(world.client(alice).error_codes(), ["UNKNOWN_TOPIC"], "one report per frame");
}

#[test]
fn a_message_out_of_turn_is_reported_and_changes_nothing() {
    let messages: [Message<'_>; 5] = [
        Message::new(ConnectionAction::Accept),
        Message::new(ConnectionAction::Challenge),
        Message::new(ConnectionAction::Reject),
        Message::new(RecordAction::Listen),
        Message::new(RpcAction::Request),
    ];
    for message in messages {
        let (mut world, alice) = subscriber();
        world.server_says(alice, std::slice::from_ref(&message));
        world.run_for(LATENCY);
        assert_eq!(world.client(alice).error_codes(), ["UNSOLICITED_MESSAGE"], "{message:?}");
        assert_goes_on(&mut world, alice);
    }
}

#[test]
fn events_before_the_login_are_reported_and_not_delivered() {
    let mut world = World::new();
    let alice = world.add_client();
    world.subscribe(alice, "news");
    world.run_until(alice, AwaitingAuthentication);
    world.server_says(alice, &[event("news", "1")]);
    world.run_for(LATENCY);
    assert!(world.client(alice).received("news").is_empty());
    assert_eq!(world.client(alice).error_codes(), ["UNSOLICITED_MESSAGE"]);
}

#[test]
fn errors_of_the_server_are_passed_on_under_their_names() {
    let parser = Message { data: Some("why"), ..Message::new(ParserAction::UnknownTopic) };
    let connection = Message::new(ConnectionAction::InvalidMessage);
    let event = Message { name: Some("news"), ..Message::new(EventAction::InvalidMessageData) };
    let messages: [(Message<'_>, _, _); 3] = [
        (parser, "UNKNOWN_TOPIC", "PARSER"),
        (connection, "INVALID_MESSAGE", "CONNECTION"),
        (event, "INVALID_MESSAGE_DATA", "EVENT"),
    ];
    for (message, code, topic) in messages {
        let (mut world, alice) = subscriber();
        world.server_says(alice, &[message]);
        world.run_for(LATENCY);
        let reported: Vec<_> = world.client(alice).errors().iter().map(|it| (it.code(), it.topic().name())).collect();
        assert_eq!(reported, [(code, topic)]);
        assert_goes_on(&mut world, alice);
    }
}

/// Who may not publish may still be subscribed; who is subscribed twice is subscribed.
#[test]
fn only_a_refused_subscription_counts_as_not_subscribed() {
    let refusals =
        [(EventAction::MessageDenied, EventAction::Emit), (EventAction::MultipleSubscriptions, EventAction::Subscribe)];
    for (error, original) in refusals {
        let (mut world, alice) = subscriber();
        world.subscribe(alice, "gossip");
        world.run_for(200);
        world.server().forget_requests();
        let original_action = Some(original.number());
        let error = Message { name: Some("news"), original_action, ..Message::new(error) };
        world.server_says(alice, std::slice::from_ref(&error));
        world.run_for(LATENCY);
        assert_eq!(world.client(alice).error_codes(), [error.action.name()]);
        assert_goes_on(&mut world, alice);

        world.run_for(1_000);
        assert!(world.server().requests().is_empty(), "{:?}", error.action);
        world.unsubscribe(alice, "news");
        world.run_for(1_000);
        assert_eq!(world.server().requests(), [&Request::Unsubscribe(vec!["news".into()])], "{:?}", error.action);
    }
}

#[test]
fn the_servers_farewells_are_no_errors() {
    let (mut world, alice) = subscriber();
    for action in [ConnectionAction::Closing, ConnectionAction::Closed] {
        world.server_says(alice, &[Message::new(action)]);
    }
    world.run_for(LATENCY);
    assert!(world.client(alice).errors().is_empty());
    assert_eq!(world.client(alice).state(), Open);
}
