//! What a client does with its connection, told together what concerns all of it.

use super::{
    context::Context,
    error::ClientError,
    event::Events,
    flight::Item,
    io::{Command, Entry, EventCommand, Kind, ListenCommand, PresenceCommand, Progress, RpcCall, RpcCommand},
    log::Log,
    outbox::{Outbox, Queues, Visit},
    presence::Presence,
    records::Records,
    rpc::Rpc,
    time::{Instant, Wake, earlier, earliest},
};
use crate::wire::{Message, Topic};

/// The features, one for each topic of the protocol that an application uses.
#[derive(Debug)]
pub struct Features {
    /// `client.event`.
    pub events: Events,
    /// `client.presence`.
    pub presence: Presence,
    /// `client.record`.
    pub records: Records,
    /// `client.rpc`.
    pub rpc: Rpc,
}

impl Features {
    /// All of them, with nothing to do yet.
    pub fn new() -> Self {
        Self { events: Events::new(), presence: Presence::new(), records: Records::new(), rpc: Rpc::new() }
    }

    /// A session begins; if it is not the first, `gap_ms` says how long there was none.
    pub fn on_session(&mut self, context: &mut Context<'_>, gap_ms: Option<u64>) {
        self.events.on_session(context, gap_ms);
        self.presence.on_session(context, gap_ms);
        self.records.on_session(context);
        self.rpc.on_session(context, gap_ms);
    }

    /// What had to wait for what is on its way may be sent.
    pub fn send_waiting(&mut self, context: &mut Context<'_>) {
        self.rpc.send_waiting(context);
        self.records.write_waiting(context);
    }

    /// The session is over, perhaps because of something that the server cannot take.
    pub fn on_lost(&mut self, context: &mut Context<'_>, culprit: Option<&Item>) {
        self.events.on_lost(context);
        self.presence.on_lost(context.options.resubscribe);
        self.records.on_lost(context, culprit);
        self.rpc.on_lost(context, culprit);
    }

    /// No session will come unless the application asks for one: what waits for it with a promise need not wait.
    pub fn on_stopped(&mut self, context: &mut Context<'_>, error: &ClientError) {
        // Whoever comes later is told at once.
        if context.stopped.is_none() {
            self.records.on_rest(context, error);
        }
        self.rpc.requestor.reject_all(context, error);
    }

    /// There will be no session unless the application says so: why not.
    pub fn on_rest(&mut self, context: &mut Context<'_>, error: &ClientError) {
        self.presence.on_rest(context, error);
    }

    /// The client is closed.
    pub fn on_closed(&mut self, context: &mut Context<'_>) {
        self.rpc.requestor.reject_all(context, &ClientError::IsClosed { topic: Topic::Rpc, dropped: 0 });
        self.records.on_closed(context, &ClientError::IsClosed { topic: Topic::Record, dropped: 0 });
    }

    /// The client is closed: tells what cannot be done any more. Returns what can.
    pub fn refuse<'a>(&mut self, context: &mut Context<'_>, command: Command<'a>) -> Option<Command<'a>> {
        let topic = match command {
            Command::Event(EventCommand::Subscribe(_) | EventCommand::Listen(ListenCommand::Listen(_))) => Topic::Event,
            Command::Event(EventCommand::Emit(offer)) => {
                if let Some(ticket) = offer.receipt {
                    context.settle(ticket, Err(ClientError::IsClosed { topic: Topic::Event, dropped: 1 }));
                }
                Topic::Event
            }
            Command::FlushOutbox { ticket } => {
                context.settle(ticket, Err(ClientError::IsClosed { topic: Topic::Event, dropped: 0 }));
                return None;
            }
            Command::Presence(PresenceCommand::Subscribe(_) | PresenceCommand::SubscribeAll) => Topic::Presence,
            Command::Rpc(RpcCommand::Provide(_)) => Topic::Rpc,
            Command::Rpc(RpcCommand::Make(call)) => {
                // Rejected like those that waited when it was closed.
                return Some(Command::Rpc(RpcCommand::Make(RpcCall { is_durable: false, ..call })));
            }
            #[cfg(feature = "records")]
            Command::Record(command) => {
                self.records.refuse(context, command);
                return None;
            }
            command => return Some(command),
        };
        context.report(ClientError::IsClosed { topic, dropped: 0 });
        None
    }

