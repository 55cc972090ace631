//! What the application wants by name, and what the server knows of it.

mod subject;

use std::rc::Rc;

use self::subject::Naming;
use super::{
    asked::{Asked, id_in},
    context::Context,
    error::ClientError,
    io::Output,
    limits::BULK_NAMES_MAX_BYTES,
    options::Resubscribe,
    time::{Instant, Wake, earliest},
};
use crate::{
    names::NameMap,
    wire::{Action, Message},
};

pub use self::subject::Subject;

/// What the server calls all users.
pub const EVERYONE: &str = "%_EVERYONE_%";

/// The names of one kind that are wanted. Where one message can name many, they are collected for `subscriptionInterval`
/// and sent in bulk; a new session starts with all of them.
///
/// `@deepstream/server` 7.0.2 dies of a LISTEN to a pattern that the connection listens to already. So LISTEN is never
/// repeated, and nothing is said of a pattern before what was said last is acknowledged.
#[derive(Debug)]
pub struct Subscriptions {
    /// What the names are names of.
    pub subject: &'static Subject,
    names: NameMap<Subscription>,
    /// The slots of the names that the server may have to be told of.
    changed: Vec<usize>,
    flush_at: Option<Instant>,
    /// Messages that the server has not acknowledged.
    asked: Asked<Bulk>,
    /// How long there was no session before the one of now, in milliseconds.
    gap_ms: Option<u64>,
}

#[derive(Debug)]
struct Subscription {
    name: Rc<str>,
    wanted: bool,
    server: Knowledge,
    is_changed: bool,
    /// How many messages about it are not acknowledged.
    unacknowledged: u32,
    /// The id of the last message about it.
    last_message: u32,
    /// Whether it was sent a second time because the server may have dropped it, or never heard of it.
    is_repeated: bool,
}

/// What the server knows of a name, in this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    Nothing,
    /// The message with this id told it.
    Subscribed(u32),
    /// Nothing, and it is for the application to say when it is asked.
    Held,
    /// It has to be told that the name is not wanted before it is told that it is: it refused it but may have subscribed
    /// it all the same, or the application has stopped listening.
    Outdated,
    /// It refused; asked again in the next session, or when the application subscribes again.
    Refused,
}

#[derive(Debug)]
struct Bulk {
    action: Action,
    /// Slots of names, which stay at least as long as this.
    slots: Vec<usize>,
    /// Whether it was sent twice.
    is_repeated: bool,
    /// How many refusals the server has answered it with.
    refusals: usize,
    /// How long there was no session, where this restores subscriptions, in milliseconds.
    gap_ms: Option<u64>,
}

impl Subscriptions {
    /// None yet.
    #[inline(never)]
    pub fn new(subject: &'static Subject) -> Self {
        let (names, asked) = (NameMap::new(), Asked::default());
        Self { subject, names, changed: Vec::new(), flush_at: None, asked, gap_ms: None }
    }

    /// The application wants `name`.
    pub fn subscribe(&mut self, context: &mut Context, name: &str) {
        let slot = self.names.find(name).unwrap_or_else(|place| {
            let name: Rc<str> = name.into();
            let new = Subscription {
                name: name.clone(),
                wanted: true,
                server: Knowledge::Nothing,
                is_changed: false,
                unacknowledged: 0,
                last_message: 0,
                is_repeated: false,
            };
            self.names.insert(place, name, new)
        });
        let Some(it) = self.names.at_mut(slot) else { return };
        it.wanted = true;
        it.server = match it.server {
            Knowledge::Refused if self.subject.is_bulk() => Knowledge::Outdated,
            Knowledge::Refused | Knowledge::Held => Knowledge::Nothing,
            known => known,
        };
        self.on_changed(context, slot);
    }

