//! What becomes of a write that is made while there is no connection: every kind of write, length of the outage, other
//! writer, strategy and cause, and few rules for all of them.

use deepstream_wasm::client::{
    Output, RecordNews, Strategy,
    record::{Document, Path, Side, merge},
};

use crate::{
    outbox::entries_in,
    record_support::*,
    world::{ClientId, RecordWish, World, network::Route},
};

/// Paths and JSON texts; `None` erases.
type Edits = &'static [(&'static str, Option<&'static str>)];

/// What Alice writes.
const WRITES: [(&str, Edits); 6] = [
    ("set", &[("", Some(r#"{"new":[1]}"#))]),
    ("set at a path", &[("body.text", Some("\"alice's\""))]),
    ("erase", &[("body.text", None)]),
    ("setMulti", &[("body.text", Some("\"alice's\"")), ("title", Some("\"alice's\""))]),
    ("addEntry", &[("tags", Some(r#"["a","alice's"]"#))]),
    // Without an edit: the record is deleted.
    ("delete", &[]),
];

/// What Bob writes meanwhile, if anything: at a path of Alice's, or at another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    SamePath,
    OtherPath,
}

/// Why Alice has no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Network,
    RestartWithStorage,
    /// The server has forgotten the record.
    RestartWithoutStorage,
}

/// What becomes of Alice's page before she is connected again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Stays,
    /// It is killed; in the next one the record is opened before there is a connection.
    KilledAndOpened,
    /// It is killed, and nothing is opened in the next one.
    Killed,
}

/// What is to become of it.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Both ends have this.
    Data(String),
    /// There is no such record any more.
    Gone,
}

/// The rules.
///
/// - If nobody else has written, what Alice wrote is done: to a record that the server has forgotten, too.
/// - What the server has already needs no deciding.
/// - Otherwise the strategy decides about the record as a whole, or as [`merge`] does; a deletion is the change that
///   leaves nothing, and wins or loses as a whole.
/// - Whoever is asked decides. (Here: a record that says so, or, about a deletion, that it stands.)
fn rule(strategy: Strategy, meanwhile: Meanwhile, base: &str, edits: Edits, remote: Option<&str>) -> Outcome {
    let local = made(base, edits);
    let local = local.as_deref();
    let remote = match (meanwhile, local, remote) {
        (Meanwhile::Nothing, Some(local), _) => return Outcome::Data(local.into()),
        (Meanwhile::Nothing, None, _) => return Outcome::Gone,
        (_, _, remote) => remote.expect("Bob's record"),
    };
    if made(remote, edits).is_some_and(|made| same(&made, remote)) {
        return Outcome::Data(remote.into());
    }
    match (strategy, local) {
        (Strategy::RemoteWins, _) | (Strategy::ThreeWay(Side::Remote), None) => Outcome::Data(remote.into()),
        (Strategy::LocalWins | Strategy::ThreeWay(Side::Local) | Strategy::Custom, None) => Outcome::Gone,
        (Strategy::LocalWins, Some(local)) => Outcome::Data(local.into()),
        (Strategy::Custom, Some(_)) => Outcome::Data(r#"{"settled":true}"#.into()),
        (Strategy::ThreeWay(side), Some(local)) => {
            let [base, local, remote] = [base, local, remote].map(|text| Document::parse(text).unwrap());
            Outcome::Data(merge(base.value(), local.value(), remote.value(), side).text)
        }
    }
}

#[test]
fn a_write_during_an_outage_ends_as_the_rules_say_and_the_same_everywhere() {
    for (title, edits) in WRITES {
        for strategy in [STRATEGIES.as_slice(), &[Strategy::Custom]].concat() {
            for meanwhile in [Meanwhile::Nothing, Meanwhile::SamePath, Meanwhile::OtherPath] {
                for cause in [Cause::Network, Cause::RestartWithStorage, Cause::RestartWithoutStorage] {
                    for outage in [200, 5_000, 600_000] {
                        for page in [Page::Stays, Page::KilledAndOpened, Page::Killed] {
                            println!("{title}, {strategy:?}, {meanwhile:?}, {cause:?}, {outage} ms, {page:?}");
                            live_through(edits, strategy, meanwhile, cause, outage, page);
                        }
                    }
                }
            }
        }
    }
}

fn live_through(edits: Edits, strategy: Strategy, meanwhile: Meanwhile, cause: Cause, outage: u64, page: Page) {
    let (mut world, mut alice, bob) = two_on(strategy, cause != Cause::RestartWithoutStorage);
    let base = view(&mut world, alice);
    world.network().route(alice, Route::Lost);
    if cause == Cause::Network {
        world.network().cut(alice);
    } else {
        world.server().restart();
    }
    let ticket = if edits.is_empty() { delete(&mut world, alice) } else { write(&mut world, alice, edits) };
    world.run_for(outage);
    if page != Page::Stays {
        let seen = view(&mut world, alice);
        alice = reload(&mut world, alice, strategy);
        world.network().route(alice, Route::Lost);
        if page == Page::KilledAndOpened {
            open(&mut world, alice, strategy);
            world.run_for(A_WHILE);
            assert!(same(&view(&mut world, alice), &seen), "what was written is seen without a connection");
        }
    }
    world.run_until_open(bob);
    world.run_for(A_WHILE);
    if meanwhile != Meanwhile::Nothing {
        let path = match (meanwhile, edits.first()) {
            (Meanwhile::OtherPath, _) => "body.size",
            (_, Some(("tags", _))) => "tags",
            _ => "body.text",
        };
        hold(&mut world, bob, strategy);
        set(&mut world, bob, path, r#"["bob's"]"#);
        world.run_for(A_WHILE);
    }
    let remote = on_server(&mut world).map(|(_, data)| data);
    let expected = rule(strategy, meanwhile, &base, edits, remote.as_deref());

    world.network().route(alice, Route::Clear);
    if page == Page::Stays {
        world.resume(alice);
    } else {
        world.login(alice, "{}");
    }
    world.run_for(60_000);
    world.run_until_open(alice);
    world.run_for(A_WHILE);
    if let Some((question, local, _)) = asked(&world, alice) {
        answer(&mut world, alice, question, Ok(local.map(|_| r#"{"settled":true}"#)));
        world.run_for(A_WHILE);
    }
    match expected {
        Outcome::Gone => assert_eq!(on_server(&mut world), None),
        Outcome::Data(expected) => {
            let (_, data) = on_server(&mut world).expect("there is a record");
            assert!(same(&data, &expected), "{data}, and not {expected}");
            for client in [alice, bob] {
                hold(&mut world, client, strategy);
            }
            assert_all_equal(&mut world);
        }
    }
    let is_told = |output: &Output| matches!(output, Output::Record { news: RecordNews::Conflict { .. }, .. });
    let is_known = |output: &Output| matches!(output, Output::Error(error) if error.code() == "RECORD_WRITE_LOST");
    let is_lost = if page == Page::Stays {
        assert!(world.client(alice).outcome(ticket).is_some());
        !world.client(alice).succeeded(ticket)
    } else {
        world.client(alice).outputs().any(is_known)
    };
    assert!(!is_lost || world.client(alice).outputs().any(is_told), "what is lost is told, with both values");
    assert!(!is_lost || meanwhile != Meanwhile::Nothing, "nobody else has written");
    let home = world.home(alice);
    assert_eq!(entries_in(&mut world, home), 0, "nothing is left in storage");
    assert_eq!(world.client(alice).client().outbox().len(), 0);
}

/// What the edits make of the data; `None` if it is deleted.
fn made(base: &str, edits: Edits) -> Option<String> {
    let mut document = Document::parse(base).unwrap();
    for (path, data) in edits {
        let path = Path::parse(path).unwrap();
        match data {
            Some(data) => document.set(&path, data).unwrap(),
            None => document.erase(&path).unwrap(),
        };
    }
    (!edits.is_empty()).then(|| document.value().text().into_owned())
}

/// Opens the record unless it is open.
fn hold(world: &mut World, client: ClientId, strategy: Strategy) {
    if world.client_mut(client).record(NAME, "").is_none() {
        wish(world, client, RecordWish::Open { name: NAME.into(), strategy });
        world.run_for(A_WHILE);
    }
}
