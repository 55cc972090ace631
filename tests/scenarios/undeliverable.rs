//! What the server cannot take, whatever it is: it is found and told, and what was beside it arrives.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use deepstream_wasm::client::{ConnectionState, Delivery, DropReason, OutboxNews, Output, Strategy, Ticket};

use super::{outbox::entries_in, record_support::same};
use crate::world::{ClientId, RecordWish, Reply, Wish, World};

/// The longest frame that the server takes, in bytes.
const LIMIT: usize = 100_000;

/// What no server survives.
const POISON: &str = "poison";

/// Long enough for ten attempts in a row that fail, in milliseconds.
const LONG_ENOUGH: u64 = 600_000;

/// Most connections until one thing is found behind a few others.
const FEW: usize = 20;

/// Why the server cannot take it, and what clients hear of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// It is too big, and the server says so.
    TooBig,
    /// It is too big, and a proxy keeps that to itself.
    TooBigBehindProxy,
    /// The server ends the connection for what is in it.
    Deadly,
}

const CAUSES: [Cause; 3] = [Cause::TooBig, Cause::TooBigBehindProxy, Cause::Deadly];

/// What it is that the server cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Event(Delivery),
    /// A write to a record that is open.
    Write,
    /// A write to a record that is not.
    WriteUnopened(Delivery),
    Call {
        is_durable: bool,
        is_idempotent: bool,
    },
}

/// All but those that are made once and never again, so that their first loss is their end.
const KINDS: [What; 7] = [
    What::Event(Delivery::Durable),
    What::Event(Delivery::Memory),
    What::Write,
    What::WriteUnopened(Delivery::Durable),
    What::WriteUnopened(Delivery::Memory),
    What::Call { is_durable: true, is_idempotent: true },
    What::Call { is_durable: false, is_idempotent: true },
];

impl Cause {
    /// A payload that has it.
    fn payload(self) -> String {
        if self == Self::Deadly { format!("\"{POISON}\"") } else { format!("\"{}\"", "x".repeat(2 * LIMIT)) }
    }
}

/// A server that takes everything but that, somebody who provides `echo`, and a client that retries soon.
fn start(cause: Cause) -> (World, ClientId) {
    let mut world = World::new();
    world.server().add_storage();
    let provider = world.add_open_client();
    world.provide(provider, "echo");
    world.client_mut(provider).react(|output| match output {
        Output::RpcRequest(request) => vec![Reply::Send("1".into()).to(request)],
        _ => vec![],
    });
    world.run_for(1_000);
    match cause {
        Cause::TooBig => world.server().policy.max_frame_bytes = LIMIT,
        Cause::TooBigBehindProxy => {
            world.server().policy.max_frame_bytes = LIMIT;
            world.server().policy.too_big_code = 1006;
        }
        Cause::Deadly => world.server().policy.poison = Some(POISON),
    }
    let client = world.add_client_with(|options| options.reconnect_interval_increment_ms = 100);
    world.open(client);
    for name in ["mine", "open"] {
        open(&mut world, client, name);
    }
    world.run_for(1_000);
    (world, client)
}

fn open(world: &mut World, client: ClientId, name: &str) {
    let strategy = Strategy::RemoteWins;
    world.wish(client, Wish::Record(RecordWish::Open { name: name.into(), strategy }));
}

fn set(name: &str, path: &str, data: &str) -> Wish {
    let edits = vec![(path.into(), Some(data.into()))];
    Wish::Record(RecordWish::Write { name: name.into(), edits })
}

fn emit(data: &str, delivery: Delivery) -> Wish {
    Wish::Offer { name: "news".into(), data: data.into(), delivery, ttl_ms: None, key: None, receipt: true }
}