    /// The application restores what `resubscribe: 'manual'` left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>) {
        if context.session.is_none() {
            return;
        }
        self.events.resubscribe(context);
        self.presence.resubscribe(context);
        self.records.resubscribe(context);
        self.rpc.resubscribe(context);
    }

    /// Whether the server owes an answer in this session that may be long.
    pub fn awaits_answers(&mut self) -> bool {
        self.records.awaits_data() || self.rpc.requestor.awaits_outcomes() || self.presence.awaits_answers()
    }

    /// When time alone changes something, and what; without a session only what is waited for all the same.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        let of_session = earlier(self.events.deadline(), self.presence.deadline());
        earliest(&[of_session.filter(|_| session), self.records.deadline(), self.rpc.deadline()])
    }

    /// Time has passed.
    pub fn on_tick(&mut self, context: &mut Context<'_>) {
        self.records.on_tick(context);
        if context.session.is_some() {
            self.events.on_tick(context);
            self.presence.on_tick(context);
        }
        self.rpc.on_tick(context);
    }

    /// A message of one of their topics arrived.
    pub fn on_message(&mut self, context: &mut Context<'_>, outbox: &mut Outbox, message: &Message<'_>) {
        let (action, expected) = match (message, context.session) {
            (Message::Event(message), Some(_)) => return self.events.on_message(context, outbox, message),
            (Message::Event(message), None) => (message.action.name(), "no event before the login"),
            (Message::Record(message), Some(_)) => return self.records.on_message(context, message),
            (Message::Record(message), None) => (message.action.name(), "no record before the login"),
            (Message::Rpc(message), Some(_)) => return self.rpc.on_message(context, message),
            (Message::Rpc(message), None) => (message.action.name(), "no RPC before the login"),
            (Message::Presence(message), Some(_)) => return self.presence.on_message(context, message),
            (Message::Presence(message), None) => (message.action.name(), "no presence before the login"),
            (Message::Connection(_) | Message::Auth(_) | Message::Parser(_), _) => return,
        };
        context.report(unsolicited(message.topic(), action, expected));
    }
}

impl Queues for Features {
    fn entries<'a>(&'a self, log: &'a Log) -> Box<dyn Iterator<Item = &'a Entry> + 'a> {
        Box::new(self.rpc.requestor.entries().chain(self.records.entries(log)))
    }

    fn for_each_entry(&mut self, context: &mut Context<'_>, visit: &mut Visit<'_>) {
        self.rpc.requestor.for_each_entry(context, visit);
        self.records.for_each_entry(context, visit);
    }

    fn adopt(&mut self, context: &mut Context<'_>, mut entries: Vec<Entry>) {
        self.rpc.requestor.adopt(entries.extract_if(.., |entry| entry.kind.is_call()).collect());
        self.records.adopt(context, entries);
    }

    fn take_out(&mut self, context: &mut Context<'_>, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = self.rpc.requestor.take_out(is_meant);
        taken.append(&mut self.records.take_out(context, is_meant));
        taken
    }

    fn take_portable(&mut self, is_meant: &dyn Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut taken = self.rpc.requestor.take_out(is_meant);
        taken.append(&mut self.records.take_portable(is_meant));
        taken
    }

    fn oldest_waiting(&self) -> Option<&Entry> {
        let call = self.rpc.requestor.entries().find(|call| call.progress == Progress::Waiting);
        [call, self.records.oldest_waiting()].into_iter().flatten().min_by_key(|entry| entry.number)
    }

    fn keep_bases(&mut self, context: &mut Context<'_>) {
        self.records.keep_bases(context);
    }

    fn is_readable(&self, kind: Kind, data: Option<&str>) -> bool {
        self.records.is_readable(kind, data)
    }

    fn read_base(&self, data: &str) -> Option<(u64, Box<str>)> {
        self.records.read_base(data)
    }
}

/// The report of a message that nobody here has a use for.
const fn unsolicited(topic: Topic, action: &'static str, expected: &'static str) -> ClientError {
    ClientError::Unsolicited { topic, action, expected }
}
