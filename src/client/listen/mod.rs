//! Listening: being asked whether to provide what others subscribe to.
//!
//! `@deepstream/server` 7.0.2 dies of a LISTEN to a pattern that the connection listens to already. So LISTEN is never
//! repeated, and never sent before the UNLISTEN to the same pattern is acknowledged.

mod topic;

use std::collections::VecDeque;

pub use self::topic::Listenable;
use self::topic::Saying;
use super::{
    context::Context,
    error::ClientError,
    io::{ListenCommand, Output, SocketId, Wake},
    options::Resubscribe,
    subscriptions::Answer,
    time::Instant,
};
use crate::names::NameMap;

/// The patterns listened to in one topic, and the subscriptions that the server offers for them.
#[derive(Debug)]
pub struct Listens {
    topic: Listenable,
    patterns: NameMap<Pattern>,
    /// By the name of the subscription: the server asks one listener at a time.
    offers: NameMap<Offer>,
    next_offer: u32,
    /// LISTEN and UNLISTEN that wait for their acknowledgement, oldest first.
    unacknowledged: VecDeque<(Instant, Box<str>)>,
}

#[derive(Clone, Copy, Debug)]
struct Pattern {
    wanted: bool,
    server: Knowledge,
}

/// What the server knows of a pattern, in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    Nothing,
    /// Nothing, and it is for the application to say when it is told.
    Held,
    /// LISTEN is on its way.
    Joining {
        then_leave: bool,
    },
    /// It listens; `then_leave` after an `unlisten()`, even if the application has come back since: what was offered
    /// before is only offered again to one who listens anew.
    Listening {
        then_leave: bool,
    },
    /// UNLISTEN is on its way.
    Leaving,
    /// It refused; asked again in the next session.
    Refused,
}

/// A subscription that the server asks this client to provide.
#[derive(Debug)]
struct Offer {
    id: u32,
    pattern: Box<str>,
    accepted: bool,
}

impl Listens {
    /// No patterns yet.
    pub const fn new(topic: Listenable) -> Self {
        Self { topic, patterns: NameMap::new(), offers: NameMap::new(), next_offer: 0, unacknowledged: VecDeque::new() }
    }

    /// The application wants something.
    pub fn on_command(&mut self, context: &mut Context<'_>, session: Option<SocketId>, command: ListenCommand<'_>) {
        match command {
            ListenCommand::Listen(pattern) => {
                let known =
                    self.patterns.get_or_insert_with(pattern, || Pattern { wanted: true, server: Knowledge::Nothing });
                known.wanted = true;
                if matches!(known.server, Knowledge::Held | Knowledge::Refused) {
                    known.server = Knowledge::Nothing;
                }
                if let Some(socket) = session {
                    self.tell(context, socket, pattern);
                }
            }
            ListenCommand::Unlisten(pattern) => self.unlisten(context, session, pattern),
            ListenCommand::Answer { subscription, offer, accept } => {
                let Some(socket) = session else { return };
                let Some(current) = self.offers.get_mut(subscription) else { return };
                // The answer may be to an offer that is over, even one of an earlier session.
                if current.id != offer || current.accepted {
                    return;
                }
                let saying = if accept { Saying::Accept } else { Saying::Reject };
                context.send(socket, &self.topic.message(saying, &current.pattern, Some(subscription)));
                current.accepted = accept;
                if !accept {
                    self.end_offer(context, subscription);
                }
            }
        }
    }

    fn unlisten(&mut self, context: &mut Context<'_>, session: Option<SocketId>, pattern: &str) {
        let Some(known) = self.patterns.get_mut(pattern) else { return };
        known.wanted = false;
        if let Knowledge::Joining { then_leave } | Knowledge::Listening { then_leave } = &mut known.server {
            *then_leave = true;
        }
        for subscription in self.offers.to_names() {
            let Some(offer) = self.offers.get(&subscription).filter(|offer| *offer.pattern == *pattern) else {
                continue;
            };
            let is_open = !offer.accepted;
            self.end_offer(context, &subscription);
            // What was accepted ends with UNLISTEN; the question that is still open would wait for its answer.
            if let Some(socket) = session.filter(|_| is_open) {
                context.send(socket, &self.topic.message(Saying::Reject, pattern, Some(&subscription)));
            }
        }
        match session {
            Some(socket) => self.tell(context, socket, pattern),
            None => drop(self.patterns.remove(pattern)),
        }
    }

    /// Tells the server what is wanted of a pattern, as soon as it has acknowledged what it was told before.
    fn tell(&mut self, context: &mut Context<'_>, socket: SocketId, pattern: &str) {
        let Some(known) = self.patterns.get_mut(pattern) else { return };
        let saying = match (known.wanted, known.server) {
            (true, Knowledge::Nothing) => {
                known.server = Knowledge::Joining { then_leave: false };
                Saying::Listen
            }
            (_, Knowledge::Listening { then_leave: true }) => {
                known.server = Knowledge::Leaving;
                Saying::Unlisten
            }
            (false, Knowledge::Nothing | Knowledge::Held | Knowledge::Refused) => {
                self.patterns.remove(pattern);
                return;
            }
            _ => return,
        };
        context.send(socket, &self.topic.message(saying, pattern, None));
        let deadline = context.now.after_ms(context.options.subscription_timeout_ms);
        self.unacknowledged.push_back((deadline, pattern.into()));
    }

