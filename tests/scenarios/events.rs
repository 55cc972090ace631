//! Events between clients, over connections that come and go.

use deepstream_wasm::{
    client::{ClientError, ConnectionState::*, Options, OutboxStorage, limits},
    wire::Topic,
};

use crate::world::{ClientId, LATENCY, Wish, World, server::Request};

/// Long enough for a subscription to be collected, sent and acknowledged, in milliseconds.
const SUBSCRIBED: u64 = 100 + 2 * LATENCY;

fn subscribe_to(names: &[&str]) -> Request {
    Request::Subscribe(names.iter().map(|name| (*name).into()).collect())
}

fn unsubscribe_from(names: &[&str]) -> Request {
    Request::Unsubscribe(names.iter().map(|name| (*name).into()).collect())
}

fn emit(name: &str, data: &str) -> Request {
    Request::Emit { name: name.into(), data: Some(data.into()) }
}

/// Two clients that are logged in, the first one subscribed to `news`.
fn subscriber_and_publisher() -> (World, ClientId, ClientId) {
    let mut world = World::new();
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    world.subscribe(alice, "news");
    world.run_for(SUBSCRIBED);
    world.server().forget_requests();
    (world, alice, bob)
}

#[test]
fn an_event_reaches_the_others_who_subscribed_once() {
    let (mut world, alice, bob) = subscriber_and_publisher();
    let carol = world.add_open_client();
    world.subscribe(bob, "news");
    world.run_for(SUBSCRIBED);
    world.emit(bob, "news", "1");
    world.emit(bob, "gossip", "2");
    world.emit(bob, "news", "3");
    world.run_for(1_000);
    assert_eq!(world.client(alice).received("news"), ["1", "3"]);
    assert!(world.client(bob).received("news").is_empty(), "the server does not send it back");
    assert!(world.client(carol).received("news").is_empty());
}

#[test]
fn payloads_travel_as_they_are() {
    let (mut world, alice, bob) = subscriber_and_publisher();
    let payloads = ["null", "0", "-1.5e300", "\"\"", "\"\\u0000 \u{1F600} ü\"", "{\"a\":[1,{\"b\":null}]}", "[]"];
    for payload in payloads {
        world.emit(bob, "news", payload);
    }
    world.wish(bob, Wish::Emit { name: "news".into(), data: None });
    world.run_for(1_000);
    assert_eq!(world.client(alice).received("news"), [&payloads[..], &["undefined"]].concat());
}

