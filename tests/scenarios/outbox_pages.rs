//! Whose entries are whose, and what pages of one browser do for each other.

use deepstream_wasm::client::{Delivery, PageSignal};

use super::outbox::{A_WHILE, dropped, emit_all, entries_in, numbers, offer, offer_with, sent, subscriber};
use crate::world::{LATENCY, Wish, World, server::AtLogin};

const ADA: &str = "{\"user\":\"ada\"}";
const BOB: &str = "{\"user\":\"bob\"}";

#[test]
fn clearing_leaves_alone_what_is_kept_for_another_user_of_the_same_page() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    world.server().kill();
    world.run_for(1_000);
    world.emit(page, "news", "\"ada's\"");
    world.login(page, BOB);
    world.server().start();
    world.run_until_open(page);
    world.pause(page);
    let cleared = offer(&mut world, page, "\"bob's\"");
    world.wish(page, Wish::ClearOutbox);
    assert_eq!(world.client(page).rejection(cleared), Some("OUTBOX_CLEARED"));
    assert_eq!((world.client(page).client().outbox().len(), entries_in(&mut world, browser)), (1, 1));
    world.resume(page);
    world.login(page, ADA);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["\"ada's\""]);
}

#[test]
fn clearing_before_anybody_has_logged_in_clears_what_the_last_user_left() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    world.server().kill();
    world.run_for(1_000);
    world.emit(page, "news", "1");
    world.crash(page);
    assert_eq!(entries_in(&mut world, browser), 1);
    let logout = world.add_client_in(browser, |_| {});
    world.wish(logout, Wish::ClearOutbox);
    world.run_for(100);
    let left: Vec<_> = world.browser(browser).storage.keys().filter(|key| key.ends_with("/user")).cloned().collect();
    assert_eq!((entries_in(&mut world, browser), left), (0, vec![]), "nobody sees who that was");
}

#[test]
fn clearing_is_for_who_was_to_log_in_then_although_storage_answers_later() {
    let mut world = World::new();
    world.server().policy.logins.insert(ADA.into(), AtLogin::Refuse(None));
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, BOB);
    world.run_until_open(page);
    world.pause(page);
    world.emit(page, "news", "1");
    world.crash(page);
    world.browser(browser).storage_takes_ms = Some(1_000..=1_000);
    let next = world.add_client_in(browser, |_| {});
    world.login(next, ADA);
    world.wish(next, Wish::ClearOutbox);
    world.run_for(10_000);
    assert_eq!(entries_in(&mut world, browser), 1);
}

#[test]
fn what_is_emitted_after_clearing_stays_in_storage_that_answers_late() {
    let mut world = World::new();
    let browser = world.add_browser();
    world.browser(browser).storage_takes_ms = Some(50..=50);
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.emit(page, "news", "1");
    world.server().kill();
    world.run_for(1_000);
    world.wish(page, Wish::ClearOutbox);
    world.emit(page, "news", "2");
    world.login(page, BOB);
    world.emit(page, "news", "3");
    world.run_for(1_000);
    assert_eq!(entries_in(&mut world, browser), 2);
}

#[test]
fn the_same_key_from_another_user_or_for_another_event_is_something_else() {
    let mut world = World::new();
    let reader = subscriber(&mut world);
    world.subscribe(reader, "sport");
    let page = world.add_client();
    world.pause(page);
    world.login(page, ADA);
    offer_with(&mut world, page, "1", Delivery::Durable, None, Some("order"));
    let wish = Wish::Offer {
        name: "sport".into(),
        data: "2".into(),
        delivery: Delivery::Durable,
        ttl_ms: None,
        key: Some("order".into()),
        receipt: true,
    };
    world.wish(page, wish);
    world.login(page, BOB);
    offer_with(&mut world, page, "3", Delivery::Durable, None, Some("order"));
    world.resume(page);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["3"]);
    world.login(page, ADA);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["3", "1", "2"]);
    assert_eq!(world.client(reader).received("sport"), ["2"]);
}

#[test]
fn what_arrived_before_its_page_died_is_not_told_again_by_the_page_that_sends_it_again() {
    let mut world = World::new();
    let browser = world.add_browser();
    let [left, right] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    for page in [left, right] {
        world.open(page);
    }
    world.subscribe(right, "news");
    world.run_for(A_WHILE);
    emit_all(&mut world, left, &numbers(3));
    world.run_for(2 * LATENCY);
    assert_eq!(world.client(right).received("news"), ["0", "1", "2"]);
    world.crash(left);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world).len(), 6, "nobody knew that they had arrived");
    assert_eq!(world.client(right).received("news"), ["0", "1", "2"]);
}