impl What {
    /// The application wants this kind of thing, with that payload.
    fn wish(self, payload: &str) -> Wish {
        let (name, data) = (String::from("echo"), String::from(payload));
        match self {
            Self::Event(delivery) => emit(payload, delivery),
            Self::Write => set("mine", "big", payload),
            Self::WriteUnopened(delivery) => {
                let (name, path, data) = ("other".into(), "big".into(), Some(data));
                Wish::Record(RecordWish::SetData { name, path, data, delivery, ttl_ms: None })
            }
            Self::Call { is_durable: true, is_idempotent: idempotent } => {
                Wish::MakeDurable { name, data, timeout_ms: None, ttl_ms: None, idempotent }
            }
            Self::Call { is_durable: false, is_idempotent: idempotent } => {
                Wish::Make { name, data: Some(data), timeout_ms: None, idempotent }
            }
        }
    }
}

/// Whenever it is logged in, the application emits something with a receipt and writes to its record. Gives the payloads.
fn emits_and_writes_whenever_it_is_open(world: &mut World, client: ClientId) -> Rc<RefCell<Vec<String>>> {
    let payloads = Rc::new(RefCell::new(Vec::new()));
    let given = Rc::clone(&payloads);
    world.client_mut(client).react(move |output| match output {
        Output::StateChanged(ConnectionState::Open) => {
            let mut given = given.borrow_mut();
            let payload = given.len().to_string();
            given.push(payload.clone());
            vec![emit(&payload, Delivery::Durable), set("open", &format!("k{payload}"), &payload)]
        }
        _ => vec![],
    });
    payloads
}

/// What the client has given up, and why.
fn dropped(world: &World, client: ClientId) -> Vec<(DropReason, Box<str>)> {
    let news = world.client(client).outputs().filter_map(|output| match output {
        Output::Outbox(OutboxNews::Dropped { why, entries }) => Some((*why, entries)),
        _ => None,
    });
    news.flat_map(|(why, entries)| entries.iter().map(move |entry| (why, entry.name.clone()))).collect()
}

fn assert_undeliverable(world: &World, client: ClientId, ticket: Ticket, story: &str) {
    assert_eq!(world.client(client).rejection(ticket), Some("OUTBOX_UNDELIVERABLE"), "{story}");
}

/// Everything that was emitted and written is on the server, once; and nothing is owed, kept or complained about.
#[track_caller]
fn assert_rest_arrived(world: &mut World, client: ClientId, payloads: &[String], story: &str) {
    let emitted = world.server().emitted().iter().filter(|emitted| emitted.name == "news");
    let mut emitted: Vec<_> = emitted.filter_map(|emitted| emitted.data.clone()).collect();
    let mut seen = BTreeSet::new();
    emitted.retain(|payload| seen.insert(payload.clone()));
    assert_eq!(emitted, payloads, "{story}");
    let record = world.server().records()["open"].1.clone();
    let members: Vec<_> = payloads.iter().map(|payload| format!("\"k{payload}\":{payload}")).collect();
    assert!(same(&record, &format!("{{{}}}", members.join(","))), "{story}: {record}");
    assert!(world.client(client).owed().is_empty(), "{story}");
    assert_eq!(world.client(client).client().outbox().len(), 0, "{story}");
    let home = world.home(client);
    assert_eq!(entries_in(world, home), 0, "{story}");
    assert_eq!(world.complaints().collect::<Vec<_>>(), Vec::<&str>::new(), "{story}");
}

#[test]
fn whatever_it_is_it_is_found_and_all_that_is_wanted_meanwhile_arrives() {
    for cause in CAUSES {
        for what in KINDS {
            let story = format!("{cause:?} {what:?}");
            let (mut world, client) = start(cause);
            let payloads = emits_and_writes_whenever_it_is_open(&mut world, client);
            world.client_mut(client).forget();
            let culprit = world.wish(client, what.wish(&cause.payload())).expect("there is a ticket");
            world.run_for(LONG_ENOUGH);
            assert_undeliverable(&world, client, culprit, &story);
            let given_up = dropped(&world, client);
            assert!(given_up.iter().all(|(why, _)| *why == DropReason::Undeliverable), "{story}: {given_up:?}");
            assert!(given_up.len() <= 1, "{story}: {given_up:?}");
            let payloads = payloads.borrow().clone();
            assert!(!payloads.is_empty(), "{story}");
            assert_rest_arrived(&mut world, client, &payloads, &story);
            let dials = world.client(client).dialled_at().len();
            assert!(dials <= if cause == Cause::TooBig { 2 } else { FEW }, "{story}: {dials}");
            assert_eq!(world.client(client).state(), ConnectionState::Open, "{story}");
        }
    }
}

