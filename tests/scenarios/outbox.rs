//! What the application entrusts to the client while nobody can know whether it arrives.

use deepstream_wasm::client::{
    ConnectionState::*, Delivery, DropReason, Options, OutboxNews, OutboxStorage, Output, Overflow, PageSignal, Ticket,
};

use crate::world::{
    ClientId, LATENCY, SERVER, Wish, World,
    browser::BrowserId,
    network::{Direction, Speed},
    server::{AtLogin, Request},
};

/// Long enough for everything in these stories to be sent and confirmed, in milliseconds.
pub const A_WHILE: u64 = 2_000;

const DAY: u64 = 86_400_000;

pub fn subscriber(world: &mut World) -> ClientId {
    let subscriber = world.add_open_client();
    world.subscribe(subscriber, "news");
    world.run_for(A_WHILE);
    subscriber
}

pub fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

pub fn emit_all(world: &mut World, client: ClientId, payloads: &[String]) {
    for payload in payloads {
        world.emit(client, "news", payload);
    }
}

pub fn offer(world: &mut World, client: ClientId, data: &str) -> Ticket {
    offer_with(world, client, data, Delivery::Durable, None, None)
}

pub fn offer_with(
    world: &mut World,
    client: ClientId,
    data: &str,
    delivery: Delivery,
    ttl_ms: Option<u64>,
    key: Option<&str>,
) -> Ticket {
    let wish = Wish::Offer {
        name: "news".into(),
        data: data.into(),
        delivery,
        ttl_ms,
        key: key.map(Into::into),
        receipt: true,
    };
    world.wish(client, wish).expect("there is a receipt")
}

/// Whether an entry stands under this key.
pub fn is_entry(key: &str) -> bool {
    key.rsplit('/').next().is_some_and(|end| end.parse::<u64>().is_ok())
}

/// How many values with entries stand in storage.
pub fn values_in(world: &mut World, browser: BrowserId) -> usize {
    world.browser(browser).storage.keys().filter(|key| is_entry(key)).count()
}

/// How many entries stand in storage, however many of them together. An entry is two lines where no name has more.
pub fn entries_in(world: &mut World, browser: BrowserId) -> usize {
    let values = world.browser(browser).storage.iter().filter(|(key, _)| is_entry(key));
    values.map(|(_, value)| (value.lines().count() / 2).max(1)).sum()
}

pub fn dropped(world: &World, client: ClientId) -> Vec<(DropReason, usize)> {
    let news = world.client(client).outputs().filter_map(|output| match output {
        Output::Outbox(OutboxNews::Dropped { why, entries }) => Some((*why, entries.len())),
        _ => None,
    });
    news.collect()
}

fn degradations(world: &World, client: ClientId) -> usize {
    let is_one = |output: &&Output| matches!(output, Output::Outbox(OutboxNews::Degraded { .. }));
    world.client(client).outputs().filter(is_one).count()
}

#[test]
fn what_a_killed_page_left_is_sent_by_the_next_one_once_and_in_order_before_its_own() {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    world.server().kill();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{}");
    let old = numbers(200);
    emit_all(&mut world, page, &old);
    world.run_for(A_WHILE);
    world.crash(page);
    assert_eq!(entries_in(&mut world, browser), 200);

    let next = world.add_client_in(browser, |_| {});
    world.login(next, "{}");
    world.emit(next, "news", "\"new\"");
    world.server().start();
    world.run_until_open(next);
    world.run_until_open(reader);
    world.run_for(A_WHILE);

    let mut expected = old;
    expected.push("\"new\"".into());
    // The reader may be back only after the writer; what it then has, it has in order.
    let received = world.client(reader).received("news");
    assert!(expected.ends_with(&received.iter().map(|it| String::from(*it)).collect::<Vec<_>>()));
    let emitted: Vec<_> = sent(&mut world);
    assert_eq!(emitted, expected);
    assert_eq!(entries_in(&mut world, browser), 0);
}

