//! What is written to records survives its page: killed, reloaded, left, or another user's.

use deepstream_wasm::client::{Delivery, DropReason, OutboxNews, Output, PageSignal, RecordNews, Strategy, Ticket};

use crate::{
    outbox::{dropped, entries_in, is_entry},
    record_support::*,
    world::{
        ClientId, LATENCY, RecordWish, Wish, World,
        browser::BrowserId,
        network::{Direction, Route},
        server::Right,
    },
};

const ADA: &str = "{\"user\":\"ada\"}";
const BOB: &str = "{\"user\":\"bob\"}";

/// A page of a browser, with the record open and `{"first":0}` in it, and somebody who watches.
fn start() -> (World, BrowserId, ClientId, ClientId) {
    let mut world = World::new();
    world.server().add_storage();
    let browser = world.add_browser();
    let page = world.add_client_in(browser, |_| {});
    world.login(page, ADA);
    world.run_until_open(page);
    let watcher = world.add_open_client();
    for client in [page, watcher] {
        open(&mut world, client, Strategy::RemoteWins);
    }
    world.run_for(A_WHILE);
    set(&mut world, page, "first", "0");
    world.run_for(A_WHILE);
    assert_eq!(entries_in(&mut world, browser), 0);
    (world, browser, page, watcher)
}

/// The next page, in which somebody logs in and everything is sent.
fn next_page(world: &mut World, browser: BrowserId, user: &str) -> ClientId {
    let page = world.add_client_in(browser, |_| {});
    world.login(page, user);
    world.run_until_open(page);
    world.run_for(10_000);
    page
}

fn set_data(world: &mut World, client: ClientId, path: &str, data: &str, delivery: Delivery) -> Ticket {
    set_data_of(world, client, NAME, path, data, delivery, None)
}

fn set_data_of(
    world: &mut World,
    client: ClientId,
    name: &str,
    path: &str,
    data: &str,
    delivery: Delivery,
    ttl_ms: Option<u64>,
) -> Ticket {
    let (name, path, data) = (name.into(), path.into(), Some(data.into()));
    wish(world, client, RecordWish::SetData { name, path, data, delivery, ttl_ms }).expect("it has a ticket")
}

#[test]
fn a_write_that_arrived_is_not_made_again_by_the_next_page() {
    for edits in [&["a"][..], &["a", "b"]] {
        let (mut world, browser, page, _) = start();
        let (before, _) = on_server(&mut world).unwrap();
        for path in edits {
            set(&mut world, page, path, "1");
        }
        // The server has the first one, and the page does not know.
        world.run_for(LATENCY + 1);
        world.crash(page);
        world.run_for(A_WHILE);
        assert_eq!(on_server(&mut world).unwrap().0, before + 1);
        next_page(&mut world, browser, ADA);
        let (after, data) = on_server(&mut world).unwrap();
        assert!(edits.iter().all(|path| data.contains(&format!("\"{path}\":1"))), "{data}");
        assert_eq!(after, before + edits.len() as i32, "one version for each message");
        assert_eq!(entries_in(&mut world, browser), 0);
    }
}

#[test]
fn what_the_next_page_writes_at_the_same_moment_comes_after() {
    let (mut world, browser, page, watcher) = start();
    world.pause(page);
    set(&mut world, page, "a", "1");
    world.crash(page);
    let next = world.add_client_in(browser, |_| {});
    open(&mut world, next, Strategy::RemoteWins);
    set(&mut world, next, "a", "2");
    world.login(next, ADA);
    world.run_for(A_WHILE);
    assert!(view(&mut world, next).contains("\"a\":2"));
    assert!(view(&mut world, watcher).contains("\"a\":2"));
    assert_all_equal(&mut world);
}

/// What a page is at when it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Writing,
    WritingOffline,
    /// It has just come back, with writes from before.
    ComingBack,
}

#[test]
fn a_page_may_be_killed_at_any_moment() {
    for at in [At::Writing, At::WritingOffline, At::ComingBack] {
        for outputs in 0.. {
            if !live_until_killed(at, outputs) {
                assert!(outputs > 5, "{at:?}: there is more to be interrupted");
                break;
            }
        }
    }
}

