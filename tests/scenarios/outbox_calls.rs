//! Calls that outlive the page that made them.

use std::collections::BTreeMap;

use deepstream_wasm::client::{
    ClientError, Delivery, DropReason, Output, PageSignal, RpcFailure, Ticket, limits::LEASE_MS,
};

use super::outbox::{A_WHILE, dropped, entries_in, offer_with};
use crate::world::{
    ClientId, LATENCY, Reply, Wish, World,
    browser::BrowserId,
    server::{AtLogin, Request},
};

/// Two logins of two users.
const ADA: &str = "{\"user\":\"ada\"}";
const BOB: &str = "{\"user\":\"bob\"}";

/// Somebody who answers `echo` with what it got, unless it is slow, and a browser for those who call.
fn provider_and_browser() -> (World, ClientId, BrowserId) {
    let mut world = World::new();
    world.server().policy.logins = BTreeMap::from([ADA, BOB].map(|login| {
        let id = if login == ADA { "{\"id\":\"ada\"}" } else { "{\"id\":\"bob\"}" };
        (login.into(), AtLogin::Succeed(Some(id.into())))
    }));
    let provider = world.add_open_client();
    world.provide(provider, "echo");
    answers(&mut world, provider, true);
    world.run_for(A_WHILE);
    let browser = world.add_browser();
    (world, provider, browser)
}

fn answers(world: &mut World, provider: ClientId, answers: bool) {
    world.client_mut(provider).react(move |output| match output {
        Output::RpcRequest(request) if answers => {
            let data = request.data.as_deref().unwrap_or("null").into();
            vec![Reply::Send(data).to(request)]
        }
        Output::RpcRequest(request) => vec![Reply::Accept.to(request)],
        _ => vec![],
    });
}

fn make(world: &mut World, client: ClientId, data: &str, idempotent: bool) -> Ticket {
    make_with(world, client, "echo", data, None, idempotent)
}

fn make_with(
    world: &mut World,
    client: ClientId,
    name: &str,
    data: &str,
    timeout_ms: Option<u64>,
    idempotent: bool,
) -> Ticket {
    let wish = Wish::MakeDurable { name: name.into(), data: data.into(), timeout_ms, ttl_ms: None, idempotent };
    world.wish(client, wish).expect("there is a ticket")
}

/// The payloads of the calls that the server got.
fn made(world: &mut World) -> Vec<String> {
    let payloads = world.server().requests().into_iter().filter_map(|request| match request {
        Request::Call { data, .. } => data.clone(),
        _ => None,
    });
    payloads.collect()
}

#[test]
fn what_a_killed_page_left_is_made_by_the_next_one_once_and_in_order_before_its_own() {
    let (mut world, provider, browser) = provider_and_browser();
    world.server().kill();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    for number in 0..20 {
        make(&mut world, page, &number.to_string(), number % 3 == 0);
    }
    world.run_for(A_WHILE);
    world.crash(page);
    assert_eq!(entries_in(&mut world, browser), 20);

    let next = world.add_client_in(browser, |_| {});
    world.login(next, ADA);
    let own = make(&mut world, next, "20", false);
    world.server().start();
    world.run_until_open(next);
    world.run_until_open(provider);
    world.run_for(A_WHILE);
    let expected: Vec<_> = (0..=20).map(|number| number.to_string()).collect();
    assert_eq!(made(&mut world), expected);
    assert_eq!(entries_in(&mut world, browser), 0);
    assert!(world.client(next).client().outbox().is_empty());
    assert!(world.client(next).outcome(own).is_some());
}

#[test]
fn the_page_that_made_it_gets_the_result_if_it_lives() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    let early = [false, true].map(|idempotent| make(&mut world, page, "1", idempotent));
    assert_eq!(world.client(page).client().outbox().len(), 2);
    world.login(page, ADA);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    let late = [false, true].map(|idempotent| make(&mut world, page, "2", idempotent));
    world.run_for(A_WHILE);
    for (ticket, result) in early.map(|it| (it, "1")).into_iter().chain(late.map(|it| (it, "2"))) {
        assert_eq!(world.client(page).outcome(ticket), Some(Ok(Some(result))));
    }
    assert_eq!((world.client(page).client().outbox().len(), entries_in(&mut world, browser)), (0, 0));
}

