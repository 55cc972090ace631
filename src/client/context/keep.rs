//! How what waits for the server comes and goes.

use super::Context;
use crate::{
    client::{
        digest::hex,
        error::{ClientError, DropReason, RecordFailure, RpcFailure},
        flight::Item,
        io::{CHOSEN_KEY, Delivery, Entry, Kind, Offer, OutboxNews, Output, Progress},
        limits::RECORD_WRITES_TTL_MS,
        log::{OwnLock, Storage, persisted, take_meant},
    },
    wire::Topic,
};

impl Context {
    /// What is offered, as an entry with a number and a key of its own.
    pub fn entry(&mut self, offer: &Offer<'_>) -> Entry {
        let number = self.log.number();
        let key = match offer.key {
            Some(key) => [CHOSEN_KEY, key].concat().into(),
            None if offer.kind.is_call() && offer.delivery == Delivery::Memory => Box::default(),
            None => {
                let (letter, number) = match offer.kind {
                    Kind::Event => ("", self.log.next_event),
                    kind => (kind.letter(), number),
                };
                self.log.next_event += u64::from(offer.kind == Kind::Event);
                [&self.log.client, "-", letter, &number.to_string()].concat().into()
            }
        };
        let (owner, claim) = self.log.identity.owner();
        Entry {
            number,
            kind: offer.kind,
            name: offer.name.into(),
            data: offer.data.map(Into::into),
            key,
            owner,
            claim,
            created_ms: self.wall_clock_ms(self.now),
            expires_at: self.now.after_ms(offer.ttl_ms.unwrap_or(self.options.outbox_ttl_ms)),
            delivery: offer.delivery,
            stored: None,
            progress: Progress::Waiting,
            receipts: offer.receipt.into_iter().collect(),
            settle_by: None,
            was_sent: false,
            is_marked: false,
        }
    }

    /// A write to a record that is here, or what such writes were made to.
    pub fn entry_of_record(&mut self, kind: Kind, name: &str, text: Box<str>, created_ms: u64) -> Entry {
        let ttl_ms = Some(self.options.outbox_ttl_ms.max(RECORD_WRITES_TTL_MS));
        let delivery = Delivery::Durable;
        let offer = Offer { kind, name, data: None, delivery, ttl_ms, key: None, receipt: None };
        let mut entry = self.entry(&offer);
        (entry.data, entry.created_ms, entry.progress) = (Some(text), created_ms, Progress::InRecord);
        entry
    }

    /// An entry is in a queue from now on; storage has it when the task ends.
    pub fn enter(&mut self, entry: &mut Entry) {
        self.refuse_to_wait(&mut entry.receipts);
        self.log.count(entry);
        if entry.delivery == Delivery::Durable {
            self.keep(entry);
        }
    }

    /// Has storage keep an entry, if there is one.
    pub fn keep(&mut self, entry: &mut Entry) {
        self.log.touch_storage();
        if self.log.storage == Storage::Ready {
            self.store(entry);
        }
    }

    /// Has storage keep the entry from the end of the task on, together with what else it is given in this task.
    fn store(&mut self, entry: &mut Entry) {
        self.hold_own_lock();
        self.log.takeover.has_stored_calls |= entry.kind.is_call();
        if self.log.storage_name.is_none() {
            let name = hex("", self.rng.next_u64());
            self.write(self.log.keys.of_storage(), Some(name.clone()));
            self.log.storage_name = Some(name);
        }
        let expires_ms = self.wall_clock_ms(entry.expires_at);
        let takeover = &self.log.takeover;
        let holds_lock = takeover.own_lock == OwnLock::Held && !takeover.is_parked;
        if let Some((group, value)) = self.log.groups.join(entry, self.now, holds_lock) {
            persisted::push(value, entry, expires_ms);
            entry.stored = Some(group);
        } else {
            let mut value = persisted::header(&entry.owner);
            persisted::push(&mut value, entry, expires_ms);
            let key = self.log.keys.of_group(&self.log.client, entry.number);
            entry.stored = Some(self.log.groups.begin(key, value, entry, self.now));
        }
    }

    /// Has storage keep a value under a key, or nothing.
    pub fn write(&mut self, key: Box<str>, value: Option<Box<str>>) {
        self.out.push_back(Output::WriteStorage { key, value });
    }

    /// Moves an entry of which storage has something to the end of what storage has: it takes the next number.
    pub fn renumber(&mut self, entry: &mut Entry) {
        let former = std::mem::replace(&mut entry.number, self.log.number());
        self.log.stands_for(entry.number, former);
        if let Some(before) = entry.stored.take() {
            self.store(entry);
            self.log.groups.remove(before, false);
        }
    }

