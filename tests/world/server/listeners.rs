//! Who listens for subscriptions to names that match a pattern, and who provides what: the same for events and records.

use std::collections::{BTreeMap, BTreeSet};

use deepstream_wasm::{
    client::Instant,
    wire::{EventAction, Message, RecordAction},
};

use super::{effects::Effects, pattern::Pattern, policy::Policy, subscribers::Subscribers};
use crate::world::network::LinkId;

/// The topic of listeners: they say and hear the same in both, in other numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Events,
    Records,
}

/// What there is to say about listening, in both topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saying {
    Listen,
    Unlisten,
    Accept,
    Reject,
    PatternFound,
    PatternRemoved,
    InvalidRegex,
    ResponseTimeout,
}

/// What is there while something happens to listeners.
pub struct Scene<'a> {
    pub now: Instant,
    pub policy: &'a Policy,
    pub subscribers: &'a Subscribers,
    pub effects: &'a mut Effects,
}

/// The listeners of one topic. Listeners are asked one after the other, in the order in which they came, which the
/// server does only if it is told not to shuffle them.
pub struct Listeners {
    subject: Subject,
    patterns: Vec<(Pattern, Vec<LinkId>)>,
    providers: BTreeMap<String, Listener>,
    /// How often somebody accepted to provide a name.
    accepted: BTreeMap<String, u32>,
    searches: BTreeMap<String, Search>,
    /// How long each listener that was asked has time; a search that ends otherwise does not stop the last one.
    timers: Vec<Timer>,
    timers_started: u32,
}

/// A link and the pattern with which it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listener {
    link: LinkId,
    pattern: String,
}

/// The search for somebody who provides a name.
struct Search {
    timer: u32,
    remaining: Vec<Listener>,
}

struct Timer {
    id: u32,
    at: Instant,
    link: LinkId,
    name: String,
}

impl Listeners {
    pub const fn new(subject: Subject) -> Self {
        Self {
            subject,
            patterns: Vec::new(),
            providers: BTreeMap::new(),
            accepted: BTreeMap::new(),
            searches: BTreeMap::new(),
            timers: Vec::new(),
            timers_started: 0,
        }
    }

    /// The server's process ends.
    pub fn clear(&mut self) {
        *self = Self::new(self.subject);
    }

    // ---- what is known of them ----

    /// The patterns that a link listens with.
    pub fn patterns_of(&self, link: LinkId) -> BTreeSet<&str> {
        let patterns = self.patterns.iter().filter(|(_, links)| links.contains(&link));
        patterns.map(|(pattern, _)| pattern.text.as_str()).collect()
    }

    /// What a link provides.
    pub fn provided_by(&self, link: LinkId) -> BTreeSet<&str> {
        let provided = self.providers.iter().filter(|(_, provider)| provider.link == link);
        provided.map(|(name, _)| name.as_str()).collect()
    }

    // ---- what listeners say ----

    /// A client listens, stops listening, or answers whether it provides the name `subscription`.
    pub fn on_message(
        &mut self,
        scene: &mut Scene<'_>,
        link: LinkId,
        saying: Saying,
        pattern: &str,
        subscription: Option<&str>,
    ) {
        let name = subscription.unwrap_or_default();
        match saying {
            Saying::Listen => self.listen(scene, link, pattern),
            Saying::Unlisten => {
                if self.remove_listener(scene, link, pattern) {
                    self.acknowledge(scene, link, saying, pattern);
                }
            }
            Saying::Accept | Saying::Reject => {
                let Some(search) = self.searches.get(name) else { return };
                let asked = search.timer;
                self.timers.retain(|timer| timer.id != asked);
                if saying == Saying::Accept {
                    self.accept(scene, Listener { link, pattern: pattern.into() }, name);
                } else {
                    self.ask_next(scene, name);
                }
            }
            _ => scene.effects.complain("what only the server says about listening"),
        }
    }

