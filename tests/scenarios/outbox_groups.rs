//! What is entrusted in one task of the page stands in storage together.

use deepstream_wasm::client::{Delivery, OutboxStorage, Output, PageSignal, Strategy};

use crate::{
    outbox::{A_WHILE, dropped, entries_in, is_entry, numbers, subscriber, values_in},
    world::{
        ClientId, LATENCY, RecordWish, Wish, World,
        browser::BrowserId,
        network::{Direction, News},
        server::AtLogin,
    },
};

const USER: &str = "{}";

fn event(data: impl ToString) -> Wish {
    let (data, delivery) = (data.to_string(), Delivery::Durable);
    Wish::Offer { name: "news".into(), data, delivery, ttl_ms: None, key: None, receipt: false }
}

fn events(payloads: &[String]) -> Vec<Wish> {
    payloads.iter().map(event).collect()
}

/// A page in which somebody has logged in.
fn start() -> (World, BrowserId, ClientId, ClientId) {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    let browser = world.add_browser();
    let page = next_page(&mut world, browser);
    (world, browser, page, reader)
}

fn next_page(world: &mut World, browser: BrowserId) -> ClientId {
    let page = world.add_client_in(browser, |_| {});
    world.login(page, USER);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    page
}

/// How often values of entries were written, and how often they were removed.
fn storage_calls(world: &World, client: ClientId) -> (usize, usize) {
    let (mut writes, mut removals) = (0, 0);
    for output in world.client(client).outputs() {
        if let Output::WriteStorage { key, value } = output
            && is_entry(key)
        {
            *if value.is_some() { &mut writes } else { &mut removals } += 1;
        }
    }
    (writes, removals)
}

#[test]
fn what_a_task_emits_costs_one_write_and_one_removal_however_much_it_is() {
    for is_connected in [true, false] {
        for count in [1, 20, 80] {
            let (mut world, browser, page, reader) = start();
            if !is_connected {
                world.pause(page);
            }
            world.client_mut(page).forget();
            world.task(page, events(&numbers(count)));
            assert_eq!(values_in(&mut world, browser), 1);
            assert_eq!(storage_calls(&world, page), (1, 0), "{count}");
            if !is_connected {
                world.resume(page);
            }
            world.run_for(A_WHILE);
            assert_eq!(world.client(reader).received("news"), numbers(count));
            assert_eq!(storage_calls(&world, page), (1, 1), "{count}");
            assert_eq!(values_in(&mut world, browser), 0);
        }
    }
}

#[test]
fn what_tasks_emit_shortly_after_each_other_is_removed_together() {
    for is_connected in [true, false] {
        let (mut world, browser, page, _) = start();
        if !is_connected {
            world.pause(page);
        }
        world.client_mut(page).forget();
        for payload in numbers(10) {
            world.task(page, vec![event(payload)]);
            world.run_for(2);
        }
        assert_eq!(entries_in(&mut world, browser), 10);
        if !is_connected {
            // What has stood for a while is left alone: who did not run meanwhile may have lost it to another page.
            world.run_for(A_WHILE);
            world.task(page, vec![event("\"late\"")]);
            assert_eq!(values_in(&mut world, browser), 2);
            world.resume(page);
        }
        world.run_for(A_WHILE);
        let values = 1 + usize::from(!is_connected);
        assert_eq!(storage_calls(&world, page), (9 + values, values));
        assert_eq!(values_in(&mut world, browser), 0);
    }
}

#[test]
fn what_waits_for_different_users_never_stands_together() {
    const BAD: &str = "{\"user\":\"bad\"}";
    let mut world = World::new();
    world.server().policy.logins.insert(BAD.into(), AtLogin::Refuse(None));
    let reader = subscriber(&mut world);
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    // The first is put aside when somebody else's session begins; the second is theirs, since that login is refused.
    world.login(page, BAD);
    world.task(page, vec![event(1)]);
    world.login(page, USER);
    world.run_until_open(page);
    world.login(page, BAD);
    world.task(page, vec![event(2)]);
    world.run_for(A_WHILE);
    world.login(page, USER);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(world.client(reader).received("news"), ["2"]);
    assert_eq!(values_in(&mut world, browser), 1);
    world.crash(page);
    next_page(&mut world, browser);
    assert_eq!(world.client(reader).received("news"), ["2"], "the first is for another user");
}

#[test]
fn what_does_not_fit_beside_what_is_stored_leaves_that_where_it_is() {
    let (mut world, browser, page, reader) = start();
    world.pause(page);
    world.task(page, vec![event(1)]);
    world.browser(browser).quota = Some(0);
    world.task(page, vec![event(2)]);
    assert_eq!(entries_in(&mut world, browser), 1);
    world.browser(browser).quota = None;
    world.crash(page);
    next_page(&mut world, browser);
    assert_eq!(world.client(reader).received("news"), ["1"]);
    assert_eq!(values_in(&mut world, browser), 0);
}