/// The payloads of everything that the server got.
pub fn sent(world: &mut World) -> Vec<String> {
    let payloads = world.server().requests().into_iter().filter_map(|request| match request {
        Request::Emit { data, .. } => data.clone(),
        _ => None,
    });
    payloads.collect()
}

#[test]
fn what_was_sent_but_not_confirmed_is_sent_again_and_subscribers_see_it_once() {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    let writer = world.add_open_client();
    emit_all(&mut world, writer, &numbers(3));
    // The events arrive, the PONG does not.
    world.run_for(LATENCY + 1);
    world.network().cut(writer);
    world.run_until_open(writer);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world).len(), 6, "nobody knew that they had arrived");
    assert_eq!(world.client(reader).received("news"), ["0", "1", "2"]);
}

#[test]
fn without_a_window_for_duplicates_subscribers_see_what_the_server_sends() {
    let mut world = World::new();
    let reader = world.add_client_with(|options| options.deduplication_window = 0);
    world.open(reader);
    world.subscribe(reader, "news");
    let writer = world.add_open_client();
    world.run_for(A_WHILE);
    emit_all(&mut world, writer, &numbers(1));
    world.run_for(LATENCY + 1);
    world.network().cut(writer);
    world.run_until_open(writer);
    world.run_for(A_WHILE);
    assert_eq!(world.client(reader).received("news"), ["0", "0"]);
}

#[test]
fn a_receipt_tells_that_the_server_has_it() {
    let mut world = World::new();
    let writer = world.add_open_client();
    let receipt = offer(&mut world, writer, "1");
    world.run_for(2 * LATENCY - 1);
    assert_eq!(world.client(writer).outcome(receipt), None);
    world.run_for(1);
    assert_eq!(world.client(writer).outcome(receipt), Some(Ok(Some("\"delivered\""))));
    assert_eq!(world.client(writer).client().outbox().len(), 0);
}

#[test]
fn events_in_quick_succession_share_one_ping() {
    let mut world = World::new();
    let writer = world.add_open_client();
    for number in 0..50 {
        world.emit(writer, "news", &number.to_string());
        world.run_for(1);
    }
    world.run_for(A_WHILE);
    let pings = world.server().requests().into_iter().filter(|request| matches!(request, Request::Ping)).count();
    assert_eq!(pings, 1);
    assert_eq!(world.client(writer).client().outbox().len(), 0);
}

#[test]
fn what_the_server_denies_is_told_and_does_not_block_the_rest() {
    let mut world = World::new();
    let writer = world.add_open_client();
    world.server().policy.mute.insert("secrets".into());
    let wish = Wish::Offer {
        name: "secrets".into(),
        data: "1".into(),
        delivery: Delivery::Durable,
        ttl_ms: None,
        key: None,
        receipt: true,
    };
    let denied = world.wish(writer, wish).unwrap();
    let delivered = offer(&mut world, writer, "2");
    world.run_for(A_WHILE);
    assert_eq!(world.client(writer).rejection(denied), Some("MESSAGE_DENIED"));
    assert!(world.client(writer).succeeded(delivered));
    assert_eq!(dropped(&world, writer), [(DropReason::Denied, 1)]);
    assert_eq!(world.client(writer).client().outbox().len(), 0);
}

#[test]
fn what_is_too_big_for_the_server_is_found_and_reported_and_the_rest_arrives() {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    world.server().policy.max_frame_bytes = 1_000;
    let writer = world.add_client();
    world.emit(writer, "news", "1");
    world.emit(writer, "news", "2");
    let too_big = offer(&mut world, writer, &format!("\"{}\"", "x".repeat(2_000)));
    world.emit(writer, "news", "3");
    world.login(writer, "{}");
    world.run_until_open(writer);
    world.run_for(120_000);
    assert_eq!(world.client(reader).received("news"), ["1", "2", "3"]);
    assert_eq!(world.client(writer).rejection(too_big), Some("OUTBOX_UNDELIVERABLE"));
    assert_eq!(dropped(&world, writer), [(DropReason::Undeliverable, 1)]);
    assert_eq!(world.client(writer).state(), Open);
}

