//! What an input costs does not depend on how much is open: counted, not timed.
//!
//! Counted are the entries that [`NameMap`](crate::names::NameMap) and [`Asked`](super::asked::Asked) visit one after the
//! other, and allocations.

use allocation_counter::measure;

use super::*;
use crate::{
    names::VISITED,
    wire::{Action, ConnectionAction, EventAction, Message, PresenceAction, RecordAction, RpcAction},
};

/// A client that is logged in, and what it sent last.
struct Rig {
    client: Client,
    now: Instant,
    socket: SocketId,
    sent: Vec<Vec<u8>>,
    outputs: Vec<Output>,
    /// What storage holds, where there is one.
    stored: Vec<(String, String)>,
    /// What each input since the last [`forget`](Self::forget) cost: entries visited, and allocations.
    costs: Vec<(usize, u64)>,
    /// How many outputs they led to.
    output_count: usize,
}

impl Rig {
    fn new() -> Self {
        Self::with((OutboxStorage::Memory, Vec::new()), 1)
    }

    fn with((outbox_storage, stored): (OutboxStorage, Vec<(String, String)>), seed: u64) -> Self {
        let options = Options { outbox_storage, ..Options::default() };
        let client = Client::new(Instant::default(), &["ws://server/deepstream"], options, seed);
        let (now, socket, sent, outputs) = (Instant::default(), SocketId(0), Vec::new(), Vec::new());
        let mut rig = Self { client, now, socket, sent, outputs, stored, costs: Vec::new(), output_count: 0 };
        rig.ask(Command::Login { ticket: Ticket(0), params: None });
        rig.input(Input::Tick);
        let opened = rig.outputs.iter().find_map(|output| match output {
            Output::OpenSocket(socket, _) => Some(*socket),
            _ => None,
        });
        rig.socket = opened.expect("it dials");
        rig.input(Input::Socket(rig.socket, SocketEvent::Opened));
        rig.say(Message::new(ConnectionAction::Accept));
        rig.say(Message::new(AuthAction::AuthSuccessful));
        assert_eq!(rig.client.state(), ConnectionState::Open);
        rig
    }

    fn input(&mut self, input: Input<'_>) {
        self.outputs.clear();
        self.sent.clear();
        self.handle(input);
    }

    /// What is asked of storage and locks is answered.
    fn handle(&mut self, input: Input<'_>) {
        let before = VISITED.get();
        let cost = measure(|| {
            self.client.handle(self.now, input);
            self.client.deadline();
        });
        self.costs.push((VISITED.get() - before, cost.count_total));
        while let Some(output) = self.client.poll() {
            self.output_count += 1;
            match *output {
                Output::Send(_, frame) => self.sent.push(frame),
                Output::WriteStorage { key, value } => {
                    self.stored.retain(|(stored, _)| **stored != *key);
                    self.stored.extend(value.map(|value| (key.into(), value.into())));
                }
                Output::ReadStorage { read, prefix } => {
                    let mut items = self.stored.clone();
                    items.retain(|(key, _)| key.starts_with(&*prefix));
                    self.handle(Input::Storage(StorageEvent::Contents { read, items: &items }));
                }
                Output::AskLock { name, .. } => {
                    self.handle(Input::Lock { name: &name, outcome: LockOutcome::Granted });
                }
                output => self.outputs.push(output),
            }
        }
    }

    fn ask(&mut self, command: Command<'_>) {
        self.input(Input::Command(command));
    }

    fn say(&mut self, message: Message<'_>) {
        self.input(Input::Socket(self.socket, SocketEvent::Received(Frame::Binary(&message.encode()))));
    }

