//! Records that storage keeps, so that a page opened without a network has them.

use deepstream_wasm::client::{Delivery, Output, RecordNews, Strategy, Ticket};

use crate::{
    record_support::*,
    world::{
        ClientId, RecordWish, World,
        browser::BrowserId,
        server::{Request, Right},
    },
};

/// A server on which a first client has made the record, and a browser that keeps it since a page had it.
fn kept() -> (World, BrowserId, ClientId) {
    let mut world = World::new();
    world.server().add_storage();
    let author = world.add_open_client();
    open(&mut world, author, Strategy::RemoteWins);
    set(&mut world, author, "", r#"{"title":"draft","size":5}"#);
    let browser = world.add_browser();
    let page = page(&mut world, browser);
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    world.crash(page);
    world.run_for(A_WHILE);
    (world, browser, author)
}

/// A page that keeps records, and is not logged in.
fn page(world: &mut World, browser: BrowserId) -> ClientId {
    world.add_client_in(browser, |options| options.offline_enabled = true)
}

/// A page that has opened the record, and has seen what storage has.
fn page_with_record(world: &mut World, browser: BrowserId) -> ClientId {
    let page = page(world, browser);
    open(world, page, Strategy::RemoteWins);
    world.run_for(1);
    page
}

/// Logs in, and lets everything settle.
fn go_online(world: &mut World, page: ClientId) {
    world.server().forget_requests();
    world.client_mut(page).forget();
    world.login(page, "{}");
    world.run_until_open(page);
    world.run_for(A_WHILE);
}

fn is_from_storage(world: &World, page: ClientId) -> bool {
    world.client(page).client().records().is_from_storage(NAME)
}

fn is_ready(world: &World, page: ClientId) -> bool {
    world.client(page).client().records().is_ready(NAME)
}

fn await_ready(world: &mut World, page: ClientId) -> Ticket {
    wish(world, page, RecordWish::AwaitReady(NAME.into())).expect("waiting has a ticket")
}

/// How often an application was told that the record is ready.
fn times_ready(world: &World, page: ClientId) -> usize {
    let is_it = |output: &&Output| matches!(output, Output::Record { news: RecordNews::Ready, .. });
    world.client(page).outputs().filter(is_it).count()
}

/// What storage was told to keep since: versions; `None` where it was to forget.
fn stored(world: &World, page: ClientId) -> Vec<Option<i32>> {
    let stored = world.client(page).outputs().filter_map(|output| match output {
        Output::StoreRecord { record, .. } => Some(record.as_ref().map(|(version, _)| *version)),
        _ => None,
    });
    stored.collect()
}

/// What a browser keeps of the record.
fn in_storage(world: &mut World, browser: BrowserId) -> Option<(i32, String)> {
    world.browser(browser).records.get(NAME).cloned()
}

/// What the server was asked about records: the actions.
fn actions(world: &mut World) -> Vec<String> {
    let texts = world.server().requests().into_iter().filter_map(|request| match request {
        Request::Record(text) => text.split_once(' ').map(|(action, _)| action.to_owned()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_page_without_a_network_shows_what_storage_has_and_says_so() {
    let (mut world, browser, _) = kept();
    let page = page(&mut world, browser);
    open(&mut world, page, Strategy::RemoteWins);
    watch(&mut world, page, "title");
    let ready = await_ready(&mut world, page);
    assert!(!is_ready(&world, page) && !is_from_storage(&world, page));
    world.run_for(1);
    assert!(is_ready(&world, page) && is_from_storage(&world, page));
    assert!(world.client(page).succeeded(ready));
    assert_eq!(times_ready(&world, page), 1);
    assert_eq!(changes(&world, page), [("title".into(), Some("\"draft\"".into()))]);
    assert_eq!(view(&mut world, page), r#"{"title":"draft","size":5}"#);
    let records = world.client(page).client().records();
    assert_eq!((records.version(NAME), records.state(NAME)), (Some(1), Some("RESUBSCRIBING")));
}

#[test]
fn what_the_server_has_too_is_confirmed_without_being_read() {
    let (mut world, browser, _) = kept();
    let page = page_with_record(&mut world, browser);
    go_online(&mut world, page);
    assert_eq!(actions(&mut world), ["SUBSCRIBEANDHEAD"]);
    assert!(!is_from_storage(&world, page));
    assert_eq!((times_ready(&world, page), changes(&world, page).len()), (0, 0));
    assert_eq!(stored(&world, page), [], "storage has it already");
    assert_all_equal(&mut world);
}

#[test]
fn what_has_changed_since_is_read_told_and_kept() {
    let (mut world, browser, author) = kept();
    set(&mut world, author, "title", "\"second\"");
    world.run_for(A_WHILE);
    let page = page_with_record(&mut world, browser);
    watch(&mut world, page, "title");
    go_online(&mut world, page);
    assert_eq!(actions(&mut world), ["SUBSCRIBEANDHEAD", "READ"]);
    assert_eq!(changes(&world, page), [("title".into(), Some("\"second\"".into()))]);
    assert!(!is_from_storage(&world, page));
    assert_eq!(in_storage(&mut world, browser).unwrap().0, 2);
    assert_all_equal(&mut world);
}

#[test]
fn a_record_that_is_gone_on_the_server_ends_and_is_forgotten() {
    let (mut world, browser, author) = kept();
    delete(&mut world, author);
    world.run_for(A_WHILE);
    let page = page_with_record(&mut world, browser);
    assert!(is_from_storage(&world, page));
    go_online(&mut world, page);
    assert!(is_told_of_deletion(&world, page));
    assert_eq!(in_storage(&mut world, browser), None);
}

#[test]
fn a_deletion_here_is_one_in_storage_whether_the_record_is_open_or_not() {
    for is_open in [true, false] {
        let (mut world, browser, _) = kept();
        let page = page(&mut world, browser);
        world.open(page);
        if is_open {
            open(&mut world, page, Strategy::RemoteWins);
            world.run_for(A_WHILE);
        }
        delete(&mut world, page);
        world.run_for(A_WHILE);
        assert_eq!((in_storage(&mut world, browser), on_server(&mut world)), (None, None));
    }
}

#[test]
fn a_storage_that_is_slow_or_silent_holds_up_nobody() {
    for takes_ms in [Some(1_500..=1_500), None] {
        let (mut world, browser, _) = kept();
        world.browser(browser).lookups_take_ms = takes_ms;
        let page = page(&mut world, browser);
        world.open(page);
        open(&mut world, page, Strategy::RemoteWins);
        let asked = |world: &mut World| actions(world);
        world.run_for(900);
        assert_eq!(asked(&mut world), Vec::<String>::new(), "storage may still answer");
        world.run_for(300);
        assert_eq!(asked(&mut world), ["SUBSCRIBECREATEANDREAD"]);
        world.run_for(A_WHILE);
        assert!(!is_from_storage(&world, page), "an answer that comes too late changes nothing");
        assert_eq!(times_ready(&world, page), 1);
        assert_all_equal(&mut world);
    }
}

#[test]
fn a_session_that_begins_meanwhile_waits_for_storage_too() {
    let (mut world, browser, _) = kept();
    world.browser(browser).lookups_take_ms = Some(800..=800);
    let page = page(&mut world, browser);
    open(&mut world, page, Strategy::RemoteWins);
    world.open(page);
    world.run_for(500);
    assert_eq!(actions(&mut world), Vec::<String>::new());
    world.run_for(A_WHILE);
    assert_eq!(actions(&mut world), ["SUBSCRIBEANDHEAD"]);
    assert_all_equal(&mut world);
}

#[test]
fn without_a_connection_storage_may_take_its_time() {
    let (mut world, browser, _) = kept();
    world.browser(browser).lookups_take_ms = Some(30_000..=30_000);
    let page = page(&mut world, browser);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(29_999);
    assert!(!is_ready(&world, page));
    world.run_for(1);
    assert!(is_from_storage(&world, page));
}

#[test]
fn what_waits_for_a_client_that_rests_waits_for_storage_first() {
    let (mut world, browser, _) = kept();
    world.server().policy.at_challenge = crate::world::server::AtChallenge::Reject;
    for lookups_take_ms in [Some(0..=0), None] {
        world.browser(browser).lookups_take_ms = lookups_take_ms.clone();
        let page = page(&mut world, browser);
        world.run_for(A_WHILE);
        assert!(world.client(page).error_codes().contains(&"CHALLENGE_DENIED"));
        open(&mut world, page, Strategy::RemoteWins);
        let ready = await_ready(&mut world, page);
        world.run_for(A_WHILE);
        assert_eq!(world.client(page).succeeded(ready), lookups_take_ms.is_some());
        assert_eq!(world.client(page).rejection(ready).is_some(), lookups_take_ms.is_none());
    }
}

#[test]
fn a_hundred_records_are_asked_for_in_one_message_in_whatever_order_storage_answers() {
    for interval_ms in [0, 100] {
        let (mut world, browser, author) = kept();
        let names: Vec<String> = (0..100).map(|number| format!("record {number}")).collect();
        for name in &names {
            let (name, path) = (name.clone(), String::new());
            wish(
                &mut world,
                author,
                RecordWish::SetData { name, path, data: Some("{}".into()), delivery: Delivery::Durable, ttl_ms: None },
            );
        }
        world.run_for(A_WHILE);
        for round in 0..2 {
            world.browser(browser).lookups_take_ms = Some(0..=50);
            let page = world.add_client_in(browser, |options| {
                options.offline_enabled = true;
                options.subscription_interval_ms = interval_ms;
            });
            world.open(page);
            for name in &names {
                wish(&mut world, page, RecordWish::Open { name: name.clone(), strategy: Strategy::RemoteWins });
            }
            world.run_for(A_WHILE);
            let expected = ["SUBSCRIBECREATEANDREAD", "SUBSCRIBEANDHEAD"][round];
            assert_eq!(actions(&mut world), [expected]);
            world.crash(page);
        }
    }
}

#[test]
fn a_write_to_a_kept_record_is_the_next_version() {
    let (mut world, browser, _) = kept();
    let page = page_with_record(&mut world, browser);
    let ticket = set(&mut world, page, "title", "\"offline\"");
    go_online(&mut world, page);
    assert_eq!(actions(&mut world), ["SUBSCRIBEANDHEAD", "READ", "PATCH"]);
    assert!(world.client(page).succeeded(ticket));
    assert_eq!(on_server(&mut world), Some((2, r#"{"title":"offline","size":5}"#.into())));
    assert_all_equal(&mut world);
}

#[test]
fn a_write_to_what_was_seen_is_settled_like_any_other() {
    for strategy in [Strategy::RemoteWins, Strategy::LocalWins] {
        let (mut world, browser, author) = kept();
        let page = page(&mut world, browser);
        open(&mut world, page, strategy);
        world.run_for(1);
        let ticket = set(&mut world, page, "title", "\"offline\"");
        set(&mut world, author, "size", "6");
        go_online(&mut world, page);
        assert_eq!(world.client(page).succeeded(ticket), strategy == Strategy::LocalWins);
        assert_all_equal(&mut world);
    }
}

/// A page that opens the record, does something with it at once, and sees what storage has; meanwhile the author has changed
/// the size to 6.
fn page_that_is_quicker(is_online: bool, act: impl Fn(&mut World, ClientId) -> Ticket) -> (World, ClientId, Ticket) {
    let (mut world, browser, author) = kept();
    set(&mut world, author, "size", "6");
    world.run_for(A_WHILE);
    let page = page(&mut world, browser);
    if is_online {
        world.open(page);
    }
    open(&mut world, page, Strategy::RemoteWins);
    let ticket = act(&mut world, page);
    world.run_for(1);
    assert_eq!(is_from_storage(&world, page), !is_online, "the server will soon say what to write to");
    (world, page, ticket)
}

fn write_title(world: &mut World, page: ClientId) -> Ticket {
    set(world, page, "title", "\"blind\"")
}

#[test]
fn what_was_written_before_anything_was_seen_is_not_lost() {
    for is_online in [true, false] {
        let (mut world, page, ticket) = page_that_is_quicker(is_online, write_title);
        assert!(view(&mut world, page).contains("blind"));
        assert_eq!(times_ready(&world, page), usize::from(!is_online));
        go_online(&mut world, page);
        assert!(world.client(page).succeeded(ticket));
        assert_eq!(times_ready(&world, page), usize::from(is_online), "ready once");
        assert_eq!(on_server(&mut world), Some((3, r#"{"title":"blind","size":6}"#.into())));
        assert!(!is_from_storage(&world, page));
        assert_all_equal(&mut world);
    }
}

#[test]
fn what_was_written_before_anything_was_seen_brings_nothing_back() {
    let (mut world, browser, author) = kept();
    let page = page(&mut world, browser);
    open(&mut world, page, Strategy::RemoteWins);
    let ticket = write_title(&mut world, page);
    delete(&mut world, author);
    world.run_for(A_WHILE);
    assert!(view(&mut world, page).contains("size"));
    go_online(&mut world, page);
    assert!(world.client(page).succeeded(ticket));
    assert_eq!(on_server(&mut world), Some((1, r#"{"title":"blind"}"#.into())));
    assert_all_equal(&mut world);
}

#[test]
fn who_has_seen_what_storage_has_and_writes_to_that_leaves_it_to_the_strategy() {
    let (mut world, page, ticket) = page_that_is_quicker(false, write_title);
    let later = set(&mut world, page, "size", "7");
    go_online(&mut world, page);
    for ticket in [ticket, later] {
        assert_eq!(world.client(page).rejection(ticket), Some("RECORD_WRITE_LOST"));
    }
    assert_all_equal(&mut world);
}

#[test]
fn a_deletion_is_for_what_was_seen_or_for_whatever_there_is() {
    for is_online in [true, false] {
        let (mut world, page, ticket) = page_that_is_quicker(is_online, delete);
        go_online(&mut world, page);
        assert!(world.client(page).succeeded(ticket), "{is_online}");
        assert_eq!(on_server(&mut world), None);
    }
    let (mut world, page, _) = page_that_is_quicker(false, write_title);
    let ticket = delete(&mut world, page);
    go_online(&mut world, page);
    assert_eq!(world.client(page).rejection(ticket), Some("RECORD_WRITE_LOST"));
    assert_eq!(on_server(&mut world), Some((2, r#"{"title":"draft","size":6}"#.into())));
}

#[test]
fn changes_are_kept_when_the_session_ends_or_at_once_where_that_is_wanted() {
    for save_updates_offline in [false, true] {
        let (mut world, browser, author) = kept();
        let page = world.add_client_in(browser, |options| {
            options.offline_enabled = true;
            options.save_updates_offline = save_updates_offline;
        });
        world.open(page);
        open(&mut world, page, Strategy::RemoteWins);
        world.run_for(A_WHILE);
        assert_eq!(stored(&world, page), [], "storage has it already");
        for size in 0..20 {
            set(&mut world, author, "size", &size.to_string());
            world.run_for(100);
        }
        set(&mut world, page, "title", "\"own\"");
        world.run_for(A_WHILE);
        let (version, data) = on_server(&mut world).unwrap();
        let kept = in_storage(&mut world, browser).unwrap();
        if save_updates_offline {
            assert_eq!(kept.0, version);
            assert!(same(&kept.1, &data));
        } else {
            assert_eq!((kept.0, stored(&world, page)), (1, vec![]));
        }
        world.client_mut(page).forget();
        world.network().cut(page);
        world.run_for(20);
        let expected = if save_updates_offline { vec![] } else { vec![Some(version)] };
        assert_eq!(stored(&world, page), expected);
        assert_eq!(in_storage(&mut world, browser).unwrap().0, version);
    }
}

#[test]
fn many_changes_in_a_moment_are_kept_as_one() {
    let (mut world, browser, author) = kept();
    let page = world.add_client_in(browser, |options| {
        options.offline_enabled = true;
        options.save_updates_offline = true;
        options.indexdb_flush_timeout_ms = 500;
    });
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    for size in 0..20 {
        set(&mut world, author, "size", &size.to_string());
        world.run_for(20);
    }
    world.run_for(A_WHILE);
    let version = on_server(&mut world).unwrap().0;
    assert_eq!(stored(&world, page), [Some(version)]);
}

#[test]
fn what_is_kept_is_what_the_server_has() {
    let (mut world, browser, _) = kept();
    let page = page(&mut world, browser);
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    set(&mut world, page, "title", "\"never arrives\"");
    world.network().cut(page);
    wish(&mut world, page, RecordWish::Save);
    world.crash(page);
    assert_eq!(in_storage(&mut world, browser), Some((1, r#"{"title":"draft","size":5}"#.into())));
}

#[test]
fn data_made_anew_with_the_same_version_is_kept_too() {
    let (mut world, browser, author) = kept();
    let page = page(&mut world, browser);
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    world.pause(page);
    delete(&mut world, author);
    world.run_for(A_WHILE);
    let data = Some(r#"{"title":"anew"}"#.into());
    wish(
        &mut world,
        author,
        RecordWish::SetData { name: NAME.into(), path: String::new(), data, delivery: Delivery::Durable, ttl_ms: None },
    );
    world.run_for(A_WHILE);
    assert_eq!(on_server(&mut world).unwrap().0, 1);
    set(&mut world, page, "more", "1");
    world.resume(page);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    world.pause(page);
    let (version, data) = on_server(&mut world).unwrap();
    let kept = in_storage(&mut world, browser).unwrap();
    assert!(kept.0 == version && same(&kept.1, &data), "{kept:?} and not {data}");
}

#[test]
fn a_record_that_is_let_go_of_or_closed_is_kept_as_it_was_last() {
    for is_closed in [false, true] {
        let (mut world, browser, author) = kept();
        let page = page(&mut world, browser);
        world.open(page);
        open(&mut world, page, Strategy::RemoteWins);
        world.run_for(A_WHILE);
        set(&mut world, author, "size", "6");
        world.run_for(A_WHILE);
        if is_closed {
            world.close(page);
        } else {
            wish(&mut world, page, RecordWish::Discard(NAME.into()));
            world.run_for(10_000);
            assert!(!world.client(page).client().records().is_open(NAME));
        }
        assert_eq!(in_storage(&mut world, browser), Some((2, r#"{"title":"draft","size":6}"#.into())));
    }
}

#[test]
fn answers_of_storage_are_for_the_record_that_asked() {
    let (mut world, browser, _) = kept();
    world.browser(browser).lookups_take_ms = Some(500..=500);
    let page = world.add_client_in(browser, |options| {
        options.offline_enabled = true;
        options.record_discard_timeout_ms = 0;
    });
    open(&mut world, page, Strategy::RemoteWins);
    let ready = await_ready(&mut world, page);
    wish(&mut world, page, RecordWish::Discard(NAME.into()));
    assert_eq!(world.client(page).rejection(ready), Some("RECORD_DISCARDED"));
    world.run_for(100);
    world.browser(browser).records.insert(NAME.into(), (3, r#"{"newer":true}"#.into()));
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(450);
    assert!(!is_ready(&world, page), "the former answer is not for this one");
    world.run_for(100);
    assert_eq!(view(&mut world, page), r#"{"newer":true}"#);
    assert_eq!(times_ready(&world, page), 1);
}

#[test]
fn a_record_that_is_let_go_of_while_storage_is_silent_holds_up_no_other() {
    let (mut world, browser, _) = kept();
    let page = world.add_client_in(browser, |options| {
        options.offline_enabled = true;
        options.record_discard_timeout_ms = 0;
    });
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.browser(browser).lookups_take_ms = None;
    wish(&mut world, page, RecordWish::Open { name: "other".into(), strategy: Strategy::RemoteWins });
    world.run_for(50);
    assert!(is_from_storage(&world, page));
    wish(&mut world, page, RecordWish::Discard("other".into()));
    world.run_for(A_WHILE);
    assert_eq!(actions(&mut world), ["SUBSCRIBEANDHEAD"]);
    assert!(!is_from_storage(&world, page));
}

#[test]
fn a_client_that_is_closed_meanwhile_takes_no_answers() {
    let (mut world, browser, _) = kept();
    world.browser(browser).lookups_take_ms = Some(500..=500);
    let page = page(&mut world, browser);
    open(&mut world, page, Strategy::RemoteWins);
    let ready = await_ready(&mut world, page);
    world.close(page);
    assert_eq!(world.client(page).rejection(ready), Some("IS_CLOSED"));
    assert_eq!(world.client(page).client().deadline(), None);
    world.client_mut(page).forget();
    world.run_for(A_WHILE);
    assert_eq!(world.client(page).outputs().count(), 0);
}

#[test]
fn records_with_ignored_prefixes_are_neither_looked_up_nor_kept() {
    let (mut world, browser, _) = kept();
    let page = world.add_client_in(browser, |options| {
        options.offline_enabled = true;
        options.ignore_prefixes = vec!["secret/".into(), "no".into()];
    });
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    set(&mut world, page, "title", "\"own\"");
    delete(&mut world, page);
    world.run_for(A_WHILE);
    world.close(page);
    let is_storage = |output: &Output| matches!(output, Output::LoadRecord { .. } | Output::StoreRecord { .. });
    assert!(!world.client(page).outputs().any(is_storage));
}

#[test]
fn a_record_that_is_refused_is_forgotten() {
    let (mut world, browser, _) = kept();
    world.server().policy.denied_rights.insert((Right::Read, NAME.into()));
    let page = page_with_record(&mut world, browser);
    go_online(&mut world, page);
    assert!(world.client(page).error_codes().contains(&"MESSAGE_DENIED"));
    assert_eq!(in_storage(&mut world, browser), None);
}

#[test]
fn a_record_that_comes_to_be_refused_is_forgotten_for_good() {
    let (mut world, browser, _) = kept();
    let page = page(&mut world, browser);
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    world.server().policy.denied_rights.insert((Right::Read, NAME.into()));
    for _ in 0..2 {
        world.network().cut(page);
        world.run_for(A_WHILE);
        wish(&mut world, page, RecordWish::Save);
        assert_eq!(in_storage(&mut world, browser), None);
    }
}

#[test]
fn what_is_no_record_is_reported_once_and_replaced() {
    let garbage = [(1, "{\"half\":"), (1, "5"), (-3, "{}"), (7, "")];
    for (version, data) in garbage {
        let (mut world, browser, _) = kept();
        let names = ["other", NAME];
        for name in names {
            world.browser(browser).records.insert(name.into(), (version, data.into()));
        }
        let page = page(&mut world, browser);
        world.open(page);
        for name in names {
            wish(&mut world, page, RecordWish::Open { name: name.into(), strategy: Strategy::RemoteWins });
        }
        world.run_for(A_WHILE);
        assert_eq!(world.client(page).error_codes(), ["OFFLINE_STORAGE_ERROR"]);
        assert_eq!(in_storage(&mut world, browser), Some((1, r#"{"title":"draft","size":5}"#.into())));
        assert_all_equal(&mut world);
    }
}

#[test]
fn each_failure_of_storage_is_told_once_and_not_without_end() {
    let mut world = World::new();
    let alice = world.add_open_client();
    let words = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    for words in words.into_iter().chain(words) {
        wish(&mut world, alice, RecordWish::StorageFailed(words));
    }
    assert_eq!(world.client(alice).error_codes(), ["OFFLINE_STORAGE_ERROR"; 8]);
}

#[test]
fn a_storage_that_was_emptied_stays_so_until_there_is_something_new() {
    let (mut world, browser, author) = kept();
    let page = page(&mut world, browser);
    world.open(page);
    open(&mut world, page, Strategy::RemoteWins);
    world.run_for(A_WHILE);
    set(&mut world, author, "size", "4");
    world.run_for(A_WHILE);
    world.browser(browser).records.clear();
    wish(&mut world, page, RecordWish::StorageCleared);
    world.network().cut(page);
    world.run_until_open(page);
    world.run_for(A_WHILE);
    assert_eq!(in_storage(&mut world, browser), None);
    wish(&mut world, page, RecordWish::Save);
    assert_eq!(in_storage(&mut world, browser).unwrap().0, 2);
    set(&mut world, author, "size", "6");
    world.run_for(A_WHILE);
    world.close(page);
    assert_eq!(in_storage(&mut world, browser).unwrap().0, 3);
}