#[test]
fn what_waits_too_long_expires_and_is_reported() {
    let mut world = World::new();
    world.server().kill();
    let writer = world.add_client();
    world.login(writer, "{}");
    let short = offer_with(&mut world, writer, "1", Delivery::Durable, Some(5_000), None);
    let long = offer(&mut world, writer, "2");
    world.run_for(5_000);
    assert_eq!(world.client(writer).rejection(short), Some("OUTBOX_EXPIRED"));
    assert!(!world.client(writer).error_codes().contains(&"OUTBOX_EXPIRED"), "who waits is told, and nobody else");
    world.run_for(DAY - 5_000);
    assert_eq!(world.client(writer).rejection(long), Some("OUTBOX_EXPIRED"));
    assert_eq!(world.client(writer).client().outbox().len(), 0);
}

#[test]
fn what_expired_while_no_page_was_open_is_reported_by_the_next_one() {
    let mut world = World::new();
    world.server().kill();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{}");
    world.emit(page, "news", "1");
    world.crash(page);
    world.run_for(DAY);
    world.server().start();
    let next = world.add_client_in(browser, |_| {});
    world.login(next, "{}");
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert!(sent(&mut world).is_empty());
    assert_eq!(dropped(&world, next), [(DropReason::Expired, 1)]);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn a_full_outbox_refuses_or_drops_the_oldest_as_the_options_say() {
    let mut world = World::new();
    let refusing = world.add_client_with(|options| options.outbox_max_entries = 2);
    let dropping = world.add_client_with(|options| {
        options.outbox_max_entries = 2;
        options.outbox_overflow = Overflow::DropOldest;
    });
    let [first, refused] = [refusing, dropping].map(|client| {
        let first = offer(&mut world, client, "1");
        offer(&mut world, client, "2");
        (first, offer(&mut world, client, "3"))
    });
    assert_eq!(world.client(refusing).rejection(first.1), Some("OUTBOX_FULL"));
    assert_eq!(world.client(dropping).rejection(refused.0), Some("OUTBOX_OVERFLOW"));
    for client in [refusing, dropping] {
        world.login(client, "{}");
        world.run_until_open(client);
        world.run_for(A_WHILE);
    }
    assert_eq!(sent(&mut world), ["1", "2", "2", "3"]);
}

#[test]
fn what_the_server_takes_in_is_not_refused_however_much_it_is() {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    let writer = world.add_client();
    world.open(writer);
    let many = numbers(2 * Options::default().outbox_max_entries);
    emit_all(&mut world, writer, &many);
    // A window at a time: how many may be on their way does not make it slow.
    world.run_for(20 * LATENCY);
    assert!(world.client(writer).errors().is_empty());
    assert_eq!(world.client(reader).received("news"), many);
}

#[test]
fn what_waits_for_a_link_that_takes_nothing_is_refused_where_there_is_no_room() {
    let mut world = World::new();
    let writer = world.add_client_with(|options| options.outbox_max_entries = 100);
    world.open(writer);
    world.network().slow_down(writer, Direction::ToServer, Speed::of(100));
    let long = format!("\"{}\"", "x".repeat(1_000));
    for _ in 0..200 {
        world.emit(writer, "news", &long);
    }
    assert!(world.client(writer).errors().is_empty());
    world.run_for(5_000);
    world.emit(writer, "news", &long);
    assert_eq!(world.client(writer).error_codes(), ["OUTBOX_FULL"]);
}

#[test]
fn what_is_only_worth_sending_now_is_not_kept() {
    let mut world = World::new();
    let writer = world.add_client();
    let never = offer_with(&mut world, writer, "1", Delivery::Drop, None, None);
    assert_eq!(world.client(writer).rejection(never), Some("OUTBOX_NOT_CONNECTED"));
    world.open(writer);
    let now = offer_with(&mut world, writer, "2", Delivery::Drop, None, None);
    let cut = offer_with(&mut world, writer, "3", Delivery::Drop, None, None);
    world.run_for(A_WHILE);
    assert!(world.client(writer).succeeded(now) && world.client(writer).succeeded(cut));
    let lost = offer_with(&mut world, writer, "4", Delivery::Drop, None, None);
    world.network().cut(writer);
    world.run_for(A_WHILE);
    assert_eq!(world.client(writer).rejection(lost), Some("OUTBOX_NOT_CONNECTED"));
    assert!(world.client(writer).errors().iter().all(|error| error.code() == "CONNECTION_ERROR"));
}

#[test]
fn what_has_the_same_key_as_what_waits_is_the_same() {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    let writer = world.add_client();
    let once = offer_with(&mut world, writer, "1", Delivery::Durable, None, Some("order 7"));
    let again = offer_with(&mut world, writer, "1", Delivery::Durable, None, Some("order 7"));
    world.login(writer, "{}");
    world.run_until_open(writer);
    world.run_for(A_WHILE);
    assert!(world.client(writer).succeeded(once) && world.client(writer).succeeded(again));
    offer_with(&mut world, writer, "1", Delivery::Durable, None, Some("order 7"));
    world.run_for(A_WHILE);
    assert_eq!(world.client(reader).received("news"), ["1"], "subscribers know the key");
}

#[test]
fn another_user_gets_nothing_of_what_was_left() {
    let mut world = World::new();
    for (params, id) in [("{\"token\":1}", "ada"), ("{\"token\":2}", "ada"), ("{\"token\":3}", "bob")] {
        let data = Some(format!("{{\"id\":\"{id}\"}}"));
        world.server().policy.logins.insert(params.into(), AtLogin::Succeed(data));
    }
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{\"token\":1}");
    world.run_until_open(page);
    world.server().kill();
    world.run_for(1_000);
    world.emit(page, "news", "\"ada's\"");
    world.crash(page);
    world.server().start();

    let bob = world.add_client_in(browser, |_| {});
    world.login(bob, "{\"token\":3}");
    world.run_until_open(bob);
    world.emit(bob, "news", "\"bob's\"");
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["\"bob's\""]);
    assert_eq!(entries_in(&mut world, browser), 1);
    world.close(bob);

    let ada = world.add_client_in(browser, |_| {});
    world.login(ada, "{\"token\":2}");
    world.run_until_open(ada);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["\"bob's\"", "\"ada's\""], "another token, the same user");
}