#[test]
fn one_that_must_not_be_executed_twice_is_gone_from_storage_when_it_is_sent() {
    for takes_ms in [None, Some(50..=50)] {
        let (mut world, provider, browser) = provider_and_browser();
        world.browser(browser).storage_takes_ms = takes_ms;
        answers(&mut world, provider, false);
        let page = world.add_client_in(browser, |_| {});
        make(&mut world, page, "1", false);
        world.run_for(A_WHILE);
        assert_eq!(entries_in(&mut world, browser), 1);
        world.login(page, ADA);
        let sends_call = |output: &Output| match output {
            Output::Send(_, frame) => frame.windows(4).any(|bytes| bytes == b"echo"),
            _ => false,
        };
        while !world.client(page).outputs().any(sends_call) {
            assert!(world.step(world.now().after_ms(60_000)), "it is sent");
        }
        assert_eq!(entries_in(&mut world, browser), 0, "a crash now must not make it again");
        world.crash(page);
        let next = world.add_client_in(browser, |_| {});
        world.login(next, ADA);
        world.run_until_open(next);
        world.run_for(A_WHILE);
        assert_eq!(made(&mut world), ["1"]);
    }
}

#[test]
fn what_storage_does_not_let_go_of_is_not_made() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    let ticket = make(&mut world, page, "1", false);
    world.run_for(A_WHILE);
    world.browser(browser).is_denied = true;
    world.login(page, ADA);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert!(made(&mut world).is_empty());
    world.browser(browser).is_denied = false;
    world.network().cut(page);
    world.run_for(A_WHILE);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(world.client(page).outcome(ticket), Some(Ok(Some("1"))));
    assert_eq!(made(&mut world), ["1"]);
}

#[test]
fn one_that_may_be_executed_twice_stays_until_it_is_answered_and_is_made_again() {
    let (mut world, provider, browser) = provider_and_browser();
    answers(&mut world, provider, false);
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    let (once, twice) = (make(&mut world, page, "1", false), make(&mut world, page, "2", true));
    world.run_for(3 * LATENCY);
    assert_eq!(entries_in(&mut world, browser), 1);
    world.network().cut(page);
    world.run_for(LATENCY);
    assert_eq!(world.client(page).rejection(once), Some("OUTCOME_UNKNOWN"));
    assert_eq!(world.client(page).outcome(twice), None);
    world.crash(page);

    answers(&mut world, provider, true);
    let next = world.add_client_in(browser, |_| {});
    world.login(next, ADA);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(made(&mut world), ["1", "2", "2"]);
    assert_eq!(entries_in(&mut world, browser), 0);
    assert!(world.client(next).errors().is_empty());
}

#[test]
fn what_fails_while_nobody_waits_for_it_is_reported() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    make_with(&mut world, page, "nobody", "1", None, true);
    world.run_for(A_WHILE);
    world.crash(page);
    let next = world.add_client_in(browser, |_| {});
    world.login(next, ADA);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    let error = ClientError::rpc("nobody", RpcFailure::Refused("NO_RPC_PROVIDER"));
    assert_eq!(world.client(next).errors(), [&error]);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn another_user_does_not_make_it() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    world.pause(page);
    let tickets = [false, true].map(|idempotent| make(&mut world, page, "1", idempotent));
    world.login(page, BOB);
    world.resume(page);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert!(made(&mut world).is_empty());
    assert_eq!(tickets.map(|ticket| world.client(page).outcome(ticket).is_some()), [false; 2]);
    let other = world.add_client_in(browser, |_| {});
    world.login(other, BOB);
    world.run_until_open(other);
    world.run_for(A_WHILE);
    assert!(made(&mut world).is_empty());
    world.login(page, ADA);
    world.run_for(A_WHILE);
    assert_eq!(tickets.map(|ticket| world.client(page).succeeded(ticket)), [true; 2]);
}