#[test]
fn what_no_write_has_brought_into_storage_does_not_count_as_stored() {
    let (mut world, browser, page, _) = start();
    world.pause(page);
    // The lock comes with the first.
    world.task(page, vec![event(0)]);
    world.run_for(A_WHILE);
    world.browser(browser).quota = Some(0);
    // Both are under way before it says that there is no room.
    world.browser(browser).storage_takes_ms = Some(50..=50);
    world.task(page, vec![event(1)]);
    world.task(page, vec![event(2)]);
    world.run_for(A_WHILE);
    assert_eq!(entries_in(&mut world, browser), 1);
    let stored: Vec<_> = world.client_mut(page).entries().iter().map(|entry| entry.stored.is_some()).collect();
    assert_eq!(stored, [true, false, false]);
}

#[test]
fn what_is_long_takes_several_values() {
    let (mut world, browser, page, reader) = start();
    world.pause(page);
    let long: Vec<String> = (0..40).map(|number| format!("\"{number}{}\"", "x".repeat(10_000))).collect();
    world.task(page, events(&long));
    let values = values_in(&mut world, browser);
    assert!((4..10).contains(&values), "{values}");
    world.crash(page);
    next_page(&mut world, browser);
    assert_eq!(world.client(reader).received("news"), long);
    assert_eq!(values_in(&mut world, browser), 0);
}

#[test]
fn a_page_that_dies_in_the_task_has_promised_nothing_and_one_that_dies_after_it_everything() {
    for outputs in 1..=4 {
        let (mut world, browser, page, reader) = start();
        world.pause(page);
        world.run_for(A_WHILE);
        world.crash_after(page, outputs);
        world.task(page, events(&numbers(3)));
        let is_promised = !world.client(page).is_crashed();
        world.crash(page);
        next_page(&mut world, browser);
        let received = world.client(reader).received("news");
        assert!(received == numbers(3) || (!is_promised && received.is_empty()), "{outputs}: {received:?}");
        assert_eq!(values_in(&mut world, browser), 0);
    }
}

#[test]
fn the_rest_of_what_the_server_has_in_part_is_sent_by_the_next_page_and_heard_once() {
    let (mut world, browser, page, reader) = start();
    world.task(page, events(&numbers(10)));
    // The server gets some, and the page never hears of it.
    for _ in 0..4 {
        let end = world.now().after_ms(LATENCY);
        world.step(end);
    }
    world.network().silence(page, Direction::ToServer);
    world.socket_says(page, News::Closed(1006));
    world.crash(page);
    assert_eq!(values_in(&mut world, browser), 1);
    next_page(&mut world, browser);
    assert_eq!(world.client(reader).received("news"), numbers(10));
    assert_eq!(values_in(&mut world, browser), 0);
}

#[test]
fn what_is_not_to_be_sent_any_more_leaves_what_was_entrusted_with_it() {
    let (mut world, browser, page, reader) = start();
    world.server().kill();
    world.run_for(A_WHILE);
    let mut short = event(1);
    if let Wish::Offer { ttl_ms, .. } = &mut short {
        *ttl_ms = Some(1_000);
    }
    world.task(page, vec![event(0), short, event(2)]);
    world.run_for(A_WHILE);
    assert_eq!(dropped(&world, page).len(), 1);
    assert_eq!(values_in(&mut world, browser), 1);
    let stored = world.browser(browser).storage.values().filter(|value| value.contains("news1\n")).count();
    assert_eq!(stored, 0, "nobody finds it there");
    world.crash(page);
    world.server().start();
    world.run_until_open(reader);
    world.run_for(A_WHILE);
    next_page(&mut world, browser);
    assert_eq!(world.client(reader).received("news"), ["0", "2"]);
}

#[test]
fn what_does_not_fit_is_sent_from_memory_and_told_once() {
    let (mut world, browser, page, reader) = start();
    world.pause(page);
    world.browser(browser).quota = Some(2_000);
    world.task(page, events(&numbers(100)));
    let is_told = |output: &&Output| format!("{output:?}").contains("Degraded");
    assert_eq!(world.client(page).outputs().filter(is_told).count(), 1);
    assert_eq!(values_in(&mut world, browser), 0);
    world.resume(page);
    world.run_for(A_WHILE);
    assert_eq!(world.client(reader).received("news"), numbers(100));
}

#[test]
fn what_somebody_else_entrusts_stands_apart() {
    let (mut world, browser, page, _) = start();
    let login = |user: &str| Wish::Login(Some(format!("{{\"user\":\"{user}\"}}")));
    world.pause(page);
    world.task(page, vec![login("ada"), event(1), login("bob"), event(2)]);
    assert_eq!(values_in(&mut world, browser), 2);
}