    /// A session begins.
    pub fn on_session(&mut self, context: &mut Context<'_>, socket: SocketId) {
        for pattern in self.patterns.to_names() {
            self.tell(context, socket, &pattern);
        }
    }

    /// The application restores what [`Resubscribe::Manual`] left to it.
    pub fn resubscribe(&mut self, context: &mut Context<'_>, socket: SocketId) {
        for pattern in self.patterns.to_names() {
            if let Some(known) = self.patterns.get_mut(&pattern).filter(|known| known.server == Knowledge::Held) {
                known.server = Knowledge::Nothing;
            }
            self.tell(context, socket, &pattern);
        }
    }

    /// The session is over: the server has forgotten everything, and asks again in the next.
    pub fn on_lost(&mut self, context: &mut Context<'_>) {
        let forgotten = match context.options.resubscribe {
            Resubscribe::Auto => Knowledge::Nothing,
            Resubscribe::Manual => Knowledge::Held,
        };
        for pattern in self.patterns.to_names() {
            match self.patterns.get_mut(&pattern) {
                Some(known) if known.wanted => known.server = forgotten,
                _ => drop(self.patterns.remove(&pattern)),
            }
        }
        for subscription in self.offers.to_names() {
            self.end_offer(context, &subscription);
        }
        self.unacknowledged.clear();
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        self.unacknowledged.front().map(|(deadline, _)| (*deadline, Wake::Acknowledgement))
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context<'_>) {
        while let Some((_, pattern)) = self.unacknowledged.pop_front_if(|(deadline, _)| *deadline <= context.now) {
            context.report(ClientError::AckTimeout { topic: self.topic.topic(), names: vec![pattern] });
        }
    }

    /// The server says something, perhaps about listening; says whether that settles the matter. What it does not settle
    /// is for the caller to judge, and to report where it is an error.
    pub fn on_answer(
        &mut self,
        context: &mut Context<'_>,
        socket: SocketId,
        answer: &Answer<'_>,
        subscription: Option<&str>,
    ) -> bool {
        let actions = self.topic.actions();
        let pattern = answer.name.unwrap_or_default();
        let subscription = subscription.unwrap_or_default();
        let action = answer.action;
        if answer.is_ack && (action == actions.listen || action == actions.unlisten) {
            self.on_acknowledged(context, socket, pattern, action == actions.listen);
        } else if action == actions.found {
            self.on_offered(context, socket, pattern, subscription);
        } else if action == actions.removed {
            self.end_offer(context, subscription);
        } else if action == actions.response_timeout {
            self.on_too_late(context, subscription);
        } else {
            let refuses = actions.refusals.contains(&action) && answer.original_action == Some(actions.listen);
            if refuses || action == actions.invalid_regex {
                self.on_refused(pattern);
            }
            return false;
        }
        true
    }

    fn on_acknowledged(&mut self, context: &mut Context<'_>, socket: SocketId, pattern: &str, listens: bool) {
        let Some(known) = self.patterns.get_mut(pattern) else { return };
        known.server = match (known.server, listens) {
            (Knowledge::Joining { then_leave }, true) => Knowledge::Listening { then_leave },
            (Knowledge::Leaving, false) => Knowledge::Nothing,
            _ => return,
        };
        self.unacknowledged.retain(|(_, unacknowledged)| **unacknowledged != *pattern);
        self.tell(context, socket, pattern);
    }

    fn on_refused(&mut self, pattern: &str) {
        let Some(known) = self.patterns.get_mut(pattern) else { return };
        if !matches!(known.server, Knowledge::Joining { .. }) {
            return;
        }
        known.server = Knowledge::Refused;
        if !known.wanted {
            self.patterns.remove(pattern);
        }
        self.unacknowledged.retain(|(_, unacknowledged)| **unacknowledged != *pattern);
    }

    /// The server asks whether this client provides a subscription.
    fn on_offered(&mut self, context: &mut Context<'_>, socket: SocketId, pattern: &str, subscription: &str) {
        // It asks anew only where it takes the last answer for void.
        self.end_offer(context, subscription);
        if !self.patterns.get(pattern).is_some_and(|known| known.wanted) {
            context.send(socket, &self.topic.message(Saying::Reject, pattern, Some(subscription)));
            return;
        }
        let id = self.next_offer;
        self.next_offer = self.next_offer.wrapping_add(1);
        let offer = || Offer { id, pattern: pattern.into(), accepted: false };
        self.offers.get_or_insert_with(subscription, offer);
        context.out.push_back(Output::Offered {
            topic: self.topic.topic(),
            pattern: pattern.into(),
            subscription: subscription.into(),
            offer: id,
        });
    }

    /// The server no longer waits for the answer. One that was given meanwhile came too late.
    fn on_too_late(&mut self, context: &mut Context<'_>, subscription: &str) {
        if self.end_offer(context, subscription) {
            context.report(ClientError::Server {
                topic: self.topic.topic(),
                action: Listenable::RESPONSE_TIMEOUT,
                name: Some(subscription.into()),
                data: None,
            });
        }
    }

    /// Says whether there was one.
    fn end_offer(&mut self, context: &mut Context<'_>, subscription: &str) -> bool {
        let Some(offer) = self.offers.remove(subscription) else { return false };
        context.out.push_back(Output::OfferEnded {
            topic: self.topic.topic(),
            subscription: subscription.into(),
            offer: offer.id,
        });
        true
    }
}