    /// Time passes until what is collected is sent; answers all that was sent for names.
    fn settle(&mut self) {
        self.now = self.now.after_ms(100);
        self.input(Input::Tick);
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        for frame in std::mem::take(&mut self.sent) {
            for message in wire::decode(&frame) {
                match message.expect("the client sends what can be read") {
                    Message {
                        action: Action::Event(EventAction::ListenAccept | EventAction::ListenReject), ..
                    } => {}
                    Message { action: action @ Action::Event(_), name, correlation_id, .. } => {
                        self.say(Message { is_ack: true, name, correlation_id, ..Message::new(action) });
                    }
                    Message { action: Action::Presence(PresenceAction::Query), correlation_id, names, .. } => {
                        let statuses = names.iter().map(|name| format!("\"{name}\":false")).collect::<Vec<_>>();
                        let data = format!("{{{}}}", statuses.join(","));
                        let answer = Message::new(PresenceAction::QueryResponse);
                        self.say(Message { data: Some(&data), correlation_id, ..answer });
                    }
                    Message { action: Action::Presence(PresenceAction::QueryAll), .. } => {
                        self.say(Message::new(PresenceAction::QueryAllResponse));
                    }
                    Message { action: action @ Action::Presence(_), correlation_id, .. } => {
                        let mut sent = std::mem::take(&mut self.sent);
                        self.say(Message { is_ack: true, correlation_id, ..Message::new(action) });
                        sent.append(&mut self.sent);
                        self.sent = sent;
                    }
                    Message { action: Action::Record(RecordAction::Read), name, .. } => self.say_record(name),
                    Message { action: Action::Record(_), is_write_ack: true, name, correlation_id, .. } => {
                        let answer = Message::new(RecordAction::WriteAcknowledgement);
                        self.say(Message { name, correlation_id, ..answer });
                    }
                    Message { action: action @ Action::Rpc(_), correlation_id, .. } => {
                        self.say(Message { is_ack: true, correlation_id, ..Message::new(action) });
                    }
                    _ => {}
                }
            }
        }
    }

    /// What the server has of a record.
    fn say_record(&mut self, name: Option<&str>) {
        let answer = Message::new(RecordAction::ReadResponse);
        self.say(Message { name, version: Some(1), data: Some("{\"a\":1}"), ..answer });
    }

    fn forget(&mut self) {
        self.costs.clear();
        self.output_count = 0;
    }
}

/// Compares what the same inputs cost where there is little and where there is four times as much. They lead to so many
/// outputs.
fn check(output_count: usize, inputs: impl Fn(&mut Rig, usize)) {
    let cost = |count| {
        let mut rig = Rig::new();
        inputs(&mut rig, count);
        assert_eq!(rig.output_count, output_count);
        rig.costs
    };
    let (few, many) = (cost(1_000), cost(4_000));
    assert_eq!(few.len(), many.len());
    for (index, (few, many)) in few.into_iter().zip(many).enumerate() {
        assert_eq!(few.0, many.0, "entries visited by input {index}");
        // A tree or a list has to grow at some time or other.
        assert!(many.1 <= few.1 + 4, "allocations of input {index}: {} and {}", few.1, many.1);
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("name/{number:05}")).collect()
}

fn call(ticket: u32, is_durable: bool) -> Command<'static> {
    let offer = Offer {
        kind: Kind::Call { idempotent: ticket.is_multiple_of(2) },
        name: "procedure",
        data: Some("1"),
        delivery: if is_durable { Delivery::Durable } else { Delivery::Memory },
        ttl_ms: None,
        key: None,
        receipt: Some(Ticket(ticket)),
    };
    Command::Rpc(RpcCommand::Make { offer, timeout_ms: Some(60_000 - u64::from(ticket) % 100) })
}

