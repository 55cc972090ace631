//! What the application has subscribed to, and what the server knows of it.

use std::collections::VecDeque;

use super::{
    context::Context,
    error::ClientError,
    io::{Output, SocketId, Wake},
    limits::BULK_NAMES_MAX_BYTES,
    options::Resubscribe,
    time::Instant,
};
use crate::{
    names::NameMap,
    wire::{EventAction, EventMessage, Message, PresenceAction, PresenceMessage, RpcAction, RpcMessage, Topic},
};

/// What can be subscribed to by name, each with its own message and actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Events: SUBSCRIBE and UNSUBSCRIBE.
    Events,
    /// Procedures that this client provides: PROVIDE and UNPROVIDE.
    Providers,
    /// Users whose coming and going is watched: SUBSCRIBE and UNSUBSCRIBE.
    #[allow(dead_code, reason = "until there is presence")]
    Users,
}

/// What the server says to a bulk message, in any topic.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The number of the action.
    pub action: i32,
    /// Whether it acknowledges a message with the same action.
    pub is_ack: bool,
    /// The number of the action of the message that is answered.
    pub original_action: Option<i32>,
    /// The name that it is about.
    pub name: Option<&'a str>,
    /// The bulk message that is answered.
    pub correlation_id: Option<&'a str>,
}

/// The numbers of the actions of one [`Kind`].
struct Actions {
    subscribe: i32,
    unsubscribe: i32,
    /// The server refuses: by its rules, or because checking them failed.
    refusals: [i32; 2],
    /// The server has the name already, or never had it.
    complaints: [i32; 2],
}

impl Kind {
    /// The topic of the messages.
    pub const fn topic(self) -> Topic {
        match self {
            Self::Events => Topic::Event,
            Self::Providers => Topic::Rpc,
            Self::Users => Topic::Presence,
        }
    }

    const fn actions(self) -> Actions {
        match self {
            Self::Events => Actions {
                subscribe: EventAction::Subscribe.number(),
                unsubscribe: EventAction::Unsubscribe.number(),
                refusals: [EventAction::MessageDenied.number(), EventAction::MessagePermissionError.number()],
                complaints: [EventAction::MultipleSubscriptions.number(), EventAction::NotSubscribed.number()],
            },
            Self::Providers => Actions {
                subscribe: RpcAction::Provide.number(),
                unsubscribe: RpcAction::Unprovide.number(),
                refusals: [RpcAction::MessageDenied.number(), RpcAction::MessagePermissionError.number()],
                complaints: [RpcAction::MultipleProviders.number(), RpcAction::NotProvided.number()],
            },
            Self::Users => Actions {
                subscribe: PresenceAction::Subscribe.number(),
                unsubscribe: PresenceAction::Unsubscribe.number(),
                refusals: [PresenceAction::MessageDenied.number(), PresenceAction::MessagePermissionError.number()],
                complaints: [PresenceAction::MultipleSubscriptions.number(), PresenceAction::NotSubscribed.number()],
            },
        }
    }

    fn message<'a>(self, direction: Direction, names: Vec<&'a str>, correlation_id: &'a str) -> Message<'a> {
        let correlation_id = Some(correlation_id);
        let subscribes = direction == Direction::Subscribe;
        match self {
            Self::Events => {
                let action = if subscribes { EventAction::Subscribe } else { EventAction::Unsubscribe };
                EventMessage { names, correlation_id, ..EventMessage::new(action) }.into()
            }
            Self::Providers => {
                let action = if subscribes { RpcAction::Provide } else { RpcAction::Unprovide };
                RpcMessage { names, correlation_id, ..RpcMessage::new(action) }.into()
            }
            Self::Users => {
                let action = if subscribes { PresenceAction::Subscribe } else { PresenceAction::Unsubscribe };
                PresenceMessage { names, correlation_id, ..PresenceMessage::new(action) }.into()
            }
        }
    }
}

/// What a bulk message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Subscribe,
    Unsubscribe,
}

/// The subscriptions of one kind. Names are collected for `subscriptionInterval` and sent in bulk; a new session
/// starts with all of them.
#[derive(Debug)]
pub struct Subscriptions {
    kind: Kind,
    names: NameMap<Subscription>,
    flush_at: Option<Instant>,
    /// Bulk messages that the server has not acknowledged, oldest first.
    unacknowledged: VecDeque<Bulk>,
    next_correlation_id: u32,
    /// Names sent a second time because the server may have dropped them.
    repaired: Vec<Box<str>>,
    /// How long there was no session before the one of now, in milliseconds.
    gap_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Subscription {
    wanted: bool,
    server: Knowledge,
}

/// What the server knows of a name, in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    Nothing,
    Subscribed,
    /// Nothing, and it is for the application to say when it is asked.
    Held,
    /// It refused, but may have subscribed it all the same; to be asked again.
    Doubtful,
    /// It refused; asked again in the next session, or when the application subscribes again.
    Refused,
}

