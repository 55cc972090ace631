//! What a client does with its connection, told together what concerns all of it.

mod lease;
mod owners;
mod page;
mod storage;
mod takeover;
mod waiting;

use super::{
    context::Context,
    error::ClientError,
    event::{EventQueue, Events},
    flight::Item,
    io::{Command, Delivery, Entry, EventCommand, ListenCommand, Offer, PresenceCommand, RpcCommand},
    presence::Presence,
    records::Records,
    rpc::{Requestor, Rpc},
    subscriptions::Subscriptions,
    time::{Instant, Wake, earliest},
};
use crate::wire::{Action, Message, Topic};

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
    /// Events, and writes to records, of users who are not logged in.
    held: Vec<Entry>,
}

impl Features {
    /// All of them, with nothing to do yet.
    pub fn new() -> Self {
        let (events, presence, records, rpc) = (Events::new(), Presence::new(), Records::new(), Rpc::new());
        Self { events, presence, records, rpc, held: Vec::new() }
    }

    /// What is wanted by name, but for what concerns records.
    const fn wanted(&mut self) -> [&mut Subscriptions; 5] {
        let Self { events: Events { subscriptions, listens, .. }, presence, rpc, .. } = self;
        let Presence { users, everyone, .. } = presence;
        [subscriptions, &mut listens.patterns, users, everyone, &mut rpc.provider.names]
    }

    /// A session begins, perhaps somebody else's than the last one in this browser; if it is not the first, `gap_ms` says how
    /// long there was none. What is provided goes before calls, so that those of what this client provides itself find it.
    #[inline(never)]
    pub fn on_session(&mut self, context: &mut Context, gap_ms: Option<u64>, is_somebody_else: bool) {
        for names in self.wanted() {
            names.on_session(context, gap_ms);
        }
        self.presence.on_session(context);
        self.records.on_session(context);
        self.rpc.requestor.on_session(context);
        self.sort_out_owners(context);
        self.expire(context);
        context.look_into_storage(is_somebody_else);
        self.events.queue.flush(context);
    }

    /// What had to wait for what is on its way may be sent.
    pub fn send_waiting(&mut self, context: &mut Context) {
        self.rpc.provider.send_waiting(context);
        self.rpc.requestor.on_room(context);
        self.records.write_waiting();
        self.events.queue.flush(context);
    }

    /// The session is over, perhaps because of something that the server cannot take.
    #[inline(never)]
    pub fn on_lost(&mut self, context: &mut Context, culprit: Option<&Item>) {
        for names in self.wanted() {
            names.on_lost(context.options.resubscribe);
        }
        self.events.listens.on_lost(context);
        self.presence.on_lost();
        self.records.on_lost(context, culprit);
        self.rpc.provider.on_lost(context, culprit);
        self.rpc.requestor.on_lost(context, culprit);
        context.log.start_deadline = None;
        context.log.groups.tidy(None);
        self.store_calls_again(context);
        self.events.queue.on_lost(context, culprit);
        // What was on its way did not expire.
        self.expire(context);
    }

    /// No session will come unless the application asks for one: what waits for it with a promise need not wait.
    pub fn on_stopped(&mut self, context: &mut Context, error: &ClientError) {
        self.settle_receipts(context, error);
        // Whoever comes later is told at once.
        if context.stopped.is_none() {
            self.records.on_rest(context, error);
        }
        self.rpc.requestor.reject_all(context, error);
    }

    /// The client is closed: what is in storage stays there for the next one, all else is given up and reported.
    #[inline(never)]
    pub fn on_closed(&mut self, context: &mut Context) {
        self.rpc.requestor.reject_all(context, &ClientError::is_closed(Topic::Rpc, 0));
        self.records.on_closed(context, &ClientError::is_closed(Topic::Record, 0));
        self.store_calls_again(context);
        self.give_up_unstored(context);
        self.settle_receipts(context, &ClientError::is_closed(Topic::Event, 0));
        context.log.release_all();
        context.log.groups.tidy(None);
        self.commit(context);
        (self.records, self.rpc.requestor) = (Records::new(), Requestor::default());
        (self.events.queue, self.held) = (EventQueue::new(), Vec::new());
        context.log.on_closed();
    }