#[test]
fn a_hidden_page_leaves_it_to_others_and_learns_that_they_made_it() {
    for has_locks in [true, false] {
        let (mut world, _, browser) = provider_and_browser();
        world.browser(browser).has_locks = has_locks;
        let page = world.add_client_in(browser, |_| {});
        world.login(page, ADA);
        world.run_until_open(page);
        world.pause(page);
        let tickets = [false, true].map(|idempotent| make(&mut world, page, "1", idempotent));
        world.run_for(A_WHILE);
        world.page_says(page, PageSignal::Left);
        world.freeze(page);
        let other = world.add_client_in(browser, |_| {});
        world.login(other, ADA);
        world.run_until_open(other);
        world.run_for(A_WHILE);
        assert_eq!(made(&mut world), ["1", "1"]);
        world.thaw(page);
        world.page_says(page, PageSignal::Woke);
        world.resume(page);
        world.run_until_open(page);
        world.run_for(A_WHILE);
        assert_eq!(made(&mut world).len(), 2);
        assert_eq!(tickets.map(|ticket| world.client(page).rejection(ticket)), [Some("OUTCOME_UNKNOWN"); 2]);
    }
}

#[test]
fn a_page_that_slept_until_others_took_its_own_makes_what_it_took_over_itself() {
    let (mut world, provider, browser) = provider_and_browser();
    world.browser(browser).has_locks = false;
    world.server().kill();
    let [sleeper, dead] = [(ADA, "1"), (BOB, "2")].map(|(login, data)| {
        let page = world.add_client_in(browser, |_| {});
        world.login(page, login);
        make(&mut world, page, data, false);
        page
    });
    world.run_for(100);
    world.crash(dead);
    world.freeze(sleeper);
    world.run_for(2 * LEASE_MS);
    let until_ms = world.now().as_ms() + LEASE_MS;
    let storage = &mut world.browser(browser).storage;
    let is_of_sleeper = |(_, value): &(&String, &String)| value.ends_with("echo1\n");
    let (key, _) = storage.iter().find(is_of_sleeper).expect("it is stored");
    let lease = [key.rsplit_once('/').expect("it has a client").0, "/lease"].concat();
    assert!(storage.insert(lease, format!("somebody {until_ms}")).is_some());
    world.server().start();
    world.thaw(sleeper);
    world.login(sleeper, BOB);
    world.run_until_open(sleeper);
    world.run_until_open(provider);
    world.run_for(A_WHILE);
    assert_eq!(made(&mut world), ["2"]);
}

#[test]
fn what_is_cleared_is_not_made() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    world.pause(page);
    let ticket = make(&mut world, page, "1", true);
    world.run_for(A_WHILE);
    world.wish(page, Wish::ClearOutbox);
    assert_eq!(world.client(page).rejection(ticket), Some("OUTBOX_CLEARED"));
    assert_eq!(dropped(&world, page), [(DropReason::Cleared, 1)]);
    world.resume(page);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert!(made(&mut world).is_empty());
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn one_that_is_cleared_while_it_is_made_ends_with_its_answer_or_with_the_connection() {
    for cuts in [false, true] {
        let (mut world, _, browser) = provider_and_browser();
        let page = world.add_client_in(browser, |_| {});
        world.login(page, ADA);
        world.run_until_open(page);
        let ticket = make(&mut world, page, "1", true);
        world.run_for(1);
        assert!(world.client_mut(page).entries().iter().all(|entry| entry.is_sent()));
        world.wish(page, Wish::ClearOutbox);
        if cuts {
            world.network().cut(page);
        }
        world.run_for(A_WHILE);
        let expected = if cuts { Some("OUTCOME_UNKNOWN") } else { None };
        assert_eq!(world.client(page).rejection(ticket), expected);
        assert_eq!((made(&mut world).len(), entries_in(&mut world, browser)), (1, 0));
    }
}