/// Says whether the page was killed.
fn live_until_killed(at: At, outputs: usize) -> bool {
    const PATHS: [&str; 4] = ["a", "b", "c", "d"];
    let (mut world, browser, page, _) = start();
    let (before, _) = on_server(&mut world).unwrap();
    let mut made = 0;
    if at != At::Writing {
        world.pause(page);
        world.run_for(A_WHILE);
    }
    if at == At::ComingBack {
        set(&mut world, page, PATHS[0], "1");
        made = 1;
    }
    world.crash_after(page, outputs);
    if at == At::ComingBack {
        world.wish(page, Wish::Resume);
        world.run_for(10 * LATENCY);
    }
    for path in &PATHS[made..] {
        if world.client(page).is_crashed() {
            break;
        }
        let edits = vec![(String::from(*path), Some("1".into()))];
        wish(&mut world, page, RecordWish::Write { name: NAME.into(), edits });
        made += usize::from(!world.client(page).is_crashed());
        world.run_for(if made == 3 { 5 * LATENCY } else { 1 });
    }
    world.run_for(A_WHILE);
    let is_killed = world.client(page).is_crashed();
    world.crash(page);
    // The next page takes over what was left, and is killed on the way.
    let second = world.add_client_in(browser, |_| {});
    world.network().route(second, Route::Lost);
    world.crash_after(second, outputs % 17);
    open(&mut world, second, Strategy::RemoteWins);
    world.wish(second, Wish::Login(Some(ADA.into())));
    world.run_for(A_WHILE);
    world.crash(second);
    let third = next_page(&mut world, browser, ADA);
    let (after, data) = on_server(&mut world).unwrap();
    let is_there = |path: &&str| data.contains(&format!("\"{path}\""));
    let written = PATHS.iter().filter(|path| is_there(path)).count();
    assert!(written >= made, "{at:?} {outputs}: {data} lacks some of the {made} that were made");
    assert!(PATHS[..written].iter().all(is_there), "{at:?} {outputs}: {data} has a gap");
    assert!(after <= before + written as i32, "{at:?} {outputs}: nothing is made twice");
    assert_eq!(entries_in(&mut world, browser), 0, "{at:?} {outputs}");
    assert_eq!(world.client(third).client().outbox().len(), 0);
    assert!(dropped(&world, third).is_empty());
    let is_lost = |output: &Output| matches!(output, Output::Error(_));
    assert!(!world.client(third).outputs().any(is_lost), "{at:?} {outputs}");
    is_killed
}

#[test]
fn a_page_may_be_killed_while_its_messages_get_lost() {
    for silent_after_ms in (0..400).step_by(3) {
        let (mut world, browser, page, _) = start();
        world.pause(page);
        world.run_for(A_WHILE);
        set(&mut world, page, "a", "1");
        world.resume(page);
        for waited_ms in 0..400 {
            if waited_ms == silent_after_ms {
                world.network().silence(page, Direction::ToServer);
            }
            if waited_ms % 10 == 5 {
                set(&mut world, page, &format!("b{waited_ms}"), "1");
            }
            world.run_for(1);
        }
        world.crash(page);
        let third = next_page(&mut world, browser, ADA);
        let (_, data) = on_server(&mut world).unwrap();
        let written = (0..400).filter(|waited_ms| data.contains(&format!("\"b{waited_ms}\""))).count();
        assert!(data.contains("\"a\"") && written == 40, "{silent_after_ms}: {data}");
        assert!(world.client(third).errors().is_empty(), "{silent_after_ms}");
        assert_eq!(entries_in(&mut world, browser), 0, "{silent_after_ms}");
    }
}

