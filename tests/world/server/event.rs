//! The event topic.

use std::collections::BTreeSet;

use deepstream_wasm::wire::{EventAction, EventMessage};

use super::{
    effects::{Effects, Request},
    policy::Policy,
    subscribers::{Subscribers, splice_denied},
};
use crate::world::network::LinkId;

/// Who is subscribed to which events.
#[derive(Default)]
pub struct Events {
    pub subscribers: Subscribers,
    /// The bulk messages that were heard, by their correlation ids.
    heard: BTreeSet<(LinkId, String)>,
    /// Who was denied something.
    denied: BTreeSet<LinkId>,
}

impl Events {
    /// A client that is logged in says something about events.
    pub fn on_message(&mut self, policy: &Policy, effects: &mut Effects, link: LinkId, message: &EventMessage<'_>) {
        match message.action {
            EventAction::Emit => self.on_emit(effects, link, message),
            EventAction::Subscribe | EventAction::Unsubscribe => self.on_bulk(policy, effects, link, message),
            action => effects.complain(&format!("EVENT/{}", action.name())),
        }
    }

    fn on_emit(&self, effects: &mut Effects, link: LinkId, message: &EventMessage<'_>) {
        let name = message.name.unwrap_or_default();
        effects.note(link, Request::Emit { name: name.into(), data: message.data.map(Into::into) });
        for subscriber in self.subscribers.of(name).into_iter().filter(|subscriber| *subscriber != link) {
            effects.say(subscriber, &message.clone().into());
        }
    }

    fn on_bulk(&mut self, policy: &Policy, effects: &mut Effects, link: LinkId, message: &EventMessage<'_>) {
        let mut names: Vec<String> = message.names.iter().map(|name| (*name).into()).collect();
        if names.is_empty() || message.correlation_id.is_none() {
            effects.complain("a bulk message without names or without correlationId");
        }
        // A message that was not answered in time comes a second time. Names sent beside a denied one may come again alone.
        let is_new = self.heard.insert((link, message.correlation_id.unwrap_or_default().into()));
        let may_repeat = !is_new || names.len() == 1 && self.denied.contains(&link);
        if message.action == EventAction::Subscribe {
            effects.note(link, Request::Subscribe(names.clone()));
            if deny(effects, link, message, &mut names, &policy.denied) {
                self.denied.insert(link);
            }
            for name in &names {
                self.subscribe(effects, link, name, may_repeat);
            }
        } else {
            effects.note(link, Request::Unsubscribe(names.clone()));
            for name in &names {
                self.subscribers.remove(link, name);
            }
        }
        if !names.is_empty() && policy.acknowledges {
            let ack = EventMessage { is_ack: true, ..EventMessage::new(message.action) };
            effects.say(link, &EventMessage { correlation_id: message.correlation_id, ..ack }.into());
        }
    }

    fn subscribe(&mut self, effects: &mut Effects, link: LinkId, name: &str, may_repeat: bool) {
        if self.subscribers.add(link, name) {
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