#[test]
fn it_is_not_made_after_whoever_waits_was_told_that_it_never_was() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    world.pause(page);
    let late = make_with(&mut world, page, "echo", "1", Some(3_000), true);
    let wish = Wish::MakeDurable {
        name: "echo".into(),
        data: "2".into(),
        timeout_ms: None,
        ttl_ms: Some(5_000),
        idempotent: false,
    };
    let expired = world.wish(page, wish).expect("there is a ticket");
    let cancelled = make(&mut world, page, "3", false);
    world.wish(page, Wish::Cancel(cancelled));
    assert_eq!(world.client(page).rejection(cancelled), Some("ABORTED"));
    world.run_for(4_000);
    assert_eq!(world.client(page).rejection(late), Some("client offline"), "also while paused");
    world.run_for(4_000);
    world.resume(page);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(world.client(page).rejection(expired), Some("OUTBOX_EXPIRED"));
    assert!(made(&mut world).is_empty());
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn nobody_waits_for_a_client_that_is_closed_and_the_next_one_makes_it() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    let under_way = make(&mut world, page, "1", true);
    world.network().cut(page);
    world.run_for(LATENCY);
    let waiting = make(&mut world, page, "2", false);
    world.close(page);
    let late = make(&mut world, page, "3", false);
    for ticket in [under_way, waiting, late] {
        assert_eq!(world.client(page).rejection(ticket), Some("IS_CLOSED"));
    }
    let next = world.add_client_in(browser, |_| {});
    world.login(next, ADA);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(made(&mut world), ["1", "1", "2"]);
}

#[test]
fn one_that_no_connection_survives_is_given_up() {
    let (mut world, provider, browser) = provider_and_browser();
    answers(&mut world, provider, false);
    let page = world.add_client_in(browser, |options| options.reconnect_interval_increment_ms = 100);
    world.login(page, ADA);
    world.run_until_open(page);
    let ticket = make(&mut world, page, "1", true);
    for _ in 0..15 {
        world.run_for(LATENCY);
        world.network().cut(page);
        world.run_for(LATENCY);
        world.run_until_open(page);
    }
    assert_eq!(world.client(page).rejection(ticket), Some("OUTBOX_UNDELIVERABLE"));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn what_waits_counts_towards_the_limits() {
    let mut world = World::new();
    let page = world.add_client_with(|options| options.outbox_max_entries = 2);
    offer_with(&mut world, page, "1", Delivery::Durable, None, None);
    make(&mut world, page, "2", false);
    let refused = make(&mut world, page, "3", false);
    assert_eq!(world.client(page).rejection(refused), Some("OUTBOX_FULL"));
    assert!(world.client(page).errors().is_empty(), "whoever holds the promise knows it already");

    let page = world.add_client_with(|options| {
        options.outbox_max_entries = 2;
        options.outbox_overflow = deepstream_wasm::client::Overflow::DropOldest;
    });
    let oldest = make(&mut world, page, "1", true);
    offer_with(&mut world, page, "2", Delivery::Durable, None, None);
    make(&mut world, page, "3", false);
    assert_eq!(world.client(page).rejection(oldest), Some("OUTBOX_OVERFLOW"));
}

#[test]
fn only_one_that_must_not_be_executed_twice_waits_for_the_lock_for_longer_than_a_second() {
    let (mut world, _, browser) = provider_and_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    world.pause(page);
    let tickets = [true, false].map(|idempotent| make(&mut world, page, "1", idempotent));
    world.run_for(A_WHILE);
    world.page_says(page, PageSignal::Left);
    world.browser(browser).news_take_ms = 60_000..=60_000;
    world.page_says(page, PageSignal::Woke);
    world.resume(page);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(tickets.map(|ticket| world.client(page).succeeded(ticket)), [true, false]);
    world.run_for(120_000);
    assert_eq!(tickets.map(|ticket| world.client(page).succeeded(ticket)), [true, true]);
    assert_eq!(made(&mut world).len(), 2);
}