#[derive(Debug)]
struct Bulk {
    correlation_id: u32,
    names: Vec<Box<str>>,
    /// When a missing acknowledgement is reported; `None` once it is. The answer may still come.
    deadline: Option<Instant>,
    /// How many refusals the server has answered it with.
    refusals: usize,
    /// How long there was no session, where this restores subscriptions, in milliseconds.
    gap_ms: Option<u64>,
}

impl Subscriptions {
    /// None yet.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            names: NameMap::new(),
            flush_at: None,
            unacknowledged: VecDeque::new(),
            next_correlation_id: 0,
            repaired: Vec::new(),
            gap_ms: None,
        }
    }

    /// The application wants `name`.
    pub fn subscribe(&mut self, context: &Context<'_>, connected: bool, name: &str) {
        let subscription =
            self.names.get_or_insert_with(name, || Subscription { wanted: true, server: Knowledge::Nothing });
        subscription.wanted = true;
        subscription.server = match subscription.server {
            Knowledge::Held => Knowledge::Nothing,
            Knowledge::Refused => Knowledge::Doubtful,
            known => known,
        };
        self.schedule(context, connected);
    }

    /// The application no longer wants `name`.
    pub fn unsubscribe(&mut self, context: &Context<'_>, connected: bool, name: &str) {
        if let Some(subscription) = self.names.get_mut(name) {
            subscription.wanted = false;
            self.schedule(context, connected);
        }
    }

    /// Whether the application wants `name`.
    pub fn wants(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|subscription| subscription.wanted)
    }

    fn schedule(&mut self, context: &Context<'_>, connected: bool) {
        if connected && self.flush_at.is_none() {
            self.flush_at = Some(context.now.after_ms(context.options.subscription_interval_ms));
        }
    }

    /// A session begins; if it is not the first, `gap_ms` says how long there was none.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        self.gap_ms = gap_ms;
        self.flush(context, socket, gap_ms);
    }

    /// The application restores what [`Resubscribe::Manual`] left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.names.for_each(|_, subscription| {
            if subscription.server == Knowledge::Held {
                subscription.server = Knowledge::Nothing;
            }
        });
        self.flush(context, socket, self.gap_ms);
    }

    /// The session is over: the server has forgotten everything.
    pub fn on_lost(&mut self, resubscribe: Resubscribe) {
        let forgotten = match resubscribe {
            Resubscribe::Auto => Knowledge::Nothing,
            Resubscribe::Manual => Knowledge::Held,
        };
        let mut unwanted = Vec::new();
        self.names.for_each(|name, subscription| {
            subscription.server = forgotten;
            if !subscription.wanted {
                unwanted.push(Box::from(name));
            }
        });
        self.forget(&unwanted);
        self.flush_at = None;
        self.unacknowledged.clear();
        self.repaired.clear();
        self.next_correlation_id = 0;
    }

    fn forget(&mut self, names: &[Box<str>]) {
        for name in names {
            self.names.remove(name);
        }
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        let flush = self.flush_at.map(|at| (at, Wake::Subscriptions));
        let acknowledgement = self.unacknowledged.iter().filter_map(|bulk| bulk.deadline).min();
        let acknowledgement = acknowledgement.map(|at| (at, Wake::Acknowledgement));
        flush.into_iter().chain(acknowledgement).min()
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context<'_>, socket: SocketId) {
        if self.flush_at.is_some_and(|at| at <= context.now) {
            self.flush(context, socket, None);
        }
        while let Some(position) = self.overdue(context.now) {
            let Some(bulk) = self.unacknowledged.get_mut(position) else { return };
            bulk.deadline = None;
            context.report(ClientError::AckTimeout { topic: self.kind.topic(), names: bulk.names.clone() });
            if bulk.refusals > 0 {
                self.finish(context, socket, position);
            }
        }
    }

    fn overdue(&self, now: Instant) -> Option<usize> {
        self.unacknowledged.iter().position(|bulk| bulk.deadline.is_some_and(|deadline| deadline <= now))
    }

    /// The server answers, perhaps to a bulk message; says whether that settles the matter. What it does not settle is
    /// for the caller to judge, and to report where it is an error.
    pub fn on_answer(&mut self, context: &mut Context<'_>, socket: SocketId, answer: &Answer<'_>) -> bool {
        let actions = self.kind.actions();
        let name = answer.name.unwrap_or_default();
        if answer.is_ack && (answer.action == actions.subscribe || answer.action == actions.unsubscribe) {
            if let Some(position) = self.position(answer.correlation_id) {
                self.finish(context, socket, position);
            }
            return true;
        }
        if actions.complaints.contains(&answer.action) {
            return self.expects_complaint(name);
        }
        if actions.refusals.contains(&answer.action) && answer.original_action == Some(actions.subscribe) {
            self.on_refused(context, socket, name, answer.correlation_id);
        }
        false
    }

    /// Nothing more is awaited for a bulk message.
    ///
    /// For every name that it refuses, `@deepstream/server` 7.0.2 takes the last one off the message, whichever that is,
    /// and says nothing of it. Those not refused themselves are sent again, one by one, where that cannot happen; those
    /// refused that it subscribed all the same are taken back.
    fn finish(&mut self, context: &mut Context<'_>, socket: SocketId, position: usize) {
        let Some(mut bulk) = self.unacknowledged.remove(position) else { return };
        let lost = bulk.names.split_off(bulk.names.len().saturating_sub(bulk.refusals));
        for name in lost {
            let subscribed = |it: &Subscription| it.wanted && it.server == Knowledge::Subscribed;
            let sent_since = self.unacknowledged.iter().any(|later| later.names.contains(&name));
            if !sent_since && self.names.get(&name).is_some_and(subscribed) {
                self.repaired.push(name.clone());
                self.send_bulk(context, socket, Direction::Subscribe, vec![name], None);
            }
        }
        let refused = |name: &str| self.names.get(name).is_some_and(|it| it.server == Knowledge::Refused);
        let kept: Vec<_> = bulk.names.iter().filter(|name| bulk.refusals > 0 && refused(name)).cloned().collect();
        self.repaired.extend_from_slice(&kept);
        self.send_bulk(context, socket, Direction::Unsubscribe, kept, None);
        if let Some(gap_ms) = bulk.gap_ms {
            bulk.names.retain(|name| self.names.get(name).is_some_and(|it| it.server == Knowledge::Subscribed));
            context.out.push_back(Output::Resubscribed { topic: self.kind.topic(), names: bulk.names, gap_ms });
        }
    }

    /// The server refuses one name of a bulk message, or checked a name that is not in it.
    fn on_refused(&mut self, context: &mut Context<'_>, socket: SocketId, name: &str, correlation_id: Option<&str>) {
        if let Some(subscription) = self.names.get_mut(name) {
            subscription.server = Knowledge::Refused;
        }
        let Some(position) = self.position(correlation_id) else { return };
        let Some(bulk) = self.unacknowledged.get_mut(position) else { return };
        bulk.refusals += 1;
        bulk.deadline.get_or_insert(context.now.after_ms(context.options.subscription_timeout_ms));
        // With no name left the server does not acknowledge.
        if bulk.refusals >= bulk.names.len() {
            self.finish(context, socket, position);
        }
    }

    /// The server says that it has a name already, or never had it; says whether that was to be expected.
    fn expects_complaint(&mut self, name: &str) -> bool {
        let position = self.repaired.iter().position(|repaired| &**repaired == name);
        position.map(|position| self.repaired.swap_remove(position)).is_some()
    }

    fn position(&self, correlation_id: Option<&str>) -> Option<usize> {
        let correlation_id = correlation_id?.parse().ok()?;
        self.unacknowledged.iter().position(|bulk| bulk.correlation_id == correlation_id)
    }

    /// Tells the server the difference between what it knows and what is wanted.
    fn flush(&mut self, context: &mut Context<'_>, socket: SocketId, gap_ms: Option<u64>) {
        self.flush_at = None;
        let mut wanted = Vec::new();
        let mut doubtful = Vec::new();
        let mut unwanted = Vec::new();
        let mut forgotten = Vec::new();
        self.names.for_each(|name, subscription| match (subscription.wanted, subscription.server) {
            (true, Knowledge::Nothing) => {
                subscription.server = Knowledge::Subscribed;
                wanted.push(Box::from(name));
            }
            (true, Knowledge::Doubtful) => {
                subscription.server = Knowledge::Subscribed;
                doubtful.push(Box::from(name));
                wanted.push(Box::from(name));
            }
            (false, Knowledge::Subscribed) => unwanted.push(Box::from(name)),
            (false, _) => forgotten.push(Box::from(name)),
            (true, Knowledge::Subscribed | Knowledge::Refused | Knowledge::Held) => {}
        });
        self.forget(&unwanted);
        self.forget(&forgotten);
        self.repaired.extend_from_slice(&doubtful);
        self.send_bulk(context, socket, Direction::Unsubscribe, doubtful, None);
        self.send_bulk(context, socket, Direction::Subscribe, wanted, gap_ms);
        self.send_bulk(context, socket, Direction::Unsubscribe, unwanted, None);
    }

    fn send_bulk(
        &mut self,
        context: &mut Context<'_>,
        socket: SocketId,
        direction: Direction,
        mut names: Vec<Box<str>>,
        gap_ms: Option<u64>,
    ) {
        while !names.is_empty() {
            let rest = names.split_off(fitting(&names));
            let correlation_id = self.next_correlation_id;
            self.next_correlation_id = self.next_correlation_id.wrapping_add(1);
            let texts = names.iter().map(|name| &**name).collect();
            context.send(socket, &self.kind.message(direction, texts, &correlation_id.to_string()));
            let deadline = Some(context.now.after_ms(context.options.subscription_timeout_ms));
            self.unacknowledged.push_back(Bulk { correlation_id, names, deadline, refusals: 0, gap_ms });
            names = rest;
        }
    }
}

/// How many of the names go into one message: at least one.
fn fitting(names: &[Box<str>]) -> usize {
    let mut bytes = 0;
    let fitting = names.iter().take_while(|name| {
        bytes += name.len();
        bytes <= BULK_NAMES_MAX_BYTES
    });
    fitting.count().max(1)
}
