//! Subscribing to records, which mostly means to be told at the same time what is in them.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use deepstream_wasm::wire::{Message, RecordAction};

use super::{Asked, Records, Turn, tell_record};
use crate::world::{
    json::Json,
    network::LinkId,
    server::{listeners::Scene, policy::Right},
};

impl Records {
    pub(super) fn subscribe_all(&mut self, turn: &mut Turn<'_>, asked: &Asked) {
        for name in &asked.names {
            self.subscribe(turn, asked, name);
        }
        acknowledge(turn, asked);
    }

    fn subscribe(&mut self, turn: &mut Turn<'_>, asked: &Asked, name: &str) {
        if self.subscribers.add(asked.link, name) {
            let mut scene =
                Scene { now: turn.now, policy: turn.policy, subscribers: &self.subscribers, effects: turn.effects };
            return self.listeners.on_subscribed(&mut scene, asked.link, name);
        }
        let answer = Message {
            name: Some(name),
            original_action: Some(asked.action.number()),
            ..Message::new(RecordAction::MultipleSubscriptions)
        };
        turn.complain(&format!("MULTIPLE_SUBSCRIPTIONS to {name}"));
        turn.say(asked.link, answer);
    }

    pub(super) fn unsubscribe(&mut self, turn: &mut Turn<'_>, link: LinkId, name: &str) {
        if self.subscribers.remove(link, name) && !self.subscribers.has(name) {
            self.on_last_unsubscribed(turn, name);
        }
    }

    pub(super) fn unsubscribe_everybody(&mut self, turn: &mut Turn<'_>, name: &str) {
        if self.subscribers.remove_name(name) {
            self.on_last_unsubscribed(turn, name);
        }
    }

    fn on_last_unsubscribed(&mut self, turn: &mut Turn<'_>, name: &str) {
        let mut scene =
            Scene { now: turn.now, policy: turn.policy, subscribers: &self.subscribers, effects: turn.effects };
        self.listeners.on_last_unsubscribed(&mut scene, name);
    }

    pub(super) fn subscribe_and_read(&mut self, turn: &mut Turn<'_>, asked: &Asked) {
        for name in &asked.names {
            let asked = asked.about(name);
            self.load(name, true, move |records, turn, version, data| match data {
                Some(_) => records.subscribe_to_known(turn, asked, version),
                None if asked.action == RecordAction::SubscribeCreateAndRead => records.create(turn, asked),
                None => records.subscribe_to_missing(turn, &asked),
            });
        }
        turn.say(asked.link, Message { is_ack: true, ..asked.echo(asked.action) });
    }

    fn create(&mut self, turn: &mut Turn<'_>, asked: Asked) {
        if turn.permits(Right::Create, &asked) {
            self.store.cache(asked.name(), 0, Rc::new(RefCell::new(Json::object())));
            self.store.store(asked.name(), 0, &Json::object());
            self.soon(move |records, turn| records.subscribe_to_known(turn, asked, 0));
        }
    }

    fn subscribe_to_known(&mut self, turn: &mut Turn<'_>, asked: Asked, version: i32) {
        if !turn.permits(Right::Read, &asked) {
            return;
        }
        let subscription = Asked { action: RecordAction::Subscribe, ..asked.clone() };
        self.subscribe(turn, &subscription, asked.name());
        let name = asked.name().to_owned();
        self.load(&name, true, move |_, turn, _, data| match data {
            Some(data) => tell_record(turn, asked.link, asked.name(), version, &data.borrow()),
            None => turn.say(asked.link, asked.failure(asked.action)),
        });
    }

    fn subscribe_to_missing(&mut self, turn: &mut Turn<'_>, asked: &Asked) {
        if turn.permits(Right::Read, asked) {
            let subscription = Asked { action: RecordAction::Subscribe, ..asked.clone() };
            self.subscribe(turn, &subscription, asked.name());
            tell_record(turn, asked.link, asked.name(), -1, &Json::object());
        }
    }

    pub(super) fn subscribe_and_head(&mut self, asked: Asked) {
        let cached = |name: &String| self.store.cached(name).map(|(version, _)| (name.clone(), version));
        let versions: BTreeMap<_, _> = asked.names.iter().filter_map(cached).collect();
        self.soon(move |records, turn| {
            let answer = Message {
                versions: versions.iter().map(|(name, version)| (name.as_str(), *version)).collect(),
                ..Message::new(RecordAction::HeadResponseBulk)
            };
            turn.say(asked.link, answer);
            records.subscribe_all(turn, &asked);
            for name in asked.names.iter().filter(|name| !versions.contains_key(*name)) {
                records.head(asked.link, name);
            }
        });
    }
}

pub(super) fn acknowledge(turn: &mut Turn<'_>, asked: &Asked) {
    let ack = Message { is_ack: true, ..Message::new(asked.action) };
    turn.say(asked.link, Message { correlation_id: asked.correlation_id.as_deref(), ..ack });
}
