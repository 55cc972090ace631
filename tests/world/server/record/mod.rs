//! The record topic.
//!
//! The server does part of what it is asked at once and the rest when its cache and storage have answered, which it waits
//! for in the order in which it asked. [`Records::on_message`] does the former and [`Records::settle`] the latter.

mod message;
mod store;
mod subscribing;
mod text;
mod transition;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use deepstream_wasm::{
    client::Instant,
    wire::{Message, RecordAction},
};

pub use self::text::text;
use self::{
    message::Asked,
    store::{Data, Store},
    transition::{Step, Transition},
};
use super::{
    effects::Effects,
    listeners::{Listeners, Saying, Scene, Subject},
    policy::{Policy, Right},
    subscribers::{Subscribers, splice_denied},
};
use crate::world::{json::Json, network::LinkId};

/// What a callback of the server has at hand beside the records.
pub struct Turn<'a> {
    pub now: Instant,
    pub policy: &'a Policy,
    pub effects: &'a mut Effects,
}

impl Turn<'_> {
    fn say(&mut self, link: LinkId, message: Message<'_>) {
        self.effects.say(link, &message);
    }

    fn complain(&mut self, complaint: &str) {
        self.effects.complain(complaint);
    }

    fn crash(&mut self, cause: &str) {
        self.effects.crash(cause);
    }

    /// Whether the rules let this be done to the record; if not, its author is told.
    fn permits(&mut self, right: Right, asked: &Asked) -> bool {
        let is_denied = self.policy.denies(right, asked.name());
        if is_denied {
            let denial = Message {
                correlation_id: asked.correlation_id.as_deref(),
                ..asked.failure(RecordAction::MessageDenied)
            };
            self.say(asked.link, denial);
        }
        !is_denied
    }
}