/// A call that nobody waits for for longer than a moment.
fn hurried(command: Command<'_>) -> Command<'_> {
    let Command::Rpc(RpcCommand::Make { offer, .. }) = command else { panic!("it is a call") };
    Command::Rpc(RpcCommand::Make { offer, timeout_ms: Some(100) })
}

/// Calls, one of which in three places is accepted and answered, twice.
fn check_calls(output_count: usize, is_durable: bool) {
    check(output_count, |rig, count| {
        let mut correlation_ids = Vec::new();
        for ticket in 0..count as u32 {
            rig.ask(call(1 + ticket, is_durable));
            let frame = rig.sent.first().expect("it is sent at once");
            let Some(Ok(request)) = wire::decode(frame).next() else { panic!("it is a request") };
            correlation_ids.push(request.correlation_id.map(String::from));
        }
        rig.forget();
        for answered in [0, count / 2, count - 1] {
            let correlation_id = correlation_ids[answered].as_deref();
            for action in [RpcAction::Accept, RpcAction::Response, RpcAction::Response] {
                rig.say(Message { correlation_id, ..Message::new(action) });
            }
        }
        rig.ask(call(0, is_durable));
        rig.input(Input::Tick);
    });
}

#[test]
fn of_one_call_among_many() {
    check_calls(4, false);
}

#[test]
fn of_one_durable_call_among_many() {
    check_calls(6, true);
}

#[test]
fn of_one_call_that_waits_among_many() {
    check(5, |rig, count| {
        rig.ask(Command::Pause);
        for ticket in 0..count as u32 {
            rig.ask(call(1 + ticket, ticket.is_multiple_of(3)));
        }
        rig.forget();
        for (ticket, is_durable) in [(count as u32 + 1, false), (count as u32 + 2, true)] {
            rig.ask(hurried(call(ticket, is_durable)));
        }
        rig.now = rig.now.after_ms(100);
        rig.input(Input::Tick);
    });
}

#[test]
fn of_one_request_among_many() {
    check(7, |rig, count| {
        rig.ask(Command::Rpc(RpcCommand::Provide("procedure")));
        rig.settle();
        let request = |rig: &mut Rig, id: &str| {
            let request = Message::new(RpcAction::Request);
            rig.say(Message { name: Some("procedure"), correlation_id: Some(id), ..request });
        };
        for id in names(count) {
            request(rig, &id);
        }
        rig.forget();
        request(rig, "one more");
        for answered in [0, count / 2, count - 1] {
            let request = RpcRequestId(answered as u32);
            rig.ask(Command::Rpc(RpcCommand::Answer { request, name: "procedure", answer: RpcAnswer::Send(None) }));
        }
    });
}

#[test]
fn of_one_subscription_among_many() {
    check(3, |rig, count| {
        for name in names(count) {
            rig.ask(Command::Event(EventCommand::Subscribe(&name)));
        }
        rig.settle();
        rig.forget();
        rig.say(Message { name: Some("name/00500"), ..Message::new(EventAction::Emit) });
        for command in [EventCommand::Subscribe("another"), EventCommand::Unsubscribe("name/00500")] {
            rig.ask(Command::Event(command));
            rig.settle();
        }
    });
}

#[test]
fn of_a_subscription_are_its_name_and_what_is_known_of_it() {
    let mut rig = Rig::new();
    rig.forget();
    for name in names(1_000) {
        rig.ask(Command::Event(EventCommand::Subscribe(&name)));
    }
    let allocations: u64 = rig.costs.iter().map(|(_, allocations)| allocations).sum();
    // And lists that grow.
    assert!((2_000..2_200).contains(&allocations), "{allocations}");
}

#[test]
fn of_one_listener_among_many() {
    check(7, |rig, count| {
        let offer = |rig: &mut Rig, pattern: &str, action: EventAction| {
            let (name, subscription) = (Some(pattern), Some(pattern));
            rig.say(Message { name, subscription, ..Message::new(action) });
        };
        let ask = |rig: &mut Rig, command: ListenCommand<'_>| {
            rig.ask(Command::Event(EventCommand::Listen(command)));
            rig.acknowledge();
        };
        for name in names(count) {
            ask(rig, ListenCommand::Listen(&name));
            offer(rig, &name, EventAction::SubscriptionForPatternFound);
        }
        rig.forget();
        ask(rig, ListenCommand::Listen("another"));
        ask(rig, ListenCommand::Answer { subscription: "name/00500", offer: 500, accept: true });
        offer(rig, "name/00500", EventAction::SubscriptionForPatternRemoved);
        ask(rig, ListenCommand::Unlisten("name/00500"));
        ask(rig, ListenCommand::Unlisten("name/00700"));
        rig.input(Input::Tick);
    });
}

