//! Writes to one record, from the first that finds none in progress to the last that is applied.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use deepstream_wasm::wire::{Message, RecordAction};

use super::{Asked, Data, Records, Turn};
use crate::world::{
    json::{Json, set_at},
    network::LinkId,
};

/// A write in the queue.
#[derive(Clone)]
pub struct Step {
    pub asked: Asked,
    /// What is to be written; `None` erases.
    value: Option<Json>,
}

impl Step {
    pub const fn new(asked: Asked) -> Self {
        Self { asked, value: None }
    }
}

/// The queue of writes to one record. It loads the record once and is gone when it is empty; but a version too far ahead
/// leaves it behind, and with it the highest version that anyone ever asked for, below which it accepts nothing more.
#[derive(Default)]
pub struct Transition {
    name: String,
    is_over: bool,
    steps: VecDeque<Step>,
    version: i32,
    data: Option<Data>,
    is_requested: bool,
    /// Writes that came too late, and are told so when the record is loaded.
    late: Vec<Step>,
    last_version: Option<i32>,
    /// How many answers the writes of a link wait for, by correlation id.
    unacknowledged: BTreeMap<(LinkId, Option<String>), u32>,
}

type Shared = Rc<RefCell<Transition>>;

impl Transition {
    pub fn new(name: &str) -> Shared {
        Rc::new(RefCell::new(Self { name: name.into(), ..Self::default() }))
    }

    /// Whether a version is written already, or waits to be.
    pub fn has_version(&self, version: i32) -> bool {
        version != -1 && self.last_version.is_some_and(|last| version <= last)
    }

    /// The record is deleted, or nothing is left to do.
    pub fn end(&mut self, records: &mut Records) {
        if !std::mem::replace(&mut self.is_over, true) {
            records.transitions.remove(&self.name);
        }
    }

    pub fn refuse_version(&mut self, turn: &mut Turn<'_>, step: Step) {
        let Some(data) = self.data.as_ref().filter(|data| data.borrow().is_truthy()) else {
            return self.late.push(step);
        };
        let data = data.borrow().stringify();
        let asked = &step.asked;
        let answer = Message {
            name: Some(&self.name),
            version: Some(self.version),
            data: Some(&data),
            original_action: Some(asked.action.number()),
            is_write_ack: asked.is_write_ack,
            correlation_id: asked.correlation_id.as_deref(),
            ..Message::new(RecordAction::VersionExists)
        };
        turn.say(asked.link, answer);
    }
}

/// Queues a write. If it is the first one and `upsert` is set, the record is made where there is none.
pub fn add(transition: &Shared, records: &mut Records, turn: &mut Turn<'_>, asked: Asked, upsert: bool) {
    let Ok(value) = asked.data.as_deref().map(Json::parse).transpose() else {
        return turn.crash("data that is not JSON");
    };
    let mut this = transition.borrow_mut();
    if asked.action == RecordAction::Update && !value.as_ref().is_some_and(Json::is_container) {
        turn.complain("a record that is neither an object nor an array");
        return turn.say(asked.link, asked.returned(RecordAction::InvalidMessageData));
    }
    let Some(version) = asked.version else { return turn.complain("a write without a version") };
    let step = Step { asked, value };
    if let Some(last) = this.last_version {
        if version > last.saturating_add(1) {
            turn.complain("a version too far ahead");
            return turn.say(step.asked.link, step.asked.returned(RecordAction::InvalidVersion));
        }
        if version != last.saturating_add(1) {
            return this.refuse_version(turn, step);
        }
    }
    if version != -1 {
        this.last_version = Some(version);
    }
    this.steps.push_back(step);
    if !std::mem::replace(&mut this.is_requested, true) {
        let transition = Rc::clone(transition);
        let name = this.name.clone();
        records.load(&name, false, move |records, turn, version, data| {
            on_loaded(&transition, records, turn, version, data, upsert);
        });
    } else if this.steps.len() == 1 {
        drop(this);
        next(transition, records, turn);
    }
}

fn on_loaded(
    transition: &Shared,
    records: &mut Records,
    turn: &mut Turn<'_>,
    version: i32,
    data: Option<Data>,
    upsert: bool,
) {
    {
        let mut this = transition.borrow_mut();
        let (version, data) = match data {
            Some(data) => (version, data),
            None if upsert => (0, Rc::new(RefCell::new(Json::object()))),
            None => return fail(&mut this, records, turn),
        };
        this.version = version;
        this.data = Some(data);
        for step in std::mem::take(&mut this.late) {
            this.refuse_version(turn, step);
        }
    }
    next(transition, records, turn);
}

