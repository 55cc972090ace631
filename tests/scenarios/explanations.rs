//! What errors say of what is lost: what it was, what is there instead, and whose doing that is.

use deepstream_wasm::{
    client::{ClientError, Delivery, Strategy, Ticket, record::Side},
    wire::Topic,
};

use crate::{
    record_support::*,
    world::{ClientId, RecordWish, World, network::Route},
};

/// What both have written while one of them was away; the error of the one who was.
fn lost(world: &World, client: ClientId, ticket: Ticket) -> ClientError {
    world.client(client).outcome(ticket).expect("it is settled").expect_err("it is lost").clone()
}

fn come_back(world: &mut World, client: ClientId) {
    world.run_for(A_WHILE);
    world.resume(client);
    world.run_until_open(client);
    world.run_for(A_WHILE);
}

#[test]
fn a_lost_write_says_what_it_was_made_to_and_what_is_there_instead() {
    for strategy in [Strategy::RemoteWins, Strategy::ThreeWay(Side::Remote)] {
        let (mut world, alice, bob) = two(strategy);
        world.pause(alice);
        let ticket = write(&mut world, alice, &[("title", Some("\"alice's\"")), ("tags", None)]);
        set(&mut world, bob, "title", "\"bob's\"");
        set(&mut world, bob, "tags", "[1]");
        come_back(&mut world, alice);
        let error = lost(&world, alice, ticket);
        assert_eq!((error.code(), error.topic(), error.subject()), ("RECORD_WRITE_LOST", Topic::Record, Some(NAME)));
        let (version, data) = on_server(&mut world).unwrap();
        let edits = r#"[{"path":"title","data":"alice's"},{"path":"tags"}]"#;
        let expected =
            format!(r#"{{"version":1,"edits":{edits},"by":"client","found":{{"version":{version},"data":{data}}}}}"#);
        assert!(same(error.lost().unwrap(), &expected), "{strategy:?}: {:?}", error.lost());
        let message = error.message();
        for part in [NAME, edits, "version 1", "another client", &format!("version {version}")] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn a_merge_that_loses_one_write_names_that_one_only() {
    let (mut world, alice, bob) = two(Strategy::ThreeWay(Side::Remote));
    world.pause(alice);
    let ticket = set(&mut world, alice, "title", "\"alice's\"");
    set(&mut world, alice, "body.size", "6");
    set(&mut world, bob, "title", "\"bob's\"");
    come_back(&mut world, alice);
    let error = lost(&world, alice, ticket);
    let details = error.lost().unwrap();
    assert!(details.contains("title") && !details.contains("body.size"), "{details}");
}

#[test]
fn a_long_write_does_not_make_a_long_message() {
    let (mut world, alice, bob) = two(Strategy::RemoteWins);
    world.pause(alice);
    let ticket = set(&mut world, alice, "title", &format!("\"{}\"", "ü".repeat(1_000)));
    set(&mut world, bob, "title", "\"bob's\"");
    come_back(&mut world, alice);
    let error = lost(&world, alice, ticket);
    assert!(error.message().len() < 400 && error.message().contains('…'), "{}", error.message());
    assert!(error.lost().unwrap().len() > 2_000, "the details have all of it");
}

#[test]
fn a_lost_deletion_says_who_has_written() {
    for strategy in [Strategy::RemoteWins, Strategy::Custom] {
        let (mut world, alice, bob) = two(strategy);
        world.pause(alice);
        let ticket = delete(&mut world, alice);
        set(&mut world, bob, "title", "\"bob's\"");
        come_back(&mut world, alice);
        if let Some((question, _, remote)) = asked(&world, alice) {
            answer(&mut world, alice, question, Ok(remote.as_deref()));
            world.run_for(A_WHILE);
        }
        let error = lost(&world, alice, ticket);
        let (version, data) = on_server(&mut world).unwrap();
        let expected =
            format!(r#"{{"version":1,"edits":null,"by":"client","found":{{"version":{version},"data":{data}}}}}"#);
        assert!(same(error.lost().unwrap(), &expected), "{strategy:?}: {:?}", error.lost());
        assert!(error.message().contains("not deleted"), "{}", error.message());
    }
}

#[test]
fn a_server_that_went_back_is_told_apart_from_another_client() {
    let (mut world, alice, bob) = two_on(Strategy::RemoteWins, false);
    set(&mut world, bob, "title", "\"more\"");
    world.run_for(A_WHILE);
    world.network().route(alice, Route::Lost);
    world.pause(bob);
    world.server().restart();
    let ticket = set(&mut world, alice, "title", "\"alice's\"");
    let maker = world.add_open_client();
    wish(&mut world, maker, RecordWish::Open { name: NAME.into(), strategy: Strategy::RemoteWins });
    set(&mut world, maker, "other", "1");
    world.run_for(A_WHILE);
    world.network().route(alice, Route::Clear);
    world.run_for(60_000);
    let error = lost(&world, alice, ticket);
    let details = error.lost().unwrap();
    assert!(details.starts_with(r#"{"version":2,"#) && details.contains(r#""by":"server""#), "{details}");
    assert!(details.contains(r#"{"version":1,"data":{"other":1}}"#), "{details}");
    assert!(error.message().contains("lost data"), "{}", error.message());
}

fn set_data(world: &mut World, client: ClientId, name: &str, data: &str) -> Ticket {
    let (name, path, data) = (name.into(), "v".into(), Some(data.into()));
    let set_data = RecordWish::SetData { name, path, data, delivery: Delivery::Durable, ttl_ms: Some(60_000) };
    wish(world, client, set_data).expect("it has a ticket")
}

#[test]
fn what_the_outbox_gives_up_is_told_once_by_part_and_name() {
    let mut world = World::new();
    world.server().kill();
    let browser = world.add_browser();
    let gone = world.add_client_in(browser, |_| {});
    world.login(gone, "{}");
    for name in ["a", "b", "c", "d", "a"] {
        set_data(&mut world, gone, name, "1");
    }
    world.run_for(A_WHILE);
    world.crash(gone);
    world.run_for(60_000);
    world.server().start();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{}");
    world.run_until_open(page);
    world.server().kill();
    let waited_for = set_data(&mut world, page, "waited-for", "1");
    world.run_for(70_000);
    let error = lost(&world, page, waited_for);
    assert_eq!((error.code(), error.topic(), error.subject()), ("OUTBOX_EXPIRED", Topic::Record, Some("waited-for")));
    let is_it = |error: &&ClientError| error.code() == "OUTBOX_EXPIRED";
    let errors: Vec<_> = world.client(page).errors().into_iter().filter(is_it).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((errors[0].topic(), errors[0].count(), errors[0].subject()), (Topic::Record, Some(5), None));
    assert_eq!(errors[0].names(), ["a", "b", "c"].map(Box::from));
    assert!(errors[0].message().contains("5, of a, b, c"), "{}", errors[0].message());
}

#[test]
fn a_write_that_the_server_cannot_take_names_the_record() {
    for is_open in [true, false] {
        let mut world = World::new();
        world.server().policy.max_frame_bytes = 1_000;
        let page = world.add_open_client();
        if is_open {
            open(&mut world, page, Strategy::RemoteWins);
            world.run_for(A_WHILE);
        }
        let long = format!("\"{}\"", "x".repeat(2_000));
        let ticket = set_data(&mut world, page, NAME, &long);
        world.run_for(120_000);
        let error = lost(&world, page, ticket);
        let told = (error.code(), error.topic(), error.subject());
        assert_eq!(told, ("OUTBOX_UNDELIVERABLE", Topic::Record, Some(NAME)), "open: {is_open}");
        assert!(!world.client(page).error_codes().contains(&"OUTBOX_UNDELIVERABLE"), "who waits is told, nobody else");
    }
}

#[test]
fn what_is_refused_for_want_of_room_is_told_once() {
    let mut world = World::new();
    let page = world.add_client_with(|options| options.outbox_max_entries = 1);
    world.pause(page);
    world.emit(page, "news", "1");
    let ticket = set_data(&mut world, page, NAME, "1");
    let error = lost(&world, page, ticket);
    assert_eq!((error.code(), error.topic(), error.subject()), ("OUTBOX_FULL", Topic::Record, Some(NAME)));
    assert!(world.client(page).errors().is_empty(), "who waits is told, and nobody else");
    world.emit(page, "news", "2");
    assert_eq!(world.client(page).error_codes(), ["OUTBOX_FULL"]);
}
