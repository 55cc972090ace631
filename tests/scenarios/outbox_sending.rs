//! How entries leave, and which of them is to blame when the connection does not last.

use deepstream_wasm::client::{ConnectionState::Open, Delivery, DropReason};

use super::outbox::{A_WHILE, dropped, emit_all, numbers, offer, offer_with, sent, subscriber};
use crate::world::{LATENCY, Wish, World, network::News, server::Request};

#[test]
fn what_expires_while_it_is_on_its_way_is_told_when_the_connection_is_lost() {
    let mut world = World::new();
    let writer = world.add_open_client();
    world.server().policy.answers_pings = false;
    let short = offer_with(&mut world, writer, "1", Delivery::Durable, Some(3_000), None);
    world.run_for(5_000);
    assert_eq!(world.client(writer).outcome(short), None, "it may have arrived");
    world.server().kill();
    world.run_for(A_WHILE);
    assert_eq!(world.client(writer).rejection(short), Some("OUTBOX_EXPIRED"));
}

#[test]
fn what_is_too_big_is_found_behind_a_backlog_in_a_few_connections() {
    let mut world = World::new();
    world.server().policy.max_frame_bytes = 1_000;
    let writer = world.add_client_with(|options| options.reconnect_interval_increment_ms = 100);
    emit_all(&mut world, writer, &numbers(100));
    let too_big = offer(&mut world, writer, &format!("\"{}\"", "x".repeat(2_000)));
    world.emit(writer, "news", "\"last\"");
    world.login(writer, "{}");
    world.run_until_open(writer);
    world.run_for(120_000);
    assert_eq!(world.client(writer).rejection(too_big), Some("OUTBOX_UNDELIVERABLE"));
    assert_eq!(world.client(writer).client().outbox().len(), 0);
    assert!(sent(&mut world).contains(&"\"last\"".into()));
    let connections = world.client(writer).dialled_at().len();
    assert_eq!(connections, 2);
}

#[test]
fn an_entry_is_not_to_blame_for_what_was_too_big_beside_it() {
    let mut world = World::new();
    let writer = world.add_open_client();
    let receipt = offer(&mut world, writer, "1");
    world.socket_says(writer, News::Closed(1009));
    world.run_for(LATENCY + 5);
    world.run_until_open(writer);
    world.run_for(A_WHILE);
    assert!(world.client(writer).succeeded(receipt));
}

#[test]
fn an_entry_is_not_to_blame_for_what_this_side_wanted_nor_for_dead_links() {
    let mut world = World::new();
    let writer = world.add_open_client();
    world.server().policy.answers_pings = false;
    let receipt = offer(&mut world, writer, "1");
    for _ in 0..15 {
        world.pause(writer);
        world.resume(writer);
        world.run_until_open(writer);
        world.run_for(50);
    }
    world.run_for(600_000);
    assert!(dropped(&world, writer).is_empty());
    world.server().policy.answers_pings = true;
    world.run_for(60_000);
    assert!(world.client(writer).succeeded(receipt));
}

#[test]
fn an_entry_that_the_server_never_survives_is_given_up() {
    let mut world = World::new();
    let writer = world.add_open_client();
    world.server().policy.answers_pings = false;
    offer(&mut world, writer, "1");
    for _ in 0..15 {
        world.run_for(LATENCY);
        world.server().restart();
        world.run_for(5 * LATENCY);
        world.run_until(writer, Open);
    }
    assert_eq!(dropped(&world, writer), [(DropReason::Undeliverable, 1)]);
}

#[test]
fn storage_that_never_answers_delays_every_session_a_little_and_is_asked_once() {
    let mut world = World::new();
    let browser = world.add_browser();
    world.browser(browser).is_readable = false;
    let reader = subscriber(&mut world);
    let writer = world.add_client_in(browser, |_| {});
    world.login(writer, "{}");
    world.emit(writer, "news", "0");
    world.run_until_open(writer);
    for number in 1..10 {
        world.network().cut(writer);
        world.emit(writer, "news", &number.to_string());
        world.run_for(A_WHILE);
    }
    assert_eq!(world.client(reader).received("news"), numbers(10));
    let asked = |output: &&_| matches!(output, deepstream_wasm::client::Output::ReadStorage { .. });
    assert_eq!(world.client(writer).outputs().filter(asked).count(), 1);
}

#[test]
fn an_event_that_comes_back_late_is_not_told_where_it_was_emitted() {
    let mut world = World::new();
    let writer = world.add_open_client();
    world.subscribe(writer, "news");
    world.run_for(A_WHILE);
    // What was sent over the first connection arrives after the second one was made.
    world.network().stall(writer, 5_000);
    world.emit(writer, "news", "1");
    world.wish(writer, Wish::Pause);
    world.resume(writer);
    world.run_for(20_000);
    let arrivals = world.server().requests().into_iter().filter(|request| matches!(request, Request::Emit { .. }));
    assert_eq!(arrivals.count(), 2);
    assert!(world.client(writer).received("news").is_empty());
}

#[test]
fn what_is_denied_does_not_hold_up_the_rest_when_they_go_one_at_a_time() {
    let mut world = World::new();
    world.server().policy.mute.insert("secrets".into());
    let writer = world.add_open_client();
    world.emit(writer, "secrets", "1");
    let receipt = offer(&mut world, writer, "2");
    world.socket_says(writer, News::Closed(1009));
    world.run_for(A_WHILE);
    assert_eq!(dropped(&world, writer), [(DropReason::Denied, 1)]);
    assert!(world.client(writer).succeeded(receipt));
}