#[test]
fn one_of_each_kind_is_found_and_all_that_was_beside_them_arrives() {
    for cause in CAUSES {
        let story = format!("{cause:?}");
        let (mut world, client) = start(cause);
        world.pause(client);
        world.client_mut(client).forget();
        let (mut payloads, mut culprits, mut innocent) = (Vec::new(), Vec::new(), Vec::new());
        for (position, what) in KINDS.into_iter().enumerate() {
            culprits.extend(world.wish(client, what.wish(&cause.payload())));
            let payload = position.to_string();
            innocent.extend(world.wish(client, emit(&payload, Delivery::Durable)));
            innocent.extend(world.wish(client, set("open", &format!("k{payload}"), &payload)));
            let call = What::Call { is_durable: position % 2 == 0, is_idempotent: true };
            innocent.extend(world.wish(client, call.wish(&payload)));
            payloads.push(payload);
        }
        world.resume(client);
        world.run_for(2 * LONG_ENOUGH);
        for culprit in culprits {
            assert_undeliverable(&world, client, culprit, &story);
        }
        for ticket in innocent {
            assert!(world.client(client).succeeded(ticket), "{story}: {:?}", world.client(client).rejection(ticket));
        }
        assert_rest_arrived(&mut world, client, &payloads, &story);
        let dials = world.client(client).dialled_at().len();
        let most = if cause == Cause::TooBig { KINDS.len() + 1 } else { KINDS.len() * FEW };
        assert!(dials <= most, "{story}: {dials}");
    }
}

#[test]
fn one_among_a_thousand_is_found_in_a_few_connections() {
    for cause in CAUSES {
        let (mut world, client) = start(cause);
        world.pause(client);
        world.client_mut(client).forget();
        let payloads: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
        let mut culprit = None;
        for (position, payload) in payloads.iter().enumerate() {
            if position == 700 {
                culprit = world.wish(client, emit(&cause.payload(), Delivery::Durable));
            }
            world.wish(client, emit(payload, Delivery::Durable));
            world.wish(client, set("open", &format!("k{payload}"), payload));
        }
        world.resume(client);
        world.run_for(LONG_ENOUGH);
        let story = format!("{cause:?}");
        assert_undeliverable(&world, client, culprit.expect("there is a receipt"), &story);
        assert_rest_arrived(&mut world, client, &payloads, &story);
        let dials = world.client(client).dialled_at().len();
        assert!(dials <= if cause == Cause::TooBig { 2 } else { FEW }, "{story}: {dials}");
    }
}

#[test]
fn a_call_that_must_not_be_made_twice_is_told_why_where_the_server_says_so() {
    for cause in CAUSES {
        for is_durable in [true, false] {
            let story = format!("{cause:?}, durable: {is_durable}");
            let (mut world, client) = start(cause);
            let payloads = emits_and_writes_whenever_it_is_open(&mut world, client);
            world.client_mut(client).forget();
            let what = What::Call { is_durable, is_idempotent: false };
            let culprit = world.wish(client, what.wish(&cause.payload())).expect("there is a ticket");
            world.run_for(LONG_ENOUGH);
            let expected = if cause == Cause::TooBig { "OUTBOX_UNDELIVERABLE" } else { "OUTCOME_UNKNOWN" };
            assert_eq!(world.client(client).rejection(culprit), Some(expected), "{story}");
            assert_rest_arrived(&mut world, client, &payloads.borrow().clone(), &story);
            assert_eq!(world.client(client).dialled_at().len(), 1, "{story}");
        }
    }
}