    fn listen(&mut self, scene: &mut Scene<'_>, link: LinkId, text: &str) {
        let Some(pattern) = Pattern::new(text) else {
            return self.say(scene, link, Saying::InvalidRegex, Some(text), None);
        };
        let known = self.patterns.iter().position(|(known, _)| known.text == text);
        let position = known.unwrap_or_else(|| {
            self.patterns.push((pattern.clone(), Vec::new()));
            self.patterns.len() - 1
        });
        let links = &mut self.patterns[position].1;
        if links.contains(&link) {
            return scene.effects.crash("a pattern that the connection listens with already");
        }
        links.push(link);
        for name in scene.subscribers.names() {
            if self.providers.contains_key(name) || !pattern.matches(name) {
                continue;
            }
            match self.searches.get_mut(name) {
                Some(search) => search.remaining.push(Listener { link, pattern: text.into() }),
                None => self.search(scene, name),
            }
        }
        self.acknowledge(scene, link, Saying::Listen, text);
    }

    fn accept(&mut self, scene: &mut Scene<'_>, provider: Listener, name: &str) {
        self.providers.insert(name.into(), provider);
        let accepted = self.accepted.entry(name.into()).or_default();
        *accepted += 1;
        if *accepted == 1 {
            self.tell_subscribers(scene, name, true);
        }
        self.searches.remove(name);
    }

    /// Returns false if the link did not listen with this pattern.
    fn remove_listener(&mut self, scene: &mut Scene<'_>, link: LinkId, pattern: &str) -> bool {
        let mut listened = false;
        for (_, links) in self.patterns.iter_mut().filter(|(known, _)| known.text == pattern) {
            listened = links.contains(&link);
            links.retain(|other| *other != link);
        }
        if listened {
            self.on_listener_removed(scene, &Listener { link, pattern: pattern.into() });
            self.patterns.retain(|(_, links)| !links.is_empty());
        }
        listened
    }

