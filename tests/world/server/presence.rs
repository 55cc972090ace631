//! The presence topic.

use std::collections::BTreeMap;

use deepstream_wasm::wire::{Action, Message, PresenceAction};

use super::{
    effects::{Effects, Request},
    policy::Policy,
    subscribers::{Subscribers, splice_denied},
};
use crate::world::network::LinkId;

/// The name under which the server keeps those who subscribed to all users.
const EVERYONE: &str = "%_EVERYONE_%";

/// As whom the server's rules see a message about all users.
const NOBODY: &str = "undefined";

/// Who is logged in, and who wants to know.
#[derive(Default)]
pub struct Presence {
    pub subscribers: Subscribers,
    /// How many connections each user has.
    connections: BTreeMap<String, usize>,
}

impl Presence {
    /// The process has ended.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The users who are logged in.
    pub fn online(&self) -> impl Iterator<Item = &str> {
        self.connections.keys().map(String::as_str)
    }

    /// A connection of this user has logged in.
    pub fn on_login(&mut self, effects: &mut Effects, user: &str) {
        let count = self.connections.entry(user.into()).or_default();
        *count += 1;
        if *count == 1 {
            self.tell(effects, user, PresenceAction::PresenceJoinAll, PresenceAction::PresenceJoin);
        }
    }

    /// A connection of this user has ended.
    pub fn on_logout(&mut self, effects: &mut Effects, user: &str) {
        let count = self.connections.get_mut(user).expect("only those who logged in can log out");
        *count -= 1;
        if *count == 0 {
            self.connections.remove(user);
            self.tell(effects, user, PresenceAction::PresenceLeaveAll, PresenceAction::PresenceLeave);
        }
    }

    fn tell(&self, effects: &mut Effects, user: &str, to_all: PresenceAction, to_some: PresenceAction) {
        for (name, action) in [(EVERYONE, to_all), (user, to_some)] {
            for subscriber in self.subscribers.of(name) {
                effects.say(subscriber, &Message { name: Some(user), ..Message::new(action) });
            }
        }
    }

    /// A client that is logged in as `user` says something about presence.
    pub fn on_message(
        &mut self,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        user: &str,
        action: PresenceAction,
        message: &Message<'_>,
    ) {
        match action {
            PresenceAction::Subscribe | PresenceAction::Unsubscribe => {
                self.on_bulk(policy, effects, link, action, message)
            }
            PresenceAction::SubscribeAll => self.on_subscribe_all(policy, effects, link, message),
            PresenceAction::UnsubscribeAll => {
                effects.note(link, Request::UnsubscribeAll);
                self.subscribers.remove(link, EVERYONE);
                acknowledge(policy, effects, link, message.action, None);
            }
            PresenceAction::Query => self.on_query(policy, effects, link, message),
            PresenceAction::QueryAll => self.on_query_all(policy, effects, link, user, message),
            action => effects.complain(&format!("PRESENCE/{}", action.name())),
        }
    }

    fn on_bulk(
        &mut self,
        policy: &Policy,
        effects: &mut Effects,
        link: LinkId,
        action: PresenceAction,
        message: &Message<'_>,
    ) {
        let mut users = names_of(message);
        if users.is_empty() || message.correlation_id.is_none() {
            effects.complain("a bulk message without names or without correlationId");
        }
        let may_repeat = self.subscribers.may_repeat(link, message.correlation_id, users.len());
        if action == PresenceAction::Subscribe {
            effects.note(link, Request::SubscribeUsers(users.clone()));
            if deny(policy, effects, link, message, &mut users) {
                self.subscribers.denied(link);
            }
            for user in &users {
                if !self.subscribers.add(link, user) {
                    if !may_repeat {
                        effects.complain(&format!("MULTIPLE_SUBSCRIPTIONS to {user}"));
                    }
                    complain_of_repetition(effects, link, message.action, user);
                }
            }
        } else {
            effects.note(link, Request::UnsubscribeUsers(users.clone()));
            for user in &users {
                self.subscribers.remove(link, user);
            }
        }
        if !users.is_empty() {
            acknowledge(policy, effects, link, message.action, message.correlation_id);
        }
    }

    /// Unlike in bulk, a repetition is no mistake of the client where the acknowledgement was missing.
    fn on_subscribe_all(&mut self, policy: &Policy, effects: &mut Effects, link: LinkId, message: &Message<'_>) {
        effects.note(link, Request::SubscribeAll);
        if policy.denied_users.contains(NOBODY) {
            return refuse(effects, link, message, None);
        }
        if !self.subscribers.add(link, EVERYONE) {
            complain_of_repetition(effects, link, message.action, EVERYONE);
        }
        acknowledge(policy, effects, link, message.action, None);
    }

    fn on_query(&self, policy: &Policy, effects: &mut Effects, link: LinkId, message: &Message<'_>) {
        let mut users = names_of(message);
        effects.note(link, Request::Query(users.clone()));
        if !policy.answers_queries {
            return;
        }
        let was_empty = users.is_empty();
        deny(policy, effects, link, message, &mut users);
        if users.is_empty() && !was_empty {
            return;
        }
        let status = |user: &String| format!("{user:?}:{}", self.connections.contains_key(user));
        let data = format!("{{{}}}", users.iter().map(status).collect::<Vec<_>>().join(","));
        let answer = Message { data: Some(&data), ..Message::new(PresenceAction::QueryResponse) };
        effects.say(link, &Message { correlation_id: message.correlation_id, ..answer });
    }

    fn on_query_all(&self, policy: &Policy, effects: &mut Effects, link: LinkId, asker: &str, message: &Message<'_>) {
        effects.note(link, Request::QueryAll);
        if !policy.answers_queries {
            return;
        }
        if policy.denied_users.contains(NOBODY) {
            return refuse(effects, link, message, None);
        }
        let names = self.online().filter(|user| *user != asker).collect();
        effects.say(link, &Message { names, ..Message::new(PresenceAction::QueryAllResponse) });
    }
}

fn names_of(message: &Message<'_>) -> Vec<String> {
    message.names.iter().map(|name| (*name).into()).collect()
}

fn acknowledge(policy: &Policy, effects: &mut Effects, link: LinkId, action: Action, correlation_id: Option<&str>) {
    if policy.acknowledges {
        let ack = Message { is_ack: true, correlation_id, ..Message::new(action) };
        effects.say(link, &ack);
    }
}

fn complain_of_repetition(effects: &mut Effects, link: LinkId, action: Action, name: &str) {
    let error = Message {
        name: Some(name),
        original_action: Some(action.number()),
        ..Message::new(PresenceAction::MultipleSubscriptions)
    };
    effects.say(link, &error);
}

/// Refuses what nobody may ask for; says whether that was any.
fn deny(policy: &Policy, effects: &mut Effects, link: LinkId, message: &Message<'_>, users: &mut Vec<String>) -> bool {
    let denied = splice_denied(users, |user| policy.denied_users.contains(user));
    for user in &denied {
        refuse(effects, link, message, Some(user));
    }
    !denied.is_empty()
}

fn refuse(effects: &mut Effects, link: LinkId, message: &Message<'_>, name: Option<&str>) {
    let error = Message {
        is_error: true,
        name,
        correlation_id: message.correlation_id,
        original_action: Some(message.action.number()),
        ..Message::new(PresenceAction::MessageDenied)
    };
    effects.say(link, &error);
}
