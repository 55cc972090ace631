//! Listening: being asked whether to provide what others subscribe to.

use super::{
    context::Context,
    io::{ListenCommand, Output},
    subscriptions::{Subject, Subscriptions},
};
use crate::{names::NameMap, wire::Message};

/// The patterns listened to in one topic, and the subscriptions that the server offers for them.
#[derive(Debug)]
pub struct Listens {
    /// The patterns.
    pub patterns: Subscriptions,
    /// By the name of the subscription: the server asks one listener at a time.
    offers: NameMap<Offer>,
    /// The names of those offered for each pattern.
    offered: NameMap<NameMap<()>>,
    next_offer: u32,
}

/// A subscription that the server asks this client to provide.
#[derive(Debug)]
struct Offer {
    id: u32,
    pattern: Box<str>,
    accepted: bool,
}

impl Listens {
    /// No patterns yet, of what can be listened to.
    pub fn new(subject: &'static Subject) -> Self {
        let patterns = Subscriptions::new(subject);
        Self { patterns, offers: NameMap::new(), offered: NameMap::new(), next_offer: 0 }
    }

    /// The application wants something.
    pub fn on_command(&mut self, context: &mut Context, command: ListenCommand<'_>) {
        match command {
            ListenCommand::Listen(pattern) => self.patterns.subscribe(context, pattern),
            ListenCommand::Unlisten(pattern) => self.unlisten(context, pattern),
            ListenCommand::Answer { subscription, offer, accept } => {
                let Some(current) = self.offers.get_mut(subscription) else { return };
                // The answer may be to an offer that is over, even one of an earlier session.
                if context.session.is_none() || current.id != offer || current.accepted {
                    return;
                }
                current.accepted = accept;
                let pattern = current.pattern.clone();
                self.answer(context, &pattern, subscription, accept);
                if !accept {
                    self.end_offer(context, subscription);
                }
            }
        }
    }

    fn answer(&self, context: &mut Context, pattern: &str, subscription: &str, accept: bool) {
        let Some(offers) = &self.patterns.subject.offers else { return };
        let action = if accept { offers.accept } else { offers.reject };
        context.send(&self.patterns.subject.message(action, vec![pattern], Some(subscription), ""));
    }

    fn unlisten(&mut self, context: &mut Context, pattern: &str) {
        for subscription in self.offered.get(pattern).map(NameMap::to_names).unwrap_or_default() {
            let is_open = self.offers.get(&subscription).is_some_and(|offer| !offer.accepted);
            self.end_offer(context, &subscription);
            // What was accepted ends with UNLISTEN; the question that is still open would wait for its answer.
            if context.session.is_some() && is_open {
                self.answer(context, pattern, &subscription, false);
            }
        }
        self.patterns.unsubscribe(context, pattern);
    }

    /// The session is over: the server has forgotten what it asked, and asks again in the next.
    pub fn on_lost(&mut self, context: &mut Context) {
        for subscription in &self.offers.to_names() {
            self.end_offer(context, subscription);
        }
    }

    /// The server says something, perhaps about listening; says whether that settles the matter. What it does not settle
    /// is for the caller to judge, and to report where it is an error.
    pub fn on_answer(&mut self, context: &mut Context, answer: &Message<'_>) -> bool {
        let Some(actions) = &self.patterns.subject.offers else { return false };
        let (action, subscription) = (answer.action, answer.subscription.unwrap_or_default());
        if action == actions.found {
            self.on_offered(context, answer.name.unwrap_or_default(), subscription);
        } else if action == actions.removed {
            self.end_offer(context, subscription);
        } else if action == actions.response_timeout {
            // An answer that was given meanwhile came too late.
            if self.end_offer(context, subscription) {
                context.report(answer.failure_about(Some(subscription), None));
            }
        } else {
            return self.patterns.on_answer(context, answer);
        }
        true
    }

    /// The server asks whether this client provides a subscription.
    fn on_offered(&mut self, context: &mut Context, pattern: &str, subscription: &str) {
        // It asks anew only where it takes the last answer for void.
        self.end_offer(context, subscription);
        if !self.patterns.wants(pattern) {
            return self.answer(context, pattern, subscription, false);
        }
        let id = self.next_offer;
        self.next_offer = self.next_offer.wrapping_add(1);
        let offer = || Offer { id, pattern: pattern.into(), accepted: false };
        self.offers.get_or_insert_with(subscription, offer);
        self.offered.get_or_insert_with(pattern, NameMap::new).get_or_insert_with(subscription, || ());
        context.out.push_back(Output::Offered {
            topic: self.patterns.subject.topic(),
            pattern: pattern.into(),
            subscription: subscription.into(),
            offer: id,
        });
    }

    /// Says whether there was one.
    fn end_offer(&mut self, context: &mut Context, subscription: &str) -> bool {
        let Some(offer) = self.offers.remove(subscription) else { return false };
        if let Some(names) = self.offered.get_mut(&offer.pattern) {
            names.remove(subscription);
            if names.is_empty() {
                self.offered.remove(&offer.pattern);
            }
        }
        context.out.push_back(Output::OfferEnded {
            topic: self.patterns.subject.topic(),
            subscription: subscription.into(),
            offer: offer.id,
        });
        true
    }
}