#[test]
fn in_one_client_too_each_user_keeps_what_is_theirs() {
    let mut world = World::new();
    let client = world.add_client();
    world.login(client, "{\"user\":\"ada\"}");
    world.run_until_open(client);
    world.server().kill();
    world.run_for(1_000);
    world.emit(client, "news", "\"ada's\"");
    world.login(client, "{\"user\":\"bob\"}");
    world.emit(client, "news", "\"bob's\"");
    world.server().start();
    world.run_until_open(client);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["\"bob's\""]);
    assert_eq!(world.client(client).client().outbox().len(), 1);
    world.login(client, "{\"user\":\"ada\"}");
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["\"bob's\"", "\"ada's\""]);
}

#[test]
fn credentials_are_not_found_in_storage() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{\"password\":\"correct horse\"}");
    world.emit(page, "news", "1");
    world.run_until_open(page);
    world.server().kill();
    world.emit(page, "news", "2");
    let storage = world.browser(browser).storage.iter().flat_map(|(key, value)| [key.clone(), value.clone()]);
    let text: String = storage.collect();
    assert!(!text.is_empty() && !text.contains("horse"));
}

#[test]
fn a_page_that_dies_leaves_its_entries_to_the_one_beside_it_at_once() {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    let browser = world.add_browser();
    let [left, right] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    for page in [left, right] {
        world.open(page);
    }
    world.network().silence_both_ways(left);
    emit_all(&mut world, left, &numbers(3));
    world.run_for(100);
    assert!(world.client(reader).received("news").is_empty());
    world.crash(left);
    world.run_for(A_WHILE);
    assert_eq!(world.client(reader).received("news"), ["0", "1", "2"]);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn a_page_that_lives_keeps_its_own() {
    let mut world = World::new();
    let browser = world.add_browser();
    let [offline, online] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    world.open(offline);
    world.pause(offline);
    emit_all(&mut world, offline, &numbers(3));
    world.open(online);
    world.run_for(A_WHILE);
    assert!(sent(&mut world).is_empty());
    world.close(offline);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["0", "1", "2"], "closing leaves them to whoever comes");
}