    /// An entry has left its queue, and is not to be sent any more.
    pub fn leave(&mut self, entry: &Entry) {
        self.forget(entry, false);
    }

    /// An entry has left its queue because the server has it.
    pub fn confirm(&mut self, entry: &Entry) {
        self.forget(entry, true);
        if let Some(group) = entry.stored.filter(|_| entry.kind == Kind::Write) {
            self.log.groups.outdate(group, self.now);
        }
    }

    fn forget(&mut self, entry: &Entry, is_confirmed: bool) {
        if entry.is_sent() {
            self.flight.on_arrived(&Item::of(entry));
        }
        self.log.uncount(entry);
        self.log.unstore(entry, is_confirmed);
    }

    /// These have left their queues, and will not be sent: they leave storage, and that is told.
    pub fn give_up(&mut self, entries: Vec<Entry>, why: DropReason) {
        entries.iter().for_each(|entry| self.leave(entry));
        self.tell_dropped(entries, why);
    }

    /// Tells that the server has these, which have left their queues.
    pub fn tell_sent(&mut self, mut sent: Vec<Entry>) {
        if sent.is_empty() {
            return;
        }
        for entry in &mut sent {
            // Who makes a call for another page, or writes to a record for it, does not tell it what came of it.
            let outcome = match entry.kind {
                Kind::Event => Ok(Some("\"delivered\"".into())),
                Kind::Call { .. } => Err(entry.failed(RpcFailure::OutcomeUnknown)),
                Kind::Write | Kind::Base | Kind::Forced => {
                    Err(ClientError::record(RecordFailure::OutcomeUnknown, &entry.name))
                }
            };
            self.settle_all(&mut entry.receipts, &outcome);
        }
        self.out.push_back(Output::Outbox(OutboxNews::Sent(sent)));
    }

    /// Tells that other pages have removed these from storage, which have left their queues: sent, or cleared.
    pub fn tell_gone(&mut self, mut gone: Vec<Entry>) {
        let cleared = take_meant(&mut gone, &|entry| self.log.was_cleared(entry));
        self.tell_dropped(cleared, DropReason::Cleared);
        self.tell_sent(gone);
    }

    /// Tells whoever waits for these that they will not be sent, or everybody where nobody does. They have left their queues.
    pub fn tell_dropped(&mut self, mut entries: Vec<Entry>, why: DropReason) {
        let mut untold = Vec::new();
        for entry in &mut entries {
            let topic = entry.kind.topic();
            if entry.receipts.is_empty() {
                untold.push((topic, &*entry.name));
                continue;
            }
            let ran_out = why == DropReason::Expired && entry.settle_by.is_some_and(|at| at <= self.now);
            let error = if ran_out {
                entry.failed(RpcFailure::NeverSent)
            } else {
                ClientError::dropped(why, topic, &entry.name)
            };
            self.settle_all(&mut entry.receipts, &Err(error));
        }
        // What the application asked for itself is no error.
        if !matches!(why, DropReason::Cleared | DropReason::NotNow) {
            self.report_dropped(why, &untold);
        }
        self.announce_dropped(entries, why);
    }

    /// Tells everybody that these will not be sent.
    pub fn report_dropped(&mut self, why: DropReason, entries: &[(Topic, &str)]) {
        let mut told = Vec::new();
        for (topic, _) in entries {
            if told.contains(topic) {
                continue;
            }
            told.push(*topic);
            let (mut names, mut count) = (Vec::<Box<str>>::new(), 0);
            for (_, name) in entries.iter().filter(|(of, _)| of == topic) {
                count += 1;
                if names.len() < MOST_NAMES && names.iter().all(|known| **known != **name) {
                    names.push((*name).into());
                }
            }
            self.report(ClientError::outbox_dropped(why, *topic, names, count));
        }
    }

    /// Shows those who listen to the outbox what will not be sent.
    pub fn announce_dropped(&mut self, entries: Vec<Entry>, why: DropReason) {
        if !entries.is_empty() {
            self.log.changed = true;
            self.out.push_back(Output::Outbox(OutboxNews::Dropped { why, entries }));
        }
    }

    /// What is to be sent now or never cannot be sent now.
    pub fn refuse_now(&mut self, offer: &Offer<'_>) {
        if let Some(ticket) = offer.receipt {
            self.settle(ticket, Err(ClientError::dropped(DropReason::NotNow, offer.kind.topic(), offer.name)));
        }
    }

    /// Whether what other pages have left is wanted now.
    pub fn wants_orphans(&self) -> bool {
        self.session.is_some() || self.log.is_wanted_early
    }
}

/// The most names that an error lists of what may be thousands.
const MOST_NAMES: usize = 3;