#[test]
fn of_one_user_among_many() {
    check(6, |rig, count| {
        rig.ask(Command::Presence(PresenceCommand::SubscribeAll));
        rig.acknowledge();
        rig.acknowledge();
        for name in names(count) {
            rig.ask(Command::Presence(PresenceCommand::Subscribe(&name)));
        }
        rig.settle();
        rig.acknowledge();
        rig.forget();
        for action in [PresenceAction::PresenceJoin, PresenceAction::PresenceLeave, PresenceAction::PresenceJoinAll] {
            rig.say(Message { name: Some("name/00500"), ..Message::new(action) });
        }
        for command in [PresenceCommand::Subscribe("another"), PresenceCommand::Unsubscribe("name/00500")] {
            rig.ask(Command::Presence(command));
            rig.settle();
            rig.acknowledge();
        }
    });
}

/// Opens records, which the server has.
#[cfg(feature = "records")]
fn open(rig: &mut Rig, names: &[String]) {
    for name in names {
        rig.ask(Command::Record(RecordCommand::Open { name, strategy: Strategy::RemoteWins }));
    }
    rig.now = rig.now.after_ms(100);
    rig.input(Input::Tick);
    for frame in std::mem::take(&mut rig.sent) {
        for message in wire::decode(&frame) {
            let Ok(Message { action: action @ Action::Record(_), correlation_id, names, .. }) = message else {
                continue;
            };
            rig.say(Message { is_ack: true, correlation_id, ..Message::new(action) });
            for name in names {
                let (name, version, data) = (Some(name), Some(1), Some("{}"));
                let answer = Message::new(RecordAction::ReadResponse);
                rig.say(Message { name, version, data, ..answer });
            }
        }
    }
}

#[test]
#[cfg(feature = "records")]
fn of_one_record_opened_among_many() {
    check(6, |rig, count| {
        open(rig, &names(count));
        rig.forget();
        for name in ["another", "one more"] {
            open(rig, &[name.into()]);
        }
        rig.ask(Command::Record(RecordCommand::Discard("another")));
        rig.now = rig.now.after_ms(10_000);
        rig.input(Input::Tick);
    });
}

#[test]
fn of_one_event_among_many() {
    let emit = |rig: &mut Rig, name: &str| {
        let (kind, delivery) = (Kind::Event, Delivery::Memory);
        let offer = Offer { kind, name, data: Some("1"), delivery, ttl_ms: None, key: None, receipt: None };
        rig.ask(Command::Event(EventCommand::Emit(offer)));
    };
    check(1, |rig, count| {
        rig.ask(Command::Pause);
        for name in names(count) {
            emit(rig, &name);
        }
        rig.forget();
        emit(rig, "another");
        rig.ask(Command::Event(EventCommand::Subscribe("another")));
    });
}

/// A write of `a`.
#[cfg(feature = "records")]
fn edit(text: &str) -> record::Edit {
    record::Edit::new(record::Path::parse("a").expect("it is a path"), Some(text.into()))
}

#[test]
#[cfg(feature = "records")]
fn of_one_write_among_many_records() {
    let write = |rig: &mut Rig, name: &str, text: &str| {
        let edits = vec![edit(text)];
        rig.ask(Command::Record(RecordCommand::Write { name, edits, ticket: None }));
    };
    check(6, |rig, count| {
        open(rig, &names(count));
        // The first write of a session reads the record.
        write(rig, "name/00500", "2");
        rig.acknowledge();
        rig.acknowledge();
        rig.forget();
        for text in ["3", "4"] {
            write(rig, "name/00500", text);
            rig.acknowledge();
        }
        let change = Message {
            name: Some("name/00700"),
            version: Some(2),
            data: Some("5"),
            path: Some("a"),
            ..Message::new(RecordAction::Patch)
        };
        rig.say(change);
    });
}

