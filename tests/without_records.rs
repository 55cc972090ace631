//! A build without records: `cargo test --no-default-features --test without_records`.
#![cfg(not(feature = "records"))]

use std::collections::BTreeMap;

use deepstream_wasm::{
    client::{
        Client, Command, ConnectionState, Delivery, EventCommand, Frame, Input, Instant, Kind, LockOutcome, Offer,
        Options, Output, SocketEvent, SocketId, StorageEvent, Ticket,
    },
    wire::{self, Action, AuthAction, ConnectionAction, EventAction, Message, RecordAction},
};

type Storage = BTreeMap<String, String>;

/// A client with a server that lets it in, and a storage whose locks are all free.
struct Page {
    client: Client,
    now: Instant,
    socket: Option<SocketId>,
    storage: Storage,
    locks: Vec<String>,
    /// The names of the events that it has sent.
    emitted: Vec<String>,
    errors: usize,
}

impl Page {
    fn new(storage: Storage, seed: u64) -> Self {
        let now = Instant::default();
        let client = Client::new(now, &["ws://server/deepstream"], Options::default(), seed);
        let (socket, locks, emitted) = (None, Vec::new(), Vec::new());
        let mut page = Self { client, now, socket, storage, locks, emitted, errors: 0 };
        page.input(Input::WallClock(1_000_000));
        page
    }

    fn log_in(&mut self) {
        self.input(Input::Command(Command::Login { ticket: Ticket(0), params: None }));
        self.input(Input::Tick);
        let socket = self.socket.expect("it dials");
        self.input(Input::Socket(socket, SocketEvent::Opened));
        self.say(Message::new(ConnectionAction::Accept));
        self.say(Message::new(AuthAction::AuthSuccessful));
        assert_eq!(self.client.state(), ConnectionState::Open);
    }

    /// Emits events in one task.
    fn emit(&mut self, names: &[&str]) {
        for name in names {
            let (kind, delivery) = (Kind::Event, Delivery::Durable);
            let offer = Offer { kind, name, data: Some("1"), delivery, ttl_ms: None, key: None, receipt: None };
            self.input(Input::Command(Command::Event(EventCommand::Emit(offer))));
        }
        self.input(Input::TaskEnd);
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.after_ms(ms);
        self.input(Input::Tick);
    }

    fn say(&mut self, message: Message<'_>) {
        let socket = self.socket.expect("there is one");
        self.input(Input::Socket(socket, SocketEvent::Received(Frame::Binary(&message.encode()))));
    }

    fn input(&mut self, input: Input<'_>) {
        self.client.handle(self.now, input);
        while let Some(output) = self.client.poll() {
            match *output {
                Output::OpenSocket(socket, _) => self.socket = Some(socket),
                Output::Send(_, frame) => self.on_sent(&frame),
                Output::ReadStorage { read, prefix } => {
                    let found = self.storage.iter().filter(|(key, _)| key.starts_with(&*prefix));
                    let items: Vec<_> = found.map(|(key, value)| (key.clone(), value.clone())).collect();
                    self.input(Input::Storage(StorageEvent::Contents { read, items: &items }));
                }
                Output::WriteStorage { key, value } => {
                    match value {
                        Some(value) => self.storage.insert(key.into(), value.into()),
                        None => self.storage.remove(&*key),
                    };
                }
                Output::AskLock { name, .. } => {
                    self.locks.push(name.clone().into());
                    self.input(Input::Lock { name: &name, outcome: LockOutcome::Granted });
                }
                Output::ReleaseLock(name) => self.locks.retain(|lock| **lock != *name),
                Output::Error(_) => self.errors += 1,
                _ => {}
            }
        }
    }

    fn on_sent(&mut self, frame: &[u8]) {
        for message in wire::decode(frame) {
            match message.expect("the client sends what can be read") {
                Message { action: Action::Event(EventAction::Emit), name, .. } => {
                    self.emitted.extend(name.map(String::from));
                }
                Message { action: Action::Connection(ConnectionAction::Ping), .. } => {
                    self.say(Message::new(ConnectionAction::Pong));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_another_build_has_left_of_records_is_left_to_it() {
    let mut former = Page::new(Storage::new(), 1);
    former.emit(&["news"]);
    // No longer within the same value.
    former.pass(60_000);
    former.emit(&["in one task with it", "note"]);
    let of = |name: &str, storage: &Storage| {
        storage.iter().find(|(_, value)| value.contains(name)).map(|(key, _)| key.clone()).expect("it is stored")
    };
    let mut storage = former.storage;
    let (of_event, of_record) = (of("news", &storage), of("note", &storage));
    assert_ne!(of_event, of_record);
    // As the other build writes what was done to a record.
    let value = storage.get_mut(&of_record).expect("it is stored");
    let (before, after) = value.rsplit_once("\ne ").expect("it holds an event");
    *value = [before, "\nw ", after].concat();
    let of_record = (of_record, value.clone());

    let mut page = Page::new(storage, 2);
    page.log_in();
    for _ in 0..10 {
        page.pass(1_000);
    }
    assert_eq!(page.emitted, ["news"]);
    assert!(!page.storage.contains_key(&of_event));
    assert_eq!(page.storage.get(&of_record.0), Some(&of_record.1));
    page.client.for_each_entry(&mut |entry| panic!("{entry:?}"));
    assert_eq!(page.errors, 0);
    let of_former = of_record.0.rsplit_once('/').expect("it has parts").0;
    assert!(!page.locks.iter().any(|lock| lock.starts_with(of_former)), "another page can have it: {:?}", page.locks);
}

#[test]
fn messages_about_records_are_reported_and_change_nothing() {
    let mut page = Page::new(Storage::new(), 1);
    page.log_in();
    let update = Message { name: Some("note"), ..Message::new(RecordAction::Update) };
    page.say(update.into());
    assert_eq!((page.errors, page.client.state()), (1, ConnectionState::Open));
}