    /// The server drops the wrong ones from the searches: everybody else, and the search with them.
    fn on_listener_removed(&mut self, scene: &mut Scene<'_>, removed: &Listener) {
        self.searches.retain(|_, search| {
            search.remaining.retain(|other| other == removed);
            !search.remaining.is_empty()
        });
        let provided = self.providers.iter().filter(|(_, provider)| *provider == removed);
        for name in provided.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.remove_provider(scene, &name);
            if scene.subscribers.has(&name) {
                self.search(scene, &name);
            }
        }
    }

    fn remove_provider(&mut self, scene: &mut Scene<'_>, name: &str) {
        let accepted = self.accepted.get_mut(name).expect("what is provided was accepted");
        *accepted -= 1;
        if *accepted == 0 {
            self.accepted.remove(name);
            self.tell_subscribers(scene, name, false);
            if scene.subscribers.has(name) {
                self.search(scene, name);
            }
        }
        self.providers.remove(name);
    }

    // ---- what happens to subscriptions ----

    /// Somebody has just subscribed to a name.
    pub fn on_subscribed(&mut self, scene: &mut Scene<'_>, link: LinkId, name: &str) {
        if scene.subscribers.of(name).len() == 1 {
            self.search(scene, name);
        }
        if self.accepted.contains_key(name) {
            self.say_provided(scene, link, name, true);
        }
    }

    /// Nobody is subscribed to a name any more.
    pub fn on_last_unsubscribed(&mut self, scene: &mut Scene<'_>, name: &str) {
        if let Some(Listener { link, pattern }) = self.providers.get(name).cloned() {
            self.say(scene, link, Saying::PatternRemoved, Some(&pattern), Some(name));
            self.remove_provider(scene, name);
        }
    }

    /// A connection is gone.
    pub fn on_closed(&mut self, scene: &mut Scene<'_>, link: LinkId) {
        let patterns: Vec<_> = self.patterns.iter().map(|(pattern, _)| pattern.text.clone()).collect();
        for pattern in patterns {
            self.remove_listener(scene, link, &pattern);
        }
        let provided: Vec<_> = self.providers.values().filter(|provider| provider.link == link).cloned().collect();
        for provider in provided {
            self.on_listener_removed(scene, &provider);
        }
    }

    // ---- looking for somebody who provides a name ----

    fn search(&mut self, scene: &mut Scene<'_>, name: &str) {
        let matching = self.patterns.iter().filter(|(pattern, _)| pattern.matches(name));
        let remaining: Vec<_> = matching
            .flat_map(|(pattern, links)| {
                links.iter().map(|link| Listener { link: *link, pattern: pattern.text.clone() })
            })
            .collect();
        let is_settled = self.searches.contains_key(name) || self.accepted.contains_key(name);
        if !remaining.is_empty() && !is_settled {
            self.searches.insert(name.into(), Search { timer: 0, remaining });
            self.ask_next(scene, name);
        }
    }

    fn ask_next(&mut self, scene: &mut Scene<'_>, name: &str) {
        let Some(search) = self.searches.get_mut(name) else { return };
        if search.remaining.is_empty() {
            self.searches.remove(name);
            return;
        }
        let Listener { link, pattern } = search.remaining.remove(0);
        self.timers_started += 1;
        search.timer = self.timers_started;
        let at = scene.now.after_ms(scene.policy.listen_response_timeout_ms);
        self.timers.push(Timer { id: self.timers_started, at, link, name: name.into() });
        self.say(scene, link, Saying::PatternFound, Some(&pattern), Some(name));
    }

    /// When a listener has had its time.
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.iter().map(|timer| timer.at).min()
    }

    /// Time has passed.
    pub fn on_time(&mut self, scene: &mut Scene<'_>) {
        while let Some(position) = self.timers.iter().position(|timer| timer.at <= scene.now) {
            let Timer { link, name, .. } = self.timers.remove(position);
            self.say(scene, link, Saying::ResponseTimeout, None, Some(&name));
            self.ask_next(scene, &name);
        }
    }

    // ---- what they are told ----

    fn acknowledge(&self, scene: &mut Scene<'_>, link: LinkId, saying: Saying, pattern: &str) {
        if !scene.policy.acknowledges {
            return;
        }
        let mut message = self.message(saying, Some(pattern), None);
        message.is_ack = true;
        scene.effects.say(link, &message);
    }

    fn say(&self, scene: &mut Scene<'_>, link: LinkId, saying: Saying, pattern: Option<&str>, name: Option<&str>) {
        scene.effects.say(link, &self.message(saying, pattern, name));
    }

    fn message<'a>(&self, saying: Saying, name: Option<&'a str>, subscription: Option<&'a str>) -> Message<'a> {
        let (event, record) = match saying {
            Saying::Listen => (EventAction::Listen, RecordAction::Listen),
            Saying::Unlisten => (EventAction::Unlisten, RecordAction::Unlisten),
            Saying::Accept => (EventAction::ListenAccept, RecordAction::ListenAccept),
            Saying::Reject => (EventAction::ListenReject, RecordAction::ListenReject),
            Saying::PatternFound => {
                (EventAction::SubscriptionForPatternFound, RecordAction::SubscriptionForPatternFound)
            }
            Saying::PatternRemoved => {
                (EventAction::SubscriptionForPatternRemoved, RecordAction::SubscriptionForPatternRemoved)
            }
            Saying::InvalidRegex => (EventAction::InvalidListenRegex, RecordAction::InvalidListenRegex),
            Saying::ResponseTimeout => (EventAction::ListenResponseTimeout, RecordAction::ListenResponseTimeout),
        };
        match self.subject {
            Subject::Events => Message { name, subscription, ..Message::new(event) },
            Subject::Records => Message { name, subscription, ..Message::new(record) },
        }
    }

    fn tell_subscribers(&self, scene: &mut Scene<'_>, name: &str, is_provided: bool) {
        for link in scene.subscribers.of(name) {
            self.say_provided(scene, link, name, is_provided);
        }
    }

    /// Only records tell whether somebody provides them.
    fn say_provided(&self, scene: &mut Scene<'_>, link: LinkId, name: &str, is_provided: bool) {
        let action =
            if is_provided { RecordAction::SubscriptionHasProvider } else { RecordAction::SubscriptionHasNoProvider };
        if self.subject == Subject::Records {
            scene.effects.say(link, &Message { name: Some(name), ..Message::new(action) });
        }
    }
}

impl Saying {
    /// What a client says with this action of the event topic, if it is about listening.
    pub const fn of_event(action: EventAction) -> Option<Self> {
        match action {
            EventAction::Listen => Some(Self::Listen),
            EventAction::Unlisten => Some(Self::Unlisten),
            EventAction::ListenAccept => Some(Self::Accept),
            EventAction::ListenReject => Some(Self::Reject),
            _ => None,
        }
    }

    /// What a client says with this action of the record topic, if it is about listening.
    pub const fn of_record(action: RecordAction) -> Option<Self> {
        match action {
            RecordAction::Listen => Some(Self::Listen),
            RecordAction::Unlisten => Some(Self::Unlisten),
            RecordAction::ListenAccept => Some(Self::Accept),
            RecordAction::ListenReject => Some(Self::Reject),
            _ => None,
        }
    }
}