#[test]
fn of_several_pages_one_takes_over() {
    let mut world = World::new();
    world.server().kill();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{}");
    emit_all(&mut world, page, &numbers(20));
    world.crash(page);
    let heirs = [(); 3].map(|()| world.add_client_in(browser, |_| {}));
    for heir in heirs {
        world.login(heir, "{}");
    }
    world.server().start();
    world.run_for(60_000);
    assert_eq!(sent(&mut world), numbers(20));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn subscribers_here_get_what_another_page_has_left() {
    let mut world = World::new();
    world.server().kill();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{}");
    world.emit(page, "news", "1");
    world.crash(page);
    world.server().start();
    let next = world.add_client_in(browser, |_| {});
    world.subscribe(next, "news");
    world.login(next, "{}");
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(world.client(next).received("news"), ["1"]);
}

#[test]
fn a_page_in_the_back_forward_cache_leaves_its_entries_and_does_not_send_them_again() {
    let mut world = World::new();
    let browser = world.add_browser();
    let [cached, visible] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    world.open(cached);
    world.open(visible);
    world.server().kill();
    let receipt = offer(&mut world, cached, "1");
    world.page_says(cached, PageSignal::Left);
    world.server().start();
    world.run_until_open(visible);
    world.run_for(60_000);
    assert_eq!(sent(&mut world), ["1"]);
    world.page_says(cached, PageSignal::Woke);
    world.run_until_open(cached);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1"]);
    assert!(world.client(cached).succeeded(receipt));
    world.emit(cached, "news", "2");
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1", "2"]);
}

#[test]
fn clearing_forgets_the_user_here_and_in_other_pages_but_nobody_else() {
    let mut world = World::new();
    let browser = world.add_browser();
    let [ada, also_ada, bob] = [(); 3].map(|()| world.add_client_in(browser, |_| {}));
    for (client, params) in [(ada, "{\"user\":\"ada\"}"), (also_ada, "{\"user\":\"ada\"}"), (bob, "{\"user\":\"bob\"}")]
    {
        world.login(client, params);
        world.run_until_open(client);
    }
    world.server().kill();
    world.run_for(1_000);
    let receipt = offer(&mut world, ada, "1");
    let receipt_of_the_other = offer(&mut world, also_ada, "2");
    world.emit(bob, "news", "3");
    world.wish(ada, Wish::ClearOutbox);
    world.run_for(100);
    assert_eq!(world.client(ada).rejection(receipt), Some("OUTBOX_CLEARED"));
    assert_eq!(world.client(also_ada).rejection(receipt_of_the_other), Some("OUTBOX_CLEARED"));
    assert_eq!(entries_in(&mut world, browser), 1);
    world.server().start();
    world.run_for(60_000);
    assert_eq!(sent(&mut world), ["3"]);
}

#[test]
fn full_storage_is_told_and_what_does_not_fit_is_sent_from_memory() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.open(page);
    world.server().kill();
    world.run_for(1_000);
    world.browser(browser).quota = Some(1_000);
    emit_all(&mut world, page, &numbers(20));
    let stored = entries_in(&mut world, browser);
    assert!((1..20).contains(&stored));
    assert_eq!(degradations(&world, page), 20 - stored);
    world.server().start();
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), numbers(20));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn foreign_and_newer_values_are_left_alone_and_garbage_is_removed() {
    let mut world = World::new();
    let browser = world.add_browser();
    let keys = [
        ("unrelated", "1 e u 0 9 1 1\nab"),
        ("deepstream-wasm/elsewhere/0/1", "garbage"),
        (&format!("deepstream-wasm/{SERVER}/0000000000000000/1"), "2 newer\n"),
        (&format!("deepstream-wasm/{SERVER}/0000000000000000/2"), "garbage"),
    ];
    for (key, value) in keys {
        world.browser(browser).storage.insert(key.into(), value.into());
    }
    let page = world.add_client_in(browser, |_| {});
    world.login(page, "{}");
    world.run_until_open(page);
    world.run_for(A_WHILE);
    let left: Vec<_> = world.browser(browser).storage.keys().filter(|key| !key.ends_with("/user")).cloned().collect();
    let mut expected: Vec<_> = keys[..3].iter().map(|(key, _)| String::from(*key)).collect();
    expected.sort();
    assert_eq!(left, expected);
    assert_eq!(degradations(&world, page), 1);
    assert!(sent(&mut world).is_empty());
}