#[test]
fn what_was_entrusted_before_anybody_had_logged_in_goes_to_whoever_does() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.emit(page, "news", "1");
    world.crash(page);
    let next = world.add_client_in(browser, |_| {});
    world.login(next, ADA);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1"]);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn what_was_entrusted_before_the_login_is_known_to_be_the_users_whatever_they_log_in_with_next() {
    let mut world = World::new();
    let (first, second) = ("{\"token\":1}", "{\"token\":2}");
    for token in [first, second] {
        world.server().policy.logins.insert(token.into(), AtLogin::Succeed(Some("{\"id\":\"ada\"}".into())));
    }
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, first);
    world.run_until_open(page);
    world.close(page);
    let reloaded = world.add_client_in(browser, |_| {});
    world.login(reloaded, first);
    world.emit(reloaded, "news", "1");
    world.crash(reloaded);
    let next = world.add_client_in(browser, |_| {});
    world.login(next, second);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1"]);
}

#[test]
fn what_was_held_back_for_somebody_else_does_not_become_the_next_ones_when_their_login_is_refused() {
    let mut world = World::new();
    let page = world.add_client();
    world.pause(page);
    world.login(page, BOB);
    world.emit(page, "news", "\"bob's\"");
    world.login(page, ADA);
    world.resume(page);
    world.run_until_open(page);
    world.server().policy.logins.insert(BOB.into(), AtLogin::Refuse(None));
    world.login(page, BOB);
    world.run_for(A_WHILE);
    world.login(page, ADA);
    world.run_for(A_WHILE);
    assert!(sent(&mut world).is_empty());
}

#[test]
fn what_a_page_entrusts_while_it_is_being_left_is_sent_by_another() {
    let mut world = World::new();
    let browser = world.add_browser();
    let [left, other] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    for page in [left, other] {
        world.open(page);
    }
    world.server().kill();
    world.emit(left, "news", "1");
    world.page_says(left, PageSignal::Left);
    world.emit(left, "news", "2");
    world.freeze(left);
    world.server().start();
    world.run_until_open(other);
    world.run_for(60_000);
    assert_eq!(sent(&mut world), ["1", "2"]);
}

#[test]
fn a_closed_client_does_not_want_its_lock_back() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.emit(page, "news", "1");
    world.page_says(page, PageSignal::Left);
    world.close(page);
    world.page_says(page, PageSignal::Woke);
    let next = world.add_client_in(browser, |_| {});
    world.login(next, ADA);
    world.run_until_open(next);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1"]);
}

#[test]
fn a_page_that_comes_back_keeps_what_it_is_given_while_it_looks_for_its_own() {
    let mut world = World::new();
    let browser = world.add_browser();
    world.browser(browser).storage_takes_ms = Some(100..=100);
    let page = world.add_client_in(browser, |_| {});
    world.open(page);
    world.emit(page, "news", "1");
    world.run_for(1_000);
    world.page_says(page, PageSignal::Left);
    world.page_says(page, PageSignal::Woke);
    world.run_for(50);
    world.server().kill();
    let receipt = offer(&mut world, page, "2");
    world.run_for(500);
    assert_eq!(world.client(page).outcome(receipt), None);
    world.server().start();
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(sent(&mut world), ["1", "2"]);
}

#[test]
fn a_page_that_comes_back_keeps_what_it_takes_over_while_it_looks_for_its_own() {
    let mut world = World::new();
    let browser = world.add_browser();
    world.browser(browser).storage_takes_ms = Some(100..=100);
    let [back, dead] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    for page in [back, dead] {
        world.open(page);
        world.network().silence_both_ways(page);
    }
    world.emit(back, "news", "\"back\"");
    world.run_for(1_000);
    world.page_says(back, PageSignal::Left);
    world.emit(dead, "news", "\"dead\"");
    world.run_for(1_000);
    world.crash(dead);
    world.page_says(back, PageSignal::Woke);
    world.run_until_open(back);
    world.run_for(A_WHILE);
    let mut all = sent(&mut world);
    all.sort();
    assert_eq!(all, ["\"back\"", "\"dead\""]);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn a_value_that_cannot_be_given_to_its_new_owner_does_not_stay_with_the_old_one() {
    let mut world = World::new();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.emit(page, "news", "1");
    world.browser(browser).quota = Some(0);
    world.network().latency_ms = 1_000..=1_000;
    world.login(page, ADA);
    world.run_until_open(page);
    assert_eq!(entries_in(&mut world, browser), 0);
    world.network().latency_ms = LATENCY..=LATENCY;
    world.run_for(10_000);
    assert_eq!(sent(&mut world), ["1"]);
    assert!(dropped(&world, page).is_empty());
}