    /// The application no longer wants `name`.
    pub fn unsubscribe(&mut self, context: &mut Context, name: &str) {
        let is_strict = self.is_strict();
        let Some(slot) = self.names.slot(name) else { return };
        let Some(it) = self.names.at_mut(slot) else { return };
        it.wanted = false;
        // What was offered before is only offered again to one who listens anew.
        if is_strict && matches!(it.server, Knowledge::Subscribed(_)) {
            it.server = Knowledge::Outdated;
        }
        self.on_changed(context, slot);
    }

    /// Whether one message about a name is on its way at most, and none is sent twice.
    const fn is_strict(&self) -> bool {
        self.subject.offers.is_some()
    }

    /// Whether the application wants `name`.
    pub fn wants(&self, name: &str) -> bool {
        self.number_of(name).is_some()
    }

    /// A number that no other name has while the application wants `name`.
    pub fn number_of(&self, name: &str) -> Option<usize> {
        // Often it is the one that has just been subscribed to.
        let newest = self.changed.last().copied().filter(|slot| self.name(*slot) == name);
        newest.or_else(|| self.names.slot(name)).filter(|slot| self.names.at(*slot).is_some_and(|it| it.wanted))
    }

    /// Whether the server has been told that `name` is wanted, and has not refused it.
    pub fn is_subscribed(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|it| it.wanted && matches!(it.server, Knowledge::Subscribed(_)))
    }

    /// Whether the server has refused `name`, in this session.
    pub fn is_refused(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|it| it.server == Knowledge::Refused)
    }

    fn on_changed(&mut self, context: &mut Context, slot: usize) {
        self.mark(slot);
        if context.session.is_none() {
            return;
        }
        if !self.subject.is_bulk() {
            self.flush(context, None);
        } else if self.flush_at.is_none() {
            self.flush_at = Some(context.now.after_ms(context.options.subscription_interval_ms));
        }
    }

    fn mark(&mut self, slot: usize) {
        if let Some(it) = self.names.at_mut(slot)
            && !std::mem::replace(&mut it.is_changed, true)
        {
            self.changed.push(slot);
        }
    }

    /// A session begins; if it is not the first, `gap_ms` says how long there was none.
    pub fn on_session(&mut self, context: &mut Context, gap_ms: Option<u64>) {
        self.gap_ms = gap_ms;
        self.flush(context, gap_ms);
    }

    /// The application restores what [`Resubscribe::Manual`] left to it.
    pub fn resubscribe(&mut self, context: &mut Context) {
        for &slot in &self.names.slots() {
            if let Some(it) = self.names.at_mut(slot).filter(|it| it.server == Knowledge::Held) {
                it.server = Knowledge::Nothing;
                self.mark(slot);
            }
        }
        self.flush(context, self.gap_ms);
    }

    /// The session is over: the server has forgotten everything.
    pub fn on_lost(&mut self, resubscribe: Resubscribe) {
        let forgotten = match resubscribe {
            Resubscribe::Auto => Knowledge::Nothing,
            Resubscribe::Manual => Knowledge::Held,
        };
        self.asked.cut();
        self.flush_at = None;
        self.changed = self.names.slots();
        for slot in &self.changed {
            let Some(it) = self.names.at_mut(*slot) else { continue };
            it.server = forgotten;
            (it.is_changed, it.is_repeated, it.unacknowledged) = (true, false, 0);
        }
    }

    /// When time alone changes something, and what.
    pub fn deadline(&self) -> Option<(Instant, Wake)> {
        let flush = self.flush_at.map(|at| (at, Wake::Subscriptions));
        let acknowledgement = self.asked.deadline().map(|at| (at, Wake::Acknowledgement));
        earliest(&[flush, acknowledgement])
    }

    /// Time has passed within a session.
    pub fn on_tick(&mut self, context: &mut Context) {
        if self.flush_at.is_some_and(|at| at <= context.now) {
            self.flush(context, None);
        }
        while let Some(id) = self.asked.overdue(context.now) {
            self.on_overdue(context, id);
        }
    }

    /// A message was not acknowledged in time: it is sent once more, and reported when that does not help.
    ///
    /// Only with the names of which the server has been told nothing else since. It keeps its id, so that it does not
    /// matter which of the two is answered.
    fn on_overdue(&mut self, context: &mut Context, id: u32) {
        let is_strict = self.is_strict();
        let Some(bulk) = self.asked.get_mut(id) else { return };
        let subscribes = bulk.action == self.subject.subscribe;
        let (mut slots, mut over) = (Vec::new(), Vec::new());
        for slot in &bulk.slots {
            let server = self.names.at(*slot).map(|it| it.server);
            let is_current = match server {
                _ if is_strict => true,
                Some(Knowledge::Subscribed(told_by)) => subscribes && told_by == id,
                _ => !subscribes,
            };
            if is_current { &mut slots } else { &mut over }.push(*slot);
        }
        let has_refusals = bulk.refusals > 0;
        if !slots.is_empty() && (bulk.is_repeated || has_refusals || is_strict) {
            let names = self.names_in(&slots);
            context.report(ClientError::ack_timeout(self.subject.topic(), names));
        } else if !slots.is_empty() {
            bulk.is_repeated = true;
            if subscribes {
                self.expect_complaints(&slots);
            }
            if let Some(bulk) = self.asked.get_mut(id) {
                bulk.slots = slots;
            }
            self.transmit(context, id);
            self.release(&over);
        }
        if has_refusals {
            self.finish(context, id);
        }
    }

    /// The server answers, perhaps to what it was told of names; says whether that settles the matter. What it does not
    /// settle is for the caller to judge, and to report where it is an error.
    pub fn on_answer(&mut self, context: &mut Context, answer: &Message<'_>) -> bool {
        let (subject, action) = (self.subject, answer.action);
        let slot = self.names.slot(match subject.naming {
            Naming::Nobody => EVERYONE,
            Naming::Many | Naming::One => answer.name.unwrap_or_default(),
        });
        let subscribes = answer.original_action == Some(subject.subscribe.number());
        if answer.is_ack && (action == subject.subscribe || action == subject.unsubscribe) {
            if let Some(id) = self.answered(answer, action, slot) {
                self.finish(context, id);
            }
            true
        } else if subject.complaints.contains(&action) && (subject.is_bulk() || subscribes) {
            slot.and_then(|slot| self.names.at(slot)).is_some_and(|it| it.is_repeated)
        } else if (subject.refusals.contains(&action) && subscribes)
            || subject.offers.as_ref().is_some_and(|offers| action == offers.invalid_regex)
        {
            self.on_refused(context, answer, slot)
        } else {
            false
        }
    }

    /// The message that is answered.
    fn answered(&self, answer: &Message<'_>, action: Action, slot: Option<usize>) -> Option<u32> {
        let id = match self.subject.naming {
            // These are answered in order.
            Naming::Nobody => self.asked.find(|bulk| bulk.action == action)?,
            Naming::Many => id_in(answer.correlation_id)?,
            Naming::One => self.names.at(slot?)?.last_message,
        };
        self.asked.get(id).filter(|bulk| bulk.action == action).map(|_| id)
    }

    /// Nothing more is awaited for a message.
    fn finish(&mut self, context: &mut Context, id: u32) {
        let Some(bulk) = self.asked.answer(id) else { return };
        if bulk.refusals > 0 && self.subject.is_bulk() {
            self.repair(context, id, &bulk);
        }
        if let Some(gap_ms) = bulk.gap_ms {
            let names = self.names_in(&self.known_as(&bulk.slots, Knowledge::Subscribed(id)));
            if !names.is_empty() {
                context.out.push_back(Output::Resubscribed { topic: self.subject.topic(), names, gap_ms });
            }
        }
        self.release(&bulk.slots);
        if self.is_strict() {
            self.flush(context, None);
        }
    }

    /// Repairs what a refusal costs the other names of a message.
    ///
    /// For every name that it refuses, `@deepstream/server` 7.0.2 takes the last one off the message, whichever that is,
    /// and says nothing of it. Those not refused themselves are sent again, one by one, where that cannot happen; those
    /// refused that it subscribed all the same are taken back.
    fn repair(&mut self, context: &mut Context, id: u32, bulk: &Bulk) {
        // The two times that a message was sent may have held different names; then any may be lost, and any kept.
        let count = bulk.slots.len();
        let lost_from = if bulk.is_repeated { 0 } else { count.saturating_sub(bulk.refusals) };
        let kept_until = if bulk.is_repeated { count } else { lost_from };
        for slot in bulk.slots.iter().skip(lost_from) {
            let Some(it) = self.names.at_mut(*slot).filter(|it| it.server == Knowledge::Subscribed(id)) else {
                continue;
            };
            if it.wanted {
                self.expect_complaints(&[*slot]);
                self.send(context, self.subject.subscribe, &[*slot], bulk.gap_ms);
            } else if !bulk.is_repeated {
                // Wanted no more for the moment: should it be wanted again before that is told, it must be asked for anew.
                it.server = Knowledge::Outdated;
            }
        }
        let kept = self.known_as(bulk.slots.get(..kept_until).unwrap_or_default(), Knowledge::Refused);
        self.expect_complaints(&kept);
        self.send(context, self.subject.unsubscribe, &kept, None);
    }

    /// The server refuses one name of a message, or checked a name that is not in it; says whether that is known already.
    fn on_refused(&mut self, context: &mut Context, answer: &Message<'_>, slot: Option<usize>) -> bool {
        let id = self.answered(answer, self.subject.subscribe, slot);
        if let Some(it) = slot.and_then(|slot| self.names.at_mut(slot)) {
            // The second answer to a message that was sent twice.
            if id.is_none() && answer.correlation_id.is_some() && it.is_repeated {
                return true;
            }
            // Another message may have told the server of it meanwhile, and is answered for itself.
            let is_last = id.is_none() || id == Some(it.last_message) || !matches!(it.server, Knowledge::Subscribed(_));
            if is_last {
                it.server = Knowledge::Refused;
            }
        }
        let Some(id) = id else { return false };
        let Some(bulk) = self.asked.get_mut(id) else { return false };
        bulk.refusals += 1;
        // With no name left the server does not acknowledge.
        if bulk.refusals >= bulk.slots.len() {
            self.finish(context, id);
        } else {
            self.asked.wait_until(id, Some(context.now.after_ms(context.options.subscription_timeout_ms)));
        }
        false
    }

    /// The server may say of these names that it has them already, or never had them.
    fn expect_complaints(&mut self, slots: &[usize]) {
        for slot in slots {
            if let Some(it) = self.names.at_mut(*slot) {
                it.is_repeated = true;
            }
        }
    }

    /// A message about these names is no longer of interest.
    fn release(&mut self, slots: &[usize]) {
        let is_strict = self.is_strict();
        for &slot in slots {
            if let Some(it) = self.names.at_mut(slot) {
                it.unacknowledged = it.unacknowledged.saturating_sub(1);
            }
            if is_strict {
                self.mark(slot);
            } else {
                self.forget(slot);
            }
        }
    }

    /// Forgets a name, unless something is still to be said or heard of it.
    fn forget(&mut self, slot: usize) {
        let Some(it) = self.names.at(slot) else { return };
        let is_known = matches!(it.server, Knowledge::Subscribed(_)) || it.is_repeated || it.unacknowledged > 0;
        if !it.wanted && !it.is_changed && !is_known {
            let name = it.name.clone();
            self.names.remove(&name);
        }
    }

    /// Those of the names of which the server knows just this.
    fn known_as(&self, slots: &[usize], server: Knowledge) -> Vec<usize> {
        let mut known = Vec::new();
        for slot in slots {
            if self.names.at(*slot).is_some_and(|it| it.server == server) {
                known.push(*slot);
            }
        }
        known
    }

    fn names_in(&self, slots: &[usize]) -> Vec<Box<str>> {
        let mut names = Vec::with_capacity(slots.len());
        for slot in slots {
            names.push(self.name(*slot).into());
        }
        names
    }

    fn name(&self, slot: usize) -> &str {
        self.names.at(slot).map_or("", |it| &it.name)
    }

    /// Tells the server the difference between what it knows and what is wanted.
    fn flush(&mut self, context: &mut Context, gap_ms: Option<u64>) {
        self.flush_at = None;
        let is_strict = self.is_strict();
        let [mut outdated, mut wanted, mut unwanted] = [const { Vec::new() }; 3];
        for &slot in &std::mem::take(&mut self.changed) {
            let Some(it) = self.names.at_mut(slot) else { continue };
            if !std::mem::take(&mut it.is_changed) || (is_strict && it.unacknowledged > 0) {
                continue;
            }
            match (it.wanted, it.server) {
                (true, Knowledge::Nothing) => wanted.push(slot),
                (_, Knowledge::Outdated) if is_strict => {
                    it.server = Knowledge::Nothing;
                    unwanted.push(slot);
                }
                (true, Knowledge::Outdated) => {
                    it.is_repeated = true;
                    outdated.push(slot);
                    wanted.push(slot);
                }
                (false, Knowledge::Subscribed(_)) => {
                    it.server = Knowledge::Nothing;
                    unwanted.push(slot);
                }
                (false, _) => self.forget(slot),
                (true, Knowledge::Subscribed(_) | Knowledge::Refused | Knowledge::Held) => {}
            }
        }
        self.send(context, self.subject.unsubscribe, &outdated, None);
        self.send(context, self.subject.subscribe, &wanted, gap_ms.filter(|_| !is_strict));
        self.send(context, self.subject.unsubscribe, &unwanted, None);
    }

    fn send(&mut self, context: &mut Context, action: Action, mut slots: &[usize], gap_ms: Option<u64>) {
        while !slots.is_empty() {
            let (together, rest) = slots.split_at(self.fitting(slots));
            let bulk = Bulk { action, slots: together.into(), is_repeated: false, refusals: 0, gap_ms };
            let id = self.asked.ask(None, bulk);
            for slot in together {
                let Some(it) = self.names.at_mut(*slot) else { continue };
                it.unacknowledged += 1;
                it.last_message = id;
                if action == self.subject.subscribe {
                    it.server = Knowledge::Subscribed(id);
                }
            }
            self.transmit(context, id);
            slots = rest;
        }
    }

    /// How many of the names go into one message.
    fn fitting(&self, slots: &[usize]) -> usize {
        let bytes_at = |at| slots.get(at).map_or(0, |slot| self.name(*slot).len());
        if self.subject.is_bulk() { fitting(slots.len(), &bytes_at) } else { 1 }
    }

    fn transmit(&mut self, context: &mut Context, id: u32) {
        let Some(bulk) = self.asked.get(id) else { return };
        let mut names = Vec::with_capacity(bulk.slots.len());
        for slot in &bulk.slots {
            names.push(self.name(*slot));
        }
        context.send(&self.subject.message(bulk.action, names, None, &id.to_string()));
        self.asked.wait_until(id, Some(context.now.after_ms(context.options.subscription_timeout_ms)));
    }
}

/// How many of so many names go into one message, with the bytes of each: at least one.
pub fn fitting(count: usize, bytes_at: &dyn Fn(usize) -> usize) -> usize {
    let (mut fitting, mut bytes) = (0, 0);
    while fitting < count {
        bytes += bytes_at(fitting);
        if bytes > BULK_NAMES_MAX_BYTES {
            break;
        }
        fitting += 1;
    }
    fitting.max(1)
}