#[test]
fn edits_of_several_killed_pages_are_seen_and_sent_together() {
    let (mut world, browser, page, _) = start();
    let (before, _) = on_server(&mut world).unwrap();
    let mut page = page;
    for (path, seen) in [("a", r#"{"first":0,"a":1}"#), ("b", r#"{"first":0,"a":1,"b":1}"#), ("a.x", "")] {
        world.network().route(page, Route::Lost);
        world.network().cut(page);
        world.run_for(A_WHILE);
        set(&mut world, page, path, "1");
        if !seen.is_empty() {
            assert!(same(&view(&mut world, page), seen), "{}", view(&mut world, page));
        }
        page = reload(&mut world, page, Strategy::RemoteWins);
        world.network().route(page, Route::Lost);
        open(&mut world, page, Strategy::RemoteWins);
        world.login(page, ADA);
        world.run_for(A_WHILE);
    }
    assert!(same(&view(&mut world, page), r#"{"first":0,"a":{"x":1},"b":1}"#));
    world.network().route(page, Route::Clear);
    world.run_until_open(page);
    world.run_for(10_000);
    let (after, data) = on_server(&mut world).unwrap();
    assert!(same(&data, r#"{"first":0,"a":{"x":1},"b":1}"#), "{data}");
    assert_eq!(after, before + 1);
    assert_eq!(entries_in(&mut world, browser), 0);
    assert_all_equal(&mut world);
}

#[test]
fn what_one_user_wrote_is_neither_seen_nor_sent_under_another_login() {
    let (mut world, browser, page, watcher) = start();
    world.network().route(page, Route::Lost);
    world.network().cut(page);
    set(&mut world, page, "secret", "\"ada's\"");
    set_data_of(&mut world, page, "other", "a", "1", Delivery::Durable, None);
    world.crash(page);
    let bob = next_page(&mut world, browser, BOB);
    open(&mut world, bob, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    for client in [bob, watcher] {
        assert!(!view(&mut world, client).contains("ada's"));
    }
    assert_eq!(world.client(bob).client().outbox().len(), 0);
    world.crash(bob);
    next_page(&mut world, browser, ADA);
    assert!(view(&mut world, watcher).contains("ada's"));
    assert!(world.server().records().contains_key("other"));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn who_logs_in_as_somebody_else_gets_the_own_writes_back_later() {
    let (mut world, browser, page, watcher) = start();
    world.network().route(page, Route::Lost);
    world.network().cut(page);
    let ticket = set(&mut world, page, "secret", "\"ada's\"");
    for (user, is_seen) in [(BOB, false), (ADA, true), (BOB, false)] {
        world.login(page, user);
        assert_eq!(view(&mut world, page).contains("ada's"), is_seen, "{user} is going to log in");
    }
    world.network().route(page, Route::Clear);
    world.run_until_open(page);
    world.run_for(10_000);
    for client in [page, watcher] {
        assert!(!view(&mut world, client).contains("ada's"), "bob is logged in");
    }
    assert_eq!(world.client(page).client().outbox().len(), 1);
    let bobs = set(&mut world, page, "open", "\"bob's\"");
    world.run_for(A_WHILE);
    assert!(world.client(page).succeeded(bobs));
    assert_eq!(world.client(page).outcome(ticket), None, "ada has not logged in again");
    world.login(page, ADA);
    world.run_for(10_000);
    assert!(world.client(page).outcome(ticket).is_some());
    assert!(view(&mut world, watcher).contains("bob's"));
    assert_eq!(entries_in(&mut world, browser), 0);
    assert_all_equal(&mut world);
}

#[test]
fn a_page_that_lives_sends_what_a_killed_one_has_written() {
    let (mut world, browser, page, watcher) = start();
    let other = next_page(&mut world, browser, ADA);
    open(&mut world, other, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    world.network().route(page, Route::Lost);
    world.network().cut(page);
    set(&mut world, page, "left", "1");
    world.run_for(A_WHILE);
    world.crash(page);
    world.run_for(10_000);
    assert!(view(&mut world, watcher).contains("left"));
    assert!(view(&mut world, other).contains("left"));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn what_a_killed_page_has_written_waits_for_a_record_that_is_denied_here() {
    for is_discarded in [true, false] {
        let (mut world, browser, page, _) = start();
        let next = world.add_client_in(browser, |_| {});
        world.login(next, ADA);
        world.server().policy.denied_rights.insert((Right::Read, NAME.into()));
        open(&mut world, next, Strategy::RemoteWins);
        world.run_for(A_WHILE);
        world.pause(page);
        set(&mut world, page, "a", "1");
        world.crash(page);
        world.run_for(10_000);
        world.server().policy.denied_rights.clear();
        world.run_for(10_000);
        assert_ne!(entries_in(&mut world, browser), 0, "it waits");
        if is_discarded {
            wish(&mut world, next, RecordWish::Discard(NAME.into()));
        } else {
            open(&mut world, next, Strategy::RemoteWins);
        }
        world.run_for(20_000);
        assert!(on_server(&mut world).unwrap().1.contains("\"a\":1"), "{is_discarded}");
        assert_eq!(entries_in(&mut world, browser), 0);
    }
}

#[test]
fn a_page_that_comes_back_leaves_alone_what_others_have_sent_for_it() {
    let (mut world, browser, page, _) = start();
    world.network().route(page, Route::Lost);
    world.network().cut(page);
    let ticket = set(&mut world, page, "a", "[1]");
    world.run_for(A_WHILE);
    world.page_says(page, PageSignal::Left);
    let (before, _) = on_server(&mut world).unwrap();
    next_page(&mut world, browser, ADA);
    assert_eq!(on_server(&mut world).unwrap().0, before + 1);
    world.network().route(page, Route::Clear);
    world.page_says(page, PageSignal::Woke);
    world.run_until_open(page);
    world.run_for(10_000);
    assert_eq!(on_server(&mut world).unwrap().0, before + 1, "it was made once");
    assert_eq!(world.client(page).rejection(ticket), Some("OUTCOME_UNKNOWN"));
    assert!(same(&view(&mut world, page), r#"{"first":0,"a":[1]}"#));
    assert_all_equal(&mut world);
}

#[test]
fn what_storage_does_not_take_is_sent_from_memory() {
    let (mut world, browser, page, watcher) = start();
    world.browser(browser).quota = Some(200);
    world.network().route(page, Route::Lost);
    world.network().cut(page);
    world.run_for(A_WHILE);
    let long = format!("\"{}\"", "x".repeat(500));
    let tickets = [set(&mut world, page, "long", &long), set(&mut world, page, "short", "1")];
    let is_told = |output: &Output| matches!(output, Output::Outbox(OutboxNews::Degraded { .. }));
    assert!(world.client(page).outputs().any(is_told));
    world.network().route(page, Route::Clear);
    world.resume(page);
    world.run_until_open(page);
    world.run_for(10_000);
    assert!(tickets.iter().all(|ticket| world.client(page).succeeded(*ticket)));
    assert!(view(&mut world, watcher).contains("short"));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn clearing_the_outbox_takes_back_what_was_written() {
    let (mut world, browser, page, watcher) = start();
    watch(&mut world, page, "a");
    world.pause(page);
    let written = set(&mut world, page, "a", "1");
    let forced = set_data_of(&mut world, page, "other", "", "{}", Delivery::Durable, None);
    assert_eq!(world.client(page).client().outbox().len(), 2);
    world.wish(page, Wish::ClearOutbox);
    for ticket in [written, forced] {
        assert_eq!(world.client(page).rejection(ticket), Some("OUTBOX_CLEARED"));
    }
    assert_eq!(changes(&world, page).last(), Some(&("a".into(), None)));
    assert_eq!(entries_in(&mut world, browser), 0);
    world.resume(page);
    world.run_until_open(page);
    world.run_for(10_000);
    assert!(same(&view(&mut world, watcher), r#"{"first":0}"#));
    assert_all_equal(&mut world);
}

#[test]
fn flushing_waits_for_what_was_written() {
    let (mut world, _, page, _) = start();
    set(&mut world, page, "a", "1");
    let flushed = world.wish(page, Wish::FlushOutbox).expect("flushes have tickets");
    assert_eq!(world.client(page).outcome(flushed), None);
    world.run_for(A_WHILE);
    assert!(world.client(page).succeeded(flushed));
}

#[test]
fn writes_past_a_record_survive_as_they_were_asked_to() {
    let (mut world, browser, page, _) = start();
    world.pause(page);
    let durable = set_data_of(&mut world, page, "durable", "", r#"{"a":1}"#, Delivery::Durable, None);
    set_data_of(&mut world, page, "durable", "b", "2", Delivery::Durable, None);
    set_data_of(&mut world, page, "memory", "", "{}", Delivery::Memory, None);
    set_data_of(&mut world, page, "late", "", "{}", Delivery::Durable, Some(5_000));
    let never = set_data_of(&mut world, page, "drop", "", "{}", Delivery::Drop, None);
    assert_eq!(world.client(page).rejection(never), Some("OUTBOX_NOT_CONNECTED"));
    assert_eq!(world.client(page).outcome(durable), None);
    assert_eq!(entries_in(&mut world, browser), 3);
    world.crash(page);
    world.run_for(6_000);
    let next = next_page(&mut world, browser, ADA);
    let records = world.server().records().clone();
    assert!(same(&records["durable"].1, r#"{"a":1,"b":2}"#));
    assert!(["memory", "late", "drop"].iter().all(|name| !records.contains_key(*name)));
    assert_eq!(dropped(&world, next), [(DropReason::Expired, 1)]);
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn a_deletion_and_what_is_written_after_it_are_done_in_that_order() {
    for is_killed in [false, true] {
        let (mut world, browser, page, _) = start();
        let other = world.add_open_client();
        set_data_of(&mut world, other, "gone", "", r#"{"old":1}"#, Delivery::Durable, None);
        world.run_for(A_WHILE);
        world.pause(page);
        let deletion = wish(&mut world, page, RecordWish::Delete("gone".into())).expect("deletions have tickets");
        let written = set_data_of(&mut world, page, "gone", "new", "1", Delivery::Durable, None);
        if is_killed {
            world.crash(page);
            next_page(&mut world, browser, ADA);
        } else {
            world.resume(page);
            world.run_until_open(page);
            world.run_for(10_000);
            assert!([deletion, written].iter().all(|ticket| world.client(page).succeeded(*ticket)));
        }
        assert!(same(&world.server().records()["gone"].1, r#"{"new":1}"#));
        assert_eq!(entries_in(&mut world, browser), 0);
    }
}

#[test]
fn closing_leaves_what_was_written_to_the_next_page() {
    let (mut world, browser, page, watcher) = start();
    world.pause(page);
    let ticket = set(&mut world, page, "a", "1");
    set_data(&mut world, page, "b", "2", Delivery::Durable);
    world.client_mut(page).forget();
    world.close(page);
    assert_eq!(world.client(page).rejection(ticket), Some("IS_CLOSED"));
    let next = next_page(&mut world, browser, ADA);
    assert!(same(&view(&mut world, watcher), r#"{"first":0,"a":1,"b":2}"#));
    let is_told = |output: &Output| matches!(output, Output::Record { news: RecordNews::Restored, .. });
    assert_eq!(world.client(next).outputs().filter(|output| is_told(output)).count(), 1);
    assert!(world.client_mut(next).record(NAME, "").is_none(), "nobody holds it any more");
}

#[test]
fn a_write_that_the_server_cannot_take_is_given_up_and_the_others_arrive() {
    for is_open in [true, false] {
        let mut world = World::new();
        world.server().policy.max_frame_bytes = 1_000;
        let page = world.add_client_with(|options| options.reconnect_interval_increment_ms = 100);
        world.login(page, ADA);
        world.run_until_open(page);
        let names = ["a", "b", "c", "d"];
        for name in names.iter().filter(|_| is_open) {
            wish(&mut world, page, RecordWish::Open { name: (*name).into(), strategy: Strategy::RemoteWins });
        }
        world.run_for(A_WHILE);
        world.pause(page);
        let data = |name: &str| if name == "b" { format!("\"{}\"", "x".repeat(2_000)) } else { "1".into() };
        let tickets = names.map(|name| set_data_of(&mut world, page, name, "v", &data(name), Delivery::Durable, None));
        world.emit(page, "news", "1");
        world.resume(page);
        world.run_for(120_000);
        world.run_until_open(page);
        assert_eq!(world.client(page).rejection(tickets[1]), Some("OUTBOX_UNDELIVERABLE"), "open: {is_open}");
        for (name, ticket) in names.iter().zip(tickets).filter(|(name, _)| **name != "b") {
            assert!(world.client(page).succeeded(ticket), "{name}, open: {is_open}");
        }
        let home = world.home(page);
        assert_eq!((world.client(page).client().outbox().len(), entries_in(&mut world, home)), (0, 0));
        if is_open {
            assert_eq!(
                world.client_mut(page).record("b", "").as_deref(),
                Some("{}"),
                "it is as if it had not been made"
            );
        }
        let connections = world.client(page).dialled_at().len();
        assert!(connections < 20, "{connections}");
    }
}

#[test]
fn what_storage_has_of_a_record_and_what_was_written_to_it_are_seen_together() {
    for lookups_take_ms in [0, 5, 500] {
        for has_seen in [true, false] {
            let mut world = World::new();
            world.server().add_storage();
            let author = world.add_open_client();
            open(&mut world, author, Strategy::RemoteWins);
            set(&mut world, author, "", r#"{"title":"draft"}"#);
            let browser = world.add_browser();
            world.browser(browser).lookups_take_ms = Some(lookups_take_ms..=lookups_take_ms);
            let open_page = |world: &mut World| {
                let page = world.add_client_in(browser, |options| options.offline_enabled = true);
                world.login(page, ADA);
                page
            };
            let page = open_page(&mut world);
            if has_seen {
                world.run_until_open(page);
                open(&mut world, page, Strategy::RemoteWins);
                world.run_for(A_WHILE);
                world.network().route(page, Route::Lost);
                world.network().cut(page);
                world.run_for(A_WHILE);
            } else {
                world.network().route(page, Route::Lost);
                open(&mut world, page, Strategy::RemoteWins);
            }
            set(&mut world, page, "size", "1");
            world.crash(page);
            let next = open_page(&mut world);
            world.network().route(next, Route::Lost);
            open(&mut world, next, Strategy::RemoteWins);
            world.run_for(A_WHILE);
            let expected = if has_seen { r#"{"title":"draft","size":1}"# } else { r#"{"size":1}"# };
            assert!(same(&view(&mut world, next), expected), "{}", view(&mut world, next));
            assert_eq!(world.client(next).client().records().is_from_storage(NAME), has_seen);
            set(&mut world, next, "more", "2");
            world.network().route(next, Route::Clear);
            world.run_until_open(next);
            world.run_for(10_000);
            assert!(same(&view(&mut world, author), r#"{"title":"draft","size":1,"more":2}"#));
            assert!(!world.client(next).client().records().is_from_storage(NAME));
            assert_all_equal(&mut world);
        }
    }
}

#[test]
fn writes_to_open_records_do_not_take_the_place_of_events() {
    let mut world = World::new();
    let page = world.add_client_with(|options| {
        options.outbox_max_entries = 2;
        options.outbox_max_bytes = 100;
    });
    world.pause(page);
    open(&mut world, page, Strategy::RemoteWins);
    for path in ["a", "b", "c"] {
        set(&mut world, page, path, &format!("\"{}\"", "x".repeat(200)));
    }
    world.emit(page, "news", "1");
    let forced = set_data_of(&mut world, page, "other", "a", "1", Delivery::Durable, None);
    assert_eq!(world.client(page).client().outbox().len(), 5);
    let refused = set_data_of(&mut world, page, "other", "b", "1", Delivery::Durable, None);
    assert_eq!(world.client(page).rejection(refused), Some("OUTBOX_FULL"));
    assert_eq!(world.client(page).outcome(forced), None);
}

#[test]
fn writes_that_nobody_came_for_expire_after_a_month() {
    const DAY: u64 = 24 * 3_600_000;
    for (days, is_sent) in [(29, true), (31, false)] {
        let (mut world, browser, page, watcher) = start();
        world.pause(page);
        set(&mut world, page, "late", "1");
        world.crash(page);
        world.sleep(days * DAY);
        let next = next_page(&mut world, browser, ADA);
        world.run_until_open(watcher);
        world.run_for(A_WHILE);
        assert_eq!(view(&mut world, watcher).contains("late"), is_sent, "after {days} days");
        assert_eq!(dropped(&world, next).is_empty(), is_sent);
        assert_eq!(entries_in(&mut world, browser), 0);
    }
}

#[test]
fn garbage_under_our_keys_is_told_removed_and_in_nobodys_way() {
    let (mut world, browser, page, watcher) = start();
    world.pause(page);
    set(&mut world, page, "a", "1");
    world.crash(page);
    let storage = &mut world.browser(browser).storage;
    let (key, value) = storage.iter().find(|(_, value)| value.contains("\nw ")).unwrap();
    let (key, mut value) = (key.clone(), value.clone());
    let (header, _) = value.split_once('\n').unwrap();
    let header = header.to_owned();
    let prefix = key.rsplit_once('/').unwrap().0;
    for (number, payload) in [(900, "nonsense"), (901, "{\"edits\":7}"), (902, "{\"edits\":[{\"path\":\"a[\"}]}")] {
        for (number, kind) in [(number, 'w'), (number + 50, 'b'), (number + 90, 'f')] {
            let entry =
                format!("{kind} {number} 1 9999999999999 1 {} {}\nk{NAME}{payload}\n", NAME.len(), payload.len());
            storage.insert(format!("{prefix}/{number}"), format!("{header}\n{entry}"));
            // Beside what can be read.
            value += &entry;
        }
    }
    storage.insert(key, value);
    let next = next_page(&mut world, browser, ADA);
    let is_told = |output: &Output| matches!(output, Output::Outbox(OutboxNews::Degraded { .. }));
    assert!(world.client(next).outputs().any(is_told));
    assert!(view(&mut world, watcher).contains("\"a\":1"));
    assert_eq!(entries_in(&mut world, browser), 0);
}

#[test]
fn who_is_taken_for_gone_before_it_has_its_lock_writes_on() {
    for is_open in [true, false] {
        let (mut world, browser, page, watcher) = start();
        world.crash(page);
        let page = next_page(&mut world, browser, ADA);
        if is_open {
            open(&mut world, page, Strategy::RemoteWins);
            world.run_for(A_WHILE);
        }
        world.browser(browser).news_take_ms = 1_000..=1_000;
        let ticket = set_data(&mut world, page, "a", "1", Delivery::Durable);
        let is_entry = |key: &&String| is_entry(key);
        let key = world.browser(browser).storage.keys().find(is_entry).expect("it is stored").clone();
        world.browser(browser).storage.remove(&key);
        world.storage_changed(page, &key, None);
        world.run_for(5_000);
        assert!(world.client(page).succeeded(ticket), "{:?}", world.client(page).rejection(ticket));
        assert!(view(&mut world, watcher).contains("\"a\":1"));
        assert_eq!(world.client(page).client().outbox().len(), 0);
    }
}

#[test]
fn a_page_that_lives_on_with_writes_that_would_have_expired_neither_gives_them_up_nor_wakes_for_them() {
    const DAY: u64 = 24 * 3_600_000;
    let (mut world, browser, page, watcher) = start();
    world.pause(page);
    set(&mut world, page, "late", "1");
    world.crash(page);
    world.sleep(29 * DAY);
    let next = world.add_client_in(browser, |_| {});
    world.pause(next);
    open(&mut world, next, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    assert!(view(&mut world, next).contains("late"));
    world.sleep(2 * DAY);
    world.client_mut(next).forget();
    world.run_for(A_WHILE);
    assert_eq!(world.client(next).timer(), None, "there is nothing to wake for");
    world.login(next, ADA);
    world.resume(next);
    world.run_until_open(next);
    world.run_until_open(watcher);
    world.run_for(10_000);
    assert!(view(&mut world, watcher).contains("late"));
    assert!(dropped(&world, next).is_empty());
}

#[test]
fn what_was_written_after_a_deletion_survives_it_whatever_is_found_first() {
    let (mut world, browser, page, watcher) = start();
    world.pause(page);
    delete(&mut world, page);
    world.crash(page);
    world.run_for(A_WHILE);
    // The next page writes before it knows of the deletion, takes it over, and is killed as well.
    world.browser(browser).news_take_ms = 500..=500;
    let second = world.add_client_in(browser, |_| {});
    world.pause(second);
    open(&mut world, second, Strategy::RemoteWins);
    set(&mut world, second, "later", "1");
    world.run_for(A_WHILE);
    world.crash(second);
    let third = next_page(&mut world, browser, ADA);
    assert!(view(&mut world, watcher).contains("later"), "{}", view(&mut world, watcher));
    let errors = world.client(third).errors();
    let lost: Vec<_> = errors.iter().filter_map(|error| error.lost()).collect();
    assert_eq!(lost, [r#"{"version":1,"edits":null,"by":"page","found":null}"#], "the record was not deleted");
    assert_eq!(entries_in(&mut world, browser), 0);
    assert_all_equal(&mut world);
}