fn fail(this: &mut Transition, records: &mut Records, turn: &mut Turn<'_>) {
    if this.is_over {
        return;
    }
    for step in &this.steps {
        let failure = Message {
            original_action: None,
            correlation_id: step.asked.correlation_id.as_deref(),
            ..step.asked.failure(RecordAction::RecordUpdateError)
        };
        turn.say(step.asked.link, failure);
    }
    this.end(records);
}

/// Applies the next write of the queue.
fn next(transition: &Shared, records: &mut Records, turn: &mut Turn<'_>) {
    let mut this = transition.borrow_mut();
    let Some(data) = this.data.clone().filter(|data| !this.is_over && *data.borrow() != Json::Null) else { return };
    let Some(mut step) = this.steps.pop_front() else { return this.end(records) };
    let current = this.version;
    let version = match step.asked.version {
        Some(-1) | None => current.saturating_add(1),
        Some(version) => version,
    };
    step.asked.version = Some(version);
    if version > current.saturating_add(1) {
        turn.complain("a version too far ahead, which blocks the record");
        let answer = Message { version: Some(current), ..step.asked.returned(RecordAction::InvalidVersion) };
        return turn.say(step.asked.link, answer);
    }
    if version != current.saturating_add(1) {
        this.refuse_version(turn, step);
        drop(this);
        return next(transition, records, turn);
    }
    this.version = version;
    match step.asked.path.as_deref().filter(|path| !path.is_empty()) {
        Some(path) => {
            if set_at(&mut data.borrow_mut(), path, step.value.clone()).is_err() {
                return turn.crash("a path through null, or into a record that is a scalar");
            }
        }
        None => this.data = Some(Rc::new(RefCell::new(step.value.clone().unwrap_or(Json::Undefined)))),
    }
    write(transition, &mut this, records, step);
}

/// Keeps what the write made of the record, in the storage and in the cache; whoever waits is told when both are done.
fn write(transition: &Shared, this: &mut Transition, records: &mut Records, step: Step) {
    let data = this.data.clone().expect("only loaded records are written");
    records.store.store(&this.name, this.version, &data.borrow());
    records.store.cache(&this.name, this.version, data);
    if step.asked.is_write_ack {
        *this.unacknowledged.entry((step.asked.link, step.asked.correlation_id.clone())).or_default() += 2;
    }
    let (stored, asked) = (Rc::clone(transition), step.asked.clone());
    records.soon(move |_, turn| acknowledge(&mut stored.borrow_mut(), turn, &asked));
    let cached = Rc::clone(transition);
    records.soon(move |records, turn| {
        acknowledge(&mut cached.borrow_mut(), turn, &step.asked);
        if !cached.borrow().is_over {
            broadcast(records, turn, &step);
            next(&cached, records, turn);
        }
    });
}

fn acknowledge(this: &mut Transition, turn: &mut Turn<'_>, asked: &Asked) {
    let key = (asked.link, asked.correlation_id.clone());
    let Some(awaited) = this.unacknowledged.get_mut(&key).filter(|_| asked.is_write_ack) else { return };
    *awaited -= 1;
    if *awaited == 0 {
        this.unacknowledged.remove(&key);
        let answer = Message {
            name: asked.name.as_deref(),
            correlation_id: asked.correlation_id.as_deref(),
            is_write_ack: true,
            ..Message::new(RecordAction::WriteAcknowledgement)
        };
        turn.say(asked.link, answer);
    }
}

/// Tells the other subscribers what was written. What counts as nothing in JavaScript goes out as it came.
fn broadcast(records: &Records, turn: &mut Turn<'_>, step: &Step) {
    let written = step.value.as_ref().filter(|value| value.is_truthy()).map(Json::stringify);
    let message = Message {
        is_write_ack: false,
        correlation_id: None,
        data: written.as_deref().or(step.asked.data.as_deref()),
        ..step.asked.echo(step.asked.action)
    };
    records.tell_subscribers(turn, step.asked.name(), Some(step.asked.link), &message);
}
