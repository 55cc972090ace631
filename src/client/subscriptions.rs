//! What the application has subscribed to, and what the server knows of it.

use std::collections::VecDeque;

use super::{
    connection::Context,
    error::ClientError,
    io::{SocketId, Wake},
    limits::BULK_NAMES_MAX_BYTES,
    time::Instant,
};
use crate::{
    names::NameMap,
    wire::{EventAction, EventMessage, Message, Topic},
};

/// The subscriptions of one topic. Names are collected for `subscriptionInterval` and sent in bulk; a new session
/// starts with all of them.
#[derive(Debug)]
pub struct Subscriptions {
    topic: Topic,
    names: NameMap<Subscription>,
    flush_at: Option<Instant>,
    /// Bulk messages that the server has not acknowledged, oldest first.
    unacknowledged: VecDeque<Bulk>,
    next_correlation_id: u32,
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
    /// It refused; asked again in the next session, or when the application subscribes again.
    Refused,
}

#[derive(Debug)]
struct Bulk {
    correlation_id: u32,
    names: Vec<Box<str>>,
    deadline: Instant,
}

impl Subscriptions {
    /// None yet.
    pub const fn new(topic: Topic) -> Self {
        Self { topic, names: NameMap::new(), flush_at: None, unacknowledged: VecDeque::new(), next_correlation_id: 0 }
    }

    /// The application wants `name`.
    pub fn subscribe(&mut self, context: &Context<'_>, connected: bool, name: &str) {
        let subscription =
            self.names.get_or_insert_with(name, || Subscription { wanted: true, server: Knowledge::Nothing });
        subscription.wanted = true;
        if subscription.server == Knowledge::Refused {
            subscription.server = Knowledge::Nothing;
        }
        self.schedule(context, connected);
    }

    /// The application no longer wants `name`.
    pub fn unsubscribe(&mut self, context: &Context<'_>, connected: bool, name: &str) {
        if let Some(subscription) = self.names.get_mut(name) {
            subscription.wanted = false;
            self.schedule(context, connected);
        }
    }

    fn schedule(&mut self, context: &Context<'_>, connected: bool) {
        if connected && self.flush_at.is_none() {
            self.flush_at = Some(context.now.after_ms(context.options.subscription_interval_ms));
        }
    }

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.flush(context, socket);
    }

    /// The session is over: the server has forgotten everything.
    pub fn on_lost(&mut self) {
        let mut unwanted = Vec::new();
        self.names.for_each(|name, subscription| {
            subscription.server = Knowledge::Nothing;
            if !subscription.wanted {
                unwanted.push(Box::from(name));
            }
        });
        self.forget(&unwanted);
        self.flush_at = None;
        self.unacknowledged.clear();
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
        let acknowledgement = self.unacknowledged.front().map(|bulk| (bulk.deadline, Wake::Acknowledgement));
        flush.into_iter().chain(acknowledgement).min()
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context<'_>, socket: SocketId) {
        if self.flush_at.is_some_and(|at| at <= context.now) {
            self.flush(context, socket);
        }
        while let Some(bulk) = self.unacknowledged.pop_front_if(|bulk| bulk.deadline <= context.now) {
            context.report(ClientError::AckTimeout { topic: self.topic, names: bulk.names });
        }
    }

    /// The server acknowledges a bulk message.
    pub fn on_acknowledged(&mut self, correlation_id: Option<&str>) {
        let Some(correlation_id) = correlation_id.and_then(|text| text.parse().ok()) else {
            return;
        };
        self.unacknowledged.retain(|bulk: &Bulk| bulk.correlation_id != correlation_id);
    }

    /// The server refuses one name.
    pub fn on_refused(&mut self, name: &str) {
        if let Some(subscription) = self.names.get_mut(name) {
            subscription.server = Knowledge::Refused;
        }
        self.unacknowledged.retain_mut(|bulk| {
            bulk.names.retain(|waiting| &**waiting != name);
            !bulk.names.is_empty()
        });
    }

    /// Tells the server the difference between what it knows and what is wanted.
    fn flush(&mut self, context: &mut Context<'_>, socket: SocketId) {
        self.flush_at = None;
        let mut wanted = Vec::new();
        let mut unwanted = Vec::new();
        let mut forgotten = Vec::new();
        self.names.for_each(|name, subscription| match (subscription.wanted, subscription.server) {
            (true, Knowledge::Nothing) => {
                subscription.server = Knowledge::Subscribed;
                wanted.push(Box::from(name));
            }
            (false, Knowledge::Subscribed) => unwanted.push(Box::from(name)),
            (false, _) => forgotten.push(Box::from(name)),
            (true, Knowledge::Subscribed | Knowledge::Refused) => {}
        });
        self.forget(&unwanted);
        self.forget(&forgotten);
        self.send_bulk(context, socket, EventAction::Subscribe, wanted);
        self.send_bulk(context, socket, EventAction::Unsubscribe, unwanted);
    }

    fn send_bulk(
        &mut self,
        context: &mut Context<'_>,
        socket: SocketId,
        action: EventAction,
        mut names: Vec<Box<str>>,
    ) {
        while !names.is_empty() {
            let rest = names.split_off(fitting(&names));
            let correlation_id = self.next_correlation_id;
            self.next_correlation_id = self.next_correlation_id.wrapping_add(1);
            let message = EventMessage {
                names: names.iter().map(|name| &**name).collect(),
                correlation_id: Some(&correlation_id.to_string()),
                ..EventMessage::new(action)
            };
            context.send(socket, &Message::Event(message));
            let deadline = context.now.after_ms(context.options.subscription_timeout_ms);
            self.unacknowledged.push_back(Bulk { correlation_id, names, deadline });
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
