//! The event topic.

use std::collections::BTreeSet;

use deepstream_wasm::wire::{EventAction, Message};

use super::{
    effects::{Effects, Emitted, Request},
    listeners::{Listeners, Saying, Scene, Subject},
    record::Turn,
    subscribers::{Subscribers, splice_denied},
};
use crate::world::network::LinkId;

/// Who is subscribed to which events.
pub struct Events {
    pub subscribers: Subscribers,
    pub listeners: Listeners,
}

impl Events {
    pub fn new() -> Self {
        Self { subscribers: Subscribers::default(), listeners: Listeners::new(Subject::Events) }
    }

    /// A client that is logged in says something about events.
    pub fn on_message(&mut self, turn: &mut Turn<'_>, link: LinkId, action: EventAction, message: &Message<'_>) {
        match action {
            EventAction::Emit => self.on_emit(turn, link, message),
            EventAction::Subscribe | EventAction::Unsubscribe => self.on_bulk(turn, link, action, message),
            action => match Saying::of_event(action) {
                Some(saying) => self.on_listener(turn, link, saying, message),
                None => turn.effects.complain(&format!("EVENT/{}", action.name())),
            },
        }
    }

    /// Time has passed.
    pub fn on_time(&mut self, turn: &mut Turn<'_>) {
        self.listeners.on_time(&mut scene(turn, &self.subscribers));
    }

    /// A connection is gone.
    pub fn on_closed(&mut self, turn: &mut Turn<'_>, link: LinkId) {
        self.listeners.on_closed(&mut scene(turn, &self.subscribers), link);
        for name in self.subscribers.names_of(link).into_iter().map(String::from).collect::<Vec<_>>() {
            self.unsubscribe(turn, link, &name);
        }
    }

    /// The server's process ends.
    pub fn on_process_end(&mut self) {
        self.subscribers.clear();
        self.listeners.clear();
    }

    fn on_listener(&mut self, turn: &mut Turn<'_>, link: LinkId, saying: Saying, message: &Message<'_>) {
        let (pattern, subscription) = (message.name.unwrap_or_default(), message.subscription.unwrap_or_default());
        turn.effects.note(
            link,
            match saying {
                Saying::Listen => Request::Listen(pattern.into()),
                Saying::Unlisten => Request::Unlisten(pattern.into()),
                answer => Request::AnswerOffer { subscription: subscription.into(), accepts: answer == Saying::Accept },
            },
        );
        if saying == Saying::Listen && turn.policy.denied.contains(pattern) {
            let denied = Message::new(EventAction::MessageDenied);
            let original_action = Some(message.action.number());
            let denied = Message { name: message.name, is_error: true, original_action, ..denied };
            return turn.effects.say(link, &denied);
        }
        let scene = &mut scene(turn, &self.subscribers);
        self.listeners.on_message(scene, link, saying, pattern, message.subscription);
    }

    fn on_emit(&self, turn: &mut Turn<'_>, link: LinkId, message: &Message<'_>) {
        let Turn { policy, effects, .. } = turn;
        let name = message.name.unwrap_or_default();
        if policy.mute.contains(name) {
            let denial = Message {
                is_error: true,
                name: message.name,
                correlation_id: message.correlation_id,
                original_action: Some(EventAction::Emit.number()),
                ..Message::new(EventAction::MessageDenied)
            };
            return effects.say(link, &denial);
        }
        let data: Option<String> = message.data.map(Into::into);
        effects.note(link, Request::Emit { name: name.into(), data: data.clone() });
        effects.emitted.push(Emitted { user: String::new(), name: name.into(), data });
        for subscriber in self.subscribers.of(name).into_iter().filter(|subscriber| *subscriber != link) {
            effects.say(subscriber, &message.clone());
        }
    }

    fn on_bulk(&mut self, turn: &mut Turn<'_>, link: LinkId, action: EventAction, message: &Message<'_>) {
        let mut names: Vec<String> = message.names.iter().map(|name| (*name).into()).collect();
        if names.is_empty() || message.correlation_id.is_none() {
            turn.effects.complain("a bulk message without names or without correlationId");
        }
        let may_repeat = self.subscribers.may_repeat(link, message.correlation_id, names.len());
        if action == EventAction::Subscribe {
            turn.effects.note(link, Request::Subscribe(names.clone()));
            if deny(turn.effects, link, message, &mut names, &turn.policy.denied) {
                self.subscribers.denied(link);
            }
            for name in &names {
                self.subscribe(turn, link, name, may_repeat);
            }
        } else {
            turn.effects.note(link, Request::Unsubscribe(names.clone()));
            for name in &names {
                self.unsubscribe(turn, link, name);
            }
        }
        if !names.is_empty() && turn.policy.acknowledges {
            let ack = Message { is_ack: true, ..Message::new(action) };
            turn.effects.say(link, &Message { correlation_id: message.correlation_id, ..ack });
        }
    }

    fn unsubscribe(&mut self, turn: &mut Turn<'_>, link: LinkId, name: &str) {
        if self.subscribers.remove(link, name) && !self.subscribers.has(name) {
            self.listeners.on_last_unsubscribed(&mut scene(turn, &self.subscribers), name);
        }
    }

    fn subscribe(&mut self, turn: &mut Turn<'_>, link: LinkId, name: &str, may_repeat: bool) {
        if self.subscribers.add(link, name) {
            return self.listeners.on_subscribed(&mut scene(turn, &self.subscribers), link, name);
        }
        if !may_repeat {
            turn.effects.complain(&format!("MULTIPLE_SUBSCRIPTIONS to {name}"));
        }
        let error = Message {
            name: Some(name),
            original_action: Some(EventAction::Subscribe.number()),
            ..Message::new(EventAction::MultipleSubscriptions)
        };
        turn.effects.say(link, &error);
    }
}

fn scene<'a>(turn: &'a mut Turn<'_>, subscribers: &'a Subscribers) -> Scene<'a> {
    Scene { now: turn.now, policy: turn.policy, subscribers, effects: turn.effects }
}

/// Takes the names that are denied off the list, as the server does; says whether there were any.
fn deny(
    effects: &mut Effects,
    link: LinkId,
    message: &Message<'_>,
    names: &mut Vec<String>,
    denied: &BTreeSet<String>,
) -> bool {
    let refused = splice_denied(names, |name| denied.contains(name));
    for name in &refused {
        let error = Message {
            is_error: true,
            name: Some(name),
            correlation_id: message.correlation_id,
            original_action: Some(message.action.number()),
            ..Message::new(EventAction::MessageDenied)
        };
        effects.say(link, &error);
    }
    !refused.is_empty()
}