    /// The client is closed: tells what cannot be done any more. Returns what can.
    #[inline(never)]
    pub fn refuse<'a>(&mut self, context: &mut Context, command: Command<'a>) -> Option<Command<'a>> {
        let topic = match command {
            Command::Event(EventCommand::Subscribe(_) | EventCommand::Listen(ListenCommand::Listen(_))) => Topic::Event,
            Command::Event(EventCommand::Emit(offer)) => {
                if let Some(ticket) = offer.receipt {
                    context.settle(ticket, Err(ClientError::is_closed(Topic::Event, 1)));
                }
                Topic::Event
            }
            Command::FlushOutbox { ticket } => {
                context.settle(ticket, Err(ClientError::is_closed(Topic::Event, 0)));
                return None;
            }
            Command::Presence(PresenceCommand::Subscribe(_) | PresenceCommand::SubscribeAll) => Topic::Presence,
            Command::Rpc(RpcCommand::Provide(_)) => Topic::Rpc,
            Command::Rpc(RpcCommand::Make { offer, timeout_ms }) => {
                // Rejected like those that waited when it was closed.
                let offer = Offer { delivery: Delivery::Memory, ..offer };
                return Some(Command::Rpc(RpcCommand::Make { offer, timeout_ms }));
            }
            #[cfg(feature = "records")]
            Command::Record(command) => {
                self.records.refuse(context, command);
                return None;
            }
            command => return Some(command),
        };
        context.report(ClientError::is_closed(topic, 0));
        None
    }

    /// The application restores what `resubscribe: 'manual'` left to it.
    pub fn resubscribe(&mut self, context: &mut Context) {
        if context.session.is_none() {
            return;
        }
        for names in self.wanted() {
            names.resubscribe(context);
        }
        self.presence.resubscribe(context);
        self.records.resubscribe(context);
    }

    /// Whether the server owes an answer in this session that may be long.
    pub fn awaits_answers(&mut self) -> bool {
        self.records.awaits_data() || self.rpc.requestor.awaits_outcomes() || self.presence.awaits_answers()
    }

    /// When time alone changes something, and what; without a session only what is waited for all the same.
    pub fn deadline(&self, session: bool) -> Option<(Instant, Wake)> {
        let of_session = earliest(&[
            self.events.subscriptions.deadline(),
            self.events.listens.patterns.deadline(),
            self.events.queue.deadline(),
            self.presence.users.deadline(),
            self.presence.everyone.deadline(),
            self.presence.deadline(),
            self.rpc.provider.names.deadline(),
        ]);
        earliest(&[of_session.filter(|_| session), self.records.deadline(), self.rpc.requestor.deadline()])
    }

    /// Time has passed. Says whether a PING is wanted.
    #[inline(never)]
    pub fn on_tick(&mut self, context: &mut Context) -> bool {
        self.records.on_tick(context);
        if context.session.is_some() {
            for names in self.wanted() {
                names.on_tick(context);
            }
            self.presence.on_tick(context);
        }
        self.rpc.requestor.on_tick(context);
        if context.log.next_expiry.is_some_and(|at| at <= context.now) {
            self.expire(context);
        }
        context.log.groups.tidy(Some(context.now));
        context.on_lease_tick();
        if context.session.is_none() {
            return false;
        }
        if context.log.start_deadline.take_if(|at| *at <= context.now).is_some() {
            context.give_up_waiting();
            self.events.queue.flush(context);
        }
        self.events.queue.barrier_at.take_if(|at| *at <= context.now).is_some()
    }

    /// A message of one of their topics arrived.
    #[inline(never)]
    pub fn on_message(&mut self, context: &mut Context, message: &Message<'_>) {
        match message.action {
            action if context.session.is_none() => {
                let (topic, action) = (action.topic(), action.name());
                context.report(ClientError::unsolicited(topic, action, "nothing of it before the login"));
            }
            Action::Event(action) => self.events.on_message(context, action, message),
            Action::Record(action) => self.records.on_message(context, action, message),
            Action::Rpc(action) => self.rpc.on_message(context, action, message),
            Action::Presence(action) => self.presence.on_message(context, action, message),
            Action::Connection(_) | Action::Auth(_) | Action::Parser(_) => {}
        }
    }
}