/// Somebody who answers `huge` with too much, and somebody who calls it again whenever that fails, and something small.
fn with_huge_answers(cause: Cause) -> (World, ClientId, ClientId) {
    let (mut world, provider) = start(cause);
    world.provide(provider, "huge");
    world.provide(provider, "small");
    let payload = cause.payload();
    world.client_mut(provider).react(move |output| match output {
        Output::RpcRequest(request) if &*request.name == "small" => vec![Reply::Send("1".into()).to(request)],
        Output::RpcRequest(request) => vec![Reply::Send(payload.clone()).to(request)],
        _ => vec![],
    });
    let caller = world.add_open_client();
    world.run_for(1_000);
    world.client_mut(provider).forget();
    (world, provider, caller)
}

#[test]
fn an_answer_of_a_provider_is_found_and_who_asks_again_is_told() {
    for cause in [Cause::TooBig, Cause::TooBigBehindProxy] {
        let story = format!("{cause:?}");
        let (mut world, provider, caller) = with_huge_answers(cause);
        let mut emitted = Vec::new();
        for number in 0..20 {
            let huge = world.make_with(caller, "huge", "0", None, true);
            emitted.push(world.wish(provider, emit(&number.to_string(), Delivery::Durable)).expect("there is one"));
            let small = world.make_with(caller, "small", "0", None, true);
            world.run_for(15_000);
            world.run_until_open(provider);
            let rejection = world.client(caller).rejection(huge);
            let is_late = number >= if cause == Cause::TooBig { 1 } else { 11 };
            assert!(rejection.is_some(), "{story}");
            assert!(!is_late || rejection == Some("REQUEST_ERROR"), "{story} {number}: {rejection:?}");
            assert!(!is_late || world.client(caller).succeeded(small), "{story} {number}");
        }
        world.run_for(LONG_ENOUGH);
        assert!(emitted.iter().all(|ticket| world.client(provider).succeeded(*ticket)), "{story}");
        let dials = world.client(provider).dialled_at().len();
        assert!(dials <= if cause == Cause::TooBig { 1 } else { 11 }, "{story}: {dials}");
        let codes = world.client(provider).error_codes();
        assert!(codes.contains(&"OUTBOX_UNDELIVERABLE"), "{story}: {codes:?}");
    }
}

#[test]
fn what_the_server_has_refused_for_its_size_is_refused_at_once_for_a_while() {
    let (mut world, client) = start(Cause::TooBig);
    world.client_mut(client).forget();
    for what in KINDS.into_iter().chain([What::Call { is_durable: false, is_idempotent: false }]) {
        let culprit = world.wish(client, what.wish(&Cause::TooBig.payload())).expect("there is a ticket");
        world.run_for(2_000);
        assert_undeliverable(&world, client, culprit, &format!("{what:?}"));
    }
    // Names and keys count too, so that some of these are a little longer than others.
    let dials = world.client(client).dialled_at().len();
    assert!(dials <= 3, "{dials}");

    world.server().policy.max_frame_bytes = 10 * LIMIT;
    world.run_for(LONG_ENOUGH);
    let payload = Cause::TooBig.payload();
    let delivered = world.wish(client, emit(&payload, Delivery::Durable)).expect("there is a receipt");
    world.run_for(2_000);
    assert!(world.client(client).succeeded(delivered), "by now the server takes more");
}

#[test]
fn nothing_is_given_up_because_connections_do_not_last() {
    let (mut world, client) = start(Cause::Deadly);
    let payloads = emits_and_writes_whenever_it_is_open(&mut world, client);
    world.client_mut(client).forget();
    let calls: Vec<_> = KINDS.iter().filter_map(|what| world.wish(client, what.wish("\"fine\""))).collect();
    for _ in 0..40 {
        // Something of it arrives each time, and something does not.
        world.run_for(55);
        world.network().cut(client);
        world.run_until_open(client);
    }
    world.client_mut(client).stop_reacting();
    world.run_for(LONG_ENOUGH);
    for ticket in calls {
        assert!(world.client(client).succeeded(ticket), "{:?}", world.client(client).rejection(ticket));
    }
    assert!(dropped(&world, client).is_empty());
    let record = world.server().records()["open"].1.clone();
    assert!(payloads.borrow().iter().all(|payload| record.contains(&format!("\"k{payload}\":"))), "{record}");
}
