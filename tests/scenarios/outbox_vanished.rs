//! Storage that vanishes under a page: nobody wanted that, and nobody has sent what was there.

use deepstream_wasm::client::{Delivery, DropReason, OutboxNews, Output, PageSignal, Strategy};

use super::{
    outbox::{A_WHILE, dropped, entries_in, offer, sent, values_in},
    record_support::{NAME, open, set},
};
use crate::world::{
    ClientId, Wish, World,
    browser::BrowserId,
    server::{AtLogin, Request},
};

const USER: &str = "{\"user\":\"ada\"}";

/// A browser with a page that is logged in, has a record open, and is without a connection.
fn offline_page() -> (World, BrowserId, ClientId) {
    offline_page_with(true)
}

/// The same; the record `is_loaded` only if that is wanted.
fn offline_page_with(is_loaded: bool) -> (World, BrowserId, ClientId) {
    let mut world = World::new();
    world.server().add_storage();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |options| options.reconnect_interval_increment_ms = 100);
    world.login(page, USER);
    world.run_until_open(page);
    if is_loaded {
        open(&mut world, page, Strategy::RemoteWins);
    }
    world.run_for(A_WHILE);
    world.server().kill();
    world.run_for(A_WHILE);
    if !is_loaded {
        open(&mut world, page, Strategy::RemoteWins);
    }
    world.client_mut(page).forget();
    (world, browser, page)
}

fn other_page(world: &mut World, browser: BrowserId) -> ClientId {
    let other = world.add_client_in(browser, |options| options.reconnect_interval_increment_ms = 100);
    world.login(other, USER);
    world.run_for(A_WHILE);
    other
}

/// A call that survives its page, and that nobody answers.
fn durable_call(idempotent: bool) -> Wish {
    Wish::MakeDurable { name: "nobody".into(), data: "1".into(), timeout_ms: None, ttl_ms: None, idempotent }
}

fn degradations(world: &World, client: ClientId) -> usize {
    let is_one = |output: &&Output| matches!(output, Output::Outbox(OutboxNews::Degraded { .. }));
    world.client(client).outputs().filter(is_one).count()
}

/// Whether storage has everything that waits here.
fn is_stored(world: &mut World, browser: BrowserId, client: ClientId) -> bool {
    let keys: Vec<_> = world.client_mut(client).entries().into_iter().map(|entry| entry.key).collect();
    let storage = &world.browser(browser).storage;
    keys.len() == 6 && keys.iter().all(|key| storage.values().any(|value| value.contains(&**key)))
}

fn calls(world: &mut World) -> usize {
    let requests = world.server().requests();
    requests.iter().filter(|request| matches!(request, Request::Call { .. })).count()
}

#[test]
fn what_another_page_or_the_user_empties_is_sent_from_memory_and_told() {
    for is_user in [false, true] {
        for has_locks in [true, false] {
            let (mut world, browser, page) = offline_page();
            world.browser(browser).has_locks = has_locks;
            let other = other_page(&mut world, browser);
            let receipts = ["1", "2", "3"].map(|data| offer(&mut world, page, data));
            let write = set(&mut world, page, "a", "1");
            let durable = |data: &str, idempotent| Wish::MakeDurable {
                name: "nobody".into(),
                data: data.into(),
                timeout_ms: None,
                ttl_ms: None,
                idempotent,
            };
            let made = [false, true].map(|once| world.wish(page, durable("1", once)).expect("there is a ticket"));
            world.run_for(A_WHILE);
            assert!(is_stored(&mut world, browser, page));
            world.empty_storage(browser, (!is_user).then_some(other), &[]);
            world.run_for(A_WHILE);
            assert!(degradations(&world, page) > 0);
            assert_eq!(dropped(&world, page), []);
            assert!(is_stored(&mut world, browser, page), "it is stored anew");
            world.server().forget_requests();
            world.server().start();
            world.run_until_open(page);
            world.run_for(A_WHILE);
            assert!(receipts.iter().all(|receipt| world.client(page).succeeded(*receipt)));
            assert!(world.client(page).succeeded(write));
            assert_eq!(sent(&mut world), ["1", "2", "3"]);
            assert_eq!(made.map(|call| world.client(page).rejection(call)), [Some("NO_RPC_PROVIDER"); 2]);
            assert_eq!(calls(&mut world), 2);
            assert_eq!(entries_in(&mut world, browser), 0);
        }
    }
}