/// Nobody waits for a session that will not come.
#[test]
#[cfg(feature = "records")]
fn of_one_promise_among_many_when_stopped() {
    let write = |rig: &mut Rig, name: &str, ticket: u32| {
        let (edits, ticket) = (vec![edit("2")], Some(Ticket(ticket)));
        rig.ask(Command::Record(RecordCommand::Write { name, edits, ticket }));
    };
    check(14, |rig, count| {
        let names = names(count);
        open(rig, &names);
        for name in &names {
            write(rig, name, 1);
        }
        rig.say(Message::new(AuthAction::TooManyAuthAttempts));
        assert_eq!(rig.client.state(), ConnectionState::TooManyAuthAttempts);
        rig.forget();
        for name in ["name/00500", "another"] {
            rig.ask(Command::Record(RecordCommand::Open { name, strategy: Strategy::RemoteWins }));
            for ticket in 1..=2 {
                write(rig, name, ticket);
            }
            for (question, ticket) in [(RecordQuestion::Readiness, Ticket(3)), (RecordQuestion::Data, Ticket(4))] {
                rig.ask(Command::Record(RecordCommand::Ask { name, question, ticket }));
            }
        }
        for (question, ticket) in [(RecordQuestion::Version, Ticket(5)), (RecordQuestion::Data, Ticket(6))] {
            rig.ask(Command::Record(RecordCommand::Ask { name: "not open", question, ticket }));
        }
        rig.input(Input::Tick);
    });
}

/// Writes to records that are not open, and deletions of them.
#[test]
#[cfg(feature = "records")]
fn of_one_write_past_a_record_among_many() {
    check(8, |rig, count| {
        let (mut written, mut names) = (Vec::new(), names(count));
        names.push("another".into());
        for name in &names {
            if name == "another" {
                rig.forget();
            }
            let (edits, delivery, ttl_ms, ticket) = (vec![edit("1")], Delivery::Memory, None, None);
            rig.ask(Command::Record(RecordCommand::SetData { name, edits, delivery, ttl_ms, ticket }));
            written.append(&mut rig.sent);
        }
        rig.input(Input::Tick);
        for index in [count / 2, count, 0] {
            rig.sent.push(written[index].clone());
            rig.acknowledge();
        }
    });
    check(9, |rig, count| {
        let names = names(count);
        open(rig, &names);
        for name in &names {
            rig.ask(Command::Record(RecordCommand::Delete { name: &format!("{name}/past"), ticket: Ticket(1) }));
        }
        rig.forget();
        for index in [0, count / 2, count - 1] {
            let name = format!("{}/past", names[index]);
            rig.say(Message { name: Some(&name), ..Message::new(RecordAction::DeleteSuccess) });
        }
        rig.input(Input::Tick);
    });
}

/// What another page has left costs as much as it is.
#[test]
#[cfg(feature = "records")]
fn of_what_another_page_has_left() {
    let cost = |count| {
        let storage = |stored| (OutboxStorage::Custom, stored);
        let mut rig = Rig::with(storage(Vec::new()), 1);
        for name in names(count) {
            rig.ask(Command::Record(RecordCommand::Open { name: &name, strategy: Strategy::RemoteWins }));
            let edits = vec![edit("2")];
            rig.ask(Command::Record(RecordCommand::Write { name: &name, edits, ticket: None }));
        }
        rig.input(Input::TaskEnd);
        let mut next = Rig::with(storage(rig.stored), 2);
        next.settle();
        assert_eq!((next.client.outbox().len(), next.client.records().is_open("name/00499")), (count, true));
        next.costs.iter().fold((0, 0), |sum, cost| (sum.0 + cost.0, sum.1 + cost.1))
    };
    let (few, many) = (cost(500), cost(2_000));
    assert!(many.0 < 5 * few.0, "entries visited: {} and {}", few.0, many.0);
    assert!(many.1 < 5 * few.1, "allocations: {} and {}", few.1, many.1);
}