#[test]
fn a_page_that_was_away_sends_only_what_others_have_left_of_a_task() {
    let (mut world, browser, page, reader) = start();
    world.pause(page);
    world.task(page, events(&numbers(5)));
    world.resume(page);
    world.page_says(page, PageSignal::Left);
    let heir = next_page(&mut world, browser);
    assert_eq!(world.client(reader).received("news"), numbers(5));
    world.page_says(page, PageSignal::Woke);
    world.run_for(A_WHILE);
    assert_eq!(world.client(reader).received("news"), numbers(5));
    for client in [page, heir] {
        assert_eq!(world.client(client).client().outbox().len(), 0);
    }
    assert_eq!(values_in(&mut world, browser), 0);
}

#[test]
fn writes_to_records_in_a_task_are_one_value() {
    let mut world = World::new();
    world.server().add_storage();
    let browser = world.add_browser();
    let page = next_page(&mut world, browser);
    for name in ["one", "two"] {
        world.wish(page, Wish::Record(RecordWish::Open { name: name.into(), strategy: Strategy::RemoteWins }));
    }
    world.run_for(A_WHILE);
    world.client_mut(page).forget();
    let write = |name: &str, path: usize| {
        let edits = vec![(format!("p{path}"), Some("1".into()))];
        Wish::Record(RecordWish::Write { name: name.into(), edits })
    };
    world.task(page, vec![write("one", 0), write("two", 0), event(0)]);
    assert_eq!((values_in(&mut world, browser), storage_calls(&world, page)), (1, (1, 0)));
    world.run_for(A_WHILE);
    assert_eq!((values_in(&mut world, browser), storage_calls(&world, page)), (0, (1, 1)));
    world.pause(page);
    world.task(page, (1..40).map(|path| write("one", path)).chain([write("two", 1)]).collect());
    // Beside them stands what the writes to each record were made to.
    assert_eq!(values_in(&mut world, browser), 3);
    world.crash(page);
    let next = next_page(&mut world, browser);
    world.wish(next, Wish::Record(RecordWish::Open { name: "one".into(), strategy: Strategy::RemoteWins }));
    world.run_for(A_WHILE);
    let seen = world.client_mut(next).record("one", "").expect("it is there");
    assert_eq!(seen.matches(":1").count(), 40, "{seen}");
    assert_eq!(values_in(&mut world, browser), 0);
}

#[test]
fn a_confirmed_write_is_not_made_again_over_what_others_have_written_since() {
    let mut world = World::new();
    world.server().add_storage();
    let (browser, other) = (world.add_browser(), world.add_open_client());
    let page = next_page(&mut world, browser);
    for client in [page, other] {
        for name in ["one", "two"] {
            world.wish(client, Wish::Record(RecordWish::Open { name: name.into(), strategy: Strategy::RemoteWins }));
        }
    }
    world.run_for(A_WHILE);
    let write = |name: &str, data: &str| {
        let edits = vec![("path".into(), Some(data.into()))];
        Wish::Record(RecordWish::Write { name: name.into(), edits })
    };
    world.server().policy.loses_writes_to = Some("two");
    world.task(page, vec![write("one", "1"), write("two", "1")]);
    world.run_for(200);
    world.task(other, vec![write("one", "2")]);
    world.run_for(200);
    world.crash(page);
    world.server().policy.loses_writes_to = None;
    next_page(&mut world, browser);
    world.run_for(A_WHILE);
    let on_server = |world: &mut World, name: &str| world.server().records().get(name).cloned().expect("it is there").1;
    assert_eq!(on_server(&mut world, "one"), "{\"path\":2}");
    assert_eq!(on_server(&mut world, "two"), "{\"path\":1}");
    assert_eq!(values_in(&mut world, browser), 0);
}

#[test]
fn what_a_task_clears_before_it_closes_the_client_is_cleared() {
    let (mut world, browser, page, _) = start();
    let other = next_page(&mut world, browser);
    world.pause(page);
    world.task(page, events(&numbers(3)));
    world.task(other, vec![Wish::ClearOutbox, Wish::Close]);
    world.run_for(A_WHILE);
    assert_eq!(world.client(page).client().outbox().len(), 0);
    assert_eq!(values_in(&mut world, browser), 0);
}

#[test]
fn in_memory_a_task_ends_without_a_word_to_storage() {
    let mut world = World::new();
    let page = world.add_client_with(|options| options.outbox_storage = OutboxStorage::Memory);
    world.task(page, events(&numbers(5)));
    assert!(!world.client(page).client().wants_task_end());
    assert_eq!(storage_calls(&world, page), (0, 0));
}