#[test]
fn what_is_emptied_and_stored_anew_survives_the_page() {
    let (mut world, browser, page) = offline_page();
    offer(&mut world, page, "1");
    set(&mut world, page, "a", "1");
    world.run_for(A_WHILE);
    world.empty_storage(browser, None, &[]);
    world.run_for(A_WHILE);
    world.crash(page);
    world.server().start();
    let next = other_page(&mut world, browser);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1"]);
    assert!(world.server().records()[NAME].1.contains("\"a\":1"));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn a_hidden_page_whose_storage_was_emptied_does_not_take_it_for_sent() {
    for has_locks in [true, false] {
        let (mut world, browser, page) = offline_page();
        world.browser(browser).has_locks = has_locks;
        let receipt = offer(&mut world, page, "1");
        let write = set(&mut world, page, "a", "1");
        let call = world.wish(page, durable_call(false)).expect("there is a ticket");
        world.run_for(A_WHILE);
        world.empty_storage(browser, Some(page), &[]);
        world.page_says(page, PageSignal::Left);
        world.freeze(page);
        world.run_for(A_WHILE);
        world.thaw(page);
        world.page_says(page, PageSignal::Woke);
        world.run_for(A_WHILE);
        assert_eq!(world.client(page).outcome(receipt), None, "nobody has it");
        assert!(degradations(&world, page) > 0);
        world.server().start();
        world.run_until_open(page);
        world.run_for(A_WHILE);
        assert!(world.client(page).succeeded(receipt) && world.client(page).succeeded(write));
        assert_eq!(sent(&mut world), ["1"]);
        assert_eq!(world.client(page).rejection(call), Some("OUTCOME_UNKNOWN"), "another page may have made it");
        assert_eq!(dropped(&world, page).len(), 1);
    }
}

#[test]
fn a_call_that_is_stored_anew_stands_alone_again() {
    let (mut world, browser, page) = offline_page_with(false);
    world.wish(page, durable_call(false));
    set(&mut world, page, "a", "1");
    world.run_for(A_WHILE);
    let before = values_in(&mut world, browser);
    world.empty_storage(browser, None, &[]);
    world.run_for(A_WHILE);
    assert_eq!(values_in(&mut world, browser), before, "it leaves storage before it is made, and nothing else with it");
}

#[test]
fn what_other_pages_have_sent_is_told_as_before() {
    let (mut world, browser, page) = offline_page();
    let receipt = offer(&mut world, page, "1");
    world.run_for(A_WHILE);
    world.page_says(page, PageSignal::Left);
    world.freeze(page);
    world.server().start();
    let other = other_page(&mut world, browser);
    world.run_until_open(other);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1"]);
    world.thaw(page);
    world.page_says(page, PageSignal::Woke);
    world.run_for(A_WHILE);
    assert!(world.client(page).succeeded(receipt));
    assert_eq!((sent(&mut world).len(), degradations(&world, page)), (1, 0));
}

#[test]
fn clearing_the_outbox_is_told_apart_also_by_pages_that_were_hidden() {
    for is_hidden in [false, true] {
        let (mut world, browser, page) = offline_page();
        let other = other_page(&mut world, browser);
        let receipts = ["1", "2"].map(|data| offer(&mut world, page, data));
        world.run_for(A_WHILE);
        if is_hidden {
            world.page_says(page, PageSignal::Left);
            world.freeze(page);
        }
        world.wish(other, Wish::ClearOutbox);
        world.run_for(A_WHILE);
        if is_hidden {
            world.thaw(page);
            world.page_says(page, PageSignal::Woke);
        }
        world.run_for(A_WHILE);
        for receipt in receipts {
            assert_eq!(world.client(page).rejection(receipt), Some("OUTBOX_CLEARED"), "hidden: {is_hidden}");
        }
        let late = offer(&mut world, page, "3");
        world.server().start();
        world.run_until_open(page);
        world.run_for(A_WHILE);
        assert!(world.client(page).succeeded(late));
        assert_eq!(sent(&mut world), ["3"]);
        assert_eq!(degradations(&world, page), 0);
        assert!(dropped(&world, page).iter().all(|(why, _)| *why == DropReason::Cleared));
    }
}

#[test]
fn a_single_entry_that_somebody_removes_is_sent_from_memory() {
    let (mut world, browser, page) = offline_page();
    let receipt = offer(&mut world, page, "1");
    world.run_for(A_WHILE);
    let storage = &mut world.browser(browser).storage;
    let key = storage.keys().find(|key| key.rsplit('/').next().is_some_and(|end| end.parse::<u64>().is_ok()));
    let key = key.expect("it is stored").clone();
    storage.remove(&key);
    world.storage_changed(page, &key, None);
    world.run_for(A_WHILE);
    assert_eq!((dropped(&world, page), degradations(&world, page)), (vec![], 1));
    world.server().start();
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert!(world.client(page).succeeded(receipt));
    assert_eq!(sent(&mut world), ["1"]);
}

#[test]
fn storage_that_answers_later_and_is_emptied_loses_nothing_that_is_in_memory() {
    let (mut world, browser, page) = offline_page();
    world.browser(browser).storage_takes_ms = Some(5..=20);
    let receipt = offer(&mut world, page, "1");
    world.run_for(A_WHILE);
    world.empty_storage(browser, None, &[]);
    world.page_says(page, PageSignal::Left);
    world.freeze(page);
    world.run_for(A_WHILE);
    world.thaw(page);
    world.page_says(page, PageSignal::Woke);
    world.server().start();
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert!(world.client(page).succeeded(receipt));
    assert_eq!(sent(&mut world), ["1"]);
}

#[test]
fn a_new_token_in_the_url_finds_what_was_kept_under_the_last_one_and_none_is_in_a_key() {
    let mut world = World::new();
    let urls =
        ["ws://ada:pw@deepstream.test/deepstream?token=SECRET1", "ws://deepstream.test/deepstream?token=SECRET2"];
    for url in urls {
        world.add_server(url);
    }
    let browser = world.add_browser();
    let page = world.add_page(browser, &urls[..1], |_| {});
    world.login(page, USER);
    offer(&mut world, page, "1");
    world.server_at(urls[0]).kill();
    world.crash(page);
    assert_eq!(entries_in(&mut world, browser), 1);
    let keys: Vec<_> = world.browser(browser).storage.keys().cloned().collect();
    assert!(keys.iter().all(|key| !key.contains("SECRET") && !key.contains("pw")), "{keys:?}");
    let next = world.add_page(browser, &urls[1..], |_| {});
    world.login(next, USER);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(world.server_at(urls[1]).emitted().len(), 1);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn what_was_sent_when_the_client_is_closed_is_not_said_never_to_have_been() {
    let mut world = World::new();
    let client = world.add_open_client();
    let memory = |data: &str| Wish::Offer {
        name: "news".into(),
        data: data.into(),
        delivery: Delivery::Memory,
        ttl_ms: None,
        key: None,
        receipt: true,
    };
    let was_sent = world.wish(client, memory("1")).expect("there is a receipt");
    world.close(client);
    assert_eq!(world.client(client).rejection(was_sent), Some("IS_CLOSED"));
    let messages: Vec<_> = world.client(client).errors().into_iter().map(|error| error.message()).collect();
    assert!(messages.iter().all(|message| message.contains("not confirmed: 1")), "{messages:?}");
    assert_eq!(messages.len(), 1);
}

#[test]
fn what_storage_did_not_answer_is_asked_again_and_the_call_does_not_stay_with_its_page() {
    let (mut world, browser, page) = offline_page();
    let call = durable_call(true);
    let call = world.wish(page, call).expect("there is a ticket");
    world.run_for(A_WHILE);
    world.page_says(page, PageSignal::Left);
    world.browser(browser).is_readable = false;
    world.page_says(page, PageSignal::Woke);
    world.run_for(A_WHILE);
    world.browser(browser).is_readable = true;
    world.server().start();
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(world.client(page).rejection(call), Some("NO_RPC_PROVIDER"));
    assert_eq!(calls(&mut world), 1);
}

#[test]
fn late_word_that_something_was_removed_is_not_believed_of_what_is_there_again() {
    let (mut world, browser, page) = offline_page();
    offer(&mut world, page, "1");
    let is_entry = |key: &&String| key.rsplit_once('/').is_some_and(|(_, number)| number.parse::<u64>().is_ok());
    let key = world.browser(browser).storage.keys().find(is_entry).expect("it is stored").clone();
    world.storage_changed(page, &key, None);
    world.run_for(A_WHILE);
    assert_eq!(degradations(&world, page), 0);
    assert!(world.client_mut(page).entries().iter().all(|entry| entry.stored.is_some()));
}

#[test]
fn clearing_and_closing_in_one_task_clears_what_other_pages_were_given() {
    for takes_ms in [None, Some(5..=20)] {
        let (mut world, browser, page) = offline_page();
        let other = other_page(&mut world, browser);
        let receipt = offer(&mut world, page, "1");
        world.browser(browser).storage_takes_ms = takes_ms.clone();
        world.run_for(A_WHILE);
        assert_eq!(entries_in(&mut world, browser), 1);
        world.task(other, vec![Wish::ClearOutbox, Wish::Close]);
        world.run_for(A_WHILE);
        assert_eq!(entries_in(&mut world, browser), 0);
        // A storage that answers later tells nobody.
        let expected = if takes_ms.is_none() { Some("OUTBOX_CLEARED") } else { None };
        assert_eq!(world.client(page).rejection(receipt), expected);
    }
}

#[test]
fn a_page_without_a_connection_does_not_keep_others_from_what_a_dead_one_has_left() {
    let (mut world, browser, page) = offline_page();
    world.server().start();
    let (offline, other) = (other_page(&mut world, browser), other_page(&mut world, browser));
    for page in [page, offline, other] {
        world.run_until_open(page);
    }
    world.pause(page);
    offer(&mut world, page, "1");
    world.run_for(A_WHILE);
    world.pause(offline);
    world.crash(page);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1"]);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn a_page_that_is_paused_with_what_a_dead_one_has_left_gives_it_to_others() {
    for is_refused in [false, true] {
        let (mut world, browser, page) = offline_page();
        world.server().start();
        world.server().policy.logins.insert("{\"user\":\"nobody\"}".into(), AtLogin::Refuse(None));
        let heir = other_page(&mut world, browser);
        for page in [page, heir] {
            world.run_until_open(page);
        }
        world.server().policy.answers_pings = false;
        world.pause(page);
        offer(&mut world, page, "1");
        world.run_for(A_WHILE);
        world.crash(page);
        // The heir has it, and does not know whether it has arrived.
        world.run_for(A_WHILE);
        if is_refused {
            world.login(heir, "{\"user\":\"nobody\"}");
        } else {
            world.pause(heir);
        }
        world.server().policy.answers_pings = true;
        world.run_for(A_WHILE);
        assert_eq!(entries_in(&mut world, browser), 1);
        let other = other_page(&mut world, browser);
        world.run_until_open(other);
        world.run_for(A_WHILE);
        assert_eq!(entries_in(&mut world, browser), 0, "refused: {is_refused}");
    }
}

#[test]
fn a_call_that_was_about_to_be_made_is_in_storage_again_when_it_is_left_to_others() {
    for leaves in [false, true] {
        let (mut world, browser, page) = offline_page();
        world.wish(page, durable_call(false));
        world.run_for(A_WHILE);
        let heir = world.add_client_in(browser, |_| {});
        world.login(heir, USER);
        world.crash(page);
        world.server().start();
        // Storage answers later than the application, so that the call is neither in it nor made.
        world.browser(browser).storage_takes_ms = Some(200..=200);
        world.run_until_open(heir);
        while world.browser(browser).storage.values().any(|value| value.contains("nobody")) {
            world.run_for(10);
        }
        assert_eq!(calls(&mut world), 0);
        if leaves {
            world.page_says(heir, PageSignal::Left);
        } else {
            world.pause(heir);
        }
        world.run_for(A_WHILE);
        assert_eq!((calls(&mut world), entries_in(&mut world, browser)), (0, 1));
    }
}
