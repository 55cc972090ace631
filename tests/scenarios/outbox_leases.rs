//! What pages of a browser without locks do for each other.

use deepstream_wasm::client::{PageSignal, limits::LEASE_MS};

use super::outbox::{A_WHILE, emit_all, entries_in, numbers, offer, sent};
use crate::world::{ClientId, World, browser::BrowserId};

fn browser_without_locks(world: &mut World) -> BrowserId {
    let browser = world.add_browser();
    world.browser(browser).has_locks = false;
    browser
}

/// A page that is logged in, and whose messages do not arrive anywhere.
fn silenced_page(world: &mut World, browser: BrowserId) -> ClientId {
    let page = world.add_client_in(browser, |_| {});
    world.open(page);
    world.network().silence_both_ways(page);
    page
}

#[test]
fn a_page_that_died_is_taken_for_gone_when_its_lease_runs_out() {
    let mut world = World::new();
    let browser = browser_without_locks(&mut world);
    let [heir, dead] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    world.open(heir);
    world.open(dead);
    world.network().silence_both_ways(dead);
    emit_all(&mut world, dead, &numbers(3));
    world.run_for(100);
    world.crash(dead);
    world.run_for(LEASE_MS - 1_000);
    assert!(sent(&mut world).is_empty(), "it may live");
    world.run_for(2_000);
    assert_eq!(sent(&mut world), numbers(3));
    assert!(!world.browser(browser).storage.keys().any(|key| key.ends_with("/lease")));
}

#[test]
fn a_page_that_was_left_or_closed_is_followed_at_once() {
    for leave in [|world: &mut World, page| world.page_says(page, PageSignal::Left), World::close] {
        let mut world = World::new();
        let browser = browser_without_locks(&mut world);
        let page = silenced_page(&mut world, browser);
        emit_all(&mut world, page, &numbers(3));
        leave(&mut world, page);
        let next = world.add_client_in(browser, |_| {});
        world.login(next, "{}");
        world.run_until_open(next);
        world.run_for(A_WHILE);
        assert_eq!(sent(&mut world), numbers(3));
    }
}

#[test]
fn a_page_that_lives_keeps_its_own_for_as_long_as_it_lives() {
    let mut world = World::new();
    let browser = browser_without_locks(&mut world);
    world.server().policy.answers_pings = false;
    let [writer, other] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    world.open(writer);
    world.emit(writer, "news", "1");
    world.server().policy.mute.insert("x".into());
    world.login(other, "{}");
    world.run_for(10 * LEASE_MS);
    let both = sent(&mut world);
    assert!(both.iter().all(|payload| *payload == "1") && !both.is_empty());
    let took_over = world.client(other).client().outbox().len();
    assert_eq!((took_over, entries_in(&mut world, browser)), (0, 1));
}

#[test]
fn of_several_pages_one_takes_over() {
    let mut world = World::new();
    let browser = browser_without_locks(&mut world);
    let heirs = [(); 4].map(|()| world.add_client_in(browser, |_| {}));
    for heir in heirs {
        world.open(heir);
    }
    let dead = silenced_page(&mut world, browser);
    emit_all(&mut world, dead, &numbers(20));
    world.run_for(100);
    world.crash(dead);
    world.run_for(LEASE_MS + A_WHILE);
    assert_eq!(sent(&mut world), numbers(20));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn a_page_that_was_frozen_for_long_does_not_send_what_another_has_sent() {
    let mut world = World::new();
    let browser = browser_without_locks(&mut world);
    let other = world.add_client_in(browser, |_| {});
    world.open(other);
    let frozen = silenced_page(&mut world, browser);
    let receipt = offer(&mut world, frozen, "1");
    world.run_for(100);
    world.freeze(frozen);
    world.run_for(2 * LEASE_MS);
    assert_eq!(sent(&mut world), ["1"]);
    world.thaw(frozen);
    world.page_says(frozen, PageSignal::Woke);
    world.run_until_open(frozen);
    world.emit(frozen, "news", "2");
    world.run_for(60_000);
    assert_eq!(sent(&mut world), ["1", "2"]);
    assert!(world.client(frozen).succeeded(receipt));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn leases_wake_nobody_who_has_nothing_in_storage() {
    let mut world = World::new();
    let browser = browser_without_locks(&mut world);
    let [writer, other] = [(); 2].map(|()| world.add_client_in(browser, |_| {}));
    world.open(writer);
    world.open(other);
    world.emit(writer, "news", "1");
    world.run_for(2 * LEASE_MS);
    world.client_mut(writer).forget();
    world.client_mut(other).forget();
    world.run_for(600_000);
    for page in [writer, other] {
        // A PING and the look whether it was answered.
        assert!(world.client(page).ticks() <= 42, "{}", world.client(page).ticks());
    }
    world.pause(writer);
    world.emit(writer, "news", "2");
    world.run_for(100);
    assert_eq!(world.client(writer).timer(), None);
}
