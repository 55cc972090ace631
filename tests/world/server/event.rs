//! The event topic.

use std::collections::BTreeSet;

use deepstream_wasm::{
    client::Instant,
    wire::{EventAction, EventMessage},
};

use super::{
    effects::{Effects, Request},
    listen::Listening,
    policy::Policy,
    subscribers::{Subscribers, splice_denied},
};
use crate::world::network::LinkId;

/// Who is subscribed to which events.
#[derive(Default)]
pub struct Events {
    pub subscribers: Subscribers,
    pub listening: Listening,
}

impl Events {
    /// A client that is logged in says something about events.
    pub fn on_message(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        message: &EventMessage<'_>,
    ) {
        match message.action {
            EventAction::Emit => self.on_emit(policy, effects, link, message),
            EventAction::Subscribe | EventAction::Unsubscribe => self.on_bulk(now, policy, effects, link, message),
            EventAction::Listen | EventAction::Unlisten | EventAction::ListenAccept | EventAction::ListenReject => {
                self.listening.on_message(now, policy, effects, &self.subscribers, link, message);
            }
            action => effects.complain(&format!("EVENT/{}", action.name())),
        }
    }

    fn on_emit(&self, policy: &Policy, effects: &mut Effects, link: LinkId, message: &EventMessage<'_>) {
        let name = message.name.unwrap_or_default();
        if policy.mute.contains(name) {
            let denial = EventMessage {
                is_error: true,
                name: message.name,
                correlation_id: message.correlation_id,
                original_action: Some(EventAction::Emit.number()),
                ..EventMessage::new(EventAction::MessageDenied)
            };
            return effects.say(link, &denial.into());
        }
        effects.note(link, Request::Emit { name: name.into(), data: message.data.map(Into::into) });
        for subscriber in self.subscribers.of(name).into_iter().filter(|subscriber| *subscriber != link) {
            effects.say(subscriber, &message.clone().into());
        }
    }

    /// The process ends.
    pub fn forget(&mut self) {
        self.subscribers.clear();
        self.listening.forget();
    }

    /// A connection is gone.
    pub fn on_closed(&mut self, now: Instant, policy: &Policy, effects: &mut Effects, link: LinkId) {
        for name in self.subscribers.names_of(link).into_iter().map(String::from).collect::<Vec<_>>() {
            self.unsubscribe(effects, link, &name);
        }
        self.listening.on_closed(now, policy, effects, &self.subscribers, link);
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.listening.deadline()
    }

    pub fn on_time(&mut self, now: Instant, policy: &Policy, effects: &mut Effects) {
        self.listening.on_time(now, policy, effects);
    }

    fn on_bulk(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        message: &EventMessage<'_>,
    ) {
        let mut names: Vec<String> = message.names.iter().map(|name| (*name).into()).collect();
        if names.is_empty() || message.correlation_id.is_none() {
            effects.complain("a bulk message without names or without correlationId");
        }
        let may_repeat = self.subscribers.may_repeat(link, message.correlation_id, names.len());
        if message.action == EventAction::Subscribe {
            effects.note(link, Request::Subscribe(names.clone()));
            if deny(effects, link, message, &mut names, &policy.denied) {
                self.subscribers.denied(link);
            }
            for name in &names {
                self.subscribe(now, policy, effects, link, name, may_repeat);
            }
        } else {
            effects.note(link, Request::Unsubscribe(names.clone()));
            for name in &names {
                self.unsubscribe(effects, link, name);
            }
        }
        if !names.is_empty() && policy.acknowledges {
            let ack = EventMessage { is_ack: true, ..EventMessage::new(message.action) };
            effects.say(link, &EventMessage { correlation_id: message.correlation_id, ..ack }.into());
        }
    }

    fn unsubscribe(&mut self, effects: &mut Effects, link: LinkId, name: &str) {
        if self.subscribers.remove(link, name) && self.subscribers.of(name).is_empty() {
            self.listening.on_last_subscription_removed(effects, name);
        }
    }

    fn subscribe(
        &mut self,
        now: Instant,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        name: &str,
        may_repeat: bool,
    ) {
        let is_first = self.subscribers.of(name).is_empty();
        if self.subscribers.add(link, name) {
            if is_first {
                self.listening.on_first_subscription(now, policy, effects, name);
            }
            return;
        }
        if !may_repeat {
            effects.complain(&format!("MULTIPLE_SUBSCRIPTIONS to {name}"));
        }
        let error = EventMessage {
            name: Some(name),
            original_action: Some(EventAction::Subscribe.number()),
            ..EventMessage::new(EventAction::MultipleSubscriptions)
        };
        effects.say(link, &error.into());
    }
}

/// Takes the names that are denied off the list, as the server does; says whether there were any.
fn deny(
    effects: &mut Effects,
    link: LinkId,
    message: &EventMessage<'_>,
    names: &mut Vec<String>,
    denied: &BTreeSet<String>,
) -> bool {
    let refused = splice_denied(names, |name| denied.contains(name));
    for name in &refused {
        let error = EventMessage {
            is_error: true,
            name: Some(name),
            correlation_id: message.correlation_id,
            original_action: Some(message.action.number()),
            ..EventMessage::new(EventAction::MessageDenied)
        };
        effects.say(link, &error.into());
    }
    !refused.is_empty()
}
