//! What the application has subscribed to, and what the server knows of it.

mod kind;

use std::collections::VecDeque;

use self::kind::Direction;
pub use self::kind::{Answer, Kind};
use super::{
    context::Context,
    error::ClientError,
    io::{Output, SocketId, Wake},
    limits::BULK_NAMES_MAX_BYTES,
    options::Resubscribe,
    time::Instant,
};
use crate::names::NameMap;

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
    /// Names sent a second time because the server may have dropped them, or never heard of them.
    repeated: NameMap<()>,
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
    /// The bulk message with this correlation id told it.
    Subscribed(u32),
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
    direction: Direction,
    names: Vec<Box<str>>,
    /// When the server has had time enough to acknowledge it; `None` once that is reported. The answer may still come.
    deadline: Option<Instant>,
    /// Whether it was sent twice.
    resent: bool,
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
            repeated: NameMap::new(),
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
        self.repeated = NameMap::new();
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
            self.on_overdue(context, socket, position);
        }
    }

    /// Whether the server has been told that `name` is wanted, and has not refused it.
    pub fn is_subscribed(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|it| it.wanted && matches!(it.server, Knowledge::Subscribed(_)))
    }

    /// A bulk message was not acknowledged in time: it is sent once more, and reported when that does not help.
    fn on_overdue(&mut self, context: &mut Context<'_>, socket: SocketId, position: usize) {
        let Some(bulk) = self.unacknowledged.get_mut(position) else { return };
        if !bulk.resent && bulk.refusals == 0 {
            self.resend(context, socket, position);
            return;
        }
        bulk.deadline = None;
        context.report(ClientError::AckTimeout { topic: self.kind.topic(), names: bulk.names.clone() });
        if bulk.refusals > 0 {
            self.finish(context, socket, position);
        }
    }

    /// Sends a bulk message again, without the names of which the server has been told something else since. It keeps its
    /// correlation id, so that it does not matter which of the two is answered.
    fn resend(&mut self, context: &mut Context<'_>, socket: SocketId, position: usize) {
        let Some(mut bulk) = self.unacknowledged.remove(position) else { return };
        bulk.names.retain(|name| match (bulk.direction, self.names.get(name).map(|it| it.server)) {
            (Direction::Subscribe, server) => server == Some(Knowledge::Subscribed(bulk.correlation_id)),
            (Direction::Unsubscribe, Some(Knowledge::Subscribed(_))) => false,
            (Direction::Unsubscribe, _) => true,
        });
        if bulk.names.is_empty() {
            return;
        }
        if bulk.direction == Direction::Subscribe {
            self.expect_complaints(&bulk.names);
        }
        bulk.resent = true;
        self.transmit(context, socket, bulk);
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
            return self.repeated.contains(name);
        }
        if actions.refusals.contains(&answer.action) && answer.original_action == Some(actions.subscribe) {
            return self.on_refused(context, socket, name, answer.correlation_id);
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
        if bulk.refusals > 0 {
            self.repair(context, socket, &bulk);
        }
        if let Some(gap_ms) = bulk.gap_ms {
            let id = bulk.correlation_id;
            bulk.names.retain(|name| self.is_subscribed_by(id, name));
            context.out.push_back(Output::Resubscribed { topic: self.kind.topic(), names: bulk.names, gap_ms });
        }
    }

    fn repair(&mut self, context: &mut Context<'_>, socket: SocketId, bulk: &Bulk) {
        // The two times that a message was sent may have held different names; then any may be lost, and any kept.
        let lost_from = if bulk.resent { 0 } else { bulk.names.len().saturating_sub(bulk.refusals) };
        let kept_until = if bulk.resent { bulk.names.len() } else { lost_from };
        for name in bulk.names.iter().skip(lost_from) {
            if !self.is_subscribed_by(bulk.correlation_id, name) {
                continue;
            }
            let Some(subscription) = self.names.get_mut(name) else { continue };
            // Wanted no more for the moment: should it be wanted again before that is told, it must be asked for anew.
            if !subscription.wanted && !bulk.resent {
                subscription.server = Knowledge::Doubtful;
            } else if subscription.wanted {
                let name = vec![name.clone()];
                self.expect_complaints(&name);
                self.send_bulk(context, socket, Direction::Subscribe, name, bulk.gap_ms);
            }
        }
        let refused = |name: &str| self.names.get(name).is_some_and(|it| it.server == Knowledge::Refused);
        let kept: Vec<_> = bulk.names.iter().take(kept_until).filter(|name| refused(name)).cloned().collect();
        self.expect_complaints(&kept);
        self.send_bulk(context, socket, Direction::Unsubscribe, kept, None);
    }

    /// Whether it was this bulk message that told the server of the name, and no later one.
    fn is_subscribed_by(&self, correlation_id: u32, name: &str) -> bool {
        self.names.get(name).is_some_and(|it| it.server == Knowledge::Subscribed(correlation_id))
    }

    /// The server refuses one name of a bulk message, or checked a name that is not in it; says whether that is known
    /// already.
    fn on_refused(
        &mut self,
        context: &mut Context<'_>,
        socket: SocketId,
        name: &str,
        correlation_id: Option<&str>,
    ) -> bool {
        let position = self.position(correlation_id);
        // The second answer to a message that was sent twice.
        if position.is_none() && correlation_id.is_some() && self.repeated.contains(name) {
            return true;
        }
        if let Some(subscription) = self.names.get_mut(name) {
            subscription.server = Knowledge::Refused;
        }
        let Some(position) = position else { return false };
        let Some(bulk) = self.unacknowledged.get_mut(position) else { return false };
        bulk.refusals += 1;
        bulk.deadline.get_or_insert(context.now.after_ms(context.options.subscription_timeout_ms));
        // With no name left the server does not acknowledge.
        if bulk.refusals >= bulk.names.len() {
            self.finish(context, socket, position);
        }
        false
    }

    /// The server may say of these names that it has them already, or never had them.
    fn expect_complaints(&mut self, names: &[Box<str>]) {
        for name in names {
            self.repeated.get_or_insert_with(name, || ());
        }
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
            (true, Knowledge::Nothing) => wanted.push(Box::from(name)),
            (true, Knowledge::Doubtful) => {
                doubtful.push(Box::from(name));
                wanted.push(Box::from(name));
            }
            (false, Knowledge::Subscribed(_)) => unwanted.push(Box::from(name)),
            (false, _) => forgotten.push(Box::from(name)),
            (true, Knowledge::Subscribed(_) | Knowledge::Refused | Knowledge::Held) => {}
        });
        self.forget(&unwanted);
        self.forget(&forgotten);
        self.expect_complaints(&doubtful);
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
            if direction == Direction::Subscribe {
                for name in &names {
                    if let Some(subscription) = self.names.get_mut(name) {
                        subscription.server = Knowledge::Subscribed(correlation_id);
                    }
                }
            }
            let bulk = Bulk { correlation_id, direction, names, deadline: None, resent: false, refusals: 0, gap_ms };
            self.transmit(context, socket, bulk);
            names = rest;
        }
    }

    fn transmit(&mut self, context: &mut Context<'_>, socket: SocketId, mut bulk: Bulk) {
        let names = bulk.names.iter().map(|name| &**name).collect();
        context.send(socket, &self.kind.message(bulk.direction, names, &bulk.correlation_id.to_string()));
        bulk.deadline = Some(context.now.after_ms(context.options.subscription_timeout_ms));
        self.unacknowledged.push_back(bulk);
    }
}

/// How many of the names go into one message: at least one.
pub fn fitting(names: &[Box<str>]) -> usize {
    let mut bytes = 0;
    let fitting = names.iter().take_while(|name| {
        bytes += name.len();
        bytes <= BULK_NAMES_MAX_BYTES
    });
    fitting.count().max(1)
}