type Job = Box<dyn FnOnce(&mut Records, &mut Turn<'_>)>;

/// All records, and who is subscribed to which.
pub struct Records {
    pub subscribers: Subscribers,
    pub listeners: Listeners,
    pub store: Store,
    transitions: BTreeMap<String, Rc<RefCell<Transition>>>,
    /// What waits for the cache or the storage.
    jobs: VecDeque<Job>,
    /// What waits until no job is left.
    later: Vec<Job>,
}

impl Records {
    pub fn new() -> Self {
        Self {
            subscribers: Subscribers::default(),
            listeners: Listeners::new(Subject::Records),
            store: Store::default(),
            transitions: BTreeMap::new(),
            jobs: VecDeque::new(),
            later: Vec::new(),
        }
    }

    /// A client that is logged in says something about records.
    pub fn on_message(&mut self, turn: &mut Turn<'_>, link: LinkId, action: RecordAction, message: &Message<'_>) {
        use RecordAction as Action;

        let mut asked = Asked::new(link, action, message);
        if !permit(turn, &mut asked) {
            return;
        }
        match asked.action {
            Action::Subscribe => self.subscribe_all(turn, &asked),
            Action::Unsubscribe => {
                for name in &asked.names {
                    self.unsubscribe(turn, link, name);
                }
                subscribing::acknowledge(turn, &asked);
            }
            Action::SubscribeCreateAndRead | Action::SubscribeAndRead => self.subscribe_and_read(turn, &asked),
            Action::SubscribeAndHead => self.subscribe_and_head(asked),
            Action::Read => self.read(asked),
            Action::Head => self.head(link, asked.name()),
            Action::CreateAndUpdate | Action::CreateAndPatch => self.create_and_update(turn, &asked),
            Action::Update | Action::Patch if turn.policy.loses_writes_to == Some(asked.name()) => {}
            Action::Update | Action::Patch | Action::Erase => {
                let upsert = asked.is_write_ack;
                self.update(turn, as_write(asked), upsert);
            }
            Action::Delete => self.delete(asked),
            Action::Notify => self.notify(asked),
            action => match Saying::of_record(action) {
                Some(saying) => self.listen(turn, link, saying, message),
                None => turn.complain(&format!("RECORD/{}, which the server leaves unanswered", action.name())),
            },
        }
    }

    /// Does what waits for the cache and the storage.
    pub fn settle(&mut self, turn: &mut Turn<'_>) {
        while !turn.effects.has_crashed() {
            if let Some(job) = self.jobs.pop_front() {
                job(self, turn);
            } else if self.later.is_empty() {
                return;
            } else {
                for job in std::mem::take(&mut self.later) {
                    job(self, turn);
                }
            }
        }
    }

    /// Time has passed.
    pub fn on_time(&mut self, turn: &mut Turn<'_>) {
        let mut scene =
            Scene { now: turn.now, policy: turn.policy, subscribers: &self.subscribers, effects: turn.effects };
        self.listeners.on_time(&mut scene);
    }

    /// A connection is gone.
    pub fn on_closed(&mut self, turn: &mut Turn<'_>, link: LinkId) {
        let mut scene =
            Scene { now: turn.now, policy: turn.policy, subscribers: &self.subscribers, effects: turn.effects };
        self.listeners.on_closed(&mut scene, link);
        let names: Vec<String> = self.subscribers.names_of(link).into_iter().map(Into::into).collect();
        for name in names {
            self.unsubscribe(turn, link, &name);
        }
    }

    /// The server's process ends.
    pub fn on_process_end(&mut self) {
        self.subscribers.clear();
        self.listeners.clear();
        self.store.lose_cache();
        self.transitions.clear();
        self.jobs.clear();
        self.later.clear();
    }

    fn soon(&mut self, job: impl FnOnce(&mut Self, &mut Turn<'_>) + 'static) {
        self.jobs.push_back(Box::new(job));
    }

    /// Looks a record up in the cache, and then in the storage. Version -1 and no data stand for none.
    fn load(
        &mut self,
        name: &str,
        keep_in_cache: bool,
        then: impl FnOnce(&mut Self, &mut Turn<'_>, i32, Option<Data>) + 'static,
    ) {
        let cached = self.store.cached(name).filter(|(_, data)| data.borrow().is_truthy());
        let name: String = name.into();
        self.soon(move |records, turn| {
            if let Some((version, data)) = cached {
                return then(records, turn, version, Some(data));
            }
            let (version, data) = records.store.stored(&name);
            records.soon(move |records, turn| {
                then(records, turn, version, data.clone());
                if let Some(data) = data.filter(|_| keep_in_cache) {
                    records.store.cache(&name, version, data);
                }
            });
        });
    }

    fn listen(&mut self, turn: &mut Turn<'_>, link: LinkId, saying: Saying, message: &Message<'_>) {
        let mut scene =
            Scene { now: turn.now, policy: turn.policy, subscribers: &self.subscribers, effects: turn.effects };
        self.listeners.on_message(&mut scene, link, saying, message.name.unwrap_or_default(), message.subscription);
    }

    // ---- reading ----

    fn read(&mut self, asked: Asked) {
        let name = asked.name().to_owned();
        self.load(&name, true, move |_, turn, version, data| match data {
            Some(data) => tell_record(turn, asked.link, asked.name(), version, &data.borrow()),
            None => turn.say(asked.link, asked.failure(RecordAction::RecordNotFound)),
        });
    }

    fn head(&mut self, link: LinkId, name: &str) {
        let asked_name = name.to_owned();
        self.load(name, true, move |_, turn, version, _| {
            let head = Message::new(RecordAction::HeadResponse);
            turn.say(link, Message { name: Some(&asked_name), version: Some(version), ..head });
        });
    }

    // ---- writing ----

    fn create_and_update(&mut self, turn: &mut Turn<'_>, asked: &Asked) {
        let write = as_write(asked.clone());
        if let Some(transition) = self.transitions.get(asked.name()).cloned() {
            if turn.permits(Right::Write, asked) {
                transition::add(&transition, self, turn, write, false);
            }
        } else if turn.permits(Right::Create, asked) && turn.permits(Right::Write, asked) {
            self.update(turn, write, true);
        }
    }

    fn update(&mut self, turn: &mut Turn<'_>, asked: Asked, upsert: bool) {
        let transition = self.transitions.get(asked.name()).cloned();
        if let Some(transition) = &transition
            && asked.version.is_some_and(|version| transition.borrow().has_version(version))
        {
            return transition.borrow_mut().refuse_version(turn, Step::new(asked));
        }
        let transition = transition.unwrap_or_else(|| {
            let new = Transition::new(asked.name());
            self.transitions.insert(asked.name().into(), Rc::clone(&new));
            new
        });
        transition::add(&transition, self, turn, asked, upsert);
    }

    fn end_transition(&mut self, name: &str) {
        if let Some(transition) = self.transitions.get(name).cloned() {
            transition.borrow_mut().end(self);
        }
    }

    fn delete(&mut self, asked: Asked) {
        self.end_transition(asked.name());
        self.store.uncache(asked.name());
        self.store.unstore(asked.name());
        self.soon(|_, _| {});
        self.soon(move |records, turn| {
            let success = Message::new(RecordAction::DeleteSuccess);
            turn.say(asked.link, Message { name: asked.name.as_deref(), ..success });
            let deleted = asked.echo(RecordAction::Deleted);
            records.tell_subscribers(turn, asked.name(), Some(asked.link), &deleted);
            records.unsubscribe_everybody(turn, asked.name());
        });
    }

    /// Something else has changed these records where they are stored: what the cache has of them counts no more.
    fn notify(&mut self, asked: Asked) {
        for name in &asked.names {
            self.store.uncache(name);
        }
        self.soon(move |records, _| records.later.push(Box::new(|records, turn| records.reload(turn, asked))));
    }

    fn reload(&mut self, turn: &mut Turn<'_>, asked: Asked) {
        let asked = Rc::new(asked);
        let awaited = Rc::new(Cell::new(asked.names.len()));
        for name in &asked.names {
            let (asked, awaited) = (Rc::clone(&asked), Rc::clone(&awaited));
            let done = move |turn: &mut Turn<'_>| {
                awaited.set(awaited.get() - 1);
                if awaited.get() == 0 {
                    turn.say(asked.link, Message { is_ack: true, ..asked.echo(asked.action) });
                }
            };
            if !self.subscribers.has(name) {
                done(turn);
                continue;
            }
            let loaded_name = name.clone();
            self.load(name, true, move |records, turn, version, data| {
                records.on_reloaded(turn, &loaded_name, version, data);
                done(turn);
            });
        }
    }

    fn on_reloaded(&mut self, turn: &mut Turn<'_>, name: &str, version: i32, data: Option<Data>) {
        let named = |action| Message { name: Some(name), ..Message::new(action) };
        if let Some(data) = data {
            let text = data.borrow().stringify();
            let update = named(RecordAction::Update);
            let update = Message { version: Some(version), data: Some(&text), ..update };
            self.tell_subscribers(turn, name, None, &update);
        } else {
            self.end_transition(name);
            self.tell_subscribers(turn, name, None, &named(RecordAction::Deleted));
            self.unsubscribe_everybody(turn, name);
        }
    }

    fn tell_subscribers(&self, turn: &mut Turn<'_>, name: &str, except: Option<LinkId>, message: &Message<'_>) {
        for subscriber in self.subscribers.of(name).into_iter().filter(|link| Some(*link) != except) {
            turn.say(subscriber, message.clone());
        }
    }
}

/// What the server checks before it looks at what is asked. Erasing is not checked at all, and what also creates is
/// checked name by name when the server knows whether there is a record.
fn permit(turn: &mut Turn<'_>, asked: &mut Asked) -> bool {
    use RecordAction as Action;

    let right = match asked.action {
        Action::Subscribe | Action::SubscribeAndHead | Action::SubscribeAndRead | Action::Read | Action::Head => {
            Right::Read
        }
        Action::Update | Action::Patch => Right::Write,
        Action::Delete => Right::Delete,
        Action::Notify => Right::Notify,
        Action::Listen => Right::Listen,
        _ => return true,
    };
    if asked.names.is_empty() {
        return turn.permits(right, asked);
    }
    let policy = turn.policy;
    for name in splice_denied(&mut asked.names, |name| policy.denies(right, name)) {
        turn.permits(right, &asked.about(&name));
    }
    !asked.names.is_empty()
}

/// The server knows only two kinds of writes.
fn as_write(asked: Asked) -> Asked {
    let action = if asked.path.is_some() { RecordAction::Patch } else { RecordAction::Update };
    Asked { action, ..asked }
}

fn tell_record(turn: &mut Turn<'_>, link: LinkId, name: &str, version: i32, data: &Json) {
    let data = data.stringify();
    let response = Message::new(RecordAction::ReadResponse);
    turn.say(link, Message { name: Some(name), version: Some(version), data: Some(&data), ..response });
}