#[test]
fn in_memory_nothing_is_written() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |options| options.outbox_storage = OutboxStorage::Memory);
    let also = world.add_client_in(browser, |_| {});
    world.emit(page, "news", "1");
    offer_with(&mut world, also, "2", Delivery::Memory, None, None);
    for client in [page, also] {
        world.login(client, "{}");
        world.run_until_open(client);
    }
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1", "2"]);
    let wrote = |client| {
        let is_write = |output: &&Output| matches!(output, Output::WriteStorage { key, .. } if is_entry(key));
        world.client(client).outputs().filter(is_write).count()
    };
    assert_eq!((wrote(page), wrote(also)), (0, 0));
}

#[test]
fn a_flush_is_settled_when_everything_before_it_has_arrived_or_will_not() {
    let mut world = World::new();
    let writer = world.add_client();
    let nothing = world.wish(writer, Wish::FlushOutbox).unwrap();
    assert!(world.client(writer).succeeded(nothing));
    emit_all(&mut world, writer, &numbers(10_000));
    let flush = world.wish(writer, Wish::FlushOutbox).unwrap();
    world.login(writer, "{}");
    world.run_until_open(writer);
    world.run_for(2 * LATENCY);
    assert_eq!(world.client(writer).outcome(flush), None, "a window at a time");
    world.run_for(A_WHILE);
    assert!(world.client(writer).succeeded(flush));

    world.pause(writer);
    world.emit(writer, "news", "1");
    let flush = world.wish(writer, Wish::FlushOutbox).unwrap();
    world.close(writer);
    assert_eq!(world.client(writer).rejection(flush), Some("IS_CLOSED"));
}

#[test]
fn a_client_that_gave_up_keeps_nobody_waiting_and_loses_nothing() {
    let mut world = World::new();
    world.server().kill();
    let writer = world.add_client_with(|options| options.max_reconnect_attempts = Some(2));
    world.login(writer, "{}");
    let before = offer(&mut world, writer, "1");
    world.run_until(writer, Error);
    assert_eq!(world.client(writer).rejection(before), Some("MAX_RECONNECTION_ATTEMPTS_REACHED"));
    let after = offer(&mut world, writer, "2");
    assert_eq!(world.client(writer).rejection(after), Some("MAX_RECONNECTION_ATTEMPTS_REACHED"));
    world.server().start();
    world.resume(writer);
    world.run_until_open(writer);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1", "2"]);
}

#[test]
fn a_dead_link_is_noticed_soon_after_something_was_sent() {
    let mut world = World::new();
    let writer = world.add_open_client();
    world.network().silence_both_ways(writer);
    world.emit(writer, "news", "1");
    world.run_for(11_000);
    assert_ne!(world.client(writer).dialled_at(), []);
}
