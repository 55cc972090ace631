//! Who listens to which patterns, and who provides what was subscribed to: the same for events and records.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::Instant,
    wire::{EventAction, EventMessage},
};

use super::{
    effects::{Effects, Request},
    policy::Policy,
    subscribers::Subscribers,
};
use crate::world::network::LinkId;

/// Somebody who listens to a pattern.
type Listener = (LinkId, String);

/// The listeners, and what they are asked and do.
#[derive(Default)]
pub struct Listening {
    patterns: Subscribers,
    searches: BTreeMap<String, Search>,
    provided: BTreeMap<String, Listener>,
}

/// The search for somebody to provide a subscription.
struct Search {
    asked: Listener,
    remaining: Vec<Listener>,
    deadline: Instant,
}

impl Listening {
    /// The process ends.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What a link provides.
    pub fn provided_by(&self, link: LinkId) -> BTreeSet<&str> {
        let provided = self.provided.iter().filter(|(_, (provider, _))| *provider == link);
        provided.map(|(name, _)| name.as_str()).collect()
    }

    /// The patterns that a link listens to.
    pub fn patterns_of(&self, link: LinkId) -> Vec<&str> {
        self.patterns.names_of(link)
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.searches.values().map(|search| search.deadline).min()
    }

    pub fn on_time(&mut self, now: Instant, policy: &Policy, effects: &mut Effects) {
        let due = self.searches.iter().filter(|(_, search)| search.deadline <= now);
        for name in due.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            let (asked, _) = &self.searches[&name].asked;
            let late = EventMessage::new(EventAction::ListenResponseTimeout);
            effects.say(*asked, &EventMessage { subscription: Some(&name), ..late }.into());
            self.ask_next(now, policy, effects, &name);
        }
    }

    /// A client that is logged in says something about listening.
    pub fn on_message(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        subscribers: &Subscribers,
        link: LinkId,
        message: &EventMessage<'_>,
    ) {
        let (Some(pattern), subscription) = (message.name, message.subscription.unwrap_or_default()) else {
            return effects.complain("listening without a pattern");
        };
        match message.action {
            EventAction::Listen => self.on_listen(now, policy, effects, subscribers, link, pattern),
            EventAction::Unlisten => {
                effects.note(link, Request::Unlisten(pattern.into()));
                if self.patterns.remove(link, pattern) {
                    self.drop_pattern(now, policy, effects, subscribers, link, pattern);
                    acknowledge(policy, effects, link, EventAction::Unlisten, pattern);
                }
            }
            action => {
                let accepts = action == EventAction::ListenAccept;
                effects.note(link, Request::AnswerOffer { subscription: subscription.into(), accepts });
                if !self.searches.contains_key(subscription) {
                    return;
                }
                // Whoever it is, and whether or not it was that one's turn.
                if accepts {
                    self.searches.remove(subscription);
                    self.provided.insert(subscription.into(), (link, pattern.into()));
                } else {
                    self.ask_next(now, policy, effects, subscription);
                }
            }
        }
    }

    fn on_listen(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        subscribers: &Subscribers,
        link: LinkId,
        pattern: &str,
    ) {
        effects.note(link, Request::Listen(pattern.into()));
        let name = Some(pattern);
        if policy.denied.contains(pattern) {
            let denied = EventMessage::new(EventAction::MessageDenied);
            let original_action = Some(EventAction::Listen.number());
            return effects.say(link, &EventMessage { name, is_error: true, original_action, ..denied }.into());
        }
        if pattern.contains('(') {
            let invalid = EventMessage::new(EventAction::InvalidListenRegex);
            return effects.say(link, &EventMessage { name, ..invalid }.into());
        }
        if !self.patterns.add(link, pattern) {
            return effects.complain(&format!("a second LISTEN to {pattern}, of which the server would die"));
        }
        for name in subscribers.names().into_iter().filter(|name| matches(pattern, name)) {
            match self.searches.get_mut(&name) {
                Some(search) => search.remaining.push((link, pattern.into())),
                None => self.search(now, policy, effects, &name),
            }
        }
        acknowledge(policy, effects, link, EventAction::Listen, pattern);
    }

    /// Somebody has subscribed to a name as the first.
    pub fn on_first_subscription(&mut self, now: Instant, policy: &Policy, effects: &mut Effects, name: &str) {
        self.search(now, policy, effects, name);
    }

    /// The last one has unsubscribed from a name.
    pub fn on_last_subscription_removed(&mut self, effects: &mut Effects, name: &str) {
        if let Some((link, pattern)) = self.provided.remove(name) {
            let removed = EventMessage::new(EventAction::SubscriptionForPatternRemoved);
            effects.say(link, &EventMessage { name: Some(&pattern), subscription: Some(name), ..removed }.into());
        }
    }

    /// A connection is gone.
    pub fn on_closed(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        subscribers: &Subscribers,
        link: LinkId,
    ) {
        let patterns: Vec<String> = self.patterns.names_of(link).into_iter().map(String::from).collect();
        self.patterns.remove_link(link);
        for pattern in patterns {
            self.drop_pattern(now, policy, effects, subscribers, link, &pattern);
        }
    }

    /// The server keeps those who leave in its searches, and drops all others: one search too many ends without a result.
    fn drop_pattern(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        subscribers: &Subscribers,
        link: LinkId,
        pattern: &str,
    ) {
        let is_leaving = |(listener, listened): &Listener| *listener == link && listened == pattern;
        self.searches.retain(|_, search| {
            search.remaining.retain(is_leaving);
            !search.remaining.is_empty()
        });
        let provided = self.provided.iter().filter(|(_, provider)| is_leaving(provider));
        for name in provided.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.provided.remove(&name);
            if !subscribers.of(&name).is_empty() {
                self.search(now, policy, effects, &name);
            }
        }
    }

    fn search(&mut self, now: Instant, policy: &Policy, effects: &mut Effects, name: &str) {
        if self.provided.contains_key(name) || self.searches.contains_key(name) {
            return;
        }
        let matching = self.patterns.names().into_iter().filter(|pattern| matches(pattern, name));
        let links = |pattern: String| self.patterns.of(&pattern).into_iter().map(move |link| (link, pattern.clone()));
        let mut listeners: Vec<Listener> = matching.flat_map(links).collect();
        if listeners.is_empty() {
            return;
        }
        let asked = listeners.remove(0);
        ask(effects, &asked, name);
        let deadline = now.after_ms(policy.listen_response_timeout_ms);
        self.searches.insert(name.into(), Search { asked, remaining: listeners, deadline });
    }

    fn ask_next(&mut self, now: Instant, policy: &Policy, effects: &mut Effects, name: &str) {
        let Some(search) = self.searches.get_mut(name) else { return };
        if search.remaining.is_empty() {
            self.searches.remove(name);
            return;
        }
        search.asked = search.remaining.remove(0);
        search.deadline = now.after_ms(policy.listen_response_timeout_ms);
        ask(effects, &search.asked, name);
    }
}

fn ask(effects: &mut Effects, (link, pattern): &Listener, name: &str) {
    let found = EventMessage::new(EventAction::SubscriptionForPatternFound);
    effects.say(*link, &EventMessage { name: Some(pattern), subscription: Some(name), ..found }.into());
}

fn acknowledge(policy: &Policy, effects: &mut Effects, link: LinkId, action: EventAction, pattern: &str) {
    if policy.acknowledges {
        effects.say(link, &EventMessage { is_ack: true, name: Some(pattern), ..EventMessage::new(action) }.into());
    }
}

/// Patterns here are a beginning and `.*`.
pub fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix(".*").is_some_and(|beginning| name.starts_with(beginning))
}