#[test]
fn subscriptions_are_collected_into_one_message() {
    let mut world = World::new();
    let alice = world.add_open_client();
    world.subscribe(alice, "b");
    world.run_for(60);
    world.subscribe(alice, "a");
    world.subscribe(alice, "c");
    world.run_for(SUBSCRIBED);
    assert_eq!(world.server().requests(), [&subscribe_to(&["b", "a", "c"])]);
    assert_eq!(world.subscriptions(alice), ["a", "b", "c"]);
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn what_is_taken_back_within_the_interval_is_never_sent() {
    let (mut world, alice, _) = subscriber_and_publisher();
    world.subscribe(alice, "gossip");
    world.unsubscribe(alice, "gossip");
    world.unsubscribe(alice, "news");
    world.subscribe(alice, "news");
    world.run_for(SUBSCRIBED);
    assert!(world.server().requests().is_empty());
    assert_eq!(world.subscriptions(alice), ["news"]);
}

#[test]
fn after_unsubscribing_nothing_arrives() {
    let (mut world, alice, bob) = subscriber_and_publisher();
    world.unsubscribe(alice, "news");
    world.run_for(SUBSCRIBED);
    assert_eq!(world.server().requests(), [&unsubscribe_from(&["news"])]);
    world.emit(bob, "news", "1");
    world.run_for(1_000);
    assert!(world.client(alice).received("news").is_empty());

    world.subscribe(alice, "news");
    world.run_for(SUBSCRIBED);
    world.emit(bob, "news", "2");
    world.run_for(1_000);
    assert_eq!(world.client(alice).received("news"), ["2"]);
}

#[test]
fn names_that_are_subscribed_to_have_numbers_of_their_own() {
    let (mut world, alice, _) = subscriber_and_publisher();
    let number = |world: &World, name: &str| world.client(alice).client().event_number(name);
    let first = number(&world, "news");
    assert!(first.is_some() && number(&world, "gossip").is_none());
    world.unsubscribe(alice, "news");
    assert_eq!(number(&world, "news"), None);
    // Not even before the server has heard of it may two have the same.
    world.subscribe(alice, "gossip");
    world.subscribe(alice, "news");
    assert_eq!(number(&world, "news"), first);
    assert!(number(&world, "gossip").is_some_and(|number| Some(number) != first));
    world.unsubscribe(alice, "news");
    world.run_for(SUBSCRIBED);
    world.subscribe(alice, "weather");
    assert_ne!(number(&world, "weather"), number(&world, "gossip"));
    world.close(alice);
    world.subscribe(alice, "late");
    assert_eq!(number(&world, "late"), None);
}

#[test]
fn subscriptions_made_before_the_login_go_out_with_it() {
    let mut world = World::new();
    let alice = world.add_client();
    world.subscribe(alice, "b");
    world.subscribe(alice, "a");
    world.run_for(1_000);
    world.subscribe(alice, "c");
    world.unsubscribe(alice, "b");
    world.login(alice, "{}");
    world.run_until_open(alice);
    world.run_for(LATENCY);
    assert_eq!(world.server().requests().last(), Some(&&subscribe_to(&["a", "c"])));
}

#[test]
fn after_a_reconnect_all_subscriptions_are_restored_in_one_message() {
    let (mut world, alice, bob) = subscriber_and_publisher();
    for name in ["a", "b", "c"] {
        world.subscribe(alice, name);
    }
    world.run_for(SUBSCRIBED);
    world.network().cut(alice);
    world.run_for(LATENCY);
    world.subscribe(alice, "d");
    world.unsubscribe(alice, "b");
    world.server().forget_requests();
    world.run_until_open(alice);
    world.run_for(1_000);
    let subscriptions = world.server().requests().into_iter().filter(|it| matches!(it, Request::Subscribe(_)));
    assert_eq!(Vec::from_iter(subscriptions), [&subscribe_to(&["a", "c", "news", "d"])]);

    world.emit(bob, "news", "1");
    world.run_for(1_000);
    assert_eq!(world.client(alice).received("news"), ["1"]);
}

#[test]
fn subscriptions_survive_two_hundred_restarts_without_ever_being_doubled() {
    let (mut world, alice, bob) = subscriber_and_publisher();
    for restart in 0..200 {
        world.server().restart();
        world.run_for(restart * 97 % 9_000);
    }
    world.run_for(31_000);
    assert_eq!(world.subscriptions(alice), ["news"]);
    assert!(world.server().complaints().is_empty());
    world.emit(bob, "news", "1");
    world.run_for(1_000);
    assert_eq!(world.client(alice).received("news"), ["1"]);
}

#[test]
fn subscriptions_survive_pause_and_resume() {
    let (mut world, alice, _) = subscriber_and_publisher();
    world.pause(alice);
    world.subscribe(alice, "gossip");
    world.run_for(60_000);
    world.resume(alice);
    world.run_until_open(alice);
    world.run_for(SUBSCRIBED);
    assert_eq!(world.subscriptions(alice), ["gossip", "news"]);
}

#[test]
fn long_lists_of_names_are_spread_over_messages() {
    let mut world = World::new();
    let alice = world.add_client();
    let names: Vec<_> = (0..20_000).map(|number| format!("sensor/{number:05}/temperature")).collect();
    for name in &names {
        world.subscribe(alice, name);
    }
    world.open(alice);
    world.run_for(1_000);
    assert_eq!(world.subscriptions(alice), names);
    let mut requests = world.server().requests();
    requests.retain(|request| **request != Request::Ping);
    for request in &requests {
        let Request::Subscribe(names) = request else { panic!("{request:?}") };
        assert!(names.iter().map(String::len).sum::<usize>() <= limits::BULK_NAMES_MAX_BYTES);
    }
    assert!(requests.len() < 6, "{} messages", requests.len());
    assert!(world.client(alice).errors().is_empty());
}

#[test]
fn a_name_longer_than_a_message_should_be_goes_alone() {
    let mut world = World::new();
    let alice = world.add_open_client();
    let long = "b".repeat(limits::BULK_NAMES_MAX_BYTES + 1);
    for name in ["a", long.as_str(), "c"] {
        world.subscribe(alice, name);
    }
    world.run_for(1_000);
    let messages = [subscribe_to(&["a"]), subscribe_to(&[&long]), subscribe_to(&["c"])];
    let mut requests = world.server().requests();
    requests.retain(|request| **request != Request::Ping);
    assert_eq!(requests, messages.each_ref());
}

#[test]
fn a_refused_name_is_reported() {
    let mut world = World::new();
    world.server().policy.denied.insert("secret".into());
    let alice = world.add_open_client();
    world.subscribe(alice, "secret");
    world.run_for(10_000);
    let errors = world.client(alice).errors();
    assert_eq!(world.client(alice).error_codes(), ["MESSAGE_DENIED"], "and no ACK_TIMEOUT besides");
    assert!(errors[0].message().contains("secret"), "{:?}", errors[0]);
    assert_eq!(world.client(alice).state(), Open);
}

/// For every name that it denies, the server drops the last one of the message, whichever that is.
#[test]
fn a_refused_name_does_not_cost_the_others() {
    for names in [["a", "b", "secret"], ["a", "secret", "z"], ["secret", "y", "z"]] {
        let mut world = World::new();
        world.server().policy.denied.insert("secret".into());
        let alice = world.add_open_client();
        for name in names {
            world.subscribe(alice, name);
        }
        world.run_for(10_000);
        let subscriptions = world.subscriptions(alice);
        for name in names.into_iter().filter(|name| *name != "secret") {
            assert!(subscriptions.contains(&name), "{name} of {names:?}: {subscriptions:?}");
        }
        assert!(world.server().complaints().is_empty(), "{names:?}: {:?}", world.server().complaints());
    }
}

#[test]
fn a_refused_name_is_asked_for_again_when_somebody_subscribes_again_or_a_session_begins() {
    let mut world = World::new();
    world.server().policy.denied.insert("secret".into());
    let alice = world.add_open_client();
    world.subscribe(alice, "secret");
    world.run_for(SUBSCRIBED);
    world.unsubscribe(alice, "secret");
    world.subscribe(alice, "secret");
    world.run_for(SUBSCRIBED);
    assert_eq!(world.client(alice).error_codes(), ["MESSAGE_DENIED", "MESSAGE_DENIED"]);

    world.server().policy.denied.clear();
    world.network().cut(alice);
    world.run_for(LATENCY);
    world.run_until_open(alice);
    world.run_for(SUBSCRIBED);
    assert_eq!(world.subscriptions(alice), ["secret"]);
}

#[test]
fn a_subscription_that_nobody_acknowledges_is_sent_once_more_then_reported_and_kept() {
    let mut world = World::new();
    world.server().policy.acknowledges = false;
    let (alice, bob) = (world.add_open_client(), world.add_open_client());
    world.subscribe(alice, "news");
    world.subscribe(alice, "gossip");
    world.run_for(100 + 2 * 2_000 - 1);
    assert!(world.client(alice).errors().is_empty());
    let message = subscribe_to(&["news", "gossip"]);
    assert_eq!(world.server().requests(), [&message, &message]);
    world.run_for(1);
    let names = vec!["news".into(), "gossip".into()];
    let timeout = ClientError::ack_timeout(Topic::Event, names);
    assert_eq!(world.client(alice).errors(), [&timeout]);

    world.emit(bob, "news", "1");
    world.run_for(10_000);
    assert_eq!(world.client(alice).received("news"), ["1"]);
    assert_eq!(world.client(alice).errors().len(), 1);
}

/// The server then says MULTIPLE_SUBSCRIPTIONS, which is no news to anybody.
#[test]
fn a_subscription_that_is_acknowledged_the_second_time_is_no_error() {
    let mut world = World::new();
    world.server().policy.acknowledges = false;
    let alice = world.add_open_client();
    world.subscribe(alice, "news");
    world.run_for(1_000);
    world.server().policy.acknowledges = true;
    world.run_for(10_000);
    assert!(world.client(alice).errors().is_empty(), "{:?}", world.client(alice).errors());
    assert_eq!(world.subscriptions(alice), ["news"]);
}

#[test]
fn what_is_sent_once_more_is_what_still_holds() {
    let mut world = World::new();
    world.server().policy.acknowledges = false;
    let alice = world.add_open_client();
    for name in ["a", "b", "c"] {
        world.subscribe(alice, name);
    }
    world.run_for(SUBSCRIBED);
    world.unsubscribe(alice, "a");
    world.unsubscribe(alice, "b");
    world.run_for(SUBSCRIBED);
    world.subscribe(alice, "b");
    world.run_for(SUBSCRIBED);
    world.server().forget_requests();
    world.run_for(2_000);
    let again = [subscribe_to(&["c"]), unsubscribe_from(&["a"]), subscribe_to(&["b"])];
    assert_eq!(world.server().requests(), again.each_ref());
    assert_eq!(world.subscriptions(alice), ["b", "c"]);
}

#[test]
fn a_refusal_that_comes_late_is_reported_once_and_does_not_cost_the_others() {
    for names in [["a", "b", "secret"], ["a", "secret", "z"], ["secret", "y", "z"]] {
        let mut world = World::new();
        world.server().policy.denied.insert("secret".into());
        let alice = world.add_open_client();
        for name in names {
            world.subscribe(alice, name);
        }
        world.network().stall(alice, 3_000);
        world.run_for(10_000);
        assert_eq!(world.client(alice).error_codes(), ["MESSAGE_DENIED"], "{names:?}");
        let wanted: Vec<_> = names.into_iter().filter(|name| *name != "secret").collect();
        assert_eq!(world.subscriptions(alice), wanted);
    }
}

#[test]
fn a_refusal_that_comes_late_counts_for_a_list_that_has_become_shorter_since() {
    let mut world = World::new();
    world.server().policy.denied.insert("secret".into());
    let alice = world.add_open_client();
    for name in ["a", "secret", "z"] {
        world.subscribe(alice, name);
    }
    world.network().stall(alice, 3_000);
    world.run_for(SUBSCRIBED);
    world.unsubscribe(alice, "z");
    world.run_for(10_000);
    assert_eq!(world.subscriptions(alice), ["a"]);
}

#[test]
fn acknowledgements_that_a_lost_connection_owed_are_not_missed() {
    let mut world = World::new();
    world.server().policy.acknowledges = false;
    let alice = world.add_open_client();
    world.subscribe(alice, "news");
    world.run_for(SUBSCRIBED);
    world.server().policy.acknowledges = true;
    world.server().restart();
    world.run_for(10_000);
    assert_eq!(world.client(alice).error_codes(), [] as [&str; 0]);
}

#[test]
fn what_is_emitted_offline_is_sent_in_order_after_the_subscriptions() {
    let (mut world, alice, _) = subscriber_and_publisher();
    world.pause(alice);
    for data in ["1", "2", "3"] {
        world.emit(alice, "news", data);
        world.emit(alice, "gossip", data);
    }
    world.run_for(60_000);
    world.server().forget_requests();
    world.resume(alice);
    world.run_until_open(alice);
    world.emit(alice, "news", "4");
    world.run_for(1_000);
    let mut expected = vec![subscribe_to(&["news"])];
    expected.extend(["1", "2", "3"].into_iter().flat_map(|data| [emit("news", data), emit("gossip", data)]));
    // The last one asks whether all of it has arrived.
    expected.extend([emit("news", "4"), Request::Ping]);
    assert_eq!(world.server().requests()[2..], Vec::from_iter(&expected));
}

#[test]
fn what_is_emitted_before_the_first_login_waits_for_it() {
    let (mut world, alice, _) = subscriber_and_publisher();
    let carol = world.add_client();
    world.emit(carol, "news", "1");
    world.run_for(60_000);
    world.emit(carol, "news", "2");
    assert!(world.client(alice).received("news").is_empty());
    world.login(carol, "{}");
    world.run_until_open(carol);
    world.run_for(1_000);
    assert_eq!(world.client(alice).received("news"), ["1", "2"]);
}

#[test]
fn no_more_waits_than_there_is_room_for() {
    let mut world = World::new();
    let alice = world.add_client();
    for _ in 0..Options::default().outbox_max_entries {
        world.emit(alice, "news", "1");
    }
    assert!(world.client(alice).errors().is_empty());
    world.emit(alice, "one too many", "1");
    assert_eq!(world.client(alice).error_codes(), ["OUTBOX_FULL"]);
    assert!(world.client(alice).errors()[0].message().contains("one too many"));

    world.login(alice, "{}");
    world.run_until_open(alice);
    world.run_for(1_000);
    let emitted = world.server().requests().into_iter().filter(|request| **request == emit("news", "1"));
    assert_eq!(emitted.count(), Options::default().outbox_max_entries);
    world.pause(alice);
    world.emit(alice, "news", "2");
    assert_eq!(world.client(alice).errors().len(), 1, "there is room again");
}

#[test]
fn no_more_bytes_wait_than_there_is_room_for() {
    let mut world = World::new();
    let alice = world.add_client();
    let half = format!("\"{}\"", "x".repeat(Options::default().outbox_max_bytes / 2 - 6));
    world.emit(alice, "news", &half);
    world.emit(alice, "news", &half);
    assert!(world.client(alice).errors().is_empty());
    world.emit(alice, "news", "1");
    assert_eq!(world.client(alice).error_codes(), ["OUTBOX_FULL"]);
}

#[test]
fn what_close_drops_is_reported() {
    let mut world = World::new();
    let alice = world.add_client_with(|options| options.outbox_storage = OutboxStorage::Memory);
    world.emit(alice, "news", "1");
    world.emit(alice, "news", "2");
    world.close(alice);
    assert_eq!(world.client(alice).error_codes(), ["IS_CLOSED"]);
    let message = world.client(alice).errors()[0].message();
    assert!(message.contains('2'), "{message}");
}

#[test]
fn close_reports_nothing_where_nothing_waits() {
    let (mut world, alice, bob) = subscriber_and_publisher();
    world.emit(bob, "news", "1");
    world.close(bob);
    world.run_for(1_000);
    assert!(world.client(bob).errors().is_empty());
    assert_eq!(world.client(alice).received("news"), ["1"], "what was sent before is not taken back");
}

#[test]
fn what_a_refusal_took_along_while_it_was_not_wanted_is_asked_for_when_it_is_wanted_again() {
    let mut world = World::new();
    world.server().policy.denied.insert("alpha".into());
    let alice = world.add_client();
    for name in ["alpha", "beta", "zeta"] {
        world.subscribe(alice, name);
    }
    world.login(alice, "{}");
    world.run_until_open(alice);
    // The server drops "zeta", the last one, for the refused "alpha".
    world.unsubscribe(alice, "zeta");
    world.run_for(3 * LATENCY);
    world.subscribe(alice, "zeta");
    world.run_for(1_000);
    assert_eq!(world.subscriptions(alice), ["beta", "zeta"]);
}
