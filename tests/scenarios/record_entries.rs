//! Lists and queues: entries that come and go before anybody knows what the record has.

use deepstream_wasm::client::{Strategy, Ticket, record::EntryEdit};

use crate::{
    record_support::*,
    world::{ClientId, RecordWish, World},
};

const LIST: &str = r#"["a","b"]"#;
const QUEUE: &str = r#"{"h":{"n":"4","p":"2"},"4":{"d":"a","p":"","n":"2"},"2":{"d":"b","p":"4","n":""}}"#;

/// The ways in which a record may be loaded after it was changed.
const WAYS: [Way; 4] = [Way::Connected, Way::Reconnected, Way::NextPage, Way::Kept];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Connected,
    /// It was opened and changed while there was no connection.
    Reconnected,
    /// The page that changed it was killed.
    NextPage,
    /// A storage of records has it, and answers after it was changed.
    Kept,
}

type Change<'a> = (bool, Option<i32>, &'a str);

fn change(world: &mut World, client: ClientId, is_queue: bool, (is_removal, index, entry): Change<'_>) -> Ticket {
    let edit = EntryEdit { is_queue, is_removal, index };
    let entry = format!("\"{entry}\"");
    wish(world, client, RecordWish::ChangeEntries { name: NAME.into(), edit, entry }).expect("it has a ticket")
}

/// What the server has in the end, if a record with `before` is opened and changed in one go.
fn outcome(way: Way, before: &str, changes: &[Change<'_>]) -> String {
    let mut world = World::new();
    world.server().add_storage();
    let author = world.add_open_client();
    open(&mut world, author, Strategy::RemoteWins);
    set(&mut world, author, "", before);
    world.run_for(A_WHILE);

    let browser = world.add_browser();
    let page = |world: &mut World| world.add_client_in(browser, |options| options.offline_enabled = way == Way::Kept);
    if way == Way::Kept {
        let former = page(&mut world);
        world.open(former);
        open(&mut world, former, Strategy::RemoteWins);
        world.run_for(A_WHILE);
        world.crash(former);
        world.run_for(A_WHILE);
    }
    let mut client = page(&mut world);
    if way == Way::Connected {
        world.open(client);
    }
    open(&mut world, client, Strategy::RemoteWins);
    let is_queue = before.starts_with('{');
    let tickets: Vec<_> = changes.iter().map(|made| change(&mut world, client, is_queue, *made)).collect();
    world.run_for(A_WHILE);
    if way == Way::NextPage {
        world.crash(client);
        client = page(&mut world);
    }
    if way != Way::Connected {
        world.open(client);
    }
    world.run_for(10_000);
    if way != Way::NextPage {
        assert!(tickets.iter().all(|ticket| world.client(client).succeeded(*ticket)), "{way:?}");
        assert_all_equal(&mut world);
    }
    on_server(&mut world).expect("the server has the record").1
}

#[test]
fn what_comes_to_a_list_and_goes_before_it_is_loaded_changes_what_is_loaded() {
    for way in WAYS {
        for (changes, expected) in [
            (&[(false, None, "c")] as &[Change<'_>], r#"["a","b","c"]"#),
            (&[(true, None, "z")], LIST),
            (&[(false, Some(1), "c"), (true, None, "a"), (false, None, "d")], r#"["c","b","d"]"#),
            (&[(false, None, "b"), (true, Some(2), "b")], LIST),
        ] {
            let data = outcome(way, LIST, changes);
            assert!(same(&data, expected), "{way:?} {changes:?}: {data}");
        }
    }
}

#[test]
fn what_comes_to_a_queue_and_goes_before_it_is_loaded_changes_what_is_loaded() {
    for way in WAYS {
        for (changes, expected) in [
            (&[(false, None, "c")] as &[Change<'_>], "abc"),
            (&[(false, Some(0), "c"), (true, None, "b")], "ca"),
            (&[(false, None, "c"), (true, Some(-1), "c"), (true, None, "z")], "ab"),
        ] {
            let data = outcome(way, QUEUE, changes);
            let mut record = deepstream_wasm::client::record::Document::parse(&data).unwrap();
            let mut at = |path: String| {
                let path = deepstream_wasm::client::record::Path::parse(&path).unwrap();
                record.get(&path).and_then(|value| value.string()).unwrap()
            };
            let (mut entries, mut key, last) = (String::new(), at("h.n".into()), at("h.p".into()));
            let mut before = String::new();
            while !key.is_empty() {
                entries.push_str(&at(format!("{key}.d")));
                assert_eq!(at(format!("{key}.p")), before, "{data}");
                before.clone_from(&key);
                key = at(format!("{key}.n"));
            }
            assert_eq!((entries.as_str(), before), (expected, last), "{way:?} {changes:?}: {data}");
        }
    }
}

#[test]
fn what_was_put_in_counts_once_when_the_connection_is_cut_before_the_answer() {
    for ms in (0..400).step_by(5) {
        let mut world = World::new();
        world.server().add_storage();
        let (author, client) = (world.add_open_client(), world.add_open_client());
        open(&mut world, author, Strategy::RemoteWins);
        set(&mut world, author, "", LIST);
        world.run_for(A_WHILE);
        open(&mut world, client, Strategy::RemoteWins);
        let ticket = change(&mut world, client, false, (false, None, "c"));
        world.run_for(ms);
        world.network().cut(client);
        world.run_until_open(client);
        world.run_for(A_WHILE);
        assert!(world.client(client).succeeded(ticket), "{ms}");
        let (_, data) = on_server(&mut world).unwrap();
        assert!(same(&data, r#"["a","b","c"]"#), "{ms}: {data}");
        assert_all_equal(&mut world);
    }
}

#[test]
fn what_was_put_in_counts_once_when_the_page_is_killed() {
    for outputs in 0..40 {
        let mut world = World::new();
        world.server().add_storage();
        let author = world.add_open_client();
        open(&mut world, author, Strategy::RemoteWins);
        set(&mut world, author, "", LIST);
        world.run_for(A_WHILE);
        let browser = world.add_browser();
        let page = world.add_client_in(browser, |_| {});
        open(&mut world, page, Strategy::RemoteWins);
        change(&mut world, page, false, (false, None, "c"));
        world.crash_after(page, outputs);
        world.login(page, "{}");
        world.run_for(A_WHILE);
        world.crash(page);
        let next = world.add_client_in(browser, |_| {});
        world.open(next);
        world.run_for(10_000);
        let (_, data) = on_server(&mut world).unwrap();
        assert!(same(&data, r#"["a","b","c"]"#), "{outputs}: {data}");
    }
}
